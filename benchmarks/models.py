"""Measure how long each model that ships takes for a clip, and its size. Run as: python -m benchmarks.models.

From a decoded clip of 4 s to the probabilities, features included, warm, on one thread; the median of 30.
Processor time is counted, so that other work on the machine does not. Writes data/model_costs.csv, which the
leaderboard shows.
"""

from __future__ import annotations

from benchmarks.measuring import median_milliseconds  # isort: skip  (first: it sets the number of threads)

import os
import time
from functools import partial

import numpy as np
import pandas as pd

from ser_core import audio, models
from ser_core.evaluation.leaderboard import COSTS
from ser_core.features import Inputs
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

REPEATS = 30


def predict(model: models.Model, recording: audio.Recording) -> None:
    """Compute the features of a clip and the model's probabilities."""
    model.predict_proba([Inputs(recording)])


def main() -> None:
    """Print the costs of all models and write the table."""
    voice = audio.load(DATA_DIR / "samples" / "slow-soft-voice.flac").samples
    samples = np.resize(voice, 4 * audio.SAMPLE_RATE)
    recording = audio.from_samples(samples, audio.SAMPLE_RATE)
    print(f"{os.cpu_count()} cores, one thread, median of {REPEATS}")
    rows = []
    for card in models.cards():
        work = partial(predict, models.load(card), recording)
        milliseconds = median_milliseconds(work, REPEATS, time.process_time)
        rows.append((card.task, card.name, round(milliseconds, 1), REPEATS, os.cpu_count()))
        megabytes = models.size_bytes(card) / 1e6
        print(f"{card.id:30} {milliseconds:7.1f} ms {megabytes:7.2f} MB", flush=True)
    table = pd.DataFrame(rows, columns=["task", "name", "milliseconds", "repeats", "cores"])
    with manifest.storing(COSTS) as file:
        table.to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
