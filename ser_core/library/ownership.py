"""Whose library a request to the app is about."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence

from ser_core.errors import ErrorCode, SerError
from ser_core.library.settings import HEADER_VARIABLE, LOCAL

_PROXY_HEADERS = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
)
_MAX_OWNER_LENGTH = 255
_THIS_COMPUTER = ("localhost", "127.0.0.1", "[::1]")


def identify_owner(
    values_of: Callable[[str], Sequence[str]],
    from_elsewhere: bool,
    environment: Mapping[str, str] | None = None,
) -> str:
    """The owner of the entries that a request is about.

    Without `SER_USER_HEADER` that is `LOCAL`, for requests from this very computer only. With it,
    the proxy in front of the app names the owner.

    Parameters
    ----------
    values_of : callable
        From the name of a header, in any case, to its values in the request; none where it is
        absent.
    from_elsewhere : bool
        Whether the request came straight from another computer.
    environment : mapping, optional
        Where `SER_USER_HEADER` is looked up (default: the environment of the process).

    Raises
    ------
    SerError
        LIBRARY_OFF where the owner cannot be told: then nobody's library is to be shown.
    """
    header = (os.environ if environment is None else environment).get(HEADER_VARIABLE)
    if header:
        return _owner_by_header(header, values_of(header))
    behind_proxy = any(values_of(name) for name in _PROXY_HEADERS)
    if from_elsewhere or behind_proxy or not _is_this_computer(values_of("Host")):
        raise SerError(
            ErrorCode.LIBRARY_OFF,
            "The library is not offered here: you came from another computer or through a proxy, "
            "and people cannot be told apart.",
            f"Whoever runs the app sets {HEADER_VARIABLE} to the header in which the proxy names "
            "people.",
        )
    return LOCAL


def _owner_by_header(header: str, values: Sequence[str]) -> str:
    """The one person that the proxy names."""
    owners = [value.strip() for value in values]
    if len(owners) == 1 and _is_owner(owners[0]):
        return owners[0]
    if not owners:
        got = "no such header"
    elif len(owners) > 1:
        got = "several"
    else:
        got = f"an empty or overlong one, or {LOCAL!r}, which is whose computer it is"
    raise SerError(
        ErrorCode.LIBRARY_OFF,
        "The library is not offered here: the proxy should name the person in the header "
        f"{header}. Got {got}.",
        "Open the app through the proxy, logged in.",
    )


def _is_owner(name: str) -> bool:
    return 0 < len(name) <= _MAX_OWNER_LENGTH and name.casefold() != LOCAL


def _is_this_computer(hosts: Sequence[str]) -> bool:
    """Whether the one Host that a request names is this computer.

    A page whose own name was made to lead here (DNS rebinding) names itself.
    """
    if len(hosts) != 1:
        return False
    host = re.sub(r":\d+$", "", hosts[0].strip().lower())
    return host in _THIS_COMPUTER
