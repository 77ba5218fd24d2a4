"""The map of all clips: where they lie, which are nearest, what a rectangle holds."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ser_core import audio, exploration, features
from ser_core.corpora import CORPORA
from ser_core.features import FeatureVector
from ser_core.storage.paths import DATA_DIR

NAMES = list(exploration.feature_specs())


@pytest.fixture(scope="module")
def table():
    return exploration.read_shipped_features()


@pytest.fixture(scope="module")
def space(table):
    return exploration.build_space(table)


@pytest.fixture(scope="module")
def all_clips():
    return pd.concat(
        [exploration.read_shipped_features(corpus) for corpus in CORPORA], ignore_index=True
    )


@pytest.fixture(scope="module")
def whole(all_clips):
    return exploration.build_space(all_clips)


@pytest.fixture(scope="module")
def own():
    return features.extract(
        audio.load(next((DATA_DIR / "samples").glob("*.flac"))), exploration.FEATURE_SET
    )


def vector_of(row):
    return FeatureVector(row[NAMES].to_numpy(dtype=float), tuple(NAMES), exploration.FEATURE_SET)


def mine_of(table):
    """A few clips as a person's own corpus: of unknown speakers, on no stored map."""
    return table.iloc[::200].assign(corpus="mine", speaker="", gender="")


def test_the_linear_map_is_that_of_scikit_learn(table, space):
    placed = exploration.place_clips(space, "linear")
    expected = PCA(2, svd_solver="full").fit_transform(StandardScaler().fit_transform(table[NAMES]))
    for axis, column in enumerate(("x", "y")):
        assert abs(np.corrcoef(placed[column], expected[:, axis])[0, 1]) == pytest.approx(
            1, abs=1e-9
        )
        assert placed[column].std() == pytest.approx(expected[:, axis].std(ddof=1), rel=1e-6)


@pytest.mark.parametrize("kind", exploration.MAPS)
def test_every_clip_of_all_corpora_is_on_both_maps_and_the_recording_last(
    kind, all_clips, whole, own
):
    placed = exploration.add_recording(exploration.place_clips(whole, kind), whole, kind, own)
    assert list(placed["path"][:-1]) == list(all_clips["path"])
    assert placed.iloc[-1]["emotion"] == exploration.RECORDING
    assert placed[["x", "y"]].notna().all(axis=None)


def test_the_stored_map_keeps_neighbours_together(whole):
    """Of the ten clips nearest by all attributes many are among the nearest on the map.

    The score is 1 where all are and 0.5 at random; every fifth clip is tested.
    """
    placed = exploration.place_clips(whole, "neighbours")[["x", "y"]].to_numpy()
    assert trustworthiness(whole.features[::5], placed[::5], n_neighbors=10) > 0.95


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_stored_map_keeps_the_neighbours_of_each_corpus_together(corpus, all_clips):
    own = all_clips[all_clips["corpus"] == corpus].iloc[:: {"crema-d": 4, "nemo": 2}.get(corpus, 1)]
    within = exploration.build_space(own)
    assert (
        trustworthiness(
            within.features,
            exploration.place_clips(within, "neighbours")[["x", "y"]],
            n_neighbors=10,
        )
        > 0.9
    )


def test_the_nearest_are_those_of_scikit_learn(whole, own):
    points = np.concatenate([whole.standardised(own.values[None]), whole.features[::40]])
    expected = (
        NearestNeighbors(n_neighbors=5, algorithm="brute")
        .fit(whole.features)
        .kneighbors(points, return_distance=False)
    )
    found = whole.nearest(points)
    assert (found == expected).mean() > 0.999  # but for ties
    among = np.arange(len(whole.features)) % 2 == 1
    assert (whole.nearest(points, among=among) % 2 == 1).all()


def test_a_clip_of_the_corpus_is_nearest_to_itself(table, space):
    row = table.iloc[100]
    assert exploration.nearest_clips(space, vector_of(row))["path"].iloc[0] == row["path"]
    placed = exploration.add_recording(
        exploration.place_clips(space, "linear"), space, "linear", vector_of(row)
    )
    assert placed.iloc[-1][["x", "y"]].tolist() == pytest.approx(
        placed.iloc[100][["x", "y"]].tolist()
    )


def test_a_recording_lies_amid_its_five_nearest_clips(space, own):
    placed = exploration.add_recording(
        exploration.place_clips(space, "neighbours"), space, "neighbours", own
    )
    near = placed.merge(
        exploration.nearest_clips(space, own)[["corpus", "path"]], on=["corpus", "path"]
    )
    assert placed.iloc[-1][["x", "y"]].tolist() == pytest.approx(near[["x", "y"]].median().tolist())


@pytest.mark.parametrize("with_stored", [True, False])
def test_clips_of_ones_own_lie_amid_the_stored_ones(with_stored, table, space):
    mine = mine_of(table)
    both = exploration.build_space(
        pd.concat([table, mine], ignore_index=True) if with_stored else mine
    )
    placed = exploration.place_clips(both, "neighbours", space)
    found = placed[placed["corpus"] == "mine"]
    stored = exploration.place_clips(space, "neighbours").set_index("path")
    reference = both if with_stored else space
    values = table[NAMES].to_numpy()
    for row, at in zip(mine[NAMES].to_numpy(), found[["x", "y"]].to_numpy(), strict=True):
        away = np.linalg.norm((values - row) / reference.deviation, axis=1)
        assert at.tolist() == pytest.approx(
            stored.loc[table["path"].iloc[np.argsort(away)[:5]], ["x", "y"]].median().tolist()
        )


def test_a_rectangle_selects_the_clips_inside_it_also_those_not_drawn(whole, own):
    placed = exploration.add_recording(
        exploration.place_clips(whole, "linear"), whole, "linear", own
    )
    assert exploration.clips_inside(placed, {}).empty
    chosen = exploration.clips_inside(placed, {"x": [5.0, -1e3], "y": [-1e3, 1e3]})
    assert len(chosen) == (placed["x"].iloc[:-1] <= 5).sum() > exploration.MOST_POINTS
    assert "" not in set(chosen["path"])
    assert list(chosen) == list(exploration.CLIP_COLUMNS)
    assert (
        len(exploration.clips_inside(placed, {"x": [-1e3, 1e3], "y": [-1e3, 1e3]}))
        == len(placed) - 1
    )


def test_the_map_is_thinned_evenly_and_keeps_the_recording(whole, own, space):
    placed = exploration.add_recording(
        exploration.place_clips(whole, "linear"), whole, "linear", own
    )
    drawn = exploration.thin_out(placed)
    assert len(drawn) == exploration.MOST_POINTS + 1
    assert drawn.iloc[-1]["emotion"] == exploration.RECORDING
    for column in ("corpus", "emotion", "gender"):
        shares = [
            own_table.iloc[:-1][column].value_counts(normalize=True)
            for own_table in (placed, drawn)
        ]
        assert (shares[0] - shares[1]).abs().max() < 0.02
    few = exploration.place_clips(space, "linear")
    assert exploration.thin_out(few) is few


def test_a_selection_among_all_corpora_takes_no_time(whole):
    placed = exploration.place_clips(whole, "neighbours")
    start = time.perf_counter()
    exploration.clips_inside(placed, {"x": [-20, 20], "y": [-20, 20]})
    exploration.thin_out(placed)
    whole.nearest(whole.features[:1])
    assert time.perf_counter() - start < 0.3
