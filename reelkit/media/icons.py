"""Icons: simple signs by name, drawn in a colour of one's own with an edge that keeps them clear of the picture.

They are Lucide's (https://lucide.dev, ISC licence), drawn from their outlines: a round pen of two units on a grid of 24.
"""

from __future__ import annotations

import difflib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import TimelineError
from reelkit.media.svg import draw_svg

__all__ = ["draw_icon", "find_icon"]

_GRID, _PEN = 24, 2.0
_MARGIN = 2
"""Units around the grid, in which an edge may stand."""


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    import lucide

    return frozenset(lucide.get_icon_list())


def find_icon(name: str) -> str:
    """Return the name of an icon as its set spells it: in small letters, with hyphens.

    Raises
    ------
    TimelineError
        When there is no such icon, with the nearest name that there is.

    Examples
    --------
    >>> find_icon("Alarm clock")
    'alarm-clock'
    >>> find_icon("clokc")
    Traceback (most recent call last):
    ...
    reelkit.errors.TimelineError: there is no icon 'clokc'; did you mean 'clock'? All names are at lucide.dev/icons
    """
    slug = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    if slug in _names():
        return slug
    near = difflib.get_close_matches(slug, sorted(_names()), n=1, cutoff=0.6)
    advice = f"; did you mean '{near[0]}'?" if near else ";"
    raise TimelineError(f"there is no icon '{name}'{advice} All names are at lucide.dev/icons")


@lru_cache(maxsize=64)
def draw_icon(name: str, size_px: int, colour: str, *, edge_colour: str, edge_px: float) -> NDArray[np.uint8]:
    """Draw an icon.

    Parameters
    ----------
    name : str
        As :func:`find_icon` gives it.
    size_px : int
        Of its grid; the picture is a sixth larger, for the edge.
    colour, edge_colour : str
        ``#RRGGBB``.
    edge_px : float
        How far the edge reaches beyond each line.

    Returns
    -------
    ndarray of uint8 [shape=(side, side, 4)]
        Premultiplied RGBA.
    """
    import lucide

    outline = lucide.lucide_icon(name)
    inner = outline[outline.index(">") + 1 : outline.rindex("</svg>")]
    side = round(size_px * (_GRID + 2 * _MARGIN) / _GRID)
    lines = "".join(
        f'<g stroke="{ink}" stroke-width="{pen:.3f}">{inner}</g>'
        for ink, pen in ((edge_colour, _PEN + 2 * edge_px * _GRID / size_px), (colour, _PEN))
    )
    box = f"{-_MARGIN} {-_MARGIN} {_GRID + 2 * _MARGIN} {_GRID + 2 * _MARGIN}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" fill="none" stroke-linecap="round" stroke-linejoin="round">{lines}</svg>'
    )
    picture = np.array(draw_svg(svg.encode(), width_px=side, height_px=side).convert("RGBa"))
    picture.flags.writeable = False
    return picture
