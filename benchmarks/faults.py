"""The faults that the tests bring about, and what then happens. Run as: python -m benchmarks.faults. Writes its part of RELIABILITY.md."""

from __future__ import annotations

from benchmarks.measuring import ROOT  # isort: skip

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.reliability import keep

OUTCOMES = {"passed": "yes", "failed": "NO", "skipped": "not tried here"}


def main() -> None:
    """Run these tests, and keep what they found."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "faults.json"
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "fault", "--fault-report", str(target)],
            cwd=ROOT,
        )
        tried = json.loads(target.read_text(encoding="utf-8"))
    faults: dict[tuple[str, str], list[str]] = {}
    for what, behaviour, outcome in tried:
        faults.setdefault((what, behaviour), []).append(outcome)
    rows: list[dict[str, Any]] = []
    for (what, behaviour), outcomes in faults.items():
        worst = next(outcome for outcome in ("failed", "skipped", "passed") if outcome in outcomes)
        rows.append(
            {
                "fault": what,
                "behaviour": behaviour,
                "tests": len(outcomes),
                "outcome": OUTCOMES[worst],
            }
        )
    keep("faults", {"faults": rows})
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
