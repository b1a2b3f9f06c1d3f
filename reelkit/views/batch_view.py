"""A batch as it runs, and many runs as a table: by brand, state, cost and time, with posters and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from pydantic import BaseModel

from reelkit.views.markup import card, each, fill, heading, plural, seconds, table

__all__ = ["html", "runs_html", "trend_html"]

_BAR_PX = 64
_STATES = {
    "done": ("✓", "Done", "pass"),
    "failed": ("✕", "Failed", "fail"),
    "held": ("‖", "Held", "warn"),
    "running": ("▸", "Running", "warn"),
    "waiting": ("·", "Waiting", "warn"),
}


def html(now: BaseModel | Mapping[str, Any]) -> str:
    """Return a batch at a moment as HTML: a line for each reel with its step, share done and time left, and a total.

    Parameters
    ----------
    now : BatchNow or mapping
        Of :func:`reelkit.batch.watching.batch_now`, or its JSON.
    """
    said = now.model_dump(mode="json") if isinstance(now, BaseModel) else dict(now)
    reels = list(said.get("reels") or ())
    rows = (
        fill(
            '<tr><td>{}</td><th scope="row">{}</th><td>{}</td><td>{}</td><td class="rk-num">{}</td></tr>',
            _state(str(reel.get("state"))),
            f"{reel.get('slug')} {reel.get('number')}",
            reel.get("title", ""),
            _where(reel),
            seconds(float(reel["left_s"])) if reel.get("left_s") is not None else "",
        )
        for reel in reels
    )
    counted = {state: sum(reel.get("state") == state for reel in reels) for state in _STATES}
    told = ", ".join(f"{count} {state}" for state, count in counted.items() if count) or "nothing is due"
    left = f", about {seconds(float(said['left_s']))} left" if said.get("left_s") else ""
    title = f"Batch {said.get('id', '')}".strip()
    refused = each("<p class='rk-reason'>{}</p>", ((why,) for why in dict(said.get("refused") or {}).values()))
    total = fill('<p class="rk-total">{}{}{}</p>', _share(float(said.get("share", 0.0))), f" {told}", left)
    listed = table("Reels", ["State", "Reel", "Topic", "Step", ("Left", "rk-num")], rows)
    return card("batch", Markup().join([heading(title), total, refused, listed]), label=title)


def runs_html(rows: Sequence[Mapping[str, Any]], *, title: str = "Runs") -> str:
    """Return runs as a table with posters.

    Parameters
    ----------
    rows : sequence of mapping
        ``brand``, ``topic``, ``state``, ``reason``, ``findings`` (those that do not hold), ``cost_usd``, ``seconds``, ``started_at``,
        ``poster`` (JPEG as a ``data:`` address, or empty) and ``report`` (a relative address, or empty).
    title : str
    """
    lines = (
        fill(
            '<tr><td class="rk-poster-cell">{}</td><td>{}</td><th scope="row">{}</th><td>{}</td><td>{}{}</td>'
            '<td class="rk-num">{}</td><td class="rk-num">{}</td><td class="rk-num">{}</td></tr>',
            fill('<img class="rk-poster" src="{}" alt="Poster of {}">', row["poster"], row.get("topic", "")) if row.get("poster") else "",
            _state(str(row.get("state"))),
            row.get("brand", ""),
            fill('<a href="{}">{}</a>', row["report"], row.get("topic", "")) if row.get("report") else row.get("topic", ""),
            row.get("reason") or "",
            each("<div>{}</div>", ((finding,) for finding in row.get("findings") or ())),
            f"${float(row['cost_usd']):.2f}" if row.get("cost_usd") else "",
            seconds(float(row.get("seconds") or 0.0)),
            str(row.get("started_at") or "")[:16].replace("T", " "),
        )
        for row in rows
    )
    heads = ["Poster", "State", "Brand", "Topic", "What is wrong", ("Cost", "rk-num"), ("Made in", "rk-num"), ("Started", "rk-num")]
    body = table(title, heads, lines) if rows else fill('<p class="rk-none">{}</p>', "No run is like that.")
    return card("runs", heading(title, plural(len(rows), "run")) + body, label=title)


def trend_html(days: Mapping[str, Mapping[str, Any]], *, title: str = "Nights") -> str:
    """Return how nights went: for each day how many reels were done and failed, how long they took at the middle, and what they cost.

    Parameters
    ----------
    days : mapping
        By date, ``done``, ``failed``, ``seconds`` and ``cost_usd``.
    title : str
    """
    most = max((day["done"] + day["failed"] for day in days.values()), default=0) or 1
    bars = each(
        '<li title="{}: {} done, {} failed"><span class="rk-was-failed" style="height:{}px"></span>'
        '<span class="rk-was-done" style="height:{}px"></span>{}</li>',
        (
            (name, day["done"], day["failed"], round(_BAR_PX * day["failed"] / most), round(_BAR_PX * day["done"] / most), name[8:])
            for name, day in days.items()
        ),
    )
    rows = (
        fill(
            '<tr><th scope="row">{}</th><td class="rk-num">{}</td><td class="rk-num">{}</td><td class="rk-num">{}</td>'
            '<td class="rk-num">{}</td></tr>',
            name,
            day["done"],
            day["failed"],
            seconds(float(day["seconds"])) if day["seconds"] else "",
            f"${day['cost_usd']:.2f}" if day["cost_usd"] else "",
        )
        for name, day in days.items()
    )
    heads = ["Day", ("Done", "rk-num"), ("Failed", "rk-num"), ("A reel took", "rk-num"), ("Cost", "rk-num")]
    body = fill('<ol class="rk-days" aria-hidden="true">{}</ol>{}', bars, table(title, heads, rows))
    return card("trend", heading(title, plural(len(days), "day")) + body, label=title)


def _state(state: str) -> Markup:
    sign, word, verdict = _STATES.get(state, ("?", state, "warn"))
    return fill('<span class="rk-verdict rk-{}"><span aria-hidden="true">{}</span>{}</span>', verdict, sign, word)


def _where(reel: Mapping[str, Any]) -> Markup:
    if reel.get("state") == "running":
        return fill("{} {}", _share(float(reel.get("share", 0.0))), reel.get("step", ""))
    return fill("{}", ": ".join(filter(None, [str(reel.get("step") or ""), str(reel.get("told") or "")])))


def _share(share: float) -> Markup:
    whole = round(100 * min(max(share, 0.0), 1.0))
    return fill('<span class="rk-share" aria-hidden="true"><span style="width:{}%"></span></span> {}%', whole, whole)
