"""What a few labels of one's own are worth: correction layers on corpora that the default model never heard, from stored predictions alone.

Some clips of a few speakers get labels, as a person would give them; the layer is tested on all other speakers of that corpus. Drawn anew
many times. Run as: python benchmarks/corrections.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ser_core import evaluation
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS
from ser_core.library import corrections

DRAWS = 20
LABELLED = ((1, 20), (1, 40), (3, 30), (4, 200))
"""How many speakers, and how many of their clips."""


def rows_of(corpus: str, protocol: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, probabilities and speakers of the default model's stored predictions."""
    table = evaluation.read_out_of_fold(corpus)
    rows = evaluation.model_rows(table, "emotion", "several", "combination", protocol, corpus)
    return *evaluation.truth_and_probabilities(rows, "emotion"), rows["speaker"].to_numpy()


def uar(truth: np.ndarray, said: np.ndarray) -> float:
    return float(
        evaluation.uar(
            evaluation.confusion(truth, said.argmax(axis=1).astype(np.int64), len(EMOTIONS))
        )
    )


def main() -> None:
    print("UAR in points; in brackets the worst and the best of the draws\n")
    print(
        "| corpus, never heard | labels | without | gain on its other speakers |\n| --- | --- | ---: | ---: |"
    )
    for corpus in CORPORA:
        truth, said, speakers = rows_of(corpus, "corpus_left_out")
        for n_speakers, n_clips in LABELLED:
            rng, before, gains = np.random.default_rng(0), [], []
            for _ in range(DRAWS):
                theirs = np.isin(
                    speakers, rng.choice(np.unique(speakers), n_speakers, replace=False)
                )
                chosen = rng.permutation(np.flatnonzero(theirs))[:n_clips]
                clips = corrections.Clips(said[chosen], truth[chosen], tuple(speakers[chosen]))
                layer = corrections.fit(clips, corrections.choose_strength(clips), "")
                before.append(100 * uar(truth[~theirs], said[~theirs]))
                gains.append(100 * uar(truth[~theirs], layer(said[~theirs])) - before[-1])
            labels = f"{n_clips} of {n_speakers} speaker{'s' if n_speakers > 1 else ''}"
            gain = f"{np.mean(gains):+.1f} [{min(gains):+.1f}, {max(gains):+.1f}]"
            print(
                f"| {CORPORA[corpus].title} | {labels} | {np.mean(before):.1f} | {gain} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
