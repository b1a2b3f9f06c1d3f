"""Watching captions: while the reel's frames pass, seeing which words really stand on them, how clear, and which is lit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from reelkit.media.captions import CaptionPainter
from reelkit.media.legibility import TextContrast, fill_colour, text_contrast, text_stands
from reelkit.media.planes import Planes
from reelkit.model import CaptionCue, Timeline
from reelkit.steps.strengthen import frames_looked_at

__all__ = ["CaptionWatch", "CueSeen"]

RGB = tuple[float, float, float]
_LATEST = 1
"""Frames after its onset by which a word must be on screen, and lit; before its onset it may be as early (docs/norms.md)."""
_COLOUR_OFF = 48.0
"""How far in RGB a letter's colour may come back from the encoder changed."""


@dataclass(frozen=True)
class _Light:
    word: int
    text: str
    colour: RGB
    on: bool


@dataclass
class CueSeen:
    """What the file shows of a cue.

    Parameters
    ----------
    early : bool
        Whether the text stands on the frame two before its cue.
    in_time : bool or None
        Whether it stands on the frame after its cue's first; False also where the file has no such frame, None for a cue without letters
        (of emoji alone).
    contrast : TextContrast or None
        The least of those measured early, midway and late in the cue.
    wrong_lights : list of (int, str)
        Frames and words that are not lit as they are spoken, or are lit before.
    lights_seen : int
        How many words' lights could be told.
    """

    early: bool = False
    in_time: bool | None = False
    contrast: TextContrast | None = None
    wrong_lights: list[tuple[int, str]] = field(default_factory=list)
    lights_seen: int = 0


class CaptionWatch:
    """Takes frames as they are decoded and keeps what they show of each cue.

    Parameters
    ----------
    timeline : Timeline
    painter : CaptionPainter
        Says where each letter is meant to be; whether it is there is seen on the frame.
    """

    def __init__(self, timeline: Timeline, painter: CaptionPainter) -> None:
        self._painter = painter
        self._entrance = math.ceil(painter.style.pop_s * timeline.fps.ratio)
        self.seen = [CueSeen() for _ in timeline.cues]
        self._tasks: dict[int, list[Callable[[int, Planes], None]]] = defaultdict(list)
        for index, cue in enumerate(timeline.cues):
            self._plan(index, cue)

    @property
    def wanted(self) -> frozenset[int]:
        return frozenset(self._tasks)

    def look(self, frame: int, planes: Planes) -> None:
        """Take a frame."""
        for task in self._tasks.get(frame, ()):
            task(frame, planes)

    def _plan(self, index: int, cue: CaptionCue) -> None:
        seen, first = self.seen[index], cue.start
        before = first - _LATEST - 1
        if before >= 0 and self._texts(before) != self._texts(first):
            self._tasks[before].append(partial(self._look_before, seen, cue))
        self._tasks[min(first + _LATEST, cue.end - 1)].append(partial(self._look_in_time, seen))
        for frame in frames_looked_at(cue):
            self._tasks[frame].append(partial(self._look_closely, seen))
        if self._painter.style.mode not in ("classic", "one_word") and self._texts(first) == [word.text for word in cue.words]:
            self._plan_lights(seen, cue)

    def _plan_lights(self, seen: CueSeen, cue: CaptionCue) -> None:
        for number, word in enumerate(cue.words):
            until = cue.words[number + 1].start if number + 1 < len(cue.words) else cue.end
            if until <= word.start:
                continue
            lit, unlit = min(word.start + _LATEST, until - 1), word.start - _LATEST - 1
            light = self._light(lit, number)
            self._tasks[lit].append(partial(self._look_at_light, seen, _Light(number, word.text, light, True)))
            if unlit >= cue.start and self._is_told_from(light, unlit, number):
                self._tasks[unlit].append(partial(self._look_at_light, seen, _Light(number, word.text, light, False)))

    def _is_told_from(self, light: RGB, frame: int, number: int) -> bool:
        """Return whether a word to come shows on a frame, and far from its colour while it is spoken."""
        colour = _rgb(self._painter.words_on(frame)[number].colour)
        return self._painter.style.upcoming_opacity > 0 and math.dist(colour, light) > 2 * self._tolerance()

    def _texts(self, frame: int) -> list[str]:
        return [word.text for word in self._painter.words_on(frame)]

    def _look_before(self, seen: CueSeen, cue: CaptionCue, frame: int, planes: Planes) -> None:
        masks = [mask for state in self._telling(cue) if (mask := self._painter.fill_mask(state)) is not None]
        seen.early = any(text_stands(planes, *mask) for mask in masks)

    def _telling(self, cue: CaptionCue) -> set[int]:
        settled = min(cue.start + self._entrance, cue.end - 1)
        if self._painter.style.mode == "typewriter":
            # A typewriter's first letter alone is too little to tell from a picture that there is no text yet.
            return {max(settled, min(cue.words[0].end, cue.end - 1))}
        return {cue.start, settled}

    def _look_in_time(self, seen: CueSeen, frame: int, planes: Planes) -> None:
        mask = self._painter.fill_mask(frame)
        seen.in_time = text_stands(planes, *mask) if mask is not None else None

    def _look_closely(self, seen: CueSeen, frame: int, planes: Planes) -> None:
        mask = self._painter.fill_mask(frame)
        found = text_contrast(planes, *mask) if mask is not None else None
        if found is not None and (seen.contrast is None or found.low < seen.contrast.low):
            seen.contrast = found

    def _look_at_light(self, seen: CueSeen, light: _Light, frame: int, planes: Planes) -> None:
        shown = self._shown_colour(frame, light.word, planes)
        if shown is None:
            return
        seen.lights_seen += light.on
        if (math.dist(shown, light.colour) <= self._tolerance()) != light.on:
            seen.wrong_lights.append((frame, light.text))

    def _tolerance(self) -> float:
        style = self._painter.style
        lower = style.active_gradient_colour
        return _COLOUR_OFF + (math.dist(_rgb(style.active_colour), _rgb(lower)) / 2 if lower else 0.0)

    def _light(self, frame: int, word: int) -> RGB:
        """Return the colour that a word is meant to have on a frame on which it is spoken."""
        upper = _rgb(self._painter.words_on(frame)[word].colour)
        lower = _rgb(self._painter.style.active_gradient_colour) if self._painter.style.active_gradient_colour else upper
        return (upper[0] + lower[0]) / 2, (upper[1] + lower[1]) / 2, (upper[2] + lower[2]) / 2

    def _shown_colour(self, frame: int, number: int, planes: Planes) -> RGB | None:
        mask, words = self._painter.fill_mask(frame), self._painter.words_on(frame)
        if mask is None or number >= len(words):
            return None
        fill, x, y = mask
        left, top, right, bottom = words[number].box
        rows, columns = slice(max(0, int(top) - y), max(0, int(bottom) + 1 - y)), slice(max(0, int(left) - x), max(0, int(right) + 1 - x))
        return fill_colour(planes, fill[rows, columns], x + columns.start, y + rows.start)


def _rgb(colour: str) -> RGB:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
