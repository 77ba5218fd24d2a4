"""The stored predictions under all conditions: complete, of unseen speakers, and as models predict them."""

from pathlib import Path

import numpy as np
import pytest

from ser_core import audio, corpora, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import robustness
from ser_core.experiments import condition_predictions, conditions


@pytest.fixture(scope="module")
def stored():
    return robustness.read_conditions()


def test_what_is_stored_is_every_model_under_every_condition_on_the_same_clips(stored):
    assert tuple(stored.columns) == robustness.COLUMNS
    pairs = stored[["feature_set", "classifier"]].drop_duplicates()
    assert {tuple(pair) for pair in pairs.to_numpy()} >= set(condition_predictions.OF_RAVDESS)
    assert set(pairs["classifier"]) == {
        *condition_predictions.OF_ALL_CORPORA,
        *(name for _, name in condition_predictions.OF_RAVDESS),
    }
    assert len(stored) == len(pairs) * len(conditions.CONDITIONS) * 240
    assert set(stored["condition"]) == set(conditions.CONDITIONS)
    runs = stored.groupby(["feature_set", "classifier", "condition"])
    assert (runs["clip"].nunique() == 240).all()
    np.testing.assert_allclose(stored[list(EMOTIONS)].sum(axis=1), 1, atol=1e-3)
    of_default = stored[stored["classifier"] == robustness.DEFAULT]
    assert of_default[list(GENDERS)].notna().all(axis=None)


def test_no_tested_speaker_was_trained_on(stored):
    tested = set(stored["speaker"])
    assert tested == {f"ravdess-{actor:02d}" for actor in range(1, 5)}
    fold_of = corpora.assign_folds(CORPORA["ravdess"].genders, ["ravdess"] * 24)
    speakers = np.array(list(CORPORA["ravdess"].genders))
    assert set(speakers[fold_of == condition_predictions.RUN]) == tested


@pytest.mark.parametrize(("feature_set", "classifier"), condition_predictions.OF_RAVDESS)
def test_a_model_of_one_corpus_predicts_the_clip_as_it_is_as_out_of_fold(
    feature_set, classifier, stored
):
    """Two ways to the same figure: from the clips with a model fitted again, and from the feature table."""
    rows = evaluation.model_rows(
        evaluation.read_out_of_fold("ravdess"),
        "emotion",
        feature_set,
        classifier,
        "unseen_speakers",
    )
    rows = rows[(rows["fold"] == condition_predictions.RUN) & (rows["seed"] == 0)]
    rows = rows.set_index(rows["path"].map(lambda path: Path(path).stem))
    own = stored[(stored["feature_set"] == feature_set) & (stored["classifier"] == classifier)]
    clean = own[own["condition"] == "as it is"].set_index("clip")
    np.testing.assert_allclose(
        clean[list(EMOTIONS)], rows.loc[clean.index, list(EMOTIONS)], atol=1e-3
    )


@pytest.mark.corpus
@pytest.mark.heldout
def test_a_clip_is_predicted_as_it_is_stored(ravdess, stored, monkeypatch):
    """One clip, two conditions that draw nothing at random, and the models that are loaded."""
    chosen = {name: conditions.CONDITIONS[name] for name in ("as it is", "telephone band")}
    monkeypatch.setattr(condition_predictions, "CONDITIONS", chosen)
    monkeypatch.setattr(condition_predictions, "OF_RAVDESS", ())
    condition_predictions._load_compared.cache_clear()
    table = corpora.read_utterances(ravdess, CORPORA["ravdess"])
    path = ravdess / table["path"].iloc[0]
    predictions = condition_predictions._predict_clip(path, [], models.find_held_out_models())
    condition_predictions._load_compared.cache_clear()
    expected = stored.set_index(["classifier", "condition", "clip"])
    for row in predictions.itertuples():
        of_row = expected.loc[row.classifier, row.condition, path.stem]
        np.testing.assert_allclose(
            [getattr(row, name) for name in EMOTIONS],
            of_row[list(EMOTIONS)].to_numpy(dtype=float).ravel(),
            atol=1e-3,
        )
    assert audio.load(path).duration_s < 8
