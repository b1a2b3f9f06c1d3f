"""Text to glyphs: bidirectional order, a font for every character, and shaping.

HarfBuzz shapes, python-bidi gives the levels of the Unicode Bidirectional Algorithm (UAX #9), and glyphs are placed in a line whose
origin is its left end on the baseline; x grows to the right and y down, in px. Drawing is in :mod:`reelkit.media.ink`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, takewhile
from typing import Any

import uharfbuzz as hb
from bidi import algorithm as uax9
from bidi.mirror import MIRRORED

from reelkit.media.emoji import has_colours
from reelkit.media.fonts import FontFace, clusters, font_for, open_font
from reelkit.model import spaced

__all__ = ["Bounds", "Glyph", "Lettering", "Run", "ShapedLine", "ShapedWord", "is_right_to_left", "shape_line", "union_of"]

_CLASSES = frozenset({"L", "R", "AL", "EN", "ES", "ET", "AN", "CS", "NSM", "WS", "ON"})
_NEUTRAL = "\ufffc"
_EMOJI_HEIGHT = 1.3
"""In heights of a capital: as large as a letter with its ascender and descender."""
_HAIR = 0.01
_OVERLAYS = frozenset("\u0334\u0335\u0336\u0337\u0338")
"""Strokes through a letter."""
Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom in px."""


@dataclass(frozen=True)
class Lettering:
    """A face at a size.

    Parameters
    ----------
    face : FontFace
    size_px : float
        Size of the em.
    spacing_px : float
        Added after every letter, save where letters join (right-to-left scripts).
    word_spacing_px : float
        Added to every space.
    language : str
        BCP 47, "" where it is not known; chooses among the shapes that Chinese characters have in China, Japan and Korea, and Cyrillic
        letters in Bulgaria, Serbia and elsewhere.
    joint_px : float
        Added before words that go on the one before without a space.
    """

    face: FontFace
    size_px: float
    spacing_px: float = 0.0
    word_spacing_px: float = 0.0
    language: str = ""
    joint_px: float = 0.0


@dataclass(frozen=True)
class Run:
    """Letters of a word that are shaped together, as they are of one font and go one way; from ``left`` to ``right`` on their line, px.

    ``level`` is how deep they are embedded (UAX #9): odd goes from right to left.
    """

    text: str
    face: FontFace
    level: int
    left: float
    right: float


@dataclass(frozen=True)
class Glyph:
    """A glyph of a run, placed on a line: its origin at ``x``, ``y`` px, ``scale`` times the line's size."""

    face: FontFace
    id: int
    x: float
    y: float
    scale: float
    run: Run


@dataclass(frozen=True)
class ShapedWord:
    """A word on a line: its glyphs in reading order, and the bounds of their ink.

    ``ink`` is None where nothing of the word can be drawn.
    """

    text: str
    glyphs: tuple[Glyph, ...]
    ink: Bounds | None


@dataclass(frozen=True)
class ShapedLine:
    """Words in reading order, placed from left to right as they are seen."""

    words: tuple[ShapedWord, ...]
    size_px: float
    right_to_left: bool

    @property
    def ink(self) -> Bounds | None:
        """Bounds of all ink in px, or None where there is none."""
        return union_of([word.ink for word in self.words if word.ink])


def union_of(bounds: Sequence[Bounds]) -> Bounds | None:
    """Return the smallest bounds around all given ones, None for none."""
    if not bounds:
        return None
    left, top, right, bottom = zip(*bounds, strict=True)
    return min(left), min(top), max(right), max(bottom)


@dataclass(frozen=True)
class _Segment:
    word: int | None
    at: int
    text: str
    face: FontFace
    level: int


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction goes from right to left (UAX #9, P2 and P3).

    Examples
    --------
    >>> is_right_to_left("3 شاي"), is_right_to_left("Tea شاي")
    (True, False)
    """
    return bool(uax9.get_base_level(text))


def shape_line(words: Sequence[str], lettering: Lettering, *, right_to_left: bool | None = None, joined: Sequence[bool] = ()) -> ShapedLine:
    """Shape words into one line.

    Parameters
    ----------
    words : sequence of str
        In reading order, without spaces.
    lettering : Lettering
    right_to_left : bool, optional
        The line's base direction; the first letter that has one decides where not given.
    joined : sequence of bool
        Which words go on the one before without a space; none where not given.

    Examples
    --------
    >>> from reelkit.media.fonts import find_font
    >>> line = shape_line(["שלום", "עולם"], Lettering(find_font("Montserrat", 800), 80))
    >>> line.words[0].ink[0] > line.words[1].ink[2]
    True
    """
    text = spaced(words, joined)
    base = is_right_to_left(text) if right_to_left is None else right_to_left
    pen, size_64 = 0.0, round(lettering.size_px * 64)
    placed: list[dict[int, list[Glyph]]] = [{} for _ in words]
    for segment in _visual_order(list(_segments(words, joined, _levels(text, base), lettering.face))):
        leftward, apart = segment.level % 2 == 1, lettering.spacing_px != 0
        scale, drop = _emoji_fit(segment.face, lettering.face) if has_colours(segment.face.path) else (1.0, 0.0)
        own_64 = round(size_64 * scale)
        shaped = _shaped(segment.text, segment.face, own_64, right_to_left=leftward, spaced=apart, language=lettering.language)
        spacing = 0.0 if segment.level % 2 else lettering.spacing_px
        if segment.word is not None and not placed[segment.word] and pen and joined and joined[segment.word]:
            pen += lettering.joint_px
        start, origins = pen, []
        for glyph, dx, dy, advance in shaped:
            origins.append((glyph, pen + dx, drop * lettering.size_px - dy))
            pen += advance + (spacing if advance else 0.0)
        if segment.word is None:
            pen += lettering.word_spacing_px
        else:
            run = Run(segment.text, segment.face, segment.level, start, pen)
            glyphs = [Glyph(segment.face, glyph, x, y, scale, run) for glyph, x, y in origins]
            placed[segment.word][segment.at] = glyphs[::-1] if leftward else glyphs
    in_order = [[glyph for _, part in sorted(parts.items()) for glyph in part] for parts in placed]
    shaped_words = tuple(ShapedWord(word, tuple(glyphs), _ink(glyphs, size_64)) for word, glyphs in zip(words, in_order, strict=True))
    return ShapedLine(shaped_words, lettering.size_px, base)


@lru_cache(maxsize=64)
def _emoji_fit(emoji: FontFace, face: FontFace) -> tuple[float, float]:
    """Return at which share of a face's size its emoji are set, and how far down, in em.

    They end a hair above where a comma ends, so that lines hold still.
    """
    if emoji == face:
        return 1.0, 0.0
    unit = 1000
    capital, comma, tallest = (
        _extents(_sized(which, unit), character) for which, character in ((face, "H"), (face, ","), (emoji, "\U0001f680"))
    )
    if capital is None or tallest is None:
        return 1.0, 0.0
    scale = _EMOJI_HEIGHT * -capital.height / -tallest.height
    lowest = (comma.y_bearing + comma.height) / unit + _HAIR if comma else 0.0
    return scale, scale * (tallest.y_bearing + tallest.height) / unit - lowest


def _extents(font: Any, character: str) -> Any:
    glyph = font.get_nominal_glyph(ord(character))
    return font.get_glyph_extents(glyph) if glyph else None


def _levels(text: str, right_to_left: bool) -> list[int]:
    """Return the embedding level of every character (UAX #9 up to I2)."""
    storage = uax9.get_empty_storage()
    storage["base_level"], storage["base_dir"] = int(right_to_left), "R" if right_to_left else "L"
    # Controls, joiners and unassigned characters count as neutral: the library removes the first and does not know the last.
    known = "".join(character if unicodedata.bidirectional(character) in _CLASSES else _NEUTRAL for character in text)
    uax9.get_embedding_levels(known, storage)
    uax9.explicit_embed_and_overrides(storage)
    uax9.resolve_weak_types(storage)
    _resolve_brackets(storage)
    uax9.resolve_neutral_types(storage, False)
    uax9.resolve_implicit_levels(storage, False)
    return [character["level"] for character in storage["chars"]]


def _resolve_brackets(storage: dict[str, Any]) -> None:
    """Give both brackets of a pair one direction (UAX #9, N0), which the library leaves out; the line is a single run."""
    characters, base = storage["chars"], storage["base_dir"]
    # European and Arabic numbers count as R.
    strong = [{"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(character["type"]) for character in characters]
    for opening, closing in sorted(_bracket_pairs([character["ch"] for character in characters])):
        within = set(strong[opening + 1 : closing]) - {None}
        if not within:
            continue
        before = next((kind for kind in reversed(strong[:opening]) if kind), base)
        direction = base if base in within else before
        for at in (opening, closing):
            strong[at] = characters[at]["type"] = direction
            for mark in takewhile(lambda character: character["orig"] == "NSM", characters[at + 1 :]):
                mark["type"] = direction


def _bracket_pairs(characters: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of the brackets that belong together (UAX #9, BD16)."""
    waiting: list[tuple[str, int]] = []
    for at, character in enumerate(characters):
        # Some angle brackets are there twice.
        own = unicodedata.normalize("NFC", character)
        if unicodedata.category(own) == "Ps" and unicodedata.mirrored(own):
            waiting.append((MIRRORED.get(own, ""), at))
            continue
        opened = next((place for place in reversed(range(len(waiting))) if waiting[place][0] == own), None)
        if opened is not None:
            yield waiting[opened][1], at
            del waiting[opened:]


def _segments(words: Sequence[str], joined: Sequence[bool], levels: Sequence[int], face: FontFace) -> Iterator[_Segment]:
    at = 0
    for index, word in enumerate(words):
        if index and not (joined and joined[index]):
            yield _Segment(None, at, " ", face, levels[at])
            at += 1
        parts = []
        for cluster in clusters(word):
            found = font_for(cluster, face)
            if found is not None:
                parts.append((at, cluster, found, levels[at]))
            at += len(cluster)
        for (found, level), group in groupby(parts, key=lambda part: part[2:]):
            run = list(group)
            yield _Segment(index, run[0][0], "".join(part[1] for part in run), found, level)


def _visual_order(segments: list[_Segment]) -> list[_Segment]:
    """Reverse runs from the highest level down to the lowest odd one (UAX #9, L2)."""
    order = list(segments)
    for level in range(max((s.level for s in order), default=0), 0, -1):
        runs: list[_Segment] = []
        for high, group in groupby(order, key=lambda segment: segment.level >= level):
            run = list(group)
            runs.extend(reversed(run) if high else run)
        order = runs
    return order


@lru_cache(maxsize=256)
def _sized(face: FontFace, size_64: int) -> Any:
    font = hb.Font(open_font(face).shapes)
    font.scale = (size_64, size_64)
    if face.variation:
        font.set_variations(dict(face.variation))
    return font


@lru_cache(maxsize=2048)
def _shaped(
    text: str, face: FontFace, size_64: int, *, right_to_left: bool, spaced: bool, language: str
) -> tuple[tuple[int, float, float, float], ...]:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    # Some builds of HarfBuzz take what is not told from the machine's locale, and Russian would get the letters of Bulgarian.
    buffer.language = language or "und"
    buffer.direction = "rtl" if right_to_left else "ltr"
    # Spaced letters must not run together.
    hb.shape(_sized(face, size_64), buffer, {"liga": not spaced, "clig": not spaced})
    shaped = [
        (info.codepoint, at.x_offset / 64, at.y_offset / 64, at.x_advance / 64)
        for info, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    ]
    return tuple(shaped if not _OVERLAYS & set(text) else _struck(shaped, _sized(face, size_64)))


def _struck(shaped: Sequence[tuple[int, float, float, float]], font: Any) -> Iterator[tuple[int, float, float, float]]:
    """Yield glyphs, strokes over the letters before them where their font has no place for them and leaves them beside."""
    strokes = {font.get_nominal_glyph(ord(stroke)) for stroke in _OVERLAYS}
    middles = [extents.x_bearing / 64 + extents.width / 128 if (extents := font.get_glyph_extents(glyph[0])) else 0.0 for glyph in shaped]
    for number, (glyph, dx, dy, advance) in enumerate(shaped):
        if number and glyph in strokes and middles[number] + dx > 0:
            yield glyph, middles[number - 1] - shaped[number - 1][3] - middles[number], dy, 0.0
        else:
            yield glyph, dx, dy, advance


def _ink(glyphs: Sequence[Glyph], size_64: int) -> Bounds | None:
    bounds = []
    for glyph in glyphs:
        extents = _sized(glyph.face, round(size_64 * glyph.scale)).get_glyph_extents(glyph.id)
        if extents is not None and extents.width and extents.height:
            left, top = glyph.x + extents.x_bearing / 64, glyph.y - extents.y_bearing / 64
            bounds.append((left, top, left + extents.width / 64, top - extents.height / 64))
    return union_of(bounds)
