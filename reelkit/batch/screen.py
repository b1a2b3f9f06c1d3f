"""A batch on a terminal: a line for each reel that counts up in place, and a total."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from reelkit.batch.plan import Batch
from reelkit.batch.watching import BatchNow, ReelNow, batch_now, typical_seconds

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

__all__ = ["BatchScreen", "batch_table", "minutes", "price"]

_SIGNS = {"done": ("✓", "green"), "failed": ("✕", "red"), "held": ("‖", "yellow"), "running": ("▸", "bold"), "waiting": ("·", "dim")}
_ORDER = ("running", "failed", "held", "waiting", "done")
_BAR = 20


class BatchScreen:
    """Watches a batch; silent where standard error is no terminal, as under cron.

    Parameters
    ----------
    outputs : Path
    console : rich.console.Console, optional
        Standard error where not given.
    quiet : bool
        Silent on a terminal too.
    """

    def __init__(self, outputs: Path, console: Console | None = None, *, quiet: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live

        self._outputs = outputs
        self._typical = typical_seconds(outputs)
        self._console = console or Console(file=sys.stderr)
        self._shown = self._console.is_terminal and not quiet
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> BatchScreen:
        if self._shown:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def tick(self, batch: Batch) -> None:
        """Bring the lines up to date."""
        if self._shown:
            now = batch_now(batch, self._outputs, self._typical)
            self._live.update(batch_table(now, rows=max(self._console.height - 3, 3)), refresh=True)


def batch_table(now: BatchNow, *, rows: int) -> RenderableType:
    """Return the lines of a batch, at most ``rows`` of them: what runs and what failed first, in the order of the batch."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = now.reels
    if len(shown) > rows:
        wanted = sorted(now.reels, key=lambda reel: (_ORDER.index(reel.state), reel.number))[: rows - 1]
        shown = tuple(sorted(wanted, key=lambda reel: reel.number))
    table = Table.grid(padding=(0, 1), expand=False)
    for options in ({}, {"no_wrap": True}, {"no_wrap": True, "max_width": 44}, {"no_wrap": True}, {"no_wrap": True}, {"justify": "right"}):
        table.add_column(**options, overflow="ellipsis")
    for reel in shown:
        table.add_row(*_cells(reel))
    if len(shown) < len(now.reels):
        table.add_row("", "", Text(f"and {len(now.reels) - len(shown)} more", style="dim"))
    left = f"about {minutes(now.left_s)} left" if now.left_s else ""
    return Group(table, Text.assemble("  ", (now.total, "bold"), f"  {_bar(now.share)}  {left}"))


def _cells(reel: ReelNow) -> list[str | Text]:
    from rich.text import Text

    sign, style = _SIGNS[reel.state]
    running = reel.state == "running"
    said = reel.step if running else reel.told if reel.state == "done" else f"{reel.step} failed" if reel.state == "failed" else reel.state
    left = minutes(reel.left_s) if running and reel.left_s is not None else ""
    return [
        Text(sign, style=style),
        Text(f"{reel.slug} {reel.number}", style=style),
        Text(reel.title, style="dim" if reel.state == "waiting" else ""),
        Text(said.strip() or reel.state, style=style),
        Text(_bar(reel.share)) if running else "",
        left,
    ]


def _bar(share: float) -> str:
    full = round(share * _BAR)
    return "━" * full + "╌" * (_BAR - full) + f" {share:4.0%}"


def minutes(seconds: float) -> str:
    """Return a length of time as a person says it.

    Examples
    --------
    >>> minutes(8), minutes(95), minutes(3725)
    ('8 s', '1 min 35 s', '1 h 02 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def price(usd: float) -> str:
    """Return what something will cost as a person says it.

    Examples
    --------
    >>> price(0), price(0.0009), price(1.5)
    ('nothing to pay', 'less than $0.01', '$1.50')
    """
    return "nothing to pay" if not usd else f"${usd:.2f}" if usd >= 0.01 else "less than $0.01"
