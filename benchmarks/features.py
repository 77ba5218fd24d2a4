"""Feature extraction beside librosa, openSMILE and Praat, and beside what no implementation can avoid. Run as: python benchmarks/features.py.

One process, one thread, 24 clips of RAVDESS (below SER_CORPORA), each measured by ours and by the peer in turn; the median of 7 rounds.
Needs benchmarks/requirements.txt.
"""

from __future__ import annotations

from benchmarks.measuring import Measure, in_turn, report  # isort: skip  (first: it sets the number of threads)

from pathlib import Path

import librosa
import numpy as np
import opensmile
import parselmouth
import scipy.fft
import soundfile
import soxr

from ser_core import audio, corpora
from ser_core.features import acoustic128, filter_banks, mfcc128, pitch, spectrum
from tests.support.synthesis import RATE, voice

CLIPS, REPEATS = 24, 7
FRAMING = {"n_fft": acoustic128.N_FFT, "hop_length": acoustic128.HOP}
F0 = np.linspace(75, 400, 14)
GROSS = 0.2
"""A voiced frame whose F0 is off by more than this share is a gross error (Rabiner et al. 1976)."""


def librosa_acoustic(path: Path) -> None:
    """The librosa functions that define `acoustic128_v1`, each called once on the signal with its default tuning, and librosa.yin for pitch."""
    y, rate = librosa.load(path, sr=audio.SAMPLE_RATE)
    librosa.feature.melspectrogram(y=y, sr=rate, n_mels=20, **FRAMING)
    librosa.feature.delta(librosa.feature.mfcc(y=y, sr=rate, n_mfcc=21, n_mels=40, **FRAMING))
    librosa.feature.chroma_stft(y=y, sr=rate, **FRAMING)
    librosa.feature.spectral_contrast(y=y, sr=rate, n_bands=5, **FRAMING)
    librosa.feature.spectral_centroid(y=y, sr=rate, **FRAMING)
    librosa.feature.spectral_bandwidth(y=y, sr=rate, **FRAMING)
    librosa.feature.spectral_rolloff(y=y, sr=rate, **FRAMING)
    librosa.feature.spectral_flatness(y=y, **FRAMING)
    librosa.feature.zero_crossing_rate(y, frame_length=1024, hop_length=256)
    librosa.feature.rms(y=y, frame_length=1024, hop_length=256)
    librosa.onset.onset_strength(y=y, sr=rate, **FRAMING)
    librosa.yin(
        y, fmin=pitch.LOWEST_HZ, fmax=pitch.HIGHEST_HZ, sr=rate, frame_length=1024, hop_length=256
    )


def librosa_mfcc(path: Path) -> None:
    """What most projects do."""
    y, rate = librosa.load(path, sr=22_050)
    librosa.feature.mfcc(y=y, sr=rate, n_mfcc=128).mean(axis=1)


def floor(path: Path) -> None:
    """What no implementation can avoid: decoding, resampling (of an RAVDESS clip as it was published, at 48 kHz), one FFT, one filter bank."""
    y, _ = soundfile.read(path, dtype="float32")
    y = soxr.resample(y, 48_000, audio.SAMPLE_RATE, quality="HQ")
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, 512), 1024)[::256]
    transformed = scipy.fft.rfft(frames * WINDOW, axis=1)
    np.log(np.maximum((transformed.real**2 + transformed.imag**2) @ BANK, 1e-10)).mean(axis=0)


WINDOW = spectrum.hann(1024, np.float32)
BANK = np.ascontiguousarray(filter_banks.mel(audio.SAMPLE_RATE, 1024, 40).T)


def at_48_khz(paths: list[Path], folder: Path) -> list[Path]:
    """The same clips as RAVDESS is published: 48 kHz, 16 bits, WAV."""
    written = []
    for path in paths:
        samples = soxr.resample(audio.load(path).samples, audio.SAMPLE_RATE, 48_000, quality="HQ")
        written.append(folder / f"{path.stem}.wav")
        soundfile.write(written[-1], samples, 48_000, subtype="PCM_16")
    return written


def praat(samples: np.ndarray) -> parselmouth.Pitch:
    """Praat's autocorrelation method over the same range and at the same steps."""
    sound = parselmouth.Sound(samples.astype(np.float64), audio.SAMPLE_RATE)
    return sound.to_pitch_ac(
        time_step=acoustic128.HOP / audio.SAMPLE_RATE,
        pitch_floor=pitch.LOWEST_HZ,
        pitch_ceiling=pitch.HIGHEST_HZ,
    )


def gross_errors() -> tuple[float, float]:
    """The percentage of voiced frames of synthetic voices of known F0, clean and in noise, that ours and Praat miss by a fifth or do not find."""
    missed, n = [0, 0], 0
    rng = np.random.default_rng(0)
    for f0 in F0:
        clean = voice(f0=float(f0), seconds=3.0)
        for noise in (0.0, 0.01, 0.03):
            samples = (clean + rng.normal(0, noise, len(clean))).astype(np.float32)
            times = np.arange(0, len(samples), acoustic128.HOP) / RATE
            voiced = (
                np.abs((2 * times) % 1 - 0.25) < 0.25 - 2 * 0.04
            )  # two syllables a second; 40 ms at their ends are no one's
            track = pitch.track(samples, RATE, acoustic128.HOP)
            ours = np.where(track.periodicity > acoustic128.VOICED_PERIODICITY, track.f0_hz, 0.0)
            other = praat(samples)
            theirs = other.selected_array["frequency"][
                np.abs(other.xs()[None] - times[:, None]).argmin(axis=1)
            ]
            for number, found in enumerate((ours, theirs)):
                missed[number] += int((np.abs(found[voiced] / f0 - 1) > GROSS).sum())
            n += int(voiced.sum())
    return 100 * missed[0] / n, 100 * missed[1] / n


def measured() -> list[Measure]:
    """All ratios of feature extraction."""
    import tempfile

    folder = corpora.resolve("ravdess")
    every = corpora.audio_files(folder)
    paths = every[:: len(every) // CLIPS][:CLIPS]
    recordings = [audio.load(path) for path in paths]
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    files = [(path, path) for path in paths]
    arrays = [(recording, recording.samples) for recording in recordings]
    seconds = np.mean([recording.duration_s for recording in recordings])
    about = f"{CLIPS} clips of RAVDESS, {seconds:.1f} s on average"
    found = []

    def add(name, beside, must, aim, ours, other, over, inverse=False):
        mine, theirs, ratio = in_turn(ours, other, over, REPEATS)
        found.append(
            Measure(
                name,
                mine,
                theirs,
                beside,
                "ms",
                1 / ratio if inverse else ratio,
                must,
                aim,
                at_most=inverse,
                about=about,
            )
        )

    add(
        "acoustic128_v1 from file",
        "librosa's functions",
        5,
        10,
        lambda path: acoustic128.extract(audio.load(path)),
        librosa_acoustic,
        files,
    )
    add(
        "mfcc128_v1 from file",
        "librosa.load and mfcc",
        2,
        3,
        lambda path: mfcc128.extract(audio.load(path)),
        librosa_mfcc,
        files,
    )
    add(
        "acoustic128_v1 from an array",
        "openSMILE's eGeMAPS",
        5,
        10,
        acoustic128.extract,
        lambda y: smile.process_signal(y, audio.SAMPLE_RATE),
        arrays,
    )
    with tempfile.TemporaryDirectory() as temporary:
        files = [(path, path) for path in at_48_khz(paths, Path(temporary))]
        add(
            "acoustic128_v1 end to end",
            "the floor",
            4,
            2,
            lambda path: acoustic128.extract(audio.load(path)),
            floor,
            files,
            inverse=True,
        )
    add(
        "pitch",
        "Praat's autocorrelation",
        4,
        8,
        lambda r: pitch.track(r.samples, RATE, acoustic128.HOP),
        praat,
        arrays,
    )
    ours, theirs = gross_errors()
    found.append(
        Measure(
            "gross pitch errors",
            ours,
            theirs,
            "Praat",
            "%",
            ours - theirs,
            1,
            0,
            at_most=True,
            figure_unit=" points",
            about="synthetic voices",
        )
    )
    return found


if __name__ == "__main__":
    report(measured(), __doc__ or "")
