"""Ctrl-C at many moments of a batch: ``python -m benchmarks.batch_interrupts [--moments 16] [--seed 1] [--bar 2]``.

The interrupt goes to the whole process group, as a terminal sends it: while it is planned, while a kernel starts, while encoders run,
while the batch waits for reels that another process makes, again and again until it ends, and at seeded moments. Each time the batch
answers within the bar with 130, tells of every reel whether it is done, and leaves no process and no temporary file. At the end the same
command makes what is missing, and the reels are byte for byte those of an undisturbed batch.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from benchmarks._processes import KEPT, MARK, adopt_orphans, kind_of, left_files, marked, wait_until_gone
from reelkit.batch.plan import read_batches
from reelkit.whole import sha256_of
from tests.batch.studio import make_studio

BRANDS = ("ada", "bix")
BAR_S = 2.0
LIMIT_S, GONE_S = 120.0, 15.0
AGAIN = "run the same command again to go on from here"


class Studio:
    """Two brands, and batches of a reel of each."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.sockets = place / "t"
        self.sockets.mkdir()
        self._begun = 0
        make_studio(place, BRANDS)

    def start(self, outputs: Path) -> tuple[subprocess.Popen[str], str]:
        """Start the batch in a process group of its own, and return it with the mark of all its processes."""
        self._begun += 1
        named = {MARK: f"{self.place.name}-{self._begun}", "TMPDIR": str(self.sockets), "REELKIT_CACHE": str(self.place / "cache")}
        command = [sys.executable, "-m", "reelkit.cli", "batch", "--brands", *BRANDS, "--keep-free-gb", "0", "--outputs", str(outputs)]
        process = subprocess.Popen(
            command,
            cwd=self.place,
            env=os.environ | named,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        KEPT.add(process.pid)
        return process, named[MARK]

    def made(self, outputs: Path) -> dict[str, str]:
        """Run the batch to its end and return its reels."""
        process, _ = self.start(outputs)
        _, err = process.communicate(timeout=900)
        KEPT.discard(process.pid)
        if process.returncode:
            raise SystemExit(f"the batch ended with {process.returncode}: {err}")
        return {str(path.relative_to(outputs)): sha256_of(path) for path in sorted(outputs.glob("*/*/reel.mp4"))}


Ready = Callable[[Path, subprocess.Popen[str], str], bool]


def planning(outputs: Path, process: subprocess.Popen[str], mark: str) -> bool:
    return (outputs / ".locks" / "batches.lock").exists()


def kernel(outputs: Path, process: subprocess.Popen[str], mark: str) -> bool:
    return any(kind_of(found, process.pid) == "kernel" for found in marked(mark))


def composing(outputs: Path, process: subprocess.Popen[str], mark: str) -> bool:
    for found in marked(mark):
        with contextlib.suppress(OSError):
            if "reelkit.media.worker" in Path(f"/proc/{found.pid}/cmdline").read_text():
                return True
    return False


def waiting(outputs: Path, process: subprocess.Popen[str], mark: str) -> bool:
    # The reels' locks are held by us: a worker that has told of a start can do nothing but wait.
    return bool(list(outputs.glob("batches/.*/*.json")))


def after(seconds: float) -> Ready:
    """Return what waits for some seconds from when the batch has written down that it runs."""
    asked = time.time()
    seen: list[float] = []

    def ready(outputs: Path, process: subprocess.Popen[str], mark: str) -> bool:
        if not seen and any(path.stat().st_mtime > asked for path in outputs.glob("batches/[!.]*.json")):
            seen.append(time.monotonic())
        return bool(seen) and time.monotonic() - seen[0] >= seconds

    return ready


def interrupted(studio: Studio, outputs: Path, ready: Ready, *, times: int, bar_s: float) -> tuple[float | None, list[str]]:
    """Interrupt a batch, and return how long it took to answer (None: it had ended before) and what is wrong."""
    process, mark = studio.start(outputs)
    while process.poll() is None and not ready(outputs, process, mark):
        time.sleep(0.02)
    if process.poll() is not None:
        _, err = process.communicate()
        KEPT.discard(process.pid)
        return None, [] if process.returncode == 0 else [f"it ended with {process.returncode}: {err[-300:]}"]
    began = time.monotonic()
    for _ in range(times):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.02 if times > 1 else 0)
    try:
        _, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate()
    took = time.monotonic() - began
    KEPT.discard(process.pid)
    if process.returncode == 0:
        return None, []
    lines = err.strip().splitlines()
    wrong = [] if process.returncode == 130 else [f"it ended with {process.returncode}: {err[-300:]}"]
    wrong += [] if took <= bar_s else [f"it took {took:.1f} s"]
    wrong += [] if lines and lines[-1].endswith(AGAIN) else [f"it said {lines}"]
    for batch in read_batches(outputs):
        told = [f"  {'done    ' if reel in batch.done else 'not done'}  {reel.slug} {reel.number}  {reel.title}" for reel in batch.reels]
        # One that is interrupted as it plans has nothing to tell of.
        wrong += [] if lines[1:-1] == told or (ready is planning and len(lines) == 1) else [f"it told {lines} of {told}"]
    wrong += [f"{line} lived on" for line in wait_until_gone(mark, GONE_S)[1]]
    wrong += [f"left {name}" for name in left_files(outputs, studio.sockets)]
    return took, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=16, help="how many, the five named ones included")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bar", type=float, default=BAR_S, help="seconds to answer in")
    arguments = parser.parse_args()
    # Whoever runs this in the background of a shell has it ignore Ctrl-C, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    adopt_orphans()
    rng = random.Random(arguments.seed)
    named: list[tuple[str, Ready, int]] = [
        ("planning", planning, 1),
        ("kernel starts", kernel, 1),
        ("waiting", waiting, 1),
        ("again and again", kernel, 40),
        ("composing", composing, 1),
    ]
    bad, longest, place = 0, 0.0, 1
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        studio = Studio(Path(folder))
        studio.made(Path(folder) / "warm")
        began = time.monotonic()
        expected = studio.made(Path(folder) / "undisturbed")
        length_s = time.monotonic() - began
        print(f"undisturbed, from the cache: {length_s:.1f} s, load {os.getloadavg()[0]:.1f}", flush=True)
        for moment in range(arguments.moments):
            outputs = Path(folder) / f"o{place}"
            took: float | None = None
            for attempt in range(4):
                at_s = rng.uniform(0.0, length_s / 2**attempt)
                what, ready, times = named[moment] if moment < len(named) else (f"at {at_s:.1f} s", after(at_s), 1)
                if ready is composing:
                    shutil.rmtree(studio.place / "cache" / "segments", ignore_errors=True)
                with contextlib.ExitStack() as held:
                    for brand in BRANDS if ready is waiting else ():
                        for lock in (outputs / ".locks").glob(f"{brand}-*.lock"):
                            held.enter_context(FileLock(lock))
                    took, wrong = interrupted(studio, outputs, ready, times=times, bar_s=arguments.bar)
                if took is not None or wrong:
                    break
                # It had been faster than we: begin another one.
                place += 1
                outputs = Path(folder) / f"o{place}"
            wrong += [] if took is not None or wrong else ["nothing was interrupted"]
            bad, longest = bad + bool(wrong), max(longest, took or 0.0)
            print(f"{moment + 1:3d}  {what:<15} answered in {took or 0.0:.2f} s  {'; '.join(wrong) or 'well'}", flush=True)
        same = studio.made(outputs) == expected
        print(f"resumed: the reels are {'those' if same else 'NOT those'} of an undisturbed batch")
    print(
        f"{arguments.moments - bad} of {arguments.moments} moments well, the longest answer took {longest:.2f} s (bar {arguments.bar:g} s)"
    )
    return 0 if same and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
