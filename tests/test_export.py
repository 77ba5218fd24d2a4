"""A chart can be taken along as a file."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd

from ser_core import charts, exploration
from ser_core.emotions import EMOTIONS


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text") and element.text]


def test_a_chart_becomes_an_svg_with_its_title_axes_and_marks():
    svg = charts.to_svg(charts.probability_bars(dict.fromkeys(EMOTIONS, 1 / 8)), "What it sounds like")
    assert {"What it sounds like", "Probability", "Angry", "100%"} <= set(texts(svg))
    assert svg.count(b"#D55E00") >= 1  # anger's own colour


def test_a_chart_of_more_clips_than_altair_likes_becomes_an_svg():
    spec = exploration.specs()["f0_median"]
    values = pd.DataFrame({"emotion": np.repeat(EMOTIONS, 1500), "value": np.random.default_rng(0).normal(200, 40, 12_000)})
    assert spec.title in " ".join(texts(charts.to_svg(charts.feature_distribution(values, spec), "Pitch")))
