"""The joint models: what their pool weights and limits are fitted on, and what is scored."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from ser_core.emotions import EMOTIONS, LABELS
from ser_core.evaluation import OUT_OF_FOLD_COLUMNS, PROTOCOLS, enrolment, selective
from ser_core.features import FEATURE_SETS
from ser_core.features.tables import JointTable
from ser_core.models.estimators import append_difference, predict_labels
from ser_core.models.kinds import JOINT_KINDS, PERCEPTRONS_FEATURE_SET
from ser_core.training import (
    bagged_perceptrons,
    baseline_clips,
    joint,
    pooled_predictions,
    simulated_enrolment,
)
from ser_core.training.member_predictions import JointPredictions
from ser_core.training.pooled_predictions import PooledPredictions
from ser_core.training.release_parameters import released_parameters
from ser_core.training.runs import Run
from tests.support.joint_runs import TABLE, made_up_predictions


@pytest.fixture(scope="module")
def pooled():
    """Networks that know the truth better than the perceptrons do."""
    return PooledPredictions(made_up_predictions(network_strength=3.0))


def final_run():
    everything = np.ones(len(TABLE), dtype=bool)
    return Run("final", "final", 0, everything, ~everything, ~everything)


# ------------------------------------------------------------------------------------- scores


def test_the_out_of_fold_table_holds_every_clip_under_every_protocol(pooled):
    table = joint.out_of_fold(pooled)
    assert tuple(table.columns) == OUT_OF_FOLD_COLUMNS
    assert set(table["protocol"]) == set(PROTOCOLS) - {"random_split"}
    unseen = table[(table["protocol"] == "unseen_speakers") & (table["task"] == "emotion")]
    by_seed = unseen[unseen["classifier"] == "combination_of_one"]
    n_clips = (TABLE["corpus"] == joint.ONE_NETWORK_CORPUS).sum()
    assert by_seed.groupby("seed").size().tolist() == [n_clips] * 3
    unseen = unseen.drop(by_seed.index)
    for (classifier, seed), rows in unseen.groupby(["classifier", "seed"]):
        assert sorted(rows["path"]) == sorted(TABLE["path"]), (classifier, seed)
    assert set(unseen.loc[unseen["classifier"] == "network", "seed"]) == {0, 1, 2}
    for task, labels in LABELS.items():
        sums = table.loc[table["task"] == task, list(labels)].sum(axis=1)
        np.testing.assert_allclose(sums, 1, atol=1e-3)


# ------------------------------------------------------------------------------- pool weights


def test_a_left_out_corpus_is_calibrated_on_the_other_two_testing_each_other(pooled):
    run = pooled.joint.runs["without-nemo"]
    clips = pooled.joint.calibration_clips("combination", run, "emotion")
    others = TABLE["corpus"].isin(["ravdess", "crema-d"])
    # CREMA-D has no surprised clips to learn from.
    dropped = (TABLE["corpus"] == "ravdess") & (TABLE["emotion"] == "surprised")
    assert len(clips.truth) == others.sum() - dropped.sum()
    assert [member.shape for member in clips.members] == [(len(clips.truth), 8)] * 2


def test_the_better_member_weighs_more(pooled):
    network, perceptrons = pooled.final_pool_weights("combination", "emotion")
    assert network > perceptrons > 0


def test_a_member_that_fails_on_disturbed_clips_weighs_less(pooled):
    failing = PooledPredictions(made_up_predictions(3.0, network_strength_disturbed=-1.0))
    shares = []
    for predictions in (pooled, failing):
        run = predictions.joint.runs["joint-1"]
        network, perceptrons = predictions.pool_weights("combination", run, "emotion")
        shares.append(network / (network + perceptrons))
    assert shares[1] < shares[0] - 0.1


def test_the_pool_weights_of_each_model_run_and_task_are_fitted_once(monkeypatch):
    """All figures and all cards together: nothing is fitted that was fitted before."""
    fits = Counter()
    fit_run, fit_enrolled_run = pooled_predictions.fit_run, pooled_predictions.fit_enrolled_run

    def count_fit(predictions, model, run, task, seed):
        fits[model, run.name, task, seed] += 1
        return fit_run(predictions, model, run, task, seed)

    def count_enrolled_fit(predictions, model, clips):
        fits[model, id(clips), "with baseline"] += 1
        return fit_enrolled_run(predictions, model, clips)

    monkeypatch.setattr(pooled_predictions, "fit_run", count_fit)
    monkeypatch.setattr(pooled_predictions, "fit_enrolled_run", count_enrolled_fit)
    pooled = PooledPredictions(made_up_predictions(network_strength=3.0))
    joint.out_of_fold(pooled)
    joint.limits(pooled)
    simulated_enrolment.compare_with_baseline(pooled)
    after_figures = fits.total()
    for run in (final_run(), pooled.joint.runs["joint-1"]):
        for model in JOINT_KINDS:
            for task in LABELS:
                released_parameters(pooled, model, run, task)
    assert set(fits.values()) == {1}
    with_baseline = [key for key in fits if key[-1] == "with baseline"]
    assert len(with_baseline) == len(JOINT_KINDS) * (6 + 3)  # unseen speakers, corpora left out
    # The figures had the network of each seed; the cards have the mean of its nets.
    fitted_for_cards = list(fits)[after_figures:]
    assert {key[0] for key in fitted_for_cards} == {"network"}


def with_changed_labels(pooled):
    """The same predictions, where every clip that run 1 tests is labelled happy."""
    predictions = pooled.joint
    changed = TABLE.copy()
    changed.loc[predictions.runs["joint-1"].test, "emotion"] = "happy"
    return PooledPredictions(
        JointPredictions(changed, predictions.runs, predictions.networks, predictions.perceptrons)
    )


def test_the_tested_labels_change_nothing_in_the_pool_weights(pooled):
    run = pooled.joint.runs["joint-1"]
    changed = with_changed_labels(pooled)
    weights = pooled.pool_weights("combination", run, "emotion")
    assert changed.pool_weights("combination", run, "emotion") == weights


# ----------------------------------------------------------------------- refusals and baselines


def test_the_tested_labels_change_nothing_in_the_limits_of_a_run(pooled):
    run = pooled.joint.runs["joint-1"]
    changed = with_changed_labels(pooled)
    assert changed.limits("combination", run) == pooled.limits("combination", run)


def test_there_are_limits_for_every_run_that_is_scored(pooled):
    table = joint.limits(pooled)
    assert tuple(table.columns) == selective.LIMITS_COLUMNS
    n_runs = {"unseen_speakers": 6, "corpus_left_out": 3}
    assert table.groupby(["classifier", "protocol"]).size().to_dict() == {
        (model, protocol): n for model in JOINT_KINDS for protocol, n in n_runs.items()
    }


def neutral_heavy():
    """The clips of three speakers, each with four neutral ones."""
    table = TABLE[TABLE["speaker"].isin(["ravdess-01", "ravdess-02", "ravdess-03"])]
    return pd.concat([table, table[table["emotion"] == "neutral"]], ignore_index=True)


def test_every_choice_of_neutral_clips_is_tried_up_to_a_limit():
    def tried(neutral):
        return [rows.tolist() for rows in baseline_clips.baselines_of_size(np.array(neutral), 2)]

    assert tried([3, 5, 9]) == [[3, 5], [3, 9], [5, 9]]
    many = tried(range(40))
    assert len({tuple(rows) for rows in many}) == baseline_clips.MOST_BASELINES
    assert many == tried(range(40))


def test_a_simulated_baseline_is_of_the_same_speaker_neutral_and_not_the_clip_itself():
    table = neutral_heavy()
    rows, baselines = baseline_clips.draw_baselines(table, np.arange(len(table)), 0)
    assert len(rows) == len(table)
    for row, baseline in zip(rows, baselines, strict=True):
        assert 1 <= len(set(baseline)) == len(baseline) <= 2
        assert row not in baseline
        assert set(table["speaker"].iloc[baseline]) == {table["speaker"].iloc[row]}
        assert set(table["emotion"].iloc[baseline]) == {"neutral"}


def test_a_baseline_is_judged_on_the_same_clips_without_those_of_the_baseline(pooled):
    table = simulated_enrolment.compare_with_baseline(pooled)
    assert tuple(table.columns) == enrolment.COLUMNS
    of_ravdess = table[
        (table["corpus"] == "ravdess")
        & (table["protocol"] == "unseen_speakers")
        & (table["clips"] == 1)
    ]
    choices = of_ravdess.assign(choices=of_ravdess[list(EMOTIONS)].sum(axis=1))
    counts = choices.groupby("truth")["choices"].unique()
    # Of two neutral clips, each is tested while the other is the baseline.
    assert counts["neutral"].tolist() == [1]
    assert counts["angry"].tolist() == [2]
    before, gain = enrolment.baseline_gain(of_ravdess[of_ravdess["classifier"] == "bagged_mlp"])
    assert 0 < before < 1
    assert gain.value > 0.02
    assert gain.low < gain.value < gain.high


# -------------------------------------------------------------------------------- perceptrons


def easy_table():
    """Clips of four speakers whose emotion and gender a few features tell, with their copies."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        [
            (corpus, f"{corpus}-{gender}", emotion, gender, f"{corpus}{gender}{emotion}{take}")
            for corpus in ("ravdess", "nemo")
            for gender in ("male", "female")
            for emotion in ("neutral", "happy", "angry")
            for take in range(8)
        ],
        columns=["corpus", "speaker", "emotion", "gender", "sha256"],
    )
    n_features = len(FEATURE_SETS[PERCEPTRONS_FEATURE_SET].names)
    x = rng.normal(size=(len(rows), n_features)).astype(np.float32)
    for number, emotion in enumerate(("happy", "angry")):
        x[rows["emotion"] == emotion, number] += 6
    x[rows["gender"] == "male"] += 1
    copies = {
        copy: x + rng.normal(0, 0.1, x.shape).astype(np.float32) for copy in ("disturbed", "noisy")
    }
    return JointTable(rows, x, copies, {}, "")


def share_right(rows, task, predicted):
    return (np.array(LABELS[task])[predicted.argmax(axis=1)] == rows[task]).mean()


def test_perceptrons_are_fitted_on_clips_and_copies_with_and_without_a_baseline():
    table = easy_table()
    rows, x = table.rows, table.x
    everything = np.ones(len(rows), dtype=bool)
    for task in LABELS:
        fitted = bagged_perceptrons.fit(table, everything, task)
        assert share_right(rows, task, predict_labels(fitted, x, task)) > 0.9
    enrolled = bagged_perceptrons.fit_enrolled(table, everything)
    neutral = (rows["emotion"] == "neutral") & (rows["speaker"] == "nemo-male")
    predicted = predict_labels(enrolled, append_difference(x, x[neutral].mean(axis=0)), "emotion")
    assert share_right(rows, "emotion", predicted) > 0.8
