"""A small process that waits for workers: ``python waiter.py PID ...``, run by its path, as the one that forked them, by whom all is held.

It ends with the last of them, and as the first one did that did not end well; the others are then ended, too. It imports nothing of
Reelkit: what it took, a render would take.
"""

from __future__ import annotations

import os
import signal
import sys

__all__ = ["main"]


def main(children: set[int]) -> None:
    """Wait until all children have ended.

    Parameters
    ----------
    children : set of int
        Their process ids.
    """

    def end_all(*_signal: object) -> None:
        for child in children:
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end_all)
    failed = 0
    while children:
        child, status = os.wait()
        children.discard(child)
        code = os.waitstatus_to_exitcode(status)
        if code and not failed:
            failed = code
            end_all()
    sys.exit(f"exit code {failed}" if failed < 0 else failed)


if __name__ == "__main__":
    main(set(map(int, sys.argv[1:])))
