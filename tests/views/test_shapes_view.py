"""The view of a reel's other shapes."""

from __future__ import annotations

from pathlib import Path

from reelkit import views
from reelkit.model import Finding, Fps, Reel, ShapedReel
from tests.media.clips import write_video
from tests.views.parsed import Parsed


def test_each_shape_is_shown_with_what_does_not_hold(tmp_path: Path) -> None:
    """A frame, the size, the file and the checks of each shape; what does not hold is named."""
    path = write_video(tmp_path / "reel-1x1.mp4", list(range(40, 100)), size_px=(96, 96))
    size = {"width_px": 96, "height_px": 96, "fps": Fps(num=30), "frame_count": 60}
    reel = Reel(path=path, sha256="0" * 64, bytes=path.stat().st_size, loudness_lufs=-14.0, true_peak_dbtp=-1.5, **size)
    held = [Finding(name=name, level="should", holds=name == "loudness", norm="", measured="") for name in ("loudness", "first-<cut>")]
    page = views.shapes([ShapedReel(shape="1:1", reel=reel, findings=tuple(held))])._repr_html_()
    shown = Parsed(page)
    assert "96 × 96" in shown.text
    assert "1 of 2 checks hold; not first-<cut>" in shown.text
    assert "reel-1x1.mp4" in shown.text
    assert page.count("data:image/jpeg") == 1


def test_without_other_shapes_the_field_is_named() -> None:
    """Where the brand asks for none, the view says which field would."""
    assert "output.shapes" in Parsed(views.shapes([])._repr_html_()).text
