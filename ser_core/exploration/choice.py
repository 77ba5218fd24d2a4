"""The tables that the explorer reads: the features of every clip of a corpus, and which of the rows are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ser_core.corpora import CORPORA, TABLE_COLUMNS
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, FeatureSpec
from ser_core.features.tables import SHIPPED_CORPUS, shipped_table
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

FEATURE_SET = "acoustic128_v1"
ABOUT = ("path", "corpus", "speaker", "gender", "emotion", "intensity", "statement")
"""What is shown of a clip in tables of clips."""

HEARD = ("Pitch", "Energy", "Rhythm", "Spectral shape")
"""The kinds of features that a person can hear and name."""


def shipped_features(corpus: str = SHIPPED_CORPUS) -> pd.DataFrame:
    """The feature table of a corpus in `data/`, one row per clip, columns `TABLE_COLUMNS` and the 128 features in float64.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has none.
    """
    import pandas as pd

    path = shipped_table(corpus, FEATURE_SET)
    if not manifest.expected(path):
        make = f"python -m ser_core extract {corpus} --feature-set {FEATURE_SET} --output data/{corpus}/{path.name}"
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"The feature table {corpus}/{path.name} is missing in data/.",
            f"Make it: {make}",
        )
    manifest.intact(path)
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    features = pd.DataFrame(table[list(specs())].to_numpy(dtype="float64"), columns=list(specs()))
    return pd.concat([table[list(TABLE_COLUMNS)], features], axis=1)


def specs() -> dict[str, FeatureSpec]:
    """The features that can be explored, by name."""
    return {spec.name: spec for spec in FEATURE_SETS[FEATURE_SET].specs}


def kinds() -> list[str]:
    """The kinds of features, those first that a person can hear and name."""
    return list(dict.fromkeys([*HEARD, *(spec.group for spec in specs().values())]))


def of_voices(table: pd.DataFrame, gender: str) -> pd.DataFrame:
    """The rows of one gender; all with ""."""
    return table[table["gender"] == gender] if gender else table


def of_emotions(table: pd.DataFrame, emotions: Sequence[str]) -> pd.DataFrame:
    """The rows of some emotions."""
    return table[table["emotion"].isin(list(emotions))]


def present(table: pd.DataFrame, emotions: Sequence[str] = EMOTIONS) -> list[str]:
    """Which of some emotions there are clips of, in the order of the emotions."""
    there = set(table["emotion"].unique())
    return [emotion for emotion in EMOTIONS if emotion in there and emotion in emotions]


def in_words(table: pd.DataFrame) -> str:
    """How many clips of how many speakers, of which corpora and gender, as a sentence."""
    speakers, genders = (
        table["speaker"][table["speaker"] != ""].nunique(),
        set(table["gender"]) - {""},
    )
    names = [
        f"{title_of(corpus)} ({CORPORA[corpus].speech})" if corpus in CORPORA else corpus
        for corpus in table["corpus"].unique()
    ]
    of = (
        f"of {speakers:,} {next(iter(genders)) + ' ' if len(genders) == 1 else ''}speakers"
        if speakers
        else "of unknown speakers"
    )
    return f"**{len(table):,} clips** {of}: {'; '.join(names)}."


def title_of(corpus: str) -> str:
    """What a corpus is called; a person's own goes by its name."""
    return CORPORA[corpus].title if corpus in CORPORA else corpus
