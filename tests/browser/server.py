"""A server of the app for tests and benchmarks, and how Chromium is started for it."""

from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

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


def chromium_options(microphone: Path | None = None, *, blocked: bool = False) -> dict[str, Any]:
    """Launch options; `microphone` is a WAV file that a fake microphone plays once, `blocked` refuses every microphone."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
    if microphone is not None:
        arguments += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    if not blocked:
        arguments.append("--use-fake-ui-for-media-stream")
    return {"executable_path": chromium(), "args": arguments, "headless": True}
