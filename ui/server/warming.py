"""What the first answer needs, made ready in the background."""

from __future__ import annotations

import gc
import sys
import threading

from ser_core.errors import SerError
from ui.server import logs

READY, WARMING = "ready", "warming up"
_state = [WARMING]  # of the server, and nothing of anybody
_at_it = threading.Lock()  # held from the beginning, and for good once all is ready

# for how long the background may keep other threads waiting; Python's own choice is ten times as
# long
_SWITCH_SECONDS = 0.0005


def warm_up() -> None:
    """Import what predicting needs and predict once, in the background, so that the first clip does
    not wait for it.

    To be called at the end of a page: beside it, the first page would wait at each of the many
    files that Python looks at.
    """
    if _at_it.acquire(blocking=False):
        threading.Thread(target=_warm, name="warm-up", daemon=True).start()


def state() -> str:
    """`READY` once models are verified and loaded and a clip was answered; before, `WARMING`.

    Else the code of what is wrong.
    """
    return _state[-1]


def _warm() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    # After every run of a script Streamlit looks for garbage among all objects there are, with
    # every other session waiting: a tenth of
    # a second, once the libraries are loaded. What is there now stays anyway; it need not be
    # looked at again. Nor need what is imported.
    gc.freeze()
    gc.disable()
    try:
        _state.append(_outcome())
        if state() != READY:
            _at_it.release()  # what was wrong may be mended: the next one who asks tries again
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(before)
    import threadpoolctl

    threadpoolctl.threadpool_limits(
        1
    )  # a second thread for a clip would only get into the way of another session's


def _outcome() -> str:
    try:
        _first_answer()
    except SerError as error:  # the page that asks for the model says what is wrong with it
        logs.refused(error)
        return error.code.value
    except Exception as error:
        logs.failed(error)
        return "failed"
    return READY


def _first_answer() -> None:
    """What the page of a recording does with a first clip, except for the reasons: the sentence,
    then the charts.
    """
    from ser_core import models, prediction
    from ser_core.audio import isolated
    from ui.caches import shipped_model
    from ui.record import capture

    isolated.start_worker()  # which loads the decoders beside all this
    emotion_model, gender_model = (
        shipped_model(task, models.default_card(task).name) for task in ("emotion", "gender")
    )
    clip = isolated.load(next(iter(capture.samples().values())))
    result = prediction.predict(clip, emotion_model, gender_model)
    from ser_core import charts

    for chart in (
        charts.waveform(clip.samples, clip.sample_rate),
        charts.probability_bars(result.emotion_probabilities),
    ):
        chart.to_dict(validate=False)
