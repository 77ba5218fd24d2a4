"""Correction layers learn from labels, the less the fewer there are."""

import numpy as np

from ser_core import evaluation
from ser_core.emotions import EMOTIONS
from ser_core.library import (
    layer_fitting,
)
from ser_core.library.layer_fitting import LabelledClips, choose_strength, fit
from tests.support.libraries import biased_clips


def test_a_layer_learns_what_the_model_gets_wrong_for_everybody(rng):
    clips, new = biased_clips(rng, 60, ["ann", "bob", "cid"]), biased_clips(rng, 60, ["dee"])
    layer = fit(clips, choose_strength(clips), "base")
    right = [
        (said.argmax(axis=1) == new.truth).mean()
        for said in (new.probabilities, layer(new.probabilities))
    ]
    assert right[0] < 0.8
    assert right[1] > 0.95
    np.testing.assert_allclose(layer(new.probabilities).sum(axis=1), 1)


def test_the_less_there_is_to_learn_from_the_less_a_layer_changes(rng):
    few, many = biased_clips(rng, 5, [""]), biased_clips(rng, 500, [""])
    away = [
        np.abs(fit(clips, layer_fitting.STRENGTH_OF_ONE_SPEAKER, "").matrix - np.eye(8)).max()
        for clips in (few, many)
    ]
    assert away[0] < away[1] / 5
    none = LabelledClips(np.zeros((0, 8)), np.zeros(0, np.int64), ())
    np.testing.assert_array_equal(fit(none, 1.0, "").matrix, np.eye(8))


def test_the_strength_is_chosen_among_speakers_and_fixed_where_there_is_one(rng):
    assert choose_strength(biased_clips(rng, 20, ["ann"])) == layer_fitting.STRENGTH_OF_ONE_SPEAKER
    assert choose_strength(biased_clips(rng, 20, [""])) == layer_fitting.STRENGTH_OF_ONE_SPEAKER
    assert choose_strength(biased_clips(rng, 200, ["ann", "bob"])) == min(layer_fitting.STRENGTHS)
    said = rng.dirichlet(np.ones(len(EMOTIONS)), 100)
    truth = np.array(
        [rng.choice(len(EMOTIONS), p=row) for row in said]
    )  # of a model that is right about what it does not know
    assert choose_strength(LabelledClips(said, truth, ("ann", "bob") * 50)) >= 100


def test_labels_of_four_speakers_help_on_the_others_of_a_corpus_that_the_model_never_heard():
    rows = evaluation.read_out_of_fold("ravdess")
    rows = rows[
        (rows["classifier"] == "combination")
        & (rows["protocol"] == "corpus_left_out")
        & (rows["task"] == "emotion")
    ]
    truth, said = evaluation.truth_and_probabilities(rows, "emotion")
    labelled = rows["speaker"].isin(sorted(rows["speaker"].unique())[:4]).to_numpy()
    clips = LabelledClips(said[labelled], truth[labelled], tuple(rows["speaker"][labelled]))
    layer = fit(clips, choose_strength(clips), "")
    others = truth[~labelled]
    before, after = (
        (probabilities.argmax(axis=1) == others).mean()
        for probabilities in (said[~labelled], layer(said[~labelled]))
    )
    assert (round(float(before), 2), round(float(after), 2)) == (0.37, 0.56)
