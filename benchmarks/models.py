"""How long each model that ships takes for a clip, and how large it is. Run as: python benchmarks/models.py.

From a decoded clip of 4 s to the probabilities, features included, warm, on one thread; the median of 30. Processor time is counted, so
that other work on the machine does not. Writes data/model_costs.csv, which the leaderboard shows.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from ser_core import audio, models  # noqa: E402
from ser_core.evaluation import DATA_DIR  # noqa: E402
from ser_core.evaluation.leaderboard import COSTS  # noqa: E402
from ser_core.features import Inputs  # noqa: E402
from ser_core.storage import manifest  # noqa: E402

REPEATS = 30


def milliseconds(model: models.Model, recording: audio.Recording) -> float:
    """The median over the repeats."""
    model.predict_proba([Inputs(recording)])
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        model.predict_proba([Inputs(recording)])
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times)


def main() -> None:
    spoken = np.resize(
        audio.load(DATA_DIR / "samples" / "slow-soft-voice.flac").samples, 4 * audio.SAMPLE_RATE
    )
    recording = audio.from_samples(spoken, audio.SAMPLE_RATE)
    print(f"{os.cpu_count()} cores, one thread, median of {REPEATS}")
    rows = []
    for card in models.cards():
        took = milliseconds(models.load(card), recording)
        rows.append(
            {
                "task": card.task,
                "name": card.name,
                "milliseconds": round(took, 1),
                "repeats": REPEATS,
                "cores": os.cpu_count(),
            }
        )
        print(f"{card.id:30} {took:7.1f} ms {models.size_bytes(card) / 1e6:7.2f} MB", flush=True)
    with manifest.storing(COSTS) as file:
        pd.DataFrame(rows).to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
