"""Trained models on disk: what `models/` holds, loading them safely, and asking them for probabilities.

A model is a folder `models/<task>-<name>/` with the artefact and `card.json`. The artefact is a pickled scikit-learn model
(`model.joblib`), bagged perceptrons (`model.npz`), a network (`model.onnx`; the models of both tasks share one), or a combination
(`model.json`: other models of the folder, each with its digest and weights). Beside it there may be further files that the card names, such as
`enrolled.npz`, the perceptrons that take a personal baseline. A pickle runs code when it is loaded, so card and artefact are checked against the
folder's list of digests (`ser_core.storage.manifest`), and the artefact against its card, before either is parsed. Nothing here takes a model from an upload:
what is loaded is named by a card and a folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, NETWORK_INPUT, Baseline, Inputs
from ser_core.features.cues import AverageSpeech
from ser_core.models.card import (
    ARTEFACT,
    AVERAGE_SPEECH,
    CARD,
    CLASSIFIER_TITLES,
    COMBINATION_ARTEFACT,
    ENROLLED_ARTEFACT,
    HELD_OUT,
    MAIN_FEATURE_SET,
    MODELS_DIR,
    NETWORK_ARTEFACT,
    PERCEPTRONS_ARTEFACT,
    ModelCard,
    TrainingCorpus,
    cards,
    default_card,
    find,
    library_versions,
    parse_card,
    read_card,
    root_of,
    size_bytes,
    title,
    to_markdown,
)
from ser_core.models.correction import CORRECTED, Corrected, Layer
from ser_core.models.estimators import (
    Combination,
    Estimator,
    Network,
    load_classical,
    load_perceptrons,
)
from ser_core.models.perceptrons import BaggedPerceptrons
from ser_core.storage import manifest

__all__ = [
    "ARTEFACT",
    "AVERAGE_SPEECH",
    "CARD",
    "CLASSIFIER_TITLES",
    "COMBINATION_ARTEFACT",
    "CORRECTED",
    "ENROLLED_ARTEFACT",
    "HELD_OUT",
    "MAIN_FEATURE_SET",
    "MODELS_DIR",
    "NETWORK_ARTEFACT",
    "PERCEPTRONS_ARTEFACT",
    "Layer",
    "Model",
    "ModelCard",
    "TrainingCorpus",
    "cards",
    "corrected",
    "corrected_name",
    "default_card",
    "find",
    "library_versions",
    "load",
    "load_default",
    "load_named",
    "read_card",
    "root_of",
    "save",
    "save_artefact",
    "save_combination",
    "save_perceptrons",
    "seal",
    "share_artefact",
    "size_bytes",
    "title",
    "to_markdown",
    "verify",
]

_DECIDING_LIBRARY = "scikit-learn"  # its pickles hold for one version only


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model."""

    card: ModelCard
    estimator: Estimator

    def predict_proba(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> npt.NDArray[np.float64]:
        """The probability of each label of the task for some clips: [clips, labels] in the order of `LABELS[task]`; 0 for a label not learnt.

        A `baseline` (neutral clips of one speaker) is used where the card says `takes_baseline`.

        Raises
        ------
        ValueError
            If a baseline is given to a model that takes none.
        """
        if baseline is not None and not self.card.takes_baseline:
            raise ValueError(f"The model {self.card.id} takes no baseline.")
        return self.estimator.opinions(clips, baseline)[0]


def save(fitted: Any, card: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write a fitted scikit-learn model and its card; gives the card with its digest and versions filled in."""
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
    """Write bagged perceptrons, with those that take a baseline (`enrolled`), and their card, as `save` does."""
    further = {} if enrolled is None else {ENROLLED_ARTEFACT: enrolled.to_bytes()}
    return save_artefact(fitted.to_bytes(), card, folder, further)


def save_combination(
    members: Mapping[str, Mapping[str, Any]], card: ModelCard, folder: Path = MODELS_DIR
) -> ModelCard:
    """Write a combination of models of the same folder, and its card.

    `members` has, by id, the `weight` of the model's opinion, and `weights_with_baseline` of all opinions that it has then.
    """
    listed = [
        {"id": name, **weights, "sha256": read_card(folder / name).sha256}
        for name, weights in members.items()
    ]
    return save_artefact((json.dumps({"members": listed}, indent=1) + "\n").encode(), card, folder)


def share_artefact(card: ModelCard, of: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write the card of a model whose artefact is that of another, saved model: one network answers for both tasks."""
    shared = f"../{of.id}/{of.artefact}"
    return save_artefact(
        (folder / of.id / of.artefact).read_bytes(),
        dataclasses.replace(card, artefact=shared),
        folder,
    )


def save_artefact(
    artefact: bytes,
    card: ModelCard,
    folder: Path = MODELS_DIR,
    further: Mapping[str, bytes] | None = None,
) -> ModelCard:
    """Write an artefact under the name on its card, further files, and the card; gives the card with digests and versions filled in."""
    from ser_core.batch import checkpointed

    home = folder / card.id
    files = {card.artefact: artefact, **(further or {})}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    card = dataclasses.replace(card, sha256=digests.pop(card.artefact), further=digests)
    card = dataclasses.replace(
        card,
        libraries=library_versions(),
        python=platform.python_version(),
        program=checkpointed.program(),
    )
    files[CARD] = (json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n").encode()
    manifest.write(root_of(folder), {home / name: data for name, data in files.items()})
    return card


def seal(folder: Path = MODELS_DIR) -> tuple[int, str]:
    """List the digests of all files in a folder of models as they are now: what was changed or added is used from now on.

    Gives the number of files and the digest of the list. Nothing is listed where a model is not what its card describes.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED or MODEL_SCHEMA, naming the file.
    """
    root = root_of(folder)
    for path in sorted(root.rglob(CARD)):
        card = parse_card(path.read_bytes(), path.parent.name)
        for name, expected in ((card.artefact, card.sha256), *card.further.items()):
            try:
                _as_described(
                    card,
                    name,
                    hashlib.sha256((path.parent / name).read_bytes()).hexdigest(),
                    expected,
                )
            except OSError as error:
                raise SerError(
                    ErrorCode.MODEL_NOT_FOUND,
                    f"The model file {card.id}/{name} cannot be read.",
                    _rebuild(card),
                ) from error
    return manifest.seal(root)


def load(card: ModelCard, folder: Path = MODELS_DIR) -> Model:
    """Load a model: the digests of its files are checked first, then its features and labels, then the library versions.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION; nothing is read of the artefact then.
    """
    return Model(card, _estimator(card, _read(card, folder), folder))


def _read(card: ModelCard, folder: Path) -> dict[str, bytes]:
    """The files of a model by name, verified; the artefact is the first."""
    root = root_of(folder)
    rebuilt = (
        f"Or make it anew: python -m ser_core models rebuild {card.id}."
        if card.artefact == ARTEFACT
        else "Or make it anew: make train."
    )
    read = {
        name: manifest.read(folder / card.id / name, root, rebuilt)
        for name in (card.artefact, *card.further)
    }
    verify(card, {name: digest for name, (_, digest) in read.items()})
    return {name: data for name, (data, _) in read.items()}


def _estimator(card: ModelCard, files: Mapping[str, bytes], folder: Path) -> Estimator:
    raw = _raw_estimator(card, files, folder)
    exponents = card.parameters.get("exponents", ())
    # The exponents of a combination are the weights in its artefact; a single model's sharpen or flatten it (their sum is the reciprocal
    # of its temperature), and with a baseline they pool what it then has to say.
    if not exponents or card.artefact == COMBINATION_ARTEFACT:
        return raw
    return Combination([raw], exponents, card.parameters.get("exponents_with_baseline", ()))


def _raw_estimator(card: ModelCard, files: Mapping[str, bytes], folder: Path) -> Estimator:
    """What the artefact holds, as it was fitted."""
    artefact = files[card.artefact]
    if card.artefact.endswith(NETWORK_ARTEFACT):
        return Network(artefact, card.task, AverageSpeech.of(card.parameters[AVERAGE_SPEECH]))
    if card.artefact == ARTEFACT:
        return load_classical(artefact, card.task, card.feature_set)
    if card.artefact == PERCEPTRONS_ARTEFACT:
        return load_perceptrons(artefact, card.task, card.feature_set, files.get(ENROLLED_ARTEFACT))
    members: list[Estimator] = []
    weights, with_baseline = [], []
    for member in json.loads(artefact)["members"]:
        of_member = read_card(folder / member["id"])
        if of_member.sha256 != member["sha256"]:
            message = f"The model {of_member.id} is not the one that {card.id} was combined from."
            raise SerError(ErrorCode.MODEL_TAMPERED, message, _rebuild(card))
        members.append(_raw_estimator(of_member, _read(of_member, folder), folder))
        weights.append(float(member["weight"]))
        with_baseline += [float(weight) for weight in member.get("weights_with_baseline", ())]
    return Combination(members, weights, with_baseline)


def verify(card: ModelCard, digests: Mapping[str, str]) -> None:
    """Check the digests of a model's files, by name, against its card, and the card against this installation.

    Raises
    ------
    SerError
        MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION.
    """
    expected = {card.artefact: card.sha256, **card.further}
    for name, digest in digests.items():
        _as_described(card, name, digest, expected[name])
    if card.artefact in (ARTEFACT, PERCEPTRONS_ARTEFACT):
        fits = (
            card.feature_set in FEATURE_SETS
            and FEATURE_SETS[card.feature_set].names == card.feature_names
        )
    else:
        of_network = (
            card.artefact.endswith(NETWORK_ARTEFACT)
            and card.feature_set == NETWORK_INPUT
            and AVERAGE_SPEECH in card.parameters
        )
        fits = card.artefact == COMBINATION_ARTEFACT or of_network
    if not fits or not set(card.labels) <= set(LABELS.get(card.task, ())):
        raise SerError(
            ErrorCode.MODEL_SCHEMA,
            f"The model {card.id} was made for other features or labels than these.",
            _rebuild(card),
        )
    if card.artefact != ARTEFACT:
        return
    installed = metadata.version(_DECIDING_LIBRARY)
    recorded = card.libraries.get(_DECIDING_LIBRARY)
    if installed != recorded:
        raise SerError(
            ErrorCode.MODEL_VERSION,
            f"The file {card.id}/{card.artefact} was saved with {_DECIDING_LIBRARY} {recorded}, here is {installed}.",
            _rebuild(card),
        )


def _as_described(card: ModelCard, name: str, digest: str, expected: str) -> None:
    if digest != expected:
        raise SerError(
            ErrorCode.MODEL_TAMPERED,
            f"The file {card.id}/{name} is not the one its card describes and was not loaded "
            f"(SHA-256 {digest[:12]}..., expected {expected[:12]}...).",
            _rebuild(card),
        )


def load_named(name: str, task: str, folder: Path = MODELS_DIR) -> Model:
    """`load(find(name, task))`."""
    return load(find(name, task, folder), folder)


def load_default(task: str, folder: Path = MODELS_DIR) -> Model:
    """The model that is used when none is named."""
    return load(default_card(task, folder), folder)


def corrected(model: Model, layer: Layer, scores: Mapping[str, Any] | None = None) -> Model:
    """An emotion model with a correction layer on it, under a name of its own; `scores` are those to stand on its card.

    Raises
    ------
    SerError
        MODEL_VERSION where the layer was fitted on another model.
    """
    card = model.card
    if layer.base != card.sha256:
        message = f"The correction layer {layer.digest[:12]} was made for another model than {card.id} is now, and is not used."
        raise SerError(
            ErrorCode.MODEL_VERSION, message, "Train another one: python -m ser_core library train"
        )
    limits = (
        "A correction layer was fitted on labels that people gave their own recordings. The limits for refusals and prediction sets are those of the "
        "model without it: what they promise was not measured with it, nor was what it does to answers with a personal baseline."
    )
    changed = dataclasses.replace(
        card,
        name=corrected_name(card, layer),
        title=f"{card.title}, corrected",
        parameters={**card.parameters, "layer": layer.digest},
        scores=dict(scores) if scores else card.scores,
        limits=f"{card.limits} {limits}",
    )
    return Model(changed, Corrected(model.estimator, layer))


def corrected_name(card: ModelCard, layer: Layer) -> str:
    """What a model with a layer on it is called."""
    return f"{card.name}{CORRECTED}{layer.digest[:12]}"


def _rebuild(card: ModelCard) -> str:
    if card.artefact == ARTEFACT:
        return f"Run: python -m ser_core models rebuild {card.id} (or train it anew, if it is one of your own)."
    return "Restore the file from where you have the project; one of your own, train anew."
