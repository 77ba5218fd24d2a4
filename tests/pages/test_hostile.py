"""Strangers' files and names on the pages: a sentence for each, no error of the program, and no
other clip lost.
"""

import pytest
from streamlit.testing.v1 import AppTest

from ser_core.errors import ErrorCode
from tests.conftest import ROOT
from tests.support.hostile import NAMES, cases, whole
from ui import widgets

# Streamlit refuses names with a zero byte, with another ending, or of nothing but one; a browser
# sends them as text.
REFUSED = ("\0", "\udcff")
NAMED = [
    name
    for name in (*NAMES, "![](http://evil/x.png) :red[a] `b`.wav")
    if name[1:].endswith(".wav") and not any(part in name for part in REFUSED)
]


@pytest.fixture
def app():
    return AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()


def test_one_hostile_clip_after_the_other_in_one_session(app):
    page = app.switch_page("pages/record_and_predict.py").run()
    page.segmented_control(key="source").set_value("Upload").run()
    ends = set()
    for number, case in enumerate(cases(seed=11, n=45)):
        page.file_uploader[0].upload(
            f"{number}-{NAMED[number % len(NAMED)]}", case.data or b"x", "audio/wav"
        ).run()
        assert not page.exception, case
        assert page.error or any(
            heading.value.startswith(("Sounds", "Cannot tell")) for heading in page.subheader
        ), case
        assert not any(ErrorCode.DECODER_FAILED in error.value for error in page.error), case
        ends.add(bool(page.error))
    assert ends == {True, False}


def test_clips_under_hostile_names_are_answered_as_any_others(app):
    page = app.switch_page("pages/several_clips.py").run()
    page.file_uploader[0].set_value([(name, whole("wav"), "audio/wav") for name in NAMED]).run()
    for button in page.button:
        if button.label.startswith("Predict"):
            button.click().run()
    assert not page.exception
    assert not page.error
    table = page.dataframe[0].value
    assert len(table) == len(NAMED)
    assert table["file"].tolist() == NAMED


def test_a_name_is_text_wherever_a_page_shows_it():
    """As Markdown it could fetch a picture from somewhere, be a heading, or pass for a part of the page."""
    assert (
        widgets.plain("![](http://evil/x.png) :red[a] *b* $c$ <d>")
        == r"!\[\](http\://evil/x.png) \:red\[a\] \*b\* \$c\$ \<d\>"
    )
    assert (
        widgets.plain("The clip lasts 0.1 s; at least 0.5 s are needed.")
        == "The clip lasts 0.1 s; at least 0.5 s are needed."
    )
