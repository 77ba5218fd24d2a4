"""The clips that the explorer looks at, and what is computed of them.

What is the same for everybody is kept for all sessions; as soon as a person's own corpus is among
the choice, only within that session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.caches import feature_table, shared_unless_own
from ui.session import own_corpus, own_table

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.exploration import FeatureSpace


@dataclass(frozen=True)
class Choice:
    """Corpora by name, the gender of the voices ("" for all), and what tells one version of the
    person's own corpus from another ("" without).
    """

    corpora: tuple[str, ...]
    gender: str = ""
    own: str = ""


def choice_of(corpora: tuple[str, ...], gender: str) -> Choice:
    """The choice of some corpora, the person's own perhaps among them."""
    own = own_corpus()
    if own is None or own.name not in corpora:
        return Choice(corpora, gender)
    return Choice(corpora, gender, own.labels_digest)


def _concerns_own(choice: Choice, *_: object) -> bool:
    return bool(choice.own)


@shared_unless_own(_concerns_own, "Reading the feature tables ...")
def chosen_rows(choice: Choice) -> pd.DataFrame:
    """The feature table of the chosen clips."""
    import pandas as pd

    from ser_core import exploration
    from ser_core.corpora import CORPORA

    parts = [feature_table(corpus) for corpus in choice.corpora if corpus in CORPORA]
    own = own_table() if choice.own else None
    return exploration.select_gender(
        pd.concat([*parts, *([own] if own is not None else [])], ignore_index=True), choice.gender
    )


@shared_unless_own(_concerns_own, "Laying out the map ...")
def feature_space(choice: Choice) -> FeatureSpace:
    """The chosen clips with standardised features."""
    from ser_core import exploration

    return exploration.build_space(chosen_rows(choice))


@shared_unless_own(_concerns_own, "Laying out the map ...")
def map_places(choice: Choice, kind: str) -> pd.DataFrame:
    """Where the chosen clips lie on a map."""
    from ser_core import exploration
    from ser_core.corpora import CORPORA

    stored = None if set(choice.corpora) & set(CORPORA) else feature_space(Choice(tuple(CORPORA)))
    return exploration.place_clips(feature_space(choice), kind, stored)


@shared_unless_own(_concerns_own, "Comparing ...")
def ranking(choice: Choice, first: str, second: str) -> pd.DataFrame:
    """Which features tell two emotions apart."""
    from ser_core import exploration

    return exploration.rank_features(chosen_rows(choice), first, second)


@shared_unless_own(_concerns_own, "Reading the pitch contours ...")
def contours(choice: Choice, scale: str) -> pd.DataFrame:
    """The mean pitch contour of each speaker in each emotion."""
    from ser_core.exploration import contours as stored

    return stored.speaker_contours(chosen_rows(choice), stored.read_contours(choice.corpora), scale)
