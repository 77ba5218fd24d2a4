"""The features that the explorer shows, and their values for the clips of the shipped corpora."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ser_core.corpora import TABLE_COLUMNS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, FeatureSpec
from ser_core.features.tables import SHIPPED_CORPUS, shipped_table_path
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

FEATURE_SET = "acoustic128_v1"

AUDIBLE_GROUPS = ("Pitch", "Energy", "Rhythm", "Spectral shape")
"""The groups of features that a person can hear and name."""


def feature_specs() -> dict[str, FeatureSpec]:
    """The features that can be explored, by name."""
    return {spec.name: spec for spec in FEATURE_SETS[FEATURE_SET].specs}


def feature_groups() -> list[str]:
    """The groups of features; first those that a person can hear and name."""
    return list(
        dict.fromkeys([*AUDIBLE_GROUPS, *(spec.group for spec in feature_specs().values())])
    )


def read_shipped_features(corpus: str = SHIPPED_CORPUS) -> pd.DataFrame:
    """The shipped feature table of a corpus, one row per clip.

    Parameters
    ----------
    corpus : str
        The name of the corpus.

    Returns
    -------
    DataFrame
        Columns `TABLE_COLUMNS`, then the 128 features in float64.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no such table.
    """
    import pandas as pd

    path = shipped_table_path(corpus, FEATURE_SET)
    if not manifest.is_expected(path):
        output = f"data/{corpus}/{path.name}"
        command = f"extract {corpus} --feature-set {FEATURE_SET} --output {output}"
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"The feature table {corpus}/{path.name} is missing in data/.",
            f"Make it: python -m ser_core {command}",
        )
    manifest.verify(path)
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    names = list(feature_specs())
    features = pd.DataFrame(table[names].to_numpy(dtype="float64"), columns=names)
    return pd.concat([table[list(TABLE_COLUMNS)], features], axis=1)
