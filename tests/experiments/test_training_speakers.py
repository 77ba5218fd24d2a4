"""How many speakers it takes: who is trained on, and that each point is what fitting and counting give."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from ser_core import corpora, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.evaluation import learning_curves
from ser_core.experiments import training_speakers
from ser_core.features.tables import read_joint_table
from ser_core.training.classifiers import CLASSIFIERS, fit
from ser_core.training.cross_validation import selected_parameters


@pytest.fixture(scope="module", params=list(CORPORA))
def corpus(request):
    return request.param


@pytest.fixture(scope="module")
def table(corpus):
    return read_joint_table(learning_curves.FEATURE_SET, (corpus,), copies=())


@pytest.fixture(scope="module")
def stored(corpus):
    return learning_curves.read_counts(corpus)


def test_steps_are_nested_balanced_and_of_unseen_speakers(corpus, table):
    rows = table.rows
    speakers = rows["speaker"].to_numpy(str)
    fold_of = corpora.assign_folds(rows["speaker"], rows["corpus"])
    before: dict[tuple[int, int], set[str]] = {}
    orders = set()
    for split in training_speakers._splits(rows, corpus):
        fold, step, draw = split.fold, split.training_speakers, split.draw
        train, test = split.train, split.test
        assert np.array_equal(test, fold_of == fold)
        trained = set(speakers[train])
        assert not trained & set(speakers[test])
        if step in training_speakers.STEPS[corpus]:
            assert len(trained) == step
            assert before.get((fold, draw), set()) <= trained
            men = set(speakers[train & (rows["gender"] == "male").to_numpy()])
            assert abs(2 * len(men) - step) <= (1 if corpus != "nemo" else 2)
            before[fold, draw] = trained
            orders.add((fold, tuple(sorted(trained))))
        else:
            assert trained == set(speakers) - set(speakers[test])
    least = training_speakers.STEPS[corpus][0]
    smallest = {names for fold, names in orders if fold == 1 and len(names) == least}
    assert len(smallest) > 1  # the draws differ


def test_what_is_stored_is_every_classifier_step_and_draw_on_every_clip(corpus, table, stored):
    assert tuple(stored.columns) == learning_curves.COLUMNS
    assert set(stored["classifier"]) == set(CLASSIFIERS)
    clips = stored.groupby(["classifier", "training_speakers", "draw"])["clips"].sum()
    assert (clips == len(table.rows)).all()
    assert len(clips) == len(CLASSIFIERS) * (
        training_speakers.DRAWS * len(training_speakers.STEPS[corpus]) + 1
    )
    assert (stored["hits"] <= stored["clips"]).all()


@pytest.mark.parametrize("name", ["svc", "logistic_regression", "knn"])
def test_with_all_speakers_the_curve_ends_where_the_leaderboard_stands(corpus, stored, name):
    rows = evaluation.model_rows(
        evaluation.read_out_of_fold(corpus),
        "emotion",
        learning_curves.FEATURE_SET,
        name,
        "unseen_speakers",
        corpus,
    )
    expected = evaluation.score(rows[rows["seed"] == 0], "emotion").uar
    last = learning_curves.compute_learning_curves(stored[stored["classifier"] == name]).iloc[-1]
    assert last["draws"] == 1
    np.testing.assert_allclose(
        last[["value", "low", "high"]].astype(float),
        [expected.value, expected.low, expected.high],
        atol=2e-3,
    )


def test_a_point_is_what_fitting_the_classifier_gives(table, corpus, stored):
    """Logistic regression on the smallest step of one draw, fitted as the models that ship are."""
    rows, x, y = table.rows, table.x.astype(np.float64), table.rows["emotion"].to_numpy(str)
    speakers = rows["speaker"].to_numpy(str)
    predicted = np.empty_like(y)
    for split in training_speakers._splits(rows, corpus):
        fold, step, draw = split.fold, split.training_speakers, split.draw
        train, test = split.train, split.test
        if (step, draw) == (training_speakers.STEPS[corpus][0], 1):
            card = models.find("logistic-regression", "emotion")
            chosen = (
                selected_parameters("emotion", "acoustic128_v1", "logistic_regression", fold)
                if corpus == "ravdess"
                else card.parameters
            )
            predicted[test] = fit(
                CLASSIFIERS["logistic_regression"], chosen, x[train], y[train], speakers[train], 0
            ).predict(x[test])
    own = stored[
        (stored["classifier"] == "logistic_regression")
        & (stored["training_speakers"] == training_speakers.STEPS[corpus][0])
        & (stored["draw"] == 1)
    ]
    sums = own.groupby("label")[["hits", "clips"]].sum()
    assert (sums["hits"] / sums["clips"]).mean() == pytest.approx(
        recall_score(y, predicted, average="macro"), abs=1e-3
    )


def test_curves_average_the_draws_and_the_sentence_has_their_figures(stored):
    curves = learning_curves.compute_learning_curves(stored)
    first = curves.iloc[0]
    own = stored[
        (stored["classifier"] == first["classifier"])
        & (stored["training_speakers"] == first["training_speakers"])
    ]
    sums = own.groupby(["draw", "label"])[["hits", "clips"]].sum()
    of_draws = (sums["hits"] / sums["clips"]).groupby("draw").mean()
    assert first["value"] == pytest.approx(of_draws.mean())
    assert (first["least"], first["most"], first["draws"]) == pytest.approx(
        (of_draws.min(), of_draws.max(), training_speakers.DRAWS)
    )
    assert first["low"] < first["value"] < first["high"]
    last = curves[curves["classifier"] == first["classifier"]].iloc[-1]
    assert last["value"] == curves.groupby("classifier")["value"].last().max()
    text = learning_curves.describe_gain(curves, "The model")
    assert f"**{first['value']:.0%}**" in text
    assert f"**{last['value']:.0%}** after {last['training_speakers']}" in text
    wide = learning_curves.tabulate_learning_curves(
        curves.assign(title=curves["classifier"])
    ).set_index("training_speakers")
    assert wide.loc[last["training_speakers"], last["classifier"]] == pytest.approx(
        100 * last["value"]
    )


def test_measuring_counts_what_is_recognised_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(training_speakers, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(training_speakers, "STEPS", {"ravdess": (2,)})
    monkeypatch.setattr(training_speakers, "DRAWS", 1)
    fits = []
    fit_one = training_speakers.fit_uncalibrated
    monkeypatch.setattr(
        training_speakers,
        "fit_uncalibrated",
        lambda *given: fits.append(len(fits)) or (fit_one(*given) if len(fits) != 3 else 1 / 0),
    )
    with pytest.raises(ZeroDivisionError):
        training_speakers.count_hits("ravdess", ["knn"])
    counts = training_speakers.count_hits("ravdess", ["knn"])
    # Six folds of two steps; only the one that failed is fitted twice.
    assert len(fits) == 12 + 1
    expected = learning_curves.read_counts("ravdess")
    both = counts.merge(
        expected, on=["classifier", "training_speakers", "draw", "speaker", "label"]
    )
    assert len(both) == len(counts)
    assert (both["hits_x"] == both["hits_y"]).all()
