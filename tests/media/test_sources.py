"""Sources of every kind: whatever a file says of its picture, the right pixels are shown, and the probe agrees on their place."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.decode import open_clip
from reelkit.media.hdr import Grade, sdr_of
from reelkit.media.planes import Planes, colour_to_yuv, planes_to_rgb, rgb_to_planes
from reelkit.media.probe import probe_clip
from reelkit.media.stills import clip_thumbnails
from reelkit.model import Clip, Fps
from tests.media.clips import clip_of
from tests.media.photographs import profile, write_heic

FPS = Fps(num=30)
SIZE = (96, 64)
CORNERS = ("#C83C28", "#28A050", "#2850C8", "#C8B43C")
"""Colours of the upper left, upper right, lower left and lower right quarter."""

P3_CORNERS = ("#B94732", "#509E59", "#324FC1", "#C5B552")
"""What Display P3 calls the colours of the corners (CSS Color 4, 10.4, worked out in floating point)."""


def card(size: tuple[int, int] = SIZE, colours: Sequence[str] = CORNERS) -> np.ndarray:
    """A test card: four quarters [shape=(height, width, 3)]."""
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    for (down, across), colour in zip(itertools.product((0, 1), (0, 1)), colours, strict=True):
        rows, columns = slice(down * size[1] // 2, None), slice(across * size[0] // 2, None)
        rgb[rows, columns] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return rgb


def write(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    codec: str = "libx264",
    form: str = "yuv444p",
    rate: int = 30,
    rotation: int = 0,
    hflip: bool = False,
    aspect: Fraction | None = None,
    matrix: int | None = 1,
    primaries: int = 1,
    limits: int = 1,
    options: dict[str, str] | None = None,
) -> Path:
    """Write RGB or RGBA pictures as a video; ``matrix`` None leaves the colours untagged, in BT.601."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=rate, options={"crf": "4"} if options is None else options)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], form
        context = stream.codec_context
        if form.startswith("yuv"):
            context.color_range = limits
            if matrix:
                context.colorspace, context.color_primaries, context.color_trc = matrix, primaries, 1
        if aspect:
            context.sample_aspect_ratio = aspect
        if rotation or hflip:
            stream.set_display_rotation(rotation, hflip)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgba" if picture.shape[2] == 4 else "rgb24")
            frame = frame.reformat(format=form, dst_colorspace=matrix or 5, dst_color_range=limits)
            if not matrix:
                frame.colorspace = 2
            frame.color_primaries = primaries
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def shown(path: Path, index: int = 0, **more: Any) -> Planes:
    """The frame that a reel gets, which lies where the probe says."""
    facts = probe_clip(path)
    planes = open_clip(clip_at(path), FPS, **more).frame(index)
    assert (planes.width_px, planes.height_px) == (facts.width_px // 2 * 2, facts.height_px // 2 * 2)
    return planes


def clip_at(path: Path) -> Clip:
    facts = probe_clip(path)
    return clip_of(path, size_px=(facts.width_px, facts.height_px), duration_ms=facts.duration_ms)


def corners(planes: Planes) -> list[tuple[int, int, int]]:
    """The (Y, Cb, Cr) in the middle of each quarter."""
    width, height = planes.width_px, planes.height_px
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [(int(planes.y[y, x]), int(planes.u[y // 2, x // 2]), int(planes.v[y // 2, x // 2])) for y, x in places]


def assert_corners(planes: Planes, colours: Sequence[str] = CORNERS, within: int = 4) -> None:
    for found, colour in zip(corners(planes), colours, strict=True):
        assert np.abs(np.subtract(found, colour_to_yuv(colour))).max() <= within, (found, colour, colour_to_yuv(colour))


@pytest.mark.parametrize(("rotation", "order"), [(0, (0, 1, 2, 3)), (90, (1, 3, 0, 2)), (180, (3, 2, 1, 0)), (-90, (2, 0, 3, 1))])
def test_a_rotation_tag_is_followed(tmp_path: Path, rotation: int, order: Sequence[int]) -> None:
    """A phone's video is shown as it was held: the tag's degrees turn the picture counter-clockwise."""
    path = write(tmp_path / "held.mp4", [card()] * 20, rotation=rotation)
    assert_corners(shown(path), [CORNERS[index] for index in order])


@pytest.mark.parametrize(
    ("tag", "rotation", "hflip"),
    [(1, 0, False), (2, 0, True), (3, 180, False), (4, 180, True), (5, -90, True), (6, -90, False), (7, 90, True), (8, 90, False)],
)
def test_a_video_is_set_upright_as_a_photograph_of_the_same_orientation_is(tmp_path: Path, tag: int, rotation: int, hflip: bool) -> None:
    """All eight orientations, mirrored ones too, look the same by a video's matrix and by a photograph's tag, in stills too."""
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(card()).save(tmp_path / "photo.png", exif=exif)
    expected = corners(shown(tmp_path / "photo.png"))
    path = write(tmp_path / "video.mp4", [card()] * 20, rotation=rotation, hflip=hflip)
    assert np.abs(np.subtract(corners(shown(path)), expected)).max() <= 4
    still = np.asarray(Image.open(io.BytesIO(clip_thumbnails(clip_at(path), count=1, width_px=200)[0])).convert("RGB"))
    assert np.abs(np.subtract(corners(rgb_to_planes(still)), expected)).max() <= 20


@pytest.mark.parametrize(
    ("name", "codec", "form", "order"),
    [
        ("top.mp4", "libx264", "yuv420p", "tff"),
        ("bottom.mp4", "libx264", "yuv420p", "bff"),
        ("deep.mkv", "libx264", "yuv420p10le", "tff"),
        ("disc.mpg", "mpeg2video", "yuv420p", "tff"),
    ],
)
def test_interlaced_footage_shows_one_moment_at_a_time(tmp_path: Path, name: str, codec: str, form: str, order: str) -> None:
    """A bar that moves between the fields of a frame has straight sides, and frames are the same in any order."""
    path = tmp_path / name
    special = {"crf": "1", "x264-params": f"{order}=1"} if codec == "libx264" else {"qscale": "1"}
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options={"flags": "+ilme+ildct", "g": "12", **special})
        stream.width, stream.height, stream.pix_fmt = 96, 64, form
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for number in range(25):
            rows = np.full((96, 96), 128, np.uint8)
            rows[:64] = 40
            for moment, first_row in enumerate((0, 1) if order == "tff" else (1, 0)):
                left = 4 + 3 * number % 48 + 8 * moment
                rows[first_row:64:2, left : left + 20] = 200
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p").reformat(format=form)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    facts = probe_clip(path)
    reader = open_clip(clip_of(path, size_px=(96, 64), duration_ms=facts.duration_ms), Fps(num=25))
    in_order = [reader.frame(index) for index in range(20)]
    for number, planes in enumerate(in_order):
        bar = planes.y[4:60] > 120
        assert (bar == bar[0]).all(), number
        assert 17 <= bar[0].sum() <= 23
    for index in random.Random(5).sample(range(20), 20):
        assert reader.frame(index).tobytes() == in_order[index].tobytes()


@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(16, 11), Fraction(1, 2), Fraction(3, 2)])
def test_samples_that_are_not_square_are_stretched(tmp_path: Path, aspect: Fraction) -> None:
    """Luma and chroma keep their place in a picture as wide as it is displayed, turned or not."""
    for rotation in (0, 90):
        path = write(tmp_path / f"wide{rotation}.mp4", [card()] * 20, aspect=aspect, rotation=rotation)
        planes = shown(path)
        assert planes.u.shape == (planes.height_px // 2, planes.width_px // 2)
        assert_corners(planes, [CORNERS[index] for index in ((1, 3, 0, 2) if rotation else (0, 1, 2, 3))])


@pytest.mark.parametrize("size", [(97, 65), (96, 65), (97, 64)])
def test_odd_sizes_lose_a_row_and_nothing_else(tmp_path: Path, size: tuple[int, int]) -> None:
    """Of an odd picture the last row or column is left out; the rest is not resampled."""
    stripes = np.repeat(np.tile(np.arange(size[0]) % 2 * 160 + 40, (size[1], 1))[..., None], 3, axis=2).astype(np.uint8)
    planes = shown(write(tmp_path / "odd.mkv", [stripes] * 20, codec="ffv1", form="yuv420p", options={}))
    assert planes.y[:, 1::2].min() - int(planes.y[:, ::2].max()) > 130
    assert_corners(shown(write(tmp_path / "card.mkv", [card(size)] * 20)))


@pytest.mark.parametrize(
    ("form", "matrix", "limits"),
    [
        ("yuv420p", 1, 1),
        ("yuvj420p", 1, 2),
        ("yuv422p", 1, 1),
        ("yuv420p", None, 1),
        ("yuvj420p", None, 2),
        ("yuv420p10le", 1, 1),
        ("yuv444p10le", 1, 1),
    ],
)
def test_colours_are_those_of_the_tags(tmp_path: Path, form: str, matrix: int | None, limits: int) -> None:
    """Full range, 4:2:2, ten bits and untagged BT.601 of standard definition all come out as the same BT.709 colours."""
    path = write(tmp_path / "card.mp4", [card()] * 20, form=form, matrix=matrix, limits=limits)
    assert_corners(shown(path))


@pytest.mark.parametrize("rate", [24, 25, 50, 60, 120])
def test_every_rate_is_shown_at_its_times(tmp_path: Path, rate: int) -> None:
    """A frame of the reel shows the source's frame at that moment: of 120 a second every fourth."""
    greys = [np.full((64, 64, 3), 40 + number % 150, np.uint8) for number in range(rate)]
    path = write(tmp_path / "fast.mp4", greys, rate=rate, form="yuv420p", options={"qp": "0"})
    facts = probe_clip(path)
    assert facts.fps == pytest.approx(rate, rel=0.01)
    reader = open_clip(clip_at(path), FPS)
    for index in range(0, 30, 7):
        assert abs(int(reader.frame(index).y[5, 5]) - (16 + round((40 + index * rate // 30) * 219 / 255))) <= 1


# --- high dynamic range ---------------------------------------------------------------------------------------------


def write_hdr(path: Path, signal: Sequence[tuple[float, float, float]], transfer: int) -> Path:
    """Write columns of BT.2020 R'G'B' as ten-bit video."""
    to_yuv = np.array([[0.2627, 0.6780, 0.0593], [-0.13963, -0.36037, 0.5], [0.5, -0.45979, -0.04021]])
    yuv = np.repeat(np.asarray(signal) @ to_yuv.T, 16, axis=0)
    levels = np.rint(yuv * [876, 896, 896] + [64, 512, 512]).astype(np.uint16)
    picture = np.tile(levels.T[:, None, :], (1, 64, 1))  # planes, rows, columns
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = picture.shape[2], 64, "yuv444p10le"
        context = stream.codec_context
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 9, 9, transfer
        for number in range(20):
            frame = av.VideoFrame(picture.shape[2], 64, "yuv444p10le")
            for plane, levels_of in zip(frame.planes, picture, strict=True):
                rows = np.zeros((64, plane.line_size // 2), np.uint16)
                rows[:, : picture.shape[2]] = levels_of
                plane.update(rows.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 30)
            frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = 9, 1, 9, transfer
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def columns(planes: Planes, count: int) -> np.ndarray:
    """RGB in the middle of each column [shape=(count, 3)]."""
    return planes_to_rgb(planes)[32, 8 : 16 * count : 16].astype(int)


@pytest.mark.parametrize(("transfer", "grade"), [(16, "pq"), (18, "hlg"), (14, "wide")])
def test_high_dynamic_range_is_shown_as_it_was_meant(tmp_path: Path, transfer: int, grade: Any) -> None:
    """Video in PQ, HLG and BT.2020 is shown in the colours of the formulas: greys stay grey, hues keep their order."""
    signal = [(level, level, level) for level in (0.1, 0.3, 0.5, 0.75)] + [
        (0.6, 0.3, 0.3),
        (0.3, 0.6, 0.3),
        (0.3, 0.3, 0.6),
        (0.9, 0.2, 0.2),
    ]
    found = columns(shown(write_hdr(tmp_path / "hdr.mp4", signal, transfer)), len(signal))
    wanted = np.rint(255 * sdr_of(np.array(signal), grade))
    assert np.abs(found - wanted).max() <= 7
    assert np.ptp(found[:4], axis=1).max() <= 2
    assert [int(np.argmax(colour)) for colour in found[4:]] == [0, 1, 2, 0]


def test_video_in_p3_is_shown_in_its_colours(tmp_path: Path) -> None:
    """Screen recordings of a Mac and telephones' video in Display P3 are no duller than they were seen; greys stay as they are."""
    path = write(tmp_path / "screen.mp4", [card(colours=(*P3_CORNERS[:3], "#808080"))] * 20, primaries=12)
    assert_corners(shown(path), (*CORNERS[:3], "#808080"), within=6)
    veil = np.dstack([card(), np.full((SIZE[1], SIZE[0]), 128, np.uint8)])
    path = write(tmp_path / "veil.mov", [veil] * 20, codec="prores_ks", form="yuva444p10le", options={"profile": "4444"}, primaries=12)
    assert abs(int(shown(path, background="#000000").y[5, 5]) - 16 - (colour_to_yuv(CORNERS[0])[0] - 16) // 2) <= 4


@pytest.mark.parametrize("matrix", [8, 10, 14])
def test_colours_that_nobody_here_reads_are_one_line(tmp_path: Path, matrix: int) -> None:
    """Video in YCgCo, BT.2020 with constant luminance or ICtCp is refused by its name, also where it took a good clip's place."""
    path = write(tmp_path / "odd.mp4", [card()] * 20, matrix=matrix)
    said = rf"odd\.mp4: its colours cannot be read \(matrix {matrix} of ITU-T H\.273\); convert it to H\.264 MP4 with BT\.709 colours$"
    with pytest.raises(ClipError, match=f"^{said}"):
        probe_clip(path)
    with pytest.raises(ClipError, match=f"^clip {said}"):
        open_clip(clip_of(path, size_px=SIZE), FPS).frame(0)


@pytest.mark.parametrize("grade", ["pq", "hlg"])
def test_brighter_light_is_never_shown_darker(grade: Any) -> None:
    """Greys rise with the signal, black is black, the peak is white and diffuse white leaves room above it."""
    shown_greys = sdr_of(np.repeat(np.linspace(0, 1, 400)[:, None], 3, axis=1), grade)[:, 0]
    assert np.diff(shown_greys).min() >= -1e-9
    assert shown_greys[0] < 0.01
    assert shown_greys[-1] == pytest.approx(1.0, abs=0.01)
    white = float(sdr_of(np.full(3, {"pq": 0.5807, "hlg": 0.75}[grade]), grade)[0])
    assert 0.86 < white < 0.95


# --- transparency ---------------------------------------------------------------------------------------------------

BACKGROUND = "#204060"


def veiled() -> np.ndarray:
    """Upper half opaque red and green, lower half clear and half clear blue."""
    rgba = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    rgba[:32, :48], rgba[:32, 48:], rgba[32:, 48:] = (200, 60, 40, 255), (40, 160, 80, 255), (40, 80, 200, 128)
    return rgba


VEILED = ("#C83C28", "#28A050", BACKGROUND, "#244894")


@pytest.mark.parametrize(
    ("name", "codec", "form", "options"),
    [
        ("a.webm", "libvpx-vp9", "yuva420p", {"crf": "4", "b": "0"}),
        ("a.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
        ("b.mov", "qtrle", "argb", {}),
        ("c.mov", "png", "rgba", {}),
        ("d.mkv", "ffv1", "bgra", {}),
    ],
)
def test_transparent_video_lies_over_the_background(tmp_path: Path, name: str, codec: str, form: str, options: dict[str, str]) -> None:
    """Where a video is clear the brand's background shows, where it is half clear half of it, in any order of frames."""
    path = write(tmp_path / name, [veiled()] * 20, codec=codec, form=form, options=options, matrix=1)
    assert_corners(shown(path, background=BACKGROUND), VEILED, within=5)
    reader = open_clip(clip_at(path), FPS, background=BACKGROUND)
    for index in (9, 2, 17, 0):
        assert_corners(reader.frame(index), VEILED, within=5)


def test_vp8_is_bt601_at_every_size(tmp_path: Path) -> None:
    """VP8 has one matrix: untagged high definition with transparency is shown in its colours too."""
    tall = np.dstack([card((48, 736)), np.full((736, 48), 255, np.uint8)])
    path = write(
        tmp_path / "a.webm", [tall] * 20, codec="libvpx", form="yuva420p", options={"auto-alt-ref": "0", "crf": "4", "b": "2M"}, matrix=None
    )
    assert_corners(shown(path, background=BACKGROUND), within=3)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_transparent_pictures_lie_over_the_background(tmp_path: Path, form: str) -> None:
    """A still picture's clear parts show the brand's background."""
    Image.fromarray(veiled()).save(tmp_path / "p.img", form, **({"lossless": True} if form == "WEBP" else {}))
    assert_corners(shown(tmp_path / "p.img", background=BACKGROUND), VEILED, within=2)


def test_every_mode_of_picture_is_shown(tmp_path: Path) -> None:
    """Palettes, greys of 8 and 16 bits, black and white and CMYK have the light that they had."""
    grey = Image.fromarray(np.full((64, 96), 180, np.uint8))
    deep = Image.fromarray(np.full((64, 96), 180 * 257, np.uint16))
    for name, picture in (("L", grey), ("P", grey.convert("P")), ("I;16", deep), ("CMYK", grey.convert("RGB").convert("CMYK"))):
        path = tmp_path / f"{name.strip(';')}.{'tif' if name == 'CMYK' else 'png'}"
        picture.save(path)
        assert abs(int(shown(path).y[20, 20]) - colour_to_yuv("#B4B4B4")[0]) <= 2, name


@pytest.mark.parametrize(("quarter_turns", "order"), [(0, (0, 1, 2, 3)), (1, (1, 3, 0, 2)), (2, (3, 2, 1, 0)), (3, (2, 0, 3, 1))])
def test_a_heic_is_shown_whole_and_as_it_was_held(tmp_path: Path, quarter_turns: int, order: Sequence[int]) -> None:
    """All tiles of a telephone's photograph are shown, up where up is, in its colours."""
    path = write_heic(tmp_path / "IMG_1.HEIC", card((150, 100)), quarter_turns=quarter_turns)
    assert_corners(shown(path), [CORNERS[index] for index in order])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_colours_are_those_of_the_profile(tmp_path: Path, form: str) -> None:
    """A picture in Display P3, as telephones and Macs make them, has the colours that it was seen in; clear parts stay clear."""
    rgba = np.dstack([card(colours=P3_CORNERS), np.full((SIZE[1], SIZE[0]), 255, np.uint8)])
    path = tmp_path / f"p3.{form.lower()}"
    if form == "HEIC":
        write_heic(path, rgba[..., :3], icc=profile())
    elif form == "JPEG":
        Image.fromarray(rgba[..., :3].copy()).save(path, form, quality=100, subsampling=0, icc_profile=profile())
    else:
        rgba[32:, :48, 3] = 0
        more: dict[str, Any] = {"lossless": True, "exact": True} if form == "WEBP" else {"quality": 100} if form == "AVIF" else {}
        Image.fromarray(rgba).save(path, form, icc_profile=profile(), **more)
    hidden = CORNERS[2] if form in ("HEIC", "JPEG") else BACKGROUND
    assert_corners(shown(path, background=BACKGROUND), (*CORNERS[:2], hidden, CORNERS[3]), within=3)


@pytest.mark.parametrize(("primaries", "transfer", "grade"), [(12, 13, "p3"), (9, 16, "pq"), (9, 18, "hlg"), (9, 1, "wide"), (1, 13, None)])
def test_a_heic_without_a_profile_has_the_colours_that_it_names(tmp_path: Path, primaries: int, transfer: int, grade: Grade | None) -> None:
    """A camera's HDR photograph, or one in wide gamut, is shown as video of the same kind is."""
    path = write_heic(tmp_path / "IMG_1.HEIC", card(), primaries=primaries, transfer=transfer)
    signal = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in CORNERS])
    wanted = np.rint(255 * (signal if grade is None else sdr_of(signal, grade))).astype(int)
    # Of eight bits, which HLG spreads far apart.
    assert_corners(shown(path), ["#{:02X}{:02X}{:02X}".format(*colour) for colour in wanted], within=10)


def test_a_profile_of_greys_is_followed(tmp_path: Path) -> None:
    """Greys on a flatter curve than that of sRGB are shown as light as they were meant, with alpha and without."""
    light = ((128 / 255 + 0.055) / 1.055) ** 1.8
    for mode, colour in (("L", 128), ("LA", (128, 255))):
        Image.new(mode, SIZE, colour).save(tmp_path / "grey.png", icc_profile=profile(grey_gamma=1.8))
        seen = int(planes_to_rgb(shown(tmp_path / "grey.png"))[20, 20, 0])
        assert abs(seen - 255 * (1.055 * light ** (1 / 2.4) - 0.055)) <= 2


@pytest.mark.parametrize("broken", [b"no profile at all", profile()[:200], profile(grey_gamma=1.8)])
def test_a_profile_that_is_broken_or_for_others_is_left_aside(tmp_path: Path, broken: bytes) -> None:
    """A picture whose profile says nothing of its colours is shown as if it had none."""
    Image.fromarray(card()).save(tmp_path / "card.png", icc_profile=broken)
    assert_corners(shown(tmp_path / "card.png"), within=2)


# --- animations and drawings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "options"), [("GIF", {"disposal": 2}), ("GIF", {}), ("WEBP", {"lossless": True})])
def test_animations_play(tmp_path: Path, form: str, options: dict[str, Any]) -> None:
    """Each picture of an animated GIF or WebP shows for as long as it says, whatever was asked before; clear parts are background."""
    pictures = []
    for number in range(8):
        rgba = np.zeros((64, 96, 4), np.uint8)
        rgba[:, : 48 + 4 * number] = (40 + 25 * number, 90, 60, 255)
        # libwebp takes what no frame touches for opaque black.
        rgba[-1, -1, 3] = 255
        pictures.append(Image.fromarray(rgba))
    times = [100, 200, 100, 100, 300, 100, 100, 100]
    path = tmp_path / f"wink.{form.lower()}"
    pictures[0].save(path, form, save_all=True, append_images=pictures[1:], duration=times, loop=0, **options)
    facts = probe_clip(path)
    assert (facts.kind, facts.codec) == ("video", form.lower())
    assert abs(facts.duration_ms - sum(times)) <= 100
    starts = [0, *itertools.accumulate(times)]
    reader = open_clip(clip_at(path), FPS, background=BACKGROUND)
    order = list(range(33))
    random.Random(2).shuffle(order)
    for index in order:
        number = max(k for k, start in enumerate(starts[:-1]) if start <= index * 1000 / 30 + 1e-6)
        red = int(planes_to_rgb(reader.frame(index))[30, 20, 0])
        assert abs(red - (40 + 25 * number)) <= 6, (index, number)
        assert abs(int(reader.frame(index).y[30, 92]) - colour_to_yuv(BACKGROUND)[0]) <= 4


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_an_animation_that_loops_runs_on(tmp_path: Path, form: str) -> None:
    """What says that it plays over and over does so: its last picture stands for its own time, and leads into the first."""
    path, times = tmp_path / f"wink.{form.lower()}", [100, 200, 470]
    pictures = [Image.new("RGB", SIZE, (60 + 60 * number, 90, 60)) for number in range(3)]
    pictures[0].save(path, form, save_all=True, append_images=pictures[1:], duration=times, loop=1)
    assert not probe_clip(path).loops
    pictures[0].save(path, form, save_all=True, append_images=pictures[1:], duration=times, loop=0)
    facts = probe_clip(path)
    assert (facts.loops, facts.duration_ms) == (True, 770)
    reader = open_clip(clip_of(path, size_px=SIZE, duration_ms=facts.duration_ms, loops=True), FPS)
    for index in (*range(80), 7, 70, 23):
        at_ms = index * 1000 / 30 % 770
        number = next(k for k, end in enumerate(itertools.accumulate(times)) if at_ms + 1e-6 < end)
        assert abs(int(planes_to_rgb(reader.frame(index))[32, 48, 0]) - (60 + 60 * number)) <= 8, (index, number)


DRAWING = (
    '<?xml version="1.0"?><!-- a flag --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20">'
    '<rect width="15" height="10" fill="#C83C28"/><rect x="15" width="15" height="10" fill="#28A050"/>{}</svg>'
)


def test_a_drawing_is_as_sharp_as_a_reel(tmp_path: Path) -> None:
    """An SVG is drawn at the size of a reel, over the background, whatever size it says it has."""
    (tmp_path / "flag.svg").write_text(DRAWING.format('<rect x="15" y="10" width="15" height="10" fill="#2850C8" opacity=".5"/>'))
    planes = shown(tmp_path / "flag.svg", background=BACKGROUND)
    assert (planes.width_px, planes.height_px) == pytest.approx((3240, 2160), rel=0.01)
    assert_corners(planes, ("#C83C28", "#28A050", BACKGROUND, "#244894"), within=2)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "iso-8859-1"])
def test_a_drawing_of_any_encoding_is_drawn(tmp_path: Path, encoding: str) -> None:
    """An SVG is read in the encoding that its first bytes or its declaration say."""
    text = DRAWING.format("<title>Café</title>").replace('version="1.0"', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"')
    (tmp_path / "flag.svg").write_bytes(text.encode(encoding))
    assert_corners(shown(tmp_path / "flag.svg", background=BACKGROUND), (*CORNERS[:2], BACKGROUND, BACKGROUND), within=2)


def test_a_drawing_may_begin_with_a_licence(tmp_path: Path) -> None:
    """However long the comment is that stands before it, a drawing is one."""
    declared, rest = DRAWING.format("").split("<svg", 1)
    (tmp_path / "flag.svg").write_text(f"{declared}<!-- {'All of this may be used. ' * 300} --><svg{rest}")
    assert probe_clip(tmp_path / "flag.svg").codec == "svg"
    assert_corners(shown(tmp_path / "flag.svg", background=BACKGROUND), (*CORNERS[:2], BACKGROUND, BACKGROUND), within=2)


def test_a_link_in_a_drawing_is_no_file(tmp_path: Path) -> None:
    """What leads somewhere when it is clicked fetches nothing, and is drawn."""
    (tmp_path / "flag.svg").write_text(
        DRAWING.format('<a href="https://example.org/"><rect y="10" width="15" height="10" fill="#2850C8"/></a>')
    )
    assert_corners(shown(tmp_path / "flag.svg", background=BACKGROUND), (*CORNERS[:3], BACKGROUND), within=2)


def test_entities_in_a_drawing_are_named(tmp_path: Path) -> None:
    """An SVG from Illustrator whose doctype declares entities is refused for that, as they could unpack to gigabytes."""
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd" [\n<!ENTITY ns_svg "http://www.w3.org/2000/svg">\n]>'
    (tmp_path / "flag.svg").write_text(DRAWING.format("").replace("<svg ", f"{doctype}<svg "))
    with pytest.raises(ClipError, match=r"^flag\.svg: declares XML entities; .*Illustrator"):
        probe_clip(tmp_path / "flag.svg")
    (tmp_path / "flag.svg").write_text(DRAWING.format("").replace("<svg ", f"{doctype.replace('ENTITY ns_svg', 'NOTATION n SYSTEM')}<svg "))
    assert probe_clip(tmp_path / "flag.svg").codec == "svg"


@pytest.mark.timeout(20)
def test_text_that_nearly_opens_a_drawing_is_told_at_once(tmp_path: Path) -> None:
    """However many comments come before no drawing, the probe does not try every way to read them."""
    (tmp_path / "page.txt").write_text("<!---->" * 290 + "no drawing")
    with pytest.raises(ClipError, match="text file"):
        probe_clip(tmp_path / "page.txt")


@pytest.mark.parametrize(
    "part", ['<image href="/etc/passwd" width="9" height="9"/>', '<image href="http://localhost/x.png" width="9" height="9"/>']
)
def test_a_drawing_opens_no_other_file(tmp_path: Path, part: str) -> None:
    """An SVG that refers to a file or an address is refused in one line, by the probe and by the reader."""
    path = tmp_path / "spy.svg"
    path.write_text(DRAWING.format(part))
    for look in (probe_clip, lambda path: open_clip(clip_of(path, duration_ms=None), FPS)):
        with pytest.raises(ClipError, match=r"^spy\.svg: refers to another file"):
            look(path)
