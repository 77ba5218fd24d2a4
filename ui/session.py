"""The state of one session: one typed object in the server's memory, which no other session sees.

It lies in Streamlit's session state under one key that no widget owns, so it outlives a change of
page. It is changed in place: what leaves it is gone at once, while Streamlit keeps the old value of
a key that is written over until the next run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording, isolated
from ser_core.errors import SerError
from ui import streamlit_internals

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.charts.style import Chart
    from ser_core.corpora import LeftOutFiles
    from ser_core.models import Model
    from ser_core.prediction.entries import Entry

KEY = "session"
"""The key of the `SessionState` in Streamlit's session state."""

OWN = "own"
"""The session's own corpus where pages choose among corpora, and in the column `corpus` of its rows."""


@dataclass(frozen=True, eq=False)
class Clip:
    """The clip of this session: the name of its file, and what it decoded to."""

    name: str
    recording: Recording


@dataclass(frozen=True)
class Input:
    """What a widget holds: `origin` tells it from everything else it may hold; `read` gives its bytes."""

    origin: Hashable
    read: Callable[[], bytes] = field(compare=False)


@dataclass(frozen=True, eq=False)
class OwnCorpus:
    """A person's own corpus, in this session's memory only.

    Attributes
    ----------
    name, source
        Its name, and where its labels come from.
    table
        Feature table: `TABLE_COLUMNS`, then the 128 features of the explorer. An unknown speaker or
        gender is "".
    left_out
        The files that could not be used, with the reasons.
    load
        Decodes the clip at a path of the table.
    out_of_fold
        Out-of-fold predictions, whose `corpus` is `OWN`; None before any model was tested.
    models
        The trained models as a ZIP file; None before training.
    optimistic
        For each task that could only be tested by a random split, why.
    """

    name: str
    source: str
    table: pd.DataFrame
    left_out: tuple[LeftOutFiles, ...]
    load: Callable[[str], Recording]
    out_of_fold: pd.DataFrame | None = None
    models: bytes | None = None
    optimistic: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name as pages show it among the corpora that ship."""
        return f"{self.name} (yours)"

    @cached_property
    def labels_digest(self) -> str:
        """A digest of its clips and their labels, which tells one own corpus from another."""
        import pandas as pd

        labels = self.table[["path", "sha256", "speaker", "gender", "emotion"]].astype(str)
        return f"{int(pd.util.hash_pandas_object(labels, index=False).sum()):x}"


class Lifetime(Enum):
    """What a result was computed from; it is deleted with that."""

    CLIP = "the clip"
    BASELINE = "the personal baseline"
    OWN_CORPUS = "the own corpus"
    SESSION = "nothing that can be deleted before the session ends"


class Results:
    """Computed values by key, the most recently used last; bounded for each function."""

    def __init__(self) -> None:
        self._values: dict[str, OrderedDict[Hashable, Any]] = {}

    def get_or_compute(
        self, function: str, key: Hashable, compute: Callable[[], Any], most: int
    ) -> Any:
        """The value of a function under a key; computed where it is not there.

        Parameters
        ----------
        function
            Name of the function.
        key
            Its arguments.
        compute
            Computes the value.
        most
            Number of values of this function to keep; the least recently used go.
        """
        values = self._values.setdefault(function, OrderedDict())
        if key in values:
            values.move_to_end(key)
            return values[key]
        value = compute()
        values[key] = value
        while len(values) > most:
            values.popitem(last=False)
        return value


@dataclass
class Baseline:
    """The neutral clips of this session, in the order of reading, and the input that takes them."""

    clips: list[Recording] = field(default_factory=list)
    wanted: bool = False
    taken: Hashable = None
    """The origin of the input that was taken last."""
    error: SerError | None = None
    round: int = 0
    """Part of the input's key: a new number empties it."""


@dataclass
class LibraryState:
    """What this session has done with the library."""

    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers of this session's recordings in the library, by their SHA-256."""
    was_known: bool = False
    """Whether the last recording to be kept was there already."""
    copy_stays: bool = False
    """Whether a clip was just deleted whose copy in the library stays."""
    last_speaker: str = ""
    error: SerError | None = None
    """What went wrong in a callback, to be shown by the next run."""
    round: int = 0
    """Part of the table's key: a deleted row must not leave the next one selected."""


@dataclass(frozen=True)
class Adopted:
    """The owner's corrected emotion model, if there is one; and why it cannot be used, if so."""

    model: Model | None = None
    problem: SerError | None = None


@dataclass
class SessionState:
    """All that a session holds apart from its widgets."""

    clip: Clip | None = None
    clip_error: SerError | None = None
    """Why the last input gave no clip."""
    taken: Hashable = None
    """The origin of the input that became the clip, or was cleared."""
    round: int = 0
    """Part of the inputs' keys: a new number empties all of them."""
    baseline: Baseline = field(default_factory=Baseline)
    chosen_models: dict[str, str] = field(default_factory=dict)
    """The name of the chosen model by task."""
    entries: dict[tuple[str, str, str], Entry] = field(default_factory=dict)
    """The answers on *Several clips* by the file's id, emotion model and gender model."""
    own_corpus: OwnCorpus | None = None
    library: LibraryState = field(default_factory=LibraryState)
    adopted: Adopted | None = None
    """Looked up once a run; None before."""
    drawn_charts: dict[str, tuple[str, Chart]] = field(default_factory=dict)
    """(title, chart) by the chart's key: what this run has drawn so far, to be saved."""
    routed: bool = False
    """Whether Home.py, the router, has run."""
    results: dict[frozenset[Lifetime], Results] = field(default_factory=dict)

    def results_of(self, lifetimes: frozenset[Lifetime]) -> Results:
        """The results that were computed from all of `lifetimes`."""
        return self.results.setdefault(lifetimes, Results())

    def forget(self, lifetime: Lifetime) -> None:
        """Delete all results that were computed from this."""
        for lifetimes in [each for each in self.results if lifetime in each]:
            del self.results[lifetimes]


def state() -> SessionState:
    """The state of the session that runs this thread."""
    current: SessionState | None = st.session_state.get(KEY)
    if current is None:
        current = SessionState()
        st.session_state[KEY] = current
    return current


# --- the clip


def clip() -> Clip | None:
    """The current clip, whichever page it was made on."""
    return state().clip


def take(name: str, given: Input) -> None:
    """Make a clip of what an input holds, once; what cannot be used becomes the clip's error.

    An input that still holds what was taken or cleared is passed over.
    """
    session = state()
    if given.origin == session.taken:
        return
    data = given.read()
    session.taken = given.origin
    session.clip = None
    session.clip_error = None
    session.forget(Lifetime.CLIP)
    try:
        recording = isolated.decode(
            data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS
        )
        session.clip = Clip(name, recording)
    except SerError as error:
        session.clip_error = error.with_traceback(None)  # whose frames hold the bytes


def clear() -> None:
    """Delete the clip and all that was computed from it, and start every input anew and empty."""
    session = state()
    session.clip = None
    session.clip_error = None
    session.taken = None
    session.drawn_charts = {}
    session.round += 1
    session.forget(Lifetime.CLIP)
    streamlit_internals.delete_files_of_session()


def forget_error() -> None:
    """Delete the error of the last input: another one was chosen."""
    state().clip_error = None


def input_key(name: str) -> str:
    """The key of an input in this round: a new one after each `clear`."""
    number = state().round
    return f"{name}-{number}" if number else name


# --- own corpus


def own_corpus() -> OwnCorpus | None:
    """The session's own corpus, if there is one."""
    return state().own_corpus


def own_table() -> pd.DataFrame | None:
    """The feature table of the own corpus: `TABLE_COLUMNS` and 128 features; None without one."""
    own = own_corpus()
    return None if own is None else own.table


def keep_own_corpus(own: OwnCorpus) -> None:
    """Take another own corpus, or the same with more that came of it."""
    session = state()
    session.own_corpus = own
    session.forget(Lifetime.OWN_CORPUS)


def delete_own_corpus() -> None:
    """Delete the own corpus and all that came of it, and start every input anew and empty."""
    session = state()
    session.own_corpus = None
    session.round += 1
    session.forget(Lifetime.OWN_CORPUS)
    streamlit_internals.delete_files_of_session()
