"""Faults around the program: no home, no room on the disk, models that are missing or incomplete.

Each ends in one sentence, and nothing is lost. Each command runs in a process of its own, as a user would
run it.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ser_core import models
from ser_core.storage import cache_folder, manifest
from tests.conftest import ROOT, copy_tree
from tests.support.synthesis import FORMATS, voice

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs /dev/full and /proc, as on Linux"
)

NOWHERE = "/proc/nowhere"  # a folder that nobody can make, not even root
SAMPLE = "data/samples/steady-low-voice.flac"


def ser(*arguments, home=NOWHERE, limit=None, cwd=ROOT, stdout=subprocess.PIPE, **environment):
    """Run a command of the package.

    `limit` is the most bytes that a file may have, as if the disk were full then.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOME", "SER_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")
    }
    if home is not None:
        inherited["HOME"] = home

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "ser_core", *map(str, arguments)],
        cwd=cwd,
        env=inherited | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limited if limit else None,
        check=False,
    )


def sentence_of(result, code):
    """The one sentence of a command that failed as it should."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr
    sentences = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(sentences) == 1, result.stderr
    return sentences[0]


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.wav").write_bytes(
            FORMATS["wav"](voice(110.0 + 20 * number, seconds=1.0))
        )
    return folder


# ---- home and cache


@pytest.mark.fault(
    "the home cannot be written to, or there is none",
    "clips are answered; what is kept between runs goes into the temporary folder",
)
def test_without_a_home_that_can_be_written_to_clips_are_answered(tmp_path):
    result = ser("predict", SAMPLE, "--explain", "--format", "json", TMPDIR=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["decision"]
    assert [path.name for path in tmp_path.iterdir()] in ([], [f"ser_core-{os.getuid()}"])


@pytest.mark.fault("no folder for the cache can be written to", "clips are answered all the same")
def test_where_no_cache_can_be_written_clips_are_answered_all_the_same():
    result = ser("predict", SAMPLE, SER_CACHE=NOWHERE)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("file")


@pytest.mark.fault("training finds no folder for its cache", "one sentence: set SER_CACHE")
def test_training_without_a_cache_says_which_setting_helps(tmp_path):
    result = ser(
        "train",
        "--features",
        "data/ravdess/acoustic128_v1.csv",
        "--classifier",
        "knn",
        "--output",
        tmp_path,
        SER_CACHE=NOWHERE,
    )
    assert sentence_of(result, 1) == (
        f"error: No cache can be written to any of: {NOWHERE}. "
        "Set SER_CACHE to a folder that can be written to."
    )


def test_a_user_whom_the_system_does_not_know_has_a_cache_in_the_temporary_folder(
    tmp_path, monkeypatch
):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SER_CACHE", raising=False)
    monkeypatch.setattr(cache_folder.Path, "home", unknown)
    monkeypatch.setattr(cache_folder.tempfile, "gettempdir", lambda: str(tmp_path))
    cache_folder.cache_folder.cache_clear()
    try:
        assert cache_folder.cache_folder() == tmp_path / f"ser_core-{os.getuid()}"
    finally:
        cache_folder.cache_folder.cache_clear()


# ---- models


@pytest.fixture
def checkout(tmp_path):
    """A copy of the program with its models and samples."""
    copy = tmp_path / "checkout"
    for name in ("ser_core", "ui", "pages", "models", "data/samples", ".streamlit"):
        copy_tree(ROOT / name, copy / name)
    for name in ("Home.py", "data/SHA256SUMS"):
        shutil.copyfile(ROOT / name, copy / name)
    return copy


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


FAULTS = {
    "cut short": (cut, "emotion-network/model.onnx", "MODEL_TAMPERED", 1),
    "a card cut short": (cut, "gender-combination/card.json", "MODEL_TAMPERED", 1),
    "gone": (Path.unlink, "emotion-bagged-mlp/model.npz", "MODEL_NOT_FOUND", 2),
    "the whole model gone": (
        lambda path: shutil.rmtree(path.parent),
        "emotion-combination/card.json",
        "MODEL_NOT_FOUND",
        2,
    ),
    "the list gone": (Path.unlink, "SHA256SUMS", "MODEL_TAMPERED", 1),
}


@pytest.mark.fault(
    "a model is missing, half-written, or its list of digests is (command line)",
    "refused; the file is named, with what to do",
)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_command_line_names_the_file_of_a_model_that_is_not_whole(checkout, fault):
    harm, name, _, code = FAULTS[fault]
    harm(checkout / "models" / name)
    result = ser("predict", SAMPLE, cwd=checkout)
    sentence = sentence_of(result, code)
    assert sentence.startswith("error: ")
    assert name in sentence
    assert "Restore the file" in sentence
    assert result.stdout == ""


PAGES = """
from streamlit.testing.v1 import AppTest
from ui import session

home = AppTest.from_file("Home.py", default_timeout=120).run()
assert not home.exception, home.exception
page = AppTest.from_file("pages/record_and_predict.py", default_timeout=120)
page.session_state[session.KEY] = session.SessionState(routed=True)
page.session_state["source"] = "Sample"
page.run()
if not page.error:
    page.button_group[-1].select("Steady low").run()
assert not page.exception, page.exception
print([error.value for error in page.error])
"""


@pytest.mark.fault(
    "a model is missing, half-written, or its list of digests is (app)",
    "the page names the file; the server goes on",
)
@pytest.mark.parametrize("fault", ["cut short", "the whole model gone", "the list gone"])
def test_the_page_names_the_file_of_a_model_that_is_not_whole(checkout, fault):
    harm, name, code, _ = FAULTS[fault]
    harm(checkout / "models" / name)
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    result = subprocess.run(
        [sys.executable, "-c", PAGES],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    shown = result.stdout.splitlines()[-1]
    assert name in shown
    assert f"Code: {code}" in shown
    assert "Restore the file" in shown


def test_a_sample_that_was_changed_is_not_played(checkout):
    path = checkout / SAMPLE
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    code = "from ui.record import capture; capture.take_sample('Steady low')"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert (
        "The file data/samples/steady-low-voice.flac is not the one in data/SHA256SUMS"
        in result.stderr
    )


# ---- a full disk


@pytest.fixture
def table(tmp_path, clips):
    """A feature table of one's own, made by the command."""
    import pandas as pd

    result = ser("extract", clips, "--output", tmp_path / "own.csv")
    assert result.returncode == 0, result.stderr
    rows = pd.read_csv(tmp_path / "own.csv").copy()
    both = pd.concat(
        [
            rows.assign(emotion=emotion, speaker=speaker)
            for emotion in ("happy", "sad")
            for speaker in ("a", "b", "c")
        ]
    )
    both.to_csv(tmp_path / "own.csv", index=False)
    return tmp_path / "own.csv"


@pytest.mark.fault(
    "the disk is full while a model is saved",
    "one sentence; the earlier model stays, no half of one",
)
@pytest.mark.slow
def test_a_disk_that_is_full_when_a_model_is_saved_leaves_no_half_of_it(tmp_path, table):
    folder = tmp_path / "my-models"
    arguments = (
        "train",
        "--features",
        table,
        "--task",
        "emotion",
        "--classifier",
        "decision_tree",
        "--output",
        folder,
    )
    result = ser(*arguments, SER_CACHE=str(tmp_path / "cache"))
    assert result.returncode == 0, result.stderr
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    limit = (folder / "emotion-decision-tree" / "card.json").stat().st_size // 2
    result = ser(*arguments, limit=limit, SER_CACHE=str(tmp_path / "cache"))
    sentence = sentence_of(result, 1)
    assert "File too large" in sentence
    assert "my-models/emotion-decision-tree/" in sentence
    assert "Make room" in sentence
    after = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert set(after) == set(before)  # no half of a file
    assert after["card.json"] == before["card.json"]
    assert ser(*arguments, SER_CACHE=str(tmp_path / "cache")).returncode == 0  # with room again
    assert ser("models", "verify", "--models", folder).returncode == 0


@pytest.mark.fault(
    "the disk is full while predictions are written",
    "one sentence, exit code 1; the same command goes on",
)
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_disk_that_is_full_when_predictions_are_written_loses_none(tmp_path, clips, form):
    output = tmp_path / f"out.{form}"
    output.write_text("of an earlier run")
    (tmp_path / f".{output.name}.part").symlink_to("/dev/full")
    sentence = sentence_of(ser("predict", clips, "--format", form, "--output", output), 1)
    assert sentence.startswith(f"error: '{output}' cannot be written: No space left on device.")
    assert output.read_text() == "of an earlier run"
    result = ser("predict", clips, "--format", form, "--output", output)
    assert result.returncode == 0, result.stderr
    assert "goes on: 6 files are done" in result.stderr
    assert output.read_text().count(".wav") >= 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", output.name]


@pytest.mark.fault(
    "the disk is full while features are written",
    "one sentence, exit code 1; the same command goes on",
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_disk_that_is_full_when_features_are_written_loses_none(tmp_path, clips, suffix):
    output = tmp_path / f"features.{suffix}"
    (tmp_path / f".{output.name}.part").symlink_to("/dev/full")
    sentence = sentence_of(ser("extract", clips, "--output", output), 1)
    assert sentence.startswith(f"error: '{output}' cannot be written: ")
    assert not output.exists()
    result = ser("extract", clips, "--output", output)
    assert result.returncode == 0, result.stderr
    assert "goes on: 6 files are done" in result.stderr
    assert output.stat().st_size > 1000


@pytest.mark.fault("the disk is full where a run keeps what is done", "one sentence, exit code 1")
def test_a_run_whose_checkpoint_cannot_be_stored_ends_with_a_sentence(tmp_path, clips):
    sentence = sentence_of(
        ser("extract", clips, "--output", tmp_path / "features.csv", limit=20_000), 1
    )
    assert sentence.startswith(
        f"error: What is done cannot be kept in '{tmp_path}/.features.csv.partial'"
    )
    assert not (tmp_path / "features.csv").exists()
    assert ser("extract", clips, "--output", tmp_path / "features.csv").returncode == 0


@pytest.mark.fault("what stdout goes to is full", "said once, exit code 1")
@pytest.mark.parametrize(
    "arguments", [("predict", SAMPLE), ("predict", SAMPLE, "--format", "json"), ("models", "list")]
)
def test_a_full_standard_output_is_reported_once(arguments):
    with Path("/dev/full").open("w") as full:
        result = ser(*arguments, stdout=full)
    assert sentence_of(result, 1) == "error: [Errno 28] No space left on device"


def test_the_list_of_digests_survives_a_full_disk(tmp_path):
    """It is written last: a model that is not in it is not used, those that were are."""
    code = f"""
import dataclasses, sys
from pathlib import Path
from ser_core import models
from ser_core.storage import paths
card = dataclasses.replace(models.find("decision-tree", "emotion"), name=sys.argv[1])
artefact = (paths.MODELS_DIR / "emotion-decision-tree" / "model.joblib").read_bytes()
models.save_artefact(artefact, card, Path({str(tmp_path)!r}))
"""

    def save(name, limit=None):
        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = [sys.executable, "-c", code, name]
        return subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            preexec_fn=limited if limit else None,
            check=False,
        )

    for number in range(150):  # a list that is longer than any other file here
        (tmp_path / "some").mkdir(exist_ok=True)
        (tmp_path / "some" / f"{number:03d}.npz").write_bytes(b"")
    manifest.seal(tmp_path)
    assert save("first").returncode == 0
    before = (tmp_path / manifest.MANIFEST).read_bytes()
    result = save("second", limit=len(before))
    assert "SHA256SUMS' cannot be written: File too large" in result.stderr
    assert (tmp_path / manifest.MANIFEST).read_bytes() == before
    (tmp_path / "emotion-second" / "card.json").rename(tmp_path / "card.json")
    assert models.load_named("first", "emotion", tmp_path)
