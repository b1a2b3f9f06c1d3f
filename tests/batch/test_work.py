import contextlib
import os
import threading
from pathlib import Path

import pytest

from reelkit.batch.plan import PlannedReel
from reelkit.batch.work import Work, _surroundings, do_work
from tests.batch.studio import make_studio

SAID = ("REELKIT_TEMPLATES", "REELKIT_CACHE", "REELKIT_ENCODERS")


@pytest.fixture(autouse=True)
def unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SAID:
        monkeypatch.delenv(name, raising=False)


def a_work(studio: Path, *, encoders: int | None = None) -> Work:
    (studio / "templates").mkdir(parents=True, exist_ok=True)
    reel = PlannedReel(number=1, brand="nobody", slug="nobody", topic_seed=1)
    return Work(batch="b", reel=reel, outputs=studio / "outputs", templates=studio / "templates", encoders=encoders)


def said() -> list[str | None]:
    return [os.environ.get(name) for name in SAID]


def test_a_worker_keeps_nothing_of_a_studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a reel the environment says what it said before: the next may be of a studio that this worker does not see."""
    monkeypatch.setenv("REELKIT_ENCODERS", "7")
    (tmp_path / "a/outputs/batches").mkdir(parents=True)
    (tmp_path / "a/outputs/batches/b.json").write_text("{}")
    assert "nobody" in (do_work(a_work(tmp_path / "a", encoders=2)).error or "")
    assert said() == [None, None, "7"]


def test_a_deck_that_was_edited_meanwhile_makes_no_other_topic(tmp_path: Path) -> None:
    """A reel whose seed is on another topic than was planned is not made, and says so."""
    templates = make_studio(tmp_path, ["ada"], topics=("Newest", "Cold brew"))
    (tmp_path / "outputs/batches").mkdir(parents=True)
    (tmp_path / "outputs/batches/b.json").write_text("{}")
    reel = PlannedReel(number=1, brand="ada", slug="ada", topic_seed=1, topic="Cold brew")
    told = do_work(Work(batch="b", reel=reel, outputs=tmp_path / "outputs", templates=templates))
    assert told.state == "failed"
    assert (told.error or "").startswith(
        "brand 'ada': its deck was changed: seed 1 is not on 'Cold brew' any more; run the same command again"
    )
    assert not (tmp_path / "outputs/ada").exists()


def test_reels_of_a_studio_share_what_is_said(tmp_path: Path) -> None:
    """One that ends takes nothing from another thread's that is still being made."""
    first, second = contextlib.ExitStack(), contextlib.ExitStack()
    for reel in (first, second):
        reel.enter_context(_surroundings(a_work(tmp_path, encoders=2)))
    first.close()
    assert said() == [str(tmp_path / "templates"), None, "2"]
    second.close()
    assert said() == [None] * 3


def test_reels_of_two_studios_take_turns(tmp_path: Path) -> None:
    """On threads of one worker, a reel of another studio begins when those of the first have ended, and has its own."""
    seen: list[list[str | None]] = []

    def another() -> None:
        with _surroundings(a_work(tmp_path / "b")):
            seen.append(said())

    thread = threading.Thread(target=another, daemon=True)
    with _surroundings(a_work(tmp_path / "a", encoders=2)):
        thread.start()
        thread.join(0.2)
        assert seen == []
        assert said() == [str(tmp_path / "a" / "templates"), None, "2"]
    thread.join(30)
    assert seen == [[str(tmp_path / "b" / "templates"), None, None]]
    assert said() == [None] * 3
