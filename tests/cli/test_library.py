"""The library from the command line: list, export, delete, and a model that labels have corrected."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from ser_core import audio, library, models, prediction
from ser_core.emotions import EMOTIONS
from ser_core.library import corrections
from ser_core.library.kept_layers import StoredLayer
from ser_core.models import Layer
from tests.cli.test_commands import run
from tests.conftest import ROOT
from tests.support.libraries import keep
from tests.support.synthesis import RATE, voice, wav


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "lib"))
    return library.open_library()


@pytest.fixture
def corrected(opened):
    """A library of synthetic voices of three speakers, high ones labelled happy and low ones sad."""
    pair = [models.load_default(task) for task in ("emotion", "gender")]
    for number in range(30):
        high = number % 2 == 0
        clip = audio.from_samples(
            voice(300.0 if high else 120.0, seconds=1.5, seed=number, glide=0.01 * number), RATE
        )
        entry = opened.keep(
            "local",
            f"take {number}.wav",
            clip,
            prediction.predict(clip, *pair),
            [model.card for model in pair],
        )
        opened.correct(
            "local", entry, "happy" if high else "sad", ("Ann", "Bob", "Cid")[number // 2 % 3]
        )
    return opened


ACTIONS = (
    ["list"],
    ["export", "folder"],
    ["delete", "1"],
    ["delete-all"],
    ["train"],
    ["evaluate"],
    ["adopt"],
    ["rollback"],
)


@pytest.mark.parametrize("arguments", ACTIONS, ids=lambda arguments: arguments[0])
def test_without_a_library_every_action_says_how_to_get_one(arguments, capsys):
    code, out, err = run(capsys, "library", *arguments)
    assert (code, out) == (2, "")
    assert "SER_LIBRARY" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", ACTIONS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("named", ["folder", "address"])
def test_no_action_makes_a_library_of_a_mistyped_name(
    named, arguments, tmp_path, monkeypatch, capsys
):
    monkeypatch.delenv(library.URL_VARIABLE, raising=False)
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "mistyped"))
    if named == "address":
        monkeypatch.setenv(library.URL_VARIABLE, f"sqlite:///{tmp_path / 'mistyped' / 'x.db'}")
    code, out, err = run(capsys, "library", *arguments)
    assert (code, out) == (2, "")
    assert f"There is no library in {str(tmp_path / 'mistyped')!r} yet." in err
    assert (
        f"Check {library.URL_VARIABLE if named == 'address' else library.FOLDER_VARIABLE}." in err
    )
    assert list(tmp_path.iterdir()) == []


def test_list_names_who_is_set_aside_and_delete_says_which_correction_stays(opened, capsys):
    numbers = [keep(opened, seed=seed) for seed in range(2)]
    for number, speaker in zip(numbers, ("Ann", "Bob"), strict=True):
        opened.correct("local", number, "sad", speaker)
    assert "set aside" not in run(capsys, "library", "list")[1]
    opened.assign_parts("local", ["Ann", "Bob"])
    listed = run(capsys, "library", "list")[1]
    assert "Bob (set aside)" in listed
    assert "Ann (set aside)" not in listed
    assert "correction" not in run(capsys, "library", "delete", numbers[0])[2]
    opened.add_layer(
        "local", Layer.identity("x").to_json(), Layer.identity("x").digest, {"scores": {}}
    )
    assert (
        "A correction learnt from these stays until `library delete-all`."
        in run(capsys, "library", "delete", numbers[1])[2]
    )


def test_a_layer_in_use_is_not_adopted_again(opened, capsys):
    layer = Layer.identity(models.default_card("emotion").sha256)
    opened.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": []})
    assert "corrected by layer 1" in run(capsys, "library", "adopt")[1]
    assert run(capsys, "library", "adopt")[:2] == (0, "Layer 1 is in use already.\n")
    assert run(capsys, "library", "rollback")[:2] == (
        0,
        "The default emotion model is used as it ships.\n",
    )


@pytest.mark.parametrize(("difference", "offered"), [(-0.1, False), (0.0, False), (0.1, True)])
def test_a_layer_is_summarised_in_plain_words_and_offered_only_if_it_helps(
    difference, offered, opened, monkeypatch, capsys
):
    row = {
        "name": "your speakers set aside",
        "clips": 1,
        "speakers": 1,
        "before": {"value": 0.5, "low": None, "high": None},
        "after": {"value": 0.5 + difference, "low": None, "high": None},
        "difference": {"value": difference, "low": None, "high": None},
    }
    counts = {"clips": 1, "speakers": 1, "emotions": {"sad": 1}}
    report = {"library": row, "corpora": [], "train": counts, "left_out": 1, "strength": 100.0}
    monkeypatch.setattr(
        corrections, "train", lambda *_: StoredLayer(7, datetime.now(UTC), "0" * 64, "", report)
    )
    code, out, _ = run(capsys, "library", "train")
    assert code == 0
    assert "learnt from 1 clip of 1 named speaker (1 sad). It is not used yet." in out
    assert "1 clip was left out" in out
    assert out.count("UAR: ") == 1
    assert "50.0 [too few speakers]" in out
    assert ("library adopt 7" in out) is offered
    assert ("there is no reason to use it" in out) is not offered


def test_predicting_makes_no_library_either_and_goes_on_without(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "mistyped"))
    code, out, err = run(
        capsys, "predict", ROOT / "data" / "samples" / "steady-low-voice.flac", "--format", "json"
    )
    assert code == 0
    assert f"There is no library in {str(tmp_path / 'mistyped')!r} yet." in err
    assert json.loads(out)[0]["model"]["emotion"] == "combination"
    assert not (tmp_path / "mistyped").exists()


def test_entries_are_listed_as_a_table_and_as_json(opened, capsys):
    number = keep(opened, name="my clip.wav")
    opened.correct("local", number, "sad", "Ann")
    keep(opened, owner="other", seed=1)
    code, out, err = run(capsys, "library", "list")
    assert code == 0
    assert out.splitlines()[1].split()[0] == str(number)
    assert all(text in out for text in ("my clip.wav", "sad", "Ann"))
    assert "1 kept. The default emotion model is used as it ships." in err
    (entry,) = json.loads(run(capsys, "library", "list", "--format", "json")[1])
    assert (entry["id"], entry["label"], entry["speaker"], entry["answer"]) == (
        number,
        "sad",
        "Ann",
        "neutral",
    )
    assert (
        len(json.loads(run(capsys, "library", "list", "--format", "json", "--owner", "other")[1]))
        == 1
    )


def test_delete_takes_the_named_entries_and_delete_all_needs_yes(opened, capsys):
    numbers = [keep(opened, seed=seed) for seed in range(3)]
    assert run(capsys, "library", "delete", numbers[0], 10_000)[0] == 2
    assert len(opened.entries("local")) == 3
    assert run(capsys, "library", "delete", numbers[0])[0] == 0
    code, _, err = run(capsys, "library", "delete-all")
    assert code == 2
    assert "deletes 2 entries" in err
    assert len(opened.entries("local")) == 2
    assert run(capsys, "library", "delete-all", "--yes")[0] == 0
    assert opened.entries("local") == []


@pytest.mark.slow
def test_an_export_can_be_extracted_trained_on_and_evaluated(corrected, tmp_path, capsys):
    code, _, err = run(capsys, "library", "export", tmp_path / "mine")
    assert (code, err) == (0, f"30 clips written to {tmp_path / 'mine'}\n")
    assert run(capsys, "library", "export", tmp_path / "mine")[0] == 2  # never over something
    code, _, _ = run(
        capsys, "extract", tmp_path / "mine", "--output", tmp_path / "features.csv", "--jobs", 1
    )
    table = pd.read_csv(tmp_path / "features.csv")
    assert (code, len(table), set(table["emotion"]), set(table["speaker"])) == (
        0,
        30,
        {"happy", "sad"},
        {"Ann", "Bob", "Cid"},
    )
    code, out, _ = run(capsys, "evaluate", "--corpus", tmp_path / "mine", "--jobs", 1)
    assert code == 0
    assert "mine: models trained on other corpora only" in out
    arguments = (
        "--classifier",
        "logistic_regression",
        "--task",
        "emotion",
        "--output",
        tmp_path / "models",
        "--jobs",
        1,
    )
    assert run(capsys, "train", tmp_path / "mine", *arguments)[0] == 0
    assert (tmp_path / "models" / "emotion-logistic-regression" / "card.json").exists()


@pytest.mark.slow
def test_a_correction_is_trained_evaluated_adopted_used_and_rolled_back(
    corrected, tmp_path, capsys
):
    clip = tmp_path / "clip.wav"
    clip.write_bytes(wav(voice(290.0, seconds=1.5, seed=77)))

    def predicted(*more):
        code, out, _ = run(capsys, "predict", clip, "--format", "json", *more)
        assert code == 0
        return json.loads(out)[0]

    before = predicted()
    assert before["model"]["emotion"] == "combination"
    assert run(capsys, "library", "adopt")[0] == 2  # there is none yet
    assert run(capsys, "library", "rollback")[0] == 2
    code, out, _ = run(capsys, "library", "train")
    assert code == 0
    assert "learnt from 20 clips of 2 named speakers (10 happy, 10 sad)" in out
    rows = {line.split("  ")[0]: line for line in out.splitlines()}
    assert {"your speakers set aside", "RAVDESS", "CREMA-D", "nEMO"} <= set(rows)
    assert "70.9 [65.5, 75.9]" in rows["RAVDESS"]
    assert predicted() == before  # a candidate changes nothing
    (layer,) = corrected.layers("local")
    assert run(capsys, "library", "adopt", layer.id + 1)[0] == 2
    code, out, err = run(capsys, "library", "adopt", layer.id, "--force")
    assert (code, err) == (0, "")
    assert run(capsys, "library", "adopt")[:2] == (0, f"Layer {layer.id} is in use already.\n")
    assert f"corrected by layer {layer.id}" in run(capsys, "library", "list")[2]
    after = predicted()
    assert after["model"]["emotion"] == f"combination+corrected-{layer.digest[:12]}"
    assert after["emotion_probabilities"]["happy"] > before["emotion_probabilities"]["happy"]
    expected = Layer.from_json(layer.layer)(
        np.array([before["emotion_probabilities"][emotion] for emotion in EMOTIONS])
    )
    np.testing.assert_allclose(list(after["emotion_probabilities"].values()), expected, atol=1e-6)
    assert predicted("--emotion-model", after["model"]["emotion"]) == after
    assert predicted("--emotion-model", "combination") == before
    assert run(capsys, "library", "evaluate")[1].splitlines()[2:6] == out_rows(rows)
    assert run(capsys, "library", "rollback")[:2] == (
        0,
        "The default emotion model is used as it ships.\n",
    )
    assert predicted() == before


def out_rows(rows):
    return [rows["tested on"], rows["your speakers set aside"], rows["RAVDESS"], rows["CREMA-D"]]


def test_adopting_a_layer_that_is_worse_on_a_corpus_needs_force(opened, capsys):
    base = models.default_card("emotion").sha256
    layer = Layer(-np.eye(8), np.zeros(8), base)
    row = {"name": "nEMO", "difference": {"value": -0.2, "low": -0.3, "high": -0.1}}
    opened.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": [row]})
    code, out, err = run(capsys, "library", "adopt")
    assert (code, out) == (1, "")
    assert "recognises less on nEMO" in err
    assert opened.adopted_layer("local") is None
    assert run(capsys, "library", "adopt", "--force")[0] == 0
    assert opened.adopted_layer("local") is not None


def test_too_little_to_learn_from_is_one_line(opened, capsys):
    keep(opened)
    code, out, err = run(capsys, "library", "train")
    assert (code, out) == (2, "")
    assert "too little to learn from" in err
