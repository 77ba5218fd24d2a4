"""What `ser_core.audio.effects` promises of rooms, microphones and codecs."""

import numpy as np
import pytest
import scipy.signal

from ser_core.audio import effects

RATE = effects.SAMPLE_RATE


def tone(hertz, seconds=2.0, amplitude=0.1):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(
        np.float32
    )


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


def voice_like(rng, seconds=3.0):
    """Noise with syllables four times a second."""
    n = int(seconds * RATE)
    return (
        rng.standard_normal(n) * 0.1 * np.maximum(0.01, np.sin(2 * np.pi * 4 * np.arange(n) / RATE))
    ).astype(np.float32)


def test_a_gain_is_in_decibels_and_does_not_clip():
    assert level_db(effects.apply_gain(tone(440), 40)) == pytest.approx(
        level_db(tone(440)) + 40, abs=1e-3
    )


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 30.0])
def test_noise_is_as_far_below_the_speech_as_was_asked_for(rng, snr_db):
    clip, noise = (
        tone(440),
        effects.coloured_noise(RATE, rng),
    )  # the noise is shorter and is repeated
    added = effects.add_noise(clip, noise, snr_db) - clip
    assert level_db(clip) - level_db(added) == pytest.approx(snr_db, abs=0.05)


def test_babble_holds_every_voice_alike_however_loud_and_long_it_was():
    t = np.arange(16_000) / 16_000
    quiet, loud = (
        (np.sin(2 * np.pi * 500 * t) * 0.01).astype(np.float32),
        np.sin(2 * np.pi * 2000 * t[:8000]).astype(np.float32),
    )
    mixed = effects.babble(32_000, [quiet, loud], np.random.default_rng(0))
    assert mixed.shape == (32_000,)
    power = np.abs(np.fft.rfft(mixed)) ** 2
    assert power[2 * 2000] == pytest.approx(power[2 * 500], rel=0.05)


def test_pink_noise_falls_by_three_decibels_an_octave(rng):
    noise = effects.coloured_noise(60 * RATE, rng, -3.0)
    frequencies, power = scipy.signal.welch(noise, RATE, nperseg=4096)
    octave = [
        10 * np.log10(power[(frequencies > low) & (frequencies < 2 * low)].mean())
        for low in (250, 500, 1000, 2000)
    ]
    np.testing.assert_allclose(np.diff(octave), -3.0, atol=0.5)


def test_a_room_of_given_reverberation_time_decays_by_sixty_decibels_in_it(rng):
    click = np.zeros(2 * RATE, np.float32)
    click[0] = 1.0
    response = effects.add_reverberation(click, 0.6, rng)
    left = 10 * np.log10(
        np.cumsum(np.square(response[1:], dtype=np.float64)[::-1])[::-1] + 1e-15
    )  # Schroeder's decay curve
    a, b = np.argmax(left < left[0] - 5), np.argmax(left < left[0] - 35)
    assert 2 * (b - a) / RATE == pytest.approx(0.6, rel=0.15)


def test_the_direct_sound_is_as_far_above_the_room_as_was_asked_for(rng):
    click = np.zeros(RATE, np.float32)
    click[0] = 1.0
    response = effects.add_reverberation(click, 0.3, rng, direct_to_reverberant_db=6.0)
    assert 10 * np.log10(response[0] ** 2 / np.sum(np.square(response[1:]))) == pytest.approx(
        6.0, abs=0.1
    )


@pytest.mark.parametrize(("hertz", "expected"), [(100, -6.0), (1000, 0.0), (4000, 6.0)])
def test_a_frequency_response_is_followed(hertz, expected):
    filtered = effects.equalise(tone(hertz), [100, 1000, 4000], [-6, 0, 6])
    middle = slice(RATE // 2, -RATE // 2)
    assert level_db(filtered[middle]) - level_db(tone(hertz)[middle]) == pytest.approx(
        expected, abs=0.3
    )


@pytest.mark.parametrize(
    ("hertz", "least", "most"), [(100, -200, -20), (1000, -1, 1), (6000, -200, -20)]
)
def test_a_telephone_passes_300_to_3400_hertz(hertz, least, most):
    mixed = tone(1000) + tone(hertz)  # a line coded by mu-law needs something to code
    spectrum = np.abs(np.fft.rfft(effects.simulate_telephone(mixed)))
    before = np.abs(np.fft.rfft(mixed))
    at = hertz * 2
    assert least <= 20 * np.log10(spectrum[at] / before[at]) <= most


@pytest.mark.parametrize("gain_db", [-25.0, 0.0, 10.0])
def test_automatic_gain_brings_every_clip_to_its_target(rng, gain_db):
    clip = effects.apply_gain(voice_like(rng), gain_db)
    evened = effects.apply_automatic_gain(clip, target_dbfs=-20.0)
    assert level_db(evened) == pytest.approx(-20.0, abs=3.0)
    assert np.abs(evened).max() <= 1.0


def test_noise_suppression_lowers_the_noise_and_keeps_the_tone(rng):
    clip = np.concatenate([np.zeros(RATE, np.float32), tone(500, 2.0)])
    noisy = effects.add_noise(clip, effects.coloured_noise(len(clip), rng), 15.0)
    cleaned = effects.suppress_noise(noisy)
    assert level_db(cleaned[2000:14000]) < level_db(noisy[2000:14000]) - 4
    assert level_db(cleaned[RATE + 4000 : -4000]) == pytest.approx(
        level_db(clip[RATE + 4000 : -4000]), abs=1.0
    )


@pytest.mark.parametrize(
    ("codec", "bit_rate", "least"),
    [("opus", 64_000, 0.9), ("opus", 24_000, 0.85), ("mp3", 64_000, 0.98)],
)
def test_a_codec_keeps_the_clip_in_place(rng, codec, bit_rate, least):
    clip = scipy.signal.chirp(np.arange(2 * RATE) / RATE, 200, 2, 2000).astype(np.float32) * 0.1
    heard = effects.encode_and_decode(clip, codec, bit_rate)
    lags = scipy.signal.correlation_lags(len(heard), len(clip))
    correlation = scipy.signal.correlate(heard, clip)
    assert len(heard) == len(clip)
    assert abs(lags[correlation.argmax()]) <= 2
    assert np.corrcoef(heard[2000:-2000], clip[2000:-2000])[0, 1] > least


def test_an_unknown_codec_is_refused():
    with pytest.raises(ValueError, match=r"opus, mp3\. Got 'speex'"):
        effects.encode_and_decode(tone(440), "speex", 16_000)


def test_speed_moves_pitch_and_length_together():
    fast = effects.change_speed(tone(400), 1.1)
    assert len(fast) == pytest.approx(2 * RATE / 1.1, abs=2)
    assert np.abs(np.fft.rfft(fast, 2 * RATE)).argmax() / 2 == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: effects.apply_gain(x, 3),
        effects.simulate_telephone,
        effects.suppress_noise,
        effects.apply_automatic_gain,
    ],
)
def test_length_and_type_are_kept(rng, function):
    clip = voice_like(rng, 1.2345)
    changed = function(clip)
    assert (changed.dtype, changed.shape) == (clip.dtype, clip.shape)
    assert np.isfinite(changed).all()
