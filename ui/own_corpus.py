"""A person's own corpus on its page: choosing and measuring it, what it is, training on it, judging
the models that ship by it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from ser_core import audio, corpora
from ser_core.audio import isolated
from ser_core.corpora import LabelledCorpus, LeftOutFiles
from ser_core.emotions import EMOTIONS, GENDERS, display_name
from ser_core.errors import SerError
from ui import session, widgets
from ui.record import microphone
from ui.server.turns import turns
from ui.session import OwnCorpus

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.typing import UploadedFile

Load = Callable[[str], audio.Recording]

_EVERY_S = 0.2  # how often a bar of progress moves

LAYOUTS = {
    "Either a folder per emotion": "my-clips/\n  happy/\n    a.wav\n    b.wav\n  sad/\n    c.wav",
    "or a table `labels.csv` beside the clips": (
        "path,emotion,speaker,gender\na.wav,happy,Ann,female\nb.wav,happy,Bob,male\nc.wav,sad,Ann,female"
    ),
}
"""How labels may be given: a title, and an example."""


# --- choosing


def choose_folder() -> tuple[LabelledCorpus, Load] | None:
    """The labelled clips of the folder that was chosen, and how to decode one.

    None where none was, or where it cannot be used.
    """
    folders = _known_folders()
    ways = ["Upload a folder", *(["A folder in SER_CORPORA"] if folders else [])]
    way = (
        st.segmented_control(
            "Where the clips are", ways, default=ways[0], required=True, key="own_way"
        )
        if folders
        else ways[0]
    )
    try:
        return _uploaded() if way == ways[0] else _on_disk(folders)
    except SerError as error:
        widgets.show_error(error)
        return None


def _uploaded() -> tuple[LabelledCorpus, Load] | None:
    left, right = st.columns([3, 2], gap="medium")
    files: list[UploadedFile] = left.file_uploader(
        "The folder with your clips (and labels.csv, if you have one)",
        type=[*microphone.audio_types(), "csv"],
        accept_multiple_files="directory",
        max_upload_size=audio.MAX_UPLOAD_BYTES // 2**20,
        key=session.input_key("own_folder"),
        help=(
            "Press the button and choose the folder: of a folder that is dropped here, some "
            "browsers do not say which clip lay where in it."
        ),
    )
    table = right.file_uploader(
        "A table of labels that lies elsewhere", type="csv", key=session.input_key("own_labels")
    )
    if not files:
        return None
    name, below = corpora.strip_common_folder([file.name for file in files])
    by_name = {file.name: file for file in files}
    by_path = {path: by_name[file] for path, file in below.items()} | (
        {corpora.LABELS_FILE: table} if table else {}
    )
    name = re.sub(
        r"[^\w .,()+-]", "-", name
    )  # it stands in titles and choices, which are Markdown, and in names of files
    labelled = corpora.label(name or "own clips", by_path, lambda path: by_path[path].getvalue())
    data = {path: by_path[path].getvalue() for path, _ in labelled.clips}
    return labelled, lambda path: isolated.decode(
        data[path], max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS
    )


def _known_folders() -> list[Path]:
    parent = os.environ.get("SER_CORPORA")
    return (
        sorted(path for path in Path(parent).iterdir() if path.is_dir())
        if parent and Path(parent).is_dir()
        else []
    )


def _on_disk(folders: Sequence[Path]) -> tuple[LabelledCorpus, Load] | None:
    names = {path.name: path for path in folders}
    name = st.selectbox(
        "Folder",
        list(names),
        index=None,
        placeholder="Choose a folder",
        key=session.input_key("own_known"),
    )
    if name is None:
        return None
    folder = names[name]
    return corpora.label_folder(folder), lambda path: isolated.load(
        folder / path, max_seconds=audio.MAX_PAGE_SECONDS
    )


def measure(labelled: LabelledCorpus, load: Load) -> None:
    """A button that measures the clips, with progress, and makes them the session's own corpus."""
    n = len(labelled.clips)
    counts = corpora.count_emotions(labels.emotion for _, labels in labelled.clips)
    st.markdown(
        f"**{n:,} clips** labelled by {widgets.plain(labelled.source)}: "
        f"{', '.join(f'{count:,} {emotion}' for emotion, count in counts.items())}."
    )
    left_out(labelled.left_out, n)
    if not st.button(f"Measure {n:,} clips", type="primary", icon=":material/straighten:"):
        return
    from ser_core.training import labelled_folder

    measured = [
        labelled_folder.measure_clip(partial(load, path))
        for path, _ in give_way_before_each(with_progress(labelled.clips, n, "Measuring", "clip"))
    ]
    own_table = labelled_folder.assemble_table(labelled, measured)
    session.keep_own_corpus(
        OwnCorpus(own_table.name, own_table.source, own_table.table, own_table.left_out, load)
    )
    st.rerun()


def give_way_before_each(things: Iterable[Any]) -> Iterator[Any]:
    """The same; before each, whoever waits for an answer goes first."""
    for thing in things:
        turns.step_back()
        yield thing


def with_progress(things: Iterable[Any], n: int, doing: str, what: str) -> Iterator[Any]:
    """Passes things on, of which there will be `n`, under a bar of progress with the rate."""
    bar, start, last = st.progress(0.0, f"{doing} ..."), time.monotonic(), 0.0
    for done, thing in enumerate(things):
        now = time.monotonic() - start
        if now - last > _EVERY_S and done:
            left = now / done * (n - done)
            bar.progress(
                done / n,
                f"{doing}: {done:,} of {n:,} {what}s, {1000 * now / done:.0f} ms each, about "
                f"{left:.0f} s left",
            )
            last = now
        yield thing
    bar.empty()


def left_out(parts: Sequence[LeftOutFiles], n_kept: int) -> None:
    """What was left out and why, folded away where that is more than a few lines, but not most of
    what there was.
    """
    if not parts:
        return
    n = sum(len(part.files) for part in parts)
    with st.expander(
        f"{n:,} file{'s' if n != 1 else ''} left out: why",
        icon=":material/rule:",
        expanded=n < 5 or n > n_kept,
    ):
        st.markdown("\n".join(f"- {widgets.plain(part.describe())}" for part in parts))


def layouts() -> None:
    """A tiny example of each way to give labels."""
    for column, (title, example) in zip(st.columns(2, gap="medium"), LAYOUTS.items(), strict=True):
        column.markdown(f"**{title}**")
        column.code(example, language=None)


# --- what it is


def summary(own: OwnCorpus) -> None:
    """How many clips, emotions and speakers, and how many clips of each emotion."""
    table = own.table
    speakers = table.loc[table["speaker"] != "", "speaker"].nunique()
    unknown = int((table["speaker"] == "").sum())
    figures = {
        "Clips": f"{len(table):,}",
        "Emotions": f"{table['emotion'].nunique()}",
        "Speakers": "unknown"
        if unknown == len(table)
        else f"{speakers}{' or more' if unknown else ''}",
        "Length": f"{table['duration_s'].sum() / 60:.1f} min",
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value, border=True)
    st.dataframe(_counts(table), width="stretch", placeholder="\u2013")
    left_out(own.left_out, len(table))


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    """Clips of each emotion, in all and by gender where that is known."""
    counts = table.groupby("emotion").size().rename("clips").to_frame()
    for gender in GENDERS:
        if (table["gender"] == gender).any():
            counts[gender] = table[table["gender"] == gender].groupby("emotion").size()
    ordered = counts.reindex([emotion for emotion in EMOTIONS if emotion in counts.index])
    return ordered.rename(index=display_name).rename_axis("Emotion")
