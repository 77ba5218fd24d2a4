"""SAVEE: four British men, fifteen sentences an emotion, seven emotions (Haq & Jackson 2009)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.emotions import EMOTIONS, parse_emotion

_WORDS = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}
_EMOTIONS = {letters: parse_emotion(word) for letters, word in _WORDS.items()}
_SPEAKERS = ("DC", "JE", "JK", "KL")
_GENDERS = {f"savee-{speaker}": "male" for speaker in _SPEAKERS}
_FLAT = re.compile(rf"({'|'.join(_SPEAKERS)})_({'|'.join(_EMOTIONS)})(\d\d)$", re.IGNORECASE)


def _match(path: Path) -> re.Match[str] | None:
    """`<speaker>_<emotion><number>` in a flat folder, or `<emotion><number>` in the speaker's folder.

    In any case of letters.
    """
    return _FLAT.match(path.stem) or _FLAT.match(f"{path.parent.name}_{path.stem}")


def _parse(path: Path) -> Labels | None:
    """The number is that of the sentence; 1 to 15, and to 30 where the clip is neutral."""
    match = _match(path)
    if match is None or not 1 <= int(match[3]) <= (30 if match[2].lower() == "n" else 15):
        return None
    speaker = f"savee-{match[1].upper()}"
    return Labels(speaker, _GENDERS[speaker], _EMOTIONS[match[2].lower()], "unspecified", "")


def _name_of(path: Path) -> str:
    """The flat name: in folders by speaker, each speaker has an `a01`."""
    match = _match(path)
    return path.stem if match is None else f"{match[1].upper()}_{match[2].lower()}{match[3]}"


def _fold(speaker: str) -> int:
    """Four folds: one man each."""
    return list(_GENDERS).index(speaker) + 1


def _clip_names(_: Mapping[str, str]) -> frozenset[str]:
    counts = {letters: 30 if letters == "n" else 15 for letters in _EMOTIONS}
    return frozenset(
        f"{speaker}_{letters}{n:02d}"
        for speaker in _SPEAKERS
        for letters in _EMOTIONS
        for n in range(1, counts[letters] + 1)
    )


SAVEE = Corpus(
    name="savee",
    title="SAVEE",
    speech="acted British English, 4 men, fifteen sentences an emotion",
    n_utterances=480,
    n_folds=4,
    licence="free for research, after registration at the source",
    citation=(
        "Haq S, Jackson PJB (2009). Speaker-dependent audio-visual emotion recognition. Proceedings "
        "of the International Conference on Auditory-Visual Speech Processing (AVSP 2009), 53-58"
    ),
    source="http://kahlan.eps.surrey.ac.uk/savee/",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(emotion for emotion in EMOTIONS if emotion in _EMOTIONS.values()),
    how_to_get=(
        "Register at the source page and download the audio (AudioData.zip).",
        "Unpack it; its folders DC, JE, JK and KL must stay, as each has clips of the same names "
        "(a flat folder of DC_a01.wav works, too).",
    ),
    clip_names=_clip_names,
    name_of=_name_of,
)
