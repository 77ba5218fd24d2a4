"""CREMA-D: 91 actors, twelve sentences, six emotions, each clip rated by a crowd (Cao et al. 2014)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    import pandas as pd

_EMOTIONS = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
_INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified", "X": "unspecified"}
_STATEMENTS = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
_NAME = re.compile(rf"(10\d\d)_({'|'.join(_STATEMENTS)})_({'|'.join(_EMOTIONS)})_(LO|MD|HI|XX?)$")

# The sex of actors 1001 to 1091 in order, from the corpus's VideoDemographics.csv.
_SEXES = (
    "MFFFMFFFFFMFFMMMMFMFFMMFFMMFFFMMMMMMFMMMMMFMMFFMFMMFFFFFMFMFFMFMMMMMMMMFFFFFMFFMMFMFMMMMFMF"
)
_GENDERS = {
    f"crema-d-{actor}": {"M": "male", "F": "female"}[sex]
    for actor, sex in enumerate(_SEXES, start=1001)
}

_MISNAMED = {
    "1040_ITH_SAD_XX": "1040_ITH_SAD_X"
}  # by the rule, and as the corpus itself calls the file
_NEVER_RECORDED = {("1008", "WSI"), ("1009", "MTI"), ("1019", "ITH")}
_NEVER_RECORDED_CLIPS = {"1002_TIE_NEU_XX", "1076_ITS_NEU_XX"}

_TWO_LABELS = (
    ("1006_TIE_NEU_XX", "1006_TIE_HAP_XX"),
    ("1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
    ("1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
)

_VOICE_ONLY = 1  # the first of the six digits that name a row of votes; 2 is the face alone, 3 both
VOTE_COLUMNS = {
    "angry": "A",
    "disgust": "D",
    "fearful": "F",
    "happy": "H",
    "neutral": "N",
    "sad": "S",
}
"""The emotions that listeners could choose from, and the corpus's columns with their votes."""


def _parse(path: Path) -> Labels | None:
    """`<actor>_<sentence>_<emotion>_<intensity>`."""
    match = _NAME.match(path.stem)
    if match is None or f"crema-d-{match[1]}" not in _GENDERS:
        return None
    actor, statement, emotion, intensity = match.groups()
    return Labels(
        speaker=f"crema-d-{actor}",
        gender=_GENDERS[f"crema-d-{actor}"],
        emotion=_EMOTIONS[emotion],
        intensity=_INTENSITIES[intensity],
        statement=_STATEMENTS[statement],
    )


def _fold(speaker: str) -> int:
    """Five folds: every fifth actor."""
    return list(_GENDERS).index(speaker) % 5 + 1


def _clip_names(_: Mapping[str, str]) -> frozenset[str]:
    """Every actor, sentence and emotion, without the clips that were never recorded.

    One sentence has three intensities.
    """
    names = set()
    for actor in range(1001, 1092):
        for statement in _STATEMENTS:
            if (str(actor), statement) in _NEVER_RECORDED:
                continue
            for emotion in _EMOTIONS:
                intensities = (
                    ("LO", "MD", "HI") if statement == "IEO" and emotion != "NEU" else ("XX",)
                )
                names |= {f"{actor}_{statement}_{emotion}_{intensity}" for intensity in intensities}
    return frozenset(_MISNAMED.get(name, name) for name in names - _NEVER_RECORDED_CLIPS)


def _known_faults() -> dict[str, str]:
    faults = {"1076_MTI_SAD_XX": "silent"}
    for one, other in _TWO_LABELS:
        faults |= {one: f"the same audio as {other}", other: f"the same audio as {one}"}
    return faults


def read_votes(folder: Path) -> pd.DataFrame:
    """The crowd's voice-only votes, read from a copy of the corpus.

    `data/crema-d/listeners.csv` is this table, written with
    `read_votes(folder).to_csv(file, index=False, lineterminator="\\n")` and listed by `models seal`.

    Parameters
    ----------
    folder : Path
        The corpus folder; the votes are in its `processedResults/tabulatedVotes.csv`.

    Returns
    -------
    DataFrame
        One row per clip: `path` (the clip's name without ending) and a count per emotion.

    Raises
    ------
    SerError
        NOT_FOUND where the folder lacks that file, BAD_CORPUS where the file holds something else.
    """
    import pandas as pd

    file = folder / "processedResults" / "tabulatedVotes.csv"
    if not file.is_file():
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"There is no file {str(file)!r}.",
            "Copy the folder processedResults of CREMA-D there.",
        )
    votes = pd.read_csv(file, index_col=0)
    if not {"fileName", *VOTE_COLUMNS.values()} <= set(votes.columns):
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The file {str(file)!r} holds no votes of CREMA-D.",
            "Download it again.",
        )
    voice = votes[votes.index // 100_000 == _VOICE_ONLY]
    table = pd.DataFrame(
        {"path": voice["fileName"].replace(_MISNAMED)}
        | {name: voice[column] for name, column in VOTE_COLUMNS.items()}
    )
    return table.sort_values("path").reset_index(drop=True)


CREMA_D = Corpus(
    name="crema-d",
    title="CREMA-D",
    speech="acted North American English, 91 actors, twelve sentences",
    n_utterances=7442,
    n_folds=5,
    licence="ODbL 1.0 (database), DbCL 1.0 (contents)",
    citation=(
        "Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014). CREMA-D: Crowd-sourced "
        "Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4): "
        "377-390. https://doi.org/10.1109/TAFFC.2014.2336244"
    ),
    source="https://github.com/CheyneyComputerScience/CREMA-D",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(emotion for emotion in EMOTIONS if emotion in _EMOTIONS.values()),
    seconds=(1.26, 5.01),
    how_to_get=(
        "Install git-lfs (the clips are stored with it; without it, a checkout holds pointers of 130 "
        "bytes instead of audio).",
        "Clone the repository, or copy its folder AudioWAV (about 600 MB). The other folders are not "
        "needed.",
    ),
    clip_names=_clip_names,
    known_faults=_known_faults(),
    redistributable=True,
)
