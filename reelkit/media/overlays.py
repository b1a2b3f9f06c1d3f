"""Overlays: the brand's logo, the progress bar, key words, clips and the end card, as layers for any frame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelkit.media.clip_overlay import ClipOverlayPainter
from reelkit.media.end_card import EndCardPainter
from reelkit.media.ink import Canvas, Mask, blurred, rounded_box
from reelkit.media.key_words import KeyWordsPainter
from reelkit.media.planes import Cover, Sprite
from reelkit.media.plates import draw_logo
from reelkit.model import CaptionStyle, ClipOverlay, EndCard, Fps, KeyWords, LogoOverlay, Overlay, ProgressBar

__all__ = ["OverlayMark", "OverlayPainter", "fonts_of"]

_LEAVE_S = 0.15
_BAR_LEFT, _BAR_RIGHT = 60 / 1080, 900 / 1080
"""The usual safe zone's edges, between which a bar spans that does not say."""
_FILLED = 128
_LOGO_SHADOW_PX, _LOGO_SHADOW_OPACITY = 18, 0.4


def fonts_of(style: CaptionStyle | None, overlays: Sequence[Overlay]) -> list[tuple[str, int]]:
    """Return the fonts, each with its weight, in which captions of a style (none where there are none) and overlays are set."""
    weights = {"end_card": (800, 500), "key_words": (800,)}
    of_overlays = [(each.font, weight) for each in overlays if isinstance(each, EndCard | KeyWords) for weight in weights[each.kind]]
    return [*([(style.font, style.weight)] if style is not None else []), *of_overlays]


class OverlayMark(NamedTuple):
    """What is meant to be read or known on an overlay at rest: its fill, and the place of the fill's upper left corner in px."""

    what: str
    is_logo: bool
    fill: NDArray[np.bool_]
    x: int
    y: int


_OwnPainter = EndCardPainter | KeyWordsPainter | ClipOverlayPainter
_Painted = LogoOverlay | ProgressBar | _OwnPainter


def _painted(overlay: Overlay, width_px: int, height_px: int, fps: Fps, language: str) -> _Painted:
    if isinstance(overlay, EndCard):
        return EndCardPainter(overlay, width_px=width_px, height_px=height_px, fps=fps, language=language)
    if isinstance(overlay, KeyWords):
        return KeyWordsPainter(overlay, width_px=width_px, height_px=height_px, fps=fps, language=language)
    return ClipOverlayPainter(overlay) if isinstance(overlay, ClipOverlay) else overlay


class OverlayPainter:
    """Draws a reel's overlays.

    Parameters
    ----------
    overlays : sequence of Overlay
        In draw order.
    width_px, height_px : int
        Size of the frame.
    fps : Fps
    language : str
        Of the reel, BCP 47; "" where it is not known.

    Raises
    ------
    BrandError
        When a logo is no image or a font of end card or key words is unknown.
    TimelineError
        When there is no icon of a name.
    """

    def __init__(self, overlays: Sequence[Overlay], *, width_px: int, height_px: int, fps: Fps, language: str = "") -> None:
        self._width, self._height = width_px, height_px
        self._leave = round(_LEAVE_S * float(fps.ratio))
        self._kinds = [overlay.kind for overlay in overlays]
        self._overlays = [_painted(overlay, width_px, height_px, fps, language) for overlay in overlays]
        self._logo = lru_cache(maxsize=8)(self._drawn_logo)
        self._bar = lru_cache(maxsize=8)(self._drawn_bar)
        for overlay in overlays:
            if isinstance(overlay, LogoOverlay):
                self._logo(overlay, 256)

    def sprites(self, frame: int) -> list[Cover | Sprite]:
        """Return what to blend into a frame, in draw order."""
        layers: list[Cover | Sprite] = []
        for overlay in self._overlays:
            if isinstance(overlay, _OwnPainter):
                layers.extend(overlay.layers(frame))
            elif overlay.start <= frame < overlay.end:
                left = overlay.end - frame
                share = 256 if left > self._leave else round(256 * left / (self._leave + 1))
                if isinstance(overlay, LogoOverlay):
                    layers.append(self._logo(overlay, share))
                else:
                    done = (frame + 1 - overlay.start) / (overlay.end - overlay.start)
                    layers.append(self._bar(overlay, done, share))
        return layers

    def boxes(self) -> list[tuple[str, tuple[int, int, int, int]]]:
        """Return each overlay's kind and the left, top, right, bottom in px of what it draws, covers and shadows excluded."""
        return [(kind, self._box(overlay)) for kind, overlay in zip(self._kinds, self._overlays, strict=True)]

    def marks(self, number: int) -> list[OverlayMark]:
        """Return what there is to be read on one of the overlays, by its place in draw order: letters and logo."""
        overlay = self._overlays[number]
        if isinstance(overlay, KeyWordsPainter):
            said = overlay.words.text or overlay.words.icon
            return [_mark(f"key words '{said}'", mask) for mask in overlay.fills]
        if isinstance(overlay, EndCardPainter):
            return [_mark("the logo on the end card" if is_logo else "the end card", mask, is_logo) for mask, is_logo in overlay.fills]
        if isinstance(overlay, LogoOverlay):
            picture = draw_logo(overlay.path, overlay.width_px, overlay.height_px, overlay.plate)
            return [_mark("the logo", Mask(picture[..., 3], overlay.x_px, overlay.y_px), True)]
        return []

    def _box(self, overlay: _Painted) -> tuple[int, int, int, int]:
        if isinstance(overlay, _OwnPainter):
            return overlay.box
        if isinstance(overlay, ProgressBar):
            left = round(self._width * _BAR_LEFT) if overlay.x_px is None else overlay.x_px
            right = round(self._width * _BAR_RIGHT) if overlay.width_px is None else left + overlay.width_px
            return left, overlay.y_px, right, overlay.y_px + overlay.height_px
        height, width = draw_logo(overlay.path, overlay.width_px, overlay.height_px, overlay.plate).shape[:2]
        return overlay.x_px, overlay.y_px, overlay.x_px + width, overlay.y_px + height

    def _drawn_logo(self, overlay: LogoOverlay, share: int) -> Sprite:
        picture = draw_logo(overlay.path, overlay.width_px, overlay.height_px, overlay.plate)
        soft = _LOGO_SHADOW_PX * min(self._width, self._height) / 1080
        # A soft shadow keeps a light logo visible over light footage.
        shadow = blurred(Mask(np.ascontiguousarray(picture[..., 3]), overlay.x_px, overlay.y_px), soft)
        canvas = Canvas(shadow.bounds)
        canvas.lay(shadow, "#000000", opacity=_LOGO_SHADOW_OPACITY)
        canvas.put(picture, overlay.x_px, overlay.y_px)
        return Sprite.from_rgba(*canvas.placed).faded(overlay.opacity * share / 256)

    def _drawn_bar(self, overlay: ProgressBar, done: float, share: int) -> Sprite:
        left, top, right, bottom = self._box(overlay)
        height = bottom - top
        canvas = Canvas((left, top, right, bottom))
        whole = (float(left), float(top), float(right), float(bottom))
        canvas.lay(rounded_box(whole, height / 2), overlay.track_colour, opacity=overlay.track_opacity)
        # It starts as a dot, so that its round ends never flatten.
        reached = left + height + (right - left - height) * min(max(done, 0.0), 1.0)
        canvas.lay(rounded_box((float(left), float(top), reached, float(bottom)), height / 2), overlay.colour)
        sprite = Sprite.from_rgba(*canvas.placed)
        return sprite if share == 256 else sprite.faded(share / 256)


def _mark(what: str, mask: Mask, is_logo: bool = False) -> OverlayMark:
    return OverlayMark(what, is_logo, mask.alpha >= _FILLED, mask.x, mask.y)
