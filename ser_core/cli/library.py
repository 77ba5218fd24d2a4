"""The command `library`: what people chose to keep, and what the default model learns from their labels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import library
from ser_core.cli.arguments import add_actions, add_command
from ser_core.cli.layer_summary import count_noun, describe_training, summarise_layer
from ser_core.cli.layout import align
from ser_core.cli.output import write_json
from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    from ser_core.library.kept_layers import StoredLayer
    from ser_core.library.kept_recordings import LibraryEntry


def add_commands(commands: Any) -> None:
    """Declare `library` with its actions."""
    actions = add_actions(
        commands,
        "library",
        f"What you kept, in the library that {library.FOLDER_VARIABLE} or {library.URL_VARIABLE} names: "
        "list, take along, delete, learn from it.",
    )
    _add_entry_actions(actions)
    _add_layer_actions(actions)


def _add_action(
    actions: Any, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser = add_command(actions, name, run, text)
    parser.add_argument(
        "--owner",
        metavar="NAME",
        default=library.LOCAL,
        help="whose entries, as the proxy names them (default: %(default)s)",
    )
    return parser


def _add_entry_actions(actions: Any) -> None:
    parser = _add_action(actions, "list", list_entries, "List what is kept.")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser = _add_action(
        actions,
        "export",
        export,
        "Write everything as a corpus: FLAC clips with labels.csv, to be trained on or evaluated by.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="a new folder")
    parser = _add_action(actions, "delete", delete, "Delete entries for good.")
    parser.add_argument("ids", nargs="+", type=int, metavar="ID")
    parser = _add_action(
        actions,
        "delete-all",
        delete_all,
        "Delete everything for good: entries, layers, and who was set aside for testing.",
    )
    parser.add_argument("--yes", action="store_true", help="really")


def _add_layer_actions(actions: Any) -> None:
    _add_action(
        actions,
        "train",
        train,
        "Fit a correction layer for the default emotion model on what you said the clips really were; "
        "a candidate, not used yet.",
    )
    evaluated = _add_action(
        actions,
        "evaluate",
        evaluate,
        "Test a layer anew, on your speakers who were set aside and on the corpora.",
    )
    adopted = _add_action(
        actions, "adopt", adopt, "Let a layer correct the default emotion model from now on."
    )
    for parser in (evaluated, adopted):
        parser.add_argument(
            "layer", nargs="?", type=int, metavar="LAYER", help="its number (default: the newest)"
        )
    adopted.add_argument(
        "--force", action="store_true", help="even if less is recognised of a corpus, beyond chance"
    )
    _add_action(
        actions, "rollback", roll_back, "Go back to what was used before the last adoption."
    )


def list_entries(options: argparse.Namespace) -> int:
    """Write a row per entry, and to stderr what corrects the default model; return the exit code."""
    opened = library.open_library(create=False)
    entries = opened.entries(options.owner)
    if options.format == "json":
        write_json([entry.to_dict() for entry in entries], sys.stdout)
        return 0
    part_of = opened.assign_parts(options.owner)
    header = ("id", "kept (UTC)", "s", "answer", "your label", "speaker", "name")
    rows = [
        _entry_row(entry, set_aside=part_of.get(entry.speaker.casefold()) == "test")
        for entry in entries
    ]
    sys.stdout.write(align(header, rows))
    adopted = opened.adopted_layer(options.owner)
    sys.stderr.write(f"{len(entries)} kept. {_describe_use(adopted)}\n")
    return 0


def _entry_row(entry: LibraryEntry, *, set_aside: bool) -> tuple[str, ...]:
    return (
        f"{entry.id}",
        f"{entry.kept_at:%Y-%m-%d %H:%M}",
        f"{entry.duration_s:.1f}",
        entry.answer or "cannot tell",
        entry.emotion,
        f"{entry.speaker} (set aside)" if set_aside else entry.speaker,
        entry.name,
    )


def export(options: argparse.Namespace) -> int:
    """Write all entries as a corpus and return the exit code."""
    from ser_core.library.export import export_folder

    opened = library.open_library(create=False)
    n_clips = export_folder(opened, options.owner, Path(options.folder))
    sys.stderr.write(f"{count_noun(n_clips, 'clip')} written to {options.folder}\n")
    return 0


def delete(options: argparse.Namespace) -> int:
    """Delete the named entries, or none where one of them does not exist; return the exit code."""
    opened = library.open_library(create=False)
    opened.delete(options.owner, options.ids)
    sys.stderr.write(f"deleted: {', '.join(map(str, options.ids))}\n")
    if opened.layers(options.owner):
        sys.stderr.write("A correction learnt from these stays until `library delete-all`.\n")
    return 0


def delete_all(options: argparse.Namespace) -> int:
    """Delete everything where `--yes` is given; return the exit code."""
    opened = library.open_library(create=False)
    if not options.yes:
        n_entries = len(opened.entries(options.owner))
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"This deletes {n_entries} entries of {options.owner!r} "
            "and all that was learnt from them, for good.",
            "Add --yes if you mean it.",
        )
    sys.stderr.write(f"{opened.delete_all(options.owner)} deleted\n")
    return 0


def train(options: argparse.Namespace) -> int:
    """Train a candidate, print what it changes and return the exit code."""
    from ser_core.library import corrections

    opened = library.open_library(create=False)
    layer = corrections.train(opened, options.owner, _show_progress)
    sys.stdout.write(f"{_describe_layer(layer)} It is not used yet.\n\n")
    sys.stdout.write(summarise_layer(layer.report))
    own = layer.report["library"]
    gain = own["difference"]["value"] if own else None
    if gain is not None and gain <= 0:
        sys.stdout.write(
            "On your speakers set aside no more is recognised with it than without: "
            "there is no reason to use it.\n"
        )
    else:
        sys.stdout.write(f"To use it: python -m ser_core library adopt {layer.id}\n")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Print what a layer changes, tested anew, and return the exit code."""
    from ser_core.library import corrections

    opened = library.open_library(create=False)
    layer = _find_layer(opened.layers(options.owner), options.layer)
    report = corrections.evaluate(opened, options.owner, layer, _show_progress)
    sys.stdout.write(f"{_describe_layer(layer)}\n\n{summarise_layer(report)}")
    return 0


def adopt(options: argparse.Namespace) -> int:
    """Use a layer and return the exit code."""
    from ser_core.library import corrections

    opened = library.open_library(create=False)
    layer = _find_layer(opened.layers(options.owner), options.layer)
    if opened.is_in_use(options.owner, layer):
        sys.stdout.write(f"Layer {layer.id} is in use already.\n")
        return 0
    corrections.adopt(opened, options.owner, layer, options.force)
    sys.stdout.write(f"{_describe_use(layer)} To go back: python -m ser_core library rollback\n")
    return 0


def roll_back(options: argparse.Namespace) -> int:
    """Take the last adoption back and return the exit code."""
    opened = library.open_library(create=False)
    if not opened.roll_back(options.owner):
        raise SerError(
            ErrorCode.BAD_USAGE,
            "There is nothing to go back from: no layer is in use.",
            "See: python -m ser_core library list",
        )
    sys.stdout.write(f"{_describe_use(opened.adopted_layer(options.owner))}\n")
    return 0


def _find_layer(layers: Sequence[StoredLayer], number: int | None) -> StoredLayer:
    """The layer of a number; the newest where none was named."""
    for layer in reversed(layers):
        if number in (None, layer.id):
            return layer
    known = ", ".join(str(layer.id) for layer in layers) or "none"
    raise SerError(
        ErrorCode.NOT_FOUND,
        f"There is no layer{'' if number is None else f' {number}'}.",
        f"Layers: {known}. Make one: library train",
    )


def _describe_layer(layer: StoredLayer) -> str:
    learnt_from = describe_training(layer.report["train"])
    return f"Layer {layer.id} ({layer.digest[:12]}), learnt from {learnt_from}."


def _describe_use(layer: StoredLayer | None) -> str:
    if layer is None:
        return "The default emotion model is used as it ships."
    return f"The default emotion model is corrected by layer {layer.id} ({layer.digest[:12]})."


def _show_progress(entries: Sequence[LibraryEntry]) -> Iterable[LibraryEntry]:
    from tqdm import tqdm

    progress: Iterable[LibraryEntry] = tqdm(entries, unit="clip", desc="listen")
    return progress
