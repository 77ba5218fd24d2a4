"""Tables of probabilities as small integers: what is read is what was stored."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import compact_tables, out_of_fold, robustness

LABELS = [*EMOTIONS, *GENDERS]


@pytest.mark.parametrize(("decimals", "stored_as"), [(4, "uint16"), (5, "uint32")])
def test_what_is_read_is_what_was_stored_and_the_coarser_step_is_taken(
    decimals, stored_as, tmp_path, rng
):
    probabilities = rng.random((50, len(LABELS))).round(decimals)
    probabilities[0], probabilities[1] = 0, 1
    probabilities[::2, len(EMOTIONS) :] = np.nan  # labels of the other task
    table = pd.DataFrame(probabilities.astype(np.float32), columns=LABELS)
    table.insert(0, "path", [f"clip-{number}" for number in range(50)])
    path = tmp_path / "t.parquet"
    compact_tables.write_compact(table, path)
    pd.testing.assert_frame_equal(compact_tables.read_compact(path), table)
    types = {str(pq.read_schema(path).field(label).type) for label in LABELS}
    assert types == {stored_as}


def test_finer_probabilities_are_rounded_to_the_finest_step(tmp_path):
    table = pd.DataFrame({label: [1 / 3] for label in LABELS})
    compact_tables.write_compact(table, tmp_path / "t.parquet")
    read = compact_tables.read_compact(tmp_path / "t.parquet")
    np.testing.assert_array_equal(read, np.full((1, len(LABELS)), 0.33333, np.float32))


def test_the_stored_tables_are_compact():
    paths = [out_of_fold.out_of_fold_path(name) for name in ("ravdess", "crema-d", "nemo")]
    for path in [*paths, robustness.CONDITIONS_TABLE]:
        schema = pq.read_schema(path)
        assert {str(schema.field(label).type) for label in LABELS} <= {"uint16", "uint32"}
