"""Measure what a few labels of one's own are worth. Run as: python -m benchmarks.corrections.

Correction layers on corpora that the default model never heard, from stored predictions alone. Some clips
of a few speakers get labels, as a person would give them; the layer is tested on all other speakers of
that corpus. Drawn anew many times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ser_core import evaluation
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS
from ser_core.library.layer_fitting import LabelledClips, choose_strength, fit
from ser_core.models.kinds import COMBINATION, SEVERAL

DRAWS = 20
LABELLED = ((1, 20), (1, 40), (3, 30), (4, 200))
"""How many speakers, and how many of their clips."""


class Predictions(NamedTuple):
    """The default model's stored predictions of a corpus: labels as positions [n], probabilities [n, 8]."""

    truth: np.ndarray
    probabilities: np.ndarray
    speakers: np.ndarray

    def of(self, rows: np.ndarray) -> Predictions:
        """Some of the rows."""
        return Predictions(self.truth[rows], self.probabilities[rows], self.speakers[rows])


def read_predictions(corpus: str) -> Predictions:
    """Return the predictions of the default model that never heard the corpus."""
    table = evaluation.read_out_of_fold(corpus)
    rows = evaluation.model_rows(table, "emotion", SEVERAL, COMBINATION, "corpus_left_out", corpus)
    truth, probabilities = evaluation.truth_and_probabilities(rows, "emotion")
    return Predictions(truth, probabilities, rows["speaker"].to_numpy())


def uar_points(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the UAR in percent."""
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    return 100 * float(evaluation.uar(evaluation.confusion(truth, predicted, len(EMOTIONS))))


def measure_draw(
    every: Predictions, n_speakers: int, n_clips: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the UAR on the other speakers without a layer, and what the layer of one draw adds; in
    points.
    """
    drawn = rng.choice(np.unique(every.speakers), n_speakers, replace=False)
    is_drawn = np.isin(every.speakers, drawn)
    labelled = every.of(rng.permutation(np.flatnonzero(is_drawn))[:n_clips])
    clips = LabelledClips(labelled.probabilities, labelled.truth, tuple(labelled.speakers))
    layer = fit(clips, choose_strength(clips), "")
    others = every.of(~is_drawn)
    before = uar_points(others.truth, others.probabilities)
    return before, uar_points(others.truth, layer(others.probabilities)) - before


def main() -> None:
    """Print a Markdown table."""
    print("UAR in points; in brackets the worst and the best of the draws\n")
    print("| corpus, never heard | labels | without | gain on its other speakers |")
    print("| --- | --- | ---: | ---: |")
    for corpus, about in CORPORA.items():
        predictions = read_predictions(corpus)
        for n_speakers, n_clips in LABELLED:
            rng = np.random.default_rng(0)
            draws = [measure_draw(predictions, n_speakers, n_clips, rng) for _ in range(DRAWS)]
            before, gains = (np.array(column) for column in zip(*draws, strict=True))
            labels = f"{n_clips} of {n_speakers} speaker{'s' if n_speakers > 1 else ''}"
            gain = f"{gains.mean():+.1f} [{gains.min():+.1f}, {gains.max():+.1f}]"
            print(f"| {about.title} | {labels} | {before.mean():.1f} | {gain} |", flush=True)


if __name__ == "__main__":
    main()
