"""What the gate lets through and what it refuses: voices of all corpora, everyday sounds, and sounds that are synthesised here.

The detector was trained by others on none of them. How the gate uses it (the most speech-like two thirds of a second, a second
hearing of what falls short) was settled while looking at these sounds and at the screams of one actor, its threshold is the
detector's own default. Everyday sounds are the part of ESC-10 (Piczak 2015, doi:10.1145/2733373.2806390) in the folder `esc-10` below
`SER_CORPORA`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core import audio, corpora
from ser_core.audio import effects
from ser_core.corpora import CORPORA
from ser_core.evaluation import DATA_DIR
from ser_core.speech import gate
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

TABLE = DATA_DIR / "gate.csv"
SOUNDS = "esc-10"
EVERY = 5
"""Every how manyth clip of a corpus is tried."""
NOISE_DB = 10.0

_SECONDS = 4.0
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12, 14, 16)  # semitones


def measure(jobs: int = 1) -> pd.DataFrame:
    """Try the gate on voices as they are and in white noise, on everyday sounds and on synthesised ones.

    Returns
    -------
    DataFrame
        Columns kind (voice or sound), source, condition, clip and speechlike (0 to 1).

    Raises
    ------
    SerError
        NOT_FOUND where `SER_CORPORA` lacks a corpus or the sounds.
    """
    import pandas as pd
    from joblib import Parallel, delayed

    work = []
    for name in CORPORA:
        home = corpora.resolve(name)
        work += [
            (name, home / path)
            for path in corpora.utterances(home, CORPORA[name])["path"].iloc[::EVERY]
        ]
    voices = Parallel(n_jobs=jobs, batch_size=32)(
        delayed(_voice)(source, path) for source, path in work
    )
    home = corpora.resolve(SOUNDS)
    sounds = [
        ("sound", path.parent.name.split(" - ")[-1], "as it is", path.stem, _speechlike(path))
        for path in corpora.audio_files(home)
    ]
    made = [
        ("sound", kind, "as it is", f"{kind}-{number}", _of_samples(samples))
        for number, (kind, samples) in enumerate(synthesised())
    ]
    rows = [row for pair in voices for row in pair] + sounds + made
    return pd.DataFrame(rows, columns=["kind", "source", "condition", "clip", "speechlike"])


def scores(path: Path = TABLE) -> pd.DataFrame:
    """The share of clips refused as NOT_SPEECH by source and condition, in %, from the stored table."""
    import pandas as pd

    table = pd.read_csv(manifest.intact(path))
    table["refused"] = table["speechlike"] < gate.SPEECH
    whole = table[table["kind"] == "sound"].assign(source="all sounds")
    rows = []
    for (kind, source, condition), part in pd.concat([table, whole]).groupby(
        ["kind", "source", "condition"], sort=False
    ):
        rows.append(
            {
                "kind": kind,
                "source": source,
                "condition": condition,
                "clips": str(len(part)),
                "refused": f"{100 * part['refused'].mean():.1f}",
            }
        )
    return pd.DataFrame(rows)


def synthesised() -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """(kind, samples at 16 kHz): steady and beating tones, engines, and tunes of plucked and bowed notes; the same every time."""
    time = np.arange(int(_SECONDS * audio.SAMPLE_RATE)) / audio.SAMPLE_RATE
    rng = np.random.default_rng(0)
    for pitch in 60 * 2 ** np.arange(0, 6.5, 0.5):
        for beat in (0.0, 3.0):
            yield (
                "tones",
                (
                    0.3 * np.sin(2 * np.pi * pitch * time) * (np.sin(2 * np.pi * beat * time) >= 0)
                ).astype(np.float32),
            )
    for rate in (25.0, 35, 50, 70, 90, 120, 160):
        for depth in (0.0, 0.3, 0.8):
            phase = (
                2
                * np.pi
                * np.cumsum(rate * (1 + 0.1 * np.sin(2 * np.pi * 0.3 * time)))
                / audio.SAMPLE_RATE
            )
            strokes = sum(np.sin(k * phase + rng.uniform(0, 6)) / k**0.7 for k in range(1, 40))
            yield (
                "engines",
                (
                    0.1
                    * (strokes * (1 + depth * np.sin(phase / 4)) + rng.normal(0, 0.3, len(time)))
                ).astype(np.float32),
            )
    for seed in range(40):
        yield "tunes", _tune(time, np.random.default_rng(seed))


def _tune(time: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    tune = np.zeros(len(time))
    for _ in range(rng.integers(6, 20)):
        start = int(rng.integers(0, len(time) - audio.SAMPLE_RATE // 2))
        own = time[
            : min(int(rng.integers(audio.SAMPLE_RATE // 4, audio.SAMPLE_RATE)), len(time) - start)
        ]
        pitch = 220 * 2 ** (rng.choice(_SCALE) / 12) * rng.choice([0.5, 1, 2])
        phase = (
            2
            * np.pi
            * np.cumsum(pitch * (1 + 0.005 * rng.integers(0, 2) * np.sin(2 * np.pi * 5.5 * own)))
            / audio.SAMPLE_RATE
        )
        dull, decay = rng.uniform(1, 2), rng.uniform(0, 6)
        tune[start : start + len(own)] += sum(
            np.sin(k * phase) / k**dull for k in range(1, 9)
        ) * np.exp(-own * decay)
    return (0.1 * tune).astype(np.float32)


def _voice(source: str, path: Path) -> list[tuple[str, str, str, str, float]]:
    samples = audio.load(path).samples
    rng = np.random.default_rng(zlib.crc32(path.stem.encode()))
    noisy = effects.with_noise(samples, effects.coloured_noise(len(samples), rng), NOISE_DB)
    return [
        ("voice", source, condition, path.stem, _of_samples(heard))
        for condition, heard in (("as it is", samples), (f"white noise, {NOISE_DB:.0f} dB", noisy))
    ]


def _speechlike(path: Path) -> float:
    return _of_samples(audio.load(path).samples)


def _of_samples(samples: npt.NDArray[np.float32]) -> float:
    return round(gate.speechlike(samples, gate.speech_probabilities(samples)), 4)
