"""Decoding: the right picture at the right time, whatever the source."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.decode import open_clip
from reelkit.media.planes import colour_to_yuv
from reelkit.model import Fps
from tests.media.clips import clip_of, write_video

FPS = Fps(num=30)


def test_any_order_gives_the_same_frames(tmp_path: Path) -> None:
    """Seeking anywhere gives what decoding in order gives."""
    lumas = list(range(20, 140))
    clip = clip_of(write_video(tmp_path / "a.mp4", lumas), duration_ms=4000)
    order = list(range(120))
    random.Random(3).shuffle(order)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in order] == [lumas[index] for index in order]
    reader.close()


def test_a_slower_source_is_held(tmp_path: Path) -> None:
    """A source of 10 frames a second shows each for three frames of a 30-frame reel, never early."""
    clip = clip_of(write_video(tmp_path / "a.mp4", [50, 100, 150], rate=10), duration_ms=300)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in range(9)] == [50] * 3 + [100] * 3 + [150] * 3


def test_a_variable_rate_is_followed_by_its_timestamps(tmp_path: Path) -> None:
    """Each frame shows from its own timestamp on, however uneven."""
    times = [Fraction(0), Fraction(1, 10), Fraction(4, 10), Fraction(5, 10)]
    clip = clip_of(write_video(tmp_path / "a.mp4", [40, 80, 120, 160], times=times), duration_ms=600)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in range(18)] == [40] * 3 + [80] * 9 + [120] * 3 + [160] * 3


def test_a_loop_goes_round(tmp_path: Path) -> None:
    """A looping clip gives frame n + length as it gives frame n."""
    lumas = [30, 60, 90, 120, 150, 180]
    clip = clip_of(write_video(tmp_path / "a.mp4", lumas), duration_ms=200, loops=True)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in range(15)] == [lumas[index % 6] for index in range(15)]


def test_beyond_the_end_the_last_picture_stands(tmp_path: Path) -> None:
    """A transition may run over a clip's end: the last picture stays."""
    clip = clip_of(write_video(tmp_path / "a.mp4", [50, 100, 150]), duration_ms=100)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in (2, 3, 40, 41)] == [150] * 4


def test_a_picture_keeps_its_colour_and_its_upright_side(tmp_path: Path) -> None:
    """A JPEG that is stored lying down is shown upright; red is BT.709 red."""
    lying = np.zeros((60, 100, 3), np.uint8)
    lying[:, :50] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(lying).save(tmp_path / "p.jpg", exif=exif, quality=97, subsampling=0)
    planes = open_clip(clip_of(tmp_path / "p.jpg", duration_ms=None), FPS).frame(0)
    assert (planes.width_px, planes.height_px) == (60, 100)
    assert abs(int(planes.y[10, 30]) - colour_to_yuv("#FF0000")[0]) <= 2
    assert int(planes.y[90, 30]) <= 18


def test_a_clip_that_is_gone_says_so(tmp_path: Path) -> None:
    """A file that vanished since it was found is one line with its name."""
    clip = clip_of(write_video(tmp_path / "gone.mp4", [50] * 3))
    (tmp_path / "gone.mp4").unlink()
    with pytest.raises(ClipError, match=r"gone\.mp4"):
        open_clip(clip, FPS).frame(0)
