"""The kernel of a run, ``python -m reelkit.kernel``: IPython's, which ends with whoever started it.

IPython's own kernel looks for its parent too, but takes whatever it finds when it has come up for its parent; one whose parent was
lost before that would stay for ever wherever orphans are adopted by anything but process 1.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

__all__ = ["main"]

_LOOK_EVERY_S = 0.5


def main() -> None:
    """Be a kernel."""
    parent = int(os.environ.get("JPY_PARENT_PID", "0"))
    if os.name == "posix" and parent:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from ipykernel import kernelapp

    # That it ends with its parent is nothing to warn of.
    kernelapp.launch_new_instance(log_level=logging.ERROR)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    if os.getpgrp() == os.getpid():
        # With all that it started.
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
