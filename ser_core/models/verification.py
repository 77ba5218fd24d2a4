"""Whether the files of a model are those that its card describes, and whether it fits this program."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, NETWORK_INPUT
from ser_core.models.card import ModelCard

_PICKLING_LIBRARY = "scikit-learn"  # its pickles hold for one version only


def verify(card: ModelCard, digests: Mapping[str, str]) -> None:
    """Check the files of a model against its card, and the card against this program.

    Parameters
    ----------
    card : ModelCard
        The card of the model.
    digests : mapping
        The SHA-256 of its files, by name.

    Raises
    ------
    SerError
        MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION.
    """
    expected = {card.artefact: card.sha256, **card.further}
    for name, digest in digests.items():
        check_digest(card, name, digest, expected[name])
    if not (_fits_inputs(card) and set(card.labels) <= set(LABELS.get(card.task, ()))):
        message = f"The model {card.id} was made for other features or labels than these."
        raise SerError(ErrorCode.MODEL_SCHEMA, message, restore_hint(card))
    if card.kind.is_rebuildable:
        _check_library(card)


def check_digest(card: ModelCard, name: str, digest: str, expected: str) -> None:
    """Raise MODEL_TAMPERED where the digest of a file is not the one on the card.

    Parameters
    ----------
    card : ModelCard
        The card of the model.
    name, digest, expected : str
        The name of the file, its SHA-256, and that on the card.

    Raises
    ------
    SerError
        MODEL_TAMPERED.
    """
    if digest == expected:
        return
    raise SerError(
        ErrorCode.MODEL_TAMPERED,
        f"The file {card.id}/{name} is not the one its card describes and was not loaded "
        f"(SHA-256 {digest[:12]}..., expected {expected[:12]}...).",
        restore_hint(card),
    )


def restore_hint(card: ModelCard) -> str:
    """What to do about a model that cannot be used.

    Parameters
    ----------
    card : ModelCard
        The card of the model.

    Returns
    -------
    str
        A sentence or two.
    """
    if card.kind.is_rebuildable:
        command = f"python -m ser_core models rebuild {card.id}"
        return f"Run: {command} (or train it anew, if it is one of your own)."
    return "Restore the file from where you have the project; one of your own, train anew."


def _fits_inputs(card: ModelCard) -> bool:
    """Whether artefact and features of a model are those of its kind, as this program has them."""
    kind = card.kind
    if not card.artefact.endswith(kind.artefact) or card.inputs != (kind.inputs or card.inputs):
        return False
    if card.inputs in FEATURE_SETS:
        return FEATURE_SETS[card.inputs].names == card.feature_names
    if card.inputs == NETWORK_INPUT:
        return card.average_speech is not None
    return kind.inputs is not None


def _check_library(card: ModelCard) -> None:
    installed = metadata.version(_PICKLING_LIBRARY)
    recorded = card.libraries.get(_PICKLING_LIBRARY)
    if installed == recorded:
        return
    raise SerError(
        ErrorCode.MODEL_VERSION,
        f"The file {card.id}/{card.artefact} was saved with {_PICKLING_LIBRARY} {recorded}, here is "
        f"{installed}.",
        restore_hint(card),
    )
