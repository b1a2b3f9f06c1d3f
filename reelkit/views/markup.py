"""How views write HTML: every text is escaped by construction, and one stylesheet goes with each view.

:class:`markupsafe.Markup` templates escape whatever is formatted or joined into them unless it is markup itself, so a script, file
name, tag or credit that holds HTML shows as text.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from reelkit.model import Palette

__all__ = [
    "card",
    "chips",
    "clock",
    "data_uri",
    "each",
    "facts",
    "fill",
    "heading",
    "link",
    "plural",
    "seconds",
    "style_element",
    "table",
    "visible",
]

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@functools.cache
def style_element() -> str:
    """Return the ``<style>`` element that every view carries; a page that shows several needs it once."""
    css = Path(__file__).with_name("views.css").read_text(encoding="utf-8")
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return f"<style>{' '.join(plain.split())}</style>"


def visible(text: object) -> str:
    """Return text without the control characters that HTML does not allow, each shown as U+FFFD.

    Examples
    --------
    >>> visible("a\\x00b")
    'a\ufffdb'
    """
    return _UNSEEN.sub("\ufffd", str(text))


def each(template: str, rows: Iterable[object | tuple[object, ...]]) -> Markup:
    """Format a trusted template once a row and join the results; what is formatted in is escaped.

    Examples
    --------
    >>> each("<li>{}</li>", ["a<b", "c"])
    Markup('<li>a&lt;b</li><li>c</li>')
    """
    return Markup().join(fill(template, *(row if isinstance(row, tuple) else (row,))) for row in rows)


def fill(template: str, *values: object, **named: object) -> Markup:
    """Format a trusted template; what is formatted in is escaped, unless it is markup."""
    return Markup(template).format(*map(_clean, values), **{name: _clean(value) for name, value in named.items()})


def _clean(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def card(name: str, body: Markup, *, label: str, palette: Palette | None = None) -> str:
    """Return a whole view: a labelled group with the stylesheet and, where there is one, the brand's accent."""
    accent = fill(' style="--rk-accent:{};--rk-primary:{}"', palette.accent, palette.primary) if palette else Markup()
    return str(fill('<div class="rk rk-{}" role="group" aria-label="{}"{}>{}{}</div>', name, label, accent, Markup(style_element()), body))


def heading(title: object, *notes: object) -> Markup:
    """Return a view's title line with short notes after it; empty notes are left out."""
    said = [note for note in notes if note]
    return fill('<div class="rk-head"><p class="rk-title">{}</p><p class="rk-notes">{}</p></div>', title, each("<span>{}</span>", said))


def table(caption: str, columns: Iterable[str | Sequence[str]], rows: Iterable[Markup]) -> Markup:
    """Return a table that scrolls inside itself where the window is narrow.

    Parameters
    ----------
    caption : str
        Read out; not shown.
    columns : iterable of str or (str, str)
        Heads, each optionally with a class for its cell.
    rows : iterable of Markup
        ``<tr>`` elements.
    """
    heads = [(column, "") if isinstance(column, str) else tuple(column) for column in columns]
    return fill(
        '<div class="rk-scroll" tabindex="0" role="group" aria-label="{caption}"><table class="rk-table"><caption>{caption}</caption>'
        "<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
        caption=caption,
        heads=each('<th scope="col" class="{1}">{0}</th>', heads),
        rows=Markup().join(rows),
    )


def facts(pairs: Mapping[str, object]) -> Markup:
    """Return names and values as a list of pairs; empty values are left out."""
    shown = [(name, value) for name, value in pairs.items() if value not in (None, "")]
    return fill('<dl class="rk-facts">{}</dl>', each("<div><dt>{}</dt><dd>{}</dd></div>", shown))


def chips(texts: Iterable[object], *, label: str) -> Markup:
    """Return short texts as a row of chips."""
    return fill('<ul class="rk-chips" aria-label="{}">{}</ul>', label, each("<li>{}</li>", texts))


def link(url: str, text: object) -> Markup:
    """Return a link that opens beside the page, or only the text where the address is not plain http(s)."""
    if re.match(r"https?://[^\s<>\"']+\Z", url, re.I) is None:
        return fill("{}", text)
    return fill('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', url, text)


def data_uri(mime: str, content: bytes | str) -> Markup:
    """Return content as a ``data:`` address."""
    raw = content.encode() if isinstance(content, str) else content
    return Markup(f"data:{mime};base64,{base64.b64encode(raw).decode()}")


def clock(at_s: float) -> str:
    """Return a moment as minutes, seconds and tenths.

    Examples
    --------
    >>> clock(3.24), clock(75.96)
    ('0:03.2', '1:16.0')
    """
    tenths = round(at_s * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def seconds(length_s: float) -> str:
    r"""Return a length in seconds with one decimal, a long one in minutes and seconds.

    Examples
    --------
    >>> seconds(29.94), seconds(215.6)
    ('29.9\xa0s', '3\xa0min 36\xa0s')
    """
    if round(length_s, 1) < 90:
        return f"{length_s:.1f}\N{NO-BREAK SPACE}s"
    return f"{round(length_s) // 60}\N{NO-BREAK SPACE}min {round(length_s) % 60}\N{NO-BREAK SPACE}s"


def plural(count: int, noun: str) -> str:
    r"""Return a count with its noun.

    Examples
    --------
    >>> plural(1, "scene"), plural(3, "scene")
    ('1\xa0scene', '3\xa0scenes')
    """
    return f"{count}\N{NO-BREAK SPACE}{noun}" + ("" if count == 1 else "s")
