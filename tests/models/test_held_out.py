"""The held-out models: where they are found, and that they have not seen the speakers they are tested on."""

import pytest

from ser_core import models
from ser_core.errors import ErrorCode, SerError
from ser_core.models import held_out


def test_where_there_are_none_the_error_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr(held_out, "cache_folder", lambda: tmp_path)
    with pytest.raises(SerError, match=str(tmp_path)) as caught:
        models.find_held_out_models()
    assert caught.value.code == ErrorCode.MODEL_NOT_FOUND
    assert "make train" in caught.value.hint


@pytest.mark.heldout
def test_they_were_fitted_without_the_speakers_they_are_tested_on():
    folder = models.find_held_out_models()
    for task in ("emotion", "gender"):
        names = {card.name for card in models.cards(folder, task)}
        assert names == {"network", "bagged-mlp", "combination"}
    for card in models.cards(folder):
        assert "FOLD MODEL" in card.protocol
        # Of 24, 91 and 9 speakers: those that are tested, and those set aside, are not among them.
        assert [corpus.n_speakers for corpus in card.corpora] == [18, 64, 7]
