"""Every page opens; the first says what the app is."""

import io

import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from tests.support.pages import healthy, texts
from tests.support.server import ROOT

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*.py"))


TITLES = {
    "pages/feature_explorer.py": "Feature explorer",
    "pages/library.py": "Library",
    "pages/model_comparison.py": "Model comparison",
    "pages/own_corpus.py": "Own corpus",
    "pages/privacy.py": "Privacy",
    "pages/record_and_predict.py": "Record & predict",
    "pages/several_clips.py": "Several clips",
    "pages/tour.py": "Tour",
}


def test_every_page_is_tested_here():
    assert set(PAGES) == set(TITLES)


def test_home_says_what_this_is_what_to_do_first_and_what_it_is_not(app):
    healthy(app)
    assert app.title[0].value == "Speech Emotion Predictor"
    assert app.markdown[0].value.startswith(
        "Speak for a few seconds"
    )  # and nothing that Streamlit prints of itself
    assert "prohibits" in texts(app)
    assert [subheader.value for subheader in app.subheader][-2:] == ["What it is", "What it is not"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_with_its_title(path, tmp_path, monkeypatch):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))  # or there would be no page for it
    page = healthy(
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run().switch_page(path).run()
    )
    assert page.title[0].value == TITLES[path]


def test_the_samples_are_16_khz_speech_of_a_few_seconds():
    paths = list((ROOT / "data" / "samples").glob("*.flac"))
    assert len(paths) >= 3
    for path in paths:
        info = soundfile.info(io.BytesIO(path.read_bytes()))
        assert (info.samplerate, info.channels) == (16_000, 1)
        assert 2 < info.duration < 8
