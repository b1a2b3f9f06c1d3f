"""A run: what was asked for, how it ended, what each step took, and what made it."""

from __future__ import annotations

import datetime
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from pydantic import BaseModel

from reelkit.model import Palette
from reelkit.views.brand_view import swatches
from reelkit.views.markup import card, each, facts, fill, heading, seconds, table

__all__ = ["again", "html"]

_STATES = {"done": ("✓", "Done", "pass"), "failed": ("✕", "Failed", "fail"), "running": ("…", "Running", "warn")}


def html(manifest: BaseModel | Mapping[str, Any], *, palette: Palette | None = None) -> str:
    """Return a run as HTML.

    Parameters
    ----------
    manifest : Manifest or mapping
        What ``run.json`` says (a :class:`reelkit.runs.manifest.Manifest`, or its JSON). Whatever is missing is left out.
    palette : Palette, optional
        The brand's; shown as swatches.
    """
    run = manifest.model_dump(mode="json") if isinstance(manifest, BaseModel) else dict(manifest)
    told = _mapping(run.get("facts"))
    steps = [_mapping(step) for step in _sequence(run.get("steps"))]
    sign, word, verdict = _STATES.get(str(run.get("state")), ("?", str(run.get("state", "unknown")), "warn"))
    findings = [_mapping(finding) for finding in _sequence(run.get("findings"))]
    if verdict == "pass" and any(finding.get("name") == "edits" and not finding.get("holds") for finding in findings):
        sign, word, verdict = "!", "Done, without the last edits", "warn"
    state = fill('<span class="rk-verdict rk-{}"><span aria-hidden="true">{}</span>{}</span>', verdict, sign, word)
    job = _mapping(run.get("job"))
    length = told.get("duration_s")
    summary = facts(
        {
            "State": state,
            "Brand": run.get("brand"),
            "Topic seed": job.get("topic_seed"),
            "Reel": seconds(float(length)) if isinstance(length, int | float) else None,
            "Made in": seconds(sum(float(step.get("seconds", 0.0)) for step in steps)) if steps else None,
            "Started": _moment(run.get("started_at")),
            "Published": _mapping(run.get("published")).get("url"),
            "Checks": _checks(findings),
        }
    )
    title = f"Run {run.get('run_id', '')}".strip()
    parts = [heading(title, told.get("topic")), swatches(palette) if palette else Markup(), summary]
    if run.get("reason"):
        parts.append(fill('<p class="rk-reason">{}{}</p>', f"Step {run['step']}: " if run.get("step") else "", run["reason"]))
    if steps:
        parts.append(_steps(steps))
    parts.append(_more("Footage left out", dict(str(line).partition(": ")[::2] for line in _sequence(run.get("left_out")))))
    if job:
        parts.append(fill('<p class="rk-foot">Make it again: <code>{}</code></p>', again(job)))
    parts += [
        _more(name, _mapping(run.get(key))) for name, key in (("Facts", "facts"), ("Made with", "versions"), ("Costs, US dollars", "costs"))
    ]
    return card("run", Markup().join(parts), label=title, palette=palette)


def again(job: Mapping[str, Any]) -> str:
    """Return the command that makes a job's reel again.

    Examples
    --------
    >>> again({"brand": "northwind", "topic_seed": 3, "overrides": {"captions.size_px": 90}})
    'reelkit make --brand northwind --seed 3 --set captions.size_px=90'
    """
    parts = ["reelkit", "make", "--brand", str(job.get("brand", "")), "--seed", str(job.get("topic_seed", 1))]
    parts += ["--script", str(job["script"])] if job.get("script") else []
    for name, value in _mapping(job.get("overrides")).items():
        parts += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"]
    return shlex.join(parts)


def _checks(findings: Sequence[Mapping[str, Any]]) -> str | None:
    """Return how many findings hold, and which do not: whoever reads no further than this is to know of them."""
    if not findings:
        return None
    open_ones = [str(finding.get("name")) for finding in findings if not finding.get("holds")]
    return f"{len(findings) - len(open_ones)} of {len(findings)} hold" + (f"; look at {', '.join(open_ones)}" if open_ones else "")


def _steps(steps: Sequence[Mapping[str, Any]]) -> Markup:
    longest = max((float(step.get("seconds", 0.0)) for step in steps), default=0.0) or 1.0
    rows = (
        fill(
            '<tr><th scope="row">{}</th><td class="rk-num">{:.2f} s</td><td class="rk-bar" aria-hidden="true">'
            '<span style="width:{:.1f}%"></span></td><td>{}</td></tr>',
            step.get("name", ""),
            float(step.get("seconds", 0.0)),
            100 * float(step.get("seconds", 0.0)) / longest,
            step.get("told", ""),
        )
        for step in steps
    )
    return table("Steps", ["Step", ("Time", "rk-num"), ("Share", "rk-bar"), "What it made"], rows)


def _more(name: str, pairs: Mapping[str, Any]) -> Markup:
    if not pairs:
        return Markup()
    listed = each("<div><dt>{}</dt><dd>{}</dd></div>", ((str(key), str(value)) for key, value in pairs.items()))
    return fill('<details class="rk-more"><summary>{}</summary><dl class="rk-facts">{}</dl></details>', name, listed)


def _moment(value: object) -> str:
    try:
        return f"{datetime.datetime.fromisoformat(str(value)).astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return str(value or "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
