"""The log-mel spectrogram that the network reads."""

import librosa
import numpy as np
import pytest

from ser_core import audio
from ser_core.features import Inputs, logmel
from tests.support.synthesis import RATE, voice


def test_it_is_librosas_mel_spectrogram_in_decibels():
    samples = voice(seconds=2.0).astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=RATE,
        n_fft=512,
        hop_length=160,
        n_mels=64,
        fmin=50,
        fmax=7600,
        center=False,
        window="hann",
    )
    expected = 10 * np.log10(power.T + 1e-14)
    ours = logmel.log_mel(samples)
    start = next(
        start for start in range(len(expected)) if np.allclose(expected[start], ours[0], atol=0.01)
    )
    np.testing.assert_allclose(ours, expected[start : start + len(ours)], atol=0.01)


@pytest.mark.parametrize("gain_db", [-30.0, 10.0])
def test_a_gain_adds_one_number_and_nothing_else_down_to_60_db_below_the_loudest(gain_db):
    samples = voice(seconds=2.0).astype(np.float32)
    before = logmel.log_mel(samples)
    after = logmel.log_mel(samples * np.float32(10 ** (gain_db / 20)))
    floor = before.max() - 60  # far below what the network looks at
    np.testing.assert_allclose(
        np.maximum(after, floor + gain_db), np.maximum(before, floor) + gain_db, atol=0.01
    )


def test_silence_around_the_speech_is_cut_off_but_for_a_tenth_of_a_second():
    samples = voice(seconds=2.0).astype(np.float32)
    silence = np.random.default_rng(0).normal(0, 1e-5, 2 * RATE).astype(np.float32)
    n_speech = len(logmel.log_mel(samples))
    n_padded = len(logmel.log_mel(np.concatenate([silence, samples, silence])))
    n_overlapping = 4  # frames that overlap the edge belong to the speech
    assert n_speech <= n_padded <= n_speech + 2 * (10 + n_overlapping)


@pytest.mark.parametrize(
    "samples", [np.eye(1, RATE // 2)[0], np.random.default_rng(0).normal(0, 0.1, RATE // 2)]
)
def test_the_shortest_clip_and_a_click_have_enough_frames(samples):
    frames = logmel.log_mel(samples.astype(np.float32))
    assert len(frames) >= 40
    assert np.isfinite(frames).all()


def test_inputs_compute_each_thing_once(monkeypatch):
    inputs = Inputs(audio.from_samples(voice(), RATE))
    assert inputs.vector("acoustic128_v1") is inputs.vector("acoustic128_v1")
    assert inputs.log_mel is inputs.log_mel
