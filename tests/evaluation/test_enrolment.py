"""Personal baselines: the stored counts, and what they add against counting by hand."""

import numpy as np
import pandas as pd
import pytest

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import enrolment


def test_every_clip_that_can_be_is_tested_with_a_baseline():
    table = enrolment.read_choices()
    sizes = table.groupby(["corpus", "classifier", "protocol", "clips"], observed=True)["path"].agg(
        ["size", "nunique"]
    )
    assert (sizes["size"] == sizes["nunique"]).all()
    assert set(table["clips"]) == {1, 2}
    counts = table[table["truth"] != "neutral"][list(EMOTIONS)].sum(axis=1)
    assert counts.min() >= 4
    assert counts.max() <= 12


def test_the_gain_is_counted_on_the_same_clips_and_choices():
    def clip(speaker, truth, without, **choices):
        return {"speaker": speaker, "truth": truth, "without": without} | {
            emotion: choices.get(emotion, 0) for emotion in EMOTIONS
        }

    rows = pd.DataFrame(
        [
            clip("A", "happy", "angry", happy=3, angry=1),
            clip("A", "sad", "sad", sad=4),
            clip("B", "happy", "happy", happy=1, sad=3),
            clip("B", "sad", "calm", sad=4),
        ]
    )
    uar_without, gain = enrolment.baseline_gain(rows)
    assert uar_without == pytest.approx((4 / 8 + 4 / 8) / 2)
    assert gain.value == pytest.approx((4 / 8 + 8 / 8) / 2 - uar_without)
    # With speaker A alone: from 1/2 to 7/8; with B alone: from 1/2 to 5/8.
    np.testing.assert_allclose([gain.low, gain.high], [1 / 8, 3 / 8])
