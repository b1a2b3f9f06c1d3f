"""Fonts installed on the machine, found by their family's name without asking the system: the same code on every one."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import freetype
import uharfbuzz as hb

__all__ = ["InstalledFont", "installed_fonts"]

_SUFFIXES = (".ttf", ".otf", ".ttc")
_WEIGHT_AT = 4
"""Offset of usWeightClass in a font's OS/2 table (OpenType 1.9.1)."""


@dataclass(frozen=True)
class InstalledFont:
    """An upright font file of a family."""

    path: Path
    family: str
    weight: int
    variable: bool


@lru_cache(maxsize=1)
def installed_fonts() -> dict[str, tuple[InstalledFont, ...]]:
    """Return the machine's upright fonts with outlines by family, its name in small letters."""
    found: dict[str, list[InstalledFont]] = {}
    for folder in _folders():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            font = _read(path) if path.suffix.lower() in _SUFFIXES else None
            if font is not None:
                found.setdefault(font.family.lower(), []).append(font)
    return {family: tuple(fonts) for family, fonts in found.items()}


def _folders() -> Iterator[Path]:
    """Yield where systems keep fonts, the user's own first."""
    home = Path.home()
    yield Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "fonts"
    if sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    elif sys.platform == "win32":
        yield Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
        yield Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
    else:
        yield from (home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))


def _read(path: Path) -> InstalledFont | None:
    try:
        outlines = freetype.Face(str(path))
        upright = not outlines.style_flags & freetype.FT_STYLE_FLAG_ITALIC
        if not (outlines.is_scalable and outlines.family_name and upright):
            return None
        shapes = hb.Face(hb.Blob.from_file_path(str(path)))
        table = bytes(shapes.reference_table("OS/2").data)
        weight = struct.unpack_from(">H", table, _WEIGHT_AT)[0] if len(table) > _WEIGHT_AT + 1 else 400
        variable = any(axis.tag == "wght" for axis in shapes.axis_infos)
        return InstalledFont(path, outlines.family_name.decode("utf-8", "replace"), weight, variable)
    except (freetype.FT_Exception, OSError, hb.HarfBuzzError):
        return None
