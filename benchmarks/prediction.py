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

from ser_core import audio, features, models, prediction  # noqa: E402
from tests.synthesis import FORMATS, voice  # noqa: E402

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


def main() -> None:
    pair = models.load_default("emotion"), models.load_default("gender")
    print(f"models: {pair[0].card.id}, {pair[1].card.id}; {os.cpu_count()} cores, one thread, median of {REPEATS}")
    for name in ("wav", "webm"):
        data = FORMATS[name](voice(seconds=4.0))
        recording = audio.decode(data)
        inputs = features.Inputs(recording)
        rows = {
            "decode": milliseconds(lambda data=data: audio.decode(data)),
            "features": milliseconds(lambda recording=recording: features.extract(recording, "functionals_v1")),
            "two models": milliseconds(lambda inputs=inputs: [model.predict_proba(inputs) for model in pair]),
            "bytes to result": milliseconds(lambda data=data: prediction.predict(audio.decode(data), *pair)),
        }
        for part, figure in rows.items():
            print(f"{name:5} {part:16} {figure:7.1f} ms")


if __name__ == "__main__":
    main()
