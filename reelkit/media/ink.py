"""Ink: anti-aliased coverage of glyphs and boxes, and a canvas it is laid on.

A mask is coverage at a place, 8 bit; a canvas is premultiplied RGBA. Glyphs come from FreeType at quarter-pixel positions, unhinted,
their outlines from its stroker with round joins, so that both are as crisp as the font itself.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import freetype
import numpy as np
from numpy.typing import NDArray

from reelkit.media.colours import rgb_of
from reelkit.media.emoji import GlyphPicture, has_colours, paint_glyph
from reelkit.media.fonts import FontFace, open_font
from reelkit.media.text import Bounds, Glyph

__all__ = ["Canvas", "Mask", "blurred", "glyph_pictures", "glyphs_mask", "rgb_of", "rounded_box", "scaled_about", "union_mask"]

_SUBPIXELS = 4


@dataclass(frozen=True)
class Mask:
    """Coverage at a place.

    Parameters
    ----------
    alpha : ndarray of uint8 [shape=(height, width)]
    x, y : int
        Place of the upper left corner in px.
    """

    alpha: NDArray[np.uint8]
    x: int
    y: int

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the array in px."""
        height, width = self.alpha.shape
        return self.x, self.y, self.x + width, self.y + height

    def moved(self, dx: int, dy: int) -> Mask:
        return replace(self, x=self.x + dx, y=self.y + dy)


@lru_cache(maxsize=2048)
def _glyph_mask(face: FontFace, glyph_id: int, size_64: int, subpixel: int, outline_64: int) -> Mask | None:
    if has_colours(face.path):
        picture = paint_glyph(face.path, glyph_id, size_64)
        return None if picture is None else _silhouette(picture, outline_64 / 64)
    font = open_font(face)
    with font.lock:
        font.outlines.set_char_size(height=size_64)
        font.outlines.load_glyph(glyph_id, freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_NO_BITMAP)
        glyph = font.outlines.glyph.get_glyph()
        if outline_64:
            stroker = freetype.Stroker()
            stroker.set(outline_64, freetype.FT_STROKER_LINECAP_ROUND, freetype.FT_STROKER_LINEJOIN_ROUND, 0)
            glyph.stroke(stroker, True)
        drawn = glyph.to_bitmap(freetype.FT_RENDER_MODE_NORMAL, freetype.Vector(subpixel * 64 // _SUBPIXELS, 0), True)
        bitmap = drawn.bitmap
        rows, width, pitch = bitmap.rows, bitmap.width, bitmap.pitch
        if not rows or not width:
            return None
        data = ctypes.string_at(bitmap._FT_Bitmap.buffer, rows * pitch)
        alpha = np.frombuffer(data, np.uint8).reshape(rows, pitch)[:, :width]
        return Mask(alpha, drawn.left, -drawn.top)


def _silhouette(picture: GlyphPicture, outline_px: float) -> Mask:
    """Return where a picture is, grown by an outline as letters are."""
    alpha = picture.rgba[..., 3]
    if not outline_px:
        return Mask(alpha, picture.x, picture.y)
    reach = math.ceil(outline_px) + 1
    outside = np.pad(alpha, reach) < 128
    distance = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    grown = np.clip((outline_px + 1 - distance) * 255, 0, 255).astype(np.uint8)
    return Mask(grown, picture.x - reach, picture.y - reach)


def glyph_pictures(glyphs: Iterable[Glyph], size_px: float, x: float, y: float) -> list[tuple[NDArray[np.uint8], int, int]]:
    """Return those glyphs that have colours of their own, as premultiplied RGBA and the place of its upper left corner in px.

    Parameters
    ----------
    glyphs, size_px, x, y
        As for :func:`glyphs_mask`.
    """
    pictures = []
    for glyph in glyphs:
        if has_colours(glyph.face.path):
            picture = paint_glyph(glyph.face.path, glyph.id, _size_64(size_px, glyph))
            if picture is not None:
                left, top = math.floor(_quarter(x, glyph) / _SUBPIXELS), math.floor(y + glyph.y + 0.5)
                pictures.append((picture.rgba, left + picture.x, top + picture.y))
    return pictures


def _size_64(size_px: float, glyph: Glyph) -> int:
    return round(round(size_px * 64) * glyph.scale)


def _quarter(x: float, glyph: Glyph) -> int:
    return math.floor((x + glyph.x) * _SUBPIXELS + 0.5)


def glyphs_mask(
    glyphs: Iterable[Glyph], size_px: float, x: float, y: float, *, outline_px: float = 0.0, letters_only: bool = False
) -> Mask | None:
    """Draw glyphs of a line whose origin stands at ``x``, ``y`` px; of those with colours of their own, the silhouette.

    Parameters
    ----------
    glyphs : iterable of Glyph
    size_px : float
        Size they were shaped at.
    x, y : float
        Rounded to the nearest quarter of a pixel across, to whole pixels down.
    outline_px : float
        Grow the glyphs by so much all round, corners rounded; 0 draws them as they are.
    letters_only : bool
        Leave out glyphs with colours of their own.

    Returns
    -------
    Mask or None
        None where no glyph has ink.
    """
    outline_64 = round(outline_px * 64)
    masks = []
    for glyph in glyphs:
        if letters_only and has_colours(glyph.face.path):
            continue
        quarter = _quarter(x, glyph)
        left, top = quarter // _SUBPIXELS, math.floor(y + glyph.y + 0.5)
        for grow in {0, outline_64}:  # the stroke is hollow: the glyph itself fills it
            mask = _glyph_mask(glyph.face, glyph.id, _size_64(size_px, glyph), quarter % _SUBPIXELS, grow)
            if mask is not None:
                masks.append(mask.moved(left, top))
    return union_mask(masks)


def union_mask(masks: Sequence[Mask]) -> Mask | None:
    """Return the greatest coverage of all masks, None for none."""
    if not masks:
        return None
    lefts, tops, rights, bottoms = zip(*(mask.bounds for mask in masks), strict=True)
    x, y = min(lefts), min(tops)
    alpha = np.zeros((max(bottoms) - y, max(rights) - x), np.uint8)
    for mask in masks:
        height, width = mask.alpha.shape
        part = alpha[mask.y - y : mask.y - y + height, mask.x - x : mask.x - x + width]
        np.maximum(part, mask.alpha, out=part)
    return Mask(alpha, x, y)


def rounded_box(bounds: Bounds, radius_px: float, *, slant: float = 0.0) -> Mask:
    """Draw a box with round corners, its edges anti-aliased.

    Parameters
    ----------
    bounds : (float, float, float, float)
        Left, top, right, bottom in px, fractions allowed.
    radius_px : float
        At most half the shorter side counts.
    slant : float
        Shift of the upper edge to the right and of the lower to the left, as a share of half the height.
    """
    left, top, right, bottom = bounds
    half_w, half_h = max(right - left, 0.0) / 2, max(bottom - top, 0.0) / 2
    lean = abs(slant) * half_h
    x0, y0 = math.floor(left - lean), math.floor(top)
    x1, y1 = math.ceil(right + lean), math.ceil(bottom)
    radius = min(radius_px, half_w, half_h)
    down = (np.arange(y0, y1, dtype=np.float32) + 0.5 - (top + bottom) / 2)[:, None]
    across = (np.arange(x0, x1, dtype=np.float32) + 0.5 - (left + right) / 2)[None, :]
    dx = np.abs(across + slant * down) - (half_w - radius)
    dy = np.abs(down) - (half_h - radius)
    # Signed distance to a rounded box: https://iquilezles.org/articles/distfunctions2d/
    distance = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return Mask(np.rint(np.clip(0.5 - distance, 0, 1) * 255).astype(np.uint8), x0, y0)


def blurred(mask: Mask, radius_px: float, *, strength: float = 1.0) -> Mask:
    """Return a mask softened by a Gaussian that fades out over about ``radius_px``, its coverage times ``strength``."""
    margin = math.ceil(radius_px * 1.5)
    soft = cv2.GaussianBlur(np.pad(mask.alpha, margin), (0, 0), max(radius_px / 2, 0.1))
    return Mask(np.asarray(cv2.convertScaleAbs(soft, alpha=strength), np.uint8), mask.x - margin, mask.y - margin)


class Canvas:
    """Premultiplied RGBA to lay ink on, at a place in the frame; ink beyond its edges is cut.

    Examples
    --------
    >>> canvas = Canvas((0, 0, 4, 2))
    >>> canvas.lay(rounded_box((0, 0, 2, 2), 0), "#FF8000", opacity=0.5)
    >>> canvas.rgba()[0, 1].tolist(), canvas.rgba()[0, 3].tolist()
    ([128, 64, 0, 128], [0, 0, 0, 0])
    """

    def __init__(self, bounds: tuple[int, int, int, int]) -> None:
        self.x, self.y = bounds[:2]
        # Four planes rather than interleaved: laying ink is then one long loop for each.
        self._planes = np.zeros((4, bounds[3] - bounds[1], bounds[2] - bounds[0]), np.float32)

    def copy(self) -> Canvas:
        """Return a canvas with the same ink."""
        twin = Canvas((self.x, self.y, self.x, self.y))
        twin._planes = self._planes.copy()
        return twin

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in px of the frame."""
        _, height, width = self._planes.shape
        return self.x, self.y, self.x + width, self.y + height

    @property
    def placed(self) -> tuple[NDArray[np.float32], int, int]:
        """The picture as premultiplied float32 [shape=(height, width, 4)], 0 to 255, and its place."""
        return np.asarray(cv2.merge(list(self._planes)), np.float32), self.x, self.y

    def put(
        self, picture: NDArray[np.uint8] | NDArray[np.float32], x: int | None = None, y: int | None = None, *, opacity: float = 1.0
    ) -> None:
        """Lay premultiplied RGBA over what is there, all inside the canvas, its corner at ``x``, ``y`` or the canvas's own."""
        left, top = (self.x if x is None else x) - self.x, (self.y if y is None else y) - self.y
        channels = cv2.split(np.asarray(picture, np.float32) * np.float32(opacity))
        keep = 1 - channels[3] / np.float32(255)
        for plane, channel in zip(self._planes, channels, strict=True):
            part = plane[top : top + keep.shape[0], left : left + keep.shape[1]]
            part *= keep
            part += channel

    def lay(self, mask: Mask | None, colour: str, *, opacity: float = 1.0, lower_colour: str | None = None) -> None:
        """Lay a colour through a mask over what is there.

        Parameters
        ----------
        mask : Mask or None
            None lays nothing.
        colour : str
            ``#RRGGBB``.
        opacity : float
            0 to 1.
        lower_colour : str, optional
            The colour runs to this one from the mask's top to its bottom.
        """
        if mask is None or opacity <= 0:
            return
        _, _, right_edge, bottom_edge = self.bounds
        left, top = max(mask.x, self.x), max(mask.y, self.y)
        right, bottom = min(mask.bounds[2], right_edge), min(mask.bounds[3], bottom_edge)
        if top >= bottom or left >= right:
            return
        rows = slice(top - mask.y, bottom - mask.y)
        alpha = mask.alpha[rows, left - mask.x : right - mask.x].astype(np.float32) * np.float32(opacity / 255)
        ink = np.array([*rgb_of(colour), 255.0], np.float32)[:, None]
        if lower_colour is not None:
            # The root keeps the middle of the letters, where most of their ink is, closer to the lower colour.
            share = np.sqrt(np.linspace(0, 1, mask.alpha.shape[0], dtype=np.float32))[rows]
            ink = ink + (np.array([*rgb_of(lower_colour), 255.0], np.float32)[:, None] - ink) * share
        keep = 1 - alpha
        for plane, values in zip(self._planes, ink, strict=True):
            part = plane[top - self.y : bottom - self.y, left - self.x : right - self.x]
            part *= keep
            if values.any():
                part += alpha * values[:, None]

    def rgba(self) -> NDArray[np.uint8]:
        """Return the picture as premultiplied uint8 [shape=(height, width, 4)]."""
        return np.rint(self.placed[0]).astype(np.uint8)


def scaled_about(
    picture: NDArray[np.float32], x: int, y: int, anchor: tuple[float, float], scale: float
) -> tuple[NDArray[np.float32], int, int]:
    """Scale a drawn picture that stands at ``x``, ``y`` about a point of the frame; return it and its new place."""
    height, width = picture.shape[:2]
    centre, bottom = anchor
    x0, y0 = int(np.floor(centre + (x - centre) * scale)), int(np.floor(bottom + (y - bottom) * scale))
    x1, y1 = int(np.ceil(centre + (x + width - centre) * scale)), int(np.ceil(bottom + (y + height - bottom) * scale))
    # Pixel centres stand at halves: a point p of the frame comes from the picture's pixel (p - anchor) / scale + anchor.
    shift_x = (x0 + 0.5 - centre) / scale + centre - x - 0.5
    shift_y = (y0 + 0.5 - bottom) / scale + bottom - y - 0.5
    matrix = np.array([[1 / scale, 0, shift_x], [0, 1 / scale, shift_y]])
    moved = cv2.warpAffine(picture, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(moved, np.float32), x0, y0
