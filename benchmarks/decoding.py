"""What decoding in a process of its own costs. Run as: python -m benchmarks.decoding. Writes its part of RELIABILITY.md."""

from __future__ import annotations

from benchmarks.measuring import in_turn  # isort: skip

from benchmarks.reliability import keep
from ser_core import audio
from ser_core.audio import isolated
from tests.support.synthesis import FORMATS, voice

SECONDS = 4.0


def main() -> None:
    """Milliseconds to decode one clip here and apart."""
    found = {}
    for name, make in FORMATS.items():
        data = make(voice(seconds=SECONDS))
        there, here, _ = in_turn(isolated.decode, audio.decode, [(data, data)] * 20, 9)
        found[name] = {"apart": there, "here": here}
    keep("decoding", {"seconds": SECONDS, "formats": found})


if __name__ == "__main__":
    main()
