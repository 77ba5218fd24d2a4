"""Bagged perceptrons in NumPy: fitted with scikit-learn, served without it, from a file that runs no code.

scikit-learn takes longer to import than all else that a prediction needs. The weights are stored in half
precision, which halves the file and moves no probability by a thousandth
(tests/models/test_perceptrons.py).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.models.pooling import softmax

Array = npt.NDArray[Any]

_LEAST_WEIGHT = float(np.finfo(np.float16).tiny)
# Smaller weights change nothing, and half precision has them at a coarse step only.
_HALF_PRECISION = ("hidden", "output")


@dataclass(frozen=True, eq=False)
class BaggedPerceptrons:
    """Perceptrons of one hidden layer, each behind its own scaler (bagging: Breiman 1996).

    Their probabilities are averaged. n perceptrons have h hidden units on k of the d features, and c
    labels.
    """

    classes_: Array
    """The labels [c]."""
    columns: Array
    """The features that the perceptrons take, as positions [k]."""
    mean_: Array
    """Of the features, shape [n, k]."""
    scale_: Array
    """The standard deviations of the features, shape [n, k]."""
    hidden: Array
    """The weights of the hidden layer, shape [n, k, h]."""
    hidden_bias: Array
    """Shape [n, h]."""
    output: Array
    """The weights of the output layer, shape [n, h, c]."""
    output_bias: Array
    """Shape [n, c]."""

    @classmethod
    def of(cls, bag: Any, columns: Sequence[int]) -> BaggedPerceptrons:
        """Take over the weights of a bag that scikit-learn fitted.

        Parameters
        ----------
        bag : BaggingClassifier
            Of pipelines that end in a `StandardScaler` and an `MLPClassifier` of one hidden layer.
        columns : sequence of int
            The features that the perceptrons take.

        Returns
        -------
        BaggedPerceptrons

        Raises
        ------
        ValueError
            If one of the perceptrons has not seen every label.
        """
        scalers = [pipeline[-2] for pipeline in bag.estimators_]
        perceptrons = [pipeline[-1] for pipeline in bag.estimators_]
        if any(len(perceptron.classes_) != len(bag.classes_) for perceptron in perceptrons):
            labels = ", ".join(map(str, bag.classes_))
            raise ValueError(
                f"A perceptron was fitted on clips that lack one of {labels}. Draw more of them."
            )
        hidden, hidden_bias = _layer(perceptrons, 0)
        output, output_bias = _layer(perceptrons, 1)
        if len(bag.classes_) == 2:
            # scikit-learn has one logistic unit: the softmax of two units of which the first is 0.
            output = np.concatenate([np.zeros_like(output), output], axis=-1)
            output_bias = np.concatenate([np.zeros_like(output_bias), output_bias], axis=-1)
        fitted = cls(
            classes_=np.asarray(bag.classes_, dtype=str),
            columns=np.asarray(columns),
            mean_=np.array([scaler.mean_ for scaler in scalers]),
            scale_=np.array([scaler.scale_ for scaler in scalers]),
            hidden=_to_half_precision(hidden),
            hidden_bias=hidden_bias,
            output=_to_half_precision(output),
            output_bias=output_bias,
        )
        return fitted._in_single_precision()

    @classmethod
    def from_bytes(cls, data: bytes) -> BaggedPerceptrons:
        """The perceptrons that `to_bytes` wrote.

        Parameters
        ----------
        data : bytes
            An .npz file.

        Returns
        -------
        BaggedPerceptrons

        Raises
        ------
        ValueError
            If the file holds objects, which could run code.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {field.name: stored[field.name] for field in fields(cls)}
        return cls(**arrays)._in_single_precision()

    def to_bytes(self) -> bytes:
        """The arrays as a compressed .npz file, the weights in half precision.

        Returns
        -------
        bytes
        """
        arrays = self._arrays()
        for name in _HALF_PRECISION:
            arrays[name] = arrays[name].astype(np.float16)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    def predict_proba(self, x: Array) -> npt.NDArray[np.float64]:
        """The probability of each label.

        Parameters
        ----------
        x : array [clips, d]
            Features.

        Returns
        -------
        array [clips, c]
            In the order of `classes_`.
        """
        chosen = np.asarray(x, dtype=np.float64)[:, self.columns]
        total = np.zeros((len(chosen), len(self.classes_)))
        for number in range(len(self.mean_)):
            scaled = (chosen - self.mean_[number]) / self.scale_[number]
            hidden = scaled.astype(np.float32) @ self.hidden[number] + self.hidden_bias[number]
            scores = np.maximum(hidden, 0) @ self.output[number] + self.output_bias[number]
            total += softmax(scores.astype(np.float64))
        return total / len(self.mean_)

    def _arrays(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _in_single_precision(self) -> BaggedPerceptrons:
        """The same perceptrons with weights to calculate with."""
        arrays = self._arrays()
        for name in _HALF_PRECISION:
            arrays[name] = arrays[name].astype(np.float32)
        return BaggedPerceptrons(**arrays)


def _layer(perceptrons: Sequence[Any], number: int) -> tuple[Array, Array]:
    """The weights [n, inputs, outputs] and biases [n, outputs] of a layer of all perceptrons."""
    weights = np.array([perceptron.coefs_[number] for perceptron in perceptrons])
    biases = [perceptron.intercepts_[number] for perceptron in perceptrons]
    return weights, np.array(biases, dtype=np.float32)


def _to_half_precision(weights: Array) -> Array:
    return np.where(np.abs(weights) < _LEAST_WEIGHT, 0, weights).astype(np.float16)
