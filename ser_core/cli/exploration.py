"""The commands that store what the feature explorer shows: `map` and `contours`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.cli.output import jobs_for
from ser_core.storage import manifest

if TYPE_CHECKING:
    import numpy as np


def lay_out(options: argparse.Namespace) -> int:
    """Compute the explorer's map of all corpora anew and store it."""
    del options
    import pandas as pd

    from ser_core import exploration
    from ser_core.corpora import CORPORA
    from ser_core.exploration import projection

    placed = projection.neighbour_map(
        pd.concat([exploration.shipped_features(corpus) for corpus in CORPORA], ignore_index=True)
    )
    for corpus, part in placed.groupby("corpus"):
        path = exploration.map_path(str(corpus))
        with manifest.storing(path) as file:
            part.drop(columns="corpus").to_csv(file, index=False, lineterminator="\n")
        sys.stderr.write(f"saved {path.parent.name}/{path.name}\n")
    return 0


def contours(options: argparse.Namespace) -> int:
    """Track the pitch of every clip of some corpora and store their contours; clips with too little voice are left out."""
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm import tqdm

    from ser_core import corpora, exploration
    from ser_core.corpora import CORPORA
    from ser_core.exploration import contours as stored

    for corpus in options.corpora or CORPORA:
        folder = corpora.resolve(corpus)
        paths = exploration.shipped_features(corpus)["path"]
        work = (delayed(_contour)(folder / path) for path in paths)
        done = Parallel(n_jobs=jobs_for(options.jobs), return_as="generator")(work)
        found = dict(
            zip(paths, tqdm(done, total=len(paths), unit="clip", desc=corpus), strict=True)
        )
        kept = {path: contour for path, contour in found.items() if contour is not None}
        table = (
            pd.DataFrame.from_dict(kept, orient="index", columns=stored.POINTS)
            .rename_axis("path")
            .reset_index()
        )
        stored.write(table, stored.path_of(corpus))
        sys.stderr.write(
            f"saved {corpus}/{stored.path_of(corpus).name}: {len(kept)} of {len(found)} clips; the others have too little voice\n"
        )
    return 0


def _contour(path: Path) -> np.ndarray | None:
    from ser_core.audio import isolated
    from ser_core.exploration import contours as stored

    return stored.of_recording(isolated.load(path))
