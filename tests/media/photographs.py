"""Photographs as telephones take them, written on the spot: HEIC of tiles, and colour profiles."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import ImageCms

P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
"""The primaries of Display P3 as profiles hold them, adapted to D50."""


def profile(*, primaries: Sequence[Sequence[float]] = P3, grey_gamma: float | None = None) -> bytes:
    """Return the ICC profile of an RGB space with the curve of sRGB, or of greys with another exponent in that curve."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(made[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(made[128:132], "big"), 12)}
    for name, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        start = int.from_bytes(made[tags[name] + 4 : tags[name] + 8], "big") + 8
        made[start : start + 12] = struct.pack(">3i", *(round(value * 65536) for value in values))
    if grey_gamma is not None:
        made[16:20] = b"GRAY"
        made[tags[b"rTRC"] : tags[b"rTRC"] + 4] = b"kTRC"
        start = int.from_bytes(made[tags[b"rTRC"] + 4 : tags[b"rTRC"] + 8], "big") + 12
        made[start : start + 4] = struct.pack(">i", round(grey_gamma * 65536))
    return bytes(made)


def write_heic(
    path: Path,
    picture: np.ndarray,
    *,
    tile_px: int = 64,
    quarter_turns: int = 0,
    icc: bytes = b"",
    primaries: int = 1,
    transfer: int = 13,
) -> Path:
    """Write RGB [shape=(height, width, 3)] as a grid of HEVC tiles (ISO/IEC 23008-12, 6.6.2.3), shown turned counter-clockwise."""
    height, width = picture.shape[:2]
    down, across = -(-height // tile_px), -(-width // tile_px)
    padded = np.pad(picture, ((0, down * tile_px - height), (0, across * tile_px - width), (0, 0)), "edge")
    corners = itertools.product(range(0, down * tile_px, tile_px), range(0, across * tile_px, tile_px))
    config, coded = _hevc(path.with_suffix(".mp4"), [padded[y : y + tile_px, x : x + tile_px] for y, x in corners])
    grid = struct.pack(">BBBBHH", 0, 0, down - 1, across - 1, width, height)
    items = [grid, *coded]

    def meta(first: int) -> bytes:
        starts = itertools.accumulate((len(item) for item in items[:-1]), initial=first)
        places = b"".join(
            struct.pack(">HHHII", number, 0, 1, start, len(item)) for number, (start, item) in enumerate(zip(starts, items, strict=True), 1)
        )
        names = [struct.pack(">HH4sB", number, 0, b"grid" if number == 1 else b"hvc1", 0) for number in range(1, len(items) + 1)]
        shared = [
            config,
            _box(b"ispe", bytes(4) + struct.pack(">II", tile_px, tile_px)),
            _box(b"ispe", bytes(4) + struct.pack(">II", width, height)),
            _box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, 1, 128)),
            _box(b"irot", bytes([quarter_turns])),
            *([_box(b"colr", b"prof" + icc)] if icc else []),
        ]
        of_grid = [3, 4, 0x80 | 5, *([6] if icc else [])]
        uses = struct.pack(">HB", 1, len(of_grid)) + bytes(of_grid)
        uses += b"".join(struct.pack(">HB", number, 3) + bytes([0x81, 2, 4]) for number in range(2, len(items) + 1))
        return _box(
            b"meta",
            bytes(4),
            _box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
            _box(b"pitm", bytes(4) + struct.pack(">H", 1)),
            _box(b"iloc", bytes(4) + struct.pack(">BBH", 0x44, 0, len(items)) + places),
            _box(b"iinf", bytes(4) + struct.pack(">H", len(items)), *(_box(b"infe", b"\x02\0\0\0" + name) for name in names)),
            _box(
                b"iref",
                bytes(4),
                _box(b"dimg", struct.pack(">HH", 1, len(coded)) + struct.pack(f">{len(coded)}H", *range(2, len(items) + 1))),
            ),
            _box(b"iprp", _box(b"ipco", *shared), _box(b"ipma", bytes(4) + struct.pack(">I", len(items)) + uses)),
        )

    head = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    path.write_bytes(head + meta(len(head) + len(meta(0)) + 8) + _box(b"mdat", *items))
    return path


def _hevc(path: Path, pictures: Sequence[np.ndarray]) -> tuple[bytes, list[bytes]]:
    """Return the hvcC box and the coded pictures, each standing alone."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx265", rate=1, options={"x265-params": "qp=4:keyint=1:log-level=none:range=full"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=2)
            frame.pts, frame.time_base = number, Fraction(1)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    content = path.read_bytes()
    at = content.index(b"hvcC") - 4
    with av.open(str(path)) as made:
        coded = list(_packets(made))
    path.unlink()
    return content[at : at + int.from_bytes(content[at : at + 4], "big")], coded


def _packets(made: av.container.InputContainer) -> Iterator[bytes]:
    yield from (bytes(packet) for packet in made.demux(video=0) if packet.size)


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + name + content
