"""The reasons of a prediction: they add up, they follow what the model does, and they are said plainly."""

import dataclasses
import itertools
import json

import numpy as np
import pandas as pd
import pytest

from ser_core import audio, models, prediction
from ser_core.emotions import EMOTIONS
from ser_core.evaluation import DATA_DIR
from ser_core.experiments import faithfulness
from ser_core.features import FEATURE_SETS, NETWORK_INPUT, Inputs, cues, functionals, logmel
from ser_core.features.cues import CUES
from ser_core.models import Model
from ser_core.prediction import explanation
from ser_core.prediction.explanation import Explanation, Moment
from ser_core.prediction.voice import Enrolment
from tests.support.synthesis import RATE

VOICES = sorted((DATA_DIR / "samples").glob("*.flac"))
SUBSETS = [frozenset(chosen) for n in range(5) for chosen in itertools.combinations(CUES, n)]


@pytest.fixture(scope="module")
def clip():
    return audio.load(VOICES[0])


@pytest.fixture(scope="module")
def emotion_model():
    return models.load_default("emotion")


# ------------------------------------------------------------------------------------------------------ Shapley values


def test_a_cue_that_alone_does_everything_gets_everything():
    without = {gone: 0.2 if "pitch" in gone else 0.9 for gone in SUBSETS}
    assert explanation.shapley(without) == pytest.approx(
        {"pitch": 0.7, "energy": 0, "spectrum": 0, "rhythm": 0}
    )


def test_two_cues_that_only_work_together_share():
    without = {gone: 0.9 if not gone & {"pitch", "rhythm"} else 0.1 for gone in SUBSETS}
    assert explanation.shapley(without) == pytest.approx(
        {"pitch": 0.4, "energy": 0, "spectrum": 0, "rhythm": 0.4}
    )


def test_the_values_add_up_to_what_all_cues_add():
    without = dict(zip(SUBSETS, np.random.default_rng(0).random(16).tolist(), strict=True))
    assert sum(explanation.shapley(without).values()) == pytest.approx(
        without[frozenset()] - without[frozenset(CUES)]
    )


# ----------------------------------------------------------------------------------------------------- taking cues out


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_every_feature_belongs_to_one_cue(feature_set):
    specs = FEATURE_SETS[feature_set].specs
    values, average = np.ones(len(specs)), np.zeros(len(specs))
    left = sum(cues.features_without(values, specs, {cue}, average) for cue in CUES)
    np.testing.assert_array_equal(left, 3)  # each is taken out once
    assert not cues.features_without(values, specs, CUES, average).any()


@pytest.fixture(scope="module")
def average():
    return cues.average_speech([Inputs(audio.load(path)).log_mel for path in VOICES[1:]])


def test_without_energy_all_speech_has_one_level(clip, average):
    log_mel = Inputs(clip).log_mel
    changed = cues.Parts.of(log_mel).without({"energy"}, average)
    level = log_mel.mean(axis=1)
    speech = level > level.max() - 20
    assert level[speech].std() > 3
    assert changed.mean(axis=1)[speech].std() < 0.1


def test_without_spectrum_the_outline_is_the_average_one(clip, average):
    changed = cues.average_speech(
        [cues.Parts.of(Inputs(clip).log_mel).without({"spectrum"}, average)]
    )
    before = cues.average_speech([Inputs(clip).log_mel])
    assert np.abs(before.outline - average.outline).max() > 3
    np.testing.assert_allclose(changed.outline, average.outline, atol=1.5)
    assert changed.movement == pytest.approx(average.movement, rel=0.1)


def test_without_pitch_the_harmonics_are_gone_and_the_rest_stays(average):
    """A buzz of 200 Hz: its harmonics stand out by some 10 dB between 400 and 1,000 Hz."""
    t = np.arange(2 * RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 200 * k * t) / k for k in range(1, 30)) * (
        0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)
    )
    log_mel = logmel.log_mel((0.1 * buzz).astype(np.float32))
    changed = cues.Parts.of(log_mel).without({"pitch"}, average)
    ripple = [np.abs(np.diff(each[:, 8:22], 2, axis=1)).mean() for each in (log_mel, changed)]
    assert ripple[0] > 3 * ripple[1]
    heard = np.maximum(log_mel, log_mel.max() - logmel.RANGE_DB)
    np.testing.assert_allclose(changed.mean(axis=1), heard.mean(axis=1), atol=1e-3)


def test_without_rhythm_there_are_no_pauses_and_the_average_rate(clip, average):
    log_mel = Inputs(clip).log_mel
    with_pause = np.concatenate(
        [
            log_mel[: len(log_mel) // 2],
            np.full((80, 64), -90, np.float32),
            log_mel[len(log_mel) // 2 :],
        ]
    )
    plain, paused = (
        cues.Parts.of(each).without({"rhythm"}, average) for each in (log_mel, with_pause)
    )
    assert len(paused) < len(plain) + 20
    fast = cues.Parts.of(log_mel).without({"rhythm"}, dataclasses.replace(average, rate=10.0))
    slow = cues.Parts.of(log_mel).without({"rhythm"}, dataclasses.replace(average, rate=1.0))
    assert len(fast) < len(slow)


def test_nothing_taken_out_changes_nothing(clip, average):
    np.testing.assert_array_equal(
        cues.Parts.of(Inputs(clip).log_mel).without((), average), Inputs(clip).log_mel
    )


@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_silencing_contours_is_nearly_silencing_the_recording(path, emotion_model):
    """The quick way must lead where silence in the recording leads."""
    clip = audio.load(path)
    inputs = Inputs(clip)
    whole = inputs.vector("functionals_v1").values
    deviation = emotion_model.estimator.averages()["functionals_v1"].deviation
    first, last = logmel.speech_span(clip.samples)
    start = (first + last) / 2
    quick = functionals.summary(
        functionals.silenced(functionals.contours(clip), start, start + 0.4)
    )
    samples = clip.samples.copy()
    samples[int(start * RATE) : int((start + 0.4) * RATE)] = 0
    slow = Inputs(dataclasses.replace(clip, samples=samples)).vector("functionals_v1").values
    away, off = (np.mean(np.abs(each - slow) / deviation) for each in (whole, quick))
    assert off < 0.75 * away
    np.testing.assert_array_equal(
        inputs.silenced(start, start + 0.4).log_mel, logmel.log_mel(samples)
    )


# -------------------------------------------------------------------------------------------------------- explanations


@pytest.mark.parametrize("name", [card.name for card in models.cards(task="emotion")])
def test_every_model_of_emotions_can_be_explained(name, clip):
    model = models.load_named(name, "emotion")
    inputs = Inputs(clip)
    said = model.predict_proba([inputs])[0]
    found = explanation.explain(model, inputs, EMOTIONS[said.argmax()])
    assert found.probability == pytest.approx(said.max(), abs=1e-5)
    assert sum(found.cues.values()) + found.without_cues == pytest.approx(
        found.probability, abs=1e-6
    )
    assert 1 < len(found.moments) <= explanation.MOST_MOMENTS
    assert all(
        0 <= moment.start_s < moment.end_s <= clip.duration_s + 0.1 for moment in found.moments
    )


def test_every_cue_of_the_default_model_says_something(clip, emotion_model):
    found = explanation.explain(emotion_model, Inputs(clip), "happy")
    assert all(abs(share) > 1e-4 for share in found.cues.values())


class _HearsOnlyPitch:
    """A model that finds a clip angry by its pitch's variation alone, and by nothing else."""

    def opinions(self, clips, _baseline=None):
        at = FEATURE_SETS["functionals_v1"].names.index("pitch_std")
        angry = np.array(
            [1 / (1 + np.exp(-clip.vector("functionals_v1").values[at])) for clip in clips]
        )
        said = np.zeros((len(clips), len(EMOTIONS)))
        said[:, EMOTIONS.index("angry")], said[:, EMOTIONS.index("neutral")] = angry, 1 - angry
        return [said]

    def averages(self):
        d = len(FEATURE_SETS["functionals_v1"].names)
        return {"functionals_v1": cues.AverageFeatures(np.zeros(d), np.ones(d))}


def test_what_a_model_goes_by_is_named(clip, emotion_model):
    found = explanation.explain(Model(emotion_model.card, _HearsOnlyPitch()), Inputs(clip), "angry")
    assert found.cues["pitch"] == pytest.approx(found.probability - 0.5)
    assert [found.cues[cue] for cue in CUES if cue != "pitch"] == [0, 0, 0]
    assert "What speaks most for angry: pitch (lively" in explanation.in_words(found)


class _HearsOnlyLoudHalf:
    """A model that finds a clip angry by how much sound there is in its second 1 to 1.5."""

    def opinions(self, clips, _baseline=None):
        angry = np.array(
            [
                min(0.9, 10 * np.sqrt(np.mean(clip.recording.samples[RATE : RATE * 3 // 2] ** 2)))
                for clip in clips
            ]
        )
        said = np.zeros((len(clips), len(EMOTIONS)))
        said[:, EMOTIONS.index("angry")], said[:, EMOTIONS.index("sad")] = angry, 1 - angry
        return [said]

    def averages(self):
        return {}


def test_the_moment_that_matters_is_found(emotion_model):
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)
    found = explanation.explain(
        Model(emotion_model.card, _HearsOnlyLoudHalf()),
        Inputs(audio.from_samples(noise, RATE)),
        "angry",
        start_s=20.0,
    )
    assert found.moment.start_s < 21.5
    assert found.moment.end_s > 21.0
    assert found.moment.share > 0.2
    assert "matters most: without it, angry would fall from" in explanation.in_words(found)


def test_speech_too_short_to_leave_a_part_out_has_no_moments(clip, emotion_model):
    short = dataclasses.replace(clip, samples=clip.samples[RATE // 2 : RATE * 5 // 4])
    found = explanation.explain(emotion_model, Inputs(short), "happy")
    assert found.moments == ()
    assert found.moment is None


def explained(**cues_of):
    shares = dict.fromkeys(CUES, 0.0) | cues_of
    sounds = {"pitch": ("lively", "rising"), "rhythm": ("slow",)}
    return Explanation(
        "happy",
        0.0,
        3.0,
        0.71,
        0.1,
        shares,
        shares,
        sounds,
        False,
        False,
        (Moment(1.0, 1.5, 0.3), Moment(1.5, 2.0, 0.02)),
    )


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"pitch": 0.4, "spectrum": 0.2, "energy": 0.1}, "What speaks most for happy: pitch (lively, rising), then spectrum and timbre. The moment"),
        ({"pitch": 0.4, "rhythm": -0.2, "energy": -0.1}, "What speaks most for happy: pitch (lively, rising). Against it: rhythm (slow). The moment"),
        ({"energy": -0.3}, "What speaks against happy: energy dynamics. The moment"),
        (
            {"energy": 0.01},
            "No cue alone speaks for or against happy. The moment from 1.0 to 1.5 s matters most: without it, happy would fall from 71% to 41%.",
        ),
    ],
)  # fmt: skip
def test_reasons_are_said_plainly(shares, said):
    assert explanation.in_words(explained(**shares)).startswith(said)


# ------------------------------------------------------------------------------------------------------ in a prediction


@pytest.fixture(scope="module")
def pair(emotion_model):
    return emotion_model, models.load_default("gender")


def test_the_prediction_is_the_same_with_and_without_reasons(clip, pair):
    with_reasons, without = (
        prediction.predict(clip, *pair, explain=explain) for explain in (True, False)
    )
    assert dataclasses.replace(with_reasons, explanation=None) == without
    entry = json.loads(json.dumps(with_reasons.to_dict()))
    assert entry["explanation"]["emotion"] == with_reasons.most_likely
    assert entry["explanation"]["probability"] == pytest.approx(
        max(entry["emotion_probabilities"].values()), abs=1e-6
    )
    assert set(entry["explanation"]["cues"]) == set(CUES)
    assert without.to_dict()["explanation"] is None
    assert with_reasons.to_row()["explanation"] == explanation.in_words(with_reasons.explanation)


def test_what_is_no_speech_has_no_reasons(pair):
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert (
        prediction.predict(audio.from_samples(noise, RATE), *pair, explain=True).explanation is None
    )


def test_a_long_recording_is_explained_where_the_emotion_is_likeliest(pair):
    samples = np.concatenate([audio.load(path).samples for path in VOICES])
    result = prediction.predict(audio.from_samples(samples, RATE), *pair, explain=True)
    spans = [(segment.start_s, segment.end_s) for segment in result.segments]
    assert len(spans) > 2
    assert (result.explanation.start_s, result.explanation.end_s) in spans
    assert all(
        result.explanation.start_s <= moment.start_s for moment in result.explanation.moments
    )
    start, end = result.explanation.start_s, result.explanation.end_s
    assert explanation.in_words(result.explanation).startswith(
        f"Of the stretch from {start:.0f} to {end:.0f} s, "
    )


def test_with_a_baseline_cues_are_compared_with_it(pair):
    """A clip judged against itself differs from its baseline in no feature: nothing about its sound is striking."""
    clip = audio.load(VOICES[2])
    own, other = (
        prediction.predict(
            clip, *pair, Enrolment([audio.load(path)], pair[0]), explain=True
        ).explanation
        for path in (VOICES[2], VOICES[3])
    )
    assert own.against_baseline
    assert not any(own.sounds.values())
    assert any(other.sounds.values())
    assert own.to_dict()["average"] == "baseline"


def test_the_reasons_are_the_same_whatever_was_asked_before(clip, emotion_model):
    fresh, asked = Inputs(clip), Inputs(clip)
    emotion_model.predict_proba([asked])
    assert explanation.explain(emotion_model, fresh, "happy") == explanation.explain(
        emotion_model, asked, "happy"
    )


# ---------------------------------------------------------------------------------------------------- how good they are


def test_the_stored_table_says_what_is_lost():
    """The must of the project: twice as much is lost without what is named as without as much at random."""
    table = pd.read_csv(faithfulness.TABLE)
    assert set(table["corpus"]) == {"ravdess", "crema-d", "nemo"}
    assert table["emotion"].isin(EMOTIONS).all()
    summary = faithfulness.scores().set_index("corpus").loc["all"]
    for kind in ("cue", "moment"):
        named, random = (
            table["probability"] - table[f"without_{name}"] for name in (kind, f"any_{kind}")
        )
        assert summary[f"{kind}: ratio [95%]"].startswith(f"{named.mean() / random.mean():.1f} [")
        assert named.mean() > 2 * random.mean()
    few = faithfulness.scores().set_index("corpus").loc["nEMO"]
    assert few["speakers"] == "2"
    assert "[" not in few["moment: ratio [95%]"]  # two speakers make no interval


def test_the_average_of_a_network_comes_from_its_card():
    network = models.load_named("network", "emotion")
    stored = network.card.parameters[models.AVERAGE_SPEECH]
    average = network.estimator.averages()[NETWORK_INPUT]
    assert average.to_dict() == stored
    assert average.outline.shape == (logmel.N_MELS,)
