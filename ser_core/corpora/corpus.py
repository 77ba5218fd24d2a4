"""The types that describe a corpus: the labels of one utterance, and the facts of a whole corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

N_JOINT_RUNS = 6
"""The number of joint runs: the folds of RAVDESS, which the headline figure is taken on."""


@dataclass(frozen=True)
class Labels:
    """The labels of one utterance; "" stands for unknown."""

    speaker: str
    gender: str
    emotion: str
    intensity: str
    statement: str


@dataclass(frozen=True)
class Archive:
    """A ZIP file with the clips of a corpus.

    Address, length in bytes and MD5 digest are as the page `quoted_from` gives them.
    """

    address: str
    n_bytes: int
    md5: str
    quoted_from: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.address.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1]


def _no_statements(_: Path) -> Mapping[str, str]:
    return {}


def _no_names(_: Mapping[str, str]) -> frozenset[str]:
    return frozenset()


def _stem(path: Path) -> str:
    return path.stem


def _no_other_emotion(_: Path) -> str:
    return ""


@dataclass(frozen=True)
class Corpus:
    """The facts of one corpus, and how to read its file names.

    All functions take paths relative to the corpus folder, but for `read_statements`.
    """

    name: str
    title: str
    speech: str
    """Language, number of actors and sentences, in a few words."""
    n_utterances: int
    n_folds: int
    licence: str
    citation: str
    source: str
    parse: Callable[[Path], Labels | None]
    """The labels of a file; None for a file that is no utterance of the corpus."""
    fold_of: Callable[[str], int]
    """The fold, 1 to `n_folds`, in which a speaker is tested; ValueError for another name."""
    genders: Mapping[str, str]
    """Every speaker, in alphabetical order, with the gender."""
    emotions: tuple[str, ...]
    how_to_get: tuple[str, ...]
    """The steps from the source to a folder that works here, one sentence each."""
    clip_names: Callable[[Mapping[str, str]], frozenset[str]] = _no_names
    """From what `read_statements` gives: the names of all clips; empty where they are not known."""
    seconds: tuple[float, float] | None = None
    """The lengths of the shortest and the longest clip; None where they are not known."""
    read_statements: Callable[[Path], Mapping[str, str]] = _no_statements
    """The sentence of each clip by name, from the folder; empty where the file names tell it."""
    known_faults: Mapping[str, str] = field(default_factory=dict)
    """The names of clips that no table takes in, with the reason."""
    name_of: Callable[[Path], str] = _stem
    """The name of a clip in the corpus: the file's without ending, unless editions differ."""
    other_emotion: Callable[[Path], str] = _no_other_emotion
    """The emotion of a file that the corpus names after none of the eight emotions; else ""."""
    archive: Archive | None = None
    """Where the clips can be fetched, if the publisher gives a digest."""
    joint_run_of: Callable[[str], int] | None = None
    """The joint run, 1 to `N_JOINT_RUNS`, that scores a speaker, where the fold does not tell it."""
    redistributable: bool = False
    """Whether the terms allow to publish what is computed of the clips: tables, out-of-fold rows.

    Terms that nobody has stated allow nothing.
    """
    cautions: tuple[str, ...] = ()
    """Faults of the corpus as a whole, one sentence each; `known_faults` has those of single clips."""

    @property
    def n_usable(self) -> int:
        """The number of clips without those with a known fault."""
        return self.n_utterances - len(self.known_faults)

    def recognises(self, path: Path) -> bool:
        """Whether a file is named by the corpus's rule, after any emotion."""
        return self.parse(path) is not None or self.other_emotion(path) != ""
