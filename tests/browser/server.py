"""A server of the app for tests and benchmarks, and how Chromium is started for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.synthesis import RATE, wav

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of an installed Chromium: `CHROMIUM`, else what is on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(port: int, seconds: float = 60.0) -> None:
    """Return as soon as the server answers its health check."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise TimeoutError(f"The server on port {port} did not answer within {seconds} s.")


@contextlib.contextmanager
def served() -> Iterator[str]:
    """A new server of the app, which keeps to the code it started with; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port), "--server.fileWatcherType", "none"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until_up(port)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()


def microphone_file(folder: Path, samples: np.ndarray) -> Path:
    """A WAV file in the folder for a fake microphone: the samples between 0.3 s of silence, as a start and an end may be lost."""
    path = folder / "microphone.wav"
    silence = np.zeros(RATE * 3 // 10, np.float32)
    path.write_bytes(wav(np.concatenate([silence, samples, silence])))
    return path


def chromium_options(microphone: Path | None = None, *, blocked: bool = False) -> dict[str, Any]:
    """Launch options; `microphone` is a WAV file that a fake microphone plays once, `blocked` refuses every microphone."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
    if microphone is not None:
        arguments += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    if not blocked:
        arguments.append("--use-fake-ui-for-media-stream")
    return {"executable_path": chromium(), "args": arguments, "headless": True}
