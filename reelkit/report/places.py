"""Where a page was made, kept out of it: who is shown a report is not to read the folders of its maker's machine."""

from __future__ import annotations

import contextlib
import html
import re
import shlex
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import markupsafe

from reelkit.brand import templates_dir
from reelkit.runs.folder import outputs_dir

__all__ = ["without_places"]


def without_places(page: str, runs: Iterable[Path] = ()) -> str:
    """Return a page on which paths begin within the studio, or with ``~`` for the home folder.

    The studio is the working directory, what holds the templates, and what holds the outputs that the runs lie in. Addresses, and paths
    that only contain such a folder further on, stay as they are.

    Parameters
    ----------
    page : str
        HTML.
    runs : iterable of Path
        The folders of the runs that the page tells of.

    Examples
    --------
    >>> without_places(f"{Path.home()}/words.md, example.org{Path.home()}") == f"~/words.md, example.org{Path.home()}"
    True
    """
    outputs = (*outputs_dir().resolve().parents[:1], *(folder for run in runs for folder in run.resolve().parents[2:3]))
    shown = dict.fromkeys((Path.cwd(), templates_dir().parent, *outputs), ".")
    with contextlib.suppress(RuntimeError):
        shown[Path.home()] = "~"
    written = {str(form): name for place, name in shown.items() for form in {place, place.resolve()} if form.name}
    for folder in sorted(written, key=len, reverse=True):
        # As an address, in a command, in what we fill in, and in highlighted code.
        texts = {folder, shlex.quote(folder).strip("'")}
        escaped = {str(form) for text in texts for form in (markupsafe.escape(text), html.escape(text, quote=False))}
        for form in {f"file://{quote(folder)}", *escaped}:
            if form in page:
                page = _beginning_with(form).sub(partial(_shortly, name=written[folder]), page)
    return page


def _beginning_with(folder: str) -> re.Pattern[str]:
    # The folder, then what must not stand before it: pages weigh tens of MB, and what begins with plain letters is found fast.
    there = re.escape(folder)
    return re.compile(rf"{there}(?<![<\w/.+~-]{there})(?:/(?=[^\s\"'<>&)])|(?![\w-]|\.\w))")


def _shortly(found: re.Match[str], *, name: str) -> str:
    below = found[0].endswith("/")
    return ("" if name == "." else f"{name}/") if below else name
