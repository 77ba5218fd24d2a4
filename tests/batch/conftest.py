"""Many clips, and the feature table that an uninterrupted run makes of them."""

import numpy as np
import pytest

from ser_core import cli
from tests.support.synthesis import wav

N_CLIPS = 400


@pytest.fixture(scope="package")
def clips(tmp_path_factory):
    """Short clips of coloured noise, no two alike, one of them twice, and a file that is no audio."""
    folder = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.1, 16_000 * 5).astype(np.float32)
    for number in range(N_CLIPS):
        (folder / f"{number:04d}.wav").write_bytes(wav(noise[number * 40 : number * 40 + 24_000]))
    (folder / "twin.wav").write_bytes((folder / "0003.wav").read_bytes())
    (folder / "zz.wav").write_bytes(b"no audio")
    return folder


@pytest.fixture(scope="package")
def table(clips, tmp_path_factory):
    """What an uninterrupted run writes."""
    output = tmp_path_factory.mktemp("whole") / "features.csv"
    # One file is no audio.
    assert cli.main(["extract", str(clips), "--output", str(output), "--jobs", "1"]) == 1
    return output.read_bytes()
