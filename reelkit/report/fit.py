"""A page that is too heavy, made lighter in steps: smaller pictures, a smaller preview, then what else of it can be seen or heard."""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from reelkit.errors import ComposeError
from reelkit.media.preview import make_preview
from reelkit.media.stills import jpeg
from reelkit.views.markup import data_uri

__all__ = ["fitted"]

_EMBEDDED = r"data:{};base64,[A-Za-z0-9+/]+=*"
_PICTURE, _VIDEO = _EMBEDDED.format("image/(?:png|jpeg|webp|gif)"), _EMBEDDED.format("video/mp4")
_SOUND = rf'<audio\b[^>]*\ssrc="{_EMBEDDED.format("audio/mp4")}"[^>]*></audio>'
_IMAGE = rf'<img\b[^>]*\ssrc="{_PICTURE}"[^>]*>'
_LEFT_OUT = '<p class="rk-none">The {} left out: this page would be too heavy with {}.</p>'


def fitted(html: str, max_bytes: int) -> str:
    """Return a page as it is where it is small enough, else made lighter until it is, by as few steps as will do.

    Where its text alone is larger it still is when it comes back.
    """
    for lighter in _steps():
        if len(html.encode()) <= max_bytes:
            break
        html = lighter(html)
    return html


def _steps() -> Iterator[Callable[[str], str]]:
    yield partial(re.sub, _PICTURE, partial(_smaller_picture, width_px=540, quality=60))
    yield partial(re.sub, _VIDEO, partial(_smaller_preview, max_bytes=750_000))
    yield partial(re.sub, _PICTURE, partial(_smaller_picture, width_px=360, quality=40))
    yield partial(re.sub, _SOUND, _LEFT_OUT.format("narration's sound is", "it; the reel has it"))
    yield partial(re.sub, _VIDEO, partial(_smaller_preview, max_bytes=500_000))
    yield partial(re.sub, _IMAGE, _LEFT_OUT.format("picture is", "it"))


def _smaller_picture(match: re.Match[str], *, width_px: int, quality: int) -> str:
    try:
        with Image.open(io.BytesIO(_content(match[0]))) as picture:
            made = jpeg(np.asarray(picture.convert("RGB")), width_px=width_px, quality=quality)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return match[0]
    return min(match[0], data_uri("image/jpeg", made), key=len)


def _smaller_preview(match: re.Match[str], *, max_bytes: int) -> str:
    content = _content(match[0])
    if len(content) <= max_bytes:
        return match[0]
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "preview.mp4"), Path(folder, "small.mp4")
        whole.write_bytes(content)
        try:
            return data_uri("video/mp4", make_preview(whole, small, max_bytes=max_bytes).read_bytes())
        except ComposeError:
            return match[0]


def _content(address: str) -> bytes:
    return base64.b64decode(address.partition(",")[2])
