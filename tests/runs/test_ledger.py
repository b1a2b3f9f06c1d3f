import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from reelkit.errors import RunError
from reelkit.model import UploadResult
from reelkit.runs.ledger import Ledger


def test_recent_clips_are_those_of_the_latest_reels(tmp_path: Path) -> None:
    """Only a brand's own last N finished runs count, a run never against itself."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for number, clips in enumerate((["a", "b"], ["b", "c"], ["d"])):
        ledger.record("northwind", f"run{number}", topic=f"topic {number}", clips=clips, reel_sha256="0")
    ledger.record("pulse", "run9", topic="legs", clips=["z"], reel_sha256="0")
    assert ledger.recent_clips("northwind", 2) == ("b", "c", "d")
    assert ledger.recent_clips("northwind", 2, but="run2") == ("a", "b", "c")
    assert ledger.recent_clips("northwind", 0) == ()
    assert ledger.topics("northwind") == ("topic 2", "topic 1", "topic 0")


def test_recording_again_changes_nothing(tmp_path: Path) -> None:
    """A run recorded twice keeps one entry and its place in time."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("northwind", "run0", topic="t", clips=["a"], reel_sha256="0")
    ledger.record("northwind", "run1", topic="u", clips=["b"], reel_sha256="0")
    ledger.record("northwind", "run0", topic="t", clips=["a"], reel_sha256="0")
    ledger.record_published("northwind", "run0", UploadResult(url="x", bytes=1, etag="e"))
    ledger.record_published("northwind", "run0", UploadResult(url="x", bytes=1, etag="e"))
    assert ledger.recent_clips("northwind", 1) == ("b",)
    with sqlite3.connect(ledger.path) as db:
        assert db.execute("SELECT COUNT(*) FROM runs").fetchone() == (2,)
        assert db.execute("SELECT COUNT(*) FROM published").fetchone() == (1,)
    db.close()


def test_asking_makes_no_file(tmp_path: Path) -> None:
    """A ledger that nothing was recorded in is empty and not on the disk."""
    assert Ledger(tmp_path / "ledger.sqlite").recent_clips("northwind", 5) == ()
    assert list(tmp_path.iterdir()) == []


def _record(path: Path, worker: int) -> None:
    for number in range(10):
        Ledger(path).record("northwind", f"{worker}-{number}", topic="t", clips=[f"{worker}-{number}"], reel_sha256="0")


def test_processes_record_at_once(tmp_path: Path) -> None:
    """Nothing is lost when several processes record into a new ledger at the same time."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_record, args=(tmp_path / "ledger.sqlite", worker)) for worker in range(3)]
    for process in workers:
        process.start()
    for process in workers:
        process.join()
        assert process.exitcode == 0
    assert len(Ledger(tmp_path / "ledger.sqlite").recent_clips("northwind", 100)) == 30


def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    """A damaged ledger is told with its path."""
    path = tmp_path / "ledger.sqlite"
    path.write_text("not a database, but long enough to be taken for one by its header")
    with pytest.raises(RunError, match=r"ledger: .*ledger\.sqlite cannot be used"):
        Ledger(path).record("northwind", "run0", topic="t", clips=[], reel_sha256="0")
