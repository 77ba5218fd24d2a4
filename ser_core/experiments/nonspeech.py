"""What the gate lets through and what it refuses: voices, everyday sounds, and synthesised ones.

Conventions: samples are mono float32 at 16 kHz; how much a clip sounds like speech is between 0 and 1. The
detector was trained by others on none of these clips. How the gate uses it (the most speech-like two thirds
of a second, a second look at what falls short) was settled with these sounds and the screams of one actor;
the threshold is the detector's own default. Everyday sounds are the part of ESC-10 (Piczak 2015,
doi:10.1145/2733373.2806390) in the folder `esc-10` below `SER_CORPORA`.
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
from ser_core.audio.recording import Samples
from ser_core.corpora import CORPORA
from ser_core.speech import gate
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

TABLE = DATA_DIR / "gate.csv"
COLUMNS = ("kind", "source", "condition", "clip", "speechlike")
"""`kind` is voice or sound; `speechlike` says how much the clip sounds like speech."""

SOUNDS = "esc-10"
EVERY = 5
"""One clip of a corpus in so many is tried."""
NOISE_DB = 10.0

_AS_IT_IS = "as it is"
_SECONDS = 4.0
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12, 14, 16)  # semitones

_Row = tuple[str, str, str, str, float]
_Curve = npt.NDArray[np.float64]


def measure_gate(jobs: int = 1) -> pd.DataFrame:
    """Try the gate on voices as they are and in white noise, on everyday sounds and on synthesised ones.

    Parameters
    ----------
    jobs : int, optional
        The number of processes.

    Returns
    -------
    DataFrame
        `COLUMNS`.

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
        paths = corpora.read_utterances(home, CORPORA[name])["path"].iloc[::EVERY]
        work += [delayed(_measure_voice)(name, home / path) for path in paths]
    voices = Parallel(n_jobs=jobs, batch_size=32)(work)
    rows = [row for pair in voices for row in pair]
    for path in corpora.list_audio_files(corpora.resolve(SOUNDS)):
        kind = path.parent.name.split(" - ")[-1]
        rows.append(_row("sound", kind, _AS_IT_IS, path.stem, audio.load(path).samples))
    for number, (kind, samples) in enumerate(synthesise_sounds()):
        rows.append(_row("sound", kind, _AS_IT_IS, f"{kind}-{number}", samples))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def score_gate(path: Path = TABLE) -> pd.DataFrame:
    """The share of clips that are refused as NOT_SPEECH.

    Parameters
    ----------
    path : Path, optional
        The stored table.

    Returns
    -------
    DataFrame
        Columns kind, source, condition, clips (their number) and refused (%), as text; the last row is of all
        sounds.
    """
    import pandas as pd

    table = pd.read_csv(manifest.verify(path))
    table["refused"] = table["speechlike"] < gate.SPEECH
    all_sounds = table[table["kind"] == "sound"].assign(source="all sounds")
    by = ["kind", "source", "condition"]
    rows = []
    for key, clips in pd.concat([table, all_sounds]).groupby(by, sort=False):
        rows.append((*key, str(len(clips)), f"{100 * clips['refused'].mean():.1f}"))
    return pd.DataFrame(rows, columns=[*by, "clips", "refused"])


def synthesise_sounds() -> Iterator[tuple[str, Samples]]:
    """Sounds that are no speech, the same every time.

    Yields
    ------
    (str, array [n])
        The kind ("tones", "engines" or "tunes") and the samples: steady and beating tones, engines, and tunes
        of plucked and bowed notes.
    """
    time_s = np.arange(int(_SECONDS * audio.SAMPLE_RATE)) / audio.SAMPLE_RATE
    for hertz in 60 * 2 ** np.arange(0, 6.5, 0.5):
        for beat_hertz in (0.0, 3.0):
            yield "tones", _synthesise_tone(time_s, hertz, beat_hertz)
    rng = np.random.default_rng(0)
    for strokes_hertz in (25.0, 35, 50, 70, 90, 120, 160):
        for depth in (0.0, 0.3, 0.8):
            yield "engines", _synthesise_engine(time_s, strokes_hertz, depth, rng)
    for seed in range(40):
        yield "tunes", _synthesise_tune(time_s, np.random.default_rng(seed))


def _synthesise_tone(time_s: _Curve, hertz: float, beat_hertz: float) -> Samples:
    is_on = np.sin(2 * np.pi * beat_hertz * time_s) >= 0
    return (0.3 * np.sin(2 * np.pi * hertz * time_s) * is_on).astype(np.float32)


def _synthesise_engine(
    time_s: _Curve, strokes_hertz: float, depth: float, rng: np.random.Generator
) -> Samples:
    wobble = 1 + 0.1 * np.sin(2 * np.pi * 0.3 * time_s)
    phase = 2 * np.pi * np.cumsum(strokes_hertz * wobble) / audio.SAMPLE_RATE
    strokes = sum(np.sin(k * phase + rng.uniform(0, 6)) / k**0.7 for k in range(1, 40))
    noise = rng.normal(0, 0.3, len(time_s))
    return (0.1 * (strokes * (1 + depth * np.sin(phase / 4)) + noise)).astype(np.float32)


def _synthesise_tune(time_s: _Curve, rng: np.random.Generator) -> Samples:
    tune = np.zeros(len(time_s))
    for _ in range(rng.integers(6, 20)):
        start = int(rng.integers(0, len(time_s) - audio.SAMPLE_RATE // 2))
        length = int(rng.integers(audio.SAMPLE_RATE // 4, audio.SAMPLE_RATE))
        note_s = time_s[: min(length, len(time_s) - start)]
        tune[start : start + len(note_s)] += _synthesise_note(note_s, rng)
    return (0.1 * tune).astype(np.float32)


def _synthesise_note(time_s: _Curve, rng: np.random.Generator) -> _Curve:
    hertz = 220 * 2 ** (rng.choice(_SCALE) / 12) * rng.choice([0.5, 1, 2])
    vibrato = 1 + 0.005 * rng.integers(0, 2) * np.sin(2 * np.pi * 5.5 * time_s)
    phase = 2 * np.pi * np.cumsum(hertz * vibrato) / audio.SAMPLE_RATE
    dullness, decay = rng.uniform(1, 2), rng.uniform(0, 6)
    partials = sum(np.sin(k * phase) / k**dullness for k in range(1, 9))
    return np.asarray(partials * np.exp(-time_s * decay))


def _measure_voice(source: str, path: Path) -> list[_Row]:
    """A clip of a corpus as it is and in noise."""
    samples = audio.load(path).samples
    rng = np.random.default_rng(zlib.crc32(path.stem.encode()))
    noisy = effects.add_noise(samples, effects.coloured_noise(len(samples), rng), NOISE_DB)
    in_noise = f"white noise, {NOISE_DB:.0f} dB"
    return [
        _row("voice", source, _AS_IT_IS, path.stem, samples),
        _row("voice", source, in_noise, path.stem, noisy),
    ]


def _row(kind: str, source: str, condition: str, clip: str, samples: Samples) -> _Row:
    speechlike = gate.speech_likeness(samples, gate.speech_probabilities(samples))
    return kind, source, condition, clip, round(speechlike, 4)
