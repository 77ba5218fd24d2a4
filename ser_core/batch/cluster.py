"""The same work on an existing Dask cluster, through joblib's backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ser_core.errors import ErrorCode, SerError

PATIENCE_S = 15.0
"""How long a scheduler and its first worker are waited for."""


@contextmanager
def on(scheduler: str | None) -> Iterator[None]:
    """All that joblib runs in the body, it runs on the cluster of the Dask scheduler at an address (tcp://host:8786); None: on this computer.

    A worker that dies is done without: what it was at is given to another one.

    Raises
    ------
    SerError
        BAD_USAGE where `distributed` is not installed, or no scheduler with a worker answers.
    """
    if scheduler is None:
        yield
        return
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "Working on a cluster needs the package distributed.",
            "pip install -r requirements-cluster.txt",
        ) from error
    from joblib import parallel_config
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """As joblib's; which would do the work in this process where the cluster has one worker of one thread."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

    try:
        client = Client(scheduler, timeout=PATIENCE_S)
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except (OSError, TimeoutError, ValueError) as error:
        message = (
            f"No Dask scheduler with a worker answers at {scheduler!r} within {PATIENCE_S:.0f} s."
        )
        raise SerError(
            ErrorCode.BAD_USAGE,
            message,
            "Start `dask scheduler` and `dask worker`, and name the address that the scheduler prints.",
        ) from error
    with client, parallel_config(backend=Backend(client=client), n_jobs=-1):
        yield
