"""Speech corpora: which clips there are, with which labels, and which speakers are tested together.

A corpus is one `Corpus` entry in a file of its own: its facts, a parser from a relative path to the
labels, and the fold of each speaker. Walking folders, the utterance table, folds and the integrity
check work from that entry alone. `CORPORA` has the corpora that everything was measured on,
`TRAINING` those that training takes, and `RECOGNISED` further ones, too. A person's own folder
becomes a corpus by `label`.

Conventions: a speaker is named `<corpus>-<id>`, so that a name is one person in all corpora: who
sings in `ravdess-song` has the name of `ravdess`, so group by the name alone. Labels are those of
`ser_core.emotions`. A fold number k in 1..n_folds tells in which run a speaker is
tested.
"""

from __future__ import annotations

from ser_core.corpora.corpus import N_JOINT_RUNS, Archive, Corpus, Labels
from ser_core.corpora.folders import (
    FILE_COLUMNS,
    LABEL_COLUMNS,
    TABLE_COLUMNS,
    corpus_digest,
    file_digest,
    find_clips,
    identify,
    read_file_facts,
    read_utterances,
    resolve,
)
from ser_core.corpora.labelled_corpus import LabelledCorpus, count_emotions
from ser_core.corpora.labelling import label, label_folder, strip_common_folder
from ser_core.corpora.labels_from_table import LABELS_FILE
from ser_core.corpora.left_out_files import LeftOutFiles, leave_out
from ser_core.corpora.protocol import (
    assign_folds,
    assign_joint_runs,
    held_out_rows,
    scored_rows,
)
from ser_core.corpora.registry import CORPORA, RECOGNISED, TRAINING
from ser_core.corpora.walking import WalkedFolder, list_audio_files, walk

__all__ = [
    "CORPORA",
    "FILE_COLUMNS",
    "LABELS_FILE",
    "LABEL_COLUMNS",
    "N_JOINT_RUNS",
    "RECOGNISED",
    "TABLE_COLUMNS",
    "TRAINING",
    "Archive",
    "Corpus",
    "LabelledCorpus",
    "Labels",
    "LeftOutFiles",
    "WalkedFolder",
    "assign_folds",
    "assign_joint_runs",
    "corpus_digest",
    "count_emotions",
    "file_digest",
    "find_clips",
    "held_out_rows",
    "identify",
    "label",
    "label_folder",
    "leave_out",
    "list_audio_files",
    "read_file_facts",
    "read_utterances",
    "resolve",
    "scored_rows",
    "strip_common_folder",
    "walk",
]
