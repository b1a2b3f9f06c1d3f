"""Footage: a filmstrip per scene, with who made each clip, under which terms, and how it was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from reelkit.model import Clip, Palette, Script
from reelkit.views.markup import card, data_uri, each, fill, heading, link, plural, seconds, table

__all__ = ["html"]


def html(
    script: Script, clips: Iterable[Clip], *, thumbnails: Mapping[str, Sequence[bytes]] | None = None, palette: Palette | None = None
) -> str:
    """Return the footage of a script as HTML.

    Parameters
    ----------
    script : Script
    clips : iterable of Clip
        Shown under the scene they were fetched for, in order.
    thumbnails : mapping of str to sequence of bytes
        JPEGs by clip id (:func:`reelkit.media.stills.clip_thumbnails`).
    palette : Palette, optional
    """
    chosen = list(clips)
    pictures = thumbnails or {}
    libraries = sorted({clip.library for clip in chosen})
    scenes = each(
        '<li><div class="rk-scene"><p class="rk-say" dir="auto">{}</p><div class="rk-clips">{}</div></div></li>',
        (
            (
                scene.text,
                Markup().join(_clip(clip, pictures.get(clip.id, ())) for clip in chosen if clip.scene == index)
                or Markup('<p class="rk-none">No clip for this scene.</p>'),
            )
            for index, scene in enumerate(script.scenes)
        ),
    )
    head = heading(
        "Footage", plural(len(chosen), "clip"), plural(len(script.scenes), "scene"), f"from {', '.join(libraries)}" if libraries else ""
    )
    body = head + fill('<ol class="rk-scenes">{}</ol>', scenes) + _found(chosen)
    return card("footage", body, label="Footage", palette=palette)


def _clip(clip: Clip, pictures: Sequence[bytes]) -> Markup:
    strip = each(
        '<img src="{}" alt="{}">',
        ((data_uri("image/jpeg", picture), f"{clip.id}, frame {n} of {len(pictures)}") for n, picture in enumerate(pictures, 1)),
    ) or Markup('<span class="rk-none">no preview</span>')
    return fill(
        '<figure class="rk-clip{}"><div class="rk-strip">{}</div><figcaption><p class="rk-name">{}</p><p>{}</p></figcaption></figure>',
        " rk-wide" if clip.width_px > clip.height_px else "",
        strip,
        clip.id.removeprefix(f"{clip.library}/"),
        fill("{} · {}", link(clip.credit.page_url, clip.credit.author or "unknown author"), clip.credit.licence or "no licence stated"),
    )


def _found(clips: Sequence[Clip]) -> Markup:
    """Return how each clip was found, folded: a reel's reader wants the pictures and whose they are."""
    rows = (
        fill(
            '<tr><th scope="row">{}</th><td data-label="Scene">{}</td><td data-label="Library">{}</td><td data-label="Found by">{}</td>'
            '<td data-label="Rung">{}</td><td data-label="Size">{} × {}</td><td data-label="Length">{}</td></tr>',
            clip.id,
            clip.scene + 1,
            clip.library,
            clip.query,
            clip.rung,
            clip.width_px,
            clip.height_px,
            "picture" if clip.duration_ms is None else seconds(clip.duration_ms / 1000) + (", loops" if clip.loops else ""),
        )
        for clip in clips
    )
    if not clips:
        return Markup()
    found = table("How each clip was found", ["Clip", "Scene", "Library", "Found by", "Rung", "Size", "Length"], rows)
    return fill('<details class="rk-more"><summary>How each clip was found</summary><div class="rk-stacks">{}</div></details>', found)
