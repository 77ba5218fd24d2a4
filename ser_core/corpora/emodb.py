"""EmoDB, the Berlin Database of Emotional Speech (Burkhardt et al. 2005).

Ten Germans, ten sentences, seven emotions.
"""

from __future__ import annotations

import re
from pathlib import Path

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.emotions import EMOTIONS

# The initials of the German words. Boredom (L, Langeweile) is none of the eight emotions.
_EMOTIONS = {"W": "angry", "E": "disgust", "A": "fearful", "F": "happy", "T": "sad", "N": "neutral"}
_OTHER_EMOTIONS = {"L": "boredom"}
_STATEMENTS = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
_FEMALE, _MALE = ("08", "09", "13", "14", "16"), ("03", "10", "11", "12", "15")
_GENDERS = {
    f"emodb-{speaker}": "female" if speaker in _FEMALE else "male"
    for speaker in sorted(_FEMALE + _MALE)
}
_NAME = re.compile(
    rf"({'|'.join(sorted(_FEMALE + _MALE))})({'|'.join(_STATEMENTS)})([WLEAFTN])[a-z]?$",
    re.IGNORECASE,
)


def _parse(path: Path) -> Labels | None:
    """`<speaker><sentence><emotion><version>`, as in 03a01Fa, in any case."""
    match = _NAME.match(path.stem)
    if match is None or match[3].upper() in _OTHER_EMOTIONS:
        return None
    speaker = f"emodb-{match[1]}"
    return Labels(
        speaker,
        _GENDERS[speaker],
        _EMOTIONS[match[3].upper()],
        "unspecified",
        _STATEMENTS[match[2].lower()],
    )


def _other_emotion(path: Path) -> str:
    match = _NAME.match(path.stem)
    return "" if match is None else _OTHER_EMOTIONS.get(match[3].upper(), "")


def _name_of(path: Path) -> str:
    return path.stem.lower() if _NAME.match(path.stem) else path.stem


def _fold(speaker: str) -> int:
    """Ten folds: one speaker each, in the order of their numbers."""
    return list(_GENDERS).index(speaker) + 1


EMODB = Corpus(
    name="emodb",
    title="EmoDB",
    speech="acted German, 10 actors, ten sentences",
    n_utterances=454,  # 535 less the 81 of boredom
    n_folds=10,
    licence="CC0 1.0, as audEERING publishes it",
    citation=(
        "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier WF, Weiss B (2005). A database of German "
        "emotional speech. Proceedings of Interspeech 2005, 1517-1520"
    ),
    source="http://emodb.bilderbar.info/",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(emotion for emotion in EMOTIONS if emotion in _EMOTIONS.values()),
    how_to_get=(
        "Download the database from the source page (about 40 MB).",
        "Unpack it; its folder wav holds 535 clips. Of these the 81 of boredom are left out, as that "
        "is none of the eight emotions.",
    ),
    name_of=_name_of,
    other_emotion=_other_emotion,
    redistributable=True,
)
