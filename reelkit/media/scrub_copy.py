"""A small copy of a reel that is not rendered yet, to play and to scrub in: ``python -m reelkit.media.scrub_copy`` makes one apart.

It is composed small by the same compositor, so it shows what the reel will show; every few frames stand alone, so that a player reaches
any of them at once. What is judged at rest is the exact frame, never this.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import OutputContainer

from reelkit.errors import ReelkitError
from reelkit.media.audio import mix_tracks
from reelkit.media.compositor import Compositor
from reelkit.media.encode import tag_colours
from reelkit.media.preview import FlowingSound, audio_stream
from reelkit.media.proxies import in_proportion
from reelkit.media.stills import even
from reelkit.model import Timeline
from reelkit.whole import whole_file

__all__ = ["main", "make_scrub_copy", "shrunk", "start_scrub_copy"]

_ALONE_EVERY = 6
_NICE = 10


def shrunk(timeline: Timeline, width_px: int) -> Timeline:
    """Return a timeline at another width: the same moments, everything on the picture in proportion."""
    share = width_px / timeline.width_px
    return in_proportion(timeline, (even(width_px), even(timeline.height_px * share)), share)


def make_scrub_copy(timeline: Timeline, path: Path, *, width_px: int = 270, frames: int | None = None) -> Path:
    """Write a small MP4 of a timeline with its sound.

    Parameters
    ----------
    timeline : Timeline
    path : Path
        Appears whole or not at all.
    width_px : int
    frames : int, optional
        So many from the beginning; all where not given.

    Raises
    ------
    ClipError, AudioError
        When footage or sound does not decode.
    """
    small = shrunk(timeline, width_px)
    count = min(frames or small.frame_count, small.frame_count)
    sound = mix_tracks(timeline.audio, rate_hz=timeline.audio_rate_hz, sample_count=timeline.sample_count) if timeline.audio else None
    with whole_file(path) as temporary, Compositor(small) as compositor, _opened(temporary) as container:
        options = {"preset": "ultrafast", "crf": "26", "g": str(_ALONE_EVERY), "bf": "0", "x264-params": "threads=1"}
        video: Any = container.add_stream("libx264", rate=timeline.fps.ratio, options=options)
        video.width, video.height, video.pix_fmt = small.width_px, small.height_px, "yuv420p"
        tag_colours(video.codec_context)
        voice = FlowingSound(audio_stream(container, 64_000, timeline.audio_rate_hz), container) if sound is not None else None
        for index in range(count):
            planes = compositor.frame_at(index)
            frame = av.VideoFrame.from_ndarray(np.frombuffer(planes.tobytes(), np.uint8).reshape(-1, small.width_px), "yuv420p")
            frame.pts = index
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if voice is not None and sound is not None:
            mono = np.ascontiguousarray(sound[: timeline.fps.sample_at(count, timeline.audio_rate_hz)].mean(axis=1)[None, :], np.float32)
            piece = av.AudioFrame.from_ndarray(mono, "fltp", "mono")
            piece.rate = timeline.audio_rate_hz
            voice.take(piece)
            voice.finish()
    return path


def _opened(path: Path) -> OutputContainer:
    return av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"})


def start_scrub_copy(timeline: Timeline, path: Path, *, width_px: int = 270, frames: int | None = None) -> subprocess.Popen[str]:
    """Begin to make a small copy in a process of its own, which gives way to all other work; it ends with this one.

    Its exit code is 0 when the copy is there; what went wrong is the last line of its standard error.
    """
    job = json.dumps({"timeline": timeline.model_dump(mode="json"), "path": str(path), "width_px": width_px, "frames": frames})
    one_core = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "reelkit.media.scrub_copy"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=one_core,
    )
    assert process.stdin is not None
    # That it has ended is seen by its exit code.
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(job)
    return process


def main() -> int:
    """Make the copy that standard input asks for."""
    from reelkit.media.worker import end_with_parent

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    cv2.setNumThreads(1)
    job = json.loads(sys.stdin.read())
    try:
        make_scrub_copy(Timeline.model_validate(job["timeline"]), Path(job["path"]), width_px=job["width_px"], frames=job["frames"])
    except ReelkitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
