"""Prompts: Markdown files in which ``{{names}}`` are filled in. What stands in ``<!-- comments -->`` is for people and not sent."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from reelkit.errors import BrandError
from reelkit.yamlfile import shown_path

__all__ = ["read_prompt"]

_NAME = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_BYTES = 50_000


def read_prompt(path: Path, values: Mapping[str, str]) -> str:
    """Return a prompt with its names filled in.

    Values are put in as they are: braces in them mean nothing.

    Raises
    ------
    BrandError
        When the file cannot be read, is empty or over 50 kB, or has a name that nothing is known of.
    """
    where = shown_path(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig") if len(raw) <= _BYTES else ""
    except OSError as error:
        raise BrandError(f"prompt '{path.stem}': {where} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BrandError(f"prompt '{path.stem}': {where} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    if len(raw) > _BYTES:
        raise BrandError(f"prompt '{path.stem}': {where} is larger than {_BYTES // 1000} kB; shorten it")
    # A comment is blanked, not cut, so that lines keep their numbers.
    text = re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    for found in _NAME.finditer(text):
        if found[1] not in values:
            near = difflib.get_close_matches(found[1], values, n=1)
            line = text[: found.start()].count("\n") + 1
            raise BrandError(
                f"prompt '{path.stem}': {{{{{found[1]}}}}} is no name; "
                + (f"did you mean '{near[0]}'?" if near else f"it must be {', '.join(sorted(values))}")
                + f" ({where}, line {line})"
            )
    filled = _NAME.sub(lambda found: values[found[1]], text).strip()
    if not filled:
        raise BrandError(f"prompt '{path.stem}': {where} says nothing; write what the model shall do")
    return re.sub(r"\n{3,}", "\n\n", filled)
