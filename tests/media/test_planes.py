"""Planes and sprites: colours are BT.709, blending is whole-number and exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.planes import Planes, Sprite, colour_to_yuv, planes_to_rgb, rgb_to_planes


@pytest.mark.parametrize(
    ("colour", "yuv"),
    [
        ("#000000", (16, 128, 128)),
        ("#FFFFFF", (235, 128, 128)),
        ("#FF0000", (63, 102, 240)),
        ("#00FF00", (173, 42, 26)),
        ("#0000FF", (32, 240, 118)),
    ],
)
def test_colours_are_bt709_limited_range(colour: str, yuv: tuple[int, int, int]) -> None:
    """The primaries have the code values of ITU-R BT.709-6, table 4."""
    assert colour_to_yuv(colour) == yuv


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_an_even_colour_survives_the_round_trip(rgb: tuple[int, int, int]) -> None:
    """Converting to planes and back changes no channel by more than the 8-bit limited range must (3 levels)."""
    picture = np.full((4, 4, 3), rgb, np.uint8)
    back = planes_to_rgb(rgb_to_planes(picture)).astype(int)
    assert np.abs(back - picture).max() <= 3


def test_an_opaque_sprite_replaces_what_is_under_it() -> None:
    """Where alpha is full, the frame holds the sprite's own colour; elsewhere it is untouched."""
    frame = Planes.filled(32, 32, "#204060")
    before = frame.copy()
    Sprite.from_rgba(np.full((8, 8, 4), (255, 255, 255, 255), np.uint8), 10, 12).blend(frame)
    assert np.all(frame.y[12:20, 10:18] == 235)
    outside = np.ones((32, 32), bool)
    outside[12:20, 10:18] = False
    assert np.array_equal(frame.y[outside], before.y[outside])


@given(st.integers(-12, 40), st.integers(-12, 40), st.integers(1, 9), st.integers(1, 9))
def test_a_sprite_may_lie_anywhere(x: int, y: int, width: int, height: int) -> None:
    """Odd places, odd sizes and places outside the frame are drawn as far as they are inside."""
    frame = Planes.filled(24, 24, "#000000")
    Sprite.from_rgba(np.full((height, width, 4), 255, np.uint8), x, y).blend(frame)
    seen = frame.y > 200
    expected = np.zeros((24, 24), bool)
    expected[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = True
    assert np.array_equal(seen, expected)


@given(st.integers(0, 255), st.floats(0.0, 1.0))
def test_fading_is_linear_in_opacity(under: int, opacity: float) -> None:
    """A white sprite at opacity a over luma b gives a * 235 + (1 - a) * b, to one level."""
    frame = Planes(np.full((4, 4), under, np.uint8), np.full((2, 2), 128, np.uint8), np.full((2, 2), 128, np.uint8))
    Sprite.from_rgba(np.full((4, 4, 4), 255, np.uint8), 0, 0).faded(opacity).blend(frame)
    assert abs(int(frame.y[1, 1]) - (opacity * 235 + (1 - opacity) * under)) <= 1.5
    assert int(frame.u[0, 0]) == 128
