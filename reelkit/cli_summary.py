"""What ``reelkit batch`` says of a batch: the one line that is read in the morning, a line for each failure, and all of it for machines."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelkit.cli_words import complain, print_json

if TYPE_CHECKING:
    from reelkit.batch.plan import Batch

__all__ = ["failures", "morning_line", "passed_over", "summary_of", "tell_interrupted", "write_page"]


def write_page(batch: Batch, outputs: Path) -> tuple[Path | None, str | None]:
    """Write the batch's own page and return it; where that fails, why: the reels are made, so it fails nothing else."""
    from reelkit.batch.plan import batches_dir
    from reelkit.batch.reports import report_on
    from reelkit.errors import ReelkitError

    path = batches_dir(outputs) / f"{batch.id}.json"
    try:
        return (report_on(path) if batch.reels else None), None
    except (ReelkitError, OSError) as error:
        return None, f"the batch's page could not be written ({error}); write it with: reelkit report {path}"


def morning_line(batch: Batch, seconds: float, page: Path | None) -> str:
    """Return the one line of a batch that ended."""
    from reelkit.batch.screen import minutes
    from reelkit.yamlfile import shown_path

    if not batch.reels and not batch.refused:
        return f"batch {batch.id}: nothing is due"
    counted = [f"{len(batch.done)} of {len(batch.reels)} reels done"]
    counted += [f"{len(batch.failed)} failed"] if batch.failed else []
    held = sum(batch.state_of(reel) == "held" for reel in batch.reels)
    counted += [f"{held} not begun as the disk is nearly full"] if held else []
    counted += [f"{len(batch.refused)} brand{'' if len(batch.refused) == 1 else 's'} refused"] if batch.refused else []
    cost = f", ${batch.cost_usd:.2f}" if batch.cost_usd else ""
    where = f" ({shown_path(page)})" if page else ""
    return f"batch {batch.id}: {', '.join(counted)} in {minutes(seconds)}{cost}{where}"


def failures(batch: Batch) -> Iterator[str]:
    """Yield a line for each brand that was refused and each reel that failed."""
    yield from batch.refused.values()
    for reel in batch.failed:
        outcome = batch.outcomes[reel.number]
        error = (outcome.error or "").removeprefix(f"brand '{reel.slug}': ")
        step = f"step {outcome.step}: " if outcome.step and f"step {outcome.step}" not in error else ""
        yield f"{reel.slug} {reel.number} ({reel.title}): {step}{error}"


def passed_over(batch: Batch) -> Iterator[str]:
    """Yield a line for each topic that was left aside."""
    for reel in batch.reels:
        if reel.instead_of:
            yield f"{reel.slug} {reel.number} ({reel.title}): made instead of '{reel.instead_of}', which failed on several nights"


def tell_interrupted(batch: Batch, as_json: bool, outputs: Path, seconds: float) -> None:
    """Say of every reel whether it is done."""
    if as_json:
        print_json(summary_of(batch, outputs, seconds, "interrupted"))
    complain(f"interrupted: batch {batch.id}: {len(batch.done)} of {len(batch.reels)} reels are done")
    # A terminal that was closed is told nothing.
    with contextlib.suppress(OSError):
        for reel in batch.reels:
            print(f"  {'done    ' if reel in batch.done else 'not done'}  {reel.slug} {reel.number}  {reel.title}", file=sys.stderr)
        print("run the same command again to go on from here", file=sys.stderr)


def summary_of(batch: Batch, outputs: Path, seconds: float, line: str, page: Path | None = None) -> dict[str, Any]:
    """Return what a machine is told."""
    from reelkit.batch.plan import batches_dir

    reels = []
    for reel in batch.reels:
        told = batch.outcomes.get(reel.number)
        reels.append(
            {
                "brand": reel.slug,
                "number": reel.number,
                "title": (told.topic if told else "") or reel.title,
                "state": batch.state_of(reel),
                "run_dir": str(outputs / told.run) if told and told.run else None,
                "step": told.step if told else None,
                "error": told.error if told else None,
                "public_url": told.url if told else None,
                "duration_ms": told.duration_ms if told else 0,
                "cost_usd": told.cost_usd if told else 0.0,
            }
        )
    return {
        "batch": batch.id,
        "summary": line,
        "file": str(batches_dir(outputs) / f"{batch.id}.json"),
        "report_path": page and str(page),
        "success": not batch.missing and not batch.refused,
        "reels": len(batch.reels),
        "done": len(batch.done),
        "failed": len(batch.failed),
        "refused": batch.refused,
        "seconds": round(seconds, 1),
        "cost_usd": batch.cost_usd,
        "results": reels,
    }
