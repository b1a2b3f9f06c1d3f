"""A draft: a reel as it would be made, without a run."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from reelkit.brand import load_brand
from reelkit.draft import Draft

TEMPLATES = Path(__file__).parents[1] / "templates"
CLIPS = """\
from moviepy import ColorClip

def opening(width_px, height_px):
    return ColorClip((width_px, height_px), color=(10, 120, 10)).with_duration(0.5)
"""


def seconds(m4a: bytes, folder: Path) -> float:
    (folder / "heard.m4a").write_bytes(m4a)
    with av.open(str(folder / "heard.m4a")) as file:
        return float(file.duration) / av.time_base


def test_a_brand_with_functions_of_its_own_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a brand sounds can be listened to where it draws its own intro: that is as long as the intro more."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    (tmp_path / "clips.py").write_text(CLIPS)
    (tmp_path / "words.md").write_text("Cold brew takes time. Give it a night in the fridge.")
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"], "music.mood": "none"}
    plain = load_brand("northwind").with_changes(small)
    draft = Draft.of(plain, script=tmp_path / "words.md", outputs=tmp_path / "outputs")
    opened = plain.with_changes({"overlays.intro": f"{tmp_path / 'clips.py'}:opening"})
    lengths = [seconds(draft.listen(brand), tmp_path) for brand in (plain, opened)]
    assert lengths[1] - lengths[0] == pytest.approx(0.5, abs=0.03)
