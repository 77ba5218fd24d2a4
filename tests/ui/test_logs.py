import io
import json
import logging
import subprocess
import sys

import pytest

from ser_core.errors import ErrorCode, SerError
from tests.conftest import ROOT
from ui.server import logs


def lines(code: str, **environment: str) -> list[dict]:
    """What a process writes to stderr that logs as the server does."""
    start = "import logging\nfrom ser_core.errors import *\nfrom ui.server import logs\nlogs.configure()\n"
    found = subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", **environment},
    )
    return [json.loads(line) for line in found.stderr.splitlines() if line.startswith("{")]


def test_an_answer_is_a_line_with_its_length_its_decision_and_the_time_it_took():
    (line,) = lines("logs.answered(3.234, 'ok', 0.0312)")
    time = line.pop("time")
    assert time.endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "ser",
        "event": "answered",
        "duration_s": 3.2,
        "decision": "ok",
        "ms": 31,
    }


def test_a_refusal_is_logged_once_however_often_it_is_shown(caplog):
    error = SerError(
        ErrorCode.TOO_SHORT, "The clip anna.wav lasts 0.1 s.", "Record at least 0.5 s."
    )
    with caplog.at_level(logging.INFO, "ser"):
        logs.refused(error)
        logs.refused(error)
    assert [(record.message, record.code) for record in caplog.records] == [
        ("refused", "TOO_SHORT")
    ]
    assert "anna" not in caplog.text


def test_a_failure_has_its_place_and_a_reference_but_nothing_that_it_was_about():
    code = """
def inner(data):
    raise ValueError(f"bad bytes {data!r} of anna.wav")
try:
    try:
        inner(b"voice of anna")
    except ValueError as error:
        raise KeyError("anna.wav") from error
except KeyError as error:
    print(logs.failed(error))
"""
    (line,) = lines(code)
    assert (line["level"], line["event"]) == ("ERROR", "failed")
    assert len(line["reference"]) == 8
    assert "builtins.KeyError" in line["traceback"]
    assert "builtins.ValueError" in line["traceback"]
    assert 'File "<string>"' in line["traceback"]
    assert "in inner" in line["traceback"]
    assert "voice" not in json.dumps(line)
    assert "anna" not in json.dumps(line)


def test_two_failures_have_two_references(caplog):
    assert logs.failed(RuntimeError()) != logs.failed(RuntimeError())


@pytest.mark.parametrize(
    ("level", "n"),
    [("DEBUG", 3), ("INFO", 3), ("WARNING", 1), ("error", 1), ("CRITICAL", 0), ("nonsense", 3)],
)
def test_the_level_is_chosen_by_the_environment(level, n):
    code = (
        "logs.started({'python': '3'})\nlogs.answered(1.0, 'ok', 0.1)\nlogs.failed(RuntimeError())"
    )
    assert len(lines(code, SER_LOG_LEVEL=level)) == n


def test_libraries_are_heard_from_warnings_on_without_messages_of_exceptions():
    code = """
from streamlit.logger import get_logger
get_logger("streamlit.late").info("nothing to hear")
get_logger("streamlit.error_util").error("Uncaught app execution", exc_info=KeyError("anna.wav"))
logging.getLogger("uvicorn.error").info("a client's address")
try:
    raise KeyError("anna.wav")
except KeyError:
    get_logger("streamlit.late").exception("heard")
"""
    (line,) = lines(code)
    assert (line["logger"], line["event"]) == ("streamlit.late", "heard")
    assert "anna" not in json.dumps(line)
    assert line["traceback"].endswith("builtins.KeyError")


def test_where_follows_what_an_exception_came_from_unless_that_is_hidden():
    buffer = io.StringIO()
    try:
        try:
            raise OSError
        except OSError:
            raise ValueError from None
    except ValueError as error:
        buffer.write(logs.where(error))
    assert buffer.getvalue().endswith("builtins.ValueError")
    assert "OSError\n" not in buffer.getvalue()


def test_an_exception_that_came_from_itself_has_an_end():
    error = ValueError("secret")
    error.__cause__ = error
    assert logs.where(error) == "builtins.ValueError"


def test_what_nobody_caught_is_logged_without_what_it_was_about():
    """In a thread, in a task, and where Python can raise nothing: each would be written with its message."""
    said = lines(
        """
import asyncio, gc, sys, threading
def fails():
    raise ValueError("secret.wav")
thread = threading.Thread(target=fails)
thread.start()
thread.join()
class Unraisable:
    def __del__(self):
        raise ValueError("secret.wav")
Unraisable()
async def task_fails():
    fails()
async def main():
    asyncio.create_task(task_fails())
    await asyncio.sleep(0.01)
    gc.collect()
asyncio.run(main())
try:
    fails()
except ValueError as error:
    sys.excepthook(type(error), error, error.__traceback__)
"""
    )
    assert len(said) == 4
    assert all("ValueError" in line["traceback"] for line in said)
    assert "secret" not in json.dumps(said)
