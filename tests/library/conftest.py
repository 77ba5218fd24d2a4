import uuid

import pytest

from ser_core import models
from ser_core.library.store import Library


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    """The address of a new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lib' / 'library.db'}"
    return request.getfixturevalue("postgres_server").database(f"t{uuid.uuid4().hex}")


@pytest.fixture
def in_sqlite(tmp_path):
    """A new library in a folder, for what no database does in a way of its own."""
    return Library.in_folder(tmp_path / "lib")


@pytest.fixture
def store(url):
    """A new library in a database of each kind."""
    library = Library.at(url)
    yield library
    library.database.close()


@pytest.fixture(scope="session")
def default_models():
    """The default models for emotion and gender."""
    return [models.load_default(task) for task in ("emotion", "gender")]
