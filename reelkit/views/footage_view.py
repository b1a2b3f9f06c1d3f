"""Footage: a filmstrip per scene, with who made each clip, under which terms, and how it was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from reelkit.model import Clip, Palette, Script
from reelkit.views.markup import card, chips, data_uri, each, facts, fill, heading, link, plural, seconds

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
        '<li><div class="rk-scene"><p class="rk-say" dir="auto">{}</p>{}<div class="rk-clips">{}</div></div></li>',
        (
            (
                scene.text,
                chips(scene.search_terms, label=f"Search terms of scene {index + 1}"),
                Markup().join(_clip(clip, pictures.get(clip.id, ())) for clip in chosen if clip.scene == index)
                or Markup('<p class="rk-none">No clip for this scene.</p>'),
            )
            for index, scene in enumerate(script.scenes)
        ),
    )
    head = heading(
        "Footage", plural(len(chosen), "clip"), plural(len(script.scenes), "scene"), f"from {', '.join(libraries)}" if libraries else ""
    )
    return card("footage", head + fill('<ol class="rk-scenes">{}</ol>', scenes), label="Footage", palette=palette)


def _clip(clip: Clip, pictures: Sequence[bytes]) -> Markup:
    length = "picture" if clip.duration_ms is None else seconds(clip.duration_ms / 1000) + (", loops" if clip.loops else "")
    strip = each(
        '<img src="{}" alt="{}">',
        ((data_uri("image/jpeg", picture), f"{clip.id}, frame {n} of {len(pictures)}") for n, picture in enumerate(pictures, 1)),
    ) or Markup('<span class="rk-none">no preview</span>')
    return fill(
        '<figure class="rk-clip{}"><div class="rk-strip">{}</div><figcaption><p class="rk-name">{}</p><p>{}</p>{}</figcaption></figure>',
        " rk-wide" if clip.width_px > clip.height_px else "",
        strip,
        clip.id,
        fill("{} · {}", link(clip.credit.page_url, clip.credit.author or "unknown author"), clip.credit.licence or "no licence stated"),
        facts(
            {
                "Library": clip.library,
                "Found by": clip.query,
                "Rung": clip.rung,
                "Size": f"{clip.width_px} × {clip.height_px}",
                "Length": length,
            }
        ),
    )
