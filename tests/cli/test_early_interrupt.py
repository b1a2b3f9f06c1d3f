"""Ctrl-C in the first moments of the command, as it is installed: while Python still loads it, and when it has just begun."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Studio

AGAIN = "run the same command again to go on from here"
MOMENTS = (
    "reelkit.__main__",
    "argparse",
    "reelkit.errors",
    "reelkit.cli_words",
    "reelkit.cli",
    "pydantic",
    "reelkit.model",
    "reelkit.brand",
)


DROPS = """
import signal, sys


class Drops:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

    def find_spec(self, name, *_):
        if name == "reelkit.batch.batches":
            sys.meta_path.remove(self)
            Drops()


sys.meta_path.insert(0, Drops())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_is_not_lost_where_python_drops_it(studio: Studio, tmp_path: Path) -> None:
    """An error in a callback of a weak reference, of which loading a module has many, or at an object's end is dropped; Ctrl-C is not."""
    (tmp_path / "sitecustomize.py").write_text(DROPS)
    command = [Path(sys.executable).with_name("reelkit"), "batch", "--brands", "nobody"]
    env = studio.env | {"PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(command, cwd=studio.folder, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == f"reelkit: interrupted; {AGAIN}\n"


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("module", MOMENTS)
def test_ctrl_c_while_it_loads_is_one_answer(studio: Studio, module: str) -> None:
    """As soon as a module is loaded, Ctrl-C comes: 130 and what to do, without a traceback, however far Python had come meanwhile."""
    script = Path(sys.executable).with_name("reelkit")
    # Python itself tells of each module, so that the moment is the same on every machine.
    env = studio.env | {"PYTHONPROFILEIMPORTTIME": "1"}
    command = [script, "batch", "--brands", "ada", "--count", "2", "--keep-free-gb", "0"]
    with subprocess.Popen(command, cwd=studio.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(line.rpartition("|")[2].strip() == module for line in process.stderr), f"{module} was never loaded"
        process.send_signal(signal.SIGINT)
        lines = [line.rstrip() for line in process.stderr if not line.startswith("import time:")]
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert process.returncode == 130, lines
    assert lines[0].startswith("reelkit: interrupted")
    assert lines[-1].endswith(AGAIN)
    assert not [line for line in lines if "Traceback" in line or "Error" in line]
