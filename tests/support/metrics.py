"""How dense the code is: `make metrics` prints it for `ser_core` and `ui`.

The lines of code of a file are its lines without blank lines, comments and docstrings. Its density is the
number of its syntax nodes (`ast.walk`) by its lines of code. The length of a function is its number of
lines of code, too: docstrings say what each function takes and returns, and are no sign of a long function.
"""

import ast
import statistics
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path

from tests.support.source import ROOT, tree_of

LEAST_LINES = 20
"""Files with fewer lines of code have no density."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Metrics:
    """The figures of one folder: medians over its files and functions, and its longest line in characters."""

    density: float
    function_lines: float
    longest_line: int


def docstring_lines(tree: ast.Module) -> set[int]:
    """The numbers of the lines that docstrings take up."""
    numbers: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            numbers |= set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    return numbers


def code_lines(path: Path) -> list[int]:
    """The numbers of the lines of code of a file, sorted."""
    left_out = docstring_lines(tree_of(path))
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return [
        number
        for number, line in lines
        if number not in left_out and line.strip() and not line.strip().startswith("#")
    ]


def density(path: Path) -> float | None:
    """The syntax nodes of a file by its lines of code; None for a short file."""
    n_lines = len(code_lines(path))
    if n_lines < LEAST_LINES:
        return None
    return sum(1 for _ in ast.walk(tree_of(path))) / n_lines


def function_lengths(path: Path) -> list[int]:
    """The lines of code of every function in a file."""
    numbers = code_lines(path)
    return [
        bisect_right(numbers, node.end_lineno or node.lineno) - bisect_left(numbers, node.lineno)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def longest_line(path: Path) -> int:
    """The length of the longest line of a file, in characters."""
    return max(map(len, path.read_text(encoding="utf-8").splitlines()), default=0)


def measure(folder: str) -> Metrics:
    """Measure all Python files below a folder of the repository."""
    files = sorted((ROOT / folder).rglob("*.py"))
    densities = [value for path in files if (value := density(path)) is not None]
    lengths = [length for path in files for length in function_lengths(path)]
    return Metrics(
        statistics.median(densities),
        statistics.median(lengths),
        max(longest_line(path) for path in files),
    )


def main() -> None:
    print("folder    nodes a line   function lines   longest line")
    for folder in ("ser_core", "ui"):
        metrics = measure(folder)
        print(
            f"{folder:<10}{metrics.density:>12.2f}{metrics.function_lines:>17g}"
            f"{metrics.longest_line:>15}"
        )


if __name__ == "__main__":
    main()
