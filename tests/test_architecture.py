"""The house: imports go down, and each foreign library has one room."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = {
    "ser_core": 0,
    "ser_core.errors": 1,
    "ser_core.emotions": 1,
    "ser_core.cache": 1,
    "ser_core.audio": 1,
    "ser_core.evaluation": 1,
    "ser_core.features": 2,
    "ser_core.corpora": 2,
    "ser_core.models": 2,
    "ser_core.prediction": 3,
    "ser_core.training": 3,
    "ser_core.exploration": 3,
    "ser_core.robustness": 4,
    "ser_core.charts": 4,
    "ser_core.cli": 4,
    "ser_core.__main__": 5,
    "ui": 5,
    "pages": 5,
    "Home": 6,
}
# Within a floor: errors before the rest of the first, features before models.
SAME_FLOOR = {
    ("ser_core.audio", "ser_core.errors"),
    ("ser_core.evaluation", "ser_core.emotions"),
    ("ser_core.models", "ser_core.features"),
    ("ser_core.cli", "ser_core.robustness"),
    ("pages", "ui"),
}
ROOMS = {
    "streamlit": ("Home.py", "ui.py", "pages/"),
    "audiorecorder": ("ui.py",),
    "altair": ("ser_core/charts.py",),
    "torch": ("ser_core/training/",),
    "sklearn": ("ser_core/training/",),
    "av": ("ser_core/audio/",),
    "librosa": ("ser_core/features/",),
    "onnxruntime": ("ser_core/models/",),
}
FILES = sorted(path for pattern in ("*.py", "pages/*.py", "ser_core/**/*.py") for path in ROOT.glob(pattern))


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
        allowed = FLOORS[room] < FLOORS[own] or (own, room) in SAME_FLOOR
        assert allowed, f"{own} (floor {FLOORS[own]}) imports {room} (floor {FLOORS[room]})"


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
    heavy = ["librosa", "numba", "sklearn", "scipy", "altair", "pandas", "av", "soundfile", "soxr", "onnxruntime"]
    code = f"import sys, ui; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_emotions_are_listed_in_one_place_only():
    listing = [path for path in FILES if '"surprised"' in path.read_text(encoding="utf-8")]
    assert [path.name for path in listing] == ["emotions.py"]
