"""What is promised of personal baselines."""

import json

import numpy as np
import pytest

from ser_core import audio, models, prediction
from ser_core.cli import main
from ser_core.errors import SerError
from ser_core.features import Baseline, Inputs
from ser_core.prediction.voice import Enrolment
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import RATE

VOICES = sorted((DATA_DIR / "samples").glob("*.flac"))


@pytest.fixture(scope="module")
def emotion_model():
    return models.load_default("emotion")


@pytest.fixture(scope="module")
def clips():
    return [audio.load(path) for path in VOICES]


@pytest.mark.parametrize("name", ["combination", "network", "bagged-mlp"])
def test_the_models_of_all_corpora_take_a_baseline_and_it_changes_their_probabilities(name, clips):
    model = models.load_named(name, "emotion")
    assert model.card.takes_baseline
    inputs, baseline = Inputs(clips[0]), Baseline([Inputs(clip) for clip in clips[1:3]])
    plain = model.predict_proba([inputs])[0]
    personal = model.predict_proba([inputs], baseline)[0]
    assert personal.sum() == pytest.approx(1)
    assert np.abs(plain - personal).max() > 0.005
    np.testing.assert_array_equal(
        model.predict_proba([Inputs(clips[0])])[0], plain
    )  # nothing of the baseline stays behind


def test_the_order_of_the_clips_makes_no_difference(emotion_model, clips):
    inputs = Inputs(clips[0])
    one, other = (
        emotion_model.predict_proba([inputs], Baseline([Inputs(clip) for clip in order]))
        for order in (clips[1:], clips[:0:-1])
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_prediction_says_what_it_was_judged_by(emotion_model, clips):
    result = prediction.predict(
        clips[0], emotion_model, models.load_default("gender"), Enrolment(clips[1:3], emotion_model)
    )
    entry = json.loads(json.dumps(result.to_dict()))["baseline"]
    assert entry["clips"] == 2
    assert entry["sha256"] == [clip.sha256 for clip in clips[1:3]]
    assert entry["seconds"] == pytest.approx(sum(clip.duration_s for clip in clips[1:3]), abs=0.01)


@pytest.mark.parametrize(
    ("baseline", "is_noticed"), [("lively-high-voice", True), ("fast-sharp-voice", False)]
)
def test_a_baseline_of_a_voice_of_the_other_gender_is_noticed(baseline, is_noticed, emotion_model):
    clip, other = (
        audio.load(DATA_DIR / "samples" / f"{name}.flac") for name in ("steady-low-voice", baseline)
    )
    result = prediction.predict(
        clip, emotion_model, models.load_default("gender"), Enrolment([other], emotion_model)
    )
    notes = {note["code"]: note["message"] for note in result.to_dict()["baseline"]["notes"]}
    assert ("OTHER_VOICE" in notes) == is_noticed
    if is_noticed:
        assert "sounds female and this clip male" in notes["OTHER_VOICE"]


@pytest.mark.parametrize("n", [0, 5])
def test_a_baseline_of_too_many_or_no_clips_is_refused(n, emotion_model, clips):
    with pytest.raises(SerError, match=f"Got {n}") as caught:
        Enrolment(clips[:1] * n, emotion_model)
    assert caught.value.code == "BAD_BASELINE"


def test_a_baseline_without_speech_is_refused(emotion_model, clips, rng):
    noise = audio.from_samples(rng.normal(0, 0.1, 3 * RATE).astype(np.float32), RATE)
    with pytest.raises(SerError, match="Clip 2 of the baseline does not sound like speech"):
        Enrolment([clips[0], noise], emotion_model)


def test_a_model_without_a_baseline_says_so(clips):
    with pytest.raises(SerError, match="emotion-svc takes no baseline"):
        Enrolment(clips[:1], models.load_named("svc", "emotion"))
    with pytest.raises(ValueError, match="takes no baseline"):
        models.load_named("svc", "emotion").predict_proba(
            [Inputs(clips[0])], Baseline([Inputs(clips[1])])
        )


@pytest.mark.corpus
@pytest.mark.heldout
@pytest.mark.parametrize(("code", "odd"), [("01", False), ("05", True)], ids=["neutral", "angry"])
def test_an_angry_baseline_is_noticed_and_a_neutral_one_mostly_passes(code, odd, ravdess_clips):
    model = models.load_default(
        "emotion", models.find_held_out_models()
    )  # has not heard actors 1 to 4
    noticed = []
    for actor in ("01", "02", "03", "04"):
        for statement in ("01", "02"):
            pair = [
                audio.load(ravdess_clips[f"03-01-{code}-01-{statement}-{take}-{actor}"])
                for take in ("01", "02")
            ]
            noticed.append(any(note.code == "NOT_NEUTRAL" for note in Enrolment(pair, model).notes))
    assert np.mean(noticed) >= 0.8 if odd else np.mean(noticed) <= 0.4


def test_the_command_line_takes_a_baseline_and_tells_it_apart(capsys):
    assert (
        main(
            [
                "predict",
                str(VOICES[0]),
                "--baseline",
                str(VOICES[1]),
                str(VOICES[2]),
                "--format",
                "json",
            ]
        )
        == 0
    )
    with_it = json.loads(capsys.readouterr().out)[0]
    assert main(["predict", str(VOICES[0]), "--format", "json"]) == 0
    without = json.loads(capsys.readouterr().out)[0]
    assert with_it["baseline"]["clips"] == 2
    assert without["baseline"] is None
    assert with_it["emotion_probabilities"] != without["emotion_probabilities"]


def test_the_command_line_refuses_a_baseline_that_cannot_be_used(capsys):
    assert (
        main(["predict", str(VOICES[0]), "--emotion-model", "knn", "--baseline", str(VOICES[1])])
        == 2
    )
    assert "takes no baseline" in capsys.readouterr().err
