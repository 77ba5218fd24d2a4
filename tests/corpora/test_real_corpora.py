"""Copies of the real corpora hold what their entries say."""

import csv
import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from ser_core import corpora
from ser_core.corpora import CORPORA, TRAINING, crema_d, integrity
from ser_core.evaluation import listeners
from tests.conftest import corpus_folder

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]


def folder_of(name: str) -> Path:
    folder = corpus_folder(name)
    if folder is None:
        pytest.skip(f"SER_CORPORA holds no {name}/")
    return folder


@pytest.mark.corpus
def test_all_of_ravdess_is_found(ravdess):
    table = corpora.read_utterances(ravdess)
    assert len(table) == RAVDESS.n_utterances == 1440
    assert table["speaker"].nunique() == 24
    assert table["emotion"].value_counts().to_dict() == {"neutral": 96} | dict.fromkeys(
        ("calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 192
    )
    assert table.groupby("gender")["speaker"].nunique().to_dict() == {"female": 12, "male": 12}
    assert corpora.identify(ravdess) is RAVDESS


@pytest.mark.corpus
def test_all_of_crema_d_is_found():
    folder = folder_of("crema-d")
    assert corpora.identify(folder) is CREMA_D
    assert set(corpora.find_clips(folder, CREMA_D)) == CREMA_D.clip_names({})
    table = corpora.read_utterances(folder)
    assert len(table) == CREMA_D.n_usable == 7435
    assert table["speaker"].nunique() == 91
    assert table["statement"].nunique() == 12
    assert table["emotion"].value_counts().to_dict() == {
        "happy": 1270,
        "sad": 1269,
        "angry": 1270,
        "fearful": 1270,
        "disgust": 1270,
        "neutral": 1086,
    }
    assert not set(CREMA_D.known_faults) & {Path(path).stem for path in table["path"]}


@pytest.mark.corpus
def test_the_sexes_of_crema_d_are_those_of_its_list():
    demographics = pd.read_csv(folder_of("crema-d") / "VideoDemographics.csv")
    assert {f"crema-d-{row.ActorID}": row.Sex.lower() for row in demographics.itertuples()} == dict(
        CREMA_D.genders
    )


@pytest.mark.corpus
def test_the_stored_votes_are_those_of_crema_d():
    pd.testing.assert_frame_equal(
        crema_d.read_votes(folder_of("crema-d")), listeners.read_votes(), check_dtype=False
    )


@pytest.mark.corpus
def test_all_of_nemo_is_found_as_its_list_says():
    folder = folder_of("nemo")
    table = corpora.read_utterances(folder)
    assert corpora.identify(folder) is NEMO
    assert len(table) == NEMO.n_usable == 4481
    with (folder / "data.tsv").open(encoding="utf-8", newline="") as lines:
        listed = {
            Path(row["file_id"]).stem: row
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    assert len(listed) == 4481
    for row in table.itertuples():
        facts = listed[Path(row.path).stem]
        assert (row.speaker, row.gender) == (f"nemo-{facts['speaker_id'].strip()}", facts["gender"])
        assert row.statement == facts["raw_text"].strip() != ""
    assert table["statement"].nunique() == 90
    assert set(table["emotion"]) == set(NEMO.emotions)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "n_speakers", "n_of_emotion"),
    [
        (
            "emovo",
            6,
            dict.fromkeys(
                ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 84
            ),
        ),
        (
            "ased",
            65,
            {"neutral": 521, "fearful": 510, "happy": 485, "sad": 469, "angry": 485},
        ),
        (
            "ravdess-song",
            23,
            {"neutral": 92} | dict.fromkeys(("calm", "happy", "sad", "angry", "fearful"), 184),
        ),
    ],
)
def test_all_of_an_added_corpus_is_found(name, n_speakers, n_of_emotion):
    folder = folder_of(name)
    corpus = TRAINING[name]
    assert corpora.identify(folder) is corpus
    table = corpora.read_utterances(folder)
    assert len(table) == corpus.n_usable == corpus.n_utterances == sum(n_of_emotion.values())
    assert table["speaker"].nunique() == len(corpus.genders) == n_speakers
    assert table["emotion"].value_counts().to_dict() == n_of_emotion
    assert dict(zip(table["speaker"], table["gender"], strict=True)) == dict(corpus.genders)
    assert table["sha256"].is_unique
    names = corpus.clip_names({})
    assert not names or names == {Path(path).stem for path in table["path"]}


@pytest.mark.corpus
def test_the_genders_and_emotions_of_ased_are_those_of_most_names_and_of_the_folders():
    table = corpora.read_utterances(folder_of("ased"))
    paths = table["path"].map(Path)
    assert [path.parent.name[2:].lower() for path in paths] == table["emotion"].tolist()
    of_digit = paths.map(lambda path: {"01": "female", "02": "male"}[path.stem.split("-")[3]])
    is_wrong = of_digit != table["gender"]
    assert sorted(table["speaker"][is_wrong]) == [f"ased-{n:02d}" for n in (9, 15, 21, 23, 25)]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("corpus", TRAINING.values(), ids=TRAINING)
def test_the_check_finds_the_known_faults_by_itself_and_nothing_else(corpus):
    report = integrity.verify(folder_of(corpus.name), dataclasses.replace(corpus, known_faults={}))
    found = {(fault.kind, fault.clips) for fault in report.faults}
    pairs = [
        ("1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
        ("1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
        ("1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
    ]
    faults = {("silent", ("1076_MTI_SAD_XX",))} | {
        ("same_audio_two_labels", pair) for pair in pairs
    }
    assert found == (faults if corpus is CREMA_D else set())
    assert {clip for _, clips in found for clip in clips} == set(corpus.known_faults)
    assert (report.n_present, report.missing) == (corpus.n_utterances, ())
    notes = {(note.kind, note.clips) for note in report.notes}
    expected_notes = {
        "ravdess": {
            ("same_audio_same_label", ("03-01-03-01-02-01-07", "03-01-03-01-02-02-07")),
        },
        "ased": {("names_unknown", ())},
    }
    assert notes == expected_notes.get(corpus.name, set())
