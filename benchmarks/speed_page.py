"""docs/benchmarks.md, made of benchmarks/results.json. `python -m benchmarks` writes both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ser_core.cli.layout import align, markdown_table
from tests.support.server import ROOT

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"

BENCHMARKS = {
    "features": "Features, one thread",
    "scaling": "Two processes against one",
    "cluster": "On a cluster",
    "startup": "From the start of the process",
    "load": "The app under load",
}
"""The modules of benchmarks/ that are run, and the titles of their parts."""

HEADER = ("measure", "ours", "compared with", "figure", "must", "aim", "met")

N_CLIPS = 10_000_000
N_WORKERS = (2, 16, 64)
DOLLARS_PER_CORE_HOUR = 0.05
"""What a virtual core costs by the hour, about; a price, not a measurement."""

PREFACE = """# Benchmarks

Written by `python -m benchmarks` from `benchmarks/results.json`, which it writes, too. Nothing here is
typed in. It needs `pip install -r benchmarks/requirements.txt`, `SER_CORPORA` with RAVDESS and CREMA-D, and
an installed Chromium. `--only NAME` runs one part.

Each figure compares two things that were measured in one run, in turn: a slow or busy machine slows both.
Where the bound says ≥, the figure says how many times as fast ours is. Where it says ≤, less is better.
Timings are medians of rounds. *must* is what is promised, *aim* is what we would like to reach.
"""

Measure = Mapping[str, Any]
"""The fields of `benchmarks.measuring.Measure`."""


def make_page(results: Mapping[str, Any]) -> str:
    """Return docs/benchmarks.md.

    Parameters
    ----------
    results : mapping
        By the name of the benchmark: `measured`, `machine` and `measures`.
    """
    parts = [PREFACE]
    for name, title in BENCHMARKS.items():
        if name in results:
            parts += _make_part(name, title, results[name])
    return "\n".join(parts)


def _make_part(name: str, title: str, result: Mapping[str, Any]) -> list[str]:
    measures = result["measures"]
    about = "; ".join(dict.fromkeys(measure["about"] for measure in measures if measure["about"]))
    sentence = f"{about}. " if about else ""
    rows = [make_row(measure) for measure in measures]
    part = [
        f"## {title}\n",
        f"{sentence}Measured on {result['measured']}: {result['machine']}.\n",
        markdown_table(HEADER, rows),
    ]
    if name == "cluster":
        part.append(project_costs({measure["name"]: measure for measure in measures}))
    return part


def format_measures(measures: Sequence[Measure]) -> str:
    """Return the measures of one benchmark as a table for the terminal."""
    return align(HEADER, [make_row(measure) for measure in measures])


def make_row(measure: Measure) -> list[str]:
    """Return the row of a measure: both figures, both bounds, and which of them is met."""
    sign = "≤" if measure["at_most"] else "≥"
    figure_unit = measure["figure_unit"]
    return [
        measure["name"],
        f"{measure['ours']:.3g} {measure['unit']}",
        f"{measure['compared_with']}: {measure['other']:.3g} {measure['unit']}",
        f"{measure['figure']:.2f}{figure_unit}",
        f"{sign} {measure['must']:g}{figure_unit}",
        f"{sign} {measure['aim']:g}{figure_unit}",
        _bound_met(measure),
    ]


def _bound_met(measure: Measure) -> str:
    for bound in ("aim", "must"):
        difference = measure["figure"] - measure[bound]
        if difference == 0 or (difference < 0) == measure["at_most"]:
            return bound
    return "no"


def project_costs(measures: Mapping[str, Measure]) -> str:
    """Return what ten million clips would cost, and where that would end.

    It follows from what one clip takes of a worker and of the command.

    Parameters
    ----------
    measures : mapping
        Those of the benchmark `cluster`, by name.
    """
    rows = []
    limits = []
    for command in ("extract", "predict"):
        measure = measures[f"workers that one {command} can feed"]
        rows.append(_cost_row(command, own_ms=measure["ours"], worker_ms=measure["other"]))
        limits.append(f"{measure['figure']:.0f} workers for `{command}`")
    memory = measures["memory of the command"]
    memory_gb = N_CLIPS * memory["ours"] / 1e6
    disk_gb = N_CLIPS * memory["other"] / 1e6
    workers = (f"{n_workers} workers" for n_workers in N_WORKERS)
    return f"""### Ten million clips, on paper

Multiplied from the figures above, not tried. A core-hour is taken to cost
${DOLLARS_PER_CORE_HOUR:.2f}. The clips have about 2.5 s, in Opus.

{markdown_table(("command", "a clip", "core-hours", "cost", *workers), rows)}
Where it would break: one command, with its scheduler, can feed about {limits[0]} and
{limits[1]}; more of them stand idle. The list of what is to be done takes {memory_gb:.1f} GB of the
command's memory. What is done takes {disk_gb:.0f} GB next to the output until that is whole. Past any of
these, give each command a folder of its own, of a million clips or so: no clip depends on another. Start the
workers first: workers that join later only take over from those that are lost. Reading 10 million small
files is up to the storage, which was a local disk here.
"""


def _cost_row(command: str, *, own_ms: float, worker_ms: float) -> list[str]:
    """The row of a command; milliseconds that a clip takes the command itself, and a worker."""
    core_hours = N_CLIPS * worker_ms / 3.6e6
    least_hours = N_CLIPS * own_ms / 3.6e6
    hours = [max(core_hours / n_workers, least_hours) for n_workers in N_WORKERS]
    return [
        command,
        f"{worker_ms:.1f} ms",
        f"{core_hours:,.0f}",
        f"${core_hours * DOLLARS_PER_CORE_HOUR:,.2f}",
        *(f"{hour:,.1f} h" for hour in hours),
    ]
