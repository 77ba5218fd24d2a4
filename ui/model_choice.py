"""Which models this session predicts with: those that ship, and its owner's corrected one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import library
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ui import caches, session
from ui.caches import of_session
from ui.library import access
from ui.session import Adopted, Lifetime

if TYPE_CHECKING:
    from ser_core.models import Model, ModelCard


def model_key(task: str) -> str:
    """The key of the widget that chooses the model of a task."""
    return f"{task}_model"


def choices(task: str) -> list[ModelCard]:
    """The cards of the models that can be chosen for a task.

    First the owner's corrected model, where there is one, then the default and the others that ship.
    """
    corrected = adopted().model if task == "emotion" else None
    shipped = caches.cards(task)
    return shipped if corrected is None else [corrected.card, *shipped]


def chosen_models() -> dict[str, str]:
    """The name of the chosen model by task; the choice outlives the widgets that make it."""
    chosen = session.state().chosen_models
    for task in LABELS:
        names = [card.name for card in choices(task)]
        wanted = st.session_state.get(model_key(task)) or chosen.get(task)
        chosen[task] = wanted if wanted in names else names[0]
    return chosen


def chosen_cards() -> list[ModelCard]:
    """The cards of the chosen models, in the order of the tasks."""
    return [
        next(card for card in choices(task) if card.name == name)
        for task, name in chosen_models().items()
    ]


def load(task: str, name: str) -> Model:
    """A model that can be chosen for a task."""
    corrected = adopted().model if task == "emotion" else None
    if corrected is not None and corrected.card.name == name:
        return corrected
    return caches.shipped_model(task, name)


def adopted() -> Adopted:
    """The default emotion model as the owner has corrected it; looked up once a run of a page."""
    if not library.is_configured():
        return Adopted()
    current = session.state().adopted
    if current is None:
        current = _look_up()
        session.state().adopted = current
    return current


def look_again() -> None:
    """Make the next use look the adopted model up again: somebody may have adopted another one."""
    session.state().adopted = None


def _look_up() -> Adopted:
    try:
        own_library, owner = access.open_own()
        layer = own_library.adopted_layer(owner)
        if layer is None:
            return Adopted()
        return Adopted(_corrected(layer.layer, json.dumps(layer.report["scores"])))
    except SerError as error:
        return Adopted(problem=error)


@of_session(Lifetime.SESSION, most=4)  # it was learnt from a person's labels
def _corrected(layer: str, scores: str) -> Model:
    from ser_core import models

    default = caches.shipped_model("emotion", caches.cards("emotion")[0].name)
    return models.corrected(default, models.Layer.from_json(layer), json.loads(scores))
