"""Learning from corrections: a layer on the default emotion model, and what it changes on speakers that it has not heard.

Only clips that a person gave a label count. Some of the library's speakers are set aside for testing, once and for all. The layer is fitted
by maximum likelihood, drawn towards the identity: the less there is to learn from, the less it changes. How strongly it is drawn is
chosen among the training speakers alone, each left out in turn; with a single one it is `ALONE`. It is tested twice: on the speakers
set aside, and on the stored out-of-fold predictions of the default model for the corpora that it learnt from, whose speakers are in no library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ser_core import evaluation, models, prediction
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import paired
from ser_core.library.store import TEST, TRAIN, Kept, KeptLayer, Library
from ser_core.models import Layer, Model
from ser_core.models.correction import log_ratios

if TYPE_CHECKING:
    import pandas as pd

LEAST_CLIPS = 20
"""So many clips with a label, of two emotions at least, are needed to learn from."""
STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)
"""How strongly the layer may be drawn towards the identity: half of it, times the squared distance, is added to the negative log-likelihood."""
ALONE = 100.0
"""The strength where there is a single training speaker, or it is not known who speaks."""

_ROUNDED = (
    5e-5  # stored out-of-fold probabilities are rounded to 1e-4: a smaller one stands there as 0
)
_SHOWN = ("unseen_speakers", "corpus_left_out")

Each = Callable[[Sequence[Kept]], Iterable[Kept]]
"""Passes entries on, one by one, for whoever shows progress."""


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips with labels: what the default model says of each, [n, emotions], the label's position [n], and who speaks ("" for unknown)."""

    said: npt.NDArray[np.float64]
    truth: npt.NDArray[np.int64]
    speakers: tuple[str, ...]


def train(library: Library, owner: str, each: Each = iter) -> KeptLayer:
    """Fit a layer on an owner's corrections, test it, and keep it as a candidate; nothing uses it before it is adopted.

    Raises
    ------
    SerError
        NOT_ENOUGH where there is too little to learn from, or LIBRARY_FAILED.
    """
    parts, left_out = _parts(library, owner)
    _check_enough(parts[TRAIN], parts[TEST], left_out)
    model = models.load_default("emotion")
    clips = {part: _heard(library, owner, entries, model, each) for part, entries in parts.items()}
    strength = choose_strength(clips[TRAIN])
    layer = fit(clips[TRAIN], strength, model.card.sha256)
    report = _report(layer, clips[TEST]) | {
        "strength": strength,
        "base": {"name": model.card.name, "sha256": model.card.sha256},
        "train": _counts(clips[TRAIN]),
        "test": _counts(clips[TEST]),
        "left_out": left_out,
    }
    number = library.add_layer(owner, layer.to_json(), layer.digest, report)
    return next(kept for kept in library.layers(owner) if kept.id == number)


def evaluate(library: Library, owner: str, kept: KeptLayer, each: Each = iter) -> dict[str, Any]:
    """What a layer changes now, on all clips that the speakers who were set aside have by now, and on the stored predictions; see `_report`."""
    parts, _ = _parts(library, owner)
    model = models.load_default("emotion")
    layer = Layer.from_json(kept.layer)
    models.corrected(model, layer)  # says so where it is a layer of another model
    return {
        **kept.report,
        **_report(layer, tested := _heard(library, owner, parts[TEST], model, each)),
        "test": _counts(tested),
    }


def adopt(library: Library, owner: str, kept: KeptLayer, force: bool = False) -> None:
    """Let a layer correct the owner's default emotion model from now on.

    Raises
    ------
    SerError
        WORSE where it recognises less of a corpus than the model without it, beyond chance, and that is not forced; MODEL_VERSION, MODEL_SCHEMA.
    """
    models.corrected(models.load_default("emotion"), Layer.from_json(kept.layer))
    worse = [row["name"] for row in kept.report["corpora"] if is_worse(row)]
    if worse and not force:
        message = f"With layer {kept.id} the model recognises less on {', '.join(worse)} than without it, beyond chance."
        hint = "What helps on your recordings may cost on corpora that the model learnt from. If your speakers set aside say so, add --force."
        raise SerError(ErrorCode.WORSE, message, hint)
    library.adopt(owner, kept)


def adopted_model(library: Library, owner: str, default: Model) -> Model | None:
    """The default emotion model with the layer that the owner adopted; None where there is none.

    Raises
    ------
    SerError
        MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION where the layer cannot be used, or LIBRARY_FAILED.
    """
    kept = library.adopted(owner)
    return (
        None
        if kept is None
        else models.corrected(default, Layer.from_json(kept.layer), kept.report["scores"])
    )


def is_worse(row: Mapping[str, Any]) -> bool:
    """Whether a row of a report says that less is recognised with the layer, beyond chance (its 95% interval lies below zero)."""
    return row["difference"]["high"] is not None and row["difference"]["high"] < 0


# ------------------------------------------------------------------------------------------------------------- fitting


def fit(clips: Clips, strength: float, base: str) -> Layer:
    """The layer that makes the labels most likely, each emotion counting the same however often it came up, drawn towards the identity."""
    from scipy.optimize import minimize

    n = len(EMOTIONS)
    x = log_ratios(clips.said)
    right = np.eye(n)[clips.truth]
    weights = 1 / np.bincount(clips.truth, minlength=n)[clips.truth]
    weights *= len(weights) / max(weights.sum(), 1e-12)
    identity = np.eye(n)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        matrix, bias = flat[: n * n].reshape(n, n), flat[n * n :]
        scores = x @ matrix.T + bias
        scores -= scores.max(axis=1, keepdims=True)
        sums = np.log(np.exp(scores).sum(axis=1, keepdims=True))
        wrong = (np.exp(scores - sums) - right) * weights[:, None]
        away = matrix - identity
        value = -(((scores - sums) * right).sum(axis=1) * weights).sum() + strength / 2 * (
            (away**2).sum() + (bias**2).sum()
        )
        return float(value), np.concatenate(
            [(wrong.T @ x + strength * away).ravel(), wrong.sum(axis=0) + strength * bias]
        )

    found = minimize(
        loss,
        np.concatenate([identity.ravel(), np.zeros(n)]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 1000},
    )
    return Layer(found.x[: n * n].reshape(n, n), found.x[n * n :], base)


def choose_strength(clips: Clips) -> float:
    """The strength with the least loss on training speakers that are left out in turn, each speaker counting once; the stronger of two equals."""
    speakers = np.array(clips.speakers)
    names = sorted(set(clips.speakers) - {""})
    if len(names) < 2:
        return ALONE
    losses = []
    for strength in STRENGTHS:
        of_each = []
        for name in names:
            inside = speakers != name
            if not inside.any():
                continue
            layer = fit(Clips(clips.said[inside], clips.truth[inside], ()), strength, "")
            said = layer(clips.said[~inside])
            of_each.append(
                float(
                    -np.log(
                        np.maximum(said[np.arange(len(said)), clips.truth[~inside]], 1e-12)
                    ).mean()
                )
            )
        losses.append(round(float(np.mean(of_each)), 6))
    return max(
        strength for strength, loss in zip(STRENGTHS, losses, strict=True) if loss == min(losses)
    )


def _parts(library: Library, owner: str) -> tuple[dict[str, list[Kept]], int]:
    """The entries with a label for training and for testing, and how many are neither.

    Once somebody is set aside, a clip of which it is not known who speaks might be theirs: it is used for nothing.
    """
    labelled = [entry for entry in library.entries(owner) if entry.emotion]
    part_of = library.parts(owner, (entry.speaker for entry in labelled))
    aside = TEST in part_of.values()
    found: dict[str, list[Kept]] = {TRAIN: [], TEST: []}
    for entry in labelled:
        if entry.speaker:
            found[part_of[entry.speaker.casefold()]].append(entry)
        elif not aside:
            found[TRAIN].append(entry)
    return found, len(labelled) - sum(map(len, found.values()))


def _check_enough(entries: Sequence[Kept], aside: Sequence[Kept] = (), left_out: int = 0) -> None:
    """Say what is missing: of the clips with a label those `aside` are of speakers set aside, and of `left_out` nobody has said who speaks."""
    missing, emotions = LEAST_CLIPS - len(entries), {entry.emotion for entry in entries}
    if missing <= 0 and len(emotions) >= 2:
        return
    n = len(entries) + len(aside) + left_out
    message = f"There is too little to learn from: {n} clip{'s have' if n != 1 else ' has'} a label"
    if aside:
        names = ", ".join(sorted({entry.speaker.casefold() for entry in aside}))
        message += f", but {len(aside)} {'are' if len(aside) != 1 else 'is'} of speakers set aside for testing ({names})"
        message += f", and of {left_out} it is not known who speaks" if left_out else ""
    other = " of other speakers" if aside else ""
    more = f"Label at least {missing} more{other}" if missing > 0 else f"Label more clips{other}"
    hint = f"{more}." if len(emotions) >= 2 else f"{more}, so that two emotions or more come up."
    raise SerError(ErrorCode.NOT_ENOUGH, f"{message}.", hint)


def _heard(
    library: Library, owner: str, entries: Sequence[Kept], model: Model, each: Each
) -> Clips:
    """What a model says of the sound of entries."""
    said = [
        list(
            prediction.by_each(library.recording(owner, entry.id), [model])[
                model.card.name
            ].values()
        )
        for entry in each(entries)
    ]
    truth = np.array([EMOTIONS.index(entry.emotion) for entry in entries], dtype=np.int64)
    return Clips(
        np.array(said).reshape(-1, len(EMOTIONS)),
        truth,
        tuple(entry.speaker.casefold() for entry in entries),
    )


# ------------------------------------------------------------------------------------------------------------- testing


def _report(layer: Layer, tested: Clips) -> dict[str, Any]:
    """What a layer changes, as JSON.

    `library` is for the speakers set aside (None where there are none), `corpora` has a row for each corpus, all on unseen speakers; each with
    `before`, `after` and `difference` in UAR. `scores` are those with the layer, as they stand on a card.
    """
    return {"library": _on_library(layer, tested), **_on_corpora(layer)}


def _on_library(layer: Layer, tested: Clips) -> dict[str, Any] | None:
    import pandas as pd

    if not len(tested.truth):
        return None
    paths = [str(number) for number in range(len(tested.truth))]
    about = {
        "path": paths,
        "corpus": "library",
        "speaker": tested.speakers,
        "gender": "",
        "intensity": "",
        "statement": "",
        "seed": 0,
    }
    rows = pd.DataFrame({**about, "truth": [EMOTIONS[position] for position in tested.truth]})
    before, after = (
        rows.assign(**dict(zip(EMOTIONS, said.T, strict=True)))
        for said in (tested.said, layer(tested.said))
    )
    return _compared("your speakers set aside", before, after)


def _on_corpora(layer: Layer) -> dict[str, Any]:
    stored = evaluation.read_out_of_fold()
    stored = stored[
        (stored["task"] == "emotion")
        & (stored["feature_set"] == "several")
        & (stored["classifier"] == "combination")
    ]
    rows: list[dict[str, Any]] = []
    scores: dict[str, dict[str, Any]] = {}
    for corpus in CORPORA:
        for protocol in _SHOWN:
            before = stored[(stored["corpus"] == corpus) & (stored["protocol"] == protocol)]
            if before.empty:
                continue
            after = _after(before, layer)
            scores.setdefault(corpus, {})[protocol] = evaluation.score(after, "emotion").to_dict()
            if protocol == _SHOWN[0]:
                rows.append(_compared(CORPORA[corpus].title, before, after))
    return {"corpora": rows, "scores": scores}


def _after(rows: pd.DataFrame, layer: Layer) -> pd.DataFrame:
    """Rows of an out-of-fold table with a layer on their probabilities; a label that the corpus has not stays impossible."""
    said = rows[list(EMOTIONS)].to_numpy(dtype=np.float64)
    possible = said.max(axis=0) > 0
    corrected = np.where(possible, layer(said, least=_ROUNDED), 0.0)
    corrected /= corrected.sum(axis=1, keepdims=True)
    return rows.assign(**dict(zip(EMOTIONS, corrected.T, strict=True)))


def _compared(name: str, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    one, other = (evaluation.score(rows, "emotion").to_dict() for rows in (before, after))
    found = paired.paired(after, before, "emotion")
    values = (found.difference.value, found.difference.low, found.difference.high)
    return {
        "name": name,
        "clips": found.n_clips,
        "speakers": found.n_speakers,
        "before": one["uar"],
        "after": other["uar"],
        "difference": dict(
            zip(
                ("value", "low", "high"),
                (None if np.isnan(value) else round(value, 4) for value in values),
                strict=True,
            )
        ),
    }


def _counts(clips: Clips) -> dict[str, Any]:
    of_each = np.bincount(clips.truth, minlength=len(EMOTIONS)).tolist()
    counts = {emotion: n for emotion, n in zip(EMOTIONS, of_each, strict=True) if n}
    return {
        "clips": len(clips.truth),
        "speakers": len(set(clips.speakers) - {""}),
        "emotions": counts,
    }
