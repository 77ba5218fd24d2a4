"""A small utterance table of all corpora, and made-up predictions of the members of the joint models."""

import numpy as np
import pandas as pd

from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.models.pooling import softmax
from ser_core.training import runs
from ser_core.training.member_predictions import VERSIONS, JointPredictions, MemberPredictions

STATEMENTS = ("Dogs are sitting by the door", "Kids are talking by the door")


def utterances(corpora=CORPORA):
    """One clip of each speaker, emotion and (in RAVDESS) statement."""
    rows = [
        (f"{speaker}-{emotion}-{statement}", name, speaker, gender, emotion, statement)
        for name, corpus in corpora.items()
        for speaker, gender in corpus.genders.items()
        for emotion in corpus.emotions
        for statement in (STATEMENTS if name == "ravdess" else ("",))
    ]
    columns = ["path", "corpus", "speaker", "gender", "emotion", "statement"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(intensity="normal", sha256=table["path"])


TABLE = utterances()


def every_run(table):
    """The runs that both members have."""
    return [
        *runs.joint(table),
        *runs.corpus_left_out(table),
        *runs.single_corpus(table),
        *runs.other_statement(table),
    ]


def made_up_predictions(network_strength, network_strength_disturbed=None):
    """Predictions whose members know the truth, the better the stronger; perceptrons have strength 1."""
    rng = np.random.default_rng(0)

    def probabilities(rows, strength):
        by_task = {}
        for task, labels in LABELS.items():
            truths = TABLE[task].iloc[rows]
            is_true = np.array([[label == truth for label in labels] for truth in truths])
            scores = strength * is_true + rng.normal(size=is_true.shape)
            by_task[task] = softmax(scores)
        return by_task

    def member(run, strength, strength_disturbed=None):
        rows = np.flatnonzero(run.calibrate | run.test)
        if strength_disturbed is None:
            strength_disturbed = strength
        versions = [probabilities(rows, each) for each in (strength, strength_disturbed)]
        # A baseline helps.
        enrolled = probabilities(np.arange(len(TABLE)), strength + 1)["emotion"]
        by_version = dict(zip(VERSIONS, versions, strict=True))
        return MemberPredictions(rows, by_version, lambda clips, _: enrolled[clips])

    by_name = {run.name: run for run in every_run(TABLE)}
    networks = {
        (name, seed): member(run, network_strength, network_strength_disturbed)
        for name, run in by_name.items()
        for seed in ((0, 1, 2) if run.protocol == "unseen_speakers" else (0,))
    }
    perceptrons = {name: member(run, 1.0) for name, run in by_name.items()}
    return JointPredictions(TABLE, by_name, networks, perceptrons)
