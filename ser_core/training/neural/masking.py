"""What is done to a batch of log-mel spectrograms anew each time it is trained on: other voices, microphones, noise, gaps.

Conventions: spectrograms are [clips, frames, bands] in dB, `heard` is [clips, frames] and False where a clip has ended.
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


def _shifts(n: int = 9, most: float = 2.5) -> Tensor:
    """Matrices [n, bands, bands] that move a spectrum up or down by up to `most` bands, high bands more than low ones."""
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
    """Shift, equalise, add noise or the babble of three other clips at 0 to 30 dB, cut the band: log-mel in, log-mel out.

    Each `group` of clips in a row is disturbed in one way: the same microphone, kind of noise, level and band.
    """
    clips, frames, bands = x.shape
    groups = clips // group

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32)).to(x.device)

    def pick(low: int, high: int, n: int) -> Tensor:
        return torch.from_numpy(rng.integers(low, high, n)).to(x.device)

    def each(of_groups: Tensor) -> Tensor:
        return of_groups.repeat_interleave(group, 0)

    x = torch.bmm(x, _SHIFTS.to(x.device)[each(pick(0, len(_SHIFTS), groups))])
    curve = torch.from_numpy(rng.normal(0, equaliser_db, (groups, 1, 6)).astype(np.float32)).to(
        x.device
    )
    x = x + functional.interpolate(each(curve), size=bands, mode="linear", align_corners=True)

    power = torch.exp(x * POWER_OF_DB) * heard[..., None]
    noisy = torch.nonzero(each(uniform(0, 1, groups) < noisy_share))[:, 0]
    n = len(noisy)
    if n:
        n_groups = n // group
        babble = sum(power[pick(0, clips, n)].roll(int(rng.integers(frames)), 1) for _ in range(3))
        tilt = torch.exp(
            POWER_OF_DB
            * each(uniform(-18, 9, n_groups, 1, 1))
            * torch.linspace(0, 1, bands, device=x.device)
        )
        hiss = tilt * (uniform(0, 1, n, frames, bands) + uniform(0, 1, n, frames, bands) + 0.2)
        noise = torch.where(each(uniform(0, 1, n_groups, 1, 1)) < 0.5, babble, hiss)
        of_speech = power[noisy].sum((1, 2), keepdim=True) / (
            heard[noisy].sum(1)[:, None, None] * bands
        )
        wanted = of_speech * 10 ** (-each(uniform(0, 30, n_groups, 1, 1)) / 10)
        x[noisy] = (
            torch.log(
                power[noisy] + noise / (noise.mean((1, 2), keepdim=True) + 1e-20) * wanted + 1e-20
            )
            / POWER_OF_DB
        )

    band = torch.arange(bands, device=x.device)[None]
    cut_above = torch.where(uniform(0, 1, groups) < 0.12, pick(38, 60, groups), bands)
    cut_below = torch.where(uniform(0, 1, groups) < 0.12, pick(1, 7, groups), 0)
    kept = each((band >= cut_below[:, None]) & (band < cut_above[:, None]))
    return x.masked_fill(~kept[:, None], -200.0)


def mask(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Two stripes of bands for the batch and two of time for each clip are blanked (SpecAugment, Park et al. 2019)."""
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
