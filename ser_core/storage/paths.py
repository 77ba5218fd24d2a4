"""Where the shipped folders `models/` and `data/` lie: the one place that says so.

Both lie in one folder, the home. It is looked for once, when this module is imported.
"""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "SER_HOME"
"""The environment variable that names the home; without it the home is found by itself."""

_PACKAGE = Path(__file__).resolve().parents[1]
INSTALLED_HOME = _PACKAGE / "shipped"
"""The home inside an installed package. A checkout has no such folder."""


def find_home() -> Path:
    """Find the folder that holds `models/` and `data/`.

    Returns
    -------
    Path
        The folder that `SER_HOME` names; else the one that was installed with the package; else the
        checkout, which is the folder beside `ser_core`. Whether it exists is not checked.
    """
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser().resolve()
    return INSTALLED_HOME if INSTALLED_HOME.is_dir() else _PACKAGE.parent


DATA_DIR = find_home() / "data"
MODELS_DIR = DATA_DIR.with_name("models")
