"""FrameView from Python's side: what it answers to a hand that scrubs, and what it keeps for that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from reelkit import views
from reelkit.errors import ClipError
from reelkit.media.frame_source import FrameSource
from reelkit.model import Timeline
from reelkit.runs.cache import FileCache
from reelkit.views.frame_view import FrameView
from tests.media.timelines import small_timeline

WAIT_S, MOMENT_S = 30.0, 1.0


class Browser:
    """Stands where the widget does: what is sent to the browser is kept."""

    compare = "side"

    def __init__(self, meanwhile: Callable[[dict[str, Any]], object] = lambda message: None) -> None:
        self.got: list[tuple[dict[str, Any], list[bytes]]] = []
        self.facts: dict[str, Any] = {"copy": "making"}
        self._meanwhile = meanwhile

    def send(self, message: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        self.got.append((message, list(buffers)))
        self._meanwhile(message)


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    return small_timeline(tmp_path / "reel")


def dragged(view: FrameView, frame: int, sides: tuple[str, ...] = ("a",)) -> list[tuple[dict[str, Any], list[bytes]]]:
    browser = Browser()
    view.heard(browser, {"want": frame, "ticket": 7, "sides": list(sides), "half": True}, [])
    return browser.got


def restyled(timeline: Timeline) -> Timeline:
    return timeline.model_copy(update={"topic": "Another", "background": "#F0F0F0"})


def copies_end() -> None:
    """Wait for the threads that make small copies; what is no longer wanted is given up within a moment."""
    for thread in threading.enumerate():
        if "_copy_of" in thread.name:
            thread.join(WAIT_S)
            assert not thread.is_alive()


def begun(act: Callable[..., object], *args: object) -> threading.Thread:
    """Do something on another thread, and return when it is done, or waits."""
    thread = threading.Thread(target=act, args=args)
    thread.start()
    thread.join(MOMENT_S)
    return thread


class NoProxies(FileCache):
    """One for which their making is given up, so that none is there sooner or later."""

    def file(self, room: str, key: str, suffix: str, make: Callable[[Path], object]) -> Path:
        raise InterruptedError


def wait_for_proxies(cache: Path, count: int) -> None:
    until = time.monotonic() + WAIT_S
    while len(list(cache.glob("proxies/*/[!.]*.mp4"))) < count:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_hand_that_scrubs_is_shown_the_style_of_now(tmp_path: Path, timeline: Timeline) -> None:
    """While it drags, each side comes at half the size, in the style that was just chosen; at rest the exact frame comes whole."""
    other = timeline.model_copy(update={"caption_style": timeline.caption_style.model_copy(update={"colour": "#FF0000"})})
    view = views.frame(timeline, versus=other, cache=NoProxies(tmp_path / "cache"))
    for style in (timeline, other):
        view.timeline, view.versus = style, timeline
        with FrameSource(style) as source, FrameSource(timeline) as versus:
            (mine, (tuned,)), (beside, (saved,)) = dragged(view, 12, ("a", "b"))
            assert (tuned, saved) == (source.scrub(12).tobytes(), versus.scrub(12).tobytes())
        assert (mine["half"], mine["side"], beside["side"], mine["frame"], mine["ticket"]) == (True, "a", "b", 12, 7)
        assert (mine["width"], mine["height"]) == (timeline.width_px // 2, timeline.height_px // 2)
    browser = Browser()
    view.heard(browser, {"want": 12, "ticket": 8, "sides": ["a"], "whole": True}, [])
    assert browser.got[0][1] == [view.exact(12).tobytes()]


def test_scrubbing_makes_proxies_and_keeps_them(tmp_path: Path, timeline: Timeline) -> None:
    """The first drag has the clips' copies made, in the background and in the cache; the next ones find them."""
    cache = tmp_path / "cache"
    view = views.frame(timeline, cache=FileCache(cache))
    assert not list(cache.rglob("*.mp4"))
    dragged(view, 12)
    wait_for_proxies(cache, 2)
    assert dragged(view, 13)[0][0]["half"]


def test_another_ground_under_the_clips_has_proxies_of_its_own(tmp_path: Path, timeline: Timeline) -> None:
    """Clips with holes show the brand's background: with another one the copies are made anew."""
    cache = tmp_path / "cache"
    view = views.frame(timeline, cache=FileCache(cache))
    dragged(view, 12)
    wait_for_proxies(cache, 2)
    view.show(timeline.model_copy(update={"background": "#F0F0F0"}))
    dragged(view, 12)
    wait_for_proxies(cache, 4)


def test_when_the_last_view_has_gone_nothing_is_left_open(timeline: Timeline) -> None:
    """Clips are closed, a preview on its way is given up and nothing is kept; a view that comes later is shown the reel as it is then."""
    view, before = views.frame(timeline), set(psutil.Process().children())
    clips = {str(shot.clip.path.resolve()) for shot in timeline.shots}
    for number in (1, 2):
        view.heard(view.widget, {"ready": number}, [])
        view.heard(view.widget, {"want": 12, "ticket": 7}, [])
    view.heard(view.widget, {"gone": 1}, [])
    assert clips & {one.path for one in psutil.Process().open_files()}
    making = [thread for thread in threading.enumerate() if "_copy_of" in thread.name]
    until = time.monotonic() + WAIT_S
    while set(psutil.Process().children()) <= before:
        assert time.monotonic() < until
        time.sleep(0.05)
    view.heard(view.widget, {"gone": 2}, [])
    assert not clips & {one.path for one in psutil.Process().open_files()}
    for thread in making:
        thread.join(WAIT_S)
    assert set(psutil.Process().children()) <= before
    assert (view.widget.facts["copy"], view._copy, view._sent, view._sources) == ("making", None, {}, [])

    other = timeline.model_copy(update={"topic": "Another", "background": "#F0F0F0"})
    view.show(other)
    assert view.widget.facts["title"] == "Another"
    view.heard(view.widget, {"ready": 3}, [])
    browser = Browser()
    view.heard(browser, {"want": 12, "ticket": 9}, [])
    with FrameSource(other) as source:
        assert browser.got[0][1] == [source.exact(12).tobytes()]
    making = [thread for thread in threading.enumerate() if "_copy_of" in thread.name]
    view.heard(view.widget, {"gone": 3}, [])
    for thread in making:
        thread.join(WAIT_S)


def test_a_copy_that_is_done_while_another_style_comes_is_not_told_of(timeline: Timeline) -> None:
    """Until what is shown has a copy of its own none is ready, though one of the style before it ends just then."""
    view, other = views.frame(timeline), restyled(timeline)
    view.heard(view.widget, {"ready": 1}, [])
    wanted, ended = view._wanted, []

    def ends(change: dict[str, Any]) -> None:
        if not ended:
            ended.append(change["new"]["title"])
            view._copy_of(wanted, timeline)

    view.widget.observe(ends, "facts")
    view.show(other)
    assert ended == ["Another"]
    assert (view.widget.facts["copy"], view._copy) == ("making", None)
    view.heard(view.widget, {"gone": 1}, [])
    copies_end()


def test_a_style_that_comes_while_a_copy_is_told_of_has_the_last_word(timeline: Timeline) -> None:
    """A copy is sent and told of as one: a change meanwhile comes after it, and says that its own is being made."""
    changes: list[threading.Thread] = []

    def change(message: dict[str, Any]) -> None:
        if "copy" in message:
            changes.append(begun(view.show, restyled(timeline)))

    view, browser = views.frame(timeline), Browser(change)
    view.widget = browser
    view.heard(browser, {"ready": 1}, [])
    copies_end()
    changes[0].join(WAIT_S)
    assert (browser.facts["title"], browser.facts["copy"]) == ("Another", "making")
    view.heard(browser, {"gone": 1}, [])
    copies_end()


def test_what_is_shown_while_the_last_view_goes_is_let_go_as_well(timeline: Timeline) -> None:
    """A view that goes between two pictures of a new version takes all with it: no clip is opened again, no copy is begun."""
    goings: list[threading.Thread] = []

    def go(message: dict[str, Any]) -> None:
        if message.get("side") == "a" and not goings:
            goings.append(begun(view.heard, browser, {"gone": 1}, []))

    view, browser = views.frame(timeline, versus=timeline), Browser(go)
    view.widget = browser
    view._views.add(1)
    view.show(restyled(timeline))
    goings[0].join(WAIT_S)
    assert (view._sources, view._sent) == ([], {})
    copies_end()
    assert (view._copy, browser.facts["copy"]) == (None, "making")


def test_a_hand_that_scrubs_does_not_wait_for_what_is_shown_meanwhile(tmp_path: Path, timeline: Timeline) -> None:
    """Between the pictures of a new version, which come as one, a frame at half the size is answered."""
    answered: list[Any] = []

    def drag(message: dict[str, Any]) -> None:
        if message.get("side") == "a":
            dragging = threading.Thread(target=lambda: answered.extend(dragged(view, 12)))
            dragging.start()
            dragging.join(WAIT_S)

    view, browser = views.frame(timeline, versus=timeline, cache=FileCache(tmp_path / "cache")), Browser(drag)
    view.widget = browser
    view._views.add(1)
    view.show(restyled(timeline))
    assert [message["half"] for message, _ in answered] == [True]
    view.heard(browser, {"gone": 1}, [])
    copies_end()


def test_what_cannot_be_shown_has_no_older_preview(timeline: Timeline) -> None:
    """Where a version's clip is not there, the preview of the one before it is no longer told of as ready."""
    view, other = views.frame(timeline, at=10), restyled(timeline)
    view._copy = timeline, b"a small copy"
    view.heard(view.widget, {"ready": 1}, [])
    assert view.widget.facts["copy"] == "ready"
    gone = timeline.shots[0].clip.model_copy(update={"path": timeline.shots[0].clip.path.with_name("gone.mp4")})
    shots = (timeline.shots[0].model_copy(update={"clip": gone}), *timeline.shots[1:])
    with pytest.raises(ClipError, match=r"gone\.mp4"):
        view.show(other.model_copy(update={"shots": shots}))
    assert (view.widget.facts["title"], view.widget.facts["copy"]) == ("Another", "making")
    view.heard(view.widget, {"gone": 1}, [])
    copies_end()


class Unwritable(Timeline):
    """One that no other process can be told of."""

    def model_dump(self, **how: Any) -> dict[str, Any]:
        raise OSError("no more processes")


def test_a_copy_that_cannot_be_begun_is_told(timeline: Timeline) -> None:
    """Where there is no process for it, nobody waits for a moving preview: there is none, and the browser has a line."""
    broken = Unwritable.model_construct(**dict(timeline))
    view, browser = views.frame(broken), Browser()
    view.widget = browser
    with pytest.raises(OSError, match="no more processes"):
        view._copy_of(view._wanted, broken)
    assert browser.facts["copy"] == "none"
    ((message, _),) = browser.got
    assert message["trouble"].startswith("This did not work (OSError).")

    grid, browser = views.grid({"A": broken}), Browser()
    with pytest.raises(OSError, match="no more processes"):
        grid._send_copies(browser)
    ((message, _),) = browser.got
    assert message["trouble"].startswith("This did not work (OSError).")


def test_a_version_that_has_ended_shows_its_last_frame(tmp_path: Path, timeline: Timeline) -> None:
    """Beside a longer reel, beyond its own end, a version rests at its last frame: no older picture stays there."""
    shorter = small_timeline(tmp_path / "shorter", frames=(26, 30))
    view = views.frame(timeline, versus=shorter, cache=FileCache(tmp_path / "cache"))
    for half in (False, True):
        browser = Browser()
        view.heard(browser, {"want": 80, "ticket": 7, "sides": ["a", "b"], "half": half}, [])
        (_, _), (beside, (saved,)) = browser.got
        with FrameSource(shorter) as source:
            assert saved == (source.scrub(55) if half else source.exact(55)).tobytes()
        assert (beside["side"], beside["frame"]) == ("b", 80)
