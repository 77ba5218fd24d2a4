"""The known corpora by name: which everything is measured on, which are trained on, which are recognised."""

from __future__ import annotations

from collections import ChainMap

from ser_core.corpora.ased import ASED
from ser_core.corpora.corpus import Corpus
from ser_core.corpora.crema_d import CREMA_D
from ser_core.corpora.emodb import EMODB
from ser_core.corpora.emovo import EMOVO
from ser_core.corpora.nemo import NEMO
from ser_core.corpora.ravdess import RAVDESS
from ser_core.corpora.ravdess_song import RAVDESS_SONG
from ser_core.corpora.savee import SAVEE
from ser_core.corpora.tess import TESS

CORPORA: dict[str, Corpus] = {corpus.name: corpus for corpus in (RAVDESS, CREMA_D, NEMO)}
"""The corpora that pages and figures are about: trained and tested on, with tables in `data/`."""

ADDED: dict[str, Corpus] = {corpus.name: corpus for corpus in (EMOVO, ASED, RAVDESS_SONG)}
"""Corpora that training can take in addition. No model that ships has learnt from them yet."""

FURTHER: dict[str, Corpus] = {corpus.name: corpus for corpus in (TESS, SAVEE, EMODB)}
"""Corpora that nothing shipped was trained or tested on; their clips are recognised by name."""

# A chain is walked from its end.
TRAINING: ChainMap[str, Corpus] = ChainMap(ADDED, CORPORA)
"""All that training can take, those of `CORPORA` first. Each has a joint run for every speaker."""

RECOGNISED: ChainMap[str, Corpus] = ChainMap(FURTHER, ADDED, CORPORA)
"""All of them, those of `CORPORA` first, then those of `ADDED`."""
