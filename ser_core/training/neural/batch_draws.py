"""Which clips make a training batch: drawn so that corpora and emotions are balanced.

Conventions: rows are positions in the utterance table of all corpora; spectrograms are
[clips, frames, bands] in dB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS
from ser_core.training.neural.network import Phase, Settings
from ser_core.training.neural.training_clips import Clips

Batch = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int64]]
"""Rows [n], spectrograms [n, frames, bands], and how many frames each clip has [n]."""


@dataclass(frozen=True, eq=False)
class BatchDraws:
    """The batches of a phase; `rows` (a mask) are the clips that may be drawn."""

    clips: Clips
    rows: npt.NDArray[np.bool_]
    phase: Phase

    @cached_property
    def chances(self) -> npt.NDArray[np.float64]:
        """How likely each clip is drawn, [clips]."""
        return clip_chances(self.clips, self.rows, self.phase)

    @cached_property
    def rows_of_speaker(self) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """By speaker, the rows of all clips and of the neutral ones; only speakers who have two of these."""
        speakers = self.clips.table["speaker"].to_numpy(str)
        is_neutral = self.clips.emotion == EMOTIONS.index("neutral")
        rows_of_speaker = {}
        for speaker in np.unique(speakers[self.rows]):
            own = self.rows & (speakers == speaker)
            neutral = np.flatnonzero(own & is_neutral)
            if len(neutral) >= 2:
                rows_of_speaker[str(speaker)] = np.flatnonzero(own), neutral
        return rows_of_speaker

    @cached_property
    def chances_enrolled(self) -> npt.NDArray[np.float64]:
        """`chances` of the clips whose speakers can be enrolled."""
        enrolled = self.clips.table["speaker"].isin(list(self.rows_of_speaker)).to_numpy()
        chances = self.chances * enrolled
        return np.asarray(chances / chances.sum())

    def batch(self, settings: Settings, rng: np.random.Generator) -> Batch:
        """A batch of single clips, or of groups where the phase has a baseline."""
        if self.phase.enrolled:
            return self.groups(settings, rng)
        rows = rng.choice(len(self.chances), settings.batch, p=self.chances)
        return rows, *self.clips.batch(rows, settings.frames, rng, self.phase.undisturbed)

    def groups(self, settings: Settings, rng: np.random.Generator) -> Batch:
        """A batch of groups: each a speaker's neutral clips, then clips of any of the speaker's emotions.

        A group is undisturbed, or made of disturbed copies: who is enrolled at one microphone speaks into
        the same one later.
        """
        n_groups = settings.batch // settings.group
        first_clips = rng.choice(len(self.chances_enrolled), n_groups, p=self.chances_enrolled)
        rows, parts = [], []
        for first in first_clips:
            rows.append(self._group(first, settings, rng))
            undisturbed = float(rng.random() < self.phase.undisturbed)
            parts.append(self.clips.batch(rows[-1], settings.frames, rng, undisturbed))
        log_mels, lengths = zip(*parts, strict=True)
        return np.concatenate(rows), np.concatenate(log_mels), np.concatenate(lengths)

    def _group(
        self, first: int, settings: Settings, rng: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        """The rows of a group: a baseline, a clip, and others of the same speaker."""
        own, neutral = self.rows_of_speaker[str(self.clips.table["speaker"].iat[first])]
        emotion_of = self.clips.emotion[own]
        emotions = np.unique(emotion_of)
        n_others = settings.group - settings.baseline - 1
        others = [rng.choice(own[emotion_of == rng.choice(emotions)]) for _ in range(n_others)]
        learnt = [first, *others]
        other_neutral = np.setdiff1d(neutral, learnt)
        if not len(other_neutral):
            other_neutral = neutral
        repeats = len(other_neutral) < settings.baseline
        baseline = rng.choice(other_neutral, settings.baseline, replace=repeats)
        return np.array([*baseline, *learnt])


def clip_chances(
    clips: Clips, rows: npt.NDArray[np.bool_], phase: Phase
) -> npt.NDArray[np.float64]:
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
