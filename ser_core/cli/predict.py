"""The commands on clips: `predict` and `extract`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core import audio, corpora, models, prediction
from ser_core.audio import Recording
from ser_core.cli.output import WRITERS, jobs_for, target, tell_left_out, whole
from ser_core.corpora import LABELS_FILE, Labelled
from ser_core.enrolment import Enrolment
from ser_core.errors import ErrorCode, SerError
from ser_core.models import Model
from ser_core.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd


def predict(options: argparse.Namespace) -> int:
    """Predict every named clip and write the entries in order."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    named = _inputs(options.paths)
    chosen = (_chosen("emotion", options.emotion_model, options), _chosen("gender", options.gender_model, options), tuple(options.baseline or ()))
    _, _, enrolment = _loaded(*chosen)  # a model or baseline that cannot be used ends the run here, before any clip
    for note in enrolment.notes if enrolment else ():
        sys.stderr.write(f"baseline: {note.code}: {note.message}\n")
    work = (delayed(_predict_file)(path, options.explain, *chosen) for _, path in named)
    results = Parallel(n_jobs=jobs_for(options.jobs, len(named)), return_as="generator")(work)
    failed = 0

    def entries() -> Iterator[tuple[str, Prediction | SerError]]:
        nonlocal failed
        for (name, _), result in zip(named, tqdm(results, total=len(named), unit="clip", desc="predict"), strict=True):
            failed += isinstance(result, SerError)
            yield name, result

    with target(options.output) as file:
        WRITERS[options.format](entries(), file)
    if failed:
        sys.stderr.write(f"{failed} of {len(named)} files could not be used; their entries say why.\n")
    return 1 if failed else 0


Chosen = tuple[str, str]
"""The folder of a model, and its name."""


def _chosen(task: str, name: str | None, options: argparse.Namespace) -> Chosen:
    """The model that was named, else the default of the folder of models; of those that ship, where that has none of the task."""
    folder = Path(options.models)
    if name is None and not models.cards(folder, task) and models.cards(folder):
        sys.stderr.write(f"no {task} model in {options.models}: the one that ships is asked\n")
        folder = models.MODELS_DIR
    card = models.find(name, task, folder) if name else models.default_card(task, folder)
    return str(folder), card.name


@cache
def _loaded(emotion: Chosen, gender: Chosen, baseline: tuple[str, ...]) -> tuple[Model, Model, Enrolment | None]:
    emotion_model, gender_model = (models.load_named(name, task, Path(folder)) for task, (folder, name) in (("emotion", emotion), ("gender", gender)))
    enrolment = Enrolment([_neutral(file) for file in baseline], emotion_model) if baseline else None
    return emotion_model, gender_model, enrolment


def _neutral(file: str) -> Recording:
    try:
        return audio.load(Path(file))
    except SerError as error:
        raise SerError(ErrorCode.BAD_BASELINE, f"The neutral clip {file!r} cannot be used: {error}", error.hint) from error


def _predict_file(path: Path, explain: bool, emotion: Chosen, gender: Chosen, baseline: tuple[str, ...]) -> Prediction | SerError:
    """The prediction for one file, or why there is none; each process loads the models once."""
    try:
        return prediction.predict(audio.load(path), *_loaded(emotion, gender, baseline), explain=explain)
    except SerError as error:
        return error


def _inputs(paths: Iterable[str]) -> list[tuple[str, Path]]:
    """(name in the output, path) of every file: below a named folder relative to it, else as it was named."""
    found: list[tuple[str, Path]] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            files = corpora.audio_files(path)
            if not files:
                raise SerError(
                    ErrorCode.NOT_FOUND, f"The folder {name!r} holds no audio file.", f"Expected: {', '.join(sorted(audio.AUDIO_SUFFIXES))}."
                )
            found += [(file.relative_to(path).as_posix(), file) for file in files]
        elif path.exists():
            found.append((path.as_posix(), path))
        else:
            raise SerError(ErrorCode.NOT_FOUND, f"There is no file or folder {name!r}.", "Check the path.")
    return found


def extract(options: argparse.Namespace) -> int:
    """Write the features of every named clip as a table."""
    from ser_core.training import tables
    from ser_core.training.augmentation import COPIES

    suffix = Path(options.output).suffix.lower() if options.output else ".csv"
    if suffix not in {".csv", ".parquet"}:
        raise SerError(ErrorCode.BAD_USAGE, f"The output must end in .csv or .parquet. Got {options.output!r}.", "Choose another name.")
    if options.copy and options.copy not in COPIES:
        raise SerError(ErrorCode.BAD_USAGE, f"There is no copy {options.copy!r}.", f"Kinds of copies: {', '.join(COPIES)}.")
    table, n_failed = _extracted(options)
    if suffix == ".parquet":
        with whole(Path(options.output)) as part:
            tables.write_parquet(table, part)
    else:
        with target(options.output) as file:
            tables.write_csv(table, file)
    return 1 if n_failed else 0


def _extracted(options: argparse.Namespace) -> tuple[pd.DataFrame, int]:
    """The feature table of what was named, with labels where something says them, and how many files could not be used."""
    import pandas as pd

    from ser_core.training import own, tables

    labelled = _labelled(options.paths)
    if labelled is not None and labelled.known is None and not options.copy:
        jobs = jobs_for(options.jobs, len(labelled.clips))
        measured = own.measure_folder(corpora.resolve(options.paths[0]), labelled, options.feature_set, jobs)
        tell_left_out(measured.left_out)
        return measured.table, sum(len(part.files) for part in measured.left_out if part.kind == "unreadable")
    if labelled is not None and labelled.known is not None:
        tell_left_out(labelled.left_out)
        table, failed = tables.extract_corpus(corpora.resolve(options.paths[0]), options.feature_set, jobs_for(options.jobs), options.copy)
    else:
        named = _inputs(options.paths)
        about = pd.DataFrame({"path": [name for name, _ in named]})
        files, jobs = [path for _, path in named], jobs_for(options.jobs, len(named))
        table, failed = tables.extract_table(about, files, options.feature_set, jobs, options.copy)
    for name, error in failed:
        sys.stderr.write(f"{name}: {error.code}: {error}\n")
    return table, len(failed)


def _labelled(paths: Sequence[str]) -> Labelled | None:
    """The labelled clips of the folder, where exactly one was named and something says which emotion its clips are."""
    if len(paths) != 1 or Path(paths[0]).is_file():
        return None
    folder = corpora.resolve(paths[0])
    try:
        return corpora.label_folder(folder)
    except SerError as error:
        if (folder / LABELS_FILE).is_file():
            raise
        sys.stderr.write(f"no labels: {error}\n")
        return None
