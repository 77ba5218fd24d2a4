"""docs/benchmarks.md and docs/reliability.md say what was measured, and nothing else."""

import json

import pytest

from benchmarks import reliability, speed_page

MEASURE = {
    "name": "pitch",
    "ours": 1.0,
    "other": 5.0,
    "compared_with": "Praat",
    "unit": "ms",
    "figure": 5.0,
    "must": 4,
    "aim": 8,
    "at_most": False,
    "figure_unit": "x",
    "about": "24 clips",
}


@pytest.mark.parametrize("module", [speed_page, reliability])
def test_the_page_in_the_repository_is_made_from_the_stored_results(module):
    results = json.loads(module.RESULTS.read_text(encoding="utf-8"))
    assert module.PAGE.read_text(encoding="utf-8") == module.make_page(results)


def test_all_benchmarks_are_on_the_page():
    results = json.loads(speed_page.RESULTS.read_text(encoding="utf-8"))
    assert list(results) == list(speed_page.BENCHMARKS)


def test_a_row_has_both_figures_and_says_which_bound_is_met():
    row = ["pitch", "1 ms", "Praat: 5 ms", "5.00x", "≥ 4x", "≥ 8x", "must"]
    assert speed_page.make_row(MEASURE) == row


@pytest.mark.parametrize(
    ("figure", "at_most", "must", "aim", "met"),
    [
        (9, False, 4, 8, "aim"),
        (8, False, 4, 8, "aim"),
        (3, False, 4, 8, "no"),
        (1.1, True, 1.15, 1.05, "must"),
        (1.0, True, 1.15, 1.05, "aim"),
        (2, True, 1.15, 1.05, "no"),
    ],
)
def test_a_bound_that_is_not_met_is_not_hidden(figure, at_most, must, aim, met):
    measure = MEASURE | {"figure": figure, "at_most": at_most, "must": must, "aim": aim}
    assert speed_page.make_row(measure)[-1] == met


def test_results_of_one_part_leave_the_others_out():
    result = {"measured": "2026-01-01", "machine": "2 cores", "measures": [MEASURE]}
    page = speed_page.make_page({"load": result})
    assert "The app under load" in page
    assert "one thread" not in page.split("##", 1)[1]
    assert "24 clips. Measured on 2026-01-01: 2 cores." in page


def test_what_ten_million_clips_cost_is_multiplied_from_the_figures():
    figures = {
        "workers that one extract can feed": (0.36, 3.6),
        "workers that one predict can feed": (0.36, 36.0),
        "memory of the command": (0.5, 1.5),
    }
    text = speed_page.project_costs(
        {
            name: MEASURE | {"name": name, "ours": ours, "other": other, "figure": other / ours}
            for name, (ours, other) in figures.items()
        }
    )
    # Ten workers are all that one `extract` can feed.
    assert "| extract | 3.6 ms | 10 | $0.50 | 5.0 h | 1.0 h | 1.0 h |" in text
    assert "| predict | 36.0 ms | 100 | $5.00 | 50.0 h | 6.2 h | 1.6 h |" in text
    words = " ".join(text.split())
    assert "about 10 workers for `extract` and 100 workers for `predict`" in words
    assert "5.0 GB of the command's memory. What is done takes 15 GB" in words
