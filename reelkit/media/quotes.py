"""Quotation marks as type has them, where a text has those of a keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["with_quotes"]

_MARKS = {
    **dict.fromkeys(("en", "es", "pt", "it", "nl", "tr", "vi", "ko", "id"), ("“", "”")),
    **dict.fromkeys(("de", "cs", "sk", "sl", "lt", "is", "bg"), ("„", "“")),
    **dict.fromkeys(("pl", "hu", "ro"), ("„", "”")),
    **dict.fromkeys(("sv", "fi"), ("”", "”")),
    **dict.fromkeys(("ru", "uk", "el", "no", "nb", "ar", "fa"), ("«", "»")),
    "fr": ("«\u00a0", "\u00a0»"),
}


def with_quotes(texts: Sequence[str], language: str) -> list[str]:
    """Return words with the quotation marks of a language (BCP 47) in the place of straight ones.

    One that opens a word and the next that closes one are a pair. What is not plainly of a pair stays straight, as inches and the marks
    within Hebrew words do, and so does all in a language whose marks are not known here.

    Parameters
    ----------
    texts : sequence of str
        All words that are said, in order.
    language : str

    Examples
    --------
    >>> " ".join(with_quotes('"Is it good?" It is 15" wide.'.split(), "en"))
    '“Is it good?” It is 15" wide.'
    >>> " ".join(with_quotes('Er sagt: "Ja."'.split(), "de"))
    'Er sagt: „Ja.“'
    """
    written = list(texts)
    marks = _MARKS.get(language.lower().split("-")[0])
    if marks is None:
        return written
    # From the end, so that places before stay what they are.
    for number, at, side in sorted(_paired(texts), reverse=True):
        written[number] = written[number][:at] + marks[side] + written[number][at + 1 :]
    return written


def _paired(texts: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the marks of pairs: the word, the place in it, and 0 for one that opens or 1 for one that closes."""
    opened: tuple[int, int] | None = None
    perhaps: tuple[int, int] | None = None
    for number, at, side in (*_marks(texts), (len(texts), 0, "opens")):
        if side == "inches":
            perhaps = perhaps or (number, at)
            continue
        closed = (number, at) if side == "closes" else perhaps
        if opened and closed:
            yield (*opened, 0)
            yield (*closed, 1)
        opened, perhaps = ((number, at) if side == "opens" else None), None


def _marks(texts: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield straight marks that are not within a word, and what each may be; one behind a figure may be inches or close."""
    for number, text in enumerate(texts):
        for at in (at for at, char in enumerate(text) if char == '"'):
            ends = text[:at], text[at + 1 :]
            before, after = (any(map(str.isalnum, end)) for end in ends)
            if not (before or after):
                before, after = map(bool, ends)
            if before != after:
                yield number, at, "opens" if after else "inches" if text[at - 1].isdecimal() else "closes"
