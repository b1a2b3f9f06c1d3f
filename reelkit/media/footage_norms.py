"""What every piece of footage is held to, moving or not: its size, and that something is to be seen in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import ClipError

__all__ = [
    "BLACK",
    "MAX_PICTURE_PX",
    "MAX_SIDE_PX",
    "MIN_DURATION_MS",
    "brightness_of",
    "check_length",
    "check_seen",
    "check_size",
    "is_black",
    "is_like",
]

MAX_SIDE_PX = 8192
MAX_PICTURE_PX = 80_000_000
MIN_SIDE_PX = 32
MIN_DURATION_MS = 500
BLACK = 0.08
"""A frame in which all but a hundredth of the pixels have every channel (0 to 1) under this shows nothing."""

LIKE, LIKE_SHARE = 4 / 255, 0.0005
"""A picture stands where at most 0.05 % of its pixels change by more than this."""


def check_size(path: Path, width: int, height: int, max_px: int) -> None:
    """Refuse a picture that is too small to show or too large to unpack."""
    if not (MIN_SIDE_PX <= width <= MAX_SIDE_PX * 2 and MIN_SIDE_PX <= height <= MAX_SIDE_PX * 2 and width * height <= max_px):
        raise ClipError(
            f"{path.name}: is {width}x{height} px; footage must be {MIN_SIDE_PX} to {MAX_SIDE_PX} px a side, scale it or replace it"
        )


def is_black(rgb: NDArray[np.float32]) -> bool:
    """Return whether nothing is to be seen in a thumbnail [shape=(height, width, 3)], 0 to 1."""
    return float(np.percentile(rgb.max(axis=-1), 99)) < BLACK


def is_like(rgb: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Return whether nothing has moved from one thumbnail to another, but for a keyframe's fresh coding."""
    return rgb.shape == other.shape and float((np.abs(rgb - other).max(axis=-1) > LIKE).mean()) <= LIKE_SHARE


def check_seen(path: Path, looks: list[NDArray[np.float32]]) -> None:
    """Refuse footage that is black in every thumbnail (what is clear counts as black)."""
    if all(map(is_black, looks)):
        raise ClipError(f"{path.name}: is black, or clear, wherever it was looked at; replace it, or remove it from the footage")


def brightness_of(looks: list[NDArray[np.float32]]) -> float:
    """Return the mean luma of thumbnails, 0 to 1."""
    return round(float(np.mean([(rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)).mean() for rgb in looks])), 4)


def check_length(path: Path, duration_ms: int) -> None:
    """Refuse what lasts too short a time to be seen."""
    if duration_ms < MIN_DURATION_MS:
        raise ClipError(f"{path.name}: lasts only {duration_ms / 1000:.2f} s; footage must last at least {MIN_DURATION_MS / 1000} s")
