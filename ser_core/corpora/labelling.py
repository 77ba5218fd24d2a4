"""A person's own folder of clips as a corpus: labels from a table, from folders named after emotions, or from file names.

Nothing here opens a clip: from a listing of paths (and the bytes of tables of labels among them) to the clips, each with its
labels, and a report of what was left out and why. What is wrong with one file loses no other. Who speaks is never guessed:
a speaker is what the table says, or what a file's name says by the rule of a known corpus; else "", unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ser_core.audio import AUDIO_SUFFIXES
from ser_core.corpora.corpus import Corpus, Labels
from ser_core.corpora.folders import audio_files, named_as
from ser_core.corpora.label_tables import Row, label_table
from ser_core.corpora.registry import RECOGNISED
from ser_core.emotions import EMOTIONS, parse_emotion
from ser_core.errors import ErrorCode, SerError

LABELS_FILE = "labels.csv"
_MOST_TABLE_BYTES = 20 * 2**20
_NEARLY_ALL = 0.9
_SHOWN = 3  # names in a line of the report


@dataclass(frozen=True)
class LeftOut:
    """Some files that are no clips of the corpus, and why; `kind` is stable, `why` says it in words."""

    kind: str
    why: str
    files: tuple[str, ...]

    def in_words(self) -> str:
        """How many, why, and the first few names.

        >>> LeftOut("no_row", "in the folder, but not in the table", ("a.wav",)).in_words()
        '1 file left out (in the folder, but not in the table): a.wav'
        """
        more = len(self.files) - _SHOWN
        names = ", ".join(self.files[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
        return f"{len(self.files):,} file{'s' if len(self.files) != 1 else ''} left out ({self.why}): {names}"


@dataclass(frozen=True)
class Labelled:
    """A corpus before its clips are opened: its name, where its labels come from, the clips by path, and what was left out.

    `known` is the entry whose clips they are, where file names say all.
    """

    name: str
    source: str
    clips: tuple[tuple[str, Labels], ...]
    left_out: tuple[LeftOut, ...]
    known: Corpus | None = None


def label_folder(folder: Path) -> Labelled:
    """The labelled clips of a folder on disk; see `label`."""
    tables = [
        path
        for path in sorted(folder.glob("*"))
        if path.suffix.lower() == ".csv" and path.is_file()
    ]
    files = [path.relative_to(folder).as_posix() for path in [*audio_files(folder), *tables]]
    found = label(folder.resolve().name, files, lambda file: (folder / file).read_bytes())
    if found.known is None:
        return found
    statements = found.known.statements(folder)
    clips = (
        (
            file,
            replace(
                labels, statement=labels.statement or statements.get(PurePosixPath(file).stem, "")
            ),
        )
        for file, labels in found.clips
    )
    return replace(found, clips=tuple(clips))


def below_one_folder(files: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The name of the folder that all files lie in, and each file by its path below it; "" and the paths as they are where there is none.

    >>> below_one_folder(["mine/happy/a.wav", "mine/labels.csv"])
    ('mine', {'happy/a.wav': 'mine/happy/a.wav', 'labels.csv': 'mine/labels.csv'})
    """
    folder = files[0].split("/", maxsplit=1)[0] if files else ""
    if not folder or not all(file.startswith(f"{folder}/") for file in files):
        return "", {file: file for file in files}
    return folder, {file.removeprefix(f"{folder}/"): file for file in files}


def counts_of(emotions: Iterable[str]) -> dict[str, int]:
    """How many clips there are of each emotion, in the order of the emotions; those that there are.

    >>> counts_of(["sad", "happy", "sad"])
    {'happy': 1, 'sad': 2}
    """
    counts = Counter(emotions)
    return {emotion: counts[emotion] for emotion in EMOTIONS if counts[emotion]}


def label(name: str, files: Iterable[str], read: Callable[[str], bytes]) -> Labelled:
    """The labelled clips among some files, by the first of these that is there.

    1. A table: `labels.csv`, or the only CSV file beside the clips with the columns path and emotion.
    2. Nearly all files named as in one known corpus.
    3. Folders named after emotions for at least half of the files (the nearest one counts); a file named as in a known corpus says its speaker, too.
    4. At least half of the files named as in one known corpus.

    Parameters
    ----------
    name : str
        What the corpus is called; a known one keeps its own name.
    files : iterable of str
        Paths relative to the folder, with `/`.
    read : callable
        Gives the bytes of one of the files; only tables are read.

    Raises
    ------
    SerError
        BAD_CORPUS where there is no audio file, where none of these says what the clips are, or where a `labels.csv` is no such table.
    """
    everything = sorted(set(files))
    listed = [file for file in everything if _is_text(file)]
    unnamed = (
        [left_out("no_text", [ascii(file) for file in everything if file not in set(listed)])]
        if len(listed) < len(everything)
        else []
    )
    clips = [
        file
        for file in listed
        if PurePosixPath(file).suffix.lower() in AUDIO_SUFFIXES
        and not PurePosixPath(file).name.startswith(".")
    ]
    if not clips:
        expected = ", ".join(sorted(AUDIO_SUFFIXES))
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"There is no audio file in {name!r}.",
            f"Choose a folder with clips. Expected: {expected}.",
        )
    found = _label(name, clips, listed, read)
    return replace(found, left_out=(*found.left_out, *unnamed))


def _label(
    name: str, clips: Sequence[str], listed: Sequence[str], read: Callable[[str], bytes]
) -> Labelled:
    if table := _table(listed, read):
        return _as_own(_by_table(name, clips, *table))
    corpus, share = _named_most(clips)
    in_folders = {file: emotion for file in clips if (emotion := _folder_emotion(file))}
    if corpus is not None and (share >= _NEARLY_ALL or (share >= 0.5 and not in_folders)):
        return _by_names(corpus, clips)
    if 2 * len(in_folders) >= len(clips):
        return _as_own(_by_folders(name, clips, in_folders))
    raise SerError(
        ErrorCode.BAD_CORPUS,
        f"Nothing says which emotion most of the {len(clips):,} clips in {name!r} are.",
        f"Put a table {LABELS_FILE} with the columns path and emotion (and speaker, if you know it) beside them, or sort them into folders named "
        f"{', '.join(EMOTIONS)}.",
    )


def _is_text(file: str) -> bool:
    """Whether a file's name is text: a folder may hold names in bytes that no encoding gave, which no table could hold."""
    return not any("\ud800" <= letter <= "\udfff" for letter in file)


def _as_own(found: Labelled) -> Labelled:
    """A folder that is only called like a known corpus must not pass for it."""
    return replace(found, name=f"{found.name}-own") if found.name in RECOGNISED else found


# -------------------------------------------------------------------------------------------------------------- by a table


def _table(files: Sequence[str], read: Callable[[str], bytes]) -> tuple[str, list[Row]] | None:
    """The name of the table of labels beside the clips, and its rows."""
    tables = [file for file in files if file.lower().endswith(".csv") and "/" not in file]
    named = [file for file in tables if file.lower() == LABELS_FILE]
    found = []
    for file in named or tables:
        data = read(file)
        rows = label_table(data) if len(data) <= _MOST_TABLE_BYTES else None
        if rows is not None:
            found.append((file, rows))
    if named and not found:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The table {named[0]} lacks the column path or the column emotion.",
            "Its first line names the columns: path, emotion, and speaker, gender, intensity, statement where known.",
        )
    return found[0] if len(found) == 1 else None


def _by_table(name: str, files: Sequence[str], table: str, rows: Sequence[Row]) -> Labelled:
    left_out = _Sorting()
    find = _finder(name, files)
    said: dict[str, Labels] = {}
    contradicted = set()
    for row in rows:
        if problem := _outside(row.path):
            left_out.add(problem, row.path or f"(line {row.line})")
        elif (file := find(row.path)) is None:
            left_out.add("no_file", row.path)
        elif (labels := _labels_of(row)) is None:
            left_out.add("other_emotion", f"{file} ({row.emotion})" if row.emotion else file)
        elif file in said and said[file].emotion != labels.emotion:
            contradicted.add(file)
        elif file in said:
            left_out.add("twice_in_table", file)
        else:
            said[file] = labels
    for file in sorted(contradicted):
        left_out.add("two_emotions", file)
    mentioned = set(said) | {
        file for row in rows if not _outside(row.path) and (file := find(row.path))
    }
    for file in files:
        if file not in mentioned:
            left_out.add("no_row", file)
    return _labelled(
        name,
        f"the table {table}",
        [(file, said[file]) for file in files if file in said and file not in contradicted],
        left_out,
    )


def _outside(path: str) -> str:
    """Whether a path is none inside the folder: the kind of problem, else ""."""
    if not path:
        return "no_path"
    absolute = path.startswith("/") or path[1:2] == ":"
    return "outside" if absolute or ".." in path.split("/") else ""


def _finder(name: str, files: Sequence[str]) -> Callable[[str], str | None]:
    """From a path as a table has it to the file: as it is, below the folder's own name, in another case, or by an unambiguous name."""
    exact = set(files)
    lowered = _unambiguous((file.lower(), file) for file in files)
    names = _unambiguous((PurePosixPath(file).name.lower(), file) for file in files)
    stems = _unambiguous((PurePosixPath(file).stem.lower(), file) for file in files)

    def find(path: str) -> str | None:
        below = path.removeprefix(f"{name}/")
        for candidate in (path, below):
            if candidate in exact:
                return candidate
            if candidate.lower() in lowered:
                return lowered[candidate.lower()]
        last = PurePosixPath(path).name.lower()
        return names.get(last) or (
            None if PurePosixPath(last).suffix in AUDIO_SUFFIXES else stems.get(last)
        )

    return find


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    listed = list(pairs)
    counts = Counter(key for key, _ in listed)
    return {key: file for key, file in listed if counts[key] == 1}


def _labels_of(row: Row) -> Labels | None:
    """None where the emotion is none of the eight."""
    try:
        return Labels(
            row.speaker, row.gender, parse_emotion(row.emotion), row.intensity, row.statement
        )
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------------ by folders and names


def _folder_emotion(file: str) -> str:
    """The emotion after which the nearest folder above a file is named; "" where none is."""
    for parent in PurePosixPath(file).parents:
        try:
            return parse_emotion(parent.name)
        except ValueError:
            continue
    return ""


def _by_folders(name: str, files: Sequence[str], emotions: Mapping[str, str]) -> Labelled:
    left_out = _Sorting()
    clips = []
    for file in files:
        if file not in emotions:
            left_out.add("no_emotion_folder", file)
            continue
        known = next(
            (labels for corpus in RECOGNISED.values() if (labels := corpus.parse(Path(file)))), None
        )
        if known is not None and known.emotion != emotions[file]:
            left_out.add("name_contradicts", file)
        else:
            clips.append((file, known or Labels("", "", emotions[file], "", "")))
    return _labelled(name, "folders named after emotions", clips, left_out)


def _named_most(files: Sequence[str]) -> tuple[Corpus | None, float]:
    """The known corpus that most files are named as in, and the share of files that are."""
    counts = {
        corpus.name: sum(named_as(corpus, Path(file)) for file in files)
        for corpus in RECOGNISED.values()
    }
    most = max(counts, key=counts.__getitem__)
    return (RECOGNISED[most], counts[most] / len(files)) if counts[most] else (None, 0.0)


def _by_names(corpus: Corpus, files: Sequence[str]) -> Labelled:
    left_out = _Sorting()
    found: dict[str, tuple[str, Labels]] = {}
    for file in files:
        labels, name = corpus.parse(Path(file)), corpus.name_of(Path(file))
        if labels is None:
            left_out.add("other_emotion" if corpus.other_emotion(Path(file)) else "no_name", file)
        elif name in corpus.known_faults:
            left_out.add("known_fault", file)
        elif name in found:
            left_out.add("copy", file)
        else:
            found[name] = file, labels
    return replace(
        _labelled(
            corpus.name,
            f"file names as in {corpus.title}",
            [found[name] for name in sorted(found)],
            left_out,
        ),
        known=corpus,
    )


_WHY = {
    "no_path": "no path in their row of the table",
    "outside": "their path in the table leads out of the folder",
    "no_file": "in the table, but not in the folder",
    "no_row": "in the folder, but not in the table",
    "other_emotion": "an emotion that is none of the eight",
    "twice_in_table": "a second row for the same clip, of which the first counts",
    "two_emotions": "two emotions in the table",
    "no_emotion_folder": "in no folder named after an emotion",
    "name_contradicts": "the name says another emotion than the folder",
    "no_name": "not named by the rule of the corpus",
    "known_fault": "a fault that the corpus is known for",
    "copy": "a further copy of a clip",
    "no_text": "their names are no valid text; rename them",
    "unreadable": "cannot be used",
    "same_audio": "the same recording as another clip",
    "same_audio_two_emotions": "the same recording under two emotions",
    "rare_emotion": "an emotion with too few clips to train on",
}
"""Why files are left out, by kind."""


class _Sorting:
    """Files that are left out, by kind, in the order in which they came up."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def add(self, kind: str, file: str) -> None:
        self._files.setdefault(kind, []).append(file)

    def all(self) -> tuple[LeftOut, ...]:
        return tuple(left_out(kind, files) for kind, files in self._files.items())


def left_out(kind: str, files: Iterable[str]) -> LeftOut:
    """Files that are left out for a reason that is known by its kind."""
    return LeftOut(kind, _WHY[kind], tuple(files))


def _labelled(
    name: str, source: str, clips: Sequence[tuple[str, Labels]], sorting: _Sorting
) -> Labelled:
    if not clips:
        found = "; ".join(part.in_words() for part in sorting.all())
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"By {source}, {name!r} has no usable clip: {found}.",
            "Mend what is said, and try again.",
        )
    return Labelled(
        name, source, tuple((file, _tidy(labels)) for file, labels in clips), sorting.all()
    )


def _tidy(labels: Labels) -> Labels:
    return replace(labels, intensity=labels.intensity or "unspecified")
