"""The command `models`: list them, say whether their files are what they were, refit those that can be, list digests anew."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ser_core import models
from ser_core.cli.output import aligned, jobs_for
from ser_core.errors import ErrorCode, SerError
from ser_core.models import MODELS_DIR
from ser_core.storage import manifest
from ser_core.training import cross_validation


def manage(options: argparse.Namespace) -> int:
    """List, verify or rebuild models."""
    folder = Path(options.models)
    if options.action == "seal":
        return _seal(options)
    if options.action == "verify":
        named = len(options.ids) == 1 and Path(options.ids[0]).is_dir()
        return _verify(() if named else options.ids, Path(options.ids[0]) if named else folder)
    found = models.cards(folder)
    if not found:
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model in {str(folder)!r}.",
            "Train those that ship: python -m ser_core train",
        )
    unknown = set(options.ids) - {card.id for card in found}
    if unknown:
        known = ", ".join(card.id for card in found)
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model {', '.join(sorted(unknown))}.",
            f"The models are: {known}.",
        )
    chosen = [card for card in found if not options.ids or card.id in options.ids]
    return {"list": _list, "rebuild": _rebuild}[options.action](chosen, folder, options)


def _list(chosen: list[models.ModelCard], folder: Path, _: argparse.Namespace) -> int:
    defaults = {models.default_card(task, folder).id for task in {card.task for card in chosen}}
    rows = [
        (
            card.id,
            card.title,
            card.feature_set,
            "unknown" if card.unseen_uar is None else f"{100 * card.unseen_uar:.1f}",
            "default" if card.id in defaults else "",
        )
        for card in chosen
    ]
    sys.stdout.write(aligned(("id", "title", "features", "UAR unseen", ""), rows))
    return 0


_OTHER_VERSION = "other version"


def _verify(ids: Sequence[str], folder: Path) -> int:
    """Say of every file of a folder of models (and of `data/` where these are the ones that ship) whether it is what it was, a line each.

    Models whose files are, are loaded, too: one may have been saved with another version of a library.
    """
    if not any(folder.glob(f"*/{models.CARD}")) and not manifest.names(folder):
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model in {str(folder)!r}.",
            "Train those that ship: python -m ser_core train",
        )
    root = models.root_of(folder)
    found = {root: manifest.check(root)}
    homes = {
        (root / file.name).parent for file in found[root] if Path(file.name).name == models.CARD
    }
    if unknown := set(ids) - {home.name for home in homes}:
        known = ", ".join(sorted({home.name for home in homes}))
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model {', '.join(sorted(unknown))}.",
            f"The models are: {known}.",
        )
    if root == MODELS_DIR and not ids:
        found[manifest.DATA_DIR] = manifest.check(manifest.DATA_DIR)
    lines = [
        (base, base / file.name, file.state, "") for base, files in found.items() for file in files
    ]
    changed = {path.parent for _, path, state, _ in lines if state != manifest.OK}
    for home in sorted(homes - changed):
        try:
            models.load(models.read_card(home), home.parent)
        except SerError as error:
            state = _OTHER_VERSION if error.code == ErrorCode.MODEL_VERSION else error.code.value
            lines.append((root, home, state, f" ({error} {error.hint})"))
    told = [line for line in lines if not ids or line[1].name in ids or line[1].parent.name in ids]
    for base, path, state, why in told:
        sys.stdout.write(f"{base.name}/{path.relative_to(base).as_posix()}: {state}{why}\n")
    counts = Counter(state for _, _, state, _ in told)
    sys.stderr.write(f"{', '.join(f'{count} {state}' for state, count in counts.items())}\n")
    for base in found:
        sys.stderr.write(
            f"{base.name}/{manifest.MANIFEST} has the SHA-256 {manifest.manifest_sha256(base)}\n"
        )
    return 0 if set(counts) <= {manifest.OK} else 1


def _seal(options: argparse.Namespace) -> int:
    """List the digests of a folder of models as they are now; with the models that ship, of the tables in data/, too."""
    if len(options.ids) != 1:
        message = f"Sealing trusts a folder of models as it is now; one is named at a time. Got {len(options.ids)}."
        hint = "Run: python -m ser_core models seal FOLDER (of those that ship: models verify first, then seal models)."
        raise SerError(ErrorCode.BAD_USAGE, message, hint)
    folder = Path(options.ids[0])
    if not any(folder.rglob(models.CARD)):
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND,
            f"There is no model in {str(folder)!r}.",
            "Name a folder that `train --output` made.",
        )
    sealed = {models.root_of(folder): models.seal(folder)}
    if models.root_of(folder) == MODELS_DIR:
        sealed[manifest.DATA_DIR] = manifest.seal(manifest.DATA_DIR)
    for root, (n_files, digest) in sealed.items():
        sys.stdout.write(f"{root / manifest.MANIFEST}: {n_files} files, SHA-256 {digest}\n")
    return 0


def _rebuild(chosen: list[models.ModelCard], folder: Path, options: argparse.Namespace) -> int:
    from joblib import Parallel, delayed

    from ser_core.training import release

    fitted = [card for card in chosen if card.artefact == models.ARTEFACT]
    if len(fitted) < len(chosen) and options.ids:
        left = ", ".join(card.id for card in chosen if card not in fitted)
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"Only scikit-learn models can be rebuilt from data/. Not: {left}.",
            "Networks are trained by: make train",
        )
    tables = cross_validation.shipped_tables()
    work = (
        delayed(release.rebuild_perceptrons)(card, folder)
        if card.classifier == "bagged_mlp"
        else delayed(cross_validation.rebuild)(card, folder, tables)
        for card in fitted
    )
    for rebuilt in Parallel(
        n_jobs=jobs_for(options.jobs if len(fitted) > 1 else 1), return_as="generator"
    )(work):
        sys.stderr.write(f"rebuilt {folder.name}/{rebuilt.id}\n")
    return 0
