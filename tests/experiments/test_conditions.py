"""What is done to clips, and what several models are stored to have said of them."""

import re
from pathlib import Path

import numpy as np
import pytest

from ser_core import audio, corpora, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import robustness
from ser_core.experiments import conditions
from tests.support.synthesis import voice

OTHERS = [
    voice(hertz, seconds=1.5, seed=int(hertz)).astype(np.float32)
    for hertz in (110.0, 140.0, 180.0, 220.0)
]


@pytest.mark.parametrize("name", conditions.CONDITIONS)
def test_every_condition_keeps_the_length_and_is_the_same_every_time(name):
    samples = voice(seconds=1.0).astype(np.float32)
    first, second = (
        conditions.CONDITIONS[name](samples, np.random.default_rng(1), OTHERS) for _ in range(2)
    )
    assert first.shape == samples.shape
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert np.array_equal(first, samples) == (name == "as it is")


@pytest.mark.parametrize("kind", ["white noise", "babble"])
@pytest.mark.parametrize("level", [30, 10, 0])
def test_noise_is_as_far_below_the_clip_as_its_name_says(kind, level):
    samples = voice(seconds=1.0).astype(np.float32)
    added = (
        conditions.CONDITIONS[f"{kind}, {level} dB"](samples, np.random.default_rng(1), OTHERS)
        - samples
    )
    assert 10 * np.log10(np.mean(samples**2) / np.mean(added**2)) == pytest.approx(level, abs=0.1)


def test_every_condition_belongs_to_one_kind_and_levels_go_from_little_to_much():
    kinds = [*conditions.KINDS, conditions.OTHERS]
    listed = [name for kind in kinds for name in list(conditions.conditions_of(kind))[1:]]
    assert sorted(["as it is", *listed]) == sorted(conditions.CONDITIONS)
    for kind in conditions.KINDS:
        levels = [float(level) for level in list(conditions.conditions_of(kind).values())[1:]]
        assert levels == sorted(levels, reverse=kind != "reverberation")
        assert all(
            re.fullmatch(rf"{kind}, [\d.]+ (dB|s|kbit/s)", name)
            for name in list(conditions.conditions_of(kind))[1:]
        )


@pytest.fixture(scope="module")
def stored():
    return robustness.read()


def test_what_is_stored_is_every_model_under_every_condition_on_the_same_clips(stored):
    assert tuple(stored.columns) == robustness.COLUMNS
    pairs = stored[["feature_set", "classifier"]].drop_duplicates()
    assert {tuple(pair) for pair in pairs.to_numpy()} >= set(conditions.OF_RAVDESS)
    assert set(pairs["classifier"]) == {
        *conditions.OF_ALL_CORPORA,
        *(name for _, name in conditions.OF_RAVDESS),
    }
    assert len(stored) == len(pairs) * len(conditions.CONDITIONS) * 240
    assert set(stored["condition"]) == set(conditions.CONDITIONS)
    assert (
        stored.groupby(["feature_set", "classifier", "condition"])["clip"].nunique() == 240
    ).all()
    np.testing.assert_allclose(stored[list(EMOTIONS)].sum(axis=1), 1, atol=1e-3)
    assert (
        stored.loc[stored["classifier"] == robustness.DEFAULT, list(GENDERS)].notna().all(axis=None)
    )


def test_nobody_who_is_tested_was_trained_on(stored):
    tested = set(stored["speaker"])
    assert tested == {f"ravdess-{actor:02d}" for actor in range(1, 5)}
    fold_of = corpora.folds(CORPORA["ravdess"].genders, ["ravdess"] * 24)
    assert {
        speaker
        for speaker, fold in zip(CORPORA["ravdess"].genders, fold_of, strict=True)
        if fold == conditions.RUN
    } == tested


@pytest.mark.parametrize(("feature_set", "classifier"), conditions.OF_RAVDESS)
def test_a_model_of_one_corpus_says_of_the_clip_as_it_is_what_it_said_out_of_fold(
    feature_set, classifier, stored
):
    """Two ways to the same figure: from the clips with a model fitted again, and from the feature table while all folds were computed."""
    rows = evaluation.model_rows(
        evaluation.read_out_of_fold("ravdess"),
        "emotion",
        feature_set,
        classifier,
        "unseen_speakers",
    )
    rows = rows[(rows["fold"] == conditions.RUN) & (rows["seed"] == 0)]
    rows = rows.set_index(rows["path"].map(lambda path: Path(path).stem))
    own = stored[(stored["feature_set"] == feature_set) & (stored["classifier"] == classifier)]
    clean = own[own["condition"] == "as it is"].set_index("clip")
    np.testing.assert_allclose(
        clean[list(EMOTIONS)], rows.loc[clean.index, list(EMOTIONS)], atol=1e-3
    )


@pytest.mark.corpus
def test_a_clip_is_predicted_as_it_is_stored(ravdess, stored, monkeypatch):
    """The shortest way through the measuring: one clip, two conditions that draw nothing at random, the models that are loaded."""
    chosen = {name: conditions.CONDITIONS[name] for name in ("as it is", "telephone band")}
    monkeypatch.setattr(conditions, "CONDITIONS", chosen)
    monkeypatch.setattr(conditions, "OF_RAVDESS", ())
    conditions._compared.cache_clear()
    table = corpora.utterances(ravdess, CORPORA["ravdess"])
    path = ravdess / table["path"].iloc[0]
    found = conditions._measure(path, [], models.HELD_OUT)
    conditions._compared.cache_clear()
    expected = stored.set_index(["classifier", "condition", "clip"])
    for row in found.itertuples():
        of_row = expected.loc[row.classifier, row.condition, path.stem]
        np.testing.assert_allclose(
            [getattr(row, name) for name in EMOTIONS],
            of_row[list(EMOTIONS)].to_numpy(dtype=float).ravel(),
            atol=1e-3,
        )
    assert audio.load(path).duration_s < 8


def test_curves_are_named_as_pages_name_models():
    found = conditions.curves("reverberation")
    assert list(dict.fromkeys(found["level"])) == ["as it is", "0.2", "0.4", "0.6", "1"]
    assert next(iter(dict.fromkeys(found["title"]))) == models.title("combination", "several")
    assert len(found) == 5 * 6
