"""What a notebook shows: one object whose faces are made when they are first asked for, and once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["MARK", "View"]

MARK = "reelkit"
"""The output metadata key by which a report knows a view of ours, whose HTML is escaped, from other output."""


class View:
    """A value as a notebook shows it.

    Parameters
    ----------
    name : str
        Which view it is: ``"script"``.
    make : callable
        Returns the HTML; called once, when the HTML is first wanted.
    text : str
        The plain face, one line.
    """

    def __init__(self, name: str, make: Callable[[], str], text: str) -> None:
        self.name = name
        self._make = make
        self._text = text

    @functools.cached_property
    def html(self) -> str:
        """The static face: self-contained HTML that asks the network for nothing."""
        return self._make()

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/html": self.html, "text/plain": self._text}, {MARK: {"view": self.name}}

    def __repr__(self) -> str:
        return f"<View {self.name}: {self._text}>"
