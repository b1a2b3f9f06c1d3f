"""Thumbnails of clips and frames as JPEG."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.planes import rgb_to_planes
from reelkit.media.stills import clip_thumbnails, jpeg
from reelkit.model import Clip, Credit
from tests.report.notebook import make_reel
from tests.views import samples


def _clip(path: Path, kind: str, duration_ms: int | None = None) -> Clip:
    credit = Credit(author="a", licence="b")
    return Clip.model_validate(
        {"id": "c", "library": "folder", "path": path, "sha256": "0" * 64, "kind": kind, "width_px": 270, "height_px": 480,
         "duration_ms": duration_ms, "credit": credit}
    )  # fmt: skip


def _opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)), float)


def test_a_frame_and_its_rgb_give_the_same_picture() -> None:
    """Planes and RGB of one frame make JPEGs that look the same, scaled down to the width and never up."""
    rgb = samples.picture(4, width_px=270, height_px=480)
    one, other = (_opened(jpeg(picture, width_px=90)) for picture in (rgb, rgb_to_planes(rgb)))
    assert one.shape == (160, 90, 3)
    assert np.abs(one - other).mean() < 2
    assert _opened(jpeg(rgb, width_px=4000)).shape == (480, 270, 3)


def test_a_video_gives_a_strip_of_its_moments(tmp_path: Path) -> None:
    """Three pictures of different moments, of the asked width and the clip's shape."""
    path = make_reel(tmp_path / "clip.mp4", seconds=3)
    strip = [_opened(content) for content in clip_thumbnails(_clip(path, "video", 3000), count=3, width_px=90)]
    assert [picture.shape for picture in strip] == [(160, 90, 3)] * 3
    assert all(np.abs(one - other).mean() > 3 for one, other in itertools.pairwise(strip))


def test_a_picture_is_upright_and_its_holes_are_black(tmp_path: Path) -> None:
    """A photo turned by its EXIF tag stands upright; where a PNG is transparent nothing shows through."""
    half = np.zeros((60, 100, 3), np.uint8)
    half[:, :50] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(half).save(tmp_path / "turned.jpg", exif=exif)
    (upright,) = (_opened(content) for content in clip_thumbnails(_clip(tmp_path / "turned.jpg", "image"), width_px=60))
    assert upright.shape[:2] == (100, 60)
    assert upright[:40].mean() > 240 > 20 > upright[60:].mean()
    Image.new("RGBA", (50, 50), (255, 255, 255, 0)).save(tmp_path / "clear.png")
    assert _opened(clip_thumbnails(_clip(tmp_path / "clear.png", "image"))[0]).mean() < 5


@pytest.mark.parametrize("kind", ["video", "image"])
def test_a_clip_that_is_gone_or_broken_is_named(kind: str, tmp_path: Path) -> None:
    """A missing and a damaged file each give one line with the file's name."""
    for name in ("gone.mp4", "broken.mp4"):
        if name == "broken.mp4":
            (tmp_path / name).write_bytes(b"\x00\x00\x00\x18ftypmp42 and no more")
        with pytest.raises(ClipError, match=name):
            clip_thumbnails(_clip(tmp_path / name, kind, 1000 if kind == "video" else None))
