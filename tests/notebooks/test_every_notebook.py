"""Every notebook as it is kept: without outputs, beside its text, and with the same words under each cell whenever it is run."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from reelkit import views
from tests.browser.studio import Studio

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
GOLDEN = ROOT / "tests" / "golden" / "notebooks"
notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@notebooks
def test_it_is_stripped(path: Path) -> None:
    """No output and no count is kept, and the second cell is the one with the parameters."""
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert code[0].metadata.tags == ["parameters"]


@notebooks
def test_its_text_says_the_same(path: Path) -> None:
    """The percent script beside it, which reviewers read, has the same cells."""
    kept, text = nbformat.read(path, as_version=4), jupytext.read(path.with_suffix(".py"))
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [(cell.cell_type, cell.source) for cell in text.cells]


@notebooks
def test_its_cells_are_thin(path: Path) -> None:
    """A cell calls one step or shows one view, and none is longer than a list of names that is imported."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"][2:]
    assert all(len(source.splitlines()) <= 10 for source in code)
    assert all(len(re.findall(r"\brun\.step\(|^views\.", source, flags=re.MULTILINE)) <= 1 for source in code)


@notebooks
def test_its_words_are_in_the_brands_language(path: Path) -> None:
    """Every view that may be told in which language its words are is told."""
    functions = inspect.getmembers(views, inspect.isfunction)
    spoken = {name for name, function in functions if "language" in inspect.signature(function).parameters}
    assert {"script", "narration", "cues", "player", "voice"} <= spoken
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and spoken & set(re.findall(r"\bviews\.(\w+)\(", cell.source)):
            assert "language" in cell.source, cell.source


@pytest.mark.parametrize("name", ["tune_brand", "compare"])
def test_it_says_what_it_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Run on a small brand, the plain words of every output are those in tests/golden/notebooks."""
    studio = Studio(tmp_path / "studio", names=(name,))
    for key, value in studio.env.items():
        monkeypatch.setenv(key, value)
    book = nbformat.read(studio.folder / "notebooks" / f"{name}.ipynb", as_version=4)
    NotebookClient(book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(studio.folder)}}).execute()
    outputs = [(number, output) for number, cell in enumerate(book.cells, 1) for output in cell.get("outputs", [])]
    said = [f"cell {number}: {output.get('text') or output['data']['text/plain']}".strip() for number, output in outputs]
    assert all("reelkit" in output.metadata for _, output in outputs if "text/html" in output.get("data", {}))
    text = re.sub(re.escape(str(tmp_path)), "", "\n".join(said)) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if request.config.getoption("--regenerate-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()
