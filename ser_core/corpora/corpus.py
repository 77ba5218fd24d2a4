"""The types that describe a corpus: what it says of one utterance, and what is known of it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Labels:
    """What a corpus says of one utterance."""

    speaker: str
    gender: str
    emotion: str
    intensity: str
    statement: str


def _no_statements(_: Path) -> Mapping[str, str]:
    return {}


def _no_names(_: Path) -> frozenset[str]:
    return frozenset()


def _stem(path: Path) -> str:
    return path.stem


def _no_other_emotion(_: Path) -> str:
    return ""


@dataclass(frozen=True)
class Archive:
    """A ZIP file that holds a corpus's clips: its address, length in bytes and MD5 digest, all three as the page `quoted_from` gives them."""

    address: str
    n_bytes: int
    md5: str
    quoted_from: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.address.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1]


@dataclass(frozen=True)
class Corpus:
    """The facts of one corpus, and how to read its file names.

    `parse` takes a path relative to the corpus folder and returns None for a file that is no utterance of it.
    `fold_of` takes a speaker's name and returns the fold, 1 to `n_folds`, in which that speaker is tested; ValueError for
    a name that is none of its speakers'.
    `genders` names every speaker, in alphabetical order, with the gender.
    `how_to_get` are the steps from its source to a folder that works here, one sentence each.
    `clip_names` takes the corpus folder and returns the names (without ending) of all clips there should be; empty where
    only a list that is not in that folder would say.
    `seconds` are the lengths of its shortest and its longest clip; None where that is not known here.
    `statements` takes the corpus folder and returns the sentence of each clip by name, where the file names do not say it.
    `known_faults` names the clips that no table takes in, with the reason.
    `name_of` gives a clip's name in the corpus from its path: that of the file without ending, unless editions differ in it.
    `other_emotion` gives the emotion of a file that is named by the corpus's rule, but after none of the eight; else "".
    `archive` is where its clips can be fetched from, where its publisher says so with a digest.
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
    genders: Mapping[str, str]
    emotions: tuple[str, ...]
    how_to_get: tuple[str, ...]
    clip_names: Callable[[Path], frozenset[str]] = _no_names
    seconds: tuple[float, float] | None = None
    statements: Callable[[Path], Mapping[str, str]] = _no_statements
    known_faults: Mapping[str, str] = field(default_factory=dict)
    name_of: Callable[[Path], str] = _stem
    other_emotion: Callable[[Path], str] = _no_other_emotion
    archive: Archive | None = None

    @property
    def n_usable(self) -> int:
        """The number of clips less those with a known fault."""
        return self.n_utterances - len(self.known_faults)
