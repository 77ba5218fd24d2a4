"""Trained models on disk: what `models/` holds, loading them safely, and asking them for probabilities.

A model is a folder `models/<task>-<name>/` with the artefact and `card.json`. The artefact is a pickled scikit-learn model
(`model.joblib`), a network (`model.onnx`), or a combination (`model.json`: other models of the folder, each with its digest and
weight). A pickle runs code when it is loaded, so the artefact's SHA-256 is checked against the card before a byte of it is
read; nothing here takes a model from an upload.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, NETWORK_INPUT, Inputs
from ser_core.models.estimators import Combination, Estimator, Network, load_classical

MODELS_DIR = Path(__file__).resolve().parents[2] / "models"
HELD_OUT = MODELS_DIR / "heldout"
"""The models of all corpora as joint run 1 fitted them, without RAVDESS actors 1 to 4, for evaluation only."""

CARD = "card.json"
ARTEFACT = "model.joblib"
NETWORK_ARTEFACT = "model.onnx"
COMBINATION_ARTEFACT = "model.json"
SCHEMA = 2
LIBRARIES = ("scikit-learn", "numpy", "scipy", "joblib", "librosa", "soxr", "onnxruntime")
"""What a model's predictions depend on; the card records the versions."""

CLASSIFIER_TITLES = {
    "decision_tree": "Decision tree",
    "knn": "k-nearest neighbours",
    "random_forest": "Random forest",
    "svc": "Support vector machine (RBF)",
    "logistic_regression": "Logistic regression",
    "mlp": "Multilayer perceptron",
    "network": "Network",
    "bagged_mlp": "Bagged perceptrons",
    "combination": "Combination, network and perceptrons",
}
"""The classifiers that are compared, as pages name them. They are built in `ser_core.training`."""

MAIN_FEATURE_SET = "acoustic128_v1"

_ON_SEVERAL_SETS = set(CLASSIFIER_TITLES) - {"network", "bagged_mlp", "combination"}

_DECIDING_LIBRARY = "scikit-learn"  # its pickles hold for one version only


@dataclass(frozen=True)
class TrainingCorpus:
    """One corpus a model was trained on, and the feature table that says exactly what of it."""

    name: str
    speech: str
    n_utterances: int
    n_speakers: int
    digest: str
    licence: str
    table: str
    table_sha256: str


@dataclass(frozen=True)
class ModelCard:
    """What a model is, where it comes from and how far to trust it. Stored as `card.json`."""

    name: str
    task: str
    title: str
    classifier: str
    parameters: dict[str, Any]
    feature_set: str
    feature_names: tuple[str, ...]
    sample_rate: int
    labels: tuple[str, ...]
    corpora: tuple[TrainingCorpus, ...]
    protocol: str
    seed: int
    inner_uar: float | None
    """UAR on inner speaker folds of the training data, which the choice of parameters rests on; None where nothing was chosen so."""
    scores: dict[str, Any]
    """By corpus, then protocol: `Scores.to_dict()`."""
    licence: str
    intended_use: str
    limits: str
    created: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    artefact: str = ARTEFACT
    sha256: str = ""
    schema: int = SCHEMA

    @property
    def id(self) -> str:
        """The folder's name, `<task>-<name>`."""
        return f"{self.task}-{self.name}"

    @property
    def unseen_uar(self) -> float:
        """UAR on unseen speakers of the first corpus it was scored on: RAVDESS, for what ships."""
        return float(next(iter(self.scores.values()))["unseen_speakers"]["uar"]["value"])

    @property
    def left_out_uars(self) -> tuple[float, ...]:
        """UAR on each corpus where training had the others only; empty for a model of one corpus."""
        found = (scores.get("corpus_left_out") for scores in self.scores.values())
        return tuple(float(scores["uar"]["value"]) for scores in found if scores)


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model."""

    card: ModelCard
    estimator: Estimator

    def predict_proba(self, inputs: Inputs) -> npt.NDArray[np.float64]:
        """The probability of each label of the task for one clip, in the order of `LABELS[task]`; 0 for one it has not learnt."""
        return self.estimator.predict_proba(inputs)


def title(classifier: str, feature_set: str) -> str:
    """A model's name as pages show it; the feature set is said where it is not the main one.

    >>> title("svc", "mfcc128_v1")
    'Support vector machine (RBF), mfcc128_v1'
    """
    return CLASSIFIER_TITLES[classifier] + (f", {feature_set}" if classifier in _ON_SEVERAL_SETS and feature_set != MAIN_FEATURE_SET else "")


def library_versions() -> dict[str, str]:
    """The versions installed here of everything a prediction depends on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def save(fitted: Any, card: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write a fitted scikit-learn model and its card; gives the card with its digest and versions filled in."""
    import joblib

    buffer = io.BytesIO()
    joblib.dump(fitted, buffer, compress=("xz", 6))
    return save_artefact(buffer.getvalue(), card, folder)


def save_combination(weights: Mapping[str, float], card: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write a combination of models of the same folder, by id, and its card."""
    members = [{"id": name, "weight": weight, "sha256": read_card(folder / name).sha256} for name, weight in weights.items()]
    return save_artefact((json.dumps({"members": members}, indent=1) + "\n").encode(), card, folder)


def save_artefact(artefact: bytes, card: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write an artefact under the name on its card, and the card; gives the card with its digest and versions filled in."""
    import dataclasses

    home = folder / card.id
    home.mkdir(parents=True, exist_ok=True)
    card = dataclasses.replace(card, sha256=hashlib.sha256(artefact).hexdigest(), libraries=library_versions())
    (home / card.artefact).write_bytes(artefact)
    (home / CARD).write_text(json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def cards(folder: Path = MODELS_DIR, task: str | None = None) -> list[ModelCard]:
    """The cards of all models, or of one task's; no artefact is read.

    A combination comes first, then its members, then the others, best first by `inner_uar`.
    """
    found = [read_card(path.parent) for path in sorted(folder.glob(f"*/{CARD}"))]
    chosen = [card for card in found if task in (None, card.task)]
    first = {"combination": 0, "network": 1, "bagged_mlp": 2}
    return sorted(chosen, key=lambda card: (card.task, first.get(card.classifier, 3), -(card.inner_uar or 0.0), card.name))


def read_card(home: Path) -> ModelCard:
    """The card in a model's folder.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND or MODEL_SCHEMA.
    """
    path = home / CARD
    mend = "Restore the file, or train the models that ship anew: python -m ser_core train"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SerError(ErrorCode.MODEL_NOT_FOUND, f"There is no model card {home.name}/{CARD}.", mend) from error
    except (OSError, ValueError) as error:
        raise SerError(ErrorCode.MODEL_SCHEMA, f"The model card {home.name}/{CARD} is not valid JSON.", mend) from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA or set(raw) != {f.name for f in fields(ModelCard)}:
        got = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        message = f"The model card {home.name}/{CARD} does not follow schema {SCHEMA} (got {got!r}, or other fields)."
        raise SerError(ErrorCode.MODEL_SCHEMA, message, mend)
    try:
        raw["corpora"] = tuple(TrainingCorpus(**corpus) for corpus in raw["corpora"])
        raw["feature_names"], raw["labels"] = tuple(raw["feature_names"]), tuple(raw["labels"])
    except TypeError as error:
        raise SerError(ErrorCode.MODEL_SCHEMA, f"The model card {home.name}/{CARD} has a field of the wrong type.", mend) from error
    return ModelCard(**raw)


def find(name: str, task: str, folder: Path = MODELS_DIR) -> ModelCard:
    """The card of a task's model by its name (`svc`) or id (`emotion-svc`).

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, naming the models there are.
    """
    of_task = cards(folder, task)
    for card in of_task:
        if name in (card.name, card.id):
            return card
    known = ", ".join(card.name for card in of_task) or "none"
    raise SerError(ErrorCode.MODEL_NOT_FOUND, f"There is no {task} model {name!r}.", f"The {task} models are: {known}.")


def load(card: ModelCard, folder: Path = MODELS_DIR) -> Model:
    """Load a model: its digest is checked first, then its features and labels, then the library versions.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION; nothing is read of the artefact then.
    """
    return Model(card, _estimator(card, _read(card, folder), folder))


def _read(card: ModelCard, folder: Path) -> bytes:
    """The artefact of a model, verified."""
    path = folder / card.id / card.artefact
    try:
        artefact = path.read_bytes()
    except OSError as error:
        raise SerError(ErrorCode.MODEL_NOT_FOUND, f"The model file {card.id}/{card.artefact} cannot be read.", _rebuild(card.id)) from error
    verify(card, artefact)
    return artefact


def _estimator(card: ModelCard, artefact: bytes, folder: Path) -> Estimator:
    raw = _raw_estimator(card, artefact, folder)
    # One exponent sharpens or flattens a single model's probabilities (its reciprocal is the temperature).
    return Combination([(raw, card.parameters["exponents"][0])]) if len(card.parameters.get("exponents", ())) == 1 else raw


def _raw_estimator(card: ModelCard, artefact: bytes, folder: Path) -> Estimator:
    """What the artefact holds, as it was fitted."""
    if card.artefact == NETWORK_ARTEFACT:
        return Network(artefact)
    if card.artefact == ARTEFACT:
        return load_classical(artefact, card.task, card.feature_set)
    members = []
    for member in json.loads(artefact)["members"]:
        of_member = read_card(folder / member["id"])
        if of_member.sha256 != member["sha256"]:
            message = f"The model {of_member.id} is not the one that {card.id} was combined from."
            raise SerError(ErrorCode.MODEL_TAMPERED, message, _rebuild(card.id))
        of_it = _read(of_member, folder)
        members.append((_raw_estimator(of_member, of_it, folder), float(member["weight"])))
    return Combination(members)


def verify(card: ModelCard, artefact: bytes) -> None:
    """Check an artefact against its card and the card against this installation, without reading it.

    Raises
    ------
    SerError
        MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION.
    """
    digest = hashlib.sha256(artefact).hexdigest()
    if digest != card.sha256:
        raise SerError(
            ErrorCode.MODEL_TAMPERED,
            f"The file {card.id}/{card.artefact} is not the one its card describes and was not loaded "
            f"(SHA-256 {digest[:12]}..., expected {card.sha256[:12]}...).",
            _rebuild(card.id),
        )
    if card.artefact == ARTEFACT:
        fits = card.feature_set in FEATURE_SETS and FEATURE_SETS[card.feature_set].names == card.feature_names
    else:
        fits = card.artefact == COMBINATION_ARTEFACT or (card.artefact == NETWORK_ARTEFACT and card.feature_set == NETWORK_INPUT)
    if not fits or not set(card.labels) <= set(LABELS.get(card.task, ())):
        raise SerError(ErrorCode.MODEL_SCHEMA, f"The model {card.id} was made for other features or labels than these.", _rebuild(card.id))
    if card.artefact != ARTEFACT:
        return
    installed = metadata.version(_DECIDING_LIBRARY)
    recorded = card.libraries.get(_DECIDING_LIBRARY)
    if installed != recorded:
        raise SerError(
            ErrorCode.MODEL_VERSION,
            f"The file {card.id}/{card.artefact} was saved with {_DECIDING_LIBRARY} {recorded}, here is {installed}.",
            _rebuild(card.id),
        )


def load_named(name: str, task: str, folder: Path = MODELS_DIR) -> Model:
    """`load(find(name, task))`."""
    return load(find(name, task, folder), folder)


def default_card(task: str, folder: Path = MODELS_DIR) -> ModelCard:
    """The card of the model that is used when none is named: the first of `cards`.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND where there is no model of the task.
    """
    of_task = cards(folder, task)
    if not of_task:
        raise SerError(ErrorCode.MODEL_NOT_FOUND, f"There is no {task} model in {str(folder)!r}.", "Train one: python -m ser_core train")
    return of_task[0]


def load_default(task: str, folder: Path = MODELS_DIR) -> Model:
    """The model that is used when none is named."""
    return load(default_card(task, folder), folder)


def _rebuild(model_id: str) -> str:
    return f"Run: python -m ser_core models rebuild {model_id} (or train it anew, if it is one of your own)."
