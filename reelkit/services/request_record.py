"""How many requests were made, remembered on disk, so that all processes of a machine keep a service's limits together."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from reelkit.errors import ServiceError

__all__ = ["RequestRecord"]

_PATIENCE_S = 10.0


class RequestRecord:
    """The requests of the last while, by asker.

    Any number of threads and processes may use one file at once.

    Parameters
    ----------
    path : Path
        An SQLite file; made on first use.

    Raises
    ------
    ServiceError
        From every method, when the file cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> record = RequestRecord(Path(tempfile.mkdtemp(), "requests.sqlite"))
    >>> [record.reserve("site", at_s=100.0, limit=2, window_s=60.0, patience_s=90.0) for _ in range(3)]
    [0.0, 0.0, 60.0]
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = Path(path), threading.Lock()

    def reserve(self, asker: str, *, at_s: float, limit: int, window_s: float, patience_s: float) -> float:
        """Reserve the next free moment for a request, and return how many seconds from now that is.

        Where it lies farther than ``patience_s``, nothing is reserved.

        Parameters
        ----------
        asker : str
            A service, and a key of it.
        at_s : float
            Now, by a clock that all processes share.
        limit, window_s : int and float
            At most so many requests within any so many seconds.
        patience_s : float
        """
        with self._open() as database:
            database.execute("DELETE FROM requests WHERE asker = ? AND at_s <= ?", (asker, at_s - window_s))
            # Reservations far ahead can only come from a clock that was set back since.
            database.execute("DELETE FROM requests WHERE asker = ? AND at_s > ?", (asker, at_s + 2 * window_s))
            taken = database.execute("SELECT at_s FROM requests WHERE asker = ? ORDER BY at_s DESC LIMIT ?", (asker, limit)).fetchall()
            held = database.execute("SELECT until_s FROM holds WHERE asker = ?", (asker,)).fetchone()
            free_s = taken[-1][0] + window_s if len(taken) >= limit else at_s
            free_s = max(free_s, at_s, held[0] if held else at_s)
            if free_s - at_s <= patience_s:
                database.execute("INSERT INTO requests VALUES (?, ?)", (asker, free_s))
            return float(free_s - at_s)

    def hold(self, asker: str, *, until_s: float) -> None:
        """Let nobody ask before ``until_s``, as the service itself said."""
        with self._open() as database:
            database.execute("INSERT OR REPLACE INTO holds VALUES (?, ?)", (asker, until_s))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Give the database within one transaction that no other writer shares."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, contextlib.closing(sqlite3.connect(self._path, timeout=_PATIENCE_S, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                database.execute("CREATE TABLE IF NOT EXISTS requests (asker TEXT, at_s REAL)")
                database.execute("CREATE TABLE IF NOT EXISTS holds (asker TEXT PRIMARY KEY, until_s REAL)")
                yield database
                database.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise ServiceError(f"the record of requests cannot be used ({error}); delete {self._path}") from None

    def __repr__(self) -> str:
        return f"<RequestRecord {self._path}>"
