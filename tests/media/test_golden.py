"""Golden pictures: the comparison itself fails where it should, draws anew when asked, and shows what differs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.media.golden import PIXEL_TOLERANCE, compare


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.Generator(np.random.PCG64(1)).integers(40, 200, (20, 30, 3)).astype(np.uint8)


def test_a_picture_is_drawn_anew_and_then_holds(picture: np.ndarray, tmp_path: Path) -> None:
    """Without its PNG a picture fails; drawn anew it holds, byte for byte and within the tolerance."""
    with pytest.raises(AssertionError, match="is missing; run pytest with --regenerate-golden"):
        compare(picture, "a/b", tmp_path)
    compare(picture, "a/b", tmp_path, regenerate=True)
    compare(picture, "a/b", tmp_path)
    near = picture.copy()
    near[0, 0] += PIXEL_TOLERANCE
    compare(near, "a/b", tmp_path)


@pytest.mark.parametrize("wrong", ["one sample", "everywhere a little", "another size"])
def test_a_picture_that_is_off_fails_and_is_shown(picture: np.ndarray, wrong: str, tmp_path: Path) -> None:
    """One sample far off, all a little off, or another size: each fails, and what differs is written where asked."""
    compare(picture, "a/b", tmp_path, regenerate=True)
    off = picture.copy()
    if wrong == "one sample":
        off[5, 5, 0] += PIXEL_TOLERANCE + 1
    elif wrong == "everywhere a little":
        off += 1
    else:
        off = off[:-1]
    with pytest.raises(AssertionError, match="a/b"):
        compare(off, "a/b", tmp_path, show_in=str(tmp_path / "off"))
    if wrong != "another size":
        shown = cv2.imread(str(tmp_path / "off" / "a" / "b.png"))
        assert shown is not None and shown.shape == (20, 90, 3)
        assert (shown[:, :30, ::-1] == picture).all() and (shown[:, 30:60, ::-1] == off).all() and shown[:, 60:].any()
