"""Tables of probabilities as Parquet files with small integers in place of floats.

Conventions: the columns named after labels hold a whole number of steps; a step is one part in `STEPS` of 1,
and the file's metadata says in how many. The coarser step is taken where it loses nothing. A probability
that does not apply (a label of the other task) is missing in the file and NaN in the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

STEPS = {10_000: "UInt16", 100_000: "UInt32"}
"""In how many steps 1 may be divided, and the type of column that holds them all."""

DECIMALS = 5
"""Decimal places that a table may use: those of the finest of `STEPS`."""

_LABELS = [*EMOTIONS, *GENDERS]
_STEPS_KEY = "probability_steps"
_FLOAT32_NOISE = 0.01  # steps


def write_compact(table: pd.DataFrame, path: Path) -> None:
    """Store a table whose probabilities have at most `DECIMALS` decimal places.

    Parameters
    ----------
    table : DataFrame
        With a float column for each emotion and gender; all other columns are stored as they are.
    path : Path
        The Parquet file. In `data/` it is listed in the manifest, too.

    Raises
    ------
    SerError
        NOT_WRITABLE where the file cannot be written.
    """
    probabilities = table[_LABELS].to_numpy(dtype=np.float64)
    steps = next(steps for steps in STEPS if _fits(probabilities, steps) or steps == max(STEPS))
    compact = table.reset_index(drop=True)
    compact[_LABELS] = np.rint(probabilities * steps)
    compact = compact.astype(dict.fromkeys(_LABELS, STEPS[steps]))
    compact.attrs[_STEPS_KEY] = steps
    others = [name for name in compact if name not in _LABELS]
    with manifest.storing(path) as part:
        # Bytes of equal weight stand together in the file (byte stream split): zstd then finds more to save.
        compact.to_parquet(
            part,
            index=False,
            compression="zstd",
            compression_level=19,
            use_dictionary=others,
            column_encoding=dict.fromkeys(_LABELS, "BYTE_STREAM_SPLIT"),
        )


def read_compact(path: Path) -> pd.DataFrame:
    """A table that `write_compact` stored, its probabilities as float32 again.

    Parameters
    ----------
    path : Path
        The Parquet file. One in `data/` is checked against the manifest first.

    Returns
    -------
    DataFrame
        As it was stored; probabilities that do not apply are NaN.

    Raises
    ------
    SerError
        NOT_FOUND where the file is not there; DATA_TAMPERED where it is not the listed one.
    """
    import pandas as pd

    table = pd.read_parquet(manifest.verify(path))
    steps = table.attrs.pop(_STEPS_KEY)
    for label in _LABELS:
        counts = table[label].to_numpy(dtype=np.float64, na_value=np.nan)
        table[label] = (counts / steps).astype(np.float32)
    return table


def _fits(probabilities: npt.NDArray[np.float64], steps: int) -> bool:
    """Whether all probabilities are whole numbers of steps, but for the noise of float32."""
    values = probabilities * steps
    return bool(np.nanmax(np.abs(values - np.rint(values)), initial=0.0) < _FLOAT32_NOISE)
