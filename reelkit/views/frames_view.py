"""A contact sheet: frames of a reel or a timeline with their times."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import Planes
from reelkit.media.stills import jpeg
from reelkit.model import Palette
from reelkit.views.markup import card, clock, data_uri, each, fill, heading, plural

__all__ = ["html"]


def html(
    frames: Iterable[tuple[float, bytes | Planes | NDArray[np.uint8]]],
    *,
    title: str = "Contact sheet",
    width_px: int = 168,
    palette: Palette | None = None,
) -> str:
    """Return frames as HTML.

    Parameters
    ----------
    frames : iterable of (float, bytes or Planes or ndarray of uint8 [shape=(height, width, 3)])
        Seconds, and a JPEG, a composed frame or RGB.
    title : str
    width_px : int
        To which frames that are not JPEG yet are scaled down.
    palette : Palette, optional
    """
    pictures = [(at_s, frame if isinstance(frame, bytes) else jpeg(frame, width_px=width_px, quality=74)) for at_s, frame in frames]
    cells = each(
        '<li><figure><img src="{}" alt="Frame at {}"><figcaption>{}</figcaption></figure></li>',
        ((data_uri("image/jpeg", picture), clock(at_s), clock(at_s)) for at_s, picture in pictures),
    )
    span = f"{clock(pictures[0][0])} to {clock(pictures[-1][0])}" if pictures else ""
    head = heading(title, plural(len(pictures), "frame"), span)
    return card("frames", head + fill('<ul class="rk-sheet">{}</ul>', cells), label=title, palette=palette)
