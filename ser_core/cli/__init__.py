"""The command line: `python -m ser_core COMMAND`. Data on stdout, progress and complaints on stderr.

Exit codes: 0 all done; 1 something failed (the rest is written, in order); 2 bad usage.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor

from ser_core import __version__
from ser_core.cli import bench, corpora, exploration, library, models, predict, train
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS
from ser_core.models import MODELS_DIR

_USAGE_CODES = {
    ErrorCode.BAD_USAGE,
    ErrorCode.NOT_FOUND,
    ErrorCode.MODEL_NOT_FOUND,
    ErrorCode.BAD_TABLE,
    ErrorCode.BAD_CORPUS,
    ErrorCode.BAD_BASELINE,
    ErrorCode.LIBRARY_OFF,
    ErrorCode.NOT_ENOUGH,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # a file name may hold what the terminal's encoding, or any encoding, has not
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        code = run(options)
        sys.stdout.flush()
        return code
    except SerError as error:
        _complain(f"error: {error} {error.hint}")
        return 2 if error.code in _USAGE_CODES else 1
    except BrokenPipeError:
        _give_up_stdout()  # the reader (`| head`) has gone
        return 1
    except OSError as error:
        _complain(f"error: {error}")
        _give_up_stdout()
        return 1
    except BrokenExecutor:
        sys.stderr.write(
            "error: A worker process was killed, perhaps for want of memory. Run the same command again, with a smaller --jobs; "
            "with --output it goes on where it stopped.\n"
        )
        return 1


def _complain(sentence: str) -> None:
    """On stderr, on a line of its own even where a progress bar stands."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(sentence, file=sys.stderr)
    else:
        sys.stderr.write(f"{sentence}\n")


def _give_up_stdout() -> None:
    """Keep Python from complaining once more, when it flushes a stdout at exit that cannot be written to."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ser_core", description="Speech emotion recognition, honestly measured."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    added = command("predict", predict.predict, "Say which emotion and gender clips sound like.")
    added.add_argument("paths", nargs="+", metavar="PATH", help="audio file, or folder to walk")
    added.add_argument("--emotion-model", metavar="NAME", help="see: models list")
    added.add_argument("--gender-model", metavar="NAME")
    added.add_argument(
        "--baseline",
        nargs="+",
        action="extend",
        metavar="FILE",
        help="one to four neutral clips of the same speaker",
    )
    added.add_argument(
        "--explain",
        action="store_true",
        help="add what speaks for and against the emotion, and which moment matters",
    )
    added.add_argument("--format", choices=("table", "json", "jsonl", "csv"), default="table")
    added.add_argument("--output", metavar="FILE", help="write here instead of to stdout")
    added.add_argument(
        "--models",
        metavar="DIR",
        default=str(MODELS_DIR),
        help="folder of models (default: those that ship)",
    )
    _add_jobs(added)
    _add_cluster(added)

    added = command(
        "extract",
        predict.extract,
        "Write the features of clips as a table; a corpus or a labelled folder gets its labels too.",
    )
    added.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="audio file, folder, or name of a corpus in SER_CORPORA",
    )
    added.add_argument("--feature-set", choices=tuple(FEATURE_SETS), default="acoustic128_v1")
    added.add_argument(
        "--copy",
        metavar="KIND",
        default="",
        help="of a copy as training uses it: disturbed (rooms, codecs) or noisy (babble)",
    )
    added.add_argument("--output", metavar="FILE", help=".csv or .parquet (default: CSV to stdout)")
    _add_jobs(added)
    _add_cluster(added)

    added = command("train", train.train, "Train models and save them with their cards.")
    added.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="labelled clips of your own: a labels.csv, or a folder per emotion",
    )
    added.add_argument(
        "--features",
        metavar="FILE.csv",
        help="your own feature table, as extract writes it (default: the tables in data/)",
    )
    added.add_argument(
        "--task", choices=tuple(LABELS), help="(default: all that the table has labels for)"
    )
    added.add_argument(
        "--classifier", action="append", metavar="NAME", help="may be repeated (default: all)"
    )
    added.add_argument(
        "--output", metavar="DIR", help="folder for the models; needed with FOLDER or --features"
    )
    _add_jobs(added)
    _add_cluster(added, files=False)

    added = command(
        "evaluate",
        train.evaluate,
        "Print the scores, computed from the stored out-of-fold predictions.",
    )
    added.add_argument(
        "--refit",
        action="store_true",
        help="fit all folds anew and store the predictions (networks need PyTorch and SER_CORPORA)",
    )
    added.add_argument(
        "--classifier",
        action="append",
        metavar="NAME",
        help="with --refit: only this one; may be repeated",
    )
    added.add_argument(
        "--conditions",
        action="store_true",
        help="measure anew what noise, rooms and codecs cost (needs SER_CORPORA)",
    )
    added.add_argument(
        "--gate",
        action="store_true",
        help="measure anew what the gate refuses (needs SER_CORPORA, with esc-10)",
    )
    added.add_argument(
        "--explanations",
        action="store_true",
        help="measure anew what is lost without what explanations name (needs SER_CORPORA)",
    )
    added.add_argument(
        "--learning-curves",
        action="store_true",
        help="measure anew how many training speakers it takes (a quarter of an hour)",
    )
    added.add_argument(
        "--corpus",
        metavar="FOLDER",
        help="ask the default model about labelled clips of your own instead; nothing is stored",
    )
    added.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="with --corpus: ask this one; may be repeated; all: every model that ships",
    )
    added.add_argument("--format", choices=("table", "markdown", "json"), default="table")
    _add_jobs(added)

    command(
        "map",
        exploration.lay_out,
        "Lay the clips of all corpora out in two dimensions for the feature explorer (a few minutes).",
    )

    added = command(
        "contours",
        exploration.contours,
        "Store the pitch of every clip over normalised time for the feature explorer (needs SER_CORPORA).",
    )
    added.add_argument(
        "corpora",
        nargs="*",
        metavar="CORPUS",
        help="name of a corpus in SER_CORPORA (default: all)",
    )
    _add_jobs(added)

    added = command(
        "models",
        models.manage,
        "List, verify or rebuild models, or seal a folder of them: list the digests of its files as they are.",
    )
    added.add_argument("action", choices=("list", "verify", "rebuild", "seal"))
    added.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="for example emotion-svc (default: all); with seal or verify: a folder",
    )
    added.add_argument("--models", metavar="DIR", default=str(MODELS_DIR))
    _add_jobs(added)

    added = command(
        "bench",
        bench.bench,
        "Measure the speed beside other packages and the app under load; writes BENCHMARKS.md.",
    )
    added.add_argument(
        "--only",
        action="append",
        choices=tuple(bench.BENCHMARKS),
        help="only this part; may be repeated",
    )

    corpora.add_commands(commands, _add_jobs)
    library.add_commands(commands)
    return parser


def _add_cluster(parser: argparse.ArgumentParser, files: bool = True) -> None:
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="work on the Dask cluster of this scheduler, for example tcp://host:8786",
    )
    if files:
        told = "what a cluster's workers are sent: paths that they can read too, or the files' bytes (default: %(default)s)"
        parser.add_argument("--send", choices=("paths", "bytes"), default="paths", help=told)


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="processes (default: one for few files, all cores for many)",
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more. Got {text}.")
    return value
