"""The shared page of a run and of a batch."""

from reelkit.report.page import write_report

__all__ = ["write_report"]
