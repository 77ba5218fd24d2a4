"""The classifiers that are compared, how each is built, and the choice of its parameters on inner speaker folds.

Every estimator carries its own scaler, so that what was fitted on the training speakers travels with the model. Classes
are weighted inversely to their frequency where the classifier can (RAVDESS has half as many neutral clips as others), in
line with UAR, which counts each emotion once. A support vector machine and a multilayer perceptron give scores rather than
probabilities; one temperature, fitted on inner speaker folds, makes them honest.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ser_core.models.perceptrons import BaggedPerceptrons

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]
Parameters = dict[str, Any]
Splits = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]

INNER_FOLDS = 4


@dataclass(frozen=True)
class Classifier:
    """One kind of classifier.

    `build` makes an unfitted estimator from parameters and a seed; `grid` lists the parameters to choose from; `calibrated`
    says whether a temperature is fitted on top; `seeded` whether the seed changes the result.
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
    """Four perceptrons of one hidden layer on some columns of balanced draws of clips, fitted: for large feature sets and several corpora.

    Each perceptron is fitted on `n_draws` clips, drawn with replacement so that corpora and the labels in each are equally
    frequent, and inside those in proportion to `weights` [n] (bagging: Breiman 1996). Epochs were settled on development
    speakers; the size was better there and taken after a look at the figures of all speakers.
    """
    groups = np.char.add(np.char.add(np.asarray(corpora, dtype=str), "/"), y)
    _, which = np.unique(groups, return_inverse=True)
    chances = weights / np.bincount(which, weights)[which]
    perceptron = MLPClassifier(
        hidden_layer_sizes=(hidden,),
        alpha=3.0,
        learning_rate_init=5e-4,
        batch_size=256,
        max_iter=12,
    )
    chosen = ColumnTransformer([("chosen", "passthrough", list(columns))])
    bag = BaggingClassifier(
        make_pipeline(chosen, StandardScaler(), perceptron),
        n_estimators=4,
        max_samples=n_draws,
        random_state=seed,
    )
    return BaggedPerceptrons.of(_fitted(bag, x, y, sample_weight=chances), columns)


def speaker_splits(speakers: npt.ArrayLike, n_splits: int = INNER_FOLDS) -> Splits:
    """(training rows, validation rows) of inner folds that share no speaker; fewer folds where there are few speakers.

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
    """(training rows, validation rows) of the inner folds of a training part.

    By speaker, where every speaker is known (not "") and every fold leaves each label something to learn from; else by clips, so
    that what is chosen on them has heard the voices.
    """
    names = np.asarray(speakers)
    if len(np.unique(names)) > 1 and (names != "").all():
        splits = speaker_splits(names)
        if all(set(y[train]) == set(y) for train, _ in splits):
            return splits
    n_splits = int(np.clip(np.unique(y, return_counts=True)[1].min(), 2, INNER_FOLDS))
    return list(StratifiedKFold(n_splits, shuffle=True, random_state=0).split(names, y))


def fit(
    classifier: Classifier,
    parameters: Parameters,
    x: Matrix,
    y: Labels,
    speakers: npt.ArrayLike,
    seed: int,
) -> Any:
    """A fitted estimator on features [n, d] and labels [n], calibrated on the inner folds where the classifier needs it."""
    estimator = _pipeline(classifier, parameters, len(x), seed)
    if classifier.calibrated:
        estimator = CalibratedClassifierCV(
            estimator, method="temperature", cv=inner_splits(y, speakers), ensemble=False
        )
    return _fitted(estimator, x, y)


def fit_uncalibrated(
    classifier: Classifier, parameters: Parameters, x: Matrix, y: Labels, seed: int
) -> Callable[[Matrix], Labels]:
    """What says the most likely label of features [n, d], as `fit` would say it: a temperature does not change which comes first."""
    fitted = _fitted(_pipeline(classifier, parameters, len(x), seed), x, y)
    scores = fitted.predict_proba if hasattr(fitted, "predict_proba") else fitted.decision_function
    return lambda tested: np.asarray(fitted.classes_)[scores(tested).argmax(axis=1)]


def tune(
    classifier: Classifier, x: Matrix, y: Labels, speakers: npt.ArrayLike, seed: int
) -> tuple[Parameters, float]:
    """The parameters with the best UAR on the inner folds, and that UAR; on a tie the first in the grid."""
    splits = inner_splits(y, speakers)
    results = []
    for parameters in classifier.grid:
        predicted = np.empty_like(y)
        for train, validation in splits:
            estimator = _pipeline(classifier, parameters, len(train), seed)
            predicted[validation] = _fitted(estimator, x[train], y[train]).predict(x[validation])
        results.append(float(recall_score(y, predicted, average="macro", zero_division=0)))
    best = int(np.argmax(results))
    return dict(classifier.grid[best]), results[best]


def _pipeline(classifier: Classifier, parameters: Parameters, n_clips: int, seed: int) -> Any:
    """An unfitted estimator behind its scaler; a small table cannot have more neighbours than clips."""
    if "n_neighbors" in parameters:
        parameters = parameters | {"n_neighbors": min(parameters["n_neighbors"], n_clips)}
    return make_pipeline(StandardScaler(), classifier.build(parameters, seed))


def _fitted(estimator: Any, x: Any, y: Labels, **more: Any) -> Any:
    with warnings.catch_warnings():
        # The number of the perceptron's epochs is fixed: stopping early on random clips would see the validated voices.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size`")  # a small table is one batch
        return estimator.fit(x, y, **more)
