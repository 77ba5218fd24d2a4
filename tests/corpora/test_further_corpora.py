"""The corpora that are only recognised: file names, facts, and what labelling gives for them."""

from pathlib import Path

import pytest

from ser_core import corpora
from ser_core.corpora import RECOGNISED

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


@pytest.mark.parametrize(
    "path",
    [
        "EAF_back_angry.wav",
        "OAF_back_bored.wav",
        "OAF_angry.wav",
        "a01.wav",
        "DC/a16.wav",
        "DC/x01.wav",
        "DC_n31.wav",
        "DC_a00.wav",
        "01a01Fa.wav",
        "03a03Fa.wav",
        "03a01La.wav",
        "03a01Xa.wav",
        "holiday.wav",
    ],
)
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
    assert set(corpora.assign_folds(corpus.genders, [corpus.name] * n_speakers)) == set(
        range(1, n_speakers + 1)
    )
    names = corpus.clip_names(corpus.read_statements(tmp_path))
    assert len(names) in (0, corpus.n_utterances)
    assert all(
        corpus.name_of(Path(f"{name}.wav")) == name and corpus.parse(Path(f"{name}.wav"))
        for name in names
    )


def test_speakers_of_the_further_corpora_are_in_no_joint_run():
    assert corpora.assign_joint_runs(["tess-OAF", "ravdess-01"], ["tess", "ravdess"]).tolist() == [
        0,
        1,
    ]


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
