"""The map of the explorer: the clips of all corpora in two dimensions, neighbours beside each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE

from ser_core import exploration

SEED = 0


def neighbour_map(table: pd.DataFrame) -> pd.DataFrame:
    """Where each clip lies: columns corpus, path, x and y, by t-SNE (van der Maaten & Hinton 2008) on the standardised features.

    Begun from the first two principal components, so that the large distances mean something, too (Kobak & Berens 2019).
    """
    space = exploration.space_of(table)
    start = space.features @ space.axes.T
    start = start / start[:, 0].std() * 1e-4
    placed = TSNE(
        n_components=2, init=start, perplexity=30, learning_rate="auto", random_state=SEED
    ).fit_transform(space.features)
    return table[["corpus", "path"]].assign(
        x=np.round(placed[:, 0], 2), y=np.round(placed[:, 1], 2)
    )
