"""Pictures as footage: photographs, drawings and animations, upright and over the background."""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageCms, ImageOps

from reelkit.errors import ClipError
from reelkit.media.hdr import ToneMapper, grade_by
from reelkit.media.planes import Planes, rgb_to_planes
from reelkit.media.svg import HEAD_BYTES, draw_svg, is_svg
from reelkit.model import Clip, Fps

__all__ = ["AnimationReader", "PictureReader", "is_avif", "is_heif", "is_webp", "open_picture", "open_svg", "read_picture", "webp_times"]

_PICTURE_LIMIT_PX = 4096
_DRAWN_SHORT_PX = 2160
"""The shorter side of a drawing: as sharp as a reel can show it."""
_MOST_SVG_BYTES = 10_000_000
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_PROFILED = {"GRAY": ("L", {"1", "L", "LA"}), "RGB": ("RGB", {"RGB", "RGBA", "P"}), "CMYK": ("CMYK", {"CMYK"})}
"""By the kind of colours that a profile is for: how they are handed over, and the modes of pictures that have them."""


class PictureReader:
    """A still picture; every frame is the same.

    Raises
    ------
    ClipError
        When it cannot be read.
    """

    def __init__(self, path: Path, background: str) -> None:
        try:
            self._planes = _planes_over(read_picture(path), background)
        except ClipError:
            raise
        except (OSError, EOFError, RuntimeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ClipError(f"picture {path.name} cannot be shown: {error}; replace the file") from None

    def frame(self, index: int) -> Planes:
        return self._planes

    def close(self) -> None:
        pass


class AnimationReader:
    """An animated WebP; reading forward decodes on, reading back begins anew."""

    def __init__(self, clip: Clip, fps: Fps, background: str) -> None:
        self._clip, self._fps, self._background = clip, fps.ratio, background
        try:
            self._starts = [0, *accumulate(webp_times(clip.path))]
            self._opened = Image.open(clip.path, formats=("WEBP",))
        except (OSError, ValueError, SyntaxError) as error:
            raise ClipError(f"clip {clip.path.name} does not decode: {error}; replace the file") from None
        self._shown: tuple[int, Planes] | None = None

    def frame(self, index: int) -> Planes:
        at_ms = Fraction(1000 * index) / self._fps
        if self._clip.loops:
            at_ms %= self._clip.duration_ms or 1
        number = min(bisect_right(self._starts, at_ms), len(self._starts) - 1) - 1
        if self._shown is None or self._shown[0] != number:
            try:
                self._opened.seek(number)
                self._shown = (number, _planes_over(_in_srgb(self._opened, self._opened.info.get("icc_profile")), self._background))
            except (OSError, EOFError, ValueError, SyntaxError):
                raise ClipError(f"clip {self._clip.path.name} does not decode at {float(at_ms / 1000):.2f} s; replace it") from None
        return self._shown[1]

    def close(self) -> None:
        self._opened.close()


def is_avif(head: bytes) -> bool:
    """Return whether a file's first bytes open an AVIF picture, which may name itself among the brands beside the first."""
    brands = head[8 : min(int.from_bytes(head[:4], "big"), len(head))]
    return head[4:8] == b"ftyp" and any(brands[at : at + 4] in (b"avif", b"avis") for at in range(0, len(brands), 4))


def is_heif(head: bytes) -> bool:
    """Return whether a file's first bytes open a HEIC photograph, as telephones take them.

    Its brands are those of ISO/IEC 23008-12, 10; where they are the general ones an AVIF picture names itself among those beside.
    """
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and not is_avif(head)


def open_picture(path: Path, form: str | None = None) -> Image.Image:
    """Open a picture that is no SVG, unpacking nothing yet.

    Parameters
    ----------
    path : Path
    form : str, optional
        Pillow's name of the only form that is tried; any where not given.

    Raises
    ------
    OSError, ValueError, SyntaxError
        Whatever Pillow raises where it is none.
    """
    if form is None:
        with path.open("rb") as file:
            form = "HEIF" if is_heif(file.read(2048)) else None
    if form == "HEIF":
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
        if not _is_whole(path):
            # libheif would leave out the tiles that are missing.
            raise OSError("it is cut short")
    return Image.open(path, formats=None if form is None else (form,))


def read_picture(path: Path, *, box_px: tuple[int, int] = (_PICTURE_LIMIT_PX, _PICTURE_LIMIT_PX)) -> Image.Image:
    """Read a picture as it is meant to be seen: upright, in sRGB.

    Parameters
    ----------
    path : Path
    box_px : tuple of int
        Width and height into which it is scaled down; a drawing is always as large as a reel can show it.

    Returns
    -------
    Image
        RGBA, colours not premultiplied. Embedded profiles (ICC.1:2022) are followed, relative to white and black; a HEIC picture without
        one is shown by the colours that it names, HDR among them.

    Raises
    ------
    ClipError
        When it is an SVG that cannot be drawn.
    OSError, EOFError, RuntimeError, ValueError, SyntaxError
        Whatever the reader of its form raises where it is damaged.
    """
    with path.open("rb") as file:
        if is_svg(file.read(HEAD_BYTES)):
            return open_svg(path)
    with open_picture(path) as opened:
        opened.draft("RGB", (2 * box_px[0], 2 * box_px[0]))
        upright = ImageOps.exif_transpose(opened)
        if upright.mode.startswith("I;16"):
            # Pillow would clip sixteen bits instead of scaling them.
            upright = Image.fromarray((np.asarray(upright, np.uint32) // 257).astype(np.uint8))
        upright.thumbnail(box_px, Image.Resampling.LANCZOS)
        profile, named = opened.info.get("icc_profile"), opened.info.get("nclx_profile")
        return _as_bt709(upright, named) if named and not profile else _in_srgb(upright, profile)


def open_svg(path: Path) -> Image.Image:
    """Draw an SVG file as large as a reel can show it.

    Raises
    ------
    ClipError
        When it refers to other files, or is no SVG that can be drawn.
    """
    if path.stat().st_size > _MOST_SVG_BYTES:
        raise ClipError(f"{path.name}: is {path.stat().st_size / 1e6:.0f} MB of SVG; save it as PNG")
    data = path.read_bytes()
    try:
        # A sketch tells the proportions, from which the size to draw at follows.
        sketch = draw_svg(data, width_px=256, height_px=256)
        long, short = max(sketch.size), max(min(sketch.size), 1)
        side = min(_PICTURE_LIMIT_PX, round(_DRAWN_SHORT_PX * long / short))
        return draw_svg(data, width_px=side, height_px=side)
    except ValueError as error:
        raise ClipError(f"{path.name}: {error}") from None


def is_webp(path: Path) -> bool:
    """Return whether a file is a WebP picture, still or not; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def webp_times(path: Path) -> tuple[int, ...]:
    """Return how long each frame of an animated WebP stands, in ms; empty for a still one.

    Durations stand in the ANMF chunks (WebP Container Specification, "Animation"); players show those under 11 ms for 100.
    """
    return tuple(_anmf_times(path))


def _anmf_times(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"ANMF":
                said = int.from_bytes(file.read(16)[12:15], "little")
                yield said if said > 10 else 100
                size -= 16
            file.seek(size + size % 2, 1)


def _is_whole(path: Path) -> bool:
    """Return whether the boxes of a file that hold pictures end before it does (ISO/IEC 14496-12, 4.2)."""
    at, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while at < end:
            file.seek(at)
            head = file.read(16)
            name, length = head[4:8], int.from_bytes(head[:4], "big")
            length = int.from_bytes(head[8:], "big") if length == 1 else length
            if length and name in (b"meta", b"mdat") and at + length > end:
                return False
            at = at + length if length >= 8 else end
    return True


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return RGBA in sRGB; a profile that is broken, or not for this kind of picture, is left aside as browsers do."""
    rgba = picture.convert("RGBA")
    if not profile:
        return rgba
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode, fitting = _PROFILED[source.profile.xcolor_space.strip()]
        if picture.mode not in fitting:
            return rgba
        seen = ImageCms.profileToProfile(
            picture if mode == "CMYK" else rgba.convert(mode),
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return rgba
    assert seen is not None
    seen.putalpha(rgba.getchannel("A"))
    return seen


def _as_bt709(picture: Image.Image, named: Mapping[str, int]) -> Image.Image:
    """Return RGBA of a picture that tells its colours by numbers (``nclx`` of ISO/IEC 14496-12, 12.1.5)."""
    rgba = picture.convert("RGBA")
    grade = grade_by(named["color_primaries"], named["transfer_characteristics"])
    if grade is None:
        return rgba
    frame = av.VideoFrame.from_ndarray(np.asarray(rgba.convert("RGB")), format="rgb24").reformat(format="gbrp10le")
    seen = Image.fromarray(ToneMapper(grade, *rgba.size).shown(frame).reformat(format="rgb24").to_ndarray())
    seen.putalpha(rgba.getchannel("A"))
    return seen


def _planes_over(picture: Image.Image, background: str) -> Planes:
    rgba = np.asarray(picture)
    rgba = rgba[: rgba.shape[0] // 2 * 2, : rgba.shape[1] // 2 * 2]
    if rgba[..., 3].min() == 255:
        return rgb_to_planes(np.ascontiguousarray(rgba[..., :3]))
    alpha = rgba[..., 3:].astype(np.uint16)
    under = np.array([int(background[i : i + 2], 16) for i in (1, 3, 5)], np.uint16)
    total = rgba[..., :3] * alpha + under * (255 - alpha) + 128
    return rgb_to_planes(((total + (total >> 8)) >> 8).astype(np.uint8))
