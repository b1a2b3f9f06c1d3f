"""What a brand has used and published across runs, so that its reels do not repeat."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from reelkit.errors import RunError
from reelkit.model import Credit, UploadResult
from reelkit.runs.locks import hold
from reelkit.whole import whole_file

__all__ = ["Ledger", "ReelLedger", "ledger_of"]

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, brand TEXT NOT NULL, run TEXT NOT NULL, reel TEXT NOT NULL, topic TEXT NOT NULL,
    sha256 TEXT NOT NULL, used TEXT NOT NULL, UNIQUE (brand, run)
);
CREATE TABLE IF NOT EXISTS clips (
    number INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE, clip TEXT NOT NULL, PRIMARY KEY (number, clip)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credits (
    clip TEXT PRIMARY KEY, author TEXT NOT NULL, licence TEXT NOT NULL, page_url TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    number INTEGER PRIMARY KEY AUTOINCREMENT, brand TEXT NOT NULL, reel TEXT NOT NULL, clips TEXT NOT NULL, UNIQUE (brand, reel)
);
CREATE TABLE IF NOT EXISTS published (
    brand TEXT NOT NULL, run TEXT NOT NULL, url TEXT NOT NULL, bytes INTEGER NOT NULL, etag TEXT NOT NULL, PRIMARY KEY (brand, run)
) WITHOUT ROWID;
"""
_BUSY_S = 30.0
_CLAIMS_KEPT = 500
"""Of each brand; older ones are let go once their reels are finished, as those are then told by the runs themselves."""
_DRAWN = "backdrops/"
"""Clips that are no footage: drawn ones may stand in reels that are made at once."""


class ReelLedger(Protocol):
    """What a brand has told and shown: the ledger of an outputs folder, or a team's."""

    def claim_topic(self, brand: str, reel: str, topic: str, *, reels: int) -> Literal["granted", "reel", "topic"]: ...

    def claim_clips(self, brand: str, reel: str, clips: Collection[str], *, reels: int) -> tuple[str, ...]: ...

    def record(
        self, brand: str, run: str, *, reel: str, topic: str, clips: Mapping[str, Credit], used: Sequence[str], sha256: str
    ) -> None: ...

    def record_published(self, brand: str, run: str, result: UploadResult) -> None: ...

    def clips_used_before(self, brand: str, reel: str, *, reels: int) -> tuple[str, ...]: ...

    def reels(self, brand: str) -> frozenset[str]: ...

    def topics_used_before(self, brand: str, reel: str, *, reels: int | None = None) -> tuple[str, ...]: ...


def ledger_of(outputs: Path) -> Ledger:
    """Return the ledger of an outputs folder."""
    return Ledger(outputs / "ledger.sqlite")


class Ledger:
    """A SQLite file that any number of processes may use at once, on several machines too where they share its folder.

    A *reel* is what a topic seed or a user's script names; each *run* of it, with another caption colour say, is a take. Takes do not
    count against each other.

    Parameters
    ----------
    path : Path
        Created on first use.

    Examples
    --------
    >>> import tempfile
    >>> ledger = Ledger(Path(tempfile.mkdtemp()) / "ledger.sqlite")
    >>> clips = {"beans": Credit(author="Us", licence="CC0")}
    >>> ledger.record("northwind", "0001-3f9a2b7c1d", reel="1", topic="Cold brew", clips=clips, used=[], sha256="ab")
    >>> ledger.clips_used_before("northwind", "2", reels=5)
    ('beans',)
    >>> ledger.clips_used_before("northwind", "1", reels=5)
    ()
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def claim_topic(self, brand: str, reel: str, topic: str, *, reels: int) -> Literal["granted", "reel", "topic"]:
        """Grant it: on one machine the plans of batches, which know of each other, say who tells what."""
        return "granted"

    def claim_clips(self, brand: str, reel: str, clips: Collection[str], *, reels: int) -> tuple[str, ...]:
        """Take clips for a reel, and return those that the brand's latest other reels have, finished or not. What a reel has stays its."""
        return self.claim_in_turn([(brand, reel, clips, reels)])[0]

    def claim_in_turn(self, claims: Sequence[tuple[str, str, Collection[str], int]]) -> list[tuple[str, ...]]:
        """Make claims one after the other, with nobody else's between them; each is the arguments of :meth:`claim_clips`."""
        if not any(_footage(clips) for _, _, clips, _ in claims):
            return [()] * len(claims)
        with self._open() as db:
            lost = [_claim(db, brand, reel, _footage(clips), reels) for brand, reel, clips, reels in claims]
            for brand in {brand for brand, _, _, _ in claims}:
                _let_go(db, brand, max(_CLAIMS_KEPT, *(reels for other, _, _, reels in claims if other == brand)))
            return lost

    def record(self, brand: str, run: str, *, reel: str, topic: str, clips: Mapping[str, Credit], used: Sequence[str], sha256: str) -> None:
        """Remember a finished run, and whose each of its clips is; a run that is recorded again keeps its place and its one entry."""
        with self._open() as db:
            db.execute(
                "INSERT INTO runs (brand, run, reel, topic, sha256, used) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (brand, run) "
                "DO UPDATE SET reel = excluded.reel, topic = excluded.topic, sha256 = excluded.sha256, used = excluded.used",
                (brand, run, reel, topic, sha256, json.dumps(list(used))),
            )
            (number,) = db.execute("SELECT number FROM runs WHERE brand = ? AND run = ?", (brand, run)).fetchone()
            db.execute("DELETE FROM clips WHERE number = ?", (number,))
            db.executemany("INSERT OR IGNORE INTO clips VALUES (?, ?)", [(number, clip) for clip in clips])
            whose = [(clip, credit.author, credit.licence, credit.page_url) for clip, credit in clips.items()]
            db.executemany("INSERT OR REPLACE INTO credits VALUES (?, ?, ?, ?)", whose)

    def record_published(self, brand: str, run: str, result: UploadResult) -> None:
        """Remember where a run was published."""
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?)", (brand, run, result.url, result.bytes, result.etag))

    def clips_used_before(self, brand: str, reel: str, *, reels: int) -> tuple[str, ...]:
        """Return the clips that a reel should not use again, sorted: those of the brand's latest other reels, and those that the latest
        claims have taken for reels that are planned or being made.

        A reel that has a finished take is given what that take was given, so that an edit of its looks leaves its footage as it is.
        """
        if not self.path.exists():
            return ()
        with self._open() as db:
            take = db.execute("SELECT used FROM runs WHERE brand = ? AND reel = ? ORDER BY number DESC LIMIT 1", (brand, reel)).fetchone()
            if take is not None:
                return tuple(json.loads(take[0]))
            return tuple(sorted(_clips_of_others(db, brand, reel, reels)))

    def reels(self, brand: str) -> frozenset[str]:
        """Return the reels that a brand has finished takes of."""
        if not self.path.exists():
            return frozenset()
        with self._open() as db:
            return frozenset(reel for (reel,) in db.execute("SELECT DISTINCT reel FROM runs WHERE brand = ?", (brand,)))

    def topics(self, brand: str) -> tuple[str, ...]:
        """Return the topics of a brand's finished reels, latest first, each once."""
        return self.topics_used_before(brand, "")

    def topics_used_before(self, brand: str, reel: str, *, reels: int | None = None) -> tuple[str, ...]:
        """Return the topics of the brand's latest reels (all where ``reels`` is None) that were finished before the first take of this one,
        latest first, each once.
        """
        if not self.path.exists():
            return ()
        with self._open() as db:
            (first,) = db.execute("SELECT MIN(number) FROM runs WHERE brand = ? AND reel = ?", (brand, reel)).fetchone()
            earlier = "brand = :brand AND reel != :reel AND (:first IS NULL OR number < :first)"
            rows = db.execute(
                f"SELECT topic FROM runs WHERE {earlier} AND reel IN "
                f"(SELECT reel FROM runs WHERE {earlier} GROUP BY reel ORDER BY MAX(number) DESC LIMIT :reels) "
                "GROUP BY topic ORDER BY MAX(number) DESC",
                {"brand": brand, "reel": reel, "first": first, "reels": -1 if reels is None else reels},
            ).fetchall()
        return tuple(topic for (topic,) in rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._make_or_refuse()
            with contextlib.closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as db:
                # A write-ahead log, which older ledgers have, holds on one machine only. While another uses it, it cannot be changed.
                with contextlib.suppress(sqlite3.OperationalError):
                    db.execute("PRAGMA journal_mode = DELETE")
                db.execute("PRAGMA foreign_keys = ON")
                db.executescript(_TABLES)
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    yield db
        except (sqlite3.Error, OSError) as error:
            hint = "free it, or move it aside to begin a new one (what was used and published is then forgotten)"
            raise RunError(f"ledger: {self.path} cannot be used: {error}; {hint}") from None

    def _make_or_refuse(self) -> None:
        """Begin a ledger where there is none, whole: SQLite takes an empty file for a new one, and what was used would be forgotten."""
        if not self.path.exists():
            with hold(self.path.parent, "ledger", what="ledger"):
                if not self.path.exists():
                    with whole_file(self.path) as temporary, contextlib.closing(sqlite3.connect(temporary)) as db:
                        db.executescript(_TABLES)
        if not self.path.stat().st_size:
            raise OSError("it is empty, as a full disk may leave it")

    def __repr__(self) -> str:
        return f"<Ledger {self.path}>"


def _footage(clips: Collection[str]) -> set[str]:
    return {clip for clip in clips if not clip.startswith(_DRAWN)}


def _claim(db: sqlite3.Connection, brand: str, reel: str, wanted: set[str], reels: int) -> tuple[str, ...]:
    if not wanted:
        return ()
    own = db.execute("SELECT clips FROM claims WHERE brand = ? AND reel = ?", (brand, reel)).fetchone()
    made = db.execute(
        "SELECT clip FROM clips WHERE number IN (SELECT number FROM runs WHERE brand = ? AND reel = ?)", (brand, reel)
    ).fetchall()
    has = {*(json.loads(own[0]) if own else ()), *(clip for (clip,) in made)}
    lost = (wanted & _clips_of_others(db, brand, reel, reels)) - has
    db.execute(
        "INSERT INTO claims (brand, reel, clips) VALUES (?, ?, ?) ON CONFLICT (brand, reel) DO UPDATE SET clips = excluded.clips",
        (brand, reel, json.dumps(sorted(wanted - lost))),
    )
    return tuple(sorted(lost))


def _let_go(db: sqlite3.Connection, brand: str, kept: int) -> None:
    """Remove the claims of a brand's finished reels but for the latest; a reel that is not finished may come back for what it has."""
    db.execute(
        "DELETE FROM claims WHERE brand = :brand AND reel IN (SELECT reel FROM runs WHERE brand = :brand) "
        "AND number <= (SELECT number FROM claims WHERE brand = :brand ORDER BY number DESC LIMIT 1 OFFSET :kept)",
        {"brand": brand, "kept": kept},
    )


def _clips_of_others(db: sqlite3.Connection, brand: str, reel: str, reels: int) -> set[str]:
    """Return the clips of a brand's latest finished reels, and of as many that claimed theirs last."""
    made = db.execute(
        "SELECT DISTINCT clip FROM clips WHERE number IN "
        "(SELECT MAX(number) FROM runs WHERE brand = ? AND reel != ? GROUP BY reel ORDER BY MAX(number) DESC LIMIT ?)",
        (brand, reel, reels),
    ).fetchall()
    claimed = db.execute(
        "SELECT clips FROM claims WHERE brand = ? AND reel != ? ORDER BY number DESC LIMIT ?", (brand, reel, reels)
    ).fetchall()
    return {clip for (clip,) in made} | {clip for (clips,) in claimed for clip in json.loads(clips)}
