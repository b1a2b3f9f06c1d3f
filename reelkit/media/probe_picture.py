"""Is a picture usable footage: photographs, drawings and animations?"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.footage_norms import BLACK, MAX_PICTURE_PX, MAX_SIDE_PX, brightness_of, check_length, check_seen, check_size
from reelkit.media.pictures import is_avif, is_heif, open_picture, open_svg, webp_times
from reelkit.media.svg import is_svg
from reelkit.model import ClipFacts

__all__ = ["loops_for_ever", "picture_form", "probe_picture"]

_FORMS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"II*\x00": "TIFF", b"MM\x00*": "TIFF"}
_MOST_LOOKED_AT = 40
"""Frames of an animation that are unpacked to see what is in it."""


def picture_form(head: bytes) -> str | None:
    """Return the form of picture that a file's first bytes open, or None."""
    if is_svg(head):
        return "SVG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if is_avif(head):
        return "AVIF"
    if is_heif(head):
        return "HEIF"
    return next((form for magic, form in _FORMS.items() if head.startswith(magic)), None)


def probe_picture(path: Path, form: str) -> ClipFacts | None:
    """Return the facts of a picture, or None where it moves as a video does (an animated GIF).

    Raises
    ------
    ClipError
        When it is too large, damaged or shows nothing.
    """
    if form == "GIF" and _is_animated(path):
        return None
    if form == "SVG":
        return _probe_svg(path)
    times = webp_times(path) if form == "WEBP" else ()
    return _probe_animation(path, times) if len(times) > 1 else _probe_still(path, form)


def loops_for_ever(path: Path) -> bool:
    """Return whether a GIF says that it is played over and over (NETSCAPE2.0 application extension, a count of 0)."""
    return _of_gif(path, lambda picture: picture.info.get("loop") == 0)


def _is_animated(path: Path) -> bool:
    return _of_gif(path, lambda picture: getattr(picture, "is_animated", False))


def _of_gif(path: Path, ask: Callable[[Image.Image], object]) -> bool:
    try:
        with Image.open(path, formats=["GIF"]) as picture:
            return bool(ask(picture))
    except Exception:  # whatever it is, the picture's own probe names it
        return False


def _probe_still(path: Path, form: str) -> ClipFacts:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size is judged below, before anything is unpacked
            picture = open_picture(path, form)
        with picture:
            width, height = picture.size
            check_size(path, width, height, MAX_PICTURE_PX)
            turned = picture.getexif().get(0x0112, 1)
            picture.draft("RGB", (512, 512))
            small = picture.convert("RGBA")
    except ClipError:
        raise
    except Image.DecompressionBombError:
        raise ClipError(f"{path.name}: is larger than {MAX_PICTURE_PX // 1_000_000} megapixels; scale it down") from None
    except Exception:  # Pillow's readers raise whatever their parsing meets: struct.error, IndexError, SyntaxError...
        raise ClipError(f"{path.name}: is a {form} picture that is cut short or damaged; copy or download it again") from None
    looks = [_seen(small)]
    check_seen(path, looks)
    if turned >= 5:
        width, height = height, width
    return ClipFacts(
        kind="image",
        width_px=width,
        height_px=height,
        rotation_deg=_EXIF_TURNS.get(turned, 0),
        codec=form.lower(),
        brightness=brightness_of(looks),
    )


_EXIF_TURNS: dict[int, Literal[90, 180, 270]] = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}


def _probe_svg(path: Path) -> ClipFacts:
    drawn = open_svg(path)
    looks = [_seen(drawn)]
    check_seen(path, looks)
    return ClipFacts(kind="image", width_px=drawn.width, height_px=drawn.height, codec="svg", brightness=brightness_of(looks))


def _probe_animation(path: Path, times: tuple[int, ...]) -> ClipFacts:
    check_length(path, sum(times))
    looks = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(path, formats=["WEBP"])
        with picture:
            check_size(path, *picture.size, MAX_SIDE_PX * MAX_SIDE_PX)
            for number in (0, min(len(times) - 1, _MOST_LOOKED_AT)):
                picture.seek(number)
                looks.append(_seen(picture.convert("RGBA")))
            width, height = picture.size
            loops = picture.info.get("loop") == 0
    except ClipError:
        raise
    except Exception:  # as for a still picture
        raise ClipError(f"{path.name}: is a WEBP animation that is cut short or damaged; copy or download it again") from None
    check_seen(path, looks)
    return ClipFacts(
        kind="video",
        width_px=width,
        height_px=height,
        duration_ms=sum(times),
        fps=round(1000 * len(times) / sum(times), 3),
        codec="webp",
        loops=loops,
        brightness=brightness_of(looks),
    )


def _seen(picture: Image.Image) -> NDArray[np.float32]:
    """Return a thumbnail [shape=(height, width, 3)], 0 to 1, over mid-grey, on which ink of any colour shows; what is clear is black."""
    small = picture.copy()
    small.thumbnail((160, 160))
    pixels = np.asarray(small, np.float32) / np.float32(255.0)
    alpha = pixels[..., 3:]
    seen: NDArray[np.float32] = pixels[..., :3] * alpha + np.float32(0.5) * (1 - alpha)
    return seen if alpha.max() >= BLACK else np.zeros_like(seen)
