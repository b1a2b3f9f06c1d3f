"""Black and frozen stretches of a video, found on small copies of its luma."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from reelkit.media.planes import Bytes

__all__ = ["MOVED_LEVELS", "Rect", "Span", "Stretches", "shrunk"]

Rect = tuple[int, int, int, int]
"""Left, top, right and bottom in px; right and bottom are outside."""

SMALL_WIDTH_PX = 270
BLACK_MEAN, BLACK_SPREAD = 20.0, 2.0
"""A frame is black where its luma has a mean under 20 (black is 16) and a standard deviation under 2."""
MOVED_LEVELS, MOVED_SHARE = 3, 0.0005
"""A picture has moved when 0.05 % of the small luma differ by more than 3 levels: more than a keyframe's fresh coding does."""


@dataclass(frozen=True)
class Span:
    """A stretch of time, in seconds."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def shrunk(luma: Bytes) -> Bytes:
    """Return a copy of luma at 270 to 539 px of width (or less, where it has less), each px the mean of those it stands for."""
    small = luma.copy() if luma.shape[1] < 2 * SMALL_WIDTH_PX else luma
    # Halving twice takes a fifth of the time of quartering.
    while small.shape[1] >= 2 * SMALL_WIDTH_PX:
        size = (small.shape[1] // 2, max(1, small.shape[0] // 2))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small


class Stretches:
    """Takes small luma frame by frame and keeps how long the picture was black, and how long it did not move.

    Parameters
    ----------
    covered : collection of Rect
        Areas of the full frame that do not count.
    levels : int
        By how many levels a pixel may differ that has not moved.
    """

    def __init__(self, covered: Collection[Rect] = (), *, levels: int = MOVED_LEVELS) -> None:
        self._covered, self._levels = covered, levels
        self._mask: Bytes | None = None
        self._anchor: Bytes | None = None
        self._black_from: Fraction | None = None
        self._still_from = Fraction(0)
        self._black: list[Span] = []
        self._still: list[Span] = []

    def take(self, small: Bytes, full: tuple[int, ...], at: Fraction) -> None:
        """Take a frame.

        Parameters
        ----------
        small : ndarray of uint8
            From :func:`shrunk`; kept, not copied.
        full : (int, int)
            Height and width of the frame, in which ``covered`` is given.
        at : Fraction
            In seconds.
        """
        if self._mask is None or self._mask.shape != small.shape:
            self._mask, self._anchor = self._visible(small.shape, full), None
        mean, spread = cv2.meanStdDev(small, mask=self._mask)
        if float(mean[0, 0]) >= BLACK_MEAN or float(spread[0, 0]) >= BLACK_SPREAD:
            self._end_black(at)
        elif self._black_from is None:
            self._black_from = at
        # Compared with the last picture that differed, not with the one before: a slow gradient moves less than a level a frame.
        if self._anchor is None or self._moved(self._anchor, small, self._mask):
            self._end_still(at)
            self._anchor, self._still_from = small, at

    def finish(self, end: Fraction) -> tuple[list[Span], list[Span]]:
        """Return the black stretches, and for each picture how long it stood."""
        self._end_black(end)
        self._end_still(end)
        return self._black, self._still

    def _end_black(self, at: Fraction) -> None:
        if self._black_from is not None:
            self._black.append(Span(float(self._black_from), float(at)))
            self._black_from = None

    def _end_still(self, at: Fraction) -> None:
        if at > self._still_from:
            self._still.append(Span(float(self._still_from), float(at)))

    def _moved(self, one: Bytes, other: Bytes, mask: Bytes) -> bool:
        apart = cv2.bitwise_and(cv2.absdiff(one, other), mask)
        return bool(np.count_nonzero(apart > self._levels) > MOVED_SHARE * np.count_nonzero(mask))

    def _visible(self, small: tuple[int, ...], full: tuple[int, ...]) -> Bytes:
        mask = np.full(small, 255, np.uint8)
        down, across = small[0] / full[0], small[1] / full[1]
        for left, top, right, bottom in self._covered:
            rows = slice(max(0, int(top * down) - 1), max(0, int(bottom * down) + 2))
            mask[rows, max(0, int(left * across) - 1) : max(0, int(right * across) + 2)] = 0
        return mask if mask.any() else np.full(small, 255, np.uint8)
