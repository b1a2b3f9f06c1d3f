"""Folders as others make and remove them."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def that_come_and_go(place: Path) -> Iterator[None]:
    """Have folders made below a place and removed again, all the time, on another thread."""
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            for name in "abcdefgh":
                (place / name / name).mkdir(parents=True)
            for name in "abcdefgh":
                shutil.rmtree(place / name)

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        yield
    finally:
        over.set()
        other.join()
