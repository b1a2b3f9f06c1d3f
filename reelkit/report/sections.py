"""The order of a page: what a client looks for stays where the notebook has it, how it was made goes to the end, folded.

A section is a heading of the second level with all cells under it. One whose heading's cell is tagged ``report-fold`` is folded at the
end of the page; a cell tagged ``notebook-only`` speaks to who works in the notebook, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from reelkit.report.cells import code, face
from reelkit.views.markup import fill
from reelkit.views.step_lines import STEP_MIME

__all__ = ["fold", "folded", "shown_cells", "take_code"]

_FOLD = "report-fold"
_LEFT_OUT = {"remove-cell", "notebook-only"}
_HEADING = re.compile(r"##[ \t]+(.+?)[ \t]*(?:\n+|\Z)")


def shown_cells(cells: Iterable[Any]) -> list[Any]:
    """Return the cells that a page may show."""
    return [cell for cell in cells if not _LEFT_OUT & _tags(cell)]


def take_code(cells: Iterable[Any]) -> Markup:
    """Take the code and the steps' running lines out of cells; return them as they stood, for the end of the page."""
    taken = []
    for cell in cells:
        if cell.cell_type != "code":
            continue
        lines = [output for output in cell.outputs if STEP_MIME in output.get("data", {})]
        cell.outputs = [output for output in cell.outputs if output not in lines]
        if cell.source.strip() and "remove-input" not in _tags(cell):
            taken.append(code(cell.source))
        taken += [face(line, name="") for line in lines]
    return Markup().join(taken)


def folded(cells: Sequence[Any]) -> tuple[list[Any], list[tuple[str, list[Any]]]]:
    """Part cells into those that stay and the sections that are folded, each with its title.

    A section in which something failed stays: it is what the reader looks for.
    """
    stay: list[Any] = []
    fold: list[tuple[str, list[Any]]] = []
    for section in _sections(cells):
        heading = _HEADING.match(section[0].source.lstrip()) if _FOLD in _tags(section[0]) else None
        outputs = [output for cell in section if cell.cell_type == "code" for output in cell.outputs]
        if heading is None or any(output.get("output_type") == "error" for output in outputs):
            stay += section
        else:
            section[0].source = section[0].source.lstrip()[heading.end() :]
            fold.append((heading[1], section))
    return stay, fold


def fold(title: str, body: Markup, *, is_open: bool = False) -> Markup:
    """Return a part of the page that opens at its title."""
    return fill('<details class="part"{}><summary>{}</summary>{}</details>', Markup(" open") if is_open else "", title, body)


def _sections(cells: Sequence[Any]) -> list[list[Any]]:
    found: list[list[Any]] = []
    for cell in cells:
        if not found or (cell.cell_type == "markdown" and _HEADING.match(cell.source.lstrip())):
            found.append([])
        found[-1].append(cell)
    return found


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", ()))
