"""Captions as Advanced SubStation: styled like the preset, each word with its karaoke time, for players and editors that burn text in.

What ASS cannot say is brought as near as it goes: a box behind the spoken word stands there without moving in, gradients become their
lower colour, and emoji the player's own.

Sources: the format as Aegisub documents it (https://aegisub.org/docs/latest/ass_tags/), and libass for what sizes mean.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise

from reelkit.media.capitals import capitals
from reelkit.media.caption_drawing import CueDrawing, WordBox
from reelkit.media.caption_layout import CaptionSizes, PlacedWord, lay_out, widened_by
from reelkit.media.captions import hold_frames, reading_of, sizes_of
from reelkit.media.emoji import has_colours
from reelkit.media.fonts import FontFace, open_font
from reelkit.media.ink import rgb_of
from reelkit.media.text import Run, is_right_to_left, union_of
from reelkit.media.word_breaks import without_hints
from reelkit.model import CaptionCue, CaptionStyle, Timeline, spaced

__all__ = ["ass"]

_STYLE = (
    *("Name", "Fontname", "Fontsize", "PrimaryColour", "SecondaryColour", "OutlineColour", "BackColour", "Bold", "Italic", "Underline"),
    *("StrikeOut", "ScaleX", "ScaleY", "Spacing", "Angle", "BorderStyle", "Outline", "Shadow", "Alignment", "MarginL", "MarginR"),
    *("MarginV", "Encoding"),
)
_EVENT = ("Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text")
_BOLD_FROM = 600
_WIN_ASCENT, _WIN_DESCENT = 74, 76
"""Offsets in a font's OS/2 table (OpenType 1.9.1)."""
_WINDOWS, _FAMILY, _WHOLE_FAMILY = 3, 1, 16
"""A platform and names in its name table."""
_COUNTRIES = {"zh": "SC", "zh-TW": "TC", "zh-Hant": "TC", "zh-HK": "HK", "yue": "HK", "ko": "KR"}
_LEFTWARD, _POP, _MARK = "\u202b", "\u202c", "\u200e"
"""Embeds what follows from right to left; ends that; a letter without ink that goes from left to right (UAX #9)."""


def ass(timeline: Timeline) -> str:
    """Return a timeline's captions as an ASS script, for a video of the timeline's size.

    Raises
    ------
    BrandError
        When the style's font is unknown or no font.
    """
    style = timeline.caption_style
    sizes = sizes_of(timeline.cues, style, timeline.width_px, timeline.height_px, timeline.language)
    lines = [
        "[Script Info]",
        f"Title: {_one_line(timeline.topic)}",
        "ScriptType: v4.00+",
        f"PlayResX: {timeline.width_px}",
        f"PlayResY: {timeline.height_px}",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: TV.709",
        "",
        "[V4+ Styles]",
        "Format: " + ", ".join(_STYLE),
        "Style: " + ",".join(_style_values(style, sizes)),
        "",
        "[Events]",
        "Format: " + ", ".join(_EVENT),
        *_events(timeline, sizes),
    ]
    return "\n".join(lines) + "\n"


def _style_values(style: CaptionStyle, sizes: CaptionSizes) -> Iterator[str]:
    values = {
        "Name": "Caption",
        "Fontname": _family(sizes.face),
        "Fontsize": f"{sizes.size_px * sum(_reach(sizes.face)):.2f}",
        "PrimaryColour": _colour(style.colour),
        "SecondaryColour": _colour(style.upcoming_colour, 0.0 if style.mode == "typewriter" else style.upcoming_opacity),
        "OutlineColour": _colour(style.outline_colour),
        "BackColour": _colour(style.shadow_colour, style.shadow_opacity if style.shadow_px else 0.0),
        "Bold": "-1" if style.weight >= _BOLD_FROM else "0",
        "ScaleX": "100",
        "ScaleY": "100",
        "Spacing": f"{sizes.spacing_em * sizes.size_px:.2f}",
        "BorderStyle": "1",
        "Outline": f"{sizes.outline_px:.2f}",
        "Shadow": f"{sizes.shadow_drop_px if style.shadow_px else 0:.2f}",
        "Alignment": "2",
        "Encoding": "1",
    }
    return (values.get(name, "0") for name in _STYLE)


def _events(timeline: Timeline, sizes: CaptionSizes) -> Iterator[str]:
    style = timeline.caption_style
    mostly_leftward, language = reading_of(timeline.cues, timeline.language)
    timeline = timeline.model_copy(update={"language": language})
    for cue in (part for whole in timeline.cues for part in _parts(whole, style)):
        written = [word.text for word in cue.words]
        leftward = True if mostly_leftward and any(map(is_right_to_left, written)) else None
        joined = [word.joined for word in cue.words]
        layout = lay_out(written, style, sizes, right_to_left=leftward, language=language, joined=joined).raised(cue.up_px)
        if not layout.words:
            continue
        drawing = CueDrawing(style, sizes, layout)
        if style.box_colour is not None:
            yield _event(
                timeline, (cue.start, cue.end), 0, _box(WordBox(drawing.cue_box, sizes.radius_px, 0.0), style.box_colour, style.box_opacity)
            )
        for index, word in enumerate(cue.words):
            lit = word.start, _lit_until(timeline, cue, index)
            for box in drawing.word_boxes(index):
                yield _event(timeline, lit, 1, _box(box, style.active_box_colour or style.outline_colour, style.box_opacity))
        for _, row in groupby(layout.words, key=lambda placed: placed.line):
            for text in _texts(timeline, cue, [*row], drawing):
                yield _event(timeline, (cue.start, cue.end), 2, text)


def _event(timeline: Timeline, span: tuple[int, int], layer: int, text: str) -> str:
    times = (_clock(timeline, frame) for frame in span)
    return "Dialogue: " + ",".join((str(layer), *times, "Caption", "", "0", "0", "0", "", text))


def _parts(cue: CaptionCue, style: CaptionStyle) -> Iterator[CaptionCue]:
    """Yield what stands on screen together: the cue, or where the style shows one word at a time, each of its words."""
    if style.mode != "one_word":
        yield cue
        return
    for word, (start, end) in zip(cue.words, pairwise([cue.start, *(word.start for word in cue.words[1:]), cue.end]), strict=True):
        if end > start:
            yield cue.model_copy(update={"words": (word,), "start": start, "end": end})


def _texts(timeline: Timeline, cue: CaptionCue, row: list[PlacedWord], drawing: CueDrawing) -> Iterator[str]:
    """Yield what stands on a line: all of it, or each word where some go from right to left or are in letters of another font.

    Players take what stands between two tags for a text of its own, and put these from left to right.
    """
    sizes, size_px = drawing.sizes, drawing.layout.size_px
    runs = [_runs(word) for word in row]
    if any(run.level or _named(run, sizes) != sizes.face for own in runs for run in own):
        for word, own in zip(row, runs, strict=True):
            # Where others have come between a word and its marks these are apart.
            parted = any(own[0].left < other[0].left < own[-1].right for other in runs)
            for seen in [[run] for run in own] if parted else [own]:
                yield _as_seen(timeline, cue, word, seen, drawing)
        return
    ink = union_of([word.ink for word in row]) or (0.0, 0.0, 0.0, 0.0)
    place = _place((ink[0] + ink[2]) / 2, row[0].y, {sizes.face}, drawing)
    words = spaced([*_words(timeline, cue, row, drawing)], [cue.words[word.index].joined for word in row])
    yield f"{{{place}}}" + words.replace(" ", _space(sizes, size_px))


def _runs(word: PlacedWord) -> list[Run]:
    """Return what a word is made of, from left to right."""
    return sorted({glyph.run for glyph in word.glyphs}, key=lambda run: run.left)


def _named(run: Run, sizes: CaptionSizes) -> FontFace:
    """Return the font to name for a run: emoji are the player's own."""
    return sizes.face if has_colours(run.face.path) else run.face


def _place(x: float, baseline: float, faces: set[FontFace], drawing: CueDrawing) -> str:
    """Return the tags that put letters of some fonts where they stand in the reel, at their size."""
    sizes, size_px = drawing.sizes, drawing.layout.size_px
    place = f"\\pos({x:.0f},{baseline + size_px * max(_reach(face)[1] for face in faces):.0f})"
    if size_px == sizes.size_px:
        return place
    spacing = f"\\fsp{sizes.spacing_em * size_px:.2f}" if sizes.spacing_em else ""
    return f"{place}\\fs{size_px * sum(_reach(sizes.face)):.2f}{spacing}"


def _space(sizes: CaptionSizes, size_px: float) -> str:
    """Return a space as wide as the reel's."""
    own, wider = sizes.spacing_em * size_px, widened_by(sizes, size_px)
    return f"{{\\fsp{own + wider:.2f}}} {{\\fsp{own:.2f}}}" if wider else " "


def _box(box: WordBox, colour: str, opacity: float) -> str:
    """Draw the box behind a cue or a word."""
    left, top, right, bottom = box.bounds
    r = min(box.radius_px, (right - left) / 2, (bottom - top) / 2)
    k = r * 0.4477  # what is left of a quarter circle's radius beyond its Bezier handle
    # Each side ends in a quarter of a circle, drawn towards the next side's corner.
    corners = ((left, top, 1, 0), (right, top, 0, 1), (right, bottom, -1, 0), (left, bottom, 0, -1))

    def at(x: float, y: float) -> str:
        return f"{x + box.slant * ((top + bottom) / 2 - y):.0f} {y:.0f}"

    points = [f"m {at(left + r, top)}"]
    for (_, _, along_x, along_y), (x, y, on_x, on_y) in pairwise((*corners, corners[0])):
        curve = [(x - along_x * part + on_x * rest, y - along_y * part + on_y * rest) for part, rest in ((r, 0), (k, 0), (0, k), (0, r))]
        (start_x, start_y), *handles = curve
        points.append(f"l {at(start_x, start_y)} b " + " ".join(at(*handle) for handle in handles))
    return f"{{\\an7\\pos(0,0)\\bord0\\shad0\\1c{_bgr(colour)}\\1a{_alpha(opacity)}\\p1}}{' '.join(points)}"


def _words(timeline: Timeline, cue: CaptionCue, row: list[PlacedWord], drawing: CueDrawing) -> Iterator[str]:
    """Yield the words of one line, each with its karaoke time; what passes before the first is a time of its own."""
    style, layout = timeline.caption_style, drawing.layout
    pieces = Counter(placed.index for placed in layout.words)
    at = cue.start
    for placed in row:
        word = cue.words[placed.index]
        whole = pieces[placed.index] == 1 and not layout.cut
        written = without_hints(word.text) if whole else "".join(run.text for run in _runs(placed))
        text = _escaped(capitals(written, timeline.language) if style.uppercase else written)
        if style.mode == "classic":
            yield text
            continue
        until = _until(cue, placed.index)
        tags = _time(timeline, word.start, until) + _colours(timeline, cue, placed.index, drawing)
        yield f"{_wait(timeline, at, word.start)}{{{tags}}}{text}"
        at = until


def _as_seen(timeline: Timeline, cue: CaptionCue, placed: PlacedWord, runs: list[Run], drawing: CueDrawing) -> str:
    """Return a word, or a part of it, from left to right as it is seen: each run in its font, with its direction told."""
    style, sizes, size_px = timeline.caption_style, drawing.sizes, drawing.layout.size_px
    timed, word = style.mode != "classic", cue.words[placed.index]
    faces = [_named(run, sizes) for run in runs]
    place = _place(placed.x + (runs[0].left + runs[-1].right) / 2, placed.y, {*faces}, drawing)
    seen, now = [], (sizes.face, sizes.spacing_em)
    for run, face in zip(runs, faces, strict=True):
        # Letters that join have no space between them.
        then = face, 0.0 if run.level % 2 else sizes.spacing_em
        # A word's runs begin at the same time: all but the last take none.
        tags = _time(timeline, word.start, _until(cue, placed.index) if run is runs[-1] else word.start) if timed else ""
        tags += _colours(timeline, cue, placed.index, drawing) if timed and run is runs[0] else ""
        tags += f"\\fn{_family(face, timeline.language)}\\fs{size_px * sum(_reach(face)):.2f}" if then[0] != now[0] else ""
        tags += f"\\fsp{then[1] * size_px:.2f}" if then[1] != now[1] else ""
        text = f"{_LEFTWARD}{_escaped(run.text)}{_POP}" if run.level % 2 else _escaped(run.text)
        seen.append((f"{{{tags}}}" if tags else "") + text)
        now = then
    return f"{{{place}}}" + (_wait(timeline, cue.start, word.start) if timed else "") + _MARK.join(seen)


def _until(cue: CaptionCue, index: int) -> int:
    return cue.words[index + 1].start if index + 1 < len(cue.words) else cue.end


def _lit_until(timeline: Timeline, cue: CaptionCue, index: int) -> int:
    """Return the frame from which a word is lit no more: when the next one begins, or a moment after it was said unless it stands alone."""
    alone = timeline.caption_style.mode == "one_word"
    return _until(cue, index) if alone else min(cue.words[index].end + hold_frames(timeline.fps), _until(cue, index))


def _wait(timeline: Timeline, start: int, end: int) -> str:
    return f"{{\\k{_hundredths(timeline, start, end)}}}" if end > start else ""


def _time(timeline: Timeline, start: int, end: int) -> str:
    return f"\\k{'o' if _hides(timeline.caption_style) else ''}{_hundredths(timeline, start, end)}"


def _hides(style: CaptionStyle) -> bool:
    """Return whether words to come are hidden."""
    return style.mode == "typewriter" or style.upcoming_opacity == 0


def _colours(timeline: Timeline, cue: CaptionCue, index: int, drawing: CueDrawing) -> str:
    """Return the tags that give a word its colours while it is spoken."""
    style, word, out = timeline.caption_style, cue.words[index], _lit_until(timeline, cue, index)
    # Karaoke's own tag hides letters and outlines of words that are not there yet, but not their shadows.
    casts = _hides(style) and style.shadow_px > 0
    shadow = f"\\4a{_alpha(style.shadow_opacity if style.shadow_px else 0.0)}"
    at_rest, active = f"\\1c{_bgr(style.colour)}", f"\\1c{_bgr(style.active_gradient_colour or drawing.active_colour)}"
    if style.active_box_colour and drawing.word_boxes(index):
        # In a box letters have neither outline nor shadow.
        at_rest += f"\\3c{_bgr(style.outline_colour)}{shadow}"
        active += f"\\3c{_bgr(style.active_box_colour)}\\4a{_alpha(0.0)}"
    elif casts:
        at_rest, active = at_rest + shadow, active + shadow
    before = f"{at_rest}\\4a{_alpha(0.0)}" if casts else at_rest
    begins, ends = (round((frame - cue.start) / timeline.fps.ratio * 1000) for frame in (word.start, out))
    if active == before:
        return ""
    # Players take a change from 0 to 0 for one that lasts as long as the line.
    lit = f"{before}\\t({begins},{begins},{active})" if begins else active
    return lit + (f"\\t({ends},{ends},{at_rest})" if out < cue.end else "")


def _reach(face: FontFace) -> tuple[float, float]:
    """Return how far a font reaches above and below the baseline, in em, as players count it whose sizes are heights of lines."""
    font = open_font(face)
    table = bytes(font.shapes.reference_table("OS/2").data)
    # Without that table, or its figures, players go by the general ones, as libass does.
    above, below = font.outlines.ascender, -font.outlines.descender
    if len(table) >= _WIN_DESCENT + 2:
        of_windows = [struct.unpack_from(">H", table, at)[0] for at in (_WIN_ASCENT, _WIN_DESCENT)]
        above, below = of_windows if any(of_windows) else (above, below)
    return above / font.shapes.upem, below / font.shapes.upem


def _family(face: FontFace, language: str = "") -> str:
    """Return the name by which players find the face: a static font's own, of its weight; a variable font's family.

    One file of Chinese, Japanese and Korean letters has a family for each.
    """
    outlines = open_font(face).outlines
    names = [outlines.get_sfnt_name(index) for index in range(outlines.sfnt_name_count)]
    own: dict[int, str] = {
        name.name_id: name.string.decode("utf-16-be", "replace") for name in reversed(names) if name.platform_id == _WINDOWS
    }
    family = own.get(_FAMILY, face.family)
    family = own.get(_WHOLE_FAMILY, family) if face.variation else family
    country = _COUNTRIES.get(language) or _COUNTRIES.get(language.partition("-")[0], "JP")
    return family.replace(" CJK JP", f" CJK {country}")


def _hundredths(timeline: Timeline, start: int, end: int) -> int:
    """Return a span in hundredths of a second, rounded so that spans in a row do not drift apart."""
    first, last = (round(frame / timeline.fps.ratio * 100) for frame in (start, end))
    return max(last - first, 0)


def _clock(timeline: Timeline, frame: int) -> str:
    hundredths = round(frame / timeline.fps.ratio * 100)
    seconds, rest = divmod(hundredths, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:02d}"


def _bgr(colour: str) -> str:
    red, green, blue = rgb_of(colour)
    return f"&H{blue:02X}{green:02X}{red:02X}&"


def _alpha(opacity: float) -> str:
    return f"&H{round(255 * (1 - opacity)):02X}&"


def _colour(colour: str, opacity: float = 1.0) -> str:
    red, green, blue = rgb_of(colour)
    return f"&H{round(255 * (1 - opacity)):02X}{blue:02X}{green:02X}{red:02X}"


def _escaped(text: str) -> str:
    # A word joiner after a backslash keeps it from being read as a tag.
    return text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
