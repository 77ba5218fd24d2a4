"""Feature tables: what is refused, what is kept, and that the stored ones are whole."""

import numpy as np
import pandas as pd
import pytest

from ser_core.audio.augmentation import COPIES
from ser_core.errors import SerError
from ser_core.features import FEATURE_SETS, csv_tables, tables
from tests.support.own_tables import own_table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="emotion"), "lacks the column emotion"),
        (lambda t: t.drop(columns="f0_median"), "acoustic128_v1 lacks 1: f0_median"),
        (lambda t: t.assign(emotion="bored"), "line 2: The emotion must be one of"),
        (lambda t: t.assign(gender="robot"), "gender that is none of male, female in line 2"),
        (
            lambda t: t.assign(f0_median=t["f0_median"].where(t.index != 3)),
            "non-numeric or huge feature in line 5",
        ),
        (lambda t: t.assign(f0_median=1e300), "huge feature in line 2"),
        (
            lambda t: pd.concat([t, t.iloc[:4].assign(emotion="calm")]),
            "calm has 4 clips; each emotion needs at least 5",
        ),
        (lambda t: t.assign(emotion="happy"), "one emotion only"),
        (lambda t: t.iloc[::8], "one emotion only"),
        (lambda t: t.iloc[:0], "has no rows"),
    ],
)
def test_a_faulty_table_is_refused_with_the_place_of_the_fault(change, message, tmp_path):
    path = tmp_path / "mine.csv"
    tables.write_csv([change(own_table())], path)
    with pytest.raises(SerError, match=message) as caught:
        csv_tables.read_table(path)
    assert caught.value.code == "BAD_TABLE"


def test_a_large_table_keeps_labels_and_features_to_a_ten_thousandth(tmp_path):
    names = list(FEATURE_SETS["functionals_v1"].names)
    labels = own_table()[["speaker", "emotion"]].assign(duration_s=1.25, sha256="x")
    values = pd.DataFrame(
        np.random.default_rng(0).normal(size=(len(labels), len(names))), columns=names
    )
    table = pd.concat([labels, values], axis=1)
    tables.write_parquet([table], tmp_path / "t.parquet")
    back = pd.read_parquet(tmp_path / "t.parquet")
    assert list(back.columns) == list(table.columns)
    pd.testing.assert_frame_equal(back[list(labels)], labels)
    np.testing.assert_allclose(back[names], values, rtol=1.3e-4)


def test_a_missing_large_table_is_named_with_the_way_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setattr("ser_core.features.tables.DATA_DIR", tmp_path)
    with pytest.raises(SerError, match=r"ravdess/functionals_v1\.parquet is missing") as caught:
        tables.read_joint_table("functionals_v1")
    assert "python -m ser_core extract ravdess --feature-set functionals_v1" in caught.value.hint


@pytest.fixture(scope="module")
def all_corpora():
    return tables.read_joint_table("functionals_v1")


@pytest.mark.tables
def test_the_tables_of_all_corpora_hold_every_usable_clip_and_its_copies(all_corpora):
    assert all_corpora.rows["corpus"].value_counts().to_dict() == {
        "crema-d": 7435,
        "nemo": 4481,
        "ravdess": 1440,
    }
    assert all_corpora.rows["speaker"].nunique() == 124
    assert tuple(all_corpora.copies) == COPIES
    assert np.isfinite(all_corpora.x).all()
    for copy in all_corpora.copies.values():
        assert copy.shape == all_corpora.x.shape == (13356, 639)
        assert np.isfinite(copy).all()
        assert np.median(np.abs(all_corpora.x - copy) / all_corpora.x.std(axis=0)) > 0.1
