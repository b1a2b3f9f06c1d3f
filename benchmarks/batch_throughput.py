"""What a batch costs over rendering alone, and what a second Dask worker gives.

``python -m benchmarks.batch_throughput``. The same reels, cold each time but for backdrops and speech: once as a batch (papermill,
kernels, scripts, checks, reports, manifests) and once by ``compose_video`` alone, one after another with every core, in turns. The bar:
a batch takes at most 1.15 times as long. Then a batch on one Dask worker that may use one core, and on two that may use one each; the
bar: at least 1.8 times as many reels an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from distributed import Client

from reelkit.brand import templates_dir
from reelkit.model import Timeline
from reelkit.runs.cache import FileCache
from reelkit.steps.compose import compose_video

COST, SPEEDUP = 1.15, 1.8
BRANDS = ("northwind", "orbit", "pulsefit")


def batch(cache: Path, outputs: Path, *more: str) -> float:
    """Make a batch and return how long it took."""
    shutil.rmtree(cache / "segments", ignore_errors=True)
    command = [sys.executable, "-m", "reelkit.cli", "batch", "--keep-free-gb", "0", "--quiet", "--outputs", str(outputs), *more]
    began = time.monotonic()
    subprocess.run(command, env=os.environ | {"REELKIT_CACHE": str(cache)}, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def alone(cache: Path, outputs: Path, into: Path) -> float:
    """Render the reels of a batch again by nothing but ``compose_video``, in a process that has loaded it, and return how long it took."""
    shutil.rmtree(cache / "segments", ignore_errors=True)
    code = (
        "import sys, time; from pathlib import Path; from benchmarks.batch_throughput import compose_all; "
        "print(compose_all(*map(Path, sys.argv[1:])))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(cache), str(outputs), str(into)], check=True, capture_output=True, text=True)
    return float(ended.stdout)


def compose_all(cache: Path, outputs: Path, into: Path) -> float:
    timelines = [Timeline.model_validate_json(path.read_bytes()) for path in sorted(outputs.glob("*/*/timeline.json"))]
    began = time.monotonic()
    for number, timeline in enumerate(timelines):
        compose_video(timeline, into / f"{number}.mp4", cache=FileCache(cache))
    return time.monotonic() - began


@contextlib.contextmanager
def dask(workers: int) -> Iterator[str]:
    """Give the address of a scheduler whose workers may each use one core, another one each."""
    with contextlib.ExitStack() as stack:
        address_file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "scheduler.json"
        started: list[subprocess.Popen[bytes]] = []
        stack.callback(lambda: [process.terminate() for process in started] and [process.wait() for process in started])
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=1, help="reels of each of the three demo brands")
    parser.add_argument("--length", default="30", help="seconds of a reel")
    parser.add_argument("--only", choices=("cost", "dask"))
    arguments = parser.parse_args()
    what = ["--brands", *BRANDS, "--count", str(arguments.count), "--length", arguments.length]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="r-") as folder:
        place, cache = Path(folder), Path(folder) / "cache"
        batch(cache, place / "warm", *what)
        reels = len(BRANDS) * arguments.count
        print(f"{reels} reels of {arguments.length} s, {templates_dir().parent.name}, load {os.getloadavg()[0]:.1f}")
        if arguments.only != "dask":
            ratios = []
            for number in range(arguments.rounds):
                with_all = batch(cache, place / f"a{number}", *what)
                only = alone(cache, place / "warm", place / f"b{number}")
                ratios.append(with_all / only)
                print(f"  batch {with_all:.1f} s, compose_video alone {only:.1f} s: {ratios[-1]:.2f}", flush=True)
            cost = statistics.median(ratios)
            missed += cost > COST
            print(f"a batch over compose_video alone: {cost:.2f} (bar {COST:.2f}){'' if cost <= COST else ': missed'}")
        if arguments.only != "cost":
            gains = []
            for number in range(arguments.rounds):
                took = []
                for workers in (1, 2):
                    with dask(workers) as address:
                        took.append(batch(cache, place / f"d{number}{workers}", *what, "--dask", address))
                gains.append(took[0] / took[1])
                print(f"  one Dask worker {took[0]:.1f} s, two {took[1]:.1f} s: {gains[-1]:.2f}", flush=True)
            gain = statistics.median(gains)
            missed += gain < SPEEDUP
            print(f"two Dask workers over one: {gain:.2f} (bar {SPEEDUP:.2f}){'' if gain >= SPEEDUP else ': missed'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
