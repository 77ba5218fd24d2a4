import csv
import io
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from ser_core import cli
from ser_core.emotions import EMOTIONS, GENDERS
from tests.conftest import ROOT
from tests.support.synthesis import FORMATS, bad_inputs, odd_inputs, voice, wav


@pytest.fixture
def folder(tmp_path):
    """Three formats, one of them in a folder below; one bad file; one file that is no audio by its name."""
    (tmp_path / "in" / "below").mkdir(parents=True)
    for name, data in {
        "a.wav": FORMATS["wav"](voice(seconds=1.0)),
        "b.webm": FORMATS["webm"](voice(200.0, seconds=1.0)),
        "below/c.mp3": FORMATS["mp3"](voice(150.0, seconds=1.0)),
        "d.wav": b"not audio at all",
        "notes.txt": b"passed over",
    }.items():
        (tmp_path / "in" / name).write_bytes(data)
    return tmp_path / "in"


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_folder_is_walked_in_order_and_one_bad_file_loses_no_other(folder, capsys):
    code, out, err = run(capsys, "predict", folder, "--format", "jsonl")
    entries = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [entry["file"] for entry in entries] == ["a.wav", "b.webm", "below/c.mp3", "d.wav"]
    assert entries[3]["error"]["code"] == "NOT_AUDIO"
    assert entries[3]["error"]["hint"]
    for entry in entries[:3]:
        assert list(entry["emotion_probabilities"]) == list(EMOTIONS)
        assert sum(entry["emotion_probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert "1 of 4 files" in err
    assert "predict" in err  # progress


def test_all_good_files_exit_with_0_and_processes_do_not_change_the_result(folder, capsys):
    (folder / "d.wav").unlink()
    code, one, _ = run(capsys, "predict", folder, "--format", "json", "--jobs", 1)
    assert code == 0
    code, two, _ = run(capsys, "predict", folder, "--format", "json", "--jobs", 2)
    assert code == 0
    assert [entry["file"] for entry in json.loads(two)] == ["a.wav", "b.webm", "below/c.mp3"]
    for first, second in zip(json.loads(one), json.loads(two), strict=True):
        assert second["emotion_probabilities"] == pytest.approx(
            first["emotion_probabilities"], abs=1e-9
        )
        assert (second["sha256"], second["emotion"], second["gender"]) == (
            first["sha256"],
            first["emotion"],
            first["gender"],
        )


def test_names_that_no_table_or_terminal_could_take_harm_nothing(tmp_path, capsys):
    """Names may hold bytes that are no UTF-8, and control characters that could clear a terminal."""
    clip = FORMATS["wav"](voice(seconds=1.0))
    for name in (b"na\xffme.wav", b"\x1b[2Jclear.wav", b"line\nbreak.wav"):
        (tmp_path / os.fsdecode(name)).write_bytes(clip)
        (tmp_path / os.fsdecode(b"bad " + name)).write_bytes(b"no audio")
    code, out, err = run(capsys, "extract", tmp_path)
    assert (code, len(list(csv.reader(io.StringIO(out))))) == (1, 4)
    assert "bad \\x1b[2Jclear.wav: NOT_AUDIO" in err
    code, out, _ = run(capsys, "predict", tmp_path)
    assert code == 1
    assert len(out.splitlines()) == 7
    assert all(line.isprintable() for line in out.splitlines())
    code, out, _ = run(capsys, "predict", tmp_path, "--format", "jsonl")
    assert [json.loads(line)["file"] for line in out.splitlines()][-1] == "na\\udcffme.wav"


def test_an_own_corpus_leaves_out_what_cannot_be_named(tmp_path, capsys):
    for name in (b"happy/na\xffme.wav", b"happy/a.wav", b"sad/b.wav"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(FORMATS["wav"](voice(100.0 + len(name), seconds=1.0)))
    code, out, err = run(capsys, "extract", tmp_path)
    assert (code, len(out.splitlines())) == (0, 3)
    assert "1 file left out (their names are no valid text; rename them)" in err


def test_csv_and_table_agree_with_json(folder, capsys, tmp_path):
    output = tmp_path / "out.csv"
    assert run(capsys, "predict", folder, "--format", "csv", "--output", output)[:2] == (1, "")
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert [row["file"] for row in rows] == ["a.wav", "b.webm", "below/c.mp3", "d.wav"]
    assert rows[3]["error"].startswith("NOT_AUDIO")
    entries = [
        json.loads(line)
        for line in run(capsys, "predict", folder, "--format", "jsonl")[1].splitlines()
    ]
    for row, entry in zip(rows[:3], entries[:3], strict=True):
        assert (row["emotion"], row["gender"]) == (entry["emotion"] or "", entry["gender"] or "")
        assert (row["decision"], row["reasons"].split()) == (entry["decision"], entry["reasons"])
        assert float(row["female"]) == pytest.approx(
            entry["gender_probabilities"]["female"], abs=1e-6
        )
    table = run(capsys, "predict", folder)[1].splitlines()
    assert len(table) == 5
    assert (entries[0]["emotion"] or "cannot tell (not speech)") in table[1]


def test_a_single_file_keeps_the_name_it_was_given(folder, capsys):
    code, out, _ = run(capsys, "predict", folder / "a.wav", "--format", "json")
    assert code == 0
    assert json.loads(out)[0]["file"] == (folder / "a.wav").as_posix()


def test_a_chosen_model_is_named_in_the_result(folder, capsys):
    _, out, _ = run(
        capsys,
        "predict",
        folder / "a.wav",
        "--format",
        "json",
        "--emotion-model",
        "knn",
        "--gender-model",
        "gender-decision-tree",
    )
    assert json.loads(out)[0]["model"] == {"emotion": "knn", "gender": "decision-tree"}


@pytest.mark.parametrize("name", bad_inputs())
def test_a_bad_input_ends_in_its_own_code(name, tmp_path, capsys):
    data, expected = bad_inputs()[name]
    path = tmp_path / "clip.wav"
    path.write_bytes(data)
    code, out, _ = run(capsys, "predict", path, "--format", "jsonl")
    assert (code, json.loads(out)["error"]["code"]) == (1, expected)


@pytest.mark.parametrize("name", odd_inputs())
def test_an_odd_input_is_analysed_with_a_note(name, tmp_path, capsys):
    path = tmp_path / "clip.wav"
    path.write_bytes(odd_inputs()[name])
    code, out, _ = run(capsys, "predict", path, "--format", "jsonl")
    assert code == 0
    assert [note["code"] for note in json.loads(out)["quality"]["notes"]] == ["TRUNCATED"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "nowhere.wav"],
        ["predict", "tests/support", "--emotion-model", "oracle"],
        ["predict", "data/samples", "--emotion-model", "oracle"],
        ["predict", "data/samples", "--output", "no/such/folder/x.csv"],
        ["predict", "data/samples", "--output", "data"],
        ["extract", "data/samples", "--output", "no/such/folder/x.parquet"],
        ["models", "verify", "--models", "tests"],
        ["extract", "nowhere"],
        ["extract", "data/samples", "--output", "features.xls"],
        ["train", "--features", "nowhere.csv", "--output", "x"],
        ["train", "--features", "data/ravdess/acoustic128_v1.csv"],
        ["train", "--classifier", "oracle"],
        ["models", "rebuild", "emotion-oracle"],
    ],
)
def test_bad_usage_exits_with_2_and_one_line(arguments, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["predict"],
        ["predict", "x", "--format", "xml"],
        ["predict", "x", "--jobs", "0"],
        ["dance"],
    ],
)
def test_arguments_that_do_not_parse_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2


def test_extract_writes_csv_and_parquet_with_the_same_features(folder, capsys, tmp_path):
    code, out, err = run(capsys, "extract", folder)
    assert code == 1  # the bad file
    assert "d.wav: NOT_AUDIO" in err
    table = pd.read_csv(io.StringIO(out))
    assert table["path"].tolist() == ["a.wav", "b.webm", "below/c.mp3"]
    assert table.shape == (3, 129)
    run(capsys, "extract", folder, "--output", tmp_path / "f.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "f.parquet"), table, check_dtype=False, rtol=1e-6
    )


def test_a_persons_own_features_become_a_model_that_predicts(tmp_path, capsys):
    clips = tmp_path / "clips"
    clips.mkdir()
    for speaker in range(3):
        for number in range(4):
            samples = voice(
                120.0 + 10 * speaker if number % 2 else 300.0,
                seconds=0.8,
                seed=speaker * 4 + number,
            )
            (clips / f"s{speaker}-{number}.wav").write_bytes(wav(samples))
    features = tmp_path / "features.csv"
    assert run(capsys, "extract", clips, "--output", features)[0] == 0
    table = pd.read_csv(features).copy()
    table["speaker"] = table["path"].str[:2]
    table["emotion"] = ["happy" if int(path[3]) % 2 == 0 else "sad" for path in table["path"]]
    table["gender"] = ["female" if int(path[3]) % 2 == 0 else "male" for path in table["path"]]
    table.to_csv(features, index=False)
    code, out, _ = run(
        capsys,
        "train",
        "--features",
        features,
        "--classifier",
        "logistic_regression",
        "--output",
        tmp_path / "models",
    )
    assert code == 0
    assert "logistic_regression" in out
    code, out, _ = run(
        capsys, "predict", clips, "--models", tmp_path / "models", "--format", "jsonl"
    )
    assert code == 0
    predicted = [json.loads(line)["emotion_probabilities"] for line in out.splitlines()]
    top = [max(probabilities, key=probabilities.__getitem__) for probabilities in predicted]
    assert top == ["happy", "sad"] * 6


@pytest.fixture
def sorted_clips(tmp_path):
    """A folder per emotion, with one broken clip, and nobody knows who speaks."""
    for emotion, f0 in (("happy", 300.0), ("Sadness", 120.0)):
        (tmp_path / "mine" / emotion).mkdir(parents=True)
        for number in range(6):
            (tmp_path / "mine" / emotion / f"{number}.wav").write_bytes(
                wav(voice(f0 + number, seconds=0.8, seed=number))
            )
    (tmp_path / "mine" / "happy" / "broken.wav").write_bytes(b"RIFF")
    return tmp_path / "mine"


def test_training_on_a_folder_per_emotion_warns_that_scores_are_optimistic(
    sorted_clips, tmp_path, capsys
):
    code, out, err = run(
        capsys,
        "train",
        sorted_clips,
        "--classifier",
        "logistic_regression",
        "--output",
        tmp_path / "models",
        "--jobs",
        1,
    )
    assert code == 0
    assert "warning, emotion: These scores are optimistic" in err
    assert "1 file left out (cannot be used): happy/broken.wav (NOT_AUDIO)" in err
    assert "Emotion, mine (chance: 50.0)" in out
    assert "nan" not in out
    _, out, _ = run(capsys, "models", "list", "--models", tmp_path / "models")
    assert "unknown" in out
    # There is no gender model of one's own: the one that ships says it.
    code, out, err = run(
        capsys,
        "predict",
        sorted_clips / "happy" / "0.wav",
        "--models",
        tmp_path / "models",
        "--format",
        "jsonl",
    )
    assert code == 0
    assert json.loads(out)["model"] == {"emotion": "logistic-regression", "gender": "combination"}
    assert "no gender model" in err
    # The table that was stored with the models trains the same model.
    again = (
        "train",
        "--features",
        tmp_path / "models" / "mine.csv",
        "--classifier",
        "logistic_regression",
        "--output",
        tmp_path / "again",
    )
    assert run(capsys, *again)[0] == 0
    cards = [
        json.loads((tmp_path / name / "emotion-logistic-regression" / "card.json").read_text())
        for name in ("models", "again")
    ]
    assert cards[0] == cards[1]


def test_a_labelled_folder_is_extracted_with_its_labels(sorted_clips, capsys):
    code, out, err = run(capsys, "extract", sorted_clips, "--jobs", 1)
    table = pd.read_csv(io.StringIO(out))
    assert code == 1  # one could not be used
    assert table["emotion"].value_counts().to_dict() == {"happy": 6, "sad": 6}
    assert table["speaker"].isna().all()
    assert "happy/broken.wav" in err


def test_a_table_of_labels_with_speakers_tests_unseen_voices(sorted_clips, tmp_path, capsys):
    rows = [
        f"{emotion}/{number}.wav;{emotion};s{number % 3}"
        for emotion in ("happy", "Sadness")
        for number in range(6)
    ]
    (sorted_clips / "labels.csv").write_text("\n".join(["Path;Emotion;Speaker", *rows]))
    code, out, err = run(
        capsys,
        "train",
        sorted_clips,
        "--classifier",
        "knn",
        "--output",
        tmp_path / "models",
        "--jobs",
        1,
    )
    assert code == 0
    assert "optimistic" not in err
    assert out.splitlines()[3].split()[:3] == ["knn", "acoustic128_v1", "100.0"]


def test_evaluate_tests_the_models_that_ship_on_a_labelled_folder(sorted_clips, tmp_path, capsys):
    code, out, _ = run(
        capsys,
        "evaluate",
        "--corpus",
        sorted_clips,
        "--model",
        "svc",
        "--format",
        "json",
        "--jobs",
        1,
    )
    scores = json.loads(out)["Support vector machine (RBF)"]
    assert code == 1  # the broken clip
    assert (scores["n_utterances"], scores["n_speakers"], scores["uar"]["low"]) == (12, None, None)
    assert set(scores["recall"]) == {"happy", "sad"}
    code, out, _ = run(capsys, "evaluate", "--corpus", sorted_clips, "--model", "svc", "--jobs", 1)
    assert "trained on other corpora only (chance: 50.0)" in out
    assert "[unknown]" in out


def test_models_are_not_tested_on_clips_that_they_learnt_from(tmp_path, capsys):
    for number, name in enumerate(("03-01-05-01-01-01-01", "03-01-04-01-01-01-02")):
        (tmp_path / f"{name}.wav").write_bytes(wav(voice(seconds=0.8, seed=number)))
    code, out, err = run(capsys, "evaluate", "--corpus", tmp_path, "--model", "svc", "--jobs", 1)
    assert (code, out) == (2, "")
    assert "learnt from all clips" in err


def test_arguments_that_do_not_fit_together_are_bad_usage(capsys):
    for arguments in (
        ("train", "x"),
        ("train", "x", "--features", "y", "--output", "z"),
        ("train", "nowhere", "--output", "z"),
        ("evaluate", "--model", "svc"),
        ("evaluate", "--corpus", "nowhere"),
    ):
        assert run(capsys, *arguments)[0] == 2, arguments


def test_a_clip_that_no_decoder_knows_and_an_odd_name_lose_no_other(tmp_path, capsys):
    strange = bytearray(wav(voice(seconds=1.0)))
    strange[20:22] = bytes(2)
    (tmp_path / "a.wav").write_bytes(strange)
    (tmp_path / "größe \udcff.wav").write_bytes(wav(voice(seconds=1.0)))
    code, out, _ = run(
        capsys, "predict", tmp_path, "--format", "jsonl", "--output", tmp_path / "out.jsonl"
    )
    entries = [
        json.loads(line)
        for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert (code, out) == (1, "")
    assert [entry.get("error", {}).get("code") for entry in entries] == ["NOT_AUDIO", None]


def test_a_damaged_clip_of_a_corpus_loses_no_other(tmp_path, capsys):
    for actor in (1, 2, 3):
        (tmp_path / f"03-01-05-01-01-01-{actor:02d}.wav").write_bytes(wav(voice(seconds=1.0)))
    (tmp_path / "03-01-05-01-01-01-02.wav").write_bytes(wav(voice(seconds=0.1)))
    code, out, err = run(capsys, "extract", tmp_path)
    assert code == 1
    assert pd.read_csv(io.StringIO(out))["speaker"].tolist() == ["ravdess-01", "ravdess-03"]
    assert "03-01-05-01-01-01-02.wav: TOO_SHORT" in err


def test_models_are_listed_and_verified(capsys):
    code, out, _ = run(capsys, "models", "list")
    assert code == 0
    assert out.count("default") == 2
    assert "emotion-random-forest-mfcc128" in out
    code, out, _ = run(capsys, "models", "verify")
    assert code == 0
    assert out.count("/card.json: OK\n") == 20
    assert out.count("\n") == out.count(": OK\n")
    assert "data/ravdess/out_of_fold.parquet: OK\n" in out


def test_a_network_is_not_rebuilt_from_tables(capsys):
    code, _, err = run(capsys, "models", "rebuild", "emotion-network")
    assert code == 2
    assert "make train" in err


def test_scores_are_printed_as_table_and_json(capsys):
    code, out, _ = run(capsys, "evaluate")
    assert code == 0
    assert out.startswith("Emotion, RAVDESS (chance: 12.5)")
    code, out, _ = run(capsys, "evaluate", "--format", "json")
    assert code == 0
    entries = json.loads(out)
    assert {entry["protocol"] for entry in entries} == {
        "unseen_speakers",
        "corpus_left_out",
        "other_statement",
        "random_split",
    }
    assert {entry["corpus"] for entry in entries} == {"ravdess", "crema-d", "nemo"}


def test_a_reader_that_goes_away_ends_the_run_quietly():
    command = f"{sys.executable} -m ser_core evaluate --format json | head -n 1"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.stdout == "[\n"
    assert "Traceback" not in result.stderr


def test_ten_processes_on_an_empty_cache_all_predict(tmp_path):
    """Several processes that fill librosa's numba cache at once kill each other: ours is filled by one."""
    environment = os.environ | {"SER_CACHE": str(tmp_path / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)
    command = [
        sys.executable,
        "-m",
        "ser_core",
        "predict",
        "data/samples/steady-low-voice.flac",
        "--format",
        "jsonl",
    ]
    processes = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(10)
    ]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 10, outputs
    assert len({out for out, _ in outputs}) == 1


@pytest.mark.corpus
def test_all_of_ravdess_is_predicted(ravdess, capsys):
    code, out, err = run(capsys, "predict", ravdess, "--format", "jsonl")
    entries = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(entries) == 1440
    assert all(
        set(entry["emotion_probabilities"]) == set(EMOTIONS)
        and set(entry["gender_probabilities"]) == set(GENDERS)
        for entry in entries
    )
    assert "1440/1440" in err


def test_explain_adds_the_reasons(capsys):
    sample = str(ROOT / "data" / "samples" / "steady-low-voice.flac")
    _, out, _ = run(capsys, "predict", sample, "--explain", "--format", "json")
    (entry,) = json.loads(out)
    assert set(entry["explanation"]["cues"]) == {"pitch", "energy", "spectrum", "rhythm"}
    assert entry["explanation"]["moments"]
    for explain in (["--explain"], []):
        _, out, _ = run(capsys, "predict", sample, *explain)
        assert ("speaks" in out) == ("why" in out.splitlines()[0]) == bool(explain)
