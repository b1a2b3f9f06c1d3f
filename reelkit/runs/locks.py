"""Locks under an outputs folder; they are the operating system's, and go with the process that holds them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from reelkit.errors import RunError

__all__ = ["hold"]


@contextlib.contextmanager
def hold(outputs: Path, name: str, *, what: str, busy: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold a lock for this process, in ``.locks`` of an outputs folder that is made where it is not there.

    Parameters
    ----------
    outputs : Path
    name : str
    what : str
        What an error's line begins with.
    busy : callable, optional
        Called once when another process has the lock: it raises, or returns and the lock is waited for.

    Raises
    ------
    RunError
        When the outputs folder cannot be made or written.
    """
    from filelock import FileLock, Timeout

    path = outputs / ".locks" / f"{name}.lock"
    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
        if not lock.is_locked:
            busy()
            lock.acquire()
    except OSError as error:
        raise RunError(f"{what}: {outputs} cannot be written: {error.strerror or error}; give another --outputs") from None
    try:
        yield
    finally:
        lock.release()
