import dataclasses
import json

import pytest

from ser_core import cli
from ser_core.corpora import CORPORA, RECOGNISED
from tests.conftest import corpus_folder
from tests.support.synthesis import voice, wav

NAMES = ("1001_DFA_ANG_XX", "1001_DFA_HAP_XX")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A corpus of two clips, found by name below SER_CORPORA."""
    small = dataclasses.replace(
        CORPORA["crema-d"],
        n_utterances=2,
        known_faults={},
        seconds=(0.6, 0.6),
        clip_names=lambda _: frozenset(NAMES),
    )
    monkeypatch.setitem(CORPORA, "crema-d", small)
    monkeypatch.setenv("SER_CORPORA", str(tmp_path))
    (tmp_path / "crema-d").mkdir()
    for seed, name in enumerate(NAMES):
        (tmp_path / "crema-d" / f"{name}.wav").write_bytes(wav(voice(seconds=0.6, seed=seed)))
    return tmp_path / "crema-d"


def run(capsys, *arguments):
    code = cli.main(["corpora", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_list_has_the_facts_and_where_each_corpus_lies(copy, capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    for corpus in RECOGNISED.values():
        assert f"{corpus.name} ({corpus.title})" in out
        for fact in (
            corpus.speech,
            corpus.licence,
            corpus.source,
            f"{corpus.n_utterances:,}",
            ", ".join(corpus.emotions),
            *corpus.cautions,
        ):
            assert fact in out
    assert f"found     {copy}" in out
    assert out.count("not found; see: python -m ser_core corpora download") == len(RECOGNISED) - 1


def test_a_complete_copy_verifies_by_name_and_by_folder(copy, capsys):
    for named in ("crema-d", copy):
        code, out, err = run(capsys, "verify", named, "--jobs", 1)
        assert code == 0
        assert f"CREMA-D: 2 of 2 clips in {copy}" in out
        assert out.endswith("  OK: complete.\n")
        assert "2/2" in err  # progress


def test_a_missing_and_a_damaged_clip_make_the_exit_code_1(copy, capsys):
    (copy / f"{NAMES[0]}.wav").unlink()
    (copy / f"{NAMES[1]}.wav").write_bytes(b"not audio at all")
    code, out, _ = run(capsys, "verify", "crema-d")
    assert code == 1
    assert f"missing: {NAMES[0]}" in out
    assert (
        f"fault: NOT_AUDIO: This is no sound file, or it is damaged beyond reading. {NAMES[1]}"
        in out
    )
    assert "NOT OK" in out
    code, out, _ = run(capsys, "verify", copy, "--format", "json")
    (report,) = json.loads(out)
    assert (code, report["ok"], report["missing"], report["faults"][0]["kind"]) == (
        1,
        False,
        [NAMES[0]],
        "unreadable",
    )


def test_known_faults_are_listed_and_do_not_fail(copy, capsys, monkeypatch):
    faults = dict.fromkeys(NAMES, "the same audio")
    monkeypatch.setitem(
        CORPORA, "crema-d", dataclasses.replace(CORPORA["crema-d"], known_faults=faults)
    )
    assert "but not so here" in run(capsys, "verify", copy)[1]
    (copy / f"{NAMES[1]}.wav").write_bytes((copy / f"{NAMES[0]}.wav").read_bytes())
    code, out, _ = run(capsys, "verify", copy)
    assert code == 0
    assert (
        "known fault, left out: The same recording under different labels. " + ", ".join(NAMES)
        in out
    )
    assert "OK: complete but for its known faults." in out


def test_an_empty_folder_of_a_corpus_lacks_everything(copy, capsys):
    (copy.parent / "ravdess").mkdir()
    code, out, _ = run(capsys, "verify", "crema-d", "ravdess")
    assert code == 1
    assert "RAVDESS: 0 of 1,440 clips" in out
    assert "and 1,432 more" in out
    assert "OK: complete." in out  # the other one


@pytest.mark.parametrize("name", RECOGNISED)
def test_download_fetches_nothing_and_says_how(name, copy, capsys, monkeypatch):
    code, out, _ = run(capsys, "download", name)
    assert code == 0
    assert "Nothing was fetched" in out
    for fact in (
        RECOGNISED[name].source,
        RECOGNISED[name].licence,
        RECOGNISED[name].citation,
        *RECOGNISED[name].cautions,
        f"corpora verify {name}",
        str(copy.parent / name),
    ):
        assert fact in out
    assert ("a copy lies in" in out) == (name == "crema-d")
    monkeypatch.delenv("SER_CORPORA")
    assert "export SER_CORPORA=" in run(capsys, "download", name)[1]


@pytest.mark.parametrize(
    "arguments", [["download", "iemocap"], ["verify", "nowhere"], ["verify", "tests"]]
)
def test_what_is_no_corpus_is_bad_usage(arguments, capsys):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: ")


def test_a_further_corpus_is_verified_by_what_is_known_of_it(tmp_path, capsys):
    for name in ("03a01Fa", "03a01La", "08b01Wa"):
        (tmp_path / f"{name}.wav").write_bytes(
            wav(voice(seconds=0.6, seed=len(name) + ord(name[-2])))
        )
    code, out, _ = run(capsys, "verify", tmp_path)
    assert code == 1  # two of 454
    assert "EmoDB: 2 of 454 clips" in out
    assert (
        "1 clips are of boredom, none of the eight emotions; they are passed over. 03a01La.wav"
        in out
    )
    assert "fault" not in out


@pytest.mark.parametrize(
    "arguments", [[], ["verify"], ["download"], ["dance"], ["verify", "x", "--format", "xml"]]
)
def test_arguments_that_do_not_parse_exit_with_2(arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main(["corpora", *arguments])
    assert caught.value.code == 2


@pytest.mark.corpus
@pytest.mark.slow
def test_crema_d_verifies_with_its_known_faults(capsys):
    if corpus_folder("crema-d") is None:
        pytest.skip("SER_CORPORA holds no crema-d/")
    code, out, _ = run(capsys, "verify", "crema-d", "--jobs", 1, "--format", "json")
    (report,) = json.loads(out)
    assert code == 0
    assert [fault["known"] for fault in report["faults"]] == [True] * 4
    assert sum(len(fault["clips"]) for fault in report["faults"]) == 7
    assert report["known_not_found"] == []
