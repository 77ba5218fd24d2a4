"""The leaderboard: how all models score on one corpus, what each costs, and what people and guessing reach.

Conventions: a row for each feature set and classifier; shares are between 0 and 1; NaN where a model was not
tested so, or a cost or gain is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ser_core import corpora, models
from ser_core.evaluation import enrolment, listeners
from ser_core.evaluation.out_of_fold import PROTOCOLS
from ser_core.evaluation.scores import score
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

COSTS = DATA_DIR / "model_costs.csv"
"""The time that each shipped model takes for a clip, as `benchmarks/models.py` measured it.

Columns task, name, milliseconds, repeats, cores.
"""

MODEL, PEOPLE, GUESSING = "model", "people", "guessing"
"""The kinds of rows."""

BASELINE_CLIPS = 1
"""How many neutral clips make the personal baseline whose gain is shown."""

_SCORE_NAMES = ("uar", "uar_low", "uar_high", "accuracy", "macro_f1", "ece")
_RANKED_BY = ("unseen_speakers", "corpus_left_out", "random_split")
_KNOWN_OF_SOME = (
    "kind",
    "title",
    "milliseconds",
    "megabytes",
    "baseline_uar",
    "baseline_gain",
    "baseline_gain_low",
    "baseline_gain_high",
)

_PERCENT_COLUMNS = {
    "unseen": "unseen_speakers_uar",
    "with_baseline": "baseline_uar",
    "left_out": "corpus_left_out_uar",
    "other_statement": "other_statement_uar",
    "random": "random_split_uar",
    "inflation": "inflation",
    "accuracy": "unseen_speakers_accuracy",
    "f1": "unseen_speakers_macro_f1",
}
_INTERVAL_COLUMNS = {
    "unseen_interval": "unseen_speakers_uar",
    "left_out_interval": "corpus_left_out_uar",
}


def rank_models(out_of_fold: pd.DataFrame, task: str, corpus: str = "ravdess") -> pd.DataFrame:
    """The scores of all models that were tested on a corpus, best first.

    Parameters
    ----------
    out_of_fold : DataFrame
        `evaluation.OUT_OF_FOLD_COLUMNS`.
    task : str
        "emotion" or "gender".
    corpus : str, optional
        The tested corpus.

    Returns
    -------
    DataFrame
        Ordered by UAR on unseen speakers, then with the corpus left out, then on the random split. Columns
        feature_set and classifier; for each protocol `<protocol>_<score>` with the scores uar, uar_low,
        uar_high, accuracy, macro_f1 and ece; and inflation: how much UAR the random split adds.
    """
    import pandas as pd

    tested = out_of_fold[(out_of_fold["task"] == task) & (out_of_fold["corpus"] == corpus)]
    rows = []
    for (feature_set, classifier), of_model in tested.groupby(
        ["feature_set", "classifier"], observed=True
    ):
        row = {"feature_set": feature_set, "classifier": classifier}
        for protocol in PROTOCOLS:
            row |= _protocol_scores(of_model, task, protocol)
        rows.append(row)
    table = pd.DataFrame(rows)
    table["inflation"] = table["random_split_uar"] - table["unseen_speakers_uar"]
    order = [f"{protocol}_uar" for protocol in _RANKED_BY]
    return table.sort_values(order, ascending=False, ignore_index=True)


def rank_with_costs(out_of_fold: pd.DataFrame, task: str, corpus: str) -> pd.DataFrame:
    """As `rank_models`, with the title of each model, what it costs and what a personal baseline adds.

    Parameters
    ----------
    out_of_fold : DataFrame
        `evaluation.OUT_OF_FOLD_COLUMNS`.
    task : str
        "emotion" or "gender".
    corpus : str
        The tested corpus.

    Returns
    -------
    DataFrame
        Further columns: kind (`MODEL`) and title; milliseconds (for a clip) and megabytes (10^6 bytes on
        disk, members of a combination included) of the models that ship; baseline_uar, baseline_gain,
        baseline_gain_low and baseline_gain_high of those that take a personal baseline.
    """
    import pandas as pd

    table = rank_models(out_of_fold, task, corpus)
    is_shipped_corpus = corpus in corpora.CORPORA  # models of a person's own corpus do not ship
    costs = _costs(task) if is_shipped_corpus else {}
    gains = _gains(corpus) if is_shipped_corpus and task == "emotion" else {}
    further = []
    for feature_set, classifier in zip(table["feature_set"], table["classifier"], strict=True):
        about: dict[str, object] = {"kind": MODEL, "title": models.title(classifier, feature_set)}
        cost = costs.get((feature_set, classifier), {})
        further.append(about | cost | gains.get(classifier, {}))
    return table.join(pd.DataFrame(further, columns=list(_KNOWN_OF_SOME)))


def reference_rows(task: str, corpus: str, chance: float) -> pd.DataFrame:
    """What people who heard only the voice reach on a corpus, where that is known, and what guessing reaches.

    Parameters
    ----------
    task : str
        "emotion" or "gender".
    corpus : str
        The tested corpus.
    chance : float
        The UAR of guessing. Among equally many clips of each label its accuracy is the same.

    Returns
    -------
    DataFrame
        Some columns of `rank_with_costs`; the row of guessing comes last.
    """
    import pandas as pd

    guessing = {
        "kind": GUESSING,
        "title": "Guessing",
        "unseen_speakers_uar": chance,
        "unseen_speakers_accuracy": chance,
    }
    if (task, corpus) != ("emotion", listeners.LISTENERS.parent.name):
        return pd.DataFrame([guessing])
    uar, accuracy = listeners.single_rating_intervals(listeners.read_votes())
    people = {
        "kind": PEOPLE,
        "title": "People, one listener",
        "unseen_speakers_uar": uar.value,
        "unseen_speakers_uar_low": uar.low,
        "unseen_speakers_uar_high": uar.high,
        "unseen_speakers_accuracy": accuracy.value,
    }
    return pd.DataFrame([people, guessing])


def format_leaderboard(table: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """The leaderboard as a table to be read: shares and gains in %, intervals in words.

    Parameters
    ----------
    table : DataFrame
        As `rank_with_costs` gives it.
    references : DataFrame
        As `reference_rows` gives them.

    Returns
    -------
    DataFrame
        The models, then the references; without the columns that no model has.
    """
    import pandas as pd

    every = pd.concat([table, references], ignore_index=True)
    shown = every[["kind", "title", "milliseconds", "megabytes"]].copy()
    for name, column in _PERCENT_COLUMNS.items():
        shown[name] = 100 * every[column]
    shown["ece"] = every["unseen_speakers_ece"]
    for name, column in _INTERVAL_COLUMNS.items():
        ends = zip(every[f"{column}_low"], every[f"{column}_high"], strict=True)
        shown[name] = [_format_range(low, high) for low, high in ends]
    gains = every[["baseline_gain", "baseline_gain_low", "baseline_gain_high"]]
    shown["baseline_gain"] = [_format_gain(*row) for row in gains.itertuples(index=False)]
    known_of_models = shown[shown["kind"] == MODEL].notna().any()
    return shown.loc[:, known_of_models]


def _protocol_scores(rows: pd.DataFrame, task: str, protocol: str) -> dict[str, float]:
    """The scores of one model under one protocol, by column."""
    runs = rows[rows["protocol"] == protocol]
    if not len(runs):
        return {f"{protocol}_{name}": float("nan") for name in _SCORE_NAMES}
    scores = score(runs, task)
    uar = scores.uar
    values = (
        uar.value,
        uar.low,
        uar.high,
        scores.accuracy.value,
        scores.macro_f1.value,
        scores.ece,
    )
    return {f"{protocol}_{name}": value for name, value in zip(_SCORE_NAMES, values, strict=True)}


def _costs(task: str) -> dict[tuple[str, str], dict[str, float]]:
    """Time and size of each model that ships, by feature set and classifier."""
    import pandas as pd

    measured = pd.read_csv(manifest.verify(COSTS))
    times = measured[measured["task"] == task].set_index("name")["milliseconds"]
    costs = {}
    for card in models.cards(task=task):
        megabytes = models.size_bytes(card) / 1e6
        cost = {"milliseconds": times.get(card.name, float("nan")), "megabytes": megabytes}
        costs[card.inputs, card.classifier] = cost
    return costs


def _gains(corpus: str) -> dict[str, dict[str, float]]:
    """What a personal baseline adds on unseen speakers, by classifier; empty where it was not measured."""
    if not manifest.is_expected(enrolment.choices_path(corpus)):
        return {}
    table = enrolment.read_choices(corpus)
    chosen = table[(table["protocol"] == "unseen_speakers") & (table["clips"] == BASELINE_CLIPS)]
    gains = {}
    for classifier, rows in chosen.groupby("classifier"):
        uar_without, gain = enrolment.baseline_gain(rows)
        gains[str(classifier)] = {
            "baseline_uar": uar_without + gain.value,
            "baseline_gain": gain.value,
            "baseline_gain_low": gain.low,
            "baseline_gain_high": gain.high,
        }
    return gains


def _format_gain(gain: float, low: float, high: float) -> str | None:
    if gain != gain:  # NaN
        return None
    return f"{100 * gain:+.1f} ({_format_range(low, high, '+')})"


def _format_range(low: float, high: float, sign: str = "") -> str | None:
    """Two shares in percent; None where they are not known."""
    return f"{100 * low:{sign}.1f} to {100 * high:{sign}.1f}" if low == low else None
