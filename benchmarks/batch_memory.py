"""Memory of a long batch: ``python -m benchmarks.batch_memory``.

40 short reels by one worker. While each is made, the memory of the batch's own processes (the command and its worker; kernels and encoders
end with their reel) is read ten times a second. The bar: the highest reading over the last ten reels is within 10 % of that over the
second ten; and when the batch ends, no process and no open file is left that was not there when it began.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks._processes import kind_of
from reelkit.batch.batches import Terms, run_batch
from reelkit.batch.plan import Asked, Batch, open_batch
from reelkit.batch.topics import plan_brands
from tests.batch.studio import make_studio

GROWTH = 1.10
WORDS = ("Amber", "Birch", "Cedar", "Dusk", "Ember", "Fern", "Grove", "Haze", "Iris", "Kelp", "Lotus", "Maple", "Olive", "Pine")
TOPICS = [f"{first} {second}" for second in ("tea", "milk", "salt", "rye") for first in WORDS]


class Watch:
    """Remembers how many reels were done at each reading, and the memory and open files of the batch's own processes."""

    def __init__(self) -> None:
        self.done = 0
        self.readings: list[tuple[int, float, int]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._me = psutil.Process()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def tick(self, batch: Batch) -> None:
        if len(batch.done) != self.done:
            self.done = len(batch.done)
            print(f"\r{self.done} of {len(batch.reels)}, {self.readings[-1][1]:.0f} MB", end="", file=sys.stderr, flush=True)

    def _read(self) -> None:
        while not self._over.wait(0.1):
            memory, files = 0.0, 0
            with contextlib.suppress(psutil.Error):
                # Not what the worker forks, which for a moment is counted as large as the worker itself.
                for process in (self._me, *self._me.children()):
                    if process == self._me or kind_of(process, self._me.pid) == "worker":
                        memory += process.memory_info().rss / 1e6
                        files += process.num_fds()
                self.readings.append((self.done, memory, files))

    def peak(self, first: int, last: int) -> float:
        return max(memory for done, memory, _ in self.readings if first <= done < last)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reels", type=int, default=40)
    reels = parser.parse_args().reels
    tens = max(reels // 4, 1)
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        os.environ["REELKIT_TEMPLATES"] = str(make_studio(Path(folder), ["ada"], topics=TOPICS[:reels]))
        outputs = Path(folder) / "outputs"
        asked = Asked(brands=("ada",), count=reels)
        batch = open_batch(outputs, asked, lambda others, some: plan_brands(some, reels, overrides={}, outputs=outputs, others=others))
        processes, files = len(psutil.Process().children(recursive=True)), psutil.Process().num_fds()
        began = time.monotonic()
        with Watch() as watch:
            ended = run_batch(batch.id, outputs, Terms(workers=1, keep_free_gb=0.0), watcher=watch)
        left = len(psutil.Process().children(recursive=True)) - processes, psutil.Process().num_fds() - files
    second, last = watch.peak(tens, 2 * tens), watch.peak(reels - tens, reels)
    print(f"\r{len(ended.done)} of {reels} reels in {time.monotonic() - began:.0f} s", file=sys.stderr)
    growth = f"{last / second:.3f} (bar {GROWTH:.2f})"
    print(f"peak of reels {tens + 1} to {2 * tens}: {second:.0f} MB, of the last {tens}: {last:.0f} MB: {growth}")
    fds = [max(files for done, _, files in watch.readings if done == at) for at in (tens, reels - 1)]
    print(f"open files during reel {tens + 1}: {fds[0]}, during the last: {fds[1]}; left: {left[1]} files, {left[0]} processes")
    well = len(ended.done) == reels and last / second <= GROWTH and left[0] <= 0 and left[1] <= 0 and fds[1] <= fds[0]
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
