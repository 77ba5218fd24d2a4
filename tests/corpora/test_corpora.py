import csv
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from ser_core import corpora
from ser_core.corpora import CORPORA, crema_d, integrity
from ser_core.emotions import EMOTIONS
from ser_core.errors import SerError
from ser_core.evaluation import listeners
from tests.conftest import corpus_folder
from tests.support.synthesis import RATE, voice, wav

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]
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
    names = corpus.clip_names(tmp_path)
    if corpus is not NEMO:  # whose names only its data.tsv lists
        assert len(names) == corpus.n_utterances
        labels = [corpus.parse(Path(f"{name}.wav")) for name in names]
        assert {label.speaker for label in labels} == set(corpus.genders)
        assert {label.emotion for label in labels} == set(corpus.emotions)
        assert set(corpus.known_faults) <= names


def test_the_original_archive_and_a_flat_folder_give_the_same_rows(tmp_path):
    names = ["03-01-05-01-01-01-01.wav", "03-01-03-02-01-01-02.wav"]
    flat = corpora.utterances(fill(tmp_path / "flat", names))
    nested = corpora.utterances(
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
    assert corpora.folds(speakers, ["ravdess"] * 24).tolist() == [
        fold for fold in range(1, 7) for _ in range(4)
    ]


def test_speakers_of_an_unknown_corpus_are_dealt_into_folds_and_never_split():
    speakers = np.array(["ann", "bob", "cid", "bob", "ann", "dee"])
    folds = corpora.folds(speakers, ["mine"] * 6)
    assert len(set(folds)) == 4
    for speaker in set(speakers):
        assert len(set(folds[speakers == speaker])) == 1


def test_a_persons_own_table_that_calls_itself_ravdess_still_gets_folds():
    assert sorted(corpora.folds(["x", "y"], ["ravdess", "ravdess"])) == [1, 2]


@pytest.mark.parametrize(
    "names",
    [["ravdess-01", "ravdess-02", "ravdess-05"], ["ravdess-s0", "ravdess-s1", "ravdess-99"]],
)
def test_a_part_of_a_corpus_is_dealt_into_folds_of_its_own(names):
    assert sorted(corpora.folds(names, ["ravdess"] * 3)) == [1, 2, 3]


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
    assert corpora.utterances(tmp_path)["path"].tolist() == ["1006_TIE_SAD_XX.wav"]
    assert len(corpora.labelled_clips(tmp_path, CREMA_D)) == 4
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
    assert corpora.utterances(tmp_path)["path"].tolist() == [
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "AudioMP3/1001_DFA_SAD_XX.mp3",
    ]


def test_the_sentences_of_nemo_come_from_its_list_where_that_is_there(tmp_path):
    fill(tmp_path, ["samples/EB0_anger_1.wav", "samples/EB0_anger_2.wav"])
    assert corpora.utterances(tmp_path)["statement"].tolist() == ["", ""]
    (tmp_path / "data.tsv").write_text(
        'file_id\temotion\traw_text\nEB0_anger_1.wav\tanger\tMiś je "miód". \n', encoding="utf-8"
    )
    assert corpora.utterances(tmp_path)["statement"].tolist() == ['Miś je "miód".', ""]
    (tmp_path / "data.tsv").write_text("something\nelse\n", encoding="utf-8")
    with pytest.raises(SerError, match="not that of nEMO") as caught:
        corpora.utterances(tmp_path)
    assert caught.value.code == "BAD_CORPUS"


def test_each_corpus_is_told_by_its_names(tmp_path):
    for corpus, name in (
        (RAVDESS, "03-01-05-01-01-01-01.wav"),
        (CREMA_D, "1001_DFA_ANG_XX.wav"),
        (NEMO, "EB0_anger_1.wav"),
    ):
        assert corpora.identify(fill(tmp_path / corpus.name, [name])) is corpus


def test_crema_d_folds_are_every_fifth_actor_and_nemo_folds_one_speaker_each():
    actors = [f"crema-d-{actor}" for actor in range(1001, 1092)]
    assert corpora.folds(actors, ["crema-d"] * 91).tolist() == [
        (actor - 1001) % 5 + 1 for actor in range(1001, 1092)
    ]
    assert corpora.folds(NEMO.genders, ["nemo"] * 9).tolist() == list(range(1, 10))


def everyone() -> tuple[list[str], list[str]]:
    """Every speaker of every corpus, and one of a corpus that nobody knows."""
    pairs = [
        (speaker, corpus.name) for corpus in CORPORA.values() for speaker in corpus.genders
    ] + [("ann", "mine")]
    return [speaker for speaker, _ in pairs], [corpus for _, corpus in pairs]


def test_over_all_joint_runs_every_speaker_is_scored_once_and_never_trained_on_then():
    speakers, names = everyone()
    scored = np.array(
        [corpora.scored(run, speakers, names) for run in range(1, corpora.N_JOINT_RUNS + 1)]
    )
    held = np.array(
        [corpora.held_out(run, speakers, names) for run in range(1, corpora.N_JOINT_RUNS + 1)]
    )
    assert scored.sum(axis=0).tolist() == [1] * (len(speakers) - 1) + [0]
    assert (held >= scored).all()
    assert (scored.argmax(axis=0)[:-1] + 1).tolist() == corpora.joint_runs(speakers, names)[
        :-1
    ].tolist()
    assert corpora.joint_runs(speakers, names)[-1] == 0


@pytest.mark.parametrize("run", range(1, 7))
def test_a_joint_run_holds_out_what_the_protocol_says(run):
    speakers, names = (np.array(column) for column in everyone())
    held, scored = corpora.held_out(run, speakers, names), corpora.scored(run, speakers, names)
    assert set(speakers[held & (names == "ravdess")]) == {
        f"ravdess-{actor:02d}" for actor in range(4 * run - 3, 4 * run + 1)
    }
    actors = {
        f"crema-d-{actor}" for actor in range(1001, 1092) if (actor - 1001) % 5 == (run - 1) % 5
    }
    assert set(speakers[held & (names == "crema-d")]) == actors
    assert set(speakers[scored & (names == "crema-d")]) == (actors if run < 6 else set())
    nemo = sorted(NEMO.genders)
    assert set(speakers[held & (names == "nemo")]) == {nemo[k] for k in (run - 1, run + 5) if k < 9}
    for corpus in ("ravdess", "nemo"):
        assert (held == scored)[names == corpus].all()


def test_a_joint_run_knows_every_speaker_of_a_known_corpus():
    with pytest.raises(ValueError, match=r"one of RAVDESS\. Got 'ravdess-25'"):
        corpora.held_out(1, ["ravdess-25"], ["ravdess"])
    with pytest.raises(ValueError, match="must be 1 to 6"):
        corpora.scored(7, [], [])
    assert corpora.held_out(1, [], []).shape == (0,)


def small(**changes) -> corpora.Corpus:
    """CREMA-D as if it had been a few short clips."""
    facts = {
        "n_utterances": 3,
        "known_faults": {},
        "seconds": (0.6, 1.0),
        "clip_names": lambda _: frozenset(),
    } | changes
    return dataclasses.replace(CREMA_D, **facts)


def speak(folder: Path, name: str, seed: int, **options) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav(voice(seconds=0.6, seed=seed), **options))


@pytest.fixture
def three(tmp_path):
    """Three good clips."""
    for seed, emotion in enumerate(("ANG", "HAP", "SAD")):
        speak(tmp_path, f"1001_DFA_{emotion}_XX.wav", seed)
    return tmp_path


def kinds(findings) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(finding.kind, finding.clips, finding.known) for finding in findings]


def test_a_complete_folder_is_ok(three):
    names = frozenset(f"1001_DFA_{emotion}_XX" for emotion in ("ANG", "HAP", "SAD"))
    report = integrity.verify(three, small(clip_names=lambda _: names))
    assert report.ok
    assert (report.n_present, report.missing, report.faults, report.notes) == (3, (), (), ())
    assert integrity.verify(three, small(clip_names=lambda _: names), jobs=2) == report
    assert report.to_dict()["ok"] is True


def test_a_missing_clip_is_named_where_the_names_are_known(three):
    names = frozenset({"1001_DFA_ANG_XX", "1001_DFA_HAP_XX", "1001_DFA_SAD_XX", "1001_DFA_NEU_XX"})
    report = integrity.verify(three, small(n_utterances=4, clip_names=lambda _: names))
    assert (report.ok, report.missing) == (False, ("1001_DFA_NEU_XX",))
    report = integrity.verify(three, small(n_utterances=4))
    assert (report.ok, report.missing, [note.kind for note in report.notes]) == (
        False,
        (),
        ["names_unknown"],
    )
    known = small(
        n_utterances=4, clip_names=lambda _: names, known_faults={"1001_DFA_NEU_XX": "silent"}
    )
    report = integrity.verify(three, known)
    assert (report.ok, report.known_left_out) == (True, ("1001_DFA_NEU_XX",))


def damage_silent(folder):
    (folder / "1001_DFA_ANG_XX.wav").write_bytes(wav(0.0005 * voice(seconds=0.6)))


def damage_digitally_silent(folder):
    (folder / "1001_DFA_ANG_XX.wav").write_bytes(wav(np.zeros(RATE, np.float32)))


def damage_not_audio(folder):
    (folder / "1001_DFA_ANG_XX.wav").write_bytes(b"not audio at all")


def damage_pointer(folder):
    (folder / "1001_DFA_ANG_XX.wav").write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    )


def damage_cut(folder):
    path = folder / "1001_DFA_ANG_XX.wav"
    path.write_bytes(path.read_bytes()[:-200])


def damage_long(folder):
    (folder / "1001_DFA_ANG_XX.wav").write_bytes(wav(voice(seconds=1.5)))


def damage_rate(folder):
    speak(folder, "1001_DFA_ANG_XX.wav", 0, rate=8_000)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (damage_silent, "silent"),
        (damage_digitally_silent, "silent"),
        (damage_not_audio, "unreadable"),
        (damage_pointer, "unreadable"),
        (damage_cut, "cut_short"),
        (damage_long, "odd_duration"),
    ],
)
def test_a_damaged_clip_is_found(three, damage, kind):
    damage(three)
    report = integrity.verify(three, small())
    assert not report.ok
    assert kinds(report.faults) == [(kind, ("1001_DFA_ANG_XX",), False)]


def test_a_rate_that_lacks_half_the_voice_is_found(three):
    damage_rate(three)
    report = integrity.verify(three, small(seconds=(0.6, 1.2)))
    assert kinds(report.faults) == [("low_rate", ("1001_DFA_ANG_XX",), False)]
    assert "8,000 Hz (1)" in next(
        note.what for note in report.notes if note.kind == "several_rates"
    )


def test_a_pointer_of_git_lfs_is_called_that(three):
    damage_pointer(three)
    assert "git lfs pull" in integrity.verify(three, small()).faults[0].what


def test_the_same_audio_under_two_labels_is_found_in_any_lossless_container(three):
    samples = (voice(seconds=0.6, seed=9) * 32_767).astype(np.int16)
    soundfile.write(
        three / "1001_DFA_ANG_XX.wav",
        np.concatenate([samples, np.zeros(800, np.int16)]),
        RATE,
        subtype="PCM_24",
    )
    (three / "1001_DFA_HAP_XX.wav").unlink()
    soundfile.write(three / "1001_DFA_HAP_XX.flac", samples, RATE, subtype="PCM_16")
    pair = ("1001_DFA_ANG_XX", "1001_DFA_HAP_XX")
    report = integrity.verify(three, small())
    assert (kinds(report.faults), report.ok) == ([("same_audio_two_labels", pair, False)], False)
    report = integrity.verify(three, small(known_faults=dict.fromkeys(pair, "the same audio")))
    assert (kinds(report.faults), report.ok) == ([("same_audio_two_labels", pair, True)], True)


def test_a_known_fault_of_one_kind_excuses_no_other_and_one_that_is_gone_is_told(three):
    damage_not_audio(three)
    report = integrity.verify(
        three, small(known_faults={"1001_DFA_ANG_XX": "silent", "1001_DFA_SAD_XX": "silent"})
    )
    assert not report.ok
    assert report.known_not_found == ("1001_DFA_ANG_XX", "1001_DFA_SAD_XX")


def test_the_same_audio_under_the_same_labels_is_a_note(tmp_path):
    for repetition in ("01", "02"):
        speak(tmp_path, f"03-01-03-01-02-{repetition}-07.wav", 0)
    report = integrity.verify(tmp_path)
    assert report.corpus == "ravdess"
    assert "same_audio_same_label" in [note.kind for note in report.notes]
    assert {fault.kind for fault in report.faults} == {"odd_duration"}
    assert len(report.missing) == 1438


def test_names_that_are_no_clip_copies_and_other_files_are_told(three):
    speak(three, "copy/1001_DFA_SAD_XX.wav", 5)
    speak(three, "1001_DFA_SAD_HI.wav", 6)
    speak(three, "holiday.wav", 7)
    names = frozenset({"1001_DFA_ANG_XX", "1001_DFA_HAP_XX", "1001_DFA_SAD_XX"})
    report = integrity.verify(three, small(clip_names=lambda _: names))
    assert kinds(report.faults) == [("unexpected_name", ("1001_DFA_SAD_HI",), False)]
    assert [note.kind for note in report.notes] == ["other_files", "copies"]
    assert report.notes[0].clips == ("holiday.wav",)


def test_listeners_of_the_voice_alone_were_right_on_two_clips_of_five():
    votes = listeners.listener_votes()
    assert list(votes.columns) == ["path", "angry", "disgust", "fearful", "happy", "neutral", "sad"]
    assert set(votes["path"]) == CREMA_D.clip_names(Path())
    scores = listeners.listener_scores(votes)
    assert (scores.n_utterances, scores.n_votes) == (7442, 68568)
    assert scores.majority == pytest.approx(0.416, abs=0.0005)
    assert scores.single_rating == pytest.approx(0.400, abs=0.0005)


def test_a_tie_is_no_majority():
    columns = {
        "path": ["1001_DFA_ANG_XX", "1001_DFA_SAD_XX", "1002_DFA_SAD_XX"],
        "angry": [5, 2, 1],
    }
    columns |= {
        "disgust": [0, 0, 0],
        "fearful": [1, 0, 0],
        "happy": [0, 0, 0],
        "neutral": [0, 0, 9],
        "sad": [0, 2, 0],
    }
    scores = listeners.listener_scores(pd.DataFrame(columns))
    assert scores == listeners.ListenerScores(
        n_utterances=3,
        n_votes=20,
        single_rating=7 / 20,
        single_rating_uar=pytest.approx((5 / 6 + 2 / 14) / 2),
        majority=1 / 3,
        majority_uar=0.5,
        majority_ties_shared=0.5,
    )
    with pytest.raises(ValueError, match="Got 'holiday'"):
        listeners.listener_scores(
            pd.DataFrame(columns | {"path": ["1001_DFA_ANG_XX", "holiday", "1002_DFA_SAD_XX"]})
        )


def test_only_the_votes_on_the_voice_alone_are_taken(tmp_path):
    with pytest.raises(SerError, match="There is no file") as caught:
        crema_d.votes_of(tmp_path)
    assert caught.value.code == "NOT_FOUND"
    (tmp_path / "processedResults").mkdir()
    file = tmp_path / "processedResults" / "tabulatedVotes.csv"
    rows = [
        "100002,1,2,3,4,5,6,1040_ITH_SAD_XX",
        "100001,6,5,4,3,2,1,1001_DFA_ANG_XX",
        "200001,9,9,9,9,9,9,1001_DFA_ANG_XX",
    ]
    file.write_text("\n".join(['"",A,D,F,H,N,S,fileName', *rows]))
    votes = crema_d.votes_of(tmp_path)
    assert votes.to_numpy().tolist() == [
        ["1001_DFA_ANG_XX", 6, 5, 4, 3, 2, 1],
        ["1040_ITH_SAD_X", 1, 2, 3, 4, 5, 6],
    ]
    file.write_text("a,b\n1,2\n")
    with pytest.raises(SerError, match="holds no votes"):
        crema_d.votes_of(tmp_path)


def folder_of(name: str) -> Path:
    folder = corpus_folder(name)
    if folder is None:
        pytest.skip(f"SER_CORPORA holds no {name}/")
    return folder


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


@pytest.mark.corpus
def test_all_of_crema_d_is_found():
    folder = folder_of("crema-d")
    assert corpora.identify(folder) is CREMA_D
    assert set(corpora.labelled_clips(folder, CREMA_D)) == CREMA_D.clip_names(folder)
    table = corpora.utterances(folder)
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
        crema_d.votes_of(folder_of("crema-d")), listeners.listener_votes(), check_dtype=False
    )


@pytest.mark.corpus
def test_all_of_nemo_is_found_as_its_list_says():
    folder = folder_of("nemo")
    table = corpora.utterances(folder)
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
@pytest.mark.slow
@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
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
    assert notes == (
        {("same_audio_same_label", ("03-01-03-01-02-01-07", "03-01-03-01-02-02-07"))}
        if corpus is RAVDESS
        else set()
    )
