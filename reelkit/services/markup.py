"""Plain paragraphs from Markdown or HTML: mark-up is taken off and its text kept."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from reelkit.model import one_line

__all__ = ["Paragraph", "paragraphs_of"]

# Every repetition is bounded or cannot begin again inside itself, so that no file makes these slow.
_BLOCKS = re.compile(
    r"\A---\n.*?^---$|<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|^(```|~~~).*?(?:^\2|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_BLOCK_TAG = re.compile(r"</?(?:p|div|br|hr|li|ul|ol|h[1-6]|section|article|table|tr|blockquote)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>|<!doctype[^<>]*>", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]]{0,300}\]\([^)]{0,2000}\)")
_LINK = re.compile(r"\[([^\]]{1,300})\]\([^)]{0,2000}\)")
_EMPHASIS = re.compile(r"(\*{1,3}|~~|`{1,2})(?=\S)(.{1,300}?)(?<=\S)\1|(?<!\w)(_{1,3})(?=\S)(.{1,300}?)(?<=\S)\3(?!\w)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!>~-])")
_ASIDE = re.compile(r"\[\s*(terms?|emphasis|icon)\s*:([^\]]*)\]", re.IGNORECASE)
_HEADING = re.compile(r"#{1,6}\s")
_ITEM = re.compile(r"\A(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}")
_QUOTE = re.compile(r"\A(?:>\s?)+")


@dataclass
class Paragraph:
    """A paragraph or list item: the line it begins at, its text, and what is named for it, if anything: terms, key words, an icon."""

    line: int
    text: str
    terms: tuple[str, ...] | None = None
    emphasis: str = ""
    icon: str = ""

    def take(self, name: str, said: str) -> None:
        """Take what a line in brackets says."""
        if name == "emphasis":
            self.emphasis = " ".join(said.split())
        elif name == "icon":
            self.icon = " ".join(said.split())
        else:
            self.terms = tuple(" ".join(term.split()) for term in said.split(",") if term.strip())


def paragraphs_of(text: str) -> tuple[str, list[Paragraph]]:
    """Return the title and the paragraphs of a text.

    The first heading is the title where nothing stands before it; other headings, comments, code, scripts and front matter are left
    out. A line ``[terms: a, b]``, ``[emphasis: a]`` or ``[icon: a]`` belongs to the paragraph that it stands in or below.

    Examples
    --------
    >>> title, paragraphs = paragraphs_of("# Tea\\n\\nTea is *hot* <b>water</b>.\\n[terms: tea cup, steam]\\n\\n- Drink it.")
    >>> title, [(paragraph.line, paragraph.text, paragraph.terms) for paragraph in paragraphs]
    ('Tea', [(3, 'Tea is hot water.', ('tea cup', 'steam')), (6, 'Drink it.', None)])
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _BLOCKS.sub(lambda found: "\n" * found[0].count("\n"), text)
    title, paragraphs, anew = "", list[Paragraph](), True
    for number, line in enumerate(text.split("\n"), 1):
        for index, part in enumerate(_BLOCK_TAG.split(line)):
            anew = anew or index > 0
            bare = _QUOTE.sub("", part.strip()).strip()
            item = _ITEM.match(bare)
            bare = bare[item.end() :] if item else bare
            aside, heading = _ASIDE.fullmatch(bare), _HEADING.match(bare)
            if aside and paragraphs:
                paragraphs[-1].take(aside[1].lower(), aside[2])
                anew = True
            elif heading and not title and not paragraphs:
                title = _plain(bare.strip("#"))
            elif not bare or heading or aside or _RULE.fullmatch(bare):
                anew = True
            elif plain := _plain(bare):
                if anew or item:
                    paragraphs.append(Paragraph(number, plain))
                else:
                    paragraphs[-1].text += f" {plain}"
                anew = False
    return title, paragraphs


def _plain(text: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub(" ", text))
    text = _EMPHASIS.sub(lambda found: found[2] or found[4], html.unescape(_TAG.sub("", text)))
    return one_line(_ESCAPE.sub(r"\1", text))
