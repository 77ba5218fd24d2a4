"""The melody of a clip, its contour over normalised time, and the averages of contours over speakers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ser_core import audio, exploration
from ser_core.corpora import CORPORA
from ser_core.exploration import contours
from ser_core.features import intonation, speech_frames
from ser_core.features.spectrogram import RANGE_DB, spectrogram
from tests.support.synthesis import RATE, tone, voice


@pytest.fixture(scope="module")
def table():
    return exploration.read_shipped_features()


@pytest.fixture(scope="module")
def speakers(table):
    return contours.speaker_contours(table, contours.read_contours(["ravdess"]), "semitones")


@pytest.mark.parametrize("glide", [-0.5, 0.0, 0.5])
def test_the_contour_follows_a_voice_that_glides(glide):
    """The voice is known at every moment: 150 Hz moving by half an octave."""
    recording = audio.from_samples(voice(150.0, 3.0, glide=glide), RATE)
    sung = intonation.track_melody(recording)
    assert np.abs(12 * np.log2(sung.f0_hz / (150 * 2 ** (glide * sung.seconds / 3)))).max() < 0.5
    found = intonation.normalise_contour(sung)
    times = np.linspace(sung.seconds[0], sung.seconds[-1], intonation.POINTS)
    assert np.abs(12 * np.log2(found / (150 * 2 ** (glide * times / 3)))).max() < 0.5


def test_what_is_voiced_is_what_the_features_go_by():
    recording = audio.from_samples(voice(150.0, 2.0), RATE)
    frames = speech_frames.analyse_frames(speech_frames.normalise_level(recording))
    sung = intonation.track_melody(recording)
    assert len(sung.seconds) == frames.voiced.sum()
    assert np.median(sung.f0_hz) == pytest.approx(np.median(frames.pitch.f0_hz[frames.voiced]))


def test_what_has_no_voice_has_no_contour(rng):
    noise = audio.from_samples(rng.normal(0, 0.1, RATE), RATE)
    assert intonation.normalise_contour(intonation.track_melody(noise)) is None


def test_a_long_recording_is_tracked_at_its_beginning_only():
    sung = intonation.track_melody(audio.from_samples(np.tile(voice(seconds=2.0), 20), RATE))
    assert sung.seconds[-1] < intonation.LONGEST_S


def test_stored_contours_come_back_in_hertz(tmp_path):
    made = pd.DataFrame(
        [["a.wav", *np.linspace(80, 501.23, len(contours.POINTS))]],
        columns=["path", *contours.POINTS],
    )
    contours.write_contours(made, tmp_path / "c.parquet")
    back = pd.read_parquet(tmp_path / "c.parquet")
    assert (back.dtypes[contours.POINTS] == np.int16).all()
    np.testing.assert_allclose(back[contours.POINTS] / 10, made[contours.POINTS], atol=0.051)


@pytest.mark.parametrize("corpus", CORPORA)
def test_nearly_every_clip_has_a_stored_contour_around_its_pitch(corpus):
    table = exploration.read_shipped_features(corpus)
    assert contours.contours_path(corpus).stat().st_size < 1e6
    both = table.merge(contours.read_contours([corpus]), on=["corpus", "path"])
    assert len(both) > 0.98 * len(table)
    apart = 12 * np.log2(both[contours.POINTS].median(axis=1) / both["f0_median"])
    assert apart.abs().median() < 1


def test_the_contour_of_a_speaker_is_the_mean_over_clips_against_their_own_median(table, speakers):
    clips = table.merge(contours.read_contours(["ravdess"]), on=["corpus", "path"])
    own = clips[clips["speaker"] == "ravdess-05"]
    semitones = 12 * np.log2(own[contours.POINTS].to_numpy())
    expected = (semitones[own["emotion"] == "angry"] - np.median(semitones)).mean(axis=0)
    found = speakers[(speakers["speaker"] == "ravdess-05") & (speakers["emotion"] == "angry")][
        contours.POINTS
    ]
    np.testing.assert_allclose(found.to_numpy()[0], expected)


def test_an_average_contour_has_its_interval_over_speakers(speakers):
    found = contours.average_contours(speakers, ["sad", "angry"], None, "semitones")
    angry = speakers.loc[speakers["emotion"] == "angry", "t10"]
    interval = stats.ttest_1samp(angry, 0).confidence_interval(0.95)
    row = found[found["emotion"] == "angry"].iloc[10]
    assert row[["mean", "low", "high"]].tolist() == pytest.approx(
        [angry.mean(), interval.low, interval.high]
    )
    assert row["speakers"] == 24
    assert row["time"] == pytest.approx(100 * 10 / 24)


def test_the_difference_of_two_contours_is_paired_over_speakers(speakers):
    found = contours.contour_difference(speakers, "angry", "sad", "gender")
    of = speakers.pivot(index=["gender", "speaker"], columns="emotion", values="t05")
    apart = (of["angry"] - of["sad"]).loc["female"]
    interval = stats.ttest_1samp(apart, 0).confidence_interval(0.95)
    row = found[found["group"] == "female"].iloc[5]
    assert row[["mean", "low", "high"]].tolist() == pytest.approx(
        [apart.mean(), interval.low, interval.high]
    )
    assert row["speakers"] == 12


def test_ones_own_contour_is_against_its_own_median(speakers):
    own = np.linspace(100, 200, 25)
    found = contours.average_contours(speakers, [], own, "semitones")
    np.testing.assert_allclose(found["mean"], 12 * np.log2(own / 150))
    np.testing.assert_allclose(contours.average_contours(speakers, [], own, "hz")["mean"], own)


def test_unknown_speakers_and_clips_without_a_contour_are_left_out(table):
    assert contours.speaker_contours(
        table.assign(speaker=""), contours.read_contours(["ravdess"]), "hz"
    ).empty
    assert contours.speaker_contours(table, contours.read_contours(["mine"]), "hz").empty
    assert contours.average_contours(
        contours.speaker_contours(table, contours.read_contours(["mine"]), "hz"),
        ["angry"],
        None,
        "hz",
    ).empty
    assert contours.clip_contour(contours.read_contours(["ravdess"]), "no such clip") is None


@pytest.mark.parametrize("mel", [False, True])
def test_a_tone_is_loudest_at_its_frequency(mel):
    found = spectrogram(audio.from_samples(tone(1000.0), RATE), mel=mel)
    middle = found.levels_db[:, found.levels_db.shape[1] // 2]
    assert found.frequencies_hz[middle.argmax()] == pytest.approx(1000, abs=35)
    assert found.levels_db.max() == pytest.approx(0, abs=1.0 if mel else 0.1)
    assert found.levels_db.min() >= -RANGE_DB
    assert found.seconds == 1.0


def test_the_spectrogram_of_a_long_recording_stays_small():
    found = spectrogram(audio.from_samples(np.tile(voice(seconds=2.0), 15), RATE))
    assert found.levels_db.shape[1] < 1000
