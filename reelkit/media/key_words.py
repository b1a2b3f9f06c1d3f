"""Key words: a few large words, with an icon above them or without, that come in one after the other while they are spoken."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from reelkit.media.caption_drawing import swing
from reelkit.media.caption_layout import caption_sizes, lay_out
from reelkit.media.fonts import find_font
from reelkit.media.icons import draw_icon, find_icon
from reelkit.media.ink import Canvas, Mask, blurred, glyph_pictures, glyphs_mask, scaled_about, union_mask
from reelkit.media.phrases import language_of
from reelkit.media.planes import Sprite
from reelkit.model import CaptionStyle, Fps, KeyWords

__all__ = ["KeyWordsPainter"]

_SIZES_PX = (120, 100, 80, 62)
"""Tried in turn until everything fits."""
_WIDTH_PX, _LINES, _LINE_HEIGHT = 640, 3, 1.08
_ICON_SHARE, _GAP_SHARE, _EDGE_SHARE = 1.5, 0.34, 0.075
"""Of the size of the letters: the icon, the gap under it, and the edge around both."""
_SHADOW_PX, _SHADOW_OPACITY = 26, 0.5
_ENTERS_S, _STAGGER_S, _LEAVES_S = 0.34, 0.07, 0.16
_RESTS_S = 0.2
"""So long before their end all rest: they are still being read."""
_ENTERS_AT, _OVERSHOOT = 0.55, 0.1


@dataclass(frozen=True)
class _Piece:
    """An icon or a word, drawn in the frame, and the point it grows from."""

    canvas: Canvas
    middle: tuple[float, float]
    fill: Mask | None = None


class KeyWordsPainter:
    """Draws key words.

    Parameters
    ----------
    words : KeyWords
    width_px, height_px : int
        Size of the frame.
    fps : Fps
    language : str
        Of the reel, BCP 47; "" where it is not known.

    Raises
    ------
    BrandError, TimelineError
        When their font is unknown or no font, or there is no such icon.
    """

    def __init__(self, words: KeyWords, *, width_px: int, height_px: int, fps: Fps, language: str = "") -> None:
        self.words, self._width, self._height = words, width_px, height_px
        self._language = language_of([words.text], language)
        self._scale = min(width_px, height_px) / 1080
        rate = float(fps.ratio)
        self._enters = max(1, round(_ENTERS_S * rate)) if words.moves else 0
        self._most_stagger = round(_STAGGER_S * rate) if words.moves else 0
        self._rests = math.ceil(_RESTS_S * rate)
        self._leaves = round(_LEAVES_S * rate) if words.moves else 0
        self._growing = lru_cache(maxsize=16)(self._grown)
        # Asked for here, so that a wrong font or icon is known before anything is rendered.
        find_font(words.font)
        if words.icon:
            find_icon(words.icon)

    def layers(self, frame: int) -> list[Sprite]:
        """Return what to blend into a frame, in draw order."""
        words = self.words
        if not words.start <= frame < words.end:
            return []
        left = words.end - frame
        opacity = 1.0 if left > self._leaves else left / (self._leaves + 1)
        layers = []
        for number, sprite in enumerate(self._sprites):
            step = frame - words.start - number * self._stagger
            if step < 0:
                continue
            shown = sprite if step >= self._enters else self._growing(number, step)
            layers.append(shown if opacity == 1.0 else shown.faded(opacity))
        return layers

    @cached_property
    def _stagger(self) -> int:
        # Where there is little time all come sooner, so that the last is at rest before any leaves.
        room = self.words.end - self.words.start - 1 - self._rests - self._enters
        return min(self._most_stagger, max(0, room) // max(len(self._pieces) - 1, 1))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in px of all that stands at rest, shadow excluded."""
        margin = self._shadow_margin
        edges = [piece.canvas.bounds for piece in self._pieces]
        if not edges:
            return self._width // 2, self.words.top_px, self._width // 2, self.words.top_px
        lefts, tops, rights, bottoms = zip(*edges, strict=True)
        return min(lefts) + margin, min(tops) + margin, max(rights) - margin, max(bottoms) - margin

    @property
    def fills(self) -> list[Mask]:
        """The fill of all words together, as they are at rest."""
        fills = [piece.fill for piece in self._pieces if piece.fill is not None]
        return [whole] if (whole := union_mask(fills)) else []

    @property
    def _shadow_margin(self) -> int:
        return math.ceil(_SHADOW_PX * self._scale * 1.5)

    @cached_property
    def _sprites(self) -> list[Sprite]:
        return [Sprite.from_rgba(*piece.canvas.placed) for piece in self._pieces]

    def _grown(self, number: int, step: int) -> Sprite:
        piece = self._pieces[number]
        t = (step + 1) / (self._enters + 1)
        rise = 1 - _ENTERS_AT
        picture, x, y = scaled_about(*piece.canvas.placed, piece.middle, _ENTERS_AT + rise * swing(t, _OVERSHOOT / rise))
        return Sprite.from_rgba(picture, x, y).faded(min(1.0, 2 * t))

    @cached_property
    def _pieces(self) -> list[_Piece]:
        room = self.words.bottom_px - self.words.top_px
        made = (self._set_at(size) for size in _SIZES_PX)
        pieces, height = next(((pieces, height) for pieces, height in made if height <= room), self._set_at(_SIZES_PX[-1]))
        shift = self.words.top_px + max(0, (room - height) // 2) // 2 * 2
        for piece in pieces:
            piece.canvas.y += shift
        return [
            _Piece(piece.canvas, (piece.middle[0], piece.middle[1] + shift), piece.fill and piece.fill.moved(0, shift)) for piece in pieces
        ]

    def _set_at(self, size_px: int) -> tuple[list[_Piece], int]:
        """Return icon and words set at a size, from y = 0 down, and how high they are together."""
        pieces: list[_Piece] = []
        y = 0
        size = size_px * self._scale
        if self.words.icon:
            pieces.append(self._icon(round(size * _ICON_SHARE)))
            y = round(size * (_ICON_SHARE + 2 * _EDGE_SHARE)) + (round(size * _GAP_SHARE) if self.words.text else 0)
        words, height = self._words(size_px, y)
        return pieces + words, y + height

    def _icon(self, side: int) -> _Piece:
        edge = side * _EDGE_SHARE / _ICON_SHARE
        drawn = draw_icon(find_icon(self.words.icon), side, self.words.accent, edge_colour=self.words.edge, edge_px=edge)
        x, y = (self._width - drawn.shape[1]) // 2, round(edge) - (drawn.shape[0] - side) // 2
        piece = self._piece(Mask(drawn[..., 3], x, y))
        piece.canvas.put(drawn, x, y)
        return piece

    def _words(self, size_px: int, top: int) -> tuple[list[_Piece], int]:
        style = CaptionStyle(
            **{"mode": "classic", "font": self.words.font, "weight": 800, "size_px": size_px, "line_height": _LINE_HEIGHT},
            **{"max_lines": _LINES, "max_chars_per_line": 40, "max_width_px": _WIDTH_PX, "outline_px": round(size_px * _EDGE_SHARE)},
        )
        layout = lay_out(self.words.text.split(), style, caption_sizes(style, self._width, self._height), language=self._language)
        if not layout.words:
            return [], 0
        edge = style.outline_px * self._scale
        masks = {word: glyphs_mask(word.glyphs, layout.size_px, word.x, word.y, outline_px=edge) for word in layout.words}
        whole = union_mask([mask for mask in masks.values() if mask])
        if whole is None:
            return [], 0
        down = top - whole.y
        pieces = []
        for word, outline in masks.items():
            if outline is None:
                continue
            ink = self.words.accent if _has_figures(self.words.text.split(), word.index) else self.words.colour
            place = (layout.size_px, word.x, word.y + down)
            fill = glyphs_mask(word.glyphs, *place, letters_only=True)

            piece = self._piece(outline.moved(0, down))
            piece.canvas.lay(outline.moved(0, down), self.words.edge)
            piece.canvas.lay(fill, ink)
            for picture, x, y in glyph_pictures(word.glyphs, *place):
                piece.canvas.put(picture, x, y)
            pieces.append(replace(piece, fill=fill))
        return pieces, whole.bounds[3] - whole.bounds[1]

    def _piece(self, cast: Mask) -> _Piece:
        """Return a piece with its shadow, to draw on."""
        left, top, right, bottom = cast.bounds
        margin = self._shadow_margin
        canvas = Canvas((left - margin, top - margin, right + margin, bottom + margin))
        canvas.lay(blurred(cast, _SHADOW_PX * self._scale), "#000000", opacity=_SHADOW_OPACITY)
        return _Piece(canvas, ((left + right) / 2, (top + bottom) / 2))


def _has_figures(words: Sequence[str], index: int) -> bool:
    """Return whether a word has figures, or is a sign that stands beside such: the % of 12 %."""
    near = (
        words[max(index - 1, 0) : index + 2] if all(c in "%‰°" or unicodedata.category(c) == "Sc" for c in words[index]) else [words[index]]
    )
    return any(character.isdigit() for word in near for character in word)
