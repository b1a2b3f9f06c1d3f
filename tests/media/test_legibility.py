"""What is read off a frame: whether text stands there."""

import numpy as np
import pytest

from reelkit.media.captions import CaptionPainter
from reelkit.media.legibility import text_stands
from reelkit.media.planes import Planes
from reelkit.model import CaptionCue, CaptionStyle, CaptionWord, Fps


@pytest.mark.parametrize("size", [(1080, 1920), (1280, 720), (720, 1280), (1920, 1080), (720, 720)])
def test_outlined_text_stands_on_frames_of_every_shape(size: tuple[int, int]) -> None:
    """Grey letters in a thin black outline on grey stand there when they are drawn, in a wide frame too, and not before."""
    style = CaptionStyle(mode="classic", colour="#8A8A8A", outline_px=5, shadow_px=0, pop_s=0.0)
    cue = CaptionCue(words=(CaptionWord(text="Fresh", start=0, end=10), CaptionWord(text="beans", start=10, end=20)), start=0, end=30)
    painter = CaptionPainter(style, (cue,), width_px=size[0], height_px=size[1], fps=Fps(num=30))
    bare = Planes.filled(*size, "#909090")
    bare.y[:] += np.random.default_rng(1).integers(0, 8, bare.y.shape).astype(np.uint8)
    mask = painter.fill_mask(15)
    assert mask is not None
    assert not text_stands(bare, *mask)
    for sprite in painter.sprites(15):
        sprite.blend(bare)
    assert text_stands(bare, *mask)
