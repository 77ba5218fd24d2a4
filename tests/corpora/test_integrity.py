"""The integrity check finds what is missing or wrong in a folder."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import corpora
from ser_core.corpora import CORPORA, integrity
from tests.support.synthesis import RATE, voice, wav

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]


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
