"""Measure what decoding in a process of its own costs. Run as: python -m benchmarks.decoding.

Writes its part of docs/reliability.md.
"""

from __future__ import annotations

from benchmarks.measuring import time_in_turn  # isort: skip  (first: it sets the number of threads)

from benchmarks.reliability import store
from ser_core import audio
from ser_core.audio import isolated
from tests.support.synthesis import FORMATS, voice

SECONDS = 4.0
CALLS = 20
ROUNDS = 9


def main() -> None:
    """Store the milliseconds to decode one clip of each format in this process and in its own."""
    formats = {}
    for name, make in FORMATS.items():
        clips = [make(voice(seconds=SECONDS))] * CALLS
        in_its_own, here, _ = time_in_turn(
            isolated.decode, audio.decode, list(zip(clips, clips, strict=True)), ROUNDS
        )
        formats[name] = {"isolated": in_its_own, "here": here}
    store("decoding", {"seconds": SECONDS, "formats": formats})


if __name__ == "__main__":
    main()
