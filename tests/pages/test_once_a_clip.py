"""Each clip is decoded, checked, measured and written as WAV once, whatever the page shows of it."""

import base64
from collections import Counter

import pytest

from ser_core import audio
from ser_core.audio import isolated
from ser_core.speech import gate
from ser_core.storage.paths import DATA_DIR
from tests.support.pages import RECORD, assert_answered, choose, healthy, opened, press, upload
from ui.session import Results

CLIP = (DATA_DIR / "samples" / "steady-low-voice.flac").read_bytes()
NEUTRAL = (DATA_DIR / "samples" / "slow-soft-voice.flac").read_bytes()


@pytest.fixture
def steps(monkeypatch):
    """How often each step was done to the recording of each length in samples."""
    done = Counter()

    def count(place, name):
        original = getattr(place, name)

        def counted(recording, *args, **kwargs):
            done[name, len(recording.samples)] += 1
            return original(recording, *args, **kwargs)

        monkeypatch.setattr(place, name, counted)

    count(gate, "check_speech")
    count(gate, "quality")
    count(audio, "quality")
    count(audio, "to_wav")
    decode = isolated.decode

    def counted_decode(data, **limits):
        recording = decode(data, **limits)
        done["decode", len(recording.samples)] += 1
        return recording

    monkeypatch.setattr(isolated, "decode", counted_decode)
    return done


def test_a_clip_is_analysed_once_however_often_the_page_runs(steps):
    page = opened(RECORD)
    assert_answered(upload(page, CLIP, "clip.flac"))
    for _ in range(3):
        healthy(page.run())
    page.selectbox(key="emotion_model").select("network").run()  # another model, the same features
    page.switch_page("pages/tour.py").run()
    healthy(page.switch_page(RECORD).run())
    n = len(audio.decode(CLIP).samples)
    assert {step: times for (step, length), times in steps.items() if length == n} == {
        "decode": 1,
        "check_speech": 1,
        "quality": 1,
        "to_wav": 1,
    }
    assert set(steps.values()) == {1}  # nor the moment that matters most


def test_with_a_baseline_the_clip_is_not_analysed_again(steps):
    page = upload(opened(RECORD), CLIP, "clip.flac")
    choose(page, "Record")
    page.toggle(key="use_baseline").set_value(True).run()
    page.session_state["baseline-0"] = base64.b64encode(NEUTRAL).decode()
    for _ in range(3):
        healthy(page.run())
    assert any("Judged against your baseline" in caption.value for caption in page.caption)
    n = len(audio.decode(CLIP).samples)
    counts = {step: times for (step, length), times in steps.items() if length == n}
    assert counts == {"decode": 1, "check_speech": 1, "quality": 1, "to_wav": 1}
    neutral = len(audio.decode(NEUTRAL).samples)
    assert steps["decode", neutral] == steps["to_wav", neutral] == 1


def test_a_deleted_clip_is_analysed_anew_when_it_comes_again(steps):
    page = upload(opened(RECORD), CLIP, "clip.flac")
    press(page, "Delete this recording")
    assert_answered(upload(page, CLIP, "clip.flac"))
    n = len(audio.decode(CLIP).samples)
    assert (steps["decode", n], steps["check_speech", n]) == (2, 2)


def test_what_is_kept_for_a_session_is_bounded():
    def computed(number):
        return number

    results = Results()
    for number in range(10):
        results.get_or_compute("f", number, lambda number=number: computed(number), most=3)
    again = []
    for number in (7, 8, 9, 0):
        results.get_or_compute("f", number, lambda number=number: again.append(number), most=3)
    assert again == [0]
