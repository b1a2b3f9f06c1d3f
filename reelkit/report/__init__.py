"""The shared page of a run and of a batch."""

from reelkit.report.index import INDEX, runs_below, write_index
from reelkit.report.page import write_report

__all__ = ["INDEX", "runs_below", "write_index", "write_report"]
