"""What is computed once: models and tables for everybody, and what is made of a person's clips.

Two decorators, and no other cache in the app:

- `shared`: the same for everybody, kept while the server runs;
- `of_session`: made of something of this session, kept in its `SessionState`, bounded, and deleted
  with what it was made of. Its arguments are compared by equality: recordings, clips and
  enrolments are equal only to themselves.

Nobody may change what is kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording, isolated
from ser_core.errors import SerError
from ui import session
from ui.session import OWN, Lifetime
from ui.streamlit_internals import cache_spinner

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.evaluation import Scores
    from ser_core.evaluation.listeners import ListenerScores
    from ser_core.features import FeatureVector
    from ser_core.features.intonation import Melody
    from ser_core.features.spectrum import Array
    from ser_core.models import Model, ModelCard
    from ui.session import Clip

P = ParamSpec("P")
T = TypeVar("T")


def shared(
    spinner: str = "", most: int | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator: compute a value once for everybody.

    Parameters
    ----------
    spinner
        What the page says meanwhile; "" for nothing.
    most
        Number of values to keep; None for all.
    """

    def decorate(compute: Callable[P, T]) -> Callable[P, T]:
        return st.cache_resource(max_entries=most, show_spinner=spinner or False)(compute)

    return decorate


def of_session(
    *lifetimes: Lifetime, spinner: str = "", most: int = 16
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator: compute a value once in this session; it is deleted with any of `lifetimes`.

    Parameters
    ----------
    lifetimes
        What the value is made of.
    spinner
        What the page says meanwhile; "" for nothing.
    most
        Number of values to keep; the least recently used go.
    """
    made_of = frozenset(lifetimes)

    def decorate(compute: Callable[P, T]) -> Callable[P, T]:
        name = f"{compute.__module__}.{compute.__qualname__}"

        @wraps(compute)
        def get(*args: P.args, **kwargs: P.kwargs) -> T:
            def compute_visibly() -> T:
                if not spinner:
                    return compute(*args, **kwargs)
                with cache_spinner(spinner):
                    return compute(*args, **kwargs)

            results = session.state().results_of(made_of)
            key = (args, tuple(sorted(kwargs.items())))
            value: T = results.get_or_compute(name, key, compute_visibly, most)
            return value

        return get

    return decorate


def shared_unless_own(
    is_own: Callable[..., bool], spinner: str = "", most: int = 64
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator: `shared`; but `of_session` where the arguments concern the session's own corpus.

    Parameters
    ----------
    is_own
        Whether arguments concern the own corpus.
    spinner, most
        As of the two others.
    """

    def decorate(compute: Callable[P, T]) -> Callable[P, T]:
        for_everybody = shared(spinner, most)(compute)
        for_session = of_session(Lifetime.OWN_CORPUS, spinner=spinner, most=most)(compute)

        @wraps(compute)
        def get(*args: P.args, **kwargs: P.kwargs) -> T:
            get_kept = for_session if is_own(*args, **kwargs) else for_everybody
            return get_kept(*args, **kwargs)

        return get

    return decorate


# --- models and tables


@shared()
def cards(task: str) -> list[ModelCard]:
    """The cards of a task's models, the default first."""
    from ser_core import models

    return models.cards(task=task)


@shared()
def shipped_model(task: str, name: str) -> Model:
    """A model that ships; loaded once, by whichever thread asks first."""
    from ser_core import models

    return models.load_named(name, task)


@shared("Reading the stored predictions ...")
def shipped_out_of_fold(corpus: str) -> pd.DataFrame:
    """The stored out-of-fold predictions of a corpus."""
    from ser_core import evaluation

    return evaluation.read_out_of_fold(corpus)


@shared("Reading the stored predictions ...")
def chosen_inside(task: str) -> Scores:
    """The scores on RAVDESS where the classifier, too, is chosen without the tested speakers."""
    from ser_core import evaluation

    out_of_fold = shipped_out_of_fold("ravdess")
    rows = evaluation.chosen_inside(out_of_fold, evaluation.read_selections(), task)
    return evaluation.score(rows, task)


@shared()
def listeners() -> ListenerScores:
    """How well people do on CREMA-D, by voice only."""
    from ser_core.evaluation import listeners as human

    return human.score_listeners(human.read_votes())


@shared()
def condition_scores() -> pd.DataFrame:
    """What noise, rooms and codecs cost the default model."""
    from ser_core.evaluation import robustness

    return robustness.score_conditions()


@shared()
def recorder_scores() -> pd.DataFrame:
    """What the browser's recorder costs the default model."""
    from ser_core.evaluation import robustness

    return robustness.score_recorder()


@shared("Reading the stored predictions ...")
def condition_curves(kind: str) -> pd.DataFrame:
    """What several models recognise under the conditions of one kind."""
    from ser_core.experiments import conditions

    return conditions.read_kind_curves(kind)


@shared()
def learning_curves(corpus: str) -> pd.DataFrame | None:
    """What classifiers recognise by the number of training speakers; None where that was not measured."""
    from ser_core import models
    from ser_core.evaluation import learning_curves
    from ser_core.storage import manifest

    if not manifest.is_expected(learning_curves.counts_path(corpus)):
        return None
    curves = learning_curves.compute_learning_curves(learning_curves.read_counts(corpus))
    titles = [models.title(name, learning_curves.FEATURE_SET) for name in curves["classifier"]]
    return curves.assign(title=titles)


@shared("Reading the feature table ...")
def feature_table(corpus: str = "ravdess") -> pd.DataFrame:
    """The features of every clip of a corpus that ships."""
    from ser_core import exploration

    return exploration.read_shipped_features(corpus)


@shared()
def pitch_contours(corpus: str) -> pd.DataFrame:
    """The stored pitch contours of a corpus that ships."""
    from ser_core import exploration

    return exploration.contours.read_contours([corpus])


# --- sounds of a clip


_SOUND = (
    Lifetime.CLIP,
    Lifetime.BASELINE,
    Lifetime.OWN_CORPUS,
)  # whichever the recording belongs to


@of_session(*_SOUND, most=8)
def wav(recording: Recording) -> bytes:
    """A recording as a WAV file."""
    return audio.to_wav(recording)


@of_session(*_SOUND, most=8)
def part(recording: Recording, start_s: float, end_s: float) -> Recording:
    """The part of a recording from `start_s` to `end_s`, in seconds."""
    first, last = (int(seconds * recording.sample_rate) for seconds in (start_s, end_s))
    return dataclasses.replace(recording, samples=recording.samples[first:last])


@of_session(*_SOUND, most=8)
def melody(recording: Recording) -> Melody:
    """The F0 of a recording over time."""
    from ser_core.features import intonation

    return intonation.track_melody(recording)


@of_session(Lifetime.CLIP, spinner="Measuring your recording ...")
def _features(recording: Recording) -> FeatureVector:
    from ser_core import exploration, features

    return features.extract_by_windows(recording, exploration.FEATURE_SET)


def features_of(clip: Clip | None) -> FeatureVector | None:
    """The explorer's features of the current clip, if there is one."""
    return None if clip is None else _features(clip.recording)


def contour_of(clip: Clip | None) -> Array | None:
    """The pitch of the current clip over normalised time, if there is one with enough voice."""
    from ser_core.features import intonation

    return None if clip is None else intonation.normalise_contour(melody(clip.recording))


@of_session(Lifetime.OWN_CORPUS, most=4)
def corpus_recording(corpus: str, path: str) -> Recording | None:
    """A clip of the session's own corpus, or of a corpus in the folder that `SER_CORPORA` names.

    None where it is not on this computer.
    """
    from ser_core import corpora

    own = session.own_corpus()
    try:
        if own is not None and corpus in (OWN, own.name):
            return own.load(path)
        return isolated.load(Path(corpora.resolve(corpus)) / path)
    except SerError:
        return None
