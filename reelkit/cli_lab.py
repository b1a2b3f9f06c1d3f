"""The command ``reelkit lab``: the studio's notebooks in JupyterLab."""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from reelkit.cli_words import FAILED, complain

__all__ = ["lab_command"]

_LOOK_S = 0.1
_END_S = 20.0


def lab_command(arguments: argparse.Namespace) -> int:
    """Serve the notebooks until it is interrupted.

    A machine (``--json``) gets no browser: one line tells where the server listens, once it does. ``--app`` serves one notebook by Voila.
    """
    from reelkit.app_server import app_command, app_environment, lab_environment
    from reelkit.batch.jobs import notebook_path

    if arguments.app:
        return subprocess.call(app_command(notebook_path(arguments.app)), env=app_environment())
    notebook = notebook_path()
    studio = notebook.parents[1]
    command = [sys.executable, "-m", "jupyterlab", "-y", f"--ServerApp.root_dir={studio}"]
    command.append("--ServerApp.open_browser=False" if arguments.json else str(notebook.relative_to(studio)))
    # What the server says goes to standard error, where it says it anyway; its standard output must not mix with the answer.
    with subprocess.Popen(command, env=lab_environment(), stdout=sys.stderr.fileno() if arguments.json else None) as server:
        try:
            if arguments.json:
                listening = _listening(server)
                if listening is None:
                    complain("JupyterLab did not start; what it said stands above")
                    return FAILED
                print(json.dumps(listening), flush=True)
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            _await_end(server)
            raise


def _listening(server: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """Wait until a server has written down where it listens, and listens; return its address and port, None where it ended before."""
    from jupyter_core.paths import jupyter_runtime_dir

    written = Path(jupyter_runtime_dir()) / f"jpserver-{server.pid}.json"
    while server.poll() is None:
        try:
            said = json.loads(written.read_text(encoding="utf-8"))
            # It writes its address down a moment before it answers there.
            socket.create_connection((said["hostname"] or "localhost", said["port"]), timeout=_LOOK_S).close()
        except (OSError, ValueError):
            # Not there yet, or not whole yet, or not answering yet.
            time.sleep(_LOOK_S)
            continue
        return {"url": f"{said['url']}lab?token={said['token']}", "port": said["port"], "pid": server.pid}
    return None


def _await_end(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(_END_S)
    except subprocess.TimeoutExpired:
        server.kill()
