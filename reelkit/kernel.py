"""The kernel of a run, ``python -m reelkit.kernel``: IPython's, which ends with whoever started it.

IPython's own kernel looks for its parent too, but takes whatever it finds when it has come up for its parent; one whose parent was
lost before that would stay for ever wherever orphans are adopted by anything but process 1, and it ends alone, without what it started.

``python -m reelkit.kernel --forks`` loads what kernels need, once, and forks one for each line of standard input. It starts no thread and
opens no socket itself (OpenBLAS ends its own threads before a fork).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings

__all__ = ["main"]

_LOOK_EVERY_S = 0.1
_LOADED = ("ipykernel.kernelapp", "ipykernel.zmqshell", "anywidget", "psutil", "scipy.signal", "reelkit.media.preview", "reelkit.views")


def main() -> None:
    """Be a kernel, or whoever forks kernels."""
    arguments = _fork_kernels() if sys.argv[1:] == ["--forks"] else sys.argv[1:]
    if arguments is None:
        # At once, as the kernels end after it.
        os._exit(0)
    parent = int(os.environ.get("JPY_PARENT_PID", "0"))
    if os.name == "posix" and parent:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        # For IPython's own kernel, one that never ends: it would end alone before we end it with all that it started.
        parent = 1
    from ipykernel import kernelapp

    # That it ends with its parent is nothing to warn of. The parent is said, as the environment was read when this was loaded.
    kernelapp.launch_new_instance(argv=arguments, log_level=logging.ERROR, parent_handle=parent)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    if os.getpgrp() == os.getpid():
        # With all that it started.
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _fork_kernels() -> list[str] | None:
    """Answer each line, the arguments, environment and working directory of a kernel, by its process id.

    Returns
    -------
    list of str or None
        In each kernel, its arguments; None when nobody asks any more.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _load()
    signal.signal(signal.SIGCHLD, _bury)
    own = os.getpid()
    for line in sys.stdin:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            pid = os.fork()
        if pid == 0:
            answers.close()
            return _become(own, **json.loads(line))
        with contextlib.suppress(OSError):
            # The kernel does the same: whoever is first.
            os.setpgid(pid, pid)
        answers.write(f"{pid}\n")
        answers.flush()
    return None


def _bury(*_: object) -> None:
    """Wait for kernels that have ended; whoever asked for them sees their end by themselves."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load() -> None:
    from reelkit import _ROOMS

    for name in (*_LOADED, *(f"reelkit.{room}" for room in _ROOMS if not room.startswith("batch."))):
        importlib.import_module(name)
    # What is loaded stays: collecting it would copy its memory into every kernel.
    gc.collect()
    gc.freeze()


def _become(parent: int, arguments: list[str], environment: dict[str, str], folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with open(os.devnull) as nothing:  # noqa: PTH123  a descriptor, not a file
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    os.environ.clear()
    os.environ.update(environment, JPY_PARENT_PID=str(parent))
    os.chdir(folder)
    sys.argv[1:] = arguments
    return arguments


if __name__ == "__main__":
    main()
