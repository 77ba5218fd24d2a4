"""Made-up input of every kind: a clip, an entry or a `SerError` comes out. A part of what `make fuzz` does.

A fault that came up is kept as an example of its property, or as a test of its module.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numbers

from ser_core import audio, corpora
from ser_core.audio import isolated
from ser_core.cli import main
from ser_core.corpora.label_tables import parse_label_table
from ser_core.errors import ErrorCode, SerError
from tests.support.hostile import CONTAINERS, NAMES, whole

N_TRIED: Counter[str] = Counter()
"""How many inputs each property has been tried on, for the report of `make fuzz`."""

MAGIC = (
    b"",
    b"RIFF....WAVEfmt ",
    b"RIFF....WAVE",
    b"fLaC\0\0\0\x22",
    b"OggS\0\2",
    b"ID3\4\0\0",
    b"\xff\xfb\x90\0",
    b"\x1a\x45\xdf\xa3",
    b"\0\0\0 ftypM4A ",
    b"caff\0\1",
)
TIMES = int(os.environ.get("SER_FUZZ_TIMES", "1"))
"""How many times as long as in `make test`, and then at random."""
settings.register_profile(
    "ours",
    max_examples=60 * TIMES,
    deadline=None,
    derandomize=TIMES == 1,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("ours")


def outcome(work):
    """What comes out, or the error that says why nothing does."""
    try:
        return work()
    except ValueError as error:
        return error


def usable(data: bytes) -> None:
    """Check that a usable clip or a full `SerError` comes out, and that the decoder survives."""
    result = outcome(lambda: isolated.decode(data, max_seconds=20.0))
    if isinstance(result, SerError):
        assert result.code != ErrorCode.DECODER_FAILED, result
        assert str(result)
        assert result.hint
    else:
        assert audio.MIN_SECONDS <= result.duration_s <= 20.1
        assert result.samples.dtype == np.float32
        assert np.isfinite(result.samples).all()


@given(st.sampled_from(MAGIC), st.binary(max_size=3000))
def test_any_bytes(magic, data):
    N_TRIED["any bytes, behind the first bytes of each container"] += 1
    usable(magic + data)


@given(
    st.sampled_from(CONTAINERS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8), st.integers(0, 64)), max_size=12),
    st.floats(0, 1),
)
def test_any_change_to_a_good_file(container, changes, share):
    """Bytes replaced, put in and taken out anywhere, and cut anywhere."""
    N_TRIED["good files of each container with bytes changed, put in, taken out, cut off"] += 1
    data = bytearray(whole(container))
    for where, new, n_gone in changes:
        at = int(where * len(data))
        data[at : at + n_gone] = new
    usable(bytes(data[: max(1, int(share * len(data)))] if share < 0.5 else data))


@given(
    numbers.arrays(
        dtype=st.sampled_from(["f4", "f8", "i2", "i4", "u1", "i8"]),
        shape=numbers.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=60),
    ),
    st.integers(-5, 500_000),
)
def test_any_array(array, rate):
    N_TRIED["arrays of any type, shape and rate"] += 1
    repeated = (
        np.resize(array, (rate * 60 // max(array.size, 1) % 30_000 + len(array), *array.shape[1:]))
        if array.size and array.ndim < 3
        else array
    )
    result = outcome(lambda: audio.from_samples(repeated, rate))
    assert str(result) if isinstance(result, ValueError) else np.isfinite(result.samples).all()


@given(
    st.binary(max_size=2000)
    | st.text(alphabet=st.characters(), max_size=500).map(
        lambda text: ("path,emotion\n" + text).encode("utf-8", "surrogatepass")
    )
)
def test_any_table_of_labels(data):
    N_TRIED["tables of labels"] += 1
    with contextlib.suppress(SerError):
        corpora.label("mine", ["a.wav", "b/c.wav", "labels.csv"], lambda _: data)
    parse_label_table(data)


@given(st.lists(st.text(min_size=1, max_size=40) | st.sampled_from(NAMES), max_size=8))
@example(["na\udcffme.wav"])  # a name in bytes that are no UTF-8 ended extract with a traceback
def test_any_names_of_files(names):
    N_TRIED["names of files in a corpus"] += 1
    files = [f"{folder}/{name}.wav" for name in names for folder in ("happy", "sad", "..")]
    with contextlib.suppress(SerError):
        labelled = corpora.label("mine", files, lambda _: b"")
        for file, _ in labelled.clips:
            file.encode()  # whatever a table can hold


@settings(max_examples=15 * TIMES)
@given(
    st.lists(st.sampled_from(NAMES) | st.text(max_size=20), max_size=3),
    st.lists(
        st.sampled_from(
            [
                "--format",
                "json",
                "csv",
                "--jobs",
                "0",
                "1",
                "--baseline",
                "--models",
                "--emotion-model",
                "knn",
                "--explain",
                "x",
            ]
        ),
        max_size=4,
    ),
    st.sampled_from(["predict", "extract", "models", "corpora", "evaluate", "train", "nonsense"]),
)
def test_any_command_line(paths, options, command):
    """Exit code 0, 1 or 2, and no traceback, whatever is asked for."""
    N_TRIED["command lines"] += 1
    arguments = [command, *paths, *options]
    if command in ("evaluate", "train") and not paths:
        return  # which would work for hours
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse
            code = end.code
    assert code in (0, 1, 2), arguments


@settings(max_examples=12 * TIMES)
@given(
    st.lists(st.tuples(st.sampled_from(CONTAINERS), st.floats(0, 1)), min_size=1, max_size=5),
    st.sampled_from(["json", "jsonl", "csv", "table"]),
)
def test_any_folder_of_damaged_files(files, form):
    """An entry for each file, in order."""
    N_TRIED["folders of damaged files through predict"] += 1
    with tempfile.TemporaryDirectory() as folder:
        for number, (container, where) in enumerate(files):
            data = bytearray(whole(container))
            at = int(where * (len(data) - 1))
            data[at] ^= 0xFF
            Path(folder, f"{number}.wav").write_bytes(data[: at + 1] if where < 0.3 else data)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = main(["predict", folder, "--format", form])
    assert code in (0, 1)
    if form == "jsonl":
        entries = [json.loads(line) for line in out.getvalue().splitlines()]
        assert [entry["file"] for entry in entries] == [
            f"{number}.wav" for number in range(len(files))
        ]
        assert all(
            ("error" in entry) or sum(entry["emotion_probabilities"].values()) > 0.999
            for entry in entries
        )
