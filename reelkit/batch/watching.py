"""How far a batch is: a line for each reel with its step, share done and time left, and a total. Read from files, so from any process."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from reelkit.batch.plan import Batch, PlannedReel
from reelkit.batch.work import StepNow, read_step
from reelkit.errors import RunError
from reelkit.model import Value
from reelkit.runs.manifest import MANIFEST, read_manifest, runs_at

__all__ = ["BatchNow", "ReelNow", "batch_now", "typical_seconds"]

STEPS = (
    "start",
    "script",
    "footage",
    "voice",
    "sentences",
    "cues",
    "music",
    "timeline",
    "legibility",
    "compose",
    "check",
    "shapes",
    "upload",
)
_GUESS_S = {"start": 3.0, "script": 2.0, "footage": 8.0, "voice": 4.0, "music": 2.0, "timeline": 1.0, "legibility": 1.0} | {
    "compose": 30.0,
    "check": 6.0,
}
"""For the first batch of all; from then on the runs themselves tell."""
_RUNS = 30


class ReelNow(Value):
    """A line of a running batch."""

    number: int
    slug: str
    title: str
    state: str
    """``waiting``, ``running``, ``done``, ``failed`` or ``held``."""
    step: str = ""
    share: float = 0.0
    """Of the whole reel, 0.0 to 1.0."""
    left_s: float | None = None
    told: str = ""
    """Why it failed, or how long it took."""


class BatchNow(Value):
    """A batch at a moment."""

    id: str
    reels: tuple[ReelNow, ...]
    refused: dict[str, str] = Field(default={})
    share: float = 0.0
    left_s: float | None = None
    cost_usd: float = 0.0

    def count(self, state: str) -> int:
        """Return how many reels are in a state."""
        return sum(reel.state == state for reel in self.reels)

    @property
    def total(self) -> str:
        """The last line: how many are done, failed, running and waiting.

        Examples
        --------
        >>> BatchNow(id="a", reels=(ReelNow(number=1, slug="b", title="c", state="done"),)).total
        '1 of 1 done'
        """
        parts = [f"{self.count('done')} of {len(self.reels)} done"]
        parts += [f"{self.count(state)} {state}" for state in ("failed", "held", "running", "waiting") if self.count(state)]
        parts += [f"{len(self.refused)} brand{'s' if len(self.refused) > 1 else ''} refused"] if self.refused else []
        parts += [f"${self.cost_usd:.2f}"] if self.cost_usd else []
        return ", ".join(parts)


def typical_seconds(outputs: Path) -> dict[str, float]:
    """Return how long each step typically takes, as the latest runs of an outputs folder tell."""

    def written(run: Path) -> float:
        try:
            return (run / MANIFEST).stat().st_mtime
        except OSError:
            return 0.0

    taken: dict[str, list[float]] = defaultdict(list)
    for run in sorted(runs_at(outputs), key=written)[-_RUNS:]:
        try:
            found = read_manifest(run)
        except RunError:
            continue
        for step in found.steps if found else ():
            taken[step.name].append(step.seconds)
    return _GUESS_S | {step: statistics.median(seconds) for step, seconds in taken.items()}


def batch_now(batch: Batch, outputs: Path, typical: Mapping[str, float]) -> BatchNow:
    """Return where a batch and each of its reels are.

    Parameters
    ----------
    batch : Batch
    outputs : Path
    typical : mapping
        Of :func:`typical_seconds`.
    """
    reels = tuple(_reel_now(batch, reel, outputs, typical) for reel in batch.reels)
    whole = sum(typical.values())
    at_once = max(sum(reel.state == "running" for reel in reels), 1)
    left = [reel.left_s if reel.left_s is not None else whole for reel in reels if reel.state in ("running", "waiting")]
    return BatchNow(
        id=batch.id,
        reels=reels,
        refused=batch.refused,
        share=sum(reel.share for reel in reels) / len(reels) if reels else 1.0,
        left_s=sum(left) / at_once if batch.ended_at is None else None,
        cost_usd=batch.cost_usd,
    )


def _reel_now(batch: Batch, reel: PlannedReel, outputs: Path, typical: Mapping[str, float]) -> ReelNow:
    outcome = batch.outcomes.get(reel.number)
    state = batch.state_of(reel)
    title = (outcome.topic if outcome else "") or reel.title
    line = ReelNow(number=reel.number, slug=reel.slug, title=title, state=state)
    if outcome is not None and state != "waiting":
        took = "made before" if outcome.reused else f"{outcome.duration_ms / 1000:.0f} s"
        return line.model_copy(update={"share": 1.0 if state != "held" else 0.0, "step": outcome.step or "", "told": outcome.error or took})
    now = read_step(outputs, batch.id, reel.number) if batch.ended_at is None else None
    if now is None:
        return line
    share, left = _how_far(now, typical)
    return line.model_copy(update={"state": "running", "step": now.step, "share": share, "left_s": left})


def _how_far(now: StepNow, typical: Mapping[str, float]) -> tuple[float, float]:
    at = STEPS.index(now.step) if now.step in STEPS else 0
    before, later = (sum(typical.get(step, 0.0) for step in steps) for steps in (STEPS[:at], STEPS[at + 1 :]))
    spent = max(time.time() - now.step_began_at, 0.0)
    step = typical.get(now.step, 0.0)
    # A step that tells its share is believed; one that does not is taken to last as long as it does typically.
    here = spent * (1 - now.done) / now.done if now.done > 0.05 else max(step - spent, 0.0)
    left = here + later
    whole = before + max(step, spent + here) + later
    return (min(max(1 - left / whole, 0.0), 0.99) if whole else 0.0), left
