"""Composition: a real file, the same bytes, only what changed made again, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import psutil
import pytest

from reelkit.errors import ClipError, ComposeError, RunError
from reelkit.media import waiter
from reelkit.media.compositor import Compositor
from reelkit.media.planes import plane_rows
from reelkit.media.pool import have_encoders_ready
from reelkit.media.segments import plan_segments
from reelkit.model import Fps, Timeline, Transition
from reelkit.runs.cache import FileCache
from reelkit.steps.compose import compose_video
from reelkit.whole import sha256_of
from tests.media.timelines import SIZE, small_timeline
from tests.processes import command_of, gone

Edit = Callable[[Path, Fps], tuple[Timeline, Timeline, tuple[int, int]]]


def _plan(folder: Path, fps: Fps, frames: tuple[int, int, int] = (40, 50, 60)) -> Timeline:
    return small_timeline(folder, frames=frames, transition=Transition(kind="crossfade", frames=6), fps=fps)


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    return _plan(tmp_path_factory.mktemp("reel"), Fps(num=30))


def _luma(path: Path) -> Iterator[bytes]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield plane_rows(frame.planes[0])[: SIZE[1], : SIZE[0]].tobytes()


def test_a_reel_is_whole_and_says_its_facts(tmp_path: Path, timeline: Timeline) -> None:
    """The file decodes to as many frames as planned, near what was composed, and the facts returned are the file's."""
    shares: list[float] = []
    reel = compose_video(timeline, tmp_path / "reel.mp4", progress=shares.append)
    lumas = list(_luma(reel.path))
    assert (len(lumas), reel.frame_count) == (150, 150)
    assert reel.bytes == reel.path.stat().st_size
    assert reel.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with Compositor(timeline) as compositor:
        for index in (0, 43, 149):
            composed, decoded = compositor.frame_at(index).y, lumas[index]
            errors = [abs(a - b) for a, b in zip(composed.tobytes()[::97], decoded[::97], strict=True)]
            assert sum(errors) / len(errors) < 2


def test_the_same_timeline_gives_the_same_bytes(tmp_path: Path, timeline: Timeline) -> None:
    """One worker or two, several segments at once in one worker, with a cache or without: the file is byte for byte the same."""
    first = compose_video(timeline, tmp_path / "a.mp4", workers=1)
    second = compose_video(timeline, tmp_path / "b.mp4", workers=2, cache=FileCache(tmp_path / "cache"))
    third = compose_video(timeline, tmp_path / "c.mp4", cache=FileCache(tmp_path / "cache"))
    fourth = compose_video(timeline, tmp_path / "d.mp4", workers=6)
    assert first.sha256 == second.sha256 == third.sha256 == fourth.sha256
    assert (third.segments_rendered, third.segments_reused) == (0, second.segments_rendered)


def test_a_clip_that_is_damaged_is_told(tmp_path: Path) -> None:
    """A reel names the clip that does not decode whole, and where, also when its segments come from the cache; whole ones it does not."""
    plan = _plan(tmp_path, Fps(num=30))
    clip, cache = plan.shots[1].clip, FileCache(tmp_path / "cache")
    assert compose_video(plan, tmp_path / "whole.mp4", cache=cache).damaged_clips == {}
    with av.open(str(clip.path)) as container:
        packets = [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]
    content, (at, size) = bytearray(clip.path.read_bytes()), packets[20]
    content[at : at + size] = bytes(size)
    clip.path.write_bytes(content)
    shot = plan.shots[1].model_copy(update={"clip": clip.model_copy(update={"sha256": sha256_of(clip.path)})})
    plan = plan.model_copy(update={"shots": (plan.shots[0], shot, plan.shots[2])})
    made = [compose_video(plan, tmp_path / f"{number}.mp4", cache=cache) for number in range(2)]
    assert made[1].segments_rendered == 0
    for reel in made:
        assert reel.damaged_clips == {clip.id: pytest.approx(20 / 30, abs=0.1)}
    # Under another name it is told by that, though nothing is rendered anew.
    renamed = shot.model_copy(update={"clip": shot.clip.model_copy(update={"id": "renamed"})})
    reel = compose_video(plan.model_copy(update={"shots": (plan.shots[0], renamed, plan.shots[2])}), tmp_path / "2.mp4", cache=cache)
    assert (reel.segments_rendered, set(reel.damaged_clips)) == (0, {"renamed"})


def _another_word(folder: Path, fps: Fps) -> tuple[Timeline, Timeline, tuple[int, int]]:
    """A reel before and after one word of its last cue was changed, and where that shows in the changed one."""
    plan = _plan(folder, fps)
    cue = plan.cues[2]
    words = (cue.words[0].model_copy(update={"text": "other"}), *cue.words[1:])
    return plan, plan.model_copy(update={"cues": (*plan.cues[:2], cue.model_copy(update={"words": words}))}), (cue.start, cue.end)


def _a_longer_sentence(folder: Path, fps: Fps) -> tuple[Timeline, Timeline, tuple[int, int]]:
    """The same for its middle sentence said anew, so that it lasts longer and all that follows comes later."""
    plan, changed = _plan(folder / "before", fps), _plan(folder / "after", fps, (40, 57, 60))
    return plan, changed, (changed.shots[1].start, changed.shots[2].start + changed.shots[2].transition.frames)


@pytest.mark.parametrize(
    ("edited", "fps"),
    [(_another_word, Fps(num=30)), (_a_longer_sentence, Fps(num=30)), (_a_longer_sentence, Fps(num=24000, den=1001))],
)
def test_only_segments_whose_frames_changed_are_rendered_again(tmp_path: Path, edited: Edit, fps: Fps) -> None:
    """A word changed, or a sentence that moves all after it: the segments in which that shows are rendered, and the file is what a render
    from nothing gives."""
    plan, changed, (start, end) = edited(tmp_path / "reel", fps)
    cache = FileCache(tmp_path / "cache")
    compose_video(plan, tmp_path / "a.mp4", cache=cache)
    part = compose_video(changed, tmp_path / "b.mp4", cache=cache)
    others = [span for span in plan_segments(changed) if span[1] <= start or span[0] >= end]
    assert part.segments_reused == len(others) >= 3
    assert part.segments_rendered == len(plan_segments(changed)) - len(others)
    assert part.sha256 == compose_video(changed, tmp_path / "c.mp4").sha256


def test_a_clip_that_does_not_decode_leaves_nothing(tmp_path: Path, timeline: Timeline) -> None:
    """A clip that vanished is one line with its name; no reel and no temporary file stay."""
    gone = timeline.shots[1].clip.model_copy(update={"path": tmp_path / "gone.mp4", "sha256": "f" * 64})
    broken = timeline.model_copy(
        update={"shots": (timeline.shots[0], timeline.shots[1].model_copy(update={"clip": gone}), timeline.shots[2])}
    )
    out = tmp_path / "out"
    with pytest.raises(ClipError, match=r"gone\.mp4"):
        compose_video(broken, out / "reel.mp4")
    assert list(out.iterdir()) == []


@dataclass(frozen=True)
class _Refusing:
    """A cache that keeps no segments, or nothing of another kind."""

    folder: Path
    error: Exception
    room: str = "segments"

    def get(self, room: str, key: str, suffix: str) -> Path | None:
        return None

    def put(self, room: str, key: str, suffix: str) -> AbstractContextManager[Path]:
        return self._place(room, f"{key}{suffix}")

    def file(self, room: str, key: str, suffix: str, make: Callable[[Path], object]) -> Path:
        with self._place(room, f"{key}{suffix}") as place:
            make(place)
        return place

    @contextmanager
    def _place(self, room: str, name: str) -> Iterator[Path]:
        if room == self.room:
            raise self.error
        self.folder.mkdir(exist_ok=True)
        yield self.folder / name


@pytest.mark.parametrize(("room", "what"), [("segments", "a finished segment"), ("sounds", "the sound")])
def test_a_full_disk_is_one_line(tmp_path: Path, timeline: Timeline, room: str, what: str) -> None:
    """When a finished segment or the sound cannot be kept, the line says why and nothing stands under the reel's name."""
    full = _Refusing(tmp_path / "cache", OSError(28, "No space left on device"), room)
    with pytest.raises(ComposeError, match=f"^compose: {what} could not be kept: No space left on device; free some disk space"):
        compose_video(timeline, tmp_path / "out" / "reel.mp4", cache=full)
    assert not (tmp_path / "out" / "reel.mp4").exists()


def test_what_ends_a_worker_is_told_and_not_what_it_left_undone(tmp_path: Path, timeline: Timeline) -> None:
    """What a cache says, and what a callback raises to stop the render, comes out as it is; no process and no file is left."""
    said = "cache: nothing was written for segments/0123"
    with pytest.raises(RunError, match=said):
        compose_video(timeline, tmp_path / "out" / "reel.mp4", cache=_Refusing(tmp_path / "cache", RunError(said)))

    def stop(_share: float) -> None:
        raise error

    for error in (RuntimeError("stopped"), ValueError("stopped"), KeyboardInterrupt("stopped")):
        with pytest.raises(type(error), match="stopped"):
            compose_video(timeline, tmp_path / "out" / "reel.mp4", workers=2, progress=stop)
        assert _encoders() == []
    assert list((tmp_path / "out").iterdir()) == []


def _encoders() -> list[psutil.Process]:
    """Return the processes of a render, the one that forks the others, and then waits for them, first."""
    named = {"reelkit.media.worker", waiter.__file__}
    return [child for child in psutil.Process().children(recursive=True) if named & {*command_of(child)}]


def test_workers_end_with_the_render(tmp_path: Path, timeline: Timeline) -> None:
    """After a render no process of it is left."""
    compose_video(timeline, tmp_path / "reel.mp4")
    assert _encoders() == []


@pytest.mark.skipif(sys.platform != "linux", reason="encoders are forked on Linux alone")
def test_encoders_stay_ready_for_who_renders_again(tmp_path: Path, timeline: Timeline) -> None:
    """One process waits for the next render, which makes the same file; a lost one is no trouble, nor are other numbers."""
    first = compose_video(timeline, tmp_path / "a.mp4", workers=2, stay_ready=True)
    (waiting,) = _encoders()
    second = compose_video(timeline, tmp_path / "b.mp4", workers=2, stay_ready=True)
    (another,) = _encoders()
    assert not waiting.is_running()
    another.kill()
    another.wait()
    third = compose_video(timeline, tmp_path / "c.mp4", workers=2, stay_ready=True)
    fourth = compose_video(timeline, tmp_path / "d.mp4", workers=1)
    assert first.sha256 == second.sha256 == third.sha256 == fourth.sha256
    assert _encoders() == []


@pytest.mark.skipif(sys.platform != "linux", reason="encoders are forked on Linux alone")
def test_no_more_than_one_render_is_waited_for(tmp_path: Path, timeline: Timeline) -> None:
    """Encoders for another number of workers take the place of those that were ready, and a lost one's place is taken."""
    for workers in (3, 2, 2):
        have_encoders_ready(workers)
        (waiting,) = _encoders()
    waiting.kill()
    waiting.wait()
    have_encoders_ready(2)
    compose_video(timeline, tmp_path / "a.mp4", workers=2)
    assert _encoders() == []


def test_who_waits_for_a_render_ends_with_its_process(tmp_path: Path) -> None:
    """However a process ends, the encoder that it has ready ends too."""
    said = "import psutil; from reelkit.media.pool import have_encoders_ready; have_encoders_ready(2); "
    said += "print(psutil.Process().children()[0].pid, flush=True); "
    for end in ("", "import os; os.kill(os.getpid(), 9)"):
        told = subprocess.run([sys.executable, "-c", said + end], stdout=subprocess.PIPE, text=True, check=False).stdout
        assert gone([int(told)])


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_killed_encoder_is_one_line_and_ends_the_others(tmp_path: Path, timeline: Timeline, which: int) -> None:
    """Whichever of a render's processes is killed, the line says so, no other is left, and a second call makes the reel."""
    killed: list[int] = []

    def kill(_share: float) -> None:
        if not killed:
            # The first may have frames before the last is there.
            while len(found := _encoders()) < 3:
                time.sleep(0.01)
            killed.append(found[which].pid)
            os.kill(killed[0], signal.SIGKILL)

    cache = FileCache(tmp_path / "cache")
    with pytest.raises(ComposeError, match=r"the encoder process ended early \(exit code -9\); run it again, finished segments are kept"):
        compose_video(timeline, tmp_path / "reel.mp4", workers=2, progress=kill, cache=cache)
    assert _encoders() == []
    assert {path.name for path in tmp_path.iterdir()} <= {"cache"}
    assert compose_video(timeline, tmp_path / "reel.mp4", workers=2, cache=cache).frame_count == timeline.frame_count
