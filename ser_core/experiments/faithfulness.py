"""Whether explanations name what the models go by: what an emotion loses without it, against as much at random.

The default models of joint run 1 in `models/heldout/` are asked, on speakers that they never heard. Deleted are, one at a time,
each cue and each moment of the explanation; "at random" is the mean over all cues, or over all moments. A moment's deletion is
silence in the recording itself, which is then predicted from the start: an independent test. A cue can only be deleted from what
the models read, as the explanation itself does it: that half shows how far apart the cues are, four times the mean at most.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import audio, corpora, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.evaluation import DATA_DIR
from ser_core.features import Inputs
from ser_core.prediction import explanation
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

RUN = 1
TABLE = DATA_DIR / "explanations.csv"
"""What `measure` found, one row per clip."""

_EVERY = {"ravdess": 1, "crema-d": 8, "nemo": 4}  # clips of the tested speakers
_LEAST_SPEAKERS = 5  # of fewer, a bootstrap over speakers says nothing
_COLUMNS = (
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


def measure(jobs: int = 1, folder: Path = models.HELD_OUT) -> pd.DataFrame:
    """Explain clips of the speakers of run 1, delete what is named, and as much at random: a row of `TABLE` per clip.

    `emotion` is the most likely one, the columns from `probability` on are its probability: with everything, without the cue that is named first,
    without one of the cues (mean), without the moment that is named, without one of the moments (mean).

    Raises
    ------
    SerError
        NOT_FOUND where a corpus is missing below `SER_CORPORA`; MODEL_NOT_FOUND where there are no held-out models.
    """
    import pandas as pd
    from joblib import Parallel, delayed

    models.default_card("emotion", folder)  # says what is missing before any work is done
    chosen = []
    for name, every in _EVERY.items():
        home = corpora.resolve(name)
        table = corpora.utterances(home, CORPORA[name])
        tested = table[corpora.scored(RUN, table["speaker"], table["corpus"])].iloc[::every]
        chosen += [(home / row.path, name, row.speaker) for row in tested.itertuples()]
    rows = Parallel(n_jobs=jobs, batch_size=8)(
        delayed(_measure)(path, corpus, speaker, folder) for path, corpus, speaker in chosen
    )
    return pd.DataFrame([row for row in rows if row], columns=list(_COLUMNS))


def _measure(path: Path, corpus: str, speaker: str, folder: Path) -> tuple[object, ...] | None:
    """One row; None for a clip whose speech is too short to leave a moment of it out."""
    model = _model(folder)
    clip = audio.load(path)
    inputs = Inputs(clip)
    labels = LABELS["emotion"]
    top = labels[int(model.predict_proba([inputs])[0].argmax())]
    explained = explanation.explain(model, inputs, top)
    named = explained.moment
    if named is None:
        return None

    def left(moment: explanation.Moment) -> float:
        return float(
            model.predict_proba([Inputs(audio.silenced(clip, moment.start_s, moment.end_s))])[
                0, labels.index(top)
            ]
        )

    without = {moment: left(moment) for moment in explained.moments}
    cue = max(explained.cues, key=explained.cues.__getitem__)
    alone = explained.probability - explained.alone[cue]
    any_cue = explained.probability - float(np.mean(list(explained.alone.values())))
    about = (corpus, path.stem, speaker, top, explained.probability, cue, alone, any_cue)
    return (*about, without[named], float(np.mean(list(without.values()))))


_loaded: dict[Path, models.Model] = {}


def _model(folder: Path) -> models.Model:
    """The default model of emotions, loaded once per process."""
    if folder not in _loaded:
        _loaded[folder] = models.load_default("emotion", folder)
    return _loaded[folder]


def scores(path: Path = TABLE) -> pd.DataFrame:
    """What is lost without what is named and without as much at random, in points, and their ratio with a 95% interval over speakers."""
    import pandas as pd

    table = pd.read_csv(manifest.intact(path))
    rows = []
    for corpus, part in [*table.groupby("corpus", sort=False), ("all", table)]:
        n_speakers = part["speaker"].nunique()
        row = {
            "corpus": CORPORA[corpus].title if corpus in CORPORA else corpus,
            "clips": str(len(part)),
            "speakers": str(n_speakers),
        }
        for kind in ("cue", "moment"):
            losses = {
                name: part["probability"] - part[f"without_{name}"]
                for name in (kind, f"any_{kind}")
            }
            sums = np.array(
                [loss.groupby(part["speaker"]).sum().to_numpy() for loss in losses.values()]
            )
            drawn = evaluation.speaker_bootstrap(part["speaker"]) @ sums.T
            low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
            named, random = (100 * loss.mean() for loss in losses.values())
            row[f"without the {kind}"], row[f"without a random {kind}"] = (
                f"-{named:.1f}",
                f"-{random:.1f}",
            )
            row[f"{kind}: ratio [95%]"] = f"{named / random:.1f}" + (
                f" [{low:.1f}, {high:.1f}]" if n_speakers >= _LEAST_SPEAKERS else ""
            )
        rows.append(row)
    return pd.DataFrame(rows)
