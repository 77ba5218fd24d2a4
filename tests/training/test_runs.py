"""Who is trained on, set aside and tested in the runs of the joint models."""

import numpy as np
import pandas as pd

from ser_core.corpora import TRAINING
from ser_core.emotions import EMOTIONS
from ser_core.training import runs
from ser_core.training.runs import random_folds
from tests.support.joint_runs import STATEMENTS, TABLE, every_run, utterances


def test_no_speaker_is_on_two_sides_of_a_run():
    for run in every_run(TABLE):
        trained, aside, tested = (
            set(TABLE["speaker"][side]) for side in (run.train, run.calibrate, run.test)
        )
        assert not trained & aside, run.name
        assert not trained & tested, run.name
        assert not aside & tested, run.name


def test_every_clip_is_tested_once_on_unseen_speakers_and_once_with_its_corpus_left_out():
    for protocol in (runs.joint, runs.corpus_left_out):
        assert np.sum([run.test for run in protocol(TABLE)], axis=0).tolist() == [1] * len(TABLE)


def test_a_left_out_corpus_is_neither_trained_on_nor_calibrated_on():
    for run in runs.corpus_left_out(TABLE):
        (left_out,) = set(TABLE["corpus"][run.test])
        assert left_out not in set(TABLE["corpus"][run.train | run.calibrate])


def test_the_other_statement_is_never_in_the_training():
    tested = []
    for run in runs.other_statement(TABLE):
        (statement,) = set(TABLE["statement"][run.test])
        assert statement not in set(TABLE["statement"][run.train | run.calibrate])
        assert set(TABLE["corpus"][run.test]) == {"ravdess"}
        tested += TABLE["path"][run.test].tolist()
    assert sorted(tested) == sorted(TABLE["path"][TABLE["corpus"] == "ravdess"])


def test_a_joint_run_sets_two_actors_of_ravdess_and_eight_of_crema_d_aside():
    for run in runs.joint(TABLE):
        aside = TABLE[run.calibrate]
        n_speakers = aside.groupby("corpus")["speaker"].nunique().to_dict()
        assert n_speakers == {"crema-d": 8, "ravdess": 2}
        assert set(aside.loc[aside["corpus"] == "ravdess", "gender"]) == {"male", "female"}


def singing(corpus):
    """The table of joint runs, and the clips of who sings in RAVDESS."""
    return pd.concat(
        [TABLE, utterances({corpus: TRAINING[corpus]}).assign(statement=STATEMENTS[0])],
        ignore_index=True,
    )


def test_who_speaks_and_sings_is_on_one_side_of_a_run():
    table = singing("ravdess-song")
    for run in every_run(table):
        trained, aside, tested = (
            set(table["speaker"][side]) for side in (run.train, run.calibrate, run.test)
        )
        assert not trained & aside, run.name
        assert not trained & tested, run.name
        assert not aside & tested, run.name
        if run.protocol == "other_statement":
            (statement,) = set(table["statement"][run.test])
            assert statement not in set(table["statement"][run.train | run.calibrate])


def test_the_runs_train_on_song_where_nobody_of_the_test_sings_it():
    table = singing("ravdess-song")
    by_name = {run.name: run for run in every_run(table)}
    of_song = (table["corpus"] == "ravdess-song").to_numpy()
    assert not (by_name["without-ravdess"].train & of_song).any()
    tested = by_name["only-ravdess-song"].test & (table["corpus"] == "ravdess")
    assert set(table["speaker"][tested]) == {"ravdess-18"}  # who does not sing
    assert (by_name["without-nemo"].train & of_song).sum() == of_song.sum()
    assert (by_name["joint-1"].train & of_song).any()


def test_the_random_split_tests_every_clip_once_and_never_what_it_trained_on():
    splits = list(runs.random_split(TABLE))
    assert np.sum([run.test for run in splits], axis=0).tolist() == [1] * len(TABLE)
    for run in splits:
        assert (run.train.astype(int) + run.calibrate + run.test == 1).all()
        assert set(TABLE["speaker"][run.test]) & set(TABLE["speaker"][run.train])


def test_a_random_split_is_stratified():
    y = np.repeat(EMOTIONS, 10)
    folds = random_folds(y)
    assert sorted(set(folds)) == [1, 2, 3, 4, 5]
    for fold in range(1, 6):
        assert pd.Series(y[folds == fold]).value_counts().tolist() == [2] * 8
