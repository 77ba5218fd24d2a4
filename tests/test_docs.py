"""README.md and docs/ hold what they say: code runs, commands parse, figures are the stored ones."""

import re
import shlex

import pytest

from ser_core.cli import main
from ser_core.cli.main import build_parser
from tests.conftest import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def blocks_of(page, language):
    """The blocks of code of a page that are in a language; "" for commands."""
    text = page.read_text(encoding="utf-8")
    return [code for name, code in BLOCK.findall(text) if name == language]


def test_the_readme_is_short_enough_to_be_read():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


def test_the_readme_leads_to_every_page():
    text = README.read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"](docs/{page.name})" not in text] == []


@pytest.mark.parametrize("page", ["README.md", "docs/library.md"])
def test_the_python_of_a_page_runs(page, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    blocks = blocks_of(ROOT / page, "python")
    assert blocks
    for code in blocks:
        exec(code, {})
    assert capsys.readouterr().out


def test_the_commands_of_all_pages_parse():
    parser = build_parser()
    lines = [line for page in PAGES for code in blocks_of(page, "") for line in code.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("ser ")]
    assert len(commands) > 20
    for words in commands:
        parser.parse_args(words[1:])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The page of results, computed from the stored predictions."""
    page = tmp_path_factory.mktemp("results") / "results.md"
    assert main(["evaluate", "--format", "markdown", "--output", str(page)]) == 0
    return page.read_text(encoding="utf-8")


def test_the_page_of_results_is_what_evaluate_writes(results):
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == results


def test_the_figures_of_the_readme_are_those_of_the_page_of_results(results):
    tables = re.findall(r"^## (\w+), (\S+) \(chance: (\S+)\)\n\n(.*?)\n\n", results, re.M | re.S)
    assert len(tables) == 6
    text = README.read_text(encoding="utf-8")
    for task, corpus, chance, table in tables:
        header, _, *rows = (
            [cell.strip() for cell in line.split("|")] for line in table.splitlines()
        )
        by_model = {row[1]: dict(zip(header, row, strict=True)) for row in rows}
        default = by_model["combination"]
        figures = (
            chance,
            default["UAR, unseen speakers [95%]"],
            default["UAR, corpus left out [95%]"],
            by_model["bagged_mlp"]["UAR, random split"],
        )
        assert f"| {task}, {corpus} | {' | '.join(figures)} |" in text
        if task == "Emotion":
            perceptrons = by_model["bagged_mlp"]["UAR, unseen speakers [95%]"]
            assert perceptrons.split()[0] in text
