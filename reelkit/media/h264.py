"""What a check needs of H.264: the level that a picture needs, and which packets a player may start at.

Tables and syntax are those of ITU-T H.264 (08/2021).
"""

from __future__ import annotations

from fractions import Fraction

__all__ = ["is_idr", "level_name", "needed_level"]

_LEVELS = (
    (10, 1485, 99),
    (11, 3000, 396),
    (12, 6000, 396),
    (13, 11880, 396),
    (21, 19800, 792),
    (22, 20250, 1620),
    (30, 40500, 1620),
    (31, 108000, 3600),
    (32, 216000, 5120),
    (40, 245760, 8192),
    (42, 522240, 8704),
    (50, 589824, 22080),
    (51, 983040, 36864),
    (52, 2073600, 36864),
    (60, 4177920, 139264),
    (61, 8355840, 139264),
    (62, 16711680, 139264),
)
"""Table A-1: level times ten, most macroblocks a second, most macroblocks a frame."""
_SLICE, _IDR_SLICE = 1, 5


def needed_level(width_px: int, height_px: int, fps: Fraction) -> int | None:
    """Return the lowest H.264 level, times ten, that allows a picture's size and rate; None where none does.

    Examples
    --------
    >>> needed_level(1080, 1920, Fraction(30)), needed_level(1080, 1920, Fraction(60))
    (40, 42)
    """
    across, down = -(-width_px // 16), -(-height_px // 16)
    blocks = across * down
    for level, most_a_second, most_a_frame in _LEVELS:
        # Neither side may be longer than the square root of eight times the frame's limit (A.3.1).
        if blocks * fps <= most_a_second and blocks <= most_a_frame and max(across, down) ** 2 <= 8 * most_a_frame:
            return level
    return None


def level_name(level: int) -> str:
    """Return a level as people write it.

    Examples
    --------
    >>> level_name(40)
    '4.0'
    """
    return f"{level // 10}.{level % 10}"


def is_idr(packet: bytes | memoryview, extradata: bytes) -> bool:
    """Return whether a packet's picture is an IDR picture: nothing after it refers to what came before.

    Parameters
    ----------
    packet : bytes
        One access unit with length-prefixed NAL units, as MP4 stores it.
    extradata : bytes
        The stream's ``avcC`` record, which gives the size of the prefix.
    """
    prefix = (extradata[4] & 3) + 1 if len(extradata) > 4 else 4
    at = 0
    while at + prefix < len(packet):
        kind = packet[at + prefix] & 0x1F
        if kind in (_SLICE, _IDR_SLICE):
            return kind == _IDR_SLICE
        at += prefix + int.from_bytes(packet[at : at + prefix], "big")
    return False
