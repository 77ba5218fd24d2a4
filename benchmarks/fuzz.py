"""Hostile files and made-up input, thousands of each: nothing may crash, hang, or end without a code. Run as: python -m benchmarks.fuzz.

Writes its part of RELIABILITY.md. A file that broke a decoder is kept in .cache/findings/, to become a regression.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT  # isort: skip

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.reliability import keep
from ser_core import audio, models, prediction
from ser_core.audio import isolated
from ser_core.errors import ErrorCode, SerError
from tests.support.hostile import NAMES, cases
from tests.support.synthesis import FORMATS, voice

HANG_S = 60.0
OUTCOMES = ("tried", "answered", "cannot tell", "refused", "crashes", "errors", "hangs")
FINDINGS = ROOT / ".cache" / "findings"
COMMANDS = (
    ("predict", "FOLDER", "--format", "jsonl"),
    ("predict", "FOLDER", "--format", "csv", "--explain"),
    ("extract", "FOLDER"),
    ("evaluate", "--corpus", "FOLDER"),
    ("train", "FOLDER", "--classifier", "knn", "--output", "MODELS"),
    ("corpora", "verify", "FOLDER"),
)


def hostile(seed: int, n: int) -> dict[str, Any]:
    """Decode each hostile file as the app does, and predict what can be."""
    pair = [models.load_default(task) for task in ("emotion", "gender")]
    counts: dict[str, Counter[str]] = {}
    codes: Counter[str] = Counter()
    longest = 0.0
    for number, case in enumerate(
        tqdm(cases(seed, n), total=n, desc="hostile files", mininterval=5)
    ):
        of_kind = counts.setdefault(case.kind, Counter())
        start = time.monotonic()
        try:
            clip = isolated.decode(
                case.data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS
            )
            decided = prediction.predict(clip, *pair)
            if abs(sum(decided.emotion_probabilities.values()) - 1) > 1e-6:
                raise SystemExit(
                    f"The probabilities of file {number} of seed {seed} do not sum to 1."
                )
            outcome = "answered" if decided.emotion else "cannot tell"
        except SerError as error:
            codes[error.code.value] += 1
            outcome = "crashes" if error.code == ErrorCode.DECODER_FAILED else "refused"
        except Exception:
            sys.stderr.write(f"file {number}:\n{traceback.format_exc()}")
            outcome = "errors"
        spent = time.monotonic() - start
        longest = max(longest, spent)
        of_kind["tried"] += 1
        of_kind[outcome] += 1
        of_kind["hangs"] += spent > HANG_S
        if outcome in ("crashes", "errors") or spent > HANG_S:
            FINDINGS.mkdir(parents=True, exist_ok=True)
            (FINDINGS / f"{seed}-{number}").write_bytes(case.data)
    total = {outcome: sum(of_kind[outcome] for of_kind in counts.values()) for outcome in OUTCOMES}
    return {
        "hostile": {
            **{
                kind: {outcome: of_kind[outcome] for outcome in OUTCOMES}
                for kind, of_kind in counts.items()
            },
            "all": total,
        },
        "codes": dict(codes),
        "longest_s": longest,
        "decoder_mb": max(peak_mb(one.process.pid) for one in isolated._idle),
    }


def peak_mb(pid: int) -> float:
    """The most memory that a process has had resident."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")
    )


def made_up(seed: int, times: int) -> dict[str, Any]:
    """The properties of tests/audio/test_fuzz.py, many times as long as in the tests."""
    os.environ["SER_FUZZ_TIMES"] = str(times)
    import hypothesis

    from tests.audio import test_fuzz

    broken = 0
    for name in sorted(vars(test_fuzz)):
        if name.startswith("test_"):
            sys.stderr.write(f"{name}\n")
            try:
                hypothesis.seed(seed)(getattr(test_fuzz, name))()
            except Exception as error:
                sys.stderr.write(f"BROKEN: {error!r}\n{''.join(getattr(error, '__notes__', []))}\n")
                broken += 1
    return {"made_up": dict(test_fuzz.N_TRIED), "broken": broken}


def commands(seed: int, n: int) -> dict[str, Any]:
    """Whole commands over a labelled folder of hostile files, of which some have hostile names, beside good ones."""
    done = []
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "mine"
        for emotion in ("happy", "sad"):
            (folder / emotion).mkdir(parents=True)
            for number in range(6):
                good = FORMATS["wav"](voice(f0=100.0 + 20 * number + 7 * len(emotion), seconds=1.5))
                (folder / emotion / f"good{number}.wav").write_bytes(good)
        for number, case in enumerate(cases(seed, n)):
            hostile_name = NAMES[number] if number < len(NAMES) else f"case{number}.wav"
            name = (
                os.fsencode(hostile_name.replace("/", "_").replace("\0", "_"))[:250].removesuffix(
                    b".wav"
                )
                + b".wav"
            )
            (folder / ("happy", "sad")[number % 2] / os.fsdecode(name)).write_bytes(case.data)
        n_files = sum(len(files) for _, _, files in os.walk(folder))
        for command in COMMANDS:
            said = " ".join(command)
            sys.stderr.write(f"{said}\n")
            arguments = [
                str(folder) if part == "FOLDER" else f"{home}/models" if part == "MODELS" else part
                for part in command
            ]
            ended = subprocess.run(
                [sys.executable, "-m", "ser_core", *arguments],
                cwd=ROOT,
                capture_output=True,
                timeout=600,
            )
            tracebacks = ended.stderr.count(b"Traceback")
            if tracebacks or ended.returncode not in (0, 1, 2):
                sys.stderr.write(ended.stderr[-3000:].decode(errors="replace"))
            done.append(
                {
                    "command": said,
                    "files": n_files,
                    "codes": str(ended.returncode),
                    "tracebacks": tracebacks,
                }
            )
    return {"commands": done}


def main() -> None:
    """Run all, and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--files", type=int, default=10_000, help="hostile files")
    parser.add_argument(
        "--times",
        type=int,
        default=100,
        help="how many times as long as in the tests promises are tried on made-up input",
    )
    options = parser.parse_args()
    np.seterr(all="ignore")
    found = {
        "seed": options.seed,
        **hostile(options.seed, options.files),
        **commands(options.seed + 1, 150),
    }
    found |= made_up(options.seed, options.times)
    keep("fuzz", found)
    total = found["hostile"]["all"]
    if (
        total["crashes"]
        or total["errors"]
        or total["hangs"]
        or found["broken"]
        or any(of["tracebacks"] for of in found["commands"])
    ):
        raise SystemExit("Something broke: see RELIABILITY.md and .cache/findings/.")


if __name__ == "__main__":
    main()
