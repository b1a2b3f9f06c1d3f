"""Frames to look at: the exact one, and small ones from proxies while scrubbing."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from reelkit.errors import ClipError
from reelkit.media.compositor import Compositor
from reelkit.media.encode import EncoderSettings
from reelkit.media.fonts import find_font
from reelkit.media.frame_source import FrameSource
from reelkit.media.planes import Planes
from reelkit.media.proxies import Proxy, plan_proxies
from reelkit.media.segments import segment_key
from reelkit.model import Move, ProgressBar, Timeline, Transition
from reelkit.runs.cache import FileCache
from tests.media.timelines import SIZE, small_timeline

HALF = (SIZE[0] // 2, SIZE[1] // 2)


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    return small_timeline(
        tmp_path / "reel",
        transition=Transition(kind="crossfade", frames=9),
        move=Move(kind="push", amount=0.2),
        overlays=(ProgressBar(start=0, end=90, y_px=40, height_px=4, colour="#FF0000", track_colour="#FFFFFF"),),
    )


def _restyled(timeline: Timeline) -> Timeline:
    return timeline.model_copy(update={"caption_style": timeline.caption_style.model_copy(update={"colour": "#20C040", "size_px": 100})})


def _recut(timeline: Timeline) -> Timeline:
    first, second = timeline.shots
    return timeline.model_copy(
        update={"shots": (first.model_copy(update={"end": 50, "in_frame": 7}), second.model_copy(update={"start": 50}))}
    )


def _halved(planes: Planes) -> np.ndarray:
    return cv2.resize(planes.y, HALF, interpolation=cv2.INTER_AREA).astype(int)


def test_a_frame_at_rest_is_the_encoders(timeline: Timeline) -> None:
    """In any order, stepping back, after another style or another cut: what is shown is ``frame_at``, byte for byte."""
    looks = [timeline, _restyled(timeline), _recut(timeline)]
    expected = []
    for look in looks:
        with Compositor(look) as compositor:
            expected.append([compositor.frame_at(frame).tobytes() for frame in range(look.frame_count)])
    order = [random.Random(4).randrange(90) for _ in range(20)]
    with FrameSource(timeline) as source:
        for frame in [*order, *range(60, 40, -1)]:
            for look, frames in zip(looks, expected, strict=True):
                assert source.showing(look).exact(frame).tobytes() == frames[frame], frame


def test_a_font_that_was_replaced_is_shown_as_it_will_be_rendered(tmp_path: Path, timeline: Timeline) -> None:
    """Another font file under the same name changes the frame that is seen, as it changes the segment."""
    path = tmp_path / "own.ttf"
    plan = timeline.model_copy(update={"caption_style": timeline.caption_style.model_copy(update={"font": str(path)})})
    shutil.copy(find_font("Oswald").path, path)
    shown, keys = [], []
    with FrameSource(plan) as first:
        for family in ("Anton", "Bebas Neue"):
            shutil.copy(find_font(family).path, path)
            shown.append(first.showing(plan).exact(20).tobytes())
            keys.append(segment_key(plan, 0, 40, EncoderSettings()))
            with Compositor(plan) as fresh:
                assert fresh.frame_at(20).tobytes() == shown[-1]
    assert shown[0] != shown[1] and keys[0] != keys[1]


def test_scrubbing_shows_the_same_reel_smaller(tmp_path: Path, timeline: Timeline) -> None:
    """From proxies or before they are made, a small frame is the exact one at half the size, to 2.5 levels of luma in the mean."""
    with FrameSource(timeline, cache=FileCache(tmp_path / "cache")) as source:
        for _ in range(2):
            for frame in (0, 12, 43, 60, 89):
                small = source.scrub(frame)
                assert (small.width_px, small.height_px) == HALF
                assert np.abs(small.y - _halved(source.exact(frame))).mean() < 2.5, frame
            source.make_proxies().result()
        assert source.showing(_restyled(timeline)).scrub(12).tobytes() != source.scrub(12).tobytes()


def test_scrubbing_reads_proxies_once_they_are_made(tmp_path: Path, timeline: Timeline) -> None:
    """With proxies in the cache the clips themselves are not needed; the next source finds them made."""
    cache = FileCache(tmp_path / "cache")
    with FrameSource(timeline, cache=cache) as source:
        source.make_proxies().result()
        before = source.scrub(50).tobytes()
    made = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.mp4")}
    assert len(made) == 2
    for shot in timeline.shots:
        shot.clip.path.unlink()
    with FrameSource(timeline, cache=cache) as source:
        source.make_proxies().result()
        assert source.scrub(50).tobytes() == before
        with pytest.raises(ClipError):
            source.exact(50)
    assert {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.mp4")} == made


def test_a_copy_serves_only_what_it_shows(tmp_path: Path) -> None:
    """A cut that shows more of a clip, or another ground under it, needs another copy of it; a shorter one does not."""
    plan = small_timeline(tmp_path, frames=(60,))
    clip = plan.shots[0].clip.model_copy(update={"duration_ms": 60_000})

    def copy(in_frame: int, background: str = "#101010") -> Proxy:
        shot = plan.shots[0].model_copy(update={"clip": clip, "in_frame": in_frame})
        (proxy,) = plan_proxies(plan.model_copy(update={"shots": (shot,), "background": background}))
        return proxy

    assert copy(300).serves(copy(0)) and not copy(0).serves(copy(300)) and not copy(300).serves(copy(0, "#FFFFFF"))


def test_another_cut_is_scrubbed_by_copies_of_its_own(tmp_path: Path, timeline: Timeline) -> None:
    """What a copy does not show comes from the clip, until the other copy is made."""
    other = timeline.model_copy(update={"background": "#F0F0F0"})
    with FrameSource(timeline, cache=FileCache(tmp_path / "cache")) as source:
        source.make_proxies().result()
        copied, changed = source.scrub(50).tobytes(), source.showing(other)
        assert changed.scrub(50).tobytes() != copied
        changed.make_proxies().result()
        assert changed.scrub(50).tobytes() == copied


def scratch() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"reelkit-proxies-{os.getpid()}-*"))


def test_without_a_cache_proxies_go_with_the_source(timeline: Timeline) -> None:
    """Proxies that nobody keeps are made in a temporary folder, of which nothing is left."""
    with FrameSource(timeline) as source:
        source.make_proxies().result()
        assert source.scrub(3).width_px == HALF[0]
        assert len(scratch()) == 1
    assert scratch() == []


def test_closing_stops_the_making(tmp_path: Path) -> None:
    """A source that is closed meanwhile leaves no half-made proxy and no thread at work, and that is no fault."""
    timeline = small_timeline(tmp_path / "reel", frames=(60,))
    clip = timeline.shots[0].clip.model_copy(update={"duration_ms": 10_000_000})
    shot = timeline.shots[0].model_copy(update={"clip": clip, "in_frame": 200_000})
    with FrameSource(timeline.model_copy(update={"shots": (shot,)}), cache=FileCache(tmp_path / "cache")) as source:
        making = source.make_proxies()
        while not (making.done() or any(path.is_file() for path in (tmp_path / "cache").rglob("*"))):
            time.sleep(0.01)
    assert making.done() and making.exception() is None
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_once_it_is_closed_nothing_is_made(timeline: Timeline) -> None:
    """Who asks for proxies when another has closed the source is answered at once, and no folder is left."""
    with FrameSource(timeline) as source:
        other = source.showing(timeline)
    making = other.make_proxies()
    assert making.done() and making.result() is None
    assert scratch() == []


def test_a_clip_that_is_gone_is_one_line(tmp_path: Path, timeline: Timeline) -> None:
    """Where a clip cannot be read, making proxies and scrubbing both name it."""
    timeline.shots[1].clip.path.unlink()
    with FrameSource(timeline, cache=FileCache(tmp_path / "cache")) as source:
        with pytest.raises(ClipError, match=r"clip1\.mp4"):
            source.make_proxies().result()
        assert source.scrub(10).width_px == HALF[0]
        with pytest.raises(ClipError, match=r"clip1\.mp4"):
            source.scrub(80)
