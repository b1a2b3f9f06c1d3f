import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from reelkit.batch.plan import Asked, Batch, Outcome, PlannedReel
from reelkit.batch.screen import BatchScreen, batch_table
from reelkit.batch.watching import batch_now, typical_seconds
from reelkit.batch.work import StepFile, progress_folder, read_step
from reelkit.views import batch_view

TYPICAL = {"start": 2.0, "script": 2.0, "voice": 4.0, "compose": 12.0}


def a_batch(count: int = 4, *, ended: bool = False) -> Batch:
    reels = tuple(
        PlannedReel(number=number, brand="ada", slug="ada", topic_seed=number, topic=f"Topic {number}") for number in range(1, count + 1)
    )
    outcomes = {
        1: Outcome(number=1, state="done", run="ada/1", duration_ms=8000, cost_usd=0.25),
        2: Outcome(number=2, state="failed", step="voice", error="no <b>words</b>"),
    }
    at = "2026-03-02T02:00:00+00:00"
    asked = Asked(brands=("ada",), count=count)
    return Batch(id="b", asked=asked, started_at=at, touched_at=at, reels=reels, outcomes=outcomes, ended_at=at if ended else None)


def test_a_step_is_heard_from_another_process(tmp_path: Path) -> None:
    """A reel that is made keeps a file with its step and share, which goes with it."""
    steps = StepFile(progress_folder(tmp_path, "b") / "3.json")
    with steps:
        steps.begins("compose")
        first = read_step(tmp_path, "b", 3)
        assert first is not None
        assert (first.step, first.done) == ("compose", 0.0)
        time.sleep(0.6)
        steps.share("compose", 0.5)
        half = read_step(tmp_path, "b", 3)
        assert half is not None
        assert half.done == 0.5
    assert read_step(tmp_path, "b", 3) is None


def test_shares_and_time_left_follow_the_steps(tmp_path: Path) -> None:
    """A reel in the middle of its longest step has done what came before and half of that; waiting reels take a whole one each."""
    folder = progress_folder(tmp_path, "b")
    folder.mkdir(parents=True)
    began = time.time() - 6.0
    (folder / "3.json").write_text(json.dumps({"step": "compose", "done": 0.5, "began_at": began - 8.0, "step_began_at": began}))
    now = batch_now(a_batch(), tmp_path, TYPICAL)
    reel = now.reels[2]
    assert (reel.state, reel.step) == ("running", "compose")
    assert reel.left_s == pytest.approx(6.0, abs=2.0)
    assert reel.share == pytest.approx(14 / 20, abs=0.1)
    assert now.left_s == pytest.approx(6.0 + 20.0, abs=2.0)
    assert now.total == "1 of 4 done, 1 failed, 1 running, 1 waiting, $0.25"
    assert batch_now(a_batch(ended=True), tmp_path, TYPICAL).left_s is None


def test_steps_take_what_they_took_before(tmp_path: Path) -> None:
    """Without runs there is a guess for every long step; a manifest that cannot be read is passed over."""
    assert typical_seconds(tmp_path)["compose"] > typical_seconds(tmp_path)["check"] > 0
    (tmp_path / "ada" / "0001-x").mkdir(parents=True)
    (tmp_path / "ada" / "0001-x" / "run.json").write_text("{")
    assert typical_seconds(tmp_path)["compose"] > 0


def drawn(batch: Batch, folder: Path, *, rows: int = 30) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(batch_table(batch_now(batch, folder, TYPICAL), rows=rows))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_terminal_gets_a_line_for_each_reel(tmp_path: Path) -> None:
    """Each reel has a line and the last one is the total; where there are more than fit, what failed stays and the rest is counted."""
    lines = drawn(a_batch(), tmp_path).splitlines()
    assert len(lines) == 5
    assert "Topic 2" in lines[1]
    assert "voice failed" in lines[1]
    assert "1 of 4 done, 1 failed, 2 waiting" in lines[-1]
    few = drawn(a_batch(300), tmp_path, rows=6)
    assert len(few.splitlines()) == 7
    assert "voice failed" in few
    assert "and 295 more" in few


def test_no_terminal_hears_nothing(tmp_path: Path) -> None:
    """Under cron, where standard error is no terminal, nothing is drawn; on a terminal that is asked to be quiet neither."""
    for console, quiet in ((Console(file=io.StringIO()), False), (Console(file=io.StringIO(), force_terminal=True), True)):
        with BatchScreen(tmp_path, console, quiet=quiet) as screen:
            screen.tick(a_batch())
        assert console.file.getvalue() == ""  # type: ignore[attr-defined]
    live = Console(file=io.StringIO(), force_terminal=True, width=120)
    with BatchScreen(tmp_path, live) as screen:
        screen.tick(a_batch())
        assert "Topic 4" in live.file.getvalue()  # type: ignore[attr-defined]


def test_a_notebook_gets_the_same_lines(tmp_path: Path) -> None:
    """The view has each reel's line and the total, and what a reel says of itself is text, not markup."""
    html = batch_view.html(batch_now(a_batch(), tmp_path, TYPICAL))
    assert all(f"Topic {number}" in html for number in (1, 2, 3, 4))
    assert "no &lt;b&gt;words&lt;/b&gt;" in html
    assert "1 done, 1 failed, 2 waiting" in html
    assert "http" not in html
