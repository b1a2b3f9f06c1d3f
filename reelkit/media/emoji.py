"""Emoji: which characters are shown as coloured pictures, and those pictures, from a font's own colour layers.

HarfBuzz shapes an emoji like any other text (tones, joined people and flags are ligatures) and paints it (COLR, versions 0 and 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import uharfbuzz as hb
from numpy.typing import NDArray

__all__ = ["GlyphPicture", "emoji_font", "has_colours", "paint_glyph", "shown_as_emoji"]

_AS_TEXT, _AS_EMOJI = "\ufe0e", "\ufe0f"
_FROM = 0x1F000
"""All emoji from here on are shown as pictures; of those before it only these (Unicode's emoji-data.txt, Emoji_Presentation)."""
_EARLIER = frozenset(
    point
    for first, last in (
        *((0x231A, 0x231B), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615), (0x2648, 0x2653)),
        *((0x267F, 0x267F), (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26CE, 0x26CE)),
        *((0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3), (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705)),
        *((0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C), (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797)),
        *((0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55)),
    )
    for point in range(first, last + 1)
)


@dataclass(frozen=True)
class GlyphPicture:
    """A glyph in its own colours.

    Parameters
    ----------
    rgba : ndarray of uint8 [shape=(height, width, 4)]
        Premultiplied.
    x, y : int
        Place of the upper left corner relative to the glyph's origin, px; y grows downwards.
    """

    rgba: NDArray[np.uint8]
    x: int
    y: int


def shown_as_emoji(cluster: str) -> bool:
    """Return whether a base character with its marks asks to be shown as a picture (UTS #51, "presentation style").

    Examples
    --------
    >>> [shown_as_emoji(each) for each in ("☕", "❤", "❤\\ufe0f", "☕\\ufe0e", "1", "1\\ufe0f\\u20e3", "🇫🇷")]
    [True, False, True, False, False, True, True]
    """
    if _AS_TEXT in cluster:
        return False
    return _AS_EMOJI in cluster or ord(cluster[0]) >= _FROM or ord(cluster[0]) in _EARLIER


@lru_cache(maxsize=1)
def emoji_font() -> Path | None:
    """Return the font of coloured emoji that comes with Reelkit (Noto Color Emoji), None where its wheel is not installed."""
    # The wheel is taken for its fonts alone: importing it would want its game library.
    found = find_spec("dynamic_font")
    folders = found.submodule_search_locations if found else None
    path = Path(next(iter(folders))) / "assets" / "fonts" / "NotoColorEmoji-Regular.ttf" if folders else None
    return path if path and path.is_file() else None


@lru_cache(maxsize=2)
def _face(path: Path) -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(str(path)))


@lru_cache(maxsize=64)
def has_colours(path: Path) -> bool:
    """Return whether a font file paints its glyphs in colours of their own."""
    face = _face(path)
    return bool(face.has_color_paint or face.has_color_layers)


@lru_cache(maxsize=128)
def paint_glyph(path: Path, glyph_id: int, size_64: int) -> GlyphPicture | None:
    """Paint a glyph at a size, 64ths of a px; None where nothing of it is seen.

    A glyph without layers of its own (a digit in an emoji font) is painted black.
    """
    font = hb.Font(_face(path))
    font.scale = (size_64, size_64)
    extents = font.get_glyph_extents(glyph_id)
    if extents is None or not extents.width or not extents.height:
        return None
    painter = hb.RasterPaint()
    painter.scale_factor = (64.0, 64.0)
    if not painter.set_glyph_extents(extents):
        return None
    painter.paint_glyph(font, glyph_id)
    image = painter.render()
    if image is None or not image.extents.width or not image.extents.height:
        return None
    place = image.extents
    rows = np.frombuffer(image.buffer, np.uint8).reshape(place.height, place.stride // 4, 4)[:, : place.width]
    # Painted from the bottom up, in the order blue, green, red.
    rgba = np.ascontiguousarray(rows[::-1, :, [2, 1, 0, 3]])
    if not rgba[..., 3].any():
        return None
    rgba.flags.writeable = False
    return GlyphPicture(rgba, place.x_origin, -(place.y_origin + place.height))
