"""How long a warm prediction takes, from the bytes of a 4 s clip to the result. Run as: python benchmarks/prediction.py.

One process, one thread, the default models, median of 50 after a warm-up; wav as an upload sends it, webm as the recorder does.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402

from ser_core import audio, features, models, prediction  # noqa: E402
from ser_core.evaluation import DATA_DIR  # noqa: E402
from ser_core.prediction import voice  # noqa: E402
from ser_core.speech import gate  # noqa: E402
from tests.support.synthesis import FORMATS  # noqa: E402

REPEATS = 50


def milliseconds(work: Callable[[], object]) -> float:
    """The median over the repeats."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def both(inputs: features.Inputs, pair: tuple[models.Model, models.Model]) -> list[object]:
    """What two models make of one clip: features and spectrogram are computed once for both."""
    return [model.predict_proba([inputs]) for model in pair]


def main() -> None:
    pair = models.load_default("emotion"), models.load_default("gender")
    print(
        f"models: {pair[0].card.id}, {pair[1].card.id}; {os.cpu_count()} cores, one thread, median of {REPEATS}"
    )
    spoken = np.resize(
        audio.load(DATA_DIR / "samples" / "slow-soft-voice.flac").samples, 4 * audio.SAMPLE_RATE
    )
    neutral = audio.load(DATA_DIR / "samples" / "steady-low-voice.flac")
    personal = voice.Enrolment([neutral], pair[0])
    for name in ("wav", "webm"):
        data = FORMATS[name](spoken)
        recording = audio.decode(data)
        rows = {
            "decode": milliseconds(lambda data=data: audio.decode(data)),
            "gate": milliseconds(lambda recording=recording: gate.check(recording)),
            "functionals": milliseconds(
                lambda recording=recording: features.extract(recording, "functionals_v1")
            ),
            "all of two models": milliseconds(
                lambda recording=recording: both(features.Inputs(recording), pair)
            ),
            "bytes to result": milliseconds(
                lambda data=data: prediction.predict(audio.decode(data), *pair)
            ),
            "with reasons": milliseconds(
                lambda data=data: prediction.predict(audio.decode(data), *pair, explain=True)
            ),
            "with a baseline": milliseconds(
                lambda data=data: prediction.predict(audio.decode(data), *pair, personal)
            ),
        }
        for part, figure in rows.items():
            print(f"{name:5} {part:18} {figure:7.1f} ms")


if __name__ == "__main__":
    main()
