"""Dask as the executor: workers on other machines, whether they share the outputs folder or not."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from tempfile import TemporaryDirectory

from reelkit.errors import RunError

__all__ = ["dask_executor"]

_ANSWER_S = 10


@contextlib.contextmanager
def dask_executor(address: str, *, workers: int) -> Iterator[Executor]:
    """Give an executor of a Dask cluster. A job whose worker is lost is done again on another one.

    Parameters
    ----------
    address : str
        The scheduler's (``tcp://host:8786``), or ``local`` for a cluster of this machine, which ends with the block.
    workers : int
        How many workers a local cluster has.

    Raises
    ------
    RunError
        When Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise RunError("--dask needs Dask; install it with: pip install 'reelkit[dask]'") from None
    with contextlib.ExitStack() as stack:
        stack.enter_context(_silent())
        if address == "local":
            scratch = stack.enter_context(TemporaryDirectory(prefix="rk-dask-"))
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50, local_directory=scratch
            )
            target = stack.enter_context(cluster)
        else:
            target = address
        try:
            client = stack.enter_context(Client(target, timeout=_ANSWER_S))
        except (OSError, TimeoutError, ValueError) as error:
            raise RunError(f"--dask: no scheduler answers at {address} ({type(error).__name__}); start one with `dask scheduler`") from None
        executor: Executor = client.get_executor(pure=False)
        yield executor


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep Dask from telling of its own connections, such as that an interrupt cut them: how a batch ended is told by the batch."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
