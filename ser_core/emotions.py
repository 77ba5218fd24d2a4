"""The label vocabulary: eight emotions and two genders, their order, colours and other names.

This is the only place that lists them. The order is the order of every table, chart and probability vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EMOTIONS: tuple[str, ...] = (
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgust",
    "surprised",
)
GENDERS: tuple[str, ...] = ("male", "female")

NEUTRAL: tuple[str, ...] = ("neutral", "calm")
"""The labels of speech without emotion; most corpora do not tell the two apart."""

NOT_EVERYWHERE: tuple[str, ...] = ("calm", "surprised")
"""Emotions that few corpora have. A model must not learn the sound of those corpora in their place."""

LABELS: Mapping[str, tuple[str, ...]] = MappingProxyType({"emotion": EMOTIONS, "gender": GENDERS})
"""The labels of each task, in order."""

# The palette of Okabe and Ito, for any colour vision; its black would be invisible on dark pages.
COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "neutral": "#999999",
        "calm": "#56B4E9",
        "happy": "#F0E442",
        "sad": "#0072B2",
        "angry": "#D55E00",
        "fearful": "#CC79A7",
        "disgust": "#009E73",
        "surprised": "#E69F00",
        "male": "#0072B2",
        "female": "#E69F00",
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "natural": "neutral",
        "scared": "fearful",
        "afraid": "fearful",
        "fear": "fearful",
        "anxiety": "fearful",
        "anger": "angry",
        "happiness": "happy",
        "joy": "happy",
        "sadness": "sad",
        "disgusted": "disgust",
        "surprise": "surprised",
        "pleasant surprise": "surprised",
        "pleasant surprised": "surprised",
        "pleasantly surprised": "surprised",
        "ps": "surprised",
        "neu": "neutral",
        "hap": "happy",
        "ang": "angry",
        "fea": "fearful",
        "dis": "disgust",
        "sur": "surprised",
    }
)
"""Other names that are accepted for an emotion."""

SHOWN_ALIASES: Mapping[str, str] = MappingProxyType({"neutral": "natural", "fearful": "scared"})
"""The second name that pages show beside an emotion."""

RAVDESS_CODES: Mapping[str, str] = MappingProxyType(
    {f"{position:02d}": emotion for position, emotion in enumerate(EMOTIONS, start=1)}
)
"""The third field of a RAVDESS file name (Livingstone & Russo 2018). Its order is the order used here."""


def parse_emotion(name: str) -> str:
    """Return the emotion that a name or alias stands for, whatever its case.

    Parameters
    ----------
    name : str
        `_` and `-` in it count as spaces.

    Returns
    -------
    str
        One of `EMOTIONS`.

    Raises
    ------
    ValueError
        If the name is none of `EMOTIONS` and none of `ALIASES`.

    >>> parse_emotion("Scared"), parse_emotion("neutral"), parse_emotion("Pleasant_surprise")
    ('fearful', 'neutral', 'surprised')
    """
    key = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    emotion = ALIASES.get(key, key)
    if emotion not in EMOTIONS:
        raise ValueError(
            f"The emotion must be one of {', '.join(EMOTIONS)} (or {', '.join(ALIASES)}). Got {name!r}."
        )
    return emotion


def display_name(label: str) -> str:
    """Return a label as pages show it.

    >>> display_name("fearful"), display_name("happy")
    ('Fearful (scared)', 'Happy')
    """
    alias = SHOWN_ALIASES.get(label)
    return f"{label.capitalize()} ({alias})" if alias else label.capitalize()
