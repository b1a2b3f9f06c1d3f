"""What a drawn backdrop costs, family by family, against decoding stock footage.

The floor (1.00) is decoding one frame of a 1080x1920 H.264 clip (x264 veryfast crf 20, one thread) in the same run, in CPU time;
rounds are interleaved and the median counts. Drawing is painting and bringing to 8 bits; decoding is reading the kept lossless loop.
Banding is the highest CAMBI of shots encoded as a reel is, in a dark, a light and a saturated palette: each family under every move and
shown closer, a look a shot, in turn over three seeds in each palette; and so of every kind of transition between three of the softest
families, which move.

Run it: ``python -m benchmarks.backdrops``. It exits with 1 when a bar is missed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import get_args

import av
import cv2
import numpy as np

from benchmarks._banding import CAMBI_BAR, LOOKS, PALETTES, banding_of, banding_of_joins, drawn_clip
from reelkit.cores import usable_cores
from reelkit.media.backdrops import FAMILIES, backdrop_frames
from reelkit.media.backdrops.film import write_lossless
from reelkit.media.planes import Planes, plane_rows
from reelkit.model import Fps, TransitionKind

ROUNDS, FRAMES = 5, 24
DRAW_BAR, DECODE_BAR = 3.0, 1.0
"""Drawing happens once; decoding for every reel, and must not cost more than footage."""
SEEDS, SHOT = (1, 2, 3), 75
"""A shot has as many frames as the demo's have on the average; of every fourth CAMBI is measured."""
SOFT = ("gradient_flow", "light_leaks", "bokeh")


def main() -> int:
    """Measure, print a line for each family, and say whether the bars hold."""
    cv2.setNumThreads(1)
    print(
        f"{platform.machine()} (load {os.getloadavg()[0]:.1f}), Python {platform.python_version()}, PyAV {av.__version__}, "
        f"OpenCV {cv2.__version__}, NumPy {np.__version__}"
    )
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        stock = write_stock(Path(folder, "stock.mp4"))
        loops = {family: Path(folder, f"{family}.mp4") for family in FAMILIES}
        for family, path in loops.items():
            write_lossless(itertools.islice(drawn(family), FRAMES), path, fps=Fps(num=30))
        spent: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            spent.setdefault("stock", []).append(cpu_ms(lambda: decode(stock)))
            for family, path in loops.items():
                paint = drawn(family)
                next(paint)
                spent.setdefault(f"draw {family}", []).append(cpu_ms(lambda paint=paint: list(itertools.islice(paint, FRAMES))))
                spent.setdefault(f"decode {family}", []).append(cpu_ms(lambda path=path: decode(path)))
        floor = statistics.median(spent["stock"])
        print(f"decoding one frame of stock footage: 1.00 ({floor:.1f} ms of CPU)")
        for family, path in loops.items():
            draw, read = (statistics.median(spent[f"{what} {family}"]) for what in ("draw", "decode"))
            size = path.stat().st_size / FRAMES / 1000
            holds &= draw <= DRAW_BAR * floor and read <= DECODE_BAR * floor
            print(
                f"{family:17} draw {draw / floor:.2f} ({draw:4.1f} ms)  decode {read / floor:.2f} ({read:4.1f} ms)  {size:4.0f} kB a frame"
            )
        with ProcessPoolExecutor(usable_cores(), multiprocessing.get_context("spawn")) as pool:
            for name, bands in zip(FAMILIES, pool.map(bands_of, FAMILIES, itertools.repeat(folder)), strict=True):
                holds &= max(band for band, _ in bands.values()) <= CAMBI_BAR
                print(f"{name:17} CAMBI", ", ".join(f"{name} {band:.2f} ({look})" for name, (band, look) in bands.items()), flush=True)
            kinds = get_args(TransitionKind)[1:]
            for name, joins in zip(kinds, pool.map(bands_of_joins, kinds, itertools.repeat(folder)), strict=True):
                holds &= max(joins.values()) <= CAMBI_BAR
                print(f"{name:17} CAMBI", ", ".join(f"{name} {band:.2f}" for name, band in joins.items()), flush=True)
    print(f"bars: draw <= {DRAW_BAR}, decode <= {DECODE_BAR}, CAMBI <= {CAMBI_BAR}: {'hold' if holds else 'MISSED'}")
    return 0 if holds else 1


def bands_of(family: str, folder: str) -> dict[str, tuple[float, str]]:
    """Return the highest CAMBI of a family in each palette, and the look that has it; over all palettes, every look once."""
    found: dict[str, tuple[float, str]] = {}
    # Another family begins with another look, so that each palette meets all of them.
    looks = itertools.islice(itertools.cycle(LOOKS), FAMILIES.index(family), None)
    for name, palette in PALETTES.items():
        for seed, look in zip(SEEDS, looks, strict=False):
            clip = drawn_clip(family, palette, Path(folder), seed=seed, frames=SHOT)
            band = banding_of(clip, look, palette, Path(folder), frames=SHOT, every=4)
            clip.path.unlink()
            found[name] = max(found.get(name, (0.0, "")), (band, f"{look.move.kind} {look.zoom}"))
    return found


def bands_of_joins(kind: TransitionKind, folder: str) -> dict[str, float]:
    """Return the highest CAMBI within transitions of a kind in each palette."""
    bands = {}
    for name, palette in PALETTES.items():
        with tempfile.TemporaryDirectory(dir=folder) as apart:
            clips = [drawn_clip(family, palette, Path(apart), seed=1, frames=60) for family in SOFT]
            bands[name] = banding_of_joins(kind, clips, palette, Path(apart, "reel.mp4"))
    return bands


def drawn(family: str) -> Iterator[Planes]:
    return backdrop_frames(family=family, palette=PALETTES["dark"], seed=1, width_px=1080, height_px=1920, frame_count=180)


def cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000 / FRAMES


def decode(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(plane_rows(frame.planes[0]).shape[0] for frame in container.decode(stream))


def write_stock(path: Path) -> Path:
    """Write what stock footage costs to decode: fine detail that moves."""
    rng = np.random.Generator(np.random.PCG64(3))
    detail = cv2.resize(rng.random((480, 270), np.float32), (1200, 2100), interpolation=cv2.INTER_CUBIC) * 180 + 30
    fine = (detail + rng.normal(0, 4, detail.shape)).clip(16, 235).astype(np.uint8)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 1080, 1920, "yuv420p"
        for number in range(FRAMES):
            grey = np.full((960, 540), 128, np.uint8)
            frame = av.VideoFrame(1080, 1920, "yuv420p")
            for plane, values in zip(frame.planes, (fine[number * 3 :][:1920, number * 2 :][:, :1080], grey, grey), strict=True):
                plane_rows(plane)[: values.shape[0], : values.shape[1]] = values
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    sys.exit(main())
