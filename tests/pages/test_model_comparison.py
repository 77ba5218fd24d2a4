"""The page *Model comparison*."""

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

from ser_core import evaluation
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import leaderboard, learning_curves, robustness
from ser_core.experiments import conditions
from tests.support.pages import RECORD, choose, healthy, texts


@pytest.mark.parametrize("task", ["emotion", "gender"])
@pytest.mark.parametrize("corpus", ["ravdess", "crema-d", "nemo"])
def test_models_are_compared_on_unseen_voices_and_with_the_corpus_left_out(task, corpus, app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="task").set_value(task).run()
    page.segmented_control(key="corpus").set_value(corpus).run()
    healthy(page)
    every = page.dataframe[0].value
    table = every[every["kind"] == leaderboard.MODEL]
    assert len(table) == (10 if corpus != "ravdess" else 16 if task == "emotion" else 15)
    assert table["unseen"].is_monotonic_decreasing
    stored = leaderboard.rank_with_costs(evaluation.read_out_of_fold(), task, corpus)
    chance = every["unseen"].iloc[-1] / 100
    pd.testing.assert_frame_equal(
        every,
        leaderboard.format_leaderboard(stored, leaderboard.reference_rows(task, corpus, chance)),
        check_dtype=False,
    )
    labels = CORPORA[corpus].emotions if task == "emotion" else GENDERS
    assert chance == pytest.approx(1 / len(labels))
    assert (
        list(every["title"].iloc[len(table) :])
        == ["People, one listener", "Guessing"][(task, corpus) != ("emotion", "crema-d") :]
    )
    assert table["left_out"].notna().sum() == 10
    assert "the nearest thing to your own microphone" in texts(page)
    assert len(page.get("vega_lite_chart")) == 1


def test_on_ravdess_the_random_split_stands_beside_unseen_voices(app):
    page = app.switch_page("pages/model_comparison.py").run()
    table = page.dataframe[0].value.dropna(subset="random")
    assert len(table) == 13
    assert (table["random"] > table["unseen"]).all()
    assert "where it, too, is chosen without the tested ones" in texts(page)


def test_people_stand_beside_the_models_of_crema_d(app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="corpus").set_value("crema-d").run()
    assert "People** who heard only these voices recognised **41%**" in texts(page)


def compared(app, view, corpus="ravdess"):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="corpus").set_value(corpus).run()
    page.segmented_control(key="view").set_value(view).run()
    return healthy(page)


def rows_of(chart):
    """The rows that a chart on a page draws."""
    (dataset,) = chart.proto.datasets
    return convert_arrow_bytes_to_pandas_df(dataset.data.data).to_dict("records")


def test_one_model_is_shown_in_detail_under_each_protocol_it_was_tested_under(app):
    page = compared(app, "one")
    page.selectbox(key="model").select("Random forest, mfcc128_v1").run()
    unseen = texts(page)
    assert page.segmented_control(key="tested_on").options == [
        "Unseen voices",
        "Corpus left out",
        "Random split (optimistic)",
    ]
    page.segmented_control(key="tested_on").set_value("random_split").run()
    healthy(page)
    assert "95% interval" in unseen
    assert texts(page) != unseen


@pytest.mark.parametrize("corpus", ["ravdess", "crema-d", "nemo"])
def test_one_model_is_looked_at_from_several_sides(corpus, app):
    page = compared(app, "one", corpus)
    assert len(page.get("vega_lite_chart")) == 5  # confusions, recall, reliability, refusal, groups
    before = texts(page)
    page.slider(key="answer_from").set_value(80).run()
    healthy(page)
    assert "From 80% on it answers" in texts(page)
    assert "From 33% on it answers" in before
    for by in page.segmented_control(key="by").options:
        page.segmented_control(key="by").set_value(
            by.lower() if by != "Sentence" else "statement"
        ).run()
        healthy(page)


def test_the_model_that_is_looked_at_stays_when_the_corpus_changes(app):
    page = compared(app, "one")
    page.selectbox(key="model").select("Random forest").run()
    page.segmented_control(key="corpus").set_value("nemo").run()
    assert healthy(page).selectbox(key="model").value == "Random forest"
    page.segmented_control(key="tested_on").set_value("random_split").run()
    page.selectbox(key="model").select("Network").run()  # it was not tested so
    assert healthy(page).segmented_control(key="tested_on").value == "unseen_speakers"


def test_only_what_ships_has_a_card_to_save(app):
    page = compared(app, "one")
    assert "Save the card" in [button.label for button in page.get("download_button")]
    page.selectbox(key="model").select("Support vector machine (RBF), mfcc128_v1").run()
    assert "Save the card" not in [button.label for button in page.get("download_button")]
    assert "only measured" in texts(healthy(page))


@pytest.mark.parametrize("shown", ["Shares", "Counts"])
def test_the_matrices_of_two_models_stand_beside_each_other(shown, app):
    page = compared(app, "two", "nemo")
    page.segmented_control(key="figures").set_value(shown).run()
    page.selectbox(key="second_model").select("Bagged perceptrons").run()
    assert len(page.get("vega_lite_chart")) == 3
    field = {"Shares": "share", "Counts": "clips"}[shown]
    stored = evaluation.read_out_of_fold("nemo")
    models = (("several", "combination"), ("functionals_v1", "bagged_mlp"))
    for element, model in zip(page.get("vega_lite_chart"), models, strict=False):
        rows = evaluation.model_rows(stored, "emotion", *model, "unseen_speakers", "nemo")
        said = np.array(EMOTIONS)[rows[list(EMOTIONS)].to_numpy().argmax(axis=1)]
        counts = pd.crosstab(rows["truth"], said)
        text = [
            layer["encoding"]["text"]["field"]
            for layer in json.loads(element.proto.spec)["layer"]
            if "text" in layer["encoding"]
        ]
        assert text == [field]
        for cell in rows_of(element):
            meant, heard = cell["meant"].lower(), cell["said"].lower()
            count = counts.loc[meant].get(heard, 0)
            assert cell["clips"] == pytest.approx(count)
            assert cell["share"] == pytest.approx(count / counts.loc[meant].sum())


def test_two_models_are_compared_on_the_same_clips(app):
    page = compared(app, "two")
    page.selectbox(key="second_model").select("Random forest, mfcc128_v1").run()
    healthy(page)
    stored = evaluation.read_out_of_fold("ravdess")
    sides = [
        evaluation.score(
            evaluation.model_rows(stored, "emotion", *model, "unseen_speakers"), "emotion"
        ).uar.value
        for model in (("several", "combination"), ("mfcc128_v1", "random_forest"))
    ]
    shown = float(texts(page).split("recognises **")[1].split(" points**")[0])
    assert shown == pytest.approx(100 * (sides[0] - sides[1]), abs=0.06)
    assert sum(float(metric.value.rstrip("%")) for metric in page.metric) == pytest.approx(
        100, abs=2
    )
    page.selectbox(key="second_model").select(page.selectbox(key="model").value).run()
    assert "Choose two different models" in texts(healthy(page))


@pytest.mark.parametrize("corpus", ["ravdess", "crema-d", "nemo"])
def test_how_many_speakers_it_takes_is_shown_as_stored(corpus, app):
    page = compared(app, "learning", corpus)
    found = learning_curves.compute_learning_curves(learning_curves.read_counts(corpus))
    table = page.dataframe[0].value
    assert list(table["training_speakers"]) == sorted(set(found["training_speakers"]))
    best = found[found["classifier"] == found["classifier"].iloc[0]]
    np.testing.assert_allclose(table.iloc[:, 1], 100 * best["value"])
    assert f"**{best['value'].iloc[-1]:.0%}** after {best['training_speakers'].iloc[-1]}" in texts(
        page
    )
    page.multiselect(key="learners").set_value(["Decision tree"]).run()
    assert list(healthy(page).dataframe[0].value) == ["training_speakers", "Decision tree"]
    page.multiselect(key="learners").set_value([]).run()
    assert "Choose one or more models above" in texts(healthy(page))
    page.segmented_control(key="task").set_value("gender").run()
    assert "measured for the emotions" in texts(healthy(page))


def test_a_click_on_a_cell_holds_for_what_was_shown_only(app):
    """Streamlit keeps the selection of a chart whose key stays the same, whatever is drawn in it then."""
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("one").run()
    keys = [[element.proto.id for element in page.get("vega_lite_chart")]]
    page.segmented_control(key="corpus").set_value("crema-d").run()
    keys.append([element.proto.id for element in page.get("vega_lite_chart")])
    assert keys[0][0] != keys[1][0]


def test_noise_and_rooms_are_shown_as_stored(app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("noise").run()
    healthy(page)
    assert page.dataframe[1].value.equals(robustness.score_conditions())
    assert len(page.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("kind", [*conditions.KINDS, conditions.WITHOUT_LEVELS])
def test_curves_of_several_models_are_those_of_the_stored_predictions(kind, app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("noise").run()
    page.segmented_control(key="played_through").set_value(kind).run()
    titles = page.multiselect(key="models").options
    page.multiselect(key="models").set_value(titles).run()
    table = healthy(page).dataframe[0].value.set_index("level")
    assert list(table) == titles
    found = conditions.read_kind_curves(kind)
    assert len(found) == table.size
    for row in found.itertuples():
        assert table.loc[row.level, row.title] == pytest.approx(100 * row.value)
    assert "Four speakers only" in texts(page)
    page.multiselect(key="models").set_value([]).run()
    assert "Choose one or more models above" in texts(healthy(page))


def test_the_current_clip_goes_through_every_model_and_through_changes(page):
    comparison = page.switch_page("pages/model_comparison.py").run()
    comparison.segmented_control(key="view").set_value("clip").run()
    assert "Record or pick a clip first" in texts(healthy(comparison))
    page.switch_page(RECORD).run()
    choose(page, "Sample")
    page.pills(key="sample").set_value("Steady low").run()
    page.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("clip").run()
    healthy(page)
    assert len(page.get("vega_lite_chart")) == 2
    for change, value in (("what_if_pitch", 3), ("what_if_speed", 80), ("what_if_gain", -20)):
        page.slider(key=change).set_value(value).run()
        healthy(page)
    page.select_slider(key="what_if_noise").set_value(10).run()
    page.toggle(key="what_if_telephone").set_value(True).run()
    healthy(page)
