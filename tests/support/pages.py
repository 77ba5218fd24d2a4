"""A page in Streamlit's own test harness: opening it, using it, reading it."""

from streamlit.testing.v1 import AppTest

from tests.support.server import ROOT
from tests.support.synthesis import FORMATS, voice
from ui import session

RECORD = "pages/record_and_predict.py"


CLIP = FORMATS["webm"](voice(seconds=2.0))


def choose(page, source):
    page.segmented_control(key="source").set_value(source).run()
    return page


def upload(page, data, name="clip.wav"):
    choose(page, "Upload")
    page.file_uploader[0].upload(name, data, "audio/wav").run()
    return page


def texts(page):
    return " ".join(
        element.value
        for kind in ("markdown", "subheader", "caption", "info", "error", "warning")
        for element in page.get(kind)
    )


def healthy(page):
    assert not page.exception
    return page


def assert_answered(page):
    healthy(page)
    assert not page.error
    assert any(
        subheader.value.startswith(("Sounds", "Cannot tell")) for subheader in page.subheader
    )
    charts = page.get("vega_lite_chart")
    assert len(charts) in (
        3,
        4,
        5,
    )  # waveform, emotions, gender; cues and moments where it is speech
    assert ("**Why?**" in texts(page)) == (len(charts) > 3)
    assert "On unseen voices" in texts(page)


def opened(path, default_timeout=60):
    """A page in a new session, by way of the first page."""
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=default_timeout)
    return app.run().switch_page(path).run()


def press(page, label):
    """Press a button by its label."""
    next(button for button in page.button if button.label == label).click()
    return healthy(page.run())


def state_of(page):
    """The `SessionState` of the page's session."""
    return page.session_state[session.KEY]
