"""The figures that `evaluate` prints: every model on every corpus under every protocol, and what the default stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ser_core import evaluation
from ser_core.cli.output import Rows
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, LABELS, NEUTRAL
from ser_core.evaluation import (
    Interval,
    Scores,
    enrolment,
    listeners,
    robustness,
    scores,
    selective,
)
from ser_core.experiments import faithfulness, nonspeech

if TYPE_CHECKING:
    import pandas as pd

Render = Callable[[Sequence[str], Rows], str]

_DEFAULT = ("several", "combination")


def report(out_of_fold: pd.DataFrame, render: Render) -> str:
    """Everything, as one text."""
    return "\n".join([*score_tables(out_of_fold, render), *_beside(out_of_fold, render)])


def score_tables(out_of_fold: pd.DataFrame, render: Render) -> Iterator[str]:
    """One table per task and corpus: every model under every protocol, best first on unseen speakers."""
    for task in out_of_fold["task"].unique():
        for corpus in sorted(
            out_of_fold["corpus"].unique(),
            key=lambda name: list(CORPORA).index(name) if name in CORPORA else 99,
        ):
            board = scores.leaderboard(out_of_fold, task, corpus)
            labels = (
                len(CORPORA[corpus].emotions)
                if task == "emotion" and corpus in CORPORA
                else _n_labels(out_of_fold, task, corpus)
            )
            title = CORPORA[corpus].title if corpus in CORPORA else corpus
            header = [
                "classifier",
                "features",
                "UAR, unseen speakers [95%]",
                "accuracy",
                "macro-F1",
                "ECE",
            ]
            further = {
                "corpus_left_out": ("UAR, corpus left out [95%]", "ECE, left out"),
                "other_statement": ("UAR, other sentence",),
                "random_split": ("UAR, random split", "inflation"),
            }
            shown = {
                protocol: names
                for protocol, names in further.items()
                if board[f"{protocol}_uar"].notna().any()
            }
            for names in shown.values():
                header += names
            rows = [_row(row, list(shown)) for row in board.to_dict("records")]
            yield f"{task.capitalize()}, {title} (chance: {100 / labels:.1f})\n\n{render(header, rows)}"


def _n_labels(out_of_fold: pd.DataFrame, task: str, corpus: str) -> int:
    return int(
        out_of_fold.loc[
            (out_of_fold["task"] == task) & (out_of_fold["corpus"] == corpus), "truth"
        ].nunique()
    )


def judged(scores: Mapping[str, Scores], render: Render) -> str:
    """How models that never heard a corpus do on it, by their titles, with the recall of each label."""
    labels = [
        label for label in EMOTIONS if any(label in of_model.recall for of_model in scores.values())
    ]
    rows = [
        [
            title,
            f"{of_model.n_utterances:,}",
            with_interval(of_model.uar),
            f"{100 * of_model.accuracy.value:.1f}",
            f"{of_model.ece:.3f}",
        ]
        + [
            f"{100 * of_model.recall[label]:.1f}" if label in of_model.recall else ""
            for label in labels
        ]
        for title, of_model in scores.items()
    ]
    return render(["model", "clips", "UAR [95%]", "accuracy", "ECE", *labels], rows)


def with_interval(found: Interval) -> str:
    """A share and its 95% interval in percent."""
    span = "unknown" if np.isnan(found.low) else f"{100 * found.low:.1f}, {100 * found.high:.1f}"
    return f"{100 * found.value:.1f} [{span}]"


def _row(row: dict[str, float], protocols: list[str]) -> list[str]:
    def percent(name: str) -> str:
        return "" if np.isnan(row[name]) else f"{100 * row[name]:.1f}"

    def interval(protocol: str) -> str:
        if np.isnan(row[f"{protocol}_uar"]):
            return ""
        return with_interval(
            Interval(*(row[f"{protocol}_{name}"] for name in ("uar", "uar_low", "uar_high")))
        )

    def error(protocol: str) -> str:
        return "" if np.isnan(row[f"{protocol}_ece"]) else f"{row[f'{protocol}_ece']:.3f}"

    cells = [str(row["classifier"]), str(row["feature_set"]), interval("unseen_speakers")]
    cells += [
        percent("unseen_speakers_accuracy"),
        percent("unseen_speakers_macro_f1"),
        error("unseen_speakers"),
    ]
    for protocol in protocols:
        if protocol == "corpus_left_out":
            cells += [interval(protocol), error(protocol)]
        elif protocol == "other_statement":
            cells.append(percent("other_statement_uar"))
        else:
            cells += [
                percent("random_split_uar"),
                "" if np.isnan(row["inflation"]) else f"{100 * row['inflation']:+.1f}",
            ]
    return cells


def _beside(out_of_fold: pd.DataFrame, render: Render) -> Iterator[str]:
    """What belongs beside the tables: the classifier chosen inside, listeners, gender by emotion, conditions, the recorder."""
    if evaluation.SELECTIONS.exists() and len(out_of_fold["classifier"].unique()) > 1:
        selections = evaluation.read_selections()
        scores = {
            task: evaluation.score(
                evaluation.chosen_inside(out_of_fold, selections, task), task
            ).uar
            for task in LABELS
        }
        shown = ", ".join(
            f"{task} {100 * s.value:.1f} [{100 * s.low:.1f}, {100 * s.high:.1f}]"
            for task, s in scores.items()
        )
        yield f"UAR on unseen speakers of RAVDESS where one of the models of RAVDESS alone is chosen on inner speaker folds: {shown}.\n"
    untouched = [
        (
            corpus,
            evaluation.model_rows(out_of_fold, "emotion", *_DEFAULT, "unseen_speakers", corpus),
        )
        for corpus in CORPORA
    ]
    untouched = [
        (corpus, rows[rows["fold"].isin(evaluation.UNTOUCHED_RUNS)]) for corpus, rows in untouched
    ]
    if all(len(rows) for _, rows in untouched):
        scores_of = {corpus: evaluation.score(rows, "emotion").uar for corpus, rows in untouched}
        shown = ", ".join(
            f"{CORPORA[corpus].title} {100 * s.value:.1f} [{100 * s.low:.1f}, {100 * s.high:.1f}]"
            for corpus, s in scores_of.items()
        )
        yield f"UAR of the default model on the speakers of joint runs 3 and 4, who were looked at only as part of the totals: {shown}.\n"
    if len(evaluation.model_rows(out_of_fold, "emotion", *_DEFAULT, "unseen_speakers")):
        yield from _of_the_default(out_of_fold, render)


def _of_the_default(out_of_fold: pd.DataFrame, render: Render) -> Iterator[str]:
    """What is known of the default model of all corpora alone: refusals, baselines, gender by emotion, conditions, the recorder, the gate."""
    yield from _refusing(out_of_fold, render)
    yield from _enrolled(render)
    yield from _noticed(out_of_fold, render)
    if listeners.LISTENERS.exists():
        human = listeners.listener_scores(listeners.listener_votes())
        yield (
            f"Human listeners on CREMA-D, voice only: single ratings are right on {100 * human.single_rating:.1f}% "
            f"(UAR {100 * human.single_rating_uar:.1f}), the majority on {100 * human.majority:.1f}% of the clips.\n"
        )
    errors = _gender_errors(out_of_fold)
    if errors:
        yield f"Gender not recognised on unseen speakers, by emotion (%, default model)\n\n{render(('corpus', 'gender', *EMOTIONS), errors)}"
    for path, scores_from, title in (
        (
            robustness.CONDITIONS_TABLE,
            robustness.condition_scores,
            "What rooms, noise and codecs cost: the default model of run 1 on actors 1 to 4 of RAVDESS, whom it never heard",
        ),
        (
            robustness.RECORDER_TABLE,
            robustness.recorder_scores,
            "Played into the recorder of the page in Chromium: 40 clips of actors 1 to 4 of RAVDESS, the default model of run 1",
        ),
        (
            faithfulness.TABLE,
            faithfulness.scores,
            "Explanations: what the most likely emotion loses (points) without the cue or the moment that is named, against one at random "
            "(default model of run 1, unseen speakers)",
        ),
        (
            nonspeech.TABLE,
            nonspeech.scores,
            "Refused as no speech: voices (every fifth clip), everyday sounds of ESC-10 and synthesised ones, in %",
        ),
    ):
        if path.exists():
            summary = scores_from(path)
            yield f"{title}\n\n{render(tuple(summary.columns), summary.to_numpy(dtype=str).tolist())}"


def _refusing(out_of_fold: pd.DataFrame, render: Render) -> Iterator[str]:
    """Prediction sets and refusals of the default model."""
    if not selective.LIMITS_TABLE.exists():
        return
    limits = selective.read_limits()
    rows = []
    for protocol in selective.PROTOCOLS:
        for corpus in CORPORA:
            predicted = evaluation.model_rows(out_of_fold, "emotion", *_DEFAULT, protocol, corpus)
            chosen = limits[
                (limits["classifier"] == _DEFAULT[1]) & (limits["protocol"] == protocol)
            ]
            if len(predicted):
                scores = selective.scores(predicted, chosen)
                shares = [
                    f"{100 * scores[name]:.1f}"
                    for name in ("answered", "accuracy", "accuracy_answered", "accuracy_best")
                ]
                cells = [f"{100 * scores['coverage']:.1f}", f"{scores['set_size']:.2f}", *shares]
                rows.append([protocol.replace("_", " "), CORPORA[corpus].title, *cells])
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
    about = "(default model, in %; coverage and size count each speaker once)"
    yield f"Emotion: prediction sets meant to hold the truth in 90% and refusals meant for 20% of clips {about}\n\n{render(header, rows)}"


def _noticed(out_of_fold: pd.DataFrame, render: Render) -> Iterator[str]:
    """How often a baseline that is not neutral, or of another voice, is noticed."""
    if not selective.LIMITS_TABLE.exists():
        return
    limits = selective.read_limits()
    chosen = limits[
        (limits["classifier"] == _DEFAULT[1]) & (limits["protocol"] == "unseen_speakers")
    ]
    rows, of_voices = [], []
    for corpus in CORPORA:
        predicted = evaluation.model_rows(
            out_of_fold, "emotion", *_DEFAULT, "unseen_speakers", corpus
        )
        if len(predicted):
            shares = selective.baselines_noticed(predicted, chosen)
            others = [share for emotion, share in shares.items() if emotion not in NEUTRAL]
            cells = [
                f"{100 * shares[emotion]:.1f}" if emotion in shares else "" for emotion in EMOTIONS
            ]
            rows.append(
                [
                    CORPORA[corpus].title,
                    "all but neutral and calm",
                    f"{100 * np.mean(others):.1f}",
                    *cells,
                ]
            )
        voices = evaluation.model_rows(out_of_fold, "gender", *_DEFAULT, "unseen_speakers", corpus)
        if len(voices):
            found = selective.voices_noticed(
                voices, evaluation.emotion_of_clips(out_of_fold, corpus)
            )
            of_voices.append(
                [
                    CORPORA[corpus].title,
                    *(f"{100 * found[kind]:.1f}" for kind in ("other", "other_gender", "same")),
                ]
            )
    header = ("corpus", "", "noticed", *EMOTIONS)
    yield f"Baselines of two clips of one emotion noticed as not neutral, unseen speakers (default model, in %)\n\n{render(header, rows)}"
    header = ("corpus", "another speaker", "of the other gender", "the same speaker (false alarm)")
    yield f"Baselines of two neutral clips noticed as another voice, against every clip of unseen speakers (in %)\n\n{render(header, of_voices)}"


def _enrolled(render: Render) -> Iterator[str]:
    """What a personal baseline adds, for each model that takes one."""
    if not any(enrolment.path_of(corpus).exists() for corpus in CORPORA):
        return
    table = enrolment.read()
    rows = []
    for (protocol, classifier, clips), part in table.groupby(
        ["protocol", "classifier", "clips"], sort=True
    ):
        gains = {corpus: enrolment.gain(of_corpus) for corpus, of_corpus in part.groupby("corpus")}
        cells = [
            f"{100 * gains[corpus][0]:.1f} {100 * gains[corpus][1].value:+.1f}"
            for corpus in CORPORA
        ]
        cells += [
            f"[{100 * gains[corpus][1].low:+.1f}, {100 * gains[corpus][1].high:+.1f}]"
            for corpus in CORPORA
        ]
        cells = [
            cell
            for pair in zip(cells[: len(CORPORA)], cells[len(CORPORA) :], strict=True)
            for cell in pair
        ]
        mean = np.mean([gain.value for _, gain in gains.values()])
        rows.append(
            [
                str(protocol).replace("_", " "),
                str(classifier),
                str(clips),
                *cells,
                f"{100 * mean:+.1f}",
            ]
        )
    names = [name for corpus in CORPORA for name in (CORPORA[corpus].title, "95%")]
    yield (
        "Emotion with a personal baseline: UAR without one, and what one or two neutral clips of the speaker add "
        f"(mean over the choices of clips, which are not tested)\n\n{render(('protocol', 'classifier', 'clips', *names, 'mean gain'), rows)}"
    )


def _gender_errors(out_of_fold: pd.DataFrame) -> list[list[str]]:
    rows = []
    for corpus in CORPORA:
        predicted = evaluation.model_rows(
            out_of_fold, "gender", *_DEFAULT, "unseen_speakers", corpus
        )
        emotion_of = evaluation.emotion_of_clips(out_of_fold, corpus)
        for gender in LABELS["gender"]:
            own = predicted[predicted["truth"] == gender]
            wrong = own[gender] < 0.5
            emotions = own["path"].map(emotion_of)
            shares = [wrong[emotions == emotion] for emotion in EMOTIONS]
            if len(own):
                rows.append(
                    [
                        CORPORA[corpus].title,
                        gender,
                        *(f"{100 * share.mean():.1f}" if len(share) else "" for share in shares),
                    ]
                )
    return rows
