"""What differs between two frames, put into the one, gives the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.changed import changed_parts, part_bytes
from reelkit.media.planes import Planes

WIDTH, HEIGHT = 54, 120


def patched(before: Planes, parts: list[tuple[int, int, int, int]], sent: list[bytes]) -> bytes:
    """Put rectangles into a frame, as the browser does."""
    planes = before.copy()
    for (left, top, right, bottom), data in zip(parts, sent, strict=True):
        at = 0
        for plane, unit in ((planes.y, 1), (planes.u, 2), (planes.v, 2)):
            rows, columns = (bottom - top) // unit, (right - left) // unit
            cut = np.frombuffer(data, np.uint8, rows * columns, at).reshape(rows, columns)
            plane[top // unit : bottom // unit, left // unit : right // unit] = cut
            at += rows * columns
        assert at == len(data)
    return planes.tobytes()


spots = st.lists(st.tuples(st.sampled_from("yuv"), st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, 20)), max_size=6)


@given(spots)
def test_what_differs_makes_the_other_frame(changes: list[tuple[str, int, int, int]]) -> None:
    """Whichever samples of whichever plane differ, the rectangles hold them all."""
    before = Planes.filled(WIDTH, HEIGHT, "#336699")
    after = before.copy()
    for name, row, column, size in changes:
        plane = getattr(after, name)
        top, left = row % plane.shape[0], column % plane.shape[1]
        plane[top : top + size, left : left + size] += 1
    parts = changed_parts(before, after)
    if parts is not None:
        assert patched(before, list(parts), [part_bytes(after, part) for part in parts]) == after.tobytes()
        assert all(left < right and top < bottom for left, top, right, bottom in parts)
    else:
        assert after.tobytes() != before.tobytes()


def test_the_same_frame_needs_nothing() -> None:
    """Two equal frames differ in no rectangle."""
    frame = Planes.filled(WIDTH, HEIGHT, "#336699")
    assert changed_parts(frame, frame.copy()) == []


def test_bars_far_apart_are_rectangles_of_their_own() -> None:
    """What changes at the top and at the bottom leaves out what lies between."""
    before = Planes.filled(WIDTH, HEIGHT, "#336699")
    after = before.copy()
    after.y[4:6, 10:20] = 0
    after.y[100:110, 30:41] = 0
    assert changed_parts(before, after) == [(10, 4, 20, 6), (30, 100, 42, 110)]


def test_a_frame_of_another_size_or_picture_is_no_patch() -> None:
    """Where nearly all differs, or the size, there are no rectangles: the whole is needed."""
    before = Planes.filled(WIDTH, HEIGHT, "#336699")
    assert changed_parts(before, Planes.filled(WIDTH, HEIGHT, "#996633")) is None
    assert changed_parts(before, Planes.filled(WIDTH, HEIGHT + 2, "#336699")) is None
