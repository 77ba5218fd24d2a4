"""The clips that a person has selected: by gender and emotion, and in words.

Tables have one row per clip, with the columns `CLIP_COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS

if TYPE_CHECKING:
    import pandas as pd

CLIP_COLUMNS = ("path", "corpus", "speaker", "gender", "emotion", "intensity", "statement")
"""The columns that tables of clips show."""


def select_gender(table: pd.DataFrame, gender: str) -> pd.DataFrame:
    """The rows of one gender; all with ""."""
    return table[table["gender"] == gender] if gender else table


def select_emotions(table: pd.DataFrame, emotions: Sequence[str]) -> pd.DataFrame:
    """The rows of some emotions."""
    return table[table["emotion"].isin(list(emotions))]


def emotions_present(table: pd.DataFrame, emotions: Sequence[str] = EMOTIONS) -> list[str]:
    """Those of some emotions that occur in a table, in the order of the emotions."""
    occurring = set(table["emotion"].unique()) & set(emotions)
    return [emotion for emotion in EMOTIONS if emotion in occurring]


def describe_selection(table: pd.DataFrame) -> str:
    """How many clips of how many speakers, of which corpora and gender, as a sentence."""
    n_speakers = table.loc[table["speaker"] != "", "speaker"].nunique()
    genders = set(table["gender"]) - {""}
    gender = f"{next(iter(genders))} " if len(genders) == 1 else ""
    speakers = f"{n_speakers:,} {gender}speakers" if n_speakers else "unknown speakers"
    corpora = []
    for name in table["corpus"].unique():
        speech = f" ({CORPORA[name].speech})" if name in CORPORA else ""
        corpora.append(f"{corpus_title(name)}{speech}")
    return f"**{len(table):,} clips** of {speakers}: {'; '.join(corpora)}."


def corpus_title(corpus: str) -> str:
    """The title of a corpus; a person's own corpus has its name as title."""
    return CORPORA[corpus].title if corpus in CORPORA else corpus
