"""SVG drawings: drawn as they are, reading no other file and asking no network."""

from __future__ import annotations

import codecs
import io
import re
from functools import lru_cache
from xml.etree import ElementTree

import fontpkg
from PIL import Image

__all__ = ["draw_svg", "is_svg"]

_EMBEDDED = re.compile(r"data:image/(png|jpeg|jpg|webp|gif)[;,]", re.IGNORECASE)
_REFERENCE = re.compile(r"url\(\s*['\"]?\s*(?!#)([^'\")\s]+)|@import\s+(\S+)", re.IGNORECASE)
_LEADING = re.compile(
    r"(?>\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?>\[.*?\]\s*)?>)*+<(?:\w+:)?svg[\s>]",  # taken once: no way back to try in vain
    re.DOTALL | re.IGNORECASE,
)
_DECLARATION = re.compile(r"\s*<\?xml\s.*?\?>", re.DOTALL)
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*['\"]([A-Za-z][\w.-]*)['\"]")
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
    """
    import resvg_py

    try:
        text = _DECLARATION.sub("", data.decode(_encoding(data)), count=1)
        root = None if "<!ENTITY" in text else ElementTree.fromstring(text)
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ValueError(f"is not an SVG that can be drawn ({str(error)[:80]}); give a whole SVG or PNG file") from None
    if root is None:
        raise ValueError("declares XML entities; save it as plain SVG, from Illustrator without its editing capabilities")
    if root.tag.rpartition("}")[2] != "svg":
        raise ValueError(f"is XML but no SVG (its root is '{root.tag}'); give an SVG or PNG file")
    _refuse_references(root)
    fonts = _font_files() if "<text" in text else []
    try:
        drawn = resvg_py.svg_to_bytes(svg_string=text, width=width_px, height=height_px, skip_system_fonts=True, font_files=fonts)
    except ValueError as error:
        raise ValueError(f"is not an SVG that can be drawn ({str(error)[:80]}); give a whole SVG or PNG file") from None
    with Image.open(io.BytesIO(drawn), formats=("PNG",)) as picture:
        rgba: Image.Image = picture.convert("RGBA")
        return rgba


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
def _font_files() -> list[str]:
    return sorted(str(file.path) for family in fontpkg.families().values() for file in family.files)
