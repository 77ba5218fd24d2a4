"""The conditions under which models are tested: noise, rooms, codecs, the telephone and loudness.

Conventions: samples are mono float32 at 16 kHz and keep their length. A condition is a change with a name,
such as "babble, 10 dB"; some belong to a kind with levels from little to much. What is random is drawn from
the generator that is given. `condition_predictions` lets models predict under all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ser_core import models
from ser_core.audio import effects
from ser_core.audio.recording import Samples
from ser_core.evaluation import robustness
from ser_core.evaluation.robustness import AS_IT_IS

if TYPE_CHECKING:
    import pandas as pd

_BABBLE_VOICES = 4

Change = Callable[[Samples, np.random.Generator, list[Samples]], Samples]
"""`(samples, random generator, clips of other voices) -> changed samples`."""


@dataclass(frozen=True)
class Kind:
    """A change at several levels, from little to much; `change` takes the level after the samples."""

    unit: str
    levels: tuple[float, ...]
    change: Callable[[Samples, float, np.random.Generator, list[Samples]], Samples]


def _add_white_noise(
    samples: Samples, snr_db: float, rng: np.random.Generator, others: list[Samples]
) -> Samples:
    return effects.add_noise(samples, effects.coloured_noise(len(samples), rng), snr_db)


def _add_babble(
    samples: Samples, snr_db: float, rng: np.random.Generator, others: list[Samples]
) -> Samples:
    chosen = rng.choice(len(others), _BABBLE_VOICES, replace=False)
    voices = [others[number] for number in chosen]
    return effects.add_noise(samples, effects.babble(len(samples), voices, rng), snr_db)


def _code_opus(
    samples: Samples, kbits: float, rng: np.random.Generator, others: list[Samples]
) -> Samples:
    return effects.encode_and_decode(samples, "opus", int(1000 * kbits))


def _code_mp3(
    samples: Samples, kbits: float, rng: np.random.Generator, others: list[Samples]
) -> Samples:
    return effects.encode_and_decode(samples, "mp3", int(1000 * kbits))


def _reverberate(
    samples: Samples, rt60_s: float, rng: np.random.Generator, others: list[Samples]
) -> Samples:
    return effects.add_reverberation(samples, rt60_s, rng)


KINDS: Mapping[str, Kind] = {
    "white noise": Kind("dB", (30, 20, 15, 10, 5, 0), _add_white_noise),
    "babble": Kind("dB", (30, 20, 15, 10, 5, 0), _add_babble),
    "Opus": Kind("kbit/s", (64, 30, 24, 16, 12, 6), _code_opus),
    "MP3": Kind("kbit/s", (64, 32, 24, 16), _code_mp3),
    "reverberation": Kind("s", (0.2, 0.4, 0.6, 1.0), _reverberate),
}
"""The kinds of changes that have levels, by name."""

WITHOUT_LEVELS = "telephone and loudness"
"""The kind of all conditions that have no levels."""


def _name(kind: str, level: float) -> str:
    return f"{kind}, {level:g} {KINDS[kind].unit}"


def _at_level(kind: Kind, level: float) -> Change:
    return lambda samples, rng, others: kind.change(samples, level, rng, others)


CONDITIONS: Mapping[str, Change] = {
    AS_IT_IS: lambda samples, rng, others: samples,
    **{
        _name(name, level): _at_level(kind, level)
        for name, kind in KINDS.items()
        for level in kind.levels
    },
    "telephone band": lambda samples, rng, others: effects.simulate_telephone(samples),
    "gain of -30 dB": lambda samples, rng, others: effects.apply_gain(samples, -30.0),
    "gain of -15 dB": lambda samples, rng, others: effects.apply_gain(samples, -15.0),
    "gain of +10 dB": lambda samples, rng, others: effects.apply_gain(samples, 10.0),
}
"""All conditions, by name."""


def levels_of_kind(kind: str) -> dict[str, str]:
    """The conditions of one kind, each with its level in short; the clip as it is comes first.

    Parameters
    ----------
    kind : str
        One of `KINDS`, or `WITHOUT_LEVELS`.

    Returns
    -------
    dict
        From the name of a condition to its level.

    Examples
    --------
    >>> list(levels_of_kind("reverberation").items())[:2]
    [('as it is', 'as it is'), ('reverberation, 0.2 s', '0.2')]
    """
    if kind in KINDS:
        levels = {_name(kind, level): f"{level:g}" for level in KINDS[kind].levels}
    else:
        levels = {name: name for name in CONDITIONS if "," not in name and name != AS_IT_IS}
    return {AS_IT_IS: AS_IT_IS} | levels


def read_kind_curves(kind: str) -> pd.DataFrame:
    """The stored robustness curves of one kind of conditions.

    Parameters
    ----------
    kind : str
        One of `KINDS`, or `WITHOUT_LEVELS`.

    Returns
    -------
    DataFrame
        As `robustness.compute_robustness_curves`, with the columns title (of the model) and level.

    Raises
    ------
    SerError
        NOT_FOUND where nothing is stored; DATA_TAMPERED where the file is not the listed one.
    """
    levels = levels_of_kind(kind)
    curves = robustness.compute_robustness_curves(robustness.read_conditions(), list(levels))
    keys = zip(curves["classifier"], curves["feature_set"], strict=True)
    titles = [models.title(classifier, feature_set) for classifier, feature_set in keys]
    return curves.assign(title=titles, level=curves["condition"].map(levels))
