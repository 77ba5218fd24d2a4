"""The wheel works where it is installed: from any folder, with the models and tables that it brings."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import ser_core
from ser_core.batch.program import program_digest
from ser_core.storage.paths import DATA_DIR, MODELS_DIR
from tests.conftest import ROOT

pytestmark = pytest.mark.packaging
SAMPLE = DATA_DIR / "samples" / "steady-low-voice.flac"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The commands of a new virtual environment with the wheel, which sees all packages of this one."""
    folder = tmp_path_factory.mktemp("packaging")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "venv"
    venv.create(environment, with_pip=False)
    locations = {"base": str(environment), "platbase": str(environment)}
    site_packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=locations))
    (site_packages / "packages_here.pth").write_text(sysconfig.get_path("purelib"))
    commands = Path(sysconfig.get_path("scripts", scheme="venv", vars=locations))
    pip = [sys.executable, "-m", "pip", "--python", str(commands / "python")]
    install = [*pip, "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return commands


def run(command, folder):
    """What a command writes to stdout, run in a folder, without the settings of the checkout."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "SER_HOME"}
    }
    result = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_it_predicts_as_the_checkout_does(installed, tmp_path):
    arguments = ["predict", SAMPLE, "--format", "json"]
    by_command = run([installed / "ser", *arguments], tmp_path)
    by_module = run([installed / "python", "-m", "ser_core", *arguments], tmp_path)
    in_checkout = run([sys.executable, "-m", "ser_core", *arguments], ROOT)
    assert json.loads(by_command) == json.loads(by_module) == json.loads(in_checkout)


def test_it_brings_the_models_and_tables_as_they_are_listed(installed, tmp_path):
    states = run([installed / "ser", "models", "verify"], tmp_path).splitlines()
    lists = [(folder / "SHA256SUMS").read_text() for folder in (MODELS_DIR, DATA_DIR)]
    assert len(states) == sum(text.count("\n") for text in lists)
    assert [line for line in states if not line.endswith(": OK")] == []


def test_it_is_the_same_program_of_the_same_version(installed, tmp_path):
    code = "import ser_core; from ser_core.batch.program import program_digest; "
    code += "print(ser_core.__file__, program_digest(), sep='\\n')"
    file, digest = run([installed / "python", "-c", code], tmp_path).splitlines()
    assert Path(file).is_relative_to(installed.parent)
    assert digest == program_digest()
    assert run([installed / "ser", "--version"], tmp_path).split()[-1] == ser_core.__version__


def test_a_folder_can_be_named_that_holds_the_models_and_tables(installed, tmp_path):
    code = "from ser_core.storage import paths; print(paths.MODELS_DIR, paths.DATA_DIR)"
    command = [str(installed / "python"), "-c", code]
    environment = {**os.environ, "SER_HOME": str(tmp_path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(tmp_path / "models"), str(tmp_path / "data")]
