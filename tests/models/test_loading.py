import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from ser_core import models
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ser_core.features import FEATURE_SETS, Inputs
from ser_core.models import ModelCard
from ser_core.storage import manifest, paths
from ser_core.storage.cache_folder import cache_folder
from tests.conftest import ROOT

IDS = [card.id for card in models.cards()]


class Bomb:
    """What a malicious pickle does when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def card():
    return ModelCard(
        name="dummy",
        task="gender",
        title="Dummy",
        classifier="svc",
        parameters={},
        feature_set="acoustic128_v1",
        feature_names=FEATURE_SETS["acoustic128_v1"].names,
        sample_rate=16_000,
        labels=("male", "female"),
        corpora=(),
        protocol="none",
        seed=0,
        inner_uar=0.5,
        scores={},
        licence="MIT",
        intended_use="tests",
        limits="all",
    )


@pytest.fixture
def dummy():
    x = np.zeros((4, 128))
    return DummyClassifier(strategy="prior").fit(x, ["male", "male", "female", "male"])


def test_what_is_saved_can_be_loaded_and_asked(card, dummy, tmp_path, recording):
    saved = models.save(dummy, card, tmp_path)
    loaded = models.load_named("dummy", "gender", tmp_path)
    assert loaded.card == saved
    np.testing.assert_allclose(loaded.predict_proba([Inputs(recording)])[0], [0.75, 0.25])


def test_a_label_the_model_has_not_learnt_gets_zero(card, tmp_path, recording):
    few = DummyClassifier(strategy="uniform").fit(np.zeros((2, 128)), ["happy", "angry"])
    models.save(few, dataclasses.replace(card, task="emotion", labels=("happy", "angry")), tmp_path)
    probabilities = models.load_default("emotion", tmp_path).predict_proba([Inputs(recording)])[0]
    assert probabilities.tolist() == [0, 0, 0.5, 0, 0.5, 0, 0, 0]


def test_a_swapped_artefact_is_refused_before_a_byte_of_it_runs(card, dummy, tmp_path):
    import joblib

    models.save(dummy, card, tmp_path)
    proof = tmp_path / "it-ran"
    joblib.dump(Bomb(proof), tmp_path / card.id / card.artefact)
    with pytest.raises(
        SerError,
        match=r"gender-dummy/model.joblib is not the one in .*/SHA256SUMS and was not used",
    ) as caught:
        models.load_named("dummy", "gender", tmp_path)
    assert caught.value.code == "MODEL_TAMPERED"
    assert "models rebuild gender-dummy" in caught.value.hint
    manifest.seal(tmp_path)  # whoever has the list written anew finds the card in the way
    with pytest.raises(SerError, match="not the one its card describes"):
        models.load_named("dummy", "gender", tmp_path)
    with pytest.raises(SerError, match="not the one its card describes"):
        models.seal(tmp_path)
    assert not proof.exists()


def test_another_scikit_learn_is_told_apart_from_tampering(card, dummy, tmp_path):
    saved = models.save(dummy, card, tmp_path)
    old = dataclasses.replace(saved, libraries=saved.libraries | {"scikit-learn": "0.1"})
    (tmp_path / card.id / "card.json").write_text(json.dumps(old.to_dict()))
    models.seal(tmp_path)
    with pytest.raises(SerError, match=r"saved with scikit-learn 0.1, here is") as caught:
        models.load_named("dummy", "gender", tmp_path)
    assert caught.value.code == "MODEL_VERSION"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 99}'])
def test_a_damaged_card_is_refused_with_the_way_to_mend_it(content, tmp_path):
    (tmp_path / "emotion-x").mkdir()
    (tmp_path / "emotion-x" / "card.json").write_text(content)
    manifest.seal(tmp_path)
    with pytest.raises(SerError, match="emotion-x") as caught:
        models.cards(tmp_path)
    assert caught.value.code == "MODEL_SCHEMA"
    assert "python -m ser_core train" in caught.value.hint


def test_a_model_of_other_features_is_refused(card, dummy, tmp_path):
    saved = models.save(
        dummy, dataclasses.replace(card, feature_names=card.feature_names[:-1]), tmp_path
    )
    with pytest.raises(SerError, match="made for other features") as caught:
        models.load(saved, tmp_path)
    assert caught.value.code == "MODEL_SCHEMA"


def test_one_pool_weight_on_the_card_sharpens_a_model(card, dummy, tmp_path, recording):
    saved = models.save(dummy, dataclasses.replace(card, pool_weights=(2.0,)), tmp_path)
    np.testing.assert_allclose(
        models.load(saved, tmp_path).predict_proba([Inputs(recording)])[0], [0.9, 0.1]
    )


@pytest.fixture
def pair(card, dummy, tmp_path):
    """Two models that predict 3:1 and 1:1, and their combination with weights 1 and 2."""
    models.save(dummy, card, tmp_path)
    even = DummyClassifier(strategy="uniform").fit(np.zeros((2, 128)), ["male", "female"])
    models.save(even, dataclasses.replace(card, name="even", pool_weights=(0.5,)), tmp_path)
    both = dataclasses.replace(
        card,
        name="both",
        classifier="combination",
        artefact="model.json",
        feature_set="",
        feature_names=(),
    )
    return models.save_combination(
        {"gender-dummy": {"weight": 1.0}, "gender-even": {"weight": 2.0}}, both, tmp_path
    )


def test_a_combination_multiplies_its_members_probabilities_to_their_weights(
    pair, tmp_path, recording
):
    np.testing.assert_allclose(
        models.load(pair, tmp_path).predict_proba([Inputs(recording)])[0], [0.75, 0.25]
    )


def test_a_combination_is_the_default(pair, tmp_path):
    assert models.default_card("gender", tmp_path) == pair


def test_a_combination_with_a_swapped_member_is_refused(pair, card, tmp_path):
    other = DummyClassifier(strategy="uniform").fit(np.zeros((2, 128)), ["male", "female"])
    models.save(
        other, card, tmp_path
    )  # a valid model with a valid card, but not the one that was combined
    with pytest.raises(
        SerError, match="gender-dummy is not the one that gender-both was combined from"
    ) as caught:
        models.load(pair, tmp_path)
    assert caught.value.code == "MODEL_TAMPERED"


def test_a_model_of_an_unknown_kind_is_refused_with_the_known_kinds(card, dummy, tmp_path):
    saved = models.save(dummy, dataclasses.replace(card, classifier="oracle"), tmp_path)
    with pytest.raises(SerError, match="kind 'oracle'") as caught:
        models.load(saved, tmp_path)
    assert caught.value.code == "MODEL_SCHEMA"
    assert "random_forest" in caught.value.hint


def test_an_artefact_of_another_kind_than_the_card_says_is_refused(card, dummy, tmp_path):
    saved = models.save(dummy, dataclasses.replace(card, artefact="model.npz"), tmp_path)
    with pytest.raises(SerError, match="made for other features") as caught:
        models.load(saved, tmp_path)
    assert caught.value.code == "MODEL_SCHEMA"


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(SerError, match="no emotion model 'oracle'") as caught:
        models.find("oracle", "emotion")
    assert "random-forest" in caught.value.hint


OF_RAVDESS = {
    "decision-tree",
    "knn",
    "random-forest",
    "svc",
    "logistic-regression",
    "mlp",
    "random-forest-mfcc128",
}
OF_ALL_CORPORA = {"network", "bagged-mlp", "combination"}


def test_the_promised_models_ship():
    for task in LABELS:
        assert {card.name for card in models.cards(task=task)} == OF_RAVDESS | OF_ALL_CORPORA


@pytest.mark.parametrize("model_id", IDS)
def test_every_shipped_model_loads_and_its_card_says_what_it_is(model_id, recording):
    card = models.find(model_id, model_id.split("-")[0])
    probabilities = models.load(card).predict_proba([Inputs(recording)])[0]
    assert probabilities.shape == (len(LABELS[card.task]),)
    assert probabilities.sum() == pytest.approx(1)
    assert "non-commercial" in card.licence
    assert "AI Act" in card.limits
    if card.name in OF_RAVDESS:
        assert set(card.scores) == {"ravdess", "crema-d", "nemo"}
        assert set(card.scores["ravdess"]) == {"unseen_speakers", "random_split", "corpus_left_out"}
        assert [corpus.n_utterances for corpus in card.corpora] == [1440]
    else:
        assert set(card.scores) == {"ravdess", "crema-d", "nemo"}
        assert all(
            {"unseen_speakers", "corpus_left_out"} <= set(scores) for scores in card.scores.values()
        )
        assert [corpus.n_utterances for corpus in card.corpora] == [1440, 7435, 4481]


def test_the_models_keep_within_their_size():
    sizes = [path.stat().st_size for path in paths.MODELS_DIR.rglob("*") if path.is_file()]
    assert max(sizes) <= 20 * 2**20
    assert sum(sizes) <= 60 * 2**20


def test_the_default_is_the_combination():
    for task in LABELS:
        assert models.default_card(task).classifier == "combination"


def test_what_a_card_holds_is_what_its_file_says():
    for card in models.cards():
        stored = json.loads((paths.MODELS_DIR / card.id / "card.json").read_text())
        assert json.loads(json.dumps(card.to_dict())) == {"python": "", "program": "", **stored}
        fitted = stored["parameters"]
        assert list(card.pool_weights) == fitted.get("exponents", [])
        assert card.takes_baseline == ("exponents_with_baseline" in fitted)
        assert card.takes_baseline == (card.kind.takes_enrolment and card.task == "emotion")
        assert (card.thresholds is None) == ("limits" not in fitted)


@pytest.mark.parametrize("card", models.cards(), ids=lambda card: card.id)
def test_every_card_can_be_read(card):
    text = models.to_markdown(card)
    assert text.startswith(f"# {card.title} ({card.id})")
    assert card.sha256 in text
    assert card.limits in text
    uar = card.scores["ravdess"]["unseen_speakers"]["uar"]
    assert (
        f"| ravdess | unseen speakers | {100 * uar['value']:.1f} "
        f"[{100 * uar['low']:.1f}, {100 * uar['high']:.1f}] |" in text
    )


def test_loading_and_asking_a_network_reports_to_nobody(tmp_path):
    code = """
from ser_core import audio, models, prediction
pair = [models.load_default(task) for task in ("emotion", "gender")]
print(prediction.predict(audio.load("data/samples/steady-low-voice.flac"), *pair).decision)
"""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    }
    environment |= {"HOME": str(tmp_path), "SER_CACHE": str(cache_folder())}
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, env=environment, capture_output=True
    )
    assert [
        path.name for path in tmp_path.rglob("*")
    ] == []  # no identifier of this computer, no reports waiting to be sent
