"""The commands on corpora: `corpora list`, `corpora verify` and `corpora download`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import corpora
from ser_core.cli.arguments import add_actions, add_command, add_jobs
from ser_core.cli.output import jobs_for, write_json
from ser_core.corpora import RECOGNISED, Corpus, WalkedFolder
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    from ser_core.corpora.integrity import Finding, Report

_SHOWN = 8  # names in a line of the table; --format json has all


def add_commands(commands: Any) -> None:
    """Declare `corpora` with its three actions."""
    actions = add_actions(
        commands, "corpora", "List the corpora, check a copy of one, or say where to get it."
    )
    add_command(
        actions,
        "list",
        list_corpora,
        "List the corpora, their terms, and where copies of them were found.",
    )
    _add_verify(actions)
    _add_download(actions)


def _add_verify(actions: Any) -> None:
    parser = add_command(
        actions,
        "verify",
        verify,
        "Decode every clip of a corpus and say what is missing or wrong; exit code 0 if nothing new is.",
    )
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME_OR_FOLDER",
        help="folder of a corpus, or its name in SER_CORPORA",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")
    add_jobs(parser)


def _add_download(actions: Any) -> None:
    parser = add_command(
        actions,
        "download",
        download,
        "Say where and under which terms to get a corpus, and where to put it; "
        "fetch it, where that is possible.",
    )
    fetched = " and ".join(name for name, corpus in RECOGNISED.items() if corpus.archive)
    parser.add_argument("name", metavar="NAME", help=", ".join(RECOGNISED))
    parser.add_argument(
        "--accept-licence",
        action="store_true",
        help=f"you have read the licence and agree: fetch it ({fetched} only)",
    )


def list_corpora(_: argparse.Namespace) -> int:
    """Write one block of facts per corpus and return the exit code."""
    sys.stdout.write("\n".join(_describe_corpus(corpus) for corpus in RECOGNISED.values()))
    return 0


def _describe_corpus(corpus: Corpus) -> str:
    copy = _find_copy(corpus)
    n_faulty = len(corpus.known_faults)
    left_out = f" ({n_faulty} of them faulty and left out)" if n_faulty else ""
    facts = {
        "speech": corpus.speech,
        "clips": f"{corpus.n_utterances:,}{left_out}",
        "speakers": f"{len(corpus.genders)}",
        "emotions": ", ".join(corpus.emotions),
        "licence": corpus.licence,
        "source": corpus.source,
        "found": copy or f"not found; see: python -m ser_core corpora download {corpus.name}",
    }
    lines = [f"  {name:<9} {value}\n" for name, value in facts.items()]
    cautions = [f"  caution   {sentence}\n" for sentence in corpus.cautions]
    return "".join([f"{corpus.name} ({corpus.title})\n", *lines, *cautions])


def _find_copy(corpus: Corpus) -> Path | None:
    try:
        return corpora.resolve(corpus.name)
    except SerError:
        return None


def verify(options: argparse.Namespace) -> int:
    """Check every named corpus; the exit code is 1 where one is not what it should be."""
    from ser_core.corpora import integrity

    folders = [corpora.walk(corpora.resolve(name)) for name in options.names]
    expected = [_corpus_of(folder) for folder in folders]
    reports = [
        integrity.verify(folder, corpus, jobs=jobs_for(options.jobs, corpus.n_utterances))
        for folder, corpus in zip(folders, expected, strict=True)
    ]
    if options.format == "json":
        write_json([report.to_dict() for report in reports], sys.stdout)
    else:
        sys.stdout.write("\n".join(_describe_report(report) for report in reports))
    return 0 if all(report.ok for report in reports) else 1


def _corpus_of(walked: WalkedFolder) -> Corpus:
    """A folder named after a corpus is meant to be that corpus, even where its clips are missing."""
    return RECOGNISED.get(walked.folder.resolve().name) or corpora.identify(walked)


def _describe_report(report: Report) -> str:
    corpus = RECOGNISED[report.corpus]
    lines = [
        f"{corpus.title}: {report.n_present:,} of {report.n_expected:,} clips in {report.folder}"
    ]
    if report.missing:
        lines.append(f"  missing: {_list_names(report.missing)}")
    lines += [f"  fault: {_describe(fault)}" for fault in report.new_faults]
    lines += [
        f"  known fault, left out: {_describe(fault)}" for fault in report.faults if fault.known
    ]
    if report.known_left_out:
        names = _list_names(report.known_left_out)
        lines.append(f"  known to be faulty, and not there: {names}")
    if report.known_not_found:
        names = _list_names(report.known_not_found)
        lines.append(f"  known to be faulty, but not so here (left out all the same): {names}")
    lines += [f"  note: {_describe(note)}" for note in report.notes]
    return "\n".join([*lines, _verdict(report, corpus)]) + "\n"


def _verdict(report: Report, corpus: Corpus) -> str:
    if not report.ok:
        return f"  NOT OK. To get it again: python -m ser_core corpora download {corpus.name}"
    return "  OK: complete" + (" but for its known faults." if corpus.known_faults else ".")


def _describe(finding: Finding) -> str:
    return f"{finding.what} {_list_names(finding.clips)}".rstrip()


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def download(options: argparse.Namespace) -> int:
    """Say how to get a corpus and return the exit code.

    It is fetched only for somebody who has agreed to its terms, and where its publisher gives a digest.
    """
    corpus = RECOGNISED.get(options.name)
    if corpus is None:
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"There is no corpus {options.name!r}.",
            f"The corpora are: {', '.join(RECOGNISED)}.",
        )
    parent = os.environ.get("SER_CORPORA")
    folder = (Path(parent).absolute() if parent else Path.home() / "corpora") / corpus.name
    if options.accept_licence:
        return _fetch(corpus, folder)
    sys.stdout.write(_describe_download(corpus, folder, is_set=bool(parent)))
    return 0


def _describe_download(corpus: Corpus, folder: Path, *, is_set: bool) -> str:
    """How to get a corpus to a folder; `is_set` says whether SER_CORPORA is."""
    copy = _find_copy(corpus)
    setting = (
        "SER_CORPORA is set to the folder above it already."
        if is_set
        else f"Name the folder above it: export SER_CORPORA={folder.parent}"
    )
    steps = [
        *corpus.how_to_get,
        f"Put the clips, under their original names, below {folder}",
        setting,
        f"Check it: python -m ser_core corpora verify {corpus.name}",
    ]
    lines = [
        f"{corpus.title}: {corpus.speech}; {corpus.n_utterances:,} clips",
        f"  source   {corpus.source}",
        f"  licence  {corpus.licence}",
        f"  cite     {corpus.citation}",
        *(f"  caution  {sentence}" for sentence in corpus.cautions),
        *([f"  found    a copy lies in {copy}"] if copy else []),
        "",
        "Nothing was fetched: read the licence at the source, then",
        *(f"  {number}. {step}" for number, step in enumerate(steps, start=1)),
    ]
    if corpus.archive:
        lines += [
            "",
            "or, if you agree to it: "
            f"python -m ser_core corpora download {corpus.name} --accept-licence "
            f"(fetches {corpus.archive.n_bytes / 1e6:.0f} MB to {folder})",
        ]
    return "\n".join(lines) + "\n"


def _fetch(corpus: Corpus, folder: Path) -> int:
    """Fetch the archive of a corpus, from where an earlier try stopped, and unpack its clips."""
    from tqdm import tqdm

    from ser_core.corpora import download as downloading

    archive = corpus.archive
    if archive is None:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"{corpus.title} cannot be fetched from here: "
            "no address with a digest is known that its publisher gives.",
            f"Leave --accept-licence away to see the steps; its source is {corpus.source}",
        )
    target = folder / archive.name
    sys.stderr.write(f"{corpus.title}, {corpus.licence}: {archive.address} to {target}\n")
    with tqdm(total=archive.n_bytes, unit="B", unit_scale=True, desc=corpus.name) as bar:
        downloading.fetch(archive, target, bar.update)
    n_clips = downloading.unpack(corpus, target, folder)
    sys.stdout.write(
        f"{n_clips:,} clips unpacked in {folder}; "
        f"the archive beside them may be deleted: {target}\n"
        f"Cite: {corpus.citation}\nCheck them: python -m ser_core corpora verify {folder}\n"
    )
    return 0
