"""Thumbnails of clips and frames as JPEG."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.planes import rgb_to_planes
from reelkit.media.probe import open_video
from reelkit.media.stills import clip_thumbnails, frame_near, jpeg, rgb_of
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


def test_a_frame_near_a_moment_is_the_keyframe_before_it(tmp_path: Path) -> None:
    """Of a reel it is the very frame that decoding gives there; where the one keyframe is far, a frame on the way from it; one after the
    other from the same open file."""
    path = make_reel(tmp_path / "clip.mp4", seconds=3)
    with open_video(path) as container, open_video(path) as other:
        for at_s in (2.9, 0.4, 1.7):
            near = frame_near(container, at_s, exact=False)
            assert near is not None and near.time is not None
            assert 0 <= at_s - near.time <= 2
            assert near.key_frame
            exact = frame_near(other, near.time, exact=True)
            assert exact is not None
            assert np.array_equal(rgb_of(near), rgb_of(exact))
    far = tmp_path / "far.mp4"
    with av.open(str(far), "w") as made:
        stream = made.add_stream("libx264", rate=10, options={"g": "1000", "sc_threshold": "0"})
        stream.width, stream.height = 64, 64
        for level in range(60):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), 4 * level, np.uint8))))
        made.mux(stream.encode(None))
    with open_video(far) as container:
        levels = [float(rgb_of(frame).mean()) for at_s in (0.5, 5.5) if (frame := frame_near(container, at_s, exact=False))]
    assert levels[0] < 10
    assert levels[1] > 100


def test_a_picture_is_upright_and_its_holes_are_grey(tmp_path: Path) -> None:
    """A photo turned by its EXIF tag stands upright; where a PNG is transparent it is grey, on which ink of any colour shows."""
    half = np.zeros((60, 100, 3), np.uint8)
    half[:, :50] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(half).save(tmp_path / "turned.jpg", exif=exif)
    (upright,) = (_opened(content) for content in clip_thumbnails(_clip(tmp_path / "turned.jpg", "image"), width_px=60))
    assert upright.shape[:2] == (100, 60)
    assert upright[:40].mean() > 240 > 20 > upright[60:].mean()
    Image.new("RGBA", (50, 50), (255, 255, 255, 0)).save(tmp_path / "clear.png")
    assert abs(_opened(clip_thumbnails(_clip(tmp_path / "clear.png", "image"))[0]).mean() - 128) < 5


@pytest.mark.parametrize("kind", ["video", "image"])
def test_a_clip_that_is_gone_or_broken_is_named(kind: str, tmp_path: Path) -> None:
    """A missing and a damaged file each give one line with the file's name."""
    for name in ("gone.mp4", "broken.mp4"):
        if name == "broken.mp4":
            (tmp_path / name).write_bytes(b"\x00\x00\x00\x18ftypmp42 and no more")
        with pytest.raises(ClipError, match=name):
            clip_thumbnails(_clip(tmp_path / name, kind, 1000 if kind == "video" else None))
