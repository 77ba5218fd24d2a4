"""The source files of the project as syntax trees, and what each of them imports."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for pattern in ("*.py", "ui/**/*.py", "pages/*.py", "ser_core/**/*.py")
    for path in ROOT.glob(pattern)
)
"""Every Python file that is part of the product."""
PAGE_FILES = [
    path for path in FILES if path.relative_to(ROOT).parts[0] in {"ui", "pages", "Home.py"}
]
"""The files that draw the app."""


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def relative(path: Path) -> str:
    """The path of a file in the repository, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """The dotted name of a file; a package goes by the name of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> frozenset[str]:
    """What a file imports, inside functions, too: dotted names, with the imported name at the end."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{relative(path)}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            names.add(ast.literal_eval(node.args[0]))
    return frozenset(names)


def calls(path: Path) -> list[ast.Call]:
    """Every call in a file."""
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
