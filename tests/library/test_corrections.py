"""Layers are trained, tested on unseen speakers, adopted and rolled back."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy

from ser_core import audio, models, prediction
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode
from ser_core.library import (
    corrections,
    layer_fitting,
    layer_report,
    schema,
)
from ser_core.library.layer_fitting import LabelledClips
from ser_core.models import Layer
from ser_core.prediction.voice import Enrolment
from ser_core.storage.paths import DATA_DIR
from tests.support.libraries import biased_clips, fails, keep

SAMPLES = sorted((DATA_DIR / "samples").glob("*.flac"))


def test_a_speaker_stays_in_the_part_that_it_was_given(store):
    assert store.assign_parts("local", ["Ann"]) == {"ann": "train"}
    assert store.assign_parts("local", ["Bob", "ann", "Cid"]) == {
        "ann": "train",
        "bob": "test",
        "cid": "train",
    }
    assert store.assign_parts("local", ["Dee", "Eve", "BOB"]) == {
        "ann": "train",
        "bob": "test",
        "cid": "train",
        "dee": "train",
        "eve": "test",
    }


def test_a_layer_survives_being_written_down_and_changes_nothing_if_it_is_the_identity(rng):
    layer = Layer(rng.normal(size=(8, 8)), rng.normal(size=8), "base")
    again = Layer.from_json(layer.to_json())
    np.testing.assert_array_equal(again.matrix, layer.matrix)
    assert again.digest == layer.digest != Layer.identity("base").digest
    for damaged in (
        "",
        "[]",
        "{}",
        layer.to_json().replace("happy", "merry"),
        Layer(np.eye(7), np.zeros(8), "").to_json().replace("1.0", "NaN"),
    ):
        with fails(ErrorCode.MODEL_SCHEMA):
            Layer.from_json(damaged)


def swapped(base):
    """A layer that takes happy for sad and the other way round."""
    order = np.arange(8)
    happy, sad = EMOTIONS.index("happy"), EMOTIONS.index("sad")
    order[[happy, sad]] = sad, happy
    return Layer(np.eye(8)[order], np.zeros(8), base)


def test_a_corrected_model_predicts_with_windows_reasons_sets_and_a_personal_baseline(
    default_models,
):
    emotion, gender = default_models
    corrected = models.corrected(emotion, swapped(emotion.card.sha256))
    voices = [audio.load(path) for path in SAMPLES]
    long = audio.from_samples(np.concatenate([recording.samples for recording in voices]), 16_000)
    for recording, baseline in ((voices[0], ()), (long, ()), (voices[0], voices[1:2])):
        plain, changed = (
            prediction.predict(
                recording,
                model,
                gender,
                Enrolment(baseline, model) if baseline else None,
                explain=True,
            )
            for model in (emotion, corrected)
        )
        expected = dict(plain.emotion_probabilities)
        expected["happy"], expected["sad"] = expected["sad"], expected["happy"]
        assert changed.emotion_probabilities == pytest.approx(expected, abs=1e-6)
        assert (
            changed.emotion_model
            == f"combination+corrected-{swapped(emotion.card.sha256).digest[:12]}"
        )
        assert changed.to_dict()["model"]["emotion"] == changed.emotion_model
        assert len(changed.segments) == len(plain.segments)
        assert changed.prediction_set is not None
        assert changed.explanation is not None
        assert changed.explanation.probability == pytest.approx(
            max(s for s in [changed.explanation.probability])
        )
        assert (changed.baseline is None) == (not baseline)
    assert "not measured with it" in corrected.card.limits.replace(
        "was not measured", "not measured"
    )
    with fails(ErrorCode.MODEL_VERSION):
        models.corrected(emotion, swapped("another model"))


def adopted_model(library, default):
    """The default model as the owner has it: with the layer that was adopted, if any."""
    stored = library.adopted_layer("local")
    if stored is None:
        return None
    return models.corrected(default, Layer.from_json(stored.layer), stored.report["scores"])


def fake_predictions(monkeypatch, probabilities_of):
    """Predictions come from a dictionary by the first sample: real ones would take long."""

    def probabilities_by_model(recording, all_models):
        probabilities = probabilities_of[round(float(recording.samples[0]), 4)]
        by_emotion = dict(zip(EMOTIONS, probabilities, strict=True))
        return {model.card.name: by_emotion for model in all_models}

    monkeypatch.setattr(prediction, "probabilities_by_model", probabilities_by_model)


def corrected_library(store, monkeypatch, rng, speakers=("Ann", "Bob", "Cid"), n=60):
    clips = biased_clips(rng, n, ["x"])
    said = {}
    for seed in range(n):
        number = keep(store, seed=seed)
        store.correct("local", number, EMOTIONS[clips.truth[seed]], speakers[seed % len(speakers)])
        said[round(float(store.recording("local", number).samples[0]), 4)] = clips.probabilities[
            seed
        ]
    assert len(said) == n
    fake_predictions(monkeypatch, said)
    return store


def test_a_layer_is_trained_tested_on_speakers_set_aside_adopted_and_rolled_back(
    store, monkeypatch, rng, default_models
):
    corrected_library(store, monkeypatch, rng)
    trained = corrections.train(store, "local")
    assert store.assign_parts("local") == {"ann": "train", "bob": "test", "cid": "train"}
    report = trained.report
    assert (
        report["train"]["clips"],
        report["train"]["speakers"],
        report["test"]["clips"],
        report["left_out"],
    ) == (40, 2, 20, 0)
    assert report["library"]["after"]["value"] > report["library"]["before"]["value"]
    assert [row["name"] for row in report["corpora"]] == ["RAVDESS", "CREMA-D", "nEMO"]
    assert [row["before"]["value"] for row in report["corpora"]] == [
        0.709,
        0.6403,
        0.5891,
    ]  # as the models' cards have it
    assert adopted_model(store, default_models[0]) is None
    corrections.adopt(store, "local", trained, force=True)
    found = adopted_model(store, default_models[0])
    assert found.card.name.endswith(trained.digest[:12])
    assert found.card.scores["ravdess"]["unseen_speakers"]["uar"] == report["corpora"][0]["after"]
    second = corrections.train(store, "local")
    corrections.adopt(store, "local", second, force=True)
    assert store.adopted_layer("local").id == second.id
    assert store.roll_back("local")
    assert store.adopted_layer("local").id == trained.id
    assert store.roll_back("local")
    assert (store.adopted_layer("local"), store.roll_back("local")) == (None, False)
    tested = corrections.evaluate(store, "local", trained)
    assert (tested["library"], tested["corpora"]) == (report["library"], report["corpora"])


def test_without_two_speakers_there_is_honestly_no_test_of_ones_own(in_sqlite, monkeypatch, rng):
    corrected_library(in_sqlite, monkeypatch, rng, speakers=("",), n=24)
    report = corrections.train(in_sqlite, "local").report
    assert report["library"] is None
    assert (report["train"]["clips"], report["strength"]) == (
        24,
        layer_fitting.STRENGTH_OF_ONE_SPEAKER,
    )


def test_clips_of_unknown_speakers_teach_nothing_once_somebody_is_set_aside(
    in_sqlite, monkeypatch, rng
):
    corrected_library(in_sqlite, monkeypatch, rng, speakers=("Ann", "Bob", ""))
    report = corrections.train(in_sqlite, "local").report
    assert (report["train"]["clips"], report["test"]["clips"], report["left_out"]) == (20, 20, 20)


def test_too_few_corrections_are_said_to_be_too_few(in_sqlite):
    for seed in range(corrections.MIN_CLIPS - 1):
        in_sqlite.correct("local", keep(in_sqlite, seed=seed), ("happy", "sad")[seed % 2])
    with fails(ErrorCode.NOT_ENOUGH):
        corrections.train(in_sqlite, "local")
    in_sqlite.correct("local", keep(in_sqlite, seed=100), "happy")
    entries = in_sqlite.entries("local")
    corrections._check_enough(entries, [], 0)
    all_sad = [dataclasses.replace(entry, emotion="sad") for entry in entries]
    with fails(ErrorCode.NOT_ENOUGH):
        corrections._check_enough(all_sad, [], 0)


def test_speakers_set_aside_are_named_where_their_clips_are_missing(in_sqlite):
    for seed in range(30):
        in_sqlite.correct(
            "local",
            keep(in_sqlite, seed=seed),
            ("happy", "sad")[seed // 2 % 2],
            ("Ann", "Bob")[seed % 2],
        )
    with fails(ErrorCode.NOT_ENOUGH) as caught:
        corrections.train(in_sqlite, "local")
    assert "30 clips have a label, but 15 are of speakers set aside for testing (bob)." in str(
        caught.value
    )
    assert caught.value.hint == "Label at least 5 more of other speakers."


def test_what_is_worse_beyond_chance_is_adopted_only_by_force(in_sqlite, default_models):
    layer = swapped(default_models[0].card.sha256)
    report = layer_report.report_changes(
        layer, LabelledClips(np.zeros((0, 8)), np.zeros(0, np.int64), ())
    )
    assert all(layer_report.is_worse(row) for row in report["corpora"])
    in_sqlite.add_layer("local", layer.to_json(), layer.digest, report)
    (candidate,) = in_sqlite.layers("local")
    with fails(ErrorCode.WORSE):
        corrections.adopt(in_sqlite, "local", candidate)
    assert in_sqlite.adopted_layer("local") is None
    corrections.adopt(in_sqlite, "local", candidate, force=True)
    assert in_sqlite.adopted_layer("local").id == candidate.id
    identity = layer_report.report_changes(
        Layer.identity(""), LabelledClips(np.zeros((0, 8)), np.zeros(0, np.int64), ())
    )
    assert not any(layer_report.is_worse(row) for row in identity["corpora"])


def test_a_layer_that_was_swapped_after_its_adoption_is_not_used(store, default_models):
    layer = Layer.identity(default_models[0].card.sha256)
    store.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": []})
    corrections.adopt(store, "local", store.layers("local")[0])
    assert adopted_model(store, default_models[0]) is not None
    other = swapped(default_models[0].card.sha256)
    with store.database.writing() as connection:
        connection.execute(
            sqlalchemy.update(schema.LAYERS).values(layer=other.to_json(), digest=other.digest)
        )
    with fails(ErrorCode.MODEL_TAMPERED):
        adopted_model(store, default_models[0])
    assert store.roll_back("local")


def test_a_layer_of_another_model_is_not_used(in_sqlite, default_models):
    layer = Layer.identity("the model of an older version")
    in_sqlite.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": []})
    with fails(ErrorCode.MODEL_VERSION):
        corrections.adopt(in_sqlite, "local", in_sqlite.layers("local")[0])
    card = SimpleNamespace(name="combination")
    assert models.corrected_name(card, layer) == f"combination+corrected-{layer.digest[:12]}"
