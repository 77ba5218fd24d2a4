"""How a voice gets in: the recorder, what to say where a browser gives no microphone, and which files can be uploaded."""

from __future__ import annotations

import base64
import binascii
import contextlib
import warnings

import streamlit as st

from ser_core import audio

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


def recorder(key: str) -> bytes | None:
    """streamlit-audiorecorder; the bytes that it recorded, as the browser encoded them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no ffmpeg, which is not needed here, and old escapes in its dependency
        from audiorecorder import audiorecorder

    # After receiving the clip the component decodes it with ffmpeg, which needs an installation of its own and raises various
    # errors without one. The received bytes are in session state all the same, and `audio` decodes those.
    with contextlib.suppress(Exception):
        audiorecorder("Record", "Stop", show_visualizer=True, key=key)
    encoded = st.session_state.get(key)
    if not encoded:
        return None
    try:
        return base64.b64decode(encoded)
    except binascii.Error:
        return bytes(encoded.encode())  # no recording; decoding says so as of any other bytes


def problem() -> None:
    """Say so where the browser will not give this page a microphone; both recorders would only stay silent."""
    check = st.components.v2.component("microphone_check", js=_MIC_CHECK)
    state = check(key="microphone_check", on_state_change=lambda: None).state
    if state in _MIC_PROBLEMS:
        st.warning(_MIC_PROBLEMS[state], icon=":material/mic_off:")


def audio_types() -> list[str]:
    """The endings of the files that can be uploaded."""
    return sorted(suffix.lstrip(".") for suffix in audio.AUDIO_SUFFIXES)
