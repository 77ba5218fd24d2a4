"""A labelled folder is measured and trained on."""

import dataclasses

import numpy as np
import pytest

from ser_core import corpora, evaluation
from ser_core.batch import extraction
from ser_core.cli import main
from ser_core.corpora import RECOGNISED
from ser_core.errors import SerError
from ser_core.features import csv_tables, feature_table
from ser_core.training import (
    cross_validation,
    labelled_folder,
)
from tests.support.synthesis import voice, wav


def by_kind(found):
    return {part.kind: part.files for part in found.left_out}


def emotions(found):
    return {path: labels.emotion for path, labels in found.clips}


def fill(folder, files):
    for number, (name, data) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            wav(voice(120 + number, seconds=0.6, seed=number)) if data is None else data
        )
    return folder


def test_a_folder_is_measured_and_a_bad_clip_or_a_copy_loses_no_other(tmp_path):
    same, both = wav(voice(200, seconds=0.6, seed=90)), wav(voice(300, seconds=0.6, seed=91))
    folder = fill(
        tmp_path / "mine",
        {
            "happy/a.wav": None,
            "happy/b.wav": same,
            "happy/c.wav": same,
            "sad/d.wav": None,
            "sad/bad.wav": b"RIFF",
            "sad/e.wav": both,
            "happy/f.wav": both,
        },
    )
    found = labelled_folder.measure_folder(folder, corpora.label_folder(folder))
    assert found.table["path"].tolist() == ["happy/a.wav", "happy/b.wav", "sad/d.wav"]
    assert list(found.table.columns[:9]) == list(corpora.TABLE_COLUMNS)
    assert len(found.table.columns) == 9 + 128
    assert (found.table["corpus"] == "mine").all()
    assert found.table["duration_s"].tolist() == [0.6] * 3
    assert by_kind(found) == {
        "unreadable": ("sad/bad.wav (NOT_AUDIO)",),
        "same_audio": ("happy/c.wav",),
        "same_audio_two_emotions": ("happy/f.wav", "sad/e.wav"),
    }


def test_a_folder_of_broken_clips_is_refused(tmp_path):
    folder = fill(tmp_path / "mine", {"happy/a.wav": b"RIFF"})
    with pytest.raises(SerError, match="No clip of 'mine' can be used"):
        labelled_folder.measure_folder(folder, corpora.label_folder(folder))


def measured(speakers, clips=6, emotions=("happy", "sad"), gender=""):
    """An own corpus whose clips were measured: two emotions that some features tell apart."""
    from tests.support.own_tables import NAMES

    rng = np.random.default_rng(0)
    about = [
        (
            f"{emotion}/{speaker}-{number}.wav",
            corpora.Labels(speaker, gender, emotion, "unspecified", ""),
        )
        for emotion in emotions
        for speaker in speakers
        for number in range(clips)
    ]
    values = rng.normal(size=(len(about), len(NAMES)))
    values[:, :40] += np.array([2.0 if labels.emotion == "happy" else -2.0 for _, labels in about])[
        :, None
    ]
    found = [
        extraction.ClipFeatures(row, 1.0, f"{number:064x}") for number, row in enumerate(values)
    ]
    return labelled_folder.assemble_table(
        corpora.LabelledCorpus("mine", "a test", tuple(about), ()), found
    )


def passed(folds, n):
    return folds


@pytest.mark.parametrize(
    ("speakers", "protocols", "n_speakers"),
    [
        ([""], {"random_split"}, None),
        (["Ann"], {"random_split"}, 1),
        (["Ann", ""], {"random_split"}, None),
        (["Ann", "Bob"], {"unseen_speakers", "random_split"}, 2),
        (["A", "B", "C", "D"], {"unseen_speakers", "random_split"}, 4),
    ],
)
def test_speakers_who_are_unknown_or_too_few_leave_the_random_split_alone(
    speakers, protocols, n_speakers, tmp_path
):
    trained = labelled_folder.train(measured(speakers), ["logistic_regression", "svc"], passed)
    assert set(trained.out_of_fold["protocol"]) == protocols
    assert bool(trained.optimistic) == (len(protocols) == 1)
    cards = cards_of(trained, tmp_path)
    assert {card.classifier for card in cards} == {"logistic_regression", "svc"}
    for card in cards:
        assert set(card.scores["mine"]) == protocols
        scores = card.scores["mine"]["random_split"]
        assert scores["n_speakers"] == card.corpora[0].n_speakers == n_speakers
        assert (scores["uar"]["low"] is None) == (n_speakers in (None, 1))
        assert ("optimistic: they come from a random split" in card.protocol) == (
            len(protocols) == 1
        )
        assert (card.unseen_uar is None) == (len(protocols) == 1)
        assert card.unseen_percent == (
            "unknown" if len(protocols) == 1 else f"{card.unseen_uar:.0%}"
        )


def cards_of(trained, folder):
    import io
    import zipfile

    from ser_core import models

    zipfile.ZipFile(io.BytesIO(trained.models)).extractall(folder)
    assert (folder / "mine.csv").is_file()
    cards = models.cards(folder)
    for card in cards:
        assert "NaN" not in (folder / card.id / "card.json").read_text()
        assert "nan," not in models.to_markdown(card)
        models.load(card, folder)
    return cards


def test_with_two_speakers_nobody_who_is_tested_is_learnt_from_and_parameters_come_from_inner_folds_by_clips(
    monkeypatch,
):
    found = measured(["Ann", "Bob"])
    table, _ = labelled_folder.training_table(found)
    trained = labelled_folder.train(found, ["knn"], passed)
    unseen = trained.out_of_fold[trained.out_of_fold["protocol"] == "unseen_speakers"]
    assert unseen.groupby("fold")["speaker"].unique().map(list).tolist() == [["Ann"], ["Bob"]]
    changed = dataclasses.replace(
        found,
        table=found.table.assign(
            emotion=np.where(
                found.table["speaker"] == "Ann",
                found.table["emotion"][::-1],
                found.table["emotion"],
            )
        ),
    )
    other = labelled_folder.train(changed, ["knn"], passed).out_of_fold
    other = other[(other["protocol"] == "unseen_speakers") & (other["speaker"] == "Ann")]
    np.testing.assert_array_equal(other["happy"], unseen[unseen["speaker"] == "Ann"]["happy"])
    assert feature_table.unseen_speakers_obstacle(table, "emotion") is None


def test_an_emotion_of_one_speaker_leaves_the_random_split_alone():
    found = measured(["Ann", "Bob"])
    table = found.table[~((found.table["speaker"] == "Bob") & (found.table["emotion"] == "sad"))]
    checked = csv_tables.parse_table(labelled_folder.to_csv(table), "mine.csv")
    assert (
        "Without the clips of Ann, too few that are sad are left"
        in feature_table.unseen_speakers_obstacle(checked, "emotion")
    )
    assert cross_validation.protocols_of(checked, "emotion") == ("random_split",)


def test_emotions_with_too_few_clips_are_not_trained_on_and_told():
    found = measured([""])
    few = found.table.iloc[:3].assign(emotion="calm", path=["x.wav", "y.wav", "z.wav"])
    import pandas as pd

    table, gone = labelled_folder.training_table(
        dataclasses.replace(found, table=pd.concat([found.table, few], ignore_index=True))
    )
    assert set(table.rows["emotion"]) == {"happy", "sad"}
    assert gone[0].kind == "rare_emotion"
    assert gone[0].files == ("x.wav", "y.wav", "z.wav")
    with pytest.raises(
        SerError, match=r"at least two emotions with 5 clips each\. Got happy 4, sad 4"
    ):
        labelled_folder.training_table(measured([""], clips=4))


def test_the_interval_over_known_speakers_is_as_before_and_genders_get_a_model():
    found = measured(["A", "B", "C"])
    gender = np.where(found.table["speaker"] == "A", "male", "female")
    trained = labelled_folder.train(
        dataclasses.replace(found, table=found.table.assign(gender=gender)),
        ["logistic_regression"],
        passed,
    )
    assert set(trained.out_of_fold["task"]) == {"emotion", "gender"}
    assert set(trained.optimistic) == {"gender"}  # the only man cannot be left out


def test_progress_is_told_by_fold():
    told = []

    def progress(folds, n):
        for fold in folds:
            told.append(n)
            yield fold

    labelled_folder.train(measured(["Ann", "Bob"]), ["knn"], progress)
    assert told == [7] * 7  # two speakers, five random folds


def test_new_rows_take_the_place_of_those_of_the_same_protocols():
    rows = labelled_folder.train(measured([""]), ["knn"], passed).out_of_fold
    left_out = rows.assign(protocol="corpus_left_out")
    both = labelled_folder.replace_protocols(rows, left_out)
    assert len(both) == 2 * len(rows)
    assert len(labelled_folder.replace_protocols(both, rows)) == len(both)
    assert labelled_folder.replace_protocols(None, rows) is rows


def test_a_speaker_may_be_called_na(tmp_path):
    table, _ = labelled_folder.training_table(measured(["NA", "None"]))
    assert set(table.speakers) == {"NA", "None"}


@pytest.mark.corpus
def test_real_clips_under_new_names_are_told_apart_on_unseen_voices(ravdess_clips, tmp_path):
    """Angry and calm clips of six actors as somebody would label them."""
    rows = ["file;label;speaker;sex"]
    for path in sorted(ravdess_clips.values()):
        labels = RECOGNISED["ravdess"].parse(path)
        if labels.emotion in ("angry", "calm") and int(labels.speaker[-2:]) <= 6:
            target = tmp_path / "mine" / labels.speaker / f"take {len(rows)}{path.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            rows.append(
                f"{labels.speaker}\\{target.name};{labels.emotion};{labels.speaker};{labels.gender[0]}"
            )
    (tmp_path / "mine" / "labels.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    found = labelled_folder.measure_folder(
        tmp_path / "mine", corpora.label_folder(tmp_path / "mine")
    )
    assert (found.name, len(found.table), found.left_out) == ("mine", 96, ())
    assert found.table["speaker"].nunique() == 6
    trained = labelled_folder.train(found, ["logistic_regression"], passed)
    assert set(trained.optimistic) == set()
    rows = trained.out_of_fold
    unseen = rows[(rows["protocol"] == "unseen_speakers") & (rows["task"] == "emotion")]
    score = evaluation.score(unseen, "emotion")
    assert (score.n_speakers, score.n_utterances) == (6, 96)
    assert score.uar.value > 0.8


def test_a_copy_counts_once_and_what_was_left_out_is_said_where_too_little_is_left(
    tmp_path, capsys
):
    clips = {
        f"{emotion}/{n}.wav": wav(voice(f0, seconds=0.6, seed=1))
        for emotion, f0 in (("happy", 300.0), ("sad", 120.0))
        for n in range(5)
    }
    fill(tmp_path / "mine", clips)
    assert main(["train", str(tmp_path / "mine"), "--output", str(tmp_path / "models")]) == 2
    told = capsys.readouterr().err
    assert "8 files left out (the same recording as another clip)" in told
    assert told.index("left out") < told.index("at least two emotions")
    assert main(["evaluate", "--corpus", str(tmp_path / "mine")]) == 0
    out, err = capsys.readouterr()
    assert "8 files left out (the same recording as another clip)" in err
    assert out.splitlines()[-1].split("  ")[1].strip() == "2"
