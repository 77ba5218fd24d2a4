"""TESS: two women of Toronto, 200 words in one carrier sentence, seven emotions.

Pichora-Fuller & Dupuis 2010.
"""

from __future__ import annotations

import re
from pathlib import Path

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.emotions import EMOTIONS, parse_emotion

_WORDS = "angry|disgust|fear|happy|neutral|ps|sad"
_NAME = re.compile(
    rf"(oaf?|yaf)_([a-z'-]+)_({_WORDS})$", re.IGNORECASE
)  # the corpus itself calls one clip OA_bite_neutral
_GENDERS = {"tess-OAF": "female", "tess-YAF": "female"}


def _parts(path: Path) -> tuple[str, str, str] | None:
    """Speaker, word and the word for the emotion; None for another file."""
    match = _NAME.match(path.stem)
    if match is None:
        return None
    speaker = match[1].upper()
    return "OAF" if speaker == "OA" else speaker, match[2].lower(), match[3].lower()


def _parse(path: Path) -> Labels | None:
    """`<speaker>_<word>_<emotion>`, in any case of letters.

    The older woman is OAF, the younger YAF; ps is pleasant surprise.
    """
    parts = _parts(path)
    if parts is None:
        return None
    speaker, word, emotion = parts
    return Labels(
        f"tess-{speaker}",
        _GENDERS[f"tess-{speaker}"],
        parse_emotion(emotion),
        "unspecified",
        f"Say the word {word}",
    )


def _name_of(path: Path) -> str:
    parts = _parts(path)
    return path.stem if parts is None else "_".join(parts)


def _fold(speaker: str) -> int:
    """Two folds: one woman each."""
    return list(_GENDERS).index(speaker) + 1


TESS = Corpus(
    name="tess",
    title="TESS",
    speech="acted North American English, 2 women, 200 words in one sentence",
    n_utterances=2800,
    n_folds=2,
    licence="CC BY-NC-ND 4.0",
    citation=(
        "Pichora-Fuller MK, Dupuis K (2010). Toronto emotional speech set (TESS). "
        "University of Toronto. https://doi.org/10.5683/SP2/E8H2MF"
    ),
    source="https://doi.org/10.5683/SP2/E8H2MF",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(
        emotion
        for emotion in EMOTIONS
        if emotion in {parse_emotion(word) for word in _WORDS.split("|")}
    ),
    how_to_get=(
        "Download the clips from the source page (about 230 MB).",
        "Unpack them; folders such as OAF_angry may stay, and so may a second copy of all folders "
        "inside (each clip counts once).",
    ),
    name_of=_name_of,
)
