"""Extraction gives the stored tables again, and disturbed copies undo no split."""

import numpy as np
import pandas as pd
import pytest

from ser_core import corpora
from ser_core.audio.augmentation import COPIES
from ser_core.batch import extraction
from ser_core.corpora import CORPORA
from ser_core.features import tables
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def all_corpora():
    return tables.read_joint_table("functionals_v1")


@pytest.mark.tables
@pytest.mark.corpus
@pytest.mark.parametrize("copy", ["", *COPIES])
@pytest.mark.parametrize("corpus", CORPORA)
def test_the_stored_tables_of_all_corpora_are_what_the_code_computes(corpus, copy, all_corpora):
    folder = corpora.resolve(corpus)
    of_corpus = np.flatnonzero(all_corpora.rows["corpus"] == corpus)
    utterances = all_corpora.rows.iloc[of_corpus]
    files = [folder / path for path in utterances["path"]]
    babble = extraction.choose_babble(utterances)
    chosen = range(0, len(utterances), 400)
    voices = (
        [
            [(files[other], utterances["sha256"].iloc[other]) for other in babble[row]]
            for row in chosen
        ]
        if copy == "noisy"
        else []
    )
    spread = all_corpora.x.std(axis=0)
    for row, computed in zip(
        chosen,
        extraction.extract_files(
            [files[row] for row in chosen], "functionals_v1", copy=copy, voices=voices
        ),
        strict=True,
    ):
        stored = (all_corpora.copies[copy] if copy else all_corpora.x)[of_corpus[row]]
        assert np.max(np.abs(computed.values - stored) / (np.abs(stored) + spread)) < 1e-3


def test_a_broken_clip_behind_another_does_not_lose_that_one(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_text("no audio")
    clip = ROOT / "data/samples/steady-low-voice.flac"
    (clip_features,) = extraction.extract_files(
        [clip], "functionals_v1", copy="noisy", voices=[[(broken, "0" * 64)]]
    )
    assert np.isfinite(clip_features.values).all()


def test_babble_is_made_of_the_same_speaker_saying_the_same_statement():
    # Else a speaker or sentence that is left out would be in the background of clips that are trained on.
    utterances = pd.DataFrame(
        {
            "speaker": list("aaaabbbb"),
            "statement": list("11221111"),
            "sha256": [f"{n:064x}" for n in range(8)],
        }
    )
    for row, others in enumerate(extraction.choose_babble(utterances)):
        assert others
        assert row not in others
        assert (
            utterances.loc[others, ["speaker", "statement"]]
            == utterances.loc[row, ["speaker", "statement"]]
        ).all(axis=None)
