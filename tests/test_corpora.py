from pathlib import Path

import numpy as np
import pytest

from ser_core import corpora
from ser_core.corpora import CORPORA
from ser_core.errors import SerError
from tests.synthesis import voice, wav

RAVDESS = CORPORA["ravdess"]
CLIP = wav(voice(seconds=0.6))


def fill(folder: Path, names: list[str]) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CLIP)
    return folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("03-01-06-01-02-01-12.wav", ("ravdess-12", "female", "fearful", "normal", "Dogs are sitting by the door")),
        ("03-01-01-01-01-02-01.flac", ("ravdess-01", "male", "neutral", "normal", "Kids are talking by the door")),
        ("03-01-08-02-02-02-23.wav", ("ravdess-23", "male", "surprised", "strong", "Dogs are sitting by the door")),
    ],
)
def test_a_ravdess_name_says_who_says_what_how(name, expected):
    labels = RAVDESS.parse(Path("Actor_12") / name)
    assert (labels.speaker, labels.gender, labels.emotion, labels.intensity, labels.statement) == expected


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


def test_the_original_archive_and_a_flat_folder_give_the_same_rows(tmp_path):
    names = ["03-01-05-01-01-01-01.wav", "03-01-03-02-01-01-02.wav"]
    flat = corpora.utterances(fill(tmp_path / "flat", names))
    nested = corpora.utterances(fill(tmp_path / "nested", [f"Audio_Speech_Actors_01-24/Actor_{name[-6:-4]}/{name}" for name in names]))
    assert list(flat.columns) == list(corpora.TABLE_COLUMNS)
    assert flat.drop(columns="path").equals(nested.drop(columns="path"))
    assert flat["duration_s"].tolist() == [0.6, 0.6]


def test_a_clip_that_lies_there_twice_counts_once_and_songs_do_not_count(tmp_path):
    name = "03-01-05-01-01-01-01.wav"
    folder = fill(tmp_path, [f"Actor_01/{name}", f"copy/Actor_01/{name}", "Actor_01/03-02-05-01-01-01-01.wav", "notes/readme.wav"])
    assert corpora.utterances(folder)["path"].tolist() == [f"Actor_01/{name}"]


def test_a_folder_of_other_clips_is_no_corpus(tmp_path):
    with pytest.raises(SerError, match="not named as in RAVDESS") as caught:
        corpora.identify(fill(tmp_path, ["holiday.wav"]))
    assert caught.value.code == "BAD_CORPUS"


def test_a_corpus_is_found_by_folder_and_by_name_below_ser_corpora(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("SER_CORPORA", str(tmp_path))
    assert corpora.resolve("mine") == corpora.resolve(str(tmp_path / "mine")) == tmp_path / "mine"
    with pytest.raises(SerError, match="no folder 'yours'"):
        corpora.resolve("yours")


def test_ravdess_folds_are_four_actors_in_order():
    speakers = [f"ravdess-{actor:02d}" for actor in range(1, 25)]
    assert corpora.folds(speakers, ["ravdess"] * 24).tolist() == [fold for fold in range(1, 7) for _ in range(4)]


def test_speakers_of_an_unknown_corpus_are_dealt_into_folds_and_never_split():
    speakers = np.array(["ann", "bob", "cid", "bob", "ann", "dee"])
    folds = corpora.folds(speakers, ["mine"] * 6)
    assert len(set(folds)) == 4
    for speaker in set(speakers):
        assert len(set(folds[speakers == speaker])) == 1


def test_a_persons_own_table_that_calls_itself_ravdess_still_gets_folds():
    assert sorted(corpora.folds(["x", "y"], ["ravdess", "ravdess"])) == [1, 2]


@pytest.mark.parametrize("names", [["ravdess-01", "ravdess-02", "ravdess-05"], ["ravdess-s0", "ravdess-s1", "ravdess-99"]])
def test_a_part_of_a_corpus_is_dealt_into_folds_of_its_own(names):
    assert sorted(corpora.folds(names, ["ravdess"] * 3)) == [1, 2, 3]


def test_a_folder_where_few_clips_have_a_corpus_name_is_not_that_corpus(tmp_path):
    fill(tmp_path, ["03-01-05-01-01-01-01.wav", "mine-1.wav", "mine-2.wav"])
    with pytest.raises(SerError, match="not named as in RAVDESS"):
        corpora.identify(tmp_path)


@pytest.mark.corpus
def test_all_of_ravdess_is_found(ravdess):
    table = corpora.utterances(ravdess)
    assert len(table) == RAVDESS.n_utterances == 1440
    assert table["speaker"].nunique() == 24
    assert table["emotion"].value_counts().to_dict() == {"neutral": 96} | dict.fromkeys(
        ("calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 192
    )
    assert table.groupby("gender")["speaker"].nunique().to_dict() == {"female": 12, "male": 12}
    assert corpora.identify(ravdess) is RAVDESS
