"""Encoding and joining: exact frames, exact times, the same bytes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reelkit.errors import ComposeError
from reelkit.media.encode import Finer, encode_segment, join_segments
from reelkit.media.loudness import encode_audio
from reelkit.media.planes import Planes, plane_rows
from reelkit.model import Fps
from tests.media.clips import PlainSettings

SIZE = (96, 160)
FPS = Fps(num=30)


def _frames(count: int, seed: int) -> list[Planes]:
    rng = np.random.default_rng(seed)
    noise = rng.integers(40, 200, (SIZE[1], SIZE[0]), dtype=np.uint8)
    half = np.full((SIZE[1] // 2, SIZE[0] // 2), 120, np.uint8)
    return [Planes(np.roll(noise, 2 * index, axis=1), half, half) for index in range(count)]


def _segment(path: Path, count: int, seed: int, *, fps: Fps = FPS) -> Path:
    encode_segment(_frames(count, seed), path, size_px=SIZE, fps=fps, settings=PlainSettings())
    return path


def _decoded(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [plane_rows(frame.planes[0])[:, : SIZE[0]].tobytes() for frame in container.decode(video=0)]


@pytest.mark.parametrize("fps", [Fps(num=30), Fps(num=25), Fps(num=30000, den=1001)])
def test_a_join_decodes_to_its_segments(tmp_path: Path, fps: Fps) -> None:
    """Joined segments give the frames of the single ones, one after the other, at exact times from 0."""
    counts = (45, 17, 61)
    segments = [_segment(tmp_path / f"{index}.mp4", count, index, fps=fps) for index, count in enumerate(counts)]
    seconds = sum(counts) / float(fps.ratio)
    sound = encode_audio(np.zeros((round(seconds * 48_000), 2), np.float32), 48_000)
    joined = tmp_path / "joined.mp4"
    assert join_segments(segments, sound, joined, fps=fps, tags={}) == sum(counts)
    assert _decoded(joined) == [frame for segment in segments for frame in _decoded(segment)]
    with av.open(str(joined)) as container:
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
        assert [stream.start_time for stream in container.streams] == [0, 0]
    assert times == [Fraction(index) / fps.ratio for index in range(sum(counts))]


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    """Encoding twice in one process gives the same file."""
    assert _segment(tmp_path / "a.mp4", 75, 1).read_bytes() == _segment(tmp_path / "b.mp4", 75, 1).read_bytes()


def test_a_finer_stretch_gets_more_bits_and_joins_like_any_other(tmp_path: Path) -> None:
    """Frames that are to be finer take more bytes than without, those before them take the same, and the parameter sets stay."""
    sizes = []
    for finer in ((), (Finer(30, 47, 1.6),)):
        path = tmp_path / f"{len(finer)}.mp4"
        encode_segment(_frames(60, 1), path, size_px=SIZE, fps=FPS, settings=PlainSettings(), finer=finer)
        with av.open(str(path)) as container:
            sizes.append([packet.size for packet in container.demux(video=0) if packet.size])
    # The first frame names the encoder and its options.
    assert sizes[0][1:15] == sizes[1][1:15]
    assert sum(sizes[1][31:45]) > 1.2 * sum(sizes[0][31:45])
    sound = encode_audio(np.zeros((192_000, 2), np.float32), 48_000)
    assert join_segments([tmp_path / "0.mp4", tmp_path / "1.mp4"], sound, tmp_path / "joined.mp4", fps=FPS, tags={}) == 120


def test_segments_of_other_settings_do_not_join(tmp_path: Path) -> None:
    """Parameter sets must be the same; else the join says so instead of making a broken file."""
    segments = [_segment(tmp_path / "a.mp4", 30, 1), _segment(tmp_path / "b.mp4", 30, 2, fps=Fps(num=24))]
    sound = encode_audio(np.zeros((96_000, 2), np.float32), 48_000)
    with pytest.raises(ComposeError, match="other settings"):
        join_segments(segments, sound, tmp_path / "joined.mp4", fps=FPS, tags={})


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """What the file system refuses is said in one line."""
    with pytest.raises(ComposeError, match="could not be encoded"):
        _segment(tmp_path / "nowhere" / "a.mp4", 3, 1)
