"""Recordings stay kept as they were, for each owner alone, on SQLite and on PostgreSQL."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy

from ser_core import audio, prediction
from ser_core.errors import ErrorCode
from ser_core.library import (
    export,
    kept_recordings,
    schema,
)
from ser_core.library.store import Library
from ser_core.models import Layer
from ser_core.storage.paths import DATA_DIR
from tests.support.libraries import CARDS, fails, keep, noise


def test_what_is_kept_is_there_whole_when_the_library_is_opened_again(store, url, default_models):
    recording = audio.load(sorted((DATA_DIR / "samples").glob("*.flac"))[0])
    result = prediction.predict(recording, *default_models)
    number = store.keep(
        "local", "my clip.flac", recording, result, [model.card for model in default_models]
    )
    again = Library.at(url)
    (entry,) = again.entries("local")
    assert (entry.id, entry.name, entry.answer, entry.emotion, entry.speaker) == (
        number,
        "my clip.flac",
        result.emotion or "",
        "",
        "",
    )
    assert abs((datetime.now(UTC) - entry.kept_at).total_seconds()) < 60
    assert entry.duration_s == pytest.approx(recording.duration_s)
    assert hashlib.sha256(again.flac("local", number)).hexdigest() == entry.sha256
    np.testing.assert_allclose(
        again.recording("local", number).samples, recording.samples, atol=2e-7
    )
    said, by = again.read_prediction("local", number)
    assert said == json.loads(json.dumps(result.to_dict("my clip.flac")))
    assert by == {
        card.task: {"name": card.name, "sha256": card.sha256, "layer": None} for card in CARDS
    }
    once_more = prediction.predict(again.recording("local", number), *default_models)
    assert once_more.emotion_probabilities == pytest.approx(result.emotion_probabilities, abs=1e-4)
    again.database.close()


def test_the_same_recording_is_kept_once(store):
    assert keep(store) == keep(store, name="other name.wav")
    assert [entry.name for entry in store.entries("local")] == ["clip.wav"]
    assert keep(store, owner="somebody") != keep(store)
    assert store.find_recording("local", noise(0)).name == "clip.wav"
    assert (store.find_recording("local", noise(1)), store.find_recording("nobody", noise(0))) == (
        None,
        None,
    )


def test_the_same_recording_kept_by_many_threads_is_kept_once(store):
    barrier = threading.Barrier(8)

    def at_once(_):
        barrier.wait()
        return keep(store, seed=5)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(at_once, range(8)))) == 1


def test_a_correction_can_be_made_changed_and_taken_back(store):
    number = keep(store)
    store.correct("local", number, "sad", "  Ann   B. ")
    entry = store.find("local", number)
    assert (entry.emotion, entry.speaker) == ("sad", "Ann B.")
    assert entry.corrected_at is not None
    store.correct("local", number, "")
    assert (store.find("local", number).emotion, store.find("local", number).speaker) == ("", "")
    with pytest.raises(ValueError, match="must be one of"):
        store.correct("local", number, "bored")


@pytest.mark.fault(
    "the clock jumps back while recordings are kept", "they stand in the order of keeping"
)
def test_entries_stand_in_the_order_of_keeping_when_the_clock_jumps_back(store, monkeypatch):
    first = keep(store, seed=1)
    monkeypatch.setattr(kept_recordings, "utc_now", lambda: datetime(1999, 1, 1))
    second = keep(store, seed=2)
    assert [entry.id for entry in store.entries("local")] == [first, second]
    assert store.entries("local")[1].kept_at == datetime(1999, 1, 1, tzinfo=UTC)


def test_a_number_is_not_given_again(store):
    first = keep(store, seed=1)
    store.delete("local", [first])
    assert keep(store, seed=2) > first


def test_any_name_can_be_kept(store):
    for seed, name in enumerate(
        (
            "",
            "../../etc/passwd",
            "a\0b\n",
            "caf\u00e9 \U0001f600.wav",
            "\udcff.wav",
            "x" * 1000,
            "'; DROP TABLE ser_recordings; --",
        )
    ):
        number = keep(store, seed=seed, name=name)
        found = store.find("local", number).name
        assert found.isprintable()
        assert len(found) <= 255
    assert len(store.entries("local")) == 7


def test_damaged_sound_is_noticed(store):
    number = keep(store)
    with store.database.writing() as connection:
        connection.execute(sqlalchemy.update(schema.RECORDINGS).values(flac=b"fLaC something else"))
    with fails(ErrorCode.LIBRARY_FAILED):
        store.flac("local", number)


def test_nobody_sees_changes_or_deletes_what_is_somebody_elses(store):
    number = keep(store, owner="ann")
    store.correct("ann", number, "happy", "Ann")
    assert store.entries("bob") == []
    assert store.find("bob", number) is None
    for attempt in (
        lambda: store.flac("bob", number),
        lambda: store.recording("bob", number),
        lambda: store.read_prediction("bob", number),
        lambda: store.correct("bob", number, "sad"),
        lambda: store.delete("bob", [number]),
    ):
        with fails(ErrorCode.NOT_FOUND):
            attempt()
    with fails(ErrorCode.NOT_ENOUGH):
        export.export_zip(store, "bob")
    store.add_layer(
        "ann", Layer.identity("x").to_json(), Layer.identity("x").digest, {"scores": {}}
    )
    store.adopt("ann", store.layers("ann")[0])
    store.assign_parts("ann", ["Ann", "Cid"])
    assert (
        store.layers("bob"),
        store.adopted_layer("bob"),
        store.assign_parts("bob"),
        store.roll_back("bob"),
    ) == (
        [],
        None,
        {},
        False,
    )
    assert store.delete_all("bob") == 0
    assert store.find("ann", number).emotion == "happy"
    assert store.adopted_layer("ann") is not None
