"""The commands on what was kept: `library list`, `export`, `delete`, `delete-all`, `train`, `evaluate`, `adopt` and `rollback`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import library
from ser_core.cli.output import aligned
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    from ser_core.library.store import Kept, KeptLayer


def add_commands(commands: Any) -> None:
    """Add `library` with its actions to the parser's commands."""
    text = f"What you kept, in the library that {library.FOLDER_VARIABLE} or {library.URL_VARIABLE} names: list, take along, delete, learn from it."
    actions = commands.add_parser("library", help=text, description=text).add_subparsers(
        title="actions", required=True, metavar="ACTION"
    )

    def action(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        added.add_argument(
            "--owner",
            metavar="NAME",
            default=library.LOCAL,
            help="whose entries, as the proxy names them (default: %(default)s)",
        )
        return added

    added = action("list", list_entries, "List what is kept.")
    added.add_argument("--format", choices=("table", "json"), default="table")

    added = action(
        "export",
        export,
        "Write everything as a corpus: FLAC clips with labels.csv, to be trained on or evaluated by.",
    )
    added.add_argument("folder", metavar="FOLDER", help="a new folder")

    added = action("delete", delete, "Delete entries for good.")
    added.add_argument("ids", nargs="+", type=int, metavar="ID")

    added = action(
        "delete-all",
        delete_all,
        "Delete everything for good: entries, layers, and who was set aside for testing.",
    )
    added.add_argument("--yes", action="store_true", help="really")

    action(
        "train",
        train,
        "Fit a correction layer for the default emotion model on what you said the clips really were; a candidate, not used yet.",
    )

    for name, run, text in (
        (
            "evaluate",
            evaluate,
            "Test a layer anew, on your speakers who were set aside and on the corpora.",
        ),
        ("adopt", adopt, "Let a layer correct the default emotion model from now on."),
    ):
        added = action(name, run, text)
        added.add_argument(
            "layer", nargs="?", type=int, metavar="LAYER", help="its number (default: the newest)"
        )
    added.add_argument(
        "--force", action="store_true", help="even if less is recognised of a corpus, beyond chance"
    )

    action("rollback", roll_back, "Go back to what was used before the last adoption.")


def list_entries(options: argparse.Namespace) -> int:
    """Write a row per entry; on stderr, what corrects the default model."""
    found = library.opened(make=False)
    entries = found.entries(options.owner)
    if options.format == "json":
        sys.stdout.write(
            json.dumps([entry.to_dict() for entry in entries], ensure_ascii=False, indent=1) + "\n"
        )
        return 0
    aside = found.parts(options.owner)
    rows = [
        (
            f"{entry.id}",
            f"{entry.kept_at:%Y-%m-%d %H:%M}",
            f"{entry.duration_s:.1f}",
            entry.answer or "cannot tell",
            entry.emotion,
            f"{entry.speaker} (set aside)"
            if aside.get(entry.speaker.casefold()) == "test"
            else entry.speaker,
            entry.name,
        )
        for entry in entries
    ]
    sys.stdout.write(
        aligned(("id", "kept (UTC)", "s", "answer", "your label", "speaker", "name"), rows)
    )
    adopted = found.adopted(options.owner)
    sys.stderr.write(f"{len(entries)} kept. {_in_use(adopted)}\n")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the corpus."""
    from ser_core.library import export as corpus

    n = corpus.to_folder(library.opened(make=False), options.owner, Path(options.folder))
    sys.stderr.write(f"{_n(n, 'clip')} written to {options.folder}\n")
    return 0


def delete(options: argparse.Namespace) -> int:
    """Delete the named entries: all of them, or none where one is not there."""
    found = library.opened(make=False)
    found.delete(options.owner, options.ids)
    sys.stderr.write(f"deleted: {', '.join(map(str, options.ids))}\n")
    if found.layers(options.owner):
        sys.stderr.write("A correction learnt from these stays until `library delete-all`.\n")
    return 0


def delete_all(options: argparse.Namespace) -> int:
    """Delete everything, after `--yes`."""
    found = library.opened(make=False)
    if not options.yes:
        message = f"This deletes {len(found.entries(options.owner))} entries of {options.owner!r} and all that was learnt from them, for good."
        raise SerError(ErrorCode.BAD_USAGE, message, "Add --yes if you mean it.")
    sys.stderr.write(f"{found.delete_all(options.owner)} deleted\n")
    return 0


def train(options: argparse.Namespace) -> int:
    """Train a candidate, and print what it changes."""
    from ser_core.library import corrections

    found = corrections.train(library.opened(make=False), options.owner, _progress)
    _tell(
        found.report,
        f"Layer {found.id} ({found.digest[:12]}), learnt from {_of(found.report['train'])}. It is not used yet.",
    )
    own = found.report["library"]
    if own and own["difference"]["value"] is not None and own["difference"]["value"] <= 0:
        sys.stdout.write(
            "On your speakers set aside no more is recognised with it than without: there is no reason to use it.\n"
        )
    else:
        sys.stdout.write(f"To use it: python -m ser_core library adopt {found.id}\n")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Print what a layer changes, tested anew."""
    from ser_core.library import corrections

    opened = library.opened(make=False)
    found = _layer(opened.layers(options.owner), options.layer)
    _tell(
        corrections.evaluate(opened, options.owner, found, _progress),
        f"Layer {found.id} ({found.digest[:12]}), learnt from {_of(found.report['train'])}.",
    )
    return 0


def adopt(options: argparse.Namespace) -> int:
    """Use a layer."""
    from ser_core.library import corrections

    opened = library.opened(make=False)
    found = _layer(opened.layers(options.owner), options.layer)
    if opened.in_use(options.owner, found):
        sys.stdout.write(f"Layer {found.id} is in use already.\n")
        return 0
    corrections.adopt(opened, options.owner, found, options.force)
    sys.stdout.write(f"{_in_use(found)} To go back: python -m ser_core library rollback\n")
    return 0


def roll_back(options: argparse.Namespace) -> int:
    """Take the last adoption back."""
    opened = library.opened(make=False)
    if not opened.roll_back(options.owner):
        raise SerError(
            ErrorCode.BAD_USAGE,
            "There is nothing to go back from: no layer is in use.",
            "See: python -m ser_core library list",
        )
    sys.stdout.write(f"{_in_use(opened.adopted(options.owner))}\n")
    return 0


def _layer(layers: Sequence[KeptLayer], number: int | None) -> KeptLayer:
    for layer in reversed(layers):
        if number in (None, layer.id):
            return layer
    known = ", ".join(str(layer.id) for layer in layers) or "none"
    raise SerError(
        ErrorCode.NOT_FOUND,
        f"There is no layer{'' if number is None else f' {number}'}.",
        f"Layers: {known}. Make one: library train",
    )


def _in_use(layer: KeptLayer | None) -> str:
    return (
        "The default emotion model is used as it ships."
        if layer is None
        else f"The default emotion model is corrected by layer {layer.id} ({layer.digest[:12]})."
    )


def _progress(entries: Sequence[Kept]) -> Iterable[Kept]:
    from tqdm import tqdm

    shown: Iterable[Kept] = tqdm(entries, unit="clip", desc="listen")
    return shown


def _of(counts: dict[str, Any]) -> str:
    speakers = f" of {_n(counts['speakers'], 'named speaker')}" if counts["speakers"] else ""
    return f"{_n(counts['clips'], 'clip')}{speakers} ({', '.join(f'{n} {emotion}' for emotion, n in counts['emotions'].items())})"


def _n(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def _tell(report: Mapping[str, Any], heading: str) -> None:
    """The table of what a layer changes, and what has to be said of it."""
    from ser_core.library import corrections

    tested = [*([report["library"]] if report["library"] else []), *report["corpora"]]
    rows = [
        (
            row["name"],
            f"{row['clips']:,}",
            f"{row['speakers']}",
            *(_interval(row[key]) for key in ("before", "after", "difference")),
        )
        for row in tested
    ]
    header = (
        "tested on",
        "clips",
        "speakers",
        "UAR before [95%]",
        "UAR after [95%]",
        "difference [95%]",
    )
    sys.stdout.write(f"{heading}\n\n{aligned(header, rows)}\n")
    sys.stdout.write(
        "UAR: of each emotion the share that is recognised, in per cent, averaged over the emotions. In brackets: its 95% confidence interval.\n"
    )
    if not report["library"]:
        sys.stdout.write(
            "None of your speakers is set aside for testing: that takes clips with a label of two named speakers or more. What the layer is worth on "
            "a voice like yours is not known.\n"
        )
    if report["left_out"]:
        were = f"{_n(report['left_out'], 'clip')} {'was' if report['left_out'] == 1 else 'were'}"
        sys.stdout.write(
            f"{were} left out, as it is not known who speaks: it might be a speaker who was set aside.\n"
        )
    worse = [row["name"] for row in report["corpora"] if corrections.is_worse(row)]
    if worse:
        sys.stdout.write(
            f"WORSE, by more than chance explains, on {', '.join(worse)}: adopting it takes --force.\n"
        )
    sys.stdout.write(
        "The limits for refusals and prediction sets are those of the model without the layer. People label what went wrong more often than what "
        "went right: a layer learns that too.\n"
    )


def _interval(share: dict[str, float | None]) -> str:
    if share["low"] is None or share["high"] is None or share["value"] is None:
        return f"{100 * (share['value'] or 0):.1f} [too few speakers]"
    return f"{100 * share['value']:.1f} [{100 * share['low']:.1f}, {100 * share['high']:.1f}]"
