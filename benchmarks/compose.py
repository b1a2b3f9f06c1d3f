"""What rendering a reel costs, against the encoder alone.

The floor (1.00 wall and CPU) is the ffmpeg program decoding the same seconds, cutting and scaling them to 1080x1920 and encoding them with
x264 veryfast crf 20: no moves, no captions, no sound. Everything else is printed as a ratio to it, the median over the rounds of the ratio
within each: a shared machine's speed changes from one round to the next. A render is the call of
:func:`reelkit.steps.compose.compose_video` in a fresh process, with its worker processes; a caption is changed as in a notebook, which has
rendered the reel before and left encoders loaded for the next render, and in a fresh process, too.

Run it: ``python -m benchmarks.compose`` (an hour; ``--rounds 3 --skip moviepy`` takes a third of that; ``--seconds 15``: only that reel;
``--strict``: exit with 1 when a bar is missed).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks import _reels
from benchmarks._quality import at_equal_size
from reelkit.model import Timeline

CLIPS = {15: 2, 45: 6}
MEMORY_BAR_MB = 600


@dataclass(frozen=True)
class Cost:
    """What a run took."""

    wall_s: float
    cpu_s: float


@dataclass
class Board:
    """Rows of costs, printed against the floor, and the bars that were missed."""

    costs: dict[str, list[Cost]] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def add(self, row: str, cost: Cost) -> None:
        self.costs.setdefault(row, []).append(cost)

    def median(self, row: str) -> Cost:
        costs = self.costs[row]
        return Cost(statistics.median(cost.wall_s for cost in costs), statistics.median(cost.cpu_s for cost in costs))

    def ratios(self, row: str, against: str) -> Cost:
        """Return the medians of what a row took against another in the same round."""
        rounds = list(zip(self.costs[row], self.costs[against], strict=True))
        wall = statistics.median(mine.wall_s / theirs.wall_s for mine, theirs in rounds)
        return Cost(wall, statistics.median(mine.cpu_s / theirs.cpu_s for mine, theirs in rounds))

    def row(self, row: str, against: str, *, wall: float | None = None, cpu: float | None = None) -> None:
        if row not in self.costs:
            return
        mine, ratios = self.median(row), self.ratios(row, against)
        bars = [f"{name} <= {bar:.2f}" for name, bar in (("wall", wall), ("CPU", cpu)) if bar is not None]
        held = (wall is None or ratios.wall_s <= wall) and (cpu is None or ratios.cpu_s <= cpu)
        self.say(
            f"  {row:36} {ratios.wall_s:6.2f} wall {ratios.cpu_s:6.2f} CPU   ({mine.wall_s:6.1f} s, {mine.cpu_s:6.1f} s; "
            f"median of {len(self.costs[row])}; of {against})",
            f"{row}: {ratios.wall_s:.2f} wall, {ratios.cpu_s:.2f} CPU of {against}",
            bars,
            held,
        )

    def say(self, line: str, short: str, bars: list[str], held: bool) -> None:
        print(f"{'    ' if not bars else 'ok  ' if held else 'MISS'}{line}{'  bar: ' + ', '.join(bars) if bars else ''}", flush=True)
        if not held:
            self.misses.append(f"{short} (bar: {', '.join(bars)})")


def main() -> int:
    """Measure, print a line for each way of making the reel, and list the bars that were missed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--seconds", type=int, nargs="*", choices=list(CLIPS), default=list(CLIPS))
    asked.add_argument("--skip", nargs="*", choices=["moviepy", "quality", "memory"], default=[])
    asked.add_argument("--footage", type=Path, help="a folder that keeps the footage between runs")
    asked.add_argument("--strict", action="store_true", help="exit with 1 when a bar is missed")
    options = asked.parse_args()
    print(_machine(), flush=True)
    board = Board()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        footage = options.footage or work
        footage.mkdir(parents=True, exist_ok=True)
        for seconds in options.seconds:
            moviepy = "moviepy" not in options.skip and seconds == min(CLIPS)
            _speed(board, footage, work, seconds, options.rounds, moviepy=moviepy)
        if "quality" not in options.skip:
            _quality(board, footage, work)
        if "memory" not in options.skip:
            for seconds in (45, 180):
                _memory(board, footage, work, seconds)
    print("every bar holds" if not board.misses else "misses:\n  " + "\n  ".join(board.misses))
    return 1 if options.strict and board.misses else 0


def _machine() -> str:
    parts = [f"{name} {version(name)}" for name in ("av", "opencv-python-headless", "numpy", "moviepy", "imageio-ffmpeg")]
    busy = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores (load {busy:.1f} before), Python {platform.python_version()}, {', '.join(parts)}"


def _speed(board: Board, footage: Path, work: Path, seconds: int, rounds: int, *, moviepy: bool) -> None:
    stock = _reels.reel(footage, _reels.stock_clips(footage, CLIPS[seconds]), seconds)
    drawn = _reels.reel(footage, _reels.backdrop_clips(footage, CLIPS[seconds]), seconds)
    floor, whole, spoken = f"{seconds} s floor", f"{seconds} s compose_video", f"{seconds} s spoken and composed"
    for number in range(rounds):
        cache = work / f"cache-{seconds}-{number}"
        board.add(f"{seconds} s with veryfast", _rendered(stock, work, preset="veryfast"))
        board.add(floor, _run(_floor(stock, work / "floor.mp4")))
        board.add(whole, _rendered(stock, work, cache=cache))
        kept = work / "kept"
        shutil.copytree(cache, kept)
        board.add(f"{seconds} s one caption changed", _rendered(_one_caption_changed(stock), work, cache=cache, after=stock))
        board.add(f"{seconds} s the same, a new process", _rendered(_one_caption_changed(stock), work, cache=kept))
        shutil.rmtree(kept)
        board.add(f"{seconds} s nothing changed", _rendered(stock, work, cache=cache))
        shutil.rmtree(cache)
        for row, sentences in ((spoken, _reels.SENTENCES), (f"{seconds} s one sentence changed", _one_sentence_changed(_reels.SENTENCES))):
            if seconds == min(CLIPS):
                board.add(row, _spoken(sentences, stock, work, cache))
        shutil.rmtree(cache, ignore_errors=True)
        board.add(f"{seconds} s on backdrops", _rendered(drawn, work))
        if moviepy:
            board.add(f"{seconds} s MoviePy TextClips", _run(_moviepy(stock, work)))
    print(f"{seconds} s reel, {CLIPS[seconds]} clips of 1080p, crossfades, moves, word captions, logo, voice and music")
    board.row(floor, floor)
    board.row(whole, floor, wall=0.75, cpu=0.75)
    board.row(f"{seconds} s with veryfast", floor, wall=1.05, cpu=1.08)
    board.row(f"{seconds} s on backdrops", whole, wall=1.0, cpu=1.0)
    board.row(f"{seconds} s one caption changed", whole, wall=0.25, cpu=0.25)
    board.row(f"{seconds} s the same, a new process", whole)
    board.row(f"{seconds} s nothing changed", whole)
    board.row(spoken, floor)
    board.row(f"{seconds} s one sentence changed", spoken, wall=0.40, cpu=0.40)
    board.row(f"{seconds} s MoviePy TextClips", floor)
    if moviepy:
        times = board.ratios(f"{seconds} s MoviePy TextClips", whole).wall_s
        board.say(
            f"  compose_video is {times:.1f} times as fast as MoviePy TextClips",
            f"{times:.1f} times as fast as MoviePy",
            [">= 15"],
            times >= 15,
        )


def _one_caption_changed(timeline: Timeline) -> Timeline:
    """Change a word in the middle: as much to draw and encode again as a change of that cue's colour."""
    at = len(timeline.cues) // 2
    cue = timeline.cues[at]
    word = cue.words[0].model_copy(update={"text": "Changed"})
    cues = (*timeline.cues[:at], cue.model_copy(update={"words": (word, *cue.words[1:])}), *timeline.cues[at + 1 :])
    return timeline.model_copy(update={"cues": cues})


def _one_sentence_changed(sentences: Sequence[str]) -> tuple[str, ...]:
    """Say the middle sentence in other words."""
    at = len(sentences) // 2
    return (*sentences[:at], _reels.OTHER_SENTENCE, *sentences[at + 1 :])


def _spoken(sentences: Sequence[str], timeline: Timeline, work: Path, cache: Path) -> Cost:
    said, clips = work / "sentences.json", work / "clips.json"
    said.write_text(json.dumps(sentences), encoding="utf-8")
    clips.write_text(json.dumps([shot.clip.model_dump(mode="json") for shot in timeline.shots]), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks._spoken", *map(str, (said, clips, timeline.audio[-1].path, work, cache))]
    took = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return Cost(took["wall_s"], took["cpu_s"])


def _floor(timeline: Timeline, path: Path) -> list[str]:
    """Return the command that decodes, cuts, scales and encodes what the timeline shows of each clip, and nothing else."""
    inputs, chains = [], []
    for number, shot in enumerate(timeline.shots):
        inputs += ["-t", f"{(shot.end - shot.start) / 30:.4f}", "-i", str(shot.clip.path)]
        chains.append(f"[{number}:v]crop=608:1080,scale=1080:1920,setsar=1[v{number}];")
    joined = "".join(f"[v{number}]" for number in range(len(timeline.shots)))
    graph = "".join(chains) + f"{joined}concat=n={len(timeline.shots)}:v=1[out]"
    how = ["-map", "[out]", "-r", "30", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-an", str(path)]
    return [_reels.ffmpeg(), "-v", "error", "-y", *inputs, "-filter_complex", graph, *how]


def _moviepy(timeline: Timeline, work: Path) -> list[str]:
    plan = work / "moviepy.json"
    plan.write_text(timeline.model_dump_json(), encoding="utf-8")
    return [sys.executable, "-m", "benchmarks.moviepy_textclip", str(plan), str(work / "moviepy.mp4")]


def _run(command: list[str]) -> Cost:
    """Run a program; its CPU is its own and that of the processes that it waited for."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime)


def _rendering(timeline: Timeline, work: Path, *, cache: Path | None = None, preset: str = "", after: Timeline | None = None) -> list[str]:
    plan, before = work / "plan.json", work / "before.json"
    plan.write_text(timeline.model_dump_json(), encoding="utf-8")
    if after:
        before.write_text(after.model_dump_json(), encoding="utf-8")
    files = [str(plan), str(work / "reel.mp4"), str(cache or ""), preset, str(before) if after else ""]
    return [sys.executable, "-m", "benchmarks._render", *files]


def _rendered(timeline: Timeline, work: Path, *, cache: Path | None = None, preset: str = "", after: Timeline | None = None) -> Cost:
    command = _rendering(timeline, work, cache=cache, preset=preset, after=after)
    return Cost(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))


def _quality(board: Board, footage: Path, work: Path) -> None:
    timeline = _reels.reel(footage, _reels.stock_clips(footage, 2), 15)
    ours, theirs = at_equal_size(timeline, work)
    board.say(
        f"  quality: ours {ours.size_mb:.2f} MB VMAF {ours.vmaf:.2f}; the floor's preset at that size VMAF {theirs.vmaf:.2f}",
        f"VMAF {ours.vmaf:.2f} against {theirs.vmaf:.2f} at {ours.size_mb:.2f} MB",
        ["no lower"],
        ours.vmaf >= theirs.vmaf - 0.05,
    )


def _memory(board: Board, footage: Path, work: Path, seconds: int) -> None:
    timeline = _reels.reel(footage, _reels.stock_clips(footage, 6), seconds)
    process = subprocess.Popen(_rendering(timeline, work), stdout=subprocess.DEVNULL)
    peak_mb = _watch(process, lambda tree: sum(map(_memory_of, tree)) / 1e6)
    board.say(
        f"  {seconds} s reel: peak memory {peak_mb:.0f} MB",
        f"peak memory of {seconds} s: {peak_mb:.0f} MB",
        ["<= 600"],
        peak_mb <= MEMORY_BAR_MB,
    )


def _watch(process: subprocess.Popen[bytes], measure: Callable[[Iterable[psutil.Process]], float]) -> float:
    """Return the highest figure of a process and all that it starts, looked at twenty times a second."""
    highest = 0.0
    while process.poll() is None:
        try:
            root = psutil.Process(process.pid)
            highest = max(highest, measure([root, *root.children(recursive=True)]))
        except psutil.Error:
            pass
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit("the render failed")
    return highest


def _memory_of(process: psutil.Process) -> int:
    """Return what a process holds; what it shares with others counts in parts, where the system tells."""
    try:
        return int(process.memory_full_info().pss)
    except AttributeError:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


if __name__ == "__main__":
    sys.exit(main())
