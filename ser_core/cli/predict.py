"""The command `predict`: the emotion and gender of clips."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ser_core import audio, corpora, library, models, prediction
from ser_core.audio import isolated
from ser_core.batch import checkpoint, cluster, parallel
from ser_core.cli.arguments import add_cluster, add_command, add_jobs
from ser_core.cli.named_files import NamedFile, find_named_files
from ser_core.cli.output import WRITERS, jobs_for, resumable, target
from ser_core.errors import ErrorCode, SerError
from ser_core.models import Model
from ser_core.prediction.entries import Entry, StoredPrediction
from ser_core.prediction.voice import Enrolment
from ser_core.storage.paths import MODELS_DIR

if TYPE_CHECKING:
    from ser_core.library.kept_layers import StoredLayer


def add_commands(commands: Any) -> None:
    """Declare `predict`."""
    parser = add_command(
        commands, "predict", predict, "Say which emotion and gender clips sound like."
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="audio file, or folder to walk")
    parser.add_argument(
        "--emotion-model", metavar="NAME", help="`models list` shows the names (default: the best)"
    )
    parser.add_argument("--gender-model", metavar="NAME")
    parser.add_argument(
        "--baseline",
        nargs="+",
        action="extend",
        metavar="FILE",
        help="one to four neutral clips of the same speaker",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add what speaks for and against the emotion, and which moment matters",
    )
    parser.add_argument("--format", choices=tuple(WRITERS), default="table")
    parser.add_argument("--output", metavar="FILE", help="write here instead of to stdout")
    parser.add_argument(
        "--models",
        metavar="DIR",
        default=str(MODELS_DIR),
        help="folder of models (default: those that ship)",
    )
    add_jobs(parser)
    add_cluster(parser)


class ChosenModel(NamedTuple):
    """A model that the command uses: its folder, its name, and its correction layer as JSON ("" for none)."""

    folder: str
    name: str
    layer: str


class Request(NamedTuple):
    """What the prediction of each clip depends on besides the clip; `neutral_clips` are bytes."""

    explain: bool
    emotion: ChosenModel
    gender: ChosenModel
    neutral_clips: tuple[bytes, ...]


def predict(options: argparse.Namespace) -> int:
    """Predict every named clip, write the entries in order and return the exit code."""
    files = find_named_files(options.paths)
    request = Request(
        options.explain,
        _choose_model("emotion", options.emotion_model, options.models),
        _choose_model("gender", options.gender_model, options.models),
        tuple(_read_neutral_clip(file) for file in options.baseline or ()),
    )
    # A model or baseline that cannot be used ends the run here, before any clip.
    *_, enrolment = _load(request)
    for note in enrolment.notes if enrolment else ():
        sys.stderr.write(f"baseline: {note.code}: {note.message}\n")
    failed: list[str] = []
    with (
        cluster.use_cluster(options.scheduler),
        resumable(options.output, lambda: _job(request)) as store,
        target(options.output) as file,
    ):
        WRITERS[options.format](_entries(options, files, request, store, failed), file)
    if failed:
        sys.stderr.write(
            f"{len(failed)} of {len(files)} files could not be used; their entries say why.\n"
        )
    return 1 if failed else 0


def _entries(
    options: argparse.Namespace,
    files: Sequence[NamedFile],
    request: Request,
    store: checkpoint.Checkpoint | None,
    failed: list[str],
) -> Iterator[Entry]:
    """Yield the entry of each file in order; the names of files that cannot be used go into `failed`."""
    from tqdm import tqdm

    items = [parallel.FileTask(path) for _, path in files]
    results = parallel.map_files(
        partial(_predict_bytes, request),
        items,
        jobs_for(options.jobs, len(files)),
        store,
        options.send == "bytes",
    )
    progress = tqdm(results, total=len(files), unit="clip", desc="predict")
    for (name, _), result in zip(files, progress, strict=True):
        if isinstance(result, SerError):
            failed.append(name)
            yield name, result
        else:
            yield name, StoredPrediction(**json.loads(result))


def _job(request: Request) -> str:
    """The digest of everything that the results depend on: another job does not go on with these."""
    folders = {request.emotion.folder, request.gender.folder}
    paths = sorted(path for folder in folders for path in Path(folder).rglob("*"))
    artefacts = [corpora.file_digest(path) for path in paths if path.is_file()]
    neutral_clips = [hashlib.sha256(data).hexdigest() for data in request.neutral_clips]
    return checkpoint.job_digest(
        "predict",
        tuple(request.emotion),
        tuple(request.gender),
        artefacts,
        request.explain,
        neutral_clips,
    )


def _choose_model(task: str, name: str | None, models_folder: str) -> ChosenModel:
    """Return the model that was named, else the default of the folder, else the default that ships.

    Where a correction layer was adopted in the library, the default emotion model that ships has it.
    """
    folder = Path(models_folder)
    corrected = _choose_corrected(name, folder) if task == "emotion" else None
    if corrected is not None:
        return corrected
    if name is None and not models.cards(folder, task) and models.cards(folder):
        sys.stderr.write(f"no {task} model in {models_folder}: the one that ships is asked\n")
        folder = MODELS_DIR
    card = models.find(name, task, folder) if name else models.default_card(task, folder)
    return ChosenModel(str(folder), card.name, "")


def _choose_corrected(name: str | None, folder: Path) -> ChosenModel | None:
    """The default emotion model with the adopted layer, where it is asked for by name or by none."""
    could_be_corrected = folder == MODELS_DIR and (name is None or models.CORRECTED in name)
    adopted = _adopted_layer() if could_be_corrected and library.is_configured() else None
    if adopted is None:
        return None
    base = models.default_card("emotion", folder)
    layer = models.Layer.from_json(adopted.layer)
    if name not in (None, models.corrected_name(base, layer)):
        return None
    return ChosenModel(str(folder), base.name, adopted.layer)


def _adopted_layer() -> StoredLayer | None:
    """The layer that was adopted in the library; None, told on stderr, where there is no library yet."""
    try:
        return library.open_library(create=False).adopted_layer(library.LOCAL)
    except SerError as error:
        if error.code != ErrorCode.LIBRARY_OFF:
            raise
        sys.stderr.write(f"{error} The default model is used as it ships.\n")
        return None


@cache
def _load(request: Request) -> tuple[Model, Model, Enrolment | None]:
    """The emotion model, the gender model and the baseline; each process loads them once."""
    emotion = models.load_named(request.emotion.name, "emotion", Path(request.emotion.folder))
    gender = models.load_named(request.gender.name, "gender", Path(request.gender.folder))
    if request.emotion.layer:
        emotion = models.corrected(emotion, models.Layer.from_json(request.emotion.layer))
    if not request.neutral_clips:
        return emotion, gender, None
    recordings = [isolated.decode(data) for data in request.neutral_clips]
    return emotion, gender, Enrolment(recordings, emotion)


def _read_neutral_clip(file: str) -> bytes:
    """The bytes of a neutral clip that can be decoded."""
    try:
        data = audio.read(file)
        isolated.decode(data)
    except SerError as error:
        raise SerError(
            ErrorCode.BAD_BASELINE, f"The neutral clip {file!r} cannot be used: {error}", error.hint
        ) from error
    return data


def _predict_bytes(request: Request, content: parallel.FileContent) -> bytes:
    """The prediction for one file, in both of its written forms, as JSON."""
    recording = isolated.decode(content.data, sha256=content.sha256)
    written = StoredPrediction.of(
        prediction.predict(recording, *_load(request), explain=request.explain)
    )
    return json.dumps({"json": written.json, "row": written.row}, ensure_ascii=False).encode()
