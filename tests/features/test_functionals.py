import librosa
import numpy as np
import pytest

from ser_core import audio, features
from ser_core.features import FEATURE_SETS, contour_catalogue, functionals, statistics
from tests.support.synthesis import RATE, tone, voice

NAMES = tuple(spec.name for spec in functionals.SPECS)
POSITION_OF = {spec.name: number for number, spec in enumerate(functionals.SPECS)}


def whisper(seconds: float = 2.0, seed: int = 0) -> np.ndarray:
    """The synthetic voice's syllables and colour, filled with noise."""
    noise = np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    coloured = np.convolve(noise, [1.0, 0.6, 0.2], mode="same")
    syllables = np.sqrt(np.clip(np.sin(4 * np.pi * np.arange(len(noise)) / RATE), 0, 1))
    return (0.1 * coloured * (syllables + 0.001)).astype(np.float32)


CLIPS = {
    "voice": voice(),
    "high voice": voice(260.0, 2.0, seed=3, glide=0.5),
    "half a second": voice(seconds=0.5),
    "low tone": tone(80),
    "tone": tone(440),
    "tone in 0.5 s": tone(220, 0.5),
    "whisper": whisper(),
    "noise": 0.1 * np.random.default_rng(1).standard_normal(2 * RATE).astype(np.float32),
    "silent tail": np.concatenate([voice(seconds=1.0), np.zeros(2 * RATE, np.float32)]),
    "silent ends": np.concatenate(
        [np.zeros(RATE, np.float32), voice(seconds=0.5), np.zeros(RATE, np.float32)]
    ),
    "one click": (np.eye(1, RATE)[0] * 0.5).astype(np.float32),
}


def values(samples: np.ndarray) -> np.ndarray:
    return features.extract(audio.from_samples(samples, RATE), "functionals_v1").values


def value(name: str, samples: np.ndarray) -> float:
    return float(values(samples)[POSITION_OF[name]])


def filtered(samples: np.ndarray) -> np.ndarray:
    """The samples through a fixed filter, another microphone: it moves lows against highs by 9 dB."""
    spectrum = np.fft.rfft(samples)
    kilohertz = np.linspace(0, RATE / 2000, len(spectrum))
    gain_db = -0.9 * kilohertz + 1.8 * np.sin(kilohertz)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(samples)).astype(np.float32)


# -------------------------------------------------------------------------------------- catalogue


def test_every_feature_has_a_name_title_unit_group_and_sentence_of_its_own():
    specs = FEATURE_SETS["functionals_v1"].specs
    assert 500 <= len(specs) <= 900
    assert (
        len(specs)
        == len(set(NAMES))
        == len({spec.title for spec in specs})
        == len({spec.sentence for spec in specs})
    )
    assert {spec.group for spec in specs} == {
        "Mel spectrum",
        "Timbre (MFCC)",
        "Spectral shape",
        "Voice quality",
        "Pitch",
        "Energy",
        "Rhythm",
    }
    for spec in specs:
        assert spec.unit, spec.name
        assert spec.name.isidentifier(), spec.name
        assert spec.sentence.endswith("."), spec.name
        assert len(spec.sentence) > 15, spec.name


def test_no_name_is_also_one_of_another_feature_set():
    """A table is recognised by its columns."""
    others = {
        name
        for feature_set in FEATURE_SETS.values()
        if feature_set.name != "functionals_v1"
        for name in feature_set.names
    }
    assert not others & set(NAMES)


# ---------------------------------------------------------------------------- any clip, any level


@pytest.mark.parametrize("samples", CLIPS.values(), ids=CLIPS)
def test_every_usable_clip_has_finite_features(samples):
    assert values(samples).shape == (len(NAMES),)
    assert np.isfinite(values(samples)).all()


@pytest.mark.parametrize("gain_db", [-30, -12, 10])
@pytest.mark.parametrize("name", CLIPS)
def test_loudness_moves_nothing(name, gain_db):
    """The gain rounds the float32 samples; the effect is far below any feature's spread."""
    # In a steady tone the rounding decides what counts as a syllable, and where pitch and level rise.
    movements = ("peak", "ris", "fall", "steepest")
    chance = (
        "syllables",
        *(f"{cue}_{movement}" for cue in ("power", "pitch") for movement in movements),
    )
    judged = np.array(["tone" not in name or not feature.startswith(chance) for feature in NAMES])
    before, after = values(CLIPS[name]), values(CLIPS[name] * 10 ** (gain_db / 20))
    np.testing.assert_allclose(after[judged], before[judged], atol=2e-3, rtol=1e-3)


def test_a_gain_without_rounding_moves_nothing_at_all():
    np.testing.assert_allclose(values(CLIPS["voice"] / 8), values(CLIPS["voice"]), atol=1e-9)


# ----------------------------------------------------------------------------------- a microphone


def test_a_microphone_moves_the_averages_of_the_spectrum_and_hardly_anything_else():
    spread = values_of_many_voices().std(axis=0) + 1e-3
    moved = np.abs(values(filtered(CLIPS["voice"])) - values(CLIPS["voice"])) / spread
    averages = np.array([name in functionals.CHANNEL_DEPENDENT for name in NAMES])
    assert np.median(moved[averages]) > 4 * np.median(moved[~averages])


def values_of_many_voices() -> np.ndarray:
    return np.array(
        [values(voice(90.0 + 25 * n, 1.5, seed=n, glide=(n % 5 - 2) / 4)) for n in range(10)]
    )


@pytest.mark.parametrize("name", ["pitch_median", "pitch_std", "pitch_trend"])
def test_a_microphone_does_not_move_the_pitch(name):
    samples = voice(glide=0.5)
    assert value(name, filtered(samples)) == pytest.approx(value(name, samples), abs=0.15)


# ------------------------------------------------------------------------------ what they measure


@pytest.mark.parametrize("hertz", [80, 110, 220, 440])
def test_a_tone_is_at_its_pitch_and_stays_there(hertz):
    samples = tone(hertz)
    assert value("pitch_median", samples) == pytest.approx(12 * np.log2(hertz / 55), abs=0.1)
    for name in (
        "pitch_std",
        "pitch_trend",
        "pitch_arch",
        "pitch_speed",
        "pitch_run_range",
        "pitch_flutter",
    ):
        assert abs(value(name, samples)) < 0.5, name
    assert value("voice_share", samples) == pytest.approx(1.0, abs=0.05)


def test_an_octave_up_moves_the_pitch_by_twelve_semitones():
    assert value("pitch_median", voice(220.0)) - value(
        "pitch_median", voice(110.0)
    ) == pytest.approx(12.0, abs=0.2)


def test_a_glide_has_the_trend_range_and_place_that_it_was_made_with():
    rising, falling = voice(glide=1.0), voice(240.0, glide=-1.0)
    assert value("pitch_trend", rising) == pytest.approx(12.0, rel=0.1)
    assert value("pitch_trend", falling) == pytest.approx(-12.0, rel=0.1)
    middle_90_percent = value("pitch_q95", rising) - value("pitch_q05", rising)
    assert middle_90_percent == pytest.approx(0.9 * 11, rel=0.15)  # the last pause takes an eighth
    assert value("pitch_peak_place", rising) > 0.85
    assert value("pitch_peak_place", falling) < 0.15
    assert value("pitch_rising_share", rising) > 0.8
    assert value("pitch_run_slope", rising) == pytest.approx(4.0, rel=0.25)  # semitones a second


def test_a_voice_that_gets_louder_has_a_trend_of_power():
    louder = voice() * np.linspace(0.25, 1.0, 3 * RATE, dtype=np.float32)
    assert value("power_trend", louder) - value("power_trend", voice()) == pytest.approx(11, abs=4)
    assert value("power_peaks_trend", louder) > 6 > abs(value("power_peaks_trend", voice()))


def test_syllables_pauses_and_swings_are_those_of_the_clip():
    samples = voice(seconds=4.0)  # two syllables a second, a pause of a quarter second after each
    assert value("syllables_gap_mean", samples) == pytest.approx(0.5, abs=0.03)
    assert value("syllables_gap_std", samples) < 0.03
    assert value("silence_run_mean", samples) == pytest.approx(0.2, abs=0.06)
    # 2 Hz is the edge between these two.
    near_two_hertz = value("swing_all_0p5_2", samples) + value("swing_all_2_4", samples)
    assert near_two_hertz > 0.6


def test_noise_has_no_voice_and_a_flat_spectrum():
    assert value("voice_share", CLIPS["noise"]) < 0.1
    assert value("noisiness_mean", CLIPS["noise"]) > -4 > -30 > value("noisiness_mean", tone(440))
    assert (
        value("tone_over_noise_mean", CLIPS["voice"])
        > value("tone_over_noise_mean", CLIPS["whisper"]) + 5
    )


def test_the_harmonics_of_a_made_sound_are_found():
    time = np.arange(RATE) / RATE
    for second in (0.1, 0.5, 1.0):
        samples = 0.3 * (
            np.sin(2 * np.pi * 200 * time) + second * np.sin(2 * np.pi * 400 * time)
        ).astype(np.float32)
        assert value("h1_h2_mean", samples) == pytest.approx(-20 * np.log10(second), abs=1.0)


def test_alpha_ratio_and_slope_follow_the_tilt_of_a_noise():
    flat = CLIPS["noise"]
    dull = np.convolve(flat, [0.5, 0.5], mode="same").astype(np.float32)
    wider = 4000 / 950  # 1-5 kHz than 50 Hz-1 kHz
    assert value("alpha_mean", flat) == pytest.approx(10 * np.log10(wider), abs=0.7)
    assert value("alpha_mean", dull) < value("alpha_mean", flat) - 1
    assert value("slope_high_mean", dull) < value("slope_high_mean", flat) - 0.5


def test_the_band_averages_are_those_of_librosas_mel_spectrum():
    samples = CLIPS["noise"]
    mel = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=1024, hop_length=256, n_mels=functionals.N_MEL
    )
    expected = 10 * np.log10(mel).mean(axis=1)
    ours = values(samples)[: functionals.N_MEL]
    # librosa has the quiet ends in its average.
    np.testing.assert_allclose(ours, expected - expected.mean(), atol=0.15)


def test_statistics_of_a_constant_contour_are_zero():
    on = np.ones(40, dtype=bool)
    catalogue = contour_catalogue.MEL_CONTOURS[:2]
    result = statistics.contour_statistics(
        statistics.ContoursWithDeltas.of(np.full((2, 40), 3.0)),
        on,
        on,
        np.zeros(40),
        tuple(contour_catalogue.STATISTICS),
        catalogue,
    )
    by_name = dict(zip(contour_catalogue.STATISTICS, result.reshape(-1, 2), strict=True))
    np.testing.assert_allclose(by_name.pop("mean"), 3.0)
    np.testing.assert_allclose(by_name.pop("voiced_mean"), 3.0)
    for name, figures in by_name.items():
        np.testing.assert_allclose(figures, 0.0, atol=1e-12, err_msg=name)


def test_lift_and_trend_of_a_made_contour():
    on = np.ones(200, dtype=bool)
    level = np.random.default_rng(0).normal(0, 8, 200)
    contour = np.stack([0.5 * level, np.linspace(0, 6, 200)])
    result = statistics.contour_statistics(
        statistics.ContoursWithDeltas.of(contour),
        on,
        on,
        level,
        ("lift", "trend"),
        contour_catalogue.MEL_CONTOURS[:2],
    ).reshape(2, 2)
    assert result[0, 0] == pytest.approx(0.5, rel=0.03)
    assert result[1, 1] == pytest.approx(6.0)
