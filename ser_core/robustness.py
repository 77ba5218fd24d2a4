"""What rooms, noise, codecs and gain cost the default models, on speakers that they never heard.

The models are those of joint run 1 in `models/heldout/`; the clips are RAVDESS actors 1 to 4. Every random choice has a fixed
seed per clip; babble is made of clips of speakers that run 1 trained on.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import audio, corpora, evaluation, models, prediction
from ser_core.audio import channel
from ser_core.audio.recording import Recording, Samples
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS, LABELS, NOT_EVERYWHERE
from ser_core.evaluation import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

CORPUS = "ravdess"
RUN = 1

CONDITIONS_TABLE = DATA_DIR / CORPUS / "conditions.csv"
RECORDER_TABLE = DATA_DIR / CORPUS / "recorder.csv"
"""What `measure` and `benchmarks/recorder.py` found, one row per clip."""

_BABBLE_VOICES = 4


def _babble(n: int, rng: np.random.Generator, others: list[Samples]) -> Samples:
    chosen = rng.choice(len(others), _BABBLE_VOICES, replace=False)
    return channel.babble(n, [others[number] for number in chosen], rng)


Change = Callable[[Samples, np.random.Generator, list[Samples]], Samples]

CONDITIONS: Mapping[str, Change] = {
    "as it is": lambda x, rng, others: x,
    "white noise, 10 dB": lambda x, rng, others: channel.with_noise(x, channel.coloured_noise(len(x), rng), 10.0),
    "babble, 10 dB": lambda x, rng, others: channel.with_noise(x, _babble(len(x), rng, others), 10.0),
    "telephone band": lambda x, rng, others: channel.telephone(x),
    "Opus, 24 kbit/s": lambda x, rng, others: channel.coded(x, "opus", 24_000),
    "Opus, 30 kbit/s": lambda x, rng, others: channel.coded(x, "opus", 30_000),
    "MP3, 32 kbit/s": lambda x, rng, others: channel.coded(x, "mp3", 32_000),
    "reverberation, 0.6 s": lambda x, rng, others: channel.reverberated(x, 0.6, rng),
    "gain of -30 dB": lambda x, rng, others: channel.gain(x, -30.0),
    "gain of -15 dB": lambda x, rng, others: channel.gain(x, -15.0),
    "gain of +10 dB": lambda x, rng, others: channel.gain(x, 10.0),
}
"""What is done to a clip: `(samples, random generator of the clip, clips of other voices) -> samples`."""


def measure(jobs: int = 1, folder: Path = models.HELD_OUT) -> pd.DataFrame:
    """Predict every clip under every condition.

    Returns
    -------
    DataFrame
        Columns condition, clip, emotion, gender (the truth), the eight emotions and two genders (probabilities).

    Raises
    ------
    SerError
        NOT_FOUND where `SER_CORPORA` has no RAVDESS; MODEL_NOT_FOUND where there are no held-out models.
    """
    import pandas as pd
    from joblib import Parallel, delayed

    home = corpora.resolve(CORPUS)
    table = corpora.utterances(home, CORPORA[CORPUS])
    tested = corpora.scored(RUN, table["speaker"], table["corpus"])
    others = [audio.load(home / path).samples for path in table["path"][~tested].iloc[::30]]
    models.default_card("emotion", folder)  # says what is missing before any work is done
    work = (delayed(_measure)(home / row.path, row.emotion, row.gender, others, folder) for row in table[tested].itertuples())
    return pd.DataFrame([row for rows in Parallel(n_jobs=jobs, batch_size=8)(work) for row in rows]).sort_values(
        "condition", key=lambda names: names.map(list(CONDITIONS).index), kind="stable"
    )


def _measure(path: Path, emotion: str, gender: str, others: list[Samples], folder: Path) -> list[dict[str, object]]:
    emotion_model, gender_model = (_model(task, folder) for task in LABELS)
    clip = audio.load(path)
    rows = []
    for condition, change in CONDITIONS.items():
        rng = np.random.default_rng(zlib.crc32(f"{path.stem} {condition}".encode()))
        changed = Recording(change(clip.samples, rng, others), clip.sample_rate)
        said = prediction.predict(changed, emotion_model, gender_model)
        about: dict[str, object] = {"condition": condition, "clip": path.stem, "emotion": emotion, "gender": gender}
        rows.append(about | dict(said.emotion_probabilities) | dict(said.gender_probabilities))
    return rows


_loaded: dict[tuple[str, Path], models.Model] = {}


def _model(task: str, folder: Path) -> models.Model:
    """The default model of a task, loaded once per process."""
    if (task, folder) not in _loaded:
        _loaded[task, folder] = models.load_default(task, folder)
    return _loaded[task, folder]


# ------------------------------------------------------------------------------------------------- from what is stored


def condition_scores(path: Path = CONDITIONS_TABLE) -> pd.DataFrame:
    """What each condition costs, from the stored predictions of the same clips: one row per condition, in %.

    `UAR` and `lost` (points, against the clip as it is), `same` (share of clips with the same top emotion as without), the recall
    lost on calm and surprised, and gender's UAR.
    """
    import pandas as pd

    table = pd.read_csv(path)
    clean = table[table["condition"] == "as it is"].set_index("clip")
    rows = []
    for condition, part in table.groupby("condition", sort=False):
        now = part.set_index("clip").loc[clean.index]
        scores = {name: _one_take(frame[list(EMOTIONS)], frame["emotion"], EMOTIONS) for name, frame in (("now", now), ("clean", clean))}
        lost = {emotion: scores["clean"][1][emotion] - scores["now"][1][emotion] for emotion in NOT_EVERYWHERE}
        same = now[list(EMOTIONS)].to_numpy().argmax(axis=1) == clean[list(EMOTIONS)].to_numpy().argmax(axis=1)
        rows.append(
            {
                "condition": condition,
                "UAR": f"{100 * scores['now'][0]:.1f}",
                "lost": f"{100 * (scores['clean'][0] - scores['now'][0]):+.1f}",
                "same emotion": f"{100 * same.mean():.1f}",
                **{f"lost on {emotion}": f"{100 * value:+.1f}" for emotion, value in lost.items()},
                "gender": f"{100 * _one_take(now[list(GENDERS)], now['gender'], GENDERS)[0]:.1f}",
            }
        )
    return pd.DataFrame(rows)


def recorder_scores(path: Path = RECORDER_TABLE) -> pd.DataFrame:
    """What the browser's recorder costs, from the stored predictions of clips from their files and through it; one row, in %."""
    import pandas as pd

    table = pd.read_csv(path)
    files, recorded = (table[[f"{source}_{emotion}" for emotion in EMOTIONS]] for source in ("file", "recorder"))
    before, after = (_one_take(source, table["truth"], EMOTIONS)[0] for source in (files, recorded))
    same = np.mean(files.to_numpy().argmax(axis=1) == recorded.to_numpy().argmax(axis=1))
    row = {
        "clips": str(len(table)),
        "same emotion": f"{100 * same:.1f}",
        "UAR from the file": f"{100 * before:.1f}",
        "UAR through the recorder": f"{100 * after:.1f}",
        "lost": f"{100 * (before - after):+.1f}",
        "level changed by (dB, median)": f"{table['level_change_db'].median():+.1f}",
    }
    return pd.DataFrame([row])


def _one_take(probabilities: pd.DataFrame, truth: pd.Series, labels: tuple[str, ...]) -> tuple[float, dict[str, float]]:
    """UAR and recalls of one prediction per clip."""
    positions = truth.map(labels.index).to_numpy(dtype=np.int64)
    counts = evaluation.confusion(positions, probabilities.to_numpy().argmax(axis=1).astype(np.int64), len(labels))
    return float(evaluation.uar(counts)), dict(zip(labels, evaluation.recalls(counts).tolist(), strict=True))
