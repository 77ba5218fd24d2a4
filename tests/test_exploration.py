import numpy as np
import pytest

from ser_core import exploration, features
from ser_core.emotions import EMOTIONS


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
