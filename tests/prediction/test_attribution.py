"""What each cue and moment adds: the shares add up, and they follow what the model does."""

import dataclasses
import itertools

import numpy as np
import pytest

from ser_core import audio, models
from ser_core.emotions import EMOTIONS
from ser_core.features import FEATURE_SETS, NETWORK_INPUT, Inputs, cues, logmel
from ser_core.features.cues import CUES
from ser_core.models import Model
from ser_core.prediction import attribution
from ser_core.prediction.explanation import in_words
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import RATE

VOICES = sorted((DATA_DIR / "samples").glob("*.flac"))
SUBSETS = [frozenset(subset) for n in range(5) for subset in itertools.combinations(CUES, n)]


@pytest.fixture(scope="module")
def clip():
    return audio.load(VOICES[0])


@pytest.fixture(scope="module")
def emotion_model():
    return models.load_default("emotion")


def test_a_cue_that_alone_does_everything_gets_everything():
    values = {subset: 0.2 if "pitch" in subset else 0.9 for subset in SUBSETS}
    assert attribution.shapley(values) == pytest.approx(
        {"pitch": 0.7, "energy": 0, "spectrum": 0, "rhythm": 0}
    )


def test_two_cues_that_only_work_together_share():
    values = {subset: 0.1 if subset & {"pitch", "rhythm"} else 0.9 for subset in SUBSETS}
    assert attribution.shapley(values) == pytest.approx(
        {"pitch": 0.4, "energy": 0, "spectrum": 0, "rhythm": 0.4}
    )


def test_the_values_add_up_to_what_all_cues_add():
    values = dict(zip(SUBSETS, np.random.default_rng(0).random(16).tolist(), strict=True))
    assert sum(attribution.shapley(values).values()) == pytest.approx(
        values[frozenset()] - values[frozenset(CUES)]
    )


@pytest.mark.parametrize("name", [card.name for card in models.cards(task="emotion")])
def test_every_model_of_emotions_can_be_explained(name, clip):
    model = models.load_named(name, "emotion")
    inputs = Inputs(clip)
    probabilities = model.predict_proba([inputs])[0]
    explanation = attribution.explain_probability(model, inputs, EMOTIONS[probabilities.argmax()])
    assert explanation.probability == pytest.approx(probabilities.max(), abs=1e-5)
    assert sum(explanation.cues.values()) + explanation.without_cues == pytest.approx(
        explanation.probability, abs=1e-6
    )
    assert 1 < len(explanation.moments) <= attribution.MOST_MOMENTS
    assert all(
        0 <= moment.start_s < moment.end_s <= clip.duration_s + 0.1
        for moment in explanation.moments
    )


def test_every_cue_counts_for_the_default_model(clip, emotion_model):
    explanation = attribution.explain_probability(emotion_model, Inputs(clip), "happy")
    assert all(abs(share) > 1e-4 for share in explanation.cues.values())


class OnlyPitch:
    """A model that finds a clip angry by its pitch's variation alone, and by nothing else."""

    def member_probabilities(self, clips, _baseline=None):
        column = FEATURE_SETS["functionals_v1"].names.index("pitch_std")
        angry = np.array(
            [1 / (1 + np.exp(-clip.vector("functionals_v1").values[column])) for clip in clips]
        )
        probabilities = np.zeros((len(clips), len(EMOTIONS)))
        probabilities[:, EMOTIONS.index("angry")], probabilities[:, EMOTIONS.index("neutral")] = (
            angry,
            1 - angry,
        )
        return [probabilities]

    def averages(self):
        d = len(FEATURE_SETS["functionals_v1"].names)
        return {"functionals_v1": cues.AverageFeatures(np.zeros(d), np.ones(d))}


def test_the_cue_that_a_model_goes_by_is_named(clip, emotion_model):
    explanation = attribution.explain_probability(
        Model(emotion_model.card, OnlyPitch()), Inputs(clip), "angry"
    )
    assert explanation.cues["pitch"] == pytest.approx(explanation.probability - 0.5)
    assert [explanation.cues[cue] for cue in CUES if cue != "pitch"] == [0, 0, 0]
    assert "What speaks most for angry: pitch (lively" in in_words(explanation)


class OnlyLoudHalf:
    """A model that finds a clip angry by how much sound there is in its second 1 to 1.5."""

    def member_probabilities(self, clips, _baseline=None):
        angry = np.array(
            [
                min(0.9, 10 * np.sqrt(np.mean(clip.recording.samples[RATE : RATE * 3 // 2] ** 2)))
                for clip in clips
            ]
        )
        probabilities = np.zeros((len(clips), len(EMOTIONS)))
        probabilities[:, EMOTIONS.index("angry")], probabilities[:, EMOTIONS.index("sad")] = (
            angry,
            1 - angry,
        )
        return [probabilities]

    def averages(self):
        return {}


def test_the_moment_that_matters_is_named(emotion_model):
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)
    explanation = attribution.explain_probability(
        Model(emotion_model.card, OnlyLoudHalf()),
        Inputs(audio.from_samples(noise, RATE)),
        "angry",
        start_s=20.0,
    )
    assert explanation.moment.start_s < 21.5
    assert explanation.moment.end_s > 21.0
    assert explanation.moment.share > 0.2
    assert "matters most: without it, angry would fall from" in in_words(explanation)


def test_speech_too_short_to_leave_a_part_out_has_no_moments(clip, emotion_model):
    short = dataclasses.replace(clip, samples=clip.samples[RATE // 2 : RATE * 5 // 4])
    explanation = attribution.explain_probability(emotion_model, Inputs(short), "happy")
    assert explanation.moments == ()
    assert explanation.moment is None


def test_what_was_computed_before_does_not_change_the_explanation(clip, emotion_model):
    fresh, used = Inputs(clip), Inputs(clip)
    emotion_model.predict_proba([used])
    assert attribution.explain_probability(
        emotion_model, fresh, "happy"
    ) == attribution.explain_probability(emotion_model, used, "happy")


def test_the_average_of_a_network_comes_from_its_card():
    network = models.load_named("network", "emotion")
    stored = network.card.average_speech.to_dict()
    average = network.estimator.averages()[NETWORK_INPUT]
    assert average.to_dict() == stored
    assert average.outline.shape == (logmel.N_MELS,)
