"""A corpus folder is walked once and each file in it is read once, by every command."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ser_core import cli, corpora
from ser_core.batch import extraction
from ser_core.training import labelled_folder
from tests.support.synthesis import voice, wav

RAVDESS_NAMES = ("03-01-03-01-01-01-01.wav", "03-01-04-01-01-01-01.wav")


@dataclass
class FileAccess:
    """How often folders were listed, and files opened, below a folder."""

    folder: str
    walks: int = 0
    reads: Counter[str] = field(default_factory=Counter)


_watched: list[FileAccess] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if not _watched or event not in ("open", "os.scandir", "os.listdir"):
        return
    path = arguments[0]
    if not isinstance(path, str | os.PathLike):
        return
    for access in _watched:
        if event == "open" and os.fspath(path).startswith(f"{access.folder}{os.sep}"):
            access.reads[Path(os.fspath(path)).name] += 1
        elif event != "open" and os.fspath(path) == access.folder:
            access.walks += 1


sys.addaudithook(_audit)  # Python calls it for every file that is opened; it cannot be removed


@contextlib.contextmanager
def count_access(folder: Path) -> Iterator[FileAccess]:
    access = FileAccess(str(folder))
    _watched.append(access)
    try:
        yield access
    finally:
        _watched.remove(access)


@pytest.fixture
def ravdess_part(tmp_path):
    """Two clips named as in RAVDESS, and the names of the files."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for seed, name in enumerate(RAVDESS_NAMES):
        (folder / name).write_bytes(wav(voice(seconds=1.0, seed=seed)))
    return folder


@pytest.fixture
def own_folder(tmp_path):
    """Clips of a person's own, with a table of labels."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "labels.csv").write_text("path,emotion\na.wav,happy\nb.wav,sad\n")
    for seed, name in enumerate(("a.wav", "b.wav")):
        (folder / name).write_bytes(wav(voice(seconds=1.0, seed=seed)))
    return folder


def test_verifying_a_corpus_walks_it_once_and_reads_each_clip_once(ravdess_part, capsys):
    with count_access(ravdess_part) as access:
        cli.main(["corpora", "verify", str(ravdess_part), "--jobs", "1"])
    assert "RAVDESS" in capsys.readouterr().out
    assert access.walks == 1
    assert access.reads == dict.fromkeys(RAVDESS_NAMES, 1)


def test_the_utterance_table_takes_one_walk_and_one_reading(ravdess_part):
    with count_access(ravdess_part) as access:
        assert len(corpora.read_utterances(ravdess_part)) == 2
    assert access.walks == 1
    assert access.reads == dict.fromkeys(RAVDESS_NAMES, 1)


def test_labelling_a_folder_walks_it_once_and_reads_only_tables(own_folder):
    with count_access(own_folder) as access:
        assert len(corpora.label_folder(own_folder).clips) == 2
    assert access.walks == 1
    assert access.reads == {"labels.csv": 1}


@pytest.mark.parametrize("folder", ["ravdess_part", "own_folder"])
def test_extracting_walks_a_folder_once_and_reads_each_file_once(folder, request, tmp_path):
    folder = request.getfixturevalue(folder)
    output = tmp_path / "features.csv"
    with count_access(folder) as access:
        assert cli.main(["extract", str(folder), "--output", str(output), "--jobs", "1"]) == 0
    assert len(output.read_text().splitlines()) == 3
    assert access.walks == 1
    assert access.reads == {path.name: 1 for path in folder.iterdir()}


def test_extracting_clips_without_labels_walks_their_folder_once(own_folder, tmp_path):
    (own_folder / "labels.csv").unlink()
    output = tmp_path / "features.csv"
    with count_access(own_folder) as access:
        assert cli.main(["extract", str(own_folder), "--output", str(output), "--jobs", "1"]) == 0
    assert access.walks == 1
    assert access.reads == {"a.wav": 1, "b.wav": 1}


def test_measuring_a_folder_to_train_on_it_reads_each_file_once(own_folder):
    with count_access(own_folder) as access:
        labelled = corpora.label_folder(own_folder)
        own = labelled_folder.measure_folder(own_folder, labelled)
    assert len(own.table) == 2
    assert access.walks == 1
    assert access.reads == {"labels.csv": 1, "a.wav": 1, "b.wav": 1}


def test_the_table_of_a_known_corpus_is_that_of_its_utterances(ravdess_part):
    expected = corpora.read_utterances(ravdess_part)
    about = corpora.label_folder(ravdess_part).to_table()
    files = [ravdess_part / path for path in about["path"]]
    parts = extraction.extract_table(about, files, "mfcc128_v1", [], add_file_columns=True)
    (table,) = parts
    assert table[list(corpora.TABLE_COLUMNS)].equals(expected)
