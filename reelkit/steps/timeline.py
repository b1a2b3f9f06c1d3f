"""Timeline: shots under sentences, cues, sound and overlays as plain data."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from reelkit.brand import Brand, wrong_fonts
from reelkit.errors import BrandError, TimelineError
from reelkit.media.audio import duck_envelope, read_audio
from reelkit.media.breaks import leans
from reelkit.media.loudness import measure_loudness, under_voice_gain_db
from reelkit.media.plates import plate_for
from reelkit.media.quotes import with_quotes
from reelkit.model import (
    AudioResult,
    AudioTrack,
    Cache,
    CaptionCue,
    CaptionStyle,
    CaptionWord,
    Clip,
    Cue,
    DoubtfulPlace,
    EndCard,
    Fps,
    LogoOverlay,
    Overlay,
    ProgressBar,
    Script,
    SentenceTiming,
    Shot,
    Timeline,
    Word,
)
from reelkit.steps.characters import lacking_characters, refuse_invisible_cues
from reelkit.steps.end_room import make_room_for_end_card
from reelkit.steps.key_words import plan_key_words
from reelkit.steps.python_inserts import add_python_clips
from reelkit.steps.shots import plan_shots
from reelkit.whole import sha256_of

__all__ = ["AUDIO_RATE_HZ", "plan_timeline"]

AUDIO_RATE_HZ = 48_000
_NO_BREAK = "\u00a0"
_END_CARD_SNAP_S = 1.2
_STINGER_OVER_DB = 4.0
"""Where nobody speaks a stinger stands out from the music; under a word it goes unheard."""


def plan_timeline(
    script: Script,
    clips: Sequence[Clip],
    audio: AudioResult,
    sentences: Sequence[SentenceTiming],
    brand: Brand,
    *,
    cues: Sequence[Cue],
    narration: Path,
    music: Path | None = None,
    cache: Cache | None = None,
    stingers: Sequence[Path] = (),
) -> Timeline:
    """Put everything that a reel shows and plays on one timeline.

    Parameters
    ----------
    script, clips, audio, sentences
        What the steps before returned.
    brand : Brand
    cues : sequence of Cue
        From :func:`reelkit.steps.timing.split_cues`, edited or not.
    narration : Path
        The sound file of ``audio``, which rendering reads.
    music : Path, optional
        The bed under the voice.
    cache : Cache, optional
        Keeps where clips draw the eye, and what the brand's own Python functions draw; needed where it names any.
    stingers : sequence of Path
        Sounds for the changes of scene, one after the other, each a beat before its moment; none where not given.

    Returns
    -------
    Timeline
        As long as the narration, to the frame, and as intro and outro where the brand has them.

    Raises
    ------
    TimelineError
        When shots, cues and words do not fit together, a cue is in characters that no font draws, or a scene asks for an icon that there
        is not.
    BrandError
        When a font of the brand is unknown or no font, or one of its Python functions fails.
    """
    for loc, problem in wrong_fonts(brand):
        raise BrandError(f"brand '{brand.slug}': {'.'.join(loc)}: {problem}")
    fps = brand.fps
    frame_count = fps.first_frame_from(len(audio.samples), audio.rate_hz)
    if frame_count < 1:
        raise TimelineError("timeline: the narration is empty; speak the script again")
    shots = plan_shots(script, clips, sentences, brand, frame_count=frame_count, cache=cache)
    changes = _changes(script, sentences, shots, fps)
    card_start = _end_card_start(brand, sentences, fps, frame_count)
    style = brand.caption_style
    key_words = plan_key_words(script, sentences, brand, style, until=card_start)
    timeline = Timeline(
        brand=brand.slug,
        topic=script.topic,
        language=brand.language,
        width_px=brand.output.width_px,
        height_px=brand.output.height_px,
        fps=fps,
        frame_count=frame_count,
        audio_rate_hz=AUDIO_RATE_HZ,
        crf=brand.output.crf,
        background=brand.palette.background,
        shots=shots,
        cues=_with_quotes(_caption_cues(cues, style, fps, frame_count), brand.language),
        # A dash has no time of its own in any voice; only what is said counts.
        estimated_words=sum(word.timed_by == "estimated" and any(map(str.isalnum, word.text)) for cue in cues for word in cue.words),
        doubtful=tuple(
            DoubtfulPlace(
                start=min(fps.frame_at(audio.words[min(doubt.start, len(audio.words) - 1)].start, audio.rate_hz), frame_count - 1),
                script=" ".join(word.text for word in audio.words[doubt.start : doubt.stop]),
                heard=doubt.heard,
            )
            for doubt in audio.doubts
        ),
        caption_style=style,
        overlays=(*key_words, *_overlays(brand, card_start, frame_count)),
        audio=(*_tracks(audio, sentences, brand, narration, music), *_stingers(changes, audio, brand, stingers)),
        safe_zone=brand.safe_zone,
    )
    refuse_invisible_cues(timeline)
    undrawn = "".join(dict.fromkeys("".join(missing for missing, _, _ in lacking_characters(timeline))))
    timeline = timeline.model_copy(update={"undrawn": undrawn})
    return add_python_clips(make_room_for_end_card(timeline), brand, cache=cache)


def _caption_cues(cues: Sequence[Cue], style: CaptionStyle, fps: Fps, frame_count: int) -> tuple[CaptionCue, ...]:
    """Put cues on frames: no cue shows before its sound, each word begins within it and a frame of its onset, each is a frame or longer."""
    placed: list[CaptionCue] = []
    at = 0
    for number, cue in enumerate(cues):
        rate = cue.rate_hz
        start = max(fps.first_frame_from(cue.start, rate), at)
        end = min(fps.first_frame_from(cue.end, rate), frame_count)
        if number + 1 < len(cues):
            end = min(end, max(fps.first_frame_from(cues[number + 1].start, rate), start + 1))
        if start >= frame_count:
            raise TimelineError(
                f"timeline: cue '{cue.text}' starts at {cue.start / rate:.2f} s, after the reel's end; plan the cues from this narration"
            )
        end = max(end, start + 1)
        lit = _lit_together(cue.words, style)
        # A last word in the frame with which the next cue begins, as an emoji without a pause of its own, begins in the one before.
        starts = [min(max(fps.first_frame_from(words[0].start, rate), start), end - 1) for words in lit]
        ends = [max(min(fps.first_frame_from(words[-1].end, rate), end), first) for words, first in zip(lit, starts, strict=True)]
        words = tuple(
            CaptionWord(text=_written(said), start=first, end=last, joined=said[0].joined)
            for said, first, last in zip(lit, starts, ends, strict=True)
        )
        placed.append(CaptionCue(words=words, start=start, end=end))
        at = end
    return tuple(placed)


def _with_quotes(cues: tuple[CaptionCue, ...], language: str) -> tuple[CaptionCue, ...]:
    if not any('"' in cue.text for cue in cues):
        return cues
    texts = iter(with_quotes([word.text for cue in cues for word in cue.words], language))
    return tuple(
        cue.model_copy(update={"words": tuple(word.model_copy(update={"text": next(texts)}) for word in cue.words)}) for cue in cues
    )


def _lit_together(words: Sequence[Word], style: CaptionStyle) -> list[list[Word]]:
    """Group the words of a cue that are shown as one: those that a space holds together, and where one at a time is shown what leans."""
    texts = [word.text for word in words]
    groups: list[list[Word]] = []
    for index, word in enumerate(words):
        before = _written(groups[-1]) if groups else ""
        leaning = style.mode == "one_word" and (leans(texts, index) or not any(map(str.isalnum, before)))
        if before and (word.held or leaning or (style.max_words == 1 and not word.joined)):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _written(words: Sequence[Word]) -> str:
    """Return words as they are written in a row, with the spaces that hold them together."""
    before = ["", *("" if word.joined else _NO_BREAK if word.held else " " for word in words[1:])]
    return "".join(space + word.text for space, word in zip(before, words, strict=True))


def _end_card_start(brand: Brand, sentences: Sequence[SentenceTiming], fps: Fps, frame_count: int) -> int:
    """Return where the end card comes in: with the last sentence where that is near, never over the whole reel."""
    if not brand.overlays.end_card:
        return frame_count
    start = frame_count - round(brand.overlays.end_card_s * fps.ratio)
    last = fps.first_frame_from(sentences[-1].start, sentences[-1].rate_hz) if sentences else start
    if abs(last - start) <= _END_CARD_SNAP_S * fps.ratio:
        start = last
    return max(start, frame_count // 2)


def _overlays(brand: Brand, card_start: int, frame_count: int) -> list[Overlay]:
    overlays: list[Overlay] = []
    across, down = brand.output.width_px / 1080, brand.output.height_px / 1920
    scale = min(brand.output.width_px, brand.output.height_px) / 1080
    left = round(brand.safe_zone.left_px * across)
    logo = brand.path(brand.logo) if brand.logo else None
    if brand.overlays.progress_bar:
        overlays.append(
            ProgressBar(
                start=0,
                end=card_start,
                x_px=left,
                width_px=round((1080 - brand.safe_zone.right_px) * across) - left,
                y_px=round(brand.safe_zone.top_px * down + 4 * scale),
                height_px=max(round(8 * scale), 2),
                colour=brand.palette.accent,
                track_colour=brand.palette.text,
            )
        )
    if brand.overlays.logo and logo is not None:
        width = round(brand.overlays.logo_width_px * scale)
        overlays.append(
            LogoOverlay(
                path=logo,
                sha256=sha256_of(logo),
                start=0,
                end=card_start,
                x_px=left,
                y_px=round(brand.safe_zone.top_px * down + 36 * scale),
                width_px=width,
                height_px=width,
                opacity=0.92,
                plate_colour=plate_for(logo, brand.palette),
            )
        )
    if card_start < frame_count:
        overlays.append(
            EndCard(
                start=card_start,
                end=frame_count,
                title=brand.overlays.end_card_text or brand.name,
                subtitle=brand.overlays.end_card_subtitle,
                logo_path=logo,
                logo_sha256=sha256_of(logo) if logo else "",
                font=brand.font(brand.fonts.title),
                palette=brand.palette,
                fade_frames=0 if brand.motion.reduced else round(0.3 * brand.fps.ratio),
            )
        )
    return overlays


def _tracks(audio: AudioResult, sentences: Sequence[SentenceTiming], brand: Brand, narration: Path, music: Path | None) -> list[AudioTrack]:
    tracks = [AudioTrack(kind="narration", path=narration, sha256=sha256_of(narration))]
    if music is None:
        return tracks
    sample_count = len(audio.samples) * AUDIO_RATE_HZ // audio.rate_hz
    spans = [(sentence.start * AUDIO_RATE_HZ // audio.rate_hz, sentence.end * AUDIO_RATE_HZ // audio.rate_hz) for sentence in sentences]
    bed, bed_rate_hz = read_audio(music)
    voice = audio.samples[:, None].repeat(2, axis=1)
    gain_db = under_voice_gain_db(measure_loudness(voice, audio.rate_hz), measure_loudness(bed, bed_rate_hz), brand.music.under_voice_db)
    envelope = duck_envelope(spans, sample_count=sample_count, rate_hz=AUDIO_RATE_HZ)
    tracks.append(
        AudioTrack(
            kind="music",
            path=music,
            sha256=sha256_of(music),
            gain_db=round(gain_db, 2),
            envelope=envelope,
            fade_out=round(0.6 * AUDIO_RATE_HZ),
        )
    )
    return tracks


def _changes(script: Script, sentences: Sequence[SentenceTiming], shots: Sequence[Shot], fps: Fps) -> list[int]:
    """Return the frames on which scenes after the first begin: the cuts nearest to their first words."""
    words = [word for sentence in sentences for word in sentence.words]
    firsts = list(itertools.accumulate(len(scene.text.split()) for scene in script.scenes))[:-1]
    begun = [fps.frame_at(words[first].start, words[first].rate_hz) for first in firsts]
    return sorted({min((shot.start for shot in shots), key=lambda cut: abs(cut - frame)) for frame in begun} - {0})


def _stingers(changes: Sequence[int], audio: AudioResult, brand: Brand, stingers: Sequence[Path]) -> Iterator[AudioTrack]:
    """Yield a stinger for each change of scene, its moment on the cut, :data:`_STINGER_OVER_DB` over the level of the music."""
    from reelkit.media.music import stinger_lead_s

    if not stingers:
        return
    lead = round(stinger_lead_s(brand.music.tempo_bpm) * AUDIO_RATE_HZ)
    voice = measure_loudness(audio.samples, audio.rate_hz)
    for number, frame in enumerate(changes):
        path = stingers[number % len(stingers)]
        start = brand.fps.sample_at(frame, AUDIO_RATE_HZ) - lead
        if start >= 0:
            sound, rate_hz = read_audio(path)
            gain_db = under_voice_gain_db(voice, measure_loudness(sound, rate_hz), brand.music.under_voice_db - _STINGER_OVER_DB)
            yield AudioTrack(kind="stinger", path=path, sha256=sha256_of(path), start=start, gain_db=round(gain_db, 2))
