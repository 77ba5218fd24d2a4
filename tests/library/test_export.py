"""An export is a corpus, written completely or not at all."""

import io
import json
import zipfile

import numpy as np
import sqlalchemy

from ser_core import audio, corpora
from ser_core.errors import ErrorCode
from ser_core.library import (
    export,
    schema,
)
from tests.support.libraries import fails, keep


def test_an_export_is_a_corpus_that_can_be_trained_on(store, tmp_path):
    numbers = [keep(store, seed=seed, name="../same name.wav") for seed in range(4)]
    for number, emotion, speaker in zip(
        numbers, ("happy", "sad", "sad"), ("Ann", "Bob", ""), strict=False
    ):
        store.correct("local", number, emotion, speaker)
    assert export.export_folder(store, "local", tmp_path / "mine") == 4
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "lib") == ["mine"]
    labelled = corpora.label_folder(tmp_path / "mine")
    assert [(path, labels.emotion, labels.speaker) for path, labels in labelled.clips] == [
        (f"{number:06}.flac", emotion, speaker)
        for number, emotion, speaker in zip(
            numbers, ("happy", "sad", "sad"), ("Ann", "Bob", ""), strict=False
        )
    ]
    np.testing.assert_array_equal(
        audio.load(tmp_path / "mine" / f"{numbers[0]:06}.flac").samples,
        store.recording("local", numbers[0]).samples,
    )
    lines = [
        json.loads(line)
        for line in (tmp_path / "mine" / "library.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [
        (line["id"], line["label"], line["name"], line["prediction"]["schema"]) for line in lines
    ] == [
        (number, emotion, "../same name.wav", 1)
        for number, emotion in zip(numbers, ("happy", "sad", "sad", None), strict=True)
    ]
    archive = zipfile.ZipFile(io.BytesIO(export.export_zip(store, "local")))
    assert {name.removeprefix("library/") for name in archive.namelist()} == {
        path.name for path in (tmp_path / "mine").iterdir()
    }


def test_an_export_is_there_whole_or_not_at_all_and_overwrites_nothing(
    store, tmp_path, monkeypatch
):
    with fails(ErrorCode.NOT_ENOUGH):
        export.export_folder(store, "local", tmp_path / "mine")
    number = keep(store)
    for taken in (tmp_path / "taken", tmp_path / "no" / "such"):
        (tmp_path / "taken").mkdir(exist_ok=True)
        (tmp_path / "taken" / "file").write_text("mine")
        with fails(ErrorCode.BAD_USAGE):
            export.export_folder(store, "local", taken)
    assert (tmp_path / "taken" / "file").read_text() == "mine"
    with store.database.writing() as connection:
        connection.execute(
            sqlalchemy.update(schema.RECORDINGS)
            .where(schema.RECORDINGS.c.id == number)
            .values(flac=b"broken")
        )
    with fails(ErrorCode.LIBRARY_FAILED):
        export.export_folder(store, "local", tmp_path / "mine")
    assert {path.name for path in tmp_path.iterdir()} <= {"taken", "lib"}
