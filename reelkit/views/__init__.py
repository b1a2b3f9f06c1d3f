"""What a notebook shows of each value.

Each view is a pure ``html(value)`` in a module of its own, and a function here that gives it to a notebook: ``views.script(script)``.
HTML is made when it is first shown, holds everything it needs, and asks the network for nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from reelkit.brand import Brand, BrandVoice
from reelkit.edits import Edits
from reelkit.media.planes import Planes
from reelkit.model import (
    AudioResult,
    Cache,
    CaptionStyle,
    Clip,
    Cue,
    Finding,
    HeardMusic,
    Palette,
    Reel,
    Script,
    SentenceTiming,
    ShapedReel,
    Timeline,
)
from reelkit.views import (
    brand_view,
    cue_view,
    frames_view,
    player_view,
    run_view,
    shapes_view,
    shots_view,
)
from reelkit.views.beside import Beside
from reelkit.views.findings_jump import FindingsView
from reelkit.views.footage_edit import FootageView
from reelkit.views.frame_view import FrameView
from reelkit.views.grid_view import GridView
from reelkit.views.live import LiveView
from reelkit.views.music_view import MusicView
from reelkit.views.script_edit import ScriptView
from reelkit.views.show import View
from reelkit.views.step_lines import StepLines
from reelkit.views.style_fields import GROUPS, PICTURE_GROUPS
from reelkit.views.style_view import StyleView
from reelkit.views.timing_edit import TimingView
from reelkit.views.voice_view import VoiceView

__all__ = [
    "GROUPS",
    "StepLines",
    "View",
    "beside",
    "brand",
    "cues",
    "findings",
    "footage",
    "frame",
    "frames",
    "grid",
    "music",
    "narration",
    "player",
    "run",
    "script",
    "shapes",
    "shots",
    "style",
    "voice",
]


def brand(brand: Brand) -> View:
    """Show a brand: colours, voice, looks."""
    return View("brand", lambda: brand_view.html(brand), repr(brand))


def script(
    script: Script,
    *,
    edits: Edits | None = None,
    keep: Callable[..., object] | None = None,
    seconds_of: Callable[[str], float] | None = None,
    banned: Callable[[str], str | None] | None = None,
    language: str = "en",
    palette: Palette | None = None,
) -> ScriptView:
    """Show a script to read and to edit: scenes, search terms, words and, with a voice's ``seconds_of``, lengths."""
    return ScriptView(script, edits=edits, keep=keep, seconds_of=seconds_of, banned=banned, language=language, palette=palette)


def footage(
    script: Script,
    clips: Iterable[Clip],
    *,
    edits: Edits | None = None,
    keep: Callable[..., object] | None = None,
    others: Callable[..., Sequence[Clip]] | None = None,
    reject: Callable[..., object] | None = None,
    rejected: Collection[str] = (),
    thumbnails: Mapping[str, Sequence[bytes]] | None = None,
    palette: Palette | None = None,
) -> FootageView:
    """Show the footage of a script, to look at and to exchange: a filmstrip per scene, with credits."""
    return FootageView(
        script, clips, edits=edits, keep=keep, others=others, reject=reject, rejected=rejected, thumbnails=thumbnails, palette=palette
    )


def narration(
    audio: AudioResult,
    sentences: Sequence[SentenceTiming] = (),
    cues: Sequence[Cue] = (),
    *,
    edits: Edits | None = None,
    keep: Callable[..., object] | None = None,
    recue: Callable[..., Sequence[Cue]] | None = None,
    listen: bytes | None = None,
    language: str = "en",
    palette: Palette | None = None,
) -> TimingView:
    """Show a narration on a ruler, to hear and to edit: waveform, words, sentences, cues; ``listen`` (M4A) is made where not given."""

    def sound() -> bytes:
        from reelkit.media.preview import narration_copy

        return narration_copy(audio.samples, audio.rate_hz) if listen is None else listen

    return TimingView(
        audio, sentences, cues, edits=edits, keep=keep, recue=recue, listen=functools.cache(sound), language=language, palette=palette
    )


def cues(cues: Sequence[Cue], *, style: CaptionStyle | None = None, language: str = "en", palette: Palette | None = None) -> View:
    """Show caption cues as a table, flagged by the style's norms."""
    return View("cues", lambda: cue_view.html(cues, style=style, language=language, palette=palette), f"<{len(cues)} cues>")


def frames(
    frames: Iterable[tuple[float, bytes | Planes | NDArray[np.uint8]]], *, title: str = "Contact sheet", palette: Palette | None = None
) -> View:
    """Show frames with their times: JPEGs, composed frames or RGB."""
    return View("frames", lambda: frames_view.html(frames, title=title, palette=palette), f"<{title}>")


def player(
    mp4: bytes,
    *,
    vtt: str = "",
    poster: bytes = b"",
    title: str = "Reel",
    reel: Reel | None = None,
    language: str = "en",
    palette: Palette | None = None,
) -> View:
    """Show a reel's preview with controls, captions and the reel's facts."""

    def make() -> str:
        return player_view.html(mp4, vtt=vtt, poster=poster, title=title, reel=reel, language=language, palette=palette)

    return View("player", make, repr(reel) if reel else f"<{title}, {len(mp4) / 1e6:.1f} MB>")


def findings(findings: Iterable[Finding], frame: FrameView | None = None, *, palette: Palette | None = None) -> FindingsView:
    """Show what a check measured, what fails first; with a ``frame``, each that concerns a moment jumps to it."""
    return FindingsView(tuple(findings), frame, palette=palette)


def shapes(shapes: Sequence[ShapedReel], *, palette: Palette | None = None) -> View:
    """Show a reel in other shapes: a frame of each, its file, and whether its checks hold."""
    return View("shapes", lambda: shapes_view.html(shapes, palette=palette), f"<{len(shapes)} shapes>")


def run(manifest: BaseModel | Mapping[str, Any], *, palette: Palette | None = None) -> View:
    """Show a run: what was asked for, how it ended, what each step took."""
    return View("run", lambda: run_view.html(manifest, palette=palette), repr(manifest))


def frame(
    timeline: Timeline,
    *,
    versus: Timeline | None = None,
    names: tuple[str, str] = ("A", "B"),
    at: int | None = None,
    palette: Palette | None = None,
    cache: Cache | None = None,
) -> FrameView:
    """Show a reel before it is rendered, frame by frame, alone or beside another version of it."""
    return FrameView(timeline, frame=at, versus=versus, names=names, palette=palette, cache=cache)


def style(
    brand: Brand,
    frame: FrameView | None = None,
    plan: Callable[[Brand], Timeline] | None = None,
    *,
    settle: Callable[[Timeline], Timeline] | None = None,
    follow: Callable[[Brand], object] | None = None,
    stale: Callable[[Brand], Mapping[str, Sequence[str]]] | None = None,
    judge: Callable[[Timeline], Iterable[Finding]] | None = None,
    check: Callable[[Brand], object] | None = None,
    groups: Sequence[str] = PICTURE_GROUPS,
    listen: Callable[[Brand], bytes] | None = None,
    fetch: Callable[[Brand], object] | None = None,
    speak: Callable[[Brand], object] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> StyleView:
    """Show a brand's style as controls, bound to a frame: tune it, compare it with the saved brand, save it."""
    return StyleView(
        brand,
        frame,
        plan,
        settle=settle,
        follow=follow,
        stale=stale,
        judge=judge,
        check=check,
        groups=groups,
        listen=listen,
        fetch=fetch,
        speak=speak,
        changes=changes,
    )


def voice(
    line: str,
    voice: BrandVoice,
    say: Callable[[str, BrandVoice], AudioResult],
    *,
    voices: Mapping[str, BrandVoice] | None = None,
    missing: Sequence[str] = (),
    take: Callable[[Mapping[str, Any]], object] | None = None,
    language: str = "en",
    palette: Palette | None = None,
) -> VoiceView:
    """Hear a line in several ``voices``, speeds and pauses; ``missing`` tells what others would need."""
    return VoiceView(line, voice, say, voices=voices, missing=missing, take=take, language=language, palette=palette)


def music(
    brand: Brand, hear: Callable[..., HeardMusic], *, seed: int = 1, take: Callable[[Mapping[str, Any]], object] | None = None
) -> MusicView:
    """Hear a reel with each mood of music under its voice, or the music alone, and take one."""
    return MusicView(brand, hear, seed=seed, take=take)


def beside(*views: LiveView) -> Beside:
    """Show live views in one row."""
    return Beside(*views)


def grid(versions: Mapping[str, Timeline], *, seconds: float = 8.0, title: str = "Versions", palette: Palette | None = None) -> GridView:
    """Show versions of a reel side by side: a frame of each, and short previews that play together."""
    return GridView(versions, seconds=seconds, title=title, palette=palette)


def shots(timeline: Timeline, *, palette: Palette | None = None) -> View:
    """Show a reel's shots: what is seen when, whose it is, and under which terms."""
    return View("shots", lambda: shots_view.html(timeline, palette=palette), repr(timeline))
