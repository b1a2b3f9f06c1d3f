"""Every view by keyboard alone, in JupyterLab and in Voila: each control is reached by Tab, has a name, does its work, and lets go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.keys import controls, held, nameless, reach, stops
from tests.browser.studio import Studio, exact, open_app, open_lab, unending

Open = Callable[..., None]
WAIT_MS = 240_000
STYLE, FRAME, VOICE, MUSIC = ".rk-live-style", ".rk-live-frame", ".rk-live-voice", ".rk-live-music"
SCRIPT, FOOTAGE, TIMING, FINDINGS = ".rk-live-script", ".rk-live-footage", ".rk-live-timing", ".rk-findings.rk-live"
GRID = ".rk-live-grid"
TYPED = {
    "captions.font": "Inter",
    "fonts.title": "Inter",
    "voice.base_url": "https://example.org/v1",
    "voice.key_env": "OTHER_KEY",
    "voice.sample": "../logos/northwind.svg",
    "voice.recording": "../logos/northwind.svg",
    "music.file": "../logos/northwind.svg",
    "footage.folder": "../logos",
}
"""What is typed into fields that do not take any word."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module", params=["voila", "jupyterlab"])
def served(request: pytest.FixtureRequest, studio: Studio) -> Iterator[tuple[Open, str]]:
    with studio.voila() if request.param == "voila" else studio.lab() as address:
        yield open_app if request.param == "voila" else open_lab, address


@pytest.fixture(scope="module")
def page(chromium: Browser, served: tuple[Open, str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def tuned(page: Page, served: tuple[Open, str]) -> Page:
    """The notebook that tunes a brand, with all groups of fields unfolded."""
    served[0](page, served[1], "tune_brand", ready=MUSIC)
    exact(page)
    page.wait_for_selector(f"{FRAME}[data-copy=ready]", timeout=240_000)
    page.evaluate("document.querySelectorAll('.rk-live details').forEach(part => part.open = true)")
    return page


@pytest.fixture(scope="module")
def reel(page: Page, tuned: Page, served: tuple[Open, str]) -> Page:
    """The notebook that makes a reel, run to its end."""
    served[0](page, served[1], "reel", ready=FINDINGS)
    page.wait_for_selector(f"{TIMING}[data-sound=ready]", timeout=WAIT_MS)
    page.evaluate("document.querySelectorAll('.rk-live details').forEach(part => part.open = true)")
    return page


@pytest.fixture(scope="module")
def compared(page: Page, reel: Page, served: tuple[Open, str]) -> Page:
    """The notebook that compares styles, its previews ready."""
    served[0](page, served[1], "compare", ready=GRID)
    page.wait_for_selector(f"{GRID}[data-ready='4']", timeout=240_000)
    return page


def holds(page: Page, selector: str, part: str, text: str) -> None:
    """Wait until a part of a view says something."""
    page.wait_for_function(
        "([where, text]) => document.querySelector(where).textContent.includes(text)", arg=[f"{selector} {part}", text], timeout=WAIT_MS
    )


def walk_through(page: Page, selector: str) -> list[str]:
    """Go through a view by Tab, see that it stops at every control and comes back in by Shift+Tab; return the names."""
    view = page.locator(selector).first
    names = [str(stop["label"]) for stop in stops(page, view)]
    assert len(names) == controls(view)
    page.keyboard.press("Shift+Tab")
    assert held(page)["inside"]
    assert nameless(page, selector) == []
    return names


def pick(page: Page, stop: dict[str, Any]) -> None:
    """Choose a colour in the browser's own picker: Enter opens it, arrows move within it, Enter takes what it shows."""
    arrow = "ArrowUp" if stop["value"] == "#000000" else "ArrowDown"
    # Nothing tells when the picker stands open, which takes a busy machine a while.
    for wait_ms in (250, 500, 1000, 2000, 4000):
        for key in ("Enter", arrow, arrow, arrow, "Enter"):
            page.keyboard.press(key)
            page.wait_for_timeout(wait_ms)
        if held(page)["value"] != stop["value"]:
            return
        page.keyboard.press("Escape")


def operate(page: Page, view: Locator, stop: dict[str, Any]) -> str:
    """Do with keys what a control is for; return the field that it changes."""
    kind, field = stop["type"] or stop["tag"], str(stop["field"])
    keys = page.keyboard
    if kind == "checkbox":
        keys.press("Space")
    elif kind == "range":
        keys.press("ArrowLeft" if float(stop["value"]) >= float(stop["max"]) else "ArrowRight")
    elif kind == "select-one":
        at = page.evaluate("document.activeElement.selectedIndex")
        last = page.evaluate("document.activeElement.options.length - 1")
        keys.press("ArrowUp" if at == last else "ArrowDown")
    elif kind in ("number", "text"):
        word = TYPED.get(field, "#123456" if "#RRGGBB" in stop["label"] else "other")
        if kind == "number":
            now, most, slide = float(stop["value"] or 5), stop["max"] or "inf", page.locator(f"[data-slide='{field}']")
            step = float(slide.get_attribute("step") or 1) if slide.count() else 1.0
            word = f"{now + step if now + step <= float(most) else now - step:g}"
        keys.press("Control+a")
        keys.type(word)
        keys.press("Enter")
    elif kind == "color":
        pick(page, stop)
    elif kind == "button":
        keys.press("Enter")
    return field


def test_every_control_that_tunes_a_brand_is_reached(tuned: Page) -> None:
    """Frame, style, voice and music: Tab stops once at each control, every one has a name, and behind the last the keyboard is free."""
    for selector, least in ((FRAME, 8), (STYLE, 100), (VOICE, 15), (MUSIC, 20)):
        assert len(walk_through(tuned, selector)) >= least


def test_every_field_of_a_style_is_changed_by_keys(tuned: Page) -> None:
    """Each control of each field changes the brand or says why it cannot, keeps the keyboard, and Control+Z takes the change back."""
    view = tuned.locator(STYLE)
    seen: dict[str, set[str]] = {}
    for stop in stops(tuned, view):
        if not stop["field"] or stop["disabled"]:
            continue
        field = operate(tuned, view, stop)
        tuned.wait_for_function(
            "([view, field]) => document.querySelector(`${view} .rk-tuned-list`).textContent.includes(field) ||"
            " document.querySelector(`${view} .rk-trouble`)?.textContent.includes(field.split('.')[1])",
            arg=[STYLE, field],
            timeout=WAIT_MS,
        )
        seen.setdefault(field, set()).add(stop["type"] or stop["tag"])
        assert held(tuned)["field"] == field, stop
        if field in str(view.locator(".rk-tuned-list").text_content()):
            tuned.keyboard.press("Control+z")
            tuned.wait_for_function(f"document.querySelector('{STYLE} .rk-tuned-list').textContent === ''", timeout=WAIT_MS)
    fields = view.locator("[data-field]").evaluate_all("all => [...new Set(all.map(one => one.dataset.field))]")
    assert set(fields) - set(seen) == set()


def test_a_group_of_fields_is_folded_by_keys(tuned: Page) -> None:
    """Enter on a group's name folds it and Enter unfolds it again."""
    stop = reach(tuned, tuned.locator(STYLE), "Motion")
    assert stop["tag"] == "summary"
    for unfolded in (False, True):
        tuned.keyboard.press("Enter")
        assert tuned.evaluate("document.activeElement.parentElement.open") is unfolded


def test_a_brand_is_tuned_and_saved_by_keys(tuned: Page, studio: Studio) -> None:
    """A colour is typed, taken back, made again, saved: only its line of the file changes; and all goes back to the saved brand."""
    view, before = tuned.locator(STYLE), studio.brand_file.read_text()
    reach(tuned, view, "Accent, as #RRGGBB")
    tuned.keyboard.press("Control+a")
    tuned.keyboard.type("11cc88")
    tuned.keyboard.press("Enter")
    holds(tuned, STYLE, ".rk-tuned-list", "palette.accent")
    assert held(tuned)["value"] == "#11CC88"
    for name, told in (("Undo", ""), ("Redo", "palette.accent"), ("Back to the saved brand", ""), ("Undo", "palette.accent")):
        reach(tuned, view, name)
        tuned.keyboard.press("Enter")
        wanted = f"Changed, not saved: {told}" if told else ""
        tuned.wait_for_function(f"document.querySelector('{STYLE} .rk-tuned-list').textContent === {wanted!r}", timeout=WAIT_MS)
        assert held(tuned)["label"] == name
    reach(tuned, view, "Save to the brand file")
    tuned.keyboard.press("Space")
    holds(tuned, STYLE, ".rk-diff", "#11CC88")
    changed = [new for old, new in zip(before.splitlines(), studio.brand_file.read_text().splitlines(), strict=True) if old != new]
    assert changed == ['  accent: "#11CC88"          # the word spoken now']
    studio.brand_file.write_text(before)


def test_the_brand_is_heard_and_its_footage_fetched_by_keys(tuned: Page) -> None:
    """Listen speaks and plays; fetching says that this is the next reel's footage."""
    view = tuned.locator(STYLE)
    reach(tuned, view, "Listen")
    tuned.keyboard.press("Enter")
    tuned.wait_for_function(f"document.querySelector('{STYLE} audio').currentTime > 0.1", timeout=120_000)
    tuned.evaluate(f"document.querySelector('{STYLE} audio').pause()")
    reach(tuned, view, "Fetch the footage anew")
    tuned.keyboard.press("Enter")
    holds(tuned, STYLE, ".rk-bar > .rk-status", "the footage that the next reel")


def test_a_reel_is_looked_at_by_keys(tuned: Page) -> None:
    """Steps, play and pause, zones, zoom and comparison do their work with Enter and arrows; the picture follows."""
    view = tuned.locator(FRAME)
    at = int(exact(tuned)["frame"])
    for name, by in (("One frame on", 1), ("One frame back", -1), ("One second on", 30), ("One second back", -30)):
        reach(tuned, view, name)
        tuned.keyboard.press("Enter")
        at += by
        tuned.wait_for_function(f"document.querySelector('{FRAME} .rk-screen').dataset.frame === '{at}'", timeout=WAIT_MS)
        exact(tuned)
    reach(tuned, view, "Frame of the reel")
    tuned.keyboard.press("ArrowRight")
    tuned.wait_for_function(f"document.querySelector('{FRAME} .rk-screen').dataset.frame === '{at + 1}'", timeout=WAIT_MS)
    reach(tuned, view, "Play")
    unending(tuned, f"{FRAME} video")
    tuned.keyboard.press("Enter")
    tuned.wait_for_function(f"document.querySelector('{FRAME} video').currentTime > {(at + 10) / 30}", timeout=WAIT_MS)
    assert held(tuned)["label"] == "Pause"
    tuned.keyboard.press("Enter")
    for name, value in (("Safe zones", "TikTok"), ("Zoom", "1"), ("Compare", "side")):
        reach(tuned, view, name)
        tuned.keyboard.press("ArrowDown")
        assert held(tuned)["value"] == value
    assert tuned.locator(f"{FRAME} .rk-zones > div").first.is_visible()
    assert tuned.locator(f"{FRAME} .rk-screen").nth(1).is_visible()
    exact(tuned, 1)
    reach(tuned, view, "as tuned, picture")
    scrolled = f"document.querySelector('{FRAME} .rk-screen-scroll').scrollLeft"
    if tuned.evaluate(
        f"document.querySelector('{FRAME} .rk-screen-scroll').scrollWidth > 10 + "
        f"document.querySelector('{FRAME} .rk-screen-scroll').clientWidth"
    ):
        tuned.keyboard.press("ArrowRight")
        tuned.wait_for_function(f"{scrolled} > 0", timeout=WAIT_MS)
    reach(tuned, view, "Compare")
    tuned.keyboard.press("ArrowDown")
    reach(tuned, view, "Show as saved")
    tuned.keyboard.press("Enter")
    assert held(tuned)["label"] == "Show as tuned"
    assert tuned.locator(f"{FRAME} .rk-screen").nth(1).is_visible()
    assert not tuned.locator(f"{FRAME} .rk-screen").first.is_visible()
    tuned.keyboard.press("Enter")
    for name in ("Compare", "Zoom", "Safe zones"):
        reach(tuned, view, name)
        tuned.keyboard.press("Home")
    assert tuned.locator(f"{FRAME} .rk-zones > div").count() == 0


def test_a_voice_is_heard_and_taken_by_keys(tuned: Page) -> None:
    """A line is typed, a voice, speed and pause are chosen, the take is added, heard and taken; the details unfold."""
    view = tuned.locator(VOICE)
    reach(tuned, view, "The line to hear")
    tuned.keyboard.press("Control+a")
    tuned.keyboard.type("Hear me now.")
    rows = view.locator("tbody tr").count()
    reach(tuned, view, "Voice")
    tuned.keyboard.press("ArrowDown")
    voice = str(held(tuned)["value"])
    for name, number in (("Speed", "1.2"), ("Pause (ms)", "300")):
        reach(tuned, view, name)
        tuned.keyboard.press("Control+a")
        tuned.keyboard.type(number)
    reach(tuned, view, "Add this take")
    tuned.keyboard.press("Enter")
    sound = f"document.querySelector('{VOICE} audio')"
    tuned.wait_for_function(f"{sound}.currentTime > 0.1", timeout=120_000)
    assert view.locator("tbody tr").count() == rows + 1
    tuned.evaluate(f"{sound}.pause(); {sound}.removeAttribute('src'); {sound}.load()")
    reach(tuned, view, f"Hear {voice}, speed 1.2, pause 300 ms")
    tuned.keyboard.press("Enter")
    tuned.wait_for_function(f"{sound}.currentTime > 0.1", timeout=120_000)
    reach(tuned, view, f"Take {voice}, speed 1.2, pause 300 ms")
    tuned.keyboard.press("Enter")
    holds(tuned, STYLE, ".rk-tuned-list", "voice.speed")
    holds(tuned, VOICE, ".rk-status", "Taken")
    reach(tuned, tuned.locator(STYLE), "Back to the saved brand")
    tuned.keyboard.press("Enter")
    tuned.wait_for_function(f"document.querySelector('{STYLE} .rk-tuned-list').textContent === ''", timeout=WAIT_MS)
    reach(tuned, view, "Voices that are not ready")
    tuned.keyboard.press("Enter")
    assert not tuned.evaluate("document.activeElement.parentElement.open")


def test_music_is_heard_and_taken_by_keys(tuned: Page) -> None:
    """A mood, a tempo and a reel are chosen, the take is added, heard under the voice and alone, and taken; what cannot be is told of."""
    view = tuned.locator(MUSIC)
    rows = view.locator("tbody tr").count()
    reach(tuned, view, "Mood")
    tuned.keyboard.press("End")
    reach(tuned, view, "Reel")
    tuned.keyboard.press("Control+a")
    tuned.keyboard.type("3")
    sound = f"document.querySelector('{MUSIC} audio')"
    for tempo, added in (("500", 0), ("72", 1)):
        reach(tuned, view, "Tempo (bpm)")
        tuned.keyboard.press("Control+a")
        tuned.keyboard.type(tempo)
        reach(tuned, view, "Add this take")
        tuned.keyboard.press("Enter")
        if not added:
            holds(tuned, MUSIC, ".rk-status", "must be 50 to 180")
        else:
            tuned.wait_for_function(f"{sound}.currentTime > 0.1", timeout=120_000)
        assert view.locator("tbody tr").count() == rows + added
    take = "dark, 72 bpm, 19 dB under the voice, reel 3"
    reach(tuned, view, f"Hear alone {take}")
    tuned.keyboard.press("Enter")
    holds(tuned, MUSIC, ".rk-status", "dark, alone")
    assert view.locator(".rk-levels path").count() == 2
    tuned.evaluate(f"{sound}.pause()")
    reach(tuned, view, f"Take {take}")
    tuned.keyboard.press("Enter")
    holds(tuned, STYLE, ".rk-tuned-list", "music.mood, music.tempo_bpm")
    holds(tuned, MUSIC, ".rk-status", "Taken")
    reach(tuned, tuned.locator(STYLE), "Back to the saved brand")
    tuned.keyboard.press("Enter")
    tuned.wait_for_function(f"document.querySelector('{STYLE} .rk-tuned-list').textContent === ''", timeout=WAIT_MS)


def test_every_control_that_edits_a_reel_is_reached(reel: Page) -> None:
    """Script, footage, narration and findings: a stop for each control, a name for each, and a way out."""
    for selector, least in ((SCRIPT, 4), (FOOTAGE, 4), (TIMING, 4), (FINDINGS, 1)):
        assert len(walk_through(reel, selector)) >= least


def test_a_script_is_rewritten_by_keys(reel: Page) -> None:
    """Text and search terms are typed and kept when left; Undo and the way back take them back, and keep the keyboard."""
    view = reel.locator(SCRIPT)
    reach(reel, view, "Text of scene 1")
    was = str(held(reel)["value"])
    reel.keyboard.press("Control+a")
    reel.keyboard.type("Cold brew takes a night.")
    reel.keyboard.press("Tab")
    holds(reel, SCRIPT, "> .rk-status", "1\N{NO-BREAK SPACE}scene edited")
    assert held(reel)["label"] == "Search terms of scene 1, with commas between"
    reel.keyboard.press("Control+a")
    reel.keyboard.type("cold brew, glass jar")
    reel.keyboard.press("Enter")
    for name in ("Undo", "Back to what was written"):
        reach(reel, view, name)
        reel.keyboard.press("Enter")
        assert held(reel)["label"] == name
    reel.wait_for_function(f"document.querySelector('{SCRIPT} > .rk-status').textContent === ''", timeout=WAIT_MS)
    assert reel.get_by_label("Text of scene 1").input_value() == was


def test_scenes_are_left_out_and_added_by_keys(reel: Page) -> None:
    """A scene goes and comes back, one of one's own is added, typed and removed; the keyboard stays at the scene."""
    view = reel.locator(SCRIPT)
    reach(reel, view, "Leave out scene 1")
    reel.keyboard.press("Enter")
    holds(reel, SCRIPT, "> .rk-status", "1 left out")
    assert held(reel)["label"] == "Bring back the scene after scene 0 that is left out"
    reel.keyboard.press("Enter")
    reel.wait_for_function(f"document.querySelector('{SCRIPT} > .rk-status').textContent === ''", timeout=WAIT_MS)
    assert held(reel)["label"] == "Leave out scene 1"
    reach(reel, view, "Add a scene after scene 1")
    reel.keyboard.press("Enter")
    assert held(reel)["label"] == "Text of scene 2"
    reel.keyboard.type("A scene of my own.")
    reel.keyboard.press("Tab")
    holds(reel, SCRIPT, "> .rk-status", "1 added")
    reach(reel, view, "Remove scene 2")
    reel.keyboard.press("Enter")
    reel.wait_for_function(f"document.querySelector('{SCRIPT} > .rk-status').textContent === ''", timeout=WAIT_MS)
    assert held(reel)["label"] == "Leave out scene 2"


def test_a_clip_is_exchanged_by_keys(reel: Page) -> None:
    """Others are shown, one is chosen, its in-point moved, the first taken back, one rejected, all undone; the keyboard never falls out."""
    view = reel.locator(FOOTAGE)
    name = f"document.querySelector('{FOOTAGE} [data-slot] .rk-name').textContent"
    first = str(reel.evaluate(name))
    reach(reel, view, f"Show others for {first}")
    reel.keyboard.press("Enter")
    reel.wait_for_selector(f"{FOOTAGE} .rk-choice", timeout=240_000)
    other = str(reel.locator(f"{FOOTAGE} .rk-choice .rk-name").first.text_content())
    reach(reel, view, f"Choose {other} instead of {first}")
    reel.keyboard.press("Enter")
    reel.wait_for_function(f"{name} === {other!r}", timeout=WAIT_MS)
    assert held(reel)["inside"]
    reach(reel, view, f"Where {other} begins")
    reel.keyboard.press("ArrowRight")
    reel.wait_for_function(f"document.querySelector('{FOOTAGE} [data-slot] output').textContent === '0.1 s'", timeout=WAIT_MS)
    assert held(reel)["label"] == f"Where {other} begins"
    reach(reel, view, f"Back to {first}")
    reel.keyboard.press("Enter")
    reel.wait_for_function(f"{name} === {first!r}", timeout=WAIT_MS)
    assert held(reel)["inside"]
    begins = f"document.querySelector('{FOOTAGE} [data-slot] output').textContent"
    for shown, at in ((other, "0.1 s"), (other, "0.0 s"), (first, "0.0 s")):
        reach(reel, view, "Undo")
        reel.keyboard.press("Enter")
        reel.wait_for_function(f"{name} === {shown!r} && {begins} === {at!r}", timeout=WAIT_MS)
        assert held(reel)["label"] == "Undo"
    reach(reel, view, f"Reject {first} for this brand")
    reel.keyboard.press("Enter")
    holds(reel, FOOTAGE, ".rk-status", f"{first} is out")
    assert held(reel)["inside"]
    reach(reel, view, "Undo")
    reel.keyboard.press("Enter")
    reel.wait_for_function(f"{name} === {first!r}", timeout=WAIT_MS)
    assert held(reel)["label"] == "Undo"


def test_narration_is_played_and_zoomed_by_keys(reel: Page) -> None:
    """Play, pause and zoom; a word moved and taken back by the buttons, which keep the keyboard."""
    view = reel.locator(TIMING)
    reach(reel, view, "Play")
    reel.keyboard.press("Enter")
    reel.wait_for_selector(f"{TIMING} .rk-now", timeout=WAIT_MS)
    reel.keyboard.press("Enter")
    wide = f"document.querySelector('{TIMING} .rk-ruler').offsetWidth"
    before = reel.evaluate(wide)
    reach(reel, view, "Zoom, pixels a second")
    reel.keyboard.press("ArrowRight")
    assert reel.evaluate(wide) > before
    reel.locator(f"{TIMING} [data-word='0']").focus()
    for name in ("Undo", "Back to how it was"):
        stop = next(stop for stop in stops(reel, view) if stop["tag"] == "div")
        assert "to" in stop["label"]
        reel.keyboard.press("Alt+ArrowLeft")
        reel.wait_for_selector(f"{TIMING} .rk-said.rk-edited", timeout=WAIT_MS)
        reach(reel, view, name)
        reel.keyboard.press("Enter")
        reel.wait_for_function(f"!document.querySelector('{TIMING} .rk-said.rk-edited')", timeout=WAIT_MS)
        assert held(reel)["label"] == name


def test_versions_are_compared_by_keys(compared: Page) -> None:
    """Every control of the grid is reached and named; previews are scrubbed, played and heard, and the frame view compares two."""
    view = compared.locator(GRID).first
    assert len(walk_through(compared, GRID)) >= 6
    reach(compared, view, "Moment of all previews")
    times = f"[...document.querySelectorAll('{GRID} video')].map(video => video.currentTime)"
    before = compared.evaluate(times)
    compared.keyboard.press("ArrowRight")
    compared.wait_for_function(f"before => ({times}).slice(0, 4).every((at, place) => at > before[place])", arg=before, timeout=WAIT_MS)
    reach(compared, view, "Hear karaoke")
    compared.keyboard.press("Enter")
    assert compared.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert compared.evaluate(f"document.querySelector('{GRID} video').muted") is False
    reach(compared, view, "Play together")
    unending(compared, f"{GRID} video")
    before = compared.evaluate(times)
    compared.keyboard.press("Enter")
    compared.wait_for_function(f"from => ({times})[0] > from + 0.3", arg=before[0], timeout=WAIT_MS)
    assert held(compared)["label"] == "Pause"
    compared.keyboard.press("Enter")
    frame = compared.locator(FRAME)
    reach(compared, frame, "Compare")
    compared.keyboard.press("ArrowDown")
    exact(compared, 1)
