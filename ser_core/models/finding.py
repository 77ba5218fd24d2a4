"""The models of a folder by their cards: all of them, one by its name, the default one.

A card is read only if the list of digests of its folder has it; no artefact is read here.
"""

from __future__ import annotations

import json
from pathlib import Path

from ser_core.errors import ErrorCode, SerError
from ser_core.models.card import CARD, MEND_HINT, ModelCard, parse_card
from ser_core.models.kinds import COMBINATION
from ser_core.storage import manifest
from ser_core.storage.paths import MODELS_DIR


def root_of(folder: Path) -> Path:
    """The folder whose list of digests covers a folder of models.

    Parameters
    ----------
    folder : Path
        A folder of models.

    Returns
    -------
    Path
        That of all models that ship, if it is one of them; else itself.
    """
    return MODELS_DIR if folder.resolve().is_relative_to(MODELS_DIR.resolve()) else folder


def read_card(home: Path) -> ModelCard:
    """The card in the folder of a model, if it is the one that the list of digests has.

    Parameters
    ----------
    home : Path
        The folder of one model.

    Returns
    -------
    ModelCard

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED or MODEL_SCHEMA.
    """
    path = home / CARD
    if not path.exists():
        message = f"There is no model card {home.name}/{CARD}."
        raise SerError(ErrorCode.MODEL_NOT_FOUND, message, MEND_HINT)
    root = root_of(home.parent)
    data, _ = manifest.read(path, root, "Or make the models anew: python -m ser_core train.")
    return parse_card(data, home.name)


def cards(folder: Path = MODELS_DIR, task: str | None = None) -> list[ModelCard]:
    """The cards of the models of a folder.

    Parameters
    ----------
    folder : Path
        A folder of models.
    task : str, optional
        "emotion" or "gender" (default: both).

    Returns
    -------
    list of ModelCard
        By task; a combination comes first, then its members, then the others by `inner_uar`, the
        best first.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND for a card that is listed and not there; MODEL_TAMPERED or MODEL_SCHEMA.
    """
    root, here = root_of(folder), folder.resolve()
    names = [name for name in manifest.listed_names(root) if name.endswith(f"/{CARD}")]
    listed = {(root.resolve() / name).parent for name in names}
    homes = {home for home in listed if home.parent == here}
    homes |= {path.parent for path in here.glob(f"*/{CARD}")}
    every = [read_card(home) for home in sorted(homes)]
    return sorted((card for card in every if task in (None, card.task)), key=_place)


def _place(card: ModelCard) -> tuple[str, int, float, str]:
    """The sort key of a card."""
    return card.task, card.kind.rank, -(card.inner_uar or 0.0), card.name


def find(name: str, task: str, folder: Path = MODELS_DIR) -> ModelCard:
    """The card of a model by its name (`svc`) or id (`emotion-svc`).

    Parameters
    ----------
    name, task : str
        The name or id, and "emotion" or "gender".
    folder : Path
        A folder of models.

    Returns
    -------
    ModelCard

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, with the names of all models of the task.
    """
    of_task = cards(folder, task)
    for card in of_task:
        if name in (card.name, card.id):
            return card
    known = ", ".join(card.name for card in of_task) or "none"
    message = f"There is no {task} model {name!r}."
    raise SerError(ErrorCode.MODEL_NOT_FOUND, message, f"The {task} models are: {known}.")


def default_card(task: str, folder: Path = MODELS_DIR) -> ModelCard:
    """The card of the model that is used when none is named: the first of `cards`.

    Parameters
    ----------
    task : str
        "emotion" or "gender".
    folder : Path
        A folder of models.

    Returns
    -------
    ModelCard

    Raises
    ------
    SerError
        MODEL_NOT_FOUND where there is no model of the task.
    """
    of_task = cards(folder, task)
    if not of_task:
        message = f"There is no {task} model in {str(folder)!r}."
        raise SerError(ErrorCode.MODEL_NOT_FOUND, message, "Train one: python -m ser_core train")
    return of_task[0]


def size_bytes(card: ModelCard, folder: Path = MODELS_DIR) -> int:
    """The size of all files of a model, with those that it shares and the members of a combination.

    Parameters
    ----------
    card : ModelCard
        Of a model in the folder.
    folder : Path
        A folder of models.

    Returns
    -------
    int
        In bytes.
    """
    return sum(path.stat().st_size for path in _files(card, folder))


def _files(card: ModelCard, folder: Path) -> set[Path]:
    home = folder / card.id
    files = {(home / name).resolve() for name in (CARD, card.artefact, *card.further)}
    if card.classifier == COMBINATION:
        data, _ = manifest.read(home / card.artefact, root_of(folder))
        for member in json.loads(data)["members"]:
            files |= _files(read_card(folder / member["id"]), folder)
    return files
