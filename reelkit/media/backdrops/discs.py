"""Soft discs of light, stamped into a picture: bokeh and particles are made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reelkit.media.backdrops.canvas import Canvas, smoothstep
from reelkit.media.backdrops.inks import Floats

__all__ = ["Stamp"]


@dataclass(frozen=True)
class Stamp:
    """Where discs are stamped: the places of a picture's columns and rows, and how calm each row is."""

    columns: Floats
    rows: Floats
    calm: Floats

    @classmethod
    def of(cls, canvas: Canvas, step: int) -> Stamp:
        """Build one for a picture of every ``step``-th pixel."""
        x, y = canvas.places(step)
        return cls(x[0], y[:, 0], canvas.calm(y[:, 0]))

    def disc(
        self, picture: Floats, ink: Floats, *, x: float, y: float, radius: float, soft: float, opacity: float, rim: float = 0.0
    ) -> None:
        """Stamp a disc into a picture, in place; fainter where captions stand.

        Parameters
        ----------
        picture : ndarray of float32 [shape=(rows, columns, 3)]
        ink : ndarray of float32 [shape=(3,)]
            In the picture's own colours.
        x, y, radius : float
            In widths of the frame.
        soft : float
            Half the width of the edge, as a share of the radius.
        opacity : float
        rim : float
            How much fainter the middle is than the rim, as a lens draws it.
        """
        reach = radius * (1.0 + soft)
        left, right = np.searchsorted(self.columns, [x - reach, x + reach])
        top, bottom = np.searchsorted(self.rows, [y - reach, y + reach])
        if left >= right or top >= bottom:
            return
        away = np.hypot(self.columns[left:right] - np.float32(x), self.rows[top:bottom, None] - np.float32(y)) / np.float32(radius)
        cover = (1.0 - smoothstep(away, 1.0 - soft, 1.0 + soft)) * (1.0 - np.float32(rim) * (1.0 - away * away))
        cover *= np.float32(opacity) * (1.0 - 0.7 * self.calm[top:bottom, None])
        spot = picture[top:bottom, left:right]
        spot += (ink - spot) * cover[..., None]

    def dots(self, picture: Floats, inks: Floats, *, x: Floats, y: Floats, radius: Floats, soft: float, opacity: Floats) -> None:
        """Stamp many small discs at once, in place; as :meth:`disc`, with an entry for each in every array."""
        height, width = picture.shape[:2]
        span = int(np.ceil(float(radius.max()) * (1.0 + soft) * width)) + 1
        window = np.arange(-span, span + 1)
        column, row = np.floor(x * width).astype(np.intp)[:, None] + window, np.floor(y * width).astype(np.intp)[:, None] + window
        inside = ((row >= 0) & (row < height))[:, :, None] & ((column >= 0) & (column < width))[:, None, :]
        column, row = np.clip(column, 0, width - 1), np.clip(row, 0, height - 1)
        away = np.hypot((self.columns[column] - x[:, None])[:, None, :], (self.rows[row] - y[:, None])[:, :, None]) / radius[:, None, None]
        cover = (
            (1.0 - smoothstep(away, 1.0 - soft, 1.0 + soft)) * inside * opacity[:, None, None] * (1.0 - 0.7 * self.calm[row])[:, :, None]
        )
        place = (row[:, :, None] * width + column[:, None, :])[cover > 0]
        which = np.nonzero(cover > 0)[0]
        flat = picture.reshape(-1, 3)
        np.add.at(flat, place, (inks[which] - flat[place]) * cover[cover > 0][:, None].astype(np.float32))
