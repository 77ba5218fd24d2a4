"""Charts are tested on their specification: what is encoded, in which order and colours, on which scale."""

import json

import numpy as np
import pandas as pd
import pytest

from ser_core import charts, exploration
from ser_core.emotions import COLOURS, EMOTIONS, GENDERS, display_name
from tests.synthesis import RATE, voice

NAMES = [display_name(emotion) for emotion in EMOTIONS]


def found(spec, key):
    """All values of a key anywhere in a specification."""
    if isinstance(spec, dict):
        for name, inner in spec.items():
            if name == key:
                yield inner
            yield from found(inner, key)
    elif isinstance(spec, list):
        for inner in spec:
            yield from found(inner, key)


def records(chart):
    return next(iter(chart.to_dict()["datasets"].values()))


@pytest.fixture(scope="module")
def table():
    return exploration.shipped_features()


def test_bars_keep_order_colours_and_a_fixed_axis():
    probabilities = dict(zip(EMOTIONS, np.linspace(0, 0.25, 8), strict=True))
    spec = charts.probability_bars(probabilities).to_dict()
    assert NAMES in list(found(spec, "sort"))
    assert [0, 1] in list(found(spec, "domain"))
    assert [COLOURS[emotion] for emotion in EMOTIONS] in list(found(spec, "range"))
    assert [row["text"] for row in next(iter(spec["datasets"].values()))] == ["0%", "4%", "7%", "11%", "14%", "18%", "21%", "25%"]


def test_genders_differ_by_shape_as_well_as_by_colour():
    spec = charts.probability_bars({"male": 0.3, "female": 0.7}).to_dict()
    assert ["square", "circle"] in list(found(spec, "range"))
    assert tuple(next(iter(found(spec, "sort")))) == tuple(display_name(gender) for gender in GENDERS)


def test_what_was_said_without_a_baseline_is_marked_and_no_figure_stands_on_a_mark():
    now, before = dict.fromkeys(EMOTIONS, 0.125), dict(zip(EMOTIONS, np.linspace(0, 0.25, 8), strict=True))
    rows = list(charts.probability_bars(now, before).to_dict()["datasets"].values())
    marks = next(data for data in rows if "text" not in data[0])
    assert [row["share"] for row in marks] == list(before.values())
    bars = next(data for data in rows if "text" in data[0])
    assert all(bar["reach"] >= mark["share"] for bar, mark in zip(bars, marks, strict=True))


def test_the_timeline_shows_every_stretch_without_overlap_and_the_gaps():
    said = [dict.fromkeys(EMOTIONS, 0.125)] * 4
    chart = charts.timeline(said, [(0, 4), (2, 6), (10, 14), (11, 15)], [(6.0, 10.0)])
    cells, gaps = sorted(chart.to_dict()["datasets"].values(), key=len, reverse=True)
    assert len(cells) == 4 * len(EMOTIONS)
    spans = sorted({(cell["left"], cell["right"]) for cell in cells})
    assert spans == [(0, 3), (3, 6), (10, 12.5), (12.5, 15)]
    assert gaps == [{"left": 6.0, "right": 10.0}]
    assert charts.STRETCH in json.dumps(chart.to_dict()["params"])


def test_a_waveform_shows_the_whole_clip_in_seconds():
    rows = records(charts.waveform(voice(seconds=3.0), RATE))
    assert len(rows) <= 501
    assert rows[-1]["seconds"] == pytest.approx(3.0, abs=0.02)
    assert all(row["low"] <= row["high"] for row in rows)


@pytest.mark.parametrize("kind", ["box", "violin"])
def test_a_distribution_names_unit_and_shows_the_current_recording(kind, table):
    spec = exploration.specs()["f0_median"]
    values = exploration.feature_values(table, "f0_median")
    with_mark = charts.feature_distribution(values, spec, kind=kind, current=222.123456).to_dict()
    assert "Pitch (F0), median (Hz)" in list(found(with_mark, "title"))
    assert "222.123456" in str(with_mark)
    assert "222.123456" not in str(charts.feature_distribution(values, spec, kind=kind).to_dict())


def test_a_spectrum_has_a_line_per_emotion_over_hertz(table):
    bands = exploration.mel_spectrum(table, ["calm", "angry"])
    spec = charts.mel_spectrum(bands, ["calm", "angry"]).to_dict()
    assert "Frequency (Hz)" in list(found(spec, "title"))
    assert ["Calm", "Angry"] in list(found(spec, "domain"))


def board(*protocols):
    return pd.DataFrame({"title": ["A", "B"]} | {f"{p}_uar{s}": [0.5, 0.4] for p in protocols for s in ("", "_low", "_high")})


def test_a_leaderboard_shows_each_protocol_with_intervals_and_chance():
    spec = charts.leaderboard(board("unseen_speakers", "random_split"), 1 / 8).to_dict()
    assert ["Unseen voices", "Random split (optimistic)"] in list(found(spec, "domain"))
    assert "Guessing" in str(spec["datasets"])


def test_a_leaderboard_leaves_out_what_was_not_measured():
    table = board("unseen_speakers", "corpus_left_out", "random_split")
    table[["random_split_uar", "random_split_uar_low", "random_split_uar_high"]] = np.nan
    table.loc[1, ["corpus_left_out_uar", "corpus_left_out_uar_low", "corpus_left_out_uar_high"]] = np.nan
    spec = charts.leaderboard(table, 1 / 8).to_dict()
    assert ["Unseen voices", "Corpus left out"] in list(found(spec, "domain"))
    assert "NaN" not in json.dumps(spec)


def test_a_reliability_diagram_has_both_axes_from_0_to_100_percent():
    bins = pd.DataFrame({"confidence": [0.3, 0.8], "right": [0.2, 0.9], "clips": [10, 10]})
    spec = charts.reliability(bins).to_dict()
    assert {"How sure the model is", "How often it is right"} <= set(found(spec, "title"))
    assert list(found(spec, "domain")).count([0, 1]) == 6


def test_a_confusion_matrix_shows_shares_of_what_was_meant():
    rows = records(charts.confusion_matrix(np.array([[3.0, 1.0], [0.0, 0.0]]), GENDERS))
    assert [row["share"] for row in rows] == [0.75, 0.25, 0.0, 0.0]


def test_recall_bars_name_every_label():
    rows = records(charts.recall_bars(dict.fromkeys(EMOTIONS, 0.5)))
    assert [row["label"] for row in rows] == NAMES
