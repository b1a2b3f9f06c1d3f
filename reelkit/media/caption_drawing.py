"""One cue, drawn: box, shadow, what is behind the spoken word, outlines and letters, in any of the cue's states."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import NamedTuple

from reelkit.media.caption_layout import GROWTH_OVERSHOOT, CaptionSizes, CueLayout, PlacedWord, growth_share
from reelkit.media.colours import ratio_of
from reelkit.media.ink import Canvas, Mask, blurred, glyph_pictures, glyphs_mask, rounded_box, union_mask
from reelkit.media.text import Bounds, Glyph, union_of
from reelkit.model import CaptionStyle

__all__ = ["CueDrawing", "WordBox", "swing"]

_MARKER_SLANT = 0.14
_SHADOW_STRENGTH = 1.5
_CURSOR_GAP = 0.5
_COVERS_FROM = 0.6
"""Of its way: a box is as far a frame after the word's first at any rate."""


@lru_cache(maxsize=32)
def _swing_constant(peak: float) -> float:
    low, high = 0.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if 4 * middle**3 / (27 * (middle + 1) ** 2) < peak else (low, middle)
    return low


def swing(t: float, peak: float) -> float:
    """Return an ease from 0 to 1 that swings beyond its end by ``peak`` (Penner's back ease, its constant solved for the peak).

    Examples
    --------
    >>> swing(0.0, 0.2), swing(1.0, 0.2), round(max(swing(i / 1000, 0.2) for i in range(1000)), 3)
    (0.0, 1.0, 1.2)
    """
    c = _swing_constant(peak)
    return 1 + (c + 1) * (t - 1) ** 3 + c * (t - 1) ** 2


def _whole(bounds: Bounds) -> tuple[int, int, int, int]:
    return math.floor(bounds[0]), math.floor(bounds[1]), math.ceil(bounds[2]), math.ceil(bounds[3])


def _eased(t: float) -> float:
    return 1 - (1 - t) ** 3


class WordBox(NamedTuple):
    """What stands behind the spoken word, in px of the frame; what it leans is as :func:`reelkit.media.ink.rounded_box` takes it."""

    bounds: Bounds
    radius_px: float
    slant: float


class CueDrawing:
    """Draws a laid-out cue.

    Parameters
    ----------
    style : CaptionStyle
    sizes : CaptionSizes
    layout : CueLayout
        With at least one word.
    whole : CueLayout, optional
        The whole cue of which ``layout`` is what a typewriter has written; its box stands from the first letter on.
    """

    def __init__(self, style: CaptionStyle, sizes: CaptionSizes, layout: CueLayout, *, whole: CueLayout | None = None) -> None:
        self.style, self.sizes, self.layout, self._whole = style, sizes, layout, whole or layout
        self._last_ground: tuple[int, Canvas] | None = None

    def typed(self, begun: int, share: float | None) -> CueDrawing | None:
        """Return the drawing of what is written when ``begun`` words have begun, the last up to ``share`` of its letters (None: all)."""
        glyphs = sum(len(word.glyphs) for word in self.layout.words if word.index == begun - 1)
        left = glyphs if share is None else math.ceil(share * glyphs)
        written = []
        for word in self.layout.words:
            if word.index < begun - 1:
                written.append(word)
            elif word.index == begun - 1 and left > 0:
                shown = word.glyphs[:left]
                left -= len(word.glyphs)
                mask = glyphs_mask(shown, self.layout.size_px, word.x, word.y)
                if mask is not None:
                    left_px, top, right, bottom = mask.bounds
                    written.append(replace(word, glyphs=shown, ink=(left_px, top, right, bottom)))
        return CueDrawing(self.style, self.sizes, replace(self.layout, words=tuple(written)), whole=self.layout) if written else None

    @cached_property
    def ink(self) -> Bounds:
        """All that may be touched by letters, outlines and boxes in any state, shadow excluded, in px of the frame."""
        return union_of([bounds for word in self._whole.words for bounds in self._reach(word)]) or (0.0, 0.0, 0.0, 0.0)

    def _reach(self, word: PlacedWord) -> list[Bounds]:
        (mid_x, mid_y), grow, edge = self._pivot(word), self._scaled(word.index, self.sizes.peak_scale), self.sizes.outline_px + 0.25
        left, right = (mid_x + (x - mid_x) * grow for x in word.ink[::2])
        top, bottom = (mid_y + (y - mid_y) * grow for y in word.ink[1::2])
        reach = [(left - edge, top - edge, right + edge, bottom + edge)]
        if self.sizes.cursor_px:
            cursor = self._cursor_at(word)
            reach.append((cursor[0] - edge, cursor[1] - edge, cursor[2] + edge, cursor[3] + edge))
        if self._has_box:
            (left, top, right, bottom), _, slant = self._word_box(word)
            lean = slant * (bottom - top) / 2
            reach.append((left - lean, top, right + lean, bottom))
        if self.style.box_colour is not None:
            reach.append(self.cue_box)
        return reach

    @property
    def _has_box(self) -> bool:
        return self.style.mode in ("box", "marker") and self.style.active_box_colour is not None

    def _pivot(self, word: PlacedWord) -> tuple[float, float]:
        return (word.ink[0] + word.ink[2]) / 2, word.y - self._cap / 2

    def _scaled(self, index: int, scale: float) -> float:
        """Return the scale at which a word is drawn where a short one is drawn at ``scale``, the same for all of its pieces."""
        return 1 + (scale - 1) * self._growth[index] if scale != 1 else 1.0

    @cached_property
    def _growth(self) -> dict[int, float]:
        shares: dict[int, float] = {}
        for word in self._whole.words:
            share = growth_share(word.ink[2] - word.ink[0], self.layout.size_px)
            shares[word.index] = min(share, shares.get(word.index, 1.0))
        return shares

    @property
    def _cap(self) -> float:
        return self.sizes.cap_px * self.layout.size_px / self.sizes.size_px

    @property
    def _drop(self) -> float:
        return self.sizes.drop_px * self.layout.size_px / self.sizes.size_px

    @cached_property
    def cue_box(self) -> Bounds:
        """Where the box behind all words stands, drawn or not, in px of the frame."""
        left, top, right, bottom = self._whole.ink or (0.0, 0.0, 0.0, 0.0)
        left, right = left - self.sizes.cursor_px, right + self.sizes.cursor_px
        lines = [word.y for word in self._whole.words]
        pad = self.sizes.pad_px
        # From capitals to the line letters hang to, whatever letters there are: the box keeps its height from cue to cue.
        return (
            left - pad,
            min(min(lines) - self._cap - pad, top - pad / 4),
            right + pad,
            max(max(lines) + max(pad, self._drop + pad / 4), bottom + pad / 4),
        )

    def _cursor_at(self, word: PlacedWord) -> Bounds:
        """Return where a typewriter's cursor stands after a word."""
        room = self.sizes.cursor_px * self.layout.size_px / self.sizes.size_px
        near, far = room * _CURSOR_GAP, room
        left, _, right, _ = word.ink
        across = (left - far, left - near) if self.layout.right_to_left else (right + near, right + far)
        return across[0], word.y - self._cap, across[1], word.y + self._drop * 0.5

    def word_boxes(self, index: int) -> list[WordBox]:
        """Return what stands behind a word while it is spoken, once it has come to rest: a piece for each line that the word is on."""
        return [self._word_box(word) for word in self.layout.words if word.index == index] if self._has_box else []

    def _word_box(self, word: PlacedWord) -> WordBox:
        bounds, radius = self._box_of(word), self.sizes.radius_px
        if self.style.mode != "marker":
            return WordBox(bounds, radius, 0.0)
        return WordBox(bounds, min(radius, (bounds[3] - bounds[1]) / 6), _MARKER_SLANT)

    def _box_of(self, word: PlacedWord) -> Bounds:
        left, top, right, bottom = word.ink
        pad = self.sizes.word_pad_px
        if self.style.mode == "marker":
            return left - pad, word.y - self._cap * 1.1, right + pad, word.y + self._drop
        room = max(pad, self._drop + pad / 4)
        return left - pad, min(word.y - self._cap - room, top - pad / 4), right + pad, max(word.y + room, bottom + pad / 4)

    @cached_property
    def _outlines(self) -> list[Mask | None]:
        size, outline = self.layout.size_px, self.sizes.outline_px
        return [glyphs_mask(word.glyphs, size, word.x, word.y, outline_px=outline) for word in self.layout.words]

    @cached_property
    def _fills(self) -> list[Mask | None]:
        return [glyphs_mask(word.glyphs, self.layout.size_px, word.x, word.y, letters_only=True) for word in self.layout.words]

    def _ground(self, shown: int) -> Canvas:
        """Return the cue's box, and the shadow of its first words, as many as are shown."""
        if self._last_ground is None or self._last_ground[0] != shown:
            self._last_ground = shown, self._drawn_ground(shown)
        return self._last_ground[1]

    def _drawn_ground(self, shown: int) -> Canvas:
        margin = math.ceil(self.sizes.shadow_px * 1.5 + self.sizes.shadow_drop_px) + 2
        left, top, right, bottom = _whole(self.ink)
        canvas = Canvas((left - margin, top - margin, right + margin, bottom + margin))
        style = self.style
        if style.box_colour is not None:
            canvas.lay(rounded_box(self.cue_box, self.sizes.radius_px), style.box_colour, opacity=style.box_opacity)
        cast = union_mask([mask for word, mask in zip(self.layout.words, self._outlines, strict=True) if mask and word.index < shown])
        if cast and self.sizes.shadow_px and style.shadow_opacity:
            soft = blurred(cast, self.sizes.shadow_px, strength=_SHADOW_STRENGTH).moved(0, round(self.sizes.shadow_drop_px))
            canvas.lay(soft, style.shadow_colour, opacity=style.shadow_opacity)
        return canvas

    def _state(self, index: int, active: int | None, begun: int) -> str:
        if self.style.mode == "classic":
            return "spoken"
        return "active" if index == active else "spoken" if index < begun else "upcoming"

    def _shown(self, begun: int) -> int:
        """Return how many of the words show when the first ``begun`` have begun: all, unless those to come are hidden."""
        hides = self.style.upcoming_opacity == 0 and self.style.mode != "classic"
        return begun if hides else self.layout.words[-1].index + 1

    def colour_of(self, index: int, active: int | None, begun: int) -> str:
        """Return the fill of a word when ``active`` is spoken and the first ``begun`` words have begun."""
        state = self._state(index, active, begun)
        return {"active": self.active_colour, "spoken": self.style.colour, "upcoming": self.style.upcoming_colour}[state]

    @cached_property
    def active_colour(self) -> str:
        """The fill of the spoken word; in a box, whichever of the style's colours reads better there."""
        box, style = self._letter_box, self.style
        return style.active_colour if box is None else max((style.active_colour, style.outline_colour), key=lambda c: ratio_of(c, box))

    @property
    def _active_outline_colour(self) -> str:
        # Letters in a box need no outline; one in the box's own colour keeps them legible while the box is on its way.
        return self._letter_box or self.style.outline_colour

    @property
    def _letter_box(self) -> str | None:
        return self.style.active_box_colour if self._has_box else None

    def layers(self, active: int | None, begun: int, t: float, box_t: float) -> list[tuple[Hashable, Callable[[], Canvas]]]:
        """Return what to lay over each other in a state, each with a key that is equal where the drawing is.

        Parameters
        ----------
        active : int or None
            The word that is spoken now.
        begun : int
            How many words have begun.
        t : float
            How far the change to the active word has come, 0 to 1.
        box_t : float
            How far its box has, which may have none to glide from.
        """
        scale = self._active_scale(active, t)
        grown, shown = active if scale != 1 else None, self._shown(begun)
        lit = self.lit_at(active, box_t)
        alike = (self.style.colour, 1.0) == (self.style.upcoming_colour, self.style.upcoming_opacity)
        boxed = active is not None and self._has_box
        # On a box that moves letters are drawn by themselves, else with all that is behind them: two drawings, of the same words.
        letters = ("letters", boxed, lit, None if lit is None and alike else begun, grown is not None)
        if active is None or not boxed:
            layers: list[tuple[Hashable, Callable[[], Canvas]]] = [
                (letters, lambda: self._lay_letters(self._ground(shown).copy(), active, begun, apart=grown))
            ]
        else:
            # The box moves under the letters, so that only it is drawn anew.
            layers = [
                (("ground", shown), lambda: self._ground(shown)),
                (("box", active, box_t), lambda: self._box_canvas(active, box_t)),
                (letters, lambda: self._lay_letters(Canvas(_whole(self._letter_bounds)), lit, begun, apart=grown)),
            ]
        if grown is not None:
            layers.append((("grown", active, begun, t), lambda: self._grown_canvas(grown, begun, scale)))
        return layers

    def lit_at(self, active: int | None, t: float) -> int | None:
        """Return the word whose letters are in the colours of the spoken one: none before a box that glides to it covers most of it."""
        if self.style.mode != "box" or self.style.active_scale != 1 or _eased(t) >= _COVERS_FROM:
            return active
        return None if any(self._box_before(word) for word in self.layout.words if word.index == active) else active

    @cached_property
    def _letter_bounds(self) -> Bounds:
        return union_of([mask.bounds for mask in self._outlines if mask]) or self.ink

    def _lay_letters(self, canvas: Canvas, active: int | None, begun: int, *, apart: int | None) -> Canvas:
        """Lay all outlines, then all letters, so that no outline cuts into a neighbour; the word ``apart`` is left out."""
        own, shown = self._active_outline_colour, self._shown(begun)
        here = [
            (word, outline, fill)
            for word, outline, fill in zip(self.layout.words, self._outlines, self._fills, strict=True)
            if word.index < shown and word.index != apart
        ]
        for colour in dict.fromkeys((self.style.outline_colour, own)):
            masks = [
                outline for word, outline, _ in here if outline and colour == (own if word.index == active else self.style.outline_colour)
            ]
            if self.style.outline_px:
                canvas.lay(union_mask(masks), colour)
        cursor = self._cursor_at(self.layout.words[-1]) if self.sizes.cursor_px else None
        edge = self.sizes.outline_px
        if cursor is not None and edge:
            canvas.lay(
                rounded_box((cursor[0] - edge, cursor[1] - edge, cursor[2] + edge, cursor[3] + edge), edge), self.style.outline_colour
            )
        for word, _, fill in here:
            self._lay_fill(canvas, fill, word.index, active, begun)
            self._put_pictures(canvas, word, 1.0, active, begun)
        if cursor is not None:
            canvas.lay(rounded_box(cursor, 1), self.style.active_colour)
        return canvas

    def _box_canvas(self, active: int, t: float) -> Canvas:
        boxes = self._boxes(active, t)
        canvas = Canvas(_whole(union_of([box.bounds for box in boxes]) or self.ink))
        for box in boxes:
            canvas.lay(box, self.style.active_box_colour or self.style.outline_colour, opacity=self.style.box_opacity)
        return canvas

    def _grown_canvas(self, active: int, begun: int, scale: float) -> Canvas:
        words = [word for word in self.layout.words if word.index == active]
        outlines = [self._grown(word, scale, outline_px=self.sizes.outline_px) for word in words]
        canvas = Canvas(_whole(union_of([mask.bounds for mask in outlines if mask]) or self.ink))
        for outline in outlines if self.style.outline_px else []:
            canvas.lay(outline, self._active_outline_colour)
        for word in words:
            self._lay_fill(canvas, self._grown(word, scale, letters_only=True), active, active, begun)
            self._put_pictures(canvas, word, scale, active, begun)
        return canvas

    def _lay_fill(self, canvas: Canvas, fill: Mask | None, index: int, active: int | None, begun: int) -> None:
        lower = self.style.active_gradient_colour if self._state(index, active, begun) == "active" else None
        canvas.lay(fill, self.colour_of(index, active, begun), opacity=self._opacity(index, active, begun), lower_colour=lower)

    def _opacity(self, index: int, active: int | None, begun: int) -> float:
        return self.style.upcoming_opacity if self._state(index, active, begun) == "upcoming" else 1.0

    def _put_pictures(self, canvas: Canvas, word: PlacedWord, scale: float, active: int | None, begun: int) -> None:
        """Put a word's emoji, which keep their own colours in every state."""
        for picture, x, y in glyph_pictures(*self._at_scale(word, scale)):
            canvas.put(picture, x, y, opacity=self._opacity(word.index, active, begun))

    def _at_scale(self, word: PlacedWord, scale: float) -> tuple[list[Glyph], float, float, float]:
        mid_x, mid_y = self._pivot(word)
        glyphs = [replace(glyph, x=glyph.x * scale, y=glyph.y * scale) for glyph in word.glyphs]
        return glyphs, self.layout.size_px * scale, mid_x + (word.x - mid_x) * scale, mid_y + (word.y - mid_y) * scale

    def _grown(self, word: PlacedWord, scale: float, *, outline_px: float = 0.0, letters_only: bool = False) -> Mask | None:
        """Draw a word anew at a larger size about its middle, so that it stays crisp."""
        return glyphs_mask(*self._at_scale(word, scale), outline_px=outline_px, letters_only=letters_only)

    def _active_scale(self, active: int | None, t: float) -> float:
        if active is None or self.style.mode == "typewriter":
            return 1.0
        return self._scaled(active, 1 + (self.style.active_scale - 1) * swing(t, GROWTH_OVERSHOOT))

    def _boxes(self, active: int, t: float) -> list[Mask]:
        boxes = []
        for word in self.layout.words:
            if word.index != active:
                continue
            (left, top, right, bottom), radius, slant = self._word_box(word)
            eased = _eased(t)
            if self.style.mode == "marker":
                if self.layout.right_to_left:
                    left = right - (right - left) * eased
                else:
                    right = left + (right - left) * eased
            elif old := self._box_before(word):
                left, right = old[0] + (left - old[0]) * eased, old[2] + (right - old[2]) * eased
            boxes.append(rounded_box((left, top, right, bottom), radius, slant=slant))
        return boxes

    def _box_before(self, word: PlacedWord) -> Bounds | None:
        """Return the box from which one glides to a word: that of the word before, on the same line."""
        before = [other for other in self.layout.words if other.index == word.index - 1 and other.line == word.line]
        return self._box_of(before[-1]) if self._has_box and before else None

    def fill_mask(self, active: int | None, begun: int, t: float) -> Mask | None:
        """Return the coverage of the fills of all letters that show in a state; emoji do not count."""
        scale = self._active_scale(active, t)
        grown = {
            word.index: self._grown(word, scale, letters_only=True) for word in self.layout.words if word.index == active and scale != 1
        }
        shown = [(word, fill) for word, fill in zip(self.layout.words, self._fills, strict=True) if word.index < self._shown(begun)]
        masks = [grown.get(word.index, fill) for word, fill in shown]
        return union_mask([mask for mask in masks if mask])
