"""What the code may do with strangers' bytes and with a person's voice, read off the source."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ser_core import models
from tests.support.source import FILES, PAGE_FILES, ROOT, calls, imports, relative, tree_of

# --------------------------------------------------------------------- nothing of a person is shared

SHARED_OBJECTS = {
    "ui/caches.py: _loading": "a lock",
    "ui/compare/tested_corpora.py: _by_corpus": "a decorator; own corpora stay in their session",
    "ui/server/turns.py: turns": "who waits, by number",
    "ui/server/warming.py: _at_it": "a lock",
    "ui/server/warming.py: _state": "whether the server is ready",
}
"""What modules of pages hold that can change, and why it says nothing of a person."""
CONSTANT_NODES = (
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
CONSTANT_CALLS = {"TypeVar", "Path", "frozenset", "logging.getLogger", "tuple"}
CHANGING_METHODS = {
    "append", "add", "update", "setdefault", "extend", "pop", "clear", "insert",
}  # fmt: skip
SHARING_CACHES = {
    "st.cache_data",
    "st.cache_resource",
    "cache",
    "lru_cache",
    "functools.cache",
    "functools.lru_cache",
}
PERSONAL_TYPES = {"Recording", "Clip", "OwnCorpus", "Enrolment", "UploadedFile", "bytes"}


def is_constant(value: ast.expr) -> bool:
    """Whether an expression makes something that cannot change."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in CONSTANT_CALLS
    return isinstance(value, CONSTANT_NODES)


def module_variables(path: Path) -> Iterator[tuple[str, int]]:
    """The variables of a module that are not made of constants, and their lines."""
    for node in tree_of(path).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        if is_constant(node.value):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from ((ast.unparse(target), node.lineno) for target in targets)


def is_changed(tree: ast.Module, name: str) -> bool:
    """Whether a file writes into what a name holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
            targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
            parts = [target.value for target in targets if isinstance(target, ast.Subscript)]
            if name in [ast.unparse(part) for part in parts]:
                return True
        if isinstance(node, ast.Call):
            owner, _, method = ast.unparse(node.func).rpartition(".")
            if owner == name and method in CHANGING_METHODS:
                return True
    return False


def test_no_module_of_a_page_holds_anything_of_a_person():
    offenders = []
    for path in PAGE_FILES:
        tree = tree_of(path)
        if any(isinstance(node, ast.Global) for node in ast.walk(tree)):
            offenders.append(f"{relative(path)}: a module's variable that changes")
        for name, line in module_variables(path):
            is_named_constant = name.isupper() or name == "__all__"
            if not is_named_constant and f"{relative(path)}: {name}" not in SHARED_OBJECTS:
                offenders.append(f"{relative(path)}:{line}: {name} may hold what is somebody's")
            if name.isupper() and is_changed(tree, name):
                offenders.append(f"{relative(path)}:{line}: {name} is written to")
    assert offenders == []


def takes_something_personal(function: ast.FunctionDef) -> bool:
    """Whether a function's arguments hold a person's clip, or say which clip it is."""
    arguments = function.args.args
    annotations = [argument.annotation for argument in arguments if argument.annotation]
    parts = [part for annotation in annotations for part in ast.walk(annotation)]
    types = {part.id for part in parts if isinstance(part, ast.Name)}
    return bool(types & PERSONAL_TYPES) or "sha256" in {argument.arg for argument in arguments}


def test_what_is_made_of_a_persons_clip_is_kept_in_their_session_only():
    offenders = []
    for path in PAGE_FILES:
        for function in ast.walk(tree_of(path)):
            if not isinstance(function, ast.FunctionDef) or not takes_something_personal(function):
                continue
            for decorator in function.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                is_shared = "scope='session'" not in ast.unparse(decorator)
                if ast.unparse(called) in SHARING_CACHES and is_shared:
                    offenders.append(f"{relative(path)}: {function.name} is kept for everybody")
    assert offenders == []


def test_the_recorders_python_is_never_imported():
    code = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("Home.py", default_timeout=60).run()
page = page.switch_page("pages/record_and_predict.py").run()
assert not page.exception
print([name for name in ("audiorecorder", "pydub", "audioop") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


# ----------------------------------------------------------------------- no file can run code of its own

LOADERS = {
    "joblib.load": ("ser_core/models/",),
    "onnxruntime.InferenceSession": ("ser_core/models/",),
    "np.load": (
        "ser_core/models/perceptrons.py",
        "ser_core/features/filter_banks.py",
        "ser_core/training/",
    ),
    "Memory": ("ser_core/training/", "ser_core/experiments/training_speakers.py"),
}
"""What makes objects of bytes, and where that may be done: with models after
`ser_core.storage.manifest` has checked them, with files of our own, with our own cache."""
FORBIDDEN_MODULES = {
    "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "skops", "yaml",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "pd.read_pickle",
    "torch.hub.load",
    "onnx.load",
    "np.fromfile",
}


def is_call_of(called: str, loader: str) -> bool:
    """Whether the text of a call names a loader, by its full name or by its last part."""
    last = loader.rpartition(".")[2]
    return called == loader or (last != "load" and called.endswith(f".{last}"))


def loading_problems(path: Path) -> Iterator[str]:
    """What a file does that could run code of another file."""
    name = relative(path)
    for module in imports(path):
        if module.split(".")[0] in FORBIDDEN_MODULES:
            yield f"{name} imports {module}"
    for call in calls(path):
        called = ast.unparse(call.func)
        place = f"{name}:{call.lineno}: {called}"
        if called in FORBIDDEN_CALLS:
            yield place
        for loader, rooms in LOADERS.items():
            if is_call_of(called, loader) and not name.startswith(rooms):
                yield place
        if called == "torch.load":
            is_safe = "weights_only=True" in ast.unparse(call)
            if not (is_safe and name.startswith("ser_core/training/")):
                yield place
        for keyword in call.keywords:
            if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False":
                yield place


def test_what_could_run_code_of_a_file_is_called_in_its_room_only():
    assert [problem for path in FILES for problem in loading_problems(path)] == []


USED_BY_PAGES = {
    "KINDS",
    "MAIN_FEATURE_SET",
    "Model",
    "ModelCard",
    "CORRECTED",
    "Layer",  # the numbers of a correction layer, which the library has under their digest
    "cards",
    "corrected",
    "default_card",
    "find",
    "load",
    "load_default",
    "load_named",
    "size_bytes",
    "speakers_in_words",
    "title",
    "to_markdown",
}


def test_no_page_hands_bytes_to_what_loads_models():
    """Pages know models by name, task and card: they use nothing that takes bytes or a folder."""
    offenders = []
    for path in PAGE_FILES:
        names = [name for name in imports(path) if name.startswith("ser_core.models.")]
        names += [
            ast.unparse(node)
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "models"
        ]
        unknown = {name for name in names if name.rpartition(".")[2] not in USED_BY_PAGES}
        offenders += [f"{relative(path)} uses {name}" for name in sorted(unknown)]
        for call in calls(path):
            called = ast.unparse(call.func)
            if not called.startswith("models."):
                continue
            names_a_folder = any(keyword.arg == "folder" for keyword in call.keywords)
            has_many_arguments = len(call.args) > 2 and called != "models.corrected"
            if names_a_folder or has_many_arguments:
                offenders.append(f"{relative(path)}:{call.lineno}: {called}")
    assert offenders == []


def test_what_loads_models_takes_names_cards_and_folders():
    loaders = (
        models.load,
        models.load_named,
        models.load_default,
        models.find,
        models.cards,
        models.read_card,
    )
    for loader in loaders:
        parameters = inspect.signature(loader).parameters.values()
        annotations = {str(parameter.annotation) for parameter in parameters}
        assert annotations <= {"str", "str | None", "Path", "ModelCard"}


READS_BYTES = {
    "ser_core/features/csv_tables.py",
    "ser_core/features/tables.py",
    "ser_core/corpora/crema_d.py",
    "ser_core/exploration/explored_features.py",
}
"""Files that read tables from bytes, or check the file in the line above."""


def test_files_of_models_and_data_are_read_through_the_manifest():
    """Whoever reads a table of `data/` asks the manifest first: no path is read alone."""
    offenders = [
        f"{relative(path)}:{call.lineno}"
        for path in FILES
        if relative(path) not in READS_BYTES
        for call in calls(path)
        if ast.unparse(call.func) in {"pd.read_csv", "pd.read_parquet"}
        and not ast.unparse(call.args[0]).startswith("manifest.verify(")
    ]
    assert offenders == []
