"""One clip among others: what is known of it, and which of its features are unusual."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.exploration.choice import specs, title_of


def about(row: Mapping[str, object]) -> str:
    """What is known of a clip, in a line: emotion and intensity, speaker, sentence, corpus."""
    intensity = str(row["intensity"]) if row["intensity"] not in ("", "unspecified") else ""
    speaker = (
        " ".join(str(part) for part in (row["gender"], row["speaker"]) if part) or "unknown speaker"
    )
    meant = f"**{str(row['emotion']).capitalize()}**{f' ({intensity})' if intensity else ''}"
    said = f"“{row['statement']}”" if row["statement"] else ""
    return " · ".join(
        part
        for part in (meant, speaker, said, title_of(str(row["corpus"])), f"`{row['path']}`")
        if part
    )


def unusual(values: npt.NDArray[np.float64], among: pd.DataFrame) -> pd.DataFrame:
    """Every feature of a clip with its percentile among other clips, the most unusual first.

    Parameters
    ----------
    values : array [128]
        The clip's features, in the order of `specs`.
    among : DataFrame
        The feature table of the clips it is compared with.

    Returns
    -------
    DataFrame
        Columns attribute, value, unit, below (the share of the clips below, in %), sentence, feature.
    """
    every = specs()
    others = among[list(every)].to_numpy(dtype=np.float64)
    below = 100 * (
        (others < values).mean(axis=0) + 0.5 * (others == values).mean(axis=0)
    )  # the clip itself is neither above nor below
    found = pd.DataFrame(
        {
            "attribute": [spec.title for spec in every.values()],
            "value": values,
            "unit": ["" if spec.unit == "none" else spec.unit for spec in every.values()],
            "below": below,
            "sentence": [spec.sentence for spec in every.values()],
            "feature": list(every),
        }
    )
    return found.sort_values(
        "below",
        key=lambda share: (share - 50).abs(),
        ascending=False,
        kind="stable",
        ignore_index=True,
    )
