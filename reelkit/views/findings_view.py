"""Findings: what a check measured, its norm, and whether it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from markupsafe import Markup

from reelkit.model import Finding, Palette
from reelkit.views.markup import card, clock, fill, heading, table

__all__ = ["html", "in_order", "verdict"]

_MARKS = {"fail": ("✕", "Fails"), "warn": ("!", "Warns"), "pass": ("✓", "Holds")}
"""A sign and a word each, so that nothing is told by colour alone."""


def html(findings: Iterable[Finding], *, palette: Palette | None = None) -> str:
    """Return findings as HTML, what fails first.

    Parameters
    ----------
    findings : iterable of Finding
    palette : Palette, optional
    """
    listed = in_order(findings)
    columns = ["Verdict", "Check", "Measured", "Norm", ("At", "rk-num"), "What to do"]
    held = [finding for finding in listed if finding.holds]
    open_ones = [finding for finding in listed if not finding.holds]
    body = heading("Findings") + verdict(listed)
    if open_ones:
        body += _stacking(table("Findings that do not hold", columns, map(_row, open_ones)))
    if held:
        body += fill(
            '<details class="rk-more"><summary>{}</summary>{}</details>',
            f"What holds ({len(held)})",
            _stacking(table("Findings that hold", columns[:-1], map(_row, held))),
        )
    return card("findings", body, label="Findings", palette=palette)


def verdict(findings: Iterable[Finding]) -> Markup:
    """Return what findings come to, in one line: how many hold, and which do not. Nothing where nothing was checked."""
    listed = in_order(findings)
    if not listed:
        return Markup()
    sign, _ = _MARKS[listed[0].verdict]
    counts = Counter(finding.verdict for finding in listed)
    told = [f"{counts['fail']} failed" if counts["fail"] else "", f"{counts['warn']} warned" if counts["warn"] else ""]
    names = ", ".join(dict.fromkeys(finding.name for finding in listed if not finding.holds))
    return fill(
        '<p class="rk-sum"><span class="rk-verdict rk-{}"><span aria-hidden="true">{}</span>{}</span>{}</p>',
        listed[0].verdict,
        sign,
        f"{counts['pass']} of {len(listed)} checks hold" if names else f"All {len(listed)} checks hold",
        f"{', '.join(filter(None, told))}: {names}" if names else "",
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings as they are listed: what fails first, then what warns, then what holds."""
    order = list(_MARKS)
    return sorted(findings, key=lambda finding: order.index(finding.verdict))


def _stacking(listed: Markup) -> Markup:
    """Have a table's rows become blocks where the window is narrow: what to do about a finding must not lie out of sight."""
    return fill('<div class="rk-stacks">{}</div>', listed)


def _row(finding: Finding) -> Markup:
    sign, word = _MARKS[finding.verdict]
    return fill(
        '<tr><td><span class="rk-verdict rk-{}"><span aria-hidden="true">{}</span>{}</span></td><th scope="row">{}'
        '<span class="rk-level">{}</span></th><td data-label="Measured">{}</td><td data-label="Norm">{}</td>'
        '<td class="rk-num" data-label="At">{}</td>{}</tr>',
        finding.verdict,
        sign,
        word,
        finding.name,
        finding.level,
        finding.measured,
        finding.norm,
        "" if finding.at_s is None else clock(finding.at_s),
        Markup() if finding.holds else fill('<td data-label="What to do">{}</td>', finding.hint),
    )
