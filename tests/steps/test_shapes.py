"""Shapes: the same reel upright, square and wide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from reelkit.brand import Brand, BrandFootage, BrandOverlays, PythonClip
from reelkit.errors import BrandError, TimelineError
from reelkit.media.captions import CaptionPainter
from reelkit.media.compositor import Compositor
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import planes_to_rgb
from reelkit.model import ClipOverlay, LogoOverlay, ProgressBar, Timeline
from reelkit.runs.cache import FileCache
from reelkit.steps.python_inserts import add_python_clips
from reelkit.steps.shapes import compose_shapes, in_shape
from reelkit.whole import sha256_of
from tests.media.clips import clip_of
from tests.media.reels import brand as a_brand
from tests.media.timelines import small_timeline

LOGO = Path(__file__).parents[2] / "templates" / "logos" / "northwind.svg"
SIZES = {"9:16": (1080, 1920), "4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080)}


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    logo = LogoOverlay(path=LOGO, sha256=sha256_of(LOGO), start=0, end=90, x_px=60, y_px=286, width_px=150, height_px=150)
    bar = ProgressBar(start=0, end=90, y_px=254, colour="#FF0000", track_colour="#FFFFFF")
    return small_timeline(tmp_path, overlays=(bar, logo)).model_copy(update={"width_px": 1080, "height_px": 1920})


@pytest.mark.parametrize("shape", SIZES)
def test_everything_stands_in_the_shapes_own_safe_zone(timeline: Timeline, shape: str) -> None:
    """Bar, logo and every cue keep the margins of the shape's safe zone, which the bar spans, and the frame has the shape's size."""
    shaped = in_shape(timeline, shape)  # type: ignore[arg-type]
    width, height = SIZES[shape]
    assert (shaped.width_px, shaped.height_px) == (width, height)
    zone, size = shaped.safe_zone, {"width_px": width, "height_px": height, "fps": shaped.fps}
    captions = CaptionPainter(shaped.caption_style, shaped.cues, **size)
    boxes = [box for _, box in OverlayPainter(shaped.overlays, **size).boxes()]
    for left, top, right, bottom in boxes + [captions.box(cue) for cue in range(len(shaped.cues))]:
        assert left >= round(zone.left_px * width / 1080) - 1
        assert top >= round(zone.top_px * height / 1920) - 1
        assert right <= width - round(zone.right_px * width / 1080) + 1
        assert bottom <= height - round(zone.bottom_px * height / 1920) + 1
    bar, _ = boxes
    assert (bar[0], bar[2]) == (round(zone.left_px * width / 1080), round((1080 - zone.right_px) * width / 1080))
    with Compositor(shaped) as compositor:
        assert compositor.frame_at(20).width_px == width


def test_a_wide_reels_captions_are_narrower_upright(timeline: Timeline) -> None:
    """Lines as wide as a wide frame may have them keep to the safe zone of each narrower one."""
    style = timeline.caption_style.model_copy(update={"max_width_px": 1000})
    wide = timeline.model_copy(update={"width_px": 1920, "height_px": 1080, "caption_style": style})
    widths = {shape: in_shape(wide, shape).caption_style.max_width_px for shape in SIZES}  # type: ignore[arg-type]
    assert widths == {"9:16": 720, "4:5": 972, "1:1": 972, "16:9": 1000}


def test_words_shots_and_sound_stay(timeline: Timeline) -> None:
    """Another shape changes neither times nor words nor sound, and the way back gives the same reel."""
    square = in_shape(timeline, "1:1")
    assert [cue.words for cue in square.cues] == [cue.words for cue in timeline.cues]
    assert [(shot.start, shot.end, shot.clip) for shot in square.shots] == [(shot.start, shot.end, shot.clip) for shot in timeline.shots]
    assert (square.audio, square.frame_count) == (timeline.audio, timeline.frame_count)
    assert in_shape(timeline, "9:16") is timeline


def test_an_unknown_shape_is_one_line(timeline: Timeline) -> None:
    """The line names what there is."""
    with pytest.raises(TimelineError, match="'2:1'; it must be one of 9:16, 4:5, 1:1, 16:9"):
        in_shape(timeline, "2:1")  # type: ignore[arg-type]


def framed_by(timeline: Timeline, clip: Any, **shot: Any) -> Timeline:
    """The timeline with one clip under all of it."""
    whole = timeline.shots[0].model_copy(update={"clip": clip, "end": timeline.frame_count, "in_frame": 0, **shot})
    return timeline.model_copy(update={"shots": (whole,), "cues": (), "overlays": ()})


def rgb_at(timeline: Timeline, frame: int) -> Any:
    with Compositor(timeline) as compositor:
        return planes_to_rgb(compositor.frame_at(frame)).astype(int)


def test_a_crop_looks_for_the_subject_in_each_shape(timeline: Timeline, tmp_path: Path) -> None:
    """A face at the top of a 4:3 photo is in view upright, where the crop goes sideways, and wide, where it goes up; a focus that the
    file gives holds in every shape."""
    photo = np.full((768, 1024, 3), (150, 150, 120), np.uint8) + np.random.default_rng(1).integers(0, 9, (768, 1024, 3)).astype(np.uint8)
    cv2.circle(photo, (350, 75), 70, (140, 170, 230), -1)
    for eye in (325, 375):
        cv2.circle(photo, (eye, 65), 9, (30, 30, 30), -1)
    cv2.imwrite(str(tmp_path / "face.png"), photo)
    clip = clip_of(tmp_path / "face.png", size_px=(1024, 768), duration_ms=None)
    upright = in_shape(in_shape(framed_by(timeline, clip), "1:1"), "9:16")
    assert upright.shots[0].focus[0] < 0.45

    def seen(shaped: Timeline) -> float:
        """How much of the whole face's colour is in view, beside its size."""
        face = np.abs(rgb_at(shaped, 0) - (230, 170, 140)).max(axis=2) < 30
        scale = max(shaped.width_px / 1024, shaped.height_px / 768)
        return float(face.sum()) / (np.pi * (70 * scale) ** 2)

    for shape in SIZES:
        assert seen(in_shape(upright, shape)) > 0.9  # type: ignore[arg-type]
    told = framed_by(timeline, clip.model_copy(update={"focus": (0.2, 0.9)}), focus=(0.2, 0.9))
    assert in_shape(told, "16:9").shots[0].focus == (0.2, 0.9)


@pytest.mark.parametrize(
    ("fit", "size_px", "expected"), [("blur", (180, 320), "blur"), ("fill", (180, 320), "fill"), ("blur", (320, 180), "fill")]
)
def test_a_clip_is_fitted_anew(timeline: Timeline, fit: Any, size_px: tuple[int, int], expected: str) -> None:
    """What a wide frame would crop to a third is shown whole where the brand asks for it, and what fills it fills it."""
    brand = a_brand().model_copy(update={"footage": BrandFootage(fit=fit)})
    clip = timeline.shots[0].clip.model_copy(update={"width_px": size_px[0], "height_px": size_px[1], "focus": (0.5, 0.5)})
    plan = framed_by(timeline, clip, fit=fit if size_px[0] > size_px[1] else "fill")
    assert in_shape(plan, "16:9", brand=brand).shots[0].fit == expected
    assert in_shape(plan, "16:9").shots[0].fit == plan.shots[0].fit
    backdrop = framed_by(timeline, clip.model_copy(update={"library": "backdrops"}))
    assert in_shape(backdrop, "16:9", brand=brand).shots[0].fit == "fill"


def first_frame(path: Path) -> Any:
    with av.open(str(path)) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24").astype(int)


STUDIO = """\
import numpy as np
from moviepy import ColorClip, VideoClip
from pathlib import Path

def banded(width_px, height_px):
    with (Path(__file__).parent / ".drawn.log").open("a") as log:
        log.write(f"{width_px}x{height_px}\\n")
    picture = np.full((height_px, width_px, 3), (20, 60, 120), np.uint8)
    picture[: height_px // 10], picture[-height_px // 10 :] = (200, 60, 40), (40, 160, 70)
    return VideoClip(lambda t: picture, duration=0.1)

def third(width_px, height_px, duration_s):
    assert abs(duration_s - 3) < 1e-9
    bar = ColorClip((width_px // 2, height_px // 16), color=(0, 200, 0)).with_duration(0.1)
    return bar.with_position((width_px // 20, height_px * 2 // 3))

def across(width_px, height_px):
    return ColorClip((width_px, 20), color=(0, 0, 200)).with_duration(0.1).with_position((0, height_px - 20))

def fixed_third():
    return ColorClip((500, 120), color=(0, 200, 0)).with_duration(0.1).with_position((60, 1300))

def fixed_whole():
    return ColorClip((1080, 1920), color=(90, 10, 90)).with_duration(0.1)

def upright_only(width_px, height_px):
    return ColorClip((width_px, height_px), color=(90, 10, 90)).with_duration(0.1 / (width_px < height_px))
"""


def drawn(timeline: Timeline, folder: Path, **overlays: Any) -> tuple[Timeline, Brand, FileCache]:
    (folder / "studio").mkdir()
    (folder / "studio" / "clips.py").write_text(STUDIO)
    named = {field: f"{folder / 'studio' / 'clips.py'}:{name}" for field, name in overlays.items() if isinstance(name, str)}
    over = tuple(PythonClip(python=f"{folder / 'studio' / 'clips.py'}:{name}", start_s=1.0) for name in overlays.get("clips", ()))
    brand = a_brand().model_copy(update={"overlays": BrandOverlays(clips=over, **named)})
    cache = FileCache(folder / "cache")
    return add_python_clips(timeline, brand, cache=cache), brand, cache


def test_what_a_brand_draws_is_drawn_for_each_shape(timeline: Timeline, tmp_path: Path) -> None:
    """Intro and outro fill each frame with nothing cut off, what stands over the reel stands where its function puts it, each is drawn once
    a size, and no time and no sound changes."""
    plan, brand, cache = drawn(timeline, tmp_path, intro="banded", outro="banded", clips=("third", "across"))
    for shape, (width, height) in SIZES.items():
        shaped = in_shape(plan, shape, brand=brand, cache=cache)  # type: ignore[arg-type]
        assert in_shape(plan, shape, brand=brand, cache=cache) == shaped  # type: ignore[arg-type]
        assert [(shot.start, shot.end) for shot in shaped.shots] == [(shot.start, shot.end) for shot in plan.shots]
        assert (shaped.audio, shaped.frame_count) == (plan.audio, plan.frame_count)
        for frame in (0, plan.frame_count - 1):
            rgb = rgb_at(shaped, frame)
            for row, colour in ((height // 20, (200, 60, 40)), (height // 2, (20, 60, 120)), (height - height // 20, (40, 160, 70))):
                assert np.abs(rgb[row] - colour).max() <= 3
        bar, strip = (overlay for overlay in shaped.overlays if isinstance(overlay, ClipOverlay))
        assert (bar.start, bar.end) == (strip.start, strip.end) == (33, 36)
        assert (bar.width_px, bar.height_px) == pytest.approx((width // 2, height // 16), abs=2)
        assert (bar.x_px, bar.y_px) == pytest.approx((width // 20, height * 2 // 3), abs=2)
        assert (strip.x_px, strip.y_px, strip.width_px, strip.height_px) == (0, height - 20, width, 20)
        assert np.abs(rgb_at(shaped, 34)[bar.y_px + 9, bar.x_px + 9] - (0, 200, 0)).max() <= 3
    assert (tmp_path / "studio" / ".drawn.log").read_text().split() == [f"{width}x{height}" for width, height in SIZES.values()]


def test_the_shapes_of_a_brand_are_rendered_as_it_draws_them(tmp_path: Path) -> None:
    """What composing in other shapes writes has the brand's intro whole, and is checked like the reel."""
    plain = small_timeline(tmp_path / "reel", frames=(30,))
    plan, brand, cache = drawn(plain, tmp_path, intro="banded")
    brand = brand.model_copy(update={"output": brand.output.model_copy(update={"shapes": ("1:1",)})})
    (square,) = compose_shapes(plan, brand, tmp_path, cache=cache, workers=1)
    rgb = first_frame(square.reel.path)
    assert rgb.shape == (1080, 1080, 3)
    for row, colour in ((54, (200, 60, 40)), (540, (20, 60, 120)), (1026, (40, 160, 70))):
        assert np.abs(rgb[row] - colour).max() <= 12
    assert {"narration-length", "frame-size"} <= {finding.name for finding in square.findings if finding.holds}


@pytest.mark.parametrize("shape", ["4:5", "1:1", "16:9"])
def test_what_is_drawn_for_one_size_alone_stays_in_view(timeline: Timeline, shape: Any, tmp_path: Path) -> None:
    """A lower third at pixels of its own, which this frame would cut or miss, keeps its share of the height; a whole picture of one size
    fills the frame, cropped."""
    plan, brand, cache = drawn(timeline, tmp_path, intro="fixed_whole", clips=("fixed_third",))
    shaped = in_shape(plan, shape, brand=brand, cache=cache)
    (bar,) = (overlay for overlay in shaped.overlays if isinstance(overlay, ClipOverlay))
    assert (bar.width_px, bar.height_px) == (500, 120)
    assert bar.y_px / (shaped.height_px - 120) == pytest.approx(1300 / 1800, abs=0.002)
    assert np.abs(rgb_at(shaped, 34)[bar.y_px + 60, bar.x_px + 250] - (0, 200, 0)).max() <= 3
    assert np.abs(rgb_at(shaped, 1) - (90, 10, 90)).max() <= 3


def test_a_function_that_fails_in_a_shape_is_one_line(timeline: Timeline, tmp_path: Path) -> None:
    """A fault that shows at one size alone is told with brand, field and function, and without a cache the line says what to pass."""
    plan, brand, cache = drawn(timeline, tmp_path, outro="upright_only")
    with pytest.raises(
        BrandError, match=r"brand 'test': overlays\.outro: clips\.py:upright_only: it failed: ZeroDivisionError: .*\(line 27\)"
    ):
        in_shape(plan, "16:9", brand=brand, cache=cache)
    with pytest.raises(TimelineError, match=r"pass cache=parts\.cache"):
        in_shape(plan, "16:9", brand=brand)
