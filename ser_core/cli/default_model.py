"""The part of the report on the default model of all corpora.

It tells about refusals, personal baselines, listeners, gender by emotion, conditions, the recorder,
explanations and the gate. Shares are in percent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ser_core import evaluation
from ser_core.cli.layout import Part, Section, format_interval, format_percent
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, LABELS, NEUTRAL
from ser_core.evaluation import enrolment, listeners, robustness, selective
from ser_core.experiments import faithfulness, nonspeech
from ser_core.models.kinds import COMBINATION, SEVERAL

if TYPE_CHECKING:
    import pandas as pd

_DEFAULT = (SEVERAL, COMBINATION)
"""Feature set and classifier of the default model in the out-of-fold table."""


class _StoredExperiment(NamedTuple):
    """A table that an experiment stored, what summarises it, and the title of the summary."""

    path: Path
    summarise: Callable[[Path], pd.DataFrame]
    title: str


_EXPERIMENTS = (
    _StoredExperiment(
        robustness.CONDITIONS_TABLE,
        robustness.score_conditions,
        "What rooms, noise and codecs cost: the default model of run 1 on actors 1 to 4 of RAVDESS, "
        "whom it never heard",
    ),
    _StoredExperiment(
        robustness.RECORDER_TABLE,
        robustness.score_recorder,
        "Played into the recorder of the page in Chromium: 40 clips of actors 1 to 4 of RAVDESS, "
        "the default model of run 1",
    ),
    _StoredExperiment(
        faithfulness.TABLE,
        faithfulness.score_faithfulness,
        "Explanations: what the most likely emotion loses (points) without the cue or the moment that is "
        "named, against one at random (default model of run 1, unseen speakers)",
    ),
    _StoredExperiment(
        nonspeech.TABLE,
        nonspeech.score_gate,
        "Refused as no speech: voices (every fifth clip), everyday sounds of ESC-10 and synthesised ones, "
        "in %",
    ),
)


def build_report(out_of_fold: pd.DataFrame) -> Iterator[Part]:
    """Yield what is known of the default model; nothing where the table does not have it.

    Parameters
    ----------
    out_of_fold : DataFrame
        As `evaluation.read_out_of_fold` returns it.
    """
    yield from _untouched_runs(out_of_fold)
    if not any(len(_rows(out_of_fold, "emotion", corpus)) for corpus in CORPORA):
        return
    if selective.LIMITS_TABLE.exists():
        limits = selective.read_limits()
        yield _refusals(out_of_fold, limits)
        yield from _enrolment()
        yield _baselines_not_neutral(out_of_fold, limits)
        yield _baselines_of_others(out_of_fold)
    else:
        yield from _enrolment()
    if listeners.LISTENERS.exists():
        yield _human_listeners()
    yield from _gender_errors(out_of_fold)
    for experiment in _EXPERIMENTS:
        if experiment.path.exists():
            summary = experiment.summarise(experiment.path)
            rows = summary.to_numpy(dtype=str).tolist()
            yield Section(experiment.title, tuple(summary.columns), rows)


def _rows(
    out_of_fold: pd.DataFrame, task: str, corpus: str, protocol: str = "unseen_speakers"
) -> pd.DataFrame:
    """The default model's out-of-fold rows."""
    return evaluation.model_rows(out_of_fold, task, *_DEFAULT, protocol, corpus)


def _limits_of(limits: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """The limits of the default model under a protocol, one row per run."""
    return limits[(limits["classifier"] == _DEFAULT[1]) & (limits["protocol"] == protocol)]


def _untouched_runs(out_of_fold: pd.DataFrame) -> Iterator[str]:
    parts = []
    for corpus, about in CORPORA.items():
        rows = _rows(out_of_fold, "emotion", corpus)
        rows = rows[rows["fold"].isin(evaluation.UNTOUCHED_RUNS)]
        if rows.empty:
            return
        parts.append(f"{about.title} {format_interval(evaluation.score(rows, 'emotion').uar)}")
    yield (
        "UAR of the default model on the speakers of joint runs 3 and 4, who were looked at only as part "
        f"of the totals: {', '.join(parts)}."
    )


def _refusals(out_of_fold: pd.DataFrame, limits: pd.DataFrame) -> Section:
    rows = []
    for protocol in selective.PROTOCOLS:
        for corpus, about in CORPORA.items():
            predicted = _rows(out_of_fold, "emotion", corpus, protocol)
            if len(predicted):
                cells = _refusal_cells(predicted, _limits_of(limits, protocol))
                rows.append([protocol.replace("_", " "), about.title, *cells])
    header = (
        "protocol",
        "corpus",
        "sets: coverage %",
        "mean size",
        "answered %",
        "accuracy of all",
        "of what is answered",
        "without the least certain fifth",
    )
    title = (
        "Emotion: prediction sets meant to hold the truth in 90% and refusals meant for 20% of clips "
        "(default model, in %; coverage and size count each speaker once)"
    )
    return Section(title, header, rows)


def _refusal_cells(predicted: pd.DataFrame, limits: pd.DataFrame) -> list[str]:
    scores = selective.score_refusals(predicted, limits)
    shares = ("answered", "accuracy", "accuracy_answered", "accuracy_best")
    return [
        format_percent(scores["coverage"]),
        f"{scores['set_size']:.2f}",
        *(format_percent(scores[name]) for name in shares),
    ]


def _baselines_not_neutral(out_of_fold: pd.DataFrame, limits: pd.DataFrame) -> Section:
    """How often a baseline that is not neutral is noticed."""
    chosen = _limits_of(limits, "unseen_speakers")
    rows = []
    for corpus, about in CORPORA.items():
        predicted = _rows(out_of_fold, "emotion", corpus)
        if len(predicted):
            shares = selective.rejected_baselines(predicted, chosen)
            others = [share for emotion, share in shares.items() if emotion not in NEUTRAL]
            cells = [format_percent(shares.get(emotion)) for emotion in EMOTIONS]
            mean = format_percent(float(np.mean(others)))
            rows.append([about.title, "all but neutral and calm", mean, *cells])
    title = (
        "Baselines of two clips of one emotion noticed as not neutral, unseen speakers "
        "(default model, in %)"
    )
    return Section(title, ("corpus", "", "noticed", *EMOTIONS), rows)


def _baselines_of_others(out_of_fold: pd.DataFrame) -> Section:
    """How often a baseline of another voice is noticed."""
    rows = []
    for corpus, about in CORPORA.items():
        predicted = _rows(out_of_fold, "gender", corpus)
        if len(predicted):
            emotion_of = evaluation.emotion_of_clips(out_of_fold, corpus)
            shares = selective.rejected_voices(predicted, emotion_of)
            kinds = ("other", "other_gender", "same")
            rows.append([about.title, *(format_percent(shares[kind]) for kind in kinds)])
    header = ("corpus", "another speaker", "of the other gender", "the same speaker (false alarm)")
    title = (
        "Baselines of two neutral clips noticed as another voice, against every clip of unseen speakers "
        "(in %)"
    )
    return Section(title, header, rows)


def _enrolment() -> Iterator[Section]:
    """What a personal baseline adds, for each model that takes one."""
    if not any(enrolment.choices_path(corpus).exists() for corpus in CORPORA):
        return
    runs = enrolment.read_choices().groupby(["protocol", "classifier", "clips"], sort=True)
    rows = [
        [str(protocol).replace("_", " "), str(classifier), str(clips), *_gain_cells(choices)]
        for (protocol, classifier, clips), choices in runs
    ]
    corpora = [name for corpus in CORPORA.values() for name in (corpus.title, "95%")]
    title = (
        "Emotion with a personal baseline: UAR without one, and what one or two neutral clips of the "
        "speaker add (mean over the choices of clips, which are not tested)"
    )
    yield Section(title, ("protocol", "classifier", "clips", *corpora, "mean gain"), rows)


def _gain_cells(choices: pd.DataFrame) -> list[str]:
    """Of each corpus the UAR without a baseline with the gain, and its interval; then the mean gain."""
    by_corpus = dict(iter(choices.groupby("corpus")))
    cells = []
    gains = []
    for corpus in CORPORA:
        uar, gain = enrolment.baseline_gain(by_corpus[corpus])
        gains.append(gain.value)
        cells.append(f"{100 * uar:.1f} {100 * gain.value:+.1f}")
        cells.append(f"[{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]")
    return [*cells, f"{100 * np.mean(gains):+.1f}"]


def _human_listeners() -> str:
    human = listeners.score_listeners(listeners.read_votes())
    return (
        "Human listeners on CREMA-D, voice only: single ratings are right on "
        f"{format_percent(human.single_rating)}% (UAR {format_percent(human.single_rating_uar)}), "
        f"the majority on {format_percent(human.majority)}% of the clips."
    )


def _gender_errors(out_of_fold: pd.DataFrame) -> Iterator[Section]:
    rows = []
    for corpus, about in CORPORA.items():
        predicted = _rows(out_of_fold, "gender", corpus)
        emotions = predicted["path"].map(evaluation.emotion_of_clips(out_of_fold, corpus))
        for gender in LABELS["gender"]:
            own = predicted["truth"] == gender
            if own.any():
                wrong = predicted.loc[own, gender] < 0.5
                shares = wrong.groupby(emotions[own]).mean()
                cells = [format_percent(shares.get(emotion)) for emotion in EMOTIONS]
                rows.append([about.title, gender, *cells])
    if rows:
        title = "Gender not recognised on unseen speakers, by emotion (%, default model)"
        yield Section(title, ("corpus", "gender", *EMOTIONS), rows)
