"""Which written word each token of a spoken text belongs to, when the text was turned into tokens as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

__all__ = ["owners_by_likeness"]


def owners_by_likeness(whole: Sequence[Hashable], parts: Sequence[Sequence[Hashable]], *, gap: Hashable = " ") -> list[int]:
    """Return, for each token of a whole text, the word that says it, given the tokens of each word alone.

    Words change with their neighbours (stress, liaisons, "a" before a vowel), so the two are laid side by side at the least cost of
    changes, as by Levenshtein, with ``gap`` between words.

    Parameters
    ----------
    whole : sequence
        Tokens of the whole text.
    parts : sequence of sequence
        Tokens of each word; a word may have none.
    gap : hashable
        The token that stands between words.

    Returns
    -------
    list of int
        An index into ``parts`` for each token of ``whole``, never falling.

    Examples
    --------
    >>> owners_by_likeness("ov ðə di", ["ɒv", "ðiː", "deɪ"])
    [0, 0, 0, 1, 1, 1, 2, 2]
    """
    joined = [(token, index) for index, part in enumerate(parts) if part for token in chain(part, [gap])][:-1]
    if not joined:
        return [0] * len(whole)
    costs = _costs(whole, [token for token, _ in joined])
    owners = [0] * len(whole)
    row, column = len(whole), len(joined)
    while row:
        here = costs[row, column]
        if column and here == costs[row - 1, column - 1] + (whole[row - 1] != joined[column - 1][0]):
            row, column = row - 1, column - 1
            owners[row] = joined[column][1]
        elif here == costs[row - 1, column] + 1:
            row -= 1
            owners[row] = joined[min(column, len(joined) - 1)][1]
        else:
            column -= 1
    return owners


def _costs(whole: Sequence[Hashable], other: Sequence[Hashable]) -> NDArray[np.int64]:
    costs = np.zeros((len(whole) + 1, len(other) + 1), np.int64)
    costs[0] = np.arange(len(other) + 1)
    steps = np.arange(len(other) + 1)
    for row, token in enumerate(whole, start=1):
        differs = np.array([token != one for one in other], np.int64)
        best = costs[row - 1] + 1
        best[1:] = np.minimum(best[1:], costs[row - 1, :-1] + differs)
        # What is left out of the other sequence costs a step each.
        costs[row] = np.minimum.accumulate(best - steps) + steps
    return costs
