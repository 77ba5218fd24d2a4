"""The one root error of the package and the codes it can carry.

A `SerError` says in one sentence what is wrong, what was got and what was expected (`str(error)`), and in a
second one what to do about it (`error.hint`). `error.code` is stable: the command line, the pages and the
tests all key on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """Everything that can be wrong with an input, by the door at which it is noticed."""

    # A clip (ser_core.audio)
    EMPTY = "EMPTY"
    NOT_AUDIO = "NOT_AUDIO"
    TOO_SHORT = "TOO_SHORT"
    SILENT = "SILENT"
    TOO_LARGE = "TOO_LARGE"
    BAD_RATE = "BAD_RATE"
    TOO_MANY_CHANNELS = "TOO_MANY_CHANNELS"
    NOT_FINITE = "NOT_FINITE"
    DECODER_FAILED = "DECODER_FAILED"
    # A server with too many sessions at once (ui)
    BUSY = "BUSY"
    # A command line (ser_core.cli)
    BAD_USAGE = "BAD_USAGE"
    # A file or folder that was named (ser_core.audio, ser_core.corpora, ser_core.cli)
    NOT_FOUND = "NOT_FOUND"
    UNREADABLE = "UNREADABLE"
    # A folder that must be written to, or a full disk (ser_core.storage, ser_core.batch, ser_core.cli)
    NOT_WRITABLE = "NOT_WRITABLE"
    # A corpus, a table or a file in data/ (ser_core.corpora, ser_core.training, ser_core.storage)
    BAD_CORPUS = "BAD_CORPUS"
    BAD_TABLE = "BAD_TABLE"
    NOT_FETCHED = "NOT_FETCHED"
    DATA_TAMPERED = "DATA_TAMPERED"
    # A model (ser_core.models)
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    MODEL_TAMPERED = "MODEL_TAMPERED"
    MODEL_SCHEMA = "MODEL_SCHEMA"
    MODEL_VERSION = "MODEL_VERSION"
    # A personal baseline (ser_core.prediction.voice)
    BAD_BASELINE = "BAD_BASELINE"
    # What people keep (ser_core.library)
    LIBRARY_OFF = "LIBRARY_OFF"
    LIBRARY_FAILED = "LIBRARY_FAILED"
    LIBRARY_NEWER = "LIBRARY_NEWER"
    NOT_ENOUGH = "NOT_ENOUGH"
    WORSE = "WORSE"


class SerError(ValueError):
    """An input that cannot be used.

    Parameters
    ----------
    code : ErrorCode
        What kind of problem it is.
    message : str
        One sentence: what, got, expected.
    hint : str
        One sentence: what to do.

    >>> error = SerError(ErrorCode.TOO_SHORT, "The clip lasts 0.1 s.", "Record at least 0.5 s.")
    >>> error.code.value, str(error), error.hint
    ('TOO_SHORT', 'The clip lasts 0.1 s.', 'Record at least 0.5 s.')
    """

    def __init__(self, code: ErrorCode, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def __reduce__(self) -> tuple[type[SerError], tuple[ErrorCode, str, str]]:
        """Survive the trip back from a worker process (the default drops all but the message)."""
        return type(self), (self.code, str(self), self.hint)

    def to_dict(self) -> dict[str, str]:
        """Return code, message and hint, as the JSON output has them."""
        return {"code": self.code.value, "message": str(self), "hint": self.hint}

    @classmethod
    def from_dict(cls, fields: Mapping[str, str]) -> SerError:
        """Make the error again of what `to_dict` gave."""
        return cls(ErrorCode(fields["code"]), fields["message"], fields["hint"])
