"""Ctrl-C, SIGTERM and SIGHUP: the first one counts."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["interrupted_once"]


@contextlib.contextmanager
def interrupted_once() -> Iterator[None]:
    """Let the first interrupt through only: a second one would break off what the first has begun to put away."""
    before: dict[int, Callable[[int, FrameType | None], object]] = {}
    came = False

    def first(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:
            return
        try:
            before[number](number, frame)
        except BaseException:
            came = True
            raise

    if threading.current_thread() is threading.main_thread():
        for sign in {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
            handler = signal.getsignal(sign)
            if callable(handler):
                before[sign] = handler
                signal.signal(sign, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
