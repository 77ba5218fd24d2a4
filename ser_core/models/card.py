"""Model cards: what a model is, where it comes from and how far to trust it.

A card is stored as `card.json` in the folder of its model. Scores and probabilities are from 0 to 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from typing import Any, TypedDict

from ser_core.errors import ErrorCode, SerError
from ser_core.features.cues import AverageSpeech
from ser_core.models.decision import Thresholds
from ser_core.models.kinds import KINDS, SEVERAL, Kind

CARD = "card.json"
"""The name of the file."""
SCHEMA = 3
MEND_HINT = "Restore the file, or train the models that ship anew: python -m ser_core train"

_LIBRARIES = ("scikit-learn", "numpy", "scipy", "joblib", "librosa", "soxr", "onnxruntime")
"""What the predictions of a model depend on; the card records the versions."""
_NEWER_KEYS = {"python", "program"}
"""Keys of the JSON that older cards of this schema lack."""
_IN_PARAMETERS = (
    "pool_weights",
    "pool_weights_with_baseline",
    "thresholds",
    "thresholds_with_baseline",
    "neutral_threshold",
    "seeds",
    "average_speech",
    "layer",
)
"""Fields of a card that its JSON has among the `parameters`, under older names."""


class Estimate(TypedDict):
    """A score with its 95% interval, which is None where there are too few speakers for one."""

    value: float
    low: float | None
    high: float | None


class CardScores(TypedDict):
    """The scores of a model under one protocol: `ser_core.evaluation.Scores.to_dict`."""

    n_utterances: int
    n_speakers: int | None
    seeds: list[int]
    uar: Estimate
    accuracy: Estimate
    macro_f1: Estimate
    ece: float
    recall: dict[str, float]


ScoresByCorpus = Mapping[str, Mapping[str, CardScores]]
"""By tested corpus, then by protocol."""


@dataclass(frozen=True)
class TrainingCorpus:
    """One corpus that a model was trained on, and the feature table that says exactly what of it."""

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
    """What a model is, where it comes from and how far to trust it."""

    name: str
    task: str
    title: str
    classifier: str
    """The name of its kind in `KINDS`."""
    parameters: dict[str, Any]
    """The hyper-parameters of its classifier."""
    feature_set: str
    """What it reads; "" for a combination."""
    feature_names: tuple[str, ...]
    sample_rate: int
    """In Hz."""
    labels: tuple[str, ...]
    corpora: tuple[TrainingCorpus, ...]
    protocol: str
    seed: int
    inner_uar: float | None
    """UAR on inner speaker folds of the training data, by which the parameters were chosen; None
    where nothing was chosen so."""
    scores: ScoresByCorpus
    licence: str
    intended_use: str
    limits: str
    created: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    artefact: str = "model.joblib"
    """The name of its file."""
    sha256: str = ""
    further: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of further files in the folder of the model, by name."""
    python: str = ""
    """The version of Python that it was made with; "" on cards from before this was noted."""
    program: str = ""
    """`ser_core.batch.program.program_digest()` of the code that made it: a digest of this package's
    source; "" likewise."""
    schema: int = SCHEMA
    pool_weights: tuple[float, ...] = ()
    """Of a combination one for each member; one weight sharpens or flattens a single model (it is
    the reciprocal of the temperature); none leave it as it was fitted."""
    pool_weights_with_baseline: tuple[float, ...] = ()
    """Of all probabilities that the model has with a personal baseline; none if it takes none."""
    thresholds: Thresholds | None = None
    thresholds_with_baseline: Thresholds | None = None
    neutral_threshold: float | None = None
    """The least probability of neutral at which the clips of a baseline pass for neutral speech."""
    seeds: tuple[int, ...] | None = None
    """Of the networks in a model of all corpora."""
    average_speech: AverageSpeech | None = field(default=None, compare=False)
    """The average of the training clips, for a network."""
    layer: str | None = None
    """The digest of the correction layer on the model."""

    @property
    def id(self) -> str:
        """The name of the folder, `<task>-<name>`."""
        return f"{self.task}-{self.name}"

    @property
    def kind(self) -> Kind:
        """The kind of the model.

        Raises
        ------
        SerError
            MODEL_SCHEMA where there is no such kind.
        """
        if self.classifier not in KINDS:
            raise SerError(
                ErrorCode.MODEL_SCHEMA,
                f"The model {self.id} is of the kind {self.classifier!r}, which this program does not know.",
                f"The kinds are: {', '.join(KINDS)}.",
            )
        return KINDS[self.classifier]

    @property
    def inputs(self) -> str:
        """What it reads, as the stored tables have it: a feature set, the spectrogram or "several"."""
        return self.feature_set or SEVERAL

    @property
    def takes_baseline(self) -> bool:
        """Whether the model takes a personal baseline, the neutral speech of the speaker."""
        return bool(self.pool_weights_with_baseline)

    def decision_thresholds(self, with_baseline: bool = False) -> Thresholds | None:
        """The thresholds of answers and prediction sets.

        Parameters
        ----------
        with_baseline : bool
            Whether a personal baseline is given.

        Returns
        -------
        Thresholds or None
            None where none were fitted.
        """
        return self.thresholds_with_baseline if with_baseline else self.thresholds

    @property
    def unseen_uar(self) -> float | None:
        """UAR on unseen speakers of the first corpus that it was scored on (RAVDESS, for what ships).

        None where there was only a random split.
        """
        by_protocol = next(iter(self.scores.values()), {})
        scores = by_protocol.get("unseen_speakers")
        return None if scores is None else float(scores["uar"]["value"])

    @property
    def unseen_percent(self) -> str:
        """`unseen_uar` in percent, as texts show it; "unknown" where it is None."""
        return "unknown" if self.unseen_uar is None else f"{self.unseen_uar:.0%}"

    @property
    def left_out_uars(self) -> tuple[float, ...]:
        """UAR on each corpus where training had the others only.

        Empty for a model of one corpus, whose scores elsewhere are of other fits.
        """
        if len(self.corpora) == 1:
            return ()
        return tuple(
            float(by_protocol["corpus_left_out"]["uar"]["value"])
            for by_protocol in self.scores.values()
            if "corpus_left_out" in by_protocol
        )

    def to_dict(self) -> dict[str, Any]:
        """The card as its JSON has it.

        Returns
        -------
        dict
            Schema 3.
        """
        names = [each.name for each in fields(self) if each.name not in _IN_PARAMETERS]
        stored = {name: getattr(self, name) for name in names}
        stored["parameters"] = {**self.parameters, **_fitted_to_dict(self)}
        stored["corpora"] = [asdict(corpus) for corpus in self.corpora]
        return stored


def _fitted_to_dict(card: ModelCard) -> dict[str, Any]:
    """What the JSON has among the parameters besides those of the classifier, in its order."""
    thresholds, enrolled_thresholds = card.thresholds, card.thresholds_with_baseline
    values = {
        "exponents": list(card.pool_weights) or None,
        "limits": asdict(thresholds) if thresholds else None,
        "neutral_from": card.neutral_threshold,
        "exponents_with_baseline": list(card.pool_weights_with_baseline) or None,
        "limits_with_baseline": asdict(enrolled_thresholds) if enrolled_thresholds else None,
        "seeds": None if card.seeds is None else list(card.seeds),
        "average_speech": card.average_speech.to_dict() if card.average_speech else None,
        "layer": card.layer,
    }
    return {key: value for key, value in values.items() if value is not None}


def _fitted_from_dict(parameters: dict[str, Any]) -> dict[str, Any]:
    """The fields of a card that its JSON has among the parameters; takes them out of these."""
    thresholds = parameters.pop("limits", None)
    enrolled_thresholds = parameters.pop("limits_with_baseline", None)
    average_speech = parameters.pop("average_speech", None)
    seeds = parameters.pop("seeds", None)
    return {
        "pool_weights": tuple(parameters.pop("exponents", ())),
        "pool_weights_with_baseline": tuple(parameters.pop("exponents_with_baseline", ())),
        "thresholds": Thresholds(**thresholds) if thresholds else None,
        "thresholds_with_baseline": Thresholds(**enrolled_thresholds)
        if enrolled_thresholds
        else None,
        "neutral_threshold": parameters.pop("neutral_from", None),
        "seeds": None if seeds is None else tuple(seeds),
        "average_speech": AverageSpeech.from_dict(average_speech) if average_speech else None,
        "layer": parameters.pop("layer", None),
    }


def parse_card(data: bytes, name: str) -> ModelCard:
    """The card in the bytes of a `card.json`.

    Parameters
    ----------
    data : bytes
        The content of the file.
    name : str
        Of the folder that it lies in, for messages.

    Returns
    -------
    ModelCard

    Raises
    ------
    SerError
        MODEL_SCHEMA.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        message = f"The model card {name}/{CARD} is not valid JSON."
        raise SerError(ErrorCode.MODEL_SCHEMA, message, MEND_HINT) from error
    _check_keys(raw, name)
    try:
        raw["corpora"] = tuple(TrainingCorpus(**corpus) for corpus in raw["corpora"])
        raw["feature_names"] = tuple(raw["feature_names"])
        raw["labels"] = tuple(raw["labels"])
        raw |= _fitted_from_dict(raw["parameters"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"The model card {name}/{CARD} has a field of the wrong type."
        raise SerError(ErrorCode.MODEL_SCHEMA, message, MEND_HINT) from error
    return ModelCard(**raw)


def _check_keys(raw: Any, name: str) -> None:
    """Raise MODEL_SCHEMA unless JSON has the keys of a card of this schema."""
    expected = {each.name for each in fields(ModelCard)} - set(_IN_PARAMETERS)
    is_card = isinstance(raw, dict)
    if is_card and raw.get("schema") == SCHEMA and set(raw) | _NEWER_KEYS == expected:
        return
    got = raw.get("schema") if is_card else type(raw).__name__
    message = f"The model card {name}/{CARD} does not follow schema {SCHEMA} (got {got!r}, or other fields)."
    raise SerError(ErrorCode.MODEL_SCHEMA, message, MEND_HINT)


def library_versions() -> dict[str, str]:
    """The versions installed here of everything that a prediction depends on.

    Returns
    -------
    dict
        By the name of the library.
    """
    return {name: metadata.version(name) for name in _LIBRARIES}
