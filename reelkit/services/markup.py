"""Plain paragraphs from Markdown or HTML: mark-up is taken off and its text kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from reelkit.model import one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["Paragraph", "paragraphs_of"]

# Every repetition is bounded or cannot begin again inside itself, so that no file makes these slow.
_BLOCKS = re.compile(
    r"\A---\n.*?^---$|<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|^(```|~~~).*?(?:^\2|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_BLOCK_TAG = re.compile(r"</?(?:p|div|br|hr|li|ul|ol|h[1-6]|section|article|table|tr|blockquote)\b", re.IGNORECASE)
_BULLET = re.compile(r"^([ \t>]*)•(?=[ \t])", re.MULTILINE)
# A year, a number that is all of its line, or one behind another mark, marks no item.
_NUMBER = re.compile(
    r"^([ \t>]*(?:\d{4,9}(?=[.)][ \t])|\d{1,9}(?=[.)][ \t]*$)|(?:[-*+]|\d{1,9}[.)])[ \t]+\d{1,9}(?=[.)](?:[ \t]|$))))",
    re.MULTILINE,
)
_COUNT = re.compile(r"^([ \t>]*(?:[-*+][ \t]+)?)(\d{1,3})[.)](?=[ \t]+\S)", re.MULTILINE)
_GAP = re.compile(r"\n[ \t>]*\n")
# Below a line of text CommonMark takes none that stand four spaces deep.
_DEEP_BULLET = re.compile(r"\s*[-*+•]\s+(?=\S)")
# CommonMark takes no names with colons, attributes without spaces between or values with "=", which word processors and people write.
_TAG = re.compile(r"</?[a-z][a-z0-9-]*(?::[a-z0-9-]+)?(?:\s[^<>=]*\w\s*=[^<>]*|\s*/?)>", re.IGNORECASE)
_ADDRESS = re.compile(r"\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_ASIDE = re.compile(r"\[\s*(terms?|emphasis|icon)\s*:([^\]]*)\]", re.IGNORECASE)
_RULE = "=-_* \t"
_STOPS, _QUESTIONS = frozenset(".!…。！۔।።։။។"), frozenset("?？؟")
_FIRST_WITHOUT_SPACES = "\u2e80"
"""From here on stand the signs and letters of Chinese and Japanese."""


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
            self.emphasis = one_line(said)
        elif name == "icon":
            self.icon = one_line(said)
        else:
            self.terms = tuple(one_line(term) for term in said.split(",") if term.strip())


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
    text = _NUMBER.sub(r"\1\\", _with_dashes(_BULLET.sub(r"\1-", text)))
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
        # The cells of a table's row are one paragraph.
        anew = opening.tag not in ("th", "td") or not paragraphs or paragraphs[-1].line != lines[0][0]
        for index, (number, begins, line) in enumerate(lines):
            bullet = _DEEP_BULLET.match(line) if index else None
            said = line[bullet.end() :] if bullet else line
            anew = anew or begins or bullet is not None
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
    from markdown_it.rules_inline import emphasis, strikethrough

    class AnyAddress(MarkdownIt):
        def validateLink(self, url: str) -> bool:
            """Let no address spoil a link: only its text is kept."""
            return True

    # Indented text and what stands in HTML are read as text too.
    markdown = AnyAddress("commonmark").enable(["strikethrough", "table"]).disable(["code", "html_block"])
    rules = markdown.inline.ruler
    rules.at("emphasis", _without_spaces(emphasis.tokenize))
    rules.at("strikethrough", _without_spaces(strikethrough.tokenize))
    rules.after("image", "spaced_link", _spaced_link)
    rules.after("html_inline", "tag", _tag)
    return markdown


def _without_spaces(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Let marks between a letter and a sign count too, as they stand in scripts without spaces; between figures they multiply."""

    def marks(state: StateInline, silent: bool) -> bool:
        begin, known = state.pos, len(state.delimiters)
        if not rule(state, silent):
            return False
        before = state.src[begin - 1] if begin else " "
        after = state.src[state.pos] if state.pos < state.posMax else " "
        multiplies = before.isdigit() and after.isdigit()
        if multiplies or (state.src[begin] != "_" and (state.pos - begin > 1 or max(before, after) >= _FIRST_WITHOUT_SPACES)):
            for mark in state.delimiters[known:]:
                mark.open = not multiplies and not after.isspace()
                mark.close = not multiplies and not before.isspace()
        return True

    return marks


def _spaced_link(state: StateInline, silent: bool) -> bool:
    """Take a link or a picture whose address has spaces."""
    begin = state.pos + state.src.startswith("!", state.pos)
    end = state.md.helpers.parseLinkLabel(state, begin) if state.src.startswith("[", begin) else -1
    address = _ADDRESS.match(state.src, end + 1, state.posMax) if end >= 0 else None
    if address is None:
        return False
    if not silent and begin > state.pos:
        state.push("image", "img", 0)
    elif not silent:
        maximum = state.posMax
        state.pos, state.posMax = begin + 1, end
        state.push("link_open", "a", 1)
        state.md.inline.tokenize(state)
        state.push("link_close", "a", -1)
        state.posMax = maximum
    state.pos = address.end()
    return True


def _tag(state: StateInline, silent: bool) -> bool:
    """Take a tag that CommonMark does not."""
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _with_dashes(text: str) -> str:
    """Turn the numbers of lines that count up or down into dashes, which mark items right below a line of text too."""
    counting = set[int]()
    for one, two in pairwise(_COUNT.finditer(text)):
        counts_on = abs(int(one[2]) - int(two[2])) == 1 and not two[1].strip(" \t>")
        if counts_on and not _GAP.search(text, one.end(), two.start()):
            counting |= {one.start(), two.start()}
    return _COUNT.sub(lambda found: f"{found[1]}-" if found.start() in counting else found[0], text)


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
