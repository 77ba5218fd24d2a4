"""Measure a warm prediction, from bytes to the result. Run as: python -m benchmarks.prediction.

One process, one thread, the default models, a clip of 4 s, median of 50 after a warm-up; wav as an upload
sends it, webm as the recorder does.
"""

from __future__ import annotations

from benchmarks.measuring import median_milliseconds  # isort: skip  (first: it sets the number of threads)

import os
from collections.abc import Callable, Mapping

import numpy as np

from ser_core import audio, features, models, prediction
from ser_core.prediction import voice
from ser_core.speech import gate
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import FORMATS

REPEATS = 50

Pair = tuple[models.Model, models.Model]


def predict_both(recording: audio.Recording, pair: Pair) -> None:
    """Ask two models about one clip: features and spectrogram are computed once for both."""
    inputs = features.Inputs(recording)
    for model in pair:
        model.predict_proba([inputs])


def steps(data: bytes, pair: Pair, baseline: voice.Enrolment) -> Mapping[str, Callable[[], object]]:
    """What is measured of one clip, by its name."""
    recording = audio.decode(data)
    return {
        "decode": lambda: audio.decode(data),
        "gate": lambda: gate.check_speech(recording),
        "functionals": lambda: features.extract(recording, "functionals_v1"),
        "all of two models": lambda: predict_both(recording, pair),
        "bytes to result": lambda: prediction.predict(audio.decode(data), *pair),
        "with reasons": lambda: prediction.predict(audio.decode(data), *pair, explain=True),
        "with a baseline": lambda: prediction.predict(audio.decode(data), *pair, baseline),
    }


def main() -> None:
    """Print the milliseconds of each step for each format."""
    emotion, gender = models.load_default("emotion"), models.load_default("gender")
    print(f"models: {emotion.card.id}, {gender.card.id}")
    print(f"{os.cpu_count()} cores, one thread, median of {REPEATS}")
    samples_folder = DATA_DIR / "samples"
    spoken = audio.load(samples_folder / "slow-soft-voice.flac").samples
    neutral = audio.load(samples_folder / "steady-low-voice.flac")
    baseline = voice.Enrolment([neutral], emotion)
    for name in ("wav", "webm"):
        data = FORMATS[name](np.resize(spoken, 4 * audio.SAMPLE_RATE))
        for step, work in steps(data, (emotion, gender), baseline).items():
            print(f"{name:5} {step:18} {median_milliseconds(work, REPEATS):7.1f} ms")


if __name__ == "__main__":
    main()
