"""What a brand has used and published across runs, so that its reels do not repeat."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from reelkit.errors import RunError
from reelkit.model import UploadResult

__all__ = ["Ledger"]

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, brand TEXT NOT NULL, run TEXT NOT NULL, topic TEXT NOT NULL, reel_sha256 TEXT NOT NULL,
    UNIQUE (brand, run)
);
CREATE TABLE IF NOT EXISTS clips (
    number INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE, clip TEXT NOT NULL, PRIMARY KEY (number, clip)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS published (
    brand TEXT NOT NULL, run TEXT NOT NULL, url TEXT NOT NULL, bytes INTEGER NOT NULL, etag TEXT NOT NULL, PRIMARY KEY (brand, run)
) WITHOUT ROWID;
"""
_BUSY_S = 30.0


class Ledger:
    """A SQLite file (write-ahead log) that any number of processes may use at once.

    Parameters
    ----------
    path : Path
        Created on first use.

    Examples
    --------
    >>> import tempfile
    >>> ledger = Ledger(Path(tempfile.mkdtemp()) / "ledger.sqlite")
    >>> ledger.record("northwind", "0001-3f9a2b7c1d", topic="Cold brew", clips=["beans"], reel_sha256="ab")
    >>> ledger.recent_clips("northwind", 5)
    ('beans',)
    >>> ledger.recent_clips("northwind", 5, but="0001-3f9a2b7c1d")
    ()
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def record(self, brand: str, run: str, *, topic: str, clips: Iterable[str], reel_sha256: str) -> None:
        """Remember a finished run; a run that is recorded again keeps its place and its one entry."""
        with self._open() as db:
            db.execute(
                "INSERT INTO runs (brand, run, topic, reel_sha256) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (brand, run) DO UPDATE SET topic = excluded.topic, reel_sha256 = excluded.reel_sha256",
                (brand, run, topic, reel_sha256),
            )
            (number,) = db.execute("SELECT number FROM runs WHERE brand = ? AND run = ?", (brand, run)).fetchone()
            db.execute("DELETE FROM clips WHERE number = ?", (number,))
            db.executemany("INSERT OR IGNORE INTO clips VALUES (?, ?)", [(number, clip) for clip in clips])

    def record_published(self, brand: str, run: str, result: UploadResult) -> None:
        """Remember where a run was published."""
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?)", (brand, run, result.url, result.bytes, result.etag))

    def recent_clips(self, brand: str, reels: int, *, but: str = "") -> tuple[str, ...]:
        """Return the clips of a brand's latest finished reels, sorted; ``but`` names a run that does not count."""
        if reels == 0 or not self.path.exists():
            return ()
        with self._open() as db:
            rows = db.execute(
                "SELECT DISTINCT clip FROM clips WHERE number IN "
                "(SELECT number FROM runs WHERE brand = ? AND run != ? ORDER BY number DESC LIMIT ?) ORDER BY clip",
                (brand, but, reels),
            ).fetchall()
        return tuple(clip for (clip,) in rows)

    def topics(self, brand: str) -> tuple[str, ...]:
        """Return the topics of a brand's finished reels, latest first, each once."""
        if not self.path.exists():
            return ()
        with self._open() as db:
            rows = db.execute("SELECT topic FROM runs WHERE brand = ? GROUP BY topic ORDER BY MAX(number) DESC", (brand,)).fetchall()
        return tuple(topic for (topic,) in rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA foreign_keys = ON")
                db.executescript(_TABLES)
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    yield db
        except (sqlite3.Error, OSError) as error:
            raise RunError(f"ledger: {self.path} cannot be used: {error}") from None

    def __repr__(self) -> str:
        return f"<Ledger {self.path}>"
