"""The command `extract`: the features of clips as a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import corpora
from ser_core.batch import checkpoint, cluster
from ser_core.cli.arguments import add_cluster, add_command, add_jobs
from ser_core.cli.layout import escape_unprintable
from ser_core.cli.named_files import find_named_files
from ser_core.cli.output import jobs_for, resumable, target, tell_left_out, whole
from ser_core.corpora import LABELS_FILE, LabelledCorpus, WalkedFolder
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.batch import extraction


def add_commands(commands: Any) -> None:
    """Declare `extract`."""
    parser = add_command(
        commands,
        "extract",
        extract,
        "Write the features of clips as a table; a corpus or a labelled folder gets its labels too.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="audio file, folder, or name of a corpus in SER_CORPORA",
    )
    parser.add_argument("--feature-set", choices=tuple(FEATURE_SETS), default="acoustic128_v1")
    parser.add_argument(
        "--copy",
        metavar="KIND",
        default="",
        help="measure a copy of each clip instead, as training does: disturbed (rooms, codecs) "
        "or noisy (babble)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help=".csv or .parquet (default: CSV to stdout)"
    )
    add_jobs(parser)
    add_cluster(parser)


def extract(options: argparse.Namespace) -> int:
    """Write the features of every named clip as a table and return the exit code."""
    from ser_core.batch import extraction

    suffix = _check(options)
    failed: extraction.FailedClips = []
    with (
        cluster.use_cluster(options.scheduler),
        resumable(
            options.output, lambda: extraction.job_digest(options.feature_set, options.copy)
        ) as store,
    ):
        _write(_extract_parts(options, store, failed), suffix, options.output)
    for name, error in failed:
        sys.stderr.write(escape_unprintable(f"{name}: {error.code}: {error}") + "\n")
    return 1 if failed else 0


def _check(options: argparse.Namespace) -> str:
    """The ending of the output; raises BAD_USAGE for arguments that do not fit together."""
    from ser_core.audio.augmentation import COPIES

    suffix = Path(options.output).suffix.lower() if options.output else ".csv"
    if suffix not in {".csv", ".parquet"}:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"The output must end in .csv or .parquet. Got {options.output!r}.",
            "Choose another name.",
        )
    if options.copy and options.copy not in COPIES:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"There is no copy {options.copy!r}.",
            f"Kinds of copies: {', '.join(COPIES)}.",
        )
    if options.copy == "noisy" and options.send == "bytes":
        raise SerError(
            ErrorCode.BAD_USAGE,
            "A noisy copy is mixed with other clips, which the workers must read themselves.",
            "Leave --send bytes away.",
        )
    return suffix


def _write(parts: Iterator[pd.DataFrame], suffix: str, output: str | None) -> None:
    from ser_core.features import tables

    if suffix == ".parquet" and output is not None:
        with whole(Path(output)) as part:
            tables.write_parquet(parts, part)
    else:
        with target(output) as file:
            tables.write_csv(parts, file)


def _extract_parts(
    options: argparse.Namespace, store: checkpoint.Checkpoint | None, failed: extraction.FailedClips
) -> Iterator[pd.DataFrame]:
    """Return the feature table in parts, with labels where there are any.

    Files that cannot be used go into `failed`.
    """
    from ser_core.batch import extraction
    from ser_core.training import labelled_folder

    walked = _walk_only_folder(options.paths)
    labelled = None if walked is None else _find_labels(walked)
    is_own_corpus = labelled is not None and labelled.known is None
    if walked is not None and labelled is not None and is_own_corpus and not options.copy:
        way = extraction.Execution(
            jobs_for(options.jobs, len(labelled.clips)), options.send == "bytes", store
        )
        measured = labelled_folder.measure_folder(walked.folder, labelled, options.feature_set, way)
        # Unreadable clips are told one by one at the end.
        tell_left_out(part for part in measured.left_out if part.kind != "unreadable")
        failed += measured.failed
        return iter([measured.table])
    about, files = _list_files(options, walked, labelled)
    way = extraction.Execution(jobs_for(options.jobs, len(files)), options.send == "bytes", store)
    return extraction.extract_table(
        about,
        files,
        options.feature_set,
        failed,
        way,
        options.copy,
        add_file_columns="emotion" in about and "sha256" not in about,
    )


def _list_files(
    options: argparse.Namespace, walked: WalkedFolder | None, labelled: LabelledCorpus | None
) -> tuple[pd.DataFrame, list[Path]]:
    """What is known of each clip, a row each, and the clips' paths: of a known corpus with labels."""
    import pandas as pd

    if walked is not None and labelled is not None and labelled.known is not None:
        tell_left_out(labelled.left_out)
        about = labelled.to_table()
        files = [walked.folder / path for path in about["path"]]
        if options.copy == "noisy":  # the digests choose the babble
            facts = corpora.read_file_facts(files, jobs_for(options.jobs, len(files)))
            about[list(corpora.FILE_COLUMNS)] = facts
        return about, files
    named = find_named_files(options.paths if walked is None else [walked])
    about = pd.DataFrame({"path": [name for name, _ in named]})
    return about, [path for _, path in named]


def _walk_only_folder(paths: Sequence[str]) -> WalkedFolder | None:
    """The folder, where exactly one was named, after a walk through it."""
    if len(paths) != 1 or Path(paths[0]).is_file():
        return None
    return corpora.walk(corpora.resolve(paths[0]))


def _find_labels(walked: WalkedFolder) -> LabelledCorpus | None:
    """The labelled clips of a folder; None, told on stderr, where its clips have no labels."""
    try:
        return corpora.label_folder(walked)
    except SerError as error:
        if (walked.folder / LABELS_FILE).is_file():
            raise
        sys.stderr.write(f"no labels: {error}\n")
        return None
