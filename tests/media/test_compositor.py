"""The compositor: one frame for preview and encoder, in any order, for every kind of shot, transition and cue."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import reelkit.media.worker as worker
from reelkit.errors import TimelineError
from reelkit.media.clip_overlay import place_of_clip, size_of_clip
from reelkit.media.compositor import Compositor
from reelkit.media.encode import Canvas, begin_segment
from reelkit.media.open_clips import ClipsInOrder
from reelkit.media.planes import Planes
from reelkit.media.python_clips import PythonClips
from reelkit.media.segments import finer_stretches, plan_segments
from reelkit.model import Clip, ClipOverlay, EndCard, KeyWords, LogoOverlay, Move, ProgressBar, Timeline, Transition
from reelkit.runs.cache import FileCache
from reelkit.whole import sha256_of
from tests.media.clips import PlainSettings, clip_of, write_video
from tests.media.test_captions import PALETTE, PRESETS
from tests.media.test_sources import card, write, write_hdr
from tests.media.timelines import SIZE, small_timeline


def _with_wide_shots(timeline: Timeline) -> Timeline:
    shots = tuple(shot.model_copy(update={"fit": "blur", "zoom": 1.3}) for shot in timeline.shots)
    return timeline.model_copy(update={"shots": shots, "width_px": 320, "height_px": 180})


MOVING = """\
from moviepy import ColorClip

def lower_third(width_px):
    bar = ColorClip((width_px // 2, 40), color=(200, 40, 40)).with_duration(2.0).with_opacity(0.5)
    return bar.with_position(lambda t: (20 + int(30 * t), 201))
"""


def _with_a_moviepy_clip(folder: Path) -> Timeline:
    timeline = small_timeline(folder)
    (folder / "moving.py").write_text(MOVING)
    drawn = PythonClips(width_px=SIZE[0], height_px=SIZE[1], fps=timeline.fps, offered={}, cache=FileCache(folder / "cache"))
    path = drawn.overlay(folder / "moving.py", "lower_third")
    (left, top), (width, height, frames) = place_of_clip(path), size_of_clip(path)
    clip = ClipOverlay(path=path, sha256=sha256_of(path), start=20, end=20 + frames, x_px=left, y_px=top, width_px=width, height_px=height)
    return timeline.model_copy(update={"overlays": (clip,)})


KEY_WORDS = KeyWords(
    start=20,
    end=80,
    text="12 h",
    icon="clock",
    font="Poppins",
    top_px=50,
    bottom_px=180,
    colour="#FFFFFF",
    accent="#FFC21A",
    edge="#101418",
)


def _with_clip(timeline: Timeline, clip: Clip, **changes: object) -> Timeline:
    """Return a timeline whose first shot shows another clip."""
    shot = timeline.shots[0].model_copy(update={"clip": clip, **changes})
    return timeline.model_copy(update={"shots": (shot, *timeline.shots[1:])})


def _with_a_picture(folder: Path) -> Timeline:
    timeline = small_timeline(folder)
    noise = np.random.Generator(np.random.PCG64(7)).integers(0, 255, (120, 200, 3), np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    clip = clip_of(folder / "noise.png", size_px=(200, 120), duration_ms=None)
    return _with_clip(timeline, clip, move=Move(kind="pan_right", amount=0.1))


def _with_a_backdrop(folder: Path) -> Timeline:
    timeline = small_timeline(folder, transition=Transition(kind="zoom", frames=9))
    return _with_clip(timeline, timeline.shots[0].clip.model_copy(update={"library": "backdrops", "loops": True}))


def _with_a_clear_clip(folder: Path) -> Timeline:
    timeline = small_timeline(folder)
    veil = np.dstack([card(), np.tile(np.linspace(0, 255, card().shape[1]).astype(np.uint8), (card().shape[0], 1))])
    path = write(folder / "veil.mov", [veil] * 30, codec="prores_ks", form="yuva444p10le", options={"profile": "4444"})
    return _with_clip(timeline, clip_of(path, size_px=(96, 64)))


def _with_a_bright_clip(folder: Path) -> Timeline:
    timeline = small_timeline(folder)
    path = write_hdr(folder / "hdr.mp4", [(0.1 * level, 0.5, 0.6) for level in range(8)], 16)
    return _with_clip(timeline, clip_of(path, size_px=(128, 64), duration_ms=667))


def _with_a_loop(folder: Path) -> Timeline:
    timeline = small_timeline(folder)
    path = write_video(folder / "loop.mp4", range(40, 52), size_px=SIZE)
    return _with_clip(timeline, clip_of(path, size_px=SIZE, duration_ms=400, loops=True), in_frame=5)


def _with_a_logo(folder: Path) -> Timeline:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "logo.png"
    Image.new("RGBA", (40, 40), (200, 30, 60, 180)).save(path)
    place = {"x_px": 20, "y_px": 20, "width_px": 40, "height_px": 40}
    return small_timeline(folder, overlays=(LogoOverlay(path=path, sha256=sha256_of(path), start=10, end=85, opacity=0.8, **place),))


END_CARD = EndCard(start=25, end=90, title="Acme", subtitle="acme.example", font="Inter", palette=PALETTE)


def _captioned(name: str) -> Callable[[Path], Timeline]:
    return lambda folder: small_timeline(folder).model_copy(update={"caption_style": PRESETS[name]})


KINDS: dict[str, Callable[[Path], Timeline]] = {
    "cut": small_timeline,
    "crossfade": lambda folder: small_timeline(folder, transition=Transition(kind="crossfade", frames=9)),
    "slide": lambda folder: small_timeline(folder, transition=Transition(kind="slide", frames=9)),
    "wipe": lambda folder: small_timeline(folder, transition=Transition(kind="wipe", frames=9)),
    "zoom": lambda folder: small_timeline(folder, transition=Transition(kind="zoom", frames=9)),
    "whip": lambda folder: small_timeline(folder, transition=Transition(kind="whip", frames=9)),
    "dip": lambda folder: small_timeline(folder, transition=Transition(kind="dip", frames=9)),
    "whole": lambda folder: _with_wide_shots(small_timeline(folder)),
    "moves": lambda folder: small_timeline(folder, move=Move(kind="push", amount=0.2)),
    "overlays": lambda folder: small_timeline(
        folder, overlays=(ProgressBar(start=0, end=90, y_px=40, height_px=4, colour="#FF0000", track_colour="#FFFFFF"),)
    ),
    "key words": lambda folder: small_timeline(folder, overlays=(KEY_WORDS,)),
    "MoviePy clip": _with_a_moviepy_clip,
    "logo": _with_a_logo,
    "end card": lambda folder: small_timeline(folder, overlays=(END_CARD,)),
    "picture": _with_a_picture,
    "backdrop": _with_a_backdrop,
    "clear": _with_a_clear_clip,
    "HDR": _with_a_bright_clip,
    "loop": _with_a_loop,
    **{f"captions {name}": _captioned(name) for name in PRESETS},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_is_the_same_in_any_order(tmp_path: Path, kind: str) -> None:
    """A preview that jumps about sees what a render in order sees, byte for byte."""
    timeline = KINDS[kind](tmp_path)
    with Compositor(timeline) as compositor:
        in_order = [compositor.frame_at(frame).tobytes() for frame in range(timeline.frame_count)]
    order = list(range(timeline.frame_count))
    random.Random(5).shuffle(order)
    with Compositor(timeline) as compositor:
        for frame in order[:30]:
            assert compositor.frame_at(frame).tobytes() == in_order[frame], frame


class _Recorder(Canvas):
    """A canvas that notes what the encoder is handed."""

    def __init__(self, size: tuple[int, int], handed: list[bytes]) -> None:
        super().__init__(*size)
        self._handed = handed

    def holding(self, planes: Planes, index: int, time_base: Fraction) -> av.VideoFrame:
        frame = super().holding(planes, index, time_base)
        self._handed.append(frame.to_ndarray().tobytes())
        return frame


def _encoded(timeline: Timeline, folder: Path, *, threads: int, canvases: int, at_once: int) -> tuple[list[bytes], list[bytes]]:
    """Encode a timeline's segments as a worker does; return each frame that the encoders were handed, and the files."""
    folder.mkdir()
    size, handed, paths = (timeline.width_px, timeline.height_px), list[bytes](), list[Path]()
    under_way: deque[Callable[[], None]] = deque()
    with Compositor(timeline, threads=threads) as compositor:
        for number, (start, end) in enumerate(plan_segments(timeline)):
            if len(under_way) == at_once:
                under_way.popleft()()
            recorders = [_Recorder(size, handed) for _ in range(canvases)]
            paths.append(folder / f"{start}.mp4")
            begun = begin_segment(
                worker.frames_of(compositor, start, end, [recorder.planes for recorder in recorders]),
                paths[-1],
                size_px=size,
                fps=timeline.fps,
                settings=PlainSettings(),
                canvases=recorders,
                finer=finer_stretches(timeline, start, end),
                encoder=number % at_once,
            )
            under_way.append(begun)
        while under_way:
            under_way.popleft()()
    return handed, [path.read_bytes() for path in paths]


@pytest.mark.parametrize("kind", KINDS)
def test_the_encoder_gets_the_frames_that_a_preview_shows(tmp_path: Path, kind: str) -> None:
    """What x264 is handed is ``frame_at``, byte for byte, whether it is waited for after each frame or has more composed on other canvases
    while it works, and the next segment begun; the files are then the same, so no canvas is drawn on before it was read."""
    timeline = KINDS[kind](tmp_path)
    with Compositor(timeline) as compositor:
        shown = [compositor.frame_at(frame).tobytes() for frame in range(timeline.frame_count)]
    waited_for, files = _encoded(timeline, tmp_path / "one", threads=1, canvases=1, at_once=1)
    ahead, same_files = _encoded(timeline, tmp_path / "several", threads=2, canvases=4, at_once=2)
    assert waited_for == shown
    assert ahead == shown
    assert same_files == files


@pytest.mark.parametrize("kind", ["overlays", "key words", "MoviePy clip", "logo", "end card"])
def test_what_stands_over_the_picture_is_seen(tmp_path: Path, kind: str) -> None:
    """Overlays of each kind change the frames that preview and encoder share."""
    timeline = KINDS[kind](tmp_path)
    with Compositor(timeline) as over, Compositor(timeline.model_copy(update={"overlays": ()})) as bare:
        assert all(over.frame_at(frame).tobytes() != bare.frame_at(frame).tobytes() for frame in range(30, 60))


def test_captions_are_in_the_letters_of_the_reel_s_language(tmp_path: Path) -> None:
    """A frame differs where a language has letters of its own, also beside a compositor of the same reel in another one."""
    timeline = small_timeline(tmp_path, frames=(40,))
    spoken = timeline.cues[0].words[0].model_copy(update={"text": "добър"})
    timeline = timeline.model_copy(update={"cues": (timeline.cues[0].model_copy(update={"words": (spoken,)}),)})
    bulgarian = timeline.model_copy(update={"language": "bg"})
    with Compositor(timeline) as plain, Compositor(bulgarian) as own, Compositor(bulgarian, like=plain) as beside:
        assert plain.frame_at(20).tobytes() != own.frame_at(20).tobytes() == beside.frame_at(20).tobytes()


@pytest.mark.parametrize("overlay", [KEY_WORDS, END_CARD], ids=["key_words", "end_card"])
def test_overlays_are_in_the_letters_of_the_reel_s_language(overlay: KeyWords | EndCard, tmp_path: Path) -> None:
    """Characters that Japan draws otherwise are drawn so in a Japanese reel, also beside another compositor."""
    changed = overlay.model_copy(update={"title" if isinstance(overlay, EndCard) else "text": "直骨"})
    timeline = small_timeline(tmp_path).model_copy(update={"cues": (), "overlays": (changed,)})
    japanese = timeline.model_copy(update={"language": "ja"})
    with Compositor(timeline) as plain, Compositor(japanese) as own, Compositor(japanese, like=plain) as beside:
        assert plain.frame_at(45).tobytes() != own.frame_at(45).tobytes() == beside.frame_at(45).tobytes()


def test_a_transition_joins_both_shots(tmp_path: Path) -> None:
    """A crossfade's luma lies between both shots', nearer to the incoming one as it goes; before and after it there is one shot alone."""
    timeline = small_timeline(tmp_path, transition=Transition(kind="crossfade", frames=9)).model_copy(update={"cues": ()})
    with Compositor(timeline) as compositor:
        lumas = [float(compositor.frame_at(frame).y[10, 10]) for frame in range(38, 52)]
    # The outgoing shot is at 30 + frame, the incoming one 20 levels above it: how far between them is the share of the crossfade.
    shares = [(luma - (30 + frame)) / 20 for frame, luma in zip(range(38, 52), lumas, strict=True)]
    assert shares == sorted(shares)
    assert shares[:2] == [0, 0]
    assert 0 < shares[2] < 0.3
    assert shares[6] == pytest.approx(0.5, abs=0.03)
    assert 0.7 < shares[10] < 1
    assert shares[11:] == [1, 1, 1]


def test_a_clip_that_is_seen_no_more_is_closed_and_told_of(tmp_path: Path) -> None:
    """Soon after a transition, once: what it held may then be given back."""
    timeline = small_timeline(tmp_path, transition=Transition(kind="crossfade", frames=9))
    told: list[int] = []
    clips = ClipsInOrder(closed=lambda: told.append(frame))
    with Compositor(timeline, clips=clips) as compositor:
        for frame in range(timeline.frame_count):
            compositor.frame_at(frame)
    assert len(told) == 1
    assert 0 <= told[0] - (timeline.shots[1].start + 9) <= 2
    clips.close()


def test_a_frame_outside_the_reel_is_refused(tmp_path: Path) -> None:
    """Frame numbers are 0 to frame_count - 1; the error names them."""
    with Compositor(small_timeline(tmp_path)) as compositor, pytest.raises(TimelineError, match="frames 0 to 89"):
        compositor.frame_at(90)


def test_a_picture_fills_the_frame_and_moves(tmp_path: Path) -> None:
    """A landscape photograph fills the portrait frame without bars, and a pan shows something else at its end."""
    x = np.linspace(20, 235, 400)
    Image.fromarray(np.repeat(np.tile(x, (200, 1))[..., None], 3, axis=2).astype(np.uint8)).save(tmp_path / "wide.png")
    timeline = small_timeline(tmp_path / "t", frames=(60,)).model_copy(update={"cues": ()})
    clip = clip_of(tmp_path / "wide.png", size_px=(400, 200), duration_ms=None)
    shot = timeline.shots[0].model_copy(update={"clip": clip, "move": Move(kind="pan_right", amount=0.3)})
    timeline = timeline.model_copy(update={"shots": (shot,)})
    with Compositor(timeline) as compositor:
        first, last = compositor.frame_at(0), compositor.frame_at(59)
    assert (first.width_px, first.height_px) == SIZE
    assert first.y.min() > 40
    assert float(last.y.mean()) > float(first.y.mean()) + 5


def test_preview_does_not_write_into_what_it_shares(tmp_path: Path) -> None:
    """Captions drawn on a frame never leak into the clip's own picture."""
    timeline = small_timeline(tmp_path)
    with Compositor(timeline) as compositor:
        before = compositor.picture_at(10).copy()
        compositor.frame_at(10)
        after: Planes = compositor.picture_at(10)
    assert before.tobytes() == after.tobytes()
