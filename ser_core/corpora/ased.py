"""ASED, the Amharic Speech Emotion Dataset: 65 volunteers, five emotions (Retta et al. 2022).

It has faults that its users must know:

- the original files end in digital zeros, and their number tells the emotion: cut them off, or crop
  all clips alike;
- most sentences were spoken in one emotion only, so the words tell the emotion, too (the sentences 01
  and 02 were spoken in all five);
- sad is as loud and high as angry, and fearful is quiet, against other corpora;
- five clips have the digit of the wrong gender in their names. The majority of the speaker's clips
  counts.

Its paper calls it freely available for download, but no licence says what else is allowed: neither
tables nor out-of-fold rows of it are ever published.
"""

from __future__ import annotations

import re
from pathlib import Path

from ser_core.corpora.corpus import N_JOINT_RUNS, Corpus, Labels
from ser_core.emotions import EMOTIONS

# Each letter goes with its digit, the number of the folder.
_EMOTIONS = {"n1": "neutral", "f2": "fearful", "h3": "happy", "s4": "sad", "a5": "angry"}
_NAME = re.compile(
    rf"({'|'.join(_EMOTIONS)})-0[1-7]-0[12]-0[12]-(0[1-9]|[1-5]\d|6[0-5])$", re.IGNORECASE
)
_N_SPEAKERS, _N_FOLDS = 65, 5
# Those whose names say so in most of their clips.
_FEMALE = frozenset((*range(1, 39, 2), 43, 47, 48, 49, 58, 62))
_GENDERS = {
    f"ased-{number:02d}": "female" if number in _FEMALE else "male"
    for number in range(1, _N_SPEAKERS + 1)
}


def _parse(path: Path) -> Labels | None:
    """`<emotion>-<sentence>-<repetition>-<gender>-<speaker>`, as in a5-03-01-02-50.

    The gender is that of the speaker, not of the name. What the sentences are is not known here.
    """
    match = _NAME.match(path.stem)
    if match is None:
        return None
    speaker = f"ased-{match[2]}"
    return Labels(speaker, _GENDERS[speaker], _EMOTIONS[match[1].lower()], "unspecified", "")


def _name_of(path: Path) -> str:
    return path.stem.lower() if _NAME.match(path.stem) else path.stem


def _number(speaker: str) -> int:
    return list(_GENDERS).index(speaker) + 1


def _fold(speaker: str) -> int:
    """Five folds: every fifth speaker."""
    return _number(speaker) % _N_FOLDS + 1


def _joint_run(speaker: str) -> int:
    """Every sixth speaker, so that each is held out in one run: the five folds would not do."""
    return _number(speaker) % N_JOINT_RUNS + 1


ASED = Corpus(
    name="ased",
    title="ASED",
    speech="acted Amharic, 65 volunteers, 27 sentences",
    n_utterances=2470,
    n_folds=_N_FOLDS,
    licence='none stated ("freely available for download" by its paper)',
    citation=(
        "Retta EA, Almekhlafi E, Sutcliffe R, Mhamed M, Ali H, Feng J (2022). A New Amharic Speech "
        "Emotion Dataset and Classification Benchmark. https://arxiv.org/abs/2201.02710"
    ),
    source="https://github.com/Ethio2021/ASED_V1",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(emotion for emotion in EMOTIONS if emotion in _EMOTIONS.values()),
    how_to_get=(
        "Clone the repository, or download it as an archive.",
        "Its folders 01Neutral to 05Angry may stay as they are.",
        "Cut the digital zeros off the end of each clip: their number tells the emotion.",
    ),
    name_of=_name_of,
    joint_run_of=_joint_run,
    cautions=(
        "The original files end in digital zeros whose number tells the emotion.",
        "Most sentences belong to one emotion.",
        "Sad is as loud and high as angry, and fearful is quiet, against other corpora.",
        "No licence is stated: what is computed of the clips must not be published.",
    ),
)
