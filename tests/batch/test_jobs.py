import json
import pickle
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from pydantic import ValidationError

from reelkit.batch.jobs import Job, check_parameters, notebook_path, parameters_of
from reelkit.errors import RunError

JOB = Job(brand="northwind", topic_seed=3, overrides={"captions.size_px": 90}, outputs=Path("/outputs"))


def a_notebook(*sources: str, tag: str = "parameters") -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell(source, metadata={"tags": [tag]}) for source in sources])


def test_a_job_travels() -> None:
    """A job is the same after JSON and after pickle."""
    assert Job.model_validate_json(JOB.model_dump_json()) == JOB
    assert pickle.loads(pickle.dumps(JOB)) == JOB


def test_a_job_is_json_only() -> None:
    """Parameters are JSON types as they stand, and what is not JSON is refused at the door."""
    assert json.loads(json.dumps(JOB.parameters)) == JOB.parameters
    with pytest.raises(ValidationError):
        Job(brand="northwind", topic_seed=1, overrides={"x": object()}, outputs=Path("/outputs"))
    with pytest.raises(ValidationError):
        Job(brand="northwind", topic_seed=-1, outputs=Path("/outputs"))


def test_the_notebook_knows_every_parameter_of_a_job() -> None:
    """The parameters cell of reel.ipynb has exactly what a job gives."""
    notebook = nbformat.read(notebook_path(), as_version=4)
    check_parameters(notebook, JOB.parameters, name="reel.ipynb")
    assert set(parameters_of(notebook, name="reel.ipynb")) == set(JOB.parameters)


def test_an_unknown_parameter_is_refused() -> None:
    """What papermill would only warn of is an error with the nearest name."""
    with pytest.raises(RunError, match=r"x\.ipynb has no parameter 'topic_sed'; did you mean 'topic_seed'\?"):
        check_parameters(a_notebook("topic_seed = 1"), {"topic_sed": 2}, name="x.ipynb")


@pytest.mark.parametrize(
    ("notebook", "line"),
    [
        (a_notebook("x = 1", tag="other"), "must have one cell tagged 'parameters', it has 0"),
        (a_notebook("x = 1", "y = 2"), "must have one cell tagged 'parameters', it has 2"),
        (a_notebook("x = open('secret').read()"), "may only hold lines like"),
        (a_notebook("import os"), "may only hold lines like"),
        (a_notebook("x = ("), "may only hold lines like"),
    ],
)
def test_a_parameters_cell_holds_plain_assignments(notebook: nbformat.NotebookNode, line: str) -> None:
    """Anything but one cell of names and literals is refused in one line."""
    with pytest.raises(RunError, match=line):
        parameters_of(notebook, name="x.ipynb")
