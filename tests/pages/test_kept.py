"""What a session keeps of a voice, and that deleting it deletes it: nothing alive holds it any longer."""

import base64
import gc
import weakref
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

from ser_core import audio
from ser_core.evaluation import DATA_DIR
from tests.conftest import ROOT
from tests.support.synthesis import bad_inputs, voice, wav
from ui import session
from ui.library import access

RECORD = "pages/record_and_predict.py"
SAMPLE = (DATA_DIR / "samples" / "steady-low-voice.flac").read_bytes()
OTHER = (DATA_DIR / "samples" / "slow-soft-voice.flac").read_bytes()


@pytest.fixture
def page():
    return (
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run().switch_page(RECORD).run()
    )


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def held(page, key):
    """What the session holds under a key, a widget's perhaps."""
    return page.session_state.get(key, None)


def recorded(page, data=SAMPLE, key="rec"):
    page.session_state[key] = base64.b64encode(data).decode()
    page.run()
    assert not page.exception


def test_nothing_alive_holds_a_recording_that_was_deleted(page):
    recorded(page)
    assert held(page, "rec")
    press(page, "Record again")  # deletes, too
    recorded(page, key="rec-1")
    references = [
        weakref.ref(page.session_state["clip"]),
        weakref.ref(page.session_state["clip"].recording),
    ]
    press(page, "Delete this recording")
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert [held(page, key) for key in ("clip", "rec", "rec-1", "drawn", "with_baseline")] == [
        None
    ] * 5


def test_nothing_alive_holds_a_baseline_that_was_deleted(page):
    recorded(page)
    page.toggle(key="use_baseline").set_value(True).run()
    recorded(page, OTHER, "baseline-0")
    reference = weakref.ref(page.session_state["baseline"][0])
    press(page, "Delete the baseline")
    gc.collect()
    assert reference() is None
    assert [held(page, key) for key in ("baseline-0", "enrolled", "with_baseline")] == [None] * 3
    assert page.session_state["clip"] is not None  # the recording stays


def test_the_error_of_a_file_that_could_not_be_used_does_not_hold_it(page):
    page.segmented_control(key="source").set_value("Upload").run()
    page.file_uploader[0].upload("bad.wav", bad_inputs()["text"][0], "audio/wav").run()
    assert page.session_state["clip_error"].__traceback__ is None


def test_what_was_made_of_a_clip_goes_with_it(page, monkeypatch):
    from ser_core import prediction

    asked = []
    in_two_steps = prediction.in_two_steps
    monkeypatch.setattr(
        prediction, "in_two_steps", lambda *a, **k: asked.append(1) or in_two_steps(*a, **k)
    )
    st.cache_data.clear()
    recorded(page)
    page.run()
    assert len(asked) == 1  # kept while the clip is there
    press(page, "Delete this recording")
    recorded(page, key="rec-1")
    assert len(asked) == 2


def test_a_recording_of_more_than_20_mb_is_refused_before_it_is_decoded(page, monkeypatch):
    monkeypatch.setattr(audio, "MAX_UPLOAD_BYTES", 50_000)
    recorded(page, wav(voice(seconds=2.0)))
    (error,) = page.error
    assert "Code: TOO_LARGE]" in error.value
    assert held(page, "clip") is None


@pytest.mark.parametrize("sent", [{"no": "text"}, 5, [1, 2]])
def test_a_recorder_that_sends_no_text_is_one_clear_sentence(sent, page):
    page.session_state["rec"] = sent
    page.run()
    assert not page.exception
    assert ["Code: NOT_AUDIO]" in error.value for error in page.error] == [True]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no library"),
        ({"SER_LIBRARY": "1"}, "only when you click"),
        ({"SER_DATABASE_URL": "x"}, "delete it"),
    ],
)
def test_the_privacy_page_says_whether_recordings_can_be_kept(environment, said, monkeypatch):
    for name in ("SER_LIBRARY", "SER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # The harness does not say where a request comes from, nor what it asked for.
    monkeypatch.setattr(access, "from_elsewhere", lambda: False)
    monkeypatch.setattr(
        access, "header_values", lambda name: ["localhost:8501"] if name == "Host" else []
    )
    page = (
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
        .run()
        .switch_page("pages/privacy.py")
        .run()
    )
    assert not page.exception
    text = " ".join(part.value for part in page.markdown)
    assert said in text
    for button in ("Delete this recording", "Delete the baseline", "Forget this corpus"):
        assert button in text


def test_deleting_takes_no_file_away_that_another_session_has_on_its_page(monkeypatch):
    """While a page is at work, Streamlit does not know whose its files are."""
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    context = SimpleNamespace(
        session_id="mine", uploaded_file_mgr=SimpleNamespace(remove_session_files=lambda _: None)
    )
    monkeypatch.setattr(
        session.runtime, "get_instance", lambda: SimpleNamespace(media_file_mgr=files)
    )
    monkeypatch.setattr(session, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(session.st, "session_state", {})
    for whose in ("mine", "another's"):
        monkeypatch.setattr(media_file_manager, "_get_session_id", lambda whose=whose: whose)
        files.add(whose.encode(), "audio/wav", "1", is_for_static_download=True)
    session.note_files()
    files.clear_session_refs("mine")
    files.clear_session_refs("another's")  # both have begun to run again
    session.forget_what_is_kept()
    assert [file.content for file in files._storage._files_by_id.values()] == [b"another's"]
