"""The average pitch contour of each emotion over normalised time, from stored contours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.evaluation import DATA_DIR
from ser_core.exploration.average_spectra import RECORDING
from ser_core.exploration.distributions import group_of, ordered
from ser_core.exploration.separation import differences, over_speakers
from ser_core.features import intonation
from ser_core.storage import manifest

if TYPE_CHECKING:
    from ser_core.audio import Recording

Array = npt.NDArray[np.float64]

POINTS = [f"t{number:02d}" for number in range(intonation.POINTS)]
"""The columns of a table of contours beside `path`: F0 in Hz at even steps from the first to the last voiced frame."""
SCALES = {"semitones": "Semitones", "hz": "Hz"}
"""In what contours are drawn: against the speaker's own median, or as they are."""
TIME = np.linspace(0, 100, len(POINTS))
"""Where the points lie, in % of the time from the first to the last voiced frame."""

_STORED_STEP = 0.1  # Hz


def path_of(corpus: str) -> Path:
    """Where `data/` holds the contours of a corpus; made by `python -m ser_core contours CORPUS`."""
    return DATA_DIR / corpus / "pitch_contours.parquet"


def of_recording(recording: Recording) -> Array | None:
    """The contour of a recording in Hz, shape [25]; None where too little of it is voiced."""
    return intonation.contour(intonation.melody(recording))


def write(contours: pd.DataFrame, path: Path) -> None:
    """Store contours (columns path and `POINTS`, Hz) in tenths of Hz."""
    stored = contours.astype({"path": str})
    stored[POINTS] = (contours[POINTS] / _STORED_STEP).round().astype(np.int16)
    with manifest.storing(path) as part:
        stored.to_parquet(part, index=False, compression="zstd")


def read(corpora: Sequence[str]) -> pd.DataFrame:
    """The stored contours of some corpora: columns corpus, path and `POINTS`, in Hz; empty where none has any."""
    found = [
        pd.read_parquet(manifest.intact(path)).assign(corpus=corpus)
        for corpus in corpora
        if manifest.expected(path := path_of(corpus))
    ]
    if not found:
        return pd.DataFrame(columns=["corpus", "path", *POINTS])
    table = pd.concat(found, ignore_index=True)
    return table.assign(**{name: table[name] * _STORED_STEP for name in POINTS})


def of_clip(stored: pd.DataFrame, path: str) -> Array | None:
    """The stored contour of one clip in Hz, shape [25]; None where it has none."""
    found = stored.loc[stored["path"] == path, POINTS]
    return found.iloc[0].to_numpy(dtype=np.float64) if len(found) else None


def by_speaker(table: pd.DataFrame, stored: pd.DataFrame, scale: str) -> pd.DataFrame:
    """The mean contour of each speaker in each emotion: columns speaker, gender, emotion and `POINTS`, in one of `SCALES`.

    Semitones are against the median of all points of all the speaker's contours in `table`, which should hold all the emotions. Clips of
    unknown speakers, and those without a contour, are left out.
    """
    known = table.loc[
        table["speaker"] != "", ["corpus", "path", "speaker", "gender", "emotion"]
    ].merge(stored, on=["corpus", "path"])
    values = known[POINTS].to_numpy(dtype=np.float64)
    if scale == "semitones":
        values = 12 * np.log2(values)
        own = {
            speaker: np.median(values[rows])
            for speaker, rows in known.groupby("speaker").indices.items()
        }
        values = values - known["speaker"].map(own).to_numpy(dtype=np.float64)[:, None]
    known = pd.concat(
        [
            known[["speaker", "gender", "emotion"]],
            pd.DataFrame(values, columns=POINTS, index=known.index),
        ],
        axis=1,
    )
    return known.groupby(["speaker", "gender", "emotion"], as_index=False)[POINTS].mean()


def average(
    speakers: pd.DataFrame, emotions: Sequence[str], own: Array | None, scale: str, split: str = ""
) -> pd.DataFrame:
    """The mean over speakers of their mean contours: columns emotion, group, time (%), mean, low, high, speakers.

    `speakers` is as `by_speaker` gives it; `low` and `high` are the 95% interval over speakers (Student's t). A recording's contour `own` [25] in
    Hz has the emotion "recording"; its semitones are against its own median.
    """
    groups = group_of(speakers, split)
    rows = []
    for emotion in emotions:
        for group in ordered(groups):
            means = speakers.loc[(speakers["emotion"] == emotion) & (groups == group), POINTS]
            if len(means):
                rows.append(
                    over_speakers(means).assign(
                        emotion=emotion, group=group, speakers=len(means), time=TIME
                    )
                )
    if own is not None:
        values = 12 * np.log2(own / np.median(own)) if scale == "semitones" else own
        rows.append(
            pd.DataFrame(
                {
                    "mean": values,
                    "low": np.nan,
                    "high": np.nan,
                    "emotion": RECORDING,
                    "group": "",
                    "speakers": 0,
                    "time": TIME,
                }
            )
        )
    columns = ["emotion", "group", "time", "mean", "low", "high", "speakers"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def difference(speakers: pd.DataFrame, first: str, second: str, split: str = "") -> pd.DataFrame:
    """How much higher the contour of one emotion is than that of another, within speakers: columns group, time (%), mean, low, high, speakers."""
    groups = group_of(speakers, split)
    rows = []
    for group in ordered(groups):
        apart = differences(speakers[groups == group], first, second, POINTS)
        if len(apart):
            rows.append(over_speakers(apart).assign(group=group, speakers=len(apart), time=TIME))
    columns = ["group", "time", "mean", "low", "high", "speakers"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)
