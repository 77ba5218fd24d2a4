"""What the server's log says: one JSON object a line on stderr, with no voice, no name of a file
and no answer in it.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from ser_core.errors import SerError
from ui.streamlit_internals import send_logs_to

_LOG = logging.getLogger("ser")


def configure() -> None:
    """Write all logs to stderr as JSON lines: our own from the level `SER_LOG_LEVEL` (INFO) on,
    those of libraries from WARNING on.
    """
    from pythonjsonlogger.json import JsonFormatter

    class Formatter(JsonFormatter):
        """As JSON.

        Of an exception its kind and where it happened, not its message, which may quote what it was
        about: a file's name, bytes.
        """

        def formatException(self, ei: Any) -> str:  # noqa: N802
            return where(ei[1])

        def format(self, record: logging.LogRecord) -> str:
            if (
                record.name == "asyncio"
            ):  # says what failed, and below it the failure as it describes itself
                record.msg, record.args = record.getMessage().split("\n", maxsplit=1)[0], ()
            return super().format(record)

    names = {"levelname": "level", "name": "logger", "message": "event", "exc_info": "traceback"}
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        Formatter("{levelname}{name}{message}", style="{", timestamp="time", rename_fields=names)
    )
    handler.addFilter(_is_wanted)
    level = logging.getLevelNamesMapping().get(
        os.environ.get("SER_LOG_LEVEL", "INFO").upper(), logging.INFO
    )
    _LOG.setLevel(level)
    _hand_on_to(handler)
    logging.captureWarnings(True)
    sys.excepthook = lambda _, error, __: _fell_through(error)
    threading.excepthook = lambda about: _fell_through(about.exc_value)
    sys.unraisablehook = lambda about: _fell_through(about.exc_value)


def _fell_through(error: BaseException | None) -> None:
    """What nobody caught would be written to stderr with its message."""
    if isinstance(error, KeyboardInterrupt):
        return
    _LOG.error("failed", extra={"reference": secrets.token_hex(4)}, exc_info=error)


def _is_wanted(record: logging.LogRecord) -> bool:
    # Streamlit's own record of what failed in a page comes before ours, which has the reference.
    return record.name == _LOG.name or (
        record.levelno >= logging.WARNING and record.name != "streamlit.error_util"
    )


def _hand_on_to(handler: logging.Handler) -> None:
    """Make it the only handler. Streamlit and Uvicorn give each of their loggers one of its own.

    Those that come later get none, either.
    """

    def hand_on(logger: logging.Logger) -> None:
        logger.handlers.clear()
        logger.propagate = True

    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            hand_on(logger)
    send_logs_to(hand_on)
    logging.root.handlers = [handler]


def where(error: BaseException | None) -> str:
    """The traceback of an exception and of those it came from, without their messages."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines += [
            *traceback.format_tb(_of(error)),
            f"{type(error).__module__}.{type(error).__qualname__}\n",
        ]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(lines).rstrip()


def _of(error: BaseException) -> TracebackType | None:
    return error.__traceback__


# --- events


def started(facts: Mapping[str, str]) -> None:
    """The server is up; versions of what it runs on."""
    _LOG.info("start", extra=dict(facts))


def answered(duration_s: float, decision: str, seconds: float) -> None:
    """A clip was answered: how long it is, `ok` or `cannot_tell`, how long the answer took.

    Nothing of what was heard.
    """
    _LOG.info(
        "answered",
        extra={
            "duration_s": round(duration_s, 1),
            "decision": decision,
            "ms": round(1000 * seconds),
        },
    )


def refused(error: SerError) -> None:
    """Something could not be used: the code. Once for each error, however often it is shown."""
    if not vars(error).get("in_log"):
        vars(error)["in_log"] = True
        _LOG.info("refused", extra={"code": error.code.value})


def failed(error: BaseException) -> str:
    """Something went wrong that nobody foresaw: where, under a reference, which is given back to be
    told to the person.
    """
    reference = secrets.token_hex(4)
    _LOG.error("failed", extra={"reference": reference}, exc_info=error)
    return reference
