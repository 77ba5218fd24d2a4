"""A server of the app for tests and benchmarks, and how Chromium is started for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tests.support.synthesis import RATE, wav

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of an installed Chromium: `CHROMIUM`, else what is on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def nginx() -> str | None:
    """The path of an installed nginx; Debian keeps it where only the administrator looks."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], T], what: str, seconds: float = 60.0) -> T:
    """Return what `condition` gives as soon as that is true; `what` says what is waited for.

    Raises
    ------
    TimeoutError
        Where it does not come true within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s.")
        time.sleep(0.05)
    return value


def wait_until_up(port: int) -> None:
    """Return as soon as the server on a port of this computer answers its health check."""
    wait_until(lambda: is_up(port), f"the server on port {port} answers")


def is_up(port: int) -> bool:
    """Whether the server on a port of this computer answers its health check."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@dataclass(frozen=True)
class Server:
    """A running server of the app: its address, its process, and what it has written to stderr so far."""

    url: str
    pid: int
    log_file: Path

    def log(self) -> list[dict[str, Any]]:
        """The log: every complete line has to be a JSON object."""
        text = self.log_file.read_text(encoding="utf-8")
        complete = text[: text.rfind("\n") + 1]
        return [json.loads(line) for line in complete.splitlines()]


@contextlib.contextmanager
def running(*options: str, root: Path = ROOT, **environment: str) -> Iterator[Server]:
    """A new server of the app below `root`, with further options and environment, which keeps to
    the code it started with.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "Home.py",
        "--server.port",
        str(port),
        "--server.fileWatcherType",
        "none",
        *options,
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        (Path(folder) / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=root, stdout=subprocess.DEVNULL, stderr=log, env=os.environ | environment
        ) as server,
    ):
        try:
            wait_until_up(port)
            yield Server(f"http://localhost:{port}", server.pid, Path(log.name))
        finally:
            server.terminate()


@contextlib.contextmanager
def served() -> Iterator[str]:
    """A new server of the app; gives its address."""
    with running() as server:
        yield server.url


def copied(folder: Path) -> Path:
    """A copy of the app in a folder, of which a test may change what is not linked: only what is
    large, file by file, leads to the original.
    """
    for name in ("Home.py", ".streamlit", "docs/icon.png", "pages", "ui", "ser_core"):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for path in [*(ROOT / "models").rglob("*"), *(ROOT / "data").rglob("*")]:
        if path.is_file():
            (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(ROOT)).symlink_to(path)
    return folder


def microphone_file(folder: Path, samples: np.ndarray) -> Path:
    """A WAV file in the folder for a fake microphone: the samples between 0.3 s of silence, as a
    start and an end may be lost.
    """
    path = folder / "microphone.wav"
    silence = np.zeros(RATE * 3 // 10, np.float32)
    path.write_bytes(wav(np.concatenate([silence, samples, silence])))
    return path


def chromium_options(microphone: Path | None = None, *, blocked: bool = False) -> dict[str, Any]:
    """Launch options.

    `microphone` is a WAV file that a fake microphone plays once, `blocked` refuses every
    microphone.
    """
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]
    arguments += [
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
    ]
    if microphone is not None:
        arguments += [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    if not blocked:
        arguments.append("--use-fake-ui-for-media-stream")
    return {"executable_path": chromium(), "args": arguments, "headless": True}
