"""A brand's own Python functions: drawn once, shown to the sample, with everything else moved exactly; what is wrong is one line."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from reelkit.brand import Brand, BrandOverlays, PythonClip
from reelkit.errors import BrandError, TimelineError
from reelkit.media.audio import mix_tracks, read_audio, write_wav
from reelkit.media.compositor import Compositor
from reelkit.media.loudness import measure_loudness
from reelkit.media.planes import Planes, planes_to_rgb, rgb_to_planes
from reelkit.model import AudioTrack, ClipOverlay, DoubtfulPlace, Finding, Fps, GainPoint, ProgressBar, Timeline
from reelkit.runs.cache import FileCache
from reelkit.runs.keep import keep_result
from reelkit.steps.check import check_video
from reelkit.steps.compose import compose_video
from reelkit.steps.judge_captions import judge_caption_times
from reelkit.steps.judge_pace import Cuts, judge_pace
from reelkit.steps.judge_sound import read_narration
from reelkit.steps.python_inserts import add_python_clips, framed, own_frames
from reelkit.whole import sha256_of
from tests.media import reels
from tests.media.reels import brand as a_brand
from tests.media.timelines import SIZE, small_timeline

STUDIO = """\
import numpy as np
from moviepy import AudioClip, ColorClip, VideoClip
from pathlib import Path

def lower_third(width_px):
    bar = ColorClip((width_px // 2, 40), color=(200, 40, 40)).with_duration(1.0).with_opacity(0.5)
    return bar.with_position(lambda t: (20 + int(30 * t), 201))

def opening(width_px, height_px, fps):
    with (Path(__file__).parent / ".drawn.log").open("a") as log:
        log.write("opening\\n")
    rows = np.arange(height_px)[:, None]

    def frame(t):
        red = (rows * 255 // height_px + np.zeros((1, width_px), int))
        return np.dstack([red, np.full_like(red, int(200 * t)), np.full_like(red, 60)]).astype(np.uint8)

    return VideoClip(frame, duration=1.0).with_audio(AudioClip(lambda t: 0.05 * np.sin(2 * np.pi * 330 * np.asarray(t)), 1.0, fps=48000))

def closing(width_px, height_px, topic):
    return ColorClip((width_px, height_px), color=(10, 120, 10)).with_duration(0.5)

def asks_much(width_px, weather):
    return None

def fails():
    raise ValueError("no\\nfont")

def no_clip(brand):
    return brand

def endless(width_px):
    return ColorClip((width_px, 10), color=(1, 2, 3))

def small():
    return ColorClip((20, 10), color=(1, 2, 3)).with_duration(1)

def unseen():
    return ColorClip((20, 10), color=(1, 2, 3)).with_duration(1).with_position((5000, 0))

def breaks_later(width_px, height_px):
    def frame(t):
        raise RuntimeError("cannot draw this")
    return VideoClip(lambda t: np.zeros((height_px, width_px, 3), np.uint8) if t < 0.1 else frame(t), duration=1.0)

def lasting(width_px, height_px):
    return ColorClip((width_px, height_px), color=(10, 120, 10)).with_duration(1.5)

def veiled(width_px, height_px):
    return lasting(width_px, height_px).with_opacity(0.5)

def heard(seconds):
    return AudioClip(lambda t: 0.05 * np.sin(2 * np.pi * 330 * np.asarray(t)), seconds, fps=48000)

def outlasted(width_px, height_px):
    return lasting(width_px, height_px).with_audio(heard(8.0))

def never_silent(width_px, height_px):
    return lasting(width_px, height_px).with_audio(heard(None))

def one_channel(width_px, height_px):
    from moviepy.audio.AudioClip import AudioArrayClip

    return lasting(width_px, height_px).with_audio(AudioArrayClip(heard(4.0).get_frame(np.arange(4 * 48000) / 48000)[:, None], fps=48000))

def soon_silent(width_px, height_px):
    return lasting(width_px, height_px).with_audio(heard(0.5))

def refused():
    raise OSError("401 for url: https://api.example/v1?token=7c3f0e5b91d2")
"""


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    path = tmp_path / "studio" / "clips.py"
    path.parent.mkdir()
    path.write_text(STUDIO)
    return path


def asking(**overlays: Any) -> Brand:
    return a_brand().model_copy(update={"overlays": BrandOverlays(**overlays)})


def added(timeline: Timeline, folder: Path, **overlays: Any) -> Timeline:
    return add_python_clips(timeline, asking(**overlays), cache=FileCache(folder / "cache"))


def test_a_brand_without_functions_is_left_alone(tmp_path: Path) -> None:
    """Nothing is loaded or moved where a brand names no function, and none needs a cache."""
    timeline = small_timeline(tmp_path)
    assert add_python_clips(timeline, a_brand(), cache=None) is timeline


@pytest.mark.parametrize("fps", [Fps(num=30), Fps(num=30000, den=1001), Fps(num=24)])
def test_everything_moves_by_the_intro_exactly(tmp_path: Path, studio: Path, fps: Fps) -> None:
    """Shots, cues, words and overlays move by the intro's frames, the voice by the samples that play meanwhile."""
    bar = ProgressBar(start=3, end=80, y_px=20, colour="#FFFFFF", track_colour="#000000")
    plain = small_timeline(tmp_path / "reel", fps=fps, overlays=(bar,))
    moved = added(plain, tmp_path, intro=f"{studio}:opening", outro=f"{studio}:closing")
    by = moved.shots[0].end
    assert by == round(fps.ratio) and moved.frame_count == by + plain.frame_count + round(fps.ratio / 2)
    assert [(s.start - by, s.end - by, s.clip) for s in moved.shots[1:-1]] == [(s.start, s.end, s.clip) for s in plain.shots]
    for before, after in zip(plain.cues, moved.cues, strict=True):
        assert (after.start - by, after.end - by) == (before.start, before.end)
        assert [(w.text, w.start - by, w.end - by) for w in after.words] == [(w.text, w.start, w.end) for w in before.words]
    assert (moved.overlays[0].start, moved.overlays[0].end) == (3 + by, 80 + by)
    shift = fps.sample_at(by, 48_000)
    mixes = [mix_tracks(timeline.audio[:1], rate_hz=48_000, sample_count=timeline.sample_count) for timeline in (plain, moved)]
    length = min(len(mixes[0]), len(mixes[1]) - shift) - 100
    assert np.array_equal(mixes[1][shift : shift + length], mixes[0][:length]) and not mixes[1][:shift].any()
    assert Timeline.model_validate_json(moved.model_dump_json()) == moved


def test_intro_and_frames_between_are_the_same_samples(tmp_path: Path, studio: Path) -> None:
    """Each frame of the intro is the function's own, converted once; each frame between is the frame of the reel without it."""
    plain = small_timeline(tmp_path / "reel")
    moved = added(plain, tmp_path, intro=f"{studio}:opening", outro=f"{studio}:closing")
    rows = np.arange(SIZE[1])[:, None] * 255 // SIZE[1] + np.zeros((1, SIZE[0]), int)
    with Compositor(plain) as without, Compositor(moved) as framed:
        for frame in (0, 7, 29):
            rgb = np.dstack([rows, np.full_like(rows, int(200 * (frame + 0.5) / 30)), np.full_like(rows, 60)]).astype(np.uint8)
            assert framed.frame_at(frame).tobytes() == rgb_to_planes(rgb).tobytes()
        for frame in (0, 12, 45, 89):
            assert framed.frame_at(frame + 30).tobytes() == without.frame_at(frame).tobytes()
        assert np.abs(planes_to_rgb(framed.frame_at(125)).astype(int) - (10, 120, 10)).max() <= 3


def test_an_overlay_is_blended_by_its_own_alpha(tmp_path: Path, studio: Path) -> None:
    """A half-transparent bar lies over the reel where and when it says, moving as it says, and nowhere else."""
    plain = small_timeline(tmp_path / "reel").model_copy(update={"cues": ()})
    timeline = added(plain, tmp_path, clips=(PythonClip(python=f"{studio}:lower_third", start_s=1.0),))
    (overlay,) = timeline.overlays
    assert isinstance(overlay, ClipOverlay) and (overlay.start, overlay.end) == (30, 60)
    red = Planes.filled(2, 2, "#C82828")
    with Compositor(plain) as without, Compositor(timeline) as over:
        for frame in (29, 60):
            assert over.frame_at(frame).tobytes() == without.frame_at(frame).tobytes()
        for frame in (58, 30, 45):  # in any order
            one, other = without.frame_at(frame).y.astype(int), over.frame_at(frame).y.astype(int)
            left = 20 + int(30 * (frame - 30 + 0.5) / 30)
            inside = (slice(202, 240), slice(left + 2, left + 88))
            assert np.abs(other[inside] - (one[inside] + int(red.y[0, 0])) / 2).max() <= 1.5
            outside = np.ones_like(one, bool)
            outside[200:244, left - 2 : left + 94] = False
            assert (one == other)[outside].all()


def test_a_function_is_drawn_once_and_again_when_its_source_changes(tmp_path: Path, studio: Path) -> None:
    """The second reel takes what the first drew, whatever its topic; a changed file, or one beside it, is drawn anew."""
    plain = small_timeline(tmp_path / "reel")
    log = studio.parent / ".drawn.log"
    first = added(plain, tmp_path, intro=f"{studio}:opening")
    again = added(plain.model_copy(update={"topic": "Another"}), tmp_path, intro=f"{studio}:opening")
    assert first.shots[0].clip == again.shots[0].clip and log.read_text().count("opening") == 1
    (studio.parent / "shapes.py").write_text("ROUND = 1\n")
    assert added(plain, tmp_path, intro=f"{studio}:opening").shots[0].clip.sha256 == first.shots[0].clip.sha256
    assert log.read_text().count("opening") == 2
    ends = [
        added(plain.model_copy(update={"topic": topic}), tmp_path, outro=f"{studio}:closing").shots[-1].clip.path for topic in ("A", "B")
    ]
    assert ends[0] != ends[1]


def test_an_intro_is_as_loud_as_the_voice(tmp_path: Path, studio: Path) -> None:
    """The intro's own sound comes at the voice's loudness, in its place; music stops where the outro begins."""
    plain = small_timeline(tmp_path / "reel")
    bed = plain.audio[0].model_copy(update={"kind": "music", "gain_db": -12.0})
    moved = added(plain.model_copy(update={"audio": (*plain.audio, bed)}), tmp_path, intro=f"{studio}:opening", outro=f"{studio}:closing")
    voice, music, sound = moved.audio
    assert (voice.start, music.start, sound.start, sound.kind) == (48_000, 48_000, 0, "clip")
    level = measure_loudness(read_audio(sound.path)[0] * 10 ** (sound.gain_db / 20), 48_000).lufs
    assert level == pytest.approx(measure_loudness(read_audio(voice.path)[0], 24_000).lufs, abs=0.2)
    mix = mix_tracks((music,), rate_hz=48_000, sample_count=moved.sample_count)
    outro = moved.fps.sample_at(moved.shots[-1].start, 48_000)
    assert np.abs(mix[outro:]).max() < 1e-3 < np.abs(mix[outro - 48_000 : outro - 24_000]).max()


@pytest.mark.parametrize("seconds", [0.5, 3.0, 7.0])
def test_music_ends_before_an_outro_as_it_ends_without(seconds: float, tmp_path: Path, studio: Path) -> None:
    """Music as long as the reel, shorter or longer sounds up to the outro as it does without one, and then not at all."""
    plain = small_timeline(tmp_path / "reel")
    rng = np.random.default_rng(2)
    music = write_wav(tmp_path / "bed.wav", rng.normal(0, 0.1, (round(seconds * 48_000), 2)).astype(np.float32), 48_000)
    points = (GainPoint(at=20_000, gain_db=0.0), GainPoint(at=44_000, gain_db=3.0))
    bed = AudioTrack(kind="music", path=music, sha256=sha256_of(music), gain_db=-6.0, envelope=points, fade_out=28_800)
    moved = added(plain.model_copy(update={"audio": (bed,)}), tmp_path, intro=f"{studio}:lasting", outro=f"{studio}:lasting")
    without = mix_tracks((bed,), rate_hz=48_000, sample_count=plain.sample_count)
    mix = mix_tracks(moved.audio, rate_hz=48_000, sample_count=moved.sample_count)
    assert len(mix) == len(without) + 2 * 72_000
    assert np.array_equal(mix[72_000:-72_000], without) and not mix[:72_000].any() and not mix[-72_000:].any()
    assert Timeline.model_validate_json(moved.model_dump_json()) == moved


@pytest.mark.parametrize("function", ["outlasted", "never_silent", "one_channel", "soon_silent"])
def test_the_sound_of_an_intro_is_as_long_as_its_frames(function: str, tmp_path: Path, studio: Path) -> None:
    """What plays on is cut to the last frame over a fade of 20 ms, what is over before is silent; all before is as it was made."""
    intro = added(small_timeline(tmp_path / "reel"), tmp_path, intro=f"{studio}:{function}").shots[0].clip
    sound, rate_hz = read_audio(intro.path)
    assert (sound.shape, rate_hz) == ((72_000, 2), 48_000)
    made = 0.05 * np.sin(2 * np.pi * 330 * np.arange(72_000) / 48_000)
    if function == "soon_silent":
        made[24_000:] = 0
    # MoviePy's arrays may be a sample late.
    assert np.abs(sound[:-960] - made[:-960, None]).max() < 3e-3
    assert np.abs(sound[-960:]).max() <= np.abs(made[-960:]).max() + 1e-5 and np.abs(sound[-48:]).max() < 1e-3


def test_sound_and_pictures_are_written_side_by_side(tmp_path: Path, studio: Path) -> None:
    """At no place of the file is a picture more than two frames from the sound beside it: whoever writes or reads it holds little."""
    intro = added(small_timeline(tmp_path / "reel"), tmp_path, intro=f"{studio}:outlasted").shots[0].clip
    reached = {"video": 0.0, "audio": 0.0}
    with av.open(str(intro.path)) as container:
        for packet in container.demux():
            if packet.size and packet.pts is not None:
                reached[packet.stream.type] = float(packet.pts * packet.time_base)
                assert abs(reached["video"] - reached["audio"]) < 2 / 30


def test_a_clip_with_holes_lies_on_its_brands_background(tmp_path: Path, studio: Path) -> None:
    """A half-transparent outro that asks for no palette is drawn anew on another background."""
    plain = small_timeline(tmp_path / "reel")
    brand = asking(outro=f"{studio}:veiled")
    for background, shown in (("#102030", (13, 76, 29)), ("#D0C0B0", (109, 156, 93))):
        of_this = brand.model_copy(update={"palette": brand.palette.model_copy(update={"background": background})})
        moved = add_python_clips(plain, of_this, cache=FileCache(tmp_path / "cache"))
        with Compositor(moved) as compositor:
            assert np.abs(planes_to_rgb(compositor.frame_at(plain.frame_count + 5)).astype(int) - shown).max() <= 4


SHADED = """\
import shades
from moviepy import ColorClip

def closing(width_px, height_px):
    return ColorClip((width_px, height_px), color=shades.COLOUR).with_duration(0.5)
"""


def test_a_file_imports_its_neighbours_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper that was edited, or has its like beside another brand's file, is loaded anew; what a notebook loaded stays as it is."""
    plain = small_timeline(tmp_path / "reel")

    def drawn(brand: str, colour: str) -> list[int]:
        folder = tmp_path / brand
        folder.mkdir(exist_ok=True)
        (folder / "shades.py").write_text(f"COLOUR = {colour}\n")
        (folder / "clips.py").write_text(SHADED)
        with Compositor(added(plain, tmp_path, outro=f"{folder / 'clips.py'}:closing")) as compositor:
            rgb = planes_to_rgb(compositor.frame_at(plain.frame_count + 5))
        return [int(value) // 100 for value in rgb[0, 0]]

    assert drawn("one", "(250, 0, 0)") == [2, 0, 0]
    assert drawn("one", "(0, 250, 0)") == [0, 2, 0]
    assert drawn("two", "(0, 0, 250)") == [0, 0, 2]
    assert "shades" not in sys.modules
    spec = importlib.util.spec_from_file_location("shades", tmp_path / "one" / "shades.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    monkeypatch.setitem(sys.modules, "shades", loaded)
    assert drawn("one", "(250, 250, 250)") == [2, 2, 2]
    assert sys.modules["shades"] is loaded and loaded.COLOUR == (0, 250, 0)


PACKED = """\
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helpers.look import COLOUR
from moviepy import ColorClip
from PIL import Image

@dataclass
class Look:
    colour: tuple[int, int, int]
    badge: tuple[int, int, int]

def closing(width_px, height_px):
    with Image.open(Path(__file__).parent / "badge.png") as badge:
        look = Look(COLOUR, badge.convert("RGB").getpixel((0, 0)))
    return ColorClip((width_px, height_px), color=tuple(map(sum, zip(look.colour, look.badge)))).with_duration(0.5)
"""


@pytest.mark.parametrize("packed", [True, False], ids=["package", "folder"])
def test_what_a_file_reads_beside_it_is_seen_changed(packed: bool, tmp_path: Path) -> None:
    """A function is drawn anew when a picture that it opens or a module of a package that it imports was edited, and each brand has its own
    package of a name; a dataclass in the file is no trouble, and no module is left loaded."""
    plain = small_timeline(tmp_path / "reel")
    before = set(sys.modules)

    def drawn(brand: str, colour: str, badge: tuple[int, int, int]) -> list[int]:
        package = tmp_path / brand / "helpers"
        package.mkdir(parents=True, exist_ok=True)
        if packed:
            (package / "__init__.py").touch()
        (package / "look.py").write_text(f"COLOUR = {colour}\n")
        Image.new("RGB", (4, 4), badge).save(package.parent / "badge.png")
        (package.parent / "clips.py").write_text(PACKED)
        with Compositor(added(plain, tmp_path, outro=f"{package.parent / 'clips.py'}:closing")) as compositor:
            rgb = planes_to_rgb(compositor.frame_at(plain.frame_count + 5))
        return [int(value) // 100 for value in rgb[0, 0]]

    assert drawn("one", "(250, 0, 0)", (0, 0, 0)) == [2, 0, 0]
    assert drawn("one", "(0, 250, 0)", (0, 0, 0)) == [0, 2, 0]
    assert drawn("one", "(0, 250, 0)", (0, 0, 250)) == [0, 2, 2]
    assert drawn("two", "(0, 0, 0)", (0, 0, 250)) == [0, 0, 2]
    assert not {name for name in set(sys.modules) - before if name.startswith(("helpers", "reelkit_brand"))}


def test_a_reel_with_intro_and_outro_is_composed(tmp_path: Path, studio: Path) -> None:
    """The file has every frame, and after an edit of the outro only its own segment is rendered again."""
    cache = FileCache(tmp_path / "cache")
    plain = small_timeline(tmp_path / "reel")
    brand = asking(intro=f"{studio}:opening", outro=f"{studio}:closing")
    reel = compose_video(add_python_clips(plain, brand, cache=cache), tmp_path / "one.mp4", cache=cache, workers=1)
    assert reel.frame_count == 135
    studio.write_text(STUDIO.replace("(10, 120, 10)", "(120, 10, 10)"))
    again = compose_video(add_python_clips(plain, brand, cache=cache), tmp_path / "two.mp4", cache=cache, workers=1)
    assert again.segments_rendered == 1 and again.segments_reused == reel.segments_rendered - 1


def test_the_poster_shows_the_reel_and_not_its_intro(tmp_path: Path, studio: Path) -> None:
    """A reel's poster is taken a second after its intro ended, as that of a reel without one is taken after a second."""
    plan = added(small_timeline(tmp_path / "reel"), tmp_path, intro=f"{studio}:opening")
    keep_result(tmp_path, plan)
    keep_result(tmp_path, compose_video(plan, tmp_path / "reel.mp4", workers=1))
    poster = np.asarray(Image.open(tmp_path / "poster.jpg"), float)
    with Compositor(plan) as compositor:
        off = [float(np.abs(planes_to_rgb(compositor.frame_at(frame)) - poster).mean()) for frame in range(plan.frame_count)]
    assert off.index(min(off)) == 60


@pytest.mark.parametrize("ends", [("intro",), ("outro",), ("intro", "outro")], ids="+".join)
def test_a_reel_with_intro_and_outro_holds_every_must(ends: tuple[str, ...], tmp_path: Path, studio: Path) -> None:
    """The whole check finds nothing wrong with a reel for what comes before and after it; only its few seconds are too short."""
    plain = reels.timeline(tmp_path)
    footage = reels.make_reel(tmp_path / "texture.mp4", plain, reels.Making(shown=lambda _frame: None))
    clip = plain.shots[0].clip.model_copy(update={"path": footage.path, "sha256": footage.sha256, "duration_ms": 4000})
    shots = [shot.model_copy(update={"clip": clip, "in_frame": shot.start}) for shot in plain.shots]
    plan = added(
        plain.model_copy(update={"shots": tuple(shots)}),
        tmp_path,
        **{end: f"{studio}:{'opening' if end == 'intro' else 'closing'}" for end in ends},
    )
    start, end = own_frames(plan)
    assert (end - start, start, plan.frame_count - end) == (reels.FRAMES, 30 * ("intro" in ends), 15 * ("outro" in ends))
    findings = check_video(compose_video(plan, tmp_path / "reel.mp4", workers=1), plan, a_brand())
    assert [finding.name for finding in findings if not finding.holds] == ["useful-length"]
    length = next(finding for finding in findings if finding.name == "narration-length")
    assert ("and the outro, 0.500 s" in length.norm) == ("outro" in ends) and "+0.00 frames" in length.measured
    cut_short = plan.model_copy(update={"audio": (plan.audio[0].model_copy(update={"start": plan.audio[0].start + 4800}), *plan.audio[1:])})
    late = next(f for f in check_video(reels.reel_of(tmp_path / "reel.mp4", plan), cut_short, a_brand()) if f.name == "narration-length")
    assert not late.holds and "-3.00 frames" in late.measured


def test_pace_and_captions_are_judged_between_intro_and_outro(tmp_path: Path) -> None:
    """A long intro is no slow first shot and no late text, and a short last cue ends where the voice does, not where the outro does."""
    texts = (*reels.CUES[:2], ("every", "single"), ("morning",))
    doubt = DoubtfulPlace(start=41, script="roasted", heard="toasted")
    plain = reels.timeline(tmp_path, spoken=reels.cues(texts=texts)).model_copy(update={"doubtful": (doubt,)})
    silent = reels.make_reel(tmp_path / "silent.mp4", plain.model_copy(update={"audio": ()}))
    insert = plain.shots[0].clip.model_copy(update={"library": "python", "path": silent.path, "duration_ms": 4000})
    plan = framed(plain, insert, insert)

    def found(timeline: Timeline) -> dict[str, Finding]:
        cuts = Cuts(timeline)
        for frame in cuts.wanted:
            shot = next(number for number, shot in enumerate(timeline.shots) if shot.start <= frame < shot.end)
            cuts.look(frame, np.full((9, 16), 60 * shot, np.uint8))
        return {f.name: f for f in (*judge_pace(cuts, timeline), *judge_caption_times(timeline, read_narration(timeline)))}

    before, after = found(plain), found(plan)
    assert {name: finding.holds for name, finding in after.items()} == {name: finding.holds for name, finding in before.items()}
    assert [name for name, finding in after.items() if not finding.holds] == ["words-said"]
    assert after["cut-pace"].measured == before["cut-pace"].measured
    assert (after["first-change"].measured, after["first-text"].measured) == ("after 2.00 s", "after 0.10 s")
    for name in ("first-change", "first-text", "words-said"):
        at_s, plain_s = after[name].at_s, before[name].at_s
        assert at_s is not None and plain_s is not None and at_s == pytest.approx(plain_s + 4)


@pytest.mark.parametrize(
    ("overlays", "said"),
    [
        ({"intro": "gone.py:opening"}, "overlays.intro: gone.py:opening: there is no "),
        ({"intro": "@:openning"}, "overlays.intro: clips.py:openning: there is no function 'openning' in @; did you mean 'opening'?"),
        ({"outro": "@:asks_much"}, "overlays.outro: clips.py:asks_much: it asks for 'weather'; it may ask for brand, duration_s, fps, "),
        ({"outro": "@:fails"}, "overlays.outro: clips.py:fails: it failed: ValueError: no font (line 27)"),
        ({"outro": "@:refused"}, "refused: it failed: OSError: 401 for url: https://api.example/v1?[key] (line 70)"),
        ({"outro": "@:no_clip"}, "clips.py:no_clip: it returned a str; it must return a MoviePy clip"),
        ({"intro": "@:endless"}, "clips.py:endless: its clip lasts no time; it must last up to 60 s, as with .with_duration(3)"),
        ({"intro": "@:small"}, "clips.py:small: its clip is 20x10; it must be 180x320, so ask for width_px and height_px"),
        ({"clips": ("@:unseen",)}, "overlays.clips.0: clips.py:unseen: nothing of it is ever seen in the frame"),
        ({"intro": "@:breaks_later"}, "clips.py:breaks_later: its clip cannot be drawn: RuntimeError: cannot draw this (line 43)"),
    ],
)
def test_a_wrong_function_is_one_line(overlays: dict[str, Any], said: str, tmp_path: Path, studio: Path) -> None:
    """What is wrong is said with brand, field, file and function, and nothing half-drawn is kept."""
    named = {
        field: tuple(PythonClip(python=each.replace("@", str(studio))) for each in value)
        if isinstance(value, tuple)
        else value.replace("@", str(studio))
        for field, value in overlays.items()
    }
    with pytest.raises(BrandError) as caught:
        added(small_timeline(tmp_path / "reel"), tmp_path, **named)
    line = str(caught.value)
    assert line.startswith("brand 'test': overlays.") and said.replace("@", str(studio)) in line and "\n" not in line
    assert not list((tmp_path / "cache").rglob("*.mkv"))


@pytest.mark.parametrize("source", ["def opening(:\n", "import nothing_of_this_name\n"])
def test_a_file_that_does_not_load_is_one_line(source: str, tmp_path: Path, studio: Path) -> None:
    """A file that is no Python, or wants what is not installed, is named with its line."""
    studio.write_text(source)
    with pytest.raises(BrandError, match=r"the file cannot be loaded: \w+Error: .*\(line 1\)"):
        added(small_timeline(tmp_path / "reel"), tmp_path, intro=f"{studio}:opening")


def test_functions_need_a_cache(tmp_path: Path, studio: Path) -> None:
    """Without a cache there is nowhere to keep what a function draws, and the line says what to pass."""
    with pytest.raises(TimelineError, match=r"pass cache=parts\.cache"):
        add_python_clips(small_timeline(tmp_path / "reel"), asking(intro=f"{studio}:opening"), cache=None)
