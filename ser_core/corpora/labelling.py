"""A person's own folder of clips as a corpus: labels from a table, from folders, or from file names.

Nothing here opens a clip. From a list of paths, and the bytes of tables of labels among them, come
the clips with their labels and a report of what was left out. What is wrong with one file excludes
no other. Speakers are never guessed: a speaker is what a table says, or what a file's name says by
the rule of a known corpus; else "", unknown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ser_core.audio import AUDIO_SUFFIXES
from ser_core.corpora.labelled_corpus import LabelledCorpus, rename_unlike_known
from ser_core.corpora.labels_from_folders import emotions_of_folders, label_by_folders
from ser_core.corpora.labels_from_names import label_by_names, most_frequent_corpus
from ser_core.corpora.labels_from_table import LABELS_FILE, find_label_table, label_by_table
from ser_core.corpora.left_out_files import leave_out
from ser_core.corpora.walking import WalkedFolder, is_audio_name, walk
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError

_NEARLY_ALL = 0.9


def label_folder(folder: Path | WalkedFolder) -> LabelledCorpus:
    """The labelled clips of a folder on disk; see `label`.

    Parameters
    ----------
    folder : Path or WalkedFolder

    Raises
    ------
    SerError
        As `label`.
    """
    walked = walk(folder)
    files = [path.as_posix() for path in (*walked.audio_files, *walked.tables)]
    name = walked.folder.resolve().name
    labelled = label(name, files, lambda file: (walked.folder / file).read_bytes())
    return _add_statements(labelled, walked.folder)


def _add_statements(labelled: LabelledCorpus, folder: Path) -> LabelledCorpus:
    """The clips of a known corpus with the sentences that only its own list has."""
    if labelled.known is None:
        return labelled
    statements = labelled.known.read_statements(folder)
    clips = []
    for file, labels in labelled.clips:
        name = labelled.known.name_of(Path(file))
        statement = labels.statement or statements.get(name, "")
        clips.append((file, dataclasses.replace(labels, statement=statement)))
    return dataclasses.replace(labelled, clips=tuple(clips))


def strip_common_folder(files: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The name of the folder that all files lie in, and each file by its path below it.

    Where there is no such folder, the name is "" and the paths stay as they are.

    >>> strip_common_folder(["mine/happy/a.wav", "mine/labels.csv"])
    ('mine', {'happy/a.wav': 'mine/happy/a.wav', 'labels.csv': 'mine/labels.csv'})
    """
    folder = files[0].split("/", maxsplit=1)[0] if files else ""
    if not folder or not all(file.startswith(f"{folder}/") for file in files):
        return "", {file: file for file in files}
    return folder, {file.removeprefix(f"{folder}/"): file for file in files}


def label(name: str, files: Iterable[str], read: Callable[[str], bytes]) -> LabelledCorpus:
    """The labelled clips among some files, by the first of these rules that applies.

    1. There is a table: `labels.csv`, or the only CSV file beside the clips with the columns path
       and emotion.
    2. Nearly all files are named as in one known corpus.
    3. At least half of the files lie in folders named after emotions (the nearest folder counts).
       The name of a file that is named as in a known corpus tells its speaker, too.
    4. At least half of the files are named as in one known corpus.

    Parameters
    ----------
    name : str
        The name of the corpus; a known one keeps its own name.
    files : iterable of str
        Paths relative to the folder, with `/`.
    read : callable
        Gives the bytes of one of the files; only tables are read.

    Raises
    ------
    SerError
        BAD_CORPUS where there is no audio file, where no rule applies, or where a `labels.csv`
        is no such table.
    """
    every_file = sorted(set(files))
    text_files = [file for file in every_file if _is_text(file)]
    clips = [file for file in text_files if is_audio_name(Path(file))]
    if not clips:
        expected = ", ".join(sorted(AUDIO_SUFFIXES))
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"There is no audio file in {name!r}.",
            f"Choose a folder with clips. Expected: {expected}.",
        )
    labelled = _label_clips(name, clips, text_files, read)
    if len(text_files) == len(every_file):
        return labelled
    no_text = leave_out("no_text", [ascii(file) for file in every_file if not _is_text(file)])
    return dataclasses.replace(labelled, left_out=(*labelled.left_out, no_text))


def _label_clips(
    name: str, clips: Sequence[str], files: Sequence[str], read: Callable[[str], bytes]
) -> LabelledCorpus:
    """The clips by the first rule of `label` that applies."""
    table = find_label_table(files, read)
    if table is not None:
        return rename_unlike_known(label_by_table(name, clips, *table))
    corpus, share = most_frequent_corpus(clips)
    emotions = emotions_of_folders(clips)
    if corpus is not None and (share >= _NEARLY_ALL or (share >= 0.5 and not emotions)):
        return label_by_names(corpus, clips)
    if 2 * len(emotions) >= len(clips):
        return rename_unlike_known(label_by_folders(name, clips, emotions))
    raise SerError(
        ErrorCode.BAD_CORPUS,
        f"Nothing says which emotion most of the {len(clips):,} clips in {name!r} are.",
        f"Put a table {LABELS_FILE} with the columns path and emotion (and speaker, if you know it) "
        f"beside them, or sort them into folders named {', '.join(EMOTIONS)}.",
    )


def _is_text(file: str) -> bool:
    """Whether a file's name is text: bytes in no encoding could stand in no table."""
    return not any("\ud800" <= letter <= "\udfff" for letter in file)
