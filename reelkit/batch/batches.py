"""Many reels: planned and written down first, then made on any executor, each reel's end written down as it comes."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from reelkit.batch.casting import Casting
from reelkit.batch.delivery import bring_home, told_before
from reelkit.batch.forecast import state_on_disk
from reelkit.batch.interrupts import interrupted_once
from reelkit.batch.plan import Asked, Batch, BatchFile, Outcome, PlannedReel, open_batch
from reelkit.batch.pool import ReelPool, encoders_each, pool_width
from reelkit.batch.sockets import sweep_sockets
from reelkit.batch.topics import follow_decks, plan_brands
from reelkit.batch.work import Work, do_work, progress_folder
from reelkit.brand import brand_reference, templates_dir
from reelkit.errors import BusyError, RunError
from reelkit.model import BatchResult, GenerationResult
from reelkit.runs.cache import cache_dir
from reelkit.runs.folder import outputs_dir
from reelkit.runs.locks import hold
from reelkit.runs.manifest import read_manifest
from reelkit.whole import sweep_temporaries

__all__ = ["BatchWatcher", "Interrupted", "Terms", "Unwritten", "alone", "generate_batch", "generate_for_brands", "run_batch", "sweep"]

KEEP_FREE_GB = 2.0
"""What must be free on the disk to begin a reel: twice what a reel of three minutes writes, cache included."""
_TICK_S = 0.25


class Interrupted(KeyboardInterrupt):
    """A batch was interrupted; ``batch`` says what is done."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.batch = batch


class Unwritten(RunError):
    """A batch came to its end and its file could not be written; ``batch`` says what is done."""

    batch: Batch


class BatchWatcher(Protocol):
    """Whoever watches a batch."""

    def tick(self, batch: Batch) -> None:
        """Look at a batch that runs, a few times a second."""


class _Nobody:
    def tick(self, batch: Batch) -> None:
        pass


@dataclass(frozen=True)
class Terms:
    """How a batch is worked on; none of it decides what the reels are."""

    upload: bool = False
    executor: Executor | None = None
    workers: int | None = None
    keep_free_gb: float = KEEP_FREE_GB
    cell_timeout_s: float | None = None
    encoders: int | None = None


def generate_batch(
    brand: str | Path,
    count: int,
    *,
    upload: bool = False,
    executor: Executor | None = None,
    overrides: Mapping[str, Any] | None = None,
    outputs: str | Path | None = None,
    batch: str | None = None,
    anew: bool = False,
    watcher: BatchWatcher | None = None,
) -> BatchResult:
    """Make several reels of a brand, on topics that differ and that it has not told lately.

    The same call within 20 hours is the same batch: it makes what is missing and nothing else.

    Parameters
    ----------
    brand : str or Path
        A slug or a brand file.
    count : int
        At least 1, and at most as many as the brand's deck has topics.
    upload : bool
        Publish the reels to the brand's store.
    executor : concurrent.futures.Executor, optional
        Where the reels are made; processes of this machine where not given, as many as cores and memory allow.
    overrides : mapping, optional
        Brand fields replaced for all of them.
    outputs : path, optional
        Where runs go; :func:`reelkit.runs.folder.outputs_dir` where not given.
    batch : str, optional
        The batch's name. It is then the same batch however much later it is called.
    anew : bool
        Begin a new batch, whatever was begun before.
    watcher : BatchWatcher, optional
        Looks at the batch as it runs.

    Returns
    -------
    BatchResult
        What went wrong with a reel stands in its result; no other reel is touched by it.

    Raises
    ------
    RunError
        When the batch's file cannot be written, or the name means another batch.

    Examples
    --------
    >>> import tempfile
    >>> result = generate_batch("no-such-brand", 3, outputs=tempfile.mkdtemp())
    >>> result.success_count, result.failure_count, result.success_rate
    (0, 3, 0.0)
    """
    together = generate_for_brands(
        [str(brand)],
        count,
        upload=upload,
        executor=executor,
        overrides=overrides,
        outputs=outputs,
        batch=batch,
        anew=anew,
        watcher=watcher,
    )
    return together[str(brand)]


def generate_for_brands(
    slugs: Sequence[str],
    count_per_brand: int,
    *,
    upload: bool = False,
    executor: Executor | None = None,
    overrides: Mapping[str, Any] | None = None,
    outputs: str | Path | None = None,
    batch: str | None = None,
    anew: bool = False,
    watcher: BatchWatcher | None = None,
) -> dict[str, BatchResult]:
    """Make several reels of each of several brands in one batch; see :func:`generate_batch`.

    Parameters
    ----------
    slugs : sequence of str
        Slugs or brand files. One that cannot be loaded fails alone.
    count_per_brand : int
    upload, executor, overrides, outputs, batch, anew, watcher
        As for :func:`generate_batch`.

    Returns
    -------
    dict
        A result for each brand, by what it was asked for as.
    """
    if count_per_brand < 1:
        raise RunError(f"a batch makes 1 reel or more of each brand, not {count_per_brand}")
    place = Path(outputs).resolve() if outputs else outputs_dir()
    brands, changed = {slug: brand_reference(slug) for slug in slugs}, dict(overrides or {})
    asked = Asked(brands=tuple(dict.fromkeys(brands.values())), count=count_per_brand, overrides=changed)

    def plan(others: list[Batch], some: tuple[str, ...], _: Batch | None) -> tuple[tuple[PlannedReel, ...], dict[str, str]]:
        return plan_brands(some, count_per_brand, overrides=changed, outputs=place, others=others)

    ended = open_batch(place, asked, plan, follow=partial(follow_decks, outputs=place), name=batch, anew=anew)
    began = time.monotonic()
    if ended.reels:
        ended = run_batch(ended.id, place, Terms(upload=upload, executor=executor), watcher=watcher)
    took_ms = round((time.monotonic() - began) * 1000)
    return {slug: _result(ended, brand, count_per_brand, place, took_ms) for slug, brand in brands.items()}


def _result(batch: Batch, brand: str, count: int, outputs: Path, took_ms: int) -> BatchResult:
    if brand in batch.refused:
        refused = GenerationResult(success=False, video_path=None, public_url=None, error=batch.refused[brand], duration_ms=0)
        return BatchResult(results=(refused,) * count, total_duration_ms=took_ms)
    results = tuple(_one(batch.outcomes.get(reel.number), outputs) for reel in batch.reels if reel.brand == brand)
    return BatchResult(results=results, total_duration_ms=took_ms)


def _one(outcome: Outcome | None, outputs: Path) -> GenerationResult:
    if outcome is None or outcome.state == "busy":
        return GenerationResult(success=False, video_path=None, public_url=None, error="not begun", duration_ms=0)
    folder = outputs / outcome.run if outcome.run else None
    try:
        manifest = read_manifest(folder) if folder else None
    except RunError:
        # How it ended is known all the same.
        manifest = None
    return GenerationResult(
        success=outcome.state == "done",
        video_path=folder / "reel.mp4" if folder and outcome.state == "done" else None,
        public_url=outcome.url,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
        run_dir=folder,
        findings=manifest.findings if manifest else (),
        reused=outcome.reused,
    )


def run_batch(batch_id: str, outputs: Path, terms: Terms, *, watcher: BatchWatcher | None = None) -> Batch:
    """Make the reels of a batch that are not made yet, and return it as it ended.

    Parameters
    ----------
    batch_id : str
    outputs : Path
    terms : Terms
    watcher : BatchWatcher, optional

    Raises
    ------
    Interrupted
        On Ctrl-C: reels that were being made are cut, what they had finished is kept.
    Unwritten
        When all reels came to their end and the batch's file could not be written at last.
    """
    watcher = watcher or _Nobody()
    file = BatchFile(outputs, batch_id)
    with interrupted_once() as again:
        try:
            batch = _run(file, outputs, terms, watcher, again)
        except KeyboardInterrupt:
            sweep(outputs)
            raise Interrupted(file.read()) from None
        finally:
            shutil.rmtree(progress_folder(outputs, batch_id), ignore_errors=True)
    watcher.tick(batch)
    return batch


def _run(file: BatchFile, outputs: Path, terms: Terms, watcher: BatchWatcher, again: Callable[[], None]) -> Batch:
    sweep(outputs)
    file.begin()
    casting = Casting(outputs)
    batch = file.cast(casting.choose, casting.hold)
    # Of a batch that was killed; one that works on the same batch beside us tells its own again.
    shutil.rmtree(progress_folder(outputs, batch.id), ignore_errors=True)
    state = {reel.number: state_on_disk(reel, batch.outcomes.get(reel.number), outputs, upload=terms.upload) for reel in batch.reels}
    todo = [reel for reel in batch.reels if state[reel.number] != "made"]
    made = {number: run for number, told in batch.outcomes.items() if state.get(number) == "unpublished" and (run := told.run)}
    seen = {reel.number: batch.outcomes[reel.number] for reel in todo if reel.number in batch.outcomes}
    batch = file.forget(seen, made=made)
    untold: list[Outcome] = []
    if todo:
        with _executor(terms, len(todo)) as (executor, encoders):

            def begin(reel: PlannedReel, wait_for_it: bool) -> Future[Outcome]:
                work = Work(
                    batch=batch.id,
                    reel=reel,
                    outputs=outputs,
                    templates=templates_dir(),
                    cache=cache_dir(outputs) if os.environ.get("REELKIT_CACHE") else None,
                    upload=terms.upload,
                    made=made.get(reel.number),
                    before=told_before(reel, outputs) if terms.executor is not None else None,
                    wait=wait_for_it,
                    encoders=encoders,
                    keep_free_bytes=round(terms.keep_free_gb * 1e9),
                    cell_timeout_s=terms.cell_timeout_s,
                )
                return executor.submit(do_work, work)

            bring = partial(bring_home, outputs=outputs, upload=terms.upload)
            batch, untold = _make_all(todo, begin, bring, file=file, batch=batch, watcher=watcher, again=again)
    sweep(outputs)
    try:
        return file.end(*untold)
    except RunError as error:
        unwritten = Unwritten(f"{error}; how its reels ended is not written down, run the same command again")
        unwritten.batch = batch
        raise unwritten from None


def _make_all(
    todo: Sequence[PlannedReel],
    begin: Callable[[PlannedReel, bool], Future[Outcome]],
    bring: Callable[[Outcome, PlannedReel], Outcome],
    *,
    file: BatchFile,
    batch: Batch,
    watcher: BatchWatcher,
    again: Callable[[], None],
) -> tuple[Batch, list[Outcome]]:
    """Make reels and write down how each ended. What cannot be written (a full disk, as a rule) stops no reel: it is written with the next
    one, or returned with the batch as it is.
    """
    waiting = list(todo)
    pending: dict[Future[Outcome], PlannedReel] = {}
    untold: list[Outcome] = []
    before = {reel.number: reel.after for reel in batch.reels}

    def begin_those_that_may() -> None:
        unfinished = {reel.number for reel in (*waiting, *pending.values())}

        def may_begin(reel: PlannedReel) -> bool:
            # The one that it follows may be made since long, and another before that not.
            after = reel.after
            while after is not None and after not in unfinished:
                after = before.get(after)
            return after is None

        for reel in [reel for reel in waiting if may_begin(reel)]:
            waiting.remove(reel)
            pending[begin(reel, False)] = reel

    try:
        begin_those_that_may()
        while pending:
            again()
            ended, _ = wait(pending, timeout=_TICK_S, return_when=FIRST_COMPLETED)
            for future in ended:
                reel = pending.pop(future)
                outcome = bring(_outcome_of(future, reel), reel)
                if outcome.state == "busy":
                    # Behind all others, as whoever makes it may be done by then.
                    pending[begin(reel, True)] = reel
                else:
                    untold.append(outcome)
                    batch = batch.with_ends([outcome])
                    with contextlib.suppress(RunError):
                        batch, untold = file.add(*untold), []
            begin_those_that_may()
            watcher.tick(batch)
    except BaseException:
        for future in pending:
            future.cancel()
        with contextlib.suppress(RunError):
            file.add(*untold)
        raise
    return batch, untold


def _outcome_of(future: Future[Outcome], reel: PlannedReel) -> Outcome:
    try:
        return future.result()
    except Exception as error:
        # The worker itself was lost, not only a reel on it.
        told = " ".join(f"{type(error).__name__}: {error}".split()) if not isinstance(error, RunError) else str(error)
        return Outcome(number=reel.number, state="failed", error=f"brand '{reel.slug}': {told}; run the same command again")


@contextlib.contextmanager
def _executor(terms: Terms, reels: int) -> Iterator[tuple[Executor, int | None]]:
    """Give where to make reels, and how many encoder processes each of them may start."""
    if terms.executor is not None:
        yield terms.executor, terms.encoders
        return
    width = pool_width(reels, workers=terms.workers)
    pool = ReelPool(width)
    try:
        yield pool, terms.encoders or encoders_each(width)
    finally:
        pool.shutdown(wait=False)


def sweep(outputs: Path) -> int:
    """Remove what processes that are no more left in the outputs folder, the cache and the place for sockets; return how many went."""
    cache = cache_dir(outputs)
    elsewhere = 0 if cache.is_relative_to(outputs) else sweep_temporaries(cache)
    return sweep_temporaries(outputs) + elsewhere + sweep_sockets()


@contextlib.contextmanager
def alone(outputs: Path) -> Iterator[None]:
    """Hold the outputs folder against other batches that want to be alone, so that two nights do not run into each other.

    Raises
    ------
    BusyError
        When another one is running.
    RunError
        When the outputs folder cannot be made or written.
    """

    def busy() -> None:
        raise BusyError(f"another batch with --alone is still running in {outputs}; this one makes nothing")

    with hold(outputs, "alone", what="batch", busy=busy):
        yield
