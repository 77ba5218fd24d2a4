"""Corpus folders: where one is, which corpus it holds, its clips, and the table of its utterances."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.audio import AUDIO_SUFFIXES
from ser_core.corpora.corpus import Corpus, Labels
from ser_core.corpora.registry import RECOGNISED
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = (
    "path",
    "corpus",
    "speaker",
    "gender",
    "emotion",
    "intensity",
    "statement",
    "duration_s",
    "sha256",
)
"""The columns of an utterance table, in order; a feature table carries them before its features."""

_LOSSLESS = frozenset({".wav", ".flac"})


def audio_files(folder: Path) -> list[Path]:
    """All audio files below a folder, by suffix, in the order of their relative path; hidden ones are passed over."""
    found = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return sorted(
        path
        for path in found
        if path.suffix.lower() in AUDIO_SUFFIXES
        and not path.name.startswith(".")
        and path.is_file()
    )


def resolve(name_or_folder: str) -> Path:
    """The folder of a corpus: a folder as it is, a bare name below `SER_CORPORA`.

    Raises
    ------
    SerError
        NOT_FOUND where neither is there.
    """
    parent = os.environ.get("SER_CORPORA")
    candidates = [Path(name_or_folder)] + ([Path(parent) / name_or_folder] if parent else [])
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise SerError(
        ErrorCode.NOT_FOUND,
        f"There is no folder {name_or_folder!r}"
        + (f", and none of that name in {parent!r}." if parent else "."),
        "Name a folder, or set SER_CORPORA to the folder that holds the corpora.",
    )


def identify(folder: Path) -> Corpus:
    """The corpus that most of a folder's audio files are named after.

    Raises
    ------
    SerError
        BAD_CORPUS where it is none.
    """
    files = audio_files(folder)
    for corpus in RECOGNISED.values():
        if 2 * sum(named_as(corpus, path.relative_to(folder)) for path in files) >= max(
            1, len(files)
        ):
            return corpus
    raise SerError(
        ErrorCode.BAD_CORPUS,
        f"Most of the {len(files)} audio files in {str(folder)!r} are not named as in {', '.join(c.title for c in RECOGNISED.values())}.",
        "Name the folder that holds the clips under their original names.",
    )


def named_as(corpus: Corpus, path: Path) -> bool:
    """Whether a file is named by a corpus's rule, be it after one of the eight emotions or another."""
    return corpus.parse(path) is not None or corpus.other_emotion(path) != ""


def labelled_clips(folder: Path, corpus: Corpus) -> dict[str, tuple[Path, Labels]]:
    """Every clip of a corpus folder by its name in the corpus, ordered by it: where it lies, and its labels.

    Clips with a known fault are among them. One that lies there twice under one name counts once: the lossless file (an
    original archive of CREMA-D holds all clips as MP3, too), else the first in the order of paths.
    """
    statements = corpus.statements(folder)
    found: dict[str, tuple[Path, Labels]] = {}
    for path in sorted(
        audio_files(folder), key=lambda path: path.suffix.lower() not in _LOSSLESS
    ):  # stable: paths stay in order
        labels = corpus.parse(path.relative_to(folder))
        name = corpus.name_of(path.relative_to(folder))
        if labels is not None and name not in found:
            found[name] = (
                path,
                dataclasses.replace(labels, statement=labels.statement or statements.get(name, "")),
            )
    return dict(sorted(found.items()))


def utterances(folder: Path, corpus: Corpus | None = None, jobs: int = 1) -> pd.DataFrame:
    """The utterance table of a corpus folder: one row per clip, columns `TABLE_COLUMNS`, ordered by file name.

    Original archives (`Actor_XX/...`, `AudioWAV/...`) and flat folders give the same rows; a clip that lies there twice under
    one name counts once; other files (songs, videos, notes) and clips with a known fault are passed over. Paths are relative
    to the folder, with `/`. Lengths and digests are taken in `jobs` processes.

    Raises
    ------
    SerError
        BAD_CORPUS where the folder holds no utterance; NOT_AUDIO where a clip's header cannot be read.
    """
    import pandas as pd
    from joblib import Parallel, delayed

    corpus = corpus or identify(folder)
    clips = [
        clip
        for name, clip in labelled_clips(folder, corpus).items()
        if name not in corpus.known_faults
    ]
    # On this computer in any case: the workers of a cluster need not see the files.
    figures = Parallel(n_jobs=jobs, backend="loky", batch_size=128)(
        delayed(_length_and_digest)(path) for path, _ in clips
    )
    rows = [
        (path.relative_to(folder).as_posix(), corpus.name, *dataclasses.astuple(labels), *measured)
        for (path, labels), measured in zip(clips, figures, strict=True)
    ]
    if not rows:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"No clip in {str(folder)!r} belongs to {corpus.title}.",
            "Name the folder with its clips.",
        )
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def _length_and_digest(path: Path) -> tuple[float, str]:
    return _duration_s(path), file_digest(path)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def corpus_digest(digests: Iterable[str]) -> str:
    """One digest for a set of clips, whatever their order: the SHA-256 of their sorted digests, one a line.

    >>> corpus_digest(["b", "a"]) == corpus_digest(["a", "b"])
    True
    """
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def _duration_s(path: Path) -> float:
    import soundfile

    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        hint = "Download it again; `python -m ser_core corpora verify` says which other clips are damaged."
        raise SerError(
            ErrorCode.NOT_AUDIO, f"The clip {str(path)!r} cannot be read as audio.", hint
        ) from error
    return round(info.frames / info.samplerate, 4)
