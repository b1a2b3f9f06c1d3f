"""The reel as most MoviePy scripts make it: a TextClip for every word and colour, composited over resized clips.

What :mod:`benchmarks.compose` sets Reelkit against: ``python -m benchmarks.moviepy_textclip timeline.json reel.mp4``. It shows the same
shots, moves, crossfades, words, logo and sound as the timeline says; only its captions have no shadow and its music no ducking.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
from moviepy import AudioFileClip, CompositeAudioClip, CompositeVideoClip, ImageClip, TextClip, VideoFileClip, vfx
from PIL import Image

from reelkit.media.fonts import find_font
from reelkit.model import CaptionCue, LogoOverlay, Shot, Timeline

FPS = 30


def main() -> int:
    """Render the timeline, or say how."""
    if len(sys.argv) != 3:
        print("usage: python -m benchmarks.moviepy_textclip timeline.json reel.mp4 (benchmarks.compose runs it)")
        return 0
    render(Timeline.model_validate_json(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]))
    return 0


def render(timeline: Timeline, path: Path) -> None:
    """Write the reel with MoviePy's own defaults but the floor's preset and quality."""
    layers = [_shot(timeline, number) for number in range(len(timeline.shots))]
    layers += [_logo(overlay) for overlay in timeline.overlays if isinstance(overlay, LogoOverlay)]
    layers += [word for cue in timeline.cues for word in _words(timeline, cue)]
    duration = timeline.frame_count / FPS
    sounds = [AudioFileClip(str(track.path)).with_volume_scaled(10 ** (track.gain_db / 20)) for track in timeline.audio]
    reel = CompositeVideoClip(layers, size=(timeline.width_px, timeline.height_px)).with_duration(duration)
    reel = reel.with_audio(CompositeAudioClip(sounds).with_duration(duration))
    reel.write_videofile(
        str(path), fps=FPS, codec="libx264", preset="veryfast", ffmpeg_params=["-crf", "20"], audio_codec="aac", logger=None
    )


def _shot(timeline: Timeline, number: int) -> Any:
    shot: Shot = timeline.shots[number]
    after = timeline.shots[number + 1].transition.frames if number + 1 < len(timeline.shots) else 0
    length = (shot.end - shot.start) / FPS
    clip = VideoFileClip(str(shot.clip.path), audio=False).subclipped(shot.in_frame / FPS, shot.in_frame / FPS + length + after / FPS)
    clip = clip.resized(height=timeline.height_px).cropped(x_center=clip.w * timeline.height_px / clip.h / 2, width=timeline.width_px)
    zoomed = clip.resized(lambda t: 1 + shot.move.amount * t / length).with_position("center")
    shown = CompositeVideoClip([zoomed], size=(timeline.width_px, timeline.height_px)).with_start(shot.start / FPS)
    return shown.with_effects([vfx.CrossFadeIn(shot.transition.frames / FPS)]) if shot.transition.frames else shown


def _logo(overlay: LogoOverlay) -> Any:
    png = bytes(resvg_py.svg_to_bytes(svg_string=overlay.path.read_text(encoding="utf-8"), width=overlay.width_px))
    logo = ImageClip(np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")), transparent=True).with_opacity(overlay.opacity)
    return (
        logo.with_position((overlay.x_px, overlay.y_px)).with_start(overlay.start / FPS).with_duration((overlay.end - overlay.start) / FPS)
    )


def _words(timeline: Timeline, cue: CaptionCue) -> Iterator[Any]:
    """Lay the words of a cue on one line, each in a clip of its own for every state that it goes through."""
    style = timeline.caption_style
    font = str(find_font(style.font, style.weight).path)
    colours = {"rest": style.colour, "now": style.active_colour}
    kinds = {(state, word.text): _text(word.text, font, style.size_px, colour) for word in cue.words for state, colour in colours.items()}
    widths = [kinds["now", word.text].w for word in cue.words]
    x = (timeline.width_px - sum(widths)) / 2
    for word, width in zip(cue.words, widths, strict=True):
        for state, start, end in (("rest", cue.start, word.start), ("now", word.start, word.end), ("rest", word.end, cue.end)):
            if end > start:
                yield kinds[state, word.text].with_position((x, 1300)).with_start(start / FPS).with_duration((end - start) / FPS)
        x += width


def _text(text: str, font: str, size_px: int, colour: str) -> Any:
    return TextClip(font=font, text=text, font_size=size_px, color=colour, stroke_color="black", stroke_width=6, margin=(10, 20))


if __name__ == "__main__":
    sys.exit(main())
