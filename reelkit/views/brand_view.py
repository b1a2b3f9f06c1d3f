"""A brand at a glance: its colours, who speaks, how it looks and moves."""

from __future__ import annotations

from markupsafe import Markup

from reelkit.brand import Brand
from reelkit.model import Palette
from reelkit.views.markup import card, each, facts, fill, heading

__all__ = ["html", "swatches"]


def html(brand: Brand) -> str:
    """Return a brand as HTML."""
    said, music = brand.script, brand.music
    bed = music.file.name if music.file else "none" if music.mood == "none" else f"{music.mood}, {music.tempo_bpm:g} bpm"
    told = facts(
        {
            "Voice": f"{brand.voice.engine} “{brand.voice.name}”, speed\N{NO-BREAK SPACE}{brand.voice.speed:g}",
            "Script": f"{said.writer} “{said.deck}”, {said.length_s:g}\N{NO-BREAK SPACE}s",
            "Tone": said.tone,
            "Footage": ", then ".join(brand.footage.libraries),
            "Music": bed,
            "Captions": f"{brand.captions.name}, {brand.captions.font} {brand.captions.size_px}\N{NO-BREAK SPACE}px",
            "Picture": f"{brand.output.width_px} × {brand.output.height_px}, {brand.output.fps}\N{NO-BREAK SPACE}frames/s",
            "Publishing": f"{brand.publishing.store} “{brand.publishing.bucket}”",
        }
    )
    body = heading(brand.name, brand.slug, brand.language) + swatches(brand.palette) + told
    return card("brand", body, label=f"Brand: {brand.name}", palette=brand.palette)


def swatches(palette: Palette) -> Markup:
    """Return a palette as a row of named colours."""
    return fill(
        '<ul class="rk-swatches" aria-label="Palette">{}</ul>',
        each(
            '<li><span style="background:{0}" aria-hidden="true"></span><b>{1}</b><code>{0}</code></li>',
            ((colour, name) for name, colour in palette.model_dump().items()),
        ),
    )
