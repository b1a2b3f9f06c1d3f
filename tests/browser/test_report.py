"""The report in a real browser: it plays, asks nothing of any network, and passes axe in every theme and width."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from reelkit.report import write_report
from tests.report.notebook import execute
from tests.views import samples

LOOKS = [("light", 1180), ("dark", 1180), ("light", 390), ("dark", 390)]
AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"


def _until(page: Page, holds: str) -> None:
    """Wait for an expression to hold; Playwright's own way evaluates strings in the page, which its content policy forbids."""
    for _ in range(600):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never came true: {holds}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    book = execute(folder, more=("print('done')\nraise ValueError('a step failed')",))
    return write_report(
        book, folder / "report.html", title="Northwind: Why coffee blooms", description="A reel, step by step.", palette=samples.PALETTE
    )


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, report: Path, requests: list[str], troubles: list[str]) -> Iterator[Page]:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(report.as_uri())
    _until(page, "[...document.querySelectorAll('video, audio')].every(media => media.readyState >= 1)")
    yield page
    context.close()


def test_it_asks_nothing_of_any_network(page: Page, report: Path, requests: list[str], troubles: list[str]) -> None:
    """Opened from disk and offline, the only address asked for is its own; the console stays silent."""
    page.evaluate("document.querySelector('video').textTracks[0].mode = 'hidden'")
    _until(page, "document.querySelector('video').textTracks[0].cues?.length > 0")
    assert {address for address in requests if not address.startswith("data:")} == {report.as_uri()}
    assert troubles == []


def test_its_reel_plays_with_captions(page: Page, troubles: list[str]) -> None:
    """The preview loads, its time goes on when it plays, its captions hold the cues, and its poster is decoded."""
    page.evaluate("document.querySelector('video').textTracks[0].mode = 'hidden'")
    page.evaluate("document.querySelector('video').play()")
    _until(page, "document.querySelector('video').currentTime > 0.4 && document.querySelector('video').textTracks[0].cues?.length > 0")
    told = page.evaluate(
        """() => { const video = document.querySelector('video'), track = video.textTracks[0];
        return {ready: video.readyState, width: video.videoWidth, length: video.duration, kind: track.kind,
                cues: [...track.cues].map(cue => cue.text), controls: video.controls} }"""
    )
    assert told["ready"] >= 2
    assert (told["width"], told["kind"], told["controls"]) == (270, "captions", True)
    assert abs(told["length"] - 3) < 0.1
    assert told["cues"] == ["Why does fresh <00:00.600>coffee bubble"]
    assert troubles == []


def test_its_narration_can_be_heard(page: Page) -> None:
    """The narration's copy is as long as the narration."""
    length = page.evaluate("document.querySelector('audio').duration")
    assert abs(length - samples.audio().duration_s) < 0.1


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing(page: Page, scheme: str, width: int) -> None:
    """axe-core finds no violation in either theme, wide or narrow, with everything unfolded."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [f"{one['id']}: {one['nodes'][0]['html'][:120]}: {one['nodes'][0]['failureSummary']}" for one in found["violations"]] == []


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_nothing_is_wider_than_the_window(page: Page, scheme: str, width: int) -> None:
    """The page never scrolls sideways; what is wide scrolls in its own place."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_is_reached_by_keyboard(page: Page) -> None:
    """The first Tab offers to skip to the content; the player takes focus and the space bar plays it."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "VIDEO"
    page.keyboard.press("Space")
    _until(page, "document.querySelector('video').played.length > 0")


def test_each_theme_has_its_colours(page: Page) -> None:
    """Text and ground swap with the reader's theme, and print is always light."""
    shades = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        shades[scheme] = page.evaluate(
            "(() => { const s = getComputedStyle(document.querySelector('.rk')); return [s.color, s.backgroundColor] })()"
        )
    assert shades["light"] == ["rgb(34, 32, 28)", "rgb(255, 255, 255)"]
    assert shades["dark"] == ["rgb(235, 232, 225)", "rgb(26, 25, 23)"]
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.rk')).backgroundColor") == "rgb(255, 255, 255)"


def test_it_prints_whole(page: Page) -> None:
    """On paper every section is there, unfolded, within the page's width, and no picture is taller than a page; what plays is left out
    or shows its poster."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    told = page.evaluate(
        """() => { const height = part => part.getBoundingClientRect().height;
        return {flat: [...document.querySelectorAll('section.rk, .rk[role]')].filter(part => height(part) < 20).map(part => part.className),
                wide: [...document.querySelectorAll('main *')].filter(part => part.getBoundingClientRect().right > innerWidth + 1).length,
                tall: [...document.querySelectorAll('main img, main video, main svg')].filter(part => height(part) > 900).length,
                folded: [...document.querySelectorAll('details:not([open]):not(:has(> .code)) > :not(summary)')]
                    .filter(part => height(part) < 5).length,
                parts: [...document.querySelectorAll('.part:not(:has(> .code))')].map(part => height(part) > 100),
                poster: height(document.querySelector('.rk-video')), sound: height(document.querySelector('audio'))} }"""
    )
    assert (told["flat"], told["wide"], told["tall"], told["folded"], told["sound"]) == ([], 0, 0, 0, 0)
    assert told["poster"] > 100
    assert page.locator(".rk details:not([open])").count() > 0
    assert page.locator(".part:not([open])").count() > 0
    assert told["parts"] == [True]
    pdf = page.pdf(format="A4", print_background=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/") >= 3
