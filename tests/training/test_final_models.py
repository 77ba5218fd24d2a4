"""The final models of one corpus and their cards, and that they can be rebuilt."""

import numpy as np
import pytest

from ser_core import evaluation, models
from ser_core.errors import SerError
from ser_core.features import csv_tables, tables
from ser_core.storage import paths
from ser_core.training import cross_validation, final_models
from tests.support.own_tables import own_table


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A person's own table, read from its file."""
    monkeypatch.setattr(cross_validation, "cache_folder", lambda: tmp_path / "cache")
    path = tmp_path / "mine.csv"
    tables.write_csv([own_table()], path)
    return csv_tables.read_table(path)


def test_a_persons_own_table_is_evaluated_trained_and_predicts_its_labels(own, tmp_path):
    assert set(own.rows["emotion"]) == {"happy", "fearful"}  # "scared" is understood
    out_of_fold, selections = cross_validation.out_of_fold(own, ["logistic_regression"])
    assert list(out_of_fold.columns) == list(evaluation.OUT_OF_FOLD_COLUMNS)
    assert {selection.protocol for selection in selections} == {"unseen_speakers", "random_split"}
    card = final_models.train(
        own, "emotion", "logistic_regression", out_of_fold, folder=tmp_path / "models"
    )
    assert card.labels == ("happy", "fearful")
    assert card.unseen_uar == 1.0
    model = models.load_default("emotion", tmp_path / "models")
    predicted = model.estimator.fitted.predict(own.x)
    assert (predicted == own.y("emotion")).all()


def test_a_card_describes_the_folds_of_its_own_table(own, tmp_path):
    out_of_fold, _ = cross_validation.out_of_fold(own, ["knn"])
    card = final_models.train(own, "emotion", "knn", out_of_fold, folder=tmp_path)
    assert "4 folds: s0; s1; s2; s3" in card.protocol
    assert "RAVDESS" not in card.protocol + card.limits


@pytest.mark.parametrize(
    "model_id", ["emotion-svc", "gender-logistic-regression", "emotion-decision-tree"]
)
def test_a_rebuilt_model_makes_the_same_predictions(model_id, tmp_path):
    card = models.find(model_id, model_id.split("-")[0])
    rebuilt = final_models.rebuild(card, folder=tmp_path)
    assert rebuilt.parameters == card.parameters
    x = next(
        t for t in cross_validation.shipped_tables() if t.feature_set.name == card.feature_set
    ).x[::7]
    before, after = (
        models.load(of, folder).estimator.fitted.predict_proba(x)
        for of, folder in ((card, paths.MODELS_DIR), (rebuilt, tmp_path))
    )
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_model_is_not_rebuilt_from_another_table():
    with pytest.raises(SerError, match="No table in data/") as caught:
        final_models.rebuild(models.find("svc", "emotion"), tables=[])
    assert caught.value.code == "BAD_TABLE"


def test_the_cards_show_the_scores_of_the_stored_predictions():
    stored = evaluation.read_out_of_fold()
    for card in models.cards():
        feature_set = card.feature_set or "several"
        for corpus, by_protocol in card.scores.items():
            for protocol, scores in by_protocol.items():
                rows = evaluation.model_rows(
                    stored, card.task, feature_set, card.classifier, protocol, corpus
                )
                assert evaluation.score(rows, card.task).to_dict() == scores, (
                    card.id,
                    corpus,
                    protocol,
                )
