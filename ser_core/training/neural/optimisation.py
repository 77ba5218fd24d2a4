"""How the network is trained: which clips make a batch, the loss, and a checkpoint after each epoch.

Clips are drawn so that corpora and emotions are balanced. Batches are disturbed anew each time (`disturbances`), on top of the
disturbed copies that `augmentation` made; the weights that are kept are a running mean over the steps (Polyak & Juditsky 1992).
Three phases: a long one; a short one that draws the corpora evenly and adds more noise; and one in which a speaker's neutral
clips serve as personal baseline for the speaker's other clips, simulating enrolment, while the same clips are learnt without
one as well. What is done about labels that a corpus lacks: see `_emotion_loss`. (Leaving them out of the loss altogether lets
"calm" be said of any clip that sounds like CREMA-D.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_core.emotions import EMOTIONS
from ser_core.features.logmel import RANGE_DB
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
    """Train on the chosen rows; goes on from `checkpoint` where an earlier run was cut off, and leaves the result there.

    Uses a GPU where there is one, bfloat16 where the processor has it. On one machine the same arguments give the same net.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    net = Net(settings).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    begun: dict[str, Any] = {
        "epochs": 0,
        "mean": {name: value.detach().clone() for name, value in net.state_dict().items()},
    }
    saved = (
        torch.load(checkpoint, map_location=device, weights_only=True)
        if checkpoint.exists()
        else begun
    )
    end = 0
    for phase in settings.phases:
        start, end = end, end + phase.epochs
        if saved["epochs"] < end:
            saved = _train_phase(
                net,
                _Draws(clips, rows, phase),
                seed,
                range(start, end),
                saved,
                checkpoint,
                phase,
                settings,
            )
    net.load_state_dict(saved["mean"])
    return net.cpu().eval()


def _train_phase(
    net: Net,
    draws: _Draws,
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
            loss = _loss(net, draws, rng, device, phase, settings)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            done = epoch * steps + step + 1
            _blend(mean, net.state_dict(), min(0.995, done / (done + 9)))
        state = {
            "net": net.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
        }
        saved = state | {"mean": mean, "epochs": epoch + 1}
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


@dataclass(frozen=True, eq=False)
class _Draws:
    """The clips that a phase may draw: those of `rows` (a mask)."""

    clips: Clips
    rows: npt.NDArray[np.bool_]
    phase: Phase

    @cached_property
    def chances(self) -> npt.NDArray[np.float64]:
        return _chances(self.clips, self.rows, self.phase)

    @cached_property
    def of_speaker(self) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """By speaker, the rows of all clips and of the neutral ones; only speakers who have two of these."""
        speakers, neutral = (
            self.clips.table["speaker"].to_numpy(str),
            self.clips.emotion == EMOTIONS.index("neutral"),
        )
        found = {}
        for speaker in np.unique(speakers[self.rows]):
            own = self.rows & (speakers == speaker)
            if (own & neutral).sum() >= 2:
                found[str(speaker)] = np.flatnonzero(own), np.flatnonzero(own & neutral)
        return found

    @cached_property
    def chances_enrolled(self) -> npt.NDArray[np.float64]:
        """`chances` of the clips whose speakers can be enrolled."""
        chances = self.chances * self.clips.table["speaker"].isin(list(self.of_speaker)).to_numpy()
        return np.asarray(chances / chances.sum())

    def alone(self, settings: Settings, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        return rng.choice(len(self.chances), settings.batch, p=self.chances)

    def groups(
        self, settings: Settings, rng: np.random.Generator, undisturbed: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Rows, spectrograms and lengths of a batch of groups: each a speaker's neutral clips, then clips of any of the speaker's emotions.

        A group is undisturbed, or made of disturbed copies: who is enrolled at one microphone speaks into the same one later.
        """
        rows, parts = [], []
        for first in rng.choice(
            len(self.chances_enrolled), settings.batch // settings.group, p=self.chances_enrolled
        ):
            own, neutral = self.of_speaker[str(self.clips.table["speaker"].iat[first])]
            emotions = np.unique(self.clips.emotion[own])
            others = [
                rng.choice(own[self.clips.emotion[own] == rng.choice(emotions)])
                for _ in range(settings.group - settings.baseline - 1)
            ]
            learnt = [first, *others]
            left = np.setdiff1d(neutral, learnt)
            left = left if len(left) else neutral
            baseline = rng.choice(left, settings.baseline, replace=len(left) < settings.baseline)
            rows.append(np.array([*baseline, *learnt]))
            parts.append(
                self.clips.batch(rows[-1], settings.frames, rng, float(rng.random() < undisturbed))
            )
        return (
            np.concatenate(rows),
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
        )


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
    draws: _Draws,
    rng: np.random.Generator,
    device: torch.device,
    phase: Phase,
    settings: Settings,
) -> Tensor:
    clips = draws.clips
    group, n_baseline = (settings.group, settings.baseline) if phase.enrolled else (1, 0)
    if phase.enrolled:
        chosen, log_mel, n_frames = draws.groups(settings, rng, phase.undisturbed)
    else:
        chosen = draws.alone(settings, rng)
        log_mel, n_frames = clips.batch(chosen, settings.frames, rng, phase.undisturbed)
    heard = (
        torch.arange(settings.frames, device=device)[None]
        < torch.from_numpy(n_frames).to(device)[:, None]
    )
    x = disturb(
        torch.from_numpy(log_mel).to(device), heard, rng, phase.noisy, settings.equaliser_db, group
    )
    range_db = torch.from_numpy(
        rng.uniform(RANGE_DB - 15, RANGE_DB + 15, (len(chosen), 1, 1)).astype(np.float32)
    ).to(device)
    x = mask(normalised(x, heard, range_db), rng).contiguous(memory_format=torch.channels_last)
    learnt = chosen.reshape(-1, group)[:, n_baseline:].ravel()
    has = torch.from_numpy(clips.has[clips.corpus[learnt]]).to(device)
    truth, gender_truth = (
        torch.from_numpy(labels[learnt]).to(device) for labels in (clips.emotion, clips.gender)
    )
    with torch.autocast(device.type, torch.bfloat16, enabled=_bfloat16(device)):
        embedding = net.embed(x, heard)
        shift: Tensor | None = None
        if phase.enrolled:
            of_groups = embedding.view(-1, group, embedding.shape[1])
            baseline = _baseline(of_groups[:, :n_baseline], rng).repeat_interleave(
                group - n_baseline, 0
            )
            embedding = of_groups[:, n_baseline:].flatten(0, 1)
        pooled = net.drop(embedding)
        emotion, gender = net.emotion(pooled), net.gender(pooled)
        if phase.enrolled:
            shift = net.shift(pooled, net.drop(baseline))
    of_emotion = _emotion_loss(emotion.float(), truth, has, settings)
    if shift is not None:
        of_emotion = (
            of_emotion + _emotion_loss(emotion.float() + shift.float(), truth, has, settings)
        ) / 2
    return of_emotion + settings.gender_weight * functional.cross_entropy(
        gender.float(), gender_truth
    )


def _baseline(neutral: Tensor, rng: np.random.Generator) -> Tensor:
    """The mean embedding of the first one or more of each speaker's neutral clips: [speakers, clips, width] to [speakers, width]."""
    n = torch.from_numpy(rng.integers(1, neutral.shape[1] + 1, (len(neutral), 1))).to(
        neutral.device
    )
    weights = (torch.arange(neutral.shape[1], device=neutral.device)[None] < n).float()
    return (neutral * (weights / n)[..., None]).sum(1)


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
