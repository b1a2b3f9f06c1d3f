"""A player: the preview of a reel with its captions track, in the page itself."""

from __future__ import annotations

from markupsafe import Markup

from reelkit.model import Palette, Reel
from reelkit.views.markup import card, data_uri, facts, fill, heading, seconds

__all__ = ["html"]

_LANGUAGES = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "hi": "हिन्दी",
    "it": "Italiano",
    "pt": "Português",
}


def html(
    mp4: bytes | str,
    *,
    vtt: str = "",
    poster: bytes | str = b"",
    title: str = "Reel",
    reel: Reel | None = None,
    language: str = "en",
    palette: Palette | None = None,
) -> str:
    """Return a player as HTML; the video, its captions and its poster are inside.

    Parameters
    ----------
    mp4 : bytes or str
        A small preview (:func:`reelkit.media.preview.make_preview`), or the address of the reel beside the page.
    vtt : str
        WebVTT captions. They can be switched on; they are off at first, since a reel shows its own.
    poster : bytes or str
        JPEG or its address, shown before it plays.
    title : str
        What the video is about, read out.
    reel : Reel, optional
        The file that this is a preview of, whose facts stand beside it.
    language : str
        Of the captions.
    palette : Palette, optional
    """
    name = _LANGUAGES.get(language.partition("-")[0], language)
    track = fill('<track kind="captions" src="{}" srclang="{}" label="{}">', data_uri("text/vtt", vtt), language, name) if vtt else ""
    shown = fill(' poster="{}"', poster if isinstance(poster, str) else data_uri("image/jpeg", poster)) if poster else ""
    video = fill(
        '<video class="rk-video" controls playsinline preload="metadata" aria-label="{}"{}><source src="{}" type="video/mp4">{}'
        "This browser plays no MP4 video.</video>",
        f"Preview: {title}",
        shown or Markup(),
        mp4 if isinstance(mp4, str) else data_uri("video/mp4", mp4),
        track or Markup(),
    )
    return card(
        "player",
        fill('<div class="rk-stage">{}<div>{}{}</div></div>', video, heading(title), _facts(reel, mp4)),
        label=f"Player: {title}",
        palette=palette,
    )


def _facts(reel: Reel | None, mp4: bytes | str) -> Markup:
    what = "This is the whole reel." if isinstance(mp4, str) else f"This is a small preview ({len(mp4) / 1e6:.1f} MB)."
    note = fill('<p class="rk-foot">{}</p>', what)
    if reel is None:
        return note
    told = facts(
        {"Length": seconds(reel.duration_s), "Picture": f"{reel.width_px} × {reel.height_px}", "Size": f"{reel.bytes / 1e6:.1f} MB"}
    )
    measured = facts(
        {
            "File": reel.path.name,
            "Frames": f"{reel.fps}\N{NO-BREAK SPACE}a second",
            "Loudness": f"{reel.loudness_lufs:.1f} LUFS",
            "True peak": f"{reel.true_peak_dbtp:.1f} dBTP",
            "SHA-256": reel.sha256[:12] + "…",
        }
    )
    return told + note + fill('<details class="rk-more"><summary>The file, measured</summary>{}</details>', measured)
