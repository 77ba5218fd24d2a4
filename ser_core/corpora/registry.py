"""The known corpora by name: those that everything was measured on, and further ones."""

from __future__ import annotations

from collections import ChainMap

from ser_core.corpora.corpus import Corpus
from ser_core.corpora.crema_d import CREMA_D
from ser_core.corpora.emodb import EMODB
from ser_core.corpora.nemo import NEMO
from ser_core.corpora.ravdess import RAVDESS
from ser_core.corpora.savee import SAVEE
from ser_core.corpora.tess import TESS

CORPORA: dict[str, Corpus] = {corpus.name: corpus for corpus in (RAVDESS, CREMA_D, NEMO)}

FURTHER: dict[str, Corpus] = {corpus.name: corpus for corpus in (TESS, SAVEE, EMODB)}
"""Corpora that nothing shipped was trained or tested on; their clips are recognised by name."""

RECOGNISED: ChainMap[str, Corpus] = ChainMap(FURTHER, CORPORA)
"""All of them, those of `CORPORA` first (a chain is walked from its end)."""
