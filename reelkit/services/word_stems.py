"""Words as they are compared: lower case, without accents, plural and verb endings."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["stems_of"]

# A plural does not tell whether its singular has an "e" ("beaches", "caches"), so that the singulars lose theirs too.
_ENDINGS = (
    *(("ies", "y", 2), ("ie", "y", 2), ("sses", "ss", 1), ("sse", "ss", 1), ("shes", "sh", 1), ("ches", "ch", 2), ("che", "ch", 2)),
    *(("xes", "x", 1), ("xe", "x", 1), ("oes", "o", 2), ("oe", "o", 2), ("ing", "", 4), ("s", "", 3)),
)


def stems_of(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words, in order; a file name's hyphens, underscores, digits and humps part words.

    The stemming is light on purpose (endings only, of words that keep some letters): it joins "waves" with "wave" and "roasting"
    with "roast", and never joins strangers.

    Examples
    --------
    >>> stems_of("Latte-Art_pouring.02 CoffeeBeans berries")
    ('latte', 'art', 'pour', 'coffee', 'bean', 'berry')
    """
    # Ethiopic digits and their like are words to a pattern.
    marks = (" " if mark.isdigit() else mark for mark in unicodedata.normalize("NFKD", text))
    plain = "".join(mark for mark in marks if not unicodedata.combining(mark))
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", plain)
    return tuple(map(_stem, re.findall(r"[^\W\d_]+", parted.lower())))


def _stem(word: str) -> str:
    for ending, instead, keep in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= keep and not word.endswith(("ss", "us")):
            return word[: -len(ending)] + instead
    return word
