"""Run the tests that bring faults about, and note what then happens. Run as: python -m benchmarks.faults.

Writes its part of docs/reliability.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.reliability import store
from tests.support.server import ROOT

OUTCOMES = {"failed": "NO", "skipped": "not tried here", "passed": "yes"}
"""What the page says of a test's outcome, the worst outcome first."""


def main() -> None:
    """Run these tests, store what they found, and end with the exit code of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "faults.json"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "fault"]
        ended = subprocess.run([*command, "--fault-report", str(target)], cwd=ROOT)
        tried = json.loads(target.read_text(encoding="utf-8"))
    outcomes_of: dict[tuple[str, str], list[str]] = {}
    for fault, behaviour, outcome in tried:
        outcomes_of.setdefault((fault, behaviour), []).append(outcome)
    rows = [
        {
            "fault": fault,
            "behaviour": behaviour,
            "tests": len(outcomes),
            "outcome": next(OUTCOMES[outcome] for outcome in OUTCOMES if outcome in outcomes),
        }
        for (fault, behaviour), outcomes in outcomes_of.items()
    ]
    store("faults", {"faults": rows})
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
