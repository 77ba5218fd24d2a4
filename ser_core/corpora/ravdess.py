"""RAVDESS: 24 actors, two sentences, eight emotions (Livingstone & Russo 2018)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ser_core.corpora.corpus import Archive, Corpus, Labels
from ser_core.emotions import EMOTIONS, RAVDESS_CODES

GENDERS: Mapping[str, str] = {
    f"ravdess-{actor:02d}": "male" if actor % 2 else "female" for actor in range(1, 25)
}
"""Every actor with the gender; odd numbers are men."""
CITATION = (
    "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech and "
    "Song (RAVDESS): "
    "A dynamic, multimodal set of facial and vocal expressions in North American English. "
    "PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391"
)
_NAME = re.compile(r"03-(01|02)-(0[1-8])-(0[12])-(0[12])-0[12]-(0[1-9]|1\d|2[0-4])$")
_INTENSITIES = {"01": "normal", "02": "strong"}
_STATEMENTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}


def parse_channel(path: Path, channel: str) -> Labels | None:
    """The labels of an audio-only (03) file of a vocal channel: speech (01) or song (02).

    The name is `<modality>-<channel>-<emotion>-<intensity>-<statement>-<repetition>-<actor>`.
    """
    match = _NAME.match(path.stem)
    if match is None or match[1] != channel:
        return None
    _, emotion, intensity, statement, actor = match.groups()
    return Labels(
        speaker=f"ravdess-{actor}",
        gender=GENDERS[f"ravdess-{actor}"],
        emotion=RAVDESS_CODES[emotion],
        intensity=_INTENSITIES[intensity],
        statement=_STATEMENTS[statement],
    )


def clip_names_of_channel(
    channel: str, emotions: Iterable[str], speakers: Iterable[str]
) -> frozenset[str]:
    """Every combination there is; neutral (01) has no strong intensity."""
    codes = [code for code, emotion in RAVDESS_CODES.items() if emotion in set(emotions)]
    actors = [speaker.removeprefix("ravdess-") for speaker in speakers]
    fields = itertools.product(codes, _INTENSITIES, _STATEMENTS, ("01", "02"), actors)
    return frozenset(
        "-".join(("03", channel, *parts)) for parts in fields if parts[:2] != ("01", "02")
    )


def _parse(path: Path) -> Labels | None:
    return parse_channel(path, "01")


def _fold(speaker: str) -> int:
    """Six folds of four actors in order: 1-4, 5-8, ..., 21-24."""
    return list(GENDERS).index(speaker) // 4 + 1


def _clip_names(_: Mapping[str, str]) -> frozenset[str]:
    return clip_names_of_channel("01", EMOTIONS, GENDERS)


RAVDESS = Corpus(
    name="ravdess",
    title="RAVDESS",
    speech="acted North American English, 24 actors, two sentences",
    n_utterances=1440,
    n_folds=6,
    licence="CC BY-NC-SA 4.0",
    citation=CITATION,
    source="https://doi.org/10.5281/zenodo.1188976",
    parse=_parse,
    fold_of=_fold,
    genders=GENDERS,
    emotions=EMOTIONS,
    seconds=(2.93, 5.28),
    how_to_get=(
        "Download Audio_Speech_Actors_01-24.zip (about 200 MB) from the source page.",
        "Unpack it; its folders Actor_01 to Actor_24 may stay as they are.",
    ),
    clip_names=_clip_names,
    archive=Archive(
        address="https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",
        n_bytes=208_468_073,
        md5="bc696df654c87fed845eb13823edef8a",
        quoted_from="https://zenodo.org/records/1188976",
    ),
    redistributable=True,
)
