"""The index of a batch and a report's folder form in a real browser, offline."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from reelkit.batch.reports import publish_report, report_folder, report_on
from reelkit.batch.runner import generate_one, report
from tests.report.notebook import execute
from tests.report.test_index import a_run

AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
SMALL = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow", "bokeh"]}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run with its executed notebook, and manifests of two more."""
    folder = tmp_path_factory.mktemp("outputs")
    words = folder / "words.md"
    words.write_text("Cold brew takes time. Give it a night in the fridge.")
    made = generate_one("northwind", 1, script=words, overrides=SMALL, outputs=folder)
    assert made.run_dir is not None, made.error
    execute(made.run_dir)
    a_run(folder, "orbit", 2)
    a_run(folder, "orbit", 3, state="failed", step="voice", reason="no voice", facts={})
    return folder


@pytest.mark.parametrize(("scheme", "width"), [("light", 1180), ("dark", 390)])
def test_the_index_sorts_offline(chromium: Browser, outputs: Path, scheme: str, width: int) -> None:
    """Opened from disk it asks for nothing but itself, sorts by any head with a click or a key, and axe finds nothing."""
    page_path = report_on(outputs)
    context = chromium.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_path.as_uri())
    started = page.locator("section", has_text="orbit").get_by_role("button", name="Started")
    topics = "[...document.querySelectorAll('section:last-of-type tbody .id')].map(one => one.textContent)"
    assert page.evaluate(topics) == ["0003-abc", "0002-abc"]
    started.click()
    assert page.evaluate(topics) == ["0002-abc", "0003-abc"]
    started.press("Enter")
    assert page.evaluate(topics) == ["0003-abc", "0002-abc"]
    assert {address for address in asked if not address.startswith("data:")} == {page_path.as_uri()}
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    axe = AXE.read_text(encoding="utf-8")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}: {one['nodes'][0]['failureSummary']}" for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_folder_form_plays_the_whole_reel(chromium: Browser, outputs: Path, tmp_path: Path) -> None:
    """The page plays the reel that lies beside it, with captions, and asks for nothing else."""
    run = next((outputs / "northwind").glob("0001-*"))
    page_path = report_folder(run, tmp_path / "handed")
    assert {"index.html", "reel.mp4", "poster.jpg", "credits.txt"} <= {path.name for path in page_path.parent.iterdir()}
    context = chromium.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_path.as_uri())
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    assert page.evaluate("document.querySelector('video').videoWidth") == 270
    page.evaluate("document.querySelector('video').textTracks[0].mode = 'hidden'")
    page.wait_for_function("() => document.querySelector('video').textTracks[0].cues?.length > 2")
    assert {Path(address).name for address in asked if not address.startswith("data:")} <= {"index.html", "reel.mp4", "poster.jpg"}
    context.close()


def test_reports_are_published_where_reels_are(outputs: Path) -> None:
    """A run's report stands under its name in the brand's store, an index under its folder's; each link holds what was sent."""
    run = next((outputs / "northwind").glob("0001-*"))
    (link,) = publish_report(run)
    assert Path(link.removeprefix("file://")).read_bytes() == report(run).read_bytes()
    links = publish_report(outputs / "northwind")
    assert [Path(link).name for link in links] == [f"{run.name}.html", "index-northwind.html"]
    assert all(Path(link.removeprefix("file://")).is_file() for link in links)
