import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.preprocessing import StandardScaler

from ser_core import audio, exploration, features
from ser_core.emotions import EMOTIONS
from ser_core.features import FeatureVector


@pytest.fixture(scope="module")
def table():
    return exploration.shipped_features()


def test_every_one_of_the_128_attributes_can_be_explored(table):
    specs = exploration.specs()
    assert len(specs) == 128
    assert set(specs) <= set(table.columns)


def test_a_summary_is_of_each_emotion_in_order(table):
    summary = exploration.feature_summary(exploration.feature_values(table, "f0_median"))
    assert tuple(summary.index) == EMOTIONS
    assert summary["clips"].sum() == 1440
    assert summary.loc["angry", "median"] == table.loc[table["emotion"] == "angry", "f0_median"].median()


def test_a_percentile_is_the_share_of_clips_below(table):
    values = exploration.feature_values(table, "f0_median")
    assert set(exploration.percentile(values, -1).values()) == {0.0}
    assert set(exploration.percentile(values, 1e9).values()) == {1.0}
    middle = values.loc[values["emotion"] == "sad", "value"].median()
    assert exploration.percentile(values, middle)["sad"] == pytest.approx(0.5, abs=0.01)


def test_a_mel_spectrum_has_20_bands_per_emotion_and_the_recordings_own(table, recording):
    vector = features.extract(recording)
    bands = exploration.mel_spectrum(table, ["calm", "angry"], vector)
    assert bands.groupby("emotion").size().to_dict() == {"calm": 20, "angry": 20, "recording": 20}
    own = bands[bands["emotion"] == "recording"]
    np.testing.assert_allclose(own["mean"], vector.values[:20])
    assert (bands["low"].dropna() <= bands["high"].dropna()).all()


def test_anger_is_pitched_higher_than_calm_as_the_literature_says(table):
    summary = exploration.feature_summary(exploration.feature_values(table, "f0_median"))
    assert summary.loc["angry", "median"] > summary.loc["calm", "median"]


# ------------------------------------------------------------------------------------------- what tells emotions apart


def test_the_ranking_is_a_paired_test_over_speakers(table):
    found = exploration.ranking(table, "angry", "sad").set_index("feature")
    assert len(found) == 128
    assert (found["speakers"] == 24).all()
    assert found["effect"].abs().is_monotonic_decreasing
    of_speaker = table.groupby(["speaker", "emotion"])[list(found.index)].mean()
    angry, sad = (of_speaker.xs(emotion, level="emotion") for emotion in ("angry", "sad"))
    p = pd.Series({name: stats.ttest_rel(angry[name], sad[name]).pvalue for name in found.index})
    np.testing.assert_allclose(found["p_corrected"], stats.false_discovery_control(p), rtol=1e-6)
    apart = angry - sad
    np.testing.assert_allclose(found["effect"], (apart.mean() / apart.std())[found.index])
    np.testing.assert_allclose(found["difference"], apart.mean()[found.index])
    assert ((found["low"] < found["effect"]) & (found["effect"] < found["high"])).mean() > 0.95


def test_the_interval_of_the_effect_keeps_its_word():
    """It holds the true effect in 95 of 100 corpora: here of twelve speakers whose 128 attributes all have the true effect 1.5."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(5):
        rows = [
            {"speaker": f"s{speaker}", "emotion": emotion} | dict(zip(exploration.specs(), values, strict=True))
            for speaker in range(12)
            for emotion, values in (("angry", rng.normal(1.5, 1, 128)), ("sad", np.zeros(128)))
        ]
        found = exploration.ranking(pd.DataFrame(rows), "angry", "sad")
        held += ((found["low"] <= 1.5) & (found["high"] >= 1.5)).tolist()
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_the_other_way_round_is_the_negative(table):
    one, other = (exploration.ranking(table, *pair).set_index("feature") for pair in (("angry", "calm"), ("calm", "angry")))
    np.testing.assert_allclose(one["effect"], -other["effect"][one.index])
    np.testing.assert_allclose(one["p_corrected"], other["p_corrected"][one.index])


def test_emotions_that_are_shuffled_are_told_apart_by_next_to_nothing(table):
    """The correction keeps its word: of labels dealt at random within each speaker hardly any attribute is called different."""
    rng = np.random.default_rng(0)
    two = table[table["emotion"].isin(["angry", "sad"])]
    dealt = two.groupby("speaker")["emotion"].transform(lambda own: rng.permutation(own.to_numpy()))
    found = exploration.ranking(two.assign(emotion=dealt), "angry", "sad")
    assert (found["p_corrected"] < 0.05).sum() <= 2


def test_a_constant_attribute_tells_nothing(table):
    found = exploration.ranking(table.assign(f0_median=1.0), "angry", "sad").set_index("feature")
    assert found.loc["f0_median", "effect"] == 0
    assert found.loc["f0_median", "p_corrected"] == 1


def test_ones_own_value_stands_beside_the_summary(table):
    values = exploration.feature_values(table, "f0_median")
    summary = exploration.feature_summary(values, 200.0)
    expected = 100 * (values.loc[values["emotion"] == "calm", "value"] < 200).mean()
    assert summary.loc["calm", "below your recording (%)"] == pytest.approx(expected)


# ----------------------------------------------------------------------------------------------------------- the map


@pytest.fixture(scope="module")
def own():
    return features.extract(audio.load(next((exploration.DATA_DIR / "samples").glob("*.flac"))), exploration.FEATURE_SET)


def test_the_linear_map_is_that_of_scikit_learn(table):
    placed = exploration.linear_map(table)
    expected = PCA(2, svd_solver="full").fit_transform(StandardScaler().fit_transform(table[list(exploration.specs())]))
    for axis, column in enumerate(("x", "y")):
        assert abs(np.corrcoef(placed[column], expected[:, axis])[0, 1]) == pytest.approx(1, abs=1e-9)
        assert placed[column].std() == pytest.approx(expected[:, axis].std(ddof=1), rel=1e-6)


@pytest.mark.parametrize("kind", exploration.MAPS)
def test_every_clip_is_on_both_maps_and_the_recording_last(kind, table, own):
    placed = exploration.map_of(table, kind, own)
    assert list(placed["path"][:-1]) == list(table["path"])
    assert placed.iloc[-1]["emotion"] == "recording"
    assert placed[["x", "y"]].notna().all(axis=None)
    assert len(exploration.map_of(table, kind)) == len(table)


def test_the_stored_map_keeps_neighbours_together(table):
    """Of the ten clips nearest by all attributes many are among the ten nearest on the map; at random it would be one in 144."""
    assert trustworthiness(exploration.standardised(table), exploration.neighbour_map(table)[["x", "y"]], n_neighbors=10) > 0.9


def test_a_clip_of_the_corpus_is_nearest_to_itself(table):
    row = table.iloc[100]
    itself = FeatureVector(row[list(exploration.specs())].to_numpy(dtype=float), tuple(exploration.specs()), exploration.FEATURE_SET)
    assert exploration.nearest(table, itself)["path"].iloc[0] == row["path"]
    on_map = exploration.linear_map(table, itself)
    assert on_map.iloc[-1][["x", "y"]].tolist() == pytest.approx(on_map.iloc[100][["x", "y"]].tolist())


def test_a_rectangle_selects_the_clips_inside_it(table, own):
    placed = exploration.map_of(table, "linear", own)
    assert exploration.inside(placed, {}).empty
    chosen = exploration.inside(placed, {"x": [5.0, -1e3], "y": [-1e3, 1e3]})
    assert len(chosen) == (placed["x"].iloc[:-1] <= 5).sum()
    assert "" not in set(chosen["path"])
    assert len(exploration.inside(placed, {"x": [-1e3, 1e3], "y": [-1e3, 1e3]})) == len(table)


def test_the_difference_of_two_spectra_is_paired_over_speakers(table):
    found = exploration.spectrum_difference(table, "angry", "calm")
    means = table.groupby(["speaker", "emotion"])["mel_05"].mean().unstack()
    apart = means["angry"] - means["calm"]
    interval = stats.ttest_1samp(apart, 0).confidence_interval(0.95)
    assert found.iloc[4][["mean", "low", "high"]].tolist() == pytest.approx([apart.mean(), interval.low, interval.high])
    assert len(found) == 20
