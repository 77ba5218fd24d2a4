"""A server for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address
