import asyncio
import re
import threading

from streamlit.testing.v1 import AppTest

import Home
from ser_core.errors import ErrorCode, SerError
from ui.server import serving, warming


def test_the_entry_serves_with_all_of_it():
    assert Home.app._on_script_error is serving.show_failure
    assert Home.app._user_lifespan is serving.lifespan
    assert [route.path for route in Home.app._user_routes] == ["/ready"]


def status(monkeypatch, state):
    monkeypatch.setattr(warming, "warm_up", lambda: None)
    monkeypatch.setattr(warming, "_state", [state])
    answer = asyncio.run(serving._ready(None))
    return answer.status_code, answer.body.decode()


def test_ready_is_said_with_200_and_anything_else_with_503(monkeypatch):
    assert status(monkeypatch, warming.READY) == (200, '{"state":"ready"}')
    assert status(monkeypatch, warming.WARMING) == (503, '{"state":"warming up"}')
    assert status(monkeypatch, "MODEL_TAMPERED") == (503, '{"state":"MODEL_TAMPERED"}')


def test_what_keeps_the_models_from_being_ready_is_its_code(monkeypatch):
    def tampered():
        raise SerError(ErrorCode.MODEL_TAMPERED, "The file is another.", "Get it again.")

    monkeypatch.setattr(warming, "_first_answer", tampered)
    assert warming._outcome() == "MODEL_TAMPERED"
    monkeypatch.setattr(warming, "_first_answer", lambda: 1 / 0)
    assert warming._outcome() == "failed"
    monkeypatch.setattr(warming, "_first_answer", lambda: None)
    assert warming._outcome() == warming.READY


def test_what_went_wrong_once_is_tried_again(monkeypatch):
    outcomes = iter(["failed", warming.READY])
    monkeypatch.setattr(warming, "_state", [warming.WARMING])
    monkeypatch.setattr(warming, "_outcome", lambda: next(outcomes))
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.run)
    monkeypatch.setattr(warming, "_at_it", threading.Lock())
    seen = []
    for _ in range(3):
        warming.warm_up()
        seen.append(warming.state())
    assert seen == ["failed", warming.READY, warming.READY]


def test_a_failure_is_shown_with_a_reference_and_what_to_do(caplog):
    def failing():
        from ui.server import serving

        try:
            {}["secret.wav"]
        except KeyError as error:
            serving.show_failure(error)

    page = AppTest.from_function(failing).run()
    assert not page.exception
    (shown,) = page.error
    assert shown.value.startswith("**Something went wrong**")
    assert "Reload the page" in shown.value
    assert "secret" not in shown.value
    assert "KeyError" not in shown.value
    found = re.search(r"reference \*\*([0-9a-f]{8})\*\*", shown.value)
    assert found is not None
    (record,) = (record for record in caplog.records if record.message == "failed")
    assert record.reference == found[1]
