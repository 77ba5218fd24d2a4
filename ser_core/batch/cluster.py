"""The same work on an existing Dask cluster, through joblib's backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ser_core.errors import ErrorCode, SerError

PATIENCE_S = 15.0
"""How long the scheduler and its first worker may take to answer."""


@contextmanager
def use_cluster(scheduler: str | None) -> Iterator[None]:
    """Run all that joblib runs in the body of the `with` on a Dask cluster.

    A worker that dies costs only time: its work goes to another one.

    Parameters
    ----------
    scheduler : str or None
        The address of the scheduler, such as tcp://host:8786; None for this computer.

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
            "Install it: pip install -r requirements/cluster.txt",
        ) from error
    from joblib import parallel_config
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """Works on the cluster, too, where that has one worker of one thread; joblib's own would not."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

    try:
        client = Client(scheduler, timeout=PATIENCE_S)
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"No Dask scheduler with a worker answers at {scheduler!r} within {PATIENCE_S:.0f} s.",
            "Start `dask scheduler` and `dask worker`, and name the address that the scheduler prints.",
        ) from error
    with client, parallel_config(backend=Backend(client=client), n_jobs=-1):
        yield
