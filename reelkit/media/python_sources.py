"""What a brand's Python file is made of: the Python files beside it, and whatever else beside it is named in its text."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePath

from reelkit.whole import known_sha256_of, sha256_of

__all__ = ["own_files", "source_hash"]

_SMALL_BYTES = 1 << 20


def source_hash(path: Path) -> str:
    """Return a hash of what a Python file may import and read from beside it: of its :func:`own_files`.

    Raises
    ------
    OSError
        When one of them cannot be read.
    """
    digest = hashlib.sha256()
    for each in own_files(path):
        # What is small is read anew: neither its size nor its time need show an edit.
        content = (sha256_of if each.stat().st_size < _SMALL_BYTES else known_sha256_of)(each)
        digest.update(each.relative_to(path.parent).as_posix().encode() + b"\0" + bytes.fromhex(content))
    return digest.hexdigest()


def own_files(path: Path) -> list[Path]:
    """Return the Python files in the folder of a Python file, and what else there its text names, or that of what it imports.

    A folder counts, with all in it, where a path or an import names it; a file by its name, or where another of its kind is named
    (``"*.png"``, ``f"badge-{number}.png"``). Hidden files and bytecode never count; nor do the brand files, the footage and the reels
    that may lie in the same folder, as long as they are not named.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Path
        Sorted.

    Raises
    ------
    OSError
        When a Python file cannot be read.
    """
    beside = [each for each in path.parent.glob("*") if not each.name.startswith(".")]
    found, read, named = {path} if path.is_file() else set[Path](), set[Path](), set[str]()
    while fresh := {each for each in found - read if each.suffix == ".py"}:
        read |= fresh
        named.update(*map(_named_in, fresh))
        kinds = {PurePath(f"_{name}").suffix for name in named}
        for each in beside:
            if each.is_dir() and each.name in named:
                found.update(_within(each))
            elif each.is_file() and (each.stem in named or (each.suffix and each.suffix in kinds)):
                found.add(each)
    return sorted(found.union(each for each in beside if each.suffix == ".py" and each.is_file()))


def _named_in(path: Path) -> Iterator[str]:
    """Yield each part of the paths and modules that a Python file names."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return  # that is told where it is loaded
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.split(r"[/\\]", node.value)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = [getattr(node, "module", None) or "", *(each.name for each in node.names)]
            yield from (part for module in modules for part in module.split("."))


def _within(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        yield from (path for name in names if not name.startswith(".") and (path := Path(place, name)).is_file())
