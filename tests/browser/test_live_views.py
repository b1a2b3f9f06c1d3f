"""Live views over a kernel of their own, in Voila: what goes between the two, and what is left when a view has gone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.studio import Studio, open_app, unending
from tests.media.timelines import small_timeline

BOOK = """import time
from pathlib import Path

import ipywidgets
import numpy as np

from reelkit import views
from reelkit.brand import load_brand
from reelkit.media.preview import narration_copy
from reelkit.model import AudioResult, Scene, Script, Timeline, Word

timeline, shorter = (Timeline.model_validate_json(Path(f"{name}.json").read_text()) for name in ("timeline", "shorter"))
frame = views.frame(timeline, at=20)
# No Output widgets: where one changes just as its cell ends, nbclient's message to it takes away what would tell of that end.
boxes = [ipywidgets.VBox([frame.widget]), ipywidgets.VBox([frame.widget])]
display(*boxes)


def act(name, do):
    button = ipywidgets.Button(description=name)
    button.on_click(lambda _: do())
    display(button)


script = Script.of("T", [Scene(text=f"{name}.", search_terms=("a", "b")) for name in ("One", "Two")])
clips = [shot.clip.model_copy(update={"scene": scene}) for scene, shot in enumerate(timeline.shots)]
display(views.footage(script, clips, others=lambda scene, shown: {0: []}[scene], thumbnails={}))
brand = load_brand("northwind")
display(views.style(brand, plan=lambda brand: timeline, fetch=lambda brand: None))
rate = 24_000
tone = np.sin(np.arange(rate) / 20).astype(np.float32) / 2
audio = AudioResult(samples=tone, rate_hz=rate, words=(Word(text="Tone.", start=0, end=rate, rate_hz=rate, timed_by="estimated"),))
others = [
    views.style(brand, plan=lambda brand: timeline, listen=lambda brand: narration_copy(tone, rate)),
    views.narration(audio),
    views.grid({"one": timeline, "other": shorter}),
]
ended = ipywidgets.VBox([other.widget for other in others])
display(ended)


def emptied(box):
    box.children = ()


act("no view of the others", lambda: emptied(ended))
held = Path("held")


def wait():
    while held.exists():
        time.sleep(0.02)


act("nothing else while it is held", wait)
act("no first view", lambda: emptied(boxes[0]))
act("no second view", lambda: emptied(boxes[1]))
told = ipywidgets.Label()
display(told)
act("what is open", lambda: setattr(told, "value", f"{len(frame._sources)} open"))
act("a shorter reel", lambda: frame.show(shorter))
act("the longer reel", lambda: frame.show(timeline))
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A folder with the notebook of this file."""
    folder = tmp_path_factory.mktemp("live")
    studio = Studio(folder / "studio", names=())
    for name, frames in (("timeline", (40, 50)), ("shorter", (26, 30))):
        timeline = small_timeline(folder / name, frames=frames)
        (studio.folder / "notebooks" / f"{name}.json").write_text(timeline.model_dump_json())
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BOOK)], metadata=kernel)
    nbformat.write(book, studio.folder / "notebooks" / "live.ipynb")
    return studio


@pytest.fixture(scope="module")
def address(studio: Studio) -> Iterator[str]:
    """Where the notebook is served."""
    with studio.voila() as served:
        yield served


@pytest.fixture
def sent() -> list[bytes]:
    """What the page said to its kernel."""
    return []


@pytest.fixture
def page(chromium: Browser, address: str, sent: list[bytes]) -> Iterator[Page]:
    """The notebook, opened anew with a kernel of its own."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.on(
        "websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode()))
    )
    page.add_init_script(
        """window.kept = new Set();
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (blob) => { const url = createObjectURL.call(URL, blob); window.kept.add(url); return url };
        URL.revokeObjectURL = (url) => { window.kept.delete(url); revokeObjectURL.call(URL, url) };"""
    )
    open_app(page, address, "live", ready=".rk-live-frame >> nth=1")
    page.wait_for_selector(".rk-live-frame[data-copy=ready] >> nth=1", timeout=120_000)
    for number in (0, 1):
        shown(page, number, 20)
    yield page
    page.close()


def view(page: Page, number: int) -> Locator:
    return page.locator(".rk-live-frame").nth(number)


def act(page: Page, name: str) -> None:
    """Have something done in the kernel."""
    page.get_by_role("button", name=name, exact=True).click()


def shown(page: Page, number: int, frame: int) -> None:
    """Wait until a view shows a frame exactly."""
    page.wait_for_function(
        "([number, frame]) => { const screen = document.querySelectorAll('.rk-live-frame')[number].querySelector('.rk-screen');"
        " return screen.dataset.shown === 'exact' && screen.dataset.frame === String(frame) }",
        arg=[number, frame],
        timeout=60_000,
    )


@contextlib.contextmanager
def held(page: Page, studio: Studio) -> Iterator[None]:
    """Have the kernel hear nothing until the block is left."""
    flag = studio.folder / "notebooks" / "held"
    flag.touch()
    try:
        act(page, "nothing else while it is held")
        yield
    finally:
        flag.unlink()


def wanted(sent: list[bytes]) -> int:
    """Return how many frames were asked for."""
    return sum(b'"want"' in message for message in sent)


def test_two_views_of_one_frame_rest(page: Page, sent: list[bytes]) -> None:
    """Each of two views of one widget stays at its own frame, asks for that alone, and then nothing more is asked."""
    view(page, 1).get_by_role("button", name="One frame on").click()
    shown(page, 1, 21)
    page.wait_for_timeout(500)
    before = wanted(sent)
    page.wait_for_timeout(1000)
    assert wanted(sent) == before
    assert before < 12
    shown(page, 0, 20)
    act(page, "a shorter reel")
    for number, frame in ((0, "20"), (1, "21")):
        page.wait_for_function(
            "([number, frame]) => { const { dataset } = document.querySelectorAll('.rk-live-frame')[number].querySelector('.rk-screen');"
            " return dataset.shown === 'exact' && dataset.version === '1' && dataset.frame === frame }",
            arg=[number, frame],
            timeout=60_000,
        )


def test_nothing_is_asked_for_while_it_plays(page: Page, studio: Studio, sent: list[bytes]) -> None:
    """Played while an exact frame is on its way, a view asks for no other until it is paused; then for the one it stands at."""
    unending(page, ".rk-live-frame video")
    before = wanted(sent)
    with held(page, studio):
        view(page, 0).get_by_role("button", name="One frame on").click()
        for _ in range(600):
            page.wait_for_timeout(100)
            if wanted(sent) > before:
                break
        assert wanted(sent) == before + 1
        assert view(page, 0).locator(".rk-screen").first.get_attribute("data-frame") == "20"
        view(page, 0).get_by_role("button", name="Play").click()
        plays_on(page)
        assert wanted(sent) == before + 1
    # The kernel says this after it answered.
    act(page, "what is open")
    expect(page.get_by_text("1 open")).to_be_visible()
    plays_on(page)
    assert wanted(sent) == before + 1
    view(page, 0).get_by_role("button", name="Pause").click()
    page.wait_for_function("document.querySelector('.rk-live-frame .rk-screen').dataset.shown === 'exact'", timeout=60_000)
    assert wanted(sent) == before + 2


def plays_on(page: Page) -> None:
    """Wait until the first view has played on for longer than a view rests before it asks."""
    at = "document.querySelector('.rk-live-frame video').currentTime"
    page.wait_for_function(f"from => Math.abs({at} - from) > 0.5", arg=page.evaluate(at), timeout=60_000)


def test_what_is_asked_for_again_is_answered_again(page: Page) -> None:
    """The line that says to wait goes each time, also where the answer is in the same words as the one before, or is a fault."""
    for place, name, answer in (
        (".rk-live-footage", "Show others for test:clip0.mp4", "have nothing else for this scene"),
        (".rk-live-footage", "Show others for test:clip1.mp4", "This did not work (KeyError)"),
        (".rk-live-style", "Fetch the footage anew", "the footage that the next reel would get"),
    ):
        page.locator(place).first.evaluate(
            "view => { const line = () => view.querySelector('.rk-status')?.textContent;"
            " new MutationObserver(() => window.said.push(line())).observe(view, {childList: true, subtree: true}) }"
        )
        for _ in range(2):
            page.evaluate("window.said = []")
            page.locator(place).get_by_role("button", name=name, exact=True).click()
            page.wait_for_function(
                "answer => window.said.some(line => line?.includes('takes a while')) && window.said.at(-1)?.includes(answer)",
                arg=answer,
                timeout=60_000,
            )
            expect(page.locator(f"{place} .rk-status").first).to_contain_text(answer)


def test_a_reel_that_gets_shorter_shows_its_last_frame(page: Page) -> None:
    """Standing beyond its end, a view shows the last frame as it is now and says of how many; when it gets longer it says so."""
    where, scrub = (view(page, 0).locator(name) for name in (".rk-where", ".rk-scrub"))
    scrub.evaluate("scrub => { scrub.value = 80; scrub.dispatchEvent(new Event('input', {bubbles: true})) }")
    shown(page, 0, 80)
    act(page, "a shorter reel")
    shown(page, 0, 55)
    expect(where).to_have_text("0:01.8  ·  frame 55 of 55")
    expect(scrub).to_have_attribute("aria-valuetext", "frame 55, 0:01.8")
    act(page, "the longer reel")
    expect(where).to_have_text("0:01.8  ·  frame 55 of 89")
    shown(page, 0, 55)


def test_what_was_played_is_let_go_of(page: Page) -> None:
    """A sound or preview that another took the place of is none any more, and with the views the last ones go too."""
    page.wait_for_selector(".rk-live-timing[data-sound=ready]", timeout=60_000)
    page.wait_for_selector(".rk-live-grid[data-ready='2']", timeout=120_000)
    played = "[...document.querySelectorAll('.rk-live :is(audio, video)')].map(one => one.src).filter(Boolean)"
    copies = "[...document.querySelectorAll('.rk-live-frame')].map(view => view.querySelector('video').src)"
    kept = "[...window.kept].filter(url => url.startsWith('blob:'))"
    listen = page.get_by_role("button", name="Listen")
    for _ in range(2):
        before = page.evaluate(played)
        listen.click()
        page.wait_for_function(f"before => JSON.stringify({played}) !== JSON.stringify(before)", arg=before, timeout=60_000)
        for name in ("a shorter reel", "the longer reel"):
            before = page.evaluate(copies)
            act(page, name)
            page.wait_for_function(
                f"before => {copies}.every((src, at) => src && src !== before[at])"
                " && document.querySelectorAll('.rk-live-frame[data-copy=ready]').length === 2",
                arg=before,
                timeout=120_000,
            )
        assert len(page.evaluate(played)) == 6
        assert sorted(page.evaluate(kept)) == sorted(page.evaluate(played))
    for name in ("no first view", "no second view", "no view of the others"):
        act(page, name)
    page.wait_for_function(f"!{played}.length && !{kept}.length", timeout=60_000)


def test_the_kernel_hears_when_the_last_view_has_gone(page: Page) -> None:
    """With one of two views gone the clips stay open, with both they are closed."""
    for gone, left in (("no first view", 1), ("no second view", 0)):
        act(page, gone)
        expect(page.locator(".rk-live-frame")).to_have_count(left)
        act(page, "what is open")
        expect(page.get_by_text(f"{left} open")).to_be_visible()
