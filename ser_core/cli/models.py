"""The command `models`: list models, check their files, fit them again, or list the digests of a folder."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ser_core import models
from ser_core.cli.arguments import add_command, add_jobs
from ser_core.cli.layout import align
from ser_core.cli.output import jobs_for
from ser_core.errors import ErrorCode, SerError
from ser_core.models import ModelCard
from ser_core.models.kinds import BAGGED_PERCEPTRONS
from ser_core.storage import manifest, paths
from ser_core.storage.paths import MODELS_DIR

_OTHER_VERSION = "other version"


def add_commands(commands: Any) -> None:
    """Declare `models`."""
    parser = add_command(
        commands,
        "models",
        manage,
        "List, verify or rebuild models, or seal a folder of them: list the digests of its files as "
        "they are.",
    )
    parser.add_argument("action", choices=("list", "verify", "rebuild", "seal"))
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="for example emotion-svc (default: all); with seal or verify: a folder",
    )
    parser.add_argument("--models", metavar="DIR", default=str(MODELS_DIR))
    add_jobs(parser)


def manage(options: argparse.Namespace) -> int:
    """List, verify, rebuild or seal models and return the exit code."""
    folder = Path(options.models)
    if options.action == "seal":
        return _seal(options.ids)
    if options.action == "verify":
        if len(options.ids) == 1 and Path(options.ids[0]).is_dir():
            return _verify((), Path(options.ids[0]))
        return _verify(options.ids, folder)
    cards = models.cards(folder)
    if not cards:
        raise _no_model(folder)
    _check_known(options.ids, [card.id for card in cards])
    chosen = [card for card in cards if not options.ids or card.id in options.ids]
    if options.action == "list":
        return _list(chosen, folder)
    return _rebuild(chosen, folder, options)


def _no_model(folder: Path) -> SerError:
    return SerError(
        ErrorCode.MODEL_NOT_FOUND,
        f"There is no model in {str(folder)!r}.",
        "Train those that ship: python -m ser_core train",
    )


def _check_known(ids: Sequence[str], known: Sequence[str]) -> None:
    unknown = set(ids) - set(known)
    if unknown:
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model {', '.join(sorted(unknown))}.",
            f"The models are: {', '.join(known)}.",
        )


def _list(cards: Sequence[ModelCard], folder: Path) -> int:
    defaults = {models.default_card(task, folder).id for task in {card.task for card in cards}}
    rows = [
        (
            card.id,
            card.title,
            card.feature_set,
            "unknown" if card.unseen_uar is None else f"{100 * card.unseen_uar:.1f}",
            "default" if card.id in defaults else "",
        )
        for card in cards
    ]
    sys.stdout.write(align(("id", "title", "features", "UAR unseen", ""), rows))
    return 0


class _FileState(NamedTuple):
    """What has become of a file below `root`; or of a whole model, then with the reason."""

    root: Path
    path: Path
    state: str
    reason: str = ""

    def __str__(self) -> str:
        name = self.path.relative_to(self.root).as_posix()
        return f"{self.root.name}/{name}: {self.state}{self.reason}\n"


def _verify(ids: Sequence[str], folder: Path) -> int:
    """Say of every file in a folder of models whether it is the listed one, a line each.

    With the models that ship, the files of `data/` are checked, too. Models with unchanged files are also
    loaded: one may have been saved with another version of a library.
    """
    if not any(folder.glob(f"*/{models.CARD}")) and not manifest.listed_names(folder):
        raise _no_model(folder)
    root = models.root_of(folder)
    files = _check_files(root)
    homes = {file.path.parent for file in files if file.path.name == models.CARD}
    _check_known(ids, sorted(home.name for home in homes))
    roots = [root]
    if root == MODELS_DIR and not ids:
        roots.append(paths.DATA_DIR)
        files += _check_files(paths.DATA_DIR)
    changed = {file.path.parent for file in files if file.state != manifest.OK}
    files += _load_each(root, homes - changed)
    return _tell_states(files, ids, roots)


def _tell_states(files: Sequence[_FileState], ids: Sequence[str], roots: Sequence[Path]) -> int:
    """Write the states, their counts and the digest of each list; return the exit code."""
    counts: Counter[str] = Counter()
    for file in files:
        if not ids or file.path.name in ids or file.path.parent.name in ids:
            counts[file.state] += 1
            sys.stdout.write(str(file))
    sys.stderr.write(f"{', '.join(f'{count} {state}' for state, count in counts.items())}\n")
    for root in roots:
        digest = manifest.list_digest(root)
        sys.stderr.write(f"{root.name}/{manifest.MANIFEST} has the SHA-256 {digest}\n")
    return 0 if set(counts) <= {manifest.OK} else 1


def _check_files(root: Path) -> list[_FileState]:
    return [_FileState(root, root / file.name, file.state) for file in manifest.check_folder(root)]


def _load_each(root: Path, homes: Collection[Path]) -> list[_FileState]:
    """The models that cannot be loaded although their files are unchanged."""
    states = []
    for home in sorted(homes):
        try:
            models.load(models.read_card(home), home.parent)
        except SerError as error:
            is_version = error.code == ErrorCode.MODEL_VERSION
            state = _OTHER_VERSION if is_version else error.code.value
            states.append(_FileState(root, home, state, f" ({error} {error.hint})"))
    return states


def _seal(ids: Sequence[str]) -> int:
    """List the digests of a folder of models as they are now; with the models that ship, of `data/`, too."""
    if len(ids) != 1:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "Sealing trusts a folder of models as it is now; one is named at a time. "
            f"Got {len(ids)}.",
            "Run: python -m ser_core models seal FOLDER "
            "(of those that ship: models verify first, then seal models).",
        )
    folder = Path(ids[0])
    if not any(folder.rglob(models.CARD)):
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model in {str(folder)!r}.",
            "Name a folder that `train --output` made.",
        )
    root = models.root_of(folder)
    sealed = {root: models.seal(folder)}
    if root == MODELS_DIR:
        sealed[paths.DATA_DIR] = manifest.seal(paths.DATA_DIR)
    for sealed_root, (n_files, digest) in sealed.items():
        path = sealed_root / manifest.MANIFEST
        sys.stdout.write(f"{path}: {n_files} files, SHA-256 {digest}\n")
    return 0


def _rebuild(cards: Sequence[ModelCard], folder: Path, options: argparse.Namespace) -> int:
    from joblib import Parallel, delayed

    # Training imports scikit-learn, which no other command should wait for.
    from ser_core.training import cross_validation, final_models, release

    fitted = [card for card in cards if card.kind.is_rebuildable]
    if len(fitted) < len(cards) and options.ids:
        others = ", ".join(card.id for card in cards if card not in fitted)
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"Only scikit-learn models can be rebuilt from data/. Not: {others}.",
            "Networks are trained by: make train",
        )
    tables = cross_validation.shipped_tables()
    work = (
        delayed(release.rebuild_perceptrons)(card, folder)
        if card.classifier == BAGGED_PERCEPTRONS
        else delayed(final_models.rebuild)(card, folder, tables)
        for card in fitted
    )
    jobs = jobs_for(options.jobs) if len(fitted) > 1 else 1
    for card in Parallel(n_jobs=jobs, return_as="generator")(work):
        sys.stderr.write(f"rebuilt {folder.name}/{card.id}\n")
    return 0
