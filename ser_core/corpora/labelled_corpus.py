"""What labelling a folder gives: a corpus whose clips have labels, before any clip is opened."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.corpora.folders import LABEL_COLUMNS
from ser_core.corpora.left_out_files import LeftOutCollector, LeftOutFiles
from ser_core.corpora.registry import RECOGNISED
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LabelledCorpus:
    """A corpus before its clips are opened."""

    name: str
    source: str
    """Where the labels come from, as a phrase."""
    clips: tuple[tuple[str, Labels], ...]
    """Each clip's path relative to the folder, with `/`, and its labels."""
    left_out: tuple[LeftOutFiles, ...]
    known: Corpus | None = None
    """The known corpus whose clips they are, where file names alone gave the labels."""

    def to_table(self) -> pd.DataFrame:
        """One row per clip, columns `LABEL_COLUMNS`."""
        import pandas as pd

        rows = [(file, self.name, *dataclasses.astuple(labels)) for file, labels in self.clips]
        return pd.DataFrame(rows, columns=list(LABEL_COLUMNS))


def assemble_corpus(
    name: str, source: str, clips: Sequence[tuple[str, Labels]], left_out: LeftOutCollector
) -> LabelledCorpus:
    """A labelled corpus with at least one clip; an empty intensity becomes "unspecified".

    Raises
    ------
    SerError
        BAD_CORPUS where no clip is left.
    """
    if not clips:
        reasons = "; ".join(part.describe() for part in left_out.collected())
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"By {source}, {name!r} has no usable clip: {reasons}.",
            "Correct what is named, and try again.",
        )
    labelled = []
    for file, labels in clips:
        intensity = labels.intensity or "unspecified"
        labelled.append((file, dataclasses.replace(labels, intensity=intensity)))
    return LabelledCorpus(name, source, tuple(labelled), left_out.collected())


def rename_unlike_known(corpus: LabelledCorpus) -> LabelledCorpus:
    """The corpus under a name that no known corpus has: a folder's name alone proves nothing."""
    if corpus.name not in RECOGNISED:
        return corpus
    return dataclasses.replace(corpus, name=f"{corpus.name}-own")


def count_emotions(emotions: Iterable[str]) -> dict[str, int]:
    """The number of clips of each emotion that occurs, in the order of the emotions.

    >>> count_emotions(["sad", "happy", "sad"])
    {'happy': 1, 'sad': 2}
    """
    counts = Counter(emotions)
    return {emotion: counts[emotion] for emotion in EMOTIONS if counts[emotion]}
