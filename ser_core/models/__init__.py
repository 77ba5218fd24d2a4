"""Trained models on disk: finding, verifying, loading and saving them, and their probabilities.

A model is a folder `models/<task>-<name>/` with an artefact and `card.json`. The artefact is a pickled
scikit-learn model (`model.joblib`), bagged perceptrons (`model.npz`), a network (`model.onnx`; the
models of both tasks share one), or a combination (`model.json`: other models of the folder, each with
its digest and weights). The card names further files, such as `enrolled.npz`, the perceptrons that take
a personal baseline.
"""

from __future__ import annotations

from ser_core.models.card import (
    CARD,
    CardScores,
    Estimate,
    ModelCard,
    ScoresByCorpus,
    TrainingCorpus,
    library_versions,
    parse_card,
)
from ser_core.models.card_page import speakers_in_words, to_markdown
from ser_core.models.correction import CORRECTED, Layer
from ser_core.models.finding import cards, default_card, find, read_card, root_of, size_bytes
from ser_core.models.held_out import find_held_out_models, held_out_folder
from ser_core.models.kinds import JOINT_KINDS, KINDS, MAIN_FEATURE_SET, SEVERAL, Kind, title
from ser_core.models.loading import load, load_default, load_named
from ser_core.models.model import Model, corrected, corrected_name
from ser_core.models.pooling import Probabilities, pool_probabilities, softmax
from ser_core.models.saving import (
    save,
    save_artefact,
    save_combination,
    save_perceptrons,
    seal,
    share_artefact,
)
from ser_core.models.verification import verify

__all__ = [
    "CARD",
    "CORRECTED",
    "JOINT_KINDS",
    "KINDS",
    "MAIN_FEATURE_SET",
    "SEVERAL",
    "CardScores",
    "Estimate",
    "Kind",
    "Layer",
    "Model",
    "ModelCard",
    "Probabilities",
    "ScoresByCorpus",
    "TrainingCorpus",
    "cards",
    "corrected",
    "corrected_name",
    "default_card",
    "find",
    "find_held_out_models",
    "held_out_folder",
    "library_versions",
    "load",
    "load_default",
    "load_named",
    "parse_card",
    "pool_probabilities",
    "read_card",
    "root_of",
    "save",
    "save_artefact",
    "save_combination",
    "save_perceptrons",
    "seal",
    "share_artefact",
    "size_bytes",
    "softmax",
    "speakers_in_words",
    "title",
    "to_markdown",
    "verify",
]
