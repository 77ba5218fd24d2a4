"""Corpus folders: where one is, which corpus it holds, its clips, and the table of its utterances.

Lengths are in seconds; digests are the SHA-256 of a file's bytes, in hexadecimal. Every function
that takes a folder also takes a `WalkedFolder`, so that a command walks its folder once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.corpora.registry import RECOGNISED
from ser_core.corpora.walking import WalkedFolder, walk
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    import pandas as pd

LABEL_COLUMNS = ("path", "corpus", "speaker", "gender", "emotion", "intensity", "statement")
"""The columns that labels alone fill, in order."""
FILE_COLUMNS = ("duration_s", "sha256")
"""The columns that reading a clip fills, in order."""
TABLE_COLUMNS = (*LABEL_COLUMNS, *FILE_COLUMNS)
"""The columns of an utterance table, in order; a feature table has them before its features."""

_LOSSLESS = frozenset({".wav", ".flac"})


def resolve(name_or_folder: str) -> Path:
    """The folder of a corpus: a folder that exists, or one of that name in `SER_CORPORA`.

    Raises
    ------
    SerError
        NOT_FOUND where neither exists.
    """
    parent = os.environ.get("SER_CORPORA")
    candidates = [Path(name_or_folder)]
    if parent:
        candidates.append(Path(parent) / name_or_folder)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    elsewhere = f", and none of that name in {parent!r}" if parent else ""
    raise SerError(
        ErrorCode.NOT_FOUND,
        f"There is no folder {name_or_folder!r}{elsewhere}.",
        "Name a folder, or set SER_CORPORA to the folder that holds the corpora.",
    )


def identify(folder: Path | WalkedFolder) -> Corpus:
    """The known corpus whose file names at least half of a folder's audio files have.

    Parameters
    ----------
    folder : Path or WalkedFolder

    Raises
    ------
    SerError
        BAD_CORPUS where the files have the names of no known corpus.
    """
    walked = walk(folder)
    for corpus in RECOGNISED.values():
        n_recognised = sum(map(corpus.recognises, walked.audio_files))
        if n_recognised and 2 * n_recognised >= len(walked.audio_files):
            return corpus
    titles = ", ".join(corpus.title for corpus in RECOGNISED.values())
    n_files = len(walked.audio_files)
    raise SerError(
        ErrorCode.BAD_CORPUS,
        f"Most of the {n_files} audio files in {str(walked.folder)!r} are not named as in {titles}.",
        "Name the folder that holds the clips under their original names.",
    )


def select_clips(corpus: Corpus, paths: Iterable[Path]) -> dict[str, tuple[Path, Labels]]:
    """Each clip of a corpus among some files by its name, in the order of names.

    A clip that occurs more than once under one name counts once: the first lossless file, else the
    first file (an original archive of CREMA-D holds all clips as MP3, too).

    Parameters
    ----------
    corpus : Corpus
    paths : iterable of Path
        Relative to the corpus folder. Files that are no clips of the corpus are passed over.

    Returns
    -------
    dict
        By the clip's name in the corpus: its path and its labels, with the known faulty ones.
    """
    clips: dict[str, tuple[Path, Labels]] = {}
    lossless_first = sorted(paths, key=lambda path: path.suffix.lower() not in _LOSSLESS)
    for path in lossless_first:  # the sort is stable: within each half, paths stay in order
        labels = corpus.parse(path)
        if labels is not None:
            clips.setdefault(corpus.name_of(path), (path, labels))
    return dict(sorted(clips.items()))


def find_clips(
    folder: Path | WalkedFolder, corpus: Corpus, statements: Mapping[str, str] | None = None
) -> dict[str, tuple[Path, Labels]]:
    """Each clip of a corpus folder by its name in the corpus, in the order of names.

    Parameters
    ----------
    folder : Path or WalkedFolder
    corpus : Corpus
    statements : mapping, optional
        What the corpus's `read_statements` gave for the folder (default: it is asked).

    Returns
    -------
    dict
        By name: the path (which begins with the folder) and the labels. Clips with a known fault
        are among them. Of a clip that occurs more than once, see `select_clips`.
    """
    walked = walk(folder)
    if statements is None:
        statements = corpus.read_statements(walked.folder)
    clips = {}
    for name, (path, labels) in select_clips(corpus, walked.audio_files).items():
        statement = labels.statement or statements.get(name, "")
        clips[name] = (walked.folder / path, dataclasses.replace(labels, statement=statement))
    return clips


def read_utterances(
    folder: Path | WalkedFolder, corpus: Corpus | None = None, jobs: int = 1
) -> pd.DataFrame:
    """The utterance table of a corpus folder: one row per clip, in the order of clip names.

    Original archives (`Actor_XX/...`, `AudioWAV/...`) and flat folders give the same rows. A clip
    that occurs more than once under one name counts once. Other files (songs, videos, notes) and
    clips with a known fault are passed over.

    Parameters
    ----------
    folder : Path or WalkedFolder
    corpus : Corpus, optional
        The corpus in the folder (default: the one that `identify` names).
    jobs : int
        The number of processes that read the clips.

    Returns
    -------
    DataFrame
        Columns `TABLE_COLUMNS`; paths are relative to the folder, with `/`.

    Raises
    ------
    SerError
        BAD_CORPUS where the folder holds no utterance; NOT_AUDIO where a clip's header cannot be
        read.
    """
    import pandas as pd

    walked = walk(folder)
    corpus = corpus or identify(walked)
    clips = [
        clip for name, clip in find_clips(walked, corpus).items() if name not in corpus.known_faults
    ]
    if not clips:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"No clip in {str(walked.folder)!r} belongs to {corpus.title}.",
            "Name the folder with its clips.",
        )
    facts = read_file_facts([path for path, _ in clips], jobs)
    rows = []
    for (path, labels), facts_of_clip in zip(clips, facts, strict=True):
        name = path.relative_to(walked.folder).as_posix()
        rows.append((name, corpus.name, *dataclasses.astuple(labels), *facts_of_clip))
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def read_file_facts(paths: Sequence[Path], jobs: int = 1) -> list[tuple[float, str]]:
    """The length and the digest of each clip (`FILE_COLUMNS`), from one reading of its file.

    Parameters
    ----------
    paths : sequence of Path
    jobs : int
        The number of processes.

    Raises
    ------
    SerError
        NOT_AUDIO where a clip's header cannot be read.
    """
    from joblib import Parallel, delayed

    # On this computer in any case: the workers of a cluster need not see the files.
    work = Parallel(n_jobs=jobs, backend="loky", batch_size=128)
    return list(work(delayed(_file_facts)(path) for path in paths))


def _file_facts(path: Path) -> tuple[float, str]:
    data = path.read_bytes()
    return _duration_s(path, data), hashlib.sha256(data).hexdigest()


def _duration_s(path: Path, data: bytes) -> float:
    """The length that the header of a clip states, in seconds, to a tenth of a millisecond."""
    import soundfile

    try:
        info = soundfile.info(io.BytesIO(data))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise SerError(
            ErrorCode.NOT_AUDIO,
            f"The clip {str(path)!r} cannot be read as audio.",
            "Download it again; `python -m ser_core corpora verify` lists all damaged clips.",
        ) from error
    return round(info.frames / info.samplerate, 4)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def corpus_digest(digests: Iterable[str]) -> str:
    """One digest of a set of clips, whatever their order.

    It is the SHA-256 of the clips' sorted digests, one a line.

    >>> corpus_digest(["b", "a"]) == corpus_digest(["a", "b"])
    True
    """
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
