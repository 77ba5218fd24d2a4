import json
import os
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import scipy.signal
import scipy.stats
import soxr

from ser_core import audio, features
from ser_core.features import (
    FEATURE_SETS,
    filter_banks,
    peaks,
    pitch,
    spectral_features,
    spectrum,
    speech_frames,
)
from ser_core.speech import gate, windows
from ser_core.storage.paths import DATA_DIR
from tests.conftest import ROOT
from tests.support.synthesis import RATE, tone, voice

GOLDEN = Path(__file__).parent / "golden_features.json"
FRAMING = {"n_fft": 1024, "hop_length": 256}
CLIPS = {
    "voice": voice(),
    "high voice": voice(260.0, 2.0, seed=3, glide=0.5),
    "tone": tone(440),
    "shortest": voice(seconds=0.5),
}


@pytest.fixture(scope="module", params=CLIPS)
def clip(request):
    recording = audio.from_samples(CLIPS[request.param], RATE)
    samples = speech_frames.normalise_level(recording)
    return recording, samples, speech_frames.analyse_frames(samples)


def value(name: str, samples: np.ndarray) -> float:
    vector = features.extract(audio.from_samples(samples, RATE))
    return float(vector.values[vector.names.index(name)])


# ---------------------------------------------------------------------- librosa is the definition


def test_mfcc128_is_librosas_mean_of_128_mfccs():
    for samples in CLIPS.values():
        resampled = soxr.resample(samples, RATE, 22_050)
        expected = librosa.feature.mfcc(y=resampled, sr=22_050, n_mfcc=128).mean(axis=1)
        np.testing.assert_allclose(
            features.extract(audio.from_samples(samples, RATE), "mfcc128_v1").values,
            expected,
            atol=1e-4,
        )


@pytest.mark.parametrize(
    ("ours", "librosas"),
    [
        (lambda _, f: _mel_db(f, 20), lambda y: _librosas_mel_db(y, 20)),
        (lambda _, f: _mfcc_of(f), lambda y: _librosas_mfcc(y)),
        (
            lambda _, f: spectral_features.delta(_mfcc_of(f)),
            lambda y: librosa.feature.delta(_librosas_mfcc(y)),
        ),
        (
            lambda _, f: spectral_features.chroma(f.power, RATE, 1024),
            lambda y: librosa.feature.chroma_stft(y=y, sr=RATE, tuning=0.0, **FRAMING),
        ),
        (
            lambda _, f: spectral_features.contrast(np.sqrt(f.power), RATE),
            lambda y: librosa.feature.spectral_contrast(y=y, sr=RATE, n_bands=5, **FRAMING),
        ),
        (
            lambda _, f: _shape_of(f)["centroid"],
            lambda y: librosa.feature.spectral_centroid(y=y, sr=RATE, **FRAMING)[0],
        ),
        (
            lambda _, f: _shape_of(f)["bandwidth"],
            lambda y: librosa.feature.spectral_bandwidth(y=y, sr=RATE, **FRAMING)[0],
        ),
        (
            lambda _, f: _shape_of(f)["rolloff"],
            lambda y: librosa.feature.spectral_rolloff(y=y, sr=RATE, **FRAMING)[0],
        ),
        (
            lambda _, f: spectral_features.flatness_db(f.power),
            lambda y: 10 * np.log10(librosa.feature.spectral_flatness(y=y, **FRAMING)[0]),
        ),
        (
            lambda y, _: spectral_features.zero_crossing_rate(y, 1024, 256),
            lambda y: librosa.feature.zero_crossing_rate(y, frame_length=1024, hop_length=256)[0],
        ),
        (
            lambda _, f: spectral_features.onset_strength(f.mel_40_db),
            lambda y: librosa.onset.onset_strength(
                S=_librosas_mel_db(y, 40), sr=RATE, center=False
            ),
        ),
    ],
    ids=[
        "mel",
        "mfcc",
        "delta",
        "chroma",
        "contrast",
        "centroid",
        "bandwidth",
        "rolloff",
        "flatness",
        "zcr",
        "onset",
    ],
)
def test_each_spectral_feature_equals_librosas_function_frame_by_frame(clip, ours, librosas):
    _, samples, frames = clip
    np.testing.assert_allclose(ours(samples, frames), librosas(samples), rtol=1e-6, atol=1e-4)


def _mfcc_of(frames):
    return spectral_features.mfcc(frames.mel_40_db, 21)[1:]


def _shape_of(frames):
    return spectral_features.spectral_shape(np.sqrt(frames.power), RATE)


def _mel_db(frames, n_mels):
    return spectrum.power_to_db(spectrum.mel_power(frames.power, RATE, 1024, n_mels))


def _librosas_mel_db(samples, n_mels):
    return librosa.power_to_db(
        librosa.feature.melspectrogram(y=samples, sr=RATE, n_mels=n_mels, **FRAMING)
    )


def _librosas_mfcc(samples):
    return librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=21, n_mels=40, **FRAMING)[1:]


def test_the_features_are_the_statistics_of_those_frames_over_active_ones(clip):
    recording, samples, frames = clip
    vector = features.extract(recording)
    by_name = dict(zip(vector.names, vector.values, strict=True))
    on = frames.active
    expected = {
        "mfcc_03_mean": _mfcc_of(frames)[2, on].mean(),
        "mfcc_03_std": _mfcc_of(frames)[2, on].std(),
        "mfcc_03_speed": np.abs(spectral_features.delta(_mfcc_of(frames))[2, on]).mean(),
        "chroma_c_sharp": spectral_features.chroma(frames.power, RATE, 1024)[1, on].mean(),
        "contrast_6": scipy.stats.trim_mean(
            spectral_features.contrast(np.sqrt(frames.power), RATE)[5, on], 0.25
        ),
        "centroid_mean": _shape_of(frames)["centroid"][on].mean(),
        "zcr_std": spectral_features.zero_crossing_rate(samples, 1024, 256)[on].std(),
        "onset_mean": spectral_features.onset_strength(frames.mel_40_db)[on].mean(),
    }
    for name, figure in expected.items():
        assert by_name[name] == pytest.approx(figure, rel=1e-4, abs=1e-5), name


@pytest.mark.parametrize("arguments", filter_banks.SHIPPED, ids=str)
def test_the_filter_banks_that_ship_are_librosas(arguments):
    sample_rate, n_fft, *mel = arguments
    if mel:
        n_mels, lowest, highest = (*mel, 0.0, None)[:3] if len(mel) == 1 else mel
        expected = librosa.filters.mel(
            sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=lowest, fmax=highest
        )
        np.testing.assert_array_equal(filter_banks.mel(*arguments), expected)
    else:
        np.testing.assert_array_equal(
            filter_banks.chroma(*arguments),
            librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=0.0),
        )


def test_a_filter_bank_that_does_not_ship_comes_from_librosa():
    np.testing.assert_array_equal(
        filter_banks.mel(RATE, 256, 13), librosa.filters.mel(sr=RATE, n_fft=256, n_mels=13)
    )


def test_no_feature_needs_librosa_or_numba():
    """They take a second to import, and numba's cache on disk is a trap for processes that start together."""
    code = (
        "import sys; import numpy as np; from ser_core import audio, features\n"
        "clip = audio.from_samples(np.random.default_rng(0).normal(0, 0.1, 16000), 16000)\n"
        "features.Inputs(clip).log_mel; [features.extract(clip, name) for name in features.FEATURE_SETS]\n"
        "print([name for name in ('librosa', 'numba', 'sklearn', 'pandas') if name in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert process.stdout == "[]\n"


def test_ten_processes_that_start_at_once_on_an_empty_cache_all_work(tmp_path):
    """Those that build a filter bank, too: librosa's import compiles functions into a cache on disk."""
    code = (
        "import numpy as np; from ser_core import audio, features\n"
        "from ser_core.features import filter_banks\n"
        "clip = audio.from_samples(np.random.default_rng(0).normal(0, 0.1, 16000), 16000)\n"
        "filter_banks.mel(16000, 256, 13)\n"
        "print(features.extract(clip).values.sum())"
    )
    environment = {**os.environ, "SER_CACHE": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for _ in range(10)
    ]
    outputs = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 10
    assert len(outputs) == 1
    assert (tmp_path / "numba").is_dir()


def test_the_mel_centres_are_librosas():
    np.testing.assert_allclose(
        spectrum.mel_centres_hz(20, 8000), librosa.mel_frequencies(n_mels=22, fmax=8000)[1:-1]
    )
    np.testing.assert_allclose(
        spectrum.mel_centres_hz(5, 900), librosa.mel_frequencies(n_mels=7, fmax=900)[1:-1]
    )


# ------------------------------------------------------------------------------- what it measures


@pytest.mark.parametrize("hertz", [80, 110, 220, 440, 580])
def test_a_tone_has_its_known_pitch_and_centroid(hertz):
    samples = tone(hertz)
    assert value("f0_median", samples) == pytest.approx(hertz, rel=0.005)
    frames = speech_frames.analyse_frames(
        speech_frames.normalise_level(audio.from_samples(samples, RATE))
    )
    two_thirds_of_a_bin = 12  # Hz
    assert np.median(_shape_of(frames)["centroid"]) == pytest.approx(hertz, abs=two_thirds_of_a_bin)
    assert value("voiced_share", samples) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("f0", [90, 130, 200, 310, 450])
def test_the_pitch_of_a_voice_is_found_with_few_gross_errors(f0):
    samples = voice(float(f0))
    assert value("f0_median", samples) == pytest.approx(f0, rel=0.01)
    track = pitch.track(samples, RATE, 256)
    sure = track.periodicity > 0.55
    assert np.mean(np.abs(np.log2(track.f0_hz[sure] / f0)) > 0.2) < 0.05


def test_a_rising_voice_has_a_wider_range_and_a_positive_slope():
    an_octave_in_three_seconds = 12 / 3
    rising = value("f0_slope", voice(glide=1.0))
    assert rising == pytest.approx(an_octave_in_three_seconds, rel=0.15)
    assert abs(value("f0_slope", voice())) < 0.5
    assert value("f0_range", voice(glide=1.0)) > 7 > 1 > value("f0_range", voice())


def test_noise_is_unvoiced_and_flat(rng):
    noise = 0.1 * rng.standard_normal(2 * RATE).astype(np.float32)
    assert value("voiced_share", noise) < 0.1
    assert value("flatness_mean", noise) > -4
    assert value("flatness_mean", tone(440)) < -30


@pytest.mark.parametrize("kind", ["walk", "plateaus"])
def test_peaks_are_those_that_scipy_finds(kind, rng):
    for _ in range(500):
        n = int(rng.integers(1, 200))
        prominence = float(rng.choice([0.0, 0.5, 1, 3]))
        least = float(rng.choice([-99, 0, 1]))
        values = (
            rng.normal(size=n).cumsum() if kind == "walk" else rng.integers(0, 6, n).astype(float)
        )
        expected, _ = scipy.signal.find_peaks(values, height=least, prominence=prominence)
        np.testing.assert_array_equal(
            peaks.find_prominent_peaks(values, prominence, least), expected
        )


def test_syllables_and_pauses_are_counted():
    samples = voice(seconds=4.0)  # two syllables a second, a pause of a quarter second after each
    assert value("syllable_rate", samples) == pytest.approx(2.0, abs=0.35)
    assert value("pause_rate", samples) == pytest.approx(2.0, abs=0.4)
    assert value("pause_mean", samples) == pytest.approx(0.2, abs=0.06)


# -------------------------------------------------------------------------- what it does not hear


@pytest.mark.parametrize("gain_db", [-30, -12, 10])
@pytest.mark.parametrize("name", ["voice", "high voice"])
def test_loudness_moves_no_feature_by_a_thousandth_of_its_deviation(name, gain_db):
    table = pd.read_csv(DATA_DIR / "ravdess" / "acoustic128_v1.csv")
    deviation = table[list(FEATURE_SETS["acoustic128_v1"].names)].std().to_numpy()
    samples = CLIPS[name]
    before = features.extract(audio.from_samples(samples, RATE)).values
    after = features.extract(audio.from_samples(samples * 10 ** (gain_db / 20), RATE)).values
    assert np.max(np.abs(after - before) / deviation) < 1e-3


@pytest.mark.corpus
def test_loudness_moves_no_feature_of_real_speech(ravdess_clips):
    table = pd.read_csv(DATA_DIR / "ravdess" / "acoustic128_v1.csv")
    deviation = table[list(FEATURE_SETS["acoustic128_v1"].names)].std().to_numpy()
    # These have nulls in the spectrum, or bins on a threshold.
    fragile = ["03-01-06-02-01-01-18", "03-01-02-01-02-02-10", "03-01-07-01-01-01-06"]
    names = [name for name in fragile if name in ravdess_clips] + sorted(ravdess_clips)[::60]
    for name in names:
        path = ravdess_clips[name]
        samples = audio.load(path).samples
        before = features.extract(audio.from_samples(samples, RATE)).values
        for gain_db in (-30, 10):
            after = features.extract(
                audio.from_samples(samples * 10 ** (gain_db / 20), RATE)
            ).values
            assert np.max(np.abs(after - before) / deviation) < 1e-3, path.name


@pytest.mark.corpus
def test_the_stored_tables_are_what_the_code_computes(ravdess_clips):
    for name in ("acoustic128_v1", "mfcc128_v1"):
        feature_set = FEATURE_SETS[name]
        table = pd.read_csv(DATA_DIR / "ravdess" / f"{name}.csv").sample(12, random_state=1)
        for _, row in table.iterrows():
            vector = features.extract(audio.load(ravdess_clips[Path(row["path"]).stem]), name)
            np.testing.assert_allclose(
                vector.values,
                row[list(feature_set.names)].to_numpy(dtype=float),
                rtol=1e-4,
                atol=1e-4,
            )


# -------------------------------------------------------------------------------------- catalogue


def test_acoustic128_has_128_features_of_every_kind_each_with_name_unit_and_sentence():
    specs = FEATURE_SETS["acoustic128_v1"].specs
    assert (
        len(specs)
        == len({spec.name for spec in specs})
        == len({spec.title for spec in specs})
        == 128
    )
    assert {spec.group for spec in specs} == {
        "Mel spectrum",
        "Timbre (MFCC)",
        "Chroma",
        "Spectral shape",
        "Pitch",
        "Energy",
        "Rhythm",
    }
    for spec in specs:
        assert spec.unit, spec.name
        assert spec.title, spec.name
        assert spec.sentence.endswith("."), spec.name
        assert len(spec.sentence) > 15, spec.name


@pytest.mark.parametrize(
    "samples",
    [*CLIPS.values(), np.random.default_rng(0).normal(0, 0.1, RATE), np.eye(1, RATE)[0] * 0.5],
)
@pytest.mark.parametrize("name", FEATURE_SETS)
def test_every_usable_clip_has_finite_features(name, samples):
    vector = features.extract(audio.from_samples(samples, RATE), name)
    assert vector.values.shape == (len(FEATURE_SETS[name].names),)
    assert np.isfinite(vector.values).all()


def test_a_long_recording_has_the_mean_features_of_its_windows():
    long = audio.from_samples(voice(seconds=12.0), RATE)
    stretches = windows.choose_stretches(long, gate.speech_probabilities(long.samples))
    parts = [features.extract(stretch.part).values for stretch in stretches]
    assert len(parts) == 5
    np.testing.assert_allclose(features.extract_by_windows(long).values, np.mean(parts, axis=0))
    short = audio.from_samples(voice(seconds=3.0), RATE)
    np.testing.assert_array_equal(
        features.extract_by_windows(short).values, features.extract(short).values
    )


def test_an_unknown_feature_set_is_refused_with_the_known_ones(recording):
    with pytest.raises(ValueError, match="acoustic128_v1, mfcc128_v1"):
        features.extract(recording, "acoustic128_v9")


@pytest.mark.parametrize("name", FEATURE_SETS)
def test_a_feature_set_never_changes(name):
    """tests/features/make_golden.py made the golden values; a change is a new version under a new name."""
    golden = json.loads(GOLDEN.read_text())[name]
    vector = features.extract(audio.from_samples(voice(), RATE), name)
    assert list(golden) == list(vector.names)
    np.testing.assert_allclose(vector.values, list(golden.values()), rtol=1e-4, atol=1e-4)
