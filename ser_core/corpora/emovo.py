"""EMOVO: three women and three men, fourteen Italian sentences, seven emotions (Costantini et al. 2014)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from ser_core.corpora.corpus import Corpus, Labels
from ser_core.emotions import EMOTIONS, parse_emotion

# The beginnings of the Italian words: neutro, disgusto, gioia, paura, rabbia, sorpresa, tristezza.
_EMOTIONS = {
    "neu": "neutral",
    "dis": "disgust",
    "gio": "happy",
    "pau": "fearful",
    "rab": "angry",
    "sor": parse_emotion("surprise"),
    "tri": "sad",
}
# Short (b), long (l), without sense (n) and questions (d).
_STATEMENTS = {
    "b1": "Gli operai si alzano presto.",
    "b2": "I vigili sono muniti di pistola.",
    "b3": "La cascata fa molto rumore.",
    "l1": "L'autunno prossimo Tony partirà per la Spagna: nella prima metà di ottobre.",
    "l2": "Ora prendo la felpa di là ed esco per fare una passeggiata.",
    "l3": "Un attimo dopo s'è incamminato... ed è inciampato.",
    "l4": "Vorrei il numero telefonico del Signor Piatti.",
    "n1": "La casa forte vuole col pane.",
    "n2": "La forza trova il passo e l'aglio rosso.",
    "n3": "Il gatto sta scorrendo nella pera.",
    "n4": "Insalata pastasciutta coscia d'agnello limoncello.",
    "n5": "Uno quarantatré dieci mille cinquantasette venti.",
    "d1": "Sabato sera cosa farà?",
    "d2": "Porti con te quella cosa?",
}
_GENDERS = {
    "emovo-f1": "female",
    "emovo-f2": "female",
    "emovo-f3": "female",
    "emovo-m1": "male",
    "emovo-m2": "male",
    "emovo-m3": "male",
}
_NAME = re.compile(
    rf"({'|'.join(_EMOTIONS)})-([fm][123])-({'|'.join(_STATEMENTS)})$", re.IGNORECASE
)


def _parse(path: Path) -> Labels | None:
    """`<emotion>-<speaker>-<sentence>`, as in dis-f1-b1, in any case of letters."""
    match = _NAME.match(path.stem)
    if match is None:
        return None
    emotion, speaker, statement = match[0].lower().split("-")
    return Labels(
        f"emovo-{speaker}",
        _GENDERS[f"emovo-{speaker}"],
        _EMOTIONS[emotion],
        "unspecified",
        _STATEMENTS[statement],
    )


def _name_of(path: Path) -> str:
    return path.stem.lower() if _NAME.match(path.stem) else path.stem


def _fold(speaker: str) -> int:
    """Six folds: one speaker each, the women first."""
    return list(_GENDERS).index(speaker) + 1


def _clip_names(_: Mapping[str, str]) -> frozenset[str]:
    """Every combination there is: each speaker spoke each sentence once in each emotion."""
    speakers = (speaker.removeprefix("emovo-") for speaker in _GENDERS)
    return frozenset(map("-".join, itertools.product(_EMOTIONS, speakers, _STATEMENTS)))


EMOVO = Corpus(
    name="emovo",
    title="EMOVO",
    speech="acted Italian, 6 actors, fourteen sentences",
    n_utterances=588,
    n_folds=6,
    licence="free for non-commercial research with acknowledgment",
    citation=(
        "Costantini G, Iaderola I, Paoloni A, Todisco M (2014). EMOVO Corpus: an Italian Emotional "
        "Speech Database. Proceedings of LREC 2014, 3501-3504. https://aclanthology.org/L14-1478/"
    ),
    source="https://aclanthology.org/L14-1478/",
    parse=_parse,
    fold_of=_fold,
    genders=_GENDERS,
    emotions=tuple(emotion for emotion in EMOTIONS if emotion in _EMOTIONS.values()),
    seconds=(1.29, 14.0),
    how_to_get=(
        "Read in the paper at the source where its authors offer the corpus, and download EMOVO.zip "
        "from there.",
        "Unpack it; its folders f1, f2, f3, m1, m2 and m3 may stay as they are.",
    ),
    clip_names=_clip_names,
    name_of=_name_of,
    redistributable=True,
)
