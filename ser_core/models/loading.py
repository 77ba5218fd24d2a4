"""Loading models: files are verified before anything parses them.

A model is named by its card and a folder; nothing here takes a model from an upload. A pickle runs
code when it is loaded, so card and artefact are checked against the list of digests of the folder
(`ser_core.storage.manifest`), and the artefact against its card, before either is parsed.
"""

from __future__ import annotations

from pathlib import Path

from ser_core.errors import ErrorCode, SerError
from ser_core.models.card import ModelCard
from ser_core.models.estimators import Combination, Estimator
from ser_core.models.finding import default_card, find, read_card, root_of
from ser_core.models.kinds import COMBINATION, Artefact
from ser_core.models.model import Model
from ser_core.models.verification import restore_hint, verify
from ser_core.storage import manifest
from ser_core.storage.paths import MODELS_DIR


def load(card: ModelCard, folder: Path = MODELS_DIR) -> Model:
    """Load the model of a card.

    The digests of its files are checked first, then its features and labels, then the library versions.

    Parameters
    ----------
    card : ModelCard
        As `cards`, `find` or `default_card` gives it.
    folder : Path
        The folder of models that it lies in.

    Returns
    -------
    Model

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION; nothing is read of the
        artefact then.
    """
    estimator = _load_estimator(card, folder)
    # The pool weights of a combination stand in its artefact, too. Those of a single model sharpen or
    # flatten it, and pool the probabilities that it has with a baseline.
    if card.pool_weights and card.classifier != COMBINATION:
        estimator = Combination([estimator], card.pool_weights, card.pool_weights_with_baseline)
    return Model(card, estimator)


def load_named(name: str, task: str, folder: Path = MODELS_DIR) -> Model:
    """Load a model by its name or id; see `find` and `load`.

    Parameters
    ----------
    name, task : str
        The name or id, and "emotion" or "gender".
    folder : Path
        A folder of models.

    Returns
    -------
    Model

    Raises
    ------
    SerError
        As `find` and `load` do.
    """
    return load(find(name, task, folder), folder)


def load_default(task: str, folder: Path = MODELS_DIR) -> Model:
    """Load the model that is used when none is named; see `default_card` and `load`.

    Parameters
    ----------
    task : str
        "emotion" or "gender".
    folder : Path
        A folder of models.

    Returns
    -------
    Model

    Raises
    ------
    SerError
        As `default_card` and `load` do.
    """
    return load(default_card(task, folder), folder)


def _load_estimator(card: ModelCard, folder: Path) -> Estimator:
    """The estimator in the artefact, as it was fitted: without the pool weights of the card."""

    def load_member(name: str, sha256: str) -> Estimator:
        member = read_card(folder / name)
        if member.sha256 != sha256:
            message = f"The model {member.id} is not the one that {card.id} was combined from."
            raise SerError(ErrorCode.MODEL_TAMPERED, message, restore_hint(card))
        return _load_estimator(member, folder)

    artefact = Artefact(
        card.artefact,
        _read_files(card, folder),
        card.task,
        card.feature_set,
        card.average_speech,
        load_member,
    )
    return card.kind.load(artefact)


def _read_files(card: ModelCard, folder: Path) -> dict[str, bytes]:
    """The verified files of a model, by name."""
    root = root_of(folder)
    command = "make train"
    if card.kind.is_rebuildable:
        command = f"python -m ser_core models rebuild {card.id}"
    files = {
        name: manifest.read(folder / card.id / name, root, f"Or make it anew: {command}.")
        for name in (card.artefact, *card.further)
    }
    verify(card, {name: digest for name, (_, digest) in files.items()})
    return {name: data for name, (data, _) in files.items()}
