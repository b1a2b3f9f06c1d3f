"""A reel in other shapes: a frame of each, its file, and whether its checks hold."""

from __future__ import annotations

from collections.abc import Sequence

from reelkit.media.preview import reel_stills
from reelkit.model import Palette, ShapedReel
from reelkit.views.markup import card, data_uri, each, fill, heading, plural

__all__ = ["html"]

_FRAME_PX = 320


def html(shapes: Sequence[ShapedReel], *, palette: Palette | None = None) -> str:
    """Return the shapes of a reel as HTML.

    Parameters
    ----------
    shapes : sequence of ShapedReel
        Whose files are there.
    palette : Palette, optional
    """
    if not shapes:
        none = fill('<p class="rk-foot">This brand asks for none; <code>output.shapes</code> in its file names them.</p>')
        return card("shapes", heading("Other shapes") + none, label="Other shapes of the reel", palette=palette)
    cells = each(
        '<figure class="rk-version"><img src="{}" alt="{}"><figcaption><span>{}</span><span>{}</span></figcaption></figure>',
        (
            (
                data_uri("image/jpeg", reel_stills(shaped.reel.path, count=3, width_px=_FRAME_PX)[1][1]),
                f"A frame of the reel in {shaped.shape}",
                fill("<b>{}</b> {} × {}", shaped.shape, shaped.reel.width_px, shaped.reel.height_px),
                _held(shaped),
            )
            for shaped in shapes
        ),
    )
    names = fill('<p class="rk-foot">{}</p>', ", ".join(f"{shaped.reel.path.name} ({shaped.reel.bytes / 1e6:.1f} MB)" for shaped in shapes))
    body = heading("Other shapes", plural(len(shapes), "shape")) + fill('<div class="rk-versions">{}</div>', cells) + names
    return card("shapes", body, label="Other shapes of the reel", palette=palette)


def _held(shaped: ShapedReel) -> str:
    broken = [finding.name for finding in shaped.findings if not finding.holds]
    told = f"{len(shaped.findings) - len(broken)} of {len(shaped.findings)} checks hold"
    return f"{told}; not {', '.join(broken)}" if broken else told
