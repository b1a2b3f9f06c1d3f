"""The running line of a step in a notebook."""

from __future__ import annotations

import time
from typing import Any

__all__ = ["STEP_MIME", "StepLines"]

STEP_MIME = "application/vnd.reelkit.step+json"
"""By this, who runs the notebook from outside hears how the run goes: ``{"event": "ends", "step": "voice", "seconds": 2.3, ...}``."""

_REFRESH_S = 0.25


class StepLines:
    """Shows one line per step in the cell that does it, counting up in place; it fits :class:`reelkit.runs.progress.Watcher`."""

    def __init__(self) -> None:
        self._line: Any = None
        self._shown_at = 0.0

    def begins(self, step: str) -> None:
        """Open the step's line."""
        self._open(f"{step} ...", event="begins", step=step)

    def share(self, step: str, done: float) -> None:
        """Bring the line up to date, at most four times a second."""
        if time.monotonic() - self._shown_at >= _REFRESH_S:
            self._show(f"{step} {done:.0%}", event="share", step=step, done=round(done, 3))
            self._shown_at = time.monotonic()

    def ends(self, step: str, seconds: float, made: str) -> None:
        """Close the line with what the step made."""
        self._show(
            f"{step}: {made} ({seconds:.1f} s)" if made else f"{step} ({seconds:.1f} s)",
            event="ends",
            step=step,
            seconds=seconds,
            made=made,
        )
        self._line = None

    def fails(self, step: str, reason: str) -> None:
        """Close the line with the reason; what fails before a step began, or after it ended, gets a line of its own."""
        if self._line is None:
            self._open(f"{step}: {reason}", event="fails", step=step, reason=reason)
        else:
            self._show(f"{step}: {reason}", event="fails", step=step, reason=reason)
        self._line = None

    def _open(self, text: str, **told: object) -> None:
        from IPython.display import display

        self._line = display(self._bundle(text, **told), raw=True, display_id=True)

    def _show(self, text: str, **told: object) -> None:
        if self._line is not None:
            self._line.update(self._bundle(text, **told), raw=True)

    @staticmethod
    def _bundle(text: str, **told: object) -> dict[str, object]:
        return {"text/plain": text, STEP_MIME: told}
