"""Learning from corrections: a layer on the default emotion model, from the labels of one owner.

Only clips that a person gave a label count. Some of the library's speakers are set aside for
testing, once and for all. A layer is fitted on the others (`layer_fitting`) and tested on unseen
speakers (`layer_report`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ser_core import models, prediction
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.library.kept_layers import TEST, TRAIN, StoredLayer
from ser_core.library.kept_recordings import LibraryEntry
from ser_core.library.layer_fitting import LabelledClips, choose_strength, fit
from ser_core.library.layer_report import is_worse, report_changes
from ser_core.library.store import Library
from ser_core.models import Layer, Model

MIN_CLIPS = 20
"""The number of labelled clips that are needed to learn from, of at least two emotions."""

ShowProgress = Callable[[Sequence[LibraryEntry]], Iterable[LibraryEntry]]
"""Passes entries on one by one, and shows how far it is."""


def train(library: Library, owner: str, show_progress: ShowProgress = iter) -> StoredLayer:
    """Fit a layer on an owner's corrections, test it, and store it as a candidate.

    Nothing uses the layer before it is adopted.

    Parameters
    ----------
    library : Library
    owner : str
    show_progress : callable
        Each entry is passed through it before the model predicts it.

    Raises
    ------
    SerError
        NOT_ENOUGH where there is too little to learn from, or LIBRARY_FAILED.
    """
    entries_of, n_left_out = _divide_entries(library, owner)
    _check_enough(entries_of[TRAIN], entries_of[TEST], n_left_out)
    model = models.load_default("emotion")
    training = _predict_entries(library, owner, entries_of[TRAIN], model, show_progress)
    tested = _predict_entries(library, owner, entries_of[TEST], model, show_progress)
    strength = choose_strength(training)
    layer = fit(training, strength, model.card.sha256)
    report = report_changes(layer, tested) | {
        "strength": strength,
        "base": {"name": model.card.name, "sha256": model.card.sha256},
        "train": training.count(),
        "test": tested.count(),
        "left_out": n_left_out,
    }
    number = library.add_layer(owner, layer.to_json(), layer.digest, report)
    return next(stored for stored in library.layers(owner) if stored.id == number)


def evaluate(
    library: Library, owner: str, stored: StoredLayer, show_progress: ShowProgress = iter
) -> dict[str, Any]:
    """Test a layer anew, on all clips that the speakers set aside have by now.

    Parameters
    ----------
    library : Library
    owner : str
    stored : StoredLayer
    show_progress : callable
        Each entry is passed through it before the model predicts it.

    Returns
    -------
    dict
        The report of the layer with the new figures; see `report_changes`.

    Raises
    ------
    SerError
        MODEL_VERSION where the layer was made for another model; MODEL_SCHEMA, LIBRARY_FAILED.
    """
    entries_of, _ = _divide_entries(library, owner)
    model = models.load_default("emotion")
    layer = Layer.from_json(stored.layer)
    models.corrected(model, layer)  # raises where the layer is one of another model
    tested = _predict_entries(library, owner, entries_of[TEST], model, show_progress)
    return {**stored.report, **report_changes(layer, tested), "test": tested.count()}


def adopt(library: Library, owner: str, stored: StoredLayer, force: bool = False) -> None:
    """Let a layer correct the owner's default emotion model from now on.

    Parameters
    ----------
    library : Library
    owner : str
    stored : StoredLayer
    force : bool
        Whether to adopt a layer that is worse on a corpus.

    Raises
    ------
    SerError
        WORSE where the layer recognises less of a corpus, beyond chance, and `force` is not given;
        MODEL_VERSION where the layer was made for another model; MODEL_SCHEMA.
    """
    models.corrected(models.load_default("emotion"), Layer.from_json(stored.layer))
    worse = [row["name"] for row in stored.report["corpora"] if is_worse(row)]
    if worse and not force:
        raise SerError(
            ErrorCode.WORSE,
            f"With layer {stored.id} the model recognises less on {', '.join(worse)} than without "
            "it, beyond chance.",
            "What helps on your recordings may cost on corpora that the model learnt from. If your "
            "speakers set aside say so, add --force.",
        )
    library.adopt(owner, stored)


def _divide_entries(library: Library, owner: str) -> tuple[dict[str, list[LibraryEntry]], int]:
    """The labelled entries for training and for testing, and the number of those for neither.

    Once somebody is set aside, a clip of an unknown speaker might be theirs: it is not used.
    """
    labelled = [entry for entry in library.entries(owner) if entry.emotion]
    part_of = library.assign_parts(owner, (entry.speaker for entry in labelled))
    somebody_set_aside = TEST in part_of.values()
    entries_of: dict[str, list[LibraryEntry]] = {TRAIN: [], TEST: []}
    n_left_out = 0
    for entry in labelled:
        if entry.speaker:
            entries_of[part_of[entry.speaker.casefold()]].append(entry)
        elif somebody_set_aside:
            n_left_out += 1
        else:
            entries_of[TRAIN].append(entry)
    return entries_of, n_left_out


def _check_enough(
    training: Sequence[LibraryEntry], set_aside: Sequence[LibraryEntry], n_left_out: int
) -> None:
    """Raise NOT_ENOUGH, with what is missing, where there is too little to learn from.

    `set_aside` are the labelled clips of speakers set aside, `n_left_out` those of unknown ones.
    """
    n_missing = MIN_CLIPS - len(training)
    n_emotions = len({entry.emotion for entry in training})
    if n_missing <= 0 and n_emotions >= 2:
        return
    n = len(training) + len(set_aside) + n_left_out
    message = f"There is too little to learn from: {n} clip{' has' if n == 1 else 's have'} a label"
    if set_aside:
        names = ", ".join(sorted({entry.speaker.casefold() for entry in set_aside}))
        are = "is" if len(set_aside) == 1 else "are"
        message += f", but {len(set_aside)} {are} of speakers set aside for testing ({names})"
    if set_aside and n_left_out:
        message += f", and of {n_left_out} it is not known who speaks"
    of_others = " of other speakers" if set_aside else ""
    hint = f"Label more clips{of_others}"
    if n_missing > 0:
        hint = f"Label at least {n_missing} more{of_others}"
    if n_emotions < 2:
        hint += ", so that two emotions or more come up"
    raise SerError(ErrorCode.NOT_ENOUGH, f"{message}.", f"{hint}.")


def _predict_entries(
    library: Library,
    owner: str,
    entries: Sequence[LibraryEntry],
    model: Model,
    show_progress: ShowProgress,
) -> LabelledClips:
    """The labels of entries, with a model's probabilities for their sound."""
    rows = []
    for entry in show_progress(entries):
        recording = library.recording(owner, entry.id)
        by_model = prediction.probabilities_by_model(recording, [model])
        rows.append(list(by_model[model.card.name].values()))
    truth = [EMOTIONS.index(entry.emotion) for entry in entries]
    return LabelledClips(
        np.array(rows).reshape(-1, len(EMOTIONS)),
        np.array(truth, dtype=np.int64),
        tuple(entry.speaker.casefold() for entry in entries),
    )
