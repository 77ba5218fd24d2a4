"""The commands that store what the explorer shows."""

import numpy as np
import pandas as pd
import pytest

from ser_core import cli, exploration
from ser_core.exploration import contours
from tests.support.synthesis import FORMATS, voice


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Where the commands write to in this test."""
    monkeypatch.setattr("ser_core.exploration.contours.DATA_DIR", tmp_path)
    monkeypatch.setattr("ser_core.exploration.clip_map.DATA_DIR", tmp_path)
    for corpus in ("ravdess", "crema-d", "nemo"):
        (tmp_path / corpus).mkdir()
    return tmp_path


def test_contours_are_stored_of_clips_with_enough_voice(stored, monkeypatch, capsys, rng):
    folder = stored / "corpora" / "ravdess"
    folder.mkdir(parents=True)
    (folder / "a.flac").write_bytes(FORMATS["flac"](voice(200.0, seconds=2.0)))
    (folder / "b.flac").write_bytes(FORMATS["flac"](rng.normal(0, 0.1, 16_000).astype(np.float32)))
    monkeypatch.setenv("SER_CORPORA", str(folder.parent))
    monkeypatch.setattr(
        "ser_core.exploration.read_shipped_features",
        {"ravdess": pd.DataFrame({"path": ["a.flac", "b.flac"]})}.__getitem__,
    )
    assert cli.main(["contours", "ravdess", "--jobs", "1"]) == 0
    assert "1 of 2 clips" in capsys.readouterr().err
    table = contours.read_contours(["ravdess"])
    assert table["path"].tolist() == ["a.flac"]
    np.testing.assert_allclose(table[contours.POINTS], 200, rtol=0.03)


def test_contours_need_the_corpus(monkeypatch, capsys):
    monkeypatch.delenv("SER_CORPORA", raising=False)
    assert cli.main(["contours", "ravdess"]) == 2
    assert "SER_CORPORA" in capsys.readouterr().err


def test_one_map_is_stored_by_corpus(stored, monkeypatch, capsys):
    few = {
        corpus: exploration.read_shipped_features(corpus).iloc[::60]
        for corpus in ("ravdess", "crema-d", "nemo")
    }
    monkeypatch.setattr("ser_core.exploration.read_shipped_features", few.__getitem__)
    assert cli.main(["map"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"saved {corpus}/map.csv" for corpus in ("crema-d", "nemo", "ravdess")
    ]
    placed = exploration.read_stored_places(list(few))
    assert len(placed) == sum(len(table) for table in few.values())
    assert placed[["x", "y"]].notna().all(axis=None)
