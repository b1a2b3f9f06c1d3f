"""Small real videos written on the spot, and clips that name them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from reelkit.media.encode import EncoderSettings, Finer
from reelkit.model import Clip, Credit, Fps
from reelkit.whole import sha256_of


def write_video(
    path: Path, lumas: Sequence[int], *, size_px: tuple[int, int] = (64, 96), times: Sequence[Fraction] | None = None, rate: int = 30
) -> Path:
    """Write a lossless video whose frame k is an even grey of ``lumas[k]``, at ``times[k]`` seconds or k / rate."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"qp": "0", "preset": "ultrafast", "g": "8"})
        stream.width, stream.height, stream.pix_fmt = *size_px, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 3000)
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for index, luma in enumerate(lumas):
            rows = np.full((size_px[1] * 3 // 2, size_px[0]), 128, np.uint8)
            rows[: size_px[1]] = luma
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            at = times[index] if times else Fraction(index, rate)
            frame.pts, frame.time_base = int(at * 3000), Fraction(1, 3000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def clip_of(
    path: Path, *, size_px: tuple[int, int] = (64, 96), duration_ms: int | None = 1000, scene: int = 0, loops: bool = False
) -> Clip:
    """Return a clip that names a file."""
    return Clip(
        id=f"test:{path.name}",
        library="test",
        path=path,
        sha256=sha256_of(path),
        kind="image" if duration_ms is None else "video",
        width_px=size_px[0],
        height_px=size_px[1],
        duration_ms=duration_ms,
        credit=Credit(author="Test", licence="CC0-1.0"),
        scene=scene,
        loops=loops,
    )


class PlainSettings(EncoderSettings):
    """Without mbtree: of frames as small as a test's, what it reads and never wrote may be memory that was used before."""

    def x264(self, fps: Fps, *, finer: Sequence[Finer] = ()) -> dict[str, str]:
        options = super().x264(fps, finer=finer)
        return options | {"x264-params": options["x264-params"].replace("mbtree=1", "mbtree=0")}
