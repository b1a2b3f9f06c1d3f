"""The index of many runs: from their manifests alone, whole, safe and sorted by itself."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import RunError
from reelkit.model import Finding
from reelkit.report import runs_below, write_index
from reelkit.runs.manifest import Manifest, RunJob, StepRecord, write_manifest
from tests.folders import that_come_and_go
from tests.views.parsed import Parsed


def a_run(outputs: Path, brand: str, seed: int, **changes: object) -> Path:
    folder = outputs / brand / f"{seed:04d}-abc"
    folder.mkdir(parents=True)
    given: dict[str, object] = {
        "run_id": folder.name,
        "brand": brand,
        "job": RunJob(brand=brand, topic_seed=seed),
        "decided_by": {},
        "versions": {},
        "state": "done",
        "steps": (StepRecord(name="script", seconds=1.5),),
        "facts": {"topic": f"Topic {seed}", "duration_s": 30.0 + seed},
        "findings": (Finding(name="pace", level="should", holds=seed != 2, norm="at most 3 s", measured="2 s"),),
        "started_at": f"2025-11-0{seed}T08:30:00+00:00",
    }
    write_manifest(folder, Manifest.model_validate(given | changes))
    return folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Three runs of two brands: one done, one with a poster and everything that HTML could abuse, one failed in a cell."""
    a_run(tmp_path, "northwind", 1)
    hostile = a_run(tmp_path, "northwind", 2, facts={"topic": "<script>alert(1)</script>", "duration_s": 20.0}, costs={"script": 0.02})
    Image.fromarray(np.full((320, 180, 3), 90, np.uint8)).save(hostile / "poster.jpg")
    (hostile / "report.html").write_text("x")
    failed = a_run(tmp_path, "orbit", 3, state="failed", step="voice", reason="brand 'orbit': <b>no</b> voice", facts={}, findings=())
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("spoken = run.step('voice')")])
    book.cells[1].outputs = [nbformat.v4.new_output("error", ename="VoiceError", evalue="no", traceback=[])]
    nbformat.write(book, failed / "reel.ipynb")
    return tmp_path


def page(outputs: Path) -> str:
    return write_index(runs_below(outputs), outputs / "index.html", title="Reels").read_text(encoding="utf-8")


def test_it_lists_every_run_by_brand(outputs: Path) -> None:
    """Each brand has its reels, newest first, with totals over all."""
    html = page(outputs)
    text = Parsed(html.partition(">")[2]).text
    assert html.index('id="brand-northwind"') < html.index('id="brand-orbit"')
    assert html.index("0002-abc") < html.index("0001-abc")
    for shown in ("Topic 1", "1 warn", "all 1 hold", "$0.020", "Not finished" if "running" in html else "Failed"):
        assert shown in text


def test_a_failed_run_says_where_and_why(outputs: Path) -> None:
    """Step, reason and the notebook's cell with its code are told."""
    text = Parsed(page(outputs).partition(">")[2]).text
    assert "Step voice: brand 'orbit': <b>no</b> voice" in text
    assert "Cell 2" in text
    assert "spoken = run.step('voice')" in text


def test_what_came_from_outside_is_text(outputs: Path) -> None:
    """A topic that holds a script shows as one; the only script that runs is the one that the page's policy names."""
    html = page(outputs)
    assert "<script>alert(1)" not in html
    assert html.count("<script>") == 1
    assert "script-src 'sha256-" in html


def test_what_a_folder_store_holds_is_linked_from_the_page(outputs: Path, tmp_path: Path) -> None:
    """No address names the maker's disk: from the folder the reel is linked as it lies, from beside it by its name alone."""
    store = outputs / "published one" / "orbit"
    told = {"url": (store / "0004-abc.mp4").as_uri(), "bytes": 1, "etag": "x"}
    run = a_run(outputs, "orbit", 4, published=told, reason=f"({outputs}/orbit/x)", state="failed", step="voice")
    beside = write_index([run], tmp_path / "there.html", reports={run: (store / "0004-abc.html").as_uri()}).read_text(encoding="utf-8")
    for html, links in (
        (page(outputs), ["published%20one/orbit/0004-abc.mp4"]),
        (beside, ["0004-abc.html", "0004-abc.mp4"]),
    ):
        found = [str(one["href"]) for one in Parsed(html.partition(">")[2]).all("a")]
        assert [link for link in found if "0004" in link] == links
        assert str(outputs) not in html


def test_links_lead_to_what_is_there(outputs: Path) -> None:
    """Report and notebook are linked where they lie, relative to the page; nothing that is not there is."""
    links = [one["href"] for one in Parsed(page(outputs).partition(">")[2]).all("a") if not one["href"].startswith("#")]
    assert links == ["northwind/0002-abc/report.html", "orbit/0003-abc/reel.ipynb"]


def test_a_brands_folder_and_a_run_have_indices_too(outputs: Path) -> None:
    """Runs are found at a folder, one below it, or two."""
    assert [path.name for path in runs_below(outputs / "northwind")] == ["0001-abc", "0002-abc"]
    assert [path.name for path in runs_below(outputs / "northwind" / "0001-abc")] == ["0001-abc"]
    assert len(runs_below(outputs)) == 3


def test_runs_are_found_while_folders_come_and_go(outputs: Path) -> None:
    """What others make and remove in an outputs folder at any moment keeps nobody from its runs."""
    with that_come_and_go(outputs):
        assert {len(runs_below(outputs)) for _ in range(300)} == {3}


def test_no_run_is_one_line(tmp_path: Path) -> None:
    """An empty folder gives a line, and no page."""
    with pytest.raises(RunError, match="holds no run"):
        write_index(runs_below(tmp_path), tmp_path / "index.html")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_be_read_is_one_line_of_the_index(outputs: Path) -> None:
    """It is named with the reason and what to do; all others stand there as before."""
    (outputs / "northwind" / "0001-abc" / "run.json").write_text("{")
    text = Parsed(page(outputs).partition(">")[2]).text
    assert f"run 0001-abc: {outputs.name}/northwind/0001-abc/run.json cannot be read" in text
    assert "delete the folder to make the run anew" in text
    assert "0002-abc" in text
    assert "0003-abc" in text


def test_an_index_that_cannot_be_written_is_one_line(outputs: Path) -> None:
    """A file where its folder should be is told with the place and what to do."""
    (outputs / "pages").write_text("in the way")
    with pytest.raises(RunError, match=r"^report: \S+pages cannot be written: .+; name a folder that can be$"):
        write_index(runs_below(outputs), outputs / "pages" / "index.html")


def test_a_notebook_that_is_none_is_passed_over(outputs: Path) -> None:
    """A failed run whose notebook cannot be read still says step and reason."""
    (outputs / "orbit" / "0003-abc" / "reel.ipynb").write_text(json.dumps({"cells": 3}))
    text = Parsed(page(outputs).partition(">")[2]).text
    assert "Step voice" in text
    assert "Cell 2" not in text
