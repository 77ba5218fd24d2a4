"""Whose library this session sees, if there is one, and the model that its owner has corrected. Draws nothing."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ser_core import library
from ser_core.errors import SerError

if TYPE_CHECKING:
    from ser_core.library.store import Library
    from ser_core.models import Model


def place() -> tuple[Library, str]:
    """The library, and the owner whose entries this session may see.

    Raises
    ------
    SerError
        LIBRARY_OFF where there is none or it cannot be told who asks; LIBRARY_FAILED or LIBRARY_NEWER.
    """
    owner = library.owner_of(header_values, from_elsewhere())
    return library.opened(), owner


def is_offered() -> bool:
    """Whether there is a library for this session."""
    try:
        library.owner_of(header_values, from_elsewhere())
    except SerError:
        return False
    return library.configured()


def zone() -> tzinfo:
    """The time zone of the browser; UTC where it is not known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def clock(time: datetime) -> datetime:
    """A time as a clock beside the browser shows it, without its zone."""
    return time.astimezone(zone()).replace(tzinfo=None)


def header_values(name: str) -> list[str]:
    """The values of a header of the request that opened this session."""
    return list(st.context.headers.get_all(name))


def from_elsewhere() -> bool:
    """Whether the request that opened this session came straight from another computer."""
    said = st.context.ip_address  # None for the common ways to say this one
    if said is None:
        return False
    try:
        address = ipaddress.ip_address(str(said).partition("%")[0])
    except ValueError:  # who knows where that is
        return True
    return not (getattr(address, "ipv4_mapped", None) or address).is_loopback


def adopted() -> Model | None:
    """The default emotion model as the owner has corrected it; None where nobody has, or where that cannot be used.

    Looked up once a run of a page. What is wrong with it, `problem` says.
    """
    if not library.configured():
        return None
    if "adopted" not in st.session_state:
        st.session_state["adopted"] = _looked_up()
    found: tuple[Model | None, SerError | None] = st.session_state["adopted"]
    return found[0]


def problem() -> SerError | None:
    """Why a corrected model that there may be is not used; None where nothing is wrong."""
    adopted()
    found: tuple[Model | None, SerError | None] = st.session_state.get("adopted", (None, None))
    return found[1]


def look_again() -> None:
    """A new run of a page: somebody may have adopted another model."""
    st.session_state.pop("adopted", None)


def _looked_up() -> tuple[Model | None, SerError | None]:
    try:
        opened, owner = place()
        kept = opened.adopted(owner)
        return (
            None if kept is None else _corrected(kept.layer, json.dumps(kept.report["scores"]))
        ), None
    except SerError as error:
        return None, error


@st.cache_resource(
    scope="session", max_entries=4, show_spinner=False
)  # it was learnt from a person's labels
def _corrected(layer: str, scores: str) -> Model:
    from ser_core import models
    from ui import caches

    default = caches.model_that_ships("emotion", caches.cards("emotion")[0].name)
    return models.corrected(default, models.Layer.from_json(layer), json.loads(scores))
