"""Plain paragraphs from Markdown or HTML: mark-up is taken off and its text kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from reelkit.model import one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["Paragraph", "paragraphs_of"]

# Every repetition is bounded or cannot begin again inside itself, so that no file makes these slow.
_BLOCKS = re.compile(
    r"\A---\n.*?^---$|<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|^(```|~~~).*?(?:^\2|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_BLOCK_TAG = re.compile(r"</?(?:p|div|br|hr|li|ul|ol|h[1-6]|section|article|table|tr|blockquote)\b", re.IGNORECASE)
_BULLET = re.compile(r"^([ \t>]*)•(?=[ \t])", re.MULTILINE)
# A year, or a number that is all of its line, marks no item.
_NUMBER = re.compile(r"^([ \t>]*(?:\d{4,9}(?=[.)][ \t])|\d{1,9}(?=[.)][ \t]*$)))", re.MULTILINE)
# CommonMark knows no "**" between a letter and a sign, as they stand in scripts without spaces.
_SPAN = r"\*\*(?=\S)([^*\n]{1,300})(?<=[^\s\\])\*\*"
_BOLD = re.compile(rf"(?<=\w){_SPAN}|(?<!\\){_SPAN}(?=\w)")
_ASIDE = re.compile(r"\[\s*(terms?|emphasis|icon)\s*:([^\]]*)\]", re.IGNORECASE)
_RULE = "=-_* \t"
_STOPS, _QUESTIONS = frozenset(".!…。！۔।።։။។"), frozenset("?？؟")


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
    text = _BOLD.sub(r"\1\2", _NUMBER.sub(r"\1\\", _BULLET.sub(r"\1-", text)))
    title, paragraphs = "", list[Paragraph]()
    for opening, block in pairwise(_markdown().parse(text)):
        if block.type != "inline":
            continue
        lines = list(_lines(block))
        if opening.type == "heading_open":
            heading = [line for _, _, line in lines if line.strip(_RULE)]
            if not _is_ruled_off(opening, heading):
                if not title and not paragraphs:
                    title = one_line(" ".join(heading))
                continue
        anew = True
        for number, begins, said in lines:
            anew = anew or begins
            if aside := _ASIDE.fullmatch(said.strip()):
                if paragraphs:
                    paragraphs[-1].take(aside[1].lower(), aside[2])
                anew = True
            elif said.strip(_RULE):
                if anew:
                    paragraphs.append(Paragraph(number, one_line(said)))
                else:
                    paragraphs[-1].text += f" {one_line(said)}"
                anew = False
    return title, paragraphs


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class AnyAddress(MarkdownIt):
        def validateLink(self, url: str) -> bool:
            """Let no address spoil a link: only its text is kept."""
            return True

    # Indented text and what stands in HTML are read as text too.
    return AnyAddress("commonmark").enable("strikethrough").disable(["code", "html_block"])


def _is_ruled_off(opening: Token, lines: list[str]) -> bool:
    """Whether an underlined "heading" is prose and a rule: it has several lines, ends as sentences that tell do, or names terms."""
    if opening.markup not in ("-", "="):
        return False
    text = " ".join(lines).strip()
    last = next((char for char in reversed(text) if char.isalnum() or char in _STOPS | _QUESTIONS), "")
    return len(lines) > 1 or bool(_ASIDE.fullmatch(text)) or last in _STOPS


def _lines(block: Token) -> Iterator[tuple[int, bool, str]]:
    """Yield the lines of a block's text, parted at HTML's tags of blocks too: the line's number, whether such a tag begins it, its text."""
    assert block.map is not None
    number, begins, said = block.map[0] + 1, False, ""
    for piece in block.children or ():
        is_break = piece.type in ("softbreak", "hardbreak")
        is_tag = piece.type == "html_inline"
        if is_break or (is_tag and _BLOCK_TAG.match(piece.content)):
            yield number, begins, said
            begins, said = is_tag, ""
        number += is_break + is_tag * piece.content.count("\n")
        if not is_tag:
            said += " " if piece.type == "image" else piece.content
    yield number, begins, said
