"""A timeline as OpenTimelineIO, for editing programs: shots, captions, overlays and sound on tracks of their own.

Shots keep their exact times; a clip that loops, or music that is shorter than the reel, becomes a clip for each time round. What
OpenTimelineIO has no word for (crops, moves, gains, styles) stands in the metadata under ``reelkit``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelkit.errors import AudioError, TimelineError
from reelkit.media.audio import loop_of, read_audio
from reelkit.media.word_breaks import without_hints
from reelkit.model import AudioTrack, Clip, Shot, Timeline

if TYPE_CHECKING:
    import opentimelineio

__all__ = ["otio_at_hand", "to_otio"]

_DISSOLVES = ("crossfade",)


def otio_at_hand() -> bool:
    """Return whether the library is installed; it has no wheel for the newest Python yet."""
    from importlib.util import find_spec

    return find_spec("opentimelineio") is not None


def to_otio(timeline: Timeline) -> opentimelineio.schema.Timeline:
    """Return a reel as an OpenTimelineIO timeline; ``.to_json_file("reel.otio")`` saves it.

    Parameters
    ----------
    timeline : Timeline

    Returns
    -------
    opentimelineio.schema.Timeline
        Video tracks "Shots", "Captions" and one for each overlay; an audio track for each sound, named by its kind. Media stand by their
        absolute ``file:`` addresses.

    Raises
    ------
    TimelineError
        When the library is not installed.
    """
    if not otio_at_hand():
        raise TimelineError("timeline: OpenTimelineIO is not installed; pip install opentimelineio (it needs Python before 3.14)")
    import opentimelineio as otio

    made = _Tracks(otio, timeline)
    whole = otio.schema.Timeline(name=timeline.topic)
    whole.metadata["reelkit"] = {
        "brand": timeline.brand,
        "width_px": timeline.width_px,
        "height_px": timeline.height_px,
        "fps": str(timeline.fps),
        "caption_style": timeline.caption_style.model_dump(mode="json"),
    }
    whole.tracks.extend([made.shots(), made.captions(), *made.overlays(), *map(made.sound, timeline.audio)])
    return whole


class _Tracks:
    """Makes the tracks of one timeline.

    Parameters
    ----------
    otio : module
        The library, which is loaded on first use.
    timeline : Timeline
    """

    def __init__(self, otio: Any, timeline: Timeline) -> None:
        self._otio, self._timeline = otio, timeline
        self._rate = float(timeline.fps.ratio)

    def shots(self) -> Any:
        """Return the track of shots, with their transitions."""
        otio = self._otio
        track = otio.schema.Track(name="Shots", kind=otio.schema.TrackKind.Video)
        for number, shot in enumerate(self._timeline.shots):
            pieces = [*self._pieces(shot)]
            if number and shot.transition.kind != "cut" and shot.transition.frames:
                kinds = otio.schema.TransitionTypes
                # One that is longer than the clip it leads into is none to editors.
                most = pieces[0].source_range.duration.to_frames()
                track.append(
                    otio.schema.Transition(
                        name=shot.transition.kind,
                        transition_type=kinds.SMPTE_Dissolve if shot.transition.kind in _DISSOLVES else kinds.Custom,
                        in_offset=self._time(0),
                        out_offset=self._time(min(shot.transition.frames, most)),
                    )
                )
            track.extend(pieces)
        return track

    def _pieces(self, shot: Shot) -> Iterator[Any]:
        """Yield a shot's clips: one; where its clip loops, one for each time round; where it ends before, its last frame after it."""
        length, media = _length(shot.clip, self._timeline), self._media(shot.clip)
        at, first = shot.start, shot.in_frame % length if length is not None and shot.clip.loops else shot.in_frame
        while at < shot.end:
            count = shot.end - at
            frozen = length is not None and not shot.clip.loops and first >= length
            if length is not None and not frozen:
                count = min(count, length - first)
            clip = self._clip(shot.clip.id, media, length - 1 if length is not None and frozen else first, count)
            if frozen:
                clip.effects.append(self._otio.schema.FreezeFrame())
            told = shot.model_dump(mode="json", exclude={"clip", "start", "end", "in_frame"})
            clip.metadata["reelkit"] = told | {"credit": shot.clip.credit.model_dump(mode="json")}
            yield clip
            at, first = at + count, 0 if shot.clip.loops else first + count

    def _media(self, clip: Clip) -> Any:
        length = _length(clip, self._timeline)
        known = self._range(0, length) if length is not None else None
        return self._otio.schema.ExternalReference(target_url=_address(clip.path), available_range=known)

    def captions(self) -> Any:
        """Return the track of captions: a generator for each cue, its words and their frames among the parameters."""
        cues = self._timeline.cues
        spans = [(cue.start, cue.end, without_hints(cue.text), [word.model_dump(mode="json") for word in cue.words]) for cue in cues]
        return self._generated(
            "Captions", [(start, end, text, {"text": text, "words": words}) for start, end, text, words in spans], "caption"
        )

    def overlays(self) -> Iterator[Any]:
        """Yield a track for each overlay: they may stand at the same time."""
        for overlay in self._timeline.overlays:
            told = overlay.model_dump(mode="json", exclude={"kind", "start", "end"})
            yield self._generated(overlay.kind, [(overlay.start, overlay.end, overlay.kind, told)], overlay.kind)

    def _generated(self, name: str, spans: list[tuple[int, int, str, dict[str, Any]]], kind: str) -> Any:
        otio = self._otio
        track = otio.schema.Track(name=name, kind=otio.schema.TrackKind.Video)
        at = 0
        for start, end, title, told in spans:
            if start > at:
                track.append(otio.schema.Gap(source_range=self._range(0, start - at)))
            media = otio.schema.GeneratorReference(generator_kind=f"reelkit.{kind}", parameters=told)
            track.append(self._clip(title, media, 0, end - start))
            at = end
        return track

    def sound(self, audio: AudioTrack) -> Any:
        """Return a track of sound; where it begins later than the reel, silence comes first, and music that is short begins again."""
        otio, rate = self._otio, self._timeline.audio_rate_hz
        track = otio.schema.Track(name=audio.kind, kind=otio.schema.TrackKind.Audio)
        if audio.start:
            track.append(otio.schema.Gap(source_range=self._range(0, audio.start, rate)))
        room = (self._timeline.sample_count if audio.end is None else audio.end) - audio.start
        length, loop = room, None
        with suppress(AudioError):
            sound, _ = read_audio(audio.path, rate_hz=rate, limit_s=(room + 1) / rate)
            length = len(sound)
            loop = loop_of(sound, room, rate) if audio.kind == "music" else None
        known = self._range(0, length, rate) if length < room else None
        media = otio.schema.ExternalReference(target_url=_address(audio.path), available_range=known)
        first, step, overlap = loop or (0, max(min(room, length), 1), 0)
        for at in range(0, room if loop else min(room, length), step):
            count = min(step, room - at)
            if at:
                track.append(
                    otio.schema.Transition(
                        name="crossfade",
                        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                        in_offset=self._time(0, rate),
                        out_offset=self._time(min(overlap, count), rate),
                    )
                )
            clip = otio.schema.Clip(name=audio.kind, media_reference=media, source_range=self._range(first, count, rate))
            clip.metadata["reelkit"] = audio.model_dump(mode="json", exclude={"path", "kind", "start"})
            track.append(clip)
        return track

    def _clip(self, name: str, media: Any, first: int, count: int) -> Any:
        return self._otio.schema.Clip(name=name, media_reference=media, source_range=self._range(first, count))

    def _time(self, value: int, rate: float | None = None) -> Any:
        return self._otio.opentime.RationalTime(value, rate or self._rate)

    def _range(self, start: int, length: int, rate: float | None = None) -> Any:
        return self._otio.opentime.TimeRange(self._time(start, rate), self._time(length, rate))


def _length(clip: Clip, timeline: Timeline) -> int | None:
    return None if clip.duration_ms is None else max(round(clip.duration_ms * timeline.fps.ratio / 1000), 1)


def _address(path: Path) -> str:
    return path.resolve().as_uri()
