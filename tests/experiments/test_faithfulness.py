"""How good explanations are: more is lost without what they name than without as much at random."""

import pandas as pd

from ser_core.emotions import EMOTIONS
from ser_core.experiments import faithfulness


def test_the_stored_table_says_what_is_lost():
    """Twice as much is lost without what is named as without as much at random."""
    table = pd.read_csv(faithfulness.TABLE)
    assert set(table["corpus"]) == {"ravdess", "crema-d", "nemo"}
    assert table["emotion"].isin(EMOTIONS).all()
    summary = faithfulness.score_faithfulness().set_index("corpus").loc["all"]
    for kind in ("cue", "moment"):
        named, random = (
            table["probability"] - table[f"without_{name}"] for name in (kind, f"any_{kind}")
        )
        assert summary[f"{kind}: ratio [95%]"].startswith(f"{named.mean() / random.mean():.1f} [")
        assert named.mean() > 2 * random.mean()
    few = faithfulness.score_faithfulness().set_index("corpus").loc["nEMO"]
    assert few["speakers"] == "2"
    assert "[" not in few["moment: ratio [95%]"]  # two speakers make no interval
