"""Whose library this session sees, if there is one, and the clock of its browser. Draws nothing."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ser_core import library
from ser_core.errors import SerError

if TYPE_CHECKING:
    from ser_core.library.store import Library


def open_own() -> tuple[Library, str]:
    """The library, and the owner whose entries this session may see.

    Raises
    ------
    SerError
        LIBRARY_OFF where there is none or it cannot be told who asks; LIBRARY_FAILED or
        LIBRARY_NEWER.
    """
    owner = library.identify_owner(header_values, is_from_elsewhere())
    return library.open_library(), owner


def is_offered() -> bool:
    """Whether there is a library for this session."""
    try:
        library.identify_owner(header_values, is_from_elsewhere())
    except SerError:
        return False
    return library.is_configured()


def time_zone() -> tzinfo:
    """The time zone of the browser; UTC where it is not known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local_time(time: datetime) -> datetime:
    """A time as a clock beside the browser shows it, without its zone."""
    return time.astimezone(time_zone()).replace(tzinfo=None)


def header_values(name: str) -> list[str]:
    """The values of a header of the request that opened this session."""
    return list(st.context.headers.get_all(name))


def is_from_elsewhere() -> bool:
    """Whether the request that opened this session came straight from another computer."""
    text = st.context.ip_address  # None for the common ways to say this computer
    if text is None:
        return False
    try:
        address = ipaddress.ip_address(str(text).partition("%")[0])
    except ValueError:  # an address of an unknown form
        return True
    ipv4 = getattr(address, "ipv4_mapped", None)
    return not (ipv4 or address).is_loopback
