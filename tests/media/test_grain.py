"""Grain: low enough to go unseen, even over the frame, and still on the screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reelkit.media.compositor import Compositor
from reelkit.media.grain import GRAIN_LSB, lay_grain
from reelkit.media.planes import Planes
from reelkit.model import Move, Timeline
from tests.media.timelines import SIZE, small_timeline


@pytest.mark.parametrize("luma", [20, 128, 230])
def test_grain_changes_no_colour(luma: int) -> None:
    """Over an even ground nearly all of it is as low as said, its mean is the ground's everywhere, and the ground stays as it was."""
    even = Planes(*(np.full(shape, value, np.uint8) for shape, value in (((960, 540), luma), ((480, 270), 90), ((480, 270), 160))))
    shown = lay_grain(even)
    off = shown.y.astype(float) - luma
    assert np.mean(np.abs(off) > GRAIN_LSB / 2) < 0.001
    assert off.std() > GRAIN_LSB / 5
    assert np.abs(off.reshape(30, 32, 18, 30).mean(axis=(1, 3))).max() < 0.1
    assert (even.y == luma).all()
    assert (shown.u == 90).all() and (shown.v == 160).all()


@pytest.mark.parametrize("kind", ["hold", "push", "pan_left", "drift_up"])
def test_what_is_drawn_moves_under_grain_that_stands_still(tmp_path: Path, kind: str) -> None:
    """However its picture moves, a drawn shot has the same grain on every frame, and footage none."""
    footage = small_timeline(tmp_path, frames=(40,), move=Move(kind=kind))
    bare, grained = _lumas(footage), _lumas(_drawn(footage))
    pattern = lay_grain(Planes(*(np.full((SIZE[1] // part, SIZE[0] // part), 128, np.uint8) for part in (1, 2, 2)))).y - 128.0
    for without, with_grain in zip(bare, grained, strict=True):
        assert np.ptp(without) == 0
        assert np.array_equal(with_grain - without, pattern)


def _drawn(timeline: Timeline) -> Timeline:
    shots = tuple(
        shot.model_copy(update={"clip": shot.clip.model_copy(update={"library": "backdrops", "loops": True})}) for shot in timeline.shots
    )
    return timeline.model_copy(update={"shots": shots})


def _lumas(timeline: Timeline) -> list[np.ndarray]:
    with Compositor(timeline) as compositor:
        return [compositor.picture_at(frame).y.astype(float) for frame in (0, 7, 39)]
