"""Where the subject of a clip is: a guess for clips whose file does not say, so that a crop keeps it.

What a viewer looks at differs in colour from most of the picture, is enclosed by its surroundings and has detail. The guess is the
place of the crop that holds most of it on three moments of the clip; where nothing stands out it is the middle.

References
----------
Enclosed regions: Zhang and Sclaroff, "Saliency Detection: A Boolean Map Approach", ICCV 2013. Distance from the mean colour: Achanta et
al., "Frequency-tuned Salient Region Detection", CVPR 2009.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.errors import ClipError
from reelkit.media.displayed import FrameDisplay
from reelkit.media.pictures import PictureReader, is_webp
from reelkit.media.planes import Bytes, Planes, planes_to_rgb
from reelkit.media.probe import open_video, video_stream
from reelkit.media.stills import frame_near
from reelkit.model import Cache, Clip, content_key

__all__ = ["find_focus", "salience"]

Floats = NDArray[np.float32]

_SIDE_PX = 128
_GREY = "#808080"
_LEVELS = 8
"""Cuts through each channel's range."""
_TOUCH = 0.1
"""The share of the picture's border that a subject may touch: people are often cut by the lower edge."""
_MIDDLE = 0.35
"""How much less something at the very edge counts than something in the middle."""


def find_focus(clip: Clip, aspect: float, *, cache: Cache | None = None) -> tuple[float, float]:
    """Return the point that a crop of some aspect should keep in view.

    Parameters
    ----------
    clip : Clip
        Its own ``focus`` is not looked at.
    aspect : float
        Width over height of the crop.
    cache : Cache, optional
        Keeps what was seen in a clip, whose moments take seconds to reach.

    Returns
    -------
    tuple of float
        Shares of width and height, 0 to 1.

    Raises
    ------
    ClipError
        When the clip does not decode.
    """
    seen = _seen_in(clip, cache)
    height, width = seen.shape
    visible = aspect * height / width
    return _place(seen.sum(axis=0), min(visible, 1.0)), _place(seen.sum(axis=1), min(1 / visible, 1.0))


def _seen_in(clip: Clip, cache: Cache | None) -> Floats:
    asked = clip.sha256, clip.path, clip.kind, clip.duration_ms or 0
    if cache is None:
        return _salience_of(*asked)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, _salience_of(*asked))

    key = content_key("salience", Path(__file__).read_bytes(), clip.sha256, clip.kind, clip.duration_ms or 0)
    return np.asarray(np.load(cache.file("salience", key, ".npy", write)), np.float32)


def salience(rgb: Bytes) -> Floats:
    """Return how much each pixel of a small picture draws the eye.

    Parameters
    ----------
    rgb : ndarray of uint8 [shape=(height, width, 3)]

    Returns
    -------
    ndarray of float32 [shape=(height, width)]
        0 to 1.
    """
    lab = np.asarray(cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 1.0), cv2.COLOR_RGB2LAB), np.uint8)
    away = np.linalg.norm(lab.astype(np.float32) - lab.reshape(-1, 3).mean(axis=0).astype(np.float32), axis=2)
    luma = np.asarray(lab[..., 0], np.float32)
    edges = _soft(np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)))
    drawn: Floats = _unit(_soft(2.0 * _unit(_enclosed(lab)) + _unit(away) + 0.7 * _unit(edges))) ** 2
    return drawn


def _enclosed(lab: Bytes) -> Floats:
    """Return how often a pixel lies in a region that hardly touches the picture's border, over cuts through each channel."""
    height, width = lab.shape[:2]
    found = np.zeros((height, width), np.float32)
    for channel in cv2.split(lab):
        low, high = np.percentile(channel, (2, 98))
        if high - low < 6:
            continue
        for cut in np.linspace(low, high, _LEVELS + 2)[1:-1]:
            for region in (channel > cut, channel <= cut):
                count, labels = cv2.connectedComponents(region.astype(np.uint8))
                border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
                inside = np.bincount(border, minlength=count) <= _TOUCH * len(border)
                inside[0] = False
                found += inside[labels]
    return found


def _soft(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), 2.0), np.float32)


def _unit(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    spread: Floats = (values - low) / (high - low) if high - low > 1e-6 else np.zeros_like(values)
    return spread


def _place(profile: Floats, visible: float) -> float:
    """Return the middle of the window that shows most of a profile; the window's own edges count less."""
    count = len(profile)
    if visible > 0.97 or float(profile.max()) <= 0:
        return 0.5
    centres = (np.arange(count) + 0.5) / count
    away = np.abs(centres[:, None] - centres[None, :]) / (visible / 2)
    window = np.where(away < 1, 0.5 + 0.5 * np.cos(np.pi * away), 0.0)
    score = (window @ profile) * (1 - _MIDDLE * (2 * np.abs(centres - 0.5)) ** 2)
    # A window cannot hang over the edge: its middle keeps half its width away.
    place = min(max(float(centres[int(np.argmax(score))]), visible / 2), 1 - visible / 2)
    return round(place, 3)


@functools.lru_cache(maxsize=256)
def _salience_of(sha256: str, path: Path, kind: str, duration_ms: int) -> Floats:
    first, *others = (salience(rgb) for rgb in _moments(path, kind, duration_ms))
    # A video may change its shape on its way, as a window that is shared does.
    alike = [first, *(cv2.resize(other, first.shape[::-1]) for other in others)]
    seen: Floats = np.mean(alike, axis=0, dtype=np.float32)
    seen.flags.writeable = False
    return seen


def _moments(path: Path, kind: str, duration_ms: int) -> Iterator[Bytes]:
    """Yield thumbnails of a clip."""
    if kind == "image" or is_webp(path):
        yield _thumbnail(PictureReader(path, _GREY).frame(0))
        return
    with open_video(path) as container:
        display = FrameDisplay(video_stream(container).sample_aspect_ratio, _GREY)
        for share in (0.2, 0.5, 0.8):
            frame = frame_near(container, share * duration_ms / 1000, exact=False)
            if frame is None:
                raise ClipError(f"clip {path.name} does not decode at {share * duration_ms / 1000:.2f} s; replace the file")
            yield _thumbnail(display.planes(frame))


def _thumbnail(planes: Planes) -> Bytes:
    scale = _SIDE_PX / max(planes.width_px, planes.height_px)
    width, height = (max(round(side * scale / 2) * 2, 2) for side in (planes.width_px, planes.height_px))
    size, half = (width, height), (width // 2, height // 2)
    small = (cv2.resize(plane, of, interpolation=cv2.INTER_AREA) for plane, of in ((planes.y, size), (planes.u, half), (planes.v, half)))
    return planes_to_rgb(Planes(*(np.asarray(plane, np.uint8) for plane in small)))
