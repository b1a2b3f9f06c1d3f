"""Judging captions: where they stand, when, how clear and how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from reelkit.media.caption_layout import lay_out
from reelkit.media.captions import CaptionPainter, reading_of, sizes_of
from reelkit.media.colours import LEAST_CONTRAST, ratio_of, told_apart
from reelkit.media.end_card import EndCardPainter
from reelkit.media.fonts import advice_for
from reelkit.media.phrases import columns
from reelkit.model import CaptionCue, CaptionStyle, DoubtfulPlace, EndCard, Finding, Timeline
from reelkit.steps.characters import lacking_characters, named_characters
from reelkit.steps.judge_sound import Narration
from reelkit.steps.python_inserts import own_frames
from reelkit.steps.watch_captions import CueSeen

__all__ = [
    "judge_caption_style",
    "judge_caption_times",
    "judge_captions_seen",
    "judge_glyphs",
    "judge_planned_captions",
    "judge_room",
]

_must = partial(Finding, level="must")
_should = partial(Finding, level="should")

_MOST_CHARS_PER_S = 17.0
_LEAST_CUE_S = 5 / 6
_FIRST_TEXT_S = 0.5
_LEAST_TEXT_PX = 55.0
_MOST_QUOTED = 60
_HEARD_WITHIN_S = 0.1
"""A word may begin with the silence of a closed mouth (p, t, k) or a faint breath (h, f); longer silence means that it is early."""
_INTO_THE_ZONE = (
    "lower captions.max_width_px",
    "raise captions.bottom_px, or lower captions.max_lines or captions.size_px",
    "lower captions.max_width_px",
    "lower captions.bottom_px",
)
"""What brings captions back that stand out of it to the left, above, to the right and below."""
_ROOM = {
    "caption": "or lower captions.max_words or captions.size_px, or raise captions.max_width_px",
    "end card": "(overlays.end_card_text, overlays.end_card_subtitle)",
}
"""What gives a text room where it cannot be shortened, or where it stands."""
_SILENCE_DB = -45.0
"""Under the loudest tenth of the narration's 5 ms blocks."""


def judge_planned_captions(timeline: Timeline) -> Iterator[Finding]:
    """Yield what a timeline alone tells of its captions, before anything of it is rendered."""
    size = {"width_px": timeline.width_px, "height_px": timeline.height_px}
    painter = CaptionPainter(timeline.caption_style, timeline.cues, **size, fps=timeline.fps, language=timeline.language)
    if timeline.cues:
        yield from judge_caption_times(timeline, None)
        yield from judge_glyphs(timeline)
        yield from judge_caption_style(timeline, painter)
    yield from judge_room(timeline, painter)


def judge_captions_seen(seen: Sequence[CueSeen], timeline: Timeline) -> Iterator[Finding]:
    """Yield what the decoded frames show of the captions."""
    cues = timeline.cues
    at = [cue.start / float(timeline.fps.ratio) for cue in cues]
    missing = [index for index, cue in enumerate(seen) if cue.in_time is False]
    yield _must(
        name="captions-shown",
        holds=not missing,
        norm="every cue stands on the frames within 1 frame of its first word",
        measured=f"{len(missing)} of {len(cues)} cues missing" + _example(cues, missing) if missing else f"all {len(cues)} cues",
        at_s=at[missing[0]] if missing else None,
        hint="render the reel again; a style without outline or box may drown in the picture (captions.outline_px, captions.box_colour)",
    )
    early = [index for index, cue in enumerate(seen) if cue.early]
    yield _must(
        name="captions-not-early",
        holds=not early,
        norm="no cue on the frames more than 1 frame before its first word",
        measured=f"{len(early)} cues early" + _example(cues, early) if early else "none early",
        at_s=at[early[0]] if early else None,
        hint="render the reel again",
    )
    lights = [light for cue in seen for light in cue.wrong_lights]
    count = sum(cue.lights_seen for cue in seen)
    if count:
        yield _must(
            name="words-lit",
            holds=not lights,
            norm="the spoken word is lit within 1 frame of its onset, and not before",
            measured=f"{count} words looked at, {len(lights)} lit wrongly" + (f", first '{lights[0][1]}'" if lights else ""),
            at_s=lights[0][0] / float(timeline.fps.ratio) if lights else None,
            hint="render the reel again",
        )
    clear = [(cue.contrast.low, index) for index, cue in enumerate(seen) if cue.contrast is not None]
    if clear:
        low, index = min(clear)
        yield _should(
            name="caption-contrast",
            holds=low >= LEAST_CONTRAST,
            norm=f"at least {LEAST_CONTRAST}:1 between letters and what is directly around them",
            measured=f"{low:.1f}:1 at the worst, '{cues[index].text}'" + _strengthened(timeline, low >= LEAST_CONTRAST),
            at_s=at[index],
            hint="set captions.outline_px or captions.box_colour, or colours further apart",
        )


def _strengthened(timeline: Timeline, enough: bool) -> str:
    changes = ", ".join(map(str, timeline.strengthened))
    return changes and f"; strengthened for this reel{'' if enough else ', which is not enough'}: {changes}"


def _example(cues: Sequence[CaptionCue], indices: Sequence[int]) -> str:
    return f", first '{cues[indices[0]].text}'" if indices else ""


def judge_caption_times(timeline: Timeline, narration: Narration | None) -> Iterator[Finding]:
    """Yield when cues stand, against their words and against the sound of the narration."""
    fps = float(timeline.fps.ratio)
    early = [(cue, "before its first word") for cue in timeline.cues if cue.start < cue.words[0].start - 1 or _disordered(cue)]
    if narration is not None:
        early += [
            (cue, "before anything is heard")
            for cue in timeline.cues
            if (frame := _first_said(cue)) is not None and not _is_heard(frame / fps, 1 / fps, narration)
        ]
    first = min(early, key=lambda item: item[0].start, default=None)
    yield _must(
        name="words-not-early",
        holds=first is None,
        norm="no words on screen before they are spoken (1 frame)",
        measured="none early" if first is None else f"{len(early)} cues early, first '{first[0].text}' {first[1]}",
        at_s=None if first is None else first[0].start / fps,
        hint="plan the cues again from this narration's word times",
    )
    if timeline.estimated_words:
        words = sum(len(cue.words) for cue in timeline.cues)
        yield _should(
            name="words-timed",
            holds=False,
            norm="every word's time is known from the voice or found by listening",
            measured=f"{timeline.estimated_words} of {words} words are placed by their lengths",
            at_s=None,
            hint="look whether captions keep up with the voice; a voice that tells its durations (hibari, piper, coqui) needs no guess",
        )
    if timeline.doubtful:
        places = [f"{place.start / fps:.1f} s" for place in timeline.doubtful]
        yield _should(
            name="words-said",
            holds=False,
            norm="the words of the script, each as it is written, in the recording",
            measured=f"at {places[0]} {_other_words(timeline.doubtful[0])}"
            + (f"; listen also at {', '.join(places[1:])}" if places[1:] else ""),
            at_s=timeline.doubtful[0].start / fps,
            hint="listen there; where the two differ, record it again or write into the script what is said",
        )
    yield from _judge_reading(timeline, fps)
    start_s, intro_s = timeline.cues[0].start / fps, own_frames(timeline)[0] / fps
    after_s = start_s - intro_s
    yield _should(
        name="first-text",
        holds=after_s <= _FIRST_TEXT_S,
        norm=f"text on screen within {_FIRST_TEXT_S} s" + (" of the intro's end" if intro_s else ""),
        measured=f"after {after_s:.2f} s" if intro_s else f"at {start_s:.2f} s",
        at_s=start_s,
        hint="let the voice begin at once",
    )


def _other_words(place: DoubtfulPlace) -> str:
    if not place.script:
        return f"'{place.heard}' is heard, which the script does not have"
    if place.heard == place.script:
        return f"'{place.script}' does not sound as it should"
    return f"'{place.heard}' is heard where the script has '{place.script}'" if place.heard else f"'{place.script}' is not heard"


def _disordered(cue: CaptionCue) -> bool:
    return any(after.start < before.start for before, after in pairwise(cue.words)) or cue.words[-1].start >= cue.end


def _first_said(cue: CaptionCue) -> int | None:
    """Return the frame from which a cue must be heard: that of its first word with a letter or figure; None where nothing tells it."""
    said = next((index for index, word in enumerate(cue.words) if any(map(str.isalnum, word.text))), None)
    # Where in a word a phrase begins, and which pauses are within it, is not known.
    if said is None or cue.words[said].joined:
        return None
    return cue.words[said].start if said else cue.start


def _is_heard(at_s: float, frame_s: float, narration: Narration) -> bool:
    """Return whether the voice sounds soon after a time."""
    samples, rate = narration.samples, narration.rate_hz
    block = max(1, round(0.005 * rate))
    start = round((at_s - narration.start_s) * rate)
    piece = samples[max(start, 0) : max(start, 0) + round((_HEARD_WITHIN_S + frame_s) * rate)]
    if len(piece) < block:
        return False
    blocks = np.square(piece[: len(piece) // block * block].reshape(-1, block)).mean(axis=1)
    return bool(np.sqrt(blocks.max()) > narration.loud_level * 10 ** (_SILENCE_DB / 20))


def _judge_reading(timeline: Timeline, fps: float) -> Iterator[Finding]:
    cues = timeline.cues
    lengths = [(cue.end - cue.start) / fps for cue in cues]
    speeds = [columns(cue.text) / length for cue, length in zip(cues, lengths, strict=True)]
    mean = sum(columns(cue.text) for cue in cues) / sum(lengths)
    fastest = speeds.index(max(speeds))
    yield _should(
        name="reading-speed",
        holds=mean <= _MOST_CHARS_PER_S,
        norm=f"at most {_MOST_CHARS_PER_S:.0f} characters/s on average",
        measured=f"{mean:.1f} on average, {speeds[fastest]:.0f} at '{cues[fastest].text}'",
        at_s=cues[fastest].start / fps,
        hint="lower voice.speed, or shorten the sentence",
    )
    ends = [*(cue.start for cue in cues[1:]), own_frames(timeline)[1]]
    # A cue that the next one follows at once is as long as the voice allows.
    short = [
        (length, index)
        for index, (cue, length, end) in enumerate(zip(cues, lengths, ends, strict=True))
        if length < _LEAST_CUE_S - 0.5 / fps and end > cue.end
    ]
    shortest = min(short, default=None)
    yield _should(
        name="cue-length",
        holds=shortest is None,
        norm=f"at least {_LEAST_CUE_S:.2f} s on screen where the voice allows",
        measured="as long as the voice allows" if shortest is None else f"{shortest[0]:.2f} s for '{cues[shortest[1]].text}'",
        at_s=None if shortest is None else cues[shortest[1]].start / fps,
        hint="raise captions.linger_ms or captions.min_cue_ms",
    )


def judge_caption_style(timeline: Timeline, painter: CaptionPainter) -> Iterator[Finding]:
    """Yield where captions stand in the frame, and how large their letters are."""
    zone, fps = timeline.safe_zone, float(timeline.fps.ratio)
    across, down = timeline.width_px / 1080, timeline.height_px / 1920
    safe = (zone.left_px * across, zone.top_px * down, (1080 - zone.right_px) * across, (1920 - zone.bottom_px) * down)
    boxes = [painter.box(index) for index in range(len(timeline.cues))]
    over = [(safe[0] - box[0], safe[1] - box[1], box[2] - safe[2], box[3] - safe[3]) for box in boxes]
    beyond = [max(sides) for sides in over]
    worst = beyond.index(max(beyond))
    left, top, right, bottom = boxes[worst]
    outside = f", {beyond[worst]:.0f} px outside" if beyond[worst] > 0.5 else ""
    yield _must(
        name="captions-safe-zone",
        holds=beyond[worst] <= 0.5,
        norm=f"captions within x {safe[0]:.0f}-{safe[2]:.0f}, y {safe[1]:.0f}-{safe[3]:.0f} px",
        measured=f"x {left}-{right}, y {top}-{bottom} px at the widest{outside}",
        at_s=timeline.cues[worst].start / fps,
        hint=_INTO_THE_ZONE[over[worst].index(beyond[worst])],
    )
    sizes = sizes_of(timeline.cues, timeline.caption_style, timeline.width_px, timeline.height_px, timeline.language)
    language = reading_of(timeline.cues, timeline.language)[1]
    scale = min(timeline.width_px, timeline.height_px) / 1080
    style, told = (
        timeline.caption_style,
        [([word.text for word in cue.words], [word.joined for word in cue.words]) for cue in timeline.cues],
    )
    set_at = [lay_out(texts, style, sizes, language=language, joined=joined).size_px / scale for texts, joined in told]
    smallest = set_at.index(min(set_at))
    yield _should(
        name="text-size",
        holds=set_at[smallest] >= _LEAST_TEXT_PX - 0.01,
        norm=f"letters of at least {_LEAST_TEXT_PX:.0f} px at 1080 px of width",
        measured=f"{set_at[smallest]:.0f} px at the smallest, '{timeline.cues[smallest].text}'",
        at_s=timeline.cues[smallest].start / fps,
        hint="raise captions.size_px, or lower captions.max_words",
    )
    yield from _judge_lit_colour(style)


def _judge_lit_colour(style: CaptionStyle) -> Iterator[Finding]:
    field, others = style.lit_by
    lit = getattr(style, field)
    # The same colour for both is no mistake: then nothing is to be lit.
    faint = [(other, colour) for other, colour in others.items() if colour != lit and not told_apart(lit, colour)]
    if faint:
        other, colour = faint[0]
        yield _should(
            name="spoken-word",
            holds=False,
            norm="the word spoken now is told from the others at a glance",
            measured=f"captions.{field} {lit} differs too little from captions.{other} {colour}: {ratio_of(lit, colour):.1f}:1",
            hint=f"set captions.{field} to a stronger colour, or to one of the palette's by its name, which is brought out",
        )


def judge_glyphs(timeline: Timeline) -> Iterator[Finding]:
    """Yield which characters of the texts on screen no font can draw."""
    lacking = lacking_characters(timeline)
    found = "".join(missing for missing, _, _ in lacking)
    yield _should(
        name="glyphs",
        holds=not found,
        norm="every character has a font that draws it",
        measured=f"left out: {named_characters(found)}, first in '{lacking[0][1]}'" if lacking else "all drawn",
        at_s=lacking[0][2] / float(timeline.fps.ratio) if lacking else None,
        hint=advice_for(found),
    )


def judge_room(timeline: Timeline, painter: CaptionPainter) -> Iterator[Finding]:
    """Yield which texts on screen had to be cut, as there was no room for all of their words."""
    cards = [overlay for overlay in timeline.overlays if isinstance(overlay, EndCard)]
    if not timeline.cues and not cards:
        return
    size = {"width_px": timeline.width_px, "height_px": timeline.height_px}
    cut = [("caption", cue.text, cue.start) for index, cue in enumerate(timeline.cues) if painter.is_cut(index)]
    for card in cards:
        cut += [
            ("end card", text, card.start) for text in EndCardPainter(card, **size, fps=timeline.fps, language=timeline.language).cut_texts
        ]
    yield _should(
        name="texts-whole",
        holds=not cut,
        norm="every text on screen stands there whole",
        measured=f"{len(cut)} cut with an ellipsis, first '{_brief(cut[0][1])}' ({cut[0][0]})" if cut else "none cut",
        at_s=cut[0][2] / float(timeline.fps.ratio) if cut else None,
        hint=f"shorten it {_ROOM['end card' if cut and cut[0][0] == 'end card' else 'caption']}",
    )


def _brief(text: str) -> str:
    return text if len(text) <= _MOST_QUOTED else text[: _MOST_QUOTED - 1] + "…"
