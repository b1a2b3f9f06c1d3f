"""What an MP4's boxes say that a demuxer hides: their order, their edit lists, and whether the file is whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["Mp4Layout", "read_mp4_layout"]

_PARENTS = frozenset({b"moov", b"trak", b"edts"})
_MOST_BOXES = 4096


@dataclass(frozen=True)
class Mp4Layout:
    """The boxes of an MP4, as far as players mind them.

    Parameters
    ----------
    boxes : tuple of str
        The types of the boxes at the top, in order.
    brand : str
        The major brand of ``ftyp``; empty where there is none.
    edit_lists : int
        How many tracks carry an ``elst`` box.
    truncated_at : int or None
        The byte at which a box begins that reaches beyond the file's end or is malformed; None for a whole file.
    """

    boxes: tuple[str, ...]
    brand: str
    edit_lists: int
    truncated_at: int | None

    @property
    def starts_at_once(self) -> bool:
        """Whether ``moov`` comes before ``mdat``, so that a player can start before the whole file has come."""
        return "moov" in self.boxes and "mdat" in self.boxes and self.boxes.index("moov") < self.boxes.index("mdat")

    @property
    def fragmented(self) -> bool:
        return "moof" in self.boxes


def read_mp4_layout(path: Path) -> Mp4Layout:
    """Read an MP4's boxes; only their headers, so that a file of any size or damage costs little.

    Parameters
    ----------
    path : Path
        Any file; one that is no MP4 has no ``moov``.

    Raises
    ------
    OSError
        When the file cannot be opened or read.

    Notes
    -----
    Boxes are those of ISO/IEC 14496-12: a 32-bit size and a type, where size 1 means that a 64-bit size follows and size 0 that
    the box goes on to the end of the file.
    """
    size = path.stat().st_size
    top: list[str] = []
    brand = ""
    edit_lists = 0
    truncated_at: int | None = None
    with path.open("rb") as file:
        for box in _walk(file, 0, size, depth=0):
            if box.kind == b"ftyp":
                file.seek(box.body)
                brand = file.read(4).decode("latin-1").strip()
            edit_lists += box.kind == b"elst"
            if box.depth == 0:
                top.append(box.kind.decode("latin-1"))
            if box.broken and truncated_at is None:
                truncated_at = box.start
    return Mp4Layout(tuple(top), brand, edit_lists, truncated_at)


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int
    depth: int
    broken: bool


def _walk(file: BinaryIO, start: int, end: int, *, depth: int) -> Iterator[_Box]:
    for _ in range(_MOST_BOXES):
        if start >= end:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8 or start + 8 > end:
            yield _Box(b"", start, end, end, depth, broken=True)
            return
        size, kind = struct.unpack(">I4s", header[:8])
        body = start + 8
        if size == 1 and len(header) == 16:
            size, body = struct.unpack(">Q", header[8:])[0], start + 16
        elif size == 0:
            size = end - start
        stop = start + size
        broken = stop > end or stop < body
        yield _Box(kind, start, body, min(stop, end), depth, broken)
        if kind in _PARENTS and not broken:
            yield from _walk(file, body, stop, depth=depth + 1)
        if broken:
            return
        start = stop
