"""A batch that is begun in a notebook cell, watched in JupyterLab in a real browser, and looked over when it is done."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator, Sequence

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.batch.studio import make_studio
from tests.browser.studio import Studio, open_lab
from tests.report.test_index import a_run

AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
BOARD = ".rk-runs tbody tr"
BRANDS = f"{BOARD} > :nth-child(3)"
# Every text that a row of the running batch ever had.
WATCH = """() => { window.seen = []; new MutationObserver(() => { for (const row of document.querySelectorAll('.rk-batch tbody tr')) {
    const text = row.innerText.replace(/\\s+/g, ' '); if (!window.seen.includes(text)) window.seen.push(text) } })
    .observe(document, {childList: true, subtree: true}) }"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Two brands of one short reel each; one speaks a language that its voice does not."""
    studio = Studio(tmp_path_factory.mktemp("studio"), names=("batch",))
    make_studio(studio.folder, ("ada", "bix"))
    bix = studio.folder / "templates" / "brands" / "bix.yaml"
    bix.write_text(bix.read_text() + "language: de\n")
    path = studio.folder / "notebooks" / "batch.ipynb"
    book = nbformat.read(path, as_version=4)
    cell = next(cell for cell in book.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source = cell.source.replace("brands = []", 'brands = ["ada", "bix"]')
    nbformat.write(book, path)
    # A night before, with a reel that a model wrote and that failed.
    a_run(studio.outputs, "northwind", 5, costs={"script": 0.4}, state="failed", step="voice", reason="no voice")
    return studio


@pytest.fixture(scope="module")
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    """The notebook, run to its end while its rows were watched."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    with studio.lab() as address:
        open_lab(page, address, "batch", ready=BOARD)
        yield page
    context.close()


def choose(page: Page, name: str, value: str, *, stay: Sequence[str]) -> None:
    """Choose a filter; the rows of these brands stay, and no other."""
    page.get_by_label(name, exact=True).select_option(value)
    expect(page.locator(BRANDS)).to_have_text(stay)


def enter(page: Page, name: str, value: str, *, stay: Sequence[str]) -> None:
    """Type into a filter; the rows of these brands stay, and no other."""
    field = page.get_by_label(name, exact=True)
    field.fill(value)
    field.press("Enter")
    expect(page.locator(BRANDS)).to_have_text(stay)
    assert bool(stay) is not page.locator(".rk-runs .rk-none").is_visible()


def test_the_rows_move_and_end(page: Page) -> None:
    """Each reel has a row: it waits or runs, shows step and share as they change, and ends as done or with the reason of its failure."""
    seen = page.evaluate("window.seen")
    of_ada = [text for text in seen if "ada 1" in text]
    running = [text for text in of_ada if "Running" in text]
    assert len({text.split("%")[-1] for text in running}) >= 2, seen
    assert of_ada[-1].startswith("✓ Done ada 1 Cold brew")
    assert "✕ Failed bix 2" in seen[-1] or any(text.startswith("✕ Failed bix 2") for text in seen)
    expect(page.locator(".rk-batch")).to_have_count(1)
    expect(page.locator(".rk-batch")).to_contain_text("speaks English only")
    expect(page.locator(".rk-total")).to_contain_text("1 done, 1 failed")


def test_the_runs_are_filtered_where_they_are_seen(page: Page, studio: Studio) -> None:
    """Poster, reason and trend are there; brand, state and time leave the rows that are so, and `any` brings all back."""
    assert page.locator(".rk-runs img.rk-poster").first.evaluate("image => image.naturalWidth") > 50
    brands = page.locator(BRANDS).all_inner_texts()
    assert "ada" in brands
    choose(page, "brand", "ada", stay=["ada"])
    choose(page, "brand", "any", stay=brands)
    choose(page, "state", "done", stay=["ada"])
    assert page.locator(".rk-trend tbody tr").count() == 1
    choose(page, "state", "any", stay=brands)
    enter(page, "since", "2999-01-01", stay=[])
    enter(page, "since", "", stay=brands)


def test_costs_and_findings_are_filtered_where_they_are_seen(page: Page) -> None:
    """A sum leaves the runs that cost so much or more, a finding those in which it does not hold; both say when there is none."""
    brands = page.locator(BRANDS).all_inner_texts()
    enter(page, "cost from $", "0.40", stay=["northwind"])
    assert "$0.40" in page.locator(BOARD).first.inner_text()
    enter(page, "cost from $", "0.41", stay=[])
    enter(page, "cost from $", "0", stay=brands)
    offered = page.get_by_label("finding", exact=True).locator("option").all_inner_texts()
    assert offered[0] == "any"
    for finding in offered[1:]:
        with_it = page.locator(BOARD).evaluate_all(
            "(rows, name) => rows.filter(row => row.cells[4].innerText.includes(name)).map(row => row.cells[2].innerText)", finding
        )
        assert 0 < len(with_it) < len(brands)
        choose(page, "finding", finding, stay=with_it)
        choose(page, "finding", "any", stay=brands)
    assert "useful-length" in offered


def test_jupyterlabs_dark_theme(page: Page) -> None:
    """Chosen in JupyterLab's own menu, its dark theme reaches the filters and every view: light words on dark, and axe finds nothing."""
    wear_theme(page, "JupyterLab Dark")
    try:
        assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
        for place in (".rk-batch", ".rk-runs", ".rk-trend"):
            words, ground = page.locator(place).evaluate(
                "one => [one, one.closest('.rk')].map((each, at) => getComputedStyle(each)[at ? 'backgroundColor' : 'color'])"
            )
            assert lightness(words) > 0.7 > 0.3 > lightness(ground), (place, words, ground)
        label, select = page.locator(".widget-dropdown label").first, page.get_by_label("brand", exact=True)
        assert lightness(label.evaluate("one => getComputedStyle(one).color")) > 0.7
        assert lightness(select.evaluate("one => getComputedStyle(one).backgroundColor")) < 0.3
        assert faults(page) == []
        brands = page.locator(BRANDS).all_inner_texts()
        choose(page, "brand", "ada", stay=["ada"])
        choose(page, "brand", "any", stay=brands)
    finally:
        wear_theme(page, "JupyterLab Light")


def wear_theme(page: Page, name: str) -> None:
    """Choose Settings > Theme > a theme, and wait until it is worn."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{name}$")).click()
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name, timeout=60_000)


def lightness(colour: str) -> float:
    """The mean of a computed colour's red, green and blue, 0 to 1."""
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3 / 255


def faults(page: Page) -> list[tuple[str, str]]:
    """What axe finds wrong with the views."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({include: [['.rk-batch'], ['.rk-runs'], ['.rk-trend']]}, {resultTypes: ['violations']})")
    return [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_can_be_read(page: Page, theme: str) -> None:
    """In both of JupyterLab's themes axe finds nothing wrong with the views, contrast included."""
    page.evaluate("theme => document.body.dataset.jpThemeLight = String(theme === 'light')", theme)
    page.wait_for_timeout(400)
    assert faults(page) == []
