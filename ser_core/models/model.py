"""A loaded model, and the same model with a correction layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from ser_core.errors import ErrorCode, SerError
from ser_core.features import Baseline, Inputs
from ser_core.models.card import ModelCard, ScoresByCorpus
from ser_core.models.correction import CORRECTED, Corrected, Layer
from ser_core.models.estimators import Estimator
from ser_core.models.pooling import Probabilities

_LAYER_LIMITS = (
    "A correction layer was fitted on labels that people gave their own recordings. The limits for "
    "refusals and prediction sets are those of the model without it: what they promise was not measured "
    "with it, nor was what it does to answers with a personal baseline."
)


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model."""

    card: ModelCard
    estimator: Estimator

    def predict_proba(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> Probabilities:
        """The probability of each label of the task for some clips.

        Parameters
        ----------
        clips : sequence of Inputs
            Of recordings at 16 kHz.
        baseline : Baseline, optional
            Neutral clips of the speaker, for a model whose card says `takes_baseline`.

        Returns
        -------
        array [clips, labels]
            In the order of `LABELS[task]`; 0 for a label that the model has not learnt.

        Raises
        ------
        ValueError
            If a baseline is given to a model that takes none.
        """
        if baseline is not None and not self.card.takes_baseline:
            raise ValueError(f"The model {self.card.id} takes no baseline.")
        return self.estimator.member_probabilities(clips, baseline)[0]


def corrected(model: Model, layer: Layer, scores: ScoresByCorpus | None = None) -> Model:
    """An emotion model with a correction layer on it, under a name of its own.

    Parameters
    ----------
    model : Model
        The model that the layer was fitted on.
    layer : Layer
        The correction layer.
    scores : mapping, optional
        The scores with the layer, by corpus and protocol (default: those of the model).

    Returns
    -------
    Model

    Raises
    ------
    SerError
        MODEL_VERSION where the layer was fitted on another model.
    """
    card = model.card
    if layer.base != card.sha256:
        raise SerError(
            ErrorCode.MODEL_VERSION,
            f"The correction layer {layer.digest[:12]} was made for another model than {card.id} is now, "
            "and is not used.",
            "Train another one: python -m ser_core library train",
        )
    changed = dataclasses.replace(
        card,
        name=corrected_name(card, layer),
        title=f"{card.title}, corrected",
        layer=layer.digest,
        scores=scores or card.scores,
        limits=f"{card.limits} {_LAYER_LIMITS}",
    )
    return Model(changed, Corrected(model.estimator, layer))


def corrected_name(card: ModelCard, layer: Layer) -> str:
    """The name of a model with a correction layer on it.

    Parameters
    ----------
    card : ModelCard
        Of the model without the layer.
    layer : Layer
        The correction layer.

    Returns
    -------
    str
    """
    return f"{card.name}{CORRECTED}{layer.digest[:12]}"
