"""Check: the finished file, measured and compared with the norms.

Nothing is taken from the timeline that the file can be asked for: boxes, packets, frames and samples are read, decoded once, and
measured. The timeline says only what was meant: how many frames, which words where, which sounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reelkit.brand import Brand
from reelkit.errors import CheckError
from reelkit.media.captions import CaptionPainter
from reelkit.media.inspect import FrameTaker, ReelFacts, inspect_reel
from reelkit.media.mp4 import read_mp4_layout
from reelkit.media.planes import Bytes, Planes
from reelkit.model import Finding, Progress, Reel, Timeline
from reelkit.steps.judge_captions import judge_caption_style, judge_caption_times, judge_captions_seen, judge_glyphs, judge_room
from reelkit.steps.judge_file import judge_container, judge_footage, judge_picture_stream, judge_sound_stream
from reelkit.steps.judge_overlays import OverlayWatch, judge_drawings, judge_overlays_seen
from reelkit.steps.judge_pace import Cuts, covered_by_overlays, judge_pace, judge_stretches
from reelkit.steps.judge_sound import judge_lengths, judge_loudness, judge_music, judge_narration, read_narration
from reelkit.steps.python_inserts import own_frames
from reelkit.steps.watch_captions import CaptionWatch

__all__ = ["check_video", "failed"]


def check_video(
    reel: Reel, timeline: Timeline, brand: Brand, *, copy: FrameTaker | None = None, progress: Progress | None = None
) -> list[Finding]:
    """Measure a finished reel and compare it with the norms (``docs/norms.md``, which names their sources).

    Parameters
    ----------
    reel : Reel
        What was rendered; its file is read, decoded once, and nothing else of it believed.
    timeline : Timeline
        What was meant.
    brand : Brand
        Size and rate that were asked for.
    copy : FrameTaker, optional
        Given every frame that is decoded, such as to make a preview of the reel.
    progress : callable, optional
        Called with the share done.

    Returns
    -------
    list of Finding
        Every "must" first, then every "should", each with its norm, what was measured, the moment of the worst and, where it does
        not hold, what to do. A file that is missing or is no video gives one finding, which fails. What a reel does not have (captions,
        music) has no findings.

    Raises
    ------
    CheckError
        When the narration that the timeline names cannot be read.
    """
    tell = progress or (lambda _share: None)
    size = {"width_px": timeline.width_px, "height_px": timeline.height_px}
    painter = CaptionPainter(timeline.caption_style, timeline.cues, **size, fps=timeline.fps, language=timeline.language)
    captions, overlays, cuts = CaptionWatch(timeline, painter), OverlayWatch(timeline), Cuts(timeline)

    def look(frame: int, planes: Planes, small: Bytes) -> None:
        cuts.look(frame, small)
        if (planes.width_px, planes.height_px) == (timeline.width_px, timeline.height_px):
            captions.look(frame, planes)
            overlays.look(frame, planes)

    covered = [*covered_by_overlays(timeline), *_caption_area(timeline, painter)]
    try:
        layout = read_mp4_layout(reel.path)
        facts = inspect_reel(
            reel.path,
            fps=timeline.fps.ratio,
            covered=covered,
            wanted=cuts.wanted | captions.wanted | overlays.wanted,
            look=look,
            copy=copy,
            progress=lambda share: tell(0.9 * share),
        )
    except (OSError, CheckError) as error:
        return [_unreadable(reel, error)]
    findings = [*judge_container(reel, layout, facts), *judge_footage(reel, timeline), *_judge_streams(facts, timeline, brand)]
    if facts.picture is not None and facts.picture.frames_decoded:
        findings += [*judge_stretches(facts.picture, timeline, covered=covered), *judge_pace(cuts, timeline)]
        if timeline.cues:
            findings += [*judge_caption_style(timeline, painter), *judge_captions_seen(captions.seen, timeline)]
        findings += [*judge_room(timeline, painter), *judge_overlays_seen(overlays, timeline), *judge_drawings(timeline)]
    tell(1.0)
    return [_told(finding) for level in ("must", "should") for finding in findings if finding.level == level]


def failed(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that fail a run: every "must" that does not hold."""
    return [finding for finding in findings if finding.verdict == "fail"]


def _judge_streams(facts: ReelFacts, timeline: Timeline, brand: Brand) -> Iterator[Finding]:
    narration = read_narration(timeline)
    if facts.picture is not None:
        yield from judge_picture_stream(facts.picture, timeline, brand)
    if facts.sound is not None:
        yield from judge_sound_stream(facts.sound)
        yield from judge_loudness(facts.sound)
        if narration is not None:
            yield from judge_narration(facts.sound, narration, timeline.fps.ratio)
    if facts.picture is not None and facts.sound is not None:
        yield from judge_lengths(
            facts.picture, facts.sound, narration, timeline.fps.ratio, outro_frames=timeline.frame_count - own_frames(timeline)[1]
        )
    if narration is not None:
        yield from judge_music(timeline, narration)
    if timeline.cues:
        yield from judge_caption_times(timeline, narration)
        yield from judge_glyphs(timeline)


def _caption_area(timeline: Timeline, painter: CaptionPainter) -> list[tuple[int, int, int, int]]:
    # Not those raised over an end card, which is meant to stand: one area round all would take in the whole middle of a square reel.
    boxes = [painter.box(index) for index, cue in enumerate(timeline.cues) if not cue.up_px]
    if not boxes:
        return []
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    # Shadows reach beyond the box.
    room = round(1.5 * timeline.caption_style.shadow_px * timeline.width_px / 1080)
    return [(min(lefts) - room, min(tops) - room, max(rights) + room, max(bottoms) + room)]


def _unreadable(reel: Reel, error: Exception) -> Finding:
    if isinstance(error, FileNotFoundError):
        measured = f"{reel.path.name} does not exist"
    else:
        measured = str(error).removeprefix("check: ").split(";")[0]
    return Finding(
        name="file-whole",
        level="must",
        holds=False,
        norm="every box is complete and every frame decodes",
        measured=measured,
        hint="render the reel again",
    )


def _told(finding: Finding) -> Finding:
    return finding.model_copy(update={"hint": ""}) if finding.holds else finding
