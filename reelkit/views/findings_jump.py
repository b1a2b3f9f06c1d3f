"""Findings beside a frame: each that concerns a moment shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reelkit.model import Finding, Palette
from reelkit.views import findings_view
from reelkit.views.frame_view import FrameView
from reelkit.views.live import LiveView

__all__ = ["FindingsView"]


class FindingsView(LiveView):
    """Shows what a check measured, with a jump to the moment it concerns.

    Parameters
    ----------
    findings : sequence of Finding
    frame : FrameView, optional
        Shows the moments.
    palette : Palette, optional
    """

    def __init__(self, findings: Sequence[Finding], frame: FrameView | None = None, *, palette: Palette | None = None) -> None:
        self.findings = findings_view.in_order(findings)
        self._frame = frame
        text = "\n".join(map(repr, self.findings))
        super().__init__("findings", lambda: findings_view.html(self.findings, palette=palette), text, palette=palette)

    def jump(self, at_s: float) -> None:
        """Show a moment."""
        if self._frame is not None:
            self._frame.go(at_s)

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {"html": self.html, "moments": [finding.at_s for finding in self.findings], "can_jump": self._frame is not None}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's."""
        if "jump" in message:
            self.jump(float(message["jump"]))
