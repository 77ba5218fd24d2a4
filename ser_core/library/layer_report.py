"""What a correction layer changes, on speakers that it was not fitted on.

It is tested twice: on the speakers of the library who were set aside, and on the stored out-of-fold
predictions of the default model for the corpora that the model learnt from, whose speakers are in
no library. All figures are shares between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ser_core import evaluation
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS
from ser_core.evaluation import paired
from ser_core.library.layer_fitting import Array, LabelledClips
from ser_core.models import Layer
from ser_core.models.kinds import COMBINATION, SEVERAL

if TYPE_CHECKING:
    import pandas as pd

# Stored out-of-fold probabilities are rounded to 1e-4: a smaller one stands there as 0.
_ROUNDED = 5e-5
_UNSEEN_SPEAKERS = "unseen_speakers"
_PROTOCOLS = (_UNSEEN_SPEAKERS, "corpus_left_out")


def report_changes(layer: Layer, tested: LabelledClips) -> dict[str, Any]:
    """What a layer changes, as JSON.

    Parameters
    ----------
    layer : Layer
    tested : LabelledClips
        Of the speakers who were set aside.

    Returns
    -------
    dict
        `library` is on the speakers set aside (None where there are none); `corpora` has a row for
        each corpus. Both are on unseen speakers, with `before`, `after` and `difference` in UAR.
        `scores` are those with the layer, as they stand on a card.
    """
    return {"library": _compare_on_library(layer, tested), **_compare_on_corpora(layer)}


def is_worse(row: Mapping[str, Any]) -> bool:
    """Whether the layer recognises less, beyond chance, by a row of `report_changes`.

    That is so where the 95% interval of the difference lies below zero.
    """
    high = row["difference"]["high"]
    return high is not None and high < 0


def _compare_on_library(layer: Layer, tested: LabelledClips) -> dict[str, Any] | None:
    import pandas as pd

    n = len(tested.truth)
    if not n:
        return None
    clips = pd.DataFrame(
        {
            "path": [str(number) for number in range(n)],
            "corpus": "library",
            "speaker": tested.speakers,
            "gender": "",
            "intensity": "",
            "statement": "",
            "seed": 0,
            "truth": [EMOTIONS[position] for position in tested.truth],
        }
    )
    before = _with_probabilities(clips, tested.probabilities)
    after = _with_probabilities(clips, layer(tested.probabilities))
    return _compare("your speakers set aside", before, after)


def _compare_on_corpora(layer: Layer) -> dict[str, Any]:
    stored = evaluation.read_out_of_fold()
    is_default = (stored["feature_set"] == SEVERAL) & (stored["classifier"] == COMBINATION)
    stored = stored[(stored["task"] == "emotion") & is_default]
    rows: list[dict[str, Any]] = []
    scores: dict[str, dict[str, Any]] = {}
    for name, corpus in CORPORA.items():
        for protocol in _PROTOCOLS:
            before = stored[(stored["corpus"] == name) & (stored["protocol"] == protocol)]
            if before.empty:
                continue
            after = _correct_stored(before, layer)
            scores.setdefault(name, {})[protocol] = evaluation.score(after, "emotion").to_dict()
            if protocol == _UNSEEN_SPEAKERS:
                rows.append(_compare(corpus.title, before, after))
    return {"corpora": rows, "scores": scores}


def _correct_stored(rows: pd.DataFrame, layer: Layer) -> pd.DataFrame:
    """Rows of an out-of-fold table after a layer; labels that the corpus lacks stay impossible."""
    probabilities = rows[list(EMOTIONS)].to_numpy(dtype=np.float64)
    is_possible = probabilities.max(axis=0) > 0
    corrected = np.where(is_possible, layer(probabilities, least=_ROUNDED), 0.0)
    corrected /= corrected.sum(axis=1, keepdims=True)
    return _with_probabilities(rows, corrected)


def _with_probabilities(rows: pd.DataFrame, probabilities: Array) -> pd.DataFrame:
    return rows.assign(**dict(zip(EMOTIONS, probabilities.T, strict=True)))


def _compare(name: str, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    comparison = paired.compare_models(after, before, "emotion")
    difference = {
        end: None if np.isnan(value) else round(value, 4)
        for end, value in asdict(comparison.difference).items()
    }
    return {
        "name": name,
        "clips": comparison.n_clips,
        "speakers": comparison.n_speakers,
        "before": evaluation.score(before, "emotion").to_dict()["uar"],
        "after": evaluation.score(after, "emotion").to_dict()["uar"],
        "difference": difference,
    }
