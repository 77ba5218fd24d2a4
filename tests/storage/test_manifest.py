"""Nothing that is read from models/ and data/ can be changed, added or taken away unnoticed."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ser_core import evaluation, models
from ser_core.cli import main
from ser_core.errors import SerError
from ser_core.storage import atomic_files, manifest, paths
from ser_core.storage.paths import MODELS_DIR
from tests.conftest import copy_tree
from tests.models.test_loading import Bomb


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A copy of the models that ship, which takes their place."""
    copy = tmp_path / "models"
    copy_tree(MODELS_DIR, copy)
    monkeypatch.setattr(paths, "MODELS_DIR", copy)
    monkeypatch.setitem(models.root_of.__globals__, "MODELS_DIR", copy)
    return copy


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A copy of some of data/, which takes its place."""
    copy = tmp_path / "data"
    for name in (
        "limits.csv",
        "ravdess/selections.csv",
        "ravdess/map.csv",
        "samples/steady-low-voice.flac",
    ):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paths.DATA_DIR / name, copy / name)
    monkeypatch.setattr(paths, "DATA_DIR", copy)
    manifest.seal(copy)
    return copy


def flip(path, place=0.5):
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)


def refused(code, name, work, *arguments):
    with pytest.raises(SerError) as caught:
        work(*arguments)
    assert caught.value.code == code
    assert name in str(caught.value)
    assert caught.value.hint.startswith(
        ("Restore the file", "Run: python -m ser_core models rebuild")
    )
    return caught.value


# ------------------------------------------------------------------------------------------ models

ASKED_BY = {
    "emotion-decision-tree/model.joblib": "decision-tree",
    "emotion-decision-tree/card.json": "decision-tree",
    "emotion-bagged-mlp/model.npz": "bagged-mlp",
    "emotion-bagged-mlp/enrolled.npz": "bagged-mlp",
    "emotion-network/model.onnx": "network",
    "emotion-combination/model.json": "combination",
    "emotion-bagged-mlp/enrolled.npz of a member": "combination",
}
"""A file of each kind, and the model that reads it."""


@pytest.mark.parametrize("place", [0.0, 0.5, 0.9999])
@pytest.mark.parametrize("name", ASKED_BY)
def test_one_bit_in_a_file_of_a_model_is_noticed_and_the_file_named(shipped, name, place):
    file = name.split()[0]
    assert models.load_named(ASKED_BY[name], "emotion", shipped)
    flip(shipped / file, place)
    error = refused("MODEL_TAMPERED", file, models.load_named, ASKED_BY[name], "emotion", shipped)
    assert "SHA-256" in str(error)


@pytest.mark.parametrize(
    "place", ["a digest", "the space between", "the name", "the end of the line"]
)
def test_one_bit_in_the_list_is_noticed(shipped, place):
    list_file = shipped / manifest.MANIFEST
    line = next(
        line
        for line in list_file.read_text().splitlines()
        if line.endswith("  emotion-svc/model.joblib")
    )
    content = bytearray(list_file.read_bytes())
    start = content.find(line.encode())
    at = (
        start
        + {
            "a digest": 9,
            "the space between": 65,
            "the name": 70,
            "the end of the line": len(line),
        }[place]
    )
    for bit in range(8):
        changed = bytearray(content)
        changed[at] ^= 1 << bit
        list_file.write_bytes(changed)
        with pytest.raises(SerError) as caught:
            models.load_named("svc", "emotion", shipped)
        assert caught.value.code in ("MODEL_TAMPERED", "MODEL_NOT_FOUND")


@pytest.mark.fault("a model and its card are swapped together", "refused; the file is named")
def test_a_model_that_was_swapped_whole_is_noticed(shipped):
    """Artefact and card of another model, which agree with each other."""
    for task in ("emotion", "gender"):
        shutil.rmtree(shipped / f"{task}-svc")
    other = models.find("mlp", "emotion")
    shutil.copytree(shipped / "emotion-mlp", shipped / "emotion-svc")
    card = dataclasses.replace(other, name="svc")
    (shipped / "emotion-svc" / "card.json").write_text(json.dumps(card.to_dict()))
    models.parse_card(
        (shipped / "emotion-svc" / "card.json").read_bytes(), "emotion-svc"
    )  # a good card
    refused("MODEL_TAMPERED", "emotion-svc/card.json", models.load_named, "svc", "emotion", shipped)


@pytest.mark.parametrize(
    "name",
    [
        "emotion-combination/card.json",
        "emotion-combination/model.json",
        "emotion-network/model.onnx",
    ],
)
def test_a_file_that_was_taken_away_is_missed(shipped, name):
    """Also a card, without which another model would be the default."""
    (shipped / name).unlink()
    refused("MODEL_NOT_FOUND", name, models.load_default, "emotion", shipped)


def test_a_model_that_was_put_there_is_not_used(shipped):
    shutil.copytree(shipped / "emotion-svc", shipped / "emotion-aaa")
    refused(
        "MODEL_TAMPERED", "emotion-aaa/card.json is not in models/SHA256SUMS", models.cards, shipped
    )


def test_without_the_list_nothing_is_used(shipped):
    (shipped / manifest.MANIFEST).unlink()
    refused(
        "MODEL_TAMPERED",
        "There is no list of digests models/SHA256SUMS",
        models.load_default,
        "emotion",
        shipped,
    )


@pytest.mark.fault(
    "a model is swapped for a pickle that runs a command", "refused; it does not run"
)
def test_a_pickle_in_a_models_place_does_not_run(shipped, tmp_path):
    import joblib

    proof = tmp_path / "it-ran"
    for name in ("model.joblib", "card.json"):
        target = shipped / "emotion-svc" / name
        before = target.read_bytes()
        joblib.dump(Bomb(proof), target)
        refused(
            "MODEL_TAMPERED", f"emotion-svc/{name}", models.load_named, "svc", "emotion", shipped
        )
        target.write_bytes(before)
    assert not proof.exists()
    joblib.load(_bomb(proof, tmp_path))  # the bomb is live
    assert proof.exists()


def _bomb(proof, folder):
    import joblib

    joblib.dump(Bomb(proof), folder / "bomb")
    return folder / "bomb"


def test_the_list_itself_can_be_fixed_from_outside(shipped, monkeypatch):
    right = manifest.list_digest(shipped)
    monkeypatch.setenv(manifest.PIN, f"{'0' * 64},{right}")
    assert models.load_default("emotion", shipped)
    shutil.copytree(shipped / "emotion-svc", shipped / "emotion-aaa")
    models.seal(shipped)  # as someone would who can write the list, too
    error = refused(
        "MODEL_TAMPERED",
        "models/SHA256SUMS is not one that SER_MANIFEST_SHA256 names",
        models.load_default,
        "emotion",
        shipped,
    )
    assert "SER_MANIFEST_SHA256" in error.hint
    for none in ("", " ", ","):  # from a command that failed, say: it names no list
        monkeypatch.setenv(manifest.PIN, none)
        with pytest.raises(SerError):
            models.cards(shipped)
    monkeypatch.delenv(manifest.PIN)
    assert models.cards(shipped)


# ----------------------------------------------------------------------------- models of one's own


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder with one small model, saved as `train` saves it, and a function that saves another."""
    from sklearn.dummy import DummyClassifier

    fitted = DummyClassifier(strategy="prior").fit(
        np.zeros((4, 128)), ["male", "male", "female", "male"]
    )
    card = dataclasses.replace(models.find("decision-tree", "gender"), name="own", parameters={})
    folder = tmp_path / "my-models"

    def save(name="own"):
        return models.save(fitted, dataclasses.replace(card, name=name), folder)

    save()
    return folder, save


def test_what_is_saved_is_listed_and_anyone_can_check_the_list(own):
    folder, save = own
    save("second")
    assert [line[66:] for line in (folder / manifest.MANIFEST).read_text().splitlines()] == [
        "gender-own/card.json",
        "gender-own/model.joblib",
        "gender-second/card.json",
        "gender-second/model.joblib",
    ]
    if shutil.which("sha256sum"):
        assert (
            subprocess.run(
                ["sha256sum", "--check", "--strict", "--quiet", manifest.MANIFEST],
                cwd=folder,
                check=False,
            ).returncode
            == 0
        )
        flip(folder / "gender-own" / "model.joblib")
        assert (
            subprocess.run(
                ["sha256sum", "--check", "--status", manifest.MANIFEST], cwd=folder, check=False
            ).returncode
            == 1
        )


@pytest.mark.parametrize("list_file", ["models", "data"])
def test_the_lists_that_ship_are_those_that_sha256sum_checks(list_file):
    root = MODELS_DIR.with_name(list_file)
    if shutil.which("sha256sum") is None:
        lines = (line.split("  ") for line in (root / manifest.MANIFEST).read_text().splitlines())
        assert all(
            hashlib.sha256((root / name).read_bytes()).hexdigest() == digest
            for digest, name in lines
        )
    else:
        assert (
            subprocess.run(
                ["sha256sum", "--check", "--strict", "--quiet", manifest.MANIFEST],
                cwd=root,
                check=False,
            ).returncode
            == 0
        )
    assert {finding.state for finding in manifest.check_folder(root)} == {manifest.OK}


def test_a_model_saved_before_there_were_lists_is_refused_with_what_to_do(own, capsys):
    folder, _ = own
    (folder / manifest.MANIFEST).unlink()
    error = refused(
        "MODEL_TAMPERED",
        "gender-own/card.json was not used",
        models.load_named,
        "own",
        "gender",
        folder,
    )
    assert f"python -m ser_core models seal {folder}" in error.hint
    assert main(["models", "seal", str(folder)]) == 0
    digest = manifest.list_digest(folder)
    assert f"2 files, SHA-256 {digest}" in capsys.readouterr().out
    assert models.load_named("own", "gender", folder)


@pytest.mark.parametrize("done", ["nothing", "the artefact", "the artefact and the card"])
@pytest.mark.parametrize("again", [False, True], ids=["new", "anew"])
def test_a_model_that_was_written_by_half_is_not_used(own, monkeypatch, done, again):
    """Whether it is new or takes the place of another; the next run writes it whole."""
    folder, save = own
    name = "own" if again else "next"
    monkeypatch.setattr("platform.python_version", lambda: "3.99")  # another card than before
    left = {"nothing": 0, "the artefact": 1, "the artefact and the card": 2}[done]
    replace = atomic_files.replace

    def broken_off(path, content):
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        replace(path, content + b" " if again and path.name == "model.joblib" else content)

    with monkeypatch.context() as patched:
        patched.setattr(atomic_files, "replace", broken_off)
        with pytest.raises(KeyboardInterrupt):
            save(name)
    if done == "nothing":
        assert [card.name for card in models.cards(folder)] == ["own"]
    elif again or done == "the artefact and the card":
        assert refused(
            "MODEL_TAMPERED", f"gender-{name}/", models.load_named, name, "gender", folder
        )
    else:
        assert [card.name for card in models.cards(folder)] == [
            "own"
        ]  # without a card it is no model yet
    save(name)
    assert models.load_named(name, "gender", folder).card.python == "3.99"


def test_a_model_that_was_cut_short_is_refused_and_the_file_named(own):
    folder, _ = own
    artefact = folder / "gender-own" / "model.joblib"
    artefact.write_bytes(artefact.read_bytes()[:40])
    refused("MODEL_TAMPERED", "gender-own/model.joblib", models.load_named, "own", "gender", folder)


def test_another_version_of_scikit_learn_is_no_tampering(own, monkeypatch, capsys):
    folder, _ = own
    monkeypatch.setattr("ser_core.models.verification.metadata.version", lambda _: "99.0")
    with pytest.raises(SerError, match=r"saved with scikit-learn [\d.]+, here is 99.0") as caught:
        models.load_named("own", "gender", folder)
    assert caught.value.code == "MODEL_VERSION"
    assert main(["models", "verify", "--models", str(folder)]) == 1
    assert "my-models/gender-own: other version (" in capsys.readouterr().out
    flip(
        folder / "gender-own" / "model.joblib"
    )  # both: what was changed is said, and nothing else is looked at
    refused("MODEL_TAMPERED", "gender-own/model.joblib", models.load_named, "own", "gender", folder)


def test_nothing_outside_the_folder_is_read_even_if_a_card_names_it(own, tmp_path):
    folder, _ = own
    (tmp_path / "elsewhere.joblib").write_bytes(
        (folder / "gender-own" / "model.joblib").read_bytes()
    )
    path = folder / "gender-own" / "card.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"artefact": "../../elsewhere.joblib"})
    )
    manifest.seal(folder)
    refused(
        "MODEL_TAMPERED",
        "elsewhere.joblib is not in my-models/SHA256SUMS",
        models.load_named,
        "own",
        "gender",
        folder,
    )


def test_a_new_card_says_what_made_the_model(own):
    import platform

    from ser_core.batch.program import program_digest

    folder, _ = own
    card = models.find("own", "gender", folder)
    assert (card.python, card.program) == (platform.python_version(), program_digest())
    assert f"Python {card.python}." in models.to_markdown(card)
    assert card.program in models.to_markdown(card)
    old = models.find("svc", "emotion")  # made before that was noted: nothing is made up
    assert (old.python, old.program) == ("", "")


# -------------------------------------------------------------------------------------------- data


@pytest.mark.fault("a bit of a table or sample is turned", "refused; the file is named")
@pytest.mark.parametrize("name", ["limits.csv", "ravdess/map.csv", "samples/steady-low-voice.flac"])
def test_one_bit_in_a_table_or_sample_is_noticed(data, name):
    flip(data / name)
    refused("DATA_TAMPERED", f"data/{name}", manifest.verify, data / name)


def test_a_changed_table_shows_no_figures(data):
    assert len(evaluation.read_selections(data / "ravdess" / "selections.csv"))
    flip(data / "ravdess" / "selections.csv")
    refused(
        "DATA_TAMPERED",
        "data/ravdess/selections.csv",
        evaluation.read_selections,
        data / "ravdess" / "selections.csv",
    )


def test_a_table_that_was_taken_away_or_put_there_is_noticed(data):
    from ser_core.exploration import clip_map

    (data / "ravdess" / "map.csv").rename(data / "nemo.csv")
    assert manifest.is_expected(data / "ravdess" / "map.csv")
    refused("NOT_FOUND", "data/ravdess/map.csv", manifest.verify, data / "ravdess" / "map.csv")
    refused("DATA_TAMPERED", "data/nemo.csv is not in", manifest.verify, data / "nemo.csv")
    assert manifest.find_listed("ravdess/map.csv") == [data / "ravdess" / "map.csv"]
    assert not manifest.is_expected(data / "elsewhere" / "map.csv")
    assert clip_map.read_stored_places(["a corpus of one's own"]).empty


def test_a_table_is_read_once_for_its_digest_as_long_as_it_is_the_same(data, monkeypatch):
    opened = []
    digest = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda file, kind: opened.append(file.name) or digest(file, kind)
    )
    for _ in range(3):
        manifest.verify(data / "limits.csv")
    assert len(opened) == 1
    status = (data / "limits.csv").stat()
    flip(data / "limits.csv")
    os.utime(data / "limits.csv", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(SerError):
        manifest.verify(data / "limits.csv")


def test_what_the_program_stores_is_listed_and_nothing_else_is(data):
    flip(data / "limits.csv")
    with manifest.storing(data / "ravdess" / "selections.csv") as part:
        part.write_text("new\n")
    assert manifest.verify(data / "ravdess" / "selections.csv").read_text() == "new\n"
    refused(
        "DATA_TAMPERED", "data/limits.csv", manifest.verify, data / "limits.csv"
    )  # not made good in passing
    before = (data / "limits.csv").read_bytes()
    with contextlib.suppress(ZeroDivisionError), manifest.storing(data / "limits.csv") as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert (data / "limits.csv").read_bytes() == before
    assert not list(data.rglob("*.part"))
    with manifest.storing(data / "nemo.csv") as part:
        part.write_text("also new\n")
    assert manifest.verify(data / "nemo.csv")


def test_extracting_into_data_keeps_the_list(data):
    target = data / "ravdess" / "acoustic128_v1.csv"
    assert main(["extract", str(data / "samples"), "--output", str(target)]) == 0
    assert manifest.verify(target)
    large = data / "ravdess" / "functionals_v1.parquet"
    large.write_bytes(b"too large to be kept")
    assert manifest.verify(large) == large
    assert "ravdess/functionals_v1.parquet" not in {
        finding.name for finding in manifest.check_folder(data)
    }


def test_files_of_ones_own_are_not_asked_for_a_list(tmp_path):
    assert manifest.verify(tmp_path / "mine.csv") == tmp_path / "mine.csv"


# ----------------------------------------------------------------------------------- models verify


def test_verify_says_of_each_file_what_became_of_it(own, capsys):
    folder, save = own
    save("changed"), save("lost")
    flip(folder / "gender-changed" / "model.joblib")
    (folder / "gender-lost" / "model.joblib").unlink()
    (folder / "gender-own" / "extra.npz").write_bytes(b"")
    assert main(["models", "verify", "--models", str(folder)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "my-models/gender-changed/card.json: OK",
        "my-models/gender-changed/model.joblib: changed",
        "my-models/gender-lost/card.json: OK",
        "my-models/gender-lost/model.joblib: missing",
        "my-models/gender-own/card.json: OK",
        "my-models/gender-own/extra.npz: unlisted",
        "my-models/gender-own/model.joblib: OK",
    ]
    assert main(["models", "verify", "gender-lost", "--models", str(folder)]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
    for name in (
        "gender-own/extra.npz",
        "gender-changed/model.joblib",
        "gender-changed/card.json",
        "gender-lost/card.json",
    ):
        (folder / name).unlink()
    assert main(["models", "seal", str(folder)]) == 0
    assert main(["models", "verify", "--models", str(folder)]) == 0


def test_verify_ends_with_the_digest_to_pin(own, capsys, monkeypatch):
    folder, _ = own
    assert main(["models", "verify", "--models", str(folder)]) == 0
    digest = manifest.list_digest(folder)
    assert capsys.readouterr().err.endswith(f"my-models/SHA256SUMS has the SHA-256 {digest}\n")
    monkeypatch.setenv(manifest.PIN, "0" * 64)
    assert main(["models", "verify", "--models", str(folder)]) == 1
    assert "SER_MANIFEST_SHA256" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["seal", "a", "b"],
        ["seal"],
        ["seal", "nowhere"],
        ["verify", "--models", "tests"],
        ["verify", "emotion-oracle"],
    ],
)
def test_what_cannot_be_sealed_or_verified_is_bad_usage(arguments, capsys):
    assert main(["models", *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_several_processes_save_into_one_folder(own):
    from joblib import Parallel, delayed

    folder, _ = own
    card, artefact = (
        models.find("own", "gender", folder),
        (folder / "gender-own" / "model.joblib").read_bytes(),
    )
    work = (
        delayed(models.save_artefact)(
            artefact, dataclasses.replace(card, name=f"m{number}"), folder
        )
        for number in range(12)
    )
    Parallel(n_jobs=2)(work)
    assert {finding.state for finding in manifest.check_folder(folder)} == {manifest.OK}
    assert len(models.cards(folder)) == 13


def test_a_folder_is_the_same_by_whatever_way_it_is_reached(own, tmp_path, monkeypatch):
    folder, _ = own
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    for way in (Path("my-models"), Path("link"), folder / ".." / "my-models"):
        assert models.load_default("gender", way).card.name == "own"
    monkeypatch.chdir(MODELS_DIR.parent)
    assert models.load_default("gender", Path("models")).card.name == "combination"
    (folder / "gender-own" / "card.json").unlink()
    for way in (folder, tmp_path / "link"):
        refused("MODEL_NOT_FOUND", "gender-own/card.json", models.cards, way)
