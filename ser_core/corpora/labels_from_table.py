"""Labels of clips from a table of labels beside them.

Paths are relative to the folder, with `/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from ser_core.audio import AUDIO_SUFFIXES
from ser_core.corpora.corpus import Labels
from ser_core.corpora.label_tables import LabelRow, parse_label_table
from ser_core.corpora.labelled_corpus import LabelledCorpus, assemble_corpus
from ser_core.corpora.left_out_files import LeftOutCollector
from ser_core.emotions import parse_emotion
from ser_core.errors import ErrorCode, SerError

LABELS_FILE = "labels.csv"
_MAX_TABLE_BYTES = 20 * 2**20


def find_label_table(
    files: Sequence[str], read: Callable[[str], bytes]
) -> tuple[str, list[LabelRow]] | None:
    """The name and the rows of the table of labels among some files; None where there is none.

    It is `labels.csv`, or else the only CSV file directly in the folder with the columns path and
    emotion.

    Parameters
    ----------
    files : sequence of str
    read : callable
        Gives the bytes of one of the files; only tables are read.

    Raises
    ------
    SerError
        BAD_CORPUS where a `labels.csv` lacks one of these columns.
    """
    csv_files = [file for file in files if file.lower().endswith(".csv") and "/" not in file]
    named_so = [file for file in csv_files if file.lower() == LABELS_FILE]
    tables = []
    for file in named_so or csv_files:
        data = read(file)
        rows = parse_label_table(data) if len(data) <= _MAX_TABLE_BYTES else None
        if rows is not None:
            tables.append((file, rows))
    if named_so and not tables:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The table {named_so[0]} lacks the column path or the column emotion.",
            "Its first line names the columns: path, emotion, and speaker, gender, intensity, "
            "statement where known.",
        )
    return tables[0] if len(tables) == 1 else None


def label_by_table(
    name: str, files: Sequence[str], table: str, rows: Sequence[LabelRow]
) -> LabelledCorpus:
    """The clips that the rows of a table name, with their labels.

    Parameters
    ----------
    name : str
        The name of the corpus, which is that of its folder.
    files : sequence of str
        All audio files of the folder.
    table : str
        The name of the table.
    rows : sequence of LabelRow

    Raises
    ------
    SerError
        BAD_CORPUS where no clip is left.
    """
    left_out = LeftOutCollector()
    find_file = _file_finder(name, files)
    labels_of: dict[str, Labels] = {}
    contradicted: set[str] = set()
    mentioned: set[str] = set()
    for row in rows:
        problem = _path_problem(row.path)
        file = None if problem else find_file(row.path)
        if file is None:
            left_out.add(problem or "no_file", row.path or f"(line {row.line})")
            continue
        mentioned.add(file)
        labels = _labels_of(row)
        if labels is None:
            left_out.add("other_emotion", f"{file} ({row.emotion})" if row.emotion else file)
        elif file not in labels_of:
            labels_of[file] = labels
        elif labels_of[file].emotion != labels.emotion:
            contradicted.add(file)
        else:
            left_out.add("twice_in_table", file)
    for file in sorted(contradicted):
        left_out.add("two_emotions", file)
    for file in files:
        if file not in mentioned:
            left_out.add("no_row", file)
    usable = labels_of.keys() - contradicted
    clips = [(file, labels_of[file]) for file in files if file in usable]
    return assemble_corpus(name, f"the table {table}", clips, left_out)


def _path_problem(path: str) -> str:
    """The kind of problem of a path that is none inside the folder; else ""."""
    if not path:
        return "no_path"
    is_absolute = path.startswith("/") or path[1:2] == ":"
    return "outside" if is_absolute or ".." in path.split("/") else ""


def _file_finder(name: str, files: Sequence[str]) -> Callable[[str], str | None]:
    """A function from a path as a table has it to the file.

    The path may be the file's own, begin with the folder's name, be written in another case, or be
    an unambiguous name, with or without ending.
    """
    exact = set(files)
    lowered = _unambiguous((file.lower(), file) for file in files)
    by_name = _unambiguous((PurePosixPath(file).name.lower(), file) for file in files)
    by_stem = _unambiguous((PurePosixPath(file).stem.lower(), file) for file in files)

    def find(path: str) -> str | None:
        for candidate in (path, path.removeprefix(f"{name}/")):
            if candidate in exact:
                return candidate
            if candidate.lower() in lowered:
                return lowered[candidate.lower()]
        last = PurePosixPath(path).name.lower()
        if last in by_name:
            return by_name[last]
        has_audio_suffix = PurePosixPath(last).suffix in AUDIO_SUFFIXES
        return None if has_audio_suffix else by_stem.get(last)

    return find


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The pairs whose key occurs once."""
    listed = list(pairs)
    counts = Counter(key for key, _ in listed)
    return {key: file for key, file in listed if counts[key] == 1}


def _labels_of(row: LabelRow) -> Labels | None:
    """None where the emotion is none of the eight."""
    try:
        emotion = parse_emotion(row.emotion)
    except ValueError:
        return None
    return Labels(row.speaker, row.gender, emotion, row.intensity, row.statement)
