"""The filter banks of librosa that features are computed with, built once and kept beside this file.

librosa is their definition. Building them anew in each process would import it, and numba with it, on the way to the first prediction.
After a change of librosa's version run: python -m ser_core.features.filter_banks; a test holds the file to what librosa gives.
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
    """`librosa.filters.mel` (Slaney's scale and area), by default up to half the rate, shape [n_mels, n_fft / 2 + 1]."""
    kept = _kept().get(_name(sample_rate, n_fft, n_mels, lowest_hz, highest_hz))
    return (
        kept if kept is not None else _built_mel(sample_rate, n_fft, n_mels, lowest_hz, highest_hz)
    )


@cache
def chroma(sample_rate: int, n_fft: int) -> Bank:
    """`librosa.filters.chroma` at concert pitch (tuning 0), shape [12, n_fft / 2 + 1]."""
    kept = _kept().get(_name(sample_rate, n_fft))
    return kept if kept is not None else _built_chroma(sample_rate, n_fft)


def build() -> None:
    """Write the file of the banks that ship."""
    banks = {
        _name(*asked): _built_mel(*asked) if len(asked) > 2 else _built_chroma(*asked)
        for asked in SHIPPED
    }
    np.savez_compressed(_FILE, allow_pickle=False, **banks)


def _name(
    sample_rate: int,
    n_fft: int,
    n_mels: int = 0,
    lowest_hz: float = 0.0,
    highest_hz: float | None = None,
) -> str:
    kind = (
        f"{n_mels} mel, {lowest_hz:.0f} to {highest_hz or sample_rate / 2:.0f} Hz"
        if n_mels
        else "chroma"
    )
    return f"{sample_rate} Hz, {n_fft} points, {kind}"


@cache
def _kept() -> dict[str, Bank]:
    with np.load(_FILE, allow_pickle=False) as banks:
        return {name: banks[name] for name in banks.files}


def _built_mel(
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


def _built_chroma(sample_rate: int, n_fft: int) -> Bank:
    bank: Bank = _librosa_filters().chroma(sr=sample_rate, n_fft=n_fft, tuning=0.0)
    return bank


@cache
def _librosa_filters() -> ModuleType:
    """`librosa.filters`, imported by one process at a time into a numba cache of our own.

    Importing it compiles a few numba functions into a cache on disk; two processes that fill an empty one at the same
    time corrupt it, and every later process that touches those functions dies with a segmentation fault.
    """
    with locked("numba") as folder:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))
        return importlib.import_module("librosa.filters")


if __name__ == "__main__":
    build()
