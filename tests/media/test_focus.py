"""Focus: a crop keeps the subject, where one can be seen."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.focus import find_focus
from reelkit.media.framed import show_whole
from reelkit.media.planes import Planes, planes_to_rgb, rgb_to_planes
from reelkit.model import Shot
from reelkit.runs.cache import FileCache
from tests.media.clips import clip_of
from tests.media.test_sources import write

PORTRAIT = 9 / 16


def meadow(x: float, *, size: tuple[int, int] = (320, 180), y: float = 0.55) -> np.ndarray:
    """A sky over grass with some texture, and a red figure at ``x``, ``y`` (shares of width and height)."""
    down = np.linspace(0, 1, size[1])[:, None, None]
    picture = np.where(down < 0.5, np.array([120, 170, 220]) + 40 * down, np.array([90, 140, 60]) - 30 * down)
    picture = np.repeat(picture, size[0], axis=1)
    picture += np.random.default_rng(4).normal(0, 4, picture.shape)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    centre = round(x * size[0]), round(y * size[1])
    cv2.ellipse(picture, centre, (size[1] // 9, size[1] // 5), 0, 0, 360, (190, 40, 50), -1)
    cv2.circle(picture, (centre[0], centre[1] - size[1] // 5), size[1] // 12, (230, 190, 160), -1)
    return picture


@pytest.mark.parametrize("x", [0.12, 0.3, 0.5, 0.72, 0.9])
def test_the_crop_holds_the_subject(tmp_path: Path, x: float) -> None:
    """A figure anywhere in a landscape picture lies whole within the portrait crop, and is not left in its corner."""
    Image.fromarray(meadow(x)).save(tmp_path / "p.png")
    focus = find_focus(clip_of(tmp_path / "p.png", duration_ms=None), PORTRAIT)
    visible = PORTRAIT * 180 / 320
    assert abs(focus[0] - x) < visible / 2 - 0.06 or min(x, 1 - x) < visible / 2
    assert visible / 2 - 0.01 <= focus[0] <= 1 - visible / 2 + 0.01
    assert abs(min(max(x, visible / 2), 1 - visible / 2) - focus[0]) < 0.08
    assert focus[1] == 0.5


def test_a_video_is_looked_at_over_its_length(tmp_path: Path) -> None:
    """A figure that stands to the right in a video is kept, the same each time it is asked."""
    path = write(tmp_path / "v.mp4", [meadow(0.75)] * 30, form="yuv420p")
    clip = clip_of(path, size_px=(320, 180), duration_ms=1000)
    assert find_focus(clip, PORTRAIT)[0] == pytest.approx(0.75, abs=0.08)
    assert find_focus(clip, PORTRAIT) == find_focus(clip, PORTRAIT)


def test_a_tall_picture_is_searched_from_top_to_bottom(tmp_path: Path) -> None:
    """In a landscape reel a portrait picture is cropped about its subject's height."""
    Image.fromarray(meadow(0.5, size=(180, 320), y=0.8)).save(tmp_path / "p.png")
    x, y = find_focus(clip_of(tmp_path / "p.png", duration_ms=None), 16 / 9)
    assert x == 0.5
    assert y == pytest.approx(0.76, abs=0.1)


def test_where_nothing_stands_out_it_is_the_middle(tmp_path: Path) -> None:
    """An even picture is cropped about its middle."""
    Image.new("RGB", (320, 180), "#507090").save(tmp_path / "p.png")
    assert find_focus(clip_of(tmp_path / "p.png", duration_ms=None), PORTRAIT) == (0.5, 0.5)


def test_a_video_may_change_its_shape(tmp_path: Path) -> None:
    """A window that is shared and made narrower on its way is looked at over its length all the same."""
    path = tmp_path / "shared.ts"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for part, (width, height) in enumerate(((320, 180), (200, 180))):
            coder = av.CodecContext.create("libx264", "w")
            coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, "yuv420p", Fraction(1, 10)
            for number in range(20):
                picture = np.full((height, width, 3), 40, np.uint8)
                picture[60:120, 120:180] = 230
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = part * 20 + number, Fraction(1, 10)
                for packet in (*coder.encode(frame), *(coder.encode(None) if number == 19 else ())):
                    packet.stream = stream
                    output.mux(packet)
    clip = clip_of(path, size_px=(320, 180), duration_ms=4000)
    assert 0.2 < find_focus(clip, 9 / 16)[0] < 0.8


def test_a_damaged_clip_is_one_line(tmp_path: Path) -> None:
    """A clip that was spoilt since it was found is named."""
    path = write(tmp_path / "v.mp4", [meadow(0.4)] * 30, form="yuv420p")
    clip = clip_of(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ClipError, match=r"v\.mp4"):
        find_focus(clip, PORTRAIT)


def test_shown_whole_a_picture_loses_nothing(tmp_path: Path) -> None:
    """Over its blurred copy a landscape picture fills the width in its own shape; above and below it is darker and soft."""
    source = rgb_to_planes(meadow(0.8))
    Image.fromarray(meadow(0.8)).save(tmp_path / "p.png")
    clip = clip_of(tmp_path / "p.png", duration_ms=None)
    shot = Shot(clip=clip, start=0, end=30, fit="blur")
    planes = show_whole(source, shot, 0, (160, 288))
    inside = planes.y[98:190]
    wanted = cv2.resize(source.y, (160, 90), interpolation=cv2.INTER_AREA)
    assert min(np.abs(inside[top : top + 90].astype(int) - wanted).max() for top in range(3)) <= 1
    rgb = planes_to_rgb(planes)
    assert rgb[:90].mean() < 0.75 * rgb[104:140].mean()
    assert np.abs(np.diff(planes.y[:90].astype(int), axis=0)).max() <= 4
    assert isinstance(planes, Planes)
    assert (planes.width_px, planes.height_px) == (160, 288)


def test_what_was_seen_in_a_clip_is_kept(tmp_path: Path) -> None:
    """With a cache a clip is looked at once, under whatever name its file goes later."""
    Image.fromarray(meadow(0.3)).save(tmp_path / "p.png")
    clip, cache = clip_of(tmp_path / "p.png", duration_ms=None), FileCache(tmp_path / "cache")
    focus = find_focus(clip, PORTRAIT, cache=cache)
    gone = clip.model_copy(update={"path": tmp_path / "gone.png"})
    assert focus == find_focus(clip, PORTRAIT) == find_focus(gone, PORTRAIT, cache=cache)
