"""How the network is trained: the loss, three phases, and a checkpoint after each epoch.

Conventions: rows are positions in the utterance table of all corpora, masks are bool [clips] over it;
spectrograms are [clips, frames, bands] in dB.

Batches are disturbed anew each time (`masking`), on top of the disturbed copies that `augmentation` made. The
weights that are kept are a running mean over the steps (Polyak & Juditsky 1992). The first phase is long. The
second is short, draws the corpora evenly and adds more noise. In the third a speaker's neutral clips serve as
personal baseline for the speaker's other clips, which simulates enrolment; the same clips are learnt without
one as well. For labels that a corpus lacks see `_emotion_loss`. (Without them in the loss, the network would
take any clip that sounds like CREMA-D for calm.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_core.emotions import EMOTIONS
from ser_core.features.logmel import RANGE_DB
from ser_core.training.neural.batch_draws import BatchDraws
from ser_core.training.neural.masking import disturb, mask
from ser_core.training.neural.network import SETTINGS, Net, Phase, Settings, normalised
from ser_core.training.neural.training_clips import Clips


def train(
    clips: Clips,
    rows: npt.NDArray[np.bool_],
    seed: int,
    checkpoint: Path,
    settings: Settings = SETTINGS,
) -> Net:
    """A network trained on the chosen rows.

    Training goes on from `checkpoint` where an earlier run was cut off, and leaves the result there. It uses
    a GPU where there is one, bfloat16 where the processor has it. On one machine the same arguments give the
    same net.

    Parameters
    ----------
    clips : Clips
        The spectrograms of all corpora.
    rows : ndarray of bool, shape [clips]
        The clips that are trained on.
    seed : int
    checkpoint : Path
        The file of the training's state after each epoch.
    settings : Settings

    Returns
    -------
    Net
        On the CPU, in evaluation mode.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    net = Net(settings).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
    else:
        begun = {name: value.detach().clone() for name, value in net.state_dict().items()}
        saved = {"epochs": 0, "mean": begun}
    start = 0
    for phase in settings.phases:
        epochs = range(start, start + phase.epochs)
        if saved["epochs"] < epochs.stop:
            draws = BatchDraws(clips, rows, phase)
            saved = _train_phase(net, draws, seed, epochs, saved, checkpoint, settings)
        start = epochs.stop
    net.load_state_dict(saved["mean"])
    return net.cpu().eval()


def _train_phase(
    net: Net,
    draws: BatchDraws,
    seed: int,
    epochs: range,
    saved: dict[str, Any],
    checkpoint: Path,
    settings: Settings,
) -> dict[str, Any]:
    """What the checkpoint holds after a phase that goes on from `saved`.

    A phase begins with the mean of the one before.
    """
    phase, mean = draws.phase, saved["mean"]
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
            loss = _loss(net, draws, rng, settings)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            n_steps = epoch * steps + step + 1
            _blend(mean, net.state_dict(), min(0.995, n_steps / (n_steps + 9)))
        saved = {
            "net": net.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "mean": mean,
            "epochs": epoch + 1,
        }
        unfinished = checkpoint.with_suffix(".part")
        torch.save(saved, unfinished)
        unfinished.replace(checkpoint)
    return saved


def _optimiser(
    net: Net, phase: Phase, steps: int, settings: Settings
) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.OneCycleLR]:
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, phase.learning_rate, total_steps=steps * phase.epochs + 1, pct_start=0.25
    )
    return optimiser, schedule


def _loss(net: Net, draws: BatchDraws, rng: np.random.Generator, settings: Settings) -> Tensor:
    """The loss of a random batch."""
    clips, phase = draws.clips, draws.phase
    device = next(net.parameters()).device
    group, n_baseline = (settings.group, settings.baseline) if phase.enrolled else (1, 0)
    rows, log_mel, n_frames = draws.batch(settings, rng)
    heard = _heard(n_frames, settings.frames, device)
    x = torch.from_numpy(log_mel).to(device)
    x = disturb(x, heard, rng, phase.noisy, settings.equaliser_db, group)
    x = normalised(x, heard, _random_range_db(len(rows), rng, device))
    x = mask(x, rng).contiguous(memory_format=torch.channels_last)
    learnt = rows.reshape(-1, group)[:, n_baseline:].ravel()
    has = torch.from_numpy(clips.has[clips.corpus[learnt]]).to(device)
    truth, gender_truth = (
        torch.from_numpy(labels[learnt]).to(device) for labels in (clips.emotion, clips.gender)
    )
    with torch.autocast(device.type, torch.bfloat16, enabled=_bfloat16(device)):
        embedding = net.embed(x, heard)
        shift: Tensor | None = None
        if phase.enrolled:
            groups = embedding.view(-1, group, embedding.shape[1])
            baseline = _baseline(groups[:, :n_baseline], rng)
            baseline = baseline.repeat_interleave(group - n_baseline, 0)
            embedding = groups[:, n_baseline:].flatten(0, 1)
        pooled = net.drop(embedding)
        emotion, gender = net.emotion(pooled), net.gender(pooled)
        if phase.enrolled:
            shift = net.shift(pooled, net.drop(baseline))
    emotion_loss = _emotion_loss(emotion.float(), truth, has, settings)
    if shift is not None:
        with_baseline = _emotion_loss(emotion.float() + shift.float(), truth, has, settings)
        emotion_loss = (emotion_loss + with_baseline) / 2
    gender_loss = functional.cross_entropy(gender.float(), gender_truth)
    return emotion_loss + settings.gender_weight * gender_loss


def _heard(n_frames: npt.NDArray[np.int64], frames: int, device: torch.device) -> Tensor:
    """Bool [clips, frames], False where a clip has ended."""
    ends = torch.from_numpy(n_frames).to(device)
    return torch.arange(frames, device=device)[None] < ends[:, None]


def _random_range_db(n_clips: int, rng: np.random.Generator, device: torch.device) -> Tensor:
    """How far below the loudest frame each clip is audible, [clips, 1, 1]."""
    drawn = rng.uniform(RANGE_DB - 15, RANGE_DB + 15, (n_clips, 1, 1))
    return torch.from_numpy(drawn.astype(np.float32)).to(device)


def _baseline(neutral: Tensor, rng: np.random.Generator) -> Tensor:
    """The mean embedding of the first one or more of each speaker's neutral clips.

    From [speakers, clips, width] to [speakers, width].
    """
    n_clips = neutral.shape[1]
    n = torch.from_numpy(rng.integers(1, n_clips + 1, (len(neutral), 1))).to(neutral.device)
    weights = (torch.arange(n_clips, device=neutral.device)[None] < n).float()
    return (neutral * (weights / n)[..., None]).sum(1)


def _emotion_loss(logits: Tensor, truth: Tensor, has: Tensor, settings: Settings) -> Tensor:
    """Cross-entropy of logits [clips, 8] where not every corpus has every label (`has` [clips, 8]).

    A label that a clip's corpus lacks starts `absent_margin` lower, so that its absence is soon good enough
    and is not driven to certainty. Calm, where it is lacking, is as good an answer as neutral.
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
