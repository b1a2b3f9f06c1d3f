"""Papermill as we run it: one private kernel a notebook, honest about kernels that die, saving once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from jupyter_core.utils import ensure_event_loop, run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError

from reelkit import errors
from reelkit.batch.jobs import check_parameters
from reelkit.batch.kernels import KernelForks, kernel_forks
from reelkit.batch.sockets import socket_folder
from reelkit.errors import RunError
from reelkit.runs.keys import without_known_keys
from reelkit.runs.progress import Watcher
from reelkit.views.step_lines import STEP_MIME
from reelkit.whole import whole_file, write_whole

__all__ = ["ReelkitEngine", "execute_notebook"]


_NAME = "reelkit"
_KERNEL = "reelkit.kernel"
_TELLING = {DeadKernelError.__name__, CellTimeoutError.__name__, *errors.__all__}
"""Errors whose message is the whole line; of any other, its name is part of it."""
_GRACE_S = 2.0


def execute_notebook(
    notebook: Path, out: Path, parameters: dict[str, Any], *, watcher: Watcher, cell_timeout_s: float | None = None
) -> str | None:
    """Execute a notebook in a kernel of its own and write it, as executed, whole: after each step as far as it is, and at its end.

    Parameters
    ----------
    notebook, out : Path
    parameters : dict
        JSON types, known to the notebook's parameters cell. They are written into ``out``: never a secret.
    watcher : Watcher
        Told of the steps as the kernel does them.
    cell_timeout_s : float, optional
        A cell that takes longer is interrupted.

    Returns
    -------
    str or None
        The error of the cell that failed, in one line; None when all cells ran. Whether a *run* succeeded is for its manifest to say.

    Raises
    ------
    RunError
        When the notebook cannot be read or does not know a parameter.
    """
    try:
        source = nbformat.read(notebook, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise RunError(f"notebook {notebook} cannot be read: {error}") from None
    check_parameters(source, parameters, name=notebook.name)
    with whole_file(out) as temporary:
        try:
            papermill.execute_notebook(
                source,
                # Papermill takes paths for templates: braces in a folder's name must be doubled.
                str(temporary).replace("{", "{{").replace("}", "}}"),
                parameters,
                engine_name=_NAME,
                kernel_name="python3",
                language="python",
                request_save_on_cell_execute=False,
                progress_bar=False,
                execution_timeout=cell_timeout_s,
                watcher=watcher,
                saved_as=out,
            )
        except PapermillExecutionError as error:
            return error.evalue if error.ename in _TELLING else " ".join(f"{error.ename}: {error.evalue}".split())
    return None


class ReelkitEngine(NBClientEngine):  # type: ignore[misc]
    """Executes a notebook with :class:`_Client`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        watcher: Watcher,
        saved_as: Path,
        execution_timeout: float | None = None,
        start_timeout: int = 60,
        **_papermills_own: Any,
    ) -> None:
        """Execute the notebook that papermill prepared."""
        with _loop_of_this_thread(), _private_kernel() as kernel:
            client = _Client(
                nb_man,
                km=kernel,
                watcher=watcher,
                saved_as=saved_as,
                cell_timeout_s=execution_timeout,
                timeout=None,
                startup_timeout=start_timeout,
                store_widget_state=False,
                coalesce_streams=True,
            )
            client.execute(env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "REELKIT_UNATTENDED": "1"})


papermill_engines.register(_NAME, ReelkitEngine)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Tells a watcher of the steps, saves after each, writes a kernel's death or a time-out into the cell where it happened, and no key."""

    def __init__(
        self, nb_man: NotebookExecutionManager, *, watcher: Watcher, saved_as: Path, cell_timeout_s: float | None, **named: Any
    ) -> None:
        super().__init__(nb_man, **named)
        self._watcher = watcher
        self._saved_as = saved_as
        self._cell_timeout_s = cell_timeout_s
        self._step_ended = False
        self.nb.metadata.papermill["output_path"] = str(saved_as)

    def execute(self, **named: Any) -> Any:
        self.reset_execution_trackers()
        with self.setup_kernel(cleanup_kc=False, **named):
            try:
                self.papermill_execute_cells()
            finally:
                self.kc.stop_channels()
        return self.nb

    def papermill_execute_cells(self) -> None:
        for index, cell in enumerate(self.nb.cells):
            limit = _Limit(self.km, self._cell_timeout_s)
            try:
                self.nb_man.cell_start(cell, index)
                with limit:
                    self.execute_cell(cell, index)
            except (CellExecutionError, DeadKernelError) as error:
                if limit.passed:
                    self._write_into(cell, CellTimeoutError, f"it took longer than {self._cell_timeout_s:g} s")
                elif isinstance(error, DeadKernelError):
                    self._write_into(cell, DeadKernelError, "the notebook's kernel died (out of memory, or ended from outside)")
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                break
            finally:
                self.nb_man.cell_complete(cell, cell_index=index)
                self._save_after_step()

    def _save_after_step(self) -> None:
        """Save the notebook as far as it is, once for each cell that did a step: of a run that is killed, one can read what it did."""
        if self._step_ended:
            self._step_ended = False
            # A disk that is full is told by the steps.
            with contextlib.suppress(OSError):
                write_whole(self._saved_as, nbformat.v4.writes(self.nb))

    @staticmethod
    def _write_into(cell: Any, kind: type[Exception], what: str) -> None:
        # First, because papermill takes the first error for the cause.
        cell.outputs.insert(0, nbformat.v4.new_output("error", ename=kind.__name__, evalue=what, traceback=[what]))

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] in ("display_data", "update_display_data") and STEP_MIME in msg["content"]["data"]:
            self._tell(dict(msg["content"]["data"][STEP_MIME]))
        if msg["msg_type"] == "error":
            said = msg["content"]
            said |= {"evalue": without_known_keys(said["evalue"]), "traceback": [*map(without_known_keys, said["traceback"])]}
        return super().process_message(msg, cell, cell_index)

    def _tell(self, told: dict[str, Any]) -> None:
        match told:
            case {"event": "begins", "step": step}:
                self._watcher.begins(step)
            case {"event": "share", "step": step, "done": done}:
                self._watcher.share(step, done)
            case {"event": "ends", "step": step, "seconds": seconds, "made": made}:
                self._step_ended = True
                self._watcher.ends(step, seconds, made)
            case {"event": "fails", "step": step, "reason": reason}:
                self._watcher.fails(step, reason)


class _Limit:
    """A cell's time: when it is over the kernel gets Ctrl-C, and is killed when that does not end the cell.

    nbclient's own limit waits for a reply after the interrupt, and there is none when the interrupt meets the kernel between two
    messages.
    """

    def __init__(self, manager: AsyncKernelManager, seconds: float | None) -> None:
        self.passed = False
        self._manager = manager
        times = [] if seconds is None else [(seconds, self._interrupt), (seconds + _GRACE_S, self._kill)]
        self._timers = [threading.Timer(after, what) for after, what in times]

    def __enter__(self) -> None:
        for timer in self._timers:
            timer.daemon = True
            timer.start()

    def __exit__(self, *ended: object) -> None:
        for timer in self._timers:
            timer.cancel()

    def _interrupt(self) -> None:
        self.passed = True
        asyncio.run(self._kernel.send_signal(signal.SIGINT))

    def _kill(self) -> None:
        left = _started_by(self._manager)
        asyncio.run(self._kernel.kill())
        _kill(left)

    @property
    def _kernel(self) -> KernelProvisionerBase:
        assert self._manager.provisioner is not None
        return self._manager.provisioner


class _ThisPython(KernelSpecManager):
    """The kernel is this interpreter, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", _KERNEL, "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class _ForkedKernel(LocalProvisioner):
    """A kernel that is forked, a process group of its own; where forking fails it is started as Jupyter does."""

    def __init__(self, forks: KernelForks, **named: Any) -> None:
        super().__init__(**named)
        self._forks = forks

    async def launch_kernel(self, cmd: list[str], **named: Any) -> KernelConnectionInfo:
        folder = Path(named.get("cwd") or Path.cwd())
        try:
            kernel: Any = self._forks.fork(cmd[cmd.index(_KERNEL) + 1 :], dict(named["env"]), folder)
        except OSError:
            return await super().launch_kernel(cmd, **named)
        self.process, self.pid, self.pgid = kernel, kernel.pid, kernel.pid
        self.cwd = folder
        return self.connection_info


@contextlib.contextmanager
def _loop_of_this_thread() -> Iterator[None]:
    """Close the event loop that jupyter_core makes for a thread that has none: nobody else would when the thread ends."""
    try:
        yield
    finally:
        loop = ensure_event_loop()
        if threading.current_thread() is not threading.main_thread() and not loop.is_running():
            loop.close()


@contextlib.contextmanager
def _private_kernel() -> Iterator[AsyncKernelManager]:
    """Give a kernel manager whose sockets lie in a folder that only this user can open; nothing of the kernel outlives the block."""
    folder = socket_folder()
    sockets = {"transport": "ipc", "ip": str(folder / "k")} if os.name == "posix" else {}
    manager = AsyncKernelManager(kernel_spec_manager=_ThisPython(), connection_file=str(folder / "kernel.json"), **sockets)
    forks = kernel_forks()
    if forks is not None:
        # Jupyter makes one by an entry point only where there is none.
        manager.provisioner = _ForkedKernel(forks, kernel_spec=manager.kernel_spec, parent=manager)
    try:
        yield manager
    except BaseException:
        # Ctrl-C, as a rule: the kernel gets it too and a moment to put its things away.
        _forget_tasks()
        if manager.has_kernel:
            run_sync(manager.interrupt_kernel)()
            psutil.wait_procs(_started_by(manager), timeout=_GRACE_S)
        raise
    finally:
        left = _started_by(manager)
        run_sync(manager.shutdown_kernel)(now=True)
        _kill(left)
        _kill_group(manager)
        shutil.rmtree(folder, ignore_errors=True)


def _forget_tasks() -> None:
    """Cancel what still waits for the kernel, which would tell of its end as an error."""
    loop = ensure_event_loop()
    if not loop.is_running():
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _started_by(manager: AsyncKernelManager) -> list[psutil.Process]:
    pid = getattr(manager.provisioner, "pid", None)
    try:
        return psutil.Process(pid).children(recursive=True) if pid else []
    except psutil.Error:
        return []


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _kill_group(manager: AsyncKernelManager) -> None:
    """End what a kernel that was killed had started: it has no parent any more to be found by, but still the kernel's group."""
    group = getattr(manager.provisioner, "pgid", None)
    if group:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
