"""A chart can be taken along as a file."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd

from ser_core import charts
from ser_core.emotions import EMOTIONS


def texts(svg):
    return [
        element.text
        for element in ElementTree.fromstring(svg).iter()
        if element.tag.endswith("text") and element.text
    ]


def test_a_chart_becomes_an_svg_with_its_title_axes_and_marks():
    svg = charts.to_svg(
        charts.probability_bars(dict.fromkeys(EMOTIONS, 1 / 8)), "What it sounds like"
    )
    assert {"What it sounds like", "Probability", "Angry", "100%"} <= set(texts(svg))
    assert svg.count(b"#D55E00") >= 1  # anger's own colour


def test_a_chart_of_more_clips_than_altair_likes_becomes_an_svg():
    details = dict.fromkeys(("gender", "speaker", "corpus", "intensity", "statement"), "some")
    placed = pd.DataFrame(
        {"path": [f"{n}.wav" for n in range(6000)], "emotion": (EMOTIONS * 750)} | details
    )
    placed[["x", "y"]] = np.random.default_rng(0).normal(0, 1, (6000, 2))
    svg = charts.to_svg(charts.clip_map(placed, "emotion"), "All clips")
    assert svg.count(b"<path") >= 6000
    assert "Surprised" in texts(svg)
