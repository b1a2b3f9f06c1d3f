"""All runs of an outputs folder as rows: what a table of them filters and what trends are made of."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from reelkit.errors import RunError
from reelkit.model import Value
from reelkit.runs.manifest import read_manifest, runs_at

__all__ = ["RunRow", "chosen", "days_of", "run_rows"]


class RunRow(Value):
    """A run, in a line."""

    brand: str
    run: str = Field(description="the run's folder, from the outputs folder")
    topic: str
    state: str
    reason: str = ""
    findings: tuple[str, ...] = Field(default=(), description="names of those that do not hold")
    seconds: float = 0.0
    cost_usd: float = 0.0
    started_at: str = ""
    url: str = ""
    poster: Path | None = None
    report: Path | None = None


def run_rows(outputs: Path) -> list[RunRow]:
    """Return all runs of an outputs folder, the latest first; one whose manifest cannot be read is told as failed, with the reason."""
    rows = [row for run in runs_at(outputs) if (row := _row(run, outputs)) is not None]
    return sorted(rows, key=lambda row: (row.started_at, row.run), reverse=True)


def _row(folder: Path, outputs: Path) -> RunRow | None:
    brand, run = folder.parent.name, folder.relative_to(outputs).as_posix()
    try:
        found = read_manifest(folder)
    except RunError as error:
        return RunRow(brand=brand, run=run, topic=folder.name, state="failed", reason=str(error))
    if found is None:
        # It was removed meanwhile.
        return None
    poster, report = folder / "poster.jpg", folder / "report.html"
    return RunRow(
        brand=found.brand,
        run=run,
        topic=str(found.facts.get("topic", "")) or found.run_id,
        state=found.state,
        reason=f"{found.step}: {found.reason}" if found.state == "failed" else "",
        findings=tuple(finding.name for finding in found.findings if finding.verdict != "pass"),
        seconds=found.seconds,
        cost_usd=sum(found.costs.values()),
        started_at=found.started_at,
        url=found.published.url if found.published else "",
        poster=poster if poster.is_file() else None,
        report=report if report.is_file() else None,
    )


def chosen(
    rows: Sequence[RunRow],
    *,
    brand: str | None = None,
    state: str | None = None,
    finding: str | None = None,
    min_cost_usd: float = 0.0,
    since: str = "",
) -> list[RunRow]:
    """Return the rows that are as asked.

    Parameters
    ----------
    rows : sequence of RunRow
    brand, state : str, optional
    finding : str, optional
        The name of a finding that must not hold.
    min_cost_usd : float
    since : str
        A date, ``2026-03-01``; what was started before is left out.
    """
    return [
        row
        for row in rows
        if (brand is None or row.brand == brand)
        and (state is None or row.state == state)
        and (finding is None or finding in row.findings)
        and row.cost_usd >= min_cost_usd
        and row.started_at >= since
    ]


def days_of(rows: Sequence[RunRow]) -> dict[str, dict[str, float]]:
    """Return for each day, the earliest first, how many runs are done and failed, their median seconds, and what they cost.

    Examples
    --------
    >>> rows = [RunRow(brand="a", run="a/1", topic="t", state="done", seconds=s, started_at="2026-03-01T02:00:00") for s in (10, 20)]
    >>> days_of(rows)
    {'2026-03-01': {'done': 2, 'failed': 0, 'seconds': 15.0, 'cost_usd': 0.0}}
    """
    by_day: dict[str, list[RunRow]] = defaultdict(list)
    for row in rows:
        by_day[row.started_at[:10]].append(row)
    return {
        day: {
            "done": sum(row.state == "done" for row in runs),
            "failed": sum(row.state == "failed" for row in runs),
            "seconds": round(statistics.median([row.seconds for row in runs if row.state == "done"] or [0.0]), 1),
            "cost_usd": round(sum(row.cost_usd for row in runs), 4),
        }
        for day, runs in sorted(by_day.items())
        if day
    }
