"""Trained models on disk: what `models/` holds, loading them safely, and asking them for probabilities.

A model is a folder `models/<task>-<name>/` with the artefact and `card.json`. A pickle runs code when it is loaded, so the
artefact's SHA-256 is checked against the card before a byte of it is unpickled; nothing here takes a model from an upload.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, FeatureVector

MODELS_DIR = Path(__file__).resolve().parent.parent / "models"
CARD = "card.json"
ARTEFACT = "model.joblib"
SCHEMA = 1
LIBRARIES = ("scikit-learn", "numpy", "scipy", "joblib", "librosa", "soxr")
"""What a model's predictions depend on; the card records the versions."""

CLASSIFIER_TITLES = {
    "decision_tree": "Decision tree",
    "knn": "k-nearest neighbours",
    "random_forest": "Random forest",
    "svc": "Support vector machine (RBF)",
    "logistic_regression": "Logistic regression",
    "mlp": "Multilayer perceptron",
}
"""The classifiers that are compared, as pages name them. They are built in `ser_core.training`."""

MAIN_FEATURE_SET = "acoustic128_v1"

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
    inner_uar: float
    """UAR on inner speaker folds of the training data: what the choice of parameters and of the default model rests on."""
    scores: dict[str, Any]
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


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model."""

    card: ModelCard
    estimator: Any

    def predict_proba(self, vector: FeatureVector) -> npt.NDArray[np.float64]:
        """The probability of each label of the task, in the order of `LABELS[task]`; 0 for one it has not learnt.

        Raises
        ------
        ValueError
            If the features are not those the model was trained on.
        """
        if vector.feature_set != self.card.feature_set or vector.names != self.card.feature_names:
            raise ValueError(f"The model {self.card.id} takes {self.card.feature_set}. Got {vector.feature_set}.")
        raw = self.estimator.predict_proba(vector.values.reshape(1, -1))[0]
        known = dict(zip(self.estimator.classes_, raw, strict=True))
        probabilities = np.array([known.get(label, 0.0) for label in LABELS[self.card.task]], dtype=np.float64)
        return np.asarray(probabilities / probabilities.sum())


def title(classifier: str, feature_set: str) -> str:
    """A model's name as pages show it; the feature set is said where it is not the main one.

    >>> title("svc", "mfcc128_v1")
    'Support vector machine (RBF), mfcc128_v1'
    """
    return CLASSIFIER_TITLES[classifier] + ("" if feature_set == MAIN_FEATURE_SET else f", {feature_set}")


def library_versions() -> dict[str, str]:
    """The versions installed here of everything a prediction depends on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def save(estimator: Any, card: ModelCard, folder: Path = MODELS_DIR) -> ModelCard:
    """Write artefact and card; gives the card with its digest and versions filled in."""
    import dataclasses

    import joblib

    home = folder / card.id
    home.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer, compress=("xz", 6))
    artefact = buffer.getvalue()
    card = dataclasses.replace(card, sha256=hashlib.sha256(artefact).hexdigest(), libraries=library_versions())
    (home / card.artefact).write_bytes(artefact)
    (home / CARD).write_text(json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def cards(folder: Path = MODELS_DIR, task: str | None = None) -> list[ModelCard]:
    """The cards of all models, or of one task's, best first by `inner_uar`; no artefact is read."""
    found = [read_card(path.parent) for path in sorted(folder.glob(f"*/{CARD}"))]
    chosen = [card for card in found if task in (None, card.task)]
    return sorted(chosen, key=lambda card: (card.task, -card.inner_uar, card.name))


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
        MODEL_NOT_FOUND, MODEL_TAMPERED, MODEL_SCHEMA or MODEL_VERSION; nothing is unpickled then.
    """
    import joblib

    path = folder / card.id / card.artefact
    try:
        artefact = path.read_bytes()
    except OSError as error:
        raise SerError(ErrorCode.MODEL_NOT_FOUND, f"The model file {card.id}/{card.artefact} cannot be read.", _rebuild(card.id)) from error
    verify(card, artefact)
    return Model(card, joblib.load(io.BytesIO(artefact)))


def verify(card: ModelCard, artefact: bytes) -> None:
    """Check an artefact against its card and the card against this installation, without unpickling.

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
    feature_set = FEATURE_SETS.get(card.feature_set)
    if feature_set is None or feature_set.names != card.feature_names or not set(card.labels) <= set(LABELS.get(card.task, ())):
        raise SerError(ErrorCode.MODEL_SCHEMA, f"The model {card.id} was made for other features or labels than these.", _rebuild(card.id))
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
    """The card of the model that is used when none is named: the best on inner speaker folds.

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
