import ast
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import pytest

import reelkit

ROOT = Path(reelkit.__file__).parent
MODULES = sorted(["reelkit", *(found.name for found in pkgutil.walk_packages([str(ROOT)], "reelkit.")), *()])


def source_of(name: str) -> ast.Module:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def public_names(tree: ast.Module) -> set[str]:
    """The functions and classes that a module defines without an underscore."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_all_tells_what_is_public(name: str) -> None:
    """Each module's __all__ is sorted, exists, and leaves out no public function or class that the module defines."""
    module = importlib.import_module(name)
    public = public_names(source_of(name))
    exported = getattr(module, "__all__", None)
    if exported is None:
        assert not public, f"{name} defines {sorted(public)} but no __all__"
        return
    assert len(set(exported)) == len(exported)
    assert [each for each in exported if not hasattr(module, each)] == []
    assert public - set(exported) == set()


def test_the_front_door_gives_what_it_lists() -> None:
    """Every public name of the package is the very object of its room, and the type checker sees the same names."""
    for name in reelkit.__all__:
        assert getattr(reelkit, name) is not None
    assert dir(reelkit) == sorted(reelkit.__all__)
    typed = {
        alias.name
        for node in ast.walk(source_of("reelkit"))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reelkit.")
        for alias in node.names
    }
    assert typed | {"__version__"} == set(reelkit.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not there is refused as a module refuses it."""
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = reelkit.nonsense
