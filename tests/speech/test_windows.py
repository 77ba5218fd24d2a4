"""Long recordings: every word is in a window, pauses are in none, neighbours smooth each other."""

import numpy as np
import pytest

from ser_core import audio
from ser_core.speech import gate, windows
from tests.support.synthesis import RATE


def recording(seconds):
    return audio.from_samples(
        np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE)).astype(np.float32), RATE
    )


def speech(*spans, seconds):
    """Speech in the spans (seconds) and nowhere else."""
    frames = np.zeros(int(seconds / gate.FRAME_SECONDS), np.float32)
    for start, end in spans:
        frames[int(start / gate.FRAME_SECONDS) : int(end / gate.FRAME_SECONDS)] = 1
    return frames


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0])
def test_a_short_recording_is_analysed_whole(seconds):
    (stretch,) = windows.choose_stretches(recording(seconds), speech(seconds=seconds))
    assert (stretch.start_s, stretch.end_s) == (0.0, seconds)


def test_windows_overlap_and_the_last_ends_with_the_recording():
    stretches = windows.choose_stretches(recording(9.0), speech((0, 9), seconds=9))
    assert [(stretch.start_s, stretch.end_s) for stretch in stretches] == [
        (0, 4),
        (2, 6),
        (4, 8),
        (5, 9),
    ]


def test_windows_without_speech_are_left_out():
    stretches = windows.choose_stretches(recording(30.0), speech((0, 5), (25, 30), seconds=30))
    assert [stretch.start_s for stretch in stretches] == [0, 2, 4, 22, 24, 26]


def test_where_nobody_speaks_some_of_it_is_analysed_so_that_there_are_probabilities():
    assert len(windows.choose_stretches(recording(12.0), speech(seconds=12))) == 5
    hours = [
        stretch.start_s
        for stretch in windows.choose_stretches(recording(600.0), speech(seconds=600))
    ]
    assert len(hours) <= 16
    assert hours[0] == 0
    assert hours[-1] > 500


def test_windows_without_any_sound_are_left_out_even_where_nobody_speaks():
    """A click in ten seconds of digital silence ended in an IndexError: of nothing there are no features."""
    samples = np.zeros(10 * RATE, np.float32)
    samples[5 * RATE] = 0.5
    click = audio.from_samples(samples, RATE)
    assert [stretch.start_s for stretch in windows.choose_stretches(click, speech(seconds=10))] == [
        2,
        4,
    ]
    drift = audio.from_samples(np.linspace(-2e-4, 2e-4, 600 * RATE, dtype=np.float32), RATE)
    assert len(windows.choose_stretches(drift, speech(seconds=600))) >= 1


def test_gaps_are_pauses_of_a_second_or_more():
    assert windows.find_gaps(speech((1.6, 4.0), (4.48, 6.4), seconds=9.6)) == [
        (0.0, 1.6),
        (6.4, 9.6),
    ]


def test_a_stretch_is_smoothed_with_its_neighbours_but_not_across_a_gap():
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    smooth = windows.smooth(probabilities, [0, 2, 4, 20])
    np.testing.assert_allclose(smooth, [[2 / 3, 1 / 3], [0.25, 0.75], [0, 1], [1, 0]])
