"""Key words and icons: where a scene asks for them, large and above the captions, while their words are said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from reelkit.brand import Brand
from reelkit.errors import TimelineError
from reelkit.media.caption_layout import caption_sizes
from reelkit.media.colours import AIM, apart, ratio_of
from reelkit.media.icons import find_icon
from reelkit.model import CaptionStyle, KeyWords, Palette, Scene, Script, SentenceTiming, Word

__all__ = ["plan_key_words"]

_LONGEST_S, _SHORTEST_S = 2.6, 0.7
_TOP_GAP_PX, _BOTTOM_GAP_PX = 60, 60
"""Below the progress bar, and above captions of all their lines, at 1080 px of width."""
_TALLEST_PX = 760
"""Key words stand in the upper half, near the eyes of who is shown."""


def plan_key_words(
    script: Script, sentences: Sequence[SentenceTiming], brand: Brand, style: CaptionStyle, *, until: int
) -> tuple[KeyWords, ...]:
    """Place what scenes ask for on the timeline.

    Key words come in with the first of them that is said, or with the scene where they are not said in these words, and stand until the
    scene ends, at most 2.6 s; a scene that leaves them less than 0.7 s shows none.

    Parameters
    ----------
    script : Script
    sentences : sequence of SentenceTiming
        Their words are the script's.
    brand : Brand
    style : CaptionStyle
        Of the captions, which keep their place.
    until : int
        The frame at which the end card comes in, or the reel ends.

    Raises
    ------
    TimelineError
        When a scene names an icon that there is not.
    """
    if not brand.overlays.key_words:
        return ()
    words = [word for sentence in sentences for word in sentence.words]
    edges = [0, *accumulate(len(scene.text.split()) for scene in script.scenes)]
    top, bottom = _heights(brand, style, frozenset(word.text for word in words))
    fps = brand.fps
    colours = _colours(brand.palette)
    planned = []
    for number, (scene, (first, last)) in enumerate(zip(script.scenes, pairwise(edges), strict=True)):
        said = words[first:last]
        if not said or not (scene.emphasis or scene.icon):
            continue
        icon = _icon(scene, number)
        onset = _onset(scene.emphasis, said)
        start = fps.first_frame_from(onset.start, onset.rate_hz)
        end = fps.frame_at(words[last].start, words[last].rate_hz) if last < len(words) else until
        end = min(end, until, start + round(_LONGEST_S * fps.ratio))
        if end - start >= _SHORTEST_S * fps.ratio:
            planned.append(
                KeyWords(
                    start=start,
                    end=end,
                    text=scene.emphasis,
                    icon=icon,
                    font=brand.font(brand.fonts.title),
                    **colours,
                    top_px=top,
                    bottom_px=bottom,
                    moves=not brand.motion.reduced,
                )
            )
    return tuple(planned)


def _colours(palette: Palette) -> dict[str, str]:
    """Return the colours of letters, of what is accented among them, and of the edge around both.

    The lighter of the palette's text and background are the letters, whichever a brand has on its end card: over pictures dark letters in
    a light edge look hollow. What is too near the edge goes apart from it.
    """
    dark, light = sorted((palette.background, palette.text), key=lambda colour: ratio_of(colour, "#000000"))
    edge = apart(dark, light)
    if ratio_of(palette.accent, "#000000") >= AIM:
        edge = apart(edge, palette.accent)
    return {"colour": apart(light, edge), "accent": apart(palette.accent, edge), "edge": edge}


def _icon(scene: Scene, number: int) -> str:
    try:
        return find_icon(scene.icon) if scene.icon else ""
    except TimelineError as error:
        raise TimelineError(f"timeline: scene {number + 1}: {error}") from None


def _onset(emphasis: str, said: Sequence[Word]) -> Word:
    """Return the word with which key words begin among those that are said, the first of all where they do not stand there."""
    wanted, spoken = list(_bare(emphasis.split())), list(_bare([word.text for word in said]))
    places = (at for at in range(len(spoken) - len(wanted) + 1) if wanted and spoken[at : at + len(wanted)] == wanted)
    return said[next(places, 0)]


def _bare(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield "".join(character for character in word.casefold() if character.isalnum())


def _heights(brand: Brand, style: CaptionStyle, words: frozenset[str]) -> tuple[int, int]:
    """Return between which heights key words stand: under the bar, above the place of captions with all their lines."""
    width, height = brand.output.width_px, brand.output.height_px
    scale = min(width, height) / 1080
    sizes = caption_sizes(style, width, height, words=words, language=brand.language)
    lines = sizes.cap_px + (style.max_lines - 1) * sizes.size_px * sizes.line_height + sizes.outline_px + sizes.pad_px
    top = round(brand.safe_zone.top_px * height / 1920 + _TOP_GAP_PX * scale)
    bottom = round(sizes.baseline_px - lines - _BOTTOM_GAP_PX * scale)
    return top, max(min(bottom, top + round(_TALLEST_PX * scale)), top)
