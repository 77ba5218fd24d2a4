"""RAVDESS song: 23 of the actors of RAVDESS sing its two sentences in six emotions.

They are the same persons as in RAVDESS speech, so a speaker has the same name in both, and is tested
in the same fold: who speaks in a test must not sing in the training. Actor 18 does not sing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ser_core.corpora.corpus import Archive, Corpus, Labels
from ser_core.corpora.ravdess import (
    CITATION,
    GENDERS,
    RAVDESS,
    clip_names_of_channel,
    parse_channel,
)
from ser_core.emotions import RAVDESS_CODES

_CHANNEL = "02"
_GENDERS = {speaker: gender for speaker, gender in GENDERS.items() if speaker != "ravdess-18"}
# Disgust (07) and surprise (08) were not sung.
_EMOTIONS = tuple(emotion for code, emotion in RAVDESS_CODES.items() if code <= "06")


def _parse(path: Path) -> Labels | None:
    """Audio-only (03) song (02), named as the speech."""
    labels = parse_channel(path, _CHANNEL)
    if labels is None or labels.speaker not in _GENDERS or labels.emotion not in _EMOTIONS:
        return None
    return labels


def _fold(speaker: str) -> int:
    """The fold of the actor's speech."""
    if speaker not in _GENDERS:
        raise ValueError(f"The speaker must be one who sings in RAVDESS. Got {speaker!r}.")
    return RAVDESS.fold_of(speaker)


def _clip_names(_: Mapping[str, str]) -> frozenset[str]:
    return clip_names_of_channel(_CHANNEL, _EMOTIONS, _GENDERS)


RAVDESS_SONG = Corpus(
    name="ravdess-song",
    title="RAVDESS song",
    speech="sung North American English, 23 actors (of RAVDESS), two sentences",
    n_utterances=1012,
    n_folds=RAVDESS.n_folds,
    licence=RAVDESS.licence,
    citation=CITATION,
    source=RAVDESS.source,
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=_EMOTIONS,
    seconds=(3.50, 6.37),
    how_to_get=(
        "Download Audio_Song_Actors_01-24.zip (about 225 MB) from the source page.",
        "Unpack it apart from the speech; its folders Actor_01 to Actor_24 may stay as they are.",
    ),
    clip_names=_clip_names,
    archive=Archive(
        address="https://zenodo.org/records/1188976/files/Audio_Song_Actors_01-24.zip?download=1",
        n_bytes=225_505_317,
        md5="5411230427d67a21e18aa4d466e6d1b9",
        quoted_from="https://zenodo.org/records/1188976",
    ),
    redistributable=True,
    cautions=(
        "The voices and the sentences are those of RAVDESS: neither of the two tests what learnt "
        "from the other.",
    ),
)
