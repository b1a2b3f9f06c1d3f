"""The shots of a reel: what is seen when, whose it is, and under which terms."""

from __future__ import annotations

from reelkit.model import Palette, Timeline
from reelkit.views.markup import card, clock, fill, heading, link, plural, table

__all__ = ["html"]


def html(timeline: Timeline, *, palette: Palette | None = None) -> str:
    """Return a reel's shots as HTML.

    Parameters
    ----------
    timeline : Timeline
    palette : Palette, optional
    """
    rate = float(timeline.fps.ratio)
    rows = (
        fill(
            '<tr><td class="rk-num">{}</td><td class="rk-num">{}</td><td class="rk-num">{:.1f} s</td><th scope="row">{}</th><td>{}</td>'
            "<td>{}</td><td>{}</td></tr>",
            number,
            clock(shot.start / rate),
            (shot.end - shot.start) / rate,
            shot.clip.id,
            link(shot.clip.credit.page_url, shot.clip.credit.author or "unknown author"),
            shot.clip.credit.licence or "no licence stated",
            f"{shot.clip.query} ({shot.clip.rung})" if shot.clip.query else shot.clip.rung,
        )
        for number, shot in enumerate(timeline.shots, 1)
    )
    columns = [("#", "rk-num"), ("At", "rk-num"), ("Length", "rk-num"), "Clip", "By", "Licence", "Found by"]
    head = heading("Shots", plural(len(timeline.shots), "shot"), plural(len({shot.clip.id for shot in timeline.shots}), "clip"))
    return card("shots", head + table("Shots", columns, rows), label="Shots", palette=palette)
