"""The models that ship, tested on one's own clips: against direct counting."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ser_core import evaluation, models
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.experiments import own_corpus

CARD = models.default_card("emotion")
PATHS = ["a.wav", "b.wav", "c.wav", "d.wav"]


def utterances(emotions, speakers=("A", "B", "A", "B"), paths=PATHS):
    return pd.DataFrame(
        {
            "path": paths,
            "corpus": "mine",
            "speaker": speakers,
            "gender": "",
            "emotion": emotions,
            "intensity": "",
            "statement": "",
        }
    )


def predicts(**shares):
    return {CARD.name: {emotion: shares.get(emotion, 0.0) for emotion in EMOTIONS}}


def test_predictions_are_restricted_to_the_labels_of_the_corpus_and_calm_is_neutral():
    predictions = [
        predicts(calm=0.5, happy=0.3, angry=0.2),
        predicts(surprised=0.6, happy=0.4),
        predicts(neutral=0.9, happy=0.1),
        predicts(happy=1.0),
    ]
    rows = own_corpus.left_out_rows(
        utterances(["neutral", "happy", "happy", "happy"]), predictions, [CARD]
    )
    assert list(rows.columns) == list(evaluation.OUT_OF_FOLD_COLUMNS)
    assert (rows["protocol"] == "corpus_left_out").all()
    np.testing.assert_allclose(rows["neutral"], [0.625, 0, 0.9, 0], atol=1e-3)
    np.testing.assert_allclose(rows["happy"], [0.375, 1, 0.1, 1], atol=1e-3)
    scores = own_corpus.score_models(rows)[CARD.title]
    assert scores.uar.value == pytest.approx((1 + 2 / 3) / 2)
    assert (scores.n_speakers, scores.accuracy.value) == (2, 0.75)


def test_a_clip_that_failed_or_was_trained_on_is_no_test():
    predictions = [
        SerError(ErrorCode.SILENT, "x", "y"),
        predicts(happy=1),
        predicts(happy=1),
        predicts(sad=1),
    ]
    paths = ["a.wav", "03-01-03-01-01-01-01.wav", "1001_DFA_HAP_XX.wav", "d.wav"]
    rows = own_corpus.left_out_rows(
        utterances(["happy", "happy", "happy", "sad"], paths=paths), predictions, [CARD]
    )
    assert rows["path"].tolist() == ["d.wav"]
    of_ravdess = dataclasses.replace(
        CARD, corpora=tuple(corpus for corpus in CARD.corpora if corpus.name == "ravdess")
    )
    rows = own_corpus.left_out_rows(
        utterances(["happy", "happy", "happy", "sad"], paths=paths), predictions, [of_ravdess]
    )
    assert rows["path"].tolist() == ["1001_DFA_HAP_XX.wav", "d.wav"]
    assert own_corpus.left_out_rows(utterances(["happy"] * 4), [predictions[0]] * 4, [CARD]).empty


@pytest.mark.parametrize(
    ("learnt", "path", "expected"),
    [
        ("ravdess", "Actor_01/03-01-03-01-01-01-01.wav", True),
        ("ravdess", "Actor_01/03-02-03-01-01-01-01.wav", True),  # the same person sings
        ("ravdess", "dis-f1-b1.wav", False),
        ("emovo", "dis-f1-b1.wav", True),
        ("emovo", "03-02-03-01-01-01-01.wav", False),
        ("ased", "05Angry/A5-01-01-01-01.wav", True),
        ("ravdess-song", "03-01-03-01-01-01-01.wav", True),
        ("ravdess-song", "03-01-03-01-01-01-18.wav", False),  # who does not sing
        ("unheard of", "dis-f1-b1.wav", False),
    ],
)
def test_a_model_was_trained_on_the_clips_and_voices_of_its_corpora(learnt, path, expected):
    card = dataclasses.replace(CARD, corpora=(dataclasses.replace(CARD.corpora[0], name=learnt),))
    assert own_corpus.was_trained_on(card, path) == expected


def test_one_label_alone_is_no_test():
    own_corpus.check_labels(["happy", "sad"])
    with pytest.raises(SerError, match=r"one label \(happy\)"):
        own_corpus.check_labels(["happy", "happy"])
