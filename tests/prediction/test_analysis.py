import dataclasses
import json
import weakref
from collections import Counter

import numpy as np
import pytest

from ser_core import audio, features, models, prediction
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.features import functionals, inputs
from ser_core.models.decision import Thresholds
from ser_core.prediction import preparation
from ser_core.prediction.voice import Enrolment
from ser_core.speech import gate
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import RATE, voice

SAMPLES = DATA_DIR / "samples"


@pytest.fixture(scope="module")
def pair():
    return models.load_default("emotion"), models.load_default("gender")


@pytest.fixture(scope="module")
def result(pair):
    """Of a buzzing synthetic voice, which the gate takes for no speech."""
    return prediction.predict(audio.from_samples(voice(), RATE), *pair)


@pytest.mark.parametrize("seconds", [3, 12, 700])
def test_a_click_in_silence_is_no_speech_and_no_error(seconds, pair):
    samples = np.zeros(seconds * RATE, np.float32)
    samples[len(samples) // 2] = 0.5
    result = prediction.predict(audio.from_samples(samples, RATE), *pair, explain=True)
    assert result.emotion is None
    assert "NOT_SPEECH" in [reason.code for reason in result.reasons]


def test_probabilities_are_in_order_and_sum_to_one(result):
    assert tuple(result.emotion_probabilities) == EMOTIONS
    assert tuple(result.gender_probabilities) == GENDERS
    for probabilities in (result.emotion_probabilities, result.gender_probabilities):
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert result.emotion_probabilities[result.most_likely] == max(
        result.emotion_probabilities.values()
    )


def test_the_json_follows_schema_1(result):
    entry = json.loads(json.dumps(result.to_dict("clip.wav")))
    assert set(entry) == {
        *(
            "schema",
            "file",
            "sha256",
            "duration_s",
            "model",
            "decision",
            "reasons",
            "prediction_set",
        ),
        *("emotion", "emotion_probabilities", "gender", "gender_probabilities"),
        *("quality", "baseline", "explanation", "segments"),
    }
    assert (entry["schema"], entry["file"], entry["decision"]) == (1, "clip.wav", "cannot_tell")
    assert entry["reasons"][0] == "NOT_SPEECH"
    assert (entry["emotion"], entry["prediction_set"], entry["baseline"]) == (None, None, None)
    assert entry["duration_s"] == 3.0
    (segment,) = entry["segments"]
    assert set(segment) == {"start_s", "end_s", "speech_s", "emotion_probabilities"}
    assert (segment["start_s"], segment["end_s"]) == (0.0, 3.0)
    assert segment["emotion_probabilities"] == pytest.approx(entry["emotion_probabilities"])


def test_the_same_clip_always_gives_the_same_answer(pair, result):
    assert (
        prediction.predict(audio.from_samples(voice(), RATE), *pair).to_dict() == result.to_dict()
    )


@pytest.mark.parametrize("gain", [0.05, 1.9])
def test_a_louder_or_quieter_clip_gives_the_same_answer(gain, pair, result):
    other = prediction.predict(audio.from_samples(voice() * gain, RATE), *pair)
    np.testing.assert_allclose(
        list(other.emotion_probabilities.values()),
        list(result.emotion_probabilities.values()),
        atol=1e-4,
    )


def test_a_low_voice_sounds_male_and_a_high_one_female(pair):
    low, high = (
        prediction.predict(audio.load(SAMPLES / name), *pair)
        for name in ("steady-low-voice.flac", "lively-high-voice.flac")
    )
    assert (low.gender, high.gender) == ("male", "female")


@pytest.mark.parametrize(
    ("female", "gender"), [(0.9, "female"), (0.31, None), (0.5, None), (0.1, "male")]
)
def test_a_gender_that_is_not_likely_enough_is_not_said(female, gender, result):
    unsure = dataclasses.replace(
        result, gender_probabilities={"male": 1 - female, "female": female}
    )
    assert unsure.gender == gender
    assert unsure.to_dict()["gender"] == gender
    assert unsure.to_row()["gender"] == (gender or "")


@pytest.fixture(scope="module")
def long_clip():
    """A voice for 10 s, nobody for 8 s, a voice for 5 s."""
    spoken = np.concatenate([audio.load(path).samples for path in sorted(SAMPLES.glob("*.flac"))])
    pause = np.random.default_rng(0).normal(0, 1e-4, 8 * RATE).astype(np.float32)
    return audio.from_samples(
        np.concatenate([spoken[: 10 * RATE], pause, spoken[: 5 * RATE]]), RATE
    )


def test_a_long_clip_is_cut_into_overlapping_windows_its_pauses_left_out(pair, long_clip):
    long = prediction.predict(long_clip, *pair)
    starts = [segment.start_s for segment in long.segments]
    assert all(segment.end_s - segment.start_s == 4.0 for segment in long.segments)
    assert starts == sorted(set(starts))
    assert {0.0, 2.0, 4.0, 6.0, 19.0} <= set(starts)
    assert not {10.0, 12.0, 14.0} & set(starts)
    assert any(start < 11 and end > 17 for start, end in long.gaps)
    assert sum(long.emotion_probabilities.values()) == pytest.approx(1, abs=1e-6)
    for segment in long.segments:
        assert sum(segment.emotion_probabilities.values()) == pytest.approx(1, abs=1e-6)
        assert 0.75 <= segment.speech_s <= 4.1


@pytest.fixture(scope="module")
def answered(pair):
    """Of a voice that the gate lets through."""
    result = prediction.predict(audio.load(SAMPLES / "steady-low-voice.flac"), *pair)
    return dataclasses.replace(result, reasons=(), prediction_set=("happy",))


@pytest.mark.parametrize(
    ("probabilities", "inside", "sentence"),
    [
        ({"happy": 0.9, "surprised": 0.1}, ("happy",), "Sounds happy, 90%."),
        (
            {"happy": 0.71, "surprised": 0.18},
            ("happy", "surprised"),
            "Sounds happy, 71%. Surprised (18%) is possible too.",
        ),
        (
            {"happy": 0.5, "surprised": 0.3, "sad": 0.1},
            ("happy", "surprised"),
            "Sounds happy, 50%. Surprised (30%) is possible too.",
        ),
        (
            {"happy": 0.5, "surprised": 0.3, "sad": 0.1},
            None,
            "Sounds happy, 50%. Surprised (30%) is possible too.",
        ),
    ],
)
def test_the_answer_is_a_sentence_a_person_would_say(probabilities, inside, sentence, answered):
    full = dict.fromkeys(EMOTIONS, 0.0) | probabilities
    assert (
        prediction.in_words(
            dataclasses.replace(answered, emotion_probabilities=full, prediction_set=inside)
        )
        == sentence
    )


def test_an_uncertain_answer_is_not_given_but_what_is_possible_is_said(answered):
    full = dict.fromkeys(EMOTIONS, 0.0) | {"happy": 0.3, "sad": 0.25, "calm": 0.2}
    unsure = dataclasses.replace(
        answered,
        emotion_probabilities=full,
        prediction_set=("happy", "sad", "calm"),
        reasons=(audio.Note("UNCERTAIN", "..."),),
    )
    assert (unsure.decision, unsure.emotion, unsure.most_likely) == ("cannot_tell", None, "happy")
    expected = (
        "Cannot tell: most likely happy, 30%, but no emotion stands out. "
        "Sad (25%) and calm (20%) are possible too."
    )
    assert prediction.in_words(unsure) == expected


def test_a_model_refuses_what_is_less_certain_than_its_limit(pair):
    clip = audio.load(SAMPLES / "steady-low-voice.flac")
    for answered_from, decision in ((0.0, "ok"), (1.0, "cannot_tell")):
        thresholds = Thresholds(in_set=0.05, answered=answered_from)
        card = dataclasses.replace(pair[0].card, thresholds=thresholds)
        result = prediction.predict(clip, dataclasses.replace(pair[0], card=card), pair[1])
        assert result.decision == decision
        assert result.prediction_set == tuple(
            label for label in result.prediction_set if result.emotion_probabilities[label] >= 0.05
        )
        assert result.prediction_set[0] == result.most_likely


def test_a_row_has_one_flat_value_per_column(result):
    row = result.to_row("clip.wav")
    assert row["file"] == "clip.wav"
    assert set(EMOTIONS) | set(GENDERS) <= set(row)
    assert all(isinstance(value, (str, float)) for value in row.values())


def test_analyse_and_explain_give_what_predict_gives(recording, pair):
    analysis = prediction.analyse(recording, *pair)
    assert analysis.prediction == prediction.predict(recording, *pair)
    assert analysis.prediction.explanation is None
    assert prediction.explain(analysis) == prediction.predict(recording, *pair, explain=True)


def test_gate_and_features_are_computed_once_for_a_clip(pair, monkeypatch):
    """Without a baseline, with one, explained, and by other models: one gate, one of each feature set."""
    clip, neutral = (audio.load(path) for path in sorted(SAMPLES.glob("*.flac"))[:2])
    enrolment = Enrolment([neutral], pair[0])
    counts: Counter[tuple[str, str]] = Counter()

    def count_calls(module, name):
        function = getattr(module, name)

        def counted(argument, *others):
            if argument is clip or argument is clip.samples:
                counts[name, *others] += 1
            return function(argument, *others)

        monkeypatch.setattr(module, name, counted)

    count_calls(gate, "check_speech")
    count_calls(functionals, "compute_contours")
    count_calls(inputs, "log_mel")
    count_calls(inputs, "extract")

    prepared = prediction.prepare(clip)
    plain = prediction.analyse(prepared, *pair)
    personal = prediction.analyse(prepared, *pair, enrolment)
    for analysis in (plain, personal):
        assert prediction.explain(analysis).explanation is not None
    others = [
        models.load_named(name, "emotion") for name in ("svc", "knn", "network", "bagged-mlp")
    ]
    prediction.probabilities_by_model(prepared, others)

    feature_sets = {model.card.feature_set for model in others} & set(features.FEATURE_SETS)
    expected = {("check_speech",), ("compute_contours",), ("log_mel",)}
    expected |= {("extract", name) for name in feature_sets - {"functionals_v1"}}
    assert counts == dict.fromkeys(expected, 1)


def test_an_hour_takes_no_more_memory_than_its_samples_and_a_few_windows(pair, monkeypatch):
    """The features of all windows together would fill the memory."""
    noise = np.random.default_rng(3).normal(0, 0.1, 40 * RATE).astype(np.float32)
    whole = prediction.predict(audio.from_samples(noise, RATE), *pair)
    held: list[int] = []
    alive: weakref.WeakSet[features.Inputs] = weakref.WeakSet()

    class Counted(features.Inputs):
        def __init__(self, recording):
            super().__init__(recording)
            alive.add(self)
            held.append(len(alive))

    monkeypatch.setattr(preparation, "Inputs", Counted)
    monkeypatch.setattr(preparation, "_TOGETHER", 3)
    result = prediction.predict(audio.from_samples(noise, RATE), *pair)
    assert len(result.segments) == len(whole.segments) == 10
    assert max(held) <= 6  # one batch, and the next that takes its place
    np.testing.assert_allclose(
        list(result.emotion_probabilities.values()),
        list(whole.emotion_probabilities.values()),
        atol=1e-9,
    )
