"""Speech corpora: which clips there are, who says what how in each, and which speakers are tested together.

A corpus is one `Corpus` entry: its facts, a parser from a relative path to the labels, and the fold of each speaker, in a file
of its own. Everything else here (walking folders, the utterance table, folds, the integrity check) works from that entry alone.
`CORPORA` has those that everything was measured on, `RECOGNISED` further ones, too. A person's own folder becomes a corpus by
`label`.

Conventions: a speaker is named `<corpus>-<id>` so that names stay unique across corpora; labels are those of
`ser_core.emotions`; a fold number k in 1..n_folds says in which run the speaker is tested.
"""

from __future__ import annotations

from ser_core.corpora.corpus import Archive, Corpus, Labels
from ser_core.corpora.folders import (
    TABLE_COLUMNS,
    audio_files,
    corpus_digest,
    file_digest,
    identify,
    labelled_clips,
    resolve,
    utterances,
)
from ser_core.corpora.labelling import (
    LABELS_FILE,
    Labelled,
    LeftOut,
    below_one_folder,
    counts_of,
    label,
    label_folder,
    left_out,
)
from ser_core.corpora.protocol import N_JOINT_RUNS, folds, held_out, joint_runs, scored
from ser_core.corpora.registry import CORPORA, RECOGNISED

__all__ = [
    "CORPORA",
    "RECOGNISED",
    "Archive",
    "Corpus",
    "Labels",
    "TABLE_COLUMNS",
    "audio_files",
    "resolve",
    "identify",
    "labelled_clips",
    "utterances",
    "LABELS_FILE",
    "Labelled",
    "LeftOut",
    "below_one_folder",
    "counts_of",
    "label",
    "label_folder",
    "left_out",
    "file_digest",
    "corpus_digest",
    "N_JOINT_RUNS",
    "folds",
    "joint_runs",
    "held_out",
    "scored",
]
