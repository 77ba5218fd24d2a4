"""Try hostile files and made-up input, thousands of each. Run as: python -m benchmarks.fuzz.

Nothing may crash, hang, or end without a code. Writes its part of docs/reliability.md. A file that broke
a decoder is kept in .cache/findings/, to become a regression.
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

from benchmarks.reliability import store
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


def try_hostile(seed: int, n: int) -> dict[str, Any]:
    """Decode each hostile file as the app does, and predict those that can be; return the counts."""
    pair = models.load_default("emotion"), models.load_default("gender")
    counts: dict[str, Counter[str]] = {}
    codes: Counter[str] = Counter()
    longest = 0.0
    files = tqdm(cases(seed, n), total=n, desc="hostile files", mininterval=5)
    for number, case in enumerate(files):
        start = time.monotonic()
        outcome, code = try_file(case.data, pair, f"file {number} of seed {seed}")
        seconds = time.monotonic() - start
        longest = max(longest, seconds)
        codes.update([code] if code else [])
        of_kind = counts.setdefault(case.kind, Counter())
        of_kind.update(tried=1, hangs=int(seconds > HANG_S))
        of_kind[outcome] += 1
        if outcome in ("crashes", "errors") or seconds > HANG_S:
            FINDINGS.mkdir(parents=True, exist_ok=True)
            (FINDINGS / f"{seed}-{number}").write_bytes(case.data)
    total = sum(counts.values(), Counter())
    by_kind = {**counts, "all": total}
    return {
        "hostile": {
            kind: {outcome: of_kind[outcome] for outcome in OUTCOMES}
            for kind, of_kind in by_kind.items()
        },
        "codes": dict(codes),
        "longest_s": longest,
        "decoder_mb": max(peak_mb(decoder.process.pid) for decoder in isolated._idle),
    }


def try_file(data: bytes, pair: tuple[models.Model, models.Model], name: str) -> tuple[str, str]:
    """Return what comes of a file, as one of `OUTCOMES`, and the code of the error or ""."""
    try:
        clip = isolated.decode(
            data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS
        )
        decided = prediction.predict(clip, *pair)
    except SerError as error:
        outcome = "crashes" if error.code == ErrorCode.DECODER_FAILED else "refused"
        return outcome, error.code.value
    except Exception:
        sys.stderr.write(f"{name}:\n{traceback.format_exc()}")
        return "errors", ""
    if abs(sum(decided.emotion_probabilities.values()) - 1) > 1e-6:
        raise SystemExit(f"The probabilities of {name} do not sum to 1.")
    return ("answered" if decided.emotion else "cannot tell"), ""


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has had resident."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")
    )


def try_made_up(seed: int, times: int) -> dict[str, Any]:
    """Try the properties of tests/audio/test_fuzz.py, many times as long as in the tests."""
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
                notes = "".join(getattr(error, "__notes__", []))
                sys.stderr.write(f"BROKEN: {error!r}\n{notes}\n")
                broken += 1
    return {"made_up": dict(test_fuzz.N_TRIED), "broken": broken}


def try_commands(seed: int, n: int) -> dict[str, Any]:
    """Run whole commands over a labelled folder of hostile and good files; some have hostile names."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "mine"
        write_good_files(folder)
        write_hostile_files(folder, seed, n)
        n_files = sum(len(files) for _, _, files in os.walk(folder))
        places = {"FOLDER": str(folder), "MODELS": f"{home}/models"}
        return {"commands": [run_command(command, places, n_files) for command in COMMANDS]}


def write_good_files(folder: Path) -> None:
    """Write six clips of each of two emotions."""
    for emotion in ("happy", "sad"):
        (folder / emotion).mkdir(parents=True)
        for number in range(6):
            f0 = 100.0 + 20 * number + 7 * len(emotion)
            clip = FORMATS["wav"](voice(f0=f0, seconds=1.5))
            (folder / emotion / f"good{number}.wav").write_bytes(clip)


def write_hostile_files(folder: Path, seed: int, n: int) -> None:
    """Write hostile files next to the good ones, the first of them under hostile names."""
    for number, case in enumerate(cases(seed, n)):
        name = NAMES[number] if number < len(NAMES) else f"case{number}.wav"
        name = name.replace("/", "_").replace("\0", "_")
        stem = os.fsencode(name)[:250].removesuffix(b".wav")
        path = folder / ("happy", "sad")[number % 2] / os.fsdecode(stem + b".wav")
        path.write_bytes(case.data)


def run_command(command: tuple[str, ...], places: dict[str, str], n_files: int) -> dict[str, Any]:
    """Run a command of the package; return its exit code and how many tracebacks it printed."""
    words = " ".join(command)
    sys.stderr.write(f"{words}\n")
    arguments = [places.get(word, word) for word in command]
    ended = subprocess.run(
        [sys.executable, "-m", "ser_core", *arguments], cwd=ROOT, capture_output=True, timeout=600
    )
    tracebacks = ended.stderr.count(b"Traceback")
    if tracebacks or ended.returncode not in (0, 1, 2):
        sys.stderr.write(ended.stderr[-3000:].decode(errors="replace"))
    return {
        "command": words,
        "files": n_files,
        "codes": str(ended.returncode),
        "tracebacks": tracebacks,
    }


def main() -> None:
    """Try everything and store what was found; end with an error where something broke."""
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
    result = {
        "seed": options.seed,
        **try_hostile(options.seed, options.files),
        **try_commands(options.seed + 1, 150),
        **try_made_up(options.seed, options.times),
    }
    store("fuzz", result)
    total = result["hostile"]["all"]
    n_bad = total["crashes"] + total["errors"] + total["hangs"] + result["broken"]
    if n_bad or any(run["tracebacks"] for run in result["commands"]):
        raise SystemExit("Something broke: see docs/reliability.md and .cache/findings/.")


if __name__ == "__main__":
    main()
