"""The commands that store what the feature explorer shows: `map` and `contours`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core.cli.arguments import add_command, add_jobs
from ser_core.cli.output import jobs_for
from ser_core.storage import manifest

if TYPE_CHECKING:
    import numpy as np


def add_commands(commands: Any) -> None:
    """Declare `map` and `contours`."""
    add_command(
        commands,
        "map",
        store_map,
        "Lay the clips of all corpora out in two dimensions for the feature explorer (a few minutes).",
    )
    parser = add_command(
        commands,
        "contours",
        store_contours,
        "Store the pitch of every clip over normalised time for the feature explorer (needs SER_CORPORA).",
    )
    parser.add_argument(
        "corpora",
        nargs="*",
        metavar="CORPUS",
        help="name of a corpus in SER_CORPORA (default: all)",
    )
    add_jobs(parser)


def store_map(_: argparse.Namespace) -> int:
    """Compute the explorer's map of all corpora anew, store it and return the exit code."""
    import pandas as pd

    from ser_core import exploration
    from ser_core.corpora import CORPORA
    from ser_core.exploration import projection

    placed = projection.neighbour_map(
        pd.concat(
            [exploration.read_shipped_features(corpus) for corpus in CORPORA], ignore_index=True
        )
    )
    for corpus, part in placed.groupby("corpus"):
        path = exploration.map_path(str(corpus))
        with manifest.storing(path) as file:
            part.drop(columns="corpus").to_csv(file, index=False, lineterminator="\n")
        sys.stderr.write(f"saved {path.parent.name}/{path.name}\n")
    return 0


def store_contours(options: argparse.Namespace) -> int:
    """Track the pitch of every clip of some corpora, store the contours and return the exit code.

    Clips with too little voice are left out.
    """
    from ser_core.corpora import CORPORA

    for corpus in options.corpora or CORPORA:
        _store_contours(corpus, jobs_for(options.jobs))
    return 0


def _store_contours(corpus: str, jobs: int) -> None:
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm import tqdm

    from ser_core import corpora, exploration
    from ser_core.exploration import contours

    folder = corpora.resolve(corpus)
    paths = exploration.read_shipped_features(corpus)["path"]
    work = (delayed(_track)(folder / path) for path in paths)
    results = Parallel(n_jobs=jobs, return_as="generator")(work)
    progress = tqdm(results, total=len(paths), unit="clip", desc=corpus)
    tracked = {
        path: contour for path, contour in zip(paths, progress, strict=True) if contour is not None
    }
    table = pd.DataFrame.from_dict(tracked, orient="index", columns=contours.POINTS)
    file = contours.contours_path(corpus)
    contours.write_contours(table.rename_axis("path").reset_index(), file)
    sys.stderr.write(
        f"saved {corpus}/{file.name}: {len(tracked)} of {len(paths)} clips; "
        "the others have too little voice\n"
    )


def _track(path: Path) -> np.ndarray | None:
    from ser_core.audio import isolated
    from ser_core.exploration import contours

    return contours.recording_contour(isolated.load(path))
