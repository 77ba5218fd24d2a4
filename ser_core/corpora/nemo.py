"""nEMO: nine Polish actors, ninety sentences, six emotions (Christop 2024)."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.emotions import EMOTIONS, parse_emotion
from ser_core.errors import ErrorCode, SerError

_WORDS = "anger|fear|happiness|neutral|sadness|surprised"
_NAME = re.compile(rf"([A-Z]{{2}}0)_({_WORDS})_([1-9]\d?)$")

# From the corpus's data.tsv.
_FEMALE, _MALE = ("EB0", "IC0", "KD0", "MK0"), ("KS0", "MP0", "SM0", "TP0", "WR0")
_GENDERS = {
    f"nemo-{speaker}": "female" if speaker in _FEMALE else "male"
    for speaker in sorted(_FEMALE + _MALE)
}


def _parse(path: Path) -> Labels | None:
    """`<speaker>_<emotion>_<number of the sentence>`; the sentence itself stands in `data.tsv` only."""
    match = _NAME.match(path.stem)
    if match is None or f"nemo-{match[1]}" not in _GENDERS or int(match[3]) > 90:
        return None
    speaker = f"nemo-{match[1]}"
    return Labels(
        speaker=speaker,
        gender=_GENDERS[speaker],
        emotion=parse_emotion(match[2]),
        intensity="unspecified",
        statement="",
    )


def _fold(speaker: str) -> int:
    """Nine folds: one speaker each, in alphabetical order."""
    return list(_GENDERS).index(speaker) + 1


def _read_statements(folder: Path) -> Mapping[str, str]:
    """The sentence of each clip by name, from `data.tsv`; empty where there is no such file."""
    file = folder / "data.tsv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    try:
        return {Path(row["file_id"]).stem: row["raw_text"].strip() for row in rows}
    except (KeyError, TypeError, AttributeError) as error:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The file {str(file)!r} is not that of nEMO.",
            "Download it again, or remove it.",
        ) from error


def _clip_names(statements: Mapping[str, str]) -> frozenset[str]:
    """The clips that `data.tsv` lists: not every speaker spoke every sentence in every emotion."""
    return frozenset(statements)


NEMO = Corpus(
    name="nemo",
    title="nEMO",
    speech="acted Polish, 9 actors, ninety sentences",
    n_utterances=4481,
    n_folds=9,
    licence="CC BY-NC-SA 4.0",
    citation=(
        "Christop I (2024). nEMO: Dataset of Emotional Speech in Polish. Proceedings of LREC-COLING "
        "2024. https://arxiv.org/abs/2404.06292"
    ),
    source="https://github.com/amu-cai/nEMO",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(
        emotion
        for emotion in EMOTIONS
        if emotion in {parse_emotion(word) for word in _WORDS.split("|")}
    ),
    seconds=(0.86, 5.66),
    how_to_get=(
        "Clone the repository, or download it as an archive (about 500 MB).",
        "Copy its folder samples with the clips, and data.tsv beside it: that file holds the spoken "
        "sentences.",
    ),
    clip_names=_clip_names,
    read_statements=_read_statements,
    redistributable=True,
)
