"""Corpus folders: which corpus one holds, its clips, and its utterance table."""

from pathlib import Path

import pytest

from ser_core import corpora
from ser_core.corpora import CORPORA
from ser_core.errors import SerError
from tests.support.synthesis import voice, wav

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]


CLIP = wav(voice(seconds=0.6))


def fill(folder: Path, names: list[str]) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CLIP)
    return folder


def test_the_original_archive_and_a_flat_folder_give_the_same_rows(tmp_path):
    names = ["03-01-05-01-01-01-01.wav", "03-01-03-02-01-01-02.wav"]
    flat = corpora.read_utterances(fill(tmp_path / "flat", names))
    nested = corpora.read_utterances(
        fill(
            tmp_path / "nested",
            [f"Audio_Speech_Actors_01-24/Actor_{name[-6:-4]}/{name}" for name in names],
        )
    )
    assert list(flat.columns) == list(corpora.TABLE_COLUMNS)
    assert flat.drop(columns="path").equals(nested.drop(columns="path"))
    assert flat["duration_s"].tolist() == [0.6, 0.6]


def test_a_clip_that_lies_there_twice_counts_once_and_songs_do_not_count(tmp_path):
    name = "03-01-05-01-01-01-01.wav"
    folder = fill(
        tmp_path,
        [
            f"Actor_01/{name}",
            f"copy/Actor_01/{name}",
            "Actor_01/03-02-05-01-01-01-01.wav",
            "notes/readme.wav",
        ],
    )
    assert corpora.read_utterances(folder)["path"].tolist() == [f"Actor_01/{name}"]


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


def test_a_folder_where_few_clips_have_a_corpus_name_is_not_that_corpus(tmp_path):
    fill(tmp_path, ["03-01-05-01-01-01-01.wav", "mine-1.wav", "mine-2.wav"])
    with pytest.raises(SerError, match="not named as in RAVDESS"):
        corpora.identify(tmp_path)


def test_clips_with_a_known_fault_are_in_no_table(tmp_path):
    fill(
        tmp_path,
        [
            "1076_MTI_SAD_XX.wav",
            "1006_TIE_NEU_XX.wav",
            "1006_TIE_HAP_XX.wav",
            "1006_TIE_SAD_XX.wav",
        ],
    )
    assert corpora.read_utterances(tmp_path)["path"].tolist() == ["1006_TIE_SAD_XX.wav"]
    assert len(corpora.find_clips(tmp_path, CREMA_D)) == 4
    assert CREMA_D.n_usable == 7435


def test_of_an_archive_with_every_clip_as_mp3_too_the_wav_files_are_taken(tmp_path):
    fill(
        tmp_path,
        [
            "AudioMP3/1001_DFA_ANG_XX.mp3",
            "AudioWAV/1001_DFA_ANG_XX.wav",
            "AudioMP3/1001_DFA_SAD_XX.mp3",
        ],
    )
    assert corpora.read_utterances(tmp_path)["path"].tolist() == [
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "AudioMP3/1001_DFA_SAD_XX.mp3",
    ]


def test_the_sentences_of_nemo_come_from_its_list_where_that_is_there(tmp_path):
    fill(tmp_path, ["samples/EB0_anger_1.wav", "samples/EB0_anger_2.wav"])
    assert corpora.read_utterances(tmp_path)["statement"].tolist() == ["", ""]
    (tmp_path / "data.tsv").write_text(
        'file_id\temotion\traw_text\nEB0_anger_1.wav\tanger\tMiś je "miód". \n', encoding="utf-8"
    )
    assert corpora.read_utterances(tmp_path)["statement"].tolist() == ['Miś je "miód".', ""]
    (tmp_path / "data.tsv").write_text("something\nelse\n", encoding="utf-8")
    with pytest.raises(SerError, match="not that of nEMO") as caught:
        corpora.read_utterances(tmp_path)
    assert caught.value.code == "BAD_CORPUS"


def test_each_corpus_is_told_by_its_names(tmp_path):
    for corpus, name in (
        (RAVDESS, "03-01-05-01-01-01-01.wav"),
        (CREMA_D, "1001_DFA_ANG_XX.wav"),
        (NEMO, "EB0_anger_1.wav"),
    ):
        assert corpora.identify(fill(tmp_path / corpus.name, [name])) is corpus
