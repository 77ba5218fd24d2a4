"""Many predictions as a table: every file has its row, and the errors are among them."""

import pytest

from ser_core import audio, models, prediction
from ser_core.errors import ErrorCode, SerError
from ser_core.prediction import entries
from ser_core.storage.paths import DATA_DIR


@pytest.fixture(scope="module")
def all_entries():
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


def test_every_file_has_its_row_in_order(all_entries):
    table = entries.to_table(all_entries)
    assert list(table.columns) == list(entries.COLUMNS)
    assert list(table["file"]) == [name for name, _ in all_entries]
    assert table["error"].notna().tolist() == [False, False, True, False, False]
    assert table["happy"].notna().tolist() == [True, True, False, True, True]
    for (_, result), row in zip(all_entries, table.to_dict("records"), strict=True):
        if not isinstance(result, SerError):
            assert row["emotion"] == (result.emotion or "")
            assert row["happy"] == pytest.approx(result.emotion_probabilities["happy"], abs=1e-6)


def test_json_has_the_error_where_there_is_one(all_entries):
    has_error = ["error" in entries.to_json(entry) for entry in all_entries]
    assert has_error == [False, False, True, False, False]
    assert entries.to_json(all_entries[2])["error"]["code"] == "NOT_AUDIO"


def test_filters_narrow_the_table(all_entries):
    table = entries.to_table(all_entries)
    assert len(entries.filter_table(table)) == 5
    assert set(entries.filter_table(table, named="VOICE")["file"]) == {
        name for name, _ in all_entries if "voice" in name
    }
    answered = entries.filter_table(table, answered=True)
    assert (answered["decision"] == "ok").all()
    assert 0 < len(answered) < 5
    emotion = answered["emotion"].iloc[0]
    assert set(entries.filter_table(table, [emotion])["emotion"]) == {emotion}
    assert entries.filter_table(table, named="no such file").empty


def test_the_summary_counts_everything(all_entries):
    sentence = entries.summarise(entries.to_table(all_entries))
    assert sentence.startswith("5 clips: ")
    assert "1 could not be used" in sentence
    assert "cannot be told" in sentence
    assert entries.summarise(entries.to_table(all_entries[2:3])) == "1 clip: 1 could not be used."
