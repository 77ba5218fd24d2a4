"""Speech corpora: which clips there are, who says what how in each, and which speakers are tested together.

A corpus is one `Corpus` entry in `CORPORA`: its facts, a parser from a relative path to the labels, and the fold of each
speaker. Everything else here (walking folders, the utterance table, folds) works from that entry alone.

Conventions: a speaker is named `<corpus>-<id>` so that names stay unique across corpora; labels are those of
`ser_core.emotions`; a fold number k in 1..n_folds says in which run the speaker is tested.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.audio import AUDIO_SUFFIXES
from ser_core.emotions import RAVDESS_CODES
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

TABLE_COLUMNS = ("path", "corpus", "speaker", "gender", "emotion", "intensity", "statement", "duration_s", "sha256")
"""The columns of an utterance table, in order; a feature table carries them before its features."""


@dataclass(frozen=True)
class Labels:
    """What a corpus says of one utterance."""

    speaker: str
    gender: str
    emotion: str
    intensity: str
    statement: str


@dataclass(frozen=True)
class Corpus:
    """The facts of one corpus, and how to read its file names.

    `parse` takes a path relative to the corpus folder and returns None for a file that is no utterance of it.
    `fold_of` takes a speaker's name and returns the fold, 1 to `n_folds`, in which that speaker is tested.
    """

    name: str
    title: str
    speech: str
    n_utterances: int
    n_folds: int
    licence: str
    citation: str
    source: str
    parse: Callable[[Path], Labels | None]
    fold_of: Callable[[str], int]


# -------------------------------------------------------------------------------------------------------------- RAVDESS

_RAVDESS_NAME = re.compile(r"03-01-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4])$")


def _parse_ravdess(path: Path) -> Labels | None:
    """Audio-only (03) speech (01) by `<modality>-<channel>-<emotion>-<intensity>-<statement>-<repetition>-<actor>`."""
    match = _RAVDESS_NAME.match(path.stem)
    if match is None:
        return None
    emotion, intensity, statement, _repetition, actor = match.groups()
    return Labels(
        speaker=f"ravdess-{actor}",
        gender="male" if int(actor) % 2 else "female",
        emotion=RAVDESS_CODES[emotion],
        intensity={"01": "normal", "02": "strong"}[intensity],
        statement={"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}[statement],
    )


def _ravdess_fold(speaker: str) -> int:
    """Six folds of four actors in order: 1-4, 5-8, ..., 21-24."""
    return (int(speaker.removeprefix("ravdess-")) - 1) // 4 + 1


CORPORA: dict[str, Corpus] = {
    "ravdess": Corpus(
        name="ravdess",
        title="RAVDESS",
        speech="acted North American English, 24 actors, two sentences",
        n_utterances=1440,
        n_folds=6,
        licence="CC BY-NC-SA 4.0",
        citation=(
            "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS): "
            "A dynamic, multimodal set of facial and vocal expressions in North American English. "
            "PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391"
        ),
        source="https://doi.org/10.5281/zenodo.1188976",
        parse=_parse_ravdess,
        fold_of=_ravdess_fold,
    ),
}


# ------------------------------------------------------------------------------------------------------ folders, tables


def audio_files(folder: Path) -> list[Path]:
    """All audio files below a folder, by suffix, in the order of their relative path; hidden ones are passed over."""
    found = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".") and path.is_file())


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
        f"There is no folder {name_or_folder!r}" + (f", and none of that name in {parent!r}." if parent else "."),
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
    for corpus in CORPORA.values():
        if 2 * sum(corpus.parse(path.relative_to(folder)) is not None for path in files) >= max(1, len(files)):
            return corpus
    raise SerError(
        ErrorCode.BAD_CORPUS,
        f"Most of the {len(files)} audio files in {str(folder)!r} are not named as in {', '.join(c.title for c in CORPORA.values())}.",
        "Name the folder that holds the clips under their original names.",
    )


def utterances(folder: Path, corpus: Corpus | None = None) -> pd.DataFrame:
    """The utterance table of a corpus folder: one row per clip, columns `TABLE_COLUMNS`, ordered by file name.

    Original archives (`Actor_XX/...`) and flat folders give the same rows; a clip that lies there twice under one name
    counts once; other files (songs, videos, notes) are passed over. Paths are relative to the folder, with `/`.

    Raises
    ------
    SerError
        BAD_CORPUS where the folder holds no utterance; NOT_AUDIO where a clip's header cannot be read.
    """
    import pandas as pd

    corpus = corpus or identify(folder)
    rows: dict[str, tuple[object, ...]] = {}
    for path in audio_files(folder):
        relative = path.relative_to(folder)
        labels = corpus.parse(relative)
        if labels is None or path.stem in rows:
            continue
        facts = (labels.speaker, labels.gender, labels.emotion, labels.intensity, labels.statement)
        rows[path.stem] = (relative.as_posix(), corpus.name, *facts, _duration_s(path), file_digest(path))
    if not rows:
        raise SerError(ErrorCode.BAD_CORPUS, f"No clip in {str(folder)!r} belongs to {corpus.title}.", "Name the folder with its clips.")
    return pd.DataFrame([rows[stem] for stem in sorted(rows)], columns=list(TABLE_COLUMNS))


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def corpus_digest(digests: Iterable[str]) -> str:
    """One digest for a set of clips, whatever their order: the SHA-256 of their sorted digests, one a line.

    >>> corpus_digest(["b", "a"]) == corpus_digest(["a", "b"])
    True
    """
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def folds(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The fold in which each row is tested, shape [n]: all rows of a speaker share one.

    A whole known corpus has the folds of its entry. Other speakers (a person's own table, a part of a corpus) are dealt in
    alphabetical order into as many folds as there are speakers, six at most.
    """
    import numpy as np

    pairs = list(zip(speakers, corpora, strict=True))
    fold_of = {pair: _own_fold(*pair) for pair in sorted(set(pairs))}
    for name in {corpus for _, corpus in pairs}:
        found = {fold for (_, corpus), fold in fold_of.items() if corpus == name}
        if None in found or found != set(range(1, CORPORA[name].n_folds + 1)):
            fold_of |= dict.fromkeys((pair for pair in fold_of if pair[1] == name), None)
    strangers = [pair for pair, fold in fold_of.items() if fold is None]
    dealt = {pair: position % min(6, len(strangers)) + 1 for position, pair in enumerate(strangers)}
    return np.array([fold_of[pair] or dealt[pair] for pair in pairs], dtype=np.int64)


def _own_fold(speaker: str, corpus: str) -> int | None:
    """The fold that a corpus's entry gives a speaker; None for a name that is none of its speakers'."""
    if corpus not in CORPORA or not speaker.startswith(f"{corpus}-"):
        return None
    try:
        return CORPORA[corpus].fold_of(speaker)
    except ValueError:
        return None


def _duration_s(path: Path) -> float:
    import soundfile

    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise SerError(ErrorCode.NOT_AUDIO, f"The clip {str(path)!r} cannot be read as audio.", "Download it again.") from error
    return round(info.frames / info.samplerate, 4)
