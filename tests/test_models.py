import dataclasses
import json
import os

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from ser_core import features, models
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ser_core.features import FEATURE_SETS
from ser_core.models import ModelCard

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
        classifier="dummy",
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
    np.testing.assert_allclose(loaded.predict_proba(features.extract(recording)), [0.75, 0.25])


def test_a_label_the_model_has_not_learnt_gets_zero(card, tmp_path, recording):
    few = DummyClassifier(strategy="uniform").fit(np.zeros((2, 128)), ["happy", "angry"])
    models.save(few, dataclasses.replace(card, task="emotion", labels=("happy", "angry")), tmp_path)
    probabilities = models.load_default("emotion", tmp_path).predict_proba(features.extract(recording))
    assert probabilities.tolist() == [0, 0, 0.5, 0, 0.5, 0, 0, 0]


def test_a_swapped_artefact_is_refused_before_a_byte_of_it_runs(card, dummy, tmp_path):
    import joblib

    models.save(dummy, card, tmp_path)
    proof = tmp_path / "it-ran"
    joblib.dump(Bomb(proof), tmp_path / card.id / card.artefact)
    with pytest.raises(SerError, match="not the one its card describes") as caught:
        models.load_named("dummy", "gender", tmp_path)
    assert caught.value.code == "MODEL_TAMPERED"
    assert "models rebuild gender-dummy" in caught.value.hint
    assert not proof.exists()


def test_another_scikit_learn_is_told_apart_from_tampering(card, dummy, tmp_path):
    saved = models.save(dummy, card, tmp_path)
    old = dataclasses.replace(saved, libraries=saved.libraries | {"scikit-learn": "0.1"})
    (tmp_path / card.id / "card.json").write_text(json.dumps(dataclasses.asdict(old)))
    with pytest.raises(SerError, match=r"saved with scikit-learn 0.1, here is") as caught:
        models.load_named("dummy", "gender", tmp_path)
    assert caught.value.code == "MODEL_VERSION"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 99}'])
def test_a_damaged_card_is_refused_with_the_way_to_mend_it(content, tmp_path):
    (tmp_path / "emotion-x").mkdir()
    (tmp_path / "emotion-x" / "card.json").write_text(content)
    with pytest.raises(SerError, match="emotion-x") as caught:
        models.cards(tmp_path)
    assert caught.value.code == "MODEL_SCHEMA"
    assert "python -m ser_core train" in caught.value.hint


def test_features_of_another_set_are_refused(card, dummy, tmp_path, recording):
    models.save(dummy, card, tmp_path)
    with pytest.raises(ValueError, match=r"takes acoustic128_v1\. Got mfcc128_v1"):
        models.load_default("gender", tmp_path).predict_proba(features.extract(recording, "mfcc128_v1"))


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(SerError, match="no emotion model 'oracle'") as caught:
        models.find("oracle", "emotion")
    assert "random-forest" in caught.value.hint


def test_the_promised_models_ship():
    names = {"decision-tree", "knn", "random-forest", "svc", "logistic-regression", "mlp", "random-forest-mfcc128"}
    for task in LABELS:
        assert {card.name for card in models.cards(task=task)} == names


@pytest.mark.parametrize("model_id", IDS)
def test_every_shipped_model_loads_and_its_card_says_what_it_is(model_id, recording):
    card = models.find(model_id, model_id.split("-")[0])
    model = models.load(card)
    probabilities = model.predict_proba(features.extract(recording, card.feature_set))
    assert probabilities.sum() == pytest.approx(1)
    assert set(card.scores) == {"unseen_speakers", "random_split"}
    assert card.corpora[0].n_utterances == 1440
    assert "non-commercial" in card.licence
    assert "AI Act" in card.limits


def test_the_models_keep_within_their_size():
    sizes = [path.stat().st_size for path in models.MODELS_DIR.rglob("*") if path.is_file()]
    assert max(sizes) <= 20 * 2**20
    assert sum(sizes) <= 60 * 2**20


def test_the_default_is_the_best_on_inner_speaker_folds():
    for task in LABELS:
        assert models.default_card(task).inner_uar == max(card.inner_uar for card in models.cards(task=task))
