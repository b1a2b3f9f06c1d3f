"""Previews, posters and stills of a reel: small, whole, deterministic."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reelkit.errors import ComposeError
from reelkit.media.inspect import inspect_reel
from reelkit.media.preview import PreviewCopy, make_poster, make_preview, music_copy, narration_copy, reel_stills
from reelkit.runs.cache import FileCache
from tests.report.notebook import make_reel
from tests.views import samples


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reel(tmp_path_factory.mktemp("reel") / "reel.mp4", seconds=4, width_px=540, height_px=960)


def test_a_preview_is_a_small_copy_that_plays_at_once(reel: Path, tmp_path: Path) -> None:
    """It is H.264 yuv420p and AAC mono at half the frames, as long and as loud as the reel, `moov` first, with BT.709
    tags."""
    out = make_preview(reel, tmp_path / "preview.mp4")
    with av.open(str(out)) as preview:
        video, audio = preview.streams.video[0], preview.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt, audio.codec_context.name) == ("h264", "yuv420p", "aac")
        assert (video.width, video.height, video.average_rate, video.frames) == (360, 640, 15, 60)
        context = video.codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert (video.start_time, audio.start_time) == (0, 0)
        assert abs((preview.duration or 0) / av.time_base - 4) < 0.1
        heard = np.concatenate([frame.to_ndarray()[0] for frame in preview.decode(audio=0)])
    assert abs(len(heard) / 48_000 - 4) < 0.05
    with av.open(str(reel)) as whole:
        left = np.concatenate([frame.to_ndarray()[0] for frame in whole.decode(audio=0)])
    assert np.sqrt(np.mean(heard[4800:-4800] ** 2)) == pytest.approx(np.sqrt(np.mean(left[4800:-4800] ** 2)), rel=0.03)
    raw = out.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")


def test_a_preview_shows_the_reel_at_the_right_moment(reel: Path, tmp_path: Path) -> None:
    """Each frame of the preview looks like the reel's frame of that time, within two frames of the reel."""
    out = make_preview(reel, tmp_path / "preview.mp4")

    def small(path: Path) -> list[np.ndarray]:
        with av.open(str(path)) as container:
            return [frame.reformat(54, 96, "gray").to_ndarray().astype(float) for frame in container.decode(video=0)]

    frames, shown = small(reel), small(out)
    for index in (4, 20, 41, 58):
        off = [float(np.abs(shown[index] - frame).mean()) for frame in frames]
        assert 0 <= index * 2 - int(np.argmin(off)) <= 2


def test_a_preview_keeps_to_its_bytes(reel: Path, tmp_path: Path) -> None:
    """With few bytes the picture gets smaller, and the file fits."""
    out = make_preview(reel, tmp_path / "small.mp4", max_bytes=40_000)
    assert out.stat().st_size <= 40_000
    with av.open(str(out)) as preview:
        assert preview.streams.video[0].width < 360


def test_the_same_reel_gives_the_same_preview(reel: Path, tmp_path: Path) -> None:
    """Two previews of one reel are the same bytes."""
    first, second = (make_preview(reel, tmp_path / f"{n}.mp4").read_bytes() for n in range(2))
    assert first == second


def test_a_preview_costs_no_decoding_of_its_own(reel: Path, tmp_path: Path) -> None:
    """Made while the check reads the reel, it is the same bytes; where it would be too large, or the reel is damaged, none is kept and the
    reel is measured all the same."""
    cache = FileCache(tmp_path / "cache")
    plain = inspect_reel(reel, fps=Fraction(30))
    facts = inspect_reel(reel, fps=Fraction(30), copy=PreviewCopy(cache.put("previews", "a" * 8, ".mp4")))
    kept = cache.get("previews", "a" * 8, ".mp4")
    assert kept is not None
    assert kept.read_bytes() == make_preview(reel, tmp_path / "preview.mp4").read_bytes()
    assert (facts.picture, facts.damage) == (plain.picture, "")
    assert facts.sound is not None
    assert plain.sound is not None
    assert np.array_equal(facts.sound.samples, plain.sound.samples)

    inspect_reel(reel, fps=Fraction(30), copy=PreviewCopy(cache.put("previews", "b" * 8, ".mp4"), max_bytes=4_000))
    damaged = tmp_path / "damaged.mp4"
    content = bytearray(reel.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    damaged.write_bytes(content)
    assert inspect_reel(damaged, fps=Fraction(30), copy=PreviewCopy(cache.put("previews", "c" * 8, ".mp4"))).damage
    (tmp_path / "file").write_text("in the way")
    nowhere = FileCache(tmp_path / "file").put("previews", "d" * 8, ".mp4")
    assert inspect_reel(reel, fps=Fraction(30), copy=PreviewCopy(nowhere)).picture == plain.picture
    assert {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()} == {kept.name, f"{kept.name}.sum"}


@contextmanager
def _no_file_above(size: int) -> Iterator[None]:
    """Have the system refuse to write files that are larger, as a full disk does."""
    resource = pytest.importorskip("resource")
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)


@pytest.fixture(scope="module")
def noisy_reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of noise, whose copy is far larger than what FFmpeg holds back before it writes (256 kB)."""
    path, rng = tmp_path_factory.mktemp("noise") / "reel.mp4", np.random.Generator(np.random.PCG64(5))
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = 360, 640, "yuv420p"
        for _ in range(30):
            frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (960, 360), np.uint8), format="yuv420p")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_disk_that_fills_up_costs_the_preview_and_not_the_reel(noisy_reel: Path, tmp_path: Path, share: float) -> None:
    """Wherever in the copy no more can be written, from its first bytes to its index, the reel is measured as without one, and nothing of
    the copy is left."""
    size = make_preview(noisy_reel, tmp_path / "preview.mp4", max_bytes=9_000_000).stat().st_size
    assert size > 1_000_000
    plain = inspect_reel(noisy_reel, fps=Fraction(30))
    place = FileCache(tmp_path / "cache").put("previews", "a" * 8, ".mp4")
    with _no_file_above(round(share * size)):
        facts = inspect_reel(noisy_reel, fps=Fraction(30), copy=PreviewCopy(place, max_bytes=9_000_000))
    assert (facts.picture, facts.damage) == (plain.picture, "")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_reel_without_sound_has_a_preview_without_sound(reel: Path, tmp_path: Path) -> None:
    """A silent reel makes a silent preview, not an error."""
    mute = tmp_path / "mute.mp4"
    with av.open(str(reel)) as source, av.open(str(mute), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with av.open(str(make_preview(mute, tmp_path / "preview.mp4"))) as preview:
        assert [stream.type for stream in preview.streams] == ["video"]


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nother.ts\n", b"not a video", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 200])
def test_what_is_no_reel_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    """A file that is no video gives one line that names it, and nothing under the final name."""
    broken = tmp_path / "reel.mp4"
    broken.write_bytes(content)
    for make in (make_preview, make_poster):
        with pytest.raises(ComposeError, match=r"reel\.mp4") as caught:
            make(broken, tmp_path / "out")
        assert "\n" not in str(caught.value)
    with pytest.raises(ComposeError, match=r"reel\.mp4"):
        reel_stills(broken)
    assert [path.name for path in tmp_path.iterdir()] == ["reel.mp4"]


def test_a_reel_that_is_too_long_for_so_few_bytes_is_said(reel: Path, tmp_path: Path) -> None:
    """An impossible bound is one line, not a file that breaks it."""
    with pytest.raises(ComposeError, match="does not fit into 4,000 bytes"):
        make_preview(reel, tmp_path / "preview.mp4", max_bytes=4_000)
    assert list(tmp_path.iterdir()) == []


def test_a_poster_is_the_frame_at_its_time(reel: Path, tmp_path: Path) -> None:
    """The poster shows the frame that plays at its moment, at the reel's size; past the end it is the last frame."""
    with av.open(str(reel)) as container:
        frames = [frame.to_ndarray(format="rgb24")[::8, ::8].astype(float) for frame in container.decode(video=0)]
    for at_s, index in ((0.0, 0), (1.0, 30), (2.51, 75), (99.0, 119)):
        poster = np.asarray(Image.open(make_poster(reel, tmp_path / "poster.jpg", at_s=at_s)), float)
        assert poster.shape == (960, 540, 3)
        off = [float(np.abs(poster[::8, ::8] - frame).mean()) for frame in frames]
        assert int(np.argmin(off)) == index


def test_stills_spread_over_the_reel(reel: Path) -> None:
    """Stills are in order, each once, within the reel, and small."""
    stills = reel_stills(reel, count=8, width_px=100)
    times = [at_s for at_s, _ in stills]
    assert times == sorted(set(times))
    assert len(times) >= 4
    assert 0 <= times[0] < 1 <= 3 <= times[-1] < 4
    assert all(Image.open(io.BytesIO(still)).width == 100 for _, still in stills)


def test_a_narration_copy_is_small_and_as_long_as_the_narration() -> None:
    """The copy decodes to the narration's length and shape in a fraction of its bytes."""
    spoken = samples.audio()
    copy = narration_copy(spoken.samples, spoken.rate_hz)
    assert len(copy) < 300_000
    with av.open(io.BytesIO(copy)) as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert abs(len(heard) - len(spoken.samples)) <= 2048

    def envelope(samples: np.ndarray) -> np.ndarray:
        return np.sqrt(np.add.reduceat(samples[:700_000].astype(float) ** 2, range(0, 700_000, 2400)))

    assert np.corrcoef(envelope(heard), envelope(spoken.samples))[0, 1] > 0.97


def test_a_copy_of_music_keeps_its_sides_and_never_clips() -> None:
    """Left stays left, right stays right, and what passes 1 is turned down as a whole."""
    at = np.arange(2 * 40_000) / 40_000
    wide = np.stack([0.4 * np.sin(2 * np.pi * 330 * at), 0.1 * np.sin(2 * np.pi * 550 * at)], axis=1).astype(np.float32)
    wide[:200] *= 5
    with av.open(io.BytesIO(music_copy(wide, 40_000))) as container:
        heard_hz = container.streams.audio[0].rate
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[:, heard_hz // 2 : 3 * heard_hz // 2]
    assert [float(np.argmax(np.abs(np.fft.rfft(side)))) for side in heard] == pytest.approx([330, 550], abs=1)
    assert [float(np.abs(side).max()) for side in heard] == pytest.approx([0.4 / 2, 0.1 / 2], rel=0.05)


@pytest.mark.parametrize("rate_hz", [22_050, 40_000, 96_000, 176_400, 192_000])
def test_a_narration_of_any_rate_can_be_listened_to(rate_hz: int) -> None:
    """What AAC does not know is heard at 48 kHz, as long and as high as it was."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate_hz) / rate_hz).astype(np.float32)
    with av.open(io.BytesIO(narration_copy(tone, rate_hz))) as container:
        heard_hz = container.streams.audio[0].rate
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert heard_hz == (rate_hz if rate_hz in (22_050, 96_000) else 48_000)
    assert abs(len(heard) / heard_hz - 2) < 0.1
    spectrum = np.abs(np.fft.rfft(heard[: 2 * heard_hz]))
    assert np.argmax(spectrum) / 2 == pytest.approx(440, abs=2)
