"""Every page in Streamlit's own test harness: a real flow and an error flow, without a browser."""

import base64
import io

import numpy as np
import pytest
import soundfile
import streamlit
from streamlit.testing.v1 import AppTest

from ser_core import evaluation, robustness
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import DATA_DIR
from tests.conftest import ROOT
from tests.synthesis import FORMATS, RATE, bad_inputs, odd_inputs, voice

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*.py"))
TITLES = {
    "pages/feature_explorer.py": "Feature explorer",
    "pages/model_comparison.py": "Model comparison",
    "pages/own_corpus.py": "Own corpus",
    "pages/record_and_predict.py": "Record & predict",
    "pages/several_clips.py": "Several clips",
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
    return " ".join(element.value for kind in ("markdown", "subheader", "caption", "info", "error", "warning") for element in page.get(kind))


def healthy(page):
    assert not page.exception
    return page


def assert_answered(page):
    healthy(page)
    assert not page.error
    assert any(subheader.value.startswith(("Sounds", "Cannot tell")) for subheader in page.subheader)
    charts = page.get("vega_lite_chart")
    assert len(charts) in (3, 4, 5)  # waveform, emotions, gender; cues and moments where it is speech
    assert ("**Why?**" in texts(page)) == (len(charts) > 3)
    assert "On unseen voices" in texts(page)


def test_every_page_is_tested_here():
    assert set(PAGES) == set(TITLES)


def test_home_says_what_this_is_what_to_do_first_and_what_it_is_not(app):
    healthy(app)
    assert app.title[0].value == "Speech Emotion Predictor"
    assert app.markdown[0].value.startswith("Speak for a few seconds")  # and nothing that Streamlit prints of itself
    assert "prohibits" in texts(app)
    assert [subheader.value for subheader in app.subheader][-2:] == ["What it is", "What it is not"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_with_its_title(path, app):
    page = healthy(app.switch_page(path).run())
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
    page.audio_input[0].set_value(("clip.wav", FORMATS["wav"](voice(seconds=2.0)), "audio/wav")).run()
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


def test_clear_forgets_the_clip(page):
    upload(page, FORMATS["wav"](voice(seconds=2.0)))
    next(button for button in page.button if button.label == "Clear").click().run()
    healthy(page)
    assert "The answer appears here" in texts(page)
    assert page.session_state["clip"] is None


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
    assert page.session_state["clip"] is None


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
    assert [button.label for button in page.get("download_button")] == ["Save WAV", "Save JSON", "Save CSV"]


def test_a_model_that_cannot_be_loaded_is_one_clear_sentence_and_no_traceback(page, monkeypatch):
    def refuse(name, task):
        raise SerError(ErrorCode.MODEL_TAMPERED, f"The model {task}-{name} is not the one its card describes.", "Run: rebuild")

    monkeypatch.setattr("ser_core.models.load_named", refuse)
    streamlit.cache_resource.clear()
    streamlit.cache_data.clear()
    healthy(upload(page, FORMATS["wav"](voice(seconds=2.1))))
    assert [error.value for error in page.error] == [
        "The model emotion-combination is not the one its card describes. Run: rebuild :small[Code: MODEL_TAMPERED]"
    ]


# ----------------------------------------------------------------------------------------------------------- explorer


def test_any_attribute_can_be_explored_by_gender_and_shape(app):
    page = app.switch_page("pages/feature_explorer.py").run()
    page.multiselect(key="attributes").set_value(["hnr_mean", "chroma_c_sharp", "mel_05"]).run()
    healthy(page)
    assert [subheader.value for subheader in page.subheader][:2] == ["Harmonics-to-noise ratio, average", "Chroma C#"]
    assert len(page.get("vega_lite_chart")) == 7
    page.segmented_control(key="explored_gender").set_value("Female").run()
    page.segmented_control(key="shown_as").set_value("Violin").run()
    healthy(page)
    clips = page.dataframe[0].value["clips"]
    assert tuple(clips.index) == EMOTIONS
    assert clips.sum() == 720


def test_the_current_recording_is_marked_in_the_explorer(page):
    upload(page, FORMATS["wav"](voice(seconds=2.0)))
    explorer = healthy(page.switch_page("pages/feature_explorer.py").run())
    assert "Your recording: 120" in texts(explorer)  # Hz


def test_nothing_chosen_in_the_explorer_is_a_hint_and_no_error(app):
    page = app.switch_page("pages/feature_explorer.py").run()
    page.multiselect(key="attributes").set_value([]).run()
    page.pills(key="spectrum_emotions").set_value([]).run()
    healthy(page)
    assert "Choose an attribute above" in texts(page)
    assert "Choose one or more emotions above" in texts(page)


def test_what_tells_two_emotions_apart_is_ranked(app):
    page = app.switch_page("pages/feature_explorer.py").run()
    assert "attributes differ beyond chance" in texts(healthy(page))
    page.selectbox(key="apart_second").set_value("calm").run()
    page.segmented_control(key="apart_gender").set_value("Female").run()
    assert "over 12 speakers" in texts(healthy(page))
    page.selectbox(key="apart_second").set_value("angry").run()
    assert "Choose two different emotions" in texts(healthy(page))


def test_the_map_can_be_coloured_and_has_the_recording_on_it(page):
    choose(page, "Sample")
    page.pills(key="sample").set_value("Steady low").run()
    page.switch_page("pages/feature_explorer.py").run()
    assert "The star is your recording" in texts(healthy(page))
    assert len(page.dataframe[-1].value) == 5  # the nearest clips
    page.segmented_control(key="map").set_value("linear").run()
    for by in ("gender", "speaker"):
        page.segmented_control(key="map_by").set_value(by).run()
        healthy(page)


# --------------------------------------------------------------------------------------------------------- comparison


@pytest.mark.parametrize("task", ["emotion", "gender"])
@pytest.mark.parametrize("corpus", ["ravdess", "crema-d", "nemo"])
def test_models_are_compared_on_unseen_voices_and_with_the_corpus_left_out(task, corpus, app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="task").set_value(task).run()
    page.segmented_control(key="corpus").set_value(corpus).run()
    healthy(page)
    table = page.dataframe[0].value
    assert len(table) == (10 if corpus != "ravdess" else 16 if task == "emotion" else 15)
    assert table["unseen"].is_monotonic_decreasing
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


def test_one_model_is_shown_in_detail_under_each_protocol_it_was_tested_under(app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("one").run()
    page.selectbox(key="compared_emotion_ravdess").select("Random forest, mfcc128_v1").run()
    unseen = texts(page)
    key = "tested_on_emotion_ravdess_Random forest, mfcc128_v1"
    assert page.segmented_control(key=key).options == ["Unseen voices", "Corpus left out", "Random split (optimistic)"]
    page.segmented_control(key=key).set_value("Random split (optimistic)").run()
    healthy(page)
    assert "95% interval" in unseen
    assert texts(page) != unseen


@pytest.mark.parametrize("corpus", ["ravdess", "crema-d", "nemo"])
def test_one_model_is_looked_at_from_several_sides(corpus, app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("one").run()
    page.segmented_control(key="corpus").set_value(corpus).run()
    healthy(page)
    assert len(page.get("vega_lite_chart")) == 5  # confusions, recall, reliability, refusal, groups
    before = texts(page)
    page.slider(key="refusal_threshold").set_value(80).run()
    healthy(page)
    assert "From 80% on it answers" in texts(page)
    assert "From 33% on it answers" in before
    for by in page.segmented_control(key=f"by_emotion_{corpus}").options:
        page.segmented_control(key=f"by_emotion_{corpus}").set_value(by.lower() if by != "Sentence" else "statement").run()
        healthy(page)


def test_two_models_are_compared_on_the_same_clips(app):
    page = app.switch_page("pages/model_comparison.py").run()
    page.segmented_control(key="view").set_value("two").run()
    page.selectbox(key="second_emotion_ravdess").select("Random forest, mfcc128_v1").run()
    healthy(page)
    stored = evaluation.read_out_of_fold("ravdess")
    sides = [
        evaluation.score(evaluation.model_rows(stored, "emotion", *model, "unseen_speakers"), "emotion").uar.value
        for model in (("several", "combination"), ("mfcc128_v1", "random_forest"))
    ]
    shown = float(texts(page).split("recognises **")[1].split(" points**")[0])
    assert shown == pytest.approx(100 * (sides[0] - sides[1]), abs=0.06)
    assert sum(float(metric.value.rstrip("%")) for metric in page.metric) == pytest.approx(100, abs=2)
    page.selectbox(key="second_emotion_ravdess").select(page.selectbox(key="first_emotion_ravdess").value).run()
    assert "Choose two different models" in texts(healthy(page))


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
    assert page.dataframe[0].value.equals(robustness.condition_scores())
    assert len(page.get("vega_lite_chart")) == 1


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
    voices = [(path.name, path.read_bytes(), "audio/flac") for path in sorted((DATA_DIR / "samples").glob("*.flac"))]
    uploader = page.file_uploader(key="several_Files")
    for file in (voices[0], ("broken.wav", b"RIFF", "audio/wav"), *voices[1:]):
        uploader.upload(*file)
    uploader.run()
    healthy(page)
    table = page.dataframe[0].value
    assert list(table["file"]) == [voices[0][0], "broken.wav", *(name for name, *_ in voices[1:])]
    assert "1 could not be used" in texts(page)
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
