"""Write docs/reliability.md from benchmarks/reliability.json. Run as: python -m benchmarks.reliability.

`make fuzz`, `make soak` and `make faults` store in that file what they find.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ser_core.cli.layout import markdown_table
from tests.support.server import ROOT

RESULTS = ROOT / "benchmarks" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"
_LIBRARIES = ("av", "soundfile", "numpy", "onnxruntime", "streamlit")

_PREFACE = """# Reliability

Written by `python -m benchmarks.reliability` from `benchmarks/reliability.json`. `make fuzz`, `make soak` and
`make faults` write that file. Nothing here is typed in. Inputs are made from the seeds given, the same
everywhere. `make test` does a part of each.
"""

Result = Mapping[str, Any]
"""What one of the checks has stored."""


def store(part: str, result: Result) -> None:
    """Store what one of the checks has found, and write the page anew."""
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    stored[part] = {"measured": today, "machine": _describe_machine(), **result}
    RESULTS.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(make_page(stored), encoding="utf-8")


def _describe_machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, {libraries}"


def make_page(stored: Mapping[str, Result]) -> str:
    """Return docs/reliability.md from what the checks have stored, by their names."""
    writers = {"fuzz": _fuzz, "decoding": _decoding, "soak": _soak, "faults": _faults}
    parts = [write(stored[part]) for part, write in writers.items() if part in stored]
    return "\n".join([_PREFACE, *parts])


def _provenance(result: Result) -> str:
    return f"Measured on {result['measured']}: {result['machine']}."


def _fuzz(result: Result) -> str:
    outcomes = ("tried", "answered", "cannot tell", "refused", "crashes", "errors", "hangs")
    hostile = [
        [kind, *(f"{counts[outcome]:,}" for outcome in outcomes)]
        for kind, counts in result["hostile"].items()
    ]
    by_count = sorted(result["codes"].items(), key=lambda item: -item[1])
    codes = ", ".join(f"{code} {count:,}" for code, count in by_count)
    made_up = [[name, f"{count:,}"] for name, count in result["made_up"].items()]
    commands = [
        [f"`{run['command']}`", f"{run['files']:,}", run["codes"], f"{run['tracebacks']}"]
        for run in result["commands"]
    ]
    return f"""## Hostile files and made-up input (`make fuzz`)

{_provenance(result)} Seed {result["seed"]}. A crash is a decoder that died of a file. A hang is a file
that took more than a minute. An error is one of the program, where a code was promised.
Longest file: {result["longest_s"]:.1f} s. Largest decoder: {result["decoder_mb"]:.0f} MB.

{markdown_table(("files decoded and predicted", *outcomes), hostile, 1)}
Refused with: {codes}.

Made up by Hypothesis, against the promises in `tests/audio/test_fuzz.py`. Broken promises:
{result["broken"]}.

{markdown_table(("kind", "tried"), made_up, 1)}
Whole commands over a folder of hostile files with hostile names:

{markdown_table(("command", "files", "exit codes", "tracebacks"), commands, 1)}"""


def _decoding(result: Result) -> str:
    rows = [
        [name, f"{here:.2f} ms", f"{isolated:.2f} ms", f"{isolated - here:+.2f} ms"]
        for name, here, isolated in (
            (name, times["here"], times["isolated"]) for name, times in result["formats"].items()
        )
    ]
    return f"""## What decoding in a process of its own costs (`make fuzz`)

{_provenance(result)} Medians, in turn, one clip of {result["seconds"]:.0f} s.

{markdown_table(("format", "in this process", "in its own", "cost"), rows, 1)}"""


def _soak(result: Result) -> str:
    memory = [
        [
            f"{at['predictions']:,}",
            f"{at['minutes']:.0f}",
            f"{at['server_mb']:.0f} MB",
            f"{at['decoders_mb']:.0f} MB",
        ]
        for at in result["memory"]
    ]
    formats = ", ".join(f"{count:,} {name}" for name, count in result["formats"].items())
    return f"""## Soak (`make soak`)

{_provenance(result)} Seed {result["seed"]}.

{result["predictions"]:,} recordings in {result["minutes"]:.0f} minutes to the real server, by
{result["sessions"]:,} sessions that came and went, {result["at_once"]} at a time: {formats};
{result["hostile"]:,} of them hostile. Decoders killed from outside meanwhile: {result["killed"]}. Sessions
that broke off in the middle: {result["broken_off"]}.

Answered: {result["answered"]:,}. Refused with a sentence: {result["refused"]:,}. Neither: {result["lost"]}.
Errors of the program: {result["exceptions"]}.
The answer came after {result["median_s"]:.2f} s (median), {result["p95_s"]:.2f} s (95th percentile),
{result["most_s"]:.2f} s (most). Memory from the first tenth to the last: {result["growth"]:.2f}x.

{markdown_table(("recordings", "minute", "server", "decoders"), memory, 1)}"""


def _faults(result: Result) -> str:
    rows = [
        [row["fault"], row["behaviour"], row["outcome"], str(row["tests"])]
        for row in result["faults"]
    ]
    return f"""## Faults (`make faults`)

{_provenance(result)} The tests bring each of them about for real.

{markdown_table(("fault", "what happens", "survived", "tests"), rows, 3)}"""


if __name__ == "__main__":
    PAGE.write_text(make_page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
