"""Decoding: the right picture at the right time, whatever the source."""

from __future__ import annotations

import gc
import itertools
import random
import subprocess
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.decode import VideoReader, open_clip
from reelkit.media.planes import colour_to_yuv
from reelkit.media.probe import probe_clip
from reelkit.model import Fps
from tests.media.clips import clip_of, write_video

FPS = Fps(num=30)


def test_any_order_gives_the_same_frames(tmp_path: Path) -> None:
    """Seeking anywhere gives what decoding in order gives."""
    lumas = list(range(20, 140))
    clip = clip_of(write_video(tmp_path / "a.mp4", lumas), duration_ms=4000)
    order = list(range(120))
    random.Random(3).shuffle(order)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in order] == [lumas[index] for index in order]
    reader.close()


def _frames_alive() -> int:
    return sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())


def test_frames_are_let_go_at_once(tmp_path: Path) -> None:
    """A clip that is read on takes no more memory for each frame: none waits for the garbage collector, with its 3 MB."""
    reader = open_clip(clip_of(write_video(tmp_path / "a.mp4", range(20, 80)), duration_ms=2000), FPS)
    gc.collect()
    gc.disable()
    # Other tests of the same process may have left some.
    before = _frames_alive()
    try:
        for index in range(60):
            reader.frame(index)
        assert _frames_alive() - before < 10
    finally:
        gc.enable()
    reader.close()


PYRAMID = "scenecut=0:bframes=3:b-adapt=0:b-pyramid={pyramid}:keyint={every}:min-keyint={every}:open-gop={open_gop}"
CODERS = {
    "closed": ("libx264", {"preset": "fast", "x264-params": PYRAMID.format(pyramid="normal", every="{every}", open_gop=0)}),
    "open": ("libx264", {"preset": "fast", "x264-params": PYRAMID.format(pyramid="normal", every="{every}", open_gop=1)}),
    "hevc": ("libx265", {"preset": "fast", "x265-params": "log-level=none:" + PYRAMID.format(pyramid=1, every="{every}", open_gop=0)}),
    "open hevc": ("libx265", {"preset": "fast", "x265-params": "log-level=none:" + PYRAMID.format(pyramid=1, every="{every}", open_gop=1)}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1", "g": "{every}"}),
    "mpeg4": ("mpeg4", {"bf": "2", "g": "{every}", "qscale": "4"}),
}
"""Groups of pictures of every make: references among the B-frames, pictures before their keyframe, frames that are never shown."""


def _moving_texture(count: int) -> Iterator[np.ndarray]:
    """Yield pictures as planar yuv420p rows [shape=(144, 64)], each a column on and a level brighter."""
    texture = np.random.default_rng(1).integers(30, 220, (96, 64 + count), np.uint8)
    for number in range(count):
        rows = np.full((144, 64), 128, np.uint8)
        rows[:96] = texture[:, number : number + 64] // 2 + number % 100
        yield rows


def _long_gop(path: Path, times: Sequence[Fraction], *, keyframe_every: int, coder: str = "closed") -> Path:
    """Moving texture with three B-frames between references, of which one is a reference too."""
    codec, options = CODERS[coder]
    options = {name: value.replace("{every}", str(keyframe_every)) for name, value in options.items()}
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 3000)
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for at, rows in zip(times, _moving_texture(len(times)), strict=True):
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            frame.pts, frame.time_base = int(at * 3000), Fraction(1, 3000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "coder", "keyframe_every", "even"),
    [
        ("a.mp4", "closed", 250, True),
        ("a.mp4", "closed", 250, False),
        ("a.mp4", "closed", 40, True),
        ("a.mkv", "closed", 40, True),
        ("a.mkv", "closed", 250, False),
        ("a.ts", "closed", 40, True),
        ("a.mp4", "open", 24, True),
        ("a.mp4", "open", 24, False),
        ("a.mkv", "open", 24, True),
        ("a.ts", "open", 24, True),
        ("a.mp4", "hevc", 250, False),
        ("a.mp4", "open hevc", 24, True),
        ("a.mkv", "open hevc", 24, False),
        ("a.webm", "vp9", 250, False),
        ("a.mp4", "mpeg4", 60, True),
    ],
)
def test_leaps_in_a_long_gop_are_exact(tmp_path: Path, name: str, coder: str, keyframe_every: int, even: bool) -> None:
    """Frames that nothing refers to are passed over, pictures and places kept: every frame, however reached, is the one of its time."""
    chance = random.Random(2)
    steps = [Fraction(1, 30) if even else chance.choice([Fraction(1, 30), Fraction(1, 60), Fraction(3, 10)]) for _ in range(119)]
    times = list(itertools.accumulate(steps, initial=Fraction(0)))
    path = _long_gop(tmp_path / name, times, keyframe_every=keyframe_every, coder=coder)
    clip, count = clip_of(path, duration_ms=int(times[-1] * 1000)), int(times[-1] * 30)
    in_order = open_clip(clip, FPS)
    expected = [in_order.frame(index).tobytes() for index in range(count)]
    assert len(set(expected)) >= 80
    shuffled = chance.sample(range(count), count)
    about = [chance.randrange(count)]
    for turn in range(60):
        about.append(chance.randrange(count) if turn % 3 == 0 else min(max(about[-1] + chance.choice([-2, -1, 1, 40]), 0), count - 1))
    for order, kept, places in ((about, 0, 1), (about, 12, 3), (shuffled, 0, 4)):
        reader = open_clip(clip, FPS, threads=2, kept=kept, places=places)
        for at in order:
            assert reader.frame(at).tobytes() == expected[at], (at, kept, places)
        reader.close()


@pytest.mark.parametrize("coder", ["closed", "mpeg4"])
def test_reordered_frames_in_avi_are_shown_in_turn(tmp_path: Path, coder: str) -> None:
    """AVI does not say when a picture is shown: each stands for one frame, in any order of asking."""
    path = _long_gop(tmp_path / "a.avi", [Fraction(number, 30) for number in range(60)], keyframe_every=20, coder=coder)
    clip, drawn = clip_of(path, duration_ms=2000), np.stack([rows[:96].astype(int) for rows in _moving_texture(60)])
    reader = open_clip(clip, FPS)
    in_order = [reader.frame(index) for index in range(60)]
    assert [np.abs(drawn - planes.y).mean(axis=(1, 2)).argmin() for planes in in_order] == [*range(60)]
    for leaping in (reader, open_clip(clip, FPS)):
        for index in random.Random(2).sample(range(60), 60):
            assert leaping.frame(index).tobytes() == in_order[index].tobytes(), index


def test_a_slower_source_is_held(tmp_path: Path) -> None:
    """A source of 10 frames a second shows each for three frames of a 30-frame reel, never early."""
    clip = clip_of(write_video(tmp_path / "a.mp4", [50, 100, 150], rate=10), duration_ms=300)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in range(9)] == [50] * 3 + [100] * 3 + [150] * 3


def test_a_variable_rate_is_followed_by_its_timestamps(tmp_path: Path) -> None:
    """Each frame shows from its own timestamp on, however uneven."""
    times = [Fraction(0), Fraction(1, 10), Fraction(4, 10), Fraction(5, 10)]
    clip = clip_of(write_video(tmp_path / "a.mp4", [40, 80, 120, 160], times=times), duration_ms=600)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in range(18)] == [40] * 3 + [80] * 9 + [120] * 3 + [160] * 3


def test_a_loop_goes_round(tmp_path: Path) -> None:
    """A looping clip gives frame n + length as it gives frame n."""
    lumas = [30, 60, 90, 120, 150, 180]
    clip = clip_of(write_video(tmp_path / "a.mp4", lumas), duration_ms=200, loops=True)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in range(15)] == [lumas[index % 6] for index in range(15)]


def test_beyond_the_end_the_last_picture_stands(tmp_path: Path) -> None:
    """A transition may run over a clip's end: the last picture stays."""
    clip = clip_of(write_video(tmp_path / "a.mp4", [50, 100, 150]), duration_ms=100)
    reader = open_clip(clip, FPS)
    assert [int(reader.frame(index).y[0, 0]) for index in (2, 3, 40, 41)] == [150] * 4


def test_a_picture_keeps_its_colour_and_its_upright_side(tmp_path: Path) -> None:
    """A JPEG that is stored lying down is shown upright; red is BT.709 red."""
    lying = np.zeros((60, 100, 3), np.uint8)
    lying[:, :50] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(lying).save(tmp_path / "p.jpg", exif=exif, quality=97, subsampling=0)
    planes = open_clip(clip_of(tmp_path / "p.jpg", duration_ms=None), FPS).frame(0)
    assert (planes.width_px, planes.height_px) == (60, 100)
    assert abs(int(planes.y[10, 30]) - colour_to_yuv("#FF0000")[0]) <= 2
    assert int(planes.y[90, 30]) <= 18


def _packets(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize(("damaged", "fewest"), [((20,), 47), ((0,), 24), ((24, 30), 24), ((46, 47), 46)])
def test_damaged_packets_are_passed_over(tmp_path: Path, damaged: Sequence[int], fewest: int) -> None:
    """The last good picture stands for one that does not decode, and all are the same by whatever way and with however many threads."""
    path = _long_gop(tmp_path / "a.mp4", [Fraction(number, 30) for number in range(48)], keyframe_every=24)
    content, places = bytearray(path.read_bytes()), _packets(path)
    for number in damaged:
        at, size = places[number]
        content[at : at + size] = bytes(size)
    path.write_bytes(content)
    clip = clip_of(path, duration_ms=1600)
    in_order = open_clip(clip, FPS)
    expected = [in_order.frame(index).tobytes() for index in range(50)]
    # A lost keyframe may take along the pictures up to the next one.
    assert fewest <= len(set(expected)) < 48
    for threads in (1, 3):
        for order in (range(50), random.Random(4).sample(range(50), 50)):
            reader = open_clip(clip, FPS, threads=threads)
            assert [index for index in order if reader.frame(index).tobytes() != expected[index]] == []
            reader.close()


def test_where_a_file_is_damaged_is_told(tmp_path: Path) -> None:
    """A reader says where the damage begins, once it has read that far; of a whole file it says nothing."""
    path = _long_gop(tmp_path / "a.mp4", [Fraction(number, 30) for number in range(48)], keyframe_every=24)
    whole, content = path.read_bytes(), bytearray(path.read_bytes())
    at, size = _packets(path)[30]
    content[at : at + size] = bytes(size)
    for bytes_now, told in ((whole, None), (bytes(content), pytest.approx(1.0, abs=0.1))):
        path.write_bytes(bytes_now)
        reader = VideoReader(clip_of(path, duration_ms=1600), FPS)
        reader.frame(10)
        assert reader.damaged_s is None
        reader.frame(47)
        assert reader.damaged_s == told
        reader.close()


def test_a_video_cut_short_is_shown_as_far_as_the_probe_says(tmp_path: Path) -> None:
    """Of half a download, every frame that the probe counts can be shown, and another follows it."""
    path = _long_gop(tmp_path / "a.mp4", [Fraction(number, 30) for number in range(48)], keyframe_every=250)
    early = tmp_path / "early.mp4"
    with av.open(str(path)) as source, av.open(str(early), "w", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    at, size = _packets(early)[40]
    early.write_bytes(early.read_bytes()[: at + size // 2])
    facts = probe_clip(early)
    assert 1200 <= (facts.duration_ms or 0) <= 1400
    reader = open_clip(clip_of(early, duration_ms=facts.duration_ms), FPS)
    count = (facts.duration_ms or 0) * 30 // 1000
    assert len({reader.frame(index).tobytes() for index in range(count)}) >= count - 3


def test_empty_packets_show_the_same_picture_again(tmp_path: Path) -> None:
    """A packet without content, by which Ogg says that nothing changes, is no end and no fault."""
    path = tmp_path / "a.ogv"
    greys = [bytes([60 if number < 20 else 160]) * (64 * 96) for number in range(30)]
    told = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-s",
        "64x96",
        "-r",
        "30",
        "-i",
        "-",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libtheora",
        str(path),
    ]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *told], input=b"".join(greys), check=True)
    with av.open(str(path)) as container:
        assert any(packet.size == 0 and packet.dts is not None for packet in container.demux(video=0))
    reader = open_clip(clip_of(path), FPS)
    assert [int(reader.frame(index).y[50, 30]) > 110 for index in (0, 19, 20, 29, 5)] == [False, False, True, True, False]


def test_a_clip_that_is_gone_says_so(tmp_path: Path) -> None:
    """A file that vanished since it was found is one line with its name."""
    clip = clip_of(write_video(tmp_path / "gone.mp4", [50] * 3))
    (tmp_path / "gone.mp4").unlink()
    with pytest.raises(ClipError, match=r"gone\.mp4"):
        open_clip(clip, FPS).frame(0)
