from pathlib import Path

import nbformat
import pytest

from reelkit.batch.engine import execute_notebook
from reelkit.batch.jobs import notebook_path
from reelkit.runs.progress import NoLines
from tests.batch.studio import make_studio


def executed(folder: Path, **parameters: object) -> tuple[str | None, str]:
    """Execute batch.ipynb headless and return its problem and all HTML and text that it shows."""
    out = folder / "batch.ipynb"
    problem = execute_notebook(notebook_path("batch"), out, {"outputs": str(folder / "outputs"), **parameters}, watcher=NoLines())
    shown = []
    for cell in nbformat.read(out, as_version=4).cells:
        for output in cell.get("outputs", []):
            shown += [output.get("text", ""), *(str(output.get("data", {}).get(kind, "")) for kind in ("text/html", "text/plain"))]
    return problem, "\n".join(shown)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path)))
    return tmp_path


def test_the_batch_notebook_makes_a_batch_and_shows_it(studio: Path) -> None:
    """Run headless, it makes the reels, keeps how each ended, and shows all runs with posters; run again it makes nothing."""
    problem, shown = executed(studio, brands=["ada"])
    assert problem is None
    assert "1 of 1 reels" in shown
    assert "Cold brew" in shown
    assert "data:image/jpeg" in shown
    (reel,) = (studio / "outputs").glob("ada/*/reel.mp4")
    at = reel.stat().st_mtime_ns
    problem, shown = executed(studio, brands=["ada"], state="failed")
    assert problem is None
    assert "No run is like that." in shown
    assert reel.stat().st_mtime_ns == at


def test_the_batch_notebook_looks_without_making(studio: Path) -> None:
    """With no brand named it only looks, also where nothing was ever made."""
    problem, shown = executed(studio)
    assert problem is None
    assert "No run is like that." in shown
    assert not (studio / "outputs").exists()
