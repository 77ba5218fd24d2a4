import json

import numpy as np
import pytest

from ser_core import audio, models, prediction
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import DATA_DIR
from tests.synthesis import RATE, voice


@pytest.fixture(scope="module")
def pair():
    return models.load_default("emotion"), models.load_default("gender")


@pytest.fixture(scope="module")
def result(pair):
    return prediction.predict(audio.from_samples(voice(), RATE), *pair)


def test_probabilities_are_in_order_and_sum_to_one(result):
    assert tuple(result.emotion_probabilities) == EMOTIONS
    assert tuple(result.gender_probabilities) == GENDERS
    for probabilities in (result.emotion_probabilities, result.gender_probabilities):
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert result.emotion_probabilities[result.emotion] == max(result.emotion_probabilities.values())


def test_the_json_follows_schema_1(result):
    entry = json.loads(json.dumps(result.to_dict("clip.wav")))
    assert set(entry) == {
        "schema", "file", "sha256", "duration_s", "model", "decision", "reasons", "prediction_set", "emotion", "emotion_probabilities",
        "gender", "gender_probabilities", "quality", "baseline", "explanation", "segments",
    }  # fmt: skip
    assert (entry["schema"], entry["file"], entry["decision"], entry["reasons"]) == (1, "clip.wav", "ok", [])
    assert entry["duration_s"] == 3.0
    assert entry["segments"] == [{"start_s": 0.0, "end_s": 3.0, "emotion_probabilities": entry["emotion_probabilities"]}]


def test_the_same_clip_always_gives_the_same_answer(pair, result):
    assert prediction.predict(audio.from_samples(voice(), RATE), *pair).to_dict() == result.to_dict()


@pytest.mark.parametrize("gain", [0.05, 1.9])
def test_a_louder_or_quieter_clip_gives_the_same_answer(gain, pair, result):
    other = prediction.predict(audio.from_samples(voice() * gain, RATE), *pair)
    np.testing.assert_allclose(list(other.emotion_probabilities.values()), list(result.emotion_probabilities.values()), atol=1e-4)


def test_a_low_voice_sounds_male_and_a_high_one_female(pair):
    samples = DATA_DIR / "samples"
    low, high = (prediction.predict(audio.load(samples / name), *pair) for name in ("steady-low-voice.flac", "lively-high-voice.flac"))
    assert (low.gender, high.gender) == ("male", "female")


@pytest.mark.parametrize(("female", "said"), [(0.9, "female"), (0.31, None), (0.5, None), (0.1, "male")])
def test_a_gender_that_is_not_likely_enough_is_not_said(female, said, result):
    import dataclasses

    unsure = dataclasses.replace(result, gender_probabilities={"male": 1 - female, "female": female})
    assert unsure.gender == said
    assert unsure.to_dict()["gender"] == said
    assert unsure.to_row()["gender"] == (said or "")


def test_a_long_clip_is_cut_into_windows_its_pauses_left_out(pair):
    samples = np.concatenate([voice(seconds=8.0), np.full(RATE * 8, 1e-6, np.float32), voice(seconds=5.0)])
    long = prediction.predict(audio.from_samples(samples, RATE), *pair)
    spans = [(segment.start_s, segment.end_s) for segment in long.segments]
    assert spans == [(0.0, 4.0), (4.0, 8.0), (16.0, 20.0), (17.0, 21.0)]
    mean = np.mean([list(segment.emotion_probabilities.values()) for segment in long.segments], axis=0)
    np.testing.assert_allclose(list(long.emotion_probabilities.values()), mean)
    assert sum(long.emotion_probabilities.values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("probabilities", "sentence"),
    [
        ({"happy": 0.9, "surprised": 0.1}, "Sounds happy, 90%."),
        ({"happy": 0.71, "surprised": 0.18}, "Sounds happy, 71%. Surprised (18%) is possible too."),
        ({"happy": 0.5, "surprised": 0.3, "sad": 0.1}, "Sounds happy, 50%. Surprised (30%) is possible too."),
        ({"happy": 0.3, "sad": 0.25, "calm": 0.2}, "Perhaps happy, 30%, but no emotion stands out. Sad (25%) and calm (20%) are possible too."),
    ],
)
def test_the_answer_is_a_sentence_a_person_would_say(probabilities, sentence, result):
    import dataclasses

    full = dict.fromkeys(EMOTIONS, 0.0) | probabilities
    assert prediction.in_words(dataclasses.replace(result, emotion_probabilities=full)) == sentence


def test_a_row_has_one_flat_value_per_column(result):
    row = result.to_row("clip.wav")
    assert row["file"] == "clip.wav"
    assert set(EMOTIONS) | set(GENDERS) <= set(row)
    assert all(isinstance(value, (str, float)) for value in row.values())
