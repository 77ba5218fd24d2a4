"""Folds and joint runs: which speakers are tested together."""

import numpy as np
import pytest

from ser_core import corpora
from ser_core.corpora import CORPORA, TRAINING

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]


def test_ravdess_folds_are_four_actors_in_order():
    speakers = [f"ravdess-{actor:02d}" for actor in range(1, 25)]
    assert corpora.assign_folds(speakers, ["ravdess"] * 24).tolist() == [
        fold for fold in range(1, 7) for _ in range(4)
    ]


def test_speakers_of_an_unknown_corpus_are_dealt_into_folds_and_never_split():
    speakers = np.array(["ann", "bob", "cid", "bob", "ann", "dee"])
    folds = corpora.assign_folds(speakers, ["mine"] * 6)
    assert len(set(folds)) == 4
    for speaker in set(speakers):
        assert len(set(folds[speakers == speaker])) == 1


def test_a_persons_own_table_that_calls_itself_ravdess_still_gets_folds():
    assert sorted(corpora.assign_folds(["x", "y"], ["ravdess", "ravdess"])) == [1, 2]


@pytest.mark.parametrize(
    "names",
    [["ravdess-01", "ravdess-02", "ravdess-05"], ["ravdess-s0", "ravdess-s1", "ravdess-99"]],
)
def test_a_part_of_a_corpus_is_dealt_into_folds_of_its_own(names):
    assert sorted(corpora.assign_folds(names, ["ravdess"] * 3)) == [1, 2, 3]


def test_crema_d_folds_are_every_fifth_actor_and_nemo_folds_one_speaker_each():
    actors = [f"crema-d-{actor}" for actor in range(1001, 1092)]
    assert corpora.assign_folds(actors, ["crema-d"] * 91).tolist() == [
        (actor - 1001) % 5 + 1 for actor in range(1001, 1092)
    ]
    assert corpora.assign_folds(NEMO.genders, ["nemo"] * 9).tolist() == list(range(1, 10))


def test_emovo_folds_are_one_speaker_each_and_ased_folds_every_fifth():
    emovo, ased = TRAINING["emovo"], TRAINING["ased"]
    assert corpora.assign_folds(emovo.genders, ["emovo"] * 6).tolist() == list(range(1, 7))
    assert corpora.assign_folds(ased.genders, ["ased"] * 65).tolist() == [
        number % 5 + 1 for number in range(1, 66)
    ]


@pytest.mark.parametrize("spoken", [slice(None), slice(0, 24, 2), slice(3, 5), slice(0, 0)])
@pytest.mark.parametrize("sung", [slice(None), slice(0, 23, 3), slice(2, 20)])
def test_a_persons_speech_and_song_are_in_one_fold_whatever_parts_are_there(spoken, sung):
    who_speaks = list(RAVDESS.genders)[spoken]
    who_sings = list(TRAINING["ravdess-song"].genders)[sung]
    speakers = np.array([*who_speaks, *who_sings])
    names = ["ravdess"] * len(who_speaks) + ["ravdess-song"] * len(who_sings)
    folds = corpora.assign_folds(speakers, names)
    for speaker in set(speakers):
        assert len(set(folds[speakers == speaker])) == 1


def everyone() -> tuple[list[str], list[str]]:
    """Every speaker of every corpus to train on, and one of a corpus that nobody knows."""
    pairs = [
        (speaker, corpus.name) for corpus in TRAINING.values() for speaker in corpus.genders
    ] + [("ann", "mine")]
    return [speaker for speaker, _ in pairs], [corpus for _, corpus in pairs]


def test_over_all_joint_runs_every_speaker_is_scored_once_and_never_trained_on_then():
    speakers, names = everyone()
    scored = np.array(
        [corpora.scored_rows(run, speakers, names) for run in range(1, corpora.N_JOINT_RUNS + 1)]
    )
    held = np.array(
        [corpora.held_out_rows(run, speakers, names) for run in range(1, corpora.N_JOINT_RUNS + 1)]
    )
    assert scored.sum(axis=0).tolist() == [1] * (len(speakers) - 1) + [0]
    assert (held >= scored).all()
    assert (scored.argmax(axis=0)[:-1] + 1).tolist() == corpora.assign_joint_runs(speakers, names)[
        :-1
    ].tolist()
    assert corpora.assign_joint_runs(speakers, names)[-1] == 0


@pytest.mark.parametrize("run", range(1, 7))
def test_a_joint_run_holds_out_what_the_protocol_says(run):
    speakers, names = (np.array(column) for column in everyone())
    held, scored = (
        corpora.held_out_rows(run, speakers, names),
        corpora.scored_rows(run, speakers, names),
    )
    assert set(speakers[held & (names == "ravdess")]) == {
        f"ravdess-{actor:02d}" for actor in range(4 * run - 3, 4 * run + 1)
    }
    actors = {
        f"crema-d-{actor}" for actor in range(1001, 1092) if (actor - 1001) % 5 == (run - 1) % 5
    }
    assert set(speakers[held & (names == "crema-d")]) == actors
    assert set(speakers[scored & (names == "crema-d")]) == (actors if run < 6 else set())
    nemo = sorted(NEMO.genders)
    assert set(speakers[held & (names == "nemo")]) == {nemo[k] for k in (run - 1, run + 5) if k < 9}
    emovo = ["f1", "f2", "f3", "m1", "m2", "m3"]
    assert set(speakers[held & (names == "emovo")]) == {f"emovo-{emovo[run - 1]}"}
    assert set(speakers[held & (names == "ased")]) == {
        f"ased-{number:02d}" for number in range(1, 66) if number % 6 == run - 1
    }
    who_sings = speakers[held & (names == "ravdess-song")]
    assert set(who_sings) == set(speakers[held & (names == "ravdess")]) - {"ravdess-18"}
    assert not set(speakers[held]) & set(speakers[~held & (names != "crema-d")])
    for corpus in ("ravdess", "nemo", "emovo", "ased", "ravdess-song"):
        assert (held == scored)[names == corpus].all()


def test_a_joint_run_knows_every_speaker_of_a_known_corpus():
    with pytest.raises(ValueError, match=r"one of RAVDESS\. Got 'ravdess-25'"):
        corpora.held_out_rows(1, ["ravdess-25"], ["ravdess"])
    with pytest.raises(ValueError, match="must be 1 to 6"):
        corpora.scored_rows(7, [], [])
    with pytest.raises(ValueError, match=r"one of RAVDESS song\. Got 'ravdess-18'"):
        corpora.scored_rows(1, ["ravdess-18"], ["ravdess-song"])
    assert corpora.held_out_rows(1, [], []).shape == (0,)
