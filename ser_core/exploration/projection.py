"""Computing the stored map of neighbours: the clips of all corpora in two dimensions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE

from ser_core.exploration.clip_map import build_space

SEED = 0


def neighbour_map(table: pd.DataFrame) -> pd.DataFrame:
    """The place of each clip, by t-SNE on the standardised features (van der Maaten & Hinton 2008).

    It begins from the first two principal components, so that large distances mean something, too
    (Kobak & Berens 2019).

    Parameters
    ----------
    table : DataFrame
        The feature table of all clips.

    Returns
    -------
    DataFrame
        Columns corpus, path, x and y.
    """
    space = build_space(table)
    components = space.features @ space.axes.T
    start = components / components[:, 0].std() * 1e-4
    projection = TSNE(
        n_components=2, init=start, perplexity=30, learning_rate="auto", random_state=SEED
    )
    places = projection.fit_transform(space.features)
    return table[["corpus", "path"]].assign(
        x=np.round(places[:, 0], 2), y=np.round(places[:, 1], 2)
    )
