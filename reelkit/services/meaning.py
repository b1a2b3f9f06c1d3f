"""How near texts are in meaning, by a small model of English that comes in a wheel and needs no network.

WordLlama's vectors (16 MB, MIT) are those of a large model's words, trained to tell sentences apart; a text is their mean. That takes well
under a millisecond, and a search compares some dozens of short texts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["FAR", "likeness", "nearness"]

FAR = 0.27
"""What lies further from a scene does not suit it (``benchmarks/relevance.py``)."""


def nearness(text: str, terms: Sequence[str], others: Sequence[str]) -> list[float]:
    """Return how near descriptions are to a scene, told by its text and the terms that it is searched by."""
    return likeness(" ".join([text, ", ".join(terms)]).strip(), others)


def likeness(text: str, others: Sequence[str]) -> list[float]:
    """Return how near each of the other texts is in meaning: 1 is the same, 0 a stranger; what says nothing is a stranger.

    Examples
    --------
    >>> near, far = likeness("Grind the beans just before you brew.", ["coffee grinder with beans", "woman typing on laptop"])
    >>> near > 0.5 > 0.2 > far
    True
    """
    import numpy as np

    told = [index for index, other in enumerate(others) if other.strip()]
    found = [0.0] * len(others)
    if not told or not text.strip():
        return found
    first, *rest = _model().embed([text, *(others[index].lower() for index in told)], norm=True)
    for index, vector in zip(told, rest, strict=True):
        found[index] = round(float(np.dot(first, vector)), 4)
    return found


@lru_cache(maxsize=1)
def _model() -> Any:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    import wordllama

    # It begins by having the whole process log at INFO, onto the terminal and into the cells of notebooks.
    root.setLevel(level)
    root.handlers[:] = handlers
    # Its own files: without the folder it looks for the tokenizer elsewhere, and would download it.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
