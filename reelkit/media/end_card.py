"""The end card: a cover in the brand's colours, and logo, title, rule and subtitle rising onto it one after the other.

Unless the card says otherwise everything keeps between y = 250 and 1150 of 1920: in the usual safe zone, and so that captions keep their
place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain, product

import numpy as np
from numpy.typing import NDArray

from reelkit.media.caption_layout import CueLayout, caption_sizes, lay_out
from reelkit.media.colours import AIM, apart, blended, ratio_of
from reelkit.media.fonts import FontFace, find_font
from reelkit.media.grain import GRAIN_LSB, grain
from reelkit.media.ink import Canvas, Mask, glyph_pictures, glyphs_mask, rgb_of, rounded_box, union_mask
from reelkit.media.logo import load_logo
from reelkit.media.phrases import language_of
from reelkit.media.planes import RGB_TO_YUV, Cover, Planes, Sprite
from reelkit.media.plates import draw_logo, logo_is_clear, plate_for
from reelkit.media.text import Glyph
from reelkit.model import CaptionStyle, EndCard, Fps, Palette

__all__ = ["EndCardPainter"]

_TOP_SHARE, _BOTTOM_SHARE = 250 / 1920, 1150 / 1920
_LOGO_PX, _LOGO_GAP_PX = (460, 320), 72
_TITLES = ((100, 4), (84, 4), (70, 3), (58, 2))
"""Sizes of the title and its lines at most, the first that fits."""
_SUBTITLE_PX, _SUBTITLE_LINES = 55, (3, 2)
_LEAST_SUBTITLE_PX = 42
"""It shrinks to fit, down to what body text has on a phone: 16 sp of a screen 411 dp wide."""
_WIDTH_SHARE = 720 / 1080
"""Of the frame, between the safe zone's margins on both sides."""
_OPACITY, _SUBTITLE_OPACITY = 0.92, 0.82
_RISE_PX = 56
_RISE_S, _STAGGER_S = 0.45, 0.08


@dataclass(frozen=True)
class _Piece:
    """Something on the card: ``order`` is its turn to enter; a ``grows`` piece widens instead of rising."""

    canvas: Canvas
    order: int
    grows: bool = False


class EndCardPainter:
    """Draws an end card.

    Parameters
    ----------
    card : EndCard
    width_px, height_px : int
    fps : Fps
    language : str
        Of the reel, BCP 47; "" where it is not known.

    Raises
    ------
    BrandError
        When the card's font is unknown, or its logo no image.
    """

    def __init__(self, card: EndCard, *, width_px: int, height_px: int, fps: Fps, language: str = "") -> None:
        self.card, self._width, self._height = card, width_px, height_px
        self._language = language_of([card.title, card.subtitle], language)
        self._scale = min(width_px, height_px) / 1080
        self._rise_frames = max(1, round(_RISE_S * float(fps.ratio))) if card.fade_frames else 0
        self._stagger = round(_STAGGER_S * float(fps.ratio))
        # Asked for here, so that a wrong font or logo is known before anything is rendered.
        find_font(card.font)
        if card.logo_path is not None:
            load_logo(card.logo_path, 64, 64)

    def layers(self, frame: int) -> list[Cover | Sprite]:
        """Return what to blend into a frame, in draw order."""
        card = self.card
        if not card.start <= frame < card.end:
            return []
        since = frame - card.start
        fade = card.fade_frames
        covered = min(1.0, (since + 1) / (fade + 1))
        layers: list[Cover | Sprite] = [Cover(self._ground, _OPACITY * covered * covered * (3 - 2 * covered))]
        for piece, sprite in zip(self._pieces, self._sprites, strict=True):
            step = since - fade // 2 - piece.order * self._stagger
            if step >= self._rise_frames or not self._rise_frames:
                layers.append(sprite)
            elif step >= 0:
                t = 1 - (1 - (step + 1) / (self._rise_frames + 1)) ** 3
                layers.append(self._widened(piece, t) if piece.grows else self._risen(sprite, t))
        return layers

    @property
    def zone(self) -> tuple[int, int]:
        """Between which heights of the frame everything stands, px."""
        card = self.card
        top = math.ceil(self._height * _TOP_SHARE) if card.top_px is None else card.top_px
        return top, math.floor(self._height * _BOTTOM_SHARE) if card.bottom_px is None else card.bottom_px

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in px of all that stands on the card at rest."""
        edges = [piece.canvas.bounds for piece in self._pieces]
        lefts, tops, rights, bottoms = zip(*edges, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    @property
    def fills(self) -> list[tuple[Mask, bool]]:
        """Where the ink of its logo and the letters of its lines are at rest, each with whether it is the logo's; emoji do not count."""
        top, bottom = self.zone
        (title, lines), texts = self._fitting(bottom - top)
        first = len(self._pieces) - len(texts)
        logos = (piece.canvas.placed for piece in self._pieces[:first])
        found = [(Mask(picture[..., 3].astype(np.uint8), x, y), True) for picture, x, y in logos]
        below = [piece.canvas for piece in self._pieces[first:] if not piece.grows]
        layouts = self._title(*title), self._subtitle(lines)
        inks = [(whole, _ink_of(layout, letters_only=True)) for layout in layouts if (whole := _ink_of(layout))]
        for canvas, (whole, letters) in zip(below, inks, strict=True):
            if letters:
                found.append((letters.moved(canvas.x - whole.bounds[0], canvas.y - whole.bounds[1]), False))
        return found

    def _risen(self, sprite: Sprite, t: float) -> Sprite:
        return sprite.faded(t).at(sprite.x, sprite.y + round(_RISE_PX * self._scale * (1 - t)))

    def _widened(self, piece: _Piece, t: float) -> Sprite:
        left, top, right, bottom = piece.canvas.bounds
        half = (right - left) * t / 2
        middle = (left + right) / 2
        canvas = Canvas(piece.canvas.bounds)
        canvas.lay(rounded_box((middle - half, top, middle + half, bottom), bottom - top), self.card.palette.accent)
        return Sprite.from_rgba(*canvas.placed)

    @cached_property
    def _sprites(self) -> list[Sprite]:
        return [Sprite.from_rgba(*piece.canvas.placed) for piece in self._pieces]

    @cached_property
    def _ground(self) -> Planes:
        """The brand's background with two large discs, softly lit, dithered so that it does not band."""
        palette, width, height = self.card.palette, self._width, self._height
        unit = min(width, height)
        samples = [
            np.full((height // part, width // part), value, np.float32)
            for part, value in zip((1, 2, 2), _yuv(palette.background), strict=True)
        ]
        for colour, share, x, y, radius in (
            (palette.surface, 0.75, 0.92 * width, 0.1 * height, 0.62 * unit),
            (palette.primary, 0.14, 0.02 * width, 0.93 * height, 0.5 * unit),
        ):
            discs = {
                part: rounded_box(((x - radius) / part, (y - radius) / part, (x + radius) / part, (y + radius) / part), radius)
                for part in (1, 2)
            }
            for part, plane, value in zip((1, 2, 2), samples, _yuv(colour), strict=True):
                _tint(plane, discs[part], value, share)
        light = 16 + (samples[0] - 16) * np.linspace(1.03, 0.95, height, dtype=np.float32)[:, None]
        return Planes(*(_whole(plane) for plane in (light + GRAIN_LSB * grain(width, height), *samples[1:])))

    @property
    def needed_px(self) -> int:
        """How high everything on the card is at its full size."""
        return _needed_px(self.card, find_font(self.card.font), self._width, self._height, self._language)

    @property
    def cut_texts(self) -> tuple[str, ...]:
        """Those of the card's texts for which there is no room: they end in an ellipsis."""
        top, bottom = self.zone
        (title, lines), _ = self._fitting(bottom - top)
        laid_out = (self._title(*title), self._subtitle(lines))
        return tuple(text for text, layout in zip((self.card.title, self.card.subtitle), laid_out, strict=True) if layout.cut)

    def _texts(self, title_set: tuple[int, int], subtitle_lines: int) -> list[tuple[Canvas, int, bool]]:
        """Title, rule and subtitle, as far as there are any: each with the gap above it and whether it grows in."""
        scale, palette = self._scale, self.card.palette
        ink, faint = _inks(palette)
        title = self._drawn(self._title(*title_set), ink, 1.0)
        subtitle = self._drawn(self._subtitle(subtitle_lines), ink, faint)
        rule = Canvas((0, 0, 2 * round(64 * scale), 2 * max(1, round(5 * scale))))
        rule.lay(rounded_box(rule.bounds, rule.bounds[3] / 2), palette.accent)
        below = [(title, 0, False), (rule, round(52 * scale), True), (subtitle, round(44 * scale), False)]
        return [(canvas, gap, grows) for canvas, gap, grows in below if canvas is not None]

    def _fitting(self, room_px: int) -> tuple[tuple[tuple[int, int], int], list[tuple[Canvas, int, bool]]]:
        """Return the title's size and lines and the subtitle's lines that fit a height, and the texts so: first the title gives way.

        Nothing is cut where there is a size at which all of it fits.
        """
        tried = [*product(_SUBTITLE_LINES, _TITLES)]
        whole = ((lines, title) for lines, title in tried if not (self._title(*title).cut or self._subtitle(lines).cut))
        for lines, title in chain(whole, tried):
            texts = self._texts(title, lines)
            if self._height_of(texts) <= room_px:
                break
        return (title, lines), texts

    def _parts(self, room_px: int) -> list[tuple[Canvas, int, bool]]:
        """The texts, the title smaller where there is little room, and above them the logo, as large as the rest leaves it."""
        _, texts = self._fitting(room_px)
        scale = self._scale
        logo_gap = round(_LOGO_GAP_PX * scale)
        room = room_px - self._height_of(texts) - logo_gap
        if self.card.logo_path is None or room < 80 * scale:
            return texts
        size = round(_LOGO_PX[0] * scale), min(round(_LOGO_PX[1] * scale), room)
        grounds, short_px = _grounds(self.card.palette), min(self._width, self._height)
        clear = logo_is_clear(load_logo(self.card.logo_path, *size), grounds, short_px=short_px)
        picture = draw_logo(self.card.logo_path, *size, None if clear else plate_for(self.card.logo_path, self.card.palette))
        canvas = Canvas((0, 0, picture.shape[1], picture.shape[0]))
        canvas.put(picture)
        return [(canvas, 0, False), (texts[0][0], logo_gap, texts[0][2]), *texts[1:]]

    @staticmethod
    def _height_of(parts: Sequence[tuple[Canvas, int, bool]]) -> int:
        return sum(canvas.bounds[3] - canvas.bounds[1] + gap for canvas, gap, _ in parts)

    @cached_property
    def _pieces(self) -> list[_Piece]:
        top, bottom = self.zone
        parts = self._parts(bottom - top)
        taken = self._height_of(parts)
        y = top + max(0, (bottom - top - taken) // 2)
        pieces = []
        for order, (canvas, gap, grows) in enumerate(parts):
            width, height = canvas.bounds[2] - canvas.bounds[0], canvas.bounds[3] - canvas.bounds[1]
            y += gap
            # Sprites stand on even places; so does this, that nothing shifts by a pixel when it comes to rest.
            canvas.x, canvas.y = (self._width - width) // 2 // 2 * 2, y // 2 * 2
            pieces.append(_Piece(canvas, order, grows))
            y += height
        return pieces

    def _title(self, size_px: int, lines: int) -> CueLayout:
        return self._laid_out(self.card.title, weight=800, size_px=size_px, line_height=1.06, lines=lines, least_px=size_px)

    def _subtitle(self, lines: int) -> CueLayout:
        size = {"size_px": _SUBTITLE_PX, "least_px": _LEAST_SUBTITLE_PX}
        return self._laid_out(self.card.subtitle, weight=500, line_height=1.25, lines=lines, **size)

    def _laid_out(self, text: str, *, weight: int, size_px: int, line_height: float, lines: int, least_px: int) -> CueLayout:
        """Lay a text out in the card's font, balanced on lines, as wide as the card has room; where in the frame does not matter yet.

        It stands as high in the frame as so many lines need, and the one that layouts leave free.
        """
        style = CaptionStyle(
            **{"mode": "classic", "font": self.card.font, "weight": weight, "size_px": size_px, "line_height": line_height},
            **{"max_chars_per_line": 40, "outline_px": 0},
            bottom_px=250 + round(size_px * line_height * (lines + 1) * self._scale * 1920 / self._height),
        )
        sizes = caption_sizes(style, self._width, self._height)
        least = min(sizes.min_size_px, least_px * self._scale)
        sizes = replace(sizes, min_size_px=least, max_width_px=self._width * _WIDTH_SHARE)
        return lay_out(text.split(), style, sizes, language=self._language, max_lines=lines)

    @staticmethod
    def _drawn(layout: CueLayout, colour: str, opacity: float) -> Canvas | None:
        """Draw a laid-out text; None where there is nothing to draw."""
        whole = _ink_of(layout)
        if whole is None:
            return None
        canvas = Canvas(whole.bounds)
        canvas.lay(_ink_of(layout, letters_only=True), colour, opacity=opacity)
        for picture, x, y in (found for each in _placed(layout) for found in glyph_pictures(*each)):
            canvas.put(picture, x, y)
        return canvas


def _placed(layout: CueLayout) -> list[tuple[tuple[Glyph, ...], float, float, float]]:
    return [(word.glyphs, layout.size_px, word.x, word.y) for word in layout.words]


def _ink_of(layout: CueLayout, *, letters_only: bool = False) -> Mask | None:
    return union_mask([mask for each in _placed(layout) if (mask := glyphs_mask(*each, letters_only=letters_only))])


@lru_cache(maxsize=16)
def _needed_px(card: EndCard, _face: FontFace, width_px: int, height_px: int, language: str) -> int:
    # Kept, as a brand that is tuned is planned at every touch, mostly with the same card. The rate does not matter at rest.
    painter = EndCardPainter(card, width_px=width_px, height_px=height_px, fps=Fps(num=30), language=language)
    return painter._height_of(painter._parts(height_px))


@lru_cache(maxsize=16)
def _inks(palette: Palette) -> tuple[str, float]:
    """Return the colour of a card's lines and the opacity of its subtitle: the palette's text, as far from every part of the ground as
    letters need, and as faint as that allows."""
    grounds = _grounds(palette)
    ink = max((apart(palette.text, ground) for ground in grounds), key=lambda ink: min(ratio_of(ink, ground) for ground in grounds))
    shown = min(ratio_of(blended(ground, ink, _SUBTITLE_OPACITY), ground) for ground in grounds)
    return ink, _SUBTITLE_OPACITY if shown >= AIM else 1.0


def _grounds(palette: Palette) -> list[str]:
    """Return the colours of the ground: background and discs, each over a picture that shines through as dark or as light as the text."""
    behind = max(("#000000", "#FFFFFF"), key=lambda end: ratio_of(end, palette.background))
    discs = (blended(palette.background, colour, share) for colour, share in ((palette.surface, 0.75), (palette.primary, 0.14)))
    return [blended(behind, colour, _OPACITY) for colour in (palette.background, *discs)]


def _yuv(colour: str) -> NDArray[np.float64]:
    return np.asarray(RGB_TO_YUV @ np.array(rgb_of(colour), float) + (16.0, 128.0, 128.0))


def _whole(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(plane), 16, 240), np.uint8)


def _tint(plane: NDArray[np.float32], mask: Mask, value: float, share: float) -> None:
    height, width = plane.shape
    left, top, right, bottom = mask.bounds
    cut = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
    alpha = mask.alpha[cut[0].start - top : cut[0].stop - top, cut[1].start - left : cut[1].stop - left].astype(np.float32) * np.float32(
        share / 255
    )
    plane[cut] += (np.float32(value) - plane[cut]) * alpha
