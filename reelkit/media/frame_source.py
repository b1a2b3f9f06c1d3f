"""Frames for somebody who looks at a reel: small ones at once while scrubbing, the exact one at rest.

``source = FrameSource(timeline, cache=cache)`` and ``source.make_proxies()``; then ``source.scrub(120)`` is a small frame at once, and
``source.showing(changed).exact(120)`` the exact one of a changed timeline.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from reelkit.cores import usable_cores
from reelkit.media.compositor import Compositor
from reelkit.media.open_clips import KeptClips
from reelkit.media.planes import Planes
from reelkit.media.proxies import Proxy, half_size, halved, make_proxy, plan_proxies
from reelkit.model import Cache, Clip, Timeline

__all__ = ["FrameSource"]

_ROOM = "proxies"
_CLIPS_OPEN, _PICTURES_KEPT, _PLACES = 3, 8, 3


class FrameSource:
    """The frames of a timeline, and of what it is changed into; a context manager that closes the clips.

    It may be used from several threads, which take turns.

    Parameters
    ----------
    timeline : Timeline
    cache : Cache, optional
        Keeps proxies from one time to the next; without one they go when the source is closed.
    threads : int, optional
        Decoder threads a clip; one a core where not given.
    like : FrameSource, optional
        Shares its clips, pictures, proxies and cache; see :meth:`showing`.

    Examples
    --------
    ``with FrameSource(timeline) as source: planes = source.exact(0)``
    """

    def __init__(
        self, timeline: Timeline, *, cache: Cache | None = None, threads: int | None = None, like: FrameSource | None = None
    ) -> None:
        self._shared: _Shared = like._shared if like is not None else _Shared(cache, threads or usable_cores())
        self._compositor: Compositor = Compositor(timeline, clips=self._shared.clips, like=like._compositor if like is not None else None)
        self._copies: dict[Clip, Clip] = {}
        self._small: Compositor | None = None
        self._small_with = 0

    @property
    def timeline(self) -> Timeline:
        """What it shows."""
        return self._compositor.timeline

    @cached_property
    def _wanted(self) -> dict[Clip, Proxy]:
        # Worked out by who scrubs: a source is made anew at every touch of a control.
        return {proxy.clip: proxy for proxy in plan_proxies(self.timeline)}

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the clips, also for every source that :meth:`showing` returned, and stop making proxies."""
        self._shared.close()

    def showing(self, timeline: Timeline) -> FrameSource:
        """Return a source of another timeline (another style, another cut) that shares open clips, decoded pictures and proxies.

        Parameters
        ----------
        timeline : Timeline
        """
        return FrameSource(timeline, like=self)

    def exact(self, frame: int) -> Planes:
        """Return a frame as the encoder gets it, byte for byte.

        Parameters
        ----------
        frame : int
            0 to ``timeline.frame_count - 1``.

        Raises
        ------
        TimelineError
            When the frame lies outside the reel.
        ClipError
            When a clip does not decode.
        """
        with self._shared.lock:
            return self._compositor.frame_at(frame)

    def scrub(self, frame: int) -> Planes:
        """Return a frame at half the size, from proxies; as long as those of its clips are not made, from the clips themselves.

        Parameters
        ----------
        frame : int
            0 to ``timeline.frame_count - 1``.

        Raises
        ------
        TimelineError
            When the frame lies outside the reel.
        ClipError
            When a clip does not decode.
        """
        with self._shared.lock:
            if self._small_with != self._shared.count:
                self._copies = {clip: copy for clip, wanted in self._wanted.items() if (copy := self._shared.copy_for(wanted))}
                self._small = Compositor(halved(self.timeline, self._copies), clips=self._shared.proxies, like=self._small)
                self._small_with = self._shared.count
            if self._small is None or not all(clip in self._copies for clip in self._compositor.clips_at(frame)):
                return _shrunk(self._compositor.frame_at(frame), half_size(self.timeline))
            return self._small.frame_at(frame)

    def make_proxies(self) -> Future[None]:
        """Begin to make, in the background, the proxies that :meth:`scrub` needs; those in the cache are there at once.

        Returns
        -------
        concurrent.futures.Future
            Done when all are made, or the source is closed; a clip that does not decode is its exception.
        """
        return self._shared.make(self._wanted.values())


class _Shared:
    """What sources of several timelines have in common."""

    def __init__(self, cache: Cache | None, threads: int) -> None:
        self.lock = threading.RLock()
        self.clips = KeptClips(threads=threads, most=_CLIPS_OPEN, kept=_PICTURES_KEPT, places=_PLACES)
        self.proxies = KeptClips(threads=1, most=16, kept=0)
        self.count = 0
        """How many copies were taken so far."""
        self._copies: dict[Clip, tuple[Proxy, Clip]] = {}
        self._cache = cache
        self._turn = threading.Lock()
        # Apart from the others: who begins, or closes, waits for no copy and no frame.
        self._beginning = threading.Lock()
        self._makers: list[threading.Thread] = []
        self._closed = threading.Event()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def make(self, wanted: Iterable[Proxy]) -> Future[None]:
        made: Future[None] = Future()
        # A daemon: who ends the program, or restarts a kernel, does not wait for copies.
        maker = threading.Thread(target=self._make_all, args=(list(wanted), made), name="proxies", daemon=True)
        with self._beginning:
            if self._closed.is_set():
                made.set_result(None)
            else:
                self._makers = [*filter(threading.Thread.is_alive, self._makers), maker]
                maker.start()
        return made

    def copy_for(self, wanted: Proxy) -> Clip | None:
        made, copy = self._copies.get(wanted.clip, (None, None))
        return copy if made is not None and made.serves(wanted) else None

    def close(self) -> None:
        with self._beginning:
            self._closed.set()
        for maker in self._makers:
            maker.join()
        with self.lock:
            self.clips.close()
            self.proxies.close()
            if self._folder is not None:
                self._folder.cleanup()

    def _found(self, proxy: Proxy) -> bool:
        path = self._cache.get(_ROOM, proxy.key, ".mp4") if self._cache else None
        if path is not None:
            self._take(proxy, path)
        return path is not None

    def _make_all(self, wanted: list[Proxy], made: Future[None]) -> None:
        _give_way()
        try:
            with self._turn:
                # Those in the cache are there at once, before others are made.
                for proxy in [proxy for proxy in wanted if self.copy_for(proxy) is None and not self._found(proxy)]:
                    self._take(proxy, self._made(proxy))
        except InterruptedError:
            made.set_result(None)
        except BaseException as error:
            made.set_exception(error)
        else:
            made.set_result(None)

    def _made(self, proxy: Proxy) -> Path:
        def make(path: Path) -> None:
            make_proxy(proxy, path, go_on=lambda: not self._closed.is_set())

        if self._cache is not None:
            return self._cache.file(_ROOM, proxy.key, ".mp4", make)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix=f"reelkit-proxies-{os.getpid()}-")
        path = Path(self._folder.name) / f"{proxy.key}.mp4"
        make(path)
        return path

    def _take(self, proxy: Proxy, path: Path) -> None:
        with self.lock:
            self._copies[proxy.clip] = proxy, proxy.clip_at(path)
            self.count += 1


def _give_way() -> None:
    """Let what the user waits for go first; Linux gives threads priorities of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _shrunk(planes: Planes, size: tuple[int, int]) -> Planes:
    half = size[0] // 2, size[1] // 2
    y, u, v = (
        np.asarray(cv2.resize(plane, each, interpolation=cv2.INTER_AREA), np.uint8)
        for plane, each in ((planes.y, size), (planes.u, half), (planes.v, half))
    )
    return Planes(y, u, v)
