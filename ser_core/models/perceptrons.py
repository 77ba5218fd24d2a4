"""Bagged perceptrons in NumPy: what `ser_core.training` fits with scikit-learn, served without it and kept in a file that runs no code.

scikit-learn takes longer to import than all else that an answer needs. The weights are kept in half precision, which halves the file and
moves no probability by a thousandth (tests/models/test_loading.py).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_LEAST = float(
    np.finfo(np.float16).tiny
)  # smaller weights change nothing, and half precision has them at a coarse step only


@dataclass(frozen=True, eq=False)
class BaggedPerceptrons:
    """Some perceptrons of one hidden layer, each behind its own scaler; their probabilities are averaged (bagging: Breiman 1996).

    Of n perceptrons with h hidden units on k of the d features: `columns` [k] are the features they look at, `mean_` and `scale_` [n, k]
    scale those, and the weights and biases of the two layers are [n, k, h], [n, h], [n, h, c] and [n, c] for the c labels in `classes_`.
    """

    classes_: Array
    columns: Array
    mean_: Array
    scale_: Array
    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array

    @classmethod
    def of(cls, bag: Any, columns: Sequence[int]) -> BaggedPerceptrons:
        """From a fitted `BaggingClassifier` of pipelines that end in a `StandardScaler` and an `MLPClassifier` of one hidden layer.

        Raises
        ------
        ValueError
            If one of the perceptrons has not seen every label.
        """
        scalers, perceptrons = zip(
            *((pipeline[-2], pipeline[-1]) for pipeline in bag.estimators_), strict=True
        )
        if any(len(perceptron.classes_) != len(bag.classes_) for perceptron in perceptrons):
            raise ValueError(
                f"A perceptron was fitted on clips that lack one of {', '.join(map(str, bag.classes_))}. Draw more of them."
            )
        layers = [
            np.array([perceptron.coefs_[layer] for perceptron in perceptrons]) for layer in (0, 1)
        ]
        biases = [
            np.array(
                [perceptron.intercepts_[layer] for perceptron in perceptrons], dtype=np.float32
            )
            for layer in (0, 1)
        ]
        if (
            len(bag.classes_) == 2
        ):  # one logistic unit, which is the softmax of two of which the first says 0
            layers[1], biases[1] = (
                np.concatenate([np.zeros_like(one), one], axis=-1) for one in (layers[1], biases[1])
            )
        hidden, output = (
            np.where(np.abs(weights) < _LEAST, 0, weights).astype(np.float16) for weights in layers
        )
        mean, scale = (
            np.array([getattr(scaler, name) for scaler in scalers]) for name in ("mean_", "scale_")
        )
        return cls(
            np.asarray(bag.classes_, dtype=str),
            np.asarray(columns),
            mean,
            scale,
            hidden,
            biases[0],
            output,
            biases[1],
        )._ready()

    @classmethod
    def from_bytes(cls, data: bytes) -> BaggedPerceptrons:
        """What `to_bytes` gave."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return cls(**{field.name: stored[field.name] for field in fields(cls)})._ready()

    def to_bytes(self) -> bytes:
        """The arrays as a compressed .npz file, the weights in half precision."""
        buffer = io.BytesIO()
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez_compressed(
            buffer,
            **arrays | {name: arrays[name].astype(np.float16) for name in ("hidden", "output")},
        )
        return buffer.getvalue()

    def predict_proba(self, x: Array) -> npt.NDArray[np.float64]:
        """The probability of each label for features [n, d]: shape [n, labels] in the order of `classes_`."""
        chosen = np.asarray(x, dtype=np.float64)[:, self.columns]
        said = np.zeros((len(chosen), len(self.classes_)))
        for mean, scale, hidden, hidden_bias, output, output_bias in zip(
            self.mean_,
            self.scale_,
            self.hidden,
            self.hidden_bias,
            self.output,
            self.output_bias,
            strict=True,
        ):
            active = np.maximum(
                ((chosen - mean) / scale).astype(np.float32) @ hidden + hidden_bias, 0
            )
            exact = (active @ output + output_bias).astype(np.float64)
            shares = np.exp(exact - exact.max(axis=1, keepdims=True))
            said += shares / shares.sum(axis=1, keepdims=True)
        return said / len(self.mean_)

    def _ready(self) -> BaggedPerceptrons:
        """With weights to calculate with."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return BaggedPerceptrons(
            **arrays | {name: arrays[name].astype(np.float32) for name in ("hidden", "output")}
        )
