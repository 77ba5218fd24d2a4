"""Arguments that several commands share, declared once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

Run = Callable[[argparse.Namespace], int]
"""What a command runs: it takes the parsed arguments and returns the exit code."""


def add_command(commands: Any, name: str, run: Run, text: str) -> argparse.ArgumentParser:
    """Add a command to a parser's commands and return the parser of its arguments.

    Parameters
    ----------
    commands : argparse action
        What `ArgumentParser.add_subparsers` returned.
    name : str
        The word that the user types.
    run : callable
        What the command runs.
    text : str
        One sentence for the help.
    """
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def add_actions(commands: Any, name: str, text: str) -> Any:
    """Add a command that has actions of its own, such as `corpora list`; return where to add them."""
    parser = commands.add_parser(name, help=text, description=text)
    return parser.add_subparsers(title="actions", required=True, metavar="ACTION")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add `--jobs`, the number of processes."""
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="number of processes (default: one for few files, all cores for many)",
    )


def add_cluster(parser: argparse.ArgumentParser, *, files: bool = True) -> None:
    """Add `--scheduler` and, for commands that read files on the workers, `--send`."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="work on the Dask cluster of this scheduler, for example tcp://host:8786",
    )
    if files:
        parser.add_argument(
            "--send",
            choices=("paths", "bytes"),
            default="paths",
            help="what the workers of a cluster get: paths that they can read too, or the bytes of "
            "the files (default: %(default)s)",
        )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more. Got {text}.")
    return value
