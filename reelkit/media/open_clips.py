"""The clips of a timeline while it is shown: opened when they are first seen, closed when they are no longer needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol

from reelkit.media.decode import ClipReader, VideoReader, open_clip
from reelkit.model import Clip, Timeline

__all__ = ["ClipsInOrder", "KeptClips", "OpenClips"]


class OpenClips(Protocol):
    """Gives a compositor the readers of its shots' clips."""

    def reader(self, timeline: Timeline, number: int) -> ClipReader:
        """Return the reader of the clip of shot ``number``."""

    def close(self) -> None:
        """Close every clip."""


class ClipsInOrder:
    """For a render, which goes forward: what the last frame did not show is closed.

    Parameters
    ----------
    threads : int
        Decoder threads a clip.
    closed : callable, optional
        Called when clips were closed, which leaves as much memory free as all else that a frame needs.
    """

    def __init__(self, *, threads: int = 1, closed: Callable[[], object] | None = None) -> None:
        self._threads, self._closed = threads, closed
        self._open: dict[int, ClipReader] = {}
        self._shown: set[int] = set()
        self._damaged: dict[int, float] = {}

    def damaged_s(self, number: int) -> float | None:
        """Return where the clip of shot ``number`` was found to be damaged, in seconds into it; none where it was not."""
        reader = self._open.get(number)
        now = reader.damaged_s if isinstance(reader, VideoReader) else None
        return self._damaged.get(number) if now is None else now

    def reader(self, timeline: Timeline, number: int) -> ClipReader:
        if number in self._shown:
            # Asked for again, it begins another frame.
            gone = self._open.keys() - self._shown
            for old in gone:
                if (damaged_s := self.damaged_s(old)) is not None:
                    self._damaged[old] = damaged_s
                self._open.pop(old).close()
            self._shown.clear()
            if gone and self._closed is not None:
                self._closed()
        self._shown.add(number)
        if number not in self._open:
            clip = timeline.shots[number].clip
            self._open[number] = open_clip(clip, timeline.fps, background=timeline.background, threads=self._threads)
        return self._open[number]

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


class KeptClips:
    """For somebody who looks about and changes the timeline: the clips seen last stay open, with the pictures seen last.

    Parameters
    ----------
    threads : int
        Decoder threads a clip.
    most : int
        Clips open at once.
    kept : int
        Decoded pictures kept of each, behind the last one, and as many of those shown last.
    places : int
        Places in each from which it may be read at a time.
    """

    def __init__(self, *, threads: int, most: int, kept: int, places: int = 1) -> None:
        self._threads, self._most, self._kept, self._places = threads, most, kept, places
        self._open: OrderedDict[Hashable, ClipReader] = OrderedDict()

    def reader(self, timeline: Timeline, number: int) -> ClipReader:
        clip = timeline.shots[number].clip
        # Two shots of one clip have a reader each: a transition between them would make one leap to and fro.
        key = (_file(clip), timeline.fps, timeline.background, number)
        reader = self._open.pop(key, None)
        if reader is None:
            while len(self._open) >= self._most:
                self._open.popitem(last=False)[1].close()
            look = {"threads": self._threads, "kept": self._kept, "places": self._places}
            reader = open_clip(clip, timeline.fps, background=timeline.background, **look)
        self._open[key] = reader
        return reader

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


def _file(clip: Clip) -> Hashable:
    return clip.path, clip.sha256, clip.kind, clip.duration_ms, clip.loops
