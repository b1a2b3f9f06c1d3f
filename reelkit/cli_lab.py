"""The command ``reelkit lab``: the studio's notebooks in JupyterLab."""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reelkit.cli_words import FAILED, complain

__all__ = ["lab_command"]

_LOOK_S = 0.1
_END_S = 20.0


def lab_command(arguments: argparse.Namespace) -> int:
    """Serve the notebooks until it is interrupted.

    A machine (``--json``) gets no browser: one line tells where the server listens, once it does. ``--app`` serves one notebook by Voila.
    What stands after ``--`` is the server's own.
    """
    from reelkit.app_server import app_command, app_environment, lab_environment
    from reelkit.batch.jobs import notebook_path

    if arguments.app:
        command, env, address = app_command(notebook_path(arguments.app)), app_environment(), _app_address
        command += ["--no-browser"] if arguments.json else []
    else:
        notebook = notebook_path()
        studio = notebook.parents[1]
        command, env, address = [sys.executable, "-m", "jupyterlab", "-y"], lab_environment(), _lab_address
        command.append(f"--ServerApp.root_dir={studio}")
        command.append("--ServerApp.open_browser=False" if arguments.json else str(notebook.relative_to(studio)))
    command += arguments.options
    # What the server says goes to standard error, where it says it anyway; its standard output must not mix with the answer.
    with subprocess.Popen(command, env=env, stdout=sys.stderr.fileno() if arguments.json else None) as server:
        try:
            if arguments.json:
                listening = _listening(server, address)
                if listening is None:
                    complain(f"{'Voila' if arguments.app else 'JupyterLab'} did not start; what it said stands above")
                    return FAILED
                print(json.dumps(listening), flush=True)
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            _await_end(server)
            raise


def _listening(server: subprocess.Popen[bytes], address: Callable[[int], dict[str, Any] | None]) -> dict[str, Any] | None:
    """Wait until a server listens; return its address, port and process, None where it ended before."""
    while server.poll() is None:
        if told := address(server.pid):
            return {**told, "pid": server.pid}
        time.sleep(_LOOK_S)
    return None


def _lab_address(pid: int) -> dict[str, Any] | None:
    """Return where a JupyterLab listens by what it has written down; None while it is not there, not whole, or it does not answer yet."""
    from jupyter_core.paths import jupyter_runtime_dir

    written = Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json"
    try:
        said = json.loads(written.read_text(encoding="utf-8"))
        # It writes its address down a moment before it answers there.
        socket.create_connection((said["hostname"] or "localhost", said["port"]), timeout=_LOOK_S).close()
    except (OSError, ValueError):
        return None
    return {"url": f"{said['url']}lab?token={said['token']}", "port": said["port"]}


def _app_address(pid: int) -> dict[str, Any] | None:
    """Return where a Voila listens, which takes the next port that is free and writes it down nowhere; None while it does not."""
    import psutil

    with contextlib.suppress(psutil.Error):
        ports = [found.laddr.port for found in psutil.Process(pid).net_connections("tcp") if found.status == psutil.CONN_LISTEN]
        if ports:
            return {"url": f"http://localhost:{ports[0]}/", "port": ports[0]}
    return None


def _await_end(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(_END_S)
    except subprocess.TimeoutExpired:
        server.kill()
