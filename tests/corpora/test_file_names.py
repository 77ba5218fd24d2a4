"""The rule by which each of the measured corpora names its files, and the facts of its entry."""

import dataclasses
from pathlib import Path

import pytest

from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "03-01-06-01-02-01-12.wav",
            ("ravdess-12", "female", "fearful", "normal", "Dogs are sitting by the door"),
        ),
        (
            "03-01-01-01-01-02-01.flac",
            ("ravdess-01", "male", "neutral", "normal", "Kids are talking by the door"),
        ),
        (
            "03-01-08-02-02-02-23.wav",
            ("ravdess-23", "male", "surprised", "strong", "Dogs are sitting by the door"),
        ),
    ],
)
def test_a_ravdess_name_says_who_says_what_how(name, expected):
    labels = RAVDESS.parse(Path("Actor_12") / name)
    assert (
        labels.speaker,
        labels.gender,
        labels.emotion,
        labels.intensity,
        labels.statement,
    ) == expected


@pytest.mark.parametrize(
    "name",
    [
        "03-02-06-01-02-01-12.wav",  # song
        "01-01-06-01-02-01-12.mp4",  # video
        "03-01-09-01-02-01-12.wav",  # no such emotion
        "03-01-06-01-02-01-25.wav",  # no such actor
        "03-01-06-01-02-01.wav",
        "holiday.wav",
    ],
)
def test_what_is_no_speech_utterance_of_ravdess_is_passed_over(name):
    assert RAVDESS.parse(Path(name)) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "1001_DFA_ANG_XX.ogg",
            ("crema-d-1001", "male", "angry", "unspecified", "Don't forget a jacket"),
        ),
        ("1002_IEO_HAP_LO.wav", ("crema-d-1002", "female", "happy", "low", "It's eleven o'clock")),
        (
            "AudioWAV/1091_IEO_FEA_MD.wav",
            ("crema-d-1091", "female", "fearful", "medium", "It's eleven o'clock"),
        ),
        (
            "a/b/1090_IEO_DIS_HI.flac",
            ("crema-d-1090", "male", "disgust", "high", "It's eleven o'clock"),
        ),
        (
            "1040_ITH_SAD_X.wav",
            ("crema-d-1040", "male", "sad", "unspecified", "I think I have a doctor's appointment"),
        ),
    ],
)
def test_a_crema_d_name_says_who_says_what_how(name, expected):
    assert dataclasses.astuple(CREMA_D.parse(Path(name))) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EB0_anger_1.ogg", ("nemo-EB0", "female", "angry", "unspecified", "")),
        ("samples/WR0_surprised_90.wav", ("nemo-WR0", "male", "surprised", "unspecified", "")),
        ("KS0_happiness_83.wav", ("nemo-KS0", "male", "happy", "unspecified", "")),
        ("MK0_fear_9.wav", ("nemo-MK0", "female", "fearful", "unspecified", "")),
    ],
)
def test_a_nemo_name_says_who_says_what_how(name, expected):
    assert dataclasses.astuple(NEMO.parse(Path(name))) == expected


@pytest.mark.parametrize(
    "name",
    [
        "1000_DFA_ANG_XX.wav",
        "1092_DFA_ANG_XX.wav",
        "1001_DFA_SUR_XX.wav",
        "1001_ABC_ANG_XX.wav",
        "1001_DFA_ANG_XXX.wav",
        "1001_DFA_ANG.wav",
        "XX0_anger_1.wav",
        "EB0_joy_1.wav",
        "EB0_anger_0.wav",
        "EB0_anger_91.wav",
        "EB0_anger_1_copy.wav",
        "holiday.wav",
    ],
)
def test_what_is_no_utterance_of_crema_d_or_nemo_is_passed_over(name):
    assert CREMA_D.parse(Path(name)) is None
    assert NEMO.parse(Path(name)) is None


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_the_facts_of_an_entry_agree(corpus, tmp_path):
    assert list(corpus.genders) == sorted(corpus.genders)
    assert set(corpus.genders.values()) == {"male", "female"}
    assert list(corpus.emotions) == [emotion for emotion in EMOTIONS if emotion in corpus.emotions]
    assert {corpus.fold_of(speaker) for speaker in corpus.genders} == set(
        range(1, corpus.n_folds + 1)
    )
    with pytest.raises(ValueError, match="not in list"):
        corpus.fold_of(f"{corpus.name}-nobody")
    names = corpus.clip_names(corpus.read_statements(tmp_path))
    if corpus is not NEMO:  # whose names only its data.tsv lists
        assert len(names) == corpus.n_utterances
        labels = [corpus.parse(Path(f"{name}.wav")) for name in names]
        assert {label.speaker for label in labels} == set(corpus.genders)
        assert {label.emotion for label in labels} == set(corpus.emotions)
        assert set(corpus.known_faults) <= names
