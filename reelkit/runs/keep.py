"""Which files of a run's folder each step's result becomes, and which facts of it the manifest tells."""

from __future__ import annotations

import statistics
from pathlib import Path

from reelkit.model import AudioResult, Reel, Script, ShapedReel, Timeline
from reelkit.whole import whole_file, write_whole

__all__ = ["Facts", "keep_result"]

_POSTER_S = 1.0

Facts = dict[str, str | int | float]


def keep_result(folder: Path, result: object, *, by_a_model: bool = True) -> Facts:
    """Write what a step made into the run's folder, whole, and return the facts that the manifest tells of it.

    A :class:`Script` becomes ``script.json``; an :class:`AudioResult` ``voice.wav``; a :class:`Timeline` ``timeline.json``,
    ``timeline.otio``, ``captions.srt``, ``captions.vtt``, ``captions.ass`` and ``credits.txt``, and with the script that lies there
    ``publishing.json``. A :class:`Reel` is in place already and gets its ``poster.jpg``, taken when the brand's intro is over; so does each
    in another shape. Anything else is not kept. Platforms are told whether a model wrote or spoke any of it: ``by_a_model``.
    """
    match result:
        case Script():
            write_whole(folder / "script.json", result.model_dump_json(indent=2) + "\n")
            return {"topic": result.topic, "scenes": len(result.scenes), "words": result.word_count}
        case AudioResult():
            return _keep_narration(folder, result)
        case Timeline():
            return _keep_timeline(folder, result, by_a_model)
        case Reel():
            _keep_poster(folder, result, "poster.jpg")
            return {"duration_s": round(result.duration_s, 3)}
        case [ShapedReel(), *_]:
            shapes = [each for each in result if isinstance(each, ShapedReel)]
            for shaped in shapes:
                _keep_poster(folder, shaped.reel, shaped.poster_of(shaped.shape))
            return {"shapes": ", ".join(shaped.shape for shaped in shapes)}
        case _:
            return {}


def _keep_narration(folder: Path, audio: AudioResult) -> Facts:
    from reelkit.media.audio import write_wav

    with whole_file(folder / "voice.wav") as temporary:
        write_wav(temporary, audio.samples, audio.rate_hz)
    return {"narration_s": round(audio.duration_s, 3), "words_timed_by": ", ".join(sorted({word.timed_by for word in audio.words}))}


def _keep_timeline(folder: Path, timeline: Timeline, by_a_model: bool) -> Facts:
    from reelkit.media.ass import ass
    from reelkit.media.otio import otio_at_hand, to_otio
    from reelkit.media.sidecars import credits_text, srt, vtt

    write_whole(folder / "timeline.json", timeline.model_dump_json(indent=2) + "\n")
    write_whole(folder / "captions.srt", srt(timeline))
    write_whole(folder / "captions.vtt", vtt(timeline))
    write_whole(folder / "captions.ass", ass(timeline))
    if otio_at_hand():
        write_whole(folder / "timeline.otio", to_otio(timeline).to_json_string() + "\n")
    write_whole(folder / "credits.txt", credits_text(timeline))
    _keep_publishing(folder, timeline, by_a_model)
    lengths = [(shot.end - shot.start) / float(timeline.fps.ratio) for shot in timeline.shots]
    return {
        "shots": len(timeline.shots),
        "clips": len({shot.clip.id for shot in timeline.shots}),
        "median_shot_s": round(statistics.median(lengths), 2),
        "cues": len(timeline.cues),
        "size": f"{timeline.width_px}x{timeline.height_px}",
        "fps": str(timeline.fps),
    }


def _keep_publishing(folder: Path, timeline: Timeline, by_a_model: bool) -> None:
    from reelkit.steps.publishing import publishing_text

    script = folder / "script.json"
    if script.is_file():
        text = publishing_text(Script.model_validate_json(script.read_bytes()), timeline, ai_generated=by_a_model)
        write_whole(folder / "publishing.json", text.model_dump_json(indent=2) + "\n")


def _keep_poster(folder: Path, reel: Reel, name: str) -> None:
    from reelkit.media.preview import make_poster
    from reelkit.steps.python_inserts import own_frames

    timeline = Timeline.model_validate_json((folder / "timeline.json").read_bytes())
    start, end = (float(frame / timeline.fps.ratio) for frame in own_frames(timeline))
    make_poster(reel.path, folder / name, width_px=reel.width_px, at_s=start + min(_POSTER_S, (end - start) / 2))
