import itertools
import math
import os
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import wait
from pathlib import Path

import psutil
import pytest

from reelkit.batch.pool import REEL_GB, LostWorker, ReelPool, encoders_each, pool_width
from reelkit.batch.worker import packed
from reelkit.processes import end_with_children
from tests.processes import gone, is_alive


def wait_for(path: Path, limit_s: float = 60.0) -> str:
    until = time.monotonic() + limit_s
    while not (path.exists() and path.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    return path.read_text()


def test_calls_are_made_in_processes_that_stay(tmp_path: Path) -> None:
    """Values and errors come back, a process makes one call after another, and none outlives the pool."""
    with ReelPool(1) as pool:
        assert pool.submit(math.hypot, 3.0, 4.0).result(60) == 5.0
        first = pool.submit(os.getpid).result(60)
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result(60)
        assert pool.submit(os.getpid).result(60) == first
    assert not is_alive(first)


def test_what_is_printed_disturbs_nothing() -> None:
    """Standard output of a call is not taken for its answer."""
    with ReelPool(1) as pool:
        assert pool.submit(print, "(True, 5)").result(60) is None
        assert pool.submit(subprocess.call, ["echo", "(True, 5)"]).result(60) == 0


def test_a_lost_process_is_replaced_and_its_call_made_again(tmp_path: Path) -> None:
    """A process that is killed in the middle of a call costs no call, neither its own nor another's."""
    code = (
        "import os, pathlib, sys, time\nhere, parent = pathlib.Path(sys.argv[1]), os.getppid()\n(here / str(parent)).write_text('x')\n"
        "while len(list(here.iterdir())) == 1 and os.getppid() == parent:\n    time.sleep(0.05)"
    )
    with ReelPool(2) as pool:
        other = pool.submit(time.sleep, 1.0)
        call = pool.submit(subprocess.call, [sys.executable, "-c", code, str(tmp_path)])
        until = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < until:
            time.sleep(0.05)
        (first,) = (int(path.name) for path in tmp_path.iterdir())
        os.kill(first, signal.SIGKILL)
        assert call.result(60) == 0
        assert other.result(60) is None
    assert len(list(tmp_path.iterdir())) == 2


def test_a_call_that_ends_every_process_is_given_up() -> None:
    """After three lost processes a call fails with a line, and the next one is made."""
    with ReelPool(1) as pool:
        with pytest.raises(LostWorker, match="the worker process ended 3 times"):
            pool.submit(os._exit, 3).result(120)
        assert pool.submit(math.sqrt, 4.0).result(60) == 2.0


def test_killing_a_pool_ends_what_its_processes_started(tmp_path: Path) -> None:
    """`kill` ends the processes and their children at once; calls that were running or waiting fail as lost."""
    code = f"import os, pathlib, time; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(600)"
    pool = ReelPool(1)
    running, waiting = pool.submit(subprocess.call, [sys.executable, "-c", code]), pool.submit(os.getpid)
    child = int(wait_for(tmp_path / "pid"))
    pool.shutdown(wait=False)
    wait([running, waiting], timeout=10)
    assert isinstance(running.exception(), LostWorker)
    assert waiting.cancelled() or isinstance(waiting.exception(), LostWorker)
    assert gone([child])


_MANY_CHILDREN = """
import subprocess

children = [subprocess.Popen(["sleep", "600"]) for _ in range(40)]
(folder / "ready").write_text("ready")
children[0].wait()
(folder / "went on").touch()
"""


def test_a_worker_that_is_ended_sees_none_of_its_children_end(tmp_path: Path) -> None:
    """A call must not go on because what it waits for was ended a moment before its process: it would tell of a failure, or of success."""
    pool = ReelPool(1)
    running = pool.submit(exec, _MANY_CHILDREN, {"folder": tmp_path})
    wait_for(tmp_path / "ready")
    pool.shutdown(wait=False)
    assert isinstance(running.exception(10), LostWorker)
    assert not (tmp_path / "went on").exists()


def test_a_worker_whose_starter_has_ended_sees_none_of_its_children_end(tmp_path: Path) -> None:
    """It ends them and itself in one go: nothing of what it was making is told to have failed."""
    command = [sys.executable, "-m", "reelkit.batch.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        worker.stdin.write(packed((exec, (_MANY_CHILDREN, {"folder": tmp_path}))) + "\n")
        worker.stdin.flush()
        wait_for(tmp_path / "ready")
        children = [child.pid for child in psutil.Process(worker.pid).children(recursive=True)]
        worker.stdin.close()
        assert worker.wait(60) == 0
    assert not (tmp_path / "went on").exists()
    assert len(children) == 40
    assert gone(children)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="another user's process")
def test_what_is_another_users_is_left_alone() -> None:
    """A process that we may not end (one that took another user's rights) is no error, and is not told as ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as theirs:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            pid = os.fork()
        if pid == 0:
            os.setuid(65534)
            try:
                ended = end_with_children(theirs.pid)
            except BaseException:
                os._exit(1)
            os._exit(2 if ended else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert is_alive(theirs.pid)
        theirs.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are told by /proc")
def test_processes_end_with_whoever_started_them(tmp_path: Path) -> None:
    """When the pool's own process is killed its workers end by themselves, with all that they started."""
    told = str(tmp_path / "pids")
    inner = f"import os, pathlib, time; pathlib.Path({told!r}).write_text(f'{{os.getppid()}} {{os.getpid()}}'); time.sleep(600)"
    call = f"ReelPool(1).submit(subprocess.call, [sys.executable, '-c', {inner!r}]).result()"
    outer = f"import subprocess, sys; from reelkit.batch.pool import ReelPool\n{call}"
    process = subprocess.Popen([sys.executable, "-c", outer])
    pids = [int(pid) for pid in wait_for(tmp_path / "pids").split()]
    assert all(map(is_alive, pids))
    process.kill()
    process.wait()
    assert gone(pids)


def test_the_width_is_the_machines() -> None:
    """No more reels at once than cores, than memory holds, or than there are; at least one; and as many as asked for."""
    width = pool_width(100, free_gb=1000.0)
    assert width == (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    assert pool_width(100, free_gb=0.1) == 1
    assert pool_width(3, workers=8) == 3
    assert pool_width(100, workers=8) == 8


def test_reels_and_encoders_share_the_cores_and_the_memory() -> None:
    """However many cores and however much memory: the reels' encoders are never more than the cores, none could have one more, and what
    runs at once fits."""
    for of, reels in itertools.product(range(1, 33), range(1, 20)):
        for free_gb in (0.5, 1.3, 5.0, 17.0, 400.0):
            width = min(pool_width(reels, free_gb=free_gb), of)
            each = encoders_each(width, of=of)
            assert width * each <= of < width * (each + 1)
            assert width == 1 or width * REEL_GB <= free_gb


def test_more_reels_than_cores_get_an_encoder_each() -> None:
    """Who asks for more reels at once than there are cores gets them, with one encoder each."""
    assert encoders_each(5, of=2) == 1
