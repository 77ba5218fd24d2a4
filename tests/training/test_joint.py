"""What is promised of the models of all corpora: who is trained on, what is compared, how probabilities are made believable."""

import numpy as np
import pandas as pd
import pytest

from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.evaluation import OUT_OF_FOLD_COLUMNS, PROTOCOLS, selective
from ser_core.evaluation import enrolment as baseline_gains
from ser_core.features import FEATURE_SETS
from ser_core.features.tables import JointTable
from ser_core.models.estimators import beside, probabilities
from ser_core.training import bagged_perceptrons, joint, runs, simulated_enrolment
from ser_core.training.calibration import equal_parts, exponents
from ser_core.training.joint import Evidence, Opinions

STATEMENTS = ("Dogs are sitting by the door", "Kids are talking by the door")


def utterances():
    """One clip of each speaker, emotion and (in RAVDESS) statement."""
    rows = [
        (f"{speaker}-{emotion}-{statement}", name, speaker, gender, emotion, statement)
        for name, corpus in CORPORA.items()
        for speaker, gender in corpus.genders.items()
        for emotion in corpus.emotions
        for statement in (STATEMENTS if name == "ravdess" else ("",))
    ]
    table = pd.DataFrame(
        rows, columns=["path", "corpus", "speaker", "gender", "emotion", "statement"]
    )
    return table.assign(intensity="normal", sha256=table["path"])


TABLE = utterances()


def every_run(table):
    return [
        *runs.joint(table),
        *runs.corpus_left_out(table),
        *runs.single_corpus(table),
        *runs.other_statement(table),
    ]


# ---------------------------------------------------------------------------------------------------------------- the runs


@pytest.mark.parametrize("run", every_run(TABLE), ids=lambda run: run.name)
def test_no_speaker_is_on_two_sides_of_a_run(run):
    sides = [set(TABLE["speaker"][side]) for side in (run.train, run.calibrate, run.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


def test_every_clip_is_tested_once_on_unseen_speakers_and_once_with_its_corpus_left_out():
    for protocol in (runs.joint, runs.corpus_left_out):
        assert np.sum([run.test for run in protocol(TABLE)], axis=0).tolist() == [1] * len(TABLE)


def test_a_left_out_corpus_is_neither_trained_on_nor_calibrated_on():
    for run in runs.corpus_left_out(TABLE):
        (left_out,) = set(TABLE["corpus"][run.test])
        assert left_out not in set(TABLE["corpus"][run.train | run.calibrate])


def test_the_other_statement_is_never_heard_in_training():
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
        assert aside.groupby("corpus")["speaker"].nunique().to_dict() == {
            "crema-d": 8,
            "ravdess": 2,
        }
        assert set(aside.loc[aside["corpus"] == "ravdess", "gender"]) == {"male", "female"}


def test_the_random_split_tests_every_clip_once_and_never_what_it_trained_on():
    every = list(runs.random_split(TABLE))
    assert np.sum([run.test for run in every], axis=0).tolist() == [1] * len(TABLE)
    for run in every:
        assert (run.train.astype(int) + run.calibrate + run.test == 1).all()
        assert set(TABLE["speaker"][run.test]) & set(TABLE["speaker"][run.train])


# ----------------------------------------------------------------------------------------------------------- comparability


def rows_of(corpus):
    return np.flatnonzero((TABLE["corpus"] == corpus).to_numpy())


def even(n):
    return np.full((n, 8), 1 / 8)


def learnt(*names):
    return np.isin(EMOTIONS, [emotion for name in names for emotion in CORPORA[name].emotions])


def test_predictions_are_restricted_to_the_labels_of_the_tested_corpus_and_sum_to_one():
    rows = rows_of("nemo")
    kept, truth, probabilities = joint.comparable(
        TABLE, rows, even(len(rows)), "emotion", learnt(*CORPORA)
    )
    assert kept.tolist() == rows.tolist()
    assert [EMOTIONS[position] for position in truth] == TABLE["emotion"].iloc[rows].tolist()
    lacking = [EMOTIONS.index("calm"), EMOTIONS.index("disgust")]
    assert (probabilities[:, lacking] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_calm_counts_as_neutral_where_a_side_lacks_it():
    rows = rows_of("crema-d")
    _, _, probabilities = joint.comparable(
        TABLE, rows, even(len(rows)), "emotion", learnt(*CORPORA)
    )
    assert probabilities[0, EMOTIONS.index("neutral")] == pytest.approx(
        2 / 7
    )  # two of the seven eighths that are left
    rows = rows_of("ravdess")
    _, truth, probabilities = joint.comparable(
        TABLE, rows, even(len(rows)), "emotion", learnt("crema-d", "nemo")
    )
    calm = (TABLE["emotion"].iloc[rows] == "calm").to_numpy()
    assert set(truth[calm]) == {EMOTIONS.index("neutral")}
    assert (probabilities[:, EMOTIONS.index("calm")] == 0).all()


def test_clips_of_an_emotion_that_training_lacks_are_dropped():
    rows = rows_of("nemo")
    kept, _, _ = joint.comparable(TABLE, rows, even(len(rows)), "emotion", learnt("crema-d"))
    assert set(TABLE["emotion"].iloc[kept]) == set(CORPORA["nemo"].emotions) - {"surprised"}


def test_all_eight_labels_stay_on_unseen_speakers_of_ravdess():
    rows = rows_of("ravdess")
    given = np.random.default_rng(0).dirichlet(np.ones(8), len(rows))
    _, _, probabilities = joint.comparable(TABLE, rows, given, "emotion", learnt(*CORPORA))
    np.testing.assert_allclose(probabilities, given, atol=1e-6)


# ------------------------------------------------------------------------------------------------------------- calibration


def overconfident(rng, truth, labels, sharpness):
    """Opinions whose exponent should be 1 / sharpness: the truth is drawn from them before they are sharpened."""
    calibrated = rng.dirichlet(np.ones(labels), len(truth))
    drawn = np.array([rng.choice(labels, p=p) for p in calibrated])
    sharpened = calibrated**sharpness
    return drawn, sharpened / sharpened.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("sharpness", [0.5, 2.0])
def test_an_exponent_undoes_over_and_underconfidence(rng, sharpness):
    truth, opinion = overconfident(rng, np.zeros(4000), 4, sharpness)
    (found,) = exponents([opinion], truth, np.ones(4000))
    assert found == pytest.approx(1 / sharpness, rel=0.1)


def test_a_member_that_knows_nothing_gets_no_weight(rng):
    truth, opinion = overconfident(rng, np.zeros(4000), 4, 1.0)
    knows, guesses = exponents([opinion, rng.dirichlet(np.ones(4), 4000)], truth, np.ones(4000))
    assert knows == pytest.approx(1.0, rel=0.15)
    assert guesses < 0.1


def test_every_corpus_counts_the_same():
    weights = equal_parts(np.array(["a", "a", "a", "b"]))
    assert weights[:3].sum() == pytest.approx(weights[3])


# ---------------------------------------------------------------------------------------------------------- putting together


@pytest.fixture(scope="module")
def evidence():
    """Networks that know the truth better than the perceptrons do."""
    return evidence_of(network_strength=3.0)


def evidence_of(network_strength, network_disturbed=None):
    rng = np.random.default_rng(0)

    def opinions(run, strength, disturbed=None):
        rows = np.flatnonzero(run.calibrate | run.test)
        as_it_is, copy = (
            answers(rows, of_copy)
            for of_copy in (strength, strength if disturbed is None else disturbed)
        )
        enrolled = answers(np.arange(len(TABLE)), strength + 1)["emotion"]  # a baseline helps
        return Opinions(
            rows,
            dict(zip(joint.ASKED, (as_it_is, copy), strict=True)),
            lambda asked, _: enrolled[asked],
        )

    def answers(rows, strength):
        said = {}
        for task, labels in LABELS.items():
            right = np.array(
                [[label == truth for label in labels] for truth in TABLE[task].iloc[rows]]
            )
            scores = strength * right + rng.normal(size=right.shape)
            said[task] = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return said

    every = {run.name: run for run in every_run(TABLE)}
    seeds = {
        name: (0, 1, 2) if run.protocol == "unseen_speakers" else (0,)
        for name, run in every.items()
    }
    networks = {
        (name, seed): opinions(run, network_strength, network_disturbed)
        for name, run in every.items()
        for seed in seeds[name]
    }
    return Evidence(
        TABLE, every, networks, {name: opinions(run, 1.0) for name, run in every.items()}
    )


def test_the_out_of_fold_table_holds_every_clip_under_every_protocol(evidence):
    table = joint.out_of_fold(evidence)
    assert tuple(table.columns) == OUT_OF_FOLD_COLUMNS
    assert set(table["protocol"]) == set(PROTOCOLS) - {"random_split"}
    unseen = table[(table["protocol"] == "unseen_speakers") & (table["task"] == "emotion")]
    by_seed = unseen[unseen["classifier"] == "combination_of_one"]
    unseen = unseen.drop(by_seed.index)
    assert (
        by_seed.groupby("seed").size().tolist()
        == [(TABLE["corpus"] == joint.BY_SEED_CORPUS).sum()] * 3
    )
    for (classifier, seed), rows in unseen.groupby(["classifier", "seed"]):
        assert sorted(rows["path"]) == sorted(TABLE["path"]), (classifier, seed)
    assert set(unseen.loc[unseen["classifier"] == "network", "seed"]) == {0, 1, 2}
    for task, labels in LABELS.items():
        np.testing.assert_allclose(
            table.loc[table["task"] == task, list(labels)].sum(axis=1), 1, atol=1e-3
        )


def test_what_a_left_out_corpus_is_calibrated_on_are_the_other_two_testing_each_other(evidence):
    run = evidence.runs["without-nemo"]
    _, opinions, truth, weights = evidence.calibration("combination", run, "emotion", None)
    n = sum((TABLE["corpus"] == name).sum() for name in ("ravdess", "crema-d"))
    dropped = (TABLE["corpus"] == "ravdess").to_numpy() & (
        TABLE["emotion"] == "surprised"
    ).to_numpy()  # CREMA-D has not learnt it
    assert len(truth) == len(weights) == n - dropped.sum()
    assert [opinion.shape for opinion in opinions] == [(len(truth), 8)] * 2


def test_the_better_member_weighs_more(evidence):
    network, bagged_perceptrons = joint.saved_exponents(evidence, "combination", "emotion")
    assert network > bagged_perceptrons > 0


def test_a_member_that_fails_on_disturbed_clips_weighs_less(evidence):
    run = "joint-1"
    weights = [
        of.exponents("combination", of.runs[run], "emotion")
        for of in (evidence, evidence_of(3.0, network_disturbed=-1.0))
    ]
    holds, fails = (
        network / (network + bagged_perceptrons) for network, bagged_perceptrons in weights
    )
    assert fails < holds - 0.1


def test_changing_the_tested_labels_changes_nothing_in_the_exponents(evidence):
    run = evidence.runs["joint-1"]
    before = evidence.exponents("combination", run, "emotion")
    shuffled = TABLE.copy()
    shuffled.loc[run.test, "emotion"] = "happy"
    changed = Evidence(shuffled, evidence.runs, evidence.networks, evidence.perceptrons)
    assert changed.exponents("combination", run, "emotion") == before


# ----------------------------------------------------------------------------------------------------- refusals and baselines


def test_the_limits_of_a_run_do_not_see_the_tested_labels(evidence):
    run = evidence.runs["joint-1"]
    shuffled = TABLE.copy()
    shuffled.loc[run.test, "emotion"] = "happy"
    changed = Evidence(shuffled, evidence.runs, evidence.networks, evidence.perceptrons)
    assert changed.limits("combination", run) == evidence.limits("combination", run)


def test_there_are_limits_for_every_run_that_is_scored(evidence):
    table = joint.limits(evidence)
    assert tuple(table.columns) == selective.LIMITS_COLUMNS
    assert table.groupby(["classifier", "protocol"]).size().to_dict() == {
        (model, protocol): n
        for model in joint.MODELS
        for protocol, n in (("unseen_speakers", 6), ("corpus_left_out", 3))
    }


def neutral_heavy():
    """The clips of three speakers, each with four neutral ones."""
    table = TABLE[TABLE["speaker"].isin(["ravdess-01", "ravdess-02", "ravdess-03"])]
    return pd.concat([table, table[table["emotion"] == "neutral"]], ignore_index=True)


def test_every_choice_of_neutral_clips_is_tried_up_to_a_limit():
    assert [choice.tolist() for choice in simulated_enrolment.choices(np.array([3, 5, 9]), 2)] == [
        [3, 5],
        [3, 9],
        [5, 9],
    ]
    many = simulated_enrolment.choices(np.arange(40), 2)
    assert len({tuple(choice) for choice in many}) == simulated_enrolment.MOST_CHOICES
    assert [choice.tolist() for choice in many] == [
        choice.tolist() for choice in simulated_enrolment.choices(np.arange(40), 2)
    ]


def test_a_simulated_baseline_is_of_the_same_speaker_neutral_and_not_the_clip_itself():
    table = neutral_heavy()
    asked, baselines = simulated_enrolment.one_each(table, np.arange(len(table)), 0)
    assert len(asked) == len(table)
    for row, baseline in zip(asked, baselines, strict=True):
        assert 1 <= len(set(baseline)) == len(baseline) <= 2
        assert row not in baseline
        assert set(table["speaker"].iloc[baseline]) == {table["speaker"].iloc[row]}
        assert set(table["emotion"].iloc[baseline]) == {"neutral"}


def test_what_a_baseline_adds_is_counted_on_the_same_clips_without_those_of_the_baseline(evidence):
    table = simulated_enrolment.tested(evidence)
    assert tuple(table.columns) == baseline_gains.COLUMNS
    of_ravdess = table[
        (table["corpus"] == "ravdess")
        & (table["protocol"] == "unseen_speakers")
        & (table["clips"] == 1)
    ]
    counts = (
        of_ravdess.assign(choices=of_ravdess[list(EMOTIONS)].sum(axis=1))
        .groupby("truth")["choices"]
        .unique()
    )
    assert counts["neutral"].tolist() == [
        1
    ]  # of two neutral clips, each is tested while the other is the baseline
    assert counts["angry"].tolist() == [2]
    before, gain = baseline_gains.gain(of_ravdess[of_ravdess["classifier"] == "bagged_mlp"])
    assert 0 < before < 1
    assert gain.value > 0.02
    assert gain.low < gain.value < gain.high


def test_perceptrons_are_fitted_on_clips_and_copies_with_and_without_a_baseline():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        [
            {
                "corpus": corpus,
                "speaker": f"{corpus}-{gender}",
                "emotion": emotion,
                "gender": gender,
                "sha256": f"{corpus}{gender}{emotion}{take}",
            }
            for corpus in ("ravdess", "nemo")
            for gender in ("male", "female")
            for emotion in ("neutral", "happy", "angry")
            for take in range(8)
        ]
    )
    n_features = len(FEATURE_SETS[joint.FEATURE_SET].names)
    x = rng.normal(size=(len(rows), n_features)).astype(np.float32)
    for number, emotion in enumerate(("happy", "angry")):
        x[rows["emotion"] == emotion, number] += 6
    x[rows["gender"] == "male"] += 1
    copies = {
        copy: x + rng.normal(0, 0.1, x.shape).astype(np.float32) for copy in ("disturbed", "noisy")
    }
    table, everything = JointTable(rows, x, copies, {}, ""), np.ones(len(rows), dtype=bool)
    for task in LABELS:
        said = probabilities(bagged_perceptrons.fit(table, everything, task), x, task)
        assert (np.array(LABELS[task])[said.argmax(axis=1)] == rows[task]).mean() > 0.9
    enrolled = bagged_perceptrons.fit_enrolled(table, everything)
    neutral = x[(rows["emotion"] == "neutral") & (rows["speaker"] == "nemo-male")].mean(axis=0)
    said = probabilities(enrolled, beside(x, neutral), "emotion")
    assert (np.array(EMOTIONS)[said.argmax(axis=1)] == rows["emotion"]).mean() > 0.8
