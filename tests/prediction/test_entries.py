"""Many predictions as a table: every file has its row, and the errors are among them."""

import pytest

from ser_core import audio, models, prediction
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import DATA_DIR
from ser_core.prediction import entries


@pytest.fixture(scope="module")
def found():
    pair = models.load_default("emotion"), models.load_default("gender")
    voices = [
        (path.name, prediction.predict(audio.load(path), *pair))
        for path in sorted((DATA_DIR / "samples").glob("*.flac"))
    ]
    return [
        *voices[:2],
        ("broken.wav", SerError(ErrorCode.NOT_AUDIO, "No audio.", "Choose another.")),
        *voices[2:],
    ]


def test_every_file_has_its_row_in_order(found):
    table = entries.table(found)
    assert list(table.columns) == list(entries.COLUMNS)
    assert list(table["file"]) == [name for name, _ in found]
    assert table["error"].notna().tolist() == [False, False, True, False, False]
    assert table["happy"].notna().tolist() == [True, True, False, True, True]
    for (_, result), row in zip(found, table.to_dict("records"), strict=True):
        if not isinstance(result, SerError):
            assert row["emotion"] == (result.emotion or "")
            assert row["happy"] == pytest.approx(result.emotion_probabilities["happy"], abs=1e-6)


def test_json_has_the_error_where_there_is_one(found):
    assert [("error" in entries.to_json(entry)) for entry in found] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert entries.to_json(found[2])["error"]["code"] == "NOT_AUDIO"


def test_filters_narrow_the_table(found):
    table = entries.table(found)
    assert len(entries.filtered(table)) == 5
    assert set(entries.filtered(table, named="VOICE")["file"]) == {
        name for name, _ in found if "voice" in name
    }
    answered = entries.filtered(table, answered=True)
    assert (answered["decision"] == "ok").all()
    assert 0 < len(answered) < 5
    emotion = answered["emotion"].iloc[0]
    assert set(entries.filtered(table, [emotion])["emotion"]) == {emotion}
    assert entries.filtered(table, named="no such file").empty


def test_the_summary_counts_everything(found):
    said = entries.summary(entries.table(found))
    assert said.startswith("5 clips: ")
    assert "1 could not be used" in said
    assert "cannot be told" in said
    assert entries.summary(entries.table(found[2:3])) == "1 clip: 1 could not be used."
