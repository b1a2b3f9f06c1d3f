"""A notebook's cells as safe HTML: prose, folded code, and faces of outputs.

Only a view of ours (known by the mark in its output's metadata) is taken as it is, since views escape what they show. Anything else
is escaped text or an embedded picture: no other output's HTML, SVG, script or widget reaches a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import mistune
from markupsafe import Markup

from reelkit.views.markup import fill, visible
from reelkit.views.show import MARK
from reelkit.views.step_lines import STEP_MIME

__all__ = ["code", "face", "prose", "view_name"]

_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_MOST_CHARS = 20_000
_WIDGET = "application/vnd.jupyter.widget-view+json"
_markdown = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])


def prose(source: str, taken: dict[str, str]) -> Markup:
    """Return Markdown as HTML: raw HTML in it is escaped, pictures that are not embedded become their text.

    Parameters
    ----------
    source : str
    taken : dict
        Ids of headings so far and their texts; those met are added. The page's title is its only first-level heading, so ``#`` becomes
        a second-level one.
    """

    def named(match: re.Match[str]) -> str:
        level, text = max(int(match[1]), 2), match[2]
        plain = Markup(text).striptags()
        slug = base = re.sub(r"\W+", "-", plain.casefold()).strip("-") or "section"
        number = 2
        while slug in taken or slug in ("main", "made", "reel"):
            slug, number = f"{base}-{number}", number + 1
        if level == 2:
            taken[slug] = plain
        return f'<h{level} id="{slug}">{text}</h{level}>'

    html = str(_markdown(visible(source)))
    html = re.sub(r'<img src="(?!data:image/(?:png|jpeg|webp|gif);)[^"]*" alt="([^"]*)"[^>]*>', r"\1", html)
    return Markup(re.sub(r"<h([1-6])>(.*?)</h\1>", named, html, flags=re.S))


def code(source: str) -> Markup:
    """Return Python as highlighted HTML."""
    from nbconvert.filters import highlight

    make_filter: Any = highlight.Highlight2HTML
    return Markup(make_filter(pygments_lexer="python")(visible(source), language="python"))


def view_name(output: Mapping[str, Any]) -> str | None:
    """Return which view of ours an output is, None for any other output."""
    marked = (output.get("metadata") or {}).get(MARK)
    return str(marked["view"]) if isinstance(marked, Mapping) and "view" in marked and "text/html" in output.get("data", {}) else None


def face(output: Mapping[str, Any], *, name: str) -> Markup:
    """Return what a page shows of an output.

    Parameters
    ----------
    output : mapping
        Of a code cell, as in the notebook file.
    name : str
        What to call a picture that says nothing of itself.
    """
    match output.get("output_type"):
        case "stream":
            return _text(_joined(output.get("text", "")))
        case "error":
            return _error(output)
        case "display_data" | "execute_result":
            return _display(output, name)
        case _:
            return Markup()


def _display(output: Mapping[str, Any], name: str) -> Markup:
    data = output.get("data", {})
    if view_name(output):
        # The page carries the views' stylesheet once, and today's.
        return Markup(re.sub(r"<style>.*?</style>", "", _joined(data["text/html"]), count=1, flags=re.S))
    for mime in _PICTURES:
        content = re.sub(r"\s", "", _joined(data.get(mime, "")))
        if content and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", content):
            about = (output.get("metadata") or {}).get(mime)
            told = about.get("alt") if isinstance(about, Mapping) else None
            return fill('<img class="picture" alt="{}" src="data:{};base64,{}">', told or name, mime, Markup(content))
    if "text/markdown" in data:
        return fill('<div class="prose">{}</div>', prose(_joined(data["text/markdown"]), {}))
    if STEP_MIME in data:
        return fill('<p class="step">{}</p>', _plain(_joined(data.get("text/plain", ""))))
    return Markup() if _WIDGET in data else _text(_joined(data.get("text/plain", "")))


def _text(text: str) -> Markup:
    text = _plain(text).strip("\n")
    if len(text) > _MOST_CHARS:
        text = f"{text[:_MOST_CHARS]}\n… {len(text) - _MOST_CHARS:,} more characters"
    return fill('<pre class="text">{}</pre>', text) if text.strip() else Markup()


def _error(output: Mapping[str, Any]) -> Markup:
    trace = _text("\n".join(map(str, output.get("traceback", []))))
    return fill(
        '<div class="error" role="group" aria-label="Error"><p><span class="name">{}</span> {}</p>{}</div>',
        _plain(str(output.get("ename", "Error"))),
        _plain(str(output.get("evalue", ""))),
        fill("<details><summary>Traceback</summary>{}</details>", trace) if trace else Markup(),
    )


def _plain(text: str) -> str:
    """Return text as a terminal would leave it: no colour codes, of a line that was rewritten its last state."""
    without = re.sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])", "", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in without.split("\n"))


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
