"""Where the picture is cut, and what each shot shows.

Cuts fall on sentences where they can, else on clauses, else between words; their number and places are chosen together, so that shots
come out near the brand's length and no scene ends in a stub.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reelkit.brand import Brand
from reelkit.errors import TimelineError
from reelkit.media.focus import find_focus
from reelkit.model import Cache, Clip, Fps, Move, Script, SentenceTiming, Shot, Transition, TransitionKind, Word
from reelkit.steps.judge_pace import LONGEST_SHOT_S

__all__ = ["fit_in", "focus_in", "plan_shots"]

_LEAD_S = 0.1
"""A cut comes a little before the word it belongs to, as an editor would place it."""
_SHORTEST_S = 0.8
_TOO_LATE = 10.0
"""What a first shot costs that is longer than the check allows: more than any cut, so that it is taken only where no word allows one."""
_CLAUSE_MARKS = (",", ";", ":", "—", "–")
_SENTENCE, _CLAUSE, _WORD = 0.0, 0.12, 0.6
"""What a cut at each kind of place costs, in squared relative deviations from the length to aim at."""
_MIX: tuple[TransitionKind, ...] = ("crossfade", "wipe", "zoom", "slide", "whip")
_WHOLE_UNDER = 0.8
"""A clip of which a crop would show less than this is shown whole where the brand asks for it."""
_NEARLY_ALL = 0.95
_PICTURE_MOVES = ("push", "pan_right", "pull", "pan_left", "drift_up")


@dataclass(frozen=True)
class _Place:
    frame: int
    cost: float


def plan_shots(
    script: Script,
    clips: Sequence[Clip],
    sentences: Sequence[SentenceTiming],
    brand: Brand,
    frame_count: int,
    *,
    cache: Cache | None = None,
) -> tuple[Shot, ...]:
    """Put clips under sentences.

    Parameters
    ----------
    script : Script
        Its scenes' words are the sentences' words, in order.
    clips : sequence of Clip
        Each for the scene it names; a scene without a clip borrows from its neighbours.
    sentences : sequence of SentenceTiming
    brand : Brand
        ``footage.shot_s``, ``motion`` and the frame rate.
    frame_count : int
        Length of the reel.
    cache : Cache, optional
        Keeps where clips draw the eye.

    Returns
    -------
    tuple of Shot
        From frame 0 to ``frame_count`` without gap.

    Raises
    ------
    TimelineError
        When there is no clip at all, or the sentences' words are not the script's.
    """
    if not clips:
        raise TimelineError("timeline: there are no clips; look at footage.libraries in the brand file")
    words = [word for sentence in sentences for word in sentence.words]
    if [word.text for word in words] != script.voiceover.split():
        raise TimelineError("timeline: the sentences' words are not the script's; speak the script again before planning")
    fps = brand.fps
    firsts = {sentence.words[0].start for sentence in sentences}
    cut: list[tuple[int, list[tuple[int, int]]]] = []
    at = 0
    for scene, end, spoken in _scenes(script, words, fps, frame_count):
        places = _places(spoken, firsts, fps, at, end)
        aim, shortest = round(brand.footage.shot_s * fps.ratio), round(_SHORTEST_S * fps.ratio)
        spans = _cut(places, at, end, aim=aim, shortest=shortest, first_until=None if cut else int(LONGEST_SHOT_S * fps.ratio))
        cut.append((scene, spans))
        at = end
    shots: list[Shot] = []
    for number, (scene, spans) in enumerate(cut):
        runs_on = _joined_frames(cut[number + 1][1][0], brand) if number + 1 < len(cut) else 0
        shots.extend(_filled(scene, spans, _of_scene(clips, scene), brand, first=not shots, runs_on=runs_on, cache=cache))
    return tuple(shots)


def _scenes(script: Script, words: Sequence[Word], fps: Fps, frame_count: int) -> list[tuple[int, int, Sequence[Word]]]:
    """Return (scene index, end frame, words) of each scene; a scene too short for a frame gives its words to the next."""
    counts = [len(scene.text.split()) for scene in script.scenes]
    result: list[tuple[int, int, Sequence[Word]]] = []
    first, at = 0, 0
    for scene, count in enumerate(counts):
        last = first + count
        end = frame_count if scene == len(counts) - 1 else min(_cut_frame(words[last - 1], words[last], fps), frame_count - 1)
        if end > at:
            result.append((scene, end, words[first:last]))
            at = end
        first = last
    return result


def _cut_frame(before: Word, after: Word, fps: Fps) -> int:
    lead = min(round(_LEAD_S * after.rate_hz), (after.start - before.end) // 2)
    # A sentence's start was rounded down from its frame to a sample; counted from there it would at times fall a frame short.
    return fps.frame_at(after.start + 1 - lead, after.rate_hz)


def _places(words: Sequence[Word], firsts: set[int], fps: Fps, start: int, end: int) -> list[_Place]:
    places = []
    for before, after in itertools.pairwise(words):
        frame = _cut_frame(before, after, fps)
        if start < frame < end:
            cost = _SENTENCE if after.start in firsts else _CLAUSE if before.text.endswith(_CLAUSE_MARKS) else _WORD
            places.append(_Place(frame, cost))
    return places


def _cut(places: Sequence[_Place], start: int, end: int, *, aim: int, shortest: int, first_until: int | None) -> list[tuple[int, int]]:
    """Return the spans of a scene's shots: the cheapest way from start to end over the places where a cut may be."""
    nodes = [_Place(start, 0.0), *places, _Place(end, 0.0)]
    best: list[tuple[float, int]] = [(0.0, -1)] + [(float("inf"), -1)] * (len(nodes) - 1)
    for right in range(1, len(nodes)):
        for left in range(right):
            length = nodes[right].frame - nodes[left].frame
            if length < shortest and not (left == 0 and right == len(nodes) - 1):
                continue
            # Longer than asked reads as slow sooner than shorter reads as hasty.
            off = (length - aim) / aim
            cost = best[left][0] + off * off * (2.0 if off > 0 else 1.0) + nodes[right].cost
            if left == 0 and first_until is not None and nodes[right].frame > first_until:
                cost += _TOO_LATE
            if cost < best[right][0]:
                best[right] = (cost, left)
    cuts, node = [end], len(nodes) - 1
    while best[node][1] >= 0:
        node = best[node][1]
        cuts.append(nodes[node].frame)
    cuts.reverse()
    return list(itertools.pairwise(cuts))


def _of_scene(clips: Sequence[Clip], scene: int) -> list[Clip]:
    own = [clip for clip in clips if clip.scene == scene]
    return own or [min(clips, key=lambda clip: (abs(clip.scene - scene), clip.scene))]


def _joined_frames(span: tuple[int, int], brand: Brand) -> int:
    """Return for how many frames a scene's first shot is joined to the shot before it, which runs on until then."""
    motion = brand.motion
    if motion.transition == "cut" or motion.reduced:
        return 0
    return min(round(motion.transition_ms * brand.fps.ratio / 1000), (span[1] - span[0]) // 2)


def _filled(
    scene: int,
    spans: Sequence[tuple[int, int]],
    clips: Sequence[Clip],
    brand: Brand,
    *,
    first: bool,
    runs_on: int,
    cache: Cache | None,
) -> list[Shot]:
    """Give each span a clip, going round where there are fewer clips than spans; a clip shown again goes on, closer.

    The last one is seen for ``runs_on`` frames more, while the next scene comes in.
    """
    fps = brand.fps
    shown: dict[str, int] = {}
    times: dict[str, int] = {}
    shots: list[Shot] = []
    turn = 0
    for start, end in spans:
        at = start
        while at < end:
            clip = clips[turn % len(clips)]
            turn += 1
            length = _length(clip, fps)
            in_frame = shown.get(clip.id, int(clip.in_ms * fps.ratio / 1000))
            shown_for = end - at + (runs_on if end == spans[-1][1] else 0)
            if length is not None and in_frame + shown_for > length:
                in_frame = max(length - shown_for, 0)
            # A clip shorter than its span hands over to the next one instead of freezing.
            until = end if length is None or length >= end - at or end - at - length < fps.ratio / 2 else at + length
            again = times.get(clip.id, 0)
            leads_in = at == spans[0][0] and not first
            focus = focus_in(clip, (brand.output.width_px, brand.output.height_px), cache=cache)
            shots.append(
                _shot(clip, (at, until), in_frame, again, brand, focus=focus, scene=scene, number=scene * 7 + turn, leads_in=leads_in)
            )
            shown[clip.id] = in_frame + until - at
            times[clip.id] = again + 1
            at = until
    return shots


def _length(clip: Clip, fps: Fps) -> int | None:
    if clip.duration_ms is None or clip.loops:
        return None
    return max(int(clip.duration_ms * fps.ratio / 1000), 1)


def _shot(
    clip: Clip,
    span: tuple[int, int],
    in_frame: int,
    again: int,
    brand: Brand,
    *,
    focus: tuple[float, float],
    scene: int,
    number: int,
    leads_in: bool,
) -> Shot:
    motion = brand.motion
    still = not motion.moves or motion.reduced
    # The digest varies the order of moves from clip to clip without chance.
    draw = int(hashlib.sha256(f"{clip.sha256}{number}".encode()).hexdigest()[:8], 16)
    move = Move() if still or not clip.stands else Move(kind=_PICTURE_MOVES[(draw + again) % len(_PICTURE_MOVES)], amount=0.10)
    transition = Transition()
    if leads_in and motion.transition != "cut" and not motion.reduced:
        kind = motion.transition if motion.transition != "mix" else _MIX[scene % len(_MIX)]
        transition = Transition(kind=kind, frames=_joined_frames(span, brand))
    return Shot(
        clip=clip,
        start=span[0],
        end=span[1],
        in_frame=in_frame,
        zoom=1.0 + 0.18 * (again % 2),
        focus=focus,
        fit=fit_in(clip, (brand.output.width_px, brand.output.height_px), brand),
        move=move,
        transition=transition,
    )


def fit_in(clip: Clip, size_px: tuple[int, int], brand: Brand) -> Literal["fill", "blur"]:
    """Return how a clip is shown in a frame: as the brand asks where a crop would lose much of it, else filling it.

    A drawn backdrop fills every frame: it goes on beyond any crop.
    """
    lost = not clip.is_drawn and _shown_share(clip, size_px) < _WHOLE_UNDER
    return brand.footage.fit if lost else "fill"


def focus_in(clip: Clip, size_px: tuple[int, int], *, cache: Cache | None = None) -> tuple[float, float]:
    """Return the point that a crop of a clip to a frame keeps in view, as shares of width and height: its file's own, or where it draws
    the eye.

    Raises
    ------
    ClipError
        When the clip does not decode.
    """
    if clip.focus is not None:
        return clip.focus
    # A clip of nearly the frame's shape loses nothing that would have to be looked for.
    return (0.5, 0.5) if _shown_share(clip, size_px) > _NEARLY_ALL else find_focus(clip, size_px[0] / size_px[1], cache=cache)


def _shown_share(clip: Clip, size_px: tuple[int, int]) -> float:
    """Return how much of a clip is in view when it fills the frame."""
    ratio = (clip.width_px * size_px[1]) / (clip.height_px * size_px[0])
    return min(ratio, 1 / ratio)
