"""The classifiers of one corpus, on every corpus: who is trained on and tested, and what comes out."""

import numpy as np
import pandas as pd
import pytest

from ser_core import evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ser_core.evaluation import leaderboard
from ser_core.features import FEATURE_SETS, tables
from ser_core.training import left_out
from ser_core.training.cross_validation import SHIPPED

NAMES = list(FEATURE_SETS["acoustic128_v1"].names)


@pytest.fixture
def small_corpora(tmp_path, monkeypatch):
    """Six speakers of each corpus, three clips of each of its emotions, which two features tell apart."""
    monkeypatch.setattr("ser_core.features.tables.DATA_DIR", tmp_path)
    monkeypatch.setattr(left_out, "cache_folder", lambda: tmp_path / "cache")
    rng = np.random.default_rng(0)
    for corpus, entry in CORPORA.items():
        rows = []
        for speaker in range(6):
            for emotion in entry.emotions:
                for take in range(3):
                    gender = ("male", "female")[speaker % 2]
                    about = {
                        "path": f"{corpus}-{speaker}-{emotion}-{take}",
                        "corpus": corpus,
                        "speaker": f"{corpus}-s{speaker}",
                        "gender": gender,
                    }
                    about |= {
                        "emotion": emotion,
                        "intensity": "normal",
                        "statement": "a",
                        "duration_s": 2.0,
                        "sha256": f"{corpus}{len(rows)}",
                    }
                    values = rng.normal(size=len(NAMES))
                    values[0] += 4 * LABELS["emotion"].index(emotion)
                    values[1] += 4 * (gender == "male")
                    rows.append(about | dict(zip(NAMES, values.tolist(), strict=True)))
        path = tables.shipped_table_path(corpus, "acoustic128_v1")
        path.parent.mkdir(parents=True)
        (tables.write_csv if path.suffix == ".csv" else tables.write_parquet)(
            [pd.DataFrame(rows)], path
        )


@pytest.mark.usefixtures("small_corpora")
def test_no_tested_speaker_is_trained_on_or_chooses_parameters():
    rows = tables.read_joint_table("acoustic128_v1", copies=()).rows
    speakers, corpus_of = rows["speaker"].to_numpy(str), rows["corpus"].to_numpy(str)
    splits = list(left_out._splits(rows))
    protocols = {"unseen_speakers", "random_split", "corpus_left_out"}
    assert {split.protocol for split in splits} == protocols
    for split in splits:
        train, test = split.train, split.test
        assert test.any()
        assert train.any()
        assert not (train & test).any()
        assert not set(speakers[split.tune]) & set(speakers[test])
        if split.protocol == "unseen_speakers":
            assert not set(speakers[train]) & set(speakers[test])
            assert set(corpus_of[train]) == set(corpus_of[test])
        if split.protocol == "corpus_left_out":
            assert not set(corpus_of[train]) & set(corpus_of[test])
            assert len(set(corpus_of[train])) == 2


@pytest.mark.usefixtures("small_corpora")
def test_every_clip_is_predicted_once_under_each_protocol():
    table = left_out.out_of_fold("acoustic128_v1", ["knn"])
    assert tuple(table.columns) == evaluation.OUT_OF_FOLD_COLUMNS
    counts = table.groupby(["task", "corpus", "protocol"], observed=True)["path"].agg(
        ["size", "nunique"]
    )
    assert (counts["size"] == counts["nunique"]).all()
    assert set(counts.loc["emotion"].index) == {
        *(
            (corpus, protocol)
            for corpus in ("crema-d", "nemo")
            for protocol in ("unseen_speakers", "random_split", "corpus_left_out")
        ),
        ("ravdess", "corpus_left_out"),
    }
    clips = 6 * 3 * len(CORPORA["crema-d"].emotions)
    assert counts.loc["emotion", "crema-d", "unseen_speakers"]["size"] == clips
    assert counts.loc["gender", "crema-d", "corpus_left_out"]["size"] == clips
    unseen = evaluation.score(
        evaluation.model_rows(table, "emotion", "acoustic128_v1", "knn", "unseen_speakers", "nemo"),
        "emotion",
    )
    assert unseen.n_utterances == clips


@pytest.mark.usefixtures("small_corpora")
def test_a_missing_table_is_named_with_the_way_to_make_it(tmp_path):
    (tmp_path / "nemo" / "acoustic128_v1.parquet").unlink()
    with pytest.raises(SerError, match=r"nemo/acoustic128_v1\.parquet is missing") as caught:
        left_out.out_of_fold("acoustic128_v1", ["knn"])
    assert (
        "extract nemo --feature-set acoustic128_v1 --output data/nemo/acoustic128_v1.parquet"
        in caught.value.hint
    )


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("task", LABELS)
def test_the_stored_predictions_hold_every_model_that_ships_on_every_corpus(task, corpus):
    board = leaderboard.rank_models(evaluation.read_out_of_fold(corpus), task, corpus).set_index(
        ["feature_set", "classifier"]
    )
    for pair in SHIPPED:
        assert board.loc[pair, ["unseen_speakers_uar", "corpus_left_out_uar"]].notna().all()
        card = next(
            card for card in models.cards(task=task) if (card.feature_set, card.classifier) == pair
        )
        assert card.scores[corpus]["unseen_speakers"]["uar"]["value"] == pytest.approx(
            board.loc[pair, "unseen_speakers_uar"], abs=1e-4
        )
