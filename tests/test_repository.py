"""What the repository holds, and how dense its code is: the limits of the house."""

import subprocess

import pytest

from tests.conftest import ROOT
from tests.support.metrics import longest_line, measure

MOST_BYTES = 300_000
FOLDERS_OF_LARGE_FILES = ("models/", "data/", "docs/screenshots/")
MOST_TOP_LEVEL_ENTRIES = 22
MOST_NODES_A_LINE = 9
MOST_CHARACTERS_A_LINE = 110
MOST_LINES_OF_A_MEDIAN_FUNCTION = 10


@pytest.fixture(scope="module")
def tracked():
    """The paths that git tracks, and those that it would: new files that it does not ignore."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no checkout of git")
    names = listing.decode().removesuffix("\0").split("\0")
    return [name for name in names if (ROOT / name).is_file()]


def test_no_file_is_too_large_outside_the_folders_of_large_files(tracked):
    large = [
        name
        for name in tracked
        if not name.startswith(FOLDERS_OF_LARGE_FILES) and (ROOT / name).stat().st_size > MOST_BYTES
    ]
    assert large == []


def test_the_top_level_explains_itself(tracked):
    entries = sorted({name.split("/")[0] for name in tracked})
    assert len(entries) <= MOST_TOP_LEVEL_ENTRIES, entries


def test_no_line_is_too_long(tracked):
    long = [
        f"{name}: {length}"
        for name in tracked
        if name.endswith(".py") and (length := longest_line(ROOT / name)) > MOST_CHARACTERS_A_LINE
    ]
    assert long == []


@pytest.mark.parametrize("folder", ["ser_core", "ui"])
def test_a_line_of_code_holds_one_thought_and_a_function_one_step(folder):
    metrics = measure(folder)
    assert metrics.density <= MOST_NODES_A_LINE
    assert metrics.function_lines <= MOST_LINES_OF_A_MEDIAN_FUNCTION
