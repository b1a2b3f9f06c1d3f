import contextlib
import multiprocessing
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from reelkit.errors import RunError
from reelkit.model import Credit, UploadResult
from reelkit.runs.ledger import Ledger

CREDIT = Credit(author="Ána Ünal", licence="Pexels License", page_url="https://www.pexels.com/video/11/")


def record(ledger: Ledger, run: str, *clips: str, brand: str = "northwind", reel: str = "", used: tuple[str, ...] = ()) -> None:
    ledger.record(brand, run, reel=reel or run, topic=f"topic of {run}", clips=dict.fromkeys(clips, CREDIT), used=used, sha256="0")


def test_clips_of_the_latest_reels_count(tmp_path: Path) -> None:
    """Only a brand's own last N reels count, a reel with several takes once and by its last take."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record(ledger, "run0", "a", "b")
    record(ledger, "run1", "b", "c")
    record(ledger, "run2", "d")
    record(ledger, "run2b", "e", reel="run2")
    record(ledger, "run9", "z", brand="pulse")
    assert ledger.clips_used_before("northwind", "new", reels=2) == ("b", "c", "e")
    assert ledger.clips_used_before("northwind", "new", reels=0) == ()
    assert ledger.topics("northwind") == ("topic of run2b", "topic of run2", "topic of run1", "topic of run0")


def test_topics_of_the_latest_reels_count(tmp_path: Path) -> None:
    """Only a brand's own last N reels count, and of a reel that was made before only those that were there first."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for run in ("run0", "run1", "run2"):
        record(ledger, run)
    record(ledger, "run2b", reel="run2")
    record(ledger, "run9", brand="pulse")
    assert ledger.topics_used_before("northwind", "new", reels=2) == ("topic of run2b", "topic of run2", "topic of run1")
    assert ledger.topics_used_before("northwind", "run2", reels=1) == ("topic of run1",)
    assert ledger.topics_used_before("northwind", "new", reels=0) == ()


def test_another_take_is_given_what_the_first_was(tmp_path: Path) -> None:
    """A reel that is made again, in another colour say, sees neither its own clips nor those of reels made since."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record(ledger, "run1", "b", used=("a",))
    record(ledger, "run2", "c", used=("a", "b"))
    assert ledger.clips_used_before("northwind", "run1", reels=5) == ("a",)


def test_recording_again_changes_nothing(tmp_path: Path) -> None:
    """A run recorded twice keeps one entry and its place in time."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record(ledger, "run0", "a")
    record(ledger, "run1", "b")
    record(ledger, "run0", "a")
    ledger.record_published("northwind", "run0", UploadResult(url="x", bytes=1, etag="e"))
    ledger.record_published("northwind", "run0", UploadResult(url="x", bytes=1, etag="e"))
    assert ledger.clips_used_before("northwind", "new", reels=1) == ("b",)
    with sqlite3.connect(ledger.path) as db:
        assert db.execute("SELECT COUNT(*) FROM runs").fetchone() == (2,)
        assert db.execute("SELECT COUNT(*) FROM published").fetchone() == (1,)
    db.close()


def test_whose_each_clip_is_stands_there(tmp_path: Path) -> None:
    """Author, licence and page of every clip that was ever used can be looked up."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record(ledger, "run0", "a", "b")
    record(ledger, "run1", "b")
    with sqlite3.connect(ledger.path) as db:
        rows = db.execute("SELECT * FROM credits ORDER BY clip").fetchall()
    db.close()
    assert rows == [(clip, CREDIT.author, CREDIT.licence, CREDIT.page_url) for clip in ("a", "b")]


def test_asking_makes_no_file(tmp_path: Path) -> None:
    """A ledger that nothing was recorded in is empty and not on the disk."""
    assert Ledger(tmp_path / "ledger.sqlite").clips_used_before("northwind", "new", reels=5) == ()
    assert list(tmp_path.iterdir()) == []


def test_claimed_clips_are_left_aside(tmp_path: Path) -> None:
    """What a reel has claimed or shown, no other of the latest gets; drawn backdrops are free; what is its own stays so."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record(ledger, "run0", "a")
    assert ledger.claim_clips("northwind", "seed 1", ["a", "b", "c", "backdrops/waves-1"], reels=5) == ("a",)
    assert ledger.claim_clips("northwind", "seed 2", ["b", "d", "backdrops/waves-1"], reels=5) == ("b",)
    assert ledger.claim_clips("northwind", "seed 1", ["b", "c"], reels=5) == ()
    assert ledger.clips_used_before("northwind", "seed 2", reels=5) == ("a", "b", "c")
    assert ledger.clips_used_before("northwind", "seed 3", reels=1) == ("a", "d")
    assert ledger.claim_clips("pulse", "seed 1", ["a", "b"], reels=5) == ()
    record(ledger, "0001-a", "b", "c", reel="seed 1", used=("a",))
    assert ledger.claim_clips("northwind", "seed 3", ["b"], reels=1) == ("b",)
    record(ledger, "0003-a", "e", reel="seed 3")
    assert ledger.claim_clips("northwind", "seed 4", ["b"], reels=1) == ()
    assert ledger.claim_clips("northwind", "seed 1", ["b", "c"], reels=5) == (), "another take keeps its footage"


def test_old_claims_of_finished_reels_are_let_go(tmp_path: Path) -> None:
    """However many nights pass, claims stay few: what is finished is told by its run. One that is not keeps what it has."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    clips = {"c0": Credit(author="Us", licence="CC0")}
    ledger.record("northwind", "r", reel="seed 0", topic="t", clips=clips, used=[], sha256="ab")
    ledger.claim_clips("pulse", "seed 0", ["c0"], reels=5)
    ledger.claim_in_turn([("northwind", f"seed {number}", [f"c{number}"], 5) for number in range(510)])
    with contextlib.closing(sqlite3.connect(ledger.path)) as db:
        left = {reel for (reel,) in db.execute("SELECT reel FROM claims WHERE brand = 'northwind'")}
        assert left == {f"seed {number}" for number in range(1, 510)}
        assert db.execute("SELECT reel FROM claims WHERE brand = 'pulse'").fetchall() == [("seed 0",)]
    assert ledger.claim_clips("northwind", "seed 0", ["c0"], reels=5) == (), "what a finished reel shows is still its own"
    assert ledger.claim_clips("northwind", "seed 1", ["c1"], reels=5) == ()


def _claim(path: Path, worker: int, won: Any) -> None:
    clips = [f"clip {number}" for number in range(20)]
    lost = Ledger(path).claim_clips("northwind", f"seed {worker}", clips, reels=5)
    won.put([clip for clip in clips if clip not in lost])


def test_processes_that_claim_at_once_share_nothing(tmp_path: Path) -> None:
    """Of reels that want the same clips at the same moment one gets them."""
    context = multiprocessing.get_context("spawn")
    won = context.Queue()
    workers = [context.Process(target=_claim, args=(tmp_path / "ledger.sqlite", worker, won)) for worker in range(3)]
    for process in workers:
        process.start()
    assert sorted(len(won.get(timeout=60)) for _ in workers) == [0, 0, 20]
    for process in workers:
        process.join()


def _record(path: Path, worker: int) -> None:
    for number in range(10):
        record(Ledger(path), f"{worker}-{number}", f"{worker}-{number}")


def test_processes_record_at_once(tmp_path: Path) -> None:
    """Nothing is lost when several processes record into a new ledger at the same time."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_record, args=(tmp_path / "ledger.sqlite", worker)) for worker in range(3)]
    for process in workers:
        process.start()
    for process in workers:
        process.join()
        assert process.exitcode == 0
    assert len(Ledger(tmp_path / "ledger.sqlite").clips_used_before("northwind", "new", reels=100)) == 30


def test_a_ledger_with_a_write_ahead_log_is_changed(tmp_path: Path) -> None:
    """A ledger is kept as several machines may use it; an older one becomes so with the first use that nobody else's is beside."""
    ledger = Ledger(tmp_path / "ledger.sqlite")

    def its_log() -> tuple[int, list[str]]:
        return ledger.path.read_bytes()[18], sorted(path.name for path in tmp_path.glob("ledger.sqlite*"))

    record(ledger, "run0", "a")
    assert its_log() == (1, ["ledger.sqlite"])
    with contextlib.closing(sqlite3.connect(ledger.path)) as older:
        assert older.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        assert older.execute("SELECT COUNT(*) FROM runs").fetchone() == (1,)
        record(ledger, "run1", "b")
        assert its_log()[0] == 2
    record(ledger, "run2", "c")
    assert its_log() == (1, ["ledger.sqlite"])
    assert ledger.clips_used_before("northwind", "new", reels=5) == ("a", "b", "c")


def test_an_empty_file_is_no_new_ledger(tmp_path: Path) -> None:
    """A ledger that a full disk has emptied is told, by whoever asks it: what was told and published is not forgotten without a word."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.path.touch()
    for ask in (lambda: record(ledger, "run0"), lambda: ledger.reels("northwind"), lambda: ledger.topics("northwind")):
        with pytest.raises(RunError, match=r"ledger\.sqlite cannot be used: it is empty.*move it aside to begin a new one"):
            ask()
    assert ledger.path.stat().st_size == 0


def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    """A damaged ledger is told with its path."""
    path = tmp_path / "ledger.sqlite"
    path.write_text("not a database, but long enough to be taken for one by its header")
    with pytest.raises(RunError, match=r"ledger: .*ledger\.sqlite cannot be used"):
        record(Ledger(path), "run0")
