import re
import tomllib
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SET_UP = ["Makefile", "pyproject.toml", "constraints.txt", "environment.yml", ".ci/run", ".pre-commit-config.yaml"]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def test_constraints_are_versions_only() -> None:
    """Each line is a name and a version: no address, no file, no editable project, each name once, in order."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+]+", line)] == []
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert names == sorted(set(names))


def test_every_requirement_is_pinned_within_its_bounds(project: dict[str, Any], pins: dict[str, str]) -> None:
    """What pyproject asks for stands in constraints.txt, at a version that pyproject allows."""
    for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]:
        asked = Requirement(text)
        assert asked.specifier.contains(pins[canonicalize_name(asked.name)], prereleases=True), text


def test_the_conda_environment_is_the_projects(project: dict[str, Any]) -> None:
    """environment.yml asks for the same Python and the same packages as pyproject.toml."""
    environment = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    plain = {Requirement(line).name: Requirement(line).specifier for line in environment if isinstance(line, str)}
    (pip,) = (line["pip"] for line in environment if not isinstance(line, str))
    assert plain["python"] == SpecifierSet(project["project"]["requires-python"])
    assert pip == [*project["project"]["dependencies"], "-e ."]


@pytest.mark.parametrize("name", SET_UP)
def test_no_host_is_named(name: str) -> None:
    """Set-up names no package index: everybody's own is used."""
    text = (ROOT / name).read_text()
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", text) == []


def test_the_version_stands_in_two_places_alike(project: dict[str, Any]) -> None:
    """pyproject and the package say the same version."""
    import reelkit

    assert project["project"]["version"] == reelkit.__version__


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_stripped(path: Path) -> None:
    """No output, no execution count, and no metadata of a session is committed."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_and_their_sources_say_the_same(path: Path) -> None:
    """The percent source that a reviewer reads has the same cells as the notebook."""
    notebook, source = (jupytext.read(each) for each in (path, path.with_suffix(".py")))
    assert [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells] == [
        (cell.cell_type, cell.source, cell.metadata) for cell in source.cells
    ]


def test_make_tells_its_targets() -> None:
    """`make help` knows every target that a person calls, and the README names the first two."""
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.* ## ", text, flags=re.M))
    assert {"reel", "test", "check", "lab", "bench", "clean", "help"} <= targets
    assert set(re.findall(r"\.PHONY: (.*)", text)[0].split()) == targets
