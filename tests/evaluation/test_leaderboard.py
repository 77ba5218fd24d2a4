"""The leaderboard in full: every figure is that of the stored tables, computed another way."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from ser_core import evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.evaluation import enrolment, leaderboard, listeners
from ser_core.storage import paths

CASES = [(task, corpus) for task in LABELS for corpus in CORPORA]


@pytest.fixture(scope="module")
def stored():
    return evaluation.read_out_of_fold()


@pytest.fixture(scope="module")
def boards(stored):
    return {case: leaderboard.rank_with_costs(stored, *case) for case in CASES}


def shown(boards, case):
    return leaderboard.format_leaderboard(
        boards[case], leaderboard.reference_rows(*case, chance=0.125)
    ).set_index("title")


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_scores_are_those_that_scikit_learn_counts(case, stored, boards):
    task, corpus = case
    table = shown(boards, case)
    columns = {
        "unseen_speakers": "unseen",
        "corpus_left_out": "left_out",
        "other_statement": "other_statement",
        "random_split": "random",
    }
    counted = 0
    own = stored[(stored["task"] == task) & (stored["corpus"] == corpus)]
    for (feature_set, classifier, protocol), rows in own.groupby(
        ["feature_set", "classifier", "protocol"]
    ):
        said = np.array(LABELS[task])[rows[list(LABELS[task])].to_numpy().argmax(axis=1)]
        row = table.loc[models.title(classifier, feature_set)]
        labels = sorted(set(rows["truth"]))
        uar = recall_score(rows["truth"], said, average=None, labels=labels).mean()
        assert row[columns[protocol]] == pytest.approx(100 * uar)
        if protocol == "unseen_speakers":
            assert row["accuracy"] == pytest.approx(100 * accuracy_score(rows["truth"], said))
            assert row["f1"] == pytest.approx(100 * f1_score(rows["truth"], said, average="macro"))
        counted += 1
    assert (
        counted
        == sum(table[name].notna().sum() for name in columns.values() if name in table)
        - (table["kind"] != "model").sum()
    )
    if "random" in table:
        np.testing.assert_allclose(
            table["inflation"].dropna(), (table["random"] - table["unseen"]).dropna()
        )


@pytest.mark.parametrize("corpus", CORPORA)
def test_intervals_are_those_of_drawing_speakers(corpus, stored, boards):
    rows = evaluation.model_rows(
        stored, "emotion", "acoustic128_v1", "svc", "corpus_left_out", corpus
    )
    said = np.array(EMOTIONS)[rows[list(EMOTIONS)].to_numpy().argmax(axis=1)]
    right = pd.Series(
        (said == rows["truth"]).to_numpy(),
        index=pd.MultiIndex.from_frame(rows[["speaker", "truth"]]),
    ).groupby(level=[0, 1])
    hits, clips = (
        counts.unstack(fill_value=0).to_numpy() for counts in (right.sum(), right.size())
    )
    drawn = np.random.default_rng(3).integers(len(hits), size=(2000, len(hits)))
    recalls = (hits[drawn].sum(axis=1) / clips[drawn].sum(axis=1)).mean(axis=1)
    low, high = (
        float(part)
        for part in shown(boards, ("emotion", corpus))
        .loc["Support vector machine (RBF)", "left_out_interval"]
        .split(" to ")
    )
    np.testing.assert_allclose([low, high], 100 * np.percentile(recalls, [2.5, 97.5]), atol=0.6)


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_baseline_column_is_what_the_stored_choices_say(corpus, boards):
    table = boards["emotion", corpus].set_index("classifier")
    read = enrolment.read_choices(corpus)
    for classifier in ("combination", "network", "bagged_mlp"):
        rows = read[
            (read["classifier"] == classifier)
            & (read["protocol"] == "unseen_speakers")
            & (read["clips"] == 1)
        ]
        counts = rows[list(EMOTIONS)].to_numpy(dtype=float)
        hits = counts[np.arange(len(rows)), rows["truth"].map(EMOTIONS.index)]
        by_emotion = pd.DataFrame(
            {
                "truth": rows["truth"].to_numpy(),
                "hits": hits,
                "without": (rows["without"] == rows["truth"]).to_numpy(),
            }
        )
        by_emotion["tried"] = counts.sum(axis=1)
        by_emotion["without"] = by_emotion["without"] * by_emotion["tried"]
        sums = by_emotion.groupby("truth").sum()
        with_it, without = ((sums[name] / sums["tried"]).mean() for name in ("hits", "without"))
        assert table.loc[classifier, "baseline_uar"] == pytest.approx(with_it)
        assert table.loc[classifier, "baseline_gain"] == pytest.approx(with_it - without)
        assert (
            table.loc[classifier, "baseline_gain_low"]
            < with_it - without
            < table.loc[classifier, "baseline_gain_high"]
        )
    assert table["baseline_uar"].notna().sum() == 3
    gain = shown(boards, ("emotion", corpus)).loc["Network", "baseline_gain"]
    assert gain.startswith(f"{100 * table.loc['network', 'baseline_gain']:+.1f} (")


@pytest.mark.parametrize("task", LABELS)
def test_time_and_size_are_known_of_every_model_that_ships_and_of_no_other(task, boards):
    table = boards[task, "ravdess"]
    costs = pd.read_csv(leaderboard.COSTS).set_index(["task", "name"])
    for row in table.itertuples():
        cards = [card for card in models.cards(task=task) if card.title == row.title]
        assert len(cards) == (not np.isnan(row.milliseconds))
        for card in cards:
            assert row.milliseconds == costs.loc[(task, card.name), "milliseconds"]
            files = {
                (paths.MODELS_DIR / card.id / name).resolve()
                for name in ("card.json", card.artefact, *card.further)
            }
            if card.classifier == "combination":
                for member in json.loads((paths.MODELS_DIR / card.id / "model.json").read_text())[
                    "members"
                ]:
                    files |= {
                        path.resolve() for path in (paths.MODELS_DIR / member["id"]).iterdir()
                    }
            if card.classifier in ("combination", "network"):  # one network answers for both tasks
                files.add((paths.MODELS_DIR / "emotion-network" / "model.onnx").resolve())
            assert row.megabytes == pytest.approx(sum(path.stat().st_size for path in files) / 1e6)
    assert table["milliseconds"].notna().sum() == len(models.cards(task=task))


def test_people_stand_beside_the_emotions_of_crema_d_only_and_guessing_everywhere():
    votes = listeners.read_votes()
    intended = (
        votes["path"]
        .str.split("_")
        .str[2]
        .map(
            {
                "ANG": "angry",
                "DIS": "disgust",
                "FEA": "fearful",
                "HAP": "happy",
                "NEU": "neutral",
                "SAD": "sad",
            }
        )
    )
    counts = votes.drop(columns="path")
    hits = pd.Series([counts.loc[place, emotion] for place, emotion in intended.items()])
    uar = (hits.groupby(intended).sum() / counts.sum(axis=1).groupby(intended).sum()).mean()
    people, guessing = leaderboard.reference_rows("emotion", "crema-d", 1 / 6).to_dict("records")
    assert people["unseen_speakers_uar"] == pytest.approx(uar)
    assert people["unseen_speakers_accuracy"] == pytest.approx(hits.sum() / counts.to_numpy().sum())
    assert people["unseen_speakers_uar_low"] < uar < people["unseen_speakers_uar_high"]
    assert (guessing["unseen_speakers_uar"], guessing["kind"]) == (1 / 6, leaderboard.GUESSING)
    for case in CASES:
        if case != ("emotion", "crema-d"):
            assert list(leaderboard.reference_rows(*case, chance=0.5)["kind"]) == [
                leaderboard.GUESSING
            ]


def test_the_interval_of_people_is_over_the_speakers_who_were_heard():
    votes = listeners.read_votes()
    uar, accuracy = listeners.single_rating_intervals(votes)
    speakers = votes["path"].str[:4]
    rng = np.random.default_rng(2)
    of_each = dict(iter(votes.groupby(speakers)))
    drawn = [
        listeners.score_listeners(
            pd.concat([of_each[name] for name in rng.choice(list(of_each), len(of_each))])
        )
        for _ in range(60)
    ]
    for found, values in (
        (uar, [d.single_rating_uar for d in drawn]),
        (accuracy, [d.single_rating for d in drawn]),
    ):
        assert (found.high - found.low) / 3.92 == pytest.approx(np.std(values), rel=0.35)
    scores = listeners.score_listeners(votes)
    assert (uar.value, accuracy.value) == pytest.approx(
        (scores.single_rating_uar, scores.single_rating)
    )


def test_the_baseline_of_the_field_is_reproduced(stored):
    board = leaderboard.rank_models(stored, "emotion").set_index(["feature_set", "classifier"])
    forest = board.loc[("mfcc128_v1", "random_forest")]
    assert forest["unseen_speakers_uar"] == pytest.approx(0.36, abs=0.03)
    assert forest["random_split_uar"] == pytest.approx(0.55, abs=0.03)


def test_the_promised_figures_hold_on_unseen_speakers(stored):
    emotion, gender = (leaderboard.rank_models(stored, task) for task in ("emotion", "gender"))
    assert emotion[emotion["feature_set"] == "acoustic128_v1"]["unseen_speakers_uar"].max() >= 0.50
    assert gender["unseen_speakers_uar"].max() >= 0.97
    assert (emotion["inflation"].dropna() > 0).all()


def test_a_leaderboard_without_unseen_voices_is_ordered_by_what_there_is():
    stored = evaluation.read_out_of_fold("ravdess")
    board = leaderboard.rank_models(stored[stored["protocol"] == "random_split"], "emotion")
    assert board["unseen_speakers_uar"].isna().all()
    assert board["random_split_uar"].is_monotonic_decreasing
