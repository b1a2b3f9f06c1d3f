"""What a batch costs over rendering alone, and what a second Dask worker gives.

``python -m benchmarks.batch_throughput``. The same reels three ways, cold each time but for backdrops, music and speech, which
are kept; segments, mastered sound and previews are made anew each time:

- a batch: papermill, kernels, the steps, reports, manifests, the cache, as many reels at once as the machine takes;
- ``compose_video`` alone, one reel after another with every core, without a cache, on timelines that lie ready;
- the steps alone, as the notebook takes them (script, footage, voice, timeline, legibility, ``compose_video``, ``check_video``), called as
  plain functions in one process, one reel after another, without the cache.

What the batch takes beyond the steps alone is papermill, kernels, caching, reports (with previews and views) and manifests. The bar is
read in two ways. Strictly: a batch takes at most 1.15 times as long as ``compose_video`` alone, whatever the other steps take. By its
words: papermill and the rest together take at most 15 % of what ``compose_video`` alone takes. On the clock the second flatters a batch,
which makes several reels at once where the steps alone wait for each other; so it is held to in CPU. ``--count 4`` shows more of a night
of hundreds, as each worker loads papermill once. Then a batch on one Dask worker that may use one core, and on two that may use one
each; the bar: at least 1.8 times as many reels an hour.
Beside a time stands the CPU that all processes took together, whose ratios hold on a busy machine, too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from distributed import Client

from benchmarks._processes import adopt_orphans
from reelkit.media.audio import write_wav
from reelkit.model import Timeline
from reelkit.parts import Parts
from reelkit.runs.manifest import Manifest, manifest_of
from reelkit.steps.check import check_video
from reelkit.steps.compose import compose_video
from reelkit.steps.footage import fetch_footage
from reelkit.steps.script import generate_script
from reelkit.steps.strengthen import strengthen_captions
from reelkit.steps.timeline import plan_timeline
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice

COST, SPEEDUP = 1.15, 1.8
BRANDS = ("northwind", "orbit")


@dataclass(frozen=True)
class Took:
    """Seconds of the clock, and of CPU in all processes together."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s ({self.cpu_s:.1f} s of CPU)"


def cpu_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def bury_orphans(others: set[int]) -> None:
    """Wait for what a batch left to end when it ended its workers: what forks kernels knows their CPU, and we must ask for it."""
    while left := children() - others:
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def forget(cache: Path) -> None:
    """Remove from a cache all that the reels to compare make anew."""
    for room in ("segments", "sounds", "previews"):
        shutil.rmtree(cache / room, ignore_errors=True)


def batch(cache: Path, outputs: Path, *more: str) -> Took:
    """Make a batch and return how long it took."""
    forget(cache)
    command = [sys.executable, "-m", "reelkit.cli", "batch", "--keep-free-gb", "0", "--quiet", "--outputs", str(outputs), *more]
    others = children()
    began, spent = time.monotonic(), cpu_of_children()
    subprocess.run(command, env=os.environ | {"REELKIT_CACHE": str(cache)}, check=True, stdout=subprocess.DEVNULL)
    bury_orphans(others)
    return Took(time.monotonic() - began, cpu_of_children() - spent)


def alone(cache: Path, outputs: Path, into: Path, *, steps: bool) -> Took:
    """Make the reels of a batch again in one process that has loaded all it needs, and return how long it took."""
    forget(cache)
    code = (
        "import sys; from pathlib import Path; from benchmarks import batch_throughput; "
        f"print(*batch_throughput.{'take_steps_of_all' if steps else 'compose_all'}(*map(Path, sys.argv[1:])))"
    )
    environment = os.environ | {"REELKIT_CACHE": str(cache)}
    command = [sys.executable, "-c", code, str(outputs), str(into)]
    told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return Took(*map(float, told))


def compose_all(outputs: Path, into: Path) -> tuple[float, float]:
    timelines = [Timeline.model_validate_json(path.read_bytes()) for path in sorted(outputs.glob("*/*/timeline.json"))]
    began, spent = time.monotonic(), time.process_time()
    for number, timeline in enumerate(timelines):
        compose_video(timeline, into / f"{number}.mp4")
    return time.monotonic() - began, time.process_time() - spent + cpu_of_children()


def take_steps_of_all(outputs: Path, into: Path) -> tuple[float, float]:
    runs = [manifest_of(path.parent) for path in sorted(outputs.glob("*/*/run.json"))]
    began, spent = time.monotonic(), time.process_time()
    for run in runs:
        take_steps(run, into / run.run_id)
    return time.monotonic() - began, time.process_time() - spent + cpu_of_children()


def take_steps(run: Manifest, into: Path) -> None:
    into.mkdir(parents=True)
    brand = run.job.changed_brand()
    parts = Parts(brand, outputs=into)
    script = generate_script(brand, run.job.topic_seed, writer=parts.writer)
    clips = fetch_footage(script, brand, libraries=parts.libraries, used=run.used)
    audio = synthesize_voice(script, brand, voice=parts.voice)
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, brand.captions, until=len(audio.samples))
    write_wav(into / "voice.wav", audio.samples, audio.rate_hz)
    sounds = {"narration": into / "voice.wav", "music": parts.music(audio.duration_s), "stingers": parts.stingers()}
    timeline = strengthen_captions(plan_timeline(script, clips, audio, sentences, brand, cues=cues, cache=parts.cache, **sounds))
    check_video(compose_video(timeline, into / "reel.mp4"), timeline, brand)


@contextlib.contextmanager
def dask(workers: int, cache: Path) -> Iterator[str]:
    """Give the address of a scheduler whose workers may each use one core, another one each, and which share a cache."""
    with contextlib.ExitStack() as stack:
        address_file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "scheduler.json"
        started: list[subprocess.Popen[bytes]] = []
        stack.callback(lambda: [process.terminate() for process in started] and [process.wait() for process in started])
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": os.environ | {"REELKIT_CACHE": str(cache)}}
        dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        started.append(subprocess.Popen([*dask, "--scheduler-file", str(address_file)], **quiet))  # type: ignore[call-overload]
        for number in range(workers):
            worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard"]
            pinned = ["taskset", "--cpu-list", str(sorted(os.sched_getaffinity(0))[number])]
            started.append(subprocess.Popen([*pinned, *worker, "--scheduler-file", str(address_file)], **quiet))  # type: ignore[call-overload]
        while not address_file.exists():
            time.sleep(0.1)
        with Client(scheduler_file=str(address_file)) as client:
            client.wait_for_workers(workers, timeout=60)
            address = client.scheduler.address
        yield address


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--count", type=int, default=2, help="reels of each of two demo brands")
    parser.add_argument("--length", default="30", help="seconds of a reel")
    parser.add_argument("--only", choices=("cost", "dask"))
    arguments = parser.parse_args()
    what = ["--brands", *BRANDS, "--count", str(arguments.count), "--length", arguments.length]
    missed = 0
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="r-") as folder:
        place, cache = Path(folder), Path(folder) / "cache"
        batch(cache, place / "warm", *what)
        print(f"{len(BRANDS) * arguments.count} reels of {arguments.length} s, load {os.getloadavg()[0]:.1f}", flush=True)
        if arguments.only != "dask":
            missed += not cost(cache, place, what, arguments.rounds)
        if arguments.only != "cost":
            missed += not speedup(cache, place, what, arguments.rounds)
    return 1 if missed else 0


def cost(cache: Path, place: Path, what: list[str], rounds: int) -> bool:
    whole_wall, whole_cpu, named_wall, named_cpu = [], [], [], []
    for number in range(rounds):
        whole = batch(cache, place / f"a{number}", *what)
        composing = alone(cache, place / "warm", place / f"b{number}", steps=False)
        steps = alone(cache, place / "warm", place / f"c{number}", steps=True)
        whole_wall.append(whole.wall_s / composing.wall_s)
        whole_cpu.append(whole.cpu_s / composing.cpu_s)
        named_wall.append((whole.wall_s - steps.wall_s) / composing.wall_s)
        named_cpu.append((whole.cpu_s - steps.cpu_s) / composing.cpu_s)
        print(f"  batch {whole}, compose_video alone {composing}, the steps alone {steps}", flush=True)
    ratio, named = statistics.median(whole_wall), statistics.median(named_cpu)
    print("papermill, kernels, caching, reports and manifests, of compose_video alone:")
    print(f"  CPU {named:.2f} (bar {COST - 1:.2f}){'' if named <= COST - 1 else ': missed'}, clock {statistics.median(named_wall):.2f}")
    print("a batch over compose_video alone, with all other steps, too:")
    print(f"  clock {ratio:.2f} (bar {COST:.2f}){'' if ratio <= COST else ': missed'}, CPU {statistics.median(whole_cpu):.2f}", flush=True)
    return ratio <= COST and named <= COST - 1


def speedup(cache: Path, place: Path, what: list[str], rounds: int) -> bool:
    gains = []
    for number in range(rounds):
        took = []
        for workers in (1, 2):
            with dask(workers, cache) as address:
                took.append(batch(cache, place / f"d{number}{workers}", *what, "--dask", address))
        gains.append(took[0].wall_s / took[1].wall_s)
        print(f"  one Dask worker {took[0].wall_s:.1f} s, two {took[1].wall_s:.1f} s: {gains[-1]:.2f}", flush=True)
    gain = statistics.median(gains)
    print(f"two Dask workers over one: {gain:.2f} (bar {SPEEDUP:.2f}){'' if gain >= SPEEDUP else ': missed'}", flush=True)
    return gain >= SPEEDUP


if __name__ == "__main__":
    sys.exit(main())
