"""The names of the settings of a library, and of what it consists of."""

from __future__ import annotations

FOLDER_VARIABLE = "SER_LIBRARY"
"""The environment variable that names a folder; the library is a file of SQLite in it."""
URL_VARIABLE = "SER_DATABASE_URL"
"""The environment variable that names a database, as SQLAlchemy writes addresses."""
HEADER_VARIABLE = "SER_USER_HEADER"
"""The environment variable that names the header in which a proxy names people."""

FILE = "library.db"
LOCAL = "local"
"""The one owner on a person's own computer."""
