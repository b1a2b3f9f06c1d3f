import itertools
import typing
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from benchmarks._banding import CAMBI_BAR, LOOKS, Look, banding_of, cambi, drawn_clip
from benchmarks._banding import PALETTES as BANDING_PALETTES
from reelkit.errors import FootageError
from reelkit.media.backdrops import FAMILIES, backdrop_frames, draw_backdrop, drawing_version
from reelkit.media.backdrops.apart import draw_backdrop_apart
from reelkit.media.backdrops.canvas import Canvas, Yuv, finish
from reelkit.media.backdrops.collage import _block, _Cut, _lay
from reelkit.media.backdrops.inks import Inks
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.grain import lay_grain
from reelkit.media.planes import Planes, colour_to_yuv, planes_to_rgb
from reelkit.media.probe import probe_clip
from reelkit.model import BackdropFamily, Fps, Palette

PALETTES = {
    "coffee": Palette(background="#1B120D", surface="#2E1F16", primary="#C8742B", accent="#F2C14E", text="#FFF6EA"),
    "lime": Palette(background="#0B0D0C", surface="#171B18", primary="#B6FF2E", accent="#FF4D2E", text="#FFFFFF"),
    "orbit": Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF"),
    "paper": Palette(background="#FBF7F0", surface="#EFE6D8", primary="#2F6F5E", accent="#E2725B", text="#1E2A26"),
    "white": Palette(background="#FFFFFF", surface="#FFFFFF", primary="#FFFFFF", accent="#FFFF00", text="#000000"),
}
SMALL = {"width_px": 540, "height_px": 960}


def frames(family: str, *, palette: str = "orbit", seed: int = 1, loop: int = 180, count: int = 1, start: int = 0) -> list[Planes]:
    every = backdrop_frames(family=family, palette=PALETTES[palette], seed=seed, frame_count=loop, **SMALL)
    return list(itertools.islice(every, start, start + count))


def step(before: Planes, after: Planes) -> float:
    return float(np.abs(before.y.astype(int) - after.y).mean())


def luminance(planes: Planes) -> np.ndarray:
    rgb = planes_to_rgb(planes) / 255.0
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ np.array([0.2126, 0.7152, 0.0722])


def test_families_are_those_a_brand_may_name() -> None:
    """There are at least ten families, and the brand file's schema names just them."""
    assert set(FAMILIES) == set(typing.get_args(BackdropFamily))
    assert len(FAMILIES) >= 10


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loop_closes(family: str) -> None:
    """The step from the last frame to the first is no larger than those around it."""
    whole = frames(family, loop=45, count=45)
    steps = [step(before, after) for before, after in itertools.pairwise(whole)]
    seam = step(whole[-1], whole[0])
    assert 0.0 < seam <= 1.3 * max(steps[:3] + steps[-3:])
    assert max(steps) < 40.0


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_slow_and_never_flickers(family: str) -> None:
    """From frame to frame the mean light changes by less than half a step of 8 bits, and evenly so."""
    means = [float(planes.y.mean()) for planes in frames(family, count=6, start=40)]
    changes = np.diff(means)
    assert np.abs(changes).max() < 0.5
    assert np.abs(np.diff(changes)).max() < 0.12


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("family", FAMILIES)
def test_white_captions_read_on_it(family: str, palette: str) -> None:
    """Where captions stand (y 900 to 1500 of 1920) all but a few pixels leave white text a contrast of 4.5:1 (WCAG 2.2)."""
    for seed, start in ((0, 0), (3, 60)):
        light = luminance(frames(family, palette=palette, seed=seed, start=start)[0])
        height = light.shape[0]
        assert 1.05 / (np.percentile(light[height * 900 // 1920 : height * 1500 // 1920], 99.5) + 0.05) >= 4.5


@pytest.mark.parametrize("palette", ["coffee", "lime", "orbit"])
@pytest.mark.parametrize("family", FAMILIES)
def test_it_wears_the_palette(family: str, palette: str) -> None:
    """Every strong colour on it has a hue of the palette or one between its inks on their ground; none comes from elsewhere."""
    rgb = cv2.resize(planes_to_rgb(frames(family, palette=palette)[0]), (54, 96), interpolation=cv2.INTER_AREA)
    inks = PALETTES[palette]
    colours = np.array(
        [[int(ink[i : i + 2], 16) for i in (1, 3, 5)] for ink in (inks.background, inks.surface, inks.primary, inks.accent, inks.text)]
    )

    def chroma(values: np.ndarray) -> np.ndarray:
        values = values.reshape(-1, 3).astype(float)
        return np.stack([values[:, 0] - values[:, 1], values[:, 2] - values[:, 1]], axis=1)

    own, shown = chroma(colours), chroma(rgb)
    hull = cv2.convexHull((own * 1.0).astype(np.float32))
    outside = [cv2.pointPolygonTest(hull, tuple(map(float, point)), True) for point in shown]
    assert np.percentile(outside, 1) > -55


@pytest.mark.parametrize("family", FAMILIES)
def test_another_seed_is_another_backdrop(family: str) -> None:
    """Two seeds differ at a glance, not by a shade."""
    one, other = (cv2.resize(frames(family, seed=seed)[0].y, (27, 48), interpolation=cv2.INTER_AREA).astype(float) for seed in (1, 2))
    assert np.abs(one - other).mean() > 1.5


@pytest.mark.parametrize("family", FAMILIES)
def test_it_has_light_and_dark(family: str) -> None:
    """It is a picture: the upper third has at least twice the range of light of a flat ground, and colour."""
    planes = frames(family, palette="orbit")[0]
    top = cv2.GaussianBlur(planes.y[: planes.height_px // 3], (0, 0), 2.0)
    assert np.percentile(top, 99) - np.percentile(top, 1) > 25


@pytest.mark.parametrize("edge", ["top", "left"])
def test_shadows_in_a_collage_reach_the_frames_edge(edge: str) -> None:
    """Beside a piece of paper that the frame cuts, its shadow is as dark at the frame's edge as farther in."""
    x, y = (0.1, 0.0) if edge == "top" else (0.0, 0.1)
    planes = [np.full(shape, 100.0, np.float32) for shape in ((640, 480), (320, 240), (320, 240))]
    _lay(planes, _Cut((_block(0.8, 0.8),), x, y, sway=0.0, turn=0.0, phase=0.0, ink=np.zeros(3)), 0.0)
    beside = (planes[0] if edge == "top" else planes[0].T)[:60, 244:280]
    assert beside[:, 0].max() < 85.0
    assert np.abs(beside - beside[-1]).max() < 0.5


def test_gradients_do_not_band() -> None:
    """After the reel's own encode (x264 crf 20) a slow gradient still has no run of equal pixels long enough to see an edge."""
    canvas = Canvas(540, 960)
    slope = np.linspace(40, 52, 120, dtype=np.float32)[:, None].repeat(68, axis=1)
    grey = np.full((60, 34), 128, np.float32)
    picture = lay_grain(finish(Yuv(slope, grey, grey), canvas))
    decoded = encoded(picture, crf=20)
    longest = max(len(list(run)) for column in decoded[:, ::60].T for _, run in itertools.groupby(column.tolist()))
    assert longest < 40  # a band of the undithered gradient is 80 rows high
    rows = decoded.mean(axis=1)
    assert np.abs(rows - np.linspace(40, 52, len(rows))).max() < 0.6


@pytest.mark.parametrize(("family", "look"), list(zip(FAMILIES, itertools.cycle(LOOKS), strict=False)))
def test_an_encoded_backdrop_does_not_band(tmp_path: Path, family: str, look: Look) -> None:
    """Moved, encoded as a reel is and decoded, no family has bands that anybody would see (CAMBI at most 3; 5 is where bands disturb)."""
    palette = BANDING_PALETTES["light"]
    clip = drawn_clip(family, palette, tmp_path, seed=1, frames=12, size_px=(540, 960))
    assert banding_of(clip, look, palette, tmp_path, frames=12) <= 3.0


def test_bands_are_measured(tmp_path: Path) -> None:
    """A slow gradient without grain bands, by the measure that families are held to."""
    luma = np.rint(np.linspace(40, 60, 960))[:, None].repeat(540, axis=1).astype(np.uint8)
    grey = np.full((480, 270), 128, np.uint8)
    path = tmp_path / "bands.mp4"
    encode_segment([Planes(luma, grey, grey)] * 3, path, size_px=(540, 960), fps=Fps(num=30), settings=EncoderSettings())
    assert max(cambi(path)) > CAMBI_BAR


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_calm_where_captions_stand(family: str) -> None:
    """Where captions stand luma moves by less than a level a frame, and less than on the whole frame."""
    steps = [np.abs(before.y.astype(int) - after.y) for before, after in itertools.pairwise(frames(family, count=6, start=20))]
    height = len(steps[0])
    moving = np.mean([one[height * 900 // 1920 : height * 1500 // 1920].mean() for one in steps])
    assert moving < 1.0
    assert moving < np.mean([one.mean() for one in steps])


def encoded(planes: Planes, *, crf: int) -> np.ndarray:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = planes.width_px, planes.height_px, "yuv420p"
    encoder.time_base, encoder.options = Fps(num=30).ratio ** -1, {"crf": str(crf), "preset": "superfast"}
    stacked = np.concatenate([planes.y.ravel(), planes.u.ravel(), planes.v.ravel()]).reshape(-1, planes.width_px)
    packets = encoder.encode(av.VideoFrame.from_ndarray(stacked, format="yuv420p")) + encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = encoder.extradata
    frame = next(frame for packet in [*packets, None] for frame in decoder.decode(packet))
    return np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)[: frame.height, : frame.width]


def test_an_even_ground_keeps_its_colour() -> None:
    """Grain changes no colour: the mean over an even ground is the ink itself, for every ink."""
    inks = Inks.of(PALETTES["orbit"])
    from reelkit.media.backdrops.inks import ink_to_yuv

    for ink, colour in ((inks.deep, "#0E1033"), (inks.primary, "#3CC8F4"), (inks.accent, "#FF7A66")):
        flat = [np.full((24, 14), value, np.float32) for value in ink_to_yuv(ink)]
        planes = finish(Yuv(*flat), Canvas(256, 256))
        for plane, value in zip((planes.y, planes.u, planes.v), colour_to_yuv(colour), strict=True):
            assert abs(plane.mean() - value) < 0.6


def test_the_file(tmp_path: Path) -> None:
    """The file is lossless, tagged BT.709 limited, has the frames asked for at the rate asked for, and seeks cheaply."""
    path = tmp_path / "loop.mp4"
    asked = {"family": "grid_perspective", "palette": PALETTES["lime"], "seed": 2, "width_px": 270, "height_px": 480, "frame_count": 40}
    shares: list[float] = []
    draw_backdrop(path, **asked, fps=Fps(num=25), progress=shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    facts = probe_clip(path)
    assert (facts.duration_ms, facts.fps) == (1600, 25.0)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoded = list(container.decode(stream))
        context = stream.codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert context.pix_fmt == "yuv420p"
    assert max(b - a for a, b in itertools.pairwise([i for i, frame in enumerate(decoded) if frame.key_frame])) <= 15
    for frame, planes in zip(decoded, backdrop_frames(**asked), strict=True):
        rows = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
        assert np.array_equal(rows[: planes.height_px, : planes.width_px], planes.y)


def test_the_same_bytes_again_and_in_another_process(tmp_path: Path) -> None:
    """The same arguments give the same file, here and in a process of its own."""
    asked = {"family": "paper_layers", "palette": PALETTES["coffee"], "seed": 4, "width_px": 120, "height_px": 200, "fps": Fps(num=24)}
    shares: list[float] = []
    draw_backdrop(tmp_path / "one.mp4", **asked)
    draw_backdrop_apart(tmp_path / "two.mp4", **asked, progress=shares.append)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert shares[-1] == 1.0


def test_a_failed_process_is_one_line(tmp_path: Path) -> None:
    """What a drawing process dies of is told in one line."""
    with pytest.raises(FootageError, match="could not be drawn") as caught:
        draw_backdrop_apart(tmp_path / "missing" / "x.mp4", family="waves", palette=PALETTES["coffee"], seed=1, width_px=120, height_px=200)
    assert "\n" not in str(caught.value)


def test_unknown_family() -> None:
    """A family that is not there is refused by name, with those that are."""
    with pytest.raises(ValueError, match="gradient_flow"):
        next(backdrop_frames(family="plaid", palette=PALETTES["coffee"], seed=1, frame_count=2, **SMALL))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [(1080, 1080), (1920, 1080), (240, 240)])
def test_other_shapes(family: str, size: tuple[int, int]) -> None:
    """A backdrop fills a square and a wide frame as well."""
    planes = next(backdrop_frames(family=family, palette=PALETTES["orbit"], seed=1, width_px=size[0], height_px=size[1], frame_count=8))
    assert abs(planes.width_px / planes.height_px - size[0] / size[1]) < 0.02
    assert planes.y.std() > 3


def test_version_names_the_drawing() -> None:
    """The version is one hash, the same within a process."""
    assert drawing_version() == drawing_version()
    assert len(drawing_version()) == 64
