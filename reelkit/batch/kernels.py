"""Kernels forked from one process that has loaded what they need: a kernel's start then costs a tenth of a second, not two.

Where the system cannot fork safely, or the process that forks is lost, kernels are started as Jupyter starts them.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ForkedProcess", "KernelForks", "forked_kernels", "kernel_forks"]


class KernelForks:
    """The process that forks kernels; it starts with the first of them, and ends with us.

    Only Linux tells the end of a process that is not our child, and forks with nothing but Python's and OpenBLAS's own to mind.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._asking = threading.Lock()

    @staticmethod
    def work_here() -> bool:
        """Say whether kernels can be forked on this system."""
        return sys.platform == "linux" and hasattr(os, "pidfd_open")

    def fork(self, arguments: list[str], environment: dict[str, str], folder: Path) -> ForkedProcess:
        """Start a kernel.

        Raises
        ------
        OSError
            When the process that forks is lost, and so is another one.
        """
        asked = json.dumps({"arguments": arguments, "environment": environment, "folder": str(folder)})
        with self._asking:
            for _ in range(2):
                process = self._process or self._start()
                assert process.stdin is not None and process.stdout is not None
                try:
                    process.stdin.write(asked + "\n")
                    process.stdin.flush()
                    pid = process.stdout.readline().strip()
                except (OSError, ValueError):
                    pid = ""
                if pid.isdecimal():
                    return ForkedProcess(int(pid))
                self._end()
        raise ProcessLookupError("kernels cannot be forked")

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "reelkit.kernel", "--forks"]
        environment = os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        # Ctrl-C in a terminal is not for it: kernels get it from whoever runs their notebook.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def close(self) -> None:
        """End the process; the kernels that it forked end with it."""
        with self._asking:
            self._end()


class ForkedProcess:
    """A process that is not our child, with as much of :class:`subprocess.Popen` as Jupyter needs."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            # It has ended already.
            self._handle = -1

    def poll(self) -> int | None:
        """Return None while it runs; what its exit code was only its parent knows."""
        if self._handle >= 0 and select.select([self._handle], [], [], 0)[0]:
            os.close(self._handle)
            self._handle = -1
        return None if self._handle >= 0 else 1

    def wait(self) -> int:
        """Wait for its end."""
        if self.poll() is None:
            select.select([self._handle], [], [])
        return self.poll() or 1

    def send_signal(self, sign: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, sign)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


_forks: KernelForks | None = None


@contextlib.contextmanager
def forked_kernels() -> Iterator[None]:
    """Within the block, fork the kernels of this process, which runs one notebook after another, where the system lets it."""
    global _forks  # noqa: PLW0603  a process has one
    before, forks = _forks, KernelForks()
    _forks = forks if KernelForks.work_here() else None
    try:
        yield
    finally:
        _forks = before
        forks.close()


def kernel_forks() -> KernelForks | None:
    """Return what forks the kernels of this process; None where each is started by itself."""
    return _forks
