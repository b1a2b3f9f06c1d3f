"""A batch that is killed at seeded moments: a plain re-run completes it, byte for byte, and nothing is made or uploaded twice.

``python -m benchmarks.batch_kill --moments 60``; a dozen where no number is given. A kernel alone, what forks kernels, a worker alone, the
parent alone and the whole tree are killed in turn, at moments drawn over the whole length of an undisturbed batch of six short reels, of
which two are published to a Supabase server on loopback and four, which show pictures of their brand's own, to a folder. Every third
moment the reels are rendered anew, so that encoders are met as well; else segments come from the cache, so that the moments fall on
everything around them.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._processes import KEPT, KINDS, MARK, adopt_orphans, kill, left_files, wait_until_gone
from reelkit.runs.manifest import read_manifest
from reelkit.whole import sha256_of
from tests.batch.studio import BRANDS, make_studio
from tests.services.supabase_server import KEY, Held, Supabase

TRIES = 4
GONE_S = 15.0
"""Kernels look for their parent once a second; a busy machine is granted more."""
PUBLISHING = "publishing: {store: supabase, bucket: reels}\n"


class CountingStore(Supabase):
    """A store that remembers how often each object was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: collections.Counter[str] = collections.Counter()

    def keep(self, bucket: str, name: str, content: bytes, fields: dict[str, str], *, chunked: bool) -> Held:
        self.written[name] += 1
        return super().keep(bucket, name, content, fields, chunked=chunked)


class Trial:
    """One batch of six reels in an outputs folder of its own."""

    def __init__(self, studio: Path, place: Path, store: CountingStore) -> None:
        self.outputs, self.sockets = place / "outputs", place / "t"
        self.sockets.mkdir(parents=True)
        self.mark = place.name
        self.store = store
        self._studio = studio

    def start(self) -> subprocess.Popen[str]:
        named = {
            MARK: self.mark,
            "TMPDIR": str(self.sockets),
            "REELKIT_CACHE": str(self._studio / "cache"),
            "SUPABASE_URL": self.store.url,
            "SUPABASE_KEY": KEY,
        }
        command = [sys.executable, "-m", "reelkit.cli", "batch", "--brands", *BRANDS, "--count", "2", "--upload", "--json"]
        process = subprocess.Popen(
            [*command, "--keep-free-gb", "0", "--outputs", str(self.outputs)],
            cwd=self._studio,
            env=os.environ | named,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        KEPT.add(process.pid)
        return process

    def done(self) -> dict[str, tuple[int, int]]:
        """Return the reels that are finished, with what would change if they were made or published again."""
        found = {}
        for path in self.outputs.glob("*/*/reel.mp4"):
            manifest = read_manifest(path.parent)
            if manifest is not None and manifest.state == "done" and "report.html" in manifest.artefacts and manifest.published:
                published = self.outputs / "published" / path.parts[-3] / f"{path.parts[-2]}.mp4"
                for file in (path, published):
                    if file.exists():
                        found[str(file.relative_to(self.outputs))] = (file.stat().st_ino, file.stat().st_mtime_ns)
        return found

    def reels(self) -> dict[str, str]:
        return {str(path.relative_to(self.outputs)): sha256_of(path) for path in self.outputs.glob("*/*/reel.mp4")}


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    out, err = process.communicate(timeout=900)
    KEPT.discard(process.pid)
    return process.returncode, json.loads(out) if out.strip() else {}, err.strip()


def disturbed(trial: Trial, kind: str, after_s: float, expected: dict[str, str]) -> tuple[int, list[str], str]:
    """Kill at a moment, run again, and return how many were met, what is wrong with it all, and how it went."""
    process = trial.start()
    time.sleep(after_s)
    met = 0
    while not met and process.poll() is None:
        met = kill(kind, process.pid, trial.mark)
        time.sleep(0.02)
    code, _, _ = ended(process)
    wrong = []
    gone_s, orphans = wait_until_gone(trial.mark, GONE_S)
    wrong += [f"{line} lived on" for line in orphans]
    made = trial.done()
    again = trial.start()
    code_again, summary, err = ended(again)
    if code_again != 0 or summary.get("done") != len(expected):
        wrong.append(f"the re-run ended with {code_again}: {err[-300:]}")
    if trial.reels() != expected:
        wrong.append("reels differ from those of an undisturbed run")
    if {name: facts for name, facts in trial.done().items() if name in made} != made:
        wrong.append("a reel was made twice")
    twice = [name for name, times in trial.store.written.items() if times > 1]
    kept = [name for name in trial.store.written if name.endswith(".mp4")]
    kept += [str(path) for path in (trial.outputs / "published").glob("*/*.mp4")]
    if twice or len(kept) != len(expected):
        wrong.append(f"{len(kept)} reels are published, written twice: {twice}")
    wrong += [f"left {name}" for name in left_files(trial.outputs, trial.sockets)]
    wrong += [f"{line} lived on after the re-run" for line in wait_until_gone(trial.mark, GONE_S)[1]]
    how = f"met {met}, ended with {code}, {len(made)} files done, all gone after {gone_s:.1f} s"
    return met, wrong, how


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    adopt_orphans()
    rng = random.Random(arguments.seed)
    bad = 0
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        studio = Path(folder)
        make_studio(studio, BRANDS[1:], pictures=20)
        make_studio(studio, BRANDS[:1], more=PUBLISHING)
        lengths = []
        for number in range(2):
            # The first fills the cache; the second is what a disturbed one looks like without the disturbance.
            with CountingStore() as store:
                trial = Trial(studio, studio / f"u{number}", store)
                began = time.monotonic()
                code, _, err = ended(trial.start())
                lengths.append(time.monotonic() - began)
                expected = trial.reels()
                if code != 0 or len(expected) != 2 * len(BRANDS):
                    print(f"the undisturbed batch ended with {code}: {err}")
                    return 1
        print(f"undisturbed: {lengths[0]:.1f} s, from the cache {lengths[1]:.1f} s")
        for moment in range(arguments.moments):
            kind = KINDS[moment % len(KINDS)]
            anew = moment % 3 == 2
            if anew:
                shutil.rmtree(studio / "cache" / "segments", ignore_errors=True)
            wrong, how, met, longest = [], "", 0, lengths[0 if anew else 1]
            for attempt in range(TRIES):
                # A machine that has become faster may have ended by then: the moment is drawn anew, earlier.
                after_s = rng.uniform(0.3, longest / 2**attempt)
                with CountingStore() as store:
                    trial = Trial(studio, studio / f"m{moment}-{attempt}", store)
                    met, wrong, how = disturbed(trial, kind, after_s, expected)
                if met or wrong:
                    break
            wrong += [] if met else ["nothing was met"]
            bad += bool(wrong)
            print(f"{moment + 1:3d}  {kind:<6} at {after_s:5.1f} s  {how}  {'; '.join(wrong) or 'well'}", flush=True)
            for place in studio.glob("m*"):
                shutil.rmtree(place, ignore_errors=True)
    print(f"{arguments.moments - bad} of {arguments.moments} moments well")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
