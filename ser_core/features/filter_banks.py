"""The filter banks of librosa that features are computed with, built once and stored next to this file.

Conventions: rates and frequencies in Hz, banks are float32 [bands, n_fft / 2 + 1].

librosa defines the banks. Building them in each process would import librosa, and numba with it, on the way
to the first prediction. After a change of librosa's version run `python -m ser_core.features.filter_banks`; a
test compares the file with librosa.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from ser_core.storage.cache_folder import locked

Bank = npt.NDArray[np.float32]

_FILE = Path(__file__).with_name("filter_banks.npz")
SHIPPED = (
    (16_000, 1024, 20),
    (16_000, 1024, 26),
    (16_000, 1024, 40),
    (22_050, 2048, 128),
    (16_000, 512, 64, 50.0, 7600.0),
    (16_000, 1024),
)
"""The arguments of `mel`, or of `chroma`, of the banks in the file."""


@cache
def mel(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    lowest_hz: float = 0.0,
    highest_hz: float | None = None,
) -> Bank:
    """`librosa.filters.mel` (Slaney's scale and area).

    Parameters
    ----------
    sample_rate, n_fft, n_mels : int
        The rate in Hz, the length of the transform, and the number of bands.
    lowest_hz, highest_hz : float
        The range of the bands; None stands for half the rate.

    Returns
    -------
    array of float32 [n_mels, n_fft / 2 + 1]
        The bank, from the file or, if it is not there, from librosa.
    """
    stored = _stored_banks().get(_name(sample_rate, n_fft, n_mels, lowest_hz, highest_hz))
    if stored is not None:
        return stored
    return _build_mel(sample_rate, n_fft, n_mels, lowest_hz, highest_hz)


@cache
def chroma(sample_rate: int, n_fft: int) -> Bank:
    """`librosa.filters.chroma` at concert pitch (tuning 0).

    Parameters
    ----------
    sample_rate, n_fft : int
        The rate in Hz, and the length of the transform.

    Returns
    -------
    array of float32 [12, n_fft / 2 + 1]
        The bank, from the file or, if it is not there, from librosa.
    """
    stored = _stored_banks().get(_name(sample_rate, n_fft))
    return stored if stored is not None else _build_chroma(sample_rate, n_fft)


def build() -> None:
    """Write the file of the banks of `SHIPPED`."""
    banks = {}
    for arguments in SHIPPED:
        build_bank = _build_mel if len(arguments) > 2 else _build_chroma
        banks[_name(*arguments)] = build_bank(*arguments)
    np.savez_compressed(_FILE, allow_pickle=False, **banks)


def _name(
    sample_rate: int,
    n_fft: int,
    n_mels: int = 0,
    lowest_hz: float = 0.0,
    highest_hz: float | None = None,
) -> str:
    kind = "chroma"
    if n_mels:
        kind = f"{n_mels} mel, {lowest_hz:.0f} to {highest_hz or sample_rate / 2:.0f} Hz"
    return f"{sample_rate} Hz, {n_fft} points, {kind}"


@cache
def _stored_banks() -> dict[str, Bank]:
    with np.load(_FILE, allow_pickle=False) as banks:
        return {name: banks[name] for name in banks.files}


def _build_mel(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    lowest_hz: float = 0.0,
    highest_hz: float | None = None,
) -> Bank:
    bank: Bank = _librosa_filters().mel(
        sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=lowest_hz, fmax=highest_hz
    )
    return bank


def _build_chroma(sample_rate: int, n_fft: int) -> Bank:
    bank: Bank = _librosa_filters().chroma(sr=sample_rate, n_fft=n_fft, tuning=0.0)
    return bank


@cache
def _librosa_filters() -> ModuleType:
    """`librosa.filters`, imported by one process at a time.

    The import compiles a few numba functions into a cache on disk. Two processes that fill an empty cache at
    the same time corrupt it, and every later process that touches those functions dies with a segmentation
    fault. So the cache is the project's own, under a lock.
    """
    with locked("numba") as folder:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))
        return importlib.import_module("librosa.filters")


if __name__ == "__main__":
    build()
