"""Where the words of a cue stand: sizes for the frame, line breaks, and places that hold still from cue to cue."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, pairwise

from reelkit.errors import BrandError
from reelkit.media.breaks import belong_together, is_counted
from reelkit.media.capitals import capitals
from reelkit.media.fonts import FontFace, clusters, find_font
from reelkit.media.phrases import columns, language_of, merged, phrases
from reelkit.media.text import Bounds, Glyph, Lettering, is_right_to_left, shape_line, union_of
from reelkit.media.word_breaks import SOFT_HYPHEN, at_a_lines_end, broken, has_case
from reelkit.model import CaptionStyle, spaced

__all__ = [
    "CaptionSizes",
    "CueLayout",
    "PlacedWord",
    "break_lines",
    "caption_sizes",
    "growth_share",
    "lay_out",
    "letters_a_line",
    "widened_by",
]

MIN_SIZE_PX = 55
"""Type is never set smaller at 1080 px of width (docs/norms.md: 60 to 95 px, shrink to fit, never under 55)."""
GROWTH_OVERSHOOT = 0.35
"""How far, as a share of its growth, the spoken word swings beyond its final size."""
_GROWS_EM = 2.4
"""The widest word that takes all of its growth: the space beside a word is as wide whatever the word."""
MARKER_PAD_SHARE = 0.12
"""A highlighter reaches at most so much of the size beyond its word: words stand close on paper."""
CURSOR_SHARE = 0.2
"""Room for a typewriter's cursor and the gap before it, as a share of the size."""
_SLACK_PX = 2
_PROSE = "This is what most of the words in captions look like: short ones, longer ones, and a few that are rather wide."
_WIDER = 1.07
"""Letters as often as they come, and by how much more room a line is given, as some words have more of the wide ones."""
_STEP = 0.05
"""By how much smaller a long text is tried."""
_MOST_WEIGHED = 16
"""Longer texts are filled line by line: the ways to break them grow with the number of words to the power of the lines."""
_TOP_SHARE = 250 / 1920
_PLAIN = re.compile(r"[A-Za-z0-9.,;:!?'\"\u2018-\u201D\u2026\u2013\u2014%&+-]*")
"""What hangs no lower than the letters by which a style's drop is measured, in any font."""
_DEEPEST_SHARE = 0.8
SHORT_SHARE = 0.4
"""A word alone on a line that is shorter than this share of the longest is short."""

Piece = tuple[int, str]
"""A word's number in its cue, and the word or a part of it."""


@dataclass(frozen=True)
class CaptionSizes:
    """A style's figures in px of one frame.

    ``cap_px`` and ``drop_px`` are how far capitals rise above the baseline and a reel's letters fall below it at full size;
    ``baseline_px`` is where the last line stands in every cue, so that captions hold still.
    """

    face: FontFace
    size_px: float
    min_size_px: float
    spacing_em: float
    line_height: float
    outline_px: float
    shadow_px: float
    shadow_drop_px: float
    pad_px: float
    word_pad_px: float
    radius_px: float
    cap_px: float
    drop_px: float
    max_width_px: float
    centre_px: float
    top_px: float
    bottom_px: float
    baseline_px: int
    peak_scale: float
    cursor_px: float


def caption_sizes(
    style: CaptionStyle, width_px: int, height_px: int, *, words: frozenset[str] = frozenset(), language: str = ""
) -> CaptionSizes:
    """Return a style's figures for a frame.

    Type scales with the frame's shorter side (1080 gives the style's own px), the bottom edge with its height.

    Parameters
    ----------
    style : CaptionStyle
    width_px, height_px : int
    words : frozenset of str
        All that a reel's captions say: what hangs lower than Latin letters do, as Arabic bowls and vowels of Devanagari and Thai, moves
        the baseline up for all of them.
    language : str
        Of these words, BCP 47; "" where it is not known.

    Raises
    ------
    BrandError
        When the style's font is unknown or no font.
    """
    return _caption_sizes(style, find_font(style.font, style.weight), width_px, height_px, words=words, language=language)


@lru_cache(maxsize=32)
def _caption_sizes(
    style: CaptionStyle, face: FontFace, width_px: int, height_px: int, *, words: frozenset[str], language: str
) -> CaptionSizes:
    scale = min(width_px, height_px) / 1080
    size = style.size_px * scale
    probe = shape_line(["HQJ,;" if style.uppercase else "Hgjpqy,;"], Lettering(face, size)).ink or (0.0, -0.7 * size, 0.0, 0.2 * size)
    capital = shape_line(["H"], Lettering(face, size)).ink or probe
    cap, drop = -capital[1], probe[3] + max(0, math.ceil(_deepest(words, style, face, size, language) - probe[3]))
    padding = style.box_padding_px * scale
    word_pad = padding if style.mode in ("box", "marker") and style.active_box_colour is not None else 0.0
    pad = padding if style.box_colour is not None else word_pad
    outline = style.outline_px * scale
    # While a word is written its letters stand still.
    peak = 1 + (style.active_scale - 1) * (1 + GROWTH_OVERSHOOT) if style.mode != "typewriter" else 1.0
    below = drop * peak + (peak - 1) * cap / 2 + outline
    bottom = height_px * style.bottom_px / 1920
    return CaptionSizes(
        face=face,
        size_px=size,
        min_size_px=min(MIN_SIZE_PX * scale, size),
        spacing_em=style.letter_spacing_em,
        line_height=style.line_height,
        outline_px=outline,
        shadow_px=style.shadow_px * scale,
        shadow_drop_px=style.shadow_drop_px * scale,
        pad_px=pad,
        word_pad_px=min(word_pad, MARKER_PAD_SHARE * size) if style.mode == "marker" else word_pad,
        radius_px=style.box_radius_px * scale,
        cap_px=cap,
        drop_px=drop,
        max_width_px=min(style.max_width_px * scale, width_px * 0.94),
        centre_px=width_px / 2,
        top_px=height_px * _TOP_SHARE,
        bottom_px=bottom,
        baseline_px=math.floor(bottom - max(below, pad, drop + pad / 4)) - 1,
        peak_scale=peak,
        cursor_px=CURSOR_SHARE * size if style.mode == "typewriter" else 0.0,
    )


def _deepest(words: frozenset[str], style: CaptionStyle, face: FontFace, size_px: float, language: str) -> float:
    """Return how far a reel's words hang below the baseline, px: 0 where none hangs lower than plain Latin letters."""
    others = [_as_set(_curved(word), style.uppercase, language) for word in sorted(words) if not _PLAIN.fullmatch(word)]
    lettering = Lettering(face, size_px, style.letter_spacing_em * size_px, language=language_of(others, language))
    inks = [ink for word in others if (ink := shape_line([word], lettering).ink)]
    # What stacks marks without end is moved up alone.
    return max((ink[3] for ink in inks if ink[3] <= _DEEPEST_SHARE * size_px), default=0.0)


def _curved(word: str) -> str:
    """Return a word with a curved apostrophe, as type has one."""
    return re.sub(r"(?<=\w)'(?=\w)", "\u2019", word)


def _as_set(text: str, uppercase: bool, language: str) -> str:
    """Return a word, or what of it ends a line, as a style sets it."""
    shown = at_a_lines_end(text)
    return capitals(shown, language) if uppercase else shown


@dataclass(frozen=True)
class PlacedWord:
    """A word, or a piece of one that was broken across lines, placed in the frame.

    ``index`` is the word's place in its cue. Glyphs are relative to ``x``, ``y`` (on the baseline); ``ink`` is in the frame.
    """

    index: int
    line: int
    glyphs: tuple[Glyph, ...]
    x: float
    y: int
    ink: Bounds

    def raised(self, up_px: int) -> PlacedWord:
        left, top, right, bottom = self.ink
        return replace(self, y=self.y - up_px, ink=(left, top - up_px, right, bottom - up_px))


@dataclass(frozen=True)
class CueLayout:
    """All words of a cue that can be drawn, in reading order, and the size they are set at.

    ``cut`` says that there was no room for all of them: the last ends in an ellipsis.
    """

    words: tuple[PlacedWord, ...]
    size_px: float
    right_to_left: bool
    cut: bool = False

    @property
    def ink(self) -> Bounds | None:
        """Bounds of the letters, without outline; None for an empty cue."""
        return union_of([word.ink for word in self.words])

    def raised(self, up_px: int) -> CueLayout:
        """Return the same words, all so much higher."""
        return replace(self, words=tuple(word.raised(up_px) for word in self.words)) if up_px else self


def break_lines(
    words: Sequence[str],
    width_of: Callable[[int, int], float],
    *,
    max_width_px: float,
    max_chars: int,
    max_lines: int,
    min_share: float,
    joined: Sequence[bool] = (),
) -> tuple[tuple[tuple[int, int], ...], float] | None:
    """Choose the lines of a cue and the share of full size they need to fit.

    Weighs full size, few lines, even lines and good breaks: no short word alone, numbers with their units, names together, no line
    that ends in "the" or "of".

    Parameters
    ----------
    words : sequence of str
    width_of : callable
        ``width_of(i, j)`` is the width of ``words[i:j]`` on one line at full size, px.
    max_width_px : float
    max_chars, max_lines : int
    min_share : float
        The least share of full size.
    joined : sequence of bool
        Which words go on the one before without a space; none where not given.

    Returns
    -------
    (lines, share) or None
        Lines as (start, end) indices; None where nothing fits.

    Examples
    --------
    >>> ten_a_letter = lambda i, j: 10.0 * len(" ".join("it weighs 20 kg now".split()[i:j]))
    >>> lines, share = break_lines("it weighs 20 kg now".split(), ten_a_letter, max_width_px=130, max_chars=20, max_lines=2, min_share=0.7)
    >>> lines, share
    (((0, 2), (2, 5)), 1.0)
    """
    best: tuple[float, tuple[tuple[int, int], ...], float] | None = None
    for count in range(1, min(max_lines, len(words)) + 1):
        for cuts in combinations(range(1, len(words)), count - 1):
            edges = (0, *cuts, len(words))
            lines = tuple(pairwise(edges))
            widths = [width_of(*line) for line in lines]
            share = min(1.0, max_width_px / max(*widths, 1e-6))
            if share < min_share:
                continue
            ragged = (max(widths) - min(widths)) / max(widths) if count > 1 else 0.0
            overlong = sum(columns(spaced(words[i:j], joined[i:j])) > max_chars for i, j in lines)
            breaks = sum(_break_cost(words, cut, joined=any(joined[cut : cut + 1])) for cut in cuts)
            alone = sum(j - i == 1 and width < SHORT_SHARE * max(widths) for (i, j), width in zip(lines, widths, strict=True))
            lost = 1 - share
            # A little smaller is not seen; much smaller, beside other cues, is.
            cost = 12 * lost + 40 * lost**2 + 0.45 * (count - 1) + ragged + 2 * overlong + 3 * (alone if len(words) > 2 else 0) + breaks
            if best is None or cost < best[0] - 1e-9:
                best = cost, lines, share
    return best[1:] if best else None


def _fill_lines(
    words: Sequence[str],
    width_of: Callable[[int, int], float],
    *,
    max_width_px: float,
    max_lines: int,
    min_share: float,
    joined: Sequence[bool] = (),
) -> tuple[tuple[tuple[int, int], ...], float]:
    """Choose the lines of a long text: the largest of a few sizes at which ``max_lines`` hold it, else more lines at the least.

    There are as few lines as hold the words, even, and broken where it costs least. Takes and returns what :func:`break_lines` does.
    """
    shares = [1 - _STEP * step for step in range(round((1 - min_share) / _STEP + 0.5)) if 1 - _STEP * step > min_share]
    for share in (*shares, min_share):
        lines = _filled(words, width_of, max_width_px / share, joined)
        if len(lines) <= max_lines:
            break
    return lines, share


def _filled(
    words: Sequence[str], width_of: Callable[[int, int], float], room_px: float, joined: Sequence[bool]
) -> tuple[tuple[int, int], ...]:
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]
    for end in range(1, len(words) + 1):
        found: list[tuple[int, float, int]] = []
        for start in range(end - 1, -1, -1):
            width = width_of(start, end)
            if width > room_px and found:
                break
            count, cost, _ = best[start]
            broken_at = _break_cost(words, start, joined=any(joined[start : start + 1])) if start else 0.0
            alone = end - start == 1 and width < SHORT_SHARE * room_px
            found.append((count + 1, cost + broken_at + 2 * (1 - min(width / room_px, 1)) ** 2 + 3 * alone, start))
        best.append(min(found))
    edges = [len(words)]
    while edges[-1]:
        edges.append(best[edges[-1]][2])
    return tuple(pairwise(reversed(edges)))


def _letters(word: str) -> int:
    return sum(character.isalnum() for character in word)


def _break_cost(words: Sequence[str], cut: int, *, joined: bool) -> float:
    before, after = words[cut - 1], words[cut]
    if before.endswith(SOFT_HYPHEN) or (joined and has_case(before[-1]) and has_case(after[0])):
        return 2.0
    # A word that is broken itself is part of no name.
    if belong_together(words, cut) and not after.endswith(SOFT_HYPHEN):
        return 8.0
    if after != "&" and not any(map(str.isalnum, after)):
        return 4.0  # dots, dashes and emoji end a line
    if before[-1] in ",;:.!?·•|–—、。，；：！？،؛؟۔।":
        return -0.2
    if is_counted(before, after):
        return 1.5
    if re.search(r"\d[%°]?$", before) or re.fullmatch(r"\W*\d[\d.,]*\W*", after):
        return 0.3
    return 0.15 if _letters(before) <= 3 and not joined else 0.0


def lay_out(
    words: Sequence[str],
    style: CaptionStyle,
    sizes: CaptionSizes,
    *,
    right_to_left: bool | None = None,
    language: str | None = None,
    joined: Sequence[bool] = (),
    max_lines: int | None = None,
) -> CueLayout:
    """Break a cue's words into lines and place them.

    Lines are centred by their ink; a typewriter's begin at one edge. The last line stands at ``sizes.baseline_px`` unless something in
    it hangs lower than ``sizes.drop_px``, which moves the block up. Type shrinks to fit, down to ``sizes.min_size_px``; words that are
    still too wide are broken: those without spaces between phrases, others as :func:`reelkit.media.word_breaks.broken` says. Lines are no
    more than the style's ``max_lines``, or those given, where the least size allows. The first letter with a direction gives the lines
    theirs where ``right_to_left`` does not say, and the words the ``language`` that their characters are drawn for and that parts them.
    Words that are ``joined`` go on the one before without a space.
    """
    language = language_of(words) if language is None else language
    texts = [_curved(word) for word in words]
    if right_to_left is None:
        right_to_left = is_right_to_left(spaced(texts, joined))
    return _laid_out(
        tuple(texts),
        tuple(joined),
        sizes,
        uppercase=style.uppercase,
        max_chars=style.max_chars_per_line,
        max_lines=style.max_lines if max_lines is None else max_lines,
        right_to_left=right_to_left,
        language=language,
    )


@lru_cache(maxsize=512)
def _laid_out(
    texts: tuple[str, ...],
    joined: tuple[bool, ...],
    sizes: CaptionSizes,
    *,
    uppercase: bool,
    max_chars: int,
    max_lines: int,
    right_to_left: bool,
    language: str,
) -> CueLayout:
    """Lay out a cue once, as a reel's captions are measured, shown, drawn and checked."""
    room = _room_px(sizes)

    def row_of(pieces: Sequence[Piece]) -> list[Piece]:
        return [(index, _as_set(text, uppercase, language)) for index, text in merged(pieces)]

    def line_width(pieces: Sequence[Piece], size_px: float) -> float:
        row = row_of(pieces)
        shaped = shape_line(
            [text for _, text in row], _lettering(sizes, size_px, language), right_to_left=right_to_left, joined=_joints(row, joined)
        )
        ink = [word.ink for word in shaped.words if word.ink]
        if not ink:
            return 0.0
        left, _, right, _ = union_of(ink) or (0.0, 0.0, 0.0, 0.0)
        widest = max(word[2] - word[0] for word in ink)
        return right - left + (sizes.peak_scale - 1) * growth_share(widest, size_px) * widest

    def fits(text: str) -> bool:
        return line_width([(0, text)], sizes.min_size_px) <= room

    shown = [
        (index, part)
        for index, text in enumerate(texts)
        if line_width([(index, text)], sizes.size_px)
        for phrase in phrases(text, language)
        for part in broken(phrase, fits, language)
        if part
    ]
    if not shown:
        return CueLayout((), sizes.size_px, right_to_left)
    words, joints = [text for _, text in shown], _joints(shown, joined)
    width_of = lru_cache(maxsize=None)(lambda i, j: line_width(shown[i:j], sizes.size_px))
    least = sizes.min_size_px / sizes.size_px
    # Names are told by their capitals, which a style may give to all: words are weighed as they are written.
    fit = (
        break_lines(words, width_of, max_width_px=room, max_chars=max_chars, max_lines=max_lines, min_share=least, joined=joints)
        if len(shown) <= _MOST_WEIGHED
        else None
    ) or _fill_lines(words, width_of, max_width_px=room, max_lines=max_lines, min_share=least, joined=joints)
    rows = [row_of(shown[i:j]) for i, j in fit[0]]
    size = max(sizes.size_px * fit[1], sizes.min_size_px)
    # One line more would fit, but marks, boxes and an entrance that swings beyond its size rise above capitals.
    most = max(1, int((sizes.baseline_px - sizes.top_px - sizes.cap_px) // (size * sizes.line_height)))
    cut = len(rows) > max(most, max_lines)
    if cut:
        index, text = rows[most - 1][-1]
        rows[most - 1 :] = [[*rows[most - 1][:-1], (index, "".join(clusters(text)[:-2]) + "…")]]
    return replace(_place(rows, size, sizes, right_to_left, language, joined=joined), cut=cut)


def _room_px(sizes: CaptionSizes) -> float:
    """Return how wide the letters of a line may be."""
    return sizes.max_width_px - 2 * (sizes.outline_px + sizes.pad_px + sizes.cursor_px) - _SLACK_PX


def _joints(row: Sequence[Piece], joined: Sequence[bool]) -> list[bool]:
    """Return which pieces of a row go on the one before: the further ones of a word, and those of words that do."""
    return [index == before or (bool(joined) and joined[index]) for (before, _), (index, _) in pairwise([(-1, ""), *row])]


def letters_a_line(style: CaptionStyle) -> int:
    """Return how many letters a line of a style holds: as many as it says, or as find room at the least size in letters as wide as its own.

    A font that is none holds as many as the style says: who draws with it tells.

    Examples
    --------
    >>> letters_a_line(CaptionStyle()), letters_a_line(CaptionStyle(weight=900, uppercase=True))
    (20, 18)
    """
    try:
        return min(style.max_chars_per_line, _most_letters(style, find_font(style.font, style.weight)))
    except BrandError:
        return style.max_chars_per_line


@lru_cache(maxsize=32)
def _most_letters(style: CaptionStyle, face: FontFace) -> int:
    sizes = _caption_sizes(style, face, 1080, 1920, words=frozenset(), language="")
    size = sizes.min_size_px
    line = shape_line([_as_set(word, style.uppercase, "en") for word in _PROSE.split()], _lettering(sizes, size, "en"))
    room = _room_px(sizes) - (sizes.peak_scale - 1) * _GROWS_EM * size
    wide = (line.ink or (0.0, 0.0, 1.0, 0.0))[2] / len(_PROSE) * _WIDER
    return int(room / wide)


def growth_share(width_px: float, size_px: float) -> float:
    """Return which share of its growth a spoken word of a width takes: wide ones grow no further, in px, and keep the space beside them."""
    return min(1.0, _GROWS_EM * size_px / max(width_px, 1e-6))


def widened_by(sizes: CaptionSizes, size_px: float) -> float:
    """Return how much wider spaces are than the font's, px: what outlines, boxes and growth eat into them is given back."""
    return (0.7 * sizes.outline_px + 0.9 * sizes.word_pad_px) * size_px / sizes.size_px + 0.5 * (sizes.peak_scale - 1) * size_px


def _lettering(sizes: CaptionSizes, size_px: float, language: str) -> Lettering:
    between_phrases = 0.9 * sizes.word_pad_px * size_px / sizes.size_px
    return Lettering(sizes.face, size_px, sizes.spacing_em * size_px, widened_by(sizes, size_px), language, between_phrases)


def _place(
    rows: Sequence[Sequence[Piece]], size_px: float, sizes: CaptionSizes, right_to_left: bool, language: str, *, joined: Sequence[bool]
) -> CueLayout:
    pitch = round(size_px * sizes.line_height)
    placed = []
    lettering = _lettering(sizes, size_px, language)
    lines = [shape_line([text for _, text in row], lettering, right_to_left=right_to_left, joined=_joints(row, joined)) for row in rows]
    edges = [(line.ink[0], line.ink[2]) if line.ink else (0.0, 0.0) for line in lines]
    widest = max(right - left for left, right in edges)
    for line, (row, shaped, (left, right)) in enumerate(zip(rows, lines, edges, strict=True)):
        x = sizes.centre_px - (left + right) / 2
        if sizes.cursor_px:
            # A typewriter's carriage comes back to the same place.
            x = sizes.centre_px + (widest / 2 - right if right_to_left else -widest / 2 - left)
        y = sizes.baseline_px - (len(rows) - 1 - line) * pitch
        for (index, _), word in zip(row, shaped.words, strict=True):
            if word.ink:
                ink = (word.ink[0] + x, word.ink[1] + y, word.ink[2] + x, word.ink[3] + y)
                placed.append(PlacedWord(index, line, word.glyphs, x, y, ink))
    lowest = max(word.ink[3] for word in placed) - (sizes.baseline_px + sizes.drop_px)
    if lowest > 0:
        up = math.ceil(lowest * sizes.peak_scale)
        placed = [word.raised(up) for word in placed]
    return CueLayout(tuple(placed), size_px, right_to_left)
