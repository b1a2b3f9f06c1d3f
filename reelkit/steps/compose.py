"""Composition: a timeline becomes an MP4, rendered once."""

from __future__ import annotations

import contextlib
import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from reelkit.cores import usable_cores
from reelkit.errors import ComposeError
from reelkit.media.audio import mix_tracks
from reelkit.media.encode import EncoderSettings, join_segments, release_memory, return_large_memory
from reelkit.media.kept_sound import read_sound, sound_key, write_sound
from reelkit.media.loudness import EncodedAudio, encode_audio
from reelkit.media.pool import SegmentJob, encode_segments, have_encoders_ready
from reelkit.media.segments import plan_segments, segment_key
from reelkit.model import Cache, Progress, Reel, Timeline
from reelkit.whole import sha256_of, temporary_folder, whole_file

__all__ = ["compose_video"]

_ROOM, _SOUNDS, _DAMAGED = "segments", "sounds", "damaged"


def compose_video(
    timeline: Timeline,
    path: Path,
    *,
    cache: Cache | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    settings: EncoderSettings | None = None,
    stay_ready: bool = False,
) -> Reel:
    """Render a timeline into an MP4 that keeps every line of the platforms' asks.

    H.264 High, yuv420p, BT.709 limited and tagged so, constant rate, closed GOPs of a second; AAC-LC 48 kHz stereo 192 kbit/s at -14 LUFS
    and at most -1 dBTP; ``moov`` first, both streams from 0.0, no edit list.

    Parameters
    ----------
    timeline : Timeline
    path : Path
        The file appears under this name only when it is whole.
    cache : Cache, optional
        Keeps encoded segments and the sound: only what changed is rendered again.
    workers : int, optional
        Encoder processes; one a core where not given.
    progress : callable, optional
        Called with the share done.
    settings : EncoderSettings, optional
        How the picture is encoded; what the timeline asks for where not given.
    stay_ready : bool, optional
        Whether to have encoders loaded for the next call, where the system can: for whoever changes something and renders again.

    Returns
    -------
    Reel

    Raises
    ------
    ComposeError
        When a segment, the sound or the file could not be made or kept.
    ClipError
        When a clip on the timeline does not decode.
    Exception
        What ``progress`` raises, as it is: the render ends with it.
    """
    settings = settings or EncoderSettings(crf=timeline.crf)
    tell = progress or (lambda _share: None)
    workers = workers or usable_cores()
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(temporary_folder(path))
        sound = stack.enter_context(ThreadPoolExecutor(1)).submit(_sound, timeline, cache)
        damaged: dict[str, float] = {}
        segments, rendered = _segments(
            timeline,
            settings,
            scratch,
            cache,
            workers=workers,
            beside=sound,
            damaged=damaged,
            progress=lambda share: tell(0.95 * share),
        )
        if stay_ready:
            have_encoders_ready(workers)
        audio = sound.result()
        with whole_file(path) as temporary:
            tags = {"title": timeline.topic, "artist": timeline.brand}
            frames = join_segments(segments, audio, temporary, fps=timeline.fps, tags=tags)
            if frames != timeline.frame_count:
                raise ComposeError(
                    f"compose: the reel has {frames} frames, expected {timeline.frame_count}; "
                    "clear the cache with `reelkit clean --keep-gb 0`"
                )
    tell(1.0)
    return Reel(
        path=path,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        width_px=timeline.width_px,
        height_px=timeline.height_px,
        fps=timeline.fps,
        frame_count=frames,
        loudness_lufs=round(audio.loudness.lufs, 2),
        true_peak_dbtp=round(audio.loudness.true_peak_dbtp, 2),
        segments_rendered=rendered,
        segments_reused=len(segments) - rendered,
        damaged_clips={shot.clip.id: damaged[shot.clip.sha256] for shot in timeline.shots if shot.clip.sha256 in damaged},
    )


def _sound(timeline: Timeline, cache: Cache | None) -> EncodedAudio:
    if cache is None:
        return _mastered(timeline)
    try:
        return read_sound(cache.file(_SOUNDS, sound_key(timeline), ".aac", lambda path: write_sound(path, _mastered(timeline))))
    except OSError as error:
        why = error.strerror or error
        raise ComposeError(f"compose: the sound could not be kept: {why}; free some disk space and run it again") from None


def _mastered(timeline: Timeline) -> EncodedAudio:
    return_large_memory()
    mix = mix_tracks(timeline.audio, rate_hz=timeline.audio_rate_hz, sample_count=timeline.sample_count)
    encoded = encode_audio(mix, timeline.audio_rate_hz)
    del mix
    release_memory()
    return encoded


def _segments(
    timeline: Timeline,
    settings: EncoderSettings,
    scratch: Path,
    cache: Cache | None,
    *,
    workers: int,
    beside: Future[EncodedAudio],
    damaged: dict[str, float],
    progress: Progress,
) -> tuple[list[Path], int]:
    """Return the segments' files in order, and how many had to be rendered; what clips are damaged, and where first, is added to
    ``damaged``, by their content: a kept segment may have been rendered when they had other names."""
    found: list[Path] = []
    jobs: list[SegmentJob] = []
    for start, end in plan_segments(timeline):
        key = segment_key(timeline, start, end, settings) if cache else ""
        kept = cache.get(_ROOM, key, ".mp4") if cache else None
        found.append(kept or scratch / f"{start:06d}.mp4")
        if kept is None:
            jobs.append(
                SegmentJob(start, end, found[-1], partial(_keep, cache, key, found[-1]), partial(_note_damage, cache, key, damaged))
            )
        elif cache and (note := cache.get(_DAMAGED, key, ".json")) is not None:
            _add_damage(damaged, json.loads(note.read_bytes()))
    if jobs:
        total = sum(job.end - job.start for job in jobs)
        plan = scratch / "timeline.json"
        plan.write_text(timeline.model_dump_json(), encoding="utf-8")
        encode_segments(jobs, plan, settings, workers=workers, beside=beside, frames_done=lambda frames: progress(frames / total))
    return found, len(jobs)


def _note_damage(cache: Cache | None, key: str, damaged: dict[str, float], found: dict[str, float]) -> None:
    _add_damage(damaged, found)
    if cache is not None:
        with cache.put(_DAMAGED, key, ".json") as place:
            place.write_text(json.dumps(found), encoding="utf-8")


def _add_damage(damaged: dict[str, float], found: dict[str, float]) -> None:
    damaged.update({clip: min(at_s, damaged.get(clip, at_s)) for clip, at_s in found.items()})


def _keep(cache: Cache | None, key: str, segment: Path) -> None:
    if cache is not None:
        with cache.put(_ROOM, key, ".mp4") as place:
            shutil.copyfile(segment, place)
