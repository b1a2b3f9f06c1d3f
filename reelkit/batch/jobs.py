"""Jobs: what a notebook is asked to make, small enough to send to any worker."""

from __future__ import annotations

import ast
import difflib
from pathlib import Path
from typing import Any

from reelkit.brand import templates_dir
from reelkit.errors import RunError
from reelkit.runs.manifest import RunJob

__all__ = ["Job", "check_parameters", "notebook_path", "parameters_of"]


class Job(RunJob):
    """One reel to make. It is plain data: it survives JSON and pickle, and doing it twice makes one reel."""

    outputs: Path
    upload: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The job as a notebook's parameters: JSON types only."""
        found: dict[str, Any] = self.model_dump(mode="json")
        found["script_file"] = found.pop("script")
        return found


def notebook_path(name: str = "reel") -> Path:
    """Return a notebook: the studio's own, which stands beside its ``templates/``, else the one that comes with Reelkit.

    Raises
    ------
    RunError
        When there is none of that name.
    """
    package = Path(__file__).parents[1]
    folders = [folder / "notebooks" for folder in (templates_dir().parent, package, package.parent)]
    for folder in folders:
        path = folder / f"{name}.ipynb"
        if path.is_file():
            return path
    if others := sorted({path.stem for folder in folders for path in folder.glob("*.ipynb")}):
        raise RunError(f"there is no notebook '{name}'; there are {', '.join(others)}")
    raise RunError(f"there is no notebook {name}.ipynb beside {templates_dir()}; install reelkit again or bring it back")


def parameters_of(notebook: Any, *, name: str) -> dict[str, Any]:
    """Return the names and default values that a notebook's parameters cell assigns.

    Parameters
    ----------
    notebook : NotebookNode
    name : str
        How errors call it.

    Raises
    ------
    RunError
        When no cell is tagged ``parameters``, or it holds more than plain assignments of literals.
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise RunError(f"{name} must have one cell tagged 'parameters', it has {len(cells)}")
    found: dict[str, Any] = {}
    try:
        for node in ast.parse(cells[0].source).body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = ast.literal_eval(node.value)
            else:
                raise ValueError
    except (SyntaxError, ValueError):
        raise RunError(f"{name}: the parameters cell may only hold lines like `topic_seed = 1`") from None
    return found


def check_parameters(notebook: Any, given: dict[str, Any], *, name: str) -> None:
    """Refuse parameters that a notebook does not know, which papermill would only warn of.

    Raises
    ------
    RunError
        With the nearest name that it does know.
    """
    known = parameters_of(notebook, name=name)
    for parameter in given:
        if parameter not in known:
            near = difflib.get_close_matches(parameter, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it knows {', '.join(known)}"
            raise RunError(f"{name} has no parameter '{parameter}'; {hint}")
