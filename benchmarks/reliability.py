"""What the long checks found, kept in benchmarks/reliability.json, and RELIABILITY.md made from it. Run as: python -m benchmarks.reliability."""

from __future__ import annotations

from benchmarks.measuring import ROOT  # isort: skip

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ser_core.cli.output import markdown

KEPT, PAGE = ROOT / "benchmarks" / "reliability.json", ROOT / "RELIABILITY.md"
_LIBRARIES = ("av", "soundfile", "numpy", "onnxruntime", "streamlit")

_PREFACE = """# Reliability

Made by `python -m benchmarks.reliability` from `benchmarks/reliability.json`, which `make fuzz`, `make soak` and `make faults` write; nothing here is
typed in. Inputs are made from the seeds given, the same everywhere. `make test` does a part of each.
"""


def keep(part: str, found: Mapping[str, Any]) -> None:
    """Keep what one of the checks found, and write the page anew."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    kept[part] = {"measured": datetime.now(UTC).date().isoformat(), "machine": _machine(), **found}
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


def _machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {libraries}"


def page(kept: Mapping[str, Any]) -> str:
    """RELIABILITY.md from what was found."""
    parts = {"fuzz": _fuzz, "decoding": _decoding, "soak": _soak, "faults": _faults}
    return "\n".join(
        [_PREFACE, *(write(kept[part]) for part, write in parts.items() if part in kept)]
    )


def _when(found: Mapping[str, Any]) -> str:
    return f"Measured on {found['measured']}: {found['machine']}."


def _fuzz(found: Mapping[str, Any]) -> str:
    rows = [
        [
            kind,
            f"{of['tried']:,}",
            f"{of['answered']:,}",
            f"{of['cannot tell']:,}",
            f"{of['refused']:,}",
            f"{of['crashes']}",
            f"{of['errors']}",
            f"{of['hangs']}",
        ]
        for kind, of in found["hostile"].items()
    ]
    codes = ", ".join(
        f"{code} {count:,}"
        for code, count in sorted(found["codes"].items(), key=lambda item: -item[1])
    )
    made_up = [[name, f"{count:,}"] for name, count in found["made_up"].items()]
    commands = [
        [f"`{of['command']}`", f"{of['files']:,}", of["codes"], f"{of['tracebacks']}"]
        for of in found["commands"]
    ]
    return f"""## Hostile files and made-up input (`make fuzz`)

{_when(found)} Seed {found["seed"]}. A crash is a decoder that died of a file, a hang a file that took more than a minute.
An error is one of the program, where a code was promised.
Longest file: {found["longest_s"]:.1f} s. Largest decoder: {found["decoder_mb"]:.0f} MB.

{markdown(("files decoded and predicted", "tried", "answered", "cannot tell", "refused", "crashes", "errors", "hangs"), rows, 1)}
Refused with: {codes}.

Made up by Hypothesis, against the promises in `tests/audio/test_fuzz.py`; broken promises: {found["broken"]}.

{markdown(("kind", "tried"), made_up, 1)}
Whole commands over a folder of hostile files under hostile names:

{markdown(("command", "files", "exit codes", "tracebacks"), commands, 1)}"""


def _decoding(found: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            f"{of['here']:.2f} ms",
            f"{of['apart']:.2f} ms",
            f"{of['apart'] - of['here']:+.2f} ms",
        ]
        for name, of in found["formats"].items()
    ]
    return f"""## What decoding in a process of its own costs (`make fuzz`)

{_when(found)} Medians, in turn, one clip of {found["seconds"]:.0f} s.

{markdown(("format", "here", "apart", "cost"), rows, 1)}"""


def _soak(found: Mapping[str, Any]) -> str:
    memory = [
        [
            f"{at['predictions']:,}",
            f"{at['minutes']:.0f}",
            f"{at['server_mb']:.0f} MB",
            f"{at['decoders_mb']:.0f} MB",
        ]
        for at in found["memory"]
    ]
    formats = ", ".join(f"{count:,} {name}" for name, count in found["formats"].items())
    return f"""## Soak (`make soak`)

{_when(found)} Seed {found["seed"]}.

{found["predictions"]:,} recordings in {found["minutes"]:.0f} minutes to the real server, by {found["sessions"]:,} sessions that came and went,
{found["at_once"]} at a time: {formats}, of them {found["hostile"]:,} hostile.
Decoders killed from outside meanwhile: {found["killed"]}; sessions that broke off in the middle: {found["broken_off"]}.

Answered: {found["answered"]:,}. Told what is wrong: {found["told"]:,}. Neither: {found["lost"]}. Errors of the program: {found["exceptions"]}.
Answer after {found["median_s"]:.2f} s (median), {found["p95_s"]:.2f} s (95th percentile), {found["most_s"]:.2f} s (most).
Memory from the first tenth to the last: {found["growth"]:.2f}x.

{markdown(("recordings", "minute", "server", "decoders"), memory, 1)}"""


def _faults(found: Mapping[str, Any]) -> str:
    rows = [
        [of["fault"], of["behaviour"], of["outcome"], str(of["tests"])] for of in found["faults"]
    ]
    table = markdown(("fault", "what happens", "survived", "tests"), rows, 3)
    return f"""## Faults (`make faults`)

{_when(found)} Each is brought about for real in its tests.

{table}"""


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(KEPT.read_text(encoding="utf-8"))), encoding="utf-8")
