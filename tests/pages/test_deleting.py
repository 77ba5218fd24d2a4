"""What a session keeps of a voice, and that deleting it deletes it: nothing alive holds it any longer."""

import base64
import gc
import weakref

import pytest
from streamlit.testing.v1 import AppTest

from ser_core import audio
from ser_core.storage.paths import DATA_DIR
from tests.support.pages import state_of
from tests.support.server import ROOT
from tests.support.synthesis import bad_inputs, voice, wav
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
        weakref.ref(state_of(page).clip),
        weakref.ref(state_of(page).clip.recording),
    ]
    press(page, "Delete this recording")
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert [held(page, key) for key in ("rec", "rec-1")] == [None, None]
    left = state_of(page)
    assert (left.clip, left.taken, left.drawn_charts, left.results) == (None, None, {}, {})


def test_nothing_alive_holds_a_baseline_that_was_deleted(page):
    recorded(page)
    page.toggle(key="use_baseline").set_value(True).run()
    recorded(page, OTHER, "baseline-0")
    reference = weakref.ref(state_of(page).baseline.clips[0])
    press(page, "Delete the baseline")
    gc.collect()
    assert reference() is None
    assert held(page, "baseline-0") is None
    assert state_of(page).clip is not None  # the recording stays


def test_the_error_of_a_file_that_could_not_be_used_does_not_hold_it(page):
    page.segmented_control(key="source").set_value("Upload").run()
    page.file_uploader[0].upload("bad.wav", bad_inputs()["text"][0], "audio/wav").run()
    assert state_of(page).clip_error.__traceback__ is None


def test_a_recording_of_more_than_20_mb_is_refused_before_it_is_decoded(page, monkeypatch):
    monkeypatch.setattr(audio, "MAX_UPLOAD_BYTES", 50_000)
    recorded(page, wav(voice(seconds=2.0)))
    (error,) = page.error
    assert "Code: TOO_LARGE]" in error.value
    assert state_of(page).clip is None


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
    monkeypatch.setattr(access, "is_from_elsewhere", lambda: False)
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
