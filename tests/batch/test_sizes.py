"""Shapes and rates: one script makes a sound reel of every shape, and at the rates of television."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from reelkit.batch.runner import generate_one
from reelkit.brand import load_brand
from reelkit.errors import BrandError


@pytest.mark.parametrize(
    ("size", "rate", "exact"),
    [((270, 270), "29.97", Fraction(30000, 1001)), ((480, 270), "23.976", Fraction(24000, 1001)), ((288, 360), 25, Fraction(25))],
)
def test_a_reel_of_any_shape_and_rate_is_sound(tmp_path: Path, size: tuple[int, int], rate: object, exact: Fraction) -> None:
    """Square, landscape and 4:5 reels keep every "must", at exactly the rate that the brand names."""
    path = tmp_path / "words.md"
    path.write_text("Cold brew takes time. Give it a night in the fridge.")
    changes = {"output.width_px": size[0], "output.height_px": size[1], "output.fps": rate, "footage.backdrops": ["gradient_flow"]}
    made = generate_one("northwind", 1, script=path, overrides=changes, outputs=tmp_path / "outputs")
    assert made.error is None
    assert [finding for finding in made.findings if finding.verdict == "fail"] == []
    with av.open(str(made.video_path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (*size, exact)


@pytest.mark.parametrize(
    ("said", "rate"), [(29.97, "30000/1001"), ("59.94", "60000/1001"), (23.976, "24000/1001"), (50, "50"), (25.0, "25")]
)
def test_rates_of_television_are_exact(said: object, rate: str) -> None:
    """A fraction in the brand file, quoted or not, means its exact ratio."""
    assert str(load_brand("northwind").with_changes({"output.fps": said}).fps) == rate


def test_another_fraction_is_refused() -> None:
    """A rate that nobody uses is named with those that are."""
    with pytest.raises(BrandError, match=r"output\.fps is '29\.9'; it must be 24, 25, 30, 50, 60, '23\.976', '29\.97' or '59\.94'"):
        load_brand("northwind").with_changes({"output.fps": 29.9})
