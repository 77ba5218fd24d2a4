"""The votes of CREMA-D's listeners."""

import pandas as pd
import pytest

from ser_core.corpora import CORPORA, crema_d
from ser_core.errors import SerError
from ser_core.evaluation import listeners

RAVDESS, CREMA_D, NEMO = CORPORA["ravdess"], CORPORA["crema-d"], CORPORA["nemo"]


def test_listeners_of_the_voice_alone_were_right_on_two_clips_of_five():
    votes = listeners.read_votes()
    assert list(votes.columns) == ["path", "angry", "disgust", "fearful", "happy", "neutral", "sad"]
    assert set(votes["path"]) == CREMA_D.clip_names({})
    scores = listeners.score_listeners(votes)
    assert (scores.n_utterances, scores.n_votes) == (7442, 68568)
    assert scores.majority == pytest.approx(0.416, abs=0.0005)
    assert scores.single_rating == pytest.approx(0.400, abs=0.0005)


def test_a_tie_is_no_majority():
    columns = {
        "path": ["1001_DFA_ANG_XX", "1001_DFA_SAD_XX", "1002_DFA_SAD_XX"],
        "angry": [5, 2, 1],
    }
    columns |= {
        "disgust": [0, 0, 0],
        "fearful": [1, 0, 0],
        "happy": [0, 0, 0],
        "neutral": [0, 0, 9],
        "sad": [0, 2, 0],
    }
    scores = listeners.score_listeners(pd.DataFrame(columns))
    assert scores == listeners.ListenerScores(
        n_utterances=3,
        n_votes=20,
        single_rating=7 / 20,
        single_rating_uar=pytest.approx((5 / 6 + 2 / 14) / 2),
        majority=1 / 3,
        majority_uar=0.5,
        majority_ties_shared=0.5,
    )
    with pytest.raises(ValueError, match="Got 'holiday'"):
        listeners.score_listeners(
            pd.DataFrame(columns | {"path": ["1001_DFA_ANG_XX", "holiday", "1002_DFA_SAD_XX"]})
        )


def test_only_the_votes_on_the_voice_alone_are_taken(tmp_path):
    with pytest.raises(SerError, match="There is no file") as caught:
        crema_d.read_votes(tmp_path)
    assert caught.value.code == "NOT_FOUND"
    (tmp_path / "processedResults").mkdir()
    file = tmp_path / "processedResults" / "tabulatedVotes.csv"
    rows = [
        "100002,1,2,3,4,5,6,1040_ITH_SAD_XX",
        "100001,6,5,4,3,2,1,1001_DFA_ANG_XX",
        "200001,9,9,9,9,9,9,1001_DFA_ANG_XX",
    ]
    file.write_text("\n".join(['"",A,D,F,H,N,S,fileName', *rows]))
    votes = crema_d.read_votes(tmp_path)
    assert votes.to_numpy().tolist() == [
        ["1001_DFA_ANG_XX", 6, 5, 4, 3, 2, 1],
        ["1040_ITH_SAD_X", 1, 2, 3, 4, 5, 6],
    ]
    file.write_text("a,b\n1,2\n")
    with pytest.raises(SerError, match="holds no votes"):
        crema_d.read_votes(tmp_path)
