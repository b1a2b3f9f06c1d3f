"""Crop, scale and move: what a shot shows of its source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.planes import Planes
from reelkit.media.view import ease, show, view_at
from reelkit.model import Clip, Move, Shot
from tests.media.clips import clip_of, write_video

SIZE = (180, 320)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return clip_of(write_video(tmp_path_factory.mktemp("view") / "a.mp4", [90] * 3))


def _blob(width: int, height: int) -> Planes:
    """A smooth spot, whose centre can be measured to a hundredth of a pixel."""
    y, x = np.mgrid[0:height, 0:width]
    spot = 16 + 200 * np.exp(-((x + 0.5 - width / 2) ** 2 + (y + 0.5 - height / 2) ** 2) / (2 * (min(width, height) / 22) ** 2))
    half = np.full((height // 2, width // 2), 128, np.uint8)
    return Planes(np.rint(spot).astype(np.uint8), half, half)


def _centre(planes: Planes) -> tuple[float, float]:
    weight = planes.y.astype(float) - 16
    y, x = np.mgrid[0 : planes.height_px, 0 : planes.width_px]
    return float(((x + 0.5) * weight).sum() / weight.sum()), float(((y + 0.5) * weight).sum() / weight.sum())


def test_a_source_of_the_reels_own_size_passes_untouched(clip: Clip) -> None:
    """At rest, a source that fits is the very same planes: nothing is resampled."""
    source = _blob(*SIZE)
    shot = Shot(clip=clip, start=0, end=30)
    shown = show(source, view_at(shot, 3, SIZE, SIZE), SIZE)
    assert shown.tobytes() == source.tobytes()


@pytest.mark.parametrize("kind", ["pan_left", "pan_right", "drift_up", "drift_down", "push", "pull"])
@pytest.mark.parametrize("source_px", [(180, 320), (480, 270), (250, 900)])
def test_moves_do_not_jitter(clip: Clip, kind: str, source_px: tuple[int, int]) -> None:
    """The measured centre of a spot follows the planned path to within 0.06 px on every frame."""
    source = _blob(*source_px)
    shot = Shot(clip=clip, start=0, end=60, move=Move(kind=kind, amount=0.1))
    for frame in range(0, 60, 7):
        view = view_at(shot, frame, source_px, SIZE)
        x, y = _centre(show(source, view, SIZE))
        # A spot wider than the view is measured only as far as it is seen, so a source is chosen where it is seen whole.
        assert x == pytest.approx((source_px[0] / 2 - view.left) / view.width * SIZE[0], abs=0.06)
        assert y == pytest.approx((source_px[1] / 2 - view.top) / view.height * SIZE[1], abs=0.06)


@pytest.mark.parametrize("source_px", [(180, 320), (480, 270), (250, 900), (240, 430)])
@pytest.mark.parametrize("focus", [(0.0, 0.0), (0.45, 0.55), (1.0, 1.0)])
def test_a_move_is_smooth_up_to_the_edges(clip: Clip, source_px: tuple[int, int], focus: tuple[float, float]) -> None:
    """Every sample of a moving frame, the outermost ones too, is the picture's at its own place: luma to 2 levels, chroma to 3."""

    def waves(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return 128 + 50 * np.sin(x / 9 + 1) + 30 * np.cos(y / 7)

    def sampled(width: int, height: int, left: float, top: float, step: float, unit: int) -> np.ndarray:
        across, down = left + (np.arange(width) + 0.5) * step, top + (np.arange(height) + 0.5) * step
        # Beyond a source there is nothing but its last samples.
        x, y = np.clip(across, unit / 2, source_px[0] - unit / 2), np.clip(down, unit / 2, source_px[1] - unit / 2)
        return waves(x[None, :], y[:, None])

    source_y, source_c = (
        np.rint(sampled(source_px[0] // unit, source_px[1] // unit, 0, 0, unit, unit)).astype(np.uint8) for unit in (1, 2)
    )
    for kind in ("push", "pan_left", "drift_down"):
        shot = Shot(clip=clip, start=0, end=60, focus=focus, move=Move(kind=kind, amount=0.1))
        for frame in range(0, 60, 9):
            view = view_at(shot, frame, source_px, SIZE)
            shown = show(Planes(source_y, source_c, source_c), view, SIZE)
            for plane, unit, most in ((shown.y, 1, 2), (shown.u, 2, 3), (shown.v, 2, 3)):
                expected = sampled(SIZE[0] // unit, SIZE[1] // unit, view.left, view.top, view.width / SIZE[0] * unit, unit)
                assert np.abs(plane - expected).max() <= most


@pytest.mark.parametrize("kind", ["pan_left", "pan_right", "drift_up", "drift_down"])
@pytest.mark.parametrize("frames", [60, 61])
@pytest.mark.parametrize("focus", [(0.0, 0.1), (0.2, 0.3), (0.5, 0.5), (0.9, 1.0)])
def test_a_move_never_leaps(clip: Clip, kind: str, frames: int, focus: tuple[float, float]) -> None:
    """From each frame to the next a move goes on the same way, no more than twice its mean step, wherever the subject is."""
    shot = Shot(clip=clip, start=0, end=frames, focus=focus, move=Move(kind=kind, amount=0.1))
    for source_px in ((4000, 3000), (3000, 4000)):
        views = [view_at(shot, frame, source_px, SIZE) for frame in range(frames)]
        for places, across in (([view.left for view in views], "pan" in kind), ([view.top for view in views], "drift" in kind)):
            steps = np.diff(places)
            if not across:
                assert np.abs(steps).max() < 1e-6
            else:
                assert len(set(np.sign(steps))) == 1 and np.abs(steps).max() < 2 * np.abs(steps).mean()


@given(
    st.tuples(st.integers(64, 4000), st.integers(64, 4000)),
    st.sampled_from(["hold", "push", "pull", "pan_left", "pan_right", "drift_up", "drift_down"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(1, 2),
    st.integers(-5, 100),
)
def test_a_view_stays_inside_its_source(source_px: tuple[int, int], kind: str, x: float, y: float, zoom: float, frame: int) -> None:
    """Whatever the focus, zoom and moment, no part of the frame lies beyond the source, and the aspect is the reel's."""
    clip = Clip.model_construct(id="c", duration_ms=1)
    shot = Shot.model_construct(clip=clip, start=0, end=90, zoom=zoom, focus=(x, y), move=Move(kind=kind, amount=0.1))
    view = view_at(shot, frame, source_px, SIZE)
    assert view.left >= -1e-6
    assert view.top >= -1e-6
    assert view.left + view.width <= source_px[0] + 1e-6
    assert view.top + view.height <= source_px[1] + 1e-6
    assert view.width / view.height == pytest.approx(SIZE[0] / SIZE[1])


@given(st.floats(0, 1), st.floats(0, 1))
def test_easing_never_goes_back(first: float, second: float) -> None:
    """Easing keeps order and both ends."""
    low, high = sorted((first, second))
    assert ease(low) <= ease(high) + 1e-12
    assert (ease(0.0), ease(1.0)) == (0.0, 1.0)


def test_a_much_finer_source_does_not_alias(clip: Clip) -> None:
    """Fine stripes of a source four times too large come out as an even grey, moving or not."""
    stripes = np.zeros((1280, 720), np.uint8)
    stripes[:, ::2] = 200
    half = np.full((640, 360), 128, np.uint8)
    for kind in ("hold", "pan_right"):
        shot = Shot(clip=clip, start=0, end=30, move=Move(kind=kind, amount=0.1))
        shown = show(Planes(stripes, half, half), view_at(shot, 11, (720, 1280), SIZE), SIZE)
        assert shown.y[20:-20, 20:-20].std() < 3


@pytest.mark.parametrize("kind", ["hold", "push", "pan_left"])
@pytest.mark.parametrize("zoom", [1.0, 1.3])
def test_a_view_is_made_where_it_goes(clip: Clip, kind: str, zoom: float) -> None:
    """Into a frame whose lines have room behind them, as an encoder's have, comes what comes without it; the source stays as it is."""
    noise = np.random.default_rng(3)
    y, u, v = (noise.integers(0, 256, shape, np.uint8) for shape in ((480, 270), (240, 135), (240, 135)))
    source, before = Planes(y, u, v), Planes(y.copy(), u.copy(), v.copy())
    rows = [np.zeros((height, width + 32), np.uint8)[:, :width] for height, width in ((480, 270), (240, 135), (240, 135))]
    into = Planes(*rows)
    shot = Shot(clip=clip, start=0, end=30, zoom=zoom, move=Move(kind=kind, amount=0.1))
    for frame in (1, 7):
        view = view_at(shot, frame, (270, 480), (270, 480))
        assert show(source, view, (270, 480), into=into) is into
        assert into.tobytes() == show(source, view, (270, 480)).tobytes()
        assert source.tobytes() == before.tobytes()
