"""The held-out models: the joint models as run 1 fitted them, for evaluation only.

They have not heard RAVDESS actors 1 to 4, nor the other speakers whom run 1 tests. Training writes them to
the cache folder; they do not ship. They are laid out as the models that ship.
"""

from __future__ import annotations

from pathlib import Path

from ser_core.errors import ErrorCode, SerError
from ser_core.models.finding import cards
from ser_core.storage.cache_folder import cache_folder


def held_out_folder() -> Path:
    """The folder of the held-out models, whether it is there or not.

    Returns
    -------
    Path
        `heldout` in the cache folder.

    Raises
    ------
    SerError
        NOT_WRITABLE where there is no cache folder.
    """
    return cache_folder() / "heldout"


def find_held_out_models() -> Path:
    """The folder of the held-out models, if it has a model for each task.

    Returns
    -------
    Path
        As `held_out_folder` gives it.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND where there are none; MODEL_TAMPERED where their manifest cannot be used.
    """
    folder = held_out_folder()
    tasks = {card.task for card in cards(folder)}
    if tasks == {"emotion", "gender"}:
        return folder
    raise SerError(
        ErrorCode.MODEL_NOT_FOUND,
        f"The models that were trained without the tested speakers are not in {str(folder)!r}.",
        "Run: make train (it writes them there; it needs the corpora below SER_CORPORA, and takes hours). "
        "If another cache folder holds them, name it: SER_CACHE=FOLDER.",
    )
