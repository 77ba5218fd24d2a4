"""The corpora there are, by name."""

from __future__ import annotations

from ser_core.corpora.crema_d import CREMA_D
from ser_core.corpora.entry import Corpus
from ser_core.corpora.nemo import NEMO
from ser_core.corpora.ravdess import RAVDESS

CORPORA: dict[str, Corpus] = {corpus.name: corpus for corpus in (RAVDESS, CREMA_D, NEMO)}
