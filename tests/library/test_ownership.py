"""Whose library a request is about."""

import pytest

from ser_core import library
from ser_core.errors import ErrorCode
from tests.support.libraries import fails


def headers(**given):
    by_name = {
        name.lower().replace("_", "-"): value if isinstance(value, list) else [value]
        for name, value in given.items()
    }
    return lambda name: by_name.get(name.lower(), [])


def test_on_ones_own_computer_there_is_one_owner():
    assert library.identify_owner(headers(Host="localhost:8501"), False, {}) == "local"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_behind_a_proxy_that_names_nobody_no_library_is_offered(name):
    with fails(ErrorCode.LIBRARY_OFF):
        library.identify_owner(headers(Host="localhost:8501", **{name: "10.0.0.1"}), False, {})


def test_from_another_computer_no_library_is_offered_unless_people_are_named():
    with fails(ErrorCode.LIBRARY_OFF):
        library.identify_owner(headers(Host="localhost:8501"), True, {})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8501",
        "localhost.evil.example",
        "192.168.1.7:8501",
        "",
        ["localhost", "localhost"],
        [],
    ],
)
def test_under_another_name_than_this_computers_no_library_is_offered(host):
    """A page of anybody's whose name was made to lead to this computer would come from it, too."""
    with fails(ErrorCode.LIBRARY_OFF):
        library.identify_owner(headers(Host=host), False, {})


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST"])
def test_this_computer_has_several_names(host):
    assert library.identify_owner(headers(Host=host), False, {}) == "local"


def test_the_proxy_says_who_the_owner_is():
    environment = {library.HEADER_VARIABLE: "X-Forwarded-User"}
    assert (
        library.identify_owner(
            headers(X_Forwarded_User=" ann ", X_Forwarded_For="10.0.0.1"), True, environment
        )
        == "ann"
    )
    for wrong in (
        headers(X_Forwarded_For="10.0.0.1"),
        headers(),
        headers(X_Forwarded_User=""),
        headers(X_Forwarded_User=["ann", "bob"]),
        headers(X_Forwarded_User="Local"),
    ):
        with fails(ErrorCode.LIBRARY_OFF):
            library.identify_owner(wrong, False, environment)
