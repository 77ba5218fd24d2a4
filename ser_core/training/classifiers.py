"""The classifiers that are compared, how each is built, and the choice of its parameters.

Conventions: features are [n, d], labels are strings [n], speakers are strings [n] ("" where unknown).
Parameters are chosen on inner speaker folds.

Every estimator carries its own scaler, so that what was fitted on the training speakers travels with the
model. Classes are weighted inversely to their frequency where the classifier can (RAVDESS has half as many
neutral clips as others), in line with UAR, which counts each emotion once. A support vector machine and a
multilayer perceptron give scores rather than probabilities; one temperature, fitted on inner speaker folds,
turns them into honest ones.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ser_core import evaluation
from ser_core.models import library_versions
from ser_core.models.perceptrons import BaggedPerceptrons

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]
Parameters = dict[str, Any]
Splits = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]

INNER_FOLDS = 4


@dataclass(frozen=True)
class Classifier:
    """One kind of classifier.

    `build` makes an unfitted estimator from parameters and a seed. `grid` lists the parameters to choose
    from. `calibrated` says whether a temperature is fitted on top, `seeded` whether the seed changes the
    result.
    """

    name: str
    build: Callable[[Parameters, int], Any]
    grid: tuple[Parameters, ...]
    calibrated: bool = False
    seeded: bool = False


CLASSIFIERS: dict[str, Classifier] = {
    classifier.name: classifier
    for classifier in (
        Classifier(
            "decision_tree",
            lambda p, seed: DecisionTreeClassifier(**p, class_weight="balanced", random_state=seed),
            tuple({"min_samples_leaf": leaf} for leaf in (10, 20, 40)),
            seeded=True,
        ),
        Classifier(
            "knn",
            lambda p, _: KNeighborsClassifier(**p, weights="distance"),
            tuple({"n_neighbors": k} for k in (5, 11, 21, 41)),
        ),
        Classifier(
            "random_forest",
            lambda p, seed: RandomForestClassifier(**p, n_estimators=300, random_state=seed),
            ({"max_features": "sqrt"},),
            seeded=True,
        ),
        Classifier(
            "svc",
            lambda p, _: SVC(**p, class_weight="balanced"),
            tuple(
                {"C": c, "gamma": gamma}
                for c in (1.0, 3.0, 10.0)
                for gamma in (0.002, 0.004, 0.008)
            ),
            calibrated=True,
        ),
        Classifier(
            "logistic_regression",
            lambda p, _: LogisticRegression(**p, class_weight="balanced", max_iter=2000),
            tuple({"C": c} for c in (0.003, 0.01, 0.03, 0.1)),
        ),
        Classifier(
            "mlp",
            lambda p, seed: MLPClassifier(
                **p, hidden_layer_sizes=(128,), batch_size=64, max_iter=60, random_state=seed
            ),
            tuple({"alpha": alpha} for alpha in (0.1, 1.0, 3.0)),
            calibrated=True,
            seeded=True,
        ),
    )
}


def bagged_perceptrons(
    x: npt.NDArray[np.float32],
    y: Labels,
    corpora: npt.ArrayLike,
    weights: npt.NDArray[np.float64],
    columns: Sequence[int],
    n_draws: int,
    hidden: int = 512,
    seed: int = 0,
) -> BaggedPerceptrons:
    """Four fitted perceptrons of one hidden layer, for large feature sets and several corpora.

    Each perceptron is fitted on `n_draws` clips, drawn with replacement so that corpora and the labels in
    each are equally frequent, and inside those in proportion to `weights` [n] (bagging: Breiman 1996). It
    looks at some `columns` of the features. Epochs were settled on development speakers; the size was better
    there and taken after a look at the figures of all speakers.
    """
    groups = np.char.add(np.char.add(np.asarray(corpora, dtype=str), "/"), y)
    _, group_of = np.unique(groups, return_inverse=True)
    group_weights = np.bincount(group_of, weights)
    perceptron = MLPClassifier(
        hidden_layer_sizes=(hidden,),
        alpha=3.0,
        learning_rate_init=5e-4,
        batch_size=256,
        max_iter=12,
    )
    selection = ColumnTransformer([("chosen", "passthrough", list(columns))])
    bag = BaggingClassifier(
        make_pipeline(selection, StandardScaler(), perceptron),
        n_estimators=4,
        max_samples=n_draws,
        random_state=seed,
    )
    fitted = _fitted(bag, x, y, sample_weight=weights / group_weights[group_of])
    return BaggedPerceptrons.of(fitted, columns)


def speaker_splits(speakers: npt.ArrayLike, n_splits: int = INNER_FOLDS) -> Splits:
    """The inner folds that share no speaker; fewer than `n_splits` where there are fewer speakers.

    Parameters
    ----------
    speakers : array-like of str, shape [n]
    n_splits : int

    Returns
    -------
    list of (training rows, validation rows)

    Raises
    ------
    ValueError
        If there is only one speaker.
    """
    names = np.asarray(speakers)
    n_speakers = len(np.unique(names))
    if n_speakers < 2:
        raise ValueError("Inner folds need at least two speakers. Got one.")
    return list(GroupKFold(min(n_splits, n_speakers)).split(names, groups=names))


def inner_splits(y: Labels, speakers: npt.ArrayLike) -> Splits:
    """The inner folds of a training part: (training rows, validation rows) of each.

    By speaker, where every speaker is known (not "") and every fold leaves each label something to learn
    from. Else by clips, so that the same voices are on both sides.
    """
    names = np.asarray(speakers)
    if len(np.unique(names)) > 1 and (names != "").all():
        splits = speaker_splits(names)
        if all(set(y[train]) == set(y) for train, _ in splits):
            return splits
    rarest = np.unique(y, return_counts=True)[1].min()
    n_splits = int(np.clip(rarest, 2, INNER_FOLDS))
    return list(StratifiedKFold(n_splits, shuffle=True, random_state=0).split(names, y))


def fit(
    classifier: Classifier,
    parameters: Parameters,
    x: Matrix,
    y: Labels,
    speakers: npt.ArrayLike,
    seed: int,
) -> Any:
    """A fitted estimator, calibrated on the inner folds where the classifier needs it.

    Parameters
    ----------
    classifier : Classifier
    parameters : dict
        One of the classifier's grid.
    x : ndarray, shape [n, d]
        Features; they are scaled inside.
    y : ndarray of str, shape [n]
    speakers : array-like of str, shape [n]
        "" where unknown.
    seed : int

    Returns
    -------
    A scikit-learn estimator with `classes_` and `predict_proba`.
    """
    estimator = _pipeline(classifier, parameters, len(x), seed)
    if classifier.calibrated:
        splits = inner_splits(y, speakers)
        estimator = CalibratedClassifierCV(
            estimator, method="temperature", cv=splits, ensemble=False
        )
    return _fitted(estimator, x, y)


def fit_uncalibrated(
    classifier: Classifier, parameters: Parameters, x: Matrix, y: Labels, seed: int
) -> Callable[[Matrix], Labels]:
    """A fitted function from features [m, d] to the most likely labels [m].

    They are the top labels of what `fit` gives: a temperature does not change which label comes first. The
    parameters are those of `fit`.
    """
    fitted = _fitted(_pipeline(classifier, parameters, len(x), seed), x, y)
    scores = fitted.predict_proba if hasattr(fitted, "predict_proba") else fitted.decision_function
    return lambda tested: np.asarray(fitted.classes_)[scores(tested).argmax(axis=1)]


def tune(
    classifier: Classifier, x: Matrix, y: Labels, speakers: npt.ArrayLike, seed: int
) -> tuple[Parameters, float]:
    """The parameters with the best UAR on the inner folds, and that UAR; on a tie the first in the grid.

    The parameters are those of `fit`.
    """
    splits = inner_splits(y, speakers)
    uars = []
    for parameters in classifier.grid:
        predicted = np.empty_like(y)
        for train, validation in splits:
            estimator = _pipeline(classifier, parameters, len(train), seed)
            predicted[validation] = _fitted(estimator, x[train], y[train]).predict(x[validation])
        uars.append(_uar(y, predicted))
    best = int(np.argmax(uars))
    return dict(classifier.grid[best]), uars[best]


def _uar(y: Labels, predicted: Labels) -> float:
    """UAR of labels that were predicted by classifiers trained on some of `y`."""
    labels, truth = np.unique(y, return_inverse=True)
    positions = np.searchsorted(labels, predicted)
    return float(evaluation.uar(evaluation.confusion(truth, positions, len(labels))))


def code_digest() -> str:
    """A digest of the classifiers' code and the libraries: stored fits with another one are not reused."""
    code = Path(__file__).read_bytes() + repr(library_versions()).encode()
    return hashlib.sha256(code).hexdigest()


def _pipeline(classifier: Classifier, parameters: Parameters, n_clips: int, seed: int) -> Any:
    """An unfitted estimator behind its scaler; a small table cannot have more neighbours than clips."""
    if "n_neighbors" in parameters:
        parameters = parameters | {"n_neighbors": min(parameters["n_neighbors"], n_clips)}
    return make_pipeline(StandardScaler(), classifier.build(parameters, seed))


def _fitted(estimator: Any, x: Any, y: Labels, **more: Any) -> Any:
    with warnings.catch_warnings():
        # The perceptron's epochs are fixed: stopping early on random clips would see the validated voices.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size`")  # a small table is one batch
        return estimator.fit(x, y, **more)
