"""Pages in Streamlit's own test harness, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.pages import RECORD
from tests.support.server import ROOT


@pytest.fixture
def app():
    return AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()


@pytest.fixture
def page(app):
    return app.switch_page(RECORD).run()


@pytest.fixture
def explorer(app):
    return app.switch_page("pages/feature_explorer.py").run()
