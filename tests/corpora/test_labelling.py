"""A folder of one's own becomes a corpus: by a table, by folders, or by file names."""

import dataclasses

import pytest

from ser_core import corpora
from ser_core.corpora.label_tables import parse_label_table
from ser_core.errors import ErrorCode, SerError


def by_kind(found):
    return {part.kind: part.files for part in found.left_out}


def labelled(files, table=None, name="mine"):
    """The corpus of some paths, with the text of a labels.csv where there is one."""
    data = (
        {corpora.LABELS_FILE: table.encode() if isinstance(table, str) else table}
        if table is not None
        else {}
    )
    return corpora.label(name, [*files, *data], data.__getitem__)


def emotions(found):
    return {path: labels.emotion for path, labels in found.clips}


TABLE = (
    "path,emotion,speaker,gender,intensity,statement\n"
    "a.wav,Happy,Ann,F,strong,Hello\n"
    "sub/b.wav,sadness,Bob,male,,\n"
)


def test_a_clip_with_a_known_fault_is_left_out():
    found = labelled(["1076_MTI_SAD_XX.wav", "1006_TIE_SAD_XX.wav"])
    assert by_kind(found) == {"known_fault": ("1076_MTI_SAD_XX.wav",)}


def test_the_nearest_folder_named_after_an_emotion_counts_and_nobody_is_guessed():
    found = labelled(
        [
            "Ann/Happy/a.wav",
            "Ann/sad/angry/b.wav",
            "PS/c.wav",
            "Pleasant_surprise/d.ogg",
            "ANGER/e.MP3",
        ]
    )
    assert emotions(found) == {
        "Ann/Happy/a.wav": "happy",
        "Ann/sad/angry/b.wav": "angry",
        "PS/c.wav": "surprised",
        "Pleasant_surprise/d.ogg": "surprised",
        "ANGER/e.MP3": "angry",
    }
    assert {(labels.speaker, labels.gender) for _, labels in found.clips} == {("", "")}
    assert (found.name, found.source, found.left_out) == (
        "mine",
        "folders named after emotions",
        (),
    )


def test_clips_in_other_folders_are_left_out_and_told():
    found = labelled(
        ["happy/a.wav", "sad/b.wav", "boredom/c.wav", "d.wav", "notes.txt", "happy/.hidden.wav"]
    )
    assert by_kind(found) == {"no_emotion_folder": ("boredom/c.wav", "d.wav")}
    assert (
        found.left_out[0].describe()
        == "2 files left out (in no folder named after an emotion): boredom/c.wav, d.wav"
    )


def test_known_names_in_folders_of_emotions_say_who_speaks():
    found = labelled(
        [
            "angry/DC_a01.wav",
            "angry/OAF_back_angry.wav",
            "happy/mine.wav",
            "happy/03-01-05-01-01-01-01.wav",
        ]
    )
    assert {path: labels.speaker for path, labels in found.clips} == {
        "angry/DC_a01.wav": "savee-DC",
        "angry/OAF_back_angry.wav": "tess-OAF",
        "happy/mine.wav": "",
    }
    assert by_kind(found) == {"name_contradicts": ("happy/03-01-05-01-01-01-01.wav",)}


def test_one_corpus_sorted_into_folders_is_that_corpus():
    found = labelled(["angry/03-01-05-01-01-01-01.wav", "sad/03-01-04-01-01-01-02.wav"])
    assert found.name == "ravdess"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["a.wav", "b.wav"], "Nothing says which emotion"),
        (["happy/a.wav", "b.wav", "c.wav"], "Nothing says which emotion"),
        (["notes.txt"], "no audio file"),
        ([], "no audio file"),
    ],
)
def test_a_folder_without_labels_is_refused_with_what_to_do(files, message):
    with pytest.raises(SerError, match=message) as caught:
        labelled(files)
    assert caught.value.code == ErrorCode.BAD_CORPUS
    assert caught.value.hint


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        "\ufeff" + TABLE,
        TABLE.replace(",", ";").replace("\n", "\r\n"),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace("path", " Filename ")
        .replace("emotion", "EMOTION")
        .replace("sub/b", "sub\\b")
        .replace("a.wav", "./a.wav"),
        TABLE.replace("a.wav", "mine/A.WAV").replace("path,", "file,"),
        TABLE.replace("sub/b.wav", "b").replace("\nsub", "\n\nsub"),
        TABLE.replace("Hello\n", '"Hello",more\n'),
    ],
)
def test_a_table_says_all_however_it_is_written(table):
    found = labelled(["a.wav", "sub/b.wav"], table)
    assert [(path, dataclasses.astuple(labels)) for path, labels in found.clips] == [
        ("a.wav", ("Ann", "female", "happy", "strong", "Hello")),
        ("sub/b.wav", ("Bob", "male", "sad", "unspecified", "")),
    ]
    assert found.left_out == ()


def test_a_name_in_another_encoding_is_found():
    found = labelled(
        ["größe.wav", "b.wav"], "path,emotion\ngröße.wav,happy\nb.wav,sad\n".encode("cp1252")
    )
    assert len(found.clips) == 2


def test_a_table_goes_before_folders_and_names():
    found = labelled(
        ["happy/03-01-05-01-01-01-01.wav"], "path,emotion\nhappy/03-01-05-01-01-01-01.wav,sad\n"
    )
    assert (found.name, emotions(found)) == ("mine", {"happy/03-01-05-01-01-01-01.wav": "sad"})


def test_the_only_csv_with_path_and_emotion_is_the_table():
    data = {"other.csv": b"a,b\n1,2\n", "my labels.csv": b"path,emotion\na.wav,calm\n"}
    found = corpora.label("mine", ["a.wav", *data], data.__getitem__)
    assert emotions(found) == {"a.wav": "calm"}


def test_every_fault_of_a_table_is_told_and_loses_no_other_clip():
    rows = [
        "path,emotion,speaker",
        "a.wav,happy,Ann",
        "a.wav,happy,Ann",  # once more
        "b.wav,sad,Bob",
        "b.wav,angry,Bob",  # and something else
        "c.wav,boredom,Cid",
        "d.wav,,Cid",
        "gone.wav,happy,Cid",
        "../e.wav,happy,Cid",
        "/etc/e.wav,happy,Cid",
        "C:\\e.wav,happy,Cid",
        ",happy,Cid",
    ]
    found = labelled(["a.wav", "b.wav", "c.wav", "d.wav", "e.wav"], "\n".join(rows))
    assert emotions(found) == {"a.wav": "happy"}
    assert by_kind(found) == {
        "twice_in_table": ("a.wav",),
        "two_emotions": ("b.wav",),
        "other_emotion": ("c.wav (boredom)", "d.wav"),
        "no_file": ("gone.wav",),
        "outside": ("../e.wav", "/etc/e.wav", "C:/e.wav"),
        "no_path": ("(line 12)",),
        "no_row": ("e.wav",),
    }


def test_a_labels_csv_without_its_columns_is_refused():
    with pytest.raises(SerError, match=r"labels.csv lacks the column path or the column emotion"):
        labelled(["happy/a.wav"], "name,feeling\na.wav,happy\n")


def test_a_table_that_leaves_no_clip_is_refused_with_the_reasons():
    with pytest.raises(
        SerError, match=r"no usable clip: 1 file left out \(an emotion that is none of the eight\)"
    ):
        labelled(["a.wav"], "path,emotion\na.wav,bored\n")


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"path\n", b"\xff\xfe", b"path,emotion\n"])
def test_what_is_no_table_is_none_or_empty(data):
    assert not parse_label_table(data)


def test_a_folder_called_like_a_known_corpus_does_not_pass_for_it():
    assert labelled(["happy/a.wav"], name="ravdess").name == "ravdess-own"
