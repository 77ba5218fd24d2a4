"""The corpora that training takes in addition: file names, facts, and what labelling gives for them."""

import dataclasses
from pathlib import Path

import pytest

from ser_core import corpora
from ser_core.corpora import CORPORA, RECOGNISED, TRAINING
from ser_core.emotions import EMOTIONS
from tests.conftest import ROOT

EMOVO, ASED, SONG = TRAINING["emovo"], TRAINING["ased"], TRAINING["ravdess-song"]
ADDED = [EMOVO, ASED, SONG]
DOGS, KIDS = "Dogs are sitting by the door", "Kids are talking by the door"


def named(corpus):
    return corpus.name


@pytest.mark.parametrize(
    ("path", "expected", "name"),
    [
        (
            "f1/dis-f1-b1.wav",
            ("emovo-f1", "female", "disgust", "Gli operai si alzano presto."),
            "dis-f1-b1",
        ),
        (
            "EMOVO/m3/gio-m3-n5.ogg",
            ("emovo-m3", "male", "happy", "Uno quarantatré dieci mille cinquantasette venti."),
            "gio-m3-n5",
        ),
        ("neu-m1-l4.flac", ("emovo-m1", "male", "neutral", None), "neu-m1-l4"),
        ("F2/PAU-F2-D2.WAV", ("emovo-f2", "female", "fearful", None), "pau-f2-d2"),
        ("rab-f3-n1.wav", ("emovo-f3", "female", "angry", None), "rab-f3-n1"),
        ("sor-m2-l1.mp3", ("emovo-m2", "male", "surprised", None), "sor-m2-l1"),
        ("x/tri-f1-b3.wav", ("emovo-f1", "female", "sad", None), "tri-f1-b3"),
    ],
)
def test_a_name_of_emovo_says_who_says_what_how(path, expected, name):
    labels = EMOVO.parse(Path(path))
    assert (labels.speaker, labels.gender, labels.emotion) == expected[:3]
    assert expected[3] in (None, labels.statement)
    assert labels.statement
    assert EMOVO.name_of(Path(path)) == name


@pytest.mark.parametrize(
    ("path", "expected", "name"),
    [
        ("05Angry/a5-03-01-02-50.wav", ("ased-50", "male", "angry"), "a5-03-01-02-50"),
        ("ASED_V1/01Neutral/n1-01-02-01-01.wav", ("ased-01", "female", "neutral"), None),
        ("02Fearful/f2-07-01-01-62.ogg", ("ased-62", "female", "fearful"), None),
        ("H3-02-02-02-65.WAV", ("ased-65", "male", "happy"), "h3-02-02-02-65"),
        ("s4-05-01-01-37.flac", ("ased-37", "female", "sad"), None),
    ],
)
def test_a_name_of_ased_says_who_speaks_how(path, expected, name):
    labels = ASED.parse(Path(path))
    assert (labels.speaker, labels.gender, labels.emotion) == expected
    assert (labels.intensity, labels.statement) == ("unspecified", "")
    assert ASED.name_of(Path(path)) == (name or Path(path).stem)


@pytest.mark.parametrize("speaker", ["09", "15", "21", "23", "25"])
def test_in_ased_the_speaker_tells_the_gender_and_not_the_digit(speaker):
    for digit in ("01", "02"):
        assert ASED.parse(Path(f"n1-01-01-{digit}-{speaker}.wav")).gender == "female"


def test_ased_has_as_many_women_and_men_as_its_readme_says():
    genders = list(ASED.genders.values())
    assert (genders.count("female"), genders.count("male")) == (25, 40)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Actor_01/03-02-01-01-01-02-01.wav", ("ravdess-01", "male", "neutral", "normal", KIDS)),
        ("Actor_24/03-02-06-02-02-01-24.ogg", ("ravdess-24", "female", "fearful", "strong", DOGS)),
        ("a/b/03-02-02-01-02-02-17.WAV", ("ravdess-17", "male", "calm", "normal", DOGS)),
    ],
)
def test_a_name_of_ravdess_song_says_who_sings_what_how(path, expected):
    assert dataclasses.astuple(SONG.parse(Path(path))) == expected


@pytest.mark.parametrize(
    "path",
    [
        "dis-f4-b1.wav",
        "dis-f1-b4.wav",
        "dis-x1-b1.wav",
        "hap-f1-b1.wav",
        "dis-f1-b1-copy.wav",
        "dis_f1_b1.wav",
        "f1/dis-b1.wav",
        "n2-01-01-01-01.wav",  # the digit of another emotion
        "n1-08-01-01-01.wav",  # no such sentence
        "n1-01-03-01-01.wav",  # no such repetition
        "n1-01-01-03-01.wav",  # no such gender
        "n1-01-01-01-66.wav",  # no such speaker
        "n1-01-01-01-00.wav",
        "n1-01-01-01.wav",
        "03-01-06-01-02-01-12.wav",  # speech
        "01-02-06-01-02-01-12.mp4",  # video
        "03-02-06-01-02-01-18.wav",  # this actor does not sing
        "03-02-07-01-02-01-12.wav",  # disgust was not sung
        "03-02-08-01-02-01-12.wav",  # nor was surprise
        "03-02-06-01-02-01-25.wav",
        "holiday.wav",
    ],
)
def test_what_is_no_clip_of_the_added_corpora_is_passed_over(path):
    assert [corpus.name for corpus in ADDED if corpus.recognises(Path(path))] == []


@pytest.mark.parametrize("corpus", RECOGNISED.values(), ids=named)
def test_no_two_corpora_claim_a_clip(corpus):
    examples = {
        "ased": "n1-01-01-01-01",
        "nemo": "EB0_anger_1",
        "tess": "OAF_back_angry",
        "emodb": "03a01Fa",
    }
    for name in corpus.clip_names({}) or [examples[corpus.name]]:
        path = Path(f"{name}.wav")
        claimed = [other for other in RECOGNISED.values() if other.recognises(path)]
        assert claimed == [corpus], name


@pytest.mark.parametrize(
    ("corpus", "n_speakers", "n_folds"), [(EMOVO, 6, 6), (ASED, 65, 5), (SONG, 23, 6)]
)
def test_the_facts_of_the_added_entries_agree(corpus, n_speakers, n_folds):
    assert list(corpus.genders) == sorted(corpus.genders)
    assert (len(corpus.genders), corpus.n_folds) == (n_speakers, n_folds)
    assert list(corpus.emotions) == [emotion for emotion in EMOTIONS if emotion in corpus.emotions]
    folds = set(range(1, n_folds + 1))
    assert {corpus.fold_of(speaker) for speaker in corpus.genders} == folds
    for stranger in (f"{corpus.name}-nobody", "ravdess-18"):
        with pytest.raises(ValueError, match=stranger):
            corpus.fold_of(stranger)


@pytest.mark.parametrize("corpus", [EMOVO, SONG], ids=named)
def test_the_names_of_all_clips_are_known(corpus):
    names = corpus.clip_names({})
    assert len(names) == corpus.n_utterances
    labels = [corpus.parse(Path(f"{name}.wav")) for name in names]
    assert {label.speaker for label in labels} == set(corpus.genders)
    assert {label.emotion for label in labels} == set(corpus.emotions)
    assert {corpus.name_of(Path(f"{name}.wav")) for name in names} == names


def test_who_sings_has_the_name_gender_and_fold_of_the_speech():
    speech = CORPORA["ravdess"]
    assert set(speech.genders) - set(SONG.genders) == {"ravdess-18"}
    for speaker, gender in SONG.genders.items():
        assert speech.genders[speaker] == gender
        assert speech.fold_of(speaker) == SONG.fold_of(speaker)


def test_training_takes_the_headline_corpora_and_then_the_added_ones():
    assert list(TRAINING) == ["ravdess", "crema-d", "nemo", "emovo", "ased", "ravdess-song"]
    assert list(RECOGNISED)[:6] == list(TRAINING)
    assert [name for name, corpus in TRAINING.items() if not corpus.redistributable] == ["ased"]


def test_nothing_of_a_corpus_that_may_not_be_published_is_in_the_repository():
    listed = (ROOT / "data" / "SHA256SUMS").read_text(encoding="utf-8")
    assert "ravdess/" in listed
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in (name for name, corpus in RECOGNISED.items() if not corpus.redistributable):
        assert f"{name}/" not in listed
        assert f"data/{name}/" in ignored or name not in TRAINING


@pytest.mark.parametrize(
    ("files", "name", "n_clips"),
    [
        (["EMOVO/f1/dis-f1-b1.wav", "EMOVO/m1/neu-m1-b1.wav"], "emovo", 2),
        (["01Neutral/n1-01-01-01-01.wav", "05Angry/a5-01-01-02-02.wav"], "ased", 2),
        (["Actor_01/03-02-01-01-01-02-01.wav"], "ravdess-song", 1),
        (
            [
                f"Actor_01/03-{field}-01-01.wav"
                for field in ("02-01-01-01", "01-01-01-01", "01-02-01-01")
            ],
            "ravdess",  # most of a folder of both decide
            2,
        ),
    ],
)
def test_the_added_corpora_are_recognised_by_their_names(files, name, n_clips):
    found = corpora.label("mine", files, {}.__getitem__)
    assert (found.name, found.known, len(found.clips)) == (name, RECOGNISED[name], n_clips)
