"""The clips that the explorer looks at, and what is computed of them.

What is the same for everybody is kept for all sessions; as soon as a person's own corpus is among the choice, only within that session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from ui.caches import feature_table
from ui.session import own_table

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.exploration import Space

T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """Corpora by name, the gender of the voices ("" for all), and what tells one version of the person's own corpus from another ("" without)."""

    corpora: tuple[str, ...]
    gender: str = ""
    own: str = ""


def choice_of(corpora: tuple[str, ...], gender: str) -> Choice:
    """The choice of some corpora, the person's own perhaps among them."""
    own = own_table()
    if own is None or str(own["corpus"].iloc[0]) not in corpora:
        return Choice(corpora, gender)
    import pandas as pd

    labels = own[["path", "sha256", "speaker", "gender", "emotion"]].astype(str)
    return Choice(
        corpora, gender, f"{int(pd.util.hash_pandas_object(labels, index=False).sum()):x}"
    )


def _kept(spinner: str | bool = False) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keep what is computed of a `Choice` (and of what can be hashed beside it). Nobody may change what is kept."""

    def decorate(compute: Callable[..., T]) -> Callable[..., T]:
        shared = st.cache_resource(max_entries=64, show_spinner=spinner)(compute)
        private = st.cache_resource(max_entries=16, show_spinner=spinner, scope="session")(compute)

        def chosen(choice: Choice, *further: Any) -> T:
            return private(choice, *further) if choice.own else shared(choice, *further)

        return chosen

    return decorate


@_kept("Reading the feature tables ...")
def rows(choice: Choice) -> pd.DataFrame:
    """The feature table of the chosen clips."""
    import pandas as pd

    from ser_core import exploration
    from ser_core.corpora import CORPORA

    parts = [feature_table(corpus) for corpus in choice.corpora if corpus in CORPORA]
    own = own_table() if choice.own else None
    return exploration.of_voices(
        pd.concat([*parts, *([own] if own is not None else [])], ignore_index=True), choice.gender
    )


@_kept("Laying out the map ...")
def space(choice: Choice) -> Space:
    """The chosen clips with standardised features."""
    from ser_core import exploration

    return exploration.space_of(rows(choice))


@_kept("Laying out the map ...")
def places(choice: Choice, kind: str) -> pd.DataFrame:
    """Where the chosen clips lie on a map."""
    from ser_core import exploration
    from ser_core.corpora import CORPORA

    stored = None if set(choice.corpora) & set(CORPORA) else space(Choice(tuple(CORPORA)))
    return exploration.places(space(choice), kind, stored)


@_kept("Comparing ...")
def ranking(choice: Choice, first: str, second: str) -> pd.DataFrame:
    """Which features tell two emotions apart."""
    from ser_core import exploration

    return exploration.ranking(rows(choice), first, second)


@_kept("Reading the pitch contours ...")
def contours(choice: Choice, scale: str) -> pd.DataFrame:
    """The mean pitch contour of each speaker in each emotion."""
    from ser_core.exploration import contours as stored

    return stored.by_speaker(rows(choice), stored.read(choice.corpora), scale)
