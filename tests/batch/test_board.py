from pathlib import Path

import pytest
from PIL import Image

from reelkit.batch.board import BatchProgress, RunsBoard
from reelkit.batch.history import run_rows
from reelkit.batch.plan import Asked, Batch, PlannedReel
from reelkit.model import Finding
from reelkit.runs.manifest import Manifest, RunJob, StepRecord, write_manifest


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Three nights of two brands: one run failed, one cost something, one breaks a finding, and one cannot be read."""

    def run(brand: str, number: int, day: int, **more: object) -> None:
        folder = tmp_path / brand / f"{number:04d}-0123456789"
        said = {
            "state": "done",
            "facts": {"topic": f"{brand} <b>{number}</b>"},
            "steps": (StepRecord(name="compose", seconds=10.0 * number),),
        }
        manifest = Manifest(
            run_id=folder.name,
            brand=brand,
            job=RunJob(brand=brand, topic_seed=number),
            decided_by={},
            versions={},
            started_at=f"2026-03-0{day}T02:30:00+00:00",
            **{**said, **more},  # type: ignore[arg-type]
        )
        write_manifest(folder, manifest)
        Image.new("RGB", (270, 480), "#24150E").save(folder / "poster.jpg")

    run("ada", 1, 1)
    run("ada", 2, 2, state="failed", step="voice", reason="it has no word")
    run("bix", 1, 2, costs={"script": 0.25})
    run("bix", 2, 3, findings=(Finding(name="cut-pace", level="should", holds=False, norm="3 s", measured="5 s"),))
    (tmp_path / "bix" / "0003-0123456789").mkdir()
    (tmp_path / "bix" / "0003-0123456789" / "run.json").write_text("{")
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        ({}, ["bix/0002", "bix/0001", "ada/0002", "ada/0001", "bix/0003"]),
        ({"brand": "ada"}, ["ada/0002", "ada/0001"]),
        ({"state": "failed"}, ["ada/0002", "bix/0003"]),
        ({"finding": "cut-pace"}, ["bix/0002"]),
        ({"min_cost_usd": 0.1}, ["bix/0001"]),
        ({"since": "2026-03-02", "state": "done"}, ["bix/0002", "bix/0001"]),
        ({"brand": "nobody"}, []),
    ],
)
def test_runs_are_filtered(outputs: Path, wanted: dict[str, object], runs: list[str]) -> None:
    """Brand, state, finding, cost and time leave the runs that are so, the latest first."""
    board = RunsBoard(outputs, **wanted)
    assert sorted(row.run[:8] for row in board.chosen) == sorted(runs)
    assert len(board.rows) == 5
    for run in board.chosen:
        assert run.topic.replace("<b>", "&lt;b&gt;").replace("</b>", "&lt;/b&gt;") in board.html
    assert "<b>" not in board.html


def test_the_table_tells_reasons_and_trends(outputs: Path) -> None:
    """A failed run says why, a run that cannot be read too; posters are small; each day has its numbers."""
    board = RunsBoard(outputs)
    assert "voice: it has no word" in board.html
    assert "cannot be read" in board.html
    assert board.html.count("data:image/jpeg") == 4
    assert len(board.html) < 60_000
    assert all(day in board.html for day in ("2026-03-01", "2026-03-02", "2026-03-03"))
    assert "$0.25" in board.html
    assert run_rows(outputs)[0].started_at.startswith("2026-03-03")


def test_the_live_face_filters(outputs: Path) -> None:
    """Choosing a brand in the widget changes the table and the trend beside it, and `any` brings all back."""
    board = RunsBoard(outputs)
    filters, shown = board.widget.children
    brand = filters.children[0]
    assert brand.options == ("any", "ada", "bix")
    brand.value = "ada"
    assert "bix" not in shown.value
    assert len(board.chosen) == 2
    brand.value = "any"
    assert len(board.chosen) == 5


def test_progress_has_two_faces(tmp_path: Path) -> None:
    """A watched batch is a widget where there is one, and HTML that stays in the executed notebook."""
    at = "2026-03-02T02:00:00+00:00"
    reels = (PlannedReel(number=1, brand="ada", slug="ada", topic_seed=1, topic="Cold brew"),)
    progress = BatchProgress(tmp_path)
    progress.tick(Batch(id="b", asked=Asked(brands=("ada",)), started_at=at, touched_at=at, reels=reels))
    faces, _ = progress._repr_mimebundle_()
    assert "Cold brew" in faces["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in faces
    assert progress.widget.value == progress.html
    assert repr(progress) == "<BatchProgress: 0 of 1 done, 1 waiting>"
