"""SVG drawings: drawn as they are, reading no other file and asking no network."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import fontpkg
from PIL import Image

from reelkit.media.fonts import clusters, find_font, font_for, missing_characters

__all__ = ["HEAD_BYTES", "draw_svg", "is_svg", "text_not_as_asked"]

HEAD_BYTES = 65_536
"""So much of a file tells whether it is a drawing: a licence may stand before it."""

_EMBEDDED = re.compile(r"data:image/(png|jpeg|jpg|webp|gif)[;,]", re.IGNORECASE)
_REFERENCE = re.compile(r"url\(\s*['\"]?\s*(?!#)([^'\")\s]+)|@import\s+(\S+)", re.IGNORECASE)
_LEADING = re.compile(
    r"(?>\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?>\[.*?\]\s*)?>)*+<(?:\w+:)?svg[\s>]",  # taken once: no way back to try in vain
    re.DOTALL | re.IGNORECASE,
)
_DECLARATION = re.compile(r"\s*<\?xml\s.*?\?>", re.DOTALL)
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*['\"]([A-Za-z][\w.-]*)['\"]")
_FAMILIES = re.compile(r"(?<![\w-])font(?:-family\s*:|\s*:[^;}]*?[\d.](?:px|pt|r?em|ex|%)[^\s;}]*\s)([^;}]+)", re.IGNORECASE)
_SANS, _SERIF, _MONO = "Inter", "Playfair Display", "IBM Plex Mono"
_GENERIC = {"sans-serif": _SANS, "serif": _SERIF, "monospace": _MONO, "cursive": _SERIF, "fantasy": _SANS}
_SERIFS = ("serif", "georgia", "times", "times new roman", "garamond", "baskerville", "didot", "cambria", "palatino")
_OF_THE_SYSTEM = ("system-ui", "-apple-system", "blinkmacsystemfont", "ui-sans-serif", "inherit", "initial", "unset")
"""Asks for whatever a machine has: so does a generic family, and nothing of a brand is lost by it."""
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}


def is_svg(head: bytes) -> bool:
    """Return whether the first bytes of a file open an SVG drawing.

    Examples
    --------
    >>> is_svg(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">'), is_svg(b"<html><svg>")
    (True, False)
    """
    return _LEADING.match(head.decode(_encoding(head), errors="replace")) is not None


def _encoding(data: bytes) -> str:
    """Return the encoding of an XML text by its first bytes, else by its declaration (XML 1.0, appendix F), else UTF-8."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    declared = _DECLARED.match(data)
    try:
        # What is declared in bytes of ASCII takes no more than a byte for each.
        name = codecs.lookup(declared[1].decode("ascii")).name if declared else "utf-8"
        return "utf-8" if "<?xml".encode(name) != b"<?xml" else name
    except (LookupError, UnicodeError, TypeError):
        return "utf-8"


def draw_svg(data: bytes, *, width_px: int, height_px: int) -> Image.Image:
    """Draw an SVG as large as a box allows; its proportions are kept.

    Parameters
    ----------
    data : bytes
    width_px, height_px : int
        The box.

    Returns
    -------
    Image
        RGBA, colours not premultiplied.

    Raises
    ------
    ValueError
        With what is wrong and what to do, to be put after the file's name: "refers to another file, ...".

    Notes
    -----
    Text is set in families from wheels alone, the same on every machine: where what it asks for is not among them in Inter, Playfair
    Display (serif) or IBM Plex Mono (monospace), and characters that these lack as captions are. :func:`text_not_as_asked` tells.
    """
    import resvg_py

    text, root = _parsed(data)
    _refuse_references(root)
    fonts = _fonts_for(root)
    try:
        drawn = resvg_py.svg_to_bytes(svg_string=text, width=width_px, height=height_px, skip_system_fonts=True, **fonts)
    except ValueError as error:
        raise ValueError(f"is not an SVG that can be drawn ({str(error)[:80]}); give a whole SVG or PNG file") from None
    with Image.open(io.BytesIO(drawn), formats=("PNG",)) as picture:
        rgba: Image.Image = picture.convert("RGBA")
        return rgba


def text_not_as_asked(data: bytes) -> str:
    """Return which of the families that an SVG's text asks for are not here, and what no font draws; empty where all is as it asks.

    Raises
    ------
    ValueError
        As for :func:`draw_svg`.

    Examples
    --------
    >>> text_not_as_asked(b'<svg xmlns="http://www.w3.org/2000/svg"><text font-family="Futura, sans-serif">Tea</text></svg>')
    "its text asks for 'Futura', which is not here; drawn in Inter"
    """
    _, root = _parsed(data)
    said = _said(root)
    if not said:
        return ""
    last = _last_resort(root)
    told = []
    for family in dict.fromkeys(tuple(asked) for asked in _asked(root)):
        here = next((drawn for name in family if (drawn := _here(name))), last)
        if family[0].lower() not in (*_GENERIC, *_OF_THE_SYSTEM, here.lower()):
            told.append(f"its text asks for '{family[0]}', which is not here; drawn in {here}")
    if missing := missing_characters(said, find_font(_SANS, 400)):
        told.append(f"no font draws {missing}")
    return "; ".join(told)


def _parsed(data: bytes) -> tuple[str, ElementTree.Element]:
    try:
        text = _DECLARATION.sub("", data.decode(_encoding(data)), count=1)
        root = None if "<!ENTITY" in text else ElementTree.fromstring(text)
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ValueError(f"is not an SVG that can be drawn ({str(error)[:80]}); give a whole SVG or PNG file") from None
    if root is None:
        raise ValueError("declares XML entities; save it as plain SVG, from Illustrator without its editing capabilities")
    if root.tag.rpartition("}")[2] != "svg":
        raise ValueError(f"is XML but no SVG (its root is '{root.tag}'); give an SVG or PNG file")
    return text, root


def _said(root: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()) for element in root.iter() if element.tag.rpartition("}")[2] == "text")


def _asked(root: ElementTree.Element) -> Iterator[list[str]]:
    """Yield each list of families that attributes and styles name, unquoted, in the order in which they are wanted."""
    for element in root.iter():
        styles = element.attrib.get("style", "") + ";" + (element.text or "" if element.tag.rpartition("}")[2] == "style" else "")
        for families in filter(None, (element.attrib.get("font-family"), *_FAMILIES.findall(styles))):
            names = [name.strip(" \t\r\n'\"") for name in families.replace("!important", "").split(",")]
            if names[0]:
                yield names


def _here(name: str) -> str | None:
    """Return the family in which a name is drawn; None where none has it."""
    return _GENERIC.get(name) or (name if name in _font_files()[0] else None)


def _last_resort(root: ElementTree.Element) -> str:
    """Return the family of all text whose own is not here: one with serifs where the drawing asks for such."""
    return _SERIF if any(name.lower() in _SERIFS for families in _asked(root) for name in families) else _SANS


def _fonts_for(root: ElementTree.Element) -> dict[str, Any]:
    said = _said(root)
    if not said:
        return {}
    sans = find_font(_SANS, 400)
    # What Inter lacks as well is asked of the fonts that captions fall back to.
    others = {str(face.path) for cluster in clusters(said) if (face := font_for(cluster, sans)) is not None}
    generic = {f"{name.replace('-', '_')}_family": family for name, family in _GENERIC.items()}
    # The last that the renderer asks for is "serif", whatever a text names.
    last = _last_resort(root)
    return {"font_files": sorted({*_font_files()[1], *others}), "font_family": last, **generic, "serif_family": last}


def _refuse_references(root: ElementTree.Element) -> None:
    for element in root.iter():
        for name, value in element.attrib.items():
            # Nothing is fetched for a link.
            refers = name.rpartition("}")[2] in ("href", "src") and element.tag.rpartition("}")[2] != "a"
            if refers and not value.startswith("#") and not _EMBEDDED.match(value.strip()):
                raise ValueError(f"refers to another file, '{value[:60]}'; embed it in the SVG instead")
        for text in (*element.attrib.values(), element.text or ""):
            found = _REFERENCE.search(text)
            if found:
                raise ValueError(f"refers to another file, '{found[0][:60]}'; embed it in the SVG instead")


@lru_cache(maxsize=1)
def _font_files() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the families' names and the paths of their files."""
    families = fontpkg.families().values()
    return frozenset(family.name for family in families), tuple(str(file.path) for family in families for file in family.files)
