"""What a worker does: one planned reel, on whichever machine it runs."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from reelkit.batch.delivery import ToldBefore, files_of, is_shared
from reelkit.batch.jobs import Job
from reelkit.batch.plan import Outcome, PlannedReel, batches_dir
from reelkit.batch.topics import has_topic
from reelkit.errors import BrandError, BusyError, ReelkitError, RunError
from reelkit.model import GenerationResult, Value
from reelkit.runs.folder import outputs_dir
from reelkit.runs.keys import without_known_keys
from reelkit.runs.manifest import read_manifest
from reelkit.whole import write_whole

__all__ = ["StepFile", "StepNow", "Work", "do_work", "progress_folder", "read_step"]

_TOLD_EVERY_S = 0.5
_HAS_OWN_CACHE = "REELKIT_CACHE" in os.environ


class Work(Value):
    """A planned reel with all that a worker must know to make it: small, picklable, and the same reel however often it is done."""

    batch: str
    reel: PlannedReel
    outputs: Path
    templates: Path
    cache: Path | None = Field(default=None, description="what ``REELKIT_CACHE`` names, for a worker that sees it and is told no other")
    upload: bool = False
    made: str | None = Field(
        default=None, description="the run, from the outputs folder, that the reel is finished in: it is only to be published"
    )
    before: ToldBefore | None = Field(
        default=None, description="what the batch's ledger says, for a worker that does not see it; None where the brand's team has one"
    )
    wait: bool = Field(default=False, description="wait where another process is making this reel")
    encoders: int | None = Field(default=None, ge=1, description="encoder processes; one for each core of the worker where not given")
    keep_free_bytes: int = Field(default=0, ge=0, description="begin no reel when the disk has less free than this")
    cell_timeout_s: float | None = None

    @property
    def job(self) -> Job:
        """The job that the notebook gets."""
        reel = self.reel
        # The file's whole path, as a worker's working directory may be anywhere.
        in_studio = self.templates / "brands" / f"{reel.brand}.yaml"
        return Job(
            brand=str(in_studio) if in_studio.is_file() else reel.brand,
            topic_seed=reel.topic_seed,
            script=reel.script,
            overrides=reel.overrides,
            outputs=self.outputs,
            upload=self.upload,
        )


def do_work(work: Work) -> Outcome:
    """Make a planned reel and tell how it ended. Whatever goes wrong is told in the outcome: no other reel is touched by it."""
    began = time.monotonic()

    def outcome(state: str, error: str | None = None, **more: Any) -> Outcome:
        told = {"number": work.reel.number, "state": state, "error": error, "ended_at": _now()}
        return Outcome.model_validate({"duration_ms": round((time.monotonic() - began) * 1000), **told, **more})

    try:
        shared = is_shared(work.outputs, work.batch)
        if not shared and work.made:
            # It lies where the batch was begun, and is published from there; made here it would be another one.
            return outcome("done", run=work.made, reused=True)
        if not shared:
            work = work.model_copy(update={"outputs": outputs_dir(), "upload": work.upload and _publishes_for_all(work)})
        free = _free_bytes(work.outputs)
        if free < work.keep_free_bytes:
            return outcome(
                "held", f"not begun: {free / 1e9:.1f} GB are free in {work.outputs}, {work.keep_free_bytes / 1e9:.1f} GB must stay"
            )
        with _surroundings(work):
            made = work.outputs / work.made if work.made else None
            if made is None:
                _hold_to_topic(work)
            from reelkit.batch.runner import run_notebook

            steps = StepFile(progress_folder(work.outputs, work.batch) / f"{work.reel.number}.json")
            with steps:
                limit, before = work.cell_timeout_s, None if shared else work.before
                used, topics = (before.clips, before.topics) if before else (work.reel.used, None)
                result = run_notebook(
                    work.job, watcher=steps, cell_timeout_s=limit, wait=work.wait, used=used, used_topics=topics, made=made
                )
        files = {} if shared or result.run_dir is None else files_of(result.run_dir)
        return outcome("done" if result.success else "failed", result.error, files=files, **_facts(result, work.outputs))
    except BusyError as error:
        return outcome("busy", str(error))
    except ReelkitError as error:
        return outcome("failed", str(error))
    except OSError as error:
        told = f"brand '{work.reel.slug}': {error.strerror or error} ({error.filename or work.outputs})"
        return outcome("failed", told)
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        told = without_known_keys(" ".join(f"{type(error).__name__}: {error}".split()))
        return outcome("failed", f"brand '{work.reel.slug}': {told} (a fault of Reelkit's own, {Path(line.filename).name}:{line.lineno})")


def _hold_to_topic(work: Work) -> None:
    reel = work.reel
    try:
        holds = not reel.topic or has_topic(work.job.changed_brand(), reel.topic_seed, reel.topic)
    except ReelkitError:
        # The reel itself will fail of it, and say so.
        return
    if not holds:
        raise RunError(
            f"brand '{reel.slug}': its deck was changed: seed {reel.topic_seed} is not on '{reel.topic}' any more; run the same command "
            "again, or begin another batch where the topic is gone"
        )


def _facts(result: GenerationResult, outputs: Path) -> dict[str, Any]:
    found = read_manifest(result.run_dir) if result.run_dir else None
    if found is None or result.run_dir is None:
        return {"duration_ms": result.duration_ms}
    return {
        "run": os.path.relpath(result.run_dir, outputs),
        "topic": str(found.facts.get("topic", "")),
        "step": None if result.success else found.step,
        "url": result.public_url,
        "duration_ms": result.duration_ms,
        "cost_usd": sum(found.costs.values()),
        "reused": result.reused,
    }


def _publishes_for_all(work: Work) -> bool:
    """Say whether the brand's store is one that every machine reaches; a folder is filled where the batch was begun."""
    try:
        return work.job.changed_brand().publishing.store != "folder"
    except BrandError:
        # The reel itself will fail of it, and say so.
        return False


def _surroundings(work: Work) -> contextlib.AbstractContextManager[None]:
    """Say in the environment, which kernels inherit, where the studio is and how many cores a reel may take."""
    said = {"REELKIT_TEMPLATES": str(work.templates)} if work.templates.is_dir() else {}
    if work.cache is not None and work.cache.is_dir() and not _HAS_OWN_CACHE:
        said["REELKIT_CACHE"] = str(work.cache)
    if work.encoders is not None:
        said["REELKIT_ENCODERS"] = str(work.encoders)
    return _environment.saying(said)


class _Environment:
    """The environment is the whole process's: reels on several threads that say the same share it, one that says otherwise waits for them,
    and after the last it is as it was, as the next may be of another studio."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._reels = 0
        self._said: dict[str, str] = {}
        self._before: dict[str, str | None] = {}

    @contextlib.contextmanager
    def saying(self, said: dict[str, str]) -> Iterator[None]:
        """Hold the environment to what is said."""
        with self._turn:
            self._turn.wait_for(lambda: not self._reels or self._said == said)
            if not self._reels:
                self._said, self._before = said, {name: os.environ.get(name) for name in said}
                os.environ.update(said)
            self._reels += 1
        try:
            yield
        finally:
            with self._turn:
                self._reels -= 1
                if not self._reels:
                    self._restore()
                    self._turn.notify_all()

    def _restore(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_environment = _Environment()


def _free_bytes(outputs: Path) -> int:
    there = next(folder for folder in (outputs, *outputs.parents) if folder.is_dir())
    return shutil.disk_usage(there).free


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


# --- how far a reel is, told in a file: so that it is heard from any process and any machine that shares the outputs folder ----------


class StepNow(Value):
    """Where a reel is."""

    step: str
    done: float = Field(default=0.0, ge=0, le=1, description="share of the step")
    began_at: float = Field(description="when the reel was begun, in seconds since 1970")
    step_began_at: float


def progress_folder(outputs: Path, batch_id: str) -> Path:
    """Return where the reels of a batch tell how far they are."""
    return batches_dir(outputs) / f".{batch_id}"


def read_step(outputs: Path, batch_id: str, number: int) -> StepNow | None:
    """Return where a reel is, or None when it is not being made."""
    try:
        return StepNow.model_validate_json((progress_folder(outputs, batch_id) / f"{number}.json").read_bytes())
    except (OSError, ValueError):
        return None


class StepFile:
    """A watcher that keeps a file with the running step; the file goes when the block ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began_at = time.time()
        self._step_began_at = self._began_at
        self._told_at = 0.0

    def __enter__(self) -> StepFile:
        self._tell("start")
        return self

    def __exit__(self, *ended: object) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def begins(self, step: str) -> None:
        """Tell that a step starts."""
        self._step_began_at = time.time()
        self._tell(step)

    def share(self, step: str, done: float) -> None:
        """Tell how far a step is, at most twice a second."""
        if time.monotonic() - self._told_at >= _TOLD_EVERY_S:
            self._tell(step, done)

    def ends(self, step: str, seconds: float, made: str) -> None:
        """Tell that a step ended."""
        self._tell(step, 1.0)

    def fails(self, step: str, reason: str) -> None:
        """Say nothing: how the reel ended is told by its outcome."""

    def _tell(self, step: str, done: float = 0.0) -> None:
        said = {"step": step, "done": min(max(done, 0.0), 1.0), "began_at": self._began_at, "step_began_at": self._step_began_at}
        # A disk that is full does not stop a reel for want of its progress.
        with contextlib.suppress(OSError):
            write_whole(self._path, json.dumps(said))
        self._told_at = time.monotonic()
