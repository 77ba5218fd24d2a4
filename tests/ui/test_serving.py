import asyncio
import re
import threading
from types import SimpleNamespace

import streamlit.net_util
from streamlit.testing.v1 import AppTest
from streamlit.web.server import server_util

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


def test_a_request_from_a_foreign_page_makes_the_server_ask_nobody(monkeypatch):
    def called(*_, **__):
        raise AssertionError("another computer was asked")

    monkeypatch.setattr(streamlit.net_util, "_make_blocking_http_get", called)
    monkeypatch.setattr(streamlit.net_util, "_external_ip", None)
    monkeypatch.setattr(streamlit.net_util, "get_external_ip", streamlit.net_util.get_external_ip)
    monkeypatch.setattr(streamlit.net_util, "get_internal_ip", streamlit.net_util.get_internal_ip)
    serving.stay_on_this_machine()
    assert not server_util.is_url_from_allowed_origins("https://foreign.example")
    assert server_util.is_url_from_allowed_origins("http://localhost:8501")


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


def test_sessions_that_have_been_away_for_long_enough_are_ended_and_no_others(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(serving.time, "monotonic", lambda: now[0])
    ended = []

    def session(name):
        return SimpleNamespace(
            session=SimpleNamespace(
                id=name, shutdown=lambda: ended.append(name), session_state={"clip": "a voice"}
            )
        )

    away = serving.Away(60.0)
    sessions = {name: session(name) for name in "abc"}
    for name in "abc":
        away.save(sessions[name])
        now[0] += 20
    away.delete("b")  # its browser is back
    now[0] = 59.0
    assert away.get("a") is sessions["a"]
    now[0] = 61.0
    assert away.get("a") is None  # whoever looks first ends it
    assert ended == ["a"]
    assert sessions["a"].session.session_state == {}
    assert [kept.session.id for kept in away.list()] == ["c"]
    now[0] = 101.0
    assert away.end_those_past() == 1
    assert (ended, away.list(), away.end_those_past()) == (["a", "c"], [], 0)
