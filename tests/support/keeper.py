"""A process to be killed: it keeps short recordings and prints the number of each once confirmed.

Run as: python -m tests.support.keeper URL OWNER SEED
"""

import sys

import numpy as np

from ser_core import audio
from ser_core.library.store import Library
from tests.support.libraries import CARDS, PREDICTION


def recording_of(seed: int) -> audio.Recording:
    """A recording that no other seed gives."""
    return audio.from_samples(
        np.random.default_rng(seed).uniform(-0.5, 0.5, 8000).astype(np.float32), 16_000
    )


def main(url: str, owner: str, seed: int) -> None:
    library = Library.at(url)
    print("ready", flush=True)
    while True:
        number = library.keep(owner, f"{seed}.wav", recording_of(seed), PREDICTION, CARDS)
        library.correct(owner, number, "happy", f"speaker {seed}")
        print(number, seed, flush=True)
        seed += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
