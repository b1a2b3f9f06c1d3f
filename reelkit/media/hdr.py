"""High dynamic range and wide gamut, shown as BT.709: a table from one R'G'B' to the other, looked up tetrahedrally.

The picture keeps its look instead of its light: what lies well under diffuse white stays as it is, highlights are rolled off up to
1000 cd/m2, hues are kept, and colours that BT.709 cannot show lose saturation rather than hue.

References
----------
Transfer functions: ITU-R BT.2100-2, tables 4 and 5. Roll-off: the EETF of ITU-R BT.2390-11, 5.4.1, on the largest of R, G and B.
Diffuse white of 203 cd/m2: ITU-R BT.2408-7, 2. Primaries: ITU-R BT.2087-0, and of P3 SMPTE EG 432-1. Display gamma: ITU-R BT.1886.
"""

from __future__ import annotations

import functools
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.filter
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc
from numpy.typing import NDArray

__all__ = ["Grade", "ToneMapper", "grade_by", "grade_of", "sdr_of"]

Grade = Literal["pq", "hlg", "wide", "p3"]
Floats = NDArray[np.float64]

_WHITE_NITS = 203.0
_PEAK_NITS = 1000.0
_TABLE_SIDE = 33
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
_P3_TO_BT709 = np.array([[1.2249, -0.2249, 0.0], [-0.0421, 1.0421, 0.0], [-0.0196, -0.0786, 1.0983]])
_LUMA = np.array([0.2126, 0.7152, 0.0722])
_M1, _M2, _C1, _C2, _C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
"""Constants of PQ."""
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
"""Constants of HLG."""


def grade_of(frame: av.VideoFrame) -> Grade | None:
    """Return what has to be undone to show a frame as BT.709, or None where nothing has."""
    grade = grade_by(frame.color_primaries, frame.color_trc)
    # The table knows no alpha, which is worth more than a tint.
    return None if grade == "p3" and any(component.is_alpha for component in frame.format.components) else grade


def grade_by(primaries: int, transfer: int) -> Grade | None:
    """Return the same for the numbers by which files tell their colours (ITU-T H.273, tables 2 and 3)."""
    if transfer == ColorTrc.SMPTE2084:
        return "pq"
    if transfer == ColorTrc.ARIB_STD_B67:
        return "hlg"
    if primaries in (ColorPrimaries.SMPTE431, ColorPrimaries.SMPTE432):
        return "p3"
    return "wide" if primaries == ColorPrimaries.BT2020 else None


def sdr_of(signal: Floats, grade: Grade) -> Floats:
    """Return the BT.709 R'G'B' that shows a BT.2020 one, or one of P3.

    Parameters
    ----------
    signal : ndarray [shape=(..., 3)]
        0 to 1.
    grade : Grade
        The signal's transfer function; "wide" is BT.2020 of standard dynamic range, "p3" so P3 with the white of D65.

    Returns
    -------
    ndarray [shape=(..., 3)]
        0 to 1, for a display of gamma 2.4.

    Examples
    --------
    Diffuse white (PQ 0.58, HLG 0.75) keeps room for highlights above it:

    >>> [round(float(sdr_of(np.full(3, level), grade)[0]), 2) for grade, level in (("pq", 0.58), ("hlg", 0.75), ("wide", 0.75))]
    [0.9, 0.9, 0.75]
    """
    if grade in ("wide", "p3"):
        light = np.clip(signal, 0, 1) ** 2.4
    else:
        nits = _pq_nits(signal) if grade == "pq" else _hlg_nits(signal)
        largest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-4)
        light = nits * (_rolled_off(largest) / largest) / _WHITE_NITS
    shown: Floats = _into_gamut(light @ (_P3_TO_BT709 if grade == "p3" else _TO_BT709).T) ** (1 / 2.4)
    return shown


def _pq_nits(signal: Floats) -> Floats:
    root = np.clip(signal, 0, 1) ** (1 / _M2)
    nits: Floats = 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return nits


def _pq_signal(nits: Floats | float) -> Floats:
    power = (np.maximum(np.asarray(nits, float), 0) / 10_000) ** _M1
    signal: Floats = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return signal


def _hlg_nits(signal: Floats) -> Floats:
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    nits: Floats = _PEAK_NITS * scene * np.maximum(luminance, 1e-6)[..., None] ** 0.2
    return nits


def _rolled_off(nits: Floats) -> Floats:
    peak = float(_pq_signal(_PEAK_NITS))
    most = float(_pq_signal(_WHITE_NITS)) / peak
    knee = 1.5 * most - 0.5
    level = np.minimum(_pq_signal(nits) / peak, 1.0)
    t = np.maximum(level - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return _pq_nits(np.where(level < knee, level, bent) * peak)


def _into_gamut(light: Floats) -> Floats:
    """Mix colours out of BT.709's reach with a grey of their own luminance until they are within."""
    grey = np.clip(light @ _LUMA, 0, 1)[..., None]
    away = light - grey
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(away > 0, (1 - grey) / away, np.where(away < 0, -grey / away, np.inf))
    within: Floats = np.clip(grey + away * np.minimum(room.min(axis=-1, keepdims=True), 1), 0, 1)
    return within


class ToneMapper:
    """Shows frames of one grade, size and format; for the frames of one clip, in any order."""

    def __init__(self, grade: Grade, width_px: int, height_px: int) -> None:
        self.grade, self.width_px, self.height_px = grade, width_px, height_px
        self._graph = av.filter.Graph()
        source = self._graph.add_buffer(
            width=width_px, height=height_px, format=av.VideoFormat("gbrp10le"), time_base=Fraction(1, av.time_base)
        )
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "table.cube").write_text(_cube(grade), encoding="ascii")
            table = self._graph.add("lut3d", file=f"{folder}/table.cube", interp="tetrahedral")
            sink = self._graph.add("buffersink")
            source.link_to(table)
            table.link_to(sink)
            self._graph.configure()

    def shown(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a ``gbrp10le`` frame of the grade as one of BT.709."""
        self._graph.push(frame)
        shown = self._graph.pull()
        assert isinstance(shown, av.VideoFrame)
        return shown


@functools.cache
def _cube(grade: Grade) -> str:
    """Return the table in the .cube form (Adobe Cube LUT Specification 1.0): red changes fastest."""
    axis = np.linspace(0, 1, _TABLE_SIDE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    rows = sdr_of(np.stack([red, green, blue], axis=-1).reshape(-1, 3), grade)
    lines = "\n".join(f"{r:.5f} {g:.5f} {b:.5f}" for r, g, b in rows.tolist())
    return f"LUT_3D_SIZE {_TABLE_SIDE}\n{lines}\n"
