"""How results are counted: scores from stored out-of-fold predictions, with intervals over speakers.

Conventions: `truth` is an array of label positions [n]; `probabilities` is [n, labels]; rows of a confusion matrix are the
truth, columns the prediction, both in the order of the labels; shares are between 0 and 1. An out-of-fold table has the
columns `OUT_OF_FOLD_COLUMNS` and one row per clip, run and seed; every figure of the project is computed from such a table.
Everything here is pure arithmetic: it fits nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS, GENDERS, LABELS
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

DATA_DIR = manifest.DATA_DIR
SELECTIONS = DATA_DIR / "ravdess" / "selections.csv"

RUN_COLUMNS = ("task", "feature_set", "classifier", "protocol", "seed", "fold")
OUT_OF_FOLD_COLUMNS = (
    "corpus",
    *RUN_COLUMNS,
    "path",
    "speaker",
    "gender",
    "intensity",
    "statement",
    "truth",
    *EMOTIONS,
    *GENDERS,
)

PROTOCOLS = {
    "unseen_speakers": "Unseen speakers: nothing in training has heard the tested voice.",
    "corpus_left_out": "One corpus left out: trained on the other corpora only. What a stranger's voice, microphone and language look like.",
    "other_statement": "The other sentence: trained on one of the two sentences of RAVDESS, tested on the other, other speakers.",
    "random_split": "Random split: the same voices in training and test. Optimistic; shown because most projects report only this.",
}
"""How clips are divided into training and test, and what it means."""

UNTOUCHED_RUNS = (3, 4)
"""The joint runs whose speakers, while the models of all corpora were developed, were looked at only as part of the totals."""

_REPLICATES = 2000
_ECE_BINS = 15


@dataclass(frozen=True)
class Interval:
    """A value with its 95% interval; `low` and `high` are NaN where there is none (speakers unknown, or a single one)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """The scores of one model under one protocol. `uar` (unweighted average recall) comes first; all are shares."""

    n_utterances: int
    n_speakers: int | None
    """None where it is not known of every clip who speaks."""
    seeds: tuple[int, ...]
    uar: Interval
    accuracy: Interval
    macro_f1: Interval
    ece: float
    recall: dict[str, float]
    """Of the labels that occur."""

    def to_dict(self) -> dict[str, object]:
        """As it stands on a model's card: rounded, None for a limit that there is not."""
        return _rounded(asdict(self))  # type: ignore[return-value]


def confusion(truth: Positions, predicted: Positions, n_labels: int) -> Array:
    """Counts of (truth, prediction), shape [n_labels, n_labels].

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return (
        np.bincount(truth * n_labels + predicted, minlength=n_labels**2)
        .reshape(n_labels, n_labels)
        .astype(np.float64)
    )


def recalls(counts: Array) -> Array:
    """The share of each label's clips that was recognised, shape [..., labels]; NaN for a label without clips."""
    totals = counts.sum(axis=-1)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return np.where(totals > 0, hits / np.maximum(totals, 1e-12), np.nan)


def uar(counts: Array) -> Array:
    """Unweighted average recall: the mean of the recalls of the labels that occur (Schuller et al. 2009).

    >>> float(uar(np.array([[9.0, 1.0], [1.0, 1.0]])))
    0.7
    """
    return np.nanmean(recalls(counts), axis=-1)


def accuracy(counts: Array) -> Array:
    """The share of clips that was recognised."""
    return np.asarray(np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)))


def macro_f1(counts: Array) -> Array:
    """The mean over labels of the harmonic mean of precision and recall; 0 where a label is never right.

    Labels that occur neither in truth nor in prediction are left out, as in `sklearn.metrics.f1_score`.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.nanmean(np.where(both > 0, 2 * hits / np.maximum(both, 1e-12), np.nan), axis=-1)


def ece(truth: Positions, probabilities: Array, n_bins: int = _ECE_BINS) -> float:
    """Expected calibration error of the top label over bins of equal mass (Naeini et al. 2015; Nguyen & O'Connor 2015).

    Clips are ordered by the probability of their top label and cut into `n_bins` bins of (nearly) equal count; the gap
    between mean probability and share right is averaged over the bins, weighted by their count.

    >>> ece(np.array([0, 0, 1, 1]), np.array([[1.0, 0.0]] * 4), n_bins=1)
    0.5
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(confidence[part].mean() - right[part].mean()) * len(part)
        for part in np.array_split(order, min(n_bins, len(order)))
    ]
    return float(np.sum(gaps) / len(truth))


def reliability(rows: pd.DataFrame, task: str, n_bins: int = _ECE_BINS) -> pd.DataFrame:
    """The reliability diagram: for bins of equal mass, how sure the model is of its top label and how often that is right.

    Columns confidence, right (shares) and clips; over several seeds all of them together. What `ece` averages.
    """
    import pandas as pd

    truth, probabilities = truth_and_probabilities(rows, task)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(n_bins, len(rows)))
    return pd.DataFrame(
        [(confidence[part].mean(), right[part].mean(), len(part)) for part in parts],
        columns=["confidence", "right", "clips"],
    )


def speaker_bootstrap(
    speakers: npt.ArrayLike, seed: int = 0, replicates: int = _REPLICATES
) -> Array:
    """How often each speaker is drawn in each replicate, shape [replicates, speakers in sorted order].

    Speakers, not clips, are drawn with replacement: the clips of one voice say the same thing over and over.
    """
    return _drawn(len(np.unique(np.asarray(speakers))), seed, replicates)


@lru_cache(maxsize=32)
def _drawn(n: int, seed: int, replicates: int) -> Array:
    """The draws of so many speakers, shared by all that ask (they cost more than what is counted with them)."""
    drawn = (
        np.random.default_rng(seed)
        .multinomial(n, np.full(n, 1 / n), size=replicates)
        .astype(np.float64)
    )
    drawn.flags.writeable = False
    return drawn


def replicated(counts: Array, speakers: npt.ArrayLike) -> Array:
    """The counts of each replicate of `speaker_bootstrap`, shape [replicates, ...], from those of each speaker [speakers in sorted order, ...]."""
    drawn = speaker_bootstrap(speakers)
    return (drawn @ counts.reshape(len(counts), -1)).reshape(len(drawn), *counts.shape[1:])


def speaker_confusions(
    truth: Positions, predicted: Positions, speakers: npt.ArrayLike, n_labels: int
) -> Array:
    """One confusion matrix per speaker in sorted order, shape [speakers, labels, labels]."""
    names, which = np.unique(np.asarray(speakers), return_inverse=True)
    cells = (which * n_labels + truth) * n_labels + predicted
    return (
        np.bincount(cells, minlength=len(names) * n_labels**2)
        .reshape(len(names), n_labels, n_labels)
        .astype(np.float64)
    )


def score(rows: pd.DataFrame, task: str) -> Scores:
    """The scores of one model under one protocol, from its rows of an out-of-fold table.

    Over several seeds each clip counts once per seed: the value is that of the average run, and the interval, over
    speakers, is for it. There is none where a speaker is unknown ("") or where there is only one.
    """
    labels = LABELS[task]
    known = bool((rows["speaker"] != "").all())
    truth, probabilities = truth_and_probabilities(rows, task)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    per_speaker = speaker_confusions(truth, predicted, rows["speaker"], len(labels))
    total = per_speaker.sum(axis=0)
    replicates = (
        replicated(per_speaker, rows["speaker"]) if known and len(per_speaker) > 1 else None
    )

    def interval(statistic: Callable[[Array], Array]) -> Interval:
        low, high = (
            (np.nan, np.nan)
            if replicates is None
            else np.nanpercentile(statistic(replicates), [2.5, 97.5])
        )
        return Interval(float(statistic(total)), float(low), float(high))

    seeds = tuple(int(seed) for seed in sorted(rows["seed"].unique()))
    return Scores(
        n_utterances=len(rows) // len(seeds),
        n_speakers=len(per_speaker) if known else None,
        seeds=seeds,
        uar=interval(uar),
        accuracy=interval(accuracy),
        macro_f1=interval(macro_f1),
        ece=float(
            np.mean(
                [
                    ece(truth[rows["seed"] == seed], probabilities[rows["seed"] == seed])
                    for seed in seeds
                ]
            )
        ),
        recall={
            label: float(value)
            for label, value in zip(labels, recalls(total), strict=True)
            if not np.isnan(value)
        },
    )


def in_words(found: Interval) -> str:
    """A share with its interval.

    >>> in_words(Interval(0.5, 0.4, 0.62)), in_words(Interval(0.5, np.nan, np.nan))
    ('50.0% (95% interval 40.0% to 62.0%)', '50.0% (interval unknown)')
    """
    if np.isnan(found.low):
        return f"{found.value:.1%} (interval unknown)"
    return f"{found.value:.1%} (95% interval {found.low:.1%} to {found.high:.1%})"


def mean_confusion(rows: pd.DataFrame, task: str) -> Array:
    """Counts of (truth, prediction) of one model under one protocol; over several seeds, their mean. Shape [labels, labels]."""
    truth, probabilities = truth_and_probabilities(rows, task)
    counts = confusion(truth, probabilities.argmax(axis=1).astype(np.int64), len(LABELS[task]))
    return np.asarray(counts / rows["seed"].nunique())


def truth_and_probabilities(rows: pd.DataFrame, task: str) -> tuple[Positions, Array]:
    """The label positions [n] and the probabilities [n, labels] of rows of an out-of-fold table."""
    labels = LABELS[task]
    positions = {label: position for position, label in enumerate(labels)}
    truth = rows["truth"].map(positions).to_numpy(dtype=np.int64)
    return truth, rows[list(labels)].to_numpy(dtype=np.float64)


def read_selections(path: Path = SELECTIONS) -> pd.DataFrame:
    """What the inner folds chose in each outer fold, stored beside the out-of-fold predictions."""
    import pandas as pd

    return pd.read_csv(manifest.intact(path))


def out_of_fold_path(corpus: str) -> Path:
    """Where `data/` holds the out-of-fold predictions of a corpus."""
    return DATA_DIR / corpus / "out_of_fold.parquet"


def read_out_of_fold(corpus: str | None = None) -> pd.DataFrame:
    """The stored out-of-fold predictions of one corpus, or of all."""
    import pandas as pd

    paths = [out_of_fold_path(corpus)] if corpus else manifest.matching("*/out_of_fold.parquet")
    return pd.concat([pd.read_parquet(manifest.intact(path)) for path in paths], ignore_index=True)


def write_out_of_fold(table: pd.DataFrame) -> list[Path]:
    """Store out-of-fold predictions, one file per corpus; gives the files."""
    paths = []
    for corpus, rows in table.groupby("corpus"):
        path = out_of_fold_path(str(corpus))
        path.parent.mkdir(parents=True, exist_ok=True)
        with manifest.storing(path) as part:
            rows.reset_index(drop=True).to_parquet(part, index=False, compression="zstd")
        paths.append(path)
    return paths


def leaderboard(out_of_fold: pd.DataFrame, task: str, corpus: str = "ravdess") -> pd.DataFrame:
    """One row per feature set and classifier that was tested on a corpus, best first on unseen speakers (then left out, then random).

    Columns: feature_set, classifier, then for each protocol `<protocol>_<score>` with uar, uar_low, uar_high, accuracy,
    macro_f1 and ece (NaN where a model was not tested so), and `inflation`: how many UAR points the random split adds, as a share.
    """
    import pandas as pd

    rows = []
    chosen = out_of_fold[(out_of_fold["task"] == task) & (out_of_fold["corpus"] == corpus)]
    for (feature_set, classifier), of_model in chosen.groupby(
        ["feature_set", "classifier"], observed=True
    ):
        row: dict[str, object] = {"feature_set": feature_set, "classifier": classifier}
        for protocol in PROTOCOLS:
            runs = of_model[of_model["protocol"] == protocol]
            values = dict.fromkeys(
                ("uar", "uar_low", "uar_high", "accuracy", "macro_f1", "ece"), float("nan")
            )
            if len(runs):
                s = score(runs, task)
                values = {
                    "uar": s.uar.value,
                    "uar_low": s.uar.low,
                    "uar_high": s.uar.high,
                    "accuracy": s.accuracy.value,
                }
                values |= {"macro_f1": s.macro_f1.value, "ece": s.ece}
            row |= {f"{protocol}_{name}": value for name, value in values.items()}
        rows.append(row)
    table = pd.DataFrame(rows)
    table["inflation"] = table["random_split_uar"] - table["unseen_speakers_uar"]
    order = [
        f"{protocol}_uar" for protocol in ("unseen_speakers", "corpus_left_out", "random_split")
    ]
    return table.sort_values(order, ascending=False, ignore_index=True)


def chosen_inside(out_of_fold: pd.DataFrame, selections: pd.DataFrame, task: str) -> pd.DataFrame:
    """The out-of-fold rows on unseen speakers where the classifier, too, is chosen inside each fold's training speakers.

    In each outer fold it is the one with the best UAR on inner speaker folds, over all feature sets; its first seed counts.
    Picking the best row of a leaderboard has seen all speakers; this has not.
    """
    import pandas as pd

    protocol = next(iter(PROTOCOLS))
    inner = selections[(selections["task"] == task) & (selections["protocol"] == protocol)]
    best = inner.loc[inner.groupby("fold")["inner_uar"].idxmax()]
    parts = []
    for choice in best.itertuples():
        rows = model_rows(out_of_fold, task, choice.feature_set, choice.classifier, protocol)
        parts.append(rows[(rows["fold"] == choice.fold) & (rows["seed"] == 0)])
    return pd.concat(parts, ignore_index=True)


def model_rows(
    out_of_fold: pd.DataFrame,
    task: str,
    feature_set: str,
    classifier: str,
    protocol: str,
    corpus: str = "ravdess",
) -> pd.DataFrame:
    """The rows of one model under one protocol, tested on one corpus."""
    table = out_of_fold
    chosen = (
        (table["task"] == task)
        & (table["feature_set"] == feature_set)
        & (table["corpus"] == corpus)
    )
    return table[chosen & (table["classifier"] == classifier) & (table["protocol"] == protocol)]


def emotion_of_clips(out_of_fold: pd.DataFrame, corpus: str) -> dict[str, str]:
    """The emotion of each clip of a corpus, by path."""
    rows = out_of_fold[
        (out_of_fold["corpus"] == corpus)
        & (out_of_fold["task"] == "emotion")
        & (out_of_fold["protocol"] == "unseen_speakers")
    ]
    return dict(zip(rows["path"], rows["truth"], strict=True))


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return value
