"""What a voice is given of a text: what only tells how it is set is left out."""

from __future__ import annotations

__all__ = ["sayable"]

_SET = {0x00AD: None, 0x200B: None, 0x2060: None, 0x2010: "-", 0x2011: "-"}


def sayable(text: str) -> str:
    """Return a text without the hints where its words may be broken and may not, and with plain hyphens: voices stumble over others.

    Examples
    --------
    >>> sayable("con\\u00adtri\\u00adbu\\u00adtion e\\u2011mail")
    'contribution e-mail'
    """
    return text.translate(_SET)
