"""One clip among others: its labels in a line, and the features of it that are unusual."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.exploration.clip_selection import corpus_title
from ser_core.exploration.explored_features import feature_specs


def describe_clip(row: Mapping[str, object]) -> str:
    """A clip in a line: emotion and intensity, speaker, sentence, corpus, path.

    `row` has the columns `CLIP_COLUMNS`.
    """
    emotion = f"**{str(row['emotion']).capitalize()}**"
    if row["intensity"] not in ("", "unspecified"):
        emotion = f"{emotion} ({row['intensity']})"
    speaker = " ".join(str(part) for part in (row["gender"], row["speaker"]) if part)
    statement = f"“{row['statement']}”" if row["statement"] else ""
    corpus = corpus_title(str(row["corpus"]))
    parts = (emotion, speaker or "unknown speaker", statement, corpus, f"`{row['path']}`")
    return " · ".join(part for part in parts if part)


def rank_unusual_features(values: npt.NDArray[np.float64], among: pd.DataFrame) -> pd.DataFrame:
    """Every feature of a clip with its percentile among other clips, the most unusual first.

    Parameters
    ----------
    values : array [128]
        The clip's features, in the order of `feature_specs`.
    among : DataFrame
        The feature table of the clips it is compared with.

    Returns
    -------
    DataFrame
        Columns attribute, value, unit, below (the share of the clips below, in %), sentence, feature.
    """
    specs = feature_specs()
    others = among[list(specs)].to_numpy(dtype=np.float64)
    # The clip itself is neither above nor below.
    shares = (others < values).mean(axis=0) + 0.5 * (others == values).mean(axis=0)
    features = pd.DataFrame(
        {
            "attribute": [spec.title for spec in specs.values()],
            "value": values,
            "unit": ["" if spec.unit == "none" else spec.unit for spec in specs.values()],
            "below": 100 * shares,
            "sentence": [spec.sentence for spec in specs.values()],
            "feature": list(specs),
        }
    )
    return features.sort_values(
        "below",
        key=lambda share: (share - 50).abs(),
        ascending=False,
        kind="stable",
        ignore_index=True,
    )
