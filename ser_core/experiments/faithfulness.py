"""Whether explanations name what the models go by: what is lost without it, against as much at random.

The held-out default model explains clips of speakers that it has not heard. Each cue and each moment of an
explanation is deleted, one at a time; "at random" is the mean over all cues, or over all moments. A moment is
deleted by silencing it in the recording, which is then predicted from the start: an independent test. A cue
can only be deleted from what the model reads, as the explanation itself does it: that half shows how far
apart the cues are, four times the mean at most.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import audio, corpora, models
from ser_core.audio.recording import Recording
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.evaluation import Interval, percentile_interval, resample_speakers
from ser_core.features import Inputs
from ser_core.prediction import attribution
from ser_core.prediction.explanation import Moment
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

RUN = 1
TABLE = DATA_DIR / "explanations.csv"
"""What `measure_faithfulness` stores, one row per clip."""

COLUMNS = (
    "corpus",
    "clip",
    "speaker",
    "emotion",
    "probability",
    "cue",
    "without_cue",
    "without_any_cue",
    "without_moment",
    "without_any_moment",
)
"""`emotion` is the most likely one; `cue` is the one that is named first.

The columns from `probability` on are the emotion's probability: with everything, without that cue, without
one of the cues (mean), without the moment that is named, and without one of the moments (mean).
"""

_EVERY = {"ravdess": 1, "crema-d": 8, "nemo": 4}  # clips of the tested speakers
_LEAST_SPEAKERS = 5  # of fewer, a bootstrap over speakers says nothing


def measure_faithfulness(jobs: int = 1, folder: Path | None = None) -> pd.DataFrame:
    """Explain clips of the speakers of run 1, and delete what is named and as much at random.

    Parameters
    ----------
    jobs : int, optional
        The number of processes.
    folder : Path, optional
        Where the held-out models are (default: in the cache folder).

    Returns
    -------
    DataFrame
        `COLUMNS`, one row per clip whose speech is long enough to leave a moment out.

    Raises
    ------
    SerError
        NOT_FOUND where a corpus is missing below `SER_CORPORA`; MODEL_NOT_FOUND where there are no held-out
        models.
    """
    import pandas as pd
    from joblib import Parallel, delayed

    folder = folder or models.find_held_out_models()
    work = []
    for name, every in _EVERY.items():
        home = corpora.resolve(name)
        table = corpora.read_utterances(home, CORPORA[name])
        tested = table[corpora.scored_rows(RUN, table["speaker"], table["corpus"])].iloc[::every]
        for path, speaker in zip(tested["path"], tested["speaker"], strict=True):
            work.append(delayed(_measure_clip)(home / path, name, speaker, folder))
    rows = Parallel(n_jobs=jobs, batch_size=8)(work)
    return pd.DataFrame([row for row in rows if row], columns=list(COLUMNS))


def score_faithfulness(path: Path = TABLE) -> pd.DataFrame:
    """What is lost without what is named, and without as much at random.

    Parameters
    ----------
    path : Path, optional
        The stored table.

    Returns
    -------
    DataFrame
        One row per corpus, and one of all, as text: the losses in points of probability, and their ratio with
        its 95% interval over speakers, where there are enough of them.
    """
    import pandas as pd

    table = pd.read_csv(manifest.verify(path))
    rows = []
    for corpus, clips in [*table.groupby("corpus", sort=False), ("all", table)]:
        row = {
            "corpus": CORPORA[corpus].title if corpus in CORPORA else corpus,
            "clips": str(len(clips)),
            "speakers": str(clips["speaker"].nunique()),
        }
        rows.append(row | _losses(clips, "cue") | _losses(clips, "moment"))
    return pd.DataFrame(rows)


def _measure_clip(path: Path, corpus: str, speaker: str, folder: Path) -> tuple[object, ...] | None:
    """One row; None for a clip whose speech is too short to leave a moment of it out."""
    model = _load_model(folder)
    clip = audio.load(path)
    inputs = Inputs(clip)
    labels = LABELS["emotion"]
    top = int(model.predict_proba([inputs])[0].argmax())
    explained = attribution.explain_probability(model, inputs, labels[top])
    if explained.moment is None:
        return None
    without = {
        moment: _probability_without(model, clip, moment, top) for moment in explained.moments
    }
    cue = max(explained.cues, key=explained.cues.__getitem__)
    without_cue = explained.probability - explained.cue_losses[cue]
    without_any_cue = explained.probability - float(np.mean(list(explained.cue_losses.values())))
    return (
        corpus,
        path.stem,
        speaker,
        labels[top],
        explained.probability,
        cue,
        without_cue,
        without_any_cue,
        without[explained.moment],
        float(np.mean(list(without.values()))),
    )


def _probability_without(model: models.Model, clip: Recording, moment: Moment, label: int) -> float:
    """The probability of a label where a moment of the clip is silent."""
    silenced = audio.silence(clip, moment.start_s, moment.end_s)
    return float(model.predict_proba([Inputs(silenced)])[0, label])


@lru_cache(maxsize=1)
def _load_model(folder: Path) -> models.Model:
    """The default model of emotions, loaded once per process."""
    return models.load_default("emotion", folder)


def _losses(clips: pd.DataFrame, kind: str) -> dict[str, str]:
    """The losses without what is named and without as much at random; `kind` is cue or moment."""
    named = clips["probability"] - clips[f"without_{kind}"]
    random = clips["probability"] - clips[f"without_any_{kind}"]
    sums = np.stack([loss.groupby(clips["speaker"]).sum().to_numpy() for loss in (named, random)])
    drawn = resample_speakers(sums.T)
    ratio = percentile_interval(named.mean() / random.mean(), drawn[:, 0] / drawn[:, 1])
    return {
        f"without the {kind}": f"-{100 * named.mean():.1f}",
        f"without a random {kind}": f"-{100 * random.mean():.1f}",
        f"{kind}: ratio [95%]": _format_ratio(ratio, n_speakers=sums.shape[1]),
    }


def _format_ratio(ratio: Interval, n_speakers: int) -> str:
    if n_speakers < _LEAST_SPEAKERS:
        return f"{ratio.value:.1f}"
    return f"{ratio.value:.1f} [{ratio.low:.1f}, {ratio.high:.1f}]"
