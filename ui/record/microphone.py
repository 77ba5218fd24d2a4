"""How a voice gets in: the recorder, what to say where a browser gives no microphone, and which files can be uploaded."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components import v1 as components

from ser_core import audio
from ser_core.errors import ErrorCode, SerError
from ui import widgets

_MIC_CHECK = """
async function microphone(permission) {
  if (!navigator.mediaDevices) return "insecure";
  if (permission.state === "denied") return "denied";
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.some((device) => device.kind === "audioinput") ? "ok" : "missing";
}
export default async function ({ setStateValue }) {
  const permission = navigator.mediaDevices && await navigator.permissions.query({ name: "microphone" }).catch(() => null);
  if (navigator.mediaDevices && !permission) return;  // a browser that does not tell: its own prompt has to do
  let told = "ok";
  const tell = async () => {
    const state = await microphone(permission);
    if (state !== told) setStateValue("state", told = state);
  };
  if (permission) permission.onchange = tell;  // blocked or allowed while the page is open
  await tell();
}
"""
_MIC_PROBLEMS = {
    "insecure": "Browsers give a page the microphone only on **https** or on **localhost**. Open this app under one of them, or upload a file.",
    "denied": "This browser **blocks the microphone** for this page. Allow it (usually at the left of the address bar), reload, or upload a file.",
    "missing": "This browser finds **no microphone**. Plug one in and reload, or upload a file.",
}
_STYLES: dict[str, Any] = {"customStyle": {}, "startStyle": {}, "pauseStyle": {}, "stopStyle": {}}
_NO_RECORDING = b"no recording"  # decoding says so as of any other bytes


def recorder(key: str) -> bytes | None:
    """The recorder of streamlit-audiorecorder; the bytes that it recorded, as the browser encoded them.

    Only its page in the browser is used: the package itself would decode what came, from whomever, with an ffmpeg that it finds.
    """
    package = importlib.util.find_spec("audiorecorder")
    assert package is not None, "it stands in requirements.txt"
    ask = components.declare_component(
        "audiorecorder", path=Path(str(package.origin)).parent / "frontend" / "build"
    )
    encoded = ask(
        startPrompt="Record",
        stopPrompt="Stop",
        pausePrompt="",
        showVisualizer=True,
        key=key,
        default="",
        **_STYLES,
    )
    if not encoded:
        return None
    if not isinstance(encoded, str):
        return _NO_RECORDING
    if (n_bytes := 3 * len(encoded) // 4) > audio.MAX_UPLOAD_BYTES:
        most = audio.MAX_UPLOAD_BYTES / 2**20
        message = (
            f"The recording has {n_bytes / 2**20:.1f} MB; at most {most:.0f} MB are accepted here."
        )
        widgets.show_error(SerError(ErrorCode.TOO_LARGE, message, "Record less at once."))
        return None
    try:
        return base64.b64decode(encoded)
    except ValueError:
        return _NO_RECORDING


def problem() -> None:
    """Say so where the browser will not give this page a microphone; both recorders would only stay silent."""
    check = st.components.v2.component("microphone_check", js=_MIC_CHECK)
    state = check(key="microphone_check", on_state_change=lambda: None).state
    if state in _MIC_PROBLEMS:
        st.warning(_MIC_PROBLEMS[state], icon=":material/mic_off:")


def audio_types() -> list[str]:
    """The endings of the files that can be uploaded."""
    return sorted(suffix.lstrip(".") for suffix in audio.AUDIO_SUFFIXES)
