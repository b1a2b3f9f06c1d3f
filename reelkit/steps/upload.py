"""Publish a finished reel to the brand's store."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from reelkit.brand import Brand
from reelkit.errors import UploadError
from reelkit.model import Reel, UploadResult

__all__ = ["Store", "upload_video"]

_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".txt": "text/plain",
    ".html": "text/html",
}


class Store(Protocol):
    """Where reels are published; objects have names with slashes."""

    def put(self, name: str, path: Path, *, content_type: str, title: str) -> None:
        """Make the object ``name`` hold the file's content, whole; an object that holds it already is left alone."""

    def look(self, name: str) -> UploadResult | None:
        """Read back what the store holds under a name, or None."""


def upload_video(
    reel: Reel, brand: Brand, *, store: Store, name: str | None = None, title: str = "", beside: Iterable[Path] = ()
) -> UploadResult:
    """Publish a reel and what lies beside it, and read it back.

    Parameters
    ----------
    reel : Reel
    brand : Brand
        ``publishing.prefix`` begins the object's name.
    store : Store
    name : str, optional
        What the object is called, without suffix, within the brand: a run's id. The start of the reel's hash where not given; either
        way the same reel ends in the same object, however often it is uploaded.
    title : str, optional
        For pages that list what a store holds.
    beside : iterable of Path
        Poster, captions and other files, published under the same name with their own suffix (and shape: ``reel-1x1.mp4``).

    Returns
    -------
    UploadResult

    Raises
    ------
    UploadError
        When the store refuses, or does not hold what was sent.
    """
    stem = f"{brand.publishing.prefix}{brand.slug}/{name or reel.sha256[:12]}"
    for path in (*beside, reel.path):
        store.put(stem + _ending(path), path, content_type=_TYPES.get(path.suffix, "application/octet-stream"), title=title)
    held = store.look(f"{stem}.mp4")
    if held is None or held.bytes != reel.bytes:
        what = "nothing" if held is None else f"{held.bytes} bytes"
        raise UploadError(f"brand '{brand.slug}': upload: the store holds {what} under {stem}.mp4, {reel.bytes} bytes were sent; try again")
    return held


def _ending(path: Path) -> str:
    """Return what a file's name adds to the reel's: its suffix, and the shape where it is the reel or its poster in another one."""
    shaped = re.search(r"-\d+x\d+$", path.stem)
    return (shaped[0] if shaped else "") + path.suffix
