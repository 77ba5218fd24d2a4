"""The commands on clips: `predict` and `extract`."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core import audio, corpora, library, models, prediction
from ser_core.audio import isolated
from ser_core.batch import checkpointed, cluster
from ser_core.cli.output import (
    WRITERS,
    jobs_for,
    printable,
    resumable,
    target,
    tell_left_out,
    whole,
)
from ser_core.corpora import LABELS_FILE, Labelled
from ser_core.errors import ErrorCode, SerError
from ser_core.models import Model
from ser_core.prediction.entries import Entry, Written
from ser_core.prediction.voice import Enrolment

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.batch import extraction
    from ser_core.library.store import KeptLayer


def predict(options: argparse.Namespace) -> int:
    """Predict every named clip and write the entries in order."""
    from tqdm import tqdm

    named = _inputs(options.paths)
    emotion, gender = (
        _chosen("emotion", options.emotion_model, options),
        _chosen("gender", options.gender_model, options),
    )
    neutral = tuple(_neutral(file) for file in options.baseline or ())
    # A model or baseline that cannot be used ends the run here, before any clip.
    _, _, enrolment = _loaded(emotion, gender, neutral)
    for note in enrolment.notes if enrolment else ():
        sys.stderr.write(f"baseline: {note.code}: {note.message}\n")
    work = partial(_predicted, options.explain, emotion, gender, neutral)
    items = [checkpointed.Item(path) for _, path in named]
    failed = 0

    def entries(store: checkpointed.Store | None) -> Iterator[Entry]:
        nonlocal failed
        done = checkpointed.over_files(
            work, items, jobs_for(options.jobs, len(named)), store, options.send == "bytes"
        )
        for (name, _), result in zip(
            named, tqdm(done, total=len(named), unit="clip", desc="predict"), strict=True
        ):
            failed += isinstance(result, SerError)
            yield name, result if isinstance(result, SerError) else Written(**json.loads(result))

    def job() -> str:
        files = sorted(
            path
            for folder in {emotion[0], gender[0]}
            for path in Path(folder).rglob("*")
            if path.is_file()
        )
        artefacts = [corpora.file_digest(path) for path in files]
        return checkpointed.job_of(
            "predict",
            emotion,
            gender,
            artefacts,
            options.explain,
            [hashlib.sha256(data).hexdigest() for data in neutral],
        )

    with (
        cluster.on(options.scheduler),
        resumable(options.output, job) as store,
        target(options.output) as file,
    ):
        WRITERS[options.format](entries(store), file)
    if failed:
        sys.stderr.write(
            f"{failed} of {len(named)} files could not be used; their entries say why.\n"
        )
    return 1 if failed else 0


Chosen = tuple[str, str, str]
"""The folder of a model, its name, and the correction layer on it as JSON ("" for none)."""


def _chosen(task: str, name: str | None, options: argparse.Namespace) -> Chosen:
    """The model that was named, else the default of the folder of models; of those that ship, where that has none of the task.

    Where a layer was adopted in the library, the default emotion model that ships has it on.
    """
    folder = Path(options.models)
    might_be_corrected = (
        task == "emotion"
        and folder == models.MODELS_DIR
        and (name is None or models.CORRECTED in name)
    )
    if might_be_corrected and library.configured():
        adopted = _adopted()
        base = models.default_card(task, folder)
        if adopted is not None and name in (
            None,
            models.corrected_name(base, models.Layer.from_json(adopted.layer)),
        ):
            return str(folder), base.name, adopted.layer
    if name is None and not models.cards(folder, task) and models.cards(folder):
        sys.stderr.write(f"no {task} model in {options.models}: the one that ships is asked\n")
        folder = models.MODELS_DIR
    card = models.find(name, task, folder) if name else models.default_card(task, folder)
    return str(folder), card.name, ""


def _adopted() -> KeptLayer | None:
    """The layer that was adopted in the library; None, and said so, where there is no library yet."""
    try:
        return library.opened(make=False).adopted(library.LOCAL)
    except SerError as error:
        if error.code != ErrorCode.LIBRARY_OFF:
            raise
        sys.stderr.write(f"{error} The default model is used as it ships.\n")
        return None


@cache
def _loaded(
    emotion: Chosen, gender: Chosen, neutral: tuple[bytes, ...]
) -> tuple[Model, Model, Enrolment | None]:
    emotion_model, gender_model = (
        models.load_named(name, task, Path(folder))
        for task, (folder, name, _) in (("emotion", emotion), ("gender", gender))
    )
    if emotion[2]:
        emotion_model = models.corrected(emotion_model, models.Layer.from_json(emotion[2]))
    return (
        emotion_model,
        gender_model,
        Enrolment([isolated.decode(data) for data in neutral], emotion_model) if neutral else None,
    )


def _neutral(file: str) -> bytes:
    """The bytes of a neutral clip that can be used."""
    try:
        data = audio.read(file)
        isolated.decode(data)
    except SerError as error:
        raise SerError(
            ErrorCode.BAD_BASELINE, f"The neutral clip {file!r} cannot be used: {error}", error.hint
        ) from error
    return data


def _predicted(
    explain: bool, emotion: Chosen, gender: Chosen, neutral: tuple[bytes, ...], data: bytes
) -> bytes:
    """What is written of the prediction for one file, as JSON; each process loads the models once."""
    written = Written.of(
        prediction.predict(
            isolated.decode(data), *_loaded(emotion, gender, neutral), explain=explain
        )
    )
    return json.dumps({"json": written.json, "row": written.row}, ensure_ascii=False).encode()


def _inputs(paths: Iterable[str]) -> list[tuple[str, Path]]:
    """(name in the output, path) of every file: below a named folder relative to it, else as it was named."""
    found: list[tuple[str, Path]] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            files = corpora.audio_files(path)
            if not files:
                raise SerError(
                    ErrorCode.NOT_FOUND,
                    f"The folder {name!r} holds no audio file.",
                    f"Expected: {', '.join(sorted(audio.AUDIO_SUFFIXES))}.",
                )
            found += [(_spelled(file.relative_to(path)), file) for file in files]
        elif _exists(path):
            found.append((_spelled(path), path))
        else:
            raise SerError(
                ErrorCode.NOT_FOUND, f"There is no file or folder {name!r}.", "Check the path."
            )
    return found


def _spelled(path: Path) -> str:
    r"""A path as text: bytes in it that no encoding gave become \udcXX, in letters."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return False


def extract(options: argparse.Namespace) -> int:
    """Write the features of every named clip as a table."""
    from ser_core.audio.augmentation import COPIES
    from ser_core.batch import extraction
    from ser_core.features import tables

    suffix = Path(options.output).suffix.lower() if options.output else ".csv"
    if suffix not in {".csv", ".parquet"}:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"The output must end in .csv or .parquet. Got {options.output!r}.",
            "Choose another name.",
        )
    if options.copy and options.copy not in COPIES:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"There is no copy {options.copy!r}.",
            f"Kinds of copies: {', '.join(COPIES)}.",
        )
    if options.copy == "noisy" and options.send == "bytes":
        raise SerError(
            ErrorCode.BAD_USAGE,
            "Behind a noisy copy are other clips, which workers must read themselves.",
            "Leave --send bytes away.",
        )
    with (
        cluster.on(options.scheduler),
        resumable(
            options.output, lambda: extraction.job_of(options.feature_set, options.copy)
        ) as store,
    ):
        failed: extraction.Failed = []
        parts = _extracted(options, store, failed)
        if suffix == ".parquet":
            with whole(Path(options.output)) as part:
                tables.write_parquet(parts, part)
        else:
            with target(options.output) as file:
                tables.write_csv(parts, file)
    for name, error in failed:
        sys.stderr.write(printable(f"{name}: {error.code}: {error}") + "\n")
    return 1 if failed else 0


def _extracted(
    options: argparse.Namespace, store: checkpointed.Store | None, failed: extraction.Failed
) -> Iterator[pd.DataFrame]:
    """The feature table of what was named in parts, with labels where something says them; files that cannot be used go into `failed`."""
    import pandas as pd

    from ser_core.batch import extraction
    from ser_core.training import labelled_folder

    def way(n_files: int) -> extraction.Way:
        return extraction.Way(jobs_for(options.jobs, n_files), options.send == "bytes", store)

    labelled = _labelled(options.paths)
    if labelled is not None and labelled.known is None and not options.copy:
        folder = corpora.resolve(options.paths[0])
        measured = labelled_folder.measure_folder(
            folder, labelled, options.feature_set, way(len(labelled.clips))
        )
        tell_left_out(
            part for part in measured.left_out if part.kind != "unreadable"
        )  # these are told one by one
        failed += measured.failed
        return iter([measured.table])
    if labelled is not None and labelled.known is not None:
        tell_left_out(labelled.left_out)
        folder = corpora.resolve(options.paths[0])
        about = corpora.utterances(folder, jobs=jobs_for(options.jobs, len(labelled.clips)))
        files = [folder / path for path in about["path"]]
    else:
        named = _inputs(options.paths)
        about, files = (
            pd.DataFrame({"path": [name for name, _ in named]}),
            [path for _, path in named],
        )
    return extraction.extract_table(
        about, files, options.feature_set, failed, way(len(files)), options.copy
    )


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
