"""Every page in Streamlit's own test harness: a real flow and an error flow, without a browser."""

import base64
import io
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
import streamlit
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from ser_core import audio, evaluation, exploration, features
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import DATA_DIR, leaderboard, learning_curves, robustness
from ser_core.experiments import conditions
from tests.conftest import ROOT
from tests.support.synthesis import FORMATS, RATE, bad_inputs, odd_inputs, voice
from ui import caches, tour
from ui.record import several_clips

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*.py"))
TITLES = {
    "pages/feature_explorer.py": "Feature explorer",
    "pages/library.py": "Library",
    "pages/model_comparison.py": "Model comparison",
    "pages/own_corpus.py": "Own corpus",
    "pages/privacy.py": "Privacy",
    "pages/record_and_predict.py": "Record & predict",
    "pages/several_clips.py": "Several clips",
    "pages/tour.py": "Tour",
}
RECORD = "pages/record_and_predict.py"
CLIP = FORMATS["webm"](voice(seconds=2.0))


@pytest.fixture
def app():
    return AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()


@pytest.fixture
def page(app):
    return app.switch_page(RECORD).run()


def choose(page, source):
    page.segmented_control(key="source").set_value(source).run()
    return page


def upload(page, data, name="clip.wav"):
    choose(page, "Upload")
    page.file_uploader[0].upload(name, data, "audio/wav").run()
    return page


def texts(page):
    return " ".join(
        element.value
        for kind in ("markdown", "subheader", "caption", "info", "error", "warning")
        for element in page.get(kind)
    )


def healthy(page):
    assert not page.exception
    return page


def assert_answered(page):
    healthy(page)
    assert not page.error
    assert any(
        subheader.value.startswith(("Sounds", "Cannot tell")) for subheader in page.subheader
    )
    charts = page.get("vega_lite_chart")
    assert len(charts) in (
        3,
        4,
        5,
    )  # waveform, emotions, gender; cues and moments where it is speech
    assert ("**Why?**" in texts(page)) == (len(charts) > 3)
    assert "On unseen voices" in texts(page)


def test_every_page_is_tested_here():
    assert set(PAGES) == set(TITLES)


def test_home_says_what_this_is_what_to_do_first_and_what_it_is_not(app):
    healthy(app)
    assert app.title[0].value == "Speech Emotion Predictor"
    assert app.markdown[0].value.startswith(
        "Speak for a few seconds"
    )  # and nothing that Streamlit prints of itself
    assert "prohibits" in texts(app)
    assert [subheader.value for subheader in app.subheader][-2:] == ["What it is", "What it is not"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_with_its_title(path, tmp_path, monkeypatch):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))  # or there would be no page for it
    page = healthy(
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run().switch_page(path).run()
    )
    assert page.title[0].value == TITLES[path]


# ------------------------------------------------------------------------------------------------------------- record


def test_without_a_clip_the_page_says_where_the_answer_will_be(page):
    assert "The answer appears here" in texts(page)


def test_what_the_recorder_sends_ends_in_bars(page):
    page.session_state["rec"] = base64.b64encode(CLIP).decode()
    assert_answered(page.run())


@pytest.mark.parametrize("sent", ["garbage", base64.b64encode(b"garbage").decode()])
def test_what_the_recorder_should_not_send_is_one_clear_sentence(sent, page):
    page.session_state["rec"] = sent
    healthy(page.run())
    assert ["Code: NOT_AUDIO]" in error.value for error in page.error] == [True]


def test_a_plain_recording_ends_in_bars(page):
    choose(page, "Plain recording")
    page.audio_input[0].set_value(
        ("clip.wav", FORMATS["wav"](voice(seconds=2.0)), "audio/wav")
    ).run()
    assert_answered(page)


@pytest.mark.parametrize("name", FORMATS)
def test_an_upload_of_every_format_ends_in_bars(name, page):
    assert_answered(upload(page, FORMATS[name](voice(seconds=2.0)), f"clip.{name.split('-')[0]}"))


def test_a_sample_ends_in_bars_and_is_said_to_be_synthetic(page):
    choose(page, "Sample")
    assert "no true emotion" in texts(page)
    page.pills(key="sample").set_value("Steady low").run()
    assert_answered(page)


@pytest.mark.parametrize("name", bad_inputs())
def test_a_bad_upload_is_one_clear_sentence_and_what_to_do(name, page):
    data, code = bad_inputs()[name]
    healthy(upload(page, data))
    assert len(page.error) == 1
    assert f"Code: {code}]" in page.error[0].value
    assert "Traceback" not in page.error[0].value
    assert page.error[0].value.count(".") >= 2
    assert "The answer appears here" in texts(page)


@pytest.mark.parametrize("name", odd_inputs())
def test_an_odd_upload_is_analysed_with_a_note(name, page):
    assert_answered(upload(page, odd_inputs()[name]))
    assert "cut short or its header claims more" in texts(page)


def test_a_bad_clip_after_a_good_one_does_not_leave_the_old_answer(page):
    assert_answered(upload(page, FORMATS["wav"](voice(seconds=2.0))))
    upload(page, b"", "empty.wav")
    assert page.error
    assert "The answer appears here" in texts(page)


def test_an_error_goes_when_another_input_is_chosen(page):
    assert upload(page, b"", "empty.wav").error
    assert not choose(page, "Sample").error


def test_clip_and_answer_survive_a_change_of_page(page):
    answer = upload(page, FORMATS["wav"](voice(seconds=2.0))).subheader[0].value
    page.switch_page("pages/model_comparison.py").run()
    back = page.switch_page(RECORD).run()
    assert_answered(back)
    assert back.subheader[0].value == answer


def test_deleting_the_recording_forgets_the_clip(page):
    upload(page, FORMATS["wav"](voice(seconds=2.0)))
    next(button for button in page.button if button.label == "Delete this recording").click().run()
    healthy(page)
    assert "The answer appears here" in texts(page)
    assert "clip" not in page.session_state


# ----------------------------------------------------------------------------------------------------- personal baseline

SAMPLE = (DATA_DIR / "samples" / "steady-low-voice.flac").read_bytes()


def read_neutral_sentence(page, number, data=SAMPLE):
    page.session_state[f"baseline-{number}"] = base64.b64encode(data).decode()
    return healthy(page.run())


def test_a_baseline_changes_the_answer_is_shown_beside_the_one_without_and_can_be_deleted(page):
    upload(page, SAMPLE, "clip.flac")
    choose(page, "Record")
    assert "is without it" not in texts(page)
    page.toggle(key="use_baseline").set_value(True).run()
    assert "flatly" in texts(page)
    read_neutral_sentence(page, 0)
    assert "Judged against your baseline" in texts(page)
    assert "Sounds" in texts(page) or "Cannot tell" in texts(page)
    read_neutral_sentence(page, 1, (DATA_DIR / "samples" / "slow-soft-voice.flac").read_bytes())
    assert len(page.session_state["baseline"]) == 2
    next(button for button in page.button if button.label == "Delete the baseline").click().run()
    assert "Judged against your baseline" not in texts(healthy(page))
    assert not page.session_state["baseline"]


def test_a_baseline_that_is_no_speech_is_one_clear_sentence(page):
    page.toggle(key="use_baseline").set_value(True).run()
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)
    read_neutral_sentence(page, 0, FORMATS["wav"](tone))
    assert ["Code: BAD_BASELINE]" in error.value for error in page.error] == [True]
    assert not page.session_state["baseline"]


def test_a_model_that_takes_no_baseline_says_so(page):
    page.toggle(key="use_baseline").set_value(True).run()
    read_neutral_sentence(page, 0)
    upload(page, SAMPLE, "clip.flac")
    page.selectbox(key="emotion_model").select("svc").run()
    assert "takes no baseline" in texts(healthy(page))


def test_what_is_no_speech_is_refused_with_its_probabilities_still_there(page):
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)
    upload(page, FORMATS["wav"](tone))
    assert page.subheader[0].value.startswith("Cannot tell. This does not sound like speech.")
    assert len(page.get("vega_lite_chart")) == 3


def test_record_again_goes_back_to_the_recorder(page):
    upload(page, FORMATS["wav"](voice(seconds=2.0)))
    next(button for button in page.button if button.label == "Record again").click().run()
    healthy(page)
    assert page.segmented_control(key="source").value == "Record"
    assert "clip" not in page.session_state


def test_another_model_gives_another_answer_and_says_how_often_it_is_right(page):
    upload(page, FORMATS["wav"](voice(seconds=2.0)))
    page.selectbox(key="emotion_model").select("decision-tree").run()
    assert_answered(page)
    assert "Decision tree" in texts(page)
    # The choice, too, survives a change of page.
    page.switch_page("pages/model_comparison.py").run()
    assert "Decision tree" in texts(page.switch_page(RECORD).run())


def test_the_clip_can_be_saved_as_wav_json_and_csv(page):
    upload(page, FORMATS["wav"](voice(seconds=2.0)), "my clip.wav")
    labels = [button.label for button in page.get("download_button")]
    assert labels[:3] == ["Save WAV", "Save JSON", "Save CSV"]
    assert labels[3:5] == [
        "How likely each emotion is",
        "Waveform of the clip",
    ]  # the charts, the answer first
    assert len(labels) == 3 + len(page.get("vega_lite_chart"))


def test_a_model_that_cannot_be_loaded_is_one_clear_sentence_and_no_traceback(page, monkeypatch):
    def refuse(name, task):
        raise SerError(
            ErrorCode.MODEL_TAMPERED,
            f"The model {task}-{name} is not the one its card describes.",
            "Run: rebuild",
        )

    monkeypatch.setattr("ser_core.models.load_named", refuse)
    caches._model.cache_clear()
    streamlit.cache_data.clear()
    healthy(upload(page, FORMATS["wav"](voice(seconds=2.1))))
    assert [error.value for error in page.error] == [
        "The model emotion-combination is not the one its card describes. Run: rebuild :small[Code: MODEL_TAMPERED]"
    ]


# ----------------------------------------------------------------------------------------------------------- explorer


@pytest.fixture
def explorer(app):
    return app.switch_page("pages/feature_explorer.py").run()


def look(page, view):
    return healthy(page.segmented_control(key="look").set_value(view).run())


def own_corpus(page, speaker="", gender="", n=40):
    """A person's own corpus in the session: some clips of RAVDESS under another name."""
    some = exploration.shipped_features().iloc[:: 1440 // n]
    page.session_state["own_corpus"] = SimpleNamespace(
        table=some.assign(corpus="mine", speaker=speaker, gender=gender)
    )
    return page.run()


def test_the_explorer_begins_with_what_makes_anger_anger(explorer):
    healthy(explorer)
    table = exploration.shipped_features()
    expected = exploration.ranking(table, "angry", "neutral")
    pitch = expected[expected["group"] == "Pitch"].iloc[0]
    assert "Angry against neutral, in short:" in texts(explorer)
    assert f"{pitch['attribute']} **{pitch['difference']:+.3g} Hz**" in texts(explorer)
    assert (
        f"**{(expected['p_corrected'] < 0.05).sum()} of 128** attributes differ beyond chance"
        in texts(explorer)
    )
    heard = expected[expected["group"].isin(exploration.HEARD)].iloc[0]
    assert explorer.subheader[0].value == heard["attribute"]
    assert (
        f"**{heard['difference']:+.3g} {heard['unit']}** in angry against neutral speech"
        in texts(explorer)
    )


def test_the_attribute_that_tells_best_leads_on_to_all_emotions(explorer):
    first = explorer.subheader[0].value
    explorer.button(key="to_attribute").click().run()
    healthy(explorer)
    assert explorer.segmented_control(key="look").value == "attributes"
    assert [subheader.value for subheader in explorer.subheader] == [first]


def test_what_tells_two_emotions_apart_is_ranked_among_the_chosen_clips(explorer):
    explorer.selectbox(key="apart_second").set_value("calm").run()
    explorer.segmented_control(key="voices").set_value("female").run()
    assert "over 12 speakers" in texts(healthy(explorer))
    explorer.pills(key="corpora").set_value(["ravdess", "nemo"]).run()
    assert "of 16 female speakers: RAVDESS" in texts(explorer)
    assert "over 12 speakers" in texts(healthy(explorer))  # nEMO has no calm
    explorer.selectbox(key="apart_second").set_value("sad").run()
    assert "over 16 speakers" in texts(healthy(explorer))
    explorer.selectbox(key="apart_second").set_value("angry").run()
    assert "Choose two different emotions" in texts(healthy(explorer))
    explorer.pills(key="corpora").set_value(["crema-d"])
    explorer.selectbox(key="apart_second").set_value("surprised").run()
    assert "None of the chosen clips is surprised" in texts(healthy(explorer))


def test_nothing_chosen_in_the_explorer_is_a_hint_and_no_error(explorer):
    explorer.pills(key="kinds").set_value([]).run()
    assert "Choose one or more kinds" in texts(healthy(explorer))
    look(explorer, "attributes").multiselect(key="attributes").set_value([]).run()
    assert "Choose an attribute above" in texts(healthy(explorer))
    look(explorer, "frequencies").pills(key="heard_emotions").set_value([]).run()
    assert "Choose one or more emotions above" in texts(healthy(explorer))
    assert "Record or pick a clip first" in texts(look(explorer, "voice"))
    explorer.pills(key="corpora").set_value([]).run()
    assert "Choose one or more corpora above" in texts(healthy(explorer))


@pytest.mark.parametrize("split", exploration.SPLITS)
def test_any_attribute_can_be_explored_by_group_and_shape(split, explorer):
    explorer.pills(key="corpora").set_value(["ravdess", "crema-d"])
    page = look(explorer, "attributes")
    page.multiselect(key="attributes").set_value(["hnr_mean", "chroma_c_sharp", "mel_05"]).run()
    assert [subheader.value for subheader in healthy(page).subheader] == [
        "Harmonics-to-noise ratio, average",
        "Chroma C#",
        "Mel band at 718 Hz",
    ]
    assert len(page.get("vega_lite_chart")) == 3
    page.segmented_control(key="voices").set_value("female").run()
    page.segmented_control(key="split").set_value(split).run()
    page.segmented_control(key="shown_as").set_value("Violin").run()
    table = pd.concat(
        [exploration.shipped_features("ravdess"), exploration.shipped_features("crema-d")]
    )
    values = exploration.feature_values(table[table["gender"] == "female"], "hnr_mean", split)
    numbers = healthy(page).dataframe[0].value
    expected = exploration.feature_summary(values).reset_index()
    pd.testing.assert_frame_equal(numbers, expected[list(numbers)], check_dtype=False)
    assert ("group" in numbers) == bool(split)
    assert "evenly chosen" in texts(page)


def test_two_emotions_can_be_put_side_by_side_and_a_linear_axis_is_explained(explorer):
    page = look(explorer, "attributes")
    page.pills(key="emotions").set_value(["sad", "angry"]).run()
    assert healthy(page).dataframe[0].value["emotion"].tolist() == ["sad", "angry"]
    assert any(
        "Save these 384 clips" in button.proto.label for button in page.get("download_button")
    )
    page.toggle(key="log_axis").set_value(True).run()
    assert "the axis stays linear" not in texts(page)
    page.multiselect(key="attributes").set_value(["level_mean"]).run()
    assert "the axis stays linear" in texts(healthy(page))
    page.pills(key="corpora").set_value(["crema-d"])
    page.pills(key="emotions").set_value(["calm", "sad", "surprised"]).run()
    assert "Not among the chosen clips: calm, surprised." in texts(healthy(page))


def test_spectrum_and_pitch_are_shown_in_either_scale_with_the_difference_of_two(explorer):
    page = look(explorer, "frequencies")
    assert len(page.get("vega_lite_chart")) == 4
    assert "mean over 24 speakers" in texts(page)
    page.segmented_control(key="lines_by").set_value("gender")
    page.segmented_control(key="frequency_axis").set_value("mel")
    page.segmented_control(key="pitch_scale").set_value("hz").run()
    assert "mean over 12 and 12 speakers" in texts(healthy(page))
    page.pills(key="heard_emotions").set_value(["sad", "angry", "happy"]).run()
    assert len(healthy(page).get("vega_lite_chart")) == 2


def test_the_map_can_be_coloured_and_says_how_much_of_it_is_drawn(explorer):
    page = look(explorer, "map")
    assert "Click a point on the map" in texts(page)
    page.pills(key="corpora").set_value(["ravdess", "crema-d", "nemo"]).run()
    assert "3,000 of 13,356 clips are drawn" in texts(healthy(page))
    page.segmented_control(key="map").set_value("linear").run()
    for by in ("gender", "speaker", "corpus", "intensity"):
        page.segmented_control(key="map_by").set_value(by).run()
        healthy(page)


def test_ones_own_recording_is_in_every_view(page):
    choose(page, "Sample")
    page.pills(key="sample").set_value("Steady low").run()
    page.switch_page("pages/feature_explorer.py").run()
    assert "Your recording: " in texts(healthy(page))
    own = features.extract(
        audio.load(DATA_DIR / "samples" / "steady-low-voice.flac"), exploration.FEATURE_SET
    )
    pitch = own.values[own.names.index("f0_median")]
    standing = exploration.standing(exploration.shipped_features(), "f0_median", pitch)
    assert (
        f"**Your recording: {pitch:,.4g}**] (the violet line). {exploration.standing_in_words(standing)}"
        in texts(look(page, "attributes"))
    )
    assert (
        len(page.get("vega_lite_chart")) == 4
    )  # the distribution and the standing of two attributes
    assert texts(look(page, "frequencies")).count("The dashed violet line is your recording") == 2
    assert "The star is your recording" in texts(look(page, "map"))
    near = exploration.nearest(exploration.space_of(exploration.shipped_features()), own)[
        "path"
    ].tolist()
    assert page.dataframe[-1].value["path"].tolist() == near
    look(page, "voice")
    assert len(page.get("vega_lite_chart")) == 3  # waveform, spectrogram, pitch
    assert page.dataframe[-1].value["path"].tolist() == near
    page.selectbox(key="compared_with").set_value("angry").run()
    among = exploration.of_emotions(exploration.shipped_features(), ["angry"])
    assert (
        healthy(page).dataframe[0].value["feature"].tolist()
        == exploration.unusual(own.values, among)["feature"].tolist()
    )


def show_clip():
    from ui import clip_detail

    clip_detail.of_corpus("ravdess", "03-01-05-02-01-01-11.flac", "shown")


def test_a_clip_that_cannot_be_heard_shows_its_features_and_pitch_and_one_step(monkeypatch):
    monkeypatch.delenv("SER_CORPORA", raising=False)
    page = healthy(AppTest.from_function(show_clip, default_timeout=60).run())
    assert "**Angry** (strong) · male ravdess-11" in texts(page)
    assert "python -m ser_core corpora download ravdess" in texts(page)
    assert len(page.get("vega_lite_chart")) == 1  # the stored pitch
    table = exploration.shipped_features()
    row = table[table["path"] == "03-01-05-02-01-01-11.flac"].iloc[0]
    expected = exploration.unusual(
        row[list(exploration.specs())].to_numpy(float), exploration.of_emotions(table, ["angry"])
    )
    pd.testing.assert_frame_equal(page.dataframe[0].value, expected)


@pytest.mark.corpus
def test_a_clip_of_a_corpus_is_heard_and_seen(ravdess):
    page = healthy(AppTest.from_function(show_clip, default_timeout=60).run())
    assert len(page.get("audio")) == 1
    assert len(page.get("vega_lite_chart")) == 3  # waveform, spectrogram, pitch
    page.segmented_control(key="spectrogram_shown").set_value("linear").run()
    assert len(healthy(page).get("vega_lite_chart")) == 3


def test_ones_own_corpus_is_one_of_the_choices(explorer):
    own_corpus(explorer)
    explorer.pills(key="corpora").set_value(["mine"]).run()
    assert "of unknown speakers: mine" in texts(healthy(explorer))
    assert "not known who speaks" in texts(explorer)
    for view in ("attributes", "map", "voice"):
        look(explorer, view)
    assert "not for your own" in texts(look(explorer, "frequencies"))
    assert "No speaker is known to have both" in texts(explorer)
    explorer.segmented_control(key="voices").set_value("male").run()
    assert "None of the chosen clips has such a voice" in texts(healthy(explorer))
    explorer.segmented_control(key="voices").set_value("")
    explorer.pills(key="corpora").set_value(["ravdess", "mine"]).run()
    look(explorer, "apart")
    own = explorer.session_state["own_corpus"].table
    assert f"{len(own)} clips of unknown speakers are left out" in texts(explorer)
    look(explorer, "attributes").segmented_control(key="split").set_value("corpus").run()
    assert healthy(explorer).dataframe[0].value.query("group == 'mine'")["clips"].sum() == len(own)


def test_ones_own_corpus_stays_with_its_session(explorer):
    own_corpus(explorer, speaker="me")
    explorer.pills(key="corpora").set_value(["ravdess", "mine"]).run()
    assert "**1,480 clips** of 25 speakers" in texts(healthy(explorer))
    other = (
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
        .run()
        .switch_page("pages/feature_explorer.py")
        .run()
    )
    assert other.pills(key="corpora").options == ["RAVDESS", "CREMA-D", "nEMO"]
    assert "**1,440 clips** of 24 speakers" in texts(healthy(other))


# --------------------------------------------------------------------------------------------------------- comparison


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
    stored = leaderboard.standings(evaluation.read_out_of_fold(), task, corpus)
    chance = every["unseen"].iloc[-1] / 100
    pd.testing.assert_frame_equal(
        every,
        leaderboard.as_table(stored, leaderboard.beside(task, corpus, chance)),
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
    found = learning_curves.curves(learning_curves.read(corpus))
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
    assert page.dataframe[1].value.equals(robustness.condition_scores())
    assert len(page.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("kind", [*conditions.KINDS, conditions.OTHERS])
def test_curves_of_several_models_are_those_of_the_stored_predictions(kind, app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("noise").run()
    page.segmented_control(key="played_through").set_value(kind).run()
    titles = page.multiselect(key="models").options
    page.multiselect(key="models").set_value(titles).run()
    table = healthy(page).dataframe[0].value.set_index("level")
    assert list(table) == titles
    found = conditions.curves(kind)
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


def test_many_clips_become_a_table_and_a_bad_one_loses_no_other(app):
    page = app.switch_page("pages/several_clips.py").run()
    assert "The table appears here" in texts(healthy(page))
    voices = [
        (path.name, path.read_bytes(), "audio/flac")
        for path in sorted((DATA_DIR / "samples").glob("*.flac"))
    ]
    uploader = page.file_uploader(key="several_Files")
    for file in (voices[0], ("broken.wav", b"RIFF", "audio/wav"), *voices[1:]):
        uploader.upload(*file)
    uploader.run()
    healthy(page)
    table = page.dataframe[0].value
    assert list(table["file"]) == [voices[0][0], "broken.wav", *(name for name, *_ in voices[1:])]
    assert "1 could not be used" in texts(page)
    said = table.set_index("file")
    assert said.loc["broken.wav", "error"].startswith("This is no sound file")  # and not its code
    assert set(said["reasons"].dropna()) <= {"", *several_clips.WHY_NOT.values()}
    page.text_input(key="several_named").set_value("voice").run()
    assert len(page.dataframe[0].value) == len(voices)
    page.text_input(key="several_named").set_value("nothing is called so").run()
    assert "No clip is left" in texts(healthy(page))


def test_the_samples_are_16_khz_speech_of_a_few_seconds():
    paths = list((ROOT / "data" / "samples").glob("*.flac"))
    assert len(paths) >= 3
    for path in paths:
        info = soundfile.info(io.BytesIO(path.read_bytes()))
        assert (info.samplerate, info.channels) == (16_000, 1)
        assert 2 < info.duration < 8


# ---------------------------------------------------------------------------------------------------------------- tour


def next_step(page):
    return healthy(
        next(button for button in page.button if button.label.startswith("Next: ")).click().run()
    )


def test_the_tour_leads_from_a_voice_to_knowing_what_an_answer_is_worth(app):
    page = healthy(app.switch_page("pages/tour.py").run())
    assert "which emotion will it hear" not in " ".join(pills.label for pills in page.pills)
    next(button for button in page.button if button.label == "Take a sample voice").click().run()
    page.pills(key="tour_guess").set_value("angry").run()
    assert "You guessed **angry**" in texts(next_step(page))
    assert page.subheader[0].value.startswith(("Sounds", "Cannot tell"))
    assert "**Why?**" in texts(next_step(page))
    page = next_step(page)
    ranked = exploration.ranking(exploration.shipped_features(), "angry", "neutral")
    assert ranked[ranked["group"].isin(exploration.HEARD)].iloc[0]["attribute"] in [
        subheader.value for subheader in page.subheader
    ]
    assert "Your recording: " in texts(page)
    page = next_step(page)
    page.slider(key="tour_claim").set_value(70).run()
    assert "You guessed 70%" not in texts(page)  # first the guess, then the figure
    page.toggle(key="tour_reveal").set_value(True).run()
    stored = evaluation.read_out_of_fold("nemo")
    measured = [
        evaluation.score(
            evaluation.model_rows(
                stored, "emotion", "mfcc128_v1", "random_forest", protocol, "nemo"
            ),
            "emotion",
        ).uar.value
        for protocol in ("random_split", "unseen_speakers", "corpus_left_out")
    ]
    assert all(f"{value:.0%}" in texts(page) for value in measured)
    page = next_step(page)
    page.select_slider(key="tour_noise").set_value(0).run()
    assert "prohibits" in texts(healthy(page))
    assert [button.label for button in page.button if button.label.startswith("Next: ")] == []


def test_a_step_that_needs_a_clip_says_so_and_leads_to_the_first(app):
    page = app.switch_page("pages/tour.py").run()
    page.segmented_control(key="step").set_value("2").run()
    assert "This step needs a clip" in texts(healthy(page))
    next(button for button in page.button if button.label == "Go to the first step").click().run()
    assert page.header[0].value == "1. Speak"


def test_the_lesson_sheet_has_every_step_with_its_questions():
    sheet = tour.lesson_sheet()
    assert sheet.count("\n## ") == len(tour.STEPS)
    assert all(question in sheet for step in tour.STEPS for question in step.discuss)
