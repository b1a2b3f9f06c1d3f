"""What is measured of a file: boxes, levels, stretches, contrast, whether a text stands."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.errors import CheckError
from reelkit.media.h264 import is_idr, needed_level
from reelkit.media.inspect import inspect_reel
from reelkit.media.legibility import contrast_ratio, fill_colour, relative_luminance, text_contrast, text_stands
from reelkit.media.mp4 import read_mp4_layout
from reelkit.media.planes import Planes, rgb_to_planes
from reelkit.media.stretches import Stretches, shrunk
from tests.media.clips import write_video


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


FTYP = box(b"ftyp", b"isom\0\0\2\0")


@pytest.mark.parametrize(
    ("content", "boxes", "starts_at_once", "edit_lists", "truncated_at"),
    [
        (FTYP + box(b"moov") + box(b"mdat", b"x" * 9), ("ftyp", "moov", "mdat"), True, 0, None),
        (FTYP + box(b"mdat") + box(b"moov"), ("ftyp", "mdat", "moov"), False, 0, None),
        (FTYP + box(b"moov", box(b"trak", box(b"edts", box(b"elst"))) * 2), ("ftyp", "moov"), False, 2, None),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 20) + b"1234", ("ftyp", "mdat"), False, 0, None),
        (FTYP + struct.pack(">I4s", 0, b"mdat") + b"to the end", ("ftyp", "mdat"), False, 0, None),
        (FTYP + box(b"mdat", b"x" * 100)[:50], ("ftyp", "mdat"), False, 0, 16),
        (FTYP + struct.pack(">I4s", 4, b"mdat"), ("ftyp", "mdat"), False, 0, 16),
        (FTYP + b"\0\0", ("ftyp", ""), False, 0, 16),
        (b"", (), False, 0, None),
    ],
    ids=["fast", "slow", "edits", "64-bit", "to-the-end", "cut", "no-size", "stub", "empty"],
)
def test_boxes_are_read_in_order_and_to_the_end(
    content: bytes, boxes: tuple[str, ...], starts_at_once: bool, edit_lists: int, truncated_at: int | None, tmp_path: Path
) -> None:
    """Order, edit lists, 64-bit and open-ended sizes are read, and a box that reaches beyond the file is told with its place."""
    path = tmp_path / "file.mp4"
    path.write_bytes(content)
    layout = read_mp4_layout(path)
    assert (layout.boxes, layout.starts_at_once, layout.edit_lists, layout.truncated_at) == (
        boxes,
        starts_at_once,
        edit_lists,
        truncated_at,
    )


@given(st.binary(max_size=400))
def test_any_bytes_have_a_layout(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """The reader ends on whatever it is given, without an error."""
    path = tmp_path_factory.mktemp("boxes") / "file.mp4"
    path.write_bytes(FTYP + content)
    layout = read_mp4_layout(path)
    assert layout.boxes[0] == "ftyp"
    assert layout.truncated_at is None or 0 <= layout.truncated_at < len(content) + len(FTYP)


@given(st.integers(16, 4000), st.integers(16, 4000), st.sampled_from([24, 25, 30, 60]))
def test_a_larger_or_faster_picture_never_needs_a_lower_level(width: int, height: int, fps: int) -> None:
    """Levels grow with size and rate, and lying on its side changes nothing."""
    level = needed_level(width, height, Fraction(fps))
    larger = needed_level(width + 160, height, Fraction(fps))
    faster = needed_level(width, height, Fraction(fps * 2))
    assert level == needed_level(height, width, Fraction(fps))
    assert all(other is None or (level is not None and other >= level) for other in (larger, faster))


def test_the_kind_of_a_picture_is_read_past_other_units() -> None:
    """Parameter sets before a slice do not hide whether it is an IDR picture."""
    extradata = bytes([1, 100, 0, 40, 0xFF])
    settings, idr, other = bytes([0, 0, 0, 2, 0x67, 0]), bytes([0, 0, 0, 2, 0x65, 0]), bytes([0, 0, 0, 2, 0x41, 0])
    assert [is_idr(packet, extradata) for packet in (settings + idr, settings + other, settings, b"")] == [True, False, False, False]


def test_stretches_are_found_to_the_frame(tmp_path: Path) -> None:
    """Ten black frames and twenty equal ones are as long as they are, and lie where they are."""
    lumas = [*range(60, 80), *[16] * 10, *range(90, 100), *[120] * 20, *range(130, 140)]
    facts = inspect_reel(write_video(tmp_path / "steps.mp4", [value * 1 for value in lumas]), fps=Fraction(30)).picture
    assert facts is not None
    assert [(round(span.start_s * 30), round(span.end_s * 30)) for span in facts.black] == [(20, 30)]
    longest = max(facts.still, key=lambda span: span.length_s)
    assert (round(longest.start_s * 30), round(longest.end_s * 30)) == (40, 60)
    assert (facts.frames_decoded, len(facts.pts)) == (70, 70)


def test_covered_areas_neither_light_nor_move_a_picture() -> None:
    """What happens under a caption does not count; where everything is covered, everything counts."""
    bright, plain = np.full((480, 270), 16, np.uint8), np.full((480, 270), 16, np.uint8)
    bright[100:150, 50:100] = 235
    for covered, found in (((200, 400, 400, 600),), True), ((), False), (((0, 0, 1080, 1920),), False):
        stretches = Stretches(covered)
        for number in range(10):
            stretches.take(bright if number % 2 else plain, (1920, 1080), Fraction(number, 30))
        black, still = stretches.finish(Fraction(1, 3))
        assert (max(span.length_s for span in black) > 0.3, max(span.length_s for span in still) > 0.3) == (found, found)


def test_small_luma_keeps_the_mean_and_the_shape() -> None:
    """Making a picture small does not make it darker; a small one is copied, not shared."""
    luma = np.random.Generator(np.random.PCG64(1)).integers(16, 236, (1920, 1080)).astype(np.uint8)
    small = shrunk(luma)
    assert small.shape == (480, 270)
    assert float(small.mean()) == pytest.approx(float(luma.mean()), abs=0.5)
    assert not np.shares_memory(shrunk(small), small)


def test_what_is_looked_at_is_the_frame_that_was_asked_for(tmp_path: Path) -> None:
    """Frames are handed over by number, in order, each once."""
    path = write_video(tmp_path / "ramp.mp4", [40 + 2 * frame for frame in range(40)])
    seen: list[tuple[int, int]] = []
    inspect_reel(
        path, fps=Fraction(30), wanted={3, 17, 39, 50}, look=lambda frame, planes, _small: seen.append((frame, int(planes.y[5, 5])))
    )
    assert seen == [(3, 46), (17, 74), (39, 118)]


def test_what_is_no_video_is_one_line(tmp_path: Path) -> None:
    """A text with a video's name is named, with what to do."""
    path = tmp_path / "reel.mp4"
    path.write_text("hello")
    with pytest.raises(CheckError, match=r"^check: reel\.mp4 cannot be read as a video \(.*\); render the reel again$"):
        inspect_reel(path, fps=Fraction(30))


# --- text on frames -------------------------------------------------------------------------------------------------


def text_frame(fill: int, edge: int | None, ground: int, *, width_px: int = 1080) -> tuple[Planes, np.ndarray, int, int]:
    """Three bars for letters, in a frame of one grey, with an edge of another around them; and their mask."""
    height, step, edge_px = 200, round(60 * width_px / 1080), round(8 * width_px / 1080)
    mask = np.zeros((100, 4 * step), bool)
    rgb = np.full((height, width_px, 3), ground, np.uint8)
    x, y = 40, 50
    for number in range(3):
        left = number * step
        mask[10:90, left + edge_px : left + step // 2] = True
    if edge is not None:
        for number in range(3):
            left = x + number * step
            rgb[y + 10 - edge_px : y + 90 + edge_px, left : left + step // 2 + edge_px] = edge
    rgb[y : y + 100, x : x + mask.shape[1]][mask] = fill
    return rgb_to_planes(rgb), mask, x, y


@pytest.mark.parametrize("width_px", [1080, 540])
@pytest.mark.parametrize(
    ("fill", "edge", "ground", "neighbour"),
    [(255, None, 0, 0), (255, 0, 255, 0), (30, 200, 30, 200), (120, None, 130, 130), (255, None, 90, 90)],
    ids=["plain", "outline-saves", "dark-on-box", "drowns", "middle"],
)
def test_contrast_is_with_what_lies_directly_around(fill: int, edge: int | None, ground: int, neighbour: int, width_px: int) -> None:
    """An outline counts where there is one, else the picture does; the figure is WCAG's for the two colours."""
    light = [float(relative_luminance(np.array([value] * 3, np.uint8))) for value in (fill, neighbour)]
    found = text_contrast(*text_frame(fill, edge, ground, width_px=width_px))
    assert found is not None
    assert found.median == pytest.approx(contrast_ratio(*light), rel=0.03)
    assert found.low <= found.median + 1e-6


def test_a_text_stands_only_where_it_is() -> None:
    """The mask of a text finds it, and finds nothing in plain grey, in noise, beside it, or on other text."""
    planes, mask, x, y = text_frame(255, 0, 120)
    noise = np.random.Generator(np.random.PCG64(1)).integers(0, 255, (200, 1080, 3)).astype(np.uint8)
    assert text_stands(planes, mask, x, y) is True
    assert text_stands(planes, mask, x + 24, y) is False
    assert text_stands(Planes.filled(1080, 200, "#808080"), mask, x, y) is False
    assert text_stands(rgb_to_planes(noise), mask, x, y) is False
    assert text_stands(planes, np.zeros_like(mask), x, y) is None
    assert text_stands(planes, mask, 5000, y) is None


def test_a_mask_over_the_frames_edge_is_cut() -> None:
    """Letters half outside the frame are measured by the half inside."""
    planes, mask, x, y = text_frame(255, 0, 120)
    bigger = np.pad(mask, ((y + 30, 200), (x + 60, 1200)))
    assert text_stands(planes, bigger, -60, -30) is True
    assert text_contrast(planes, bigger, -60, -30) is not None


def test_the_colour_of_letters_is_read_inside_them() -> None:
    """The median inside the letters is their colour, whatever surrounds them."""
    planes, mask, x, y = text_frame(200, 20, 90)
    assert fill_colour(planes, mask, x, y) == pytest.approx((200, 200, 200), abs=2)
    assert fill_colour(planes, np.zeros_like(mask), x, y) is None
