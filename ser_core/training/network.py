"""The network: a small convolutional net on the log-mel spectrogram, how it is trained, and how it becomes ONNX.

It reads a clip twice, side by side: once relative to the clip's own mean level (timbre and tilt stay visible), once relative
to the clip's own mean in every band (whatever a room or microphone adds steadily is gone). Residual convolutions, attentive
statistics pooling over time (Okabe et al. 2018, doi:10.21437/Interspeech.2018-993), one head for the eight emotions and one
for the gender. What is done about labels that a corpus lacks: see `_emotion_loss`. (Leaving them out of the loss altogether lets
"calm" be said of any clip that sounds like CREMA-D.) Clips are drawn so that corpora and emotions are balanced. Batches are
disturbed anew each time (`_disturb`), on top of the disturbed copies that `augmentation` made; the weights that are kept are a
running mean over the steps (Polyak & Juditsky 1992). Training has two phases: a long one, and a short one that draws the corpora
evenly and adds more noise.

Conventions: log-mel spectrograms are [clips, frames, bands] in dB, `heard` is [clips, frames] and False where a clip has ended.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.features.logmel import N_MELS, RANGE_DB
from ser_core.training.spectrograms import Clips

_DB = math.log(10) / 10  # from dB to the natural logarithm of power
_SPEECH_RANGE_DB = 30.0  # frames this far below the loudest are pause
_BANDS_DB = 10 * math.log10(N_MELS)  # a frame's level is the sum over its bands


@dataclass(frozen=True)
class Phase:
    """A part of the training with a learning rate that rises and falls once, and what its batches are made of."""

    epochs: int
    learning_rate: float
    corpus_weights: tuple[tuple[str, float], ...]
    undisturbed: float
    """Share of clips drawn as they are; the others are disturbed copies."""
    noisy: float
    """Share of clips in a batch that noise or babble is added to."""


@dataclass(frozen=True)
class Settings:
    """What was settled while developing, on the development speakers only."""

    channels: tuple[int, ...] = (16, 32, 64, 96)
    hidden: int = 128
    dropout: float = 0.3
    phases: tuple[Phase, ...] = (
        Phase(15, 3e-3, (("ravdess", 0.28), ("crema-d", 0.42), ("nemo", 0.3)), undisturbed=0.6, noisy=0.3),
        Phase(6, 1.5e-3, (("ravdess", 0.33), ("crema-d", 0.34), ("nemo", 0.33)), undisturbed=0.5, noisy=0.5),
    )
    clips_per_epoch: int = 8192
    batch: int = 48
    frames: int = 224
    weight_decay: float = 0.03
    label_smoothing: float = 0.1
    absent_margin: float = 1.0
    gender_weight: float = 0.5
    equaliser_db: float = 2.0
    """Standard deviation of the gains of a batch's random equalisers."""


SETTINGS = Settings()


# ------------------------------------------------------------------------------------------------------------- the network


def normalised(log_mel: Tensor, heard: Tensor, range_db: Tensor | float = RANGE_DB) -> Tensor:
    """What the network reads, shape [clips, 2, frames, bands]: relative to the clip's mean, and to its mean in each band.

    Means and deviations are over speech (frames within 30 dB of the loudest); what lies more than `range_db` (a number, or
    [clips, 1, 1]) below the loudest frame is raised to there. A gain of the clip leaves the result as it is.
    """
    level = (torch.logsumexp(log_mel * _DB, 2) / _DB).masked_fill(~heard, -1e4)
    loudest = level.amax(1)
    speech = ((level > (loudest - _SPEECH_RANGE_DB)[:, None]) & heard)[..., None].to(log_mel.dtype)
    x = torch.maximum(log_mel, (loudest - _BANDS_DB)[:, None, None] - range_db)
    n = speech.sum(1, keepdim=True)
    band_mean = (x * speech).sum(1, keepdim=True) / n
    mean = band_mean.mean(2, keepdim=True)
    variance = ((x - mean) ** 2 * speech).sum((1, 2), keepdim=True) / (n * N_MELS)
    band_variance = ((x - band_mean) ** 2 * speech).sum(1, keepdim=True) / n
    both = torch.stack([(x - mean) / torch.sqrt(variance + 1), (x - band_mean) / torch.sqrt(band_variance + 9)], 1)
    return both * heard[:, None, :, None]


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]


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
        self.blocks = nn.Sequential(*[_Block(inputs, outputs) for inputs, outputs in itertools.pairwise(channels)])
        bands = N_MELS // self.step
        self.project = nn.Sequential(nn.Conv1d(channels[-1] * bands, hidden, 1, bias=False), nn.BatchNorm1d(hidden), nn.ReLU())
        self.attention = nn.Sequential(nn.Conv1d(hidden, 32, 1), nn.Tanh(), nn.Conv1d(32, hidden, 1))
        self.scale = nn.BatchNorm1d(2 * hidden)
        self.drop = nn.Dropout(settings.dropout)
        self.emotion = nn.Linear(2 * hidden, len(EMOTIONS))
        self.gender = nn.Linear(2 * hidden, len(GENDERS))

    def forward(self, x: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of emotion [clips, 8] and gender [clips, 2]."""
        h = self.project(self.blocks(self.stem(x)).transpose(2, 3).flatten(1, 2))
        left = heard[:, :: self.step][:, None, : h.shape[2]]
        weights = self.attention(h).float().masked_fill(~left, -1e4).softmax(2)
        h = h.float()
        mean = (weights * h).sum(2)
        deviation = torch.sqrt((weights * (h - mean[..., None]) ** 2).sum(2).clamp_min(1e-4))
        pooled = self.drop(self.scale(torch.cat([mean, deviation], 1)))
        return self.emotion(pooled), self.gender(pooled)


# ------------------------------------------------------------------------------------------------------------ disturbances


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


def _disturb(x: Tensor, heard: Tensor, rng: np.random.Generator, noisy_share: float, equaliser_db: float) -> Tensor:
    """Shift, equalise, add noise or the babble of three other clips at 0 to 30 dB, cut the band: log-mel in, log-mel out."""
    clips, frames, bands = x.shape

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32)).to(x.device)

    def pick(low: int, high: int, n: int) -> Tensor:
        return torch.from_numpy(rng.integers(low, high, n)).to(x.device)

    x = torch.bmm(x, _SHIFTS.to(x.device)[pick(0, len(_SHIFTS), clips)])
    curve = torch.from_numpy(rng.normal(0, equaliser_db, (clips, 1, 6)).astype(np.float32)).to(x.device)
    x = x + functional.interpolate(curve, size=bands, mode="linear", align_corners=True)

    power = torch.exp(x * _DB) * heard[..., None]
    noisy = torch.nonzero(uniform(0, 1, clips) < noisy_share)[:, 0]
    n = len(noisy)
    if n:
        babble = sum(power[pick(0, clips, n)].roll(int(rng.integers(frames)), 1) for _ in range(3))
        tilt = torch.exp(_DB * uniform(-18, 9, n, 1, 1) * torch.linspace(0, 1, bands, device=x.device))
        hiss = tilt * (uniform(0, 1, n, frames, bands) + uniform(0, 1, n, frames, bands) + 0.2)
        noise = torch.where(uniform(0, 1, n, 1, 1) < 0.5, babble, hiss)
        of_speech = power[noisy].sum((1, 2), keepdim=True) / (heard[noisy].sum(1)[:, None, None] * bands)
        wanted = of_speech * 10 ** (-uniform(0, 30, n, 1, 1) / 10)
        x[noisy] = torch.log(power[noisy] + noise / (noise.mean((1, 2), keepdim=True) + 1e-20) * wanted + 1e-20) / _DB

    band = torch.arange(bands, device=x.device)[None]
    cut_above = torch.where(uniform(0, 1, clips) < 0.12, pick(38, 60, clips), bands)
    cut_below = torch.where(uniform(0, 1, clips) < 0.12, pick(1, 7, clips), 0)
    kept = (band >= cut_below[:, None]) & (band < cut_above[:, None])
    return x.masked_fill(~kept[:, None], -200.0)


def _mask(x: Tensor, rng: np.random.Generator) -> Tensor:
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


# ---------------------------------------------------------------------------------------------------------------- training


def train(clips: Clips, rows: npt.NDArray[np.bool_], seed: int, checkpoint: Path, settings: Settings = SETTINGS) -> Net:
    """Train on the chosen rows; goes on from `checkpoint` where an earlier run was cut off, and leaves the result there.

    Uses a GPU where there is one, bfloat16 where the processor has it. On one machine the same arguments give the same net.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    net = Net(settings).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    begun: dict[str, Any] = {"epochs": 0, "mean": {name: value.detach().clone() for name, value in net.state_dict().items()}}
    saved = torch.load(checkpoint, map_location=device, weights_only=True) if checkpoint.exists() else begun
    end = 0
    for phase in settings.phases:
        start, end = end, end + phase.epochs
        if saved["epochs"] < end:
            saved = _train_phase(net, clips, _chances(clips, rows, phase), seed, range(start, end), saved, checkpoint, phase, settings)
    net.load_state_dict(saved["mean"])
    return net.cpu().eval()


def _train_phase(
    net: Net,
    clips: Clips,
    chances: npt.NDArray[np.float64],
    seed: int,
    epochs: range,
    saved: dict[str, Any],
    checkpoint: Path,
    phase: Phase,
    settings: Settings,
) -> dict[str, Any]:
    """One phase, from where `saved` stands; gives what the checkpoint holds after it. A phase begins with the mean of the one before."""
    device = next(net.parameters()).device
    mean = saved["mean"]
    steps = settings.clips_per_epoch // settings.batch
    net.load_state_dict(mean)
    optimiser, schedule = _optimiser(net, phase, steps, settings)
    if saved["epochs"] > epochs.start:
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
    for epoch in epochs[max(0, saved["epochs"] - epochs.start) :]:
        rng = np.random.default_rng([seed, epoch])
        torch.manual_seed(seed * 1000 + epoch)
        net.train()
        for step in range(steps):
            loss = _loss(net, clips, rng.choice(len(chances), settings.batch, p=chances), rng, device, phase, settings)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            done = epoch * steps + step + 1
            _blend(mean, net.state_dict(), min(0.995, done / (done + 9)))
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
        saved = state | {"mean": mean, "epochs": epoch + 1}
        unfinished = checkpoint.with_suffix(".part")
        torch.save(saved, unfinished)
        unfinished.replace(checkpoint)
    return saved


def _optimiser(net: Net, phase: Phase, steps: int, settings: Settings) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.OneCycleLR]:
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, phase.learning_rate, total_steps=steps * phase.epochs + 1, pct_start=0.25)
    return optimiser, schedule


def _chances(clips: Clips, rows: npt.NDArray[np.bool_], phase: Phase) -> npt.NDArray[np.float64]:
    """How likely each clip is drawn, shape [clips]: by corpus, then every emotion of the corpus alike."""
    weight_of = dict(phase.corpus_weights)
    chances = np.zeros(len(rows))
    for corpus, name in enumerate(clips.corpora):
        of_corpus = rows & (clips.corpus == corpus)
        emotions = np.unique(clips.emotion[of_corpus])
        for emotion in emotions:
            same = of_corpus & (clips.emotion == emotion)
            chances[same] = weight_of[name] / len(emotions) / same.sum()
    return np.asarray(chances / chances.sum())


def _loss(
    net: Net,
    clips: Clips,
    chosen: npt.NDArray[np.int64],
    rng: np.random.Generator,
    device: torch.device,
    phase: Phase,
    settings: Settings,
) -> Tensor:
    log_mel, n_frames = clips.batch(chosen, settings.frames, rng, phase.undisturbed)
    heard = torch.arange(settings.frames, device=device)[None] < torch.from_numpy(n_frames).to(device)[:, None]
    x = _disturb(torch.from_numpy(log_mel).to(device), heard, rng, phase.noisy, settings.equaliser_db)
    range_db = torch.from_numpy(rng.uniform(RANGE_DB - 15, RANGE_DB + 15, (len(chosen), 1, 1)).astype(np.float32)).to(device)
    x = _mask(normalised(x, heard, range_db), rng).contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=_bfloat16(device)):
        emotion, gender = net(x, heard)
    has = torch.from_numpy(clips.has[clips.corpus[chosen]]).to(device)
    of_emotion = _emotion_loss(emotion.float(), torch.from_numpy(clips.emotion[chosen]).to(device), has, settings)
    of_gender = functional.cross_entropy(gender.float(), torch.from_numpy(clips.gender[chosen]).to(device))
    return of_emotion + settings.gender_weight * of_gender


def _emotion_loss(logits: Tensor, truth: Tensor, has: Tensor, settings: Settings) -> Tensor:
    """Cross-entropy of logits [clips, 8] where not every corpus has every label (`has` [clips, 8]).

    A label that a clip's corpus lacks starts `absent_margin` lower, so that its absence is soon good enough and is not driven to
    certainty; calm, where it is lacking, is as good an answer as neutral.
    """
    logarithms = (logits - settings.absent_margin * ~has).log_softmax(1)
    neutral, calm = EMOTIONS.index("neutral"), EMOTIONS.index("calm")
    of_truth = logarithms.gather(1, truth[:, None])[:, 0]
    either = torch.logaddexp(logarithms[:, neutral], logarithms[:, calm])
    of_truth = torch.where((truth == neutral) & ~has[:, calm], either, of_truth)
    smooth = (logarithms * has).sum(1) / has.sum(1)
    return -((1 - settings.label_smoothing) * of_truth + settings.label_smoothing * smooth).mean()


def _bfloat16(device: torch.device) -> bool:
    """Whether half precision is faster here: on GPUs, and on processors that have instructions for it."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


@torch.no_grad()
def _blend(mean: dict[str, Tensor], now: dict[str, Tensor], keep: float) -> None:
    for name, value in now.items():
        if value.is_floating_point():
            mean[name].lerp_(value, 1 - keep)
        else:
            mean[name].copy_(value)


# ----------------------------------------------------------------------------------------------------- asking and exporting


class Served(nn.Module):
    """Nets as one model of a task: the mean of their log probabilities. Log-mel in, probabilities out."""

    def __init__(self, nets: Sequence[Net], task: str) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)
        self.head = ("emotion", "gender").index(task)

    def forward(self, log_mel: Tensor) -> Tensor:
        heard = torch.ones_like(log_mel[:, :, 0], dtype=torch.bool)
        x = normalised(log_mel, heard)
        return torch.stack([net(x, heard)[self.head].log_softmax(1) for net in self.nets]).mean(0).softmax(1)


@torch.no_grad()
def logits(
    net: Net, clips: Clips, rows: npt.NDArray[np.int64], copy: int = 0, batch: int = 32
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Emotion and gender logits of whole clips (of one of their copies), shapes [rows, 8] and [rows, 2]."""
    emotion = np.zeros((len(rows), len(EMOTIONS)), np.float32)
    gender = np.zeros((len(rows), len(GENDERS)), np.float32)
    order = np.argsort(clips.n_frames[rows], kind="stable")
    for start in range(0, len(rows), batch):
        part = order[start : start + batch]
        log_mel, n_frames = clips.whole(rows[part], copy)
        heard = torch.arange(log_mel.shape[1])[None] < torch.from_numpy(n_frames)[:, None]
        of_emotion, of_gender = net(normalised(torch.from_numpy(log_mel), heard).contiguous(memory_format=torch.channels_last), heard)
        emotion[part], gender[part] = of_emotion.numpy(), of_gender.numpy()
    return emotion, gender


def export(nets: Sequence[Net], task: str) -> bytes:
    """The ONNX form that `ser_core.models` serves: `log_mel` [1, frames, 64] in dB to `probabilities` [1, labels]."""
    frames = torch.export.Dim("frames", min=40, max=100_000)
    program = torch.onnx.export(
        Served(nets, task).eval(),
        (torch.zeros(1, 300, N_MELS),),
        input_names=["log_mel"],
        output_names=["probabilities"],
        dynamic_shapes={"log_mel": {1: frames}},
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    buffer = io.BytesIO()
    program.save(buffer)
    return buffer.getvalue()
