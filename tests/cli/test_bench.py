"""BENCHMARKS.md says what was measured, and nothing else."""

import json

import pytest

from ser_core.cli import bench
from tests.conftest import ROOT

MEASURE = {
    "name": "pitch",
    "ours": 1.0,
    "other": 5.0,
    "beside": "Praat",
    "unit": "ms",
    "figure": 5.0,
    "must": 4,
    "aim": 8,
    "at_most": False,
    "figure_unit": "x",
    "about": "24 clips",
}


def test_the_page_in_the_repository_is_made_from_the_results_beside_it():
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    assert (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8") == bench.page(results)
    assert list(results) == list(bench.BENCHMARKS)


def test_a_row_has_both_figures_and_says_what_was_reached():
    assert bench._row(MEASURE) == ["pitch", "1 ms", "Praat: 5 ms", "5.00x", "≥ 4x", "≥ 8x", "must"]


@pytest.mark.parametrize(
    ("figure", "at_most", "must", "aim", "reached"),
    [
        (9, False, 4, 8, "aim"),
        (8, False, 4, 8, "aim"),
        (3, False, 4, 8, "no"),
        (1.1, True, 1.15, 1.05, "must"),
        (1.0, True, 1.15, 1.05, "aim"),
        (2, True, 1.15, 1.05, "no"),
    ],
)
def test_what_is_not_reached_is_not_hidden(figure, at_most, must, aim, reached):
    assert (
        bench._row(MEASURE | {"figure": figure, "at_most": at_most, "must": must, "aim": aim})[-1]
        == reached
    )


def test_results_of_one_part_leave_the_others_out():
    page = bench.page(
        {"load": {"measured": "2026-01-01", "machine": "2 cores", "measures": [MEASURE]}}
    )
    assert "The app under load" in page
    assert "one thread" not in page.split("##", 1)[1]
    assert "24 clips. Measured on 2026-01-01: 2 cores." in page


def test_what_ten_million_clips_cost_is_multiplied_from_the_figures():
    def measure(name, ours, other):
        return MEASURE | {"name": name, "ours": ours, "other": other, "figure": other / ours}

    found = {
        m["name"]: m
        for m in (
            measure("workers that one extract can feed", 0.36, 3.6),
            measure("workers that one predict can feed", 0.36, 36.0),
            measure("memory of the command", 0.5, 1.5),
        )
    }
    text = bench._projection(found)
    assert (
        "| extract | 3.6 ms | 10 | $0.50 | 5.0 h | 1.0 h | 1.0 h |" in text
    )  # ten workers are all that it can feed
    assert "| predict | 36.0 ms | 100 | $5.00 | 50.0 h | 6.2 h | 1.6 h |" in text
    assert "about 10 workers for `extract` and 100 workers for `predict`" in text
    assert "5.0 GB of the command's memory, and what is done 15 GB" in text
