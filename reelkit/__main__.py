"""The door of the command, for ``reelkit`` and ``python -m reelkit``: open before anything is loaded, so that Ctrl-C gets its answer."""

import os
import signal
import sys

__all__ = ["main"]

_INTERRUPTED = 130


def _leave(number: int, frame: object) -> None:
    """Answer and end: nothing is begun yet that had to be put away."""
    os.write(2, b"reelkit: interrupted; run the same command again to go on from here\n")
    os._exit(_INTERRUPTED)


# A process that multiprocessing starts loads our main module, too, and has its own way to end.
if "multiprocessing" not in sys.modules and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)


def _listen() -> None:
    """Take Ctrl-C as Python does, from where there is something to put away. While modules load it might drop it."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> int:
    """Load the command, run it and return its exit code."""
    from reelkit.cli import main as command

    try:
        return command(loaded=_listen)
    except KeyboardInterrupt:
        _leave(signal.SIGINT, None)
        raise


if __name__ == "__main__":
    sys.exit(main())
