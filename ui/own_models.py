"""Models on a person's own corpus: training on it, asking the models that ship about it, and saving."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from ser_core import models
from ui import caches, own_corpus, session
from ui.server.turns import turns
from ui.session import OwnCorpus

FIRST_CHOICE = ["logistic_regression", "random_forest"]


def train(own: OwnCorpus) -> None:
    """Train classifiers on the corpus and test them on clips that they have not seen."""
    from ser_core.training import labelled_folder as own_training
    from ser_core.training.classifiers import CLASSIFIERS

    names = st.multiselect(
        "Classifiers",
        list(CLASSIFIERS),
        default=FIRST_CHOICE,
        format_func=lambda name: models.KINDS[name].title,
        key="own_classifiers",
    )
    own_table = own_training.OwnTable(own.name, own.source, own.table, own.left_out)
    if not st.button("Train and test", icon=":material/model_training:", disabled=not names):
        return
    # It takes long, and one fold cannot be interrupted for the answers of others.
    with turns.given_up():
        trained = own_training.train(
            own_table,
            names,
            lambda folds, n: own_corpus.with_progress(folds, n, "Training", "fold"),
        )
    rows = own_training.replace_protocols(
        own.out_of_fold, trained.out_of_fold.assign(corpus=session.OWN)
    )
    left_out_files = (
        tuple(part for part in own.left_out if part.kind != "rare_emotion") + trained.rare
    )
    session.keep_own_corpus(
        dataclasses.replace(
            own,
            out_of_fold=rows,
            models=trained.models,
            optimistic=trained.optimistic,
            left_out=left_out_files,
        )
    )
    st.rerun()


def judge(own: OwnCorpus) -> None:
    """Ask the models that ship, which have not heard the corpus, about every clip of it."""
    from ser_core import prediction
    from ser_core.experiments import own_corpus as judging
    from ser_core.training import labelled_folder as own_training

    cards = [
        card
        for card in caches.cards(judging.TASK)
        if not all(judging.was_trained_on(card, path) for path in own.table["path"])
    ]
    if not cards:
        st.info(
            "The models that ship learnt from these very clips, so this would be no test.",
            icon=":material/info:",
        )
        return
    if len(cards) < len(caches.cards(judging.TASK)):
        st.info("Models that learnt from these very clips are not asked.", icon=":material/info:")
    everyone = st.toggle(
        f"All {len(cards)} models that have not heard them, not only the first",
        key="own_all_models",
    )
    tested = cards if everyone else cards[:1]
    if not st.button("Ask about every clip", icon=":material/quiz:"):
        return
    judging.check_labels(own.table["emotion"])
    loaded = [caches.shipped_model(judging.TASK, card.name) for card in tested]
    probabilities: list[Any] = []
    for path in own_corpus.give_way_before_each(
        own_corpus.with_progress(own.table["path"], len(own.table), "Asking", "clip")
    ):
        probabilities.append(prediction.probabilities_by_model(own.load(path), loaded))
    rows = own_training.replace_protocols(
        own.out_of_fold,
        judging.left_out_rows(own.table, probabilities, tested).assign(corpus=session.OWN),
    )
    session.keep_own_corpus(dataclasses.replace(own, out_of_fold=rows))
    st.rerun()


def downloads(own: OwnCorpus) -> None:
    """The feature table, the out-of-fold predictions, and the trained models."""
    from ser_core.training.labelled_folder import to_csv

    with st.container(horizontal=True):
        _save("Feature table (CSV)", lambda: to_csv(own.table), f"{own.name}.csv", "text/csv")
        if own.out_of_fold is not None:
            rows = own.out_of_fold.assign(corpus=own.name)
            file = f"{own.name}-predictions.csv"
            _save("Predictions (CSV)", lambda: rows.to_csv(index=False), file, "text/csv")
        if own.models is not None:
            _save("Trained models (ZIP)", own.models, f"{own.name}-models.zip", "application/zip")


def _save(label: str, data: bytes | Callable[[], str | bytes], file: str, mime: str) -> None:
    st.download_button(label, data, file, mime, icon=":material/download:", on_click="ignore")
