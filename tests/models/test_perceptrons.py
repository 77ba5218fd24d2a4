"""Bagged perceptrons: the same probabilities as scikit-learn's, from a file that runs no code."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

from ser_core.models.perceptrons import BaggedPerceptrons
from tests.models.test_loading import Bomb


@pytest.fixture(
    scope="module",
    params=[["angry", "happy", "sad"], ["female", "male"]],
    ids=["three labels", "two labels"],
)
def bag(request):
    """Bagged perceptrons as scikit-learn fits them, what serves them, and clips."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import BaggingClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    y = np.repeat(request.param, 40)
    x = rng.normal(size=(len(y), 9)) * 5 + 3 * np.unique(y, return_inverse=True)[1][:, None]
    columns = [0, 2, 3, 7]
    perceptron = MLPClassifier((16,), max_iter=300, tol=0.01, random_state=0)
    pipeline = make_pipeline(
        ColumnTransformer([("chosen", "passthrough", columns)]), StandardScaler(), perceptron
    )
    fitted = BaggingClassifier(pipeline, n_estimators=3, random_state=0).fit(x, y)
    return fitted, BaggedPerceptrons.of(fitted, columns), x


def test_bagged_perceptrons_say_what_scikit_learn_says(bag):
    fitted, served, x = bag
    np.testing.assert_allclose(served.predict_proba(x), fitted.predict_proba(x), atol=1e-3)
    assert served.classes_.tolist() == fitted.classes_.tolist()


def test_bagged_perceptrons_come_back_from_their_file_as_they_were(bag):
    _, served, x = bag
    again = BaggedPerceptrons.from_bytes(served.to_bytes())
    np.testing.assert_array_equal(again.predict_proba(x), served.predict_proba(x))
    assert again.to_bytes() == served.to_bytes()


def test_a_file_of_perceptrons_runs_no_code(tmp_path):
    proof, data = tmp_path / "it-ran", io.BytesIO()
    np.savez(data, classes_=np.array([Bomb(proof)], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        BaggedPerceptrons.from_bytes(data.getvalue())
    assert not proof.exists()


def test_a_perceptron_that_has_not_seen_a_label_is_refused(bag):
    fitted, _, _ = bag
    fewer = SimpleNamespace(
        classes_=np.append(fitted.classes_, "surprised"), estimators_=fitted.estimators_
    )
    with pytest.raises(ValueError, match=r"lack one of .*surprised"):
        BaggedPerceptrons.of(fewer, [0, 2, 3, 7])
