"""Transitions: from one picture to the next without a jump, the same for the same two pictures."""

from __future__ import annotations

import itertools
from typing import get_args

import cv2
import numpy as np
import pytest

from reelkit.media.grain import lay_grain
from reelkit.media.planes import Planes, planes_to_rgb
from reelkit.media.transitions import join
from reelkit.model import Transition, TransitionKind
from tests.media.golden import assert_golden

SIZE = (90, 160)
KINDS = [kind for kind in get_args(TransitionKind) if kind != "cut"]


def scene(low: int, high: int, cycles: float) -> Planes:
    """A smooth picture of soft waves."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    wave = 0.5 + 0.25 * np.sin(cycles * x / SIZE[0] * 6.28) + 0.25 * np.cos(cycles * y / SIZE[1] * 6.28)
    luma = np.rint(low + (high - low) * wave).astype(np.uint8)
    half = luma[::2, ::2] // 2 + 64
    return Planes(luma, half, 255 - half)


A, B, BACK = scene(30, 90, 1.0), scene(120, 220, 1.5), Planes.filled(*SIZE, "#101010")


def film(kind: TransitionKind, frames: int) -> list[Planes]:
    transition = Transition(kind=kind, frames=frames)
    return [join(transition, step, A, B, background=BACK) for step in range(frames + 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_transition_draws_its_golden_frames(kind: TransitionKind, pytestconfig: pytest.Config) -> None:
    """A third and two thirds of the way each transition shows what was once looked at and found good."""
    shown = film(kind, 11)
    assert_golden(np.hstack([planes_to_rgb(shown[step]) for step in (4, 8)]), f"transitions/{kind}", pytestconfig)


@pytest.mark.parametrize("kind", KINDS)
def test_a_transition_begins_and_ends_at_the_shots(kind: TransitionKind) -> None:
    """The step before the first is the outgoing picture and the one after the last the incoming one, sample for sample."""
    for frames in (1, 8, 13):
        shown = film(kind, frames)
        assert shown[0].tobytes() == A.tobytes()
        assert shown[-1].tobytes() == B.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_transition_neither_jumps_nor_stands(kind: TransitionKind) -> None:
    """Over 24 frames no step changes the picture by much, and the ends are the gentlest."""
    shown = [planes.y.astype(float) for planes in film(kind, 23)]
    steps = np.array([np.abs(after - before).mean() for before, after in itertools.pairwise(shown)])
    between = np.abs(B.y.astype(float) - A.y).mean()
    assert steps.max() < between * (0.3 if kind in ("dip", "whip") else 0.2)
    assert steps[0] < steps.max() / 2
    assert steps[-1] < steps.max() / 2
    assert steps[5:-5].min() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_transition_leaves_the_shots_alone(kind: TransitionKind) -> None:
    """Neither picture is written to, as readers share them; the same step gives the same bytes again."""
    before = A.tobytes(), B.tobytes(), BACK.tobytes()
    first = [planes.tobytes() for planes in film(kind, 6)]
    assert [planes.tobytes() for planes in reversed(film(kind, 6))] == first[::-1]
    assert (A.tobytes(), B.tobytes(), BACK.tobytes()) == before


@pytest.mark.parametrize("kind", ["dip", "whip"])
def test_what_takes_a_pictures_grain_away_gives_other(kind: TransitionKind) -> None:
    """Going through an even ground or blurred by its speed, a picture keeps most of the grain that keeps it from banding."""
    grained = [lay_grain(planes) for planes in (A, B)]
    shown = [join(Transition(kind=kind, frames=11), step, *grained, background=BACK) for step in range(13)]
    strengths = [roughness(planes) for planes in shown]
    assert min(strengths) > 0.6 * min(strengths[0], strengths[-1])


def roughness(planes: Planes) -> float:
    """How far samples lie off the mean around them, in 8-bit steps; edges and the line between two pictures do not count."""
    luma = planes.y.astype(np.float32)
    return float(np.median(np.abs(luma - cv2.blur(luma, (5, 5)))[8:-8, 8:-8]))


def test_a_wipe_shows_both_pictures_as_they_are() -> None:
    """In the middle of a wipe one side is the outgoing picture and the other the incoming one, apart from the soft edge."""
    middle = film("wipe", 9)[5]
    assert np.array_equal(middle.y[:, :15], A.y[:, :15])
    assert np.array_equal(middle.y[:, -15:], B.y[:, -15:])
