"""How a voice gets in: the recorder, the message where a browser gives no microphone, and uploads."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.components import v1 as components

from ser_core import audio
from ser_core.errors import ErrorCode, SerError
from ui import widgets
from ui.session import Input

if TYPE_CHECKING:
    from streamlit.typing import UploadedFile

_MIC_CHECK = """
async function microphone(permission) {
  if (!navigator.mediaDevices) return "insecure";
  if (permission.state === "denied") return "denied";
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.some((device) => device.kind === "audioinput") ? "ok" : "missing";
}
export default async function ({ setStateValue }) {
  const permission = navigator.mediaDevices
    && await navigator.permissions.query({ name: "microphone" }).catch(() => null);
  // A browser that does not tell: its own prompt has to do.
  if (navigator.mediaDevices && !permission) return;
  let shown = "ok";
  const update = async () => {
    const state = await microphone(permission);
    if (state !== shown) setStateValue("state", shown = state);
  };
  if (permission) permission.onchange = update;  // blocked or allowed while the page is open
  await update();
}
"""
_MIC_PROBLEMS = {
    "insecure": "Browsers give a page the microphone only on **https** or on **localhost**. "
    "Open this app under one of them, or upload a file.",
    "denied": "This browser **blocks the microphone** for this page. Allow it (usually at the left of "
    "the address bar), reload, or upload a file.",
    "missing": "This browser finds **no microphone**. Plug one in and reload, or upload a file.",
}
_STYLES: dict[str, Any] = {"customStyle": {}, "startStyle": {}, "pauseStyle": {}, "stopStyle": {}}
_NO_RECORDING = "no recording"  # decoding refuses it as any other text


def recorder(key: str) -> Input | None:
    """The recorder of streamlit-audiorecorder; what it recorded, as the browser encoded it.

    Only the package's page in the browser is used: its Python code would decode what strangers send
    with any ffmpeg that it finds.
    """
    sent = _recorder_component()(
        startPrompt="Record",
        stopPrompt="Stop",
        pausePrompt="",
        showVisualizer=True,
        key=key,
        default="",
        **_STYLES,
    )
    if not sent:
        return None
    if not isinstance(sent, str):
        return Input((key, _NO_RECORDING), _NO_RECORDING.encode)
    n_bytes = 3 * len(sent) // 4
    if n_bytes > audio.MAX_UPLOAD_BYTES:
        widgets.show_error(_too_large(n_bytes))
        return None
    return Input((key, hash(sent)), lambda: _decode_base64(sent))


def _recorder_component() -> Any:
    package = importlib.util.find_spec("audiorecorder")
    assert package is not None, "it stands in requirements.txt"
    page = Path(str(package.origin)).parent / "frontend" / "build"
    return components.declare_component("audiorecorder", path=page)


def _too_large(n_bytes: int) -> SerError:
    size, most = n_bytes / 2**20, audio.MAX_UPLOAD_BYTES / 2**20
    message = f"The recording has {size:.1f} MB; at most {most:.0f} MB are accepted here."
    return SerError(ErrorCode.TOO_LARGE, message, "Record less at once.")


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return _NO_RECORDING.encode()


def plain_recording(label: str, key: str) -> Input | None:
    """Streamlit's own recorder, without the browser's processing; what it recorded."""
    return _input_of(st.audio_input(label, sample_rate=audio.SAMPLE_RATE, key=key))


def upload(label: str, key: str) -> tuple[str, Input] | None:
    """An uploader for one audio file; the file's name and what is in it."""
    file = st.file_uploader(
        label, type=audio_types(), max_upload_size=audio.MAX_UPLOAD_BYTES // 2**20, key=key
    )
    given = _input_of(file)
    return None if file is None or given is None else (file.name, given)


def _input_of(file: UploadedFile | None) -> Input | None:
    return None if file is None else Input(file.file_id, file.getvalue)


def show_problem() -> None:
    """Say so where the browser will not give this page a microphone.

    Both recorders would only stay silent.
    """
    check = st.components.v2.component("microphone_check", js=_MIC_CHECK)
    state = check(key="microphone_check", on_state_change=lambda: None).state
    if state in _MIC_PROBLEMS:
        st.warning(_MIC_PROBLEMS[state], icon=":material/mic_off:")


def audio_types() -> list[str]:
    """The endings of the files that can be uploaded, without the dot."""
    return sorted(suffix.lstrip(".") for suffix in audio.AUDIO_SUFFIXES)
