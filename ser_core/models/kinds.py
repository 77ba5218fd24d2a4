"""The kinds of models: the only list of their names, titles, files, inputs and loaders.

The name of a kind is what model cards and the stored out-of-fold tables have as `classifier`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ser_core.features import NETWORK_INPUT
from ser_core.features.cues import AverageSpeech
from ser_core.models.estimators import Combination, Estimator, FeatureClassifier, Network
from ser_core.models.perceptrons import BaggedPerceptrons

MAIN_FEATURE_SET = "acoustic128_v1"
"""The feature set whose name titles leave out."""
PERCEPTRONS_FEATURE_SET = "functionals_v1"
"""The feature set of the bagged perceptrons."""
SEVERAL = "several"
"""What the stored tables have as feature set of a model that reads several."""
ENROLLED_ARTEFACT = "enrolled.npz"
"""A further file of bagged perceptrons: those that take a personal baseline."""

NETWORK = "network"
BAGGED_PERCEPTRONS = "bagged_mlp"
COMBINATION = "combination"
COMBINATION_OF_ONE = "combination_of_one"
JOINT_KINDS = (NETWORK, BAGGED_PERCEPTRONS, COMBINATION)
"""The models of all corpora."""

LoadMember = Callable[[str, str], Estimator]


@dataclass(frozen=True, eq=False)
class Artefact:
    """The verified files of a model and what its card says of them; from them a kind loads it."""

    name: str
    """Of the artefact."""
    files: Mapping[str, bytes]
    task: str
    feature_set: str
    average_speech: AverageSpeech | None
    load_member: LoadMember
    """Loads the model of an id whose artefact has a SHA-256: a member of a combination."""

    @property
    def data(self) -> bytes:
        """The content of the artefact."""
        return self.files[self.name]


@dataclass(frozen=True)
class Kind:
    """One kind of model."""

    name: str
    title: str
    """As pages name it."""
    artefact: str
    """The name of its file."""
    load: Callable[[Artefact], Estimator]
    inputs: str | None = None
    """What it reads: a feature set, `NETWORK_INPUT` or `SEVERAL`; None for any feature set, which
    the card names."""
    takes_enrolment: bool = False
    """Whether its models of emotions take a personal baseline."""
    is_rebuildable: bool = False
    """Whether the stored tables are enough to fit it anew, and its file holds for one version of
    scikit-learn only."""
    rank: int = 9
    """Its place in lists of models; kinds of the same rank are ordered by score."""


def _load_classifier(artefact: Artefact) -> Estimator:
    """Unpickle a scikit-learn model, whose digest was verified: a pickle runs code."""
    import joblib

    fitted = joblib.load(io.BytesIO(artefact.data))
    return FeatureClassifier(artefact.task, artefact.feature_set, fitted)


def _load_perceptrons(artefact: Artefact) -> Estimator:
    fitted = BaggedPerceptrons.from_bytes(artefact.data)
    enrolled = None
    if ENROLLED_ARTEFACT in artefact.files:
        enrolled = BaggedPerceptrons.from_bytes(artefact.files[ENROLLED_ARTEFACT])
    return FeatureClassifier(artefact.task, artefact.feature_set, fitted, enrolled)


def _load_network(artefact: Artefact) -> Estimator:
    assert artefact.average_speech is not None, "the card was not verified"
    return Network(artefact.data, artefact.task, artefact.average_speech)


def _load_combination(artefact: Artefact) -> Estimator:
    """The members without their own pool weights, which the combination's replace."""
    members: list[Estimator] = []
    weights: list[float] = []
    weights_with_baseline: list[float] = []
    for member in json.loads(artefact.data)["members"]:
        members.append(artefact.load_member(member["id"], member["sha256"]))
        weights.append(float(member["weight"]))
        weights_with_baseline += map(float, member.get("weights_with_baseline", ()))
    return Combination(members, weights, weights_with_baseline)


def _scikit_learn(name: str, title: str) -> Kind:
    return Kind(name, title, "model.joblib", _load_classifier, is_rebuildable=True)


def _by_name(*kinds: Kind) -> Mapping[str, Kind]:
    return MappingProxyType({kind.name: kind for kind in kinds})


KINDS: Mapping[str, Kind] = _by_name(
    _scikit_learn("decision_tree", "Decision tree"),
    _scikit_learn("knn", "k-nearest neighbours"),
    _scikit_learn("random_forest", "Random forest"),
    _scikit_learn("svc", "Support vector machine (RBF)"),
    _scikit_learn("logistic_regression", "Logistic regression"),
    _scikit_learn("mlp", "Multilayer perceptron"),
    Kind(
        NETWORK,
        "Network",
        "model.onnx",
        _load_network,
        inputs=NETWORK_INPUT,
        takes_enrolment=True,
        rank=1,
    ),
    Kind(
        BAGGED_PERCEPTRONS,
        "Bagged perceptrons",
        "model.npz",
        _load_perceptrons,
        inputs=PERCEPTRONS_FEATURE_SET,
        takes_enrolment=True,
        rank=2,
    ),
    Kind(
        COMBINATION,
        "Combination, networks and perceptrons",
        "model.json",
        _load_combination,
        inputs=SEVERAL,
        takes_enrolment=True,
        rank=0,
    ),
    Kind(
        COMBINATION_OF_ONE,  # only evaluated: it tells what several networks gain over one
        "Combination, one network",
        "model.json",
        _load_combination,
        inputs=SEVERAL,
        rank=0,
    ),
)
"""By name, in the order of lists."""


def title(name: str, feature_set: str) -> str:
    """The title of a model as pages show it, with its feature set where that is not the main one.

    Parameters
    ----------
    name : str
        Of a kind in `KINDS`.
    feature_set : str
        As the stored tables have it.

    Returns
    -------
    str

    Examples
    --------
    >>> title("svc", "mfcc128_v1")
    'Support vector machine (RBF), mfcc128_v1'
    """
    kind = KINDS[name]
    if kind.inputs is not None or feature_set == MAIN_FEATURE_SET:
        return kind.title
    return f"{kind.title}, {feature_set}"
