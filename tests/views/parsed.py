"""Reads HTML back: which elements, attributes and texts a browser would see."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["Parsed"]

_VOID = {"br", "img", "source", "track", "meta", "link", "hr", "input"}


class Parsed(HTMLParser):
    """Parses a fragment or page; ``elements`` are (tag, attributes), ``texts`` what stands between tags outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1] == "style"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]

    def addresses(self) -> list[str]:
        """Return everything that an element points to."""
        return [
            value or ""
            for _, attrs in self.elements
            for name, value in attrs.items()
            if name in ("src", "href", "poster", "srcset", "action")
        ]

    def scripted(self) -> list[str]:
        """Return every element and attribute that could run something."""
        bad = [tag for tag, _ in self.elements if tag in ("script", "iframe", "object", "embed", "form", "base", "meta")]
        bad += [name for _, attrs in self.elements for name in attrs if name.startswith("on")]
        return bad + [address for address in self.addresses() if not address.startswith(("data:", "https://", "#"))]
