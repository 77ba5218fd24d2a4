import numpy as np
import pandas as pd
import pytest

from ser_core import corpora, evaluation, models
from ser_core.audio.augmentation import COPIES
from ser_core.batch import extraction
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.errors import SerError
from ser_core.features import FEATURE_SETS, tables
from ser_core.training import cross_validation
from ser_core.training.classifiers import CLASSIFIERS, fit, speaker_splits, tune
from ser_core.training.runs import random_folds
from tests.conftest import ROOT

NAMES = FEATURE_SETS["acoustic128_v1"].names


def own_table(n_speakers=4, clips=8, seed=0):
    """A person's own table: two emotions that some features tell apart."""
    rng = np.random.default_rng(seed)
    n = n_speakers * clips
    rows = pd.DataFrame(rng.normal(size=(n, 128)), columns=list(NAMES))
    emotions = np.tile(["happy", "scared"], n // 2)
    rows[list(NAMES[:40])] += np.where(emotions == "happy", 2.0, -2.0)[:, None]
    rows.insert(0, "emotion", emotions)
    rows.insert(0, "speaker", np.repeat([f"s{i}" for i in range(n_speakers)], clips))
    return rows


@pytest.fixture
def own_csv(tmp_path):
    path = tmp_path / "mine.csv"
    tables.write_csv([own_table()], path)
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(cross_validation, "cache_folder", lambda: tmp_path / "cache")


def test_inner_folds_share_no_speaker():
    speakers = np.repeat([f"s{i}" for i in range(10)], 3)
    splits = speaker_splits(speakers)
    assert len(splits) == 4
    for train, validation in splits:
        assert not set(speakers[train]) & set(speakers[validation])
    assert sorted(np.concatenate([validation for _, validation in splits])) == list(range(30))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_same_seed_gives_the_same_probabilities(name):
    table = own_table()
    x, y, speakers = (
        table[list(NAMES)].to_numpy(),
        table["emotion"].to_numpy(dtype=str),
        table["speaker"].to_numpy(dtype=str),
    )
    parameters, _ = tune(CLASSIFIERS[name], x, y, speakers, seed=0)
    first, second = (
        fit(CLASSIFIERS[name], parameters, x, y, speakers, seed=0).predict_proba(x)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["logistic_regression", "svc"])
def test_nothing_of_the_tested_speaker_is_used_in_training(name, tmp_path):
    """Other labels for a speaker, or one clip far away, leave the predictions for that speaker's other clips untouched."""
    rows = own_table(n_speakers=6)
    changed = rows.copy()
    of_s0 = changed["speaker"] == "s0"
    changed.loc[of_s0, "emotion"] = changed.loc[of_s0, "emotion"].to_numpy()[::-1]
    changed.loc[0, list(NAMES)] = 1e3
    results = []
    for number, table in enumerate((rows, changed)):
        tables.write_csv([table], tmp_path / f"{number}.csv")
        out_of_fold, _ = cross_validation.out_of_fold(
            tables.read_table(tmp_path / f"{number}.csv"), [name]
        )
        unseen = out_of_fold[out_of_fold["protocol"] == "unseen_speakers"]
        results.append(unseen.loc[unseen["speaker"] == "s0", ["happy", "fearful"]].to_numpy()[1:])
    assert len(results[0]) == 7
    np.testing.assert_array_equal(*results)


def test_a_persons_own_table_is_evaluated_trained_and_predicts_its_labels(own_csv, tmp_path):
    table = tables.read_table(own_csv)
    assert set(table.rows["emotion"]) == {"happy", "fearful"}  # "scared" is understood
    out_of_fold, selections = cross_validation.out_of_fold(table, ["logistic_regression"])
    assert list(out_of_fold.columns) == list(evaluation.OUT_OF_FOLD_COLUMNS)
    assert {selection.protocol for selection in selections} == {"unseen_speakers", "random_split"}
    card = cross_validation.train(
        table, "emotion", "logistic_regression", out_of_fold, folder=tmp_path / "models"
    )
    assert card.labels == ("happy", "fearful")
    assert card.unseen_uar == 1.0
    model = models.load_default("emotion", tmp_path / "models")
    predicted = model.estimator.fitted.predict(table.x)
    assert (predicted == table.y("emotion")).all()


def test_an_interrupted_run_goes_on_where_it_stopped(own_csv, monkeypatch):
    table = tables.read_table(own_csv)
    whole, _ = cross_validation.out_of_fold(table, ["knn"])
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return tune(*arguments)

    monkeypatch.setattr("ser_core.training.cross_validation.tune", counted)
    with pytest.raises(KeyboardInterrupt):
        cross_validation.out_of_fold(table, ["knn"])
    resumed, _ = cross_validation.out_of_fold(table, ["knn"])
    n_folds = 4 + 5  # speakers, random folds
    assert len(calls) == n_folds + 1  # the interrupted one again, the three before it not
    pd.testing.assert_frame_equal(resumed, whole)


def test_a_finished_run_is_not_taken_for_an_interrupted_one(own_csv, monkeypatch):
    table = tables.read_table(own_csv)
    cross_validation.out_of_fold(table, ["knn"])
    calls = []
    monkeypatch.setattr(
        "ser_core.training.cross_validation.tune",
        lambda *arguments: calls.append(arguments) or tune(*arguments),
    )
    cross_validation.out_of_fold(table, ["knn"])
    assert len(calls) == 9


@pytest.mark.parametrize("n_speakers", [2, 3, 4, 7])
def test_the_smallest_tables_that_are_accepted_are_trained_by_every_classifier(
    n_speakers, tmp_path
):
    path = tmp_path / "small.csv"
    rows = own_table(n_speakers=n_speakers, clips=6)
    rows["gender"] = np.where(
        rows["speaker"] == "s0", "male", ""
    )  # nobody else's is known: no gender model
    rows["corpus"] = 7  # a number is a name, too
    tables.write_csv([rows], path)
    table = tables.read_table(path)
    assert tables.tasks_of(table) == ("emotion",)
    out_of_fold, _ = cross_validation.out_of_fold(table)
    assert set(out_of_fold["classifier"]) == set(CLASSIFIERS)


def test_a_card_describes_the_folds_of_its_own_table(own_csv, tmp_path):
    table = tables.read_table(own_csv)
    out_of_fold, _ = cross_validation.out_of_fold(table, ["knn"])
    card = cross_validation.train(table, "emotion", "knn", out_of_fold, folder=tmp_path)
    assert "4 folds: s0; s1; s2; s3" in card.protocol
    assert "RAVDESS" not in card.protocol + card.limits


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="emotion"), "lacks the column emotion"),
        (lambda t: t.drop(columns="f0_median"), "acoustic128_v1 lacks 1: f0_median"),
        (lambda t: t.assign(emotion="bored"), "line 2: The emotion must be one of"),
        (lambda t: t.assign(gender="robot"), "gender that is none of male, female in line 2"),
        (
            lambda t: t.assign(f0_median=t["f0_median"].where(t.index != 3)),
            "non-numeric or huge feature in line 5",
        ),
        (lambda t: t.assign(f0_median=1e300), "huge feature in line 2"),
        (
            lambda t: pd.concat([t, t.iloc[:4].assign(emotion="calm")]),
            "calm has 4 clips; each emotion needs at least 5",
        ),
        (lambda t: t.assign(emotion="happy"), "one emotion only"),
        (lambda t: t.iloc[::8], "one emotion only"),
        (lambda t: t.iloc[:0], "has no rows"),
    ],
)
def test_a_faulty_table_is_refused_with_the_place_of_the_fault(change, message, tmp_path):
    path = tmp_path / "mine.csv"
    tables.write_csv([change(own_table())], path)
    with pytest.raises(SerError, match=message) as caught:
        tables.read_table(path)
    assert caught.value.code == "BAD_TABLE"


def test_a_random_split_is_stratified_and_has_the_same_voices_on_both_sides():
    y = np.repeat(EMOTIONS, 10)
    folds = random_folds(y)
    assert sorted(set(folds)) == [1, 2, 3, 4, 5]
    for fold in range(1, 6):
        assert pd.Series(y[folds == fold]).value_counts().tolist() == [2] * 8


def test_the_shipped_tables_hold_every_clip_with_its_labels():
    for table in cross_validation.shipped_tables():
        assert len(table.rows) == 1440
        assert table.rows["speaker"].nunique() == 24
        assert table.rows["path"].nunique() == 1440
        assert (
            table.rows["sha256"].nunique() == 1439
        )  # RAVDESS holds one happy clip of actor 7 twice, as both repetitions
        assert tables.tasks_of(table) == tuple(LABELS)


def test_a_large_table_keeps_labels_and_features_to_a_ten_thousandth(tmp_path):
    names = list(FEATURE_SETS["functionals_v1"].names)
    labels = own_table()[["speaker", "emotion"]].assign(duration_s=1.25, sha256="x")
    values = pd.DataFrame(
        np.random.default_rng(0).normal(size=(len(labels), len(names))), columns=names
    )
    table = pd.concat([labels, values], axis=1)
    tables.write_parquet([table], tmp_path / "t.parquet")
    back = pd.read_parquet(tmp_path / "t.parquet")
    assert list(back.columns) == list(table.columns)
    pd.testing.assert_frame_equal(back[list(labels)], labels)
    np.testing.assert_allclose(back[names], values, rtol=1.3e-4)


@pytest.fixture(scope="module")
def all_corpora():
    return tables.read_joint("functionals_v1")


def test_a_missing_large_table_is_named_with_the_way_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setattr("ser_core.features.tables.DATA_DIR", tmp_path)
    with pytest.raises(SerError, match=r"ravdess/functionals_v1\.parquet is missing") as caught:
        tables.read_joint("functionals_v1")
    assert "python -m ser_core extract ravdess --feature-set functionals_v1" in caught.value.hint


@pytest.mark.tables
def test_the_tables_of_all_corpora_hold_every_usable_clip_and_its_copies(all_corpora):
    assert all_corpora.rows["corpus"].value_counts().to_dict() == {
        "crema-d": 7435,
        "nemo": 4481,
        "ravdess": 1440,
    }
    assert all_corpora.rows["speaker"].nunique() == 124
    assert tuple(all_corpora.copies) == COPIES
    assert np.isfinite(all_corpora.x).all()
    for copy in all_corpora.copies.values():
        assert copy.shape == all_corpora.x.shape == (13356, 639)
        assert np.isfinite(copy).all()
        assert np.median(np.abs(all_corpora.x - copy) / all_corpora.x.std(axis=0)) > 0.1


@pytest.mark.tables
@pytest.mark.corpus
@pytest.mark.parametrize("copy", ["", *COPIES])
@pytest.mark.parametrize("corpus", CORPORA)
def test_the_stored_tables_of_all_corpora_are_what_the_code_computes(corpus, copy, all_corpora):
    folder = corpora.resolve(corpus)
    of_corpus = np.flatnonzero(all_corpora.rows["corpus"] == corpus)
    about = all_corpora.rows.iloc[of_corpus]
    files = [folder / path for path in about["path"]]
    babble = extraction.babble_of(about)
    chosen = range(0, len(about), 400)
    voices = (
        [[(files[other], about["sha256"].iloc[other]) for other in babble[row]] for row in chosen]
        if copy == "noisy"
        else []
    )
    spread = all_corpora.x.std(axis=0)
    for row, computed in zip(
        chosen,
        extraction.extract_files(
            [files[row] for row in chosen], "functionals_v1", copy=copy, voices=voices
        ),
        strict=True,
    ):
        stored = (all_corpora.copies[copy] if copy else all_corpora.x)[of_corpus[row]]
        assert np.max(np.abs(computed.values - stored) / (np.abs(stored) + spread)) < 1e-3


def test_a_broken_clip_behind_another_does_not_lose_that_one(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_text("no audio")
    clip = ROOT / "data/samples/steady-low-voice.flac"
    (measured,) = extraction.extract_files(
        [clip], "functionals_v1", copy="noisy", voices=[[(broken, "0" * 64)]]
    )
    assert np.isfinite(measured.values).all()


def test_babble_is_made_of_the_same_speaker_saying_the_same_statement():
    # Else a speaker or a sentence that is left out would be in the background of the clips that are trained on.
    about = pd.DataFrame(
        {
            "speaker": list("aaaabbbb"),
            "statement": list("11221111"),
            "sha256": [f"{n:064x}" for n in range(8)],
        }
    )
    for row, others in enumerate(extraction.babble_of(about)):
        assert others
        assert row not in others
        assert (
            about.loc[others, ["speaker", "statement"]] == about.loc[row, ["speaker", "statement"]]
        ).all(axis=None)


@pytest.mark.parametrize(
    "model_id", ["emotion-svc", "gender-logistic-regression", "emotion-decision-tree"]
)
def test_a_rebuilt_model_makes_the_same_predictions(model_id, tmp_path):
    card = models.find(model_id, model_id.split("-")[0])
    rebuilt = cross_validation.rebuild(card, folder=tmp_path)
    assert rebuilt.parameters == card.parameters
    x = next(
        t for t in cross_validation.shipped_tables() if t.feature_set.name == card.feature_set
    ).x[::7]
    before, after = (
        models.load(of, folder).estimator.fitted.predict_proba(x)
        for of, folder in ((card, models.MODELS_DIR), (rebuilt, tmp_path))
    )
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_model_is_not_rebuilt_from_another_table():
    with pytest.raises(SerError, match="No table in data/") as caught:
        cross_validation.rebuild(models.find("svc", "emotion"), tables=[])
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


def test_readme_shows_the_table_that_evaluate_prints(capsys):
    from ser_core.cli import main

    assert main(["evaluate", "--format", "markdown"]) == 0
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for line in capsys.readouterr().out.splitlines():
        assert line in readme
