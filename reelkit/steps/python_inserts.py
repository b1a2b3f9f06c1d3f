"""A brand's own clips on the timeline: over the reel, before it and after it. All else moves to make way, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from reelkit.brand import Brand
from reelkit.errors import AudioError, BrandError, TimelineError
from reelkit.media.audio import read_audio
from reelkit.media.clip_overlay import place_of_clip, size_of_clip
from reelkit.media.loudness import measure_loudness
from reelkit.media.python_clips import PythonClips, UnfitClipError
from reelkit.model import AudioTrack, Cache, Clip, ClipOverlay, Credit, Fps, Overlay, Shot, Timeline
from reelkit.whole import sha256_of

__all__ = ["add_python_clips", "framed", "own_frames", "redraw_python_clips"]


def add_python_clips(timeline: Timeline, brand: Brand, *, cache: Cache | None) -> Timeline:
    """Return the timeline with the clips that the brand's own Python functions draw.

    Parameters
    ----------
    timeline : Timeline
    brand : Brand
        ``overlays.clips``, ``overlays.intro`` and ``overlays.outro``.
    cache : Cache, optional
        Keeps what the functions drew; needed where the brand names any.

    Raises
    ------
    BrandError
        When a function is missing, fails, or returns what cannot be shown.
    TimelineError
        When there is no cache.
    """
    named = brand.overlays
    if not (named.clips or named.intro or named.outro):
        return timeline
    drawn = _drawn_for(timeline, brand, cache)
    overlays = []
    for number, clip in enumerate(named.clips):
        with _told_of(brand, f"clips.{number}"):
            at = round(clip.start_s * timeline.fps.ratio)
            start = min(max(at if clip.start_s >= 0 else timeline.frame_count + at, 0), timeline.frame_count - 1)
            overlays.append(_placed(drawn.overlay(*_function(brand, clip.python)), start, timeline.frame_count))
    whole = timeline.model_copy(update={"overlays": (*overlays, *timeline.overlays)})
    ends: dict[str, Clip | None] = {"intro": None, "outro": None}
    for field in ends:
        function = getattr(named, field)
        if function:
            with _told_of(brand, field):
                ends[field] = _clip(drawn.whole(*_function(brand, function)), function, brand, timeline.fps)
    return framed(whole, ends["intro"], ends["outro"])


def redraw_python_clips(timeline: Timeline, planned: Timeline, brand: Brand, *, cache: Cache | None) -> Timeline:
    """Return a timeline of another size with what the brand's own Python functions draw at this size.

    All begins when it did, and sounds as it did. A clip that fills no frame of this size, or that this frame would cut where the reel's
    own does not, was made for the reel's size: it stays as it is.

    Parameters
    ----------
    timeline : Timeline
        In the new size, with everything in its place.
    planned : Timeline
        The same one in the size in which it was planned.
    brand : Brand
        Whose functions were drawn for it.
    cache : Cache, optional
        Keeps what the functions drew; needed where the timeline has any.

    Raises
    ------
    BrandError
        When a function is missing or fails.
    TimelineError
        When there is no cache.
    """
    start, end = own_frames(timeline)
    overlays = [number for number, overlay in enumerate(timeline.overlays) if isinstance(overlay, ClipOverlay)]
    if not overlays and (start, end) == (0, timeline.frame_count):
        return timeline
    drawn = _drawn_for(timeline, brand, cache)
    redrawn = list(timeline.overlays)
    for index, (number, clip) in enumerate(zip(overlays, brand.overlays.clips, strict=False)):
        with _told_of(brand, f"clips.{index}"), suppress(UnfitClipError):
            placed = _placed(drawn.overlay(*_function(brand, clip.python)), redrawn[number].start, end)
            if _edges_met(placed, timeline) <= _edges_met(planned.overlays[number], planned):
                redrawn[number] = placed
    shots = list(timeline.shots)
    for number, shot in enumerate(shots):
        field = "intro" if shot.end <= start else "outro"
        function = getattr(brand.overlays, field)
        if shot.clip.is_insert and function:
            with _told_of(brand, field), suppress(UnfitClipError):
                insert = _clip(drawn.whole(*_function(brand, function)), function, brand, timeline.fps)
                shots[number] = shot.model_copy(update={"clip": insert, "focus": (0.5, 0.5), "fit": "fill"})
    return timeline.model_copy(update={"overlays": tuple(redrawn), "shots": tuple(shots)})


def _drawn_for(timeline: Timeline, brand: Brand, cache: Cache | None) -> PythonClips:
    if cache is None:
        raise TimelineError("timeline: what a brand's Python functions draw is kept in a cache; pass cache=parts.cache")
    start, end = own_frames(timeline)
    offered = {
        "brand": brand.name,
        "topic": timeline.topic,
        "duration_s": float((end - start) / timeline.fps.ratio),
        "palette": brand.palette.model_dump(),
    }
    return PythonClips(width_px=timeline.width_px, height_px=timeline.height_px, fps=timeline.fps, offered=offered, cache=cache)


def _edges_met(overlay: Overlay, timeline: Timeline) -> set[str]:
    assert isinstance(overlay, ClipOverlay)
    right, bottom = overlay.x_px + overlay.width_px, overlay.y_px + overlay.height_px
    met = {"left": overlay.x_px <= 0, "top": overlay.y_px <= 0, "right": right >= timeline.width_px, "bottom": bottom >= timeline.height_px}
    return {edge for edge, holds in met.items() if holds}


@contextmanager
def _told_of(brand: Brand, field: str) -> Iterator[None]:
    try:
        yield
    except BrandError as error:
        raise type(error)(f"brand '{brand.slug}': overlays.{field}: {error}") from None


def _function(brand: Brand, named: str) -> tuple[Path, str]:
    path, _, name = named.rpartition(":")
    return brand.path(Path(path)), name


def _placed(path: Path, start: int, until: int) -> ClipOverlay:
    (left, top), (width, height, frames) = place_of_clip(path), size_of_clip(path)
    end = min(start + frames, until)
    return ClipOverlay(path=path, sha256=sha256_of(path), start=start, end=end, x_px=left, y_px=top, width_px=width, height_px=height)


def _clip(path: Path, function: str, brand: Brand, fps: Fps) -> Clip:
    width, height, frames = size_of_clip(path)
    name = Path(function).name
    return Clip(
        id=f"python:{name}",
        library="python",
        path=path,
        sha256=sha256_of(path),
        kind="video",
        width_px=width,
        height_px=height,
        duration_ms=round(frames / fps.ratio * 1000),
        credit=Credit(author=brand.name, licence="the brand's own"),
    )


def framed(timeline: Timeline, intro: Clip | None, outro: Clip | None) -> Timeline:
    """Return a timeline with a clip before it and one after it, either of which may be missing.

    Shots, words, cues, overlays and doubtful places move by the intro's frames, the sound by the samples that play meanwhile; music keeps
    to the part between, and clips bring their own sound, as loud as the voice.

    Parameters
    ----------
    timeline : Timeline
    intro, outro : Clip or None
        Of the reel's size and rate.
    """
    before, after = (_frames(clip, timeline) for clip in (intro, outro))
    if not before and not after:
        return timeline
    rate_hz = timeline.audio_rate_hz
    shift = timeline.fps.sample_at(before, rate_hz)
    ends_at = before + timeline.frame_count
    count = ends_at + after
    shots = [shot.model_copy(update={"start": shot.start + before, "end": shot.end + before}) for shot in timeline.shots]
    audio = [_moved(track, shift, timeline.fps.sample_at(ends_at, rate_hz) if after else None) for track in timeline.audio]
    voice_lufs = _voice_lufs(timeline)
    for clip, start, frames in ((intro, 0, before), (outro, ends_at, after)):
        if clip is not None:
            shots.append(Shot(clip=clip, start=start, end=start + frames))
            audio.extend(_sound_of(clip, timeline.fps.sample_at(start, rate_hz), voice_lufs))
    return timeline.model_copy(
        update={
            "frame_count": count,
            "shots": tuple(sorted(shots, key=lambda shot: shot.start)),
            "cues": tuple(
                cue.model_copy(
                    update={
                        "start": cue.start + before,
                        "end": cue.end + before,
                        "words": tuple(
                            word.model_copy(update={"start": word.start + before, "end": word.end + before}) for word in cue.words
                        ),
                    }
                )
                for cue in timeline.cues
            ),
            "doubtful": tuple(place.model_copy(update={"start": place.start + before}) for place in timeline.doubtful),
            "overlays": tuple(
                overlay.model_copy(update={"start": overlay.start + before, "end": overlay.end + before}) for overlay in timeline.overlays
            ),
            "audio": tuple(audio),
        }
    )


def own_frames(timeline: Timeline) -> tuple[int, int]:
    """Return from which frame up to which the reel itself lasts: between the brand's intro and outro, where it has them."""
    own = [shot for shot in timeline.shots if not shot.clip.is_insert]
    return (own[0].start, own[-1].end) if own else (0, timeline.frame_count)


def _frames(clip: Clip | None, timeline: Timeline) -> int:
    return 0 if clip is None or clip.duration_ms is None else max(round(clip.duration_ms * timeline.fps.ratio / 1000), 1)


def _moved(track: AudioTrack, shift: int, ends_at: int | None) -> AudioTrack:
    envelope = tuple(point.model_copy(update={"at": point.at + shift}) for point in track.envelope)
    end = track.end if track.end is None else track.end + shift
    if track.kind == "music" and end is None:
        end = ends_at
    return track.model_copy(update={"start": track.start + shift, "end": end, "envelope": envelope})


def _voice_lufs(timeline: Timeline) -> float | None:
    track = next((track for track in timeline.audio if track.kind == "narration"), None)
    if track is None:
        return None
    samples, rate_hz = read_audio(track.path)
    return measure_loudness(samples, rate_hz).lufs


def _sound_of(clip: Clip, start: int, voice_lufs: float | None) -> Iterator[AudioTrack]:
    try:
        samples, rate_hz = read_audio(clip.path)
    except AudioError:  # it has no sound
        return
    own_lufs = measure_loudness(samples, rate_hz).lufs
    gain_db = voice_lufs - own_lufs if voice_lufs is not None and np.isfinite([own_lufs, voice_lufs]).all() else 0.0
    yield AudioTrack(kind="clip", path=clip.path, sha256=clip.sha256, start=start, gain_db=round(gain_db, 2))
