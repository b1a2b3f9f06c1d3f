"""A process that makes reels: ``python -m reelkit.batch.worker``, one pickled call in for each, one pickled answer out.

A process of its own needs nothing of the caller's main module, can be killed, and ends with whoever started it, with all that it started.
"""

from __future__ import annotations

import base64
import contextlib
import os
import pickle
import queue
import signal
import sys
import threading
from typing import Any

from reelkit.batch.kernels import forked_kernels

__all__ = ["main", "packed", "unpacked"]

_NO_OTHER_S = 600.0
"""No thread but the running one gets its turn for as long."""


def packed(value: object) -> str:
    """Return a value as one line of text."""
    return base64.b64encode(pickle.dumps(value)).decode()


def unpacked(line: str) -> Any:
    """Return the value that a line of text is."""
    return pickle.loads(base64.b64decode(line))


def main() -> None:
    """Answer each line of standard input, a packed function with its arguments, by ``(True, value)`` or ``(False, error)``."""
    # Whoever started us hears Ctrl-C and decides; a handler, unlike "ignored", is not handed on to kernels.
    signal.signal(signal.SIGINT, lambda *_: None)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    with forked_kernels():
        while True:
            function, arguments = unpacked(asked.get())
            try:
                answer = (True, function(*arguments))
            except Exception as error:
                answer = (False, error)
            answers.write(packed(answer) + "\n")
            answers.flush()


def _listen(asked: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        asked.put(line)
    # Nobody asks any more: whoever started us has ended, well or not.
    _end_with_what_we_started()


def _end_with_what_we_started() -> None:
    import psutil

    from reelkit.batch.sockets import remove_own_sockets

    below = psutil.Process().children(recursive=True)
    remove_own_sockets()
    # In one go: the main thread, which waits for one of them, would take its end for the reel's and write it down.
    sys.setswitchinterval(_NO_OTHER_S)
    for process in below:
        with contextlib.suppress(OSError):
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    os._exit(0)


if __name__ == "__main__":
    main()
