"""Average pitch contours of each emotion over normalised time, from stored contours.

A contour has 25 values of F0 at even steps from the first to the last voiced frame, in Hz or in
semitones; time is in % of that stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.exploration.average_spectra import RECORDING
from ser_core.exploration.distributions import clip_groups, order_groups
from ser_core.exploration.separation import mean_over_speakers, speaker_differences
from ser_core.features import intonation
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    from ser_core.audio import Recording

Array = npt.NDArray[np.float64]

POINTS = [f"t{number:02d}" for number in range(intonation.POINTS)]
"""The columns of a table of contours beside `path`."""
SCALES = {"semitones": "Semitones", "hz": "Hz"}
"""The units in which contours are drawn. Semitones are against the speaker's own median."""
TIME = np.linspace(0, 100, len(POINTS))
"""The times of the points, in %."""

_STORED_STEP = 0.1  # Hz
_SEMITONES_PER_OCTAVE = 12
_AVERAGE_COLUMNS = ["emotion", "group", "time", "mean", "low", "high", "speakers"]
_DIFFERENCE_COLUMNS = ["group", "time", "mean", "low", "high", "speakers"]


def contours_path(corpus: str) -> Path:
    """The file in `data/` with the contours of a corpus.

    `python -m ser_core contours CORPUS` makes it.
    """
    return DATA_DIR / corpus / "pitch_contours.parquet"


def recording_contour(recording: Recording) -> Array | None:
    """The contour of a recording in Hz, shape [25]; None where too little of it is voiced."""
    return intonation.normalise_contour(intonation.track_melody(recording))


def write_contours(contours: pd.DataFrame, path: Path) -> None:
    """Store contours in tenths of Hz.

    Parameters
    ----------
    contours : DataFrame
        Columns path and `POINTS`, in Hz.
    path : Path
        A file in `data/`.
    """
    stored = contours.astype({"path": str})
    stored[POINTS] = (contours[POINTS] / _STORED_STEP).round().astype(np.int16)
    with manifest.storing(path) as part:
        stored.to_parquet(part, index=False, compression="zstd")


def read_contours(corpora: Sequence[str]) -> pd.DataFrame:
    """The stored contours of some corpora; empty where none has any.

    Parameters
    ----------
    corpora : sequence of str

    Returns
    -------
    DataFrame
        Columns corpus, path and `POINTS`, in Hz.
    """
    paths = {corpus: contours_path(corpus) for corpus in corpora}
    parts = [
        pd.read_parquet(manifest.verify(path)).assign(corpus=corpus)
        for corpus, path in paths.items()
        if manifest.is_expected(path)
    ]
    if not parts:
        return pd.DataFrame(columns=["corpus", "path", *POINTS])
    table = pd.concat(parts, ignore_index=True)
    return table.assign(**{name: table[name] * _STORED_STEP for name in POINTS})


def clip_contour(stored: pd.DataFrame, path: str) -> Array | None:
    """The stored contour of one clip in Hz, shape [25]; None where it has none."""
    rows = stored.loc[stored["path"] == path, POINTS]
    return rows.iloc[0].to_numpy(dtype=np.float64) if len(rows) else None


def speaker_contours(table: pd.DataFrame, stored: pd.DataFrame, scale: str) -> pd.DataFrame:
    """The mean contour of each speaker in each emotion.

    Parameters
    ----------
    table : DataFrame
        A feature table. It should hold all emotions: semitones are against the median of all points
        of all the speaker's contours in it. Clips of unknown speakers are left out.
    stored : DataFrame
        As `read_contours` gives it. Clips without a contour are left out.
    scale : str
        One of `SCALES`.

    Returns
    -------
    DataFrame
        Columns speaker, gender, emotion and `POINTS`.
    """
    labels = ["speaker", "gender", "emotion"]
    known = table.loc[table["speaker"] != "", ["corpus", "path", *labels]]
    clips = known.merge(stored, on=["corpus", "path"])
    values = clips[POINTS].to_numpy(dtype=np.float64)
    if scale == "semitones":
        values = _semitones_within_speakers(values, clips["speaker"])
    contours = pd.DataFrame(values, columns=POINTS, index=clips.index)
    clips = pd.concat([clips[labels], contours], axis=1)
    return clips.groupby(labels, as_index=False)[POINTS].mean()


def _semitones_within_speakers(values: Array, speakers: pd.Series) -> Array:
    """Contours in Hz [clips, 25] as semitones against the median of each speaker."""
    semitones = _SEMITONES_PER_OCTAVE * np.log2(values)
    rows_of = speakers.groupby(speakers).indices
    medians = {speaker: np.median(semitones[rows]) for speaker, rows in rows_of.items()}
    return np.asarray(semitones - speakers.map(medians).to_numpy(dtype=np.float64)[:, None])


def average_contours(
    speakers: pd.DataFrame, emotions: Sequence[str], own: Array | None, scale: str, split: str = ""
) -> pd.DataFrame:
    """The mean over speakers of their mean contours, and the contour of a recording.

    Parameters
    ----------
    speakers : DataFrame
        As `speaker_contours` gives it.
    emotions : sequence of str
    own : array [25], optional
        The contour of a recording in Hz. Its rows come last, with the emotion "recording"; its
        semitones are against its own median.
    scale : str
        One of `SCALES`.
    split : str
        One of `SPLITS`.

    Returns
    -------
    DataFrame
        Columns emotion, group, time (%), mean, low, high, speakers. `low` and `high` are the 95%
        interval over speakers (Student's t).
    """
    groups = clip_groups(speakers, split)
    parts = []
    for emotion in emotions:
        for group in order_groups(groups):
            is_chosen = (speakers["emotion"] == emotion) & (groups == group)
            contours = speakers.loc[is_chosen, POINTS]
            if len(contours):
                part = mean_over_speakers(contours).assign(speakers=len(contours))
                parts.append(part.assign(emotion=emotion, group=group, time=TIME))
    if own is not None:
        parts.append(_recording_rows(own, scale))
    if not parts:
        return pd.DataFrame(columns=_AVERAGE_COLUMNS)
    return pd.concat(parts, ignore_index=True)[_AVERAGE_COLUMNS]


def _recording_rows(own: Array, scale: str) -> pd.DataFrame:
    values = own
    if scale == "semitones":
        values = _SEMITONES_PER_OCTAVE * np.log2(own / np.median(own))
    rows = pd.DataFrame({"mean": values, "low": np.nan, "high": np.nan, "time": TIME})
    return rows.assign(emotion=RECORDING, group="", speakers=0)


def contour_difference(
    speakers: pd.DataFrame, first: str, second: str, split: str = ""
) -> pd.DataFrame:
    """How much higher the contour of one emotion is than that of another, within speakers.

    Parameters
    ----------
    speakers : DataFrame
        As `speaker_contours` gives it.
    first, second : str
        The emotions.
    split : str
        One of `SPLITS`.

    Returns
    -------
    DataFrame
        Columns group, time (%), mean, low, high, speakers.
    """
    groups = clip_groups(speakers, split)
    parts = []
    for group in order_groups(groups):
        of_speakers = speaker_differences(speakers[groups == group], first, second, POINTS)
        if len(of_speakers):
            part = mean_over_speakers(of_speakers).assign(speakers=len(of_speakers))
            parts.append(part.assign(group=group, time=TIME))
    if not parts:
        return pd.DataFrame(columns=_DIFFERENCE_COLUMNS)
    return pd.concat(parts, ignore_index=True)[_DIFFERENCE_COLUMNS]
