"""What a style view does when nothing changed for a while: what takes longer than a change may."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reelkit.brand import Brand
from reelkit.errors import ReelkitError
from reelkit.model import Finding, Timeline
from reelkit.views.frame_view import FrameView

__all__ = ["AtRest"]

_FINALS_KEPT = 8


class AtRest:
    """Shows a reel as it will be rendered, on both sides of a frame view, and says what is wrong with it.

    Parameters
    ----------
    frame : FrameView
    plan : callable
        Returns the reel's timeline under a brand.
    settle, follow, judge : callable, optional
        As :class:`reelkit.views.style_view.StyleView` takes them.
    """

    def __init__(
        self,
        frame: FrameView,
        plan: Callable[[Brand], Timeline],
        *,
        settle: Callable[[Timeline], Timeline] | None = None,
        follow: Callable[[Brand], object] | None = None,
        judge: Callable[[Timeline], Iterable[Finding]] | None = None,
    ) -> None:
        self._frame, self._plan = frame, plan
        self._settle, self._follow, self._judge = settle, follow, judge
        self._finals: list[tuple[Timeline, Timeline]] = []

    def show(self, brand: Brand, saved: Brand, *, still: Callable[[], bool]) -> list[str]:
        """Show the tuned and the saved brand as they will be rendered, and return what is wrong with the tuned one, a line each.

        Parameters
        ----------
        brand, saved : Brand
        still : callable
            Returns whether ``brand`` and ``saved`` are those of now; what was changed meanwhile is left alone.
        """
        found = self._followed(brand, saved, still)
        self._make_final()
        judged = self._judge(self._frame.timeline) if self._judge is not None else ()
        return [*found, *map(_told, judged)]

    def _followed(self, brand: Brand, saved: Brand, still: Callable[[], bool]) -> list[str]:
        if self._follow is None:
            return []
        frame, trouble = self._frame, []
        try:
            self._follow(brand)
        except ReelkitError as error:
            trouble.append(str(error))
        # Read first: what is changed from here on is another than these, and stays.
        shown, beside = frame.timeline, frame.versus
        planned, versus = self._plan(brand), self._plan(saved)
        if not still():
            return trouble
        if shown not in (planned, *self._final_of(planned)):
            frame.show(planned, instead_of=shown)
        if beside is not None and beside not in (versus, *self._final_of(versus)):
            frame.compare(versus, instead_of=beside)
        return trouble

    def _make_final(self) -> None:
        if self._settle is None:
            return
        frame = self._frame
        timeline, versus = frame.timeline, frame.versus
        final = self._final(timeline, self._settle)
        if final != timeline:
            stronger = ", ".join(map(str, final.strengthened))
            frame.show(final, note=f"Made clearer on these pictures: {stronger}" if stronger else "", instead_of=timeline)
        if versus is not None and (final := self._final(versus, self._settle)) != versus:
            frame.compare(final, instead_of=versus)

    def _final(self, timeline: Timeline, settle: Callable[[Timeline], Timeline]) -> Timeline:
        for final in self._final_of(timeline):
            return final
        final = settle(timeline)
        self._finals = [(timeline, final), *self._finals[: _FINALS_KEPT - 1]]
        return final

    def _final_of(self, timeline: Timeline) -> list[Timeline]:
        """Return the timeline as it will be rendered where that was made, else nothing."""
        return [final for plan, final in self._finals if timeline in (plan, final)][:1]


def _told(finding: Finding) -> str:
    broken = "Breaks a must" if finding.level == "must" else "Breaks a norm"
    return f"{broken}, {finding.name}: {finding.measured}; {finding.hint}."
