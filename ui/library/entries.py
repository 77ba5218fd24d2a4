"""The library on pages: keeping a recording below its answer, and the list of what is kept, to be heard, corrected, taken along and deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import streamlit as st

from ser_core import library
from ser_core.emotions import EMOTIONS, display_name
from ser_core.errors import ErrorCode, SerError
from ui import caches, routing, session, widgets
from ui.library import access
from ui.record import capture

if TYPE_CHECKING:
    from ser_core.library.store import Kept, Library
    from ser_core.prediction import Prediction

# ------------------------------------------------------------------------------------------------------- below an answer


def keep(clip: session.Clip, result: Prediction) -> None:
    """Keep the clip and its answer, by a button; once it is kept, say what it really was. Nothing where there is no library.

    What is wrong with the library is said, and takes neither clip nor answer away.
    """
    if not library.configured():
        return
    with st.container(border=True, key="keep"):
        try:
            _told_by_callback()
            opened, owner = access.place()
            if problem := access.problem():
                widgets.show_error(problem)
            _keep(clip, result, opened, owner)
        except SerError as error:
            show_problem(error)


def say_that_a_copy_stays() -> None:
    """After a clip was deleted that had been kept: that this deleted no copy in the library, and where that is."""
    if st.session_state.pop("copy_stays", False) and library.configured():
        st.info(
            "Deleted from memory. The copy in your library stays.", icon=":material/inventory_2:"
        )
        st.page_link(
            routing.pages()["library"], label="See all that is kept", icon=":material/inventory_2:"
        )


def show_problem(error: SerError) -> None:
    """That there is no library for this session is no error of anybody's; all else is."""
    if error.code == ErrorCode.LIBRARY_OFF:
        st.caption(f":material/inventory_2: {error} {error.hint}")
    else:
        widgets.show_error(error)


def _keep(clip: session.Clip, result: Prediction, opened: Library, owner: str) -> None:
    numbers: dict[str, int] = st.session_state.setdefault(
        "kept", {}
    )  # of this session's recordings, by their hash
    number = numbers.get(clip.recording.sha256)
    kept = None if number is None else opened.find(owner, number)
    if kept is None:
        place = st.empty()
        with place.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button("Keep this recording", icon=":material/bookmark_add:")
            st.caption("Nothing is kept unless you press this.")
        if not pressed:
            return
        cards = [
            next(card for card in caches.choices(task) if card.name == name)
            for task, name in session.chosen_models().items()
        ]
        known = opened.same(owner, clip.recording)
        number = numbers[clip.recording.sha256] = opened.keep(
            owner, _name(clip), clip.recording, result, cards
        )
        st.session_state["known"] = known is not None
        kept = opened.find(owner, number)
        place.empty()
    if kept is not None:
        said = (
            f"**Already in your library** as {widgets.plain(kept.name)}."
            if st.session_state.get("known")
            else "**Kept in your library.**"
        )
        st.markdown(f":material/bookmark_added: {said} What was it really?")
        _label(
            opened,
            owner,
            kept,
            "" if kept.corrected_at else st.session_state.get("last_speaker", ""),
        )
        st.page_link(
            routing.pages()["library"], label="See all that is kept", icon=":material/inventory_2:"
        )


def _name(clip: session.Clip) -> str:
    """What a clip is kept as: one from the microphone has no name but the time."""
    return (
        f"Recording {access.clock(datetime.now(UTC)):%Y-%m-%d %H:%M}"
        if clip.name == capture.RECORDED
        else clip.name
    )


def _label(opened: Library, owner: str, kept: Kept, suggested: str = "") -> None:
    """What a kept recording really was, and who speaks (`suggested`, where nobody has said so): saved as soon as it is said."""
    emotion, speaker = f"really-{kept.id}", f"speaker-{kept.id}"
    save = partial(_say, opened, owner, kept.id, emotion, speaker)
    st.pills(
        "What was it really?",
        EMOTIONS,
        default=kept.emotion or None,
        format_func=display_name,
        key=emotion,
        on_change=save,
        label_visibility="collapsed",
    )
    st.text_input(
        "Who speaks? A name or a code, if you like",
        value=kept.speaker or suggested,
        max_chars=100,
        key=speaker,
        on_change=save,
        help="So that what is learnt from your labels can be tested on voices that it was not learnt from.",
    )
    if kept.corrected_at is not None:
        said = display_name(kept.emotion).lower() if kept.emotion else "no label"
        st.caption(
            f"Saved: {said}{f', speaker {widgets.plain(kept.speaker)}' if kept.speaker else ''}."
        )


def _say(opened: Library, owner: str, number: int, emotion: str, speaker: str) -> None:
    name = st.session_state.get(speaker) or ""
    if name:
        st.session_state["last_speaker"] = name
    _in_callback(lambda: opened.correct(owner, number, st.session_state.get(emotion) or "", name))


def _in_callback(work: Callable[[], object]) -> bool:
    """Do something before the page is drawn; what goes wrong is said on it. Gives whether it went well."""
    try:
        work()
    except SerError as error:
        st.session_state["library_error"] = error
        return False
    return True


def _told_by_callback() -> None:
    error = st.session_state.pop("library_error", None)
    if error is not None:
        widgets.show_error(error)


# -------------------------------------------------------------------------------------------------------------- the page


def show() -> None:
    """All that is kept; what one can do with it; and what stands there where there is nothing."""
    try:
        _told_by_callback()
        opened, owner = access.place()
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
        f"**{len(entries):,} recording{'s' if len(entries) != 1 else ''} kept**, {len(labelled):,} of them with your own label."
    )
    chosen = _table(entries)
    if aside := sorted(
        widgets.plain(speaker) for speaker, part in opened.parts(owner).items() if part == "test"
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
    learnt, named = opened.layers(owner), opened.parts(owner)
    if learnt and named:
        return "a correction learnt from earlier labels and the names of its speakers are"
    return (
        "a correction learnt from earlier labels is"
        if learnt
        else "the names of speakers that were noted for testing are"
        if named
        else ""
    )


def _table(entries: list[Kept]) -> Kept | None:
    """The table, the newest first; gives the entry that was selected."""
    import pandas as pd

    newest = entries[::-1]
    kept_at = "Kept (UTC)" if access.zone() in (UTC, ZoneInfo("UTC")) else "Kept"
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
            kept_at: [access.clock(entry.kept_at) for entry in newest],
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
        key=f"library_table-{st.session_state.get('library_round', 0)}",  # a deleted row must not leave the next one selected
        column_config={
            kept_at: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "Length": st.column_config.NumberColumn(format="%.1f s"),
        },
    )
    rows = event.selection.rows
    return newest[rows[0]] if rows and rows[0] < len(newest) else None


def _entry(opened: Library, owner: str, kept: Kept) -> None:
    with st.container(border=True):
        st.text(kept.name)  # never as Markdown: it may be anything
        widgets.play(opened.recording(owner, kept.id))
        st.markdown(
            f"The answer was **{kept.answer}**. What was it really?"
            if kept.answer
            else "There was no answer. What was it really?"
        )
        _label(opened, owner, kept)
        delete = partial(_delete, opened, owner, kept.id)
        st.button(
            "Delete from library",
            icon=":material/delete:",
            key=f"delete-{kept.id}",
            on_click=delete,
        )


def _delete(opened: Library, owner: str, number: int) -> None:
    if _in_callback(lambda: opened.delete(owner, [number])):
        st.session_state["kept"] = {
            sha256: kept
            for sha256, kept in st.session_state.get("kept", {}).items()
            if kept != number
        }
    st.session_state["library_round"] = st.session_state.get("library_round", 0) + 1


def _delete_all(opened: Library, owner: str) -> None:
    if _in_callback(lambda: opened.delete_all(owner)):
        st.session_state["kept"] = {}
        st.session_state.pop("last_speaker", None)
    st.session_state["library_round"] = st.session_state.get("library_round", 0) + 1


def _whole(opened: Library, owner: str, n: int) -> None:
    """Take everything along, or delete it."""
    with st.container(horizontal=True):
        from ser_core.library import export

        everything = partial(export.to_zip, opened, owner)  # made when it is asked for
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
            f"This deletes {recordings} all that was learnt from your labels, with the speakers' names that were noted for testing it."
        )
        st.button(
            "Yes, delete all of it",
            type="primary",
            key="delete_all",
            on_click=partial(_delete_all, opened, owner),
        )


def _learning(owner: str) -> None:
    """How the default model learns from labels, and whether it has."""
    if problem := access.problem():
        widgets.show_error(problem)
    adopted = access.adopted()
    with st.expander("Learn from your labels", icon=":material/model_training:"):
        if adopted is None:
            st.markdown("Answers come from the models as they ship.")
        else:
            st.markdown(
                f"Answers come from the default model **corrected by your labels** (`{adopted.card.name}`), unless you choose another one."
            )
        st.markdown(
            "From the command line, with the same `SER_LIBRARY` or `SER_DATABASE_URL`: train a correction, see what it changes, use it or go back."
        )
        of = "" if owner == library.LOCAL else " --owner YOU"
        st.code(
            "\n".join(
                f"python -m ser_core library {action}{of}"
                for action in ("train", "adopt", "rollback")
            ),
            language="bash",
        )
