"""Ctrl-C, SIGTERM and SIGHUP: the first one counts."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from reelkit.processes import SIGNS

__all__ = ["interrupted_once"]


class _First:
    """A handler that lets one interrupt through."""

    def __init__(self, before: Mapping[int, Callable[[int, FrameType | None], object]]) -> None:
        self.came = False
        self._before = before

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            return
        try:
            self._before[number](number, frame)
        except BaseException:
            self.came = True
            raise

    def again(self) -> None:
        if self.came:
            raise KeyboardInterrupt


@contextlib.contextmanager
def interrupted_once(*, stays: bool = False) -> Iterator[Callable[[], None]]:
    """Let the first interrupt through only: a second one would break off what the first has begun to put away. One within another is the
    same.

    It gives what is to be called now and then: that raises the interrupt again where one came that was lost, as one that meets a
    ``__del__`` or a callback of a weak reference is dropped by Python.

    Parameters
    ----------
    stays : bool
        After the block, too, no other is heard where one came: what is left to do is to tell of it, and to end.
    """
    in_main = threading.current_thread() is threading.main_thread()
    handlers = {sign: handler for sign in SIGNS if in_main and callable(handler := signal.getsignal(sign))}
    around = next((handler for handler in handlers.values() if isinstance(handler, _First)), None)
    if around is not None:
        yield around.again
        return
    first = _First(handlers)
    for sign in handlers:
        signal.signal(sign, first)
    try:
        yield first.again
    finally:
        if not (stays and first.came):
            for sign, handler in handlers.items():
                signal.signal(sign, handler)
