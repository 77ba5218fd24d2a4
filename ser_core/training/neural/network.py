"""The network: a small convolutional net on the log-mel spectrogram, and what it gives for clips.

Conventions: log-mel spectrograms are [clips, frames, bands] in dB; `heard` is bool [clips, frames] and False
where a clip has ended.

The network reads a clip twice, side by side: once relative to the clip's own mean level (timbre and tilt stay
visible), once relative to the clip's own mean in every band (whatever a room or microphone adds steadily is
gone). Residual convolutions and attentive statistics pooling over time (Okabe et al. 2018,
doi:10.21437/Interspeech.2018-993) give an embedding, and two heads on it the logits of the eight emotions and
of the gender. Where a personal baseline is given (the mean embedding of neutral clips of the same speaker), a
further head moves the emotions by what differs from it. How it is trained: `optimisation`.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.features.logmel import N_MELS, RANGE_DB
from ser_core.training.neural.masking import POWER_OF_DB
from ser_core.training.neural.training_clips import Clips

_SPEECH_RANGE_DB = 30.0  # frames this far below the loudest are pause
_BANDS_DB = 10 * math.log10(N_MELS)  # a frame's level is the sum over its bands


@dataclass(frozen=True)
class Phase:
    """A part of the training: a learning rate that rises and falls once, and what its batches are made of."""

    epochs: int
    learning_rate: float
    corpus_weights: tuple[tuple[str, float], ...]
    undisturbed: float
    """Share of clips drawn as they are; the others are disturbed copies."""
    noisy: float
    """Share of clips in a batch that noise or babble is added to."""
    enrolled: bool = False
    """Whether batches are groups of one speaker's clips; the first are neutral and serve as baseline."""


@dataclass(frozen=True)
class Settings:
    """The shape of the network and its training, settled on the development speakers only."""

    channels: tuple[int, ...] = (16, 32, 64, 96)
    hidden: int = 128
    dropout: float = 0.3
    phases: tuple[Phase, ...] = (
        Phase(
            15,
            3e-3,
            (("ravdess", 0.28), ("crema-d", 0.42), ("nemo", 0.3)),
            undisturbed=0.6,
            noisy=0.3,
        ),
        Phase(
            6,
            1.5e-3,
            (("ravdess", 0.33), ("crema-d", 0.34), ("nemo", 0.33)),
            undisturbed=0.5,
            noisy=0.5,
        ),
        Phase(
            8,
            1.5e-3,
            (("ravdess", 0.33), ("crema-d", 0.34), ("nemo", 0.33)),
            undisturbed=0.5,
            noisy=0.5,
            enrolled=True,
        ),
    )
    clips_per_epoch: int = 8192
    batch: int = 48
    group: int = 6
    """Clips of one speaker in a row of an enrolled batch."""
    baseline: int = 2
    """How many of a group are neutral clips for the baseline."""
    frames: int = 224
    weight_decay: float = 0.03
    label_smoothing: float = 0.1
    absent_margin: float = 1.0
    gender_weight: float = 0.5
    equaliser_db: float = 2.0
    """Standard deviation of the gains of a batch's random equalisers."""


SETTINGS = Settings()


def normalised(log_mel: Tensor, heard: Tensor, range_db: Tensor | float = RANGE_DB) -> Tensor:
    """The two views that the network reads, [clips, 2, frames, bands].

    The first is relative to the clip's mean, the second to its mean in each band. Means and deviations are
    over speech (frames within 30 dB of the loudest). What lies more than `range_db` (a number, or
    [clips, 1, 1]) below the loudest frame is raised to there. A gain of the clip changes nothing.
    """
    level = (torch.logsumexp(log_mel * POWER_OF_DB, 2) / POWER_OF_DB).masked_fill(~heard, -1e4)
    loudest = level.amax(1)
    speech = ((level > (loudest - _SPEECH_RANGE_DB)[:, None]) & heard)[..., None].to(log_mel.dtype)
    x = torch.maximum(log_mel, (loudest - _BANDS_DB)[:, None, None] - range_db)
    n = speech.sum(1, keepdim=True)
    band_mean = (x * speech).sum(1, keepdim=True) / n
    mean = band_mean.mean(2, keepdim=True)
    variance = ((x - mean) ** 2 * speech).sum((1, 2), keepdim=True) / (n * N_MELS)
    band_variance = ((x - band_mean) ** 2 * speech).sum(1, keepdim=True) / n
    both = torch.stack(
        [(x - mean) / torch.sqrt(variance + 1), (x - band_mean) / torch.sqrt(band_variance + 9)], 1
    )
    return both * heard[:, None, :, None]


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class _Block(nn.Module):
    """Half the frames and bands, then a residual convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.down = nn.Sequential(*_convolution(inputs, outputs, 3, 2), nn.ReLU())
        self.residual = nn.Sequential(*_convolution(outputs, outputs, 3, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        return functional.relu(x + self.residual(x))


class Net(nn.Module):
    """Emotion and gender from `normalised` spectrograms."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        super().__init__()
        channels, hidden = settings.channels, settings.hidden
        self.step = 2 ** len(channels)
        self.stem = nn.Sequential(*_convolution(2, channels[0], 5, 2), nn.ReLU())
        self.blocks = nn.Sequential(
            *[_Block(inputs, outputs) for inputs, outputs in itertools.pairwise(channels)]
        )
        bands = N_MELS // self.step
        self.project = nn.Sequential(
            nn.Conv1d(channels[-1] * bands, hidden, 1, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
        )
        self.attention = nn.Sequential(
            nn.Conv1d(hidden, 32, 1), nn.Tanh(), nn.Conv1d(32, hidden, 1)
        )
        self.scale = nn.BatchNorm1d(2 * hidden)
        self.drop = nn.Dropout(settings.dropout)
        self.emotion = nn.Linear(2 * hidden, len(EMOTIONS))
        self.gender = nn.Linear(2 * hidden, len(GENDERS))
        self.relative = nn.Sequential(
            nn.Linear(4 * hidden, hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(hidden, len(EMOTIONS)),
        )
        for parameter in self.relative[-1].parameters():
            nn.init.zeros_(parameter)  # at first, a baseline changes nothing

    def embed(self, x: Tensor, heard: Tensor) -> Tensor:
        """The embedding of clips, shape [clips, 2 * hidden], float32."""
        h = self.project(self.blocks(self.stem(x)).transpose(2, 3).flatten(1, 2))
        left = heard[:, :: self.step][:, None, : h.shape[2]]
        weights = self.attention(h).float().masked_fill(~left, -1e4).softmax(2)
        h = h.float()
        mean = (weights * h).sum(2)
        deviation = torch.sqrt((weights * (h - mean[..., None]) ** 2).sum(2).clamp_min(1e-4))
        return torch.as_tensor(self.scale(torch.cat([mean, deviation], 1)))

    def forward(self, x: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of emotion [clips, 8] and gender [clips, 2], without a baseline."""
        pooled = self.drop(self.embed(x, heard))
        return self.emotion(pooled), self.gender(pooled)

    def shift(self, embedding: Tensor, baseline: Tensor) -> Tensor:
        """What a baseline adds to the emotion logits, [clips, 8]; both arguments are [clips, 2 * hidden]."""
        return torch.as_tensor(self.relative(torch.cat([embedding, embedding - baseline], 1)))


@torch.no_grad()
def embeddings(
    net: Net, clips: Clips, rows: npt.NDArray[np.int64], copy: int = 0, batch: int = 32
) -> npt.NDArray[np.float32]:
    """Embeddings of whole clips (of one of their copies), shape [rows, 2 * hidden]."""
    embedded = np.zeros((len(rows), net.emotion.in_features), np.float32)
    order = np.argsort(clips.n_frames[rows], kind="stable")
    for start in range(0, len(rows), batch):
        part = order[start : start + batch]
        log_mel, n_frames = clips.whole(rows[part], copy)
        heard = torch.arange(log_mel.shape[1])[None] < torch.from_numpy(n_frames)[:, None]
        x = normalised(torch.from_numpy(log_mel), heard).contiguous(
            memory_format=torch.channels_last
        )
        embedded[part] = net.embed(x, heard).numpy()
    return embedded


@torch.no_grad()
def logits(
    net: Net, embedded: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Emotion logits [clips, 8] and gender logits [clips, 2] of embeddings [clips, 2 * hidden]."""
    as_tensor = torch.from_numpy(embedded)
    return net.emotion(as_tensor).numpy(), net.gender(as_tensor).numpy()


@torch.no_grad()
def shifts(
    net: Net, embedded: npt.NDArray[np.float32], baseline: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """What baselines add to the emotion logits of embeddings (both [clips, 2 * hidden]): [clips, 8]."""
    return net.shift(torch.from_numpy(embedded), torch.from_numpy(baseline)).numpy()
