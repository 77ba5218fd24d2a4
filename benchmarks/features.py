"""Compare our features with librosa, openSMILE and Praat. Run as: python -m benchmarks.features.

It is compared with what no implementation can avoid, too. One process, one thread, 24 clips of RAVDESS (below
SER_CORPORA), each measured by ours and by the peer in turn; the median of 7 rounds. Needs
benchmarks/requirements.txt.
"""

from __future__ import annotations

from benchmarks.measuring import Measure, report, time_in_turn  # isort: skip

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import librosa
import numpy as np
import opensmile
import parselmouth
import scipy.fft
import soundfile
import soxr

from ser_core import audio, corpora
from ser_core.features import acoustic128, filter_banks, mfcc128, pitch, spectrum, speech_frames
from tests.support.synthesis import RATE, voice

CLIPS, REPEATS = 24, 7
FRAMING = {"n_fft": speech_frames.N_FFT, "hop_length": speech_frames.HOP}
F0 = np.linspace(75, 400, 14)
NOISES = (0.0, 0.01, 0.03)
GROSS = 0.2
"""A voiced frame whose F0 is off by more than this share is a gross error (Rabiner et al. 1976)."""


def librosa_acoustic(path: Path) -> None:
    """Call the librosa functions that define `acoustic128_v1`, each once, and librosa.yin for pitch."""
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
    """Do what most projects do."""
    y, rate = librosa.load(path, sr=22_050)
    librosa.feature.mfcc(y=y, sr=rate, n_mfcc=128).mean(axis=1)


def floor(path: Path) -> None:
    """Do what no implementation can avoid: decoding, resampling, one FFT and one filter bank.

    The clip is one of RAVDESS as it was published, at 48 kHz.
    """
    y, _ = soundfile.read(path, dtype="float32")
    y = soxr.resample(y, 48_000, audio.SAMPLE_RATE, quality="HQ")
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, 512), 1024)[::256]
    transformed = scipy.fft.rfft(frames * WINDOW, axis=1)
    np.log(np.maximum((transformed.real**2 + transformed.imag**2) @ BANK, 1e-10)).mean(axis=0)


WINDOW = spectrum.hann(1024, np.float32)
BANK = np.ascontiguousarray(filter_banks.mel(audio.SAMPLE_RATE, 1024, 40).T)


def at_48_khz(paths: list[Path], folder: Path) -> list[Path]:
    """Write the clips as RAVDESS is published: 48 kHz, 16 bits, WAV."""
    written = []
    for path in paths:
        samples = soxr.resample(audio.load(path).samples, audio.SAMPLE_RATE, 48_000, quality="HQ")
        written.append(folder / f"{path.stem}.wav")
        soundfile.write(written[-1], samples, 48_000, subtype="PCM_16")
    return written


def praat(samples: np.ndarray) -> parselmouth.Pitch:
    """Track pitch by Praat's autocorrelation method over the same range and at the same steps."""
    sound = parselmouth.Sound(samples.astype(np.float64), audio.SAMPLE_RATE)
    return sound.to_pitch_ac(
        time_step=speech_frames.HOP / audio.SAMPLE_RATE,
        pitch_floor=pitch.LOWEST_HZ,
        pitch_ceiling=pitch.HIGHEST_HZ,
    )


def gross_errors() -> tuple[float, float]:
    """Return the percentage of voiced frames that ours and Praat miss by a fifth or do not find.

    The frames are of synthetic voices of known F0, clean and in noise.
    """
    rng = np.random.default_rng(0)
    missed_by_ours = missed_by_praat = n_frames = 0
    for f0 in F0:
        clean = voice(f0=float(f0), seconds=3.0)
        for noise in NOISES:
            samples = (clean + rng.normal(0, noise, len(clean))).astype(np.float32)
            times = np.arange(0, len(samples), speech_frames.HOP) / RATE
            # Two syllables a second; the 40 ms at their ends are neither voiced nor unvoiced.
            voiced = np.abs((2 * times) % 1 - 0.25) < 0.25 - 2 * 0.04
            missed_by_ours += count_gross_errors(track_ours(samples)[voiced], f0)
            missed_by_praat += count_gross_errors(track_praat(samples, times)[voiced], f0)
            n_frames += int(voiced.sum())
    return 100 * missed_by_ours / n_frames, 100 * missed_by_praat / n_frames


def track_ours(samples: np.ndarray) -> np.ndarray:
    """Return our F0 in Hz of each frame, 0 where it is not voiced."""
    track = pitch.track(samples, RATE, speech_frames.HOP)
    return np.where(track.periodicity > speech_frames.VOICED_PERIODICITY, track.f0_hz, 0.0)


def track_praat(samples: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return Praat's F0 in Hz in the frames that lie next to some times in seconds."""
    track = praat(samples)
    nearest = np.abs(track.xs()[None] - times[:, None]).argmin(axis=1)
    return track.selected_array["frequency"][nearest]


def count_gross_errors(tracked: np.ndarray, f0: float) -> int:
    """Return how many frames are off by more than `GROSS`."""
    return int((np.abs(tracked / f0 - 1) > GROSS).sum())


class Comparison(NamedTuple):
    """Two ways to do the same, over pairs of arguments.

    With `at_most` the figure is our time over the other's, else the other's over ours.
    """

    name: str
    compared_with: str
    must: float
    aim: float
    ours: Callable[[Any], object]
    other: Callable[[Any], object]
    arguments: Sequence[tuple[Any, Any]]
    at_most: bool = False


def comparisons(paths: Sequence[Path], published: Sequence[Path]) -> list[Comparison]:
    """Return what is compared, on clips and on the same clips as they were published."""
    recordings = [audio.load(path) for path in paths]
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    files = [(path, path) for path in paths]
    published_files = [(path, path) for path in published]
    arrays = [(recording, recording.samples) for recording in recordings]

    def extract_file(path: Path) -> None:
        acoustic128.extract(audio.load(path))

    def mfcc_file(path: Path) -> None:
        mfcc128.extract(audio.load(path))

    def opensmile_array(samples: np.ndarray) -> None:
        smile.process_signal(samples, audio.SAMPLE_RATE)

    def track(recording: audio.Recording) -> None:
        pitch.track(recording.samples, RATE, speech_frames.HOP)

    return [
        Comparison(
            "acoustic128_v1 from file",
            "librosa's functions",
            5,
            10,
            extract_file,
            librosa_acoustic,
            files,
        ),
        Comparison(
            "mfcc128_v1 from file", "librosa.load and mfcc", 2, 3, mfcc_file, librosa_mfcc, files
        ),
        Comparison(
            "acoustic128_v1 from an array",
            "openSMILE's eGeMAPS",
            5,
            10,
            acoustic128.extract,
            opensmile_array,
            arrays,
        ),
        Comparison(
            "acoustic128_v1 end to end",
            "the floor",
            4,
            2,
            extract_file,
            floor,
            published_files,
            at_most=True,
        ),
        Comparison("pitch", "Praat's autocorrelation", 4, 8, track, praat, arrays),
    ]


def compare(comparison: Comparison, about: str) -> Measure:
    """Measure a comparison."""
    ours, other, ratio = time_in_turn(
        comparison.ours, comparison.other, comparison.arguments, REPEATS
    )
    return Measure(
        comparison.name,
        ours,
        other,
        comparison.compared_with,
        "ms",
        1 / ratio if comparison.at_most else ratio,
        comparison.must,
        comparison.aim,
        at_most=comparison.at_most,
        about=about,
    )


def measure() -> list[Measure]:
    """Return all ratios of feature extraction, and the gross errors of pitch."""
    every = corpora.list_audio_files(corpora.resolve("ravdess"))
    paths = every[:: len(every) // CLIPS][:CLIPS]
    seconds = np.mean([audio.load(path).duration_s for path in paths])
    about = f"{CLIPS} clips of RAVDESS, {seconds:.1f} s on average"
    with tempfile.TemporaryDirectory() as folder:
        published = at_48_khz(paths, Path(folder))
        measures = [compare(comparison, about) for comparison in comparisons(paths, published)]
    ours, other = gross_errors()
    errors = Measure(
        "gross pitch errors",
        ours,
        other,
        "Praat",
        "%",
        ours - other,
        1,
        0,
        at_most=True,
        figure_unit=" points",
        about="synthetic voices",
    )
    return [*measures, errors]


if __name__ == "__main__":
    report(measure(), __doc__ or "")
