"""Judging the file: its boxes, its streams and their timestamps against ``docs/norms.md``, The file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import zip_longest

from reelkit.brand import Brand
from reelkit.media.h264 import level_name, needed_level
from reelkit.media.inspect import PictureFacts, ReelFacts, SoundFacts
from reelkit.media.mp4 import Mp4Layout
from reelkit.model import Finding, Reel, Shot, Timeline
from reelkit.whole import sha256_of

__all__ = ["judge_container", "judge_footage", "judge_picture_stream", "judge_sound_stream"]

_must = partial(Finding, level="must")
_should = partial(Finding, level="should")

_AGAIN = "render the reel again"
_BT709_LIMITED = (1, 1, 1, 1)
_COLOUR_NAMES = ("primaries", "transfer", "matrix", "range")
_PRIMARIES_TO_MATRIX = {1: "bt709", 2: "untagged", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 13: "srgb"}
_RANGES = {0: "untagged", 1: "limited", 2: "full"}
_MOST_LEVEL = 42
"""Level 4.2: what every phone of the last ten years decodes; more is declared only where the size asks for it."""
_LONGEST_GOP_S = 1.1
_MOST_MBIT_S = 12.0


def judge_container(reel: Reel, layout: Mp4Layout, facts: ReelFacts) -> Iterator[Finding]:
    """Yield what the boxes and the streams' number say."""
    whole = layout.truncated_at is None and not facts.damage
    yield _must(
        name="file-whole",
        holds=whole,
        norm="every box is complete and every frame decodes",
        measured="whole" if whole else facts.damage or f"cut short in the box at byte {layout.truncated_at}",
        hint=f"{_AGAIN}; the disk may have been full",
    )
    size = reel.path.stat().st_size
    unchanged = size == reel.bytes and sha256_of(reel.path) == reel.sha256
    yield _must(
        name="file-unchanged",
        holds=unchanged,
        norm="the bytes that were rendered",
        measured="the same" if unchanged else f"{size} bytes of another content, {reel.bytes} were rendered",
        hint=f"something wrote to {reel.path.name} afterwards; {_AGAIN}",
    )
    boxes = " ".join(layout.boxes) or "no boxes"
    yield _must(
        name="container",
        holds=layout.starts_at_once and not layout.fragmented and layout.brand not in ("", "qt"),
        norm="MP4 in one piece, moov before mdat",
        measured=f"{layout.brand or 'no brand'}: {boxes if len(boxes) < 60 else boxes[:57] + '...'}",
        hint="write with movflags +faststart",
    )
    yield _must(
        name="no-edit-list",
        holds=layout.edit_lists == 0,
        norm="no edit list",
        measured=f"{layout.edit_lists} tracks with an edit list" if layout.edit_lists else "none",
        hint="write with use_editlist 0 and movflags +negative_cts_offsets",
    )
    streams = (facts.video_streams, facts.audio_streams, facts.other_streams)
    yield _must(
        name="streams",
        holds=streams == (1, 1, 0),
        norm="one video, one audio, nothing else",
        measured=f"{streams[0]} video, {streams[1]} audio, {streams[2]} other",
        hint=_AGAIN,
    )


def judge_footage(reel: Reel, timeline: Timeline) -> Iterator[Finding]:
    """Yield the clip that was damaged where it is shown; nothing where all that is shown decoded whole."""
    fps = float(timeline.fps.ratio)
    seen: list[tuple[float, Shot, float]] = []
    for shot, after in zip_longest(timeline.shots, timeline.shots[1:]):
        at_s = reel.damaged_clips.get(shot.clip.id)
        if at_s is not None:
            # What was damaged before a shot's first frame is seen from that on, as what follows builds on it.
            seen_s = shot.start / fps + max(0.0, at_s - shot.in_frame / fps)
            runs_on = after.transition.frames if after is not None and after.transition.kind != "cut" else 0
            # Decoding reads somewhat further than is shown.
            seen += [(seen_s, shot, at_s)] if seen_s < (shot.end + runs_on) / fps else []
    if seen:
        first_s, shot, at_s = seen[0]
        more = len({each.clip.id for _, each, _ in seen}) - 1
        yield _should(
            name="footage-whole",
            holds=False,
            norm="every clip decodes whole where it is shown",
            measured=f"clip {shot.clip.id} is damaged {at_s:.1f} s into it" + (f" (and {more} more)" if more else ""),
            at_s=first_s,
            hint="look at it there; copy or download the clip again",
        )


def judge_picture_stream(picture: PictureFacts, timeline: Timeline, brand: Brand) -> Iterator[Finding]:
    """Yield what the video stream's parameters and timestamps say."""
    yield _start("video-start", picture.start_s)
    codec = f"{picture.codec} {picture.profile} {picture.pixel_format}"
    yield _must(
        name="video-codec",
        holds=codec == "h264 High yuv420p",
        norm="H.264 High, yuv420p",
        measured=codec,
        hint="encode with libx264, profile high, yuv420p",
    )
    wanted = (brand.output.width_px, brand.output.height_px)
    yield _must(
        name="frame-size",
        holds=(picture.width_px, picture.height_px) == wanted,
        norm=f"{wanted[0]}x{wanted[1]} px",
        measured=f"{picture.width_px}x{picture.height_px} px",
        hint=f"output.width_px and output.height_px changed; {_AGAIN}",
    )
    yield _rate(picture, brand.fps.ratio)
    yield _frames(picture, timeline)
    yield from _groups(picture)
    needed = needed_level(picture.width_px, picture.height_px, brand.fps.ratio)
    most = max(needed or 0, _MOST_LEVEL)
    yield _must(
        name="h264-level",
        holds=needed is not None and needed <= picture.level <= most,
        norm=f"level {level_name(needed) if needed else 'none'} to {level_name(most)} for this size and rate",
        measured=f"level {level_name(picture.level)}",
        hint="let the encoder choose the level, or make the picture smaller (output)",
    )
    tags = [_PRIMARIES_TO_MATRIX.get(tag, str(tag)) for tag in picture.colour[:3]] + [_RANGES.get(picture.colour[3], "unknown")]
    yield _must(
        name="colour-tags",
        holds=picture.colour == _BT709_LIMITED,
        norm="BT.709 primaries, transfer and matrix, limited range",
        measured=", ".join(f"{name} {tag}" for name, tag in zip(_COLOUR_NAMES, tags, strict=True)),
        hint="set the colour tags on the encoder",
    )
    yield _bit_rate(picture)


def judge_sound_stream(sound: SoundFacts) -> Iterator[Finding]:
    """Yield what the audio stream's parameters say."""
    yield _start("audio-start", sound.start_s)
    codec = f"{sound.codec} {sound.profile}, {sound.rate_hz} Hz, {sound.channels} channels"
    yield _must(
        name="audio-codec",
        holds=codec == "aac LC, 48000 Hz, 2 channels",
        norm="AAC-LC, 48000 Hz, 2 channels",
        measured=codec,
        hint=_AGAIN,
    )


def _start(name: str, start_s: Fraction) -> Finding:
    return _must(
        name=name,
        holds=start_s == 0,
        norm="starts at 0.000 s",
        measured=f"starts at {float(start_s):.3f} s",
        at_s=float(start_s),
        hint="write with use_editlist 0 and movflags +negative_cts_offsets",
    )


def _rate(picture: PictureFacts, fps: Fraction) -> Finding:
    step = 1 / fps
    off = [abs(at - picture.start_s - index * step) for index, at in enumerate(picture.pts)]
    steps = sorted(after - before for before, after in zip(picture.pts, picture.pts[1:], strict=False))
    usual = 1 / steps[len(steps) // 2] if steps and steps[len(steps) // 2] > 0 else Fraction(0)
    even = not steps or steps[-1] - steps[0] <= Fraction(1, 1000)
    # A timescale that the rate does not divide rounds each time to a tick; a millisecond allows for that and for nothing else.
    worst = next((index for index, value in enumerate(off) if value > Fraction(1, 1000)), None)
    return _must(
        name="frame-rate",
        holds=bool(off) and worst is None,
        norm=f"{_rounded(fps)} fps, constant",
        measured=f"{_rounded(usual)} fps" + (", constant" if even else f", steps of {_ms(steps[0])} to {_ms(steps[-1])} ms"),
        at_s=None if worst is None else float(picture.pts[worst]),
        hint=f"output.fps changed or frames were dropped; {_AGAIN}",
    )


def _rounded(value: Fraction) -> str:
    return f"{float(value):.3f}".rstrip("0").rstrip(".")


def _ms(value: Fraction) -> str:
    return f"{float(value) * 1000:.0f}"


def _frames(picture: PictureFacts, timeline: Timeline) -> Finding:
    return _must(
        name="frame-count",
        holds=picture.frames_decoded == len(picture.pts) == timeline.frame_count,
        norm=f"{timeline.frame_count} frames, as planned",
        measured=f"{picture.frames_decoded} frames decoded of {len(picture.pts)} stored",
        hint=f"{_AGAIN}; if it stays, clear the cache with `reelkit clean --keep-gb 0`",
    )


def _groups(picture: PictureFacts) -> Iterator[Finding]:
    ends = [*picture.keyframes[1:], *picture.pts[-1:]] if picture.keyframes else []
    lengths = [(float(end - start), float(start)) for start, end in zip(picture.keyframes, ends, strict=True)]
    longest, at_s = max(lengths, default=(0.0, 0.0))
    opened = picture.open_gop_at
    yield _must(
        name="gop",
        holds=bool(lengths) and opened is None and picture.keyframes[0] == picture.pts[0] and longest <= _LONGEST_GOP_S,
        norm=f"closed groups of pictures of about 1 s (at most {_LONGEST_GOP_S} s)",
        measured=f"{len(lengths)} groups, the longest {longest:.2f} s" + ("" if opened is None else f", open at {float(opened):.2f} s"),
        at_s=at_s if opened is None else float(opened),
        hint="encode with keyint of one second and open-gop=0",
    )
    yield _must(
        name="b-frames",
        holds=picture.b_run <= 2,
        norm="at most 2 B-frames in a row",
        measured=f"{picture.b_run} in a row",
        hint="encode with bframes=2",
    )


def _bit_rate(picture: PictureFacts) -> Finding:
    length_s = float(len(picture.pts) and picture.pts[-1] - picture.pts[0])
    mean = sum(picture.second_bits.values()) / max(length_s, 1.0) / 1e6
    second, bits = max(picture.second_bits.items(), key=lambda item: item[1], default=(0, 0))
    return _should(
        name="bit-rate",
        holds=mean <= _MOST_MBIT_S,
        norm=f"at most {_MOST_MBIT_S:.0f} Mbit/s of video",
        measured=f"{mean:.1f} Mbit/s, {bits / 1e6:.1f} in the busiest second",
        at_s=float(second),
        hint="raise output.crf",
    )
