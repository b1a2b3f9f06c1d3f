"""Fonts: families from wheels, files by path, and what stands in where a family lacks a character.

Families come as ``fontpkg-*`` wheels (SIL Open Font License); a brand may name one that is installed on the machine, or a file. Every
character is drawn by the first font that has it: the style's own, then Inter, then the Noto fonts by script, symbols last; emoji by the
font of coloured ones. A character that none has is named by :func:`missing_characters` and left out of drawing, never shown as an empty
box.
"""

from __future__ import annotations

import difflib
import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fontpkg
import freetype
import uharfbuzz as hb

from reelkit.errors import BrandError
from reelkit.media.emoji import emoji_font, shown_as_emoji
from reelkit.media.installed_fonts import installed_fonts

__all__ = [
    "FontFace",
    "OpenFont",
    "advice_for",
    "clusters",
    "comes_with_reelkit",
    "families",
    "find_font",
    "font_for",
    "missing_characters",
    "open_font",
]

_SUFFIXES = (".ttf", ".otf", ".ttc")
_NOTO = (
    *("NotoSans", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari", "NotoSansBengali", "NotoSansGurmukhi", "NotoSansGujarati"),
    *("NotoSansOriya", "NotoSansTamil", "NotoSansTelugu", "NotoSansKannada", "NotoSansMalayalam", "NotoSansSinhala", "NotoSansThai"),
    *("NotoSansLao", "NotoSansMyanmar", "NotoSansKhmer", "NotoSansEthiopic", "NotoSansGeorgian", "NotoSansArmenian"),
    *("NotoSansSymbols", "NotoEmoji"),
)
_DISPLAY_WEIGHT = 800
_CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH")
_JOINER = "\u200d"
_JOINERS = _JOINER + "\u200c"
"""With the one that keeps letters apart, as Persian and Indic scripts write it."""
_REGIONAL = range(0x1F1E6, 0x1F200)
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""The last say which form of a Chinese character a name is written in."""
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)


@dataclass(frozen=True)
class FontFace:
    """One drawable face: a file and where its variable axes stand.

    Parameters
    ----------
    path : Path
    family : str
    weight : int
        The weight that fallbacks keep to, 100 to 900; the face itself is drawn at the nearest weight that its family has.
    variation : tuple of (str, float)
        Axis tags and values, in the file's order; empty for a static font.
    changed_ns : int
        When a file that is named by its path last changed, so that another one in its place is another face; 0 for families.
    """

    path: Path
    family: str
    weight: int
    variation: tuple[tuple[str, float], ...] = ()
    changed_ns: int = 0


@dataclass(frozen=True)
class OpenFont:
    """A face opened for shaping and drawing; ``lock`` is held while ``outlines`` is in use (FreeType faces keep state)."""

    shapes: Any
    outlines: Any
    lock: threading.Lock = field(default_factory=threading.Lock)


def families() -> list[str]:
    """Return the names of all families at hand, sorted.

    Examples
    --------
    >>> "Montserrat" in families()
    True
    """
    return sorted(family.name for family in fontpkg.families().values())


def comes_with_reelkit(family_or_path: str) -> bool:
    """Return whether a font's name is a family whose files are part of a wheel, the same on every machine.

    Examples
    --------
    >>> comes_with_reelkit("Anton"), comes_with_reelkit("own.ttf")
    (True, False)
    """
    return fontpkg.slugify(family_or_path) in fontpkg.families()


def find_font(family_or_path: str | Path, weight: int = 800) -> FontFace:
    """Return the face for a family's name or a font file, at the nearest weight there is.

    Parameters
    ----------
    family_or_path : str or Path
        A family that comes with Reelkit (case and hyphens do not matter) or is installed on the machine, or the path of a .ttf, .otf or
        .ttc file.
    weight : int
        100 to 900.

    Raises
    ------
    BrandError
        When no such family is known (with the nearest known name), or the file is missing or no font.

    Examples
    --------
    >>> find_font("Montserrat", 800).variation
    (('wght', 800.0),)
    >>> find_font("bebas neue", 800).path.name
    'BebasNeue-Regular.ttf'
    >>> find_font("Monserat")
    Traceback (most recent call last):
    ...
    reelkit.errors.BrandError: font 'Monserat' is not a family; did you mean 'Montserrat'? A path to a .ttf or .otf file works too.
    """
    name = str(family_or_path)
    if isinstance(family_or_path, Path) or name.lower().endswith(_SUFFIXES):
        path = Path(name)
        return _face_of(path, path.stem, weight, path.stat().st_mtime_ns if path.is_file() else 0)
    return _of_family(name, weight)


@lru_cache(maxsize=256)
def _of_family(name: str, weight: int) -> FontFace:
    family = fontpkg.families().get(fontpkg.slugify(name))
    if family is None:
        known, installed = families(), installed_fonts()
        if fonts := installed.get(name.lower()):
            nearest = min(fonts, key=lambda font: (not font.variable, abs(font.weight - weight), -font.weight))
            return _face_of(nearest.path, nearest.family, weight)
        all_names = [*known, *(fonts[0].family for fonts in installed.values())]
        near = difflib.get_close_matches(name.title(), all_names, n=1, cutoff=0.5)
        advice = f"did you mean '{near[0]}'?" if near else f"known families: {', '.join(known)}."
        raise BrandError(f"font '{name}' is not a family; {advice} A path to a .ttf or .otf file works too.")
    upright = [file for file in family.files if file.style == "normal"] or list(family.files)
    best = min(upright, key=lambda file: (not file.variable, abs((file.weight or 400) - weight), -(file.weight or 400)))
    # A family of one weight is a display face: what stands in for it is bold as well, whatever was asked for.
    return _face_of(best.path, family.name, weight if len(upright) > 1 or best.variable else max(weight, _DISPLAY_WEIGHT))


@lru_cache(maxsize=256)
def _face_of(path: Path, family: str, weight: int, changed_ns: int = 0) -> FontFace:
    axes = _shapes(path, changed_ns).axis_infos
    wanted = {"wght": float(weight), "opsz": float("inf")}  # the display cut: captions are always large
    variation = tuple(
        (axis.tag, min(max(wanted.get(axis.tag, axis.default_value), axis.min_value), axis.max_value))
        for axis in sorted(axes, key=lambda axis: int(axis.axis_index))
    )
    face = FontFace(path, family, weight, variation, changed_ns)
    open_font(face)
    return face


@lru_cache(maxsize=128)
def _shapes(path: Path, _changed_ns: int) -> Any:
    if not path.is_file():
        raise BrandError(f"font file {path} does not exist; give the path of a .ttf or .otf file, or a family: {', '.join(families())}")
    shapes = hb.Face(hb.Blob.from_file_path(str(path)))
    if not shapes.glyph_count:
        raise BrandError(f"font file {path} is not a font that can be read; give a whole .ttf or .otf file")
    return shapes


@lru_cache(maxsize=128)
def open_font(face: FontFace) -> OpenFont:
    """Return the face opened in HarfBuzz (``shapes``) and, with its axes set, in FreeType (``outlines``).

    Raises
    ------
    BrandError
        When the file is missing or no font.
    """
    shapes = _shapes(face.path, face.changed_ns)
    try:
        outlines = freetype.Face(str(face.path))
        if face.variation:
            outlines.set_var_design_coords([value for _, value in face.variation])
    except freetype.FT_Exception:
        raise BrandError(f"font file {face.path} is not a font that can be read; give a whole .ttf or .otf file") from None
    if not outlines.is_scalable:
        raise BrandError(f"font file {face.path} holds bitmaps only; give a font with outlines")
    return OpenFont(shapes, outlines)


@lru_cache(maxsize=128)
def _characters(face: FontFace) -> frozenset[int]:
    return frozenset(_shapes(face.path, face.changed_ns).unicodes)


@lru_cache(maxsize=16)
def _fallbacks(weight: int) -> tuple[tuple[str | Path, int], ...]:
    noto = [Path(str(files("manimgx_fonts") / f"{stem}[wght].ttf")) for stem in _NOTO]
    if find_spec("manimgx_fonts_cjk") is not None:
        noto.append(Path(str(files("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc")))
    return (("Inter", weight), *((path, weight) for path in noto))


def clusters(text: str) -> list[str]:
    """Split a text into what must be drawn by one font: a base character with its marks, joiners, tones and flags.

    Follows UAX #29 as far as fonts care; Hangul syllables and Indic conjuncts may be split, which shaping mends.

    Examples
    --------
    >>> clusters("né🇫🇷👩\u200d🚀")
    ['n', 'é', '🇫🇷', '👩\u200d🚀']
    """
    found: list[str] = []
    for character in text:
        if found and _extends(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _extends(cluster: str, character: str) -> bool:
    point = ord(character)
    if character in _JOINERS or unicodedata.category(character) in ("Mn", "Me", "Mc") or point in _SKIN_TONES or point in _TAGS:
        return True
    if cluster.endswith(_JOINER) and point > 0x2000:
        return True
    return point in _REGIONAL and len(cluster) == 1 and ord(cluster) in _REGIONAL


def _visible(cluster: str) -> list[int]:
    # Format and control characters and variation selectors steer shaping; no font needs to draw them.
    return [ord(c) for c in cluster if unicodedata.category(c) not in ("Cf", "Cc") and not _SELECTOR.fullmatch(c)]


@lru_cache(maxsize=4096)
def font_for(cluster: str, face: FontFace) -> FontFace | None:
    """Return the first font that has every character of a cluster: the face itself, else a fallback, else None.

    Examples
    --------
    >>> montserrat = find_font("Montserrat", 800)
    >>> [font_for(c, montserrat).path.stem for c in "aع🚀"]
    ['Montserrat[wght]', 'NotoSansArabic[wght]', 'NotoColorEmoji-Regular']
    """
    # A letter and its mark are drawn as one where a font has them so.
    ways = [_visible(cluster), _visible(unicodedata.normalize("NFC", cluster))]
    if not all(ways):
        return None
    for candidate in _candidates(cluster, face):
        if any(all(point in _characters(candidate) for point in points) for points in ways):
            return candidate
    return None


def _candidates(cluster: str, face: FontFace) -> Iterator[FontFace]:
    emoji = emoji_font()
    if emoji is not None and shown_as_emoji(cluster):
        yield find_font(emoji)
    yield face
    for name, weight in _fallbacks(face.weight):
        yield find_font(name, weight)
    if emoji is not None:
        yield find_font(emoji)


def missing_characters(text: str, face: FontFace) -> str:
    """Return the characters of a text that neither the face nor any fallback has, each once, in order of appearance.

    Examples
    --------
    >>> missing_characters("Plain, عربي, 🚀 and 𓀀𓀁", find_font("Inter", 700))
    '𓀀𓀁'
    """
    lacking = (c for c in clusters(text) if _visible(c) and not c.isspace() and font_for(c, face) is None)
    return "".join(dict.fromkeys("".join(lacking)))


def advice_for(missing: str) -> str:
    """Return what to do about characters that no font has.

    Examples
    --------
    >>> advice_for("𞤀")
    'name a font file that has them in captions.font or fonts.title, or say it in other characters'
    """
    if any(unicodedata.name(character, "").startswith(_CJK) for character in missing) and find_spec("manimgx_fonts_cjk") is None:
        return "install the fonts for Chinese, Japanese and Korean: pip install 'reelkit[cjk]'"
    return "name a font file that has them in captions.font or fonts.title, or say it in other characters"
