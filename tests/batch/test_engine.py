import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from reelkit.batch.engine import execute_notebook
from reelkit.batch.kernels import ForkedProcess, KernelForks, forked_kernels, kernel_forks
from reelkit.batch.sockets import remove_own_sockets, socket_folder, sweep_sockets
from reelkit.errors import RunError
from reelkit.runs.progress import NoLines
from tests.batch.studio import is_kernel

_MOVED_FROM, _MOVED_TO = 0x40, 0x80


class Heard(NoLines):
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []

    def begins(self, step: str) -> None:
        self.lines.append(("begins", step))

    def share(self, step: str, done: float) -> None:
        self.lines.append(("share", step, done))

    def ends(self, step: str, seconds: float, made: str) -> None:
        self.lines.append(("ends", step, seconds, made))

    def fails(self, step: str, reason: str) -> None:
        self.lines.append(("fails", step, reason))


def a_notebook(folder: Path, *sources: str) -> Path:
    cells = [new_code_cell("x = 1", metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    path = folder / "in.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(autouse=True, params=["started", "forked"])
def kernels(request: pytest.FixtureRequest) -> Iterator[str]:
    """The two ways to a kernel: one process after another, and forked from one that has loaded what they need."""
    with forked_kernels() if request.param == "forked" else contextlib.nullcontext():
        yield request.param


@pytest.fixture(autouse=True)
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own for a test's kernels, so that other tests at the same time do not count; its path is short, as sockets ask."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def left_over(sockets: Path) -> list[str]:
    """Kernels of ours and their socket folders."""
    kernels = [str(child.pid) for child in psutil.Process().children(recursive=True) if is_kernel(child)]
    return kernels + [path.name for path in sockets.iterdir()]


def is_running(pid: int) -> bool:
    """Say whether a process lives; one that only waits to be buried does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_steps_are_heard_while_they_run(tmp_path: Path, sockets: Path) -> None:
    """What a notebook's steps tell reaches the watcher, parameters reach the notebook, and braces in a path mean nothing."""
    told = "lines.begins('voice'); lines.share('voice', 0.5); lines.ends('voice', 2.3, '71 words'); lines.fails('check', 'loud')"
    source = f"from reelkit.views.step_lines import StepLines\nlines = StepLines()\n{told}\nprint(x)"
    heard = Heard()
    out = tmp_path / "run {x}.ipynb"
    assert execute_notebook(a_notebook(tmp_path, source), out, {"x": 5}, watcher=heard) is None
    assert heard.lines == [("begins", "voice"), ("share", "voice", 0.5), ("ends", "voice", 2.3, "71 words"), ("fails", "check", "loud")]
    executed = nbformat.read(out, as_version=4)
    assert executed.cells[-1].outputs[-1].text == "5\n"
    assert "widgets" not in executed.metadata
    assert left_over(sockets) == []


def test_a_failure_between_steps_has_a_line_of_its_own(tmp_path: Path) -> None:
    """What fails after a step ended leaves that step's line as it was; within a step it is the step's line."""
    ended = "lines.begins('voice'); lines.ends('voice', 2.3, '71 words'); lines.fails('ledger', 'locked')"
    source = f"from reelkit.views.step_lines import StepLines\nlines = StepLines()\n{ended}\nlines.begins('a'); lines.fails('a', 'b')"
    out = tmp_path / "out.ipynb"
    assert execute_notebook(a_notebook(tmp_path, source), out, {"x": 1}, watcher=NoLines()) is None
    shown = [output.data["text/plain"] for output in nbformat.read(out, as_version=4).cells[-1].outputs]
    assert shown == ["voice: 71 words (2.3 s)", "ledger: locked", "a: b"]


def test_no_key_is_saved_of_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an error quotes of a key stands neither in the notebook, its traceback included, nor in what is said of it."""
    key = "7c3f0e5b91d2"
    monkeypatch.setenv("WEATHER_TOKEN", key)
    out = tmp_path / "out.ipynb"
    source = "import os\nraise RuntimeError('401 for /v1?token=' + os.environ['WEATHER_TOKEN'])"
    told = execute_notebook(a_notebook(tmp_path, source), out, {"x": 1}, watcher=NoLines())
    assert told == "RuntimeError: 401 for /v1?token=[key]"
    said = out.read_text()
    assert key not in said
    assert said.count("/v1?token=[key]") >= 2


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_a_notebook_is_saved_once_a_step(tmp_path: Path, sockets: Path) -> None:
    """The kernel counts what is renamed into place: once after each cell that did steps, whatever else cells print, and once at the end;
    a later step can read what the earlier ones said."""
    ends = "lines.begins('{0}'); lines.ends('{0}', 1.0, 'it')"
    out = tmp_path / "out.ipynb"
    begin = "from reelkit.views.step_lines import StepLines\nlines = StepLines()"
    two = "\n".join(map(ends.format, ("sentences", "cues")))
    read = "import json, pathlib\n"
    read += f"print([len(cell.get('outputs', ())) for cell in json.loads(pathlib.Path({str(out)!r}).read_text())['cells']])"
    cells = (begin, ends.format("script"), "print('a view')", two, "for number in range(50): print(number)", read, ends.format("check"))
    with renames_in(tmp_path) as seen:
        assert execute_notebook(a_notebook(tmp_path, *cells), out, {"x": 1}, watcher=NoLines()) is None
    assert seen.count("out.ipynb") == 3 + 1
    # Parameters, the injected ones, and the cells: the step's line, a view, two lines, and none of what came later.
    said = nbformat.read(out, as_version=4).cells[-2].outputs[0].text
    assert said == "[0, 0, 0, 1, 1, 2, 0, 0, 0]\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.ipynb", "out.ipynb"]


@contextlib.contextmanager
def renames_in(folder: Path) -> Iterator[list[str]]:
    """Give a list that holds, after the block, the name of each file that was renamed into a folder."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    # Both ends of a rename: two that led to the same name would be told as one.
    assert libc.inotify_add_watch(watch, str(folder).encode(), _MOVED_FROM | _MOVED_TO) >= 0
    seen: list[str] = []
    try:
        yield seen
        told = os.read(watch, 1 << 20)
    finally:
        os.close(watch)
    while told:
        length = int.from_bytes(told[12:16], sys.byteorder)
        if int.from_bytes(told[4:8], sys.byteorder) & _MOVED_TO:
            seen.append(told[16 : 16 + length].rstrip(b"\0").decode())
        told = told[16 + length :]


@pytest.mark.parametrize(
    ("source", "timeout_s", "told"),
    [
        ("1 / 0", None, "ZeroDivisionError: division by zero"),
        ("import os; os._exit(3)", None, "kernel died"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, "kernel died"),
        ("import time; time.sleep(60)", 5, "it took longer than 5 s"),
        ("import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}); time.sleep(60)", 5, "it took longer than 5 s"),
        ("import sys; sys.exit(4)", None, "SystemExit: 4"),
    ],
)
def test_a_cell_that_fails_is_told(tmp_path: Path, sockets: Path, source: str, timeout_s: float | None, told: str) -> None:
    """An error, a dead kernel and a time-out each give a line, and the notebook shows where it happened and what did not run."""
    out = tmp_path / "out.ipynb"
    problem = execute_notebook(a_notebook(tmp_path, source, "print('after')"), out, {"x": 1}, watcher=NoLines(), cell_timeout_s=timeout_s)
    assert problem is not None
    assert told in problem
    cells = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    assert "error" in [output.output_type for output in cells[-2].outputs]
    assert [cell.metadata.papermill.status for cell in cells[-2:]] == ["failed", "pending"]
    assert left_over(sockets) == []


def test_a_file_that_is_no_notebook_is_one_line(tmp_path: Path) -> None:
    """A damaged notebook is told with its path, and nothing is written."""
    path = tmp_path / "in.ipynb"
    path.write_text("{")
    with pytest.raises(RunError, match=r"notebook .*in\.ipynb cannot be read"):
        execute_notebook(path, tmp_path / "out.ipynb", {}, watcher=NoLines())
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_answers_at_once_and_leaves_nothing(tmp_path: Path, kernels: str) -> None:
    """An interrupt reaches the cell, whose own cleaning is waited for; then kernel, its children and its sockets are gone."""
    source = f"""
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
here = pathlib.Path({str(tmp_path)!r})
try:
    (here / "child").write_text(str(child.pid))
    time.sleep(600)
finally:
    (here / "cleaned").write_text("")
"""
    notebook = a_notebook(tmp_path, source)
    way = {"started": "contextlib.nullcontext", "forked": "forked_kernels"}[kernels]
    code = "import contextlib, pathlib, sys; from reelkit.batch.engine import execute_notebook; from reelkit.runs.progress import NoLines\n"
    code += f"from reelkit.batch.kernels import forked_kernels\nwith {way}():\n"
    code += "    execute_notebook(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), {}, watcher=NoLines())"
    out = tmp_path / "out.ipynb"
    process = subprocess.Popen([sys.executable, "-c", code, str(notebook), str(out)], stderr=subprocess.PIPE, text=True)
    pid_file = tmp_path / "child"
    until = time.monotonic() + 60
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert err.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert (tmp_path / "cleaned").exists()
    assert not is_running(int(pid_file.read_text()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["child", "cleaned", "in.ipynb"]


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_a_kernel_whose_starter_was_lost_ends_with_all_it_started(tmp_path: Path) -> None:
    """A kernel that comes up after its starter is gone, whoever adopted it, ends by itself and takes its children along."""
    environment = os.environ | {"JPY_PARENT_PID": str(os.getpid() + 1)}
    command = [sys.executable, "-m", "reelkit.kernel", "-f", str(tmp_path / "kernel.json")]
    with subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL) as kernel:
        assert kernel.wait(60) == -signal.SIGKILL


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_nothing_else_ends_a_kernel_whose_starter_was_lost(tmp_path: Path) -> None:
    """IPython's own watch for the parent would end the kernel alone: it is not there."""
    source = "import threading\nprint(*sorted(type(thread).__name__ for thread in threading.enumerate()))"
    assert execute_notebook(a_notebook(tmp_path, source), tmp_path / "out.ipynb", {"x": 1}, watcher=NoLines()) is None
    threads = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1].outputs[0].text.split()
    assert "ControlThread" in threads
    assert "ParentPollerUnix" not in threads


def what_forks() -> psutil.Process | None:
    return next((child for child in psutil.Process().children() if "--forks" in child.cmdline()), None)


@pytest.mark.skipif(not KernelForks.work_here(), reason="Linux")
def test_forked_kernels_are_alike_and_apart(tmp_path: Path, sockets: Path) -> None:
    """Each has its own arguments, environment, folder and process group, whatever one before it did; none reads what we say to another."""
    source = "import os, sys, reelkit\nprint(os.getpid() == os.getpgrp(), sys.stdin.read() == '', os.environ.get('X'), os.getcwd(), x)\n"
    source += "print(hasattr(reelkit, 'mark'))\nreelkit.mark = os.environ['X'] = '1'\nos.chdir('/')"
    seen = []
    with forked_kernels():
        for x in (1, 2):
            assert execute_notebook(a_notebook(tmp_path, source), tmp_path / "out.ipynb", {"x": x}, watcher=NoLines()) is None
            seen.append(nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1].outputs[0].text.split("\n")[:2])
        assert left_over(sockets) == []
    assert seen == [[f"True True None {Path.cwd()} {x}", "False"] for x in (1, 2)]
    assert what_forks() is None


@pytest.mark.skipif(not KernelForks.work_here(), reason="Linux")
def test_what_forks_kernels_may_be_lost(tmp_path: Path, sockets: Path) -> None:
    """Killed with a notebook running, its kernel ends with all that it started and is told as dead; the next kernel comes from another."""
    source = """
import os, pathlib, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(here).write_text(str(child.pid))
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(600)
"""
    with forked_kernels():
        notebook, out = a_notebook(tmp_path, f"here = {str(tmp_path / 'child')!r}", source), tmp_path / "out.ipynb"
        problem = execute_notebook(notebook, out, {"x": 1}, watcher=NoLines())
        assert problem is not None
        assert "kernel died" in problem
        until = time.monotonic() + 10
        while is_running(int((tmp_path / "child").read_text())) and time.monotonic() < until:
            time.sleep(0.05)
        assert not is_running(int((tmp_path / "child").read_text()))
        assert execute_notebook(a_notebook(tmp_path, "print(x)"), out, {"x": 1}, watcher=NoLines()) is None
    assert left_over(sockets) == []


@pytest.mark.skipif(not KernelForks.work_here(), reason="Linux")
def test_it_forks_with_no_thread_of_its_own_and_buries_what_ended() -> None:
    """What a thread held at a fork stays held in the kernel for ever: there is none then. A kernel that ended is gone, not a zombie."""
    with forked_kernels():
        forks = kernel_forks()
        assert forks is not None
        kernel = forks.fork(["--version"], dict(os.environ), Path.cwd())
        parent = what_forks()
        assert parent is not None
        assert parent.num_threads() == 1
        assert kernel.wait() == 1
        assert kernel.poll() == 1
        until = time.monotonic() + 10
        while parent.children() and time.monotonic() < until:
            time.sleep(0.05)
        assert parent.children() == []


@pytest.mark.skipif(not KernelForks.work_here(), reason="Linux")
def test_a_kernel_that_ended_before_it_was_looked_at_has_ended() -> None:
    """One that is buried already is told as ended, as any other."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    kernel = ForkedProcess(process.pid)
    kernel.kill()
    assert (kernel.poll(), kernel.wait()) == (1, 1)


def test_sockets_go_with_the_process_that_made_them(sockets: Path) -> None:
    """What a dead process left is swept; a living one's stays, and for a day that of another machine, or container, on this folder."""
    code = "import sys, tempfile\ntempfile.tempdir = sys.argv[1]\nfrom reelkit.batch.sockets import socket_folder\nprint(socket_folder())"
    dead = Path(subprocess.run([sys.executable, "-c", code, str(sockets)], capture_output=True, text=True, check=True).stdout.strip())
    own, others = socket_folder(), dead.with_name(f"rk-000000-{'-'.join(dead.name.split('-')[2:])}")
    others.mkdir()
    sweep_sockets()
    assert {own, others} == {*sockets.iterdir()}
    os.utime(others, (0, 0))
    sweep_sockets()
    assert [own] == [*sockets.iterdir()]
    remove_own_sockets()
    assert not [*sockets.iterdir()]
