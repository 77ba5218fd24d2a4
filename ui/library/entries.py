"""The list of what is kept in the library: to be heard, corrected, taken along and deleted."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import streamlit as st

from ser_core import library
from ser_core.emotions import display_name
from ser_core.errors import ErrorCode, SerError
from ui import model_choice, routing, session, widgets
from ui.library import access
from ui.library.keeping import label_form, run_in_callback, show_callback_error

if TYPE_CHECKING:
    from ser_core.library.kept_recordings import LibraryEntry
    from ser_core.library.store import Library


def show() -> None:
    """All that is kept; what one can do with it; and what stands there where there is nothing."""
    try:
        show_callback_error()
        opened, owner = access.open_own()
        _show(opened, owner)
    except SerError as error:
        if error.code == ErrorCode.LIBRARY_OFF:
            widgets.explain_no_clip(f"{error} {error.hint}")
        else:
            widgets.show_error(error)


def _show(opened: Library, owner: str) -> None:
    if owner != library.LOCAL:
        st.caption("You see what you have kept yourself, and nobody else does.")
    entries = opened.entries(owner)
    if not entries and (remains := _remains(opened, owner)):
        widgets.explain_no_clip(
            f"**Nothing is kept any more**, but {remains} still here. *Delete all* takes what is left, too."
        )
        _delete_all_button(opened, owner, 0)
        _learning(owner)
        return
    if not entries:
        widgets.explain_no_clip(
            "**Nothing is kept yet.** Record something, and press *Keep this recording* below its answer."
        )
        st.page_link(routing.pages()["record"], label="Record & predict", icon=":material/mic:")
        return
    labelled = [entry for entry in entries if entry.emotion]
    st.markdown(
        f"**{len(entries):,} recording{'s' if len(entries) != 1 else ''} kept**, "
        f"{len(labelled):,} of them with your own label."
    )
    chosen = _table(entries)
    if aside := sorted(
        widgets.plain(speaker)
        for speaker, part in opened.assign_parts(owner).items()
        if part == "test"
    ):
        st.caption(f"Set aside for testing, and not learnt from: {', '.join(aside)}.")
    if chosen is None:
        st.caption("Select a row to hear it, to say what it really was, or to delete it.")
    else:
        _entry(opened, owner, chosen)
    st.divider()
    _whole(opened, owner, len(entries))
    _learning(owner)


def _remains(opened: Library, owner: str) -> str:
    """What outlives the recordings that it came from, with its verb; "" for nothing."""
    learnt, named = opened.layers(owner), opened.assign_parts(owner)
    if learnt and named:
        return "a correction learnt from earlier labels and the names of its speakers are"
    return (
        "a correction learnt from earlier labels is"
        if learnt
        else "the names of speakers that were noted for testing are"
        if named
        else ""
    )


def _table(entries: list[LibraryEntry]) -> LibraryEntry | None:
    """The table, the newest first; gives the entry that was selected."""
    import pandas as pd

    newest = entries[::-1]
    kept_at = "Kept (UTC)" if access.time_zone() in (UTC, ZoneInfo("UTC")) else "Kept"
    table = pd.DataFrame(
        {
            "Name": [entry.name for entry in newest],
            "Your label": [
                display_name(entry.emotion) if entry.emotion else "" for entry in newest
            ],  # seen on a phone, too
            "Answer": [
                display_name(entry.answer) if entry.answer else "Cannot tell" for entry in newest
            ],
            "Speaker": [entry.speaker for entry in newest],
            kept_at: [access.local_time(entry.kept_at) for entry in newest],
            "Length": [entry.duration_s for entry in newest],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height="content" if len(newest) <= 10 else 400,
        on_select="rerun",
        selection_mode="single-row",
        # a deleted row must not leave the next one selected
        key=f"library_table-{session.state().library.round}",
        column_config={
            kept_at: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "Length": st.column_config.NumberColumn(format="%.1f s"),
        },
    )
    rows = event.selection.rows
    return newest[rows[0]] if rows and rows[0] < len(newest) else None


def _entry(opened: Library, owner: str, entry: LibraryEntry) -> None:
    with st.container(border=True):
        st.text(entry.name)  # never as Markdown: it may be anything
        widgets.play_once(opened.recording(owner, entry.id))
        st.markdown(
            f"The answer was **{entry.answer}**. What was it really?"
            if entry.answer
            else "There was no answer. What was it really?"
        )
        label_form(opened, owner, entry)
        delete = partial(_delete, opened, owner, entry.id)
        st.button(
            "Delete from library",
            icon=":material/delete:",
            key=f"delete-{entry.id}",
            on_click=delete,
        )


def _delete(opened: Library, owner: str, number: int) -> None:
    if run_in_callback(lambda: opened.delete(owner, [number])):
        numbers = session.state().library.numbers
        for sha256 in [sha256 for sha256, its_number in numbers.items() if its_number == number]:
            del numbers[sha256]
    session.state().library.round += 1


def _delete_all(opened: Library, owner: str) -> None:
    if run_in_callback(lambda: opened.delete_all(owner)):
        session.state().library.numbers.clear()
        session.state().library.last_speaker = ""
    session.state().library.round += 1


def _whole(opened: Library, owner: str, n: int) -> None:
    """Take everything along, or delete it."""
    with st.container(horizontal=True):
        from ser_core.library import export

        everything = partial(export.export_zip, opened, owner)  # made when it is asked for
        st.download_button(
            "Export as ZIP",
            everything,
            "library.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        _delete_all_button(opened, owner, n)


def _delete_all_button(opened: Library, owner: str, n: int) -> None:
    """Delete everything, after being asked once; `n` recordings are there."""
    recordings = (
        f"all **{n:,}** recordings for good, with your labels and"
        if n > 1
        else "**1** recording for good, with its label and"
        if n
        else ""
    )
    with st.popover("Delete all", icon=":material/delete_forever:"):
        st.markdown(
            f"This deletes {recordings} all that was learnt from your labels, with the "
            "speakers' names that were noted for testing it."
        )
        st.button(
            "Yes, delete all of it",
            type="primary",
            key="delete_all",
            on_click=partial(_delete_all, opened, owner),
        )


def _learning(owner: str) -> None:
    """How the default model learns from labels, and whether it has."""
    if problem := model_choice.adopted().problem:
        widgets.show_error(problem)
    adopted = model_choice.adopted().model
    with st.expander("Learn from your labels", icon=":material/model_training:"):
        if adopted is None:
            st.markdown("Answers come from the models as they ship.")
        else:
            st.markdown(
                "Answers come from the default model **corrected by your labels** "
                f"(`{adopted.card.name}`), unless you choose another one."
            )
        st.markdown(
            "From the command line, with the same `SER_LIBRARY` or `SER_DATABASE_URL`: train a "
            "correction, see what it changes, use it or go back."
        )
        owner_option = "" if owner == library.LOCAL else " --owner YOU"
        st.code(
            "\n".join(
                f"python -m ser_core library {action}{owner_option}"
                for action in ("train", "adopt", "rollback")
            ),
            language="bash",
        )
