"""The door of the command, for ``reelkit`` and ``python -m reelkit``: open before anything is loaded, so that Ctrl-C gets its answer."""

import os
import signal
import sys

__all__ = ["main"]


def main() -> int:
    """Load the command, run it and return its exit code."""
    try:
        from reelkit.cli import main as command

        return command()
    except KeyboardInterrupt:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, signal.SIG_IGN)
        os.write(2, b"reelkit: interrupted; run the same command again to go on from here\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
