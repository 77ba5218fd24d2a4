"""The program: the parser of all commands, and the exit code of each.

Data goes to stdout; progress and complaints go to stderr. Exit code 0: everything is done. 1: something
failed (the rest is written, in order). 2: bad usage.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import TextIO

from ser_core import __version__
from ser_core.cli import corpora, evaluate, exploration, extract, library, models, predict, train
from ser_core.cli.arguments import Run
from ser_core.errors import ErrorCode, SerError

_GROUPS = (predict, extract, train, evaluate, exploration, models, corpora, library)
"""The modules that declare commands, in the order of the help."""

_USAGE_CODES = frozenset(
    {
        ErrorCode.BAD_USAGE,
        ErrorCode.NOT_FOUND,
        ErrorCode.MODEL_NOT_FOUND,
        ErrorCode.BAD_TABLE,
        ErrorCode.BAD_CORPUS,
        ErrorCode.BAD_BASELINE,
        ErrorCode.LIBRARY_OFF,
        ErrorCode.NOT_ENOUGH,
    }
)

_WORKER_KILLED = (
    "error: A worker process was killed, perhaps for want of memory. "
    "Run the same command again, with a smaller --jobs; with --output it goes on where it stopped.\n"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the name of the program; by default those of this process.

    Returns
    -------
    int
        0, 1 or 2, as the module says.

    Raises
    ------
    SystemExit
        With code 2 for arguments that do not parse, and with 0 after `--help` and `--version`.
    """
    options = build_parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        _accept_every_character(stream)
    try:
        return _run(options)
    except SerError as error:
        _complain(f"error: {error} {error.hint}")
        return 2 if error.code in _USAGE_CODES else 1
    except BrokenPipeError:
        _abandon_stdout()  # the reader (`| head`) has gone
        return 1
    except OSError as error:
        _complain(f"error: {error}")
        _abandon_stdout()
        return 1
    except BrokenExecutor:
        sys.stderr.write(_WORKER_KILLED)
        return 1


def _run(options: argparse.Namespace) -> int:
    run: Run = options.run
    code = run(options)
    sys.stdout.flush()
    return code


def _accept_every_character(stream: TextIO) -> None:
    """A file name may hold characters that the terminal's encoding, or any encoding, does not have."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _complain(sentence: str) -> None:
    """Write a sentence to stderr, on a line of its own even where a progress bar stands."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(sentence, file=sys.stderr)
    else:
        sys.stderr.write(f"{sentence}\n")


def _abandon_stdout() -> None:
    """Keep Python from complaining once more when it flushes a stdout that cannot be written to."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog=_program(), description="Speech emotion recognition, honestly measured."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in _GROUPS:
        group.add_commands(commands)
    return parser


def _program() -> str:
    """The words that started this process: `ser` is the installed script."""
    return "ser" if Path(sys.argv[0]).stem == "ser" else "python -m ser_core"
