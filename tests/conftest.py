"""Shared fixtures, and the last line that says which tests could not run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ser_core.storage.cache_folder import cache_folder

# The oracle tests call librosa's functions, which numba compiles: not into the cache that the app relies on.
os.environ["NUMBA_CACHE_DIR"] = str(cache_folder() / "numba-tests")

import numpy as np
import pytest

from ser_core import audio
from ser_core.audio.augmentation import COPIES
from ser_core.corpora import CORPORA, list_audio_files
from ser_core.features.tables import shipped_table_path
from ser_core.models import held_out_folder
from tests.support import postgres
from tests.support.server import chromium, nginx
from tests.support.synthesis import RATE, voice

ROOT = Path(__file__).resolve().parent.parent
FAULTS = pytest.StashKey[list[tuple[str, str, str]]]()
MISSING = pytest.StashKey[set[str]]()

HOW_TO = {
    "tables": "TESTS OF THE LARGE FEATURE TABLES NOT RUN: they are not kept in the repository; "
    "make train makes them.",
    "heldout": "TESTS OF THE HELD-OUT MODELS NOT RUN: make train writes them to the cache folder.",
    "corpus": "CORPUS TESTS NOT RUN: set SER_CORPORA to a folder that holds ravdess/, crema-d/ "
    "and nemo/.",
    "postgres": "POSTGRESQL TESTS NOT RUN: no server or no driver was found. Install them "
    "(Debian: apt install postgresql; pip install -r requirements/postgres.txt).",
    "training": "TESTS OF TRAINING NETWORKS NOT RUN: install PyTorch with "
    "pip install -r requirements/train.txt.",
    "proxy": "PROXY TESTS NOT RUN: no nginx was found. Install it "
    "(Debian: apt install nginx-light openssl).",
    "browser": "BROWSER TESTS NOT RUN: no Chromium was found. Install it "
    "(Debian: apt install chromium) or set CHROMIUM to its path.",
}
"""What could not run, by marker; said at the end, the browser last."""


def corpus_folder(name: str) -> Path | None:
    parent = os.environ.get("SER_CORPORA")
    return Path(parent) / name if parent and (Path(parent) / name).is_dir() else None


def missing_parts() -> set[str]:
    """The markers of the tests that cannot run here: a program, a package or a folder is missing."""
    tables = [
        shipped_table_path(name, "functionals_v1", copy)
        for name in CORPORA
        for copy in ("", *COPIES)
    ]
    is_missing = {
        "browser": chromium() is None,
        "proxy": nginx() is None,
        "corpus": corpus_folder("ravdess") is None,
        "training": find_spec("torch") is None,
        "heldout": not held_out_folder().is_dir(),
        "tables": not all(path.exists() for path in tables),
        "postgres": not postgres.is_installed(),
    }
    return {marker for marker, missing in is_missing.items() if missing}


def pytest_configure(config: pytest.Config) -> None:
    # No library of the person who runs the tests is any of their business.
    for name in ("SER_LIBRARY", "SER_DATABASE_URL", "SER_USER_HEADER"):
        os.environ.pop(name, None)
    config.stash[MISSING] = missing_parts()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for marker in config.stash[MISSING]:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=HOW_TO[marker]))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-report",
        type=Path,
        metavar="FILE",
        help="write there, as JSON, which faults the tests brought about and how it went",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if (marker := item.get_closest_marker("fault")) and (
        report.when == "call" or not report.passed
    ):
        item.config.stash.setdefault(FAULTS, []).append((*marker.args, report.outcome))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if target := session.config.getoption("--fault-report"):
        target.write_text(json.dumps(session.config.stash.get(FAULTS, [])), encoding="utf-8")
    # In CI all but the large tables and the corpora is part of the promise: a run without it must
    # not look green.
    promised = {"browser", "proxy", "training", "postgres"}
    if os.environ.get("CI") == "true" and promised & session.config.stash[MISSING]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # one of several processes: the first one says it for all
        return
    for marker in HOW_TO:
        if marker in config.stash.get(MISSING, set()):
            print(HOW_TO[marker])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    server = postgres.Server()
    yield server
    server.close()


def copy_tree(source: Path, target: Path) -> None:
    """Copy a tree so that its files can be changed, even from a read-only checkout.

    Compiled files and locks of manifests are left out.
    """
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".lock":
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20180516)


@pytest.fixture(scope="session")
def recording() -> audio.Recording:
    return audio.from_samples(voice(), RATE)


@pytest.fixture(scope="session")
def ravdess() -> Path:
    folder = corpus_folder("ravdess")
    assert folder is not None, "mark the test with pytest.mark.corpus"
    return folder


@pytest.fixture(scope="session")
def ravdess_clips(ravdess: Path) -> dict[str, Path]:
    """The clips of RAVDESS by name without ending, in the original layout or a flat folder."""
    clips = {
        path.stem: path for path in list_audio_files(ravdess) if CORPORA["ravdess"].parse(path)
    }
    assert clips, f"{ravdess} holds no clip of RAVDESS"
    return clips
