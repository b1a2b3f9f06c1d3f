"""Captions: which words stand on a frame, in which state, as sprites.

A cue appears at its first frame (within a frame of its first word's onset), each word changes exactly at its own first frame, and
nothing moves between cues: all stand on the same baseline. Everything that is drawn follows from the frame's state, so equal
states are equal pictures and are drawn once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reelkit.media.capitals import capitals
from reelkit.media.caption_drawing import CueDrawing, swing
from reelkit.media.caption_layout import CaptionSizes, caption_sizes, lay_out
from reelkit.media.fonts import clusters, find_font, missing_characters
from reelkit.media.ink import Canvas, scaled_about
from reelkit.media.phrases import language_of
from reelkit.media.planes import Sprite
from reelkit.media.text import Bounds, is_right_to_left, union_of
from reelkit.model import CaptionCue, CaptionStyle, CaptionWord, Fps

__all__ = ["CaptionPainter", "CaptionState", "WordOnFrame", "hold_frames", "missing_glyphs", "reading_of", "sizes_of", "unseen_fields"]

_ENTERS_AT = 0.86
_CHANGE_S = 0.1
_HOLD_S = 0.2
_TYPED_WITHIN = 0.8
"""A word is written in this share of its time, so that it can be read before the next."""
_STATES_KEPT, _CUES_KEPT = 6, 2
"""Enough to go back and forth between neighbours; a long reel must not keep all its pictures."""

_TO_COME = ("upcoming_colour", "upcoming_opacity")
_NO_BOX = ("active_box_colour",)
_UNSEEN: dict[str, tuple[str, ...]] = {
    "karaoke": _NO_BOX,
    "pop": _NO_BOX,
    "box": (),
    "marker": (),
    "one_word": ("colour", *_TO_COME, *_NO_BOX),
    "typewriter": (*_TO_COME, *_NO_BOX, "pop_overshoot", "active_scale"),
    "classic": ("active_colour", "active_gradient_colour", *_TO_COME, *_NO_BOX),
}
"""Fields of a style that change nothing in captions of each mode."""


def unseen_fields(style: CaptionStyle) -> tuple[str, ...]:
    """Return the fields of a style that change nothing in captions of its mode.

    Examples
    --------
    >>> unseen_fields(CaptionStyle(mode="karaoke"))
    ('active_box_colour',)
    """
    return _UNSEEN[style.mode]


def missing_glyphs(text: str, style: CaptionStyle, language: str = "") -> str:
    """Return the characters of a text in a language (BCP 47) that no font has, each once; captions leave them out.

    Raises
    ------
    BrandError
        When the style's font is unknown or no font.

    Examples
    --------
    >>> missing_glyphs("Hello 𓀀𓀁", CaptionStyle())
    '𓀀𓀁'
    """
    return missing_characters(capitals(text, language) if style.uppercase else text, find_font(style.font, style.weight))


def reading_of(cues: Sequence[CaptionCue], language: str = "") -> tuple[bool, str]:
    """Return what all cues of a reel decide for each: whether most words run from the right, and for which language letters are drawn.

    That is the ``language`` of what is said (BCP 47), unless they hold characters of another.
    """
    texts = [word.text for cue in cues for word in cue.words]
    return sum(map(is_right_to_left, texts)) * 2 > len(texts), language_of(texts, language)


def sizes_of(cues: Sequence[CaptionCue], style: CaptionStyle, width_px: int, height_px: int, language: str = "") -> CaptionSizes:
    """Return a style's figures for the cues of a reel, which all stand on one baseline however low single words hang.

    Raises
    ------
    BrandError
        When the style's font is unknown or no font.
    """
    words = frozenset(word.text for cue in cues for word in cue.words)
    return caption_sizes(style, width_px, height_px, words=words, language=language)


def hold_frames(fps: Fps) -> int:
    """Return for how many frames a word stays lit after it was said, where no other begins."""
    return round(_HOLD_S * float(fps.ratio))


@dataclass(frozen=True)
class CaptionState:
    """What decides a frame's captions; frames with equal states look the same.

    Parameters
    ----------
    cue : int
        Index of the cue, and in ``one_word`` of the word within it as ``begun - 1``.
    active : int or None
        The word that is spoken now.
    begun : int
        How many words have begun.
    entrance, change : int or None
        Frames since the cue, or the active word, came in, while that still moves.
    typed : float or None
        The share of the last begun word's letters that ``typewriter`` has written; None when it is whole.
    alone : bool
        Whether the active word's box has none to glide from, so that it comes where the word is.
    """

    cue: int
    active: int | None
    begun: int
    entrance: int | None
    change: int | None
    typed: float | None = None
    alone: bool = False


@dataclass(frozen=True)
class WordOnFrame:
    """A word as it stands on a frame: ``box`` is left, top, right, bottom of its letters at rest, without outline."""

    text: str
    colour: str
    box: Bounds


class CaptionPainter:
    """Draws a reel's captions.

    Parameters
    ----------
    style : CaptionStyle
    cues : sequence of CaptionCue
        In order, not overlapping.
    width_px, height_px : int
        Size of the frame; the style's figures are px of 1080x1920 and scale with it.
    fps : Fps
    language : str
        Of what is said, BCP 47; "" where it is not known.

    Raises
    ------
    BrandError
        When the style's font is unknown or no font.

    Examples
    --------
    >>> from reelkit.model import CaptionWord
    >>> words = (CaptionWord(text="Hello", start=3, end=9), CaptionWord(text="there", start=9, end=18))
    >>> painter = CaptionPainter(CaptionStyle(), [CaptionCue(words=words, start=3, end=20)], width_px=1080, height_px=1920, fps=Fps(num=30))
    >>> [len(painter.sprites(frame)) for frame in (2, 3, 19, 20)]
    [0, 1, 1, 0]
    >>> [word.colour for word in painter.words_on(9)]
    ['#FFFFFF', '#FFD23F']
    """

    def __init__(
        self, style: CaptionStyle, cues: Sequence[CaptionCue], *, width_px: int, height_px: int, fps: Fps, language: str = ""
    ) -> None:
        self.style, self.cues = style, tuple(cues)
        self._sizes = sizes_of(self.cues, style, width_px, height_px, language)
        self._starts = [cue.start for cue in self.cues]
        self._right_to_left, self._language = reading_of(self.cues, language)
        per_s = float(fps.ratio)
        self._types = style.mode == "typewriter"
        self._entrance = 0 if self._types else round(style.pop_s * per_s)
        moves = style.pop_s > 0 and (style.active_scale > 1 or (style.mode in ("box", "marker") and style.active_box_colour is not None))
        self._change = max(2, round(_CHANGE_S * per_s)) if moves else 0
        self._hold = hold_frames(fps)
        self._drawing = lru_cache(maxsize=_CUES_KEPT)(self._laid_out)
        self._typed = lru_cache(maxsize=_CUES_KEPT)(self._as_typed)
        self._drawn = lru_cache(maxsize=_STATES_KEPT)(self._draw)
        self._layers: OrderedDict[Hashable, Sprite] = OrderedDict()

    def state(self, frame: int) -> CaptionState | None:
        """Return what decides the captions of a frame, None where there are none."""
        index = bisect_right(self._starts, frame) - 1
        if index < 0 or frame >= self.cues[index].end:
            return None
        words, start = self.cues[index].words, self.cues[index].start
        begun = sum(word.start <= frame for word in words)
        active: int | None = begun - 1
        since = frame - words[begun - 1].start if begun else 0
        if not begun or self.style.mode == "classic" or frame >= words[begun - 1].end + self._hold:
            active = None
        if self.style.mode == "one_word":
            begun = max(begun, 1)
            active = begun - 1
            start = start if begun == 1 else words[begun - 1].start
        entrance = frame - start if frame - start < self._entrance else None
        change = since if active is not None and since < self._change else None
        typed = self._written(words[begun - 1], frame) if begun else None
        return CaptionState(index, active, begun, entrance, change, typed, change is not None and self._begins_alone(words, begun))

    def _begins_alone(self, words: Sequence[CaptionWord], begun: int) -> bool:
        """Whether a word's box has no other to glide from: in the pause before it that of the word before is gone."""
        return self.style.mode == "box" and begun > 1 and words[begun - 1].start > words[begun - 2].end + self._hold

    def sprites(self, frame: int) -> list[Sprite]:
        """Return what to blend into a frame, in draw order; empty where no cue stands."""
        state = self.state(frame)
        return self._drawn(state) if state is not None else []

    def box(self, cue: int) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom of all that a cue ever draws, outline and boxes included, shadow excluded.

        A cue of which nothing can be drawn has an empty box on the baseline.
        """
        shown = range(1, len(self.cues[cue].words) + 1) if self.style.mode == "one_word" else [None]
        drawings = [drawing for number in shown if (drawing := self._drawing(cue, number)) is not None]
        if not drawings:
            x, y = round(self._sizes.centre_px), self._sizes.baseline_px
            return x, y, x, y
        edges = []
        for drawing in drawings:
            left, top, right, bottom = drawing.ink
            grow, middle = self._peak(drawing), self._sizes.centre_px
            edges.append((middle + (left - middle) * grow, bottom + (top - bottom) * grow, middle + (right - middle) * grow, bottom))
        lefts, tops, rights, bottoms = zip(*edges, strict=True)
        return int(np.floor(min(lefts))), int(np.floor(min(tops))), int(np.ceil(max(rights))), int(np.ceil(max(bottoms)))

    def is_cut(self, cue: int) -> bool:
        """Return whether there was no room for all of a cue's words, so that it ends in an ellipsis."""
        shown = range(1, len(self.cues[cue].words) + 1) if self.style.mode == "one_word" else [None]
        return any(drawing.layout.cut for number in shown if (drawing := self._drawing(cue, number)) is not None)

    def words_on(self, frame: int) -> tuple[WordOnFrame, ...]:
        """Return the words that stand on a frame, with their fill colours, in reading order."""
        state = self.state(frame)
        drawing = self._drawing_of(state) if state else None
        if state is None or drawing is None:
            return ()
        words = self.cues[state.cue].words
        first = state.begun - 1 if self.style.mode == "one_word" else 0
        active, begun = self._within(state)
        lit = drawing.lit_at(active, self._glided(state))
        inks: dict[int, list[Bounds]] = {}
        for piece in drawing.layout.words:
            inks.setdefault(piece.index, []).append(piece.ink)
        return tuple(
            WordOnFrame(words[first + index].text, drawing.colour_of(index, lit, begun), union_of(pieces) or pieces[0])
            for index, pieces in inks.items()
        )

    def fill_mask(self, frame: int) -> tuple[NDArray[np.bool_], int, int] | None:
        """Return where letters are filled on a frame, for measuring contrast.

        Returns
        -------
        (mask, x, y) or None
            A bool array [shape=(height, width)] that is True inside the letters (not on their soft edges), and the place of its upper
            left corner in the frame; None where no letters stand. Words to come that the style hides do not count.
        """
        state = self.state(frame)
        drawing = self._drawing_of(state) if state else None
        if state is None or drawing is None:
            return None
        mask = drawing.fill_mask(*self._within(state), self._moved(state))
        if mask is None:
            return None
        alpha, x, y = mask.alpha.astype(np.float32), mask.x, mask.y
        if state.entrance is not None:
            alpha, x, y = scaled_about(alpha, x, y, self._anchor(drawing), self._entrance_scale(drawing, state.entrance))
        return alpha >= 250, x, y

    def _within(self, state: CaptionState) -> tuple[int | None, int]:
        return (0, 1) if self.style.mode == "one_word" else (state.active, state.begun)

    def _moved(self, state: CaptionState) -> float:
        return 1.0 if state.change is None else (state.change + 1) / (self._change + 1)

    def _glided(self, state: CaptionState) -> float:
        return 1.0 if state.alone else self._moved(state)

    def _written(self, word: CaptionWord, frame: int) -> float | None:
        if not self._types or not self.style.pop_s:
            return None
        letters, frames = len(clusters(word.text)), max(1, round(_TYPED_WITHIN * (word.end - word.start)))
        share = -(-letters * (frame - word.start + 1) // frames) / letters
        return share if share < 1 else None

    def _as_typed(self, cue: int, begun: int, share: float | None) -> CueDrawing | None:
        whole = self._drawing(cue, None)
        return whole.typed(begun, share) if whole is not None else None

    def _drawing_of(self, state: CaptionState) -> CueDrawing | None:
        if self._types:
            return self._typed(state.cue, state.begun, state.typed)
        return self._drawing(state.cue, state.begun if self.style.mode == "one_word" else None)

    def _laid_out(self, cue: int, number: int | None) -> CueDrawing | None:
        words = self.cues[cue].words if number is None else self.cues[cue].words[number - 1 : number]
        texts = [word.text for word in words]
        # In an Arabic or Hebrew reel, a cue that happens to begin with a Latin name still reads from the right.
        leftward = True if self._right_to_left and any(map(is_right_to_left, texts)) else None
        joined = [word.joined for word in words]
        layout = lay_out(texts, self.style, self._sizes, right_to_left=leftward, language=self._language, joined=joined)
        return CueDrawing(self.style, self._sizes, layout.raised(self.cues[cue].up_px)) if layout.words else None

    def _peak(self, drawing: CueDrawing) -> float:
        """How large the entrance may swing: never wider than captions may be."""
        left, _, right, _ = drawing.ink
        half = max(self._sizes.centre_px - left, right - self._sizes.centre_px, 1.0)
        return max(1.0, min(1 + self.style.pop_overshoot, self._sizes.max_width_px / 2 / half)) if self._entrance else 1.0

    def _anchor(self, drawing: CueDrawing) -> tuple[float, float]:
        return self._sizes.centre_px, drawing.ink[3]

    def _entrance_scale(self, drawing: CueDrawing, step: int) -> float:
        rise = 1 - _ENTERS_AT
        return _ENTERS_AT + rise * swing((step + 0.5) / self._entrance, (self._peak(drawing) - 1) / rise)

    def _draw(self, state: CaptionState) -> list[Sprite]:
        drawing = self._drawing_of(state)
        if drawing is None:
            return []
        layers = drawing.layers(*self._within(state), self._moved(state), self._glided(state))
        if state.entrance is None:
            shown = state.begun if self._types or self.style.mode == "one_word" else None
            return [self._layer((state.cue, shown, state.typed, key), draw) for key, draw in layers]
        flat = layers[0][1]().copy()
        for _, draw in layers[1:]:
            flat.put(*draw().placed)
        scaled, x, y = scaled_about(*flat.placed, self._anchor(drawing), self._entrance_scale(drawing, state.entrance))
        return [Sprite.from_rgba(scaled, x, y)]

    def _layer(self, key: Hashable, draw: Callable[[], Canvas]) -> Sprite:
        sprite = self._layers.get(key)
        if sprite is None:
            canvas = draw()
            sprite = self._layers[key] = Sprite.from_rgba(*canvas.placed)
            if len(self._layers) > _STATES_KEPT:
                self._layers.popitem(last=False)
        return sprite
