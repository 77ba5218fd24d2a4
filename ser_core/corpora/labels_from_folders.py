"""Labels of clips from folders that are named after emotions.

Paths are relative to the folder of the corpus, with `/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from ser_core.corpora.corpus import Labels
from ser_core.corpora.labelled_corpus import LabelledCorpus, assemble_corpus
from ser_core.corpora.left_out_files import LeftOutCollector
from ser_core.corpora.registry import RECOGNISED
from ser_core.emotions import parse_emotion


def emotions_of_folders(files: Sequence[str]) -> dict[str, str]:
    """For each file in a folder named after an emotion, the emotion; the nearest folder counts.

    >>> emotions_of_folders(["happy/loud/a.wav", "b.wav"])
    {'happy/loud/a.wav': 'happy'}
    """
    emotions = {file: _folder_emotion(file) for file in files}
    return {file: emotion for file, emotion in emotions.items() if emotion}


def _folder_emotion(file: str) -> str:
    for parent in PurePosixPath(file).parents:
        try:
            return parse_emotion(parent.name)
        except ValueError:
            continue
    return ""


def label_by_folders(
    name: str, files: Sequence[str], emotions: Mapping[str, str]
) -> LabelledCorpus:
    """The clips in folders named after emotions.

    A file that is named as in a known corpus has the speaker and the other labels of its name.

    Parameters
    ----------
    name : str
        The name of the corpus.
    files : sequence of str
        All audio files of the folder.
    emotions : mapping
        As `emotions_of_folders` gives them.

    Raises
    ------
    SerError
        BAD_CORPUS where no clip is left.
    """
    left_out = LeftOutCollector()
    clips = []
    for file in files:
        if file not in emotions:
            left_out.add("no_emotion_folder", file)
            continue
        labels = _labels_of_name(file) or Labels("", "", emotions[file], "", "")
        if labels.emotion == emotions[file]:
            clips.append((file, labels))
        else:
            left_out.add("name_contradicts", file)
    return assemble_corpus(name, "folders named after emotions", clips, left_out)


def _labels_of_name(file: str) -> Labels | None:
    """The labels that a file's name gives by the rule of any known corpus."""
    for corpus in RECOGNISED.values():
        labels = corpus.parse(Path(file))
        if labels is not None:
            return labels
    return None
