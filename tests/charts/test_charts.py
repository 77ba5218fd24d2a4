"""Charts are tested on their specification: what is encoded, in which order and colours, on which scale."""

import json

import numpy as np
import pandas as pd
import pytest

from ser_core import charts, exploration
from ser_core.charts.style import INK
from ser_core.emotions import COLOURS, EMOTIONS, GENDERS, display_name
from ser_core.evaluation import leaderboard
from tests.support.synthesis import RATE, voice

NAMES = [display_name(emotion) for emotion in EMOTIONS]
GUESSING = leaderboard.reference_rows("emotion", "ravdess", 1 / 8)


def all_values(spec, key):
    """All values of a key anywhere in a specification."""
    if isinstance(spec, dict):
        for name, inner in spec.items():
            if name == key:
                yield inner
            yield from all_values(inner, key)
    elif isinstance(spec, list):
        for inner in spec:
            yield from all_values(inner, key)


def records(chart):
    return next(iter(chart.to_dict()["datasets"].values()))


@pytest.fixture(scope="module")
def table():
    return exploration.read_shipped_features()


def test_bars_keep_order_colours_and_a_fixed_axis():
    probabilities = dict(zip(EMOTIONS, np.linspace(0, 0.25, 8), strict=True))
    spec = charts.probability_bars(probabilities).to_dict()
    assert NAMES in list(all_values(spec, "sort"))
    assert [0, 1] in list(all_values(spec, "domain"))
    assert [COLOURS[emotion] for emotion in EMOTIONS] in list(all_values(spec, "range"))
    assert [row["text"] for row in next(iter(spec["datasets"].values()))] == [
        "0%",
        "4%",
        "7%",
        "11%",
        "14%",
        "18%",
        "21%",
        "25%",
    ]


def test_genders_differ_by_shape_as_well_as_by_colour():
    spec = charts.probability_bars({"male": 0.3, "female": 0.7}).to_dict()
    assert ["square", "circle"] in list(all_values(spec, "range"))
    assert tuple(next(iter(all_values(spec, "sort")))) == tuple(
        display_name(gender) for gender in GENDERS
    )


def test_probabilities_without_the_baseline_are_marked_and_no_figure_stands_on_a_mark():
    with_baseline = dict.fromkeys(EMOTIONS, 0.125)
    without = dict(zip(EMOTIONS, np.linspace(0, 0.25, 8), strict=True))
    rows = list(charts.probability_bars(with_baseline, without).to_dict()["datasets"].values())
    marks = next(data for data in rows if "text" not in data[0])
    assert [row["share"] for row in marks] == list(without.values())
    bars = next(data for data in rows if "text" in data[0])
    assert all(bar["reach"] >= mark["share"] for bar, mark in zip(bars, marks, strict=True))


def test_the_timeline_shows_every_stretch_without_overlap_and_the_gaps():
    probabilities = [dict.fromkeys(EMOTIONS, 0.125)] * 4
    chart = charts.timeline(probabilities, [(0, 4), (2, 6), (10, 14), (11, 15)], [(6.0, 10.0)])
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


def distribution(table, kind="box", split="", **options):
    values = exploration.feature_values(table, "f0_median", split)
    shapes = (
        exploration.densities(values) if kind == "violin" else exploration.box_statistics(values)
    )
    groups = exploration.order_groups(values["group"])
    return charts.feature_distribution(
        shapes,
        exploration.sample_points(values),
        exploration.feature_specs()["f0_median"],
        groups,
        kind=kind,
        **options,
    ).to_dict()


@pytest.mark.parametrize("kind", ["box", "violin"])
def test_a_distribution_names_unit_and_shows_the_current_recording(kind, table):
    with_mark = distribution(table, kind, current=222.123456)
    assert "Pitch (F0), median (Hz)" in list(all_values(with_mark, "title"))
    assert "222.123456" in str(with_mark)
    assert "222.123456" not in str(distribution(table, kind))


@pytest.mark.parametrize("kind", ["box", "violin"])
def test_groups_stand_below_each_other_and_differ_by_shape_and_lightness(kind, table):
    spec = distribution(table, kind, "gender")
    (names,) = set(all_values(spec, "labelExpr"))
    assert '"Neutral \\u00b7 male", "female", "Calm \\u00b7 male"' in names
    assert ["square", "circle"] in list(all_values(spec, "range"))
    shapes = next(rows for rows in spec["datasets"].values() if "shade" in rows[0])
    assert {row["group"]: row["shade"] for row in shapes} == {"male": 0.95, "female": 0.45}
    drawn = next(rows for rows in spec["datasets"].values() if "jitter" in rows[0])
    assert len(drawn) == len(table)
    rows = {(row["label"], row["group"]): row["row"] for row in shapes}
    assert sorted(rows.values(), reverse=True) == [-float(row) for row in range(16)]
    for row in drawn:  # below the line of its own row
        assert 0 < rows[row["label"], row["group"]] - row["at"] < 0.5


def test_ones_standing_is_on_a_fixed_axis_with_a_shape_for_each_gender(table):
    spec = charts.share_below(exploration.share_below(table, "f0_median", 200.0)).to_dict()
    assert [0, 1] in list(all_values(spec, "domain"))
    assert ["square", "circle"] in list(all_values(spec, "range"))
    assert NAMES in list(all_values(spec, "sort"))


def test_a_spectrum_has_a_line_per_emotion_over_hertz_or_mel(table):
    bands = exploration.average_mel_spectra(table, ["calm", "angry"])
    spec = charts.mel_spectrum(bands, ["calm", "angry"]).to_dict()
    assert "Frequency (Hz)" in list(all_values(spec, "title"))
    assert ["Calm", "Angry"] in list(all_values(spec, "domain"))
    even = charts.mel_spectrum(bands, ["calm", "angry"], axis="mel").to_dict()
    assert "mel" in list(all_values(even, "field"))
    assert any('"15.000": "1,000"' in text for text in all_values(even, "labelExpr"))


def test_lines_of_men_and_women_differ_by_dash(table):
    bands = exploration.average_mel_spectra(table, ["calm", "angry"], split="gender")
    spec = charts.mel_spectrum(bands, ["calm", "angry"], ["male", "female"]).to_dict()
    assert ["male", "female"] in list(all_values(spec, "domain"))
    assert [[1, 0], [7, 3]] in list(all_values(spec, "range"))


@pytest.mark.parametrize(
    ("scale", "title"),
    [("semitones", "F0 against the speaker's median (semitones)"), ("hz", "F0 (Hz)")],
)
def test_a_pitch_contour_names_its_scale_and_shows_the_recording(scale, title, table):
    contours = exploration.contours
    speakers = contours.speaker_contours(table, contours.read_contours(["ravdess"]), scale)
    own = np.linspace(100, 200, 25)
    with_own = charts.pitch_contour(
        contours.average_contours(speakers, ["sad", "angry"], own, scale),
        ["sad", "angry"],
        scale=scale,
    ).to_dict()
    assert title in list(all_values(with_own, "title"))
    assert "Your recording" in str(with_own["datasets"])
    without = charts.pitch_contour(
        contours.average_contours(speakers, ["sad", "angry"], None, scale),
        ["sad", "angry"],
        scale=scale,
    ).to_dict()
    assert "Your recording" not in str(without)
    difference = charts.contour_difference(
        contours.contour_difference(speakers, "angry", "sad"), "angry", "sad", scale=scale
    )
    assert len(values_of(difference, "low")) == 25


@pytest.mark.parametrize("mel", [False, True])
def test_a_spectrogram_is_a_picture_with_axes_and_a_legend_in_decibels(mel):
    import base64
    import io

    from PIL import Image

    from ser_core import audio
    from ser_core.features.spectrogram import spectrogram

    of = spectrogram(audio.from_samples(voice(seconds=2.0), RATE), mel=mel)
    spec = charts.spectrogram(of).to_dict()
    assert {"Time (s)", "Frequency (Hz)", "dB"} <= set(all_values(spec, "title"))
    (row,) = next(rows for rows in spec["datasets"].values() if "url" in rows[0])
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(row["url"].split(",")[1]))))
    assert picture.shape == (*of.levels_db.shape, 3)
    brightness = picture[::-1].astype(int).sum(axis=-1)  # low frequencies lie below
    assert brightness.flat[of.levels_db.argmax()] == brightness.max()
    assert brightness.flat[of.levels_db.argmin()] == brightness.min()
    assert row["end"] == 2.0


def test_the_pitch_of_a_clip_is_over_its_time():
    from ser_core.features.intonation import Melody

    chart = charts.melody(Melody(np.array([0.5, 0.6]), np.array([120.0, 130.0])), 2.0)
    assert [0, 2.0] in list(all_values(chart.to_dict(), "domain"))
    assert values_of(chart, "f0") == [120, 130]
    assert len(values_of(charts.stored_contour(np.linspace(100, 200, 25)), "f0")) == 25


def board(*protocols):
    return pd.DataFrame(
        {"title": ["A", "B"]}
        | {f"{p}_uar{s}": [0.5, 0.4] for p in protocols for s in ("", "_low", "_high")}
    )


def test_a_leaderboard_shows_each_protocol_with_intervals_and_chance():
    spec = charts.leaderboard(board("unseen_speakers", "random_split"), GUESSING).to_dict()
    assert ["Unseen voices", "Random split (optimistic)"] in list(all_values(spec, "domain"))
    assert "Guessing" in str(spec["datasets"])


def test_a_leaderboard_leaves_out_what_was_not_measured():
    table = board("unseen_speakers", "corpus_left_out", "random_split")
    table[["random_split_uar", "random_split_uar_low", "random_split_uar_high"]] = np.nan
    table.loc[1, ["corpus_left_out_uar", "corpus_left_out_uar_low", "corpus_left_out_uar_high"]] = (
        np.nan
    )
    spec = charts.leaderboard(table, GUESSING).to_dict()
    assert ["Unseen voices", "Corpus left out"] in list(all_values(spec, "domain"))
    assert "NaN" not in json.dumps(spec)


def test_a_score_without_an_interval_still_stands_on_the_leaderboard():
    table = board("random_split")
    table[["random_split_uar_low", "random_split_uar_high"]] = np.nan
    spec = charts.leaderboard(table, GUESSING).to_dict()
    rows = [row for data in spec["datasets"].values() for row in data if "protocol" in row]
    assert len(rows) == len(table)
    assert {row["low"] for row in rows} == {None}


def test_a_reliability_diagram_has_both_axes_from_0_to_100_percent():
    bins = pd.DataFrame({"confidence": [0.3, 0.8], "right": [0.2, 0.9], "clips": [10, 10]})
    spec = charts.reliability(bins).to_dict()
    assert {"How sure the model is", "How often it is right"} <= set(all_values(spec, "title"))
    assert list(all_values(spec, "domain")).count([0, 1]) == 6


def test_a_confusion_matrix_shows_shares_of_the_truth():
    rows = records(charts.confusion_matrix(np.array([[3.0, 1.0], [0.0, 0.0]]), GENDERS))
    assert [row["share"] for row in rows] == [0.75, 0.25, 0.0, 0.0]


def test_a_confusion_matrix_has_shares_or_counts_in_it_and_the_colours_of_shares():
    for as_counts, field, form in ((False, "share", ".0%"), (True, "clips", ",.0f")):
        spec = charts.confusion_matrix(
            np.array([[3.0, 1.0], [0.0, 2.0]]), GENDERS, as_counts
        ).to_dict()
        (text,) = all_values(spec, "text")
        assert (text["field"], text["format"]) == (field, form)
        assert any(
            colour.get("field") == "share"
            for colour in all_values(spec, "color")
            if isinstance(colour, dict)
        )


def test_people_and_guessing_stand_below_the_models_in_another_shape_and_guessing_is_a_line():
    scores = {
        f"{protocol}_uar{end}": [0.5]
        for protocol in ("unseen_speakers", "random_split")
        for end in ("", "_low", "_high")
    }
    table = pd.DataFrame({"title": ["Forest"], **scores})
    references = leaderboard.reference_rows("emotion", "crema-d", 1 / 6)
    spec = charts.leaderboard(table, references).to_dict()
    assert ["Forest", "People, one listener", "Guessing"] in list(all_values(spec, "sort"))
    assert [0, 1] in list(all_values(spec, "domain"))
    others = [layer for layer in spec["layer"] if layer["mark"].get("shape") == "cross"]
    rules = [layer for layer in spec["layer"] if "strokeDash" in layer["mark"]]
    assert len(others) == len(rules) == 1
    (guess,) = spec["datasets"][rules[0]["data"]["name"]]
    assert guess["uar"] == pytest.approx(1 / 6)
    spans = [
        layer
        for layer in spec["layer"]
        if layer["mark"]["type"] == "rule"
        and layer["mark"].get("color") == INK
        and layer not in rules
    ]
    (people,) = spec["datasets"][spans[0]["data"]["name"]]
    assert people["title"] == "People, one listener"  # the only one with an interval


@pytest.mark.parametrize("joined", [True, False])
def test_curves_of_conditions_keep_their_order_colours_and_a_fixed_axis(joined):
    levels = ["as it is", "20", "0"]
    rows = [
        {"title": title, "level": level, "value": 0.5, "low": 0.4, "high": 0.6}
        for title in "AB"
        for level in levels
    ]
    titles = ["A", "C", "B"]
    curves = pd.DataFrame(rows)
    chart = charts.condition_curves(curves, levels, "Noise (dB)", titles, 0.125, joined)
    spec = chart.to_dict()
    assert levels in list(all_values(spec, "sort"))
    assert [0, 1] in list(all_values(spec, "domain"))
    assert {"Noise (dB)", "Recognised on average (UAR)"} <= {
        title for title in all_values(spec, "title") if isinstance(title, str)
    }
    marks = [layer["mark"]["type"] for layer in spec["layer"]]
    assert ("line" in marks, "area" in marks) == (joined, joined)
    assert values_of(chart, "name") == ["Guessing"]
    third = charts.condition_curves(curves.assign(title="C"), levels, "", titles, 0.125, joined)
    of_two, of_third = looks(spec), looks(third.to_dict())
    assert len(of_two) == 2 * 2  # a colour and a shape for each of two
    assert len(of_third) == 2
    assert not of_two & of_third


def looks(spec):
    """The colours and shapes of the models in a specification."""
    return {
        look for scale in all_values(spec, "scale") if "range" in scale for look in scale["range"]
    }


def test_learning_curves_have_a_mark_at_every_step_and_a_band():
    steps = [2, 4, 8, 20]
    row = {
        "title": "A",
        "draws": 3,
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "least": 0.45,
        "most": 0.55,
    }
    spec = charts.learning_curves(
        pd.DataFrame([row | {"training_speakers": step} for step in steps]), ["A"], 0.125
    ).to_dict()
    assert steps in list(all_values(spec, "values"))
    assert "log" in list(all_values(spec, "type"))
    assert [0, 1] in list(all_values(spec, "domain"))
    assert {"area", "line", "point"} <= {layer["mark"]["type"] for layer in spec["layer"]}
    assert "Speakers that it learnt from" in list(all_values(spec, "title"))


def test_recall_bars_name_every_label():
    rows = records(charts.recall_bars(dict.fromkeys(EMOTIONS, 0.5)))
    assert [row["label"] for row in rows] == NAMES


# ------------------------------------------------------------ reasons, comparisons and conditions


def values_of(chart, field):
    return [
        row[field] for rows in chart.to_dict()["datasets"].values() for row in rows if field in row
    ]


def test_cues_for_and_against_stand_on_either_side_of_nothing():
    shares = {"pitch": 0.31, "energy": -0.12, "spectrum": 0.05, "rhythm": 0.0}
    chart = charts.cue_bars(shares, {cue: cue.capitalize() for cue in shares}, "happy")
    assert values_of(chart, "points") == pytest.approx([31, -12, 5, 0])
    low, high = next(
        domain for domain in all_values(chart.to_dict(), "domain") if isinstance(domain[0], float)
    )
    assert low == -high < -31


def test_moments_do_not_overlap_where_they_are_drawn():
    chart = charts.moment_bars(
        [(0.5, 1.0), (0.75, 1.25), (1.0, 1.5)], [0.2, -0.1, 0.4], "sad", (0.0, 3.0)
    )
    left, right = values_of(chart, "left"), values_of(chart, "right")
    assert left == pytest.approx([0.5, 0.875, 1.125])
    assert right == pytest.approx([0.875, 1.125, 1.5])
    assert values_of(chart, "points") == pytest.approx([20, -10, 40])


def test_the_effects_of_attributes_wear_the_colours_of_their_emotions(table):
    ranking = exploration.rank_features(table, "angry", "sad").head(5)
    chart = charts.effect_sizes(ranking, "angry", "sad")
    assert [COLOURS["angry"], COLOURS["sad"]] in list(all_values(chart.to_dict(), "range"))
    assert list(ranking["attribute"]) in list(all_values(chart.to_dict(), "sort"))
    (selection,) = [param for param in chart.to_dict()["params"] if param["name"] == charts.PICKED]
    assert selection["select"]["fields"] == ["feature"]


def test_a_cell_of_the_confusions_can_be_selected():
    chart = charts.confusion_matrix(np.eye(2), ["happy", "sad"])
    (selection,) = [param for param in chart.to_dict()["params"] if param["name"] == charts.CELL]
    assert selection["select"]["fields"] == ["meant", "said"]


def test_two_models_keep_their_names_and_the_order_of_the_labels():
    recalls = pd.DataFrame(
        {"label": ["neutral", "happy"], "first": [0.5, 0.7], "second": [0.6, 0.2]}
    )
    spec = charts.two_recalls(recalls, "Forest", "Network").to_dict()
    assert ["Forest", "Network"] in list(all_values(spec, "domain"))
    assert [display_name("neutral"), display_name("happy")] in list(all_values(spec, "sort"))
    assert [0, 1] in list(all_values(spec, "domain"))


def test_the_point_on_the_refusal_curve_is_at_the_threshold():
    curve = pd.DataFrame(
        {"threshold": [0.0, 0.5, 1.0], "coverage": [1.0, 0.4, 0.0], "accuracy": [0.6, 0.9, np.nan]}
    )
    datasets = list(charts.risk_coverage(curve, 0.45).to_dict()["datasets"].values())
    # Nothing is drawn where nothing is answered.
    assert sorted(len(rows) for rows in datasets) == [1, 2]
    (point,) = next(rows for rows in datasets if len(rows) == 1)
    assert point["threshold"] == 0.5


def test_a_group_of_one_speaker_has_a_point_and_no_interval():
    groups = pd.DataFrame(
        {
            "name": ["a", "b"],
            "clips": [9, 9],
            "speakers": [1, 3],
            "value": [0.5, 0.6],
            "low": [np.nan, 0.4],
            "high": [np.nan, 0.8],
        }
    )
    datasets = list(charts.group_scores(groups, "Speaker").to_dict()["datasets"].values())
    assert sorted(len(rows) for rows in datasets) == [1, 2]


def test_conditions_and_models_stand_in_the_order_given():
    table = pd.DataFrame(
        {"condition": ["as it is", "noise"], "UAR": ["80.0", "60.0"], "lost": ["+0.0", "+20.0"]}
    )
    assert ["as it is", "noise"] in list(all_values(charts.condition_bars(table).to_dict(), "sort"))
    even = dict.fromkeys(EMOTIONS, 0.125)
    spec = charts.model_probabilities({"Network": even, "Forest": even}, EMOTIONS).to_dict()
    assert ["Network", "Forest"] in list(all_values(spec, "sort"))
    assert [emotion.capitalize() for emotion in EMOTIONS] in list(all_values(spec, "sort"))


@pytest.mark.parametrize("by", ["emotion", "gender", "speaker", "corpus", "intensity"])
def test_the_map_shows_every_clip_and_can_be_brushed_and_clicked(by, table):
    spec = charts.clip_map(
        exploration.place_clips(exploration.build_space(table), "linear"), by
    ).to_dict()
    kinds = {param["name"]: param["select"]["type"] for param in spec["params"]}
    assert kinds == {charts.BRUSH: "interval", charts.CLICKED: "point"}
    assert max(len(rows) for rows in spec["datasets"].values()) == len(table)
    if by == "emotion":
        assert [COLOURS[emotion] for emotion in EMOTIONS] in list(all_values(spec, "range"))
    if by == "gender":
        assert ["square", "circle"] in list(all_values(spec, "range"))


def test_a_logarithmic_axis_is_one_where_it_is_asked_for(table):
    for kind in ("box", "violin"):
        for log in (True, False):
            assert ("log" in list(all_values(distribution(table, kind, log=log), "type"))) == log


def test_the_difference_of_spectra_has_its_interval_and_a_zero(table):
    bands = exploration.mel_spectrum_difference(table, "angry", "calm")
    chart = charts.spectrum_difference(bands, "angry", "calm")
    assert len(chart.to_dict()["layer"]) == 3
    assert values_of(chart, "low") == pytest.approx(bands["low"].tolist())
