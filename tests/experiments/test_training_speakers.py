"""How many speakers it takes: who is trained on, and that each point is what fitting and counting give."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from ser_core import corpora, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.evaluation import learning_curves
from ser_core.experiments import training_speakers as measured
from ser_core.features.tables import read_joint
from ser_core.training.classifiers import CLASSIFIERS, fit
from ser_core.training.cross_validation import selected


@pytest.fixture(scope="module", params=list(CORPORA))
def corpus(request):
    return request.param


@pytest.fixture(scope="module")
def table(corpus):
    return read_joint(learning_curves.FEATURE_SET, (corpus,), copies=())


@pytest.fixture(scope="module")
def stored(corpus):
    return learning_curves.read(corpus)


def test_steps_are_nested_balanced_and_of_unseen_speakers(corpus, table):
    rows = table.rows
    speakers = rows["speaker"].to_numpy(str)
    fold_of = corpora.folds(rows["speaker"], rows["corpus"])
    before: dict[tuple[int, int], set[str]] = {}
    orders = set()
    for fold, step, draw, train, test in measured._splits(rows, corpus):
        assert np.array_equal(test, fold_of == fold)
        trained = set(speakers[train])
        assert not trained & set(speakers[test])
        if step in measured.STEPS[corpus]:
            assert len(trained) == step
            assert before.get((fold, draw), set()) <= trained
            men = (
                rows["gender"][train & ~pd.Series(speakers).duplicated().to_numpy()]
                .eq("male")
                .sum()
            )
            assert abs(2 * men - step) <= (1 if corpus != "nemo" else 2)
            before[fold, draw] = trained
            orders.add((fold, tuple(sorted(trained))))
        else:
            assert trained == set(speakers) - set(speakers[test])
    assert (
        len(
            {
                names
                for fold, names in orders
                if fold == 1 and len(names) == measured.STEPS[corpus][0]
            }
        )
        > 1
    )  # draws differ


def test_what_is_stored_is_every_classifier_step_and_draw_on_every_clip(corpus, table, stored):
    assert tuple(stored.columns) == learning_curves.COLUMNS
    assert set(stored["classifier"]) == set(CLASSIFIERS)
    clips = stored.groupby(["classifier", "training_speakers", "draw"])["clips"].sum()
    assert (clips == len(table.rows)).all()
    assert len(clips) == len(CLASSIFIERS) * (measured.DRAWS * len(measured.STEPS[corpus]) + 1)
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
    last = learning_curves.curves(stored[stored["classifier"] == name]).iloc[-1]
    assert last["draws"] == 1
    np.testing.assert_allclose(
        last[["value", "low", "high"]].astype(float),
        [expected.value, expected.low, expected.high],
        atol=2e-3,
    )


def test_a_point_is_what_fitting_the_classifier_gives(table, corpus, stored):
    """Logistic regression on the smallest step, fitted as the shipped models are, for one draw over all folds."""
    rows, x, y = table.rows, table.x.astype(np.float64), table.rows["emotion"].to_numpy(str)
    speakers = rows["speaker"].to_numpy(str)
    said = np.empty_like(y)
    for fold, step, draw, train, test in measured._splits(rows, corpus):
        if (step, draw) == (measured.STEPS[corpus][0], 1):
            card = models.find("logistic-regression", "emotion")
            chosen = (
                selected("emotion", "acoustic128_v1", "logistic_regression", fold)
                if corpus == "ravdess"
                else card.parameters
            )
            said[test] = fit(
                CLASSIFIERS["logistic_regression"], chosen, x[train], y[train], speakers[train], 0
            ).predict(x[test])
    own = stored[
        (stored["classifier"] == "logistic_regression")
        & (stored["training_speakers"] == measured.STEPS[corpus][0])
        & (stored["draw"] == 1)
    ]
    sums = own.groupby("label")[["hits", "clips"]].sum()
    assert (sums["hits"] / sums["clips"]).mean() == pytest.approx(
        recall_score(y, said, average="macro"), abs=1e-3
    )


def test_curves_average_the_draws_and_the_sentence_has_their_figures(stored):
    found = learning_curves.curves(stored)
    first = found.iloc[0]
    own = stored[
        (stored["classifier"] == first["classifier"])
        & (stored["training_speakers"] == first["training_speakers"])
    ]
    sums = own.groupby(["draw", "label"])[["hits", "clips"]].sum()
    of_draws = (sums["hits"] / sums["clips"]).groupby("draw").mean()
    assert first["value"] == pytest.approx(of_draws.mean())
    assert (first["least"], first["most"], first["draws"]) == pytest.approx(
        (of_draws.min(), of_draws.max(), measured.DRAWS)
    )
    assert first["low"] < first["value"] < first["high"]
    last = found[found["classifier"] == first["classifier"]].iloc[-1]
    assert last["value"] == found.groupby("classifier")["value"].last().max()
    said = learning_curves.in_words(found, "The model")
    assert f"**{first['value']:.0%}**" in said
    assert f"**{last['value']:.0%}** after {last['training_speakers']}" in said
    wide = learning_curves.side_by_side(found.assign(title=found["classifier"])).set_index(
        "training_speakers"
    )
    assert wide.loc[last["training_speakers"], last["classifier"]] == pytest.approx(
        100 * last["value"]
    )


def test_measuring_counts_what_is_recognised_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    """Four speakers of each fold's worth of a made-up corpus would be no corpus: two classifiers on one step of RAVDESS are enough."""
    monkeypatch.setattr(measured, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(measured, "STEPS", {"ravdess": (2,)})
    monkeypatch.setattr(measured, "DRAWS", 1)
    fits = []
    fit_one = measured.fit_uncalibrated
    monkeypatch.setattr(
        measured,
        "fit_uncalibrated",
        lambda *given: fits.append(len(fits)) or (fit_one(*given) if len(fits) != 3 else 1 / 0),
    )
    with pytest.raises(ZeroDivisionError):
        measured.measure("ravdess", ["knn"])
    found = measured.measure("ravdess", ["knn"])
    assert (
        len(fits) == 12 + 1
    )  # six folds of two steps; only the one that failed was asked for twice
    expected = learning_curves.read("ravdess")
    both = found.merge(expected, on=["classifier", "training_speakers", "draw", "speaker", "label"])
    assert len(both) == len(found)
    assert (both["hits_x"] == both["hits_y"]).all()
