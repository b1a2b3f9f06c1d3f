"""A frame of a reel: exact at rest, at half the size while somebody scrubs, beside another style; and a small copy of the reel to play."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from reelkit.errors import ComposeError
from reelkit.media.changed import changed_parts, part_bytes
from reelkit.media.frame_source import FrameSource
from reelkit.media.planes import Planes
from reelkit.media.scrub_copy import start_scrub_copy
from reelkit.media.stills import jpeg
from reelkit.model import Cache, Palette, Timeline
from reelkit.views.live import LiveView, telling
from reelkit.views.markup import card, clock, data_uri, facts, fill, heading, seconds

__all__ = ["ZONES", "FrameView", "html", "telling_frame"]

ZONES = {
    "TikTok": {"top": 150, "right": 140, "bottom": 400, "left": 60},
    "Reels": {"top": 220, "right": 120, "bottom": 450, "left": 35},
    "Shorts": {"top": 250, "right": 180, "bottom": 430, "left": 48},
}
"""What each app covers with its own buttons and texts, in px of a 1080x1920 frame, without advertisements. The apps publish no figures:
these are what makers of such overlays measured. The strictest of each side is :class:`reelkit.model.SafeZone`, which reels are held to."""

_SHOWN_PX = 360
_SETTLED_S, _LOOK_S = 1.2, 0.2
"""A moving preview is begun when nothing changed for so long, and given up within so long of the next change."""


def html(picture: bytes, timeline: Timeline, frame: int, *, palette: Palette | None = None) -> str:
    """Return a frame as HTML.

    Parameters
    ----------
    picture : bytes
        JPEG of the composed frame.
    timeline : Timeline
    frame : int
    palette : Palette, optional
    """
    at_s = float(frame / timeline.fps.ratio)
    shown = fill('<img class="rk-still" src="{}" alt="{}">', data_uri("image/jpeg", picture), f"Frame {frame} of the reel, at {at_s:.1f} s")
    style = timeline.caption_style
    told = facts(
        {
            "Moment": f"{clock(at_s)}, frame {frame} of {timeline.frame_count - 1}",
            "Length": seconds(timeline.duration_s),
            "Picture": f"{timeline.width_px} × {timeline.height_px}, {timeline.fps}\N{NO-BREAK SPACE}frames/s",
            "Captions": f"{style.name}, {Path(style.font).stem} {style.size_px}\N{NO-BREAK SPACE}px",
        }
    )
    body = fill('<div class="rk-stage">{}<div>{}{}</div></div>', shown, heading("Frame", timeline.topic), told)
    return card("frame", body, label="Frame of the reel", palette=palette)


class FrameView(LiveView):
    """A reel before it is rendered, a frame at a time.

    Parameters
    ----------
    timeline : Timeline
    frame : int, optional
        The first that is shown; a moment at which captions stand, where not given.
    versus : Timeline, optional
        Another version of the same reel, to compare with.
    names : (str, str)
        What the two are called.
    palette : Palette, optional
    cache : Cache, optional
        Keeps the small copies of clips that scrubbing reads; without one they are made anew in each kernel.

    Attributes
    ----------
    timeline, versus : Timeline
        Of now.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        frame: int | None = None,
        versus: Timeline | None = None,
        names: tuple[str, str] = ("A", "B"),
        palette: Palette | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__("frame", self._static, repr(timeline), palette=palette)
        self.timeline, self.versus, self.names = timeline, versus, names
        self.note = ""
        self._palette, self._cache = palette, cache
        self._at = min(telling_frame(timeline) if frame is None else frame, timeline.frame_count - 1)
        self._sources: list[FrameSource] = []
        self._turn = threading.Lock()
        # Who changes what is shown, or tells of it, does so as one, composed pictures and all. A hand that scrubs does not wait for it.
        self._showing = threading.RLock()
        self._version = 0
        self._views: set[int] = set()
        self._wanted = 0
        self._serial = 0
        self._sent: dict[str, tuple[int, Planes]] = {}
        self._copy: tuple[Timeline, bytes] | None = None
        self._copied: tuple[Any, ...] = ()

    @property
    def frame(self) -> int:
        """The frame that is shown."""
        return self._at

    def exact(self, frame: int | None = None) -> Planes:
        """Return a frame (the shown one where none is given) as the encoder gets it."""
        return self._exact(self.timeline, self.frame if frame is None else frame)

    def go(self, at_s: float) -> None:
        """Show a moment, and bring the view to where it can be seen."""
        frame = min(max(int(at_s * self.timeline.fps.ratio), 0), self.timeline.frame_count - 1)
        self._at = frame
        if self._views:
            self.widget.send({"look": frame})

    def show(self, timeline: Timeline, *, note: str = "", instead_of: Timeline | None = None) -> None:
        """Show another version of the reel, at the same place; where one is named that it takes the place of, only while that is shown."""
        with self._showing:
            if instead_of is None or self.timeline is instead_of:
                self._put(timeline, self.versus, self.names, note)

    def compare(self, versus: Timeline | None, *, names: tuple[str, str] | None = None, instead_of: Timeline | None = None) -> None:
        """Put another version beside it, or none; likewise."""
        with self._showing:
            if instead_of is None or self.versus is instead_of:
                self._put(self.timeline, versus, names or self.names, self.note)

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {"facts": self._facts("making"), "frame": self._at, "zone": "none", "zoom": "fit", "compare": "off"}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's: a frame that is wanted, or that a view of it is there or has gone."""
        if "ready" in message:
            with self._showing:
                self._views.add(int(message["ready"]))
                self._make_copy()
        elif "gone" in message:
            with self._showing:
                self._views.discard(int(message["gone"]))
                if not self._views:
                    self._let_go()
        elif "want" in message:
            # The browser alone says which frame is shown: were it a trait, an older value's echo would draw it back.
            frame = self._at = min(max(int(message["want"]), 0), self.timeline.frame_count - 1)
            ticket = int(message["ticket"])
            for side in message.get("sides", ["a"]):
                if message.get("half"):
                    self._send_half(widget, side, frame, ticket)
                else:
                    with self._showing:
                        self._send(widget, side, frame, ticket=ticket, whole=bool(message.get("whole")))

    def _put(self, timeline: Timeline, versus: Timeline | None, names: tuple[str, str], note: str) -> None:
        changed = timeline != self.timeline
        if changed:
            # The copy of another version that is under way is given up.
            self._wanted += 1
        self.timeline, self.versus, self.names, self.note = timeline, versus, names, note
        self._version += 1
        frame = self._at = min(self._at, timeline.frame_count - 1)
        if not self._views:
            if "widget" in self.__dict__:
                self.widget.facts = self._facts("making")
            return
        widget = self.widget
        # The picture first: what a person waits for is not the text beside it.
        try:
            for side in ["a", "b"] if versus is not None and widget.compare != "off" else ["a"]:
                self._send(widget, side, frame)
        finally:
            # Also where a clip does not decode: what moved until now is another version.
            widget.facts = self._facts("making" if changed else widget.facts["copy"])
            if changed:
                self._make_copy()

    def _send(self, widget: Any, side: str, frame: int, *, ticket: int = 0, whole: bool = False) -> None:
        """Send a frame; where the browser has the one before, only what differs from that."""
        timeline = self._of(side)
        if timeline is None:
            return
        planes = self._exact(timeline, _within(timeline, frame))
        base, before = self._sent.get(side, (0, None))
        self._serial += 1
        self._sent[side] = self._serial, planes
        told = {**_told(planes, side, frame, ticket), "version": self._version, "note": self.note, "serial": self._serial}
        parts = None if whole or before is None else changed_parts(before, planes)
        if parts is None:
            widget.send(told, buffers=[planes.tobytes()])
        else:
            widget.send({**told, "base": base, "parts": parts}, buffers=[b"".join(part_bytes(planes, part) for part in parts)])

    def _send_half(self, widget: Any, side: str, frame: int, ticket: int) -> None:
        """Send a frame at half the size, which is there at once: for a hand that is scrubbing."""
        timeline = self._of(side)
        if timeline is None:
            return
        source = self._source(timeline)
        self._make_proxies()
        planes = source.scrub(_within(timeline, frame))
        widget.send({**_told(planes, side, frame, ticket), "half": True}, buffers=[planes.tobytes()])

    def _of(self, side: str) -> Timeline | None:
        return self.versus if side == "b" else self.timeline

    def _exact(self, timeline: Timeline, frame: int) -> Planes:
        return self._source(timeline).exact(frame)

    def _source(self, timeline: Timeline) -> FrameSource:
        with self._turn:
            kept = self._sources
            found = next((source for source in kept if source.timeline == timeline), None)
            # All share their clips and pictures: a change of style decodes nothing.
            source = found or (kept[0].showing(timeline) if kept else FrameSource(timeline, cache=self._cache))
            self._sources = [source, *(one for one in kept if one is not source)][:2]
        return source

    def _let_go(self) -> None:
        """Close what is open and drop what is kept for somebody who looks; whoever looks again has it made anew."""
        self._wanted += 1
        with self._turn:
            sources, self._sources, self._copied = self._sources, [], ()
        for source in sources[:1]:
            source.close()
        self._copy = None
        self._sent.clear()
        self.widget.facts = self._facts("making")

    def _make_proxies(self) -> None:
        """Have the clips' copies made that scrubbing reads, where others are shown than those that they are made of."""
        shown = self.timeline.shots, self.timeline.fps, self.timeline.background
        with self._turn:
            if self._copied == shown or not self._sources:
                return
            self._copied = shown
            # Of a source of its own: this may be another thread.
            source = self._sources[0].showing(self.timeline)
        source.make_proxies()

    def _facts(self, copy: str) -> dict[str, Any]:
        timeline = self.timeline
        return {
            "title": timeline.topic,
            "name_a": self.names[0],
            "name_b": self.names[1] if self.versus is not None else "",
            "frame_count": timeline.frame_count,
            "fps_num": timeline.fps.num,
            "fps_den": timeline.fps.den,
            "second": round(timeline.fps.ratio),
            "width": timeline.width_px,
            "height": timeline.height_px,
            "zones": {**ZONES, "all of them": _strictest(timeline)},
            "copy": copy,
        }

    def _static(self) -> str:
        frame = min(self.frame, self.timeline.frame_count - 1)
        return html(jpeg(self._exact(self.timeline, frame), width_px=_SHOWN_PX), self.timeline, frame, palette=self._palette)

    # --- the small copy -----------------------------------------------------------------------------------------------

    def _make_copy(self) -> None:
        """Have a small copy of the reel as it is now; one that is under way for another version is given up."""
        self._wanted += 1
        if self._copy is not None and self._copy[0] == self.timeline:
            self._send_copy(self._copy[1])
            return
        threading.Thread(target=self._copy_of, args=(self._wanted, self.timeline), daemon=True).start()

    def _copy_of(self, wanted: int, timeline: Timeline) -> None:
        time.sleep(_SETTLED_S)
        with telling(self.widget):
            try:
                mp4 = self._made(wanted, timeline)
            except Exception:
                with self._showing:
                    if wanted == self._wanted:
                        self.widget.facts = self._facts("none")
                raise
            with self._showing:
                if wanted != self._wanted:
                    return
                self._copy = timeline, mp4
                self._send_copy(mp4)
            # For the next style, which is scrubbed in before its copy is there.
            self._make_proxies()

    def _made(self, wanted: int, timeline: Timeline) -> bytes:
        """Return a small copy; nothing where another version is wanted by now."""
        if wanted != self._wanted:
            return b""
        with tempfile.TemporaryDirectory(prefix="reelkit-") as folder:
            path = Path(folder) / "copy.mp4"
            with start_scrub_copy(timeline, path) as process:
                while process.poll() is None:
                    time.sleep(_LOOK_S)
                    if wanted != self._wanted:
                        process.kill()
                trouble = process.stderr.read().strip().splitlines() if process.stderr else []
            if wanted != self._wanted:
                return b""
            if process.returncode:
                raise ComposeError((trouble or ["the moving preview could not be made; run the cell again"])[-1])
            return path.read_bytes()

    def _send_copy(self, mp4: bytes) -> None:
        self.widget.send({"copy": True}, buffers=[mp4])
        self.widget.facts = self._facts("ready")


def telling_frame(timeline: Timeline) -> int:
    """Return a frame of the second cue, by which time all entrances are over; the middle of a reel without cues."""
    if not timeline.cues:
        return timeline.frame_count // 2
    cue = timeline.cues[min(1, len(timeline.cues) - 1)]
    return (cue.start + cue.end) // 2


def _within(timeline: Timeline, frame: int) -> int:
    """Return a frame, or the last one of a version that has ended by then."""
    return min(frame, timeline.frame_count - 1)


def _told(planes: Planes, side: str, frame: int, ticket: int) -> dict[str, Any]:
    return {"planes": "yuv420p", "side": side, "frame": frame, "width": planes.width_px, "height": planes.height_px, "ticket": ticket}


def _strictest(timeline: Timeline) -> dict[str, int]:
    zone = timeline.safe_zone
    return {"top": zone.top_px, "right": zone.right_px, "bottom": zone.bottom_px, "left": zone.left_px}
