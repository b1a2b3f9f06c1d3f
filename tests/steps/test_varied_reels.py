"""A few small ones of the varied reels that ``python -m benchmarks.varied`` makes by the dozen."""

from pathlib import Path

import pytest

from benchmarks.varied.asked import OTHERS, PRESETS, RATES, TRANSITIONS, ask
from benchmarks.varied.footage import KINDS
from benchmarks.varied.made import make
from reelkit.media.backdrops import FAMILIES
from reelkit.media.music import MOODS


@pytest.mark.parametrize("number", [1, 4, 13])
def test_a_varied_reel_holds_every_must(tmp_path: Path, number: int) -> None:
    """Whatever the generator asks for, the reel is made and every must of it holds."""
    made = make(ask(number, small=True), tmp_path, workers=1)
    assert made.failed == []
    assert made.reel.loudness_lufs == pytest.approx(-14.0, abs=0.5)
    assert made.reel.true_peak_dbtp <= -1.0


def test_fifty_reels_meet_everything() -> None:
    """Among fifty there is every preset, transition, rate, mood, language, kind of footage and family of backdrops."""
    asked = [ask(number) for number in range(50)]
    brands = [reel.brand for reel in asked]
    assert {brand["captions"]["preset"] for brand in brands} == set(PRESETS)
    assert {brand["motion"]["transition"] for brand in brands} == set(TRANSITIONS)
    assert {brand["output"]["fps"] for brand in brands} == set(RATES)
    assert {brand["music"]["mood"] for brand in brands} >= set(MOODS)
    assert {reel.spoken for reel in asked} == {"en", *OTHERS}
    assert {kind for reel in asked for kind in reel.footage} == set(KINDS)
    assert {family for brand in brands for family in brand["footage"]["backdrops"]} == set(FAMILIES)
    assert len({(brand["output"]["width_px"], brand["output"]["height_px"]) for brand in brands}) == 8


def test_the_seed_decides_the_reels() -> None:
    """The same seed asks for the same reel, another for another."""
    assert ask(7) == ask(7)
    assert ask(7, seed=2) != ask(7)
