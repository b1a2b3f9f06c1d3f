"""Backdrops: footage drawn for a palette. Families of slow motion that loop without a seam, calm where captions stand.

A backdrop is painted in float, brought to 8 bits under as much constant blue-noise grain as rounding asks for, and kept lossless. It is
stored smaller than the reel, by as much as its softest edge allows: scaling it up loses nothing that was there, and it costs a fraction
to draw, keep and decode. The grain that keeps it from banding when it is encoded is laid over it as it is shown
(:func:`reelkit.media.grain.lay_grain`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from reelkit.media import grain, planes
from reelkit.media.backdrops import (
    bokeh,
    collage,
    gradient_flow,
    grid_perspective,
    ink_water,
    light_leaks,
    paper_layers,
    particles,
    topographic,
    waves,
)
from reelkit.media.backdrops.canvas import Canvas, Family, finish
from reelkit.media.backdrops.film import write_lossless
from reelkit.media.backdrops.inks import Inks
from reelkit.media.planes import Planes
from reelkit.model import Fps, Palette, Progress, content_key

__all__ = ["FAMILIES", "LOOP_S", "backdrop_frames", "draw_backdrop", "drawing_version"]

LOOP_S = 6
"""Length of a loop unless asked otherwise."""


class _Entry(NamedTuple):
    lay_out: Family
    share: float


_FAMILIES: Mapping[str, _Entry] = MappingProxyType(
    {
        "gradient_flow": _Entry(gradient_flow.lay_out, 1 / 2),
        "paper_layers": _Entry(paper_layers.lay_out, 3 / 4),
        "light_leaks": _Entry(light_leaks.lay_out, 1 / 2),
        "topographic": _Entry(topographic.lay_out, 3 / 5),
        "particles": _Entry(particles.lay_out, 1 / 2),
        "bokeh": _Entry(bokeh.lay_out, 1 / 2),
        "waves": _Entry(waves.lay_out, 2 / 3),
        "grid_perspective": _Entry(grid_perspective.lay_out, 2 / 3),
        "ink": _Entry(ink_water.lay_out, 1 / 2),
        "collage": _Entry(collage.lay_out, 3 / 4),
    }
)

FAMILIES: tuple[str, ...] = tuple(_FAMILIES)
"""The families by name."""


def draw_backdrop(
    path: Path,
    *,
    family: str,
    palette: Palette,
    seed: int,
    width_px: int = 1080,
    height_px: int = 1920,
    fps: Fps = Fps(num=30),  # noqa: B008  a frozen value
    frame_count: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Draw a backdrop as a loop and keep it lossless (H.264 in MP4); the same arguments give the same bytes.

    Parameters
    ----------
    path : Path
        Written as it is given: the caller renames it into place.
    family : str
        One of :data:`FAMILIES`.
    palette : Palette
    seed : int
        Decides the layout; another seed is visibly another backdrop.
    width_px, height_px : int
        Size of the reel. Families are stored at half to three quarters of it, as their edges need.
    fps : Fps
    frame_count : int, optional
        The loop's length: frame ``frame_count`` would be frame 0 again. :data:`LOOP_S` seconds where not given.
    progress : callable, optional

    Raises
    ------
    ValueError
        When there is no such family.
    """
    count = frame_count or round(LOOP_S * fps.ratio)

    def told() -> Iterator[Planes]:
        frames = backdrop_frames(family=family, palette=palette, seed=seed, width_px=width_px, height_px=height_px, frame_count=count)
        for number, frame in enumerate(frames, 1):
            yield frame
            if progress:
                progress(number / count)

    write_lossless(told(), path, fps=fps)


@functools.cache
def drawing_version() -> str:
    """Return what tells this drawing from another: a hash of the modules that draw. Loops of another version are drawn anew."""
    modules = (*Path(__file__).parent.glob("*.py"), Path(grain.__file__), Path(planes.__file__))
    return content_key(*(module.read_bytes() for module in sorted(modules)))


def backdrop_frames(*, family: str, palette: Palette, seed: int, width_px: int, height_px: int, frame_count: int) -> Iterator[Planes]:
    """Yield the frames of one loop, at the size in which they are stored.

    Raises
    ------
    ValueError
        When there is no such family.
    """
    if family not in _FAMILIES:
        raise ValueError(f"there is no backdrop family '{family}'; it must be one of {', '.join(FAMILIES)}")
    entry = _FAMILIES[family]
    canvas = Canvas(*(max(2, round(side * entry.share / 2) * 2) for side in (width_px, height_px)))
    generator = np.random.Generator(np.random.PCG64(int(content_key(family, seed)[:16], 16)))
    paint = entry.lay_out(canvas, Inks.of(palette), generator)
    for number in range(frame_count):
        yield finish(paint(number / frame_count), canvas)
