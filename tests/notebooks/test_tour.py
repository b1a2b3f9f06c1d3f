"""The newcomer's first notebook, where the reel cannot be made."""

from pathlib import Path

import nbformat

from reelkit.batch.engine import execute_notebook
from reelkit.batch.jobs import notebook_path
from reelkit.runs.progress import NoLines
from reelkit.views.step_lines import STEP_MIME


def test_a_reel_that_fails_says_why_where_it_is_made(tmp_path: Path) -> None:
    """What is missing before the first step is told by the cell that makes the reel, in a line and as its error; no later cell is run."""
    out = tmp_path / "tour.ipynb"
    overrides = {"script.writer": "openai", "script.key_env": "NO_SUCH_KEY"}
    asked = {"overrides": overrides, "outputs": str(tmp_path / "outputs")}
    problem = execute_notebook(notebook_path("tour"), out, asked, watcher=NoLines())
    why = "brand 'northwind': script.writer is openai, but there is no NO_SUCH_KEY; set it, or put it into .env"
    assert problem is not None
    assert why in problem
    ran = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code" and cell.outputs]
    line, error = ran[-1].outputs
    assert "generate_one(" in ran[-1].source
    assert line.data[STEP_MIME] == {"event": "fails", "step": "start", "reason": why}
    assert line.data["text/plain"] == f"start: {why}"
    assert (error.output_type, error.evalue) == ("error", why)
