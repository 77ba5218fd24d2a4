"""How a batch of log-mel spectrograms is changed each time it is trained on: microphones, noise, gaps.

Conventions: spectrograms are [clips, frames, bands] in dB; `heard` is bool [clips, frames] and False where a
clip has ended.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ser_core.features.logmel import N_MELS

POWER_OF_DB = math.log(10) / 10
"""From dB to the natural logarithm of power."""
_SILENCE_DB = -200.0
_LEAST_POWER = 1e-20


def _shifts(n: int = 9, most: float = 2.5) -> Tensor:
    """Matrices [n, bands, bands] that move a spectrum by up to `most` bands, high bands more."""
    matrices = np.zeros((n, N_MELS, N_MELS), np.float32)
    bands = np.arange(N_MELS)
    for matrix, shift in zip(matrices, np.linspace(-most, most, n), strict=True):
        source = np.clip(bands + shift * (0.5 + bands / N_MELS), 0, N_MELS - 1)
        below = np.minimum(source.astype(int), N_MELS - 2)
        matrix[below, bands] += 1 - (source - below)
        matrix[below + 1, bands] += source - below
    return torch.from_numpy(matrices)


_SHIFTS = _shifts()


def disturb(
    x: Tensor,
    heard: Tensor,
    rng: np.random.Generator,
    noisy_share: float,
    equaliser_db: float,
    group: int = 1,
) -> Tensor:
    """Log-mel spectrograms with shifted and equalised bands, noise, and a cut band.

    Noise (hiss, or the babble of three other clips of the batch) is added to a share of the clips at 0 to
    30 dB. Each `group` of clips in a row is disturbed in one way: the same microphone, kind of noise, level
    and band.
    """
    draws = _GroupDraws(rng, x, group)
    x = torch.bmm(x, _SHIFTS.to(x.device)[draws.each_clip(draws.integers(0, len(_SHIFTS)))])
    x = x + draws.each_clip(_equaliser_curves(draws, equaliser_db))
    x = _add_noise(x, heard, draws, noisy_share)
    return x.masked_fill(~draws.each_clip(_passed_bands(draws))[:, None], _SILENCE_DB)


class _GroupDraws:
    """Random draws for the groups of a batch, on the batch's device."""

    def __init__(self, rng: np.random.Generator, x: Tensor, group: int) -> None:
        self.rng, self.group, self.device = rng, group, x.device
        self.clips, self.frames, self.bands = x.shape
        self.groups = self.clips // group

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        drawn = self.rng.uniform(low, high, shape).astype(np.float32)
        return torch.from_numpy(drawn).to(self.device)

    def integers(self, low: int, high: int, n: int | None = None) -> Tensor:
        """Integers from `low` to below `high`: `n` of them, or one for each group."""
        drawn = self.rng.integers(low, high, self.groups if n is None else n)
        return torch.from_numpy(drawn).to(self.device)

    def each_clip(self, of_groups: Tensor) -> Tensor:
        """What was drawn for groups [groups, ...], for each of their clips [clips, ...]."""
        return of_groups.repeat_interleave(self.group, 0)


def _equaliser_curves(draws: _GroupDraws, deviation_db: float) -> Tensor:
    """Smooth random gains of the bands in dB, [groups, 1, bands]."""
    gains = draws.rng.normal(0, deviation_db, (draws.groups, 1, 6)).astype(np.float32)
    curve = torch.from_numpy(gains).to(draws.device)
    return functional.interpolate(curve, size=draws.bands, mode="linear", align_corners=True)


def _add_noise(x: Tensor, heard: Tensor, draws: _GroupDraws, share: float) -> Tensor:
    """Spectrograms, some of them in place with hiss or babble."""
    power = torch.exp(x * POWER_OF_DB) * heard[..., None]
    is_noisy = draws.each_clip(draws.uniform(0, 1, draws.groups) < share)
    noisy = torch.nonzero(is_noisy)[:, 0]
    n = len(noisy)
    if not n:
        return x
    n_groups = n // draws.group
    babble = sum(_roll_random_clips(power, draws, n) for _ in range(3))
    hiss = _hiss(draws, n)
    is_babble = draws.each_clip(draws.uniform(0, 1, n_groups, 1, 1)) < 0.5
    noise = torch.where(is_babble, babble, hiss)
    n_values = heard[noisy].sum(1)[:, None, None] * draws.bands
    speech_level = power[noisy].sum((1, 2), keepdim=True) / n_values
    signal_to_noise_db = draws.each_clip(draws.uniform(0, 30, n_groups, 1, 1))
    noise_level = speech_level * 10 ** (-signal_to_noise_db / 10)
    scaled = noise / (noise.mean((1, 2), keepdim=True) + _LEAST_POWER) * noise_level
    x[noisy] = torch.log(power[noisy] + scaled + _LEAST_POWER) / POWER_OF_DB
    return x


def _roll_random_clips(power: Tensor, draws: _GroupDraws, n: int) -> Tensor:
    """Random clips of the batch, moved in time: [n, frames, bands]."""
    return power[draws.integers(0, draws.clips, n)].roll(int(draws.rng.integers(draws.frames)), 1)


def _hiss(draws: _GroupDraws, n: int) -> Tensor:
    """The power of noise with a random spectral tilt, [n, frames, bands]."""
    tilt_db = draws.each_clip(draws.uniform(-18, 9, n // draws.group, 1, 1))
    tilt = torch.exp(POWER_OF_DB * tilt_db * torch.linspace(0, 1, draws.bands, device=draws.device))
    shape = (n, draws.frames, draws.bands)
    return tilt * (draws.uniform(0, 1, *shape) + draws.uniform(0, 1, *shape) + 0.2)


def _passed_bands(draws: _GroupDraws) -> Tensor:
    """Which bands are left where some groups lose the highest or the lowest: bool [groups, bands]."""
    band = torch.arange(draws.bands, device=draws.device)[None]
    loses_high = draws.uniform(0, 1, draws.groups) < 0.12
    cut_above = torch.where(loses_high, draws.integers(38, 60), draws.bands)
    loses_low = draws.uniform(0, 1, draws.groups) < 0.12
    cut_below = torch.where(loses_low, draws.integers(1, 7), 0)
    return (band >= cut_below[:, None]) & (band < cut_above[:, None])


def mask(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Spectrograms with two stripes of bands (for the batch) and two of time (for each clip) set to 0.

    SpecAugment (Park et al. 2019). `x` is [clips, views, frames, bands].
    """
    clips, _, frames, bands = x.shape
    for _ in range(2):
        width = int(rng.integers(0, 10))
        start = int(rng.integers(0, bands - width))
        x[..., start : start + width] = 0
    starts = torch.from_numpy(rng.integers(0, frames, (clips, 2, 1)))
    lengths = torch.from_numpy(rng.integers(0, 30, (clips, 2, 1)))
    time = torch.arange(frames)
    hidden = ((time >= starts) & (time < starts + lengths)).any(1).to(x.device)
    return x.masked_fill(hidden[:, None, :, None], 0)
