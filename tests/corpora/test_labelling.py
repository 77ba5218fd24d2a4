"""A person's own folder as a corpus: the further corpora that are recognised, every way to give labels, and every fault in them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from ser_core import corpora, evaluation
from ser_core.cli import main
from ser_core.corpora import RECOGNISED
from ser_core.corpora.label_tables import label_table
from ser_core.errors import ErrorCode, SerError
from ser_core.features import tables
from ser_core.training import (
    cross_validation,
    labelled_folder,
)
from tests.support.synthesis import voice, wav

TESS, SAVEE, EMODB = RECOGNISED["tess"], RECOGNISED["savee"], RECOGNISED["emodb"]


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


# ---------------------------------------------------------------------------------------------------- further corpora


@pytest.mark.parametrize(
    ("path", "expected", "name"),
    [
        (
            "OAF_angry/OAF_back_angry.wav",
            ("tess-OAF", "angry", "Say the word back"),
            "OAF_back_angry",
        ),
        ("YAF_dog_ps.wav", ("tess-YAF", "surprised", "Say the word dog"), "YAF_dog_ps"),
        (
            "OAF_neutral/OA_bite_neutral.wav",
            ("tess-OAF", "neutral", "Say the word bite"),
            "OAF_bite_neutral",
        ),
        (
            "x/OAF_Pleasant_surprise/oaf_Bean_PS.WAV",
            ("tess-OAF", "surprised", "Say the word bean"),
            "OAF_bean_ps",
        ),
        (
            "YAF_disgust/YAF_which_disgust.mp3",
            ("tess-YAF", "disgust", "Say the word which"),
            "YAF_which_disgust",
        ),
    ],
)
def test_a_name_of_tess_says_who_says_what_how_in_every_edition(path, expected, name):
    labels = TESS.parse(Path(path))
    assert (labels.speaker, labels.emotion, labels.statement) == expected
    assert labels.gender == "female"
    assert TESS.name_of(Path(path)) == name


@pytest.mark.parametrize(
    ("path", "expected", "name"),
    [
        ("AudioData/DC/a01.wav", ("savee-DC", "angry"), "DC_a01"),
        ("JE/sa15.wav", ("savee-JE", "sad"), "JE_sa15"),
        ("KL_su03.wav", ("savee-KL", "surprised"), "KL_su03"),
        ("x/jk_N30.WAV", ("savee-JK", "neutral"), "JK_n30"),
    ],
)
def test_a_name_of_savee_needs_the_folder_of_the_speaker_or_is_flat(path, expected, name):
    labels = SAVEE.parse(Path(path))
    assert (labels.speaker, labels.emotion) == expected
    assert labels.gender == "male"
    assert SAVEE.name_of(Path(path)) == name


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("wav/03a01Fa.wav", ("emodb-03", "male", "happy", "Der Lappen liegt auf dem Eisschrank.")),
        (
            "16b10Wb.wav",
            (
                "emodb-16",
                "female",
                "angry",
                "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
            ),
        ),
        ("08a02Ab.flac", ("emodb-08", "female", "fearful", "Das will sie am Mittwoch abgeben.")),
        ("11A07TD.WAV", ("emodb-11", "male", "sad", "In sieben Stunden wird es soweit sein.")),
        ("13b03Ec.wav", ("emodb-13", "female", "disgust", None)),
        ("15a04Nc.wav", ("emodb-15", "male", "neutral", None)),
    ],
)
def test_a_name_of_emodb_says_who_says_what_how(path, expected):
    labels = EMODB.parse(Path(path))
    assert (labels.speaker, labels.gender, labels.emotion) == expected[:3]
    assert expected[3] in (None, labels.statement)


@pytest.mark.parametrize("path", ["EAF_back_angry.wav", "OAF_back_bored.wav", "OAF_angry.wav", "a01.wav", "DC/a16.wav", "DC/x01.wav", "DC_n31.wav",
                                  "DC_a00.wav", "01a01Fa.wav", "03a03Fa.wav", "03a01La.wav", "03a01Xa.wav", "holiday.wav"])  # fmt: skip
def test_what_is_no_clip_of_the_further_corpora_is_passed_over(path):
    assert [corpus.name for corpus in (TESS, SAVEE, EMODB) if corpus.parse(Path(path))] == []


@pytest.mark.parametrize(
    ("corpus", "n_speakers"),
    [(TESS, 2), (SAVEE, 4), (EMODB, 10)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_facts_of_the_further_entries_agree(corpus, n_speakers, tmp_path):
    assert list(corpus.genders) == sorted(corpus.genders)
    assert len(corpus.genders) == corpus.n_folds == n_speakers
    assert {corpus.fold_of(speaker) for speaker in corpus.genders} == set(range(1, n_speakers + 1))
    assert set(corpora.folds(corpus.genders, [corpus.name] * n_speakers)) == set(
        range(1, n_speakers + 1)
    )
    names = corpus.clip_names(tmp_path)
    assert len(names) in (0, corpus.n_utterances)
    assert all(
        corpus.name_of(Path(f"{name}.wav")) == name and corpus.parse(Path(f"{name}.wav"))
        for name in names
    )


def test_speakers_of_the_further_corpora_are_in_no_joint_run():
    assert corpora.joint_runs(["tess-OAF", "ravdess-01"], ["tess", "ravdess"]).tolist() == [0, 1]


def test_kaggles_doubled_folder_of_tess_counts_each_clip_once():
    once = ["TESS/OAF_angry/OAF_back_angry.wav", "TESS/YAF_sad/YAF_dog_sad.wav"]
    found = labelled([*once, *(f"TESS/TESS/{path}" for path in once)])
    assert (found.name, found.known, len(found.clips)) == ("tess", TESS, 2)
    assert len(by_kind(found)["copy"]) == 2


def test_in_savee_every_speaker_has_a_clip_of_the_same_name():
    found = labelled(
        [f"{speaker}/{name}.wav" for speaker in ("DC", "JE", "JK", "KL") for name in ("a01", "n01")]
    )
    assert len(found.clips) == 8
    assert len({labels.speaker for _, labels in found.clips}) == 4


def test_boredom_in_emodb_is_left_out_and_said():
    found = labelled(["wav/03a01Fa.wav", "wav/03a01La.wav", "wav/08b01Wa.wav"])
    assert (found.name, len(found.clips)) == ("emodb", 2)
    assert by_kind(found) == {"other_emotion": ("wav/03a01La.wav",)}


def test_a_clip_with_a_known_fault_is_left_out():
    found = labelled(["1076_MTI_SAD_XX.wav", "1006_TIE_SAD_XX.wav"])
    assert by_kind(found) == {"known_fault": ("1076_MTI_SAD_XX.wav",)}


# ------------------------------------------------------------------------------------------------------ a folder per emotion


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
    assert emotions(found) == {"Ann/Happy/a.wav": "happy", "Ann/sad/angry/b.wav": "angry", "PS/c.wav": "surprised",
                               "Pleasant_surprise/d.ogg": "surprised", "ANGER/e.MP3": "angry"}  # fmt: skip
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
        found.left_out[0].in_words()
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


@pytest.mark.parametrize(("files", "message"), [
    (["a.wav", "b.wav"], "Nothing says which emotion"),
    (["happy/a.wav", "b.wav", "c.wav"], "Nothing says which emotion"),
    (["notes.txt"], "no audio file"),
    ([], "no audio file"),
])  # fmt: skip
def test_a_folder_without_labels_is_refused_with_what_to_do(files, message):
    with pytest.raises(SerError, match=message) as caught:
        labelled(files)
    assert caught.value.code == ErrorCode.BAD_CORPUS
    assert caught.value.hint


# ---------------------------------------------------------------------------------------------------------------- a table


TABLE = "path,emotion,speaker,gender,intensity,statement\na.wav,Happy,Ann,F,strong,Hello\nsub/b.wav,sadness,Bob,male,,\n"


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
    assert not label_table(data)


def test_a_folder_called_like_a_known_corpus_does_not_pass_for_it():
    assert labelled(["happy/a.wav"], name="ravdess").name == "ravdess-own"


# ------------------------------------------------------------------------------------------------- measuring and training


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
    folder = fill(tmp_path / "mine", {"happy/a.wav": None, "happy/b.wav": same, "happy/c.wav": same, "sad/d.wav": None, "sad/bad.wav": b"RIFF",
                                      "sad/e.wav": both, "happy/f.wav": both})  # fmt: skip
    found = labelled_folder.measure_folder(folder, corpora.label_folder(folder))
    assert found.table["path"].tolist() == ["happy/a.wav", "happy/b.wav", "sad/d.wav"]
    assert list(found.table.columns[:9]) == list(corpora.TABLE_COLUMNS)
    assert len(found.table.columns) == 9 + 128
    assert (found.table["corpus"] == "mine").all()
    assert found.table["duration_s"].tolist() == [0.6] * 3
    assert by_kind(found) == {"unreadable": ("sad/bad.wav (NOT_AUDIO)",), "same_audio": ("happy/c.wav",),
                              "same_audio_two_emotions": ("happy/f.wav", "sad/e.wav")}  # fmt: skip


def test_a_folder_of_broken_clips_is_refused(tmp_path):
    folder = fill(tmp_path / "mine", {"happy/a.wav": b"RIFF"})
    with pytest.raises(SerError, match="No clip of 'mine' can be used"):
        labelled_folder.measure_folder(folder, corpora.label_folder(folder))


def measured(speakers, clips=6, emotions=("happy", "sad"), gender=""):
    """An own corpus whose clips were measured: two emotions that some features tell apart."""
    from tests.training.test_cross_validation import NAMES

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
        labelled_folder.Measured(row, 1.0, f"{number:064x}") for number, row in enumerate(values)
    ]
    return labelled_folder.assemble(corpora.Labelled("mine", "a test", tuple(about), ()), found)


def passed(folds, n):
    return folds


@pytest.mark.parametrize(
    ("speakers", "protocols", "n_speakers"),
    [([""], {"random_split"}, None), (["Ann"], {"random_split"}, 1), (["Ann", ""], {"random_split"}, None),
     (["Ann", "Bob"], {"unseen_speakers", "random_split"}, 2), (["A", "B", "C", "D"], {"unseen_speakers", "random_split"}, 4)],
)  # fmt: skip
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
    table, _ = labelled_folder.for_training(found)
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
    assert tables.why_not_unseen(table, "emotion") is None


def test_an_emotion_of_one_speaker_leaves_the_random_split_alone():
    found = measured(["Ann", "Bob"])
    table = found.table[~((found.table["speaker"] == "Bob") & (found.table["emotion"] == "sad"))]
    checked = tables.parse_table(labelled_folder.to_csv(table), "mine.csv")
    assert "Without the clips of Ann, too few that are sad are left" in tables.why_not_unseen(
        checked, "emotion"
    )
    assert cross_validation.protocols_of(checked, "emotion") == ("random_split",)


def test_emotions_with_too_few_clips_are_not_trained_on_and_told():
    found = measured([""])
    few = found.table.iloc[:3].assign(emotion="calm", path=["x.wav", "y.wav", "z.wav"])
    import pandas as pd

    table, gone = labelled_folder.for_training(
        dataclasses.replace(found, table=pd.concat([found.table, few], ignore_index=True))
    )
    assert set(table.rows["emotion"]) == {"happy", "sad"}
    assert gone[0].kind == "rare_emotion"
    assert gone[0].files == ("x.wav", "y.wav", "z.wav")
    with pytest.raises(
        SerError, match=r"at least two emotions with 5 clips each\. Got happy 4, sad 4"
    ):
        labelled_folder.for_training(measured([""], clips=4))


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
    both = labelled_folder.joined(rows, left_out)
    assert len(both) == 2 * len(rows)
    assert len(labelled_folder.joined(both, rows)) == len(both)
    assert labelled_folder.joined(None, rows) is rows


def test_a_speaker_may_be_called_na(tmp_path):
    table, _ = labelled_folder.for_training(measured(["NA", "None"]))
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
