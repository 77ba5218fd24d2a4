"""Labels of clips from file names, by the rule of a known corpus.

Paths are relative to the folder of the corpus, with `/`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from ser_core.corpora.corpus import Corpus
from ser_core.corpora.folders import select_clips
from ser_core.corpora.labelled_corpus import LabelledCorpus, assemble_corpus
from ser_core.corpora.left_out_files import LeftOutCollector
from ser_core.corpora.registry import RECOGNISED


def most_frequent_corpus(files: Sequence[str]) -> tuple[Corpus | None, float]:
    """The known corpus that most files are named as in, and the share of files that are.

    The share is from 0 to 1. Where no file is named as in a known corpus, it is None and 0.
    """
    paths = [Path(file) for file in files]
    counts = {name: sum(map(corpus.recognises, paths)) for name, corpus in RECOGNISED.items()}
    name = max(counts, key=counts.__getitem__)
    return (RECOGNISED[name], counts[name] / len(files)) if counts[name] else (None, 0.0)


def label_by_names(corpus: Corpus, files: Sequence[str]) -> LabelledCorpus:
    """The clips of a known corpus among some files, in the order of clip names.

    Parameters
    ----------
    corpus : Corpus
    files : sequence of str
        All audio files of the folder.

    Returns
    -------
    LabelledCorpus
        It has the corpus's own name. Clips with a known fault are left out, and so are further
        copies of a clip (see `select_clips`).

    Raises
    ------
    SerError
        BAD_CORPUS where no clip is left.
    """
    file_of = {Path(file): file for file in files}
    selected = select_clips(corpus, file_of)
    selected_paths = {path for path, _ in selected.values()}
    left_out = LeftOutCollector()
    for path, file in file_of.items():
        if corpus.parse(path) is None:
            left_out.add("other_emotion" if corpus.other_emotion(path) else "no_name", file)
        elif corpus.name_of(path) in corpus.known_faults:
            left_out.add("known_fault", file)
        elif path not in selected_paths:
            left_out.add("copy", file)
    clips = [
        (file_of[path], labels)
        for name, (path, labels) in selected.items()
        if name not in corpus.known_faults
    ]
    source = f"file names as in {corpus.title}"
    return dataclasses.replace(assemble_corpus(corpus.name, source, clips, left_out), known=corpus)
