"""Proxies: small copies of clips in which every frame stands alone, so that any of them is shown at once while somebody scrubs.

A copy holds a clip's frames at the reel's rate, as they are to be seen (upright, square samples, BT.709), at half the size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from reelkit.media.decode import open_clip
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.planes import Bytes, Planes
from reelkit.media.segments import made_by
from reelkit.media.stills import even
from reelkit.model import Clip, Fps, Overlay, Shot, Timeline, Value, content_key

__all__ = ["Proxy", "half_size", "halved", "in_proportion", "make_proxy", "plan_proxies"]

_MOST_PX = 640_000
"""A proxy has at most so many pixels, as many as decode within a few milliseconds."""
_SPAN_S = 5
"""Copies reach to a whole number of spans, so that a small edit finds them again."""
_SETTINGS = EncoderSettings(crf=20, preset="superfast", max_kbit_s=80_000, gop_frames=1)


class Proxy(Value):
    """A copy that scrubbing needs of a clip."""

    clip: Clip
    fps: Fps
    background: str
    frames: int
    width_px: int
    height_px: int

    @property
    def key(self) -> str:
        """What it is kept under; everything that it shows."""
        clip = {"sha256": self.clip.sha256, "kind": self.clip.kind, "duration_ms": self.clip.duration_ms, "loops": self.clip.loops}
        return content_key("proxy", made_by(), clip, _SETTINGS, **self.model_dump(mode="json", exclude={"clip"}))

    def serves(self, wanted: Proxy) -> bool:
        """Whether it shows all that another copy of its clip would."""
        return self.frames >= wanted.frames and self == wanted.model_copy(update={"frames": self.frames})

    def clip_at(self, path: Path) -> Clip:
        """Return the clip with its copy in its place."""
        length_ms = self.clip.duration_ms if self.clip.loops else max(round(self.frames / self.fps.ratio * 1000), 1)
        changes = {"path": path, "kind": "video", "width_px": self.width_px, "height_px": self.height_px, "duration_ms": length_ms}
        return self.clip.model_copy(update=changes)


def plan_proxies(timeline: Timeline) -> list[Proxy]:
    """Return the copies that scrubbing through a timeline needs, in the order in which they are seen."""
    longest: dict[Clip, int] = {}
    for number, shot in enumerate(timeline.shots):
        longest[shot.clip] = max(longest.get(shot.clip, 0), _reach(timeline, number, shot))
    return [_proxy(timeline, clip, frames) for clip, frames in longest.items()]


def _reach(timeline: Timeline, number: int, shot: Shot) -> int:
    following = timeline.shots[number + 1].transition.frames if number + 1 < len(timeline.shots) else 0
    return shot.in_frame + shot.end - shot.start + following


def _proxy(timeline: Timeline, clip: Clip, reach: int) -> Proxy:
    span = round(_SPAN_S * timeline.fps.ratio)
    whole = math.ceil(clip.duration_ms * timeline.fps.ratio / 1000) if clip.duration_ms is not None else 1
    scale = min(0.5, math.sqrt(_MOST_PX / (clip.width_px * clip.height_px)))
    return Proxy(
        clip=clip,
        fps=timeline.fps,
        background=timeline.background,
        frames=min(-(-reach // span) * span, whole),
        width_px=even(clip.width_px * scale),
        height_px=even(clip.height_px * scale),
    )


def make_proxy(proxy: Proxy, path: Path, *, go_on: Callable[[], bool] = lambda: True) -> None:
    """Write a copy.

    Parameters
    ----------
    proxy : Proxy
    path : Path
        Written as it is given: the caller renames it into place.
    go_on : callable
        Asked before each frame; where it says no, :exc:`InterruptedError` is raised.

    Raises
    ------
    ClipError
        When the clip does not decode.
    """
    size = proxy.width_px, proxy.height_px

    def small(plane: Bytes, unit: int) -> Bytes:
        return np.asarray(cv2.resize(plane, (size[0] // unit, size[1] // unit), interpolation=cv2.INTER_AREA), np.uint8)

    def frames() -> Iterator[Planes]:
        reader = open_clip(proxy.clip, proxy.fps, background=proxy.background)
        try:
            for number in range(proxy.frames):
                if not go_on():
                    raise InterruptedError
                planes = reader.frame(number)
                yield Planes(small(planes.y, 1), small(planes.u, 2), small(planes.v, 2))
        finally:
            reader.close()

    encode_segment(frames(), path, size_px=size, fps=proxy.fps, settings=_SETTINGS)


def half_size(timeline: Timeline) -> tuple[int, int]:
    """Return (width, height) of a frame while scrubbing: half the reel's, even."""
    return even(timeline.width_px / 2), even(timeline.height_px / 2)


def halved(timeline: Timeline, clips: Mapping[Clip, Clip]) -> Timeline:
    """Return a timeline at half size, with copies in the place of clips; all else stays where it is."""
    shots = tuple(shot.model_copy(update={"clip": clips.get(shot.clip, shot.clip)}) for shot in timeline.shots)
    return in_proportion(timeline, half_size(timeline), 0.5).model_copy(update={"shots": shots})


def in_proportion(timeline: Timeline, size_px: tuple[int, int], share: float) -> Timeline:
    """Return a timeline in a frame of another (width, height), ``share`` as large: everything on the picture in proportion."""
    return timeline.model_copy(
        update={
            "width_px": size_px[0],
            "height_px": size_px[1],
            "cues": tuple(cue.model_copy(update={"up_px": round(cue.up_px * share)}) for cue in timeline.cues),
            "overlays": tuple(_scaled(overlay, share) for overlay in timeline.overlays),
        }
    )


def _scaled(overlay: Overlay, share: float) -> Overlay:
    lengths = {name: value for name in type(overlay).model_fields if name.endswith("_px") and (value := getattr(overlay, name)) is not None}
    # What is there stays to be seen; places may be 0.
    least = {"width_px": 1, "height_px": 1}
    return overlay.model_copy(update={name: max(round(value * share), least.get(name, 0)) for name, value in lengths.items()})
