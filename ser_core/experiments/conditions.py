"""What noise, rooms, codecs and gain do to what models say: clips of speakers whom none of the models heard, changed and predicted.

The clips are RAVDESS actors 1 to 4, whom joint run 1 and the first fold leave out. The models of all corpora are those of joint run 1 in
`models/heldout/`; some of RAVDESS alone are fitted here on the other twenty actors, with the parameters that their inner folds chose.
Every random choice has a fixed seed per clip and condition; babble is made of clips of the other actors. `ser_core.evaluation.robustness` says what
comes of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import audio, corpora, models
from ser_core.audio import effects
from ser_core.audio.recording import Recording, Samples
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.evaluation import robustness
from ser_core.evaluation.robustness import AS_IT_IS, COLUMNS, CORPUS
from ser_core.features import Inputs
from ser_core.training import cross_validation

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.models.estimators import Estimator

RUN = 1
"""The joint run, and the fold of RAVDESS, whose speakers are tested."""

OF_ALL_CORPORA = ("combination", "network", "bagged_mlp")
OF_RAVDESS = (
    ("acoustic128_v1", "svc"),
    ("acoustic128_v1", "random_forest"),
    ("mfcc128_v1", "random_forest"),
)
"""The models that are compared: those of all corpora by classifier, those of RAVDESS alone by feature set and classifier."""

_BABBLE_VOICES = 4


def _babble(n: int, rng: np.random.Generator, others: list[Samples]) -> Samples:
    chosen = rng.choice(len(others), _BABBLE_VOICES, replace=False)
    return effects.babble(n, [others[number] for number in chosen], rng)


Change = Callable[[Samples, np.random.Generator, list[Samples]], Samples]


@dataclass(frozen=True)
class Kind:
    """One thing that is done to a clip, at several levels from little to much: `change` takes the level after the samples."""

    unit: str
    levels: tuple[float, ...]
    change: Callable[[Samples, float, np.random.Generator, list[Samples]], Samples]


KINDS: Mapping[str, Kind] = {
    "white noise": Kind(
        "dB",
        (30, 20, 15, 10, 5, 0),
        lambda x, snr, rng, others: effects.with_noise(x, effects.coloured_noise(len(x), rng), snr),
    ),
    "babble": Kind(
        "dB",
        (30, 20, 15, 10, 5, 0),
        lambda x, snr, rng, others: effects.with_noise(x, _babble(len(x), rng, others), snr),
    ),
    "Opus": Kind(
        "kbit/s",
        (64, 30, 24, 16, 12, 6),
        lambda x, rate, rng, others: effects.coded(x, "opus", int(1000 * rate)),
    ),
    "MP3": Kind(
        "kbit/s",
        (64, 32, 24, 16),
        lambda x, rate, rng, others: effects.coded(x, "mp3", int(1000 * rate)),
    ),
    "reverberation": Kind(
        "s", (0.2, 0.4, 0.6, 1.0), lambda x, rt60, rng, others: effects.reverberated(x, rt60, rng)
    ),
}
"""What is done more or less of, by name."""


def _at(kind: Kind, level: float) -> Change:
    return lambda x, rng, others: kind.change(x, level, rng, others)


CONDITIONS: Mapping[str, Change] = {
    AS_IT_IS: lambda x, rng, others: x,
    **{
        f"{name}, {level:g} {kind.unit}": _at(kind, level)
        for name, kind in KINDS.items()
        for level in kind.levels
    },
    "telephone band": lambda x, rng, others: effects.telephone(x),
    "gain of -30 dB": lambda x, rng, others: effects.gain(x, -30.0),
    "gain of -15 dB": lambda x, rng, others: effects.gain(x, -15.0),
    "gain of +10 dB": lambda x, rng, others: effects.gain(x, 10.0),
}
"""What is done to a clip: `(samples, random generator of the clip, clips of other voices) -> samples`."""


OTHERS = "telephone and loudness"
"""The kind of all conditions that have no levels."""


def conditions_of(kind: str) -> dict[str, str]:
    """The conditions of one of the `KINDS`, or of `OTHERS`, with the clip as it is first; each with its level in short.

    >>> list(conditions_of("reverberation").items())[:2]
    [('as it is', 'as it is'), ('reverberation, 0.2 s', '0.2')]
    """
    if kind in KINDS:
        levels = {
            f"{kind}, {level:g} {KINDS[kind].unit}": f"{level:g}" for level in KINDS[kind].levels
        }
    else:
        levels = {name: name for name in CONDITIONS if "," not in name and name != AS_IT_IS}
    return {AS_IT_IS: AS_IT_IS} | levels


def curves(kind: str) -> pd.DataFrame:
    """What is stored of one kind of conditions: `robustness.curves` with the columns `title` of the model and `level`."""
    levels = conditions_of(kind)
    found = robustness.curves(robustness.read(), list(levels))
    titles = [models.title(row.classifier, row.feature_set) for row in found.itertuples()]
    return found.assign(title=titles, level=found["condition"].map(levels))


def measure(jobs: int = 1, folder: Path = models.HELD_OUT) -> pd.DataFrame:
    """Let every model predict every clip under every condition.

    Returns
    -------
    DataFrame
        `robustness.COLUMNS`; the probabilities of gender are of the default model, NaN elsewhere.

    Raises
    ------
    SerError
        NOT_FOUND where `SER_CORPORA` has no RAVDESS; MODEL_NOT_FOUND where there are no held-out models.
    """
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm import tqdm

    home = corpora.resolve(CORPUS)
    table = corpora.utterances(home, CORPORA[CORPUS])
    tested = corpora.scored(RUN, table["speaker"], table["corpus"])
    others = [audio.load(home / path).samples for path in table["path"][~tested].iloc[::30]]
    models.default_card("emotion", folder)  # says what is missing before any work is done
    work = [
        delayed(_measure)(home / row.path, others, folder) for row in table[tested].itertuples()
    ]
    said = tqdm(
        Parallel(n_jobs=jobs, batch_size=8, return_as="generator")(work),
        total=len(work),
        unit="clip",
        desc="conditions",
    )
    about = table.loc[tested, ["speaker", "emotion", "gender"]].to_dict("records")
    found = pd.concat(
        [rows.assign(**of_clip) for rows, of_clip in zip(said, about, strict=True)],
        ignore_index=True,
    )
    order = {
        "condition": list(CONDITIONS),
        "classifier": [*OF_ALL_CORPORA, *dict.fromkeys(name for _, name in OF_RAVDESS)],
    }
    by = ["classifier", "feature_set", "condition"]
    found = found.sort_values(
        by,
        key=lambda c: c.map(order[c.name].index) if c.name in order else c,
        kind="stable",
        ignore_index=True,
    )
    labels = [label for names in LABELS.values() for label in names]
    found[labels] = found[labels].round(5).astype(np.float32)
    return found[list(COLUMNS)]


def _measure(path: Path, others: list[Samples], folder: Path) -> pd.DataFrame:
    """What every model says of one clip under every condition. A clip of RAVDESS is short enough to be analysed whole."""
    import pandas as pd

    clip = audio.load(path)
    seeds = (zlib.crc32(f"{path.stem} {condition}".encode()) for condition in CONDITIONS)
    changed = [
        change(clip.samples, np.random.default_rng(seed), others)
        for change, seed in zip(CONDITIONS.values(), seeds, strict=True)
    ]
    inputs = [Inputs(Recording(samples, clip.sample_rate)) for samples in changed]
    emotion_models, gender_model = _compared(folder)
    genders = gender_model.opinions(inputs)[0]
    parts = []
    for (feature_set, classifier), model in emotion_models.items():
        about = {
            "feature_set": feature_set,
            "classifier": classifier,
            "condition": list(CONDITIONS),
            "clip": path.stem,
        }
        of_default = genders if classifier == OF_ALL_CORPORA[0] else np.full_like(genders, np.nan)
        said = {"emotion": model.opinions(inputs)[0], "gender": of_default}
        columns = {
            label: said[task][:, number]
            for task, labels in LABELS.items()
            for number, label in enumerate(labels)
        }
        parts.append(pd.DataFrame(about | columns))
    return pd.concat(parts, ignore_index=True)


@lru_cache(maxsize=1)
def _compared(folder: Path) -> tuple[dict[tuple[str, str], Estimator], Estimator]:
    """The models of emotions by feature set and classifier, and the default one of gender; loaded and fitted once per process."""
    from ser_core.models.estimators import Classical

    of_all = {
        (card.feature_set or "several", card.classifier): models.load(card, folder).estimator
        for card in models.cards(folder, "emotion")
    }
    found: dict[tuple[str, str], Estimator] = {
        key: estimator for key, estimator in of_all.items() if key[1] in OF_ALL_CORPORA
    }
    tables = {table.feature_set.name: table for table in cross_validation.shipped_tables()}
    for feature_set, name in OF_RAVDESS:
        found[feature_set, name] = Classical(
            "emotion",
            feature_set,
            cross_validation.fit_without_fold(tables[feature_set], "emotion", name, RUN),
        )
    return found, models.load_default("gender", folder).estimator
