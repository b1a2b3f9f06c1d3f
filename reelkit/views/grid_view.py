"""Versions of a reel side by side: a frame of each, and short previews that play together."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reelkit.media.frame_source import FrameSource
from reelkit.media.scrub_copy import start_scrub_copy
from reelkit.media.stills import jpeg
from reelkit.model import Palette, Timeline
from reelkit.views.frame_view import telling_frame
from reelkit.views.live import LiveView, telling
from reelkit.views.markup import card, data_uri, each, fill, heading, plural

__all__ = ["GridView", "html"]

_FRAME_PX = 240


def html(frames: Mapping[str, bytes], *, title: str = "Versions", palette: Palette | None = None) -> str:
    """Return frames of several versions as HTML.

    Parameters
    ----------
    frames : mapping of str to bytes
        JPEGs by the version's name.
    title : str
    palette : Palette, optional
    """
    cells = each(
        '<figure class="rk-version"><img src="{}" alt="{}"><figcaption>{}</figcaption></figure>',
        ((data_uri("image/jpeg", picture), f"{name}, a frame", name) for name, picture in frames.items()),
    )
    body = heading(title, plural(len(frames), "version")) + fill('<div class="rk-versions">{}</div>', cells)
    return card("grid", body, label="Versions side by side", palette=palette)


class GridView(LiveView):
    """Compares versions of a reel.

    Parameters
    ----------
    versions : mapping of str to Timeline
        By name.
    seconds : float
        How much of each moves.
    title : str
    palette : Palette, optional
    """

    def __init__(
        self, versions: Mapping[str, Timeline], *, seconds: float = 8.0, title: str = "Versions", palette: Palette | None = None
    ) -> None:
        super().__init__("grid", self._static, f"<{', '.join(versions)}>", palette=palette)
        self._versions, self._seconds, self._title, self._palette = dict(versions), seconds, title, palette
        self._copies: dict[int, bytes] = {}
        self._making = threading.Lock()

    @functools.cached_property
    def frames(self) -> dict[str, bytes]:
        """A frame of each version as JPEG, at a moment at which captions stand."""
        found = {}
        for name, timeline in self._versions.items():
            with FrameSource(timeline, threads=1) as source:
                found[name] = jpeg(source.exact(telling_frame(timeline)), width_px=_FRAME_PX)
        return found

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        longest = max((float(timeline.duration_s) for timeline in self._versions.values()), default=0.0)
        cells = [{"name": name, "frame": str(data_uri("image/jpeg", picture))} for name, picture in self.frames.items()]
        seconds = round(min(self._seconds, longest))
        # The moving previews rest where captions stand, too: at their first frame there is nothing to compare.
        begins = min((telling_frame(timeline) / float(timeline.fps.ratio) for timeline in self._versions.values()), default=0.0)
        return {"cells": cells, "seconds": seconds, "begins": min(begins, float(seconds)), "title": self._title}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's: that it is there."""
        threading.Thread(target=self._send_copies, args=(widget,), daemon=True).start()

    def _send_copies(self, widget: Any) -> None:
        with telling(widget), self._making:
            for place, timeline in enumerate(self._versions.values()):
                if place not in self._copies:
                    self._copies[place] = self._copy(widget, timeline)
                if self._copies[place]:
                    widget.send({"copy": place}, buffers=[self._copies[place]])

    def _copy(self, widget: Any, timeline: Timeline) -> bytes:
        with tempfile.TemporaryDirectory(prefix="reelkit-") as folder:
            path = Path(folder) / "copy.mp4"
            frames = round(self._seconds * timeline.fps.ratio)
            with start_scrub_copy(timeline, path, width_px=_FRAME_PX, frames=frames) as process:
                trouble = process.stderr.read().strip() if process.stderr else ""
            if process.returncode:
                widget.send({"trouble": (trouble.splitlines() or ["a preview could not be made; run the cell again"])[-1]})
                return b""
            return path.read_bytes()

    def _static(self) -> str:
        return html(self.frames, title=self._title, palette=self._palette)
