"""Write the golden values of the tests: `python -m tests.features.make_golden`.

Only a new version of a feature set is a reason to run it.
"""

from __future__ import annotations

import json
from pathlib import Path

from ser_core import audio, features
from tests.support.synthesis import RATE, voice


def main() -> None:
    recording = audio.from_samples(voice(), RATE)
    golden = {}
    for name in features.FEATURE_SETS:
        vector = features.extract(recording, name)
        golden[name] = {
            feature: round(float(figure), 6)
            for feature, figure in zip(vector.names, vector.values, strict=True)
        }
    Path(__file__).with_name("golden_features.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
