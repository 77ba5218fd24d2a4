"""Saving models: a folder `<task>-<name>/` with the artefact, further files and the card.

The card gets the digests of the files and the versions of the libraries, and the list of digests of
the folder of models gets all of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser_core.errors import ErrorCode, SerError
from ser_core.models.card import CARD, ModelCard, library_versions, parse_card
from ser_core.models.finding import read_card, root_of
from ser_core.models.kinds import ENROLLED_ARTEFACT
from ser_core.models.perceptrons import BaggedPerceptrons
from ser_core.models.verification import check_digest, restore_hint
from ser_core.storage import manifest
from ser_core.storage.paths import MODELS_DIR


def save(fitted: Any, card: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write a fitted scikit-learn model and its card.

    Parameters
    ----------
    fitted : estimator
        A fitted scikit-learn classifier.
    card : ModelCard
        Without digests and versions.
    folder : Path
        A folder of models.

    Returns
    -------
    ModelCard
        With the digest and the versions.
    """
    import joblib

    buffer = io.BytesIO()
    joblib.dump(fitted, buffer, compress=("xz", 6))
    return save_artefact(buffer.getvalue(), card, folder)


def save_perceptrons(
    fitted: BaggedPerceptrons,
    card: ModelCard,
    folder: Path = MODELS_DIR,
    enrolled: BaggedPerceptrons | None = None,
) -> ModelCard:
    """Write bagged perceptrons and their card.

    Parameters
    ----------
    fitted : BaggedPerceptrons
        Those that take no baseline.
    card : ModelCard
        Without digests and versions.
    folder : Path
        A folder of models.
    enrolled : BaggedPerceptrons, optional
        Those that take a personal baseline.

    Returns
    -------
    ModelCard
        With the digests and the versions.
    """
    further = {} if enrolled is None else {ENROLLED_ARTEFACT: enrolled.to_bytes()}
    return save_artefact(fitted.to_bytes(), card, folder, further)


def save_combination(
    members: Mapping[str, Mapping[str, Any]], card: ModelCard, folder: Path = MODELS_DIR
) -> ModelCard:
    """Write a combination of models of the same folder, and its card.

    Parameters
    ----------
    members : mapping
        By id, the pool `weight` of the model and, where the combination takes a personal baseline,
        `weights_with_baseline` of all its probabilities then.
    card : ModelCard
        Without digests and versions.
    folder : Path
        A folder of models.

    Returns
    -------
    ModelCard
        With the digest and the versions.
    """
    listed = [
        {"id": name, **weights, "sha256": read_card(folder / name).sha256}
        for name, weights in members.items()
    ]
    text = json.dumps({"members": listed}, indent=1) + "\n"
    return save_artefact(text.encode(), card, folder)


def share_artefact(card: ModelCard, of: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write the card of a model whose artefact is that of another, saved model.

    Parameters
    ----------
    card : ModelCard
        Without digests and versions.
    of : ModelCard
        The saved model: one network serves both tasks.
    folder : Path
        A folder of models.

    Returns
    -------
    ModelCard
        With the digest and the versions.
    """
    shared = dataclasses.replace(card, artefact=f"../{of.id}/{of.artefact}")
    return save_artefact((folder / of.id / of.artefact).read_bytes(), shared, folder)


def save_artefact(
    artefact: bytes,
    card: ModelCard,
    folder: Path = MODELS_DIR,
    further: Mapping[str, bytes] | None = None,
) -> ModelCard:
    """Write an artefact under the name on its card, further files, and the card.

    Parameters
    ----------
    artefact : bytes
        The content of the artefact.
    card : ModelCard
        Without digests and versions.
    folder : Path
        A folder of models.
    further : mapping, optional
        The content of further files, by name.

    Returns
    -------
    ModelCard
        With the digests and the versions.
    """
    from ser_core.batch.program import program_digest

    home = folder / card.id
    files = {card.artefact: artefact, **(further or {})}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    card = dataclasses.replace(
        card,
        sha256=digests.pop(card.artefact),
        further=digests,
        libraries=library_versions(),
        python=platform.python_version(),
        program=program_digest(),
    )
    text = json.dumps(card.to_dict(), indent=1, ensure_ascii=False) + "\n"
    files[CARD] = text.encode()
    manifest.write(root_of(folder), {home / name: data for name, data in files.items()})
    return card


def seal(folder: Path = MODELS_DIR) -> tuple[int, str]:
    """List the digests of all files in a folder of models as they are now.

    What was changed or added is used from now on. Nothing is listed where a model is not what its card
    describes.

    Parameters
    ----------
    folder : Path
        A folder of models.

    Returns
    -------
    n_files : int
        How many files are listed.
    digest : str
        The SHA-256 of the list.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED or MODEL_SCHEMA, with the name of the file.
    """
    root = root_of(folder)
    for path in sorted(root.rglob(CARD)):
        _check_files(path)
    return manifest.seal(root)


def _check_files(card_path: Path) -> None:
    """Raise where the files of a model are not those that its card describes."""
    home = card_path.parent
    card = parse_card(card_path.read_bytes(), home.name)
    for name, expected in {card.artefact: card.sha256, **card.further}.items():
        try:
            digest = hashlib.sha256((home / name).read_bytes()).hexdigest()
        except OSError as error:
            message = f"The model file {card.id}/{name} cannot be read."
            raise SerError(ErrorCode.MODEL_NOT_FOUND, message, restore_hint(card)) from error
        check_digest(card, name, digest, expected)
