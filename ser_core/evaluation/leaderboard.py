"""How all models stand on one corpus: the leaderboard with what each costs and gains, and what people and guessing reach beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ser_core import corpora, models
from ser_core.evaluation import DATA_DIR, enrolment, listeners, scores
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

COSTS = DATA_DIR / "model_costs.csv"
"""How long each model that ships takes for a clip, as `benchmarks/models.py` measured it: columns task, name, milliseconds, repeats, cores."""

MODEL, PEOPLE, GUESSING = "model", "people", "guessing"
"""The kinds of rows."""

BASELINE_CLIPS = 1
"""The personal baseline whose worth is shown is of so many neutral clips."""


def standings(out_of_fold: pd.DataFrame, task: str, corpus: str) -> pd.DataFrame:
    """The columns of `evaluation.leaderboard`, one row a model, with `kind`, `title`, and what is known of some only (else NaN).

    `milliseconds` (for a clip) and `megabytes` (10^6 bytes on disk, members of a combination included) are known of what ships;
    `baseline_uar`, `baseline_gain` and its interval `baseline_gain_low` and `_high` of what takes a personal baseline.
    """
    import pandas as pd

    table = scores.leaderboard(out_of_fold, task, corpus)
    costs = pd.read_csv(manifest.intact(COSTS)).set_index(["task", "name"])["milliseconds"]
    known_here = (
        models.cards(task=task) if corpus in corpora.CORPORA else []
    )  # a person's own models are others
    shipped = {(card.feature_set or "several", card.classifier): card for card in known_here}
    gains = _gains(corpus) if task == "emotion" and known_here else {}
    rows = []
    for row in table.itertuples():
        card = shipped.get((row.feature_set, row.classifier))
        known: dict[str, object] = {
            "kind": MODEL,
            "title": models.title(row.classifier, row.feature_set),
        }
        if card is not None:
            known |= {
                "milliseconds": costs.get((task, card.name)),
                "megabytes": models.size_bytes(card) / 1e6,
            }
        rows.append(known | gains.get(row.classifier, {}))
    columns = [
        "kind",
        "title",
        "milliseconds",
        "megabytes",
        "baseline_uar",
        "baseline_gain",
        "baseline_gain_low",
        "baseline_gain_high",
    ]
    return table.join(pd.DataFrame(rows, columns=columns))


def _gains(corpus: str) -> dict[str, dict[str, float]]:
    """What a baseline is worth on unseen speakers, by classifier; nothing where it was not measured."""
    if not manifest.expected(enrolment.path_of(corpus)):
        return {}
    table = enrolment.read(corpus)
    chosen = table[(table["protocol"] == "unseen_speakers") & (table["clips"] == BASELINE_CLIPS)]
    found = {}
    for classifier, part in chosen.groupby("classifier"):
        before, gain = enrolment.gain(part)
        found[str(classifier)] = {
            "baseline_uar": before + gain.value,
            "baseline_gain": gain.value,
            "baseline_gain_low": gain.low,
            "baseline_gain_high": gain.high,
        }
    return found


def beside(task: str, corpus: str, chance: float) -> pd.DataFrame:
    """What stands beside the models of a corpus: people who heard only the voice, where that is known, and guessing. Columns of `standings`.

    `chance` is the UAR of guessing; whoever guesses among equally many labels is as often right.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    if (task, corpus) == ("emotion", listeners.LISTENERS.parent.name):
        uar, accuracy = listeners.listener_intervals(listeners.listener_votes())
        scores: dict[str, object] = {
            "unseen_speakers_uar": uar.value,
            "unseen_speakers_uar_low": uar.low,
            "unseen_speakers_uar_high": uar.high,
        }
        rows.append(
            {"kind": PEOPLE, "title": "People, one listener"}
            | scores
            | {"unseen_speakers_accuracy": accuracy.value}
        )
    rows.append(
        {
            "kind": GUESSING,
            "title": "Guessing",
            "unseen_speakers_uar": chance,
            "unseen_speakers_accuracy": chance,
        }
    )
    return pd.DataFrame(rows)


def as_table(table: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """`standings` and what stands `beside` them as a table to be read: shares and gains in %, intervals in words, no column that no model has."""
    import pandas as pd

    every = pd.concat([table, others], ignore_index=True)
    percent = {
        "unseen": "unseen_speakers_uar",
        "with_baseline": "baseline_uar",
        "left_out": "corpus_left_out_uar",
        "other_statement": "other_statement_uar",
        "random": "random_split_uar",
        "inflation": "inflation",
        "accuracy": "unseen_speakers_accuracy",
        "f1": "unseen_speakers_macro_f1",
    }
    shown = every[["kind", "title", "milliseconds", "megabytes"]].assign(
        **{name: 100 * every[column] for name, column in percent.items()}
    )
    shown["ece"] = every["unseen_speakers_ece"]
    for name, column in (
        ("unseen_interval", "unseen_speakers_uar"),
        ("left_out_interval", "corpus_left_out_uar"),
    ):
        shown[name] = [
            _interval(low, high)
            for low, high in zip(every[f"{column}_low"], every[f"{column}_high"], strict=True)
        ]
    gains = every[["baseline_gain", "baseline_gain_low", "baseline_gain_high"]]
    shown["baseline_gain"] = [
        f"{100 * gain:+.1f} ({_interval(low, high, '+')})" if gain == gain else None
        for gain, low, high in gains.itertuples(index=False)
    ]
    return shown.loc[
        :, shown[shown["kind"] == MODEL].notna().any()
    ]  # what only guessing has is no column


def _interval(low: float, high: float, sign: str = "") -> str | None:
    """Two shares as points; None where there are none."""
    return f"{100 * low:{sign}.1f} to {100 * high:{sign}.1f}" if low == low else None
