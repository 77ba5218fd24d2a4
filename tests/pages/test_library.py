"""The library on pages: keeping, correcting, deleting, taking along; what stands there without one.

And who sees what.
"""

import csv
import io
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy
from streamlit.testing.v1 import AppTest

from ser_core import audio, library, models
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.library import export, schema
from ser_core.library.store import Library
from ser_core.models import Layer
from ser_core.storage.paths import DATA_DIR
from tests.conftest import ROOT
from tests.support.pages import (
    RECORD,
    assert_answered,
    healthy,
    opened,
    press,
    state_of,
    texts,
    upload,
)
from ui import session
from ui.library import access

LIBRARY = "pages/library.py"
SAMPLE = (DATA_DIR / "samples" / "steady-low-voice.flac").read_bytes()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The library that the operator has named."""
    monkeypatch.delenv(library.URL_VARIABLE, raising=False)
    monkeypatch.delenv(library.HEADER_VARIABLE, raising=False)
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "lib"))
    return library.open_library()


def labels(page):
    return [button.label for button in page.button]


def recorded(name="clip.flac", data=SAMPLE):
    page = upload(opened(RECORD), data, name)
    assert_answered(page)
    return page


def select(page, row):
    number = state_of(page).library.round
    page.session_state[f"library_table-{number}"] = {
        "selection": {"rows": [row], "columns": [], "cells": []}
    }
    return healthy(page.run())


def arrives(monkeypatch, elsewhere=False, **headers):
    """What the request of the session says of itself, which Streamlit's harness has not."""
    by_name = {
        name.lower().replace("_", "-"): [value]
        for name, value in ({"Host": "localhost:8501"} | headers).items()
    }
    monkeypatch.setattr(access, "header_values", lambda name: by_name.get(name.lower(), []))
    monkeypatch.setattr(access, "is_from_elsewhere", lambda: elsewhere)


@pytest.fixture(autouse=True)
def _on_ones_own_computer(monkeypatch):
    arrives(monkeypatch)


# --- keeping


def test_without_a_library_nothing_is_offered(monkeypatch):
    monkeypatch.delenv(library.FOLDER_VARIABLE, raising=False)
    monkeypatch.delenv(library.URL_VARIABLE, raising=False)
    page = recorded()
    assert "Keep this recording" not in labels(page)
    alone = AppTest.from_file(str(ROOT / LIBRARY), default_timeout=60)
    alone.session_state[session.KEY] = session.SessionState(routed=True)
    alone.run()
    assert "There is no library" in texts(healthy(alone))
    assert "SER_LIBRARY" in texts(alone)


def test_nothing_is_kept_without_a_click(kept):
    page = recorded()
    assert "Nothing is kept unless you press this." in texts(page)
    healthy(page.run())
    assert kept.entries("local") == []


def test_a_click_keeps_recording_and_answer_and_then_asks_what_it_really_was(kept):
    page = press(recorded("my clip.flac"), "Keep this recording")
    assert_answered(page)
    assert "Kept in your library" in texts(page)
    assert "Keep this recording" not in labels(page)
    (entry,) = kept.entries("local")
    assert entry.name == "my clip.flac"
    np.testing.assert_allclose(
        kept.recording("local", entry.id).samples, audio.decode(SAMPLE).samples, atol=2e-7
    )
    said, by = kept.read_prediction("local", entry.id)
    assert (said["schema"], said["emotion"] or "") == (1, entry.answer)
    assert by["emotion"]["sha256"] == models.default_card("emotion").sha256
    page.pills(key=f"really-{entry.id}").set_value("sad").run()
    page.text_input(key=f"speaker-{entry.id}").set_value("Ann").run()
    assert "Saved: sad, speaker Ann." in texts(healthy(page))
    assert (kept.find("local", entry.id).emotion, kept.find("local", entry.id).speaker) == (
        "sad",
        "Ann",
    )
    again = press(recorded("other name.flac"), "Keep this recording")  # another session
    assert len(kept.entries("local")) == 1
    assert "**Already in your library** as my clip.flac." in texts(again)
    assert again.pills(key=f"really-{entry.id}").value == "sad"


def test_what_comes_from_the_microphone_is_kept_under_the_time_of_day(kept):
    press(recorded("recording.wav"), "Keep this recording")
    (entry,) = kept.entries("local")
    assert datetime.strptime(entry.name, "Recording %Y-%m-%d %H:%M").replace(
        tzinfo=UTC
    ) == entry.kept_at.replace(second=0)


def test_deleting_a_kept_clip_says_that_its_copy_stays_and_only_then(kept):
    page = press(recorded(), "Delete this recording")
    assert "copy in your library" not in texts(page) + "".join(info.value for info in page.info)
    page = press(press(recorded(), "Keep this recording"), "Delete this recording")
    assert [info.value for info in page.info] == [
        "Deleted from memory. The copy in your library stays."
    ]
    assert "See all that is kept" in [link.proto.label for link in page.get("page_link")]
    assert len(kept.entries("local")) == 1
    assert not healthy(page.run()).info


def test_the_last_speaker_is_suggested_below_an_answer_only(kept):
    numbers = fill(kept)
    page = select(healthy(opened(LIBRARY)), 0)
    page.text_input(key=f"speaker-{numbers[2]}").set_value("*Bob*").run()
    assert "speaker \\*Bob\\*." in texts(healthy(page))
    select(page, 1)
    assert page.text_input(key=f"speaker-{numbers[1]}").value == ""
    page.pills(key=f"really-{numbers[1]}").set_value("fearful").run()
    assert (kept.find("local", numbers[1]).emotion, kept.find("local", numbers[1]).speaker) == (
        "fearful",
        "",
    )
    page = press(upload(page.switch_page(RECORD).run(), SAMPLE), "Keep this recording")
    assert page.text_input(key=f"speaker-{kept.entries('local')[-1].id}").value == "*Bob*"


@pytest.mark.postgres
def test_what_the_page_keeps_may_lie_on_a_server(postgres_server, monkeypatch):
    monkeypatch.setenv(library.URL_VARIABLE, postgres_server.database("page"))
    page = press(recorded(), "Keep this recording")
    (entry,) = library.open_library().entries("local")
    page.pills(key=f"really-{entry.id}").set_value("calm").run()
    assert list(healthy(opened(LIBRARY)).dataframe[0].value["Your label"]) == ["Calm"]
    press(opened(LIBRARY), "Yes, delete all of it")
    assert library.open_library().entries("local") == []
    library.open_library().database.close()


def test_what_is_wrong_with_the_library_is_one_sentence_and_the_answer_stays(kept, monkeypatch):
    page = recorded()

    def full(*_):
        raise SerError(
            ErrorCode.LIBRARY_FAILED,
            "The disk that holds the library is full.",
            "Free some space, then try again.",
        )

    monkeypatch.setattr(Library, "keep", full)
    press(page, "Keep this recording")
    assert [error.value for error in page.error] == [
        "The disk that holds the library is full. Free some space, then try again. "
        ":small[Code: LIBRARY_FAILED]"
    ]
    assert any(
        subheader.value.startswith(("Sounds", "Cannot tell")) for subheader in page.subheader
    )
    assert state_of(page).clip is not None


def test_a_correction_that_cannot_be_saved_is_one_sentence(kept, monkeypatch):
    page = press(recorded(), "Keep this recording")
    (entry,) = kept.entries("local")

    def gone(*_):
        raise SerError(
            ErrorCode.LIBRARY_FAILED, "The server of the library cannot be reached.", "Try again."
        )

    monkeypatch.setattr(Library, "correct", gone)
    page.pills(key=f"really-{entry.id}").set_value("sad").run()
    assert ["cannot be reached" in error.value for error in healthy(page).error] == [True]
    assert any(
        subheader.value.startswith(("Sounds", "Cannot tell")) for subheader in page.subheader
    )


@pytest.mark.parametrize("folder", ["/proc/no/such/folder"])
def test_a_library_that_cannot_be_opened_costs_no_answer(folder, monkeypatch):
    monkeypatch.setenv(library.FOLDER_VARIABLE, folder)
    page = upload(opened(RECORD), SAMPLE)
    assert ["cannot be made" in error.value for error in healthy(page).error] == [True]
    assert any(
        subheader.value.startswith(("Sounds", "Cannot tell")) for subheader in page.subheader
    )
    assert ["cannot be made" in error.value for error in healthy(opened(LIBRARY)).error] == [True]


# --- the page


def test_an_empty_library_says_what_to_do(kept):
    assert "Nothing is kept yet" in texts(healthy(opened(LIBRARY)))


def fill(kept, owner="local", n=3):
    from tests.support.libraries import keep

    return [keep(kept, owner, seed, name=f"**clip** {seed}.wav") for seed in range(n)]


def test_what_is_kept_is_listed_the_newest_first_and_can_be_heard_corrected_and_deleted(kept):
    numbers = fill(kept)
    page = healthy(opened(LIBRARY))
    assert "**3 recordings kept**, 0 of them with your own label." in texts(page)
    table = page.dataframe[0].value
    assert list(table["Name"]) == ["**clip** 2.wav", "**clip** 1.wav", "**clip** 0.wav"]
    select(page, 1)
    assert [text.value for text in page.text] == ["**clip** 1.wav"]  # as it is, not in bold
    assert len(page.get("audio")) == 1
    page.pills(key=f"really-{numbers[1]}").set_value("angry").run()
    assert kept.find("local", numbers[1]).emotion == "angry"
    assert list(page.dataframe[0].value["Your label"]) == ["", "Angry", ""]
    press(page, "Delete from library")
    assert [entry.id for entry in kept.entries("local")] == [numbers[0], numbers[2]]
    assert not page.text  # no other one is selected now


def test_delete_all_asks_once_and_leaves_nothing(kept):
    fill(kept)
    page = healthy(opened(LIBRARY))
    assert "deletes all **3** recordings for good" in texts(page)
    press(page, "Yes, delete all of it")
    assert kept.entries("local") == []
    assert "Nothing is kept yet" in texts(page)


@pytest.mark.parametrize(
    ("layer", "speakers", "said"),
    [
        (
            True,
            ["Ann", "Bob"],
            "a correction learnt from earlier labels and the names of its speakers are still here",
        ),
        (True, [], "a correction learnt from earlier labels is still here"),
        (False, ["Ann"], "the names of speakers that were noted for testing are still here"),
    ],
)
def test_what_outlives_the_recordings_is_said_and_can_be_deleted(layer, speakers, said, kept):
    (number,) = fill(kept, n=1)
    if layer:
        adopt(kept)
    kept.assign_parts("local", speakers)
    page = select(healthy(opened(LIBRARY)), 0)
    press(page, "Delete from library")
    assert f"**Nothing is kept any more**, but {said}." in texts(page)
    assert "Learn from your labels" in [expander.label for expander in page.expander]
    assert kept.find("local", number) is None
    press(page, "Yes, delete all of it")
    assert (kept.layers("local"), kept.assign_parts("local")) == ([], {})
    assert "Nothing is kept yet" in texts(page)


def test_speakers_who_are_set_aside_are_named(kept):
    for number, speaker in zip(fill(kept), ("Ann", "Bob", "Cid"), strict=True):
        kept.correct("local", number, "sad", speaker)
    assert "Set aside" not in texts(healthy(opened(LIBRARY)))
    kept.assign_parts("local", ["Ann", "Bob", "Cid"])
    assert "Set aside for testing, and not learnt from: bob." in texts(healthy(opened(LIBRARY)))


@pytest.mark.parametrize(
    ("zone", "column", "shown"),
    [
        (None, "Kept (UTC)", "09:30"),
        ("nonsense", "Kept (UTC)", "09:30"),
        ("Asia/Tokyo", "Kept", "18:30"),
    ],
)
def test_times_are_those_of_the_browser_or_say_that_they_are_not(
    zone, column, shown, kept, monkeypatch
):
    fill(kept, n=1)
    with kept.database.writing() as connection:
        connection.execute(
            sqlalchemy.update(schema.RECORDINGS).values(kept_at=datetime(2026, 1, 2, 9, 30))
        )
    monkeypatch.setattr(
        access.st, "context", SimpleNamespace(timezone=zone, theme=SimpleNamespace(type="light"))
    )
    page = healthy(opened(LIBRARY))
    assert f"{page.dataframe[0].value[column].iloc[0]:%H:%M}" == shown


def test_privacy_says_what_of_a_library_concerns_this_visitor(kept, monkeypatch):
    page = texts(healthy(opened("pages/privacy.py")))
    assert "stay until you press\n*Delete all* there" in page
    assert "(not a copy in your library)" in page
    assert (
        "**never written to disk** unless you press *Keep this recording* (see below), and never to a log"
        in page
    )
    arrives(monkeypatch, X_Forwarded_For="10.0.0.1")
    page = texts(healthy(opened("pages/privacy.py")))
    assert "not offered to you" in page
    assert "**never written to disk**, nor to a log" in page
    assert "copy in your library" not in page
    monkeypatch.delenv(library.FOLDER_VARIABLE)
    assert "there is **no library**" in texts(healthy(opened("pages/privacy.py")))


def test_the_export_is_offered_and_holds_everything(kept):
    numbers = fill(kept)
    kept.correct("local", numbers[0], "sad", "Ann")
    page = healthy(opened(LIBRARY))
    assert "Export as ZIP" in [button.label for button in page.get("download_button")]
    archive = zipfile.ZipFile(io.BytesIO(export.export_zip(kept, "local")))
    rows = list(csv.DictReader(io.StringIO(archive.read("library/labels.csv").decode())))
    assert rows == [
        {"path": f"{numbers[0]:06}.flac", "emotion": "sad", "speaker": "Ann", "gender": ""}
    ]
    assert len(archive.namelist()) == 5


# --- owners


def test_behind_a_proxy_that_names_nobody_the_page_says_why_there_is_no_library(kept, monkeypatch):
    fill(kept)
    arrives(monkeypatch, X_Forwarded_For="10.0.0.1")
    page = healthy(opened(LIBRARY))
    assert "people cannot be told apart" in texts(page)
    assert "SER_USER_HEADER" in texts(page)
    assert not page.dataframe
    page = recorded()
    assert "people cannot be told apart" in texts(page)
    assert "Keep this recording" not in labels(page)
    assert not page.error


def test_from_another_computer_without_names_there_is_no_library(kept, monkeypatch):
    fill(kept)
    arrives(monkeypatch, elsewhere=True)
    assert "people cannot be told apart" in texts(healthy(opened(LIBRARY)))


@pytest.mark.parametrize(
    ("address", "elsewhere"),
    [
        (None, False),
        ("::ffff:127.0.0.1", False),
        ("127.0.0.2", False),
        ("192.168.1.7", True),
        ("nonsense", True),
        ("fe80::1%eth0", True),
    ],
)
def test_this_very_computer_is_known_by_any_of_its_addresses(address, elsewhere, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(access.st, "context", SimpleNamespace(ip_address=address))
    assert access.is_from_elsewhere() is elsewhere


def test_everybody_sees_only_what_is_theirs(kept, monkeypatch):
    fill(kept, "ann", 2)
    fill(kept, "bob", 1)
    monkeypatch.setenv(library.HEADER_VARIABLE, "X-Forwarded-User")
    for person, n in (("ann", 2), ("bob", 1), ("cid", 0)):
        arrives(monkeypatch, X_Forwarded_For="10.0.0.1", X_Forwarded_User=person)
        page = healthy(opened(LIBRARY))
        assert [len(table.value) for table in page.dataframe] == ([n] if n else [])
    arrives(monkeypatch, X_Forwarded_For="10.0.0.1", X_Forwarded_User="bob")
    press(opened(LIBRARY), "Yes, delete all of it")
    assert [len(kept.entries(person)) for person in ("ann", "bob")] == [2, 0]
    arrives(monkeypatch, X_Forwarded_For="10.0.0.1")
    assert "should name the person in the header X-Forwarded-User" in texts(
        healthy(opened(LIBRARY))
    )


# --- corrected models


def adopt(kept, bias=0.0):
    base = models.default_card("emotion")
    layer = Layer(np.eye(8), np.where(np.array(EMOTIONS) == "disgust", bias, 0.0), base.sha256)
    kept.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": []})
    kept.adopt("local", kept.layers("local")[-1])
    return models.corrected_name(base, layer)


def test_where_a_correction_was_adopted_the_app_uses_it_says_so_and_offers_the_other_one(kept):
    name = adopt(kept, bias=20.0)
    page = recorded()
    assert page.subheader[0].value.startswith("Sounds disgust")
    assert page.selectbox(key="emotion_model").value == name
    assert name in texts(page) or any(name in code.value for code in page.code)
    assert "measured without your correction" in texts(page)
    page.selectbox(key="emotion_model").select("combination").run()
    assert "measured without your correction" not in texts(page)
    assert not page.subheader[0].value.startswith("Sounds disgust")
    page.selectbox(key="emotion_model").select(name).run()
    press(page, "Keep this recording")
    said, by = kept.read_prediction("local", kept.entries("local")[0].id)
    assert (said["model"]["emotion"], said["emotion"]) == (name, "disgust")
    assert by["emotion"]["layer"] == kept.adopted_layer("local").digest
    assert f"corrected by your labels** (`{name}`)" in texts(healthy(opened(LIBRARY)))
    kept.roll_back("local")
    assert not recorded().subheader[0].value.startswith("Sounds disgust")
    assert (
        not healthy(page.run()).subheader[0].value.startswith("Sounds disgust")
    )  # in a session that had it chosen, too


def test_a_correction_that_was_swapped_is_said_and_not_used(kept):
    adopt(kept)
    other = Layer(np.eye(8), np.full(8, 3.0), "x")
    with kept.database.writing() as connection:
        connection.execute(sqlalchemy.update(schema.LAYERS).values(layer=other.to_json()))
    page = upload(opened(RECORD), SAMPLE)
    assert ["Code: MODEL_TAMPERED]" in error.value for error in healthy(page).error] == [True]
    assert page.selectbox(key="emotion_model").value == "combination"
