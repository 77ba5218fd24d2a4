"""The page *Record & predict*: every input, every fault, the answer and the baseline."""

import base64

import numpy as np
import pytest
import streamlit

from ser_core.errors import ErrorCode, SerError
from ser_core.storage.paths import DATA_DIR
from tests.support.pages import (
    CLIP,
    RECORD,
    assert_answered,
    choose,
    healthy,
    state_of,
    texts,
    upload,
)
from tests.support.synthesis import FORMATS, RATE, bad_inputs, odd_inputs, voice


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
    assert state_of(page).clip is None


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
    assert len(state_of(page).baseline.clips) == 2
    next(button for button in page.button if button.label == "Delete the baseline").click().run()
    assert "Judged against your baseline" not in texts(healthy(page))
    assert not state_of(page).baseline.clips


def test_a_baseline_that_is_no_speech_is_one_clear_sentence(page):
    page.toggle(key="use_baseline").set_value(True).run()
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)
    read_neutral_sentence(page, 0, FORMATS["wav"](tone))
    assert ["Code: BAD_BASELINE]" in error.value for error in page.error] == [True]
    assert not state_of(page).baseline.clips


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
    assert state_of(page).clip is None


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
    streamlit.cache_resource.clear()
    healthy(upload(page, FORMATS["wav"](voice(seconds=2.1))))
    assert [error.value for error in page.error] == [
        "The model emotion-combination is not the one its card describes. Run: rebuild "
        ":small[Code: MODEL_TAMPERED]"
    ]
