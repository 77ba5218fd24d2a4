"""A PostgreSQL server for tests: a new cluster in a temporary folder, reached through a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def program(name: str) -> str | None:
    """The path of one of the server's programs: on the PATH, else the newest that Debian keeps elsewhere."""
    kept = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    return shutil.which(name) or (str(kept[-1]) if kept else None)


def is_installed() -> bool:
    return bool(program("initdb") and program("postgres") and find_spec("psycopg"))


class Server:
    """A running server; `url` is the address of its database as SQLAlchemy has it."""

    def __init__(self) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix="ser-postgres-")
        )  # a socket's path must be short
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # which PostgreSQL refuses
            user = next(
                entry for entry in (_user("postgres"), _user("nobody")) if entry is not None
            )
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._run(
            program("initdb"),
            "-D",
            "data",
            "-U",
            "ser",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        )
        self.url = f"postgresql+psycopg://ser@/postgres?host={self.folder}"
        self.start()

    def _run(self, *command: Any) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"]},
            check=False,
            **self._as,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        import psycopg

        command = [
            program("postgres"),
            "-D",
            "data",
            "-k",
            str(self.folder),
            "-c",
            "listen_addresses=",
        ]
        environment = {"PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(f"host={self.folder} user=ser dbname=postgres").close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, "the server has ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once, whoever is connected."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def database(self, name: str) -> str:
        """The address of a new database."""
        import psycopg

        with psycopg.connect(
            f"host={self.folder} user=ser dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url.replace("/postgres?", f"/{name}?")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
