"""Make the sample clips of the app with the speech synthesiser espeak-ng (Debian: apt install espeak-ng).

Run as: python data/samples/synthesise.py. Nobody spoke these clips, so they have no true emotion.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import soundfile

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from ser_core import audio  # noqa: E402
from ser_core.storage import manifest, paths  # noqa: E402

SAMPLES = {
    "steady-low-voice": (
        "en-us+m3",
        30,
        140,
        "The bus to the station leaves at seven, and it takes twenty minutes.",
    ),
    "lively-high-voice": (
        "en-us+f2",
        80,
        175,
        "Look at that! The whole garden is in bloom, all of it at once!",
    ),
    "slow-soft-voice": (
        "en-us+f5",
        25,
        105,
        "It has been raining since Monday, and nobody came by.",
    ),
    "fast-sharp-voice": (
        "en-us+m7",
        65,
        230,
        "Stop it, put that down now, I have told you twice already!",
    ),
}
"""Name: (voice, pitch 0-99, words a minute, text)."""


def main() -> None:
    for name, (voice, pitch, speed, text) in SAMPLES.items():
        command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", text]
        recording = audio.decode(subprocess.run(command, check=True, capture_output=True).stdout)
        soundfile.write(
            HERE / f"{name}.flac", recording.samples, recording.sample_rate, subtype="PCM_16"
        )
        manifest.update(paths.DATA_DIR, HERE / f"{name}.flac")


if __name__ == "__main__":
    main()
