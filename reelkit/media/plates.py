"""Plates: what a logo stands on where it would drown, in a colour of the brand's on which it is clear."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelkit.media.colours import AIM, blended
from reelkit.media.ink import Canvas, rounded_box
from reelkit.media.legibility import LEAST_LOGO_CONTRAST, mark_is_clear
from reelkit.media.logo import load_logo
from reelkit.media.planes import Planes, Sprite
from reelkit.model import Palette

__all__ = ["draw_logo", "logo_is_clear", "plate_for"]

_PADDING_SHARE, _RADIUS_SHARE = 0.08, 0.14
"""Of the box's shorter side."""
_INK = 128


def draw_logo(path: Path, width_px: int, height_px: int, plate: str | None) -> NDArray[np.uint8]:
    """Draw a logo as large as a box allows, on a plate that takes its room from the same box, or without one.

    Parameters
    ----------
    path, width_px, height_px
        As for :func:`reelkit.media.logo.load_logo`.
    plate : str or None
        The plate's colour.

    Returns
    -------
    ndarray of uint8 [shape=(height, width, 4)]
        Premultiplied RGBA, at most as large as the box.

    Raises
    ------
    BrandError
        As for :func:`reelkit.media.logo.load_logo`.
    """
    if plate is None:
        return load_logo(path, width_px, height_px)
    side = min(width_px, height_px)
    padding = min(round(_PADDING_SHARE * side), (side - 1) // 2)
    picture = load_logo(path, width_px - 2 * padding, height_px - 2 * padding)
    height, width = picture.shape[:2]
    canvas = Canvas((0, 0, width + 2 * padding, height + 2 * padding))
    canvas.lay(rounded_box(canvas.bounds, _RADIUS_SHARE * side), plate)
    canvas.put(picture, padding, padding)
    return canvas.rgba()


def logo_is_clear(picture: NDArray[np.uint8], grounds: Sequence[str], *, short_px: int, least: float = LEAST_LOGO_CONTRAST) -> bool:
    """Return whether a drawn logo is clear on each of some colours, on a frame whose shorter side is ``short_px``."""
    height, width = picture.shape[:2]
    x, y = (short_px - width) // 4 * 2, (short_px - height) // 4 * 2
    for ground in grounds:
        # How far around a mark one looks depends on the frame's size.
        planes = Planes.filled(short_px, short_px, ground)
        Sprite.from_rgba(picture, x, y).blend(planes)
        if not mark_is_clear(planes, picture[..., 3] >= _INK, x, y, least=least):
            return False
    return True


def plate_for(path: Path, palette: Palette) -> str:
    """Return the palette's colour for a plate: its background, as on the end card, else the first that makes the logo clear."""
    return _plate_for(path, path.stat().st_mtime_ns, palette)


@lru_cache(maxsize=16)
def _plate_for(path: Path, _changed_ns: int, palette: Palette) -> str:
    picture = load_logo(path, 300, 300)
    colours = [palette.background, palette.text, palette.surface, palette.primary, palette.accent]
    deep = [blended(palette.text, "#000000", 0.5), "#FFFFFF", "#000000"]
    # A picture shines through it a little.
    return next((colour for colour in colours + deep if logo_is_clear(picture, [colour], short_px=1080, least=AIM)), palette.background)
