"""Model cards: what a model is, where it comes from and how far to trust it; finding them on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from ser_core.errors import ErrorCode, SerError
from ser_core.models.decision import Limits
from ser_core.storage import manifest

MODELS_DIR = manifest.MODELS_DIR
HELD_OUT = MODELS_DIR / "heldout"
"""The models of all corpora as joint run 1 fitted them, without RAVDESS actors 1 to 4, for evaluation only."""

CARD = "card.json"
ARTEFACT = "model.joblib"
PERCEPTRONS_ARTEFACT = "model.npz"
NETWORK_ARTEFACT = "model.onnx"
COMBINATION_ARTEFACT = "model.json"
ENROLLED_ARTEFACT = "enrolled.npz"
AVERAGE_SPEECH = "average_speech"
"""The parameter of a network's card that says what its training sounds like on average; see `ser_core.features.cues`."""
SCHEMA = 3
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
    "combination": "Combination, networks and perceptrons",
    "combination_of_one": "Combination, one network",
}
"""The classifiers that are compared, as pages name them. They are built in `ser_core.training`."""

MAIN_FEATURE_SET = "acoustic128_v1"

_SINCE = {"python", "program"}
"""Fields that older cards of this schema lack."""
_MEND = "Restore the file, or train the models that ship anew: python -m ser_core train"

_ON_SEVERAL_SETS = set(CLASSIFIER_TITLES) - {
    "network",
    "bagged_mlp",
    "combination",
    "combination_of_one",
}


@dataclass(frozen=True)
class TrainingCorpus:
    """One corpus a model was trained on, and the feature table that says exactly what of it."""

    name: str
    speech: str
    n_utterances: int
    n_speakers: int | None
    """None where nobody knows who speaks."""
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
    further: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of further files in the model's folder, by name: the perceptrons that take a personal baseline."""
    python: str = ""
    """The version of Python that it was made with; "" on cards from before this was noted."""
    program: str = ""
    """`ser_core.batch.checkpointed.program()` of the code that made it: a digest of this package's source; "" likewise."""
    schema: int = SCHEMA

    @property
    def id(self) -> str:
        """The folder's name, `<task>-<name>`."""
        return f"{self.task}-{self.name}"

    @property
    def takes_baseline(self) -> bool:
        """Whether the model can be told how the speaker's neutral speech sounds."""
        return bool(self.parameters.get("exponents_with_baseline"))

    def decision_limits(self, with_baseline: bool = False) -> Limits | None:
        """From which probability on a label is in the prediction set and an answer is given; None where that was not fitted."""
        found = self.parameters.get("limits_with_baseline" if with_baseline else "limits")
        return Limits(**found) if found else None

    @property
    def unseen_uar(self) -> float | None:
        """UAR on unseen speakers of the first corpus it was scored on (RAVDESS, for what ships); None where there was only a random split."""
        first: dict[str, Any] = next(iter(self.scores.values()), {})
        return (
            float(first["unseen_speakers"]["uar"]["value"]) if "unseen_speakers" in first else None
        )

    @property
    def unseen_percent(self) -> str:
        """`unseen_uar` in percent, as texts show it; "unknown" where it is."""
        return "unknown" if self.unseen_uar is None else f"{self.unseen_uar:.0%}"

    @property
    def left_out_uars(self) -> tuple[float, ...]:
        """UAR on each corpus where training had the others only; empty for a model of one corpus, whose scores elsewhere are of other fits."""
        if len(self.corpora) == 1:
            return ()
        found = (scores.get("corpus_left_out") for scores in self.scores.values())
        return tuple(float(scores["uar"]["value"]) for scores in found if scores)


def to_markdown(card: ModelCard) -> str:
    """A card as a text to be read, with its scores as a table (UAR with its 95% interval, in %)."""
    rows = []
    for corpus, by_protocol in card.scores.items():
        for protocol, scores in by_protocol.items():
            uar = scores["uar"]
            span = (
                "unknown"
                if uar["low"] is None
                else f"{100 * uar['low']:.1f}, {100 * uar['high']:.1f}"
            )
            interval = f"{100 * uar['value']:.1f} [{span}]"
            of = f"{scores['n_utterances']:,} clips, {speakers_in_words(scores['n_speakers'])}"
            rows.append(
                f"| {corpus} | {protocol.replace('_', ' ')} | {interval} | {scores['ece']:.3f} | {of} |"
            )
    learnt = [
        f"- {c.name}: {c.speech}; {c.n_utterances:,} clips of {speakers_in_words(c.n_speakers)}. {c.licence}."
        for c in card.corpora
    ]
    libraries = ", ".join(f"{name} {version}" for name, version in card.libraries.items())
    return "\n".join(
        [
            f"# {card.title} ({card.id})",
            "",
            f"Of a voice it tells the {card.task}: {', '.join(card.labels)}. Made {card.created}.",
            "",
            "## Learnt from",
            "",
            *learnt,
            "",
            "## How good it is",
            "",
            "| corpus | protocol | UAR, % [95%] | ECE | tested on |",
            "| --- | --- | ---: | ---: | --- |",
            *rows,
            "",
            card.protocol,
            "",
            "## Use and limits",
            "",
            f"{card.intended_use} {card.limits}",
            "",
            f"Licence: {card.licence}.",
            "",
            "## To the letter",
            "",
            f"- Reads: {card.feature_set or 'what its members read'}, {card.sample_rate:,} Hz.",
            f"- File: {card.artefact}, SHA-256 {card.sha256}.",
            f"- Seed {card.seed}; made with {libraries}"
            + (f", Python {card.python}." if card.python else "."),
            *(
                [f"- Made by the program whose source has the SHA-256 {card.program}."]
                if card.program
                else []
            ),
            "",
        ]
    )


def speakers_in_words(n: int | None) -> str:
    """How many speakers clips are of.

    >>> speakers_in_words(3), speakers_in_words(1), speakers_in_words(None)
    ('3 speakers', '1 speaker', 'unknown speakers')
    """
    return "unknown speakers" if n is None else f"{n} speaker{'s' if n != 1 else ''}"


def title(classifier: str, feature_set: str) -> str:
    """A model's name as pages show it; the feature set is said where it is not the main one.

    >>> title("svc", "mfcc128_v1")
    'Support vector machine (RBF), mfcc128_v1'
    """
    return CLASSIFIER_TITLES[classifier] + (
        f", {feature_set}"
        if classifier in _ON_SEVERAL_SETS and feature_set != MAIN_FEATURE_SET
        else ""
    )


def library_versions() -> dict[str, str]:
    """The versions installed here of everything a prediction depends on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def cards(folder: Path = MODELS_DIR, task: str | None = None) -> list[ModelCard]:
    """The cards of all models, or of one task's; no artefact is read.

    A combination comes first, then its members, then the others, best first by `inner_uar`.
    """
    root, here = root_of(folder), folder.resolve()
    listed = {
        (root.resolve() / name).parent for name in manifest.names(root) if name.endswith(f"/{CARD}")
    }  # one that was taken away is missed
    homes = {path.parent for path in here.glob(f"*/{CARD}")} | {
        home for home in listed if home.parent == here
    }
    found = [read_card(home) for home in sorted(homes)]
    chosen = [card for card in found if task in (None, card.task)]
    first = {"combination": 0, "network": 1, "bagged_mlp": 2}
    return sorted(
        chosen,
        key=lambda card: (
            card.task,
            first.get(card.classifier, 3),
            -(card.inner_uar or 0.0),
            card.name,
        ),
    )


def root_of(folder: Path) -> Path:
    """The folder whose list of digests covers a folder of models: itself, or that of all models that ship."""
    return MODELS_DIR if folder.resolve().is_relative_to(MODELS_DIR.resolve()) else folder


def read_card(home: Path) -> ModelCard:
    """The card in a model's folder, if it is the one that the list of digests there says.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND, MODEL_TAMPERED or MODEL_SCHEMA.
    """
    path = home / CARD
    if not path.exists():
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND, f"There is no model card {home.name}/{CARD}.", _MEND
        )
    data, _ = manifest.read(
        path, root_of(home.parent), "Or make the models anew: python -m ser_core train."
    )
    return parse_card(data, home.name)


def parse_card(data: bytes, name: str) -> ModelCard:
    """The card in the bytes of the `card.json` of a folder called `name`.

    Raises
    ------
    SerError
        MODEL_SCHEMA.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise SerError(
            ErrorCode.MODEL_SCHEMA, f"The model card {name}/{CARD} is not valid JSON.", _MEND
        ) from error
    if (
        not isinstance(raw, dict)
        or raw.get("schema") != SCHEMA
        or set(raw) | _SINCE != {f.name for f in fields(ModelCard)}
    ):
        got = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        message = f"The model card {name}/{CARD} does not follow schema {SCHEMA} (got {got!r}, or other fields)."
        raise SerError(ErrorCode.MODEL_SCHEMA, message, _MEND)
    try:
        raw["corpora"] = tuple(TrainingCorpus(**corpus) for corpus in raw["corpora"])
        raw["feature_names"], raw["labels"] = tuple(raw["feature_names"]), tuple(raw["labels"])
    except TypeError as error:
        raise SerError(
            ErrorCode.MODEL_SCHEMA,
            f"The model card {name}/{CARD} has a field of the wrong type.",
            _MEND,
        ) from error
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
    raise SerError(
        ErrorCode.MODEL_NOT_FOUND,
        f"There is no {task} model {name!r}.",
        f"The {task} models are: {known}.",
    )


def default_card(task: str, folder: Path = MODELS_DIR) -> ModelCard:
    """The card of the model that is used when none is named: the first of `cards`.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND where there is no model of the task.
    """
    of_task = cards(folder, task)
    if not of_task:
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no {task} model in {str(folder)!r}.",
            "Train one: python -m ser_core train",
        )
    return of_task[0]


def size_bytes(card: ModelCard, folder: Path = MODELS_DIR) -> int:
    """How much all files of a model take on disk, those that it shares and the members of a combination included."""
    return sum(path.stat().st_size for path in _files(card, folder))


def _files(card: ModelCard, folder: Path) -> set[Path]:
    home = folder / card.id
    found = {(home / name).resolve() for name in (CARD, card.artefact, *card.further)}
    if card.artefact == COMBINATION_ARTEFACT:
        data, _ = manifest.read(home / card.artefact, root_of(folder))
        for member in json.loads(data)["members"]:
            found |= _files(read_card(folder / member["id"]), folder)
    return found
