"""The commands on corpora: `corpora list`, `corpora verify` and `corpora download`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import corpora
from ser_core.cli.output import jobs_for
from ser_core.corpora import RECOGNISED, Corpus
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    from ser_core.corpora.integrity import Finding, Report

_SHOWN = 8  # names in a line of the table; --format json has all


def add_commands(commands: Any, add_jobs: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `corpora` with its three actions to the parser's commands."""
    text = "List the corpora, check a copy of one, or say where to get it."
    actions = commands.add_parser("corpora", help=text, description=text).add_subparsers(
        title="actions", required=True, metavar="ACTION"
    )

    def action(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    action(
        "list", list_corpora, "List the corpora, their terms, and where copies of them were found."
    )

    added = action(
        "verify",
        verify,
        "Decode every clip of a corpus and say what is missing or wrong; exit code 0 if nothing new is.",
    )
    added.add_argument(
        "names",
        nargs="+",
        metavar="NAME_OR_FOLDER",
        help="folder of a corpus, or its name in SER_CORPORA",
    )
    added.add_argument("--format", choices=("table", "json"), default="table")
    add_jobs(added)

    added = action(
        "download",
        download,
        "Say where and under which terms to get a corpus, and where to put it; fetch it, where that is possible.",
    )
    added.add_argument("name", metavar="NAME", help=", ".join(RECOGNISED))
    added.add_argument(
        "--accept-licence",
        action="store_true",
        help="you have read the licence and agree: fetch it (ravdess only)",
    )


def list_corpora(_: argparse.Namespace) -> int:
    """Write one block of facts per corpus."""
    sys.stdout.write("\n".join(_block(corpus) for corpus in RECOGNISED.values()))
    return 0


def _block(corpus: Corpus) -> str:
    found = _found(corpus)
    n_faulty = len(corpus.known_faults)
    facts = {
        "speech": corpus.speech,
        "clips": f"{corpus.n_utterances:,}"
        + (f" ({n_faulty} of them faulty and left out)" if n_faulty else ""),
        "speakers": f"{len(corpus.genders)}",
        "emotions": ", ".join(corpus.emotions),
        "licence": corpus.licence,
        "source": corpus.source,
        "found": str(found)
        if found
        else f"not found; see: python -m ser_core corpora download {corpus.name}",
    }
    return f"{corpus.name} ({corpus.title})\n" + "".join(
        f"  {name:<9} {value}\n" for name, value in facts.items()
    )


def _found(corpus: Corpus) -> Path | None:
    try:
        return corpora.resolve(corpus.name)
    except SerError:
        return None


def verify(options: argparse.Namespace) -> int:
    """Check every named corpus; one that is not what it should be makes the exit code 1."""
    from ser_core.corpora import integrity

    folders = [corpora.resolve(name) for name in options.names]
    # A folder named after a corpus is meant to be that corpus, even where its clips are missing.
    entries = [
        RECOGNISED.get(folder.resolve().name) or corpora.identify(folder) for folder in folders
    ]
    reports = [
        integrity.verify(folder, corpus, jobs=jobs_for(options.jobs, corpus.n_utterances))
        for folder, corpus in zip(folders, entries, strict=True)
    ]
    if options.format == "json":
        sys.stdout.write(
            json.dumps([report.to_dict() for report in reports], ensure_ascii=False, indent=1)
            + "\n"
        )
    else:
        sys.stdout.write("\n".join(_summary(report) for report in reports))
    return 0 if all(report.ok for report in reports) else 1


def _summary(report: Report) -> str:
    corpus = RECOGNISED[report.corpus]
    known = [fault for fault in report.faults if fault.known]
    lines = [
        f"{corpus.title}: {report.n_present:,} of {report.n_expected:,} clips in {report.folder}"
    ]
    if report.missing:
        lines.append(f"  missing: {_names(report.missing)}")
    for fault in report.new_faults:
        lines.append(f"  fault: {_line(fault)}")
    for fault in known:
        lines.append(f"  known fault, left out: {_line(fault)}")
    if report.known_left_out:
        lines.append(f"  known to be faulty, and not there: {_names(report.known_left_out)}")
    if report.known_not_found:
        lines.append(
            f"  known to be faulty, but not so here (left out all the same): {_names(report.known_not_found)}"
        )
    for note in report.notes:
        lines.append(f"  note: {_line(note)}")
    if report.ok:
        lines.append(
            "  OK: complete" + (" but for its known faults." if corpus.known_faults else ".")
        )
    else:
        lines.append(
            f"  NOT OK. To get it again: python -m ser_core corpora download {corpus.name}"
        )
    return "\n".join(lines) + "\n"


def _line(finding: Finding) -> str:
    return f"{finding.what} {_names(finding.clips)}".rstrip()


def _names(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def download(options: argparse.Namespace) -> int:
    """Say how to get a corpus. It is fetched only for somebody who has agreed to its terms, and where its publisher gives a digest."""
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
    where = (
        "SER_CORPORA is set to the folder above it already."
        if parent
        else f"Name the folder above it: export SER_CORPORA={folder.parent}"
    )
    steps = [
        *corpus.how_to_get,
        f"Put the clips, under their original names, below {folder}",
        where,
        f"Check it: python -m ser_core corpora verify {corpus.name}",
    ]
    found = _found(corpus)
    lines = [
        f"{corpus.title}: {corpus.speech}; {corpus.n_utterances:,} clips",
        f"  source   {corpus.source}",
        f"  licence  {corpus.licence}",
        f"  cite     {corpus.citation}",
        *([f"  found    a copy lies in {found}"] if found else []),
        "",
        "Nothing was fetched: read the licence at the source, then",
        *(f"  {number}. {step}" for number, step in enumerate(steps, start=1)),
    ]
    if corpus.archive:
        size = f"{corpus.archive.n_bytes / 1e6:.0f} MB"
        lines += [
            "",
            f"or, if you agree to it: python -m ser_core corpora download {corpus.name} --accept-licence (fetches {size} to {folder})",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _fetch(corpus: Corpus, folder: Path) -> int:
    """Fetch a corpus's archive, going on where an earlier try stopped, and unpack its clips."""
    from tqdm import tqdm

    from ser_core.corpora import download as downloading

    archive = corpus.archive
    if archive is None:
        message = f"{corpus.title} cannot be fetched from here: no address with a digest is known that its publisher gives."
        raise SerError(
            ErrorCode.BAD_USAGE,
            message,
            f"Leave --accept-licence away to see the steps; its source is {corpus.source}",
        )
    target = folder / archive.name
    sys.stderr.write(f"{corpus.title}, {corpus.licence}: {archive.address} to {target}\n")
    with tqdm(total=archive.n_bytes, unit="B", unit_scale=True, desc=corpus.name) as bar:
        downloading.fetch(archive, target, bar.update)
    n_clips = downloading.unpack(corpus, target, folder)
    sys.stdout.write(
        f"{n_clips:,} clips unpacked in {folder}; the archive beside them may be deleted: {target}\n"
        f"Cite: {corpus.citation}\nCheck them: python -m ser_core corpora verify {folder}\n"
    )
    return 0
