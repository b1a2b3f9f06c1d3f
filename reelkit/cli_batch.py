"""The command ``reelkit batch``: what it takes, what it says, and how it ends."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelkit.cli_summary import failures, morning_line, passed_over, summary_of, tell_interrupted, write_page
from reelkit.cli_words import DONE, FAILED, INTERRUPTED, WRONG_USE, complain, load_keys, print_json
from reelkit.errors import RunError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from reelkit.batch.plan import Asked, Batch

__all__ = ["add_batch_options", "batch_command", "overrides_of"]

_STEP_TIMEOUT_S = 3600.0


def add_batch_options(batch: argparse.ArgumentParser) -> None:
    """Add what ``reelkit batch`` takes, besides what it shares with ``make``."""
    batch.add_argument(
        "--count", "-n", type=_count, default=1, metavar="N", help="reels of each brand, on topics that differ (%(default)s)"
    )
    batch.add_argument("--file", type=Path, metavar="FILE", help="an editorial calendar instead: .yaml or .csv, a line a reel")
    batch.add_argument(
        "--ahead", type=_days, default=0, metavar="DAYS", help="of a calendar, also what is due in the next days (%(default)s)"
    )
    batch.add_argument("--batch", metavar="NAME", help="a name of your own; the same name is the same batch, however much later")
    batch.add_argument("--new", action="store_true", help="begin another batch, though the same was begun within 20 hours")
    batch.add_argument("--workers", type=_count, metavar="N", help="reels at once (one a core, as far as memory goes)")
    dask = batch.add_argument("--dask", metavar="ADDRESS", help="make them on a Dask cluster: tcp://host:8786, or local")
    dask.completer = lambda **_asked: ["local", "tcp://"]  # type: ignore[attr-defined]
    batch.add_argument(
        "--step-timeout", type=_seconds, default=_STEP_TIMEOUT_S, metavar="SECONDS", help="a step that takes longer fails (%(default)g)"
    )
    batch.add_argument(
        "--keep-free-gb", type=_gigabytes, default=None, metavar="GB", help="begin no reel when the disk has less free than this (2)"
    )
    batch.add_argument("--alone", action="store_true", help="end at once when another batch with --alone runs: keeps two nights apart")
    batch.add_argument("--webhook", metavar="URL", help="POST the summary there at the end, as JSON")
    batch.add_argument("--notify-command", metavar="COMMAND", help="run it at the end, with the summary on its standard input")


def batch_command(arguments: argparse.Namespace) -> int:
    """Make a batch, or complete the one that the same command began."""
    from reelkit.batch.batches import alone
    from reelkit.errors import BusyError
    from reelkit.runs.folder import outputs_dir

    load_keys()
    _check_use(arguments)
    outputs = (arguments.outputs or outputs_dir()).resolve()
    if arguments.dry_run:
        return _forecast(arguments, outputs)
    try:
        with alone(outputs) if arguments.alone else contextlib.nullcontext():
            return _make(arguments, outputs)
    except BusyError as error:
        complain(str(error))
        return FAILED


def _check_use(arguments: argparse.Namespace) -> None:
    if arguments.file and (arguments.brands or overrides_of(arguments) or arguments.new or arguments.count != 1):
        raise RunError("--file says everything: leave out --brands, --count, --set, --length, --shape and --new")
    if not arguments.file and not arguments.brands:
        raise RunError("say which --brands, or give a calendar with --file")
    if arguments.dask and arguments.workers and arguments.dask != "local":
        raise RunError("--workers is for this machine; a Dask cluster has the workers that it has")


def _asked(arguments: argparse.Namespace) -> Asked:
    from reelkit.batch.plan import Asked
    from reelkit.brand import brand_reference

    if arguments.file:
        return Asked(file=arguments.file.resolve())
    return Asked(
        brands=tuple(dict.fromkeys(map(brand_reference, arguments.brands))), count=arguments.count, overrides=overrides_of(arguments)
    )


def overrides_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the brand fields that a command's options replace."""
    short = {"script.length_s": arguments.length, "output.shapes": arguments.shape}
    return dict(arguments.set) | {name: value for name, value in short.items() if value is not None}


def _open(arguments: argparse.Namespace, outputs: Path, *, write: bool) -> Batch:
    from reelkit.batch.calendar_file import plan_calendar
    from reelkit.batch.plan import PlannedReel, open_batch
    from reelkit.batch.topics import follow_decks, plan_brands

    asked = _asked(arguments)

    def plan(others: list[Batch], brands: tuple[str, ...], known: Batch | None) -> tuple[tuple[PlannedReel, ...], dict[str, str]]:
        if asked.file is not None:
            until = datetime.date.today() + datetime.timedelta(days=arguments.ahead)
            return plan_calendar(asked.file, outputs=outputs, others=others, until=until, known=known, tell=complain)[0], {}
        return plan_brands(brands, asked.count, overrides=dict(asked.overrides), outputs=outputs, others=others, claim=write)

    follow = partial(follow_decks, outputs=outputs)
    return open_batch(outputs, asked, plan, follow=follow, name=arguments.batch, anew=arguments.new, write=write)


def _make(arguments: argparse.Namespace, outputs: Path) -> int:
    from reelkit.batch.interrupts import interrupted_once

    # What the first Ctrl-C has told is not cut off by a second one, and nothing told after it.
    with interrupted_once(stays=True):
        return _make_and_tell(arguments, outputs)


def _make_and_tell(arguments: argparse.Namespace, outputs: Path) -> int:
    from reelkit.batch.batches import KEEP_FREE_GB, Interrupted, Terms, Unwritten, run_batch
    from reelkit.batch.screen import BatchScreen

    began = time.monotonic()
    batch = planned = _open(arguments, outputs, write=True)
    unwritten: str | None = None
    if planned.refused and not planned.reels:
        for told in planned.refused.values():
            complain(told)
        return WRONG_USE
    try:
        with _cluster(arguments, planned) as (executor, encoders):
            terms = Terms(
                upload=arguments.upload,
                executor=executor,
                encoders=encoders,
                workers=arguments.workers,
                keep_free_gb=KEEP_FREE_GB if arguments.keep_free_gb is None else arguments.keep_free_gb,
                cell_timeout_s=arguments.step_timeout,
            )
            try:
                with BatchScreen(outputs, quiet=arguments.quiet) as screen:
                    batch = run_batch(planned.id, outputs, terms, watcher=screen) if planned.reels else planned
            except Interrupted as stop:
                # Told before a cluster is left, which takes its time.
                tell_interrupted(stop.batch, arguments.json, outputs, time.monotonic() - began)
                return INTERRUPTED
            except Unwritten as error:
                batch, unwritten = error.batch, str(error)
        seconds = time.monotonic() - began
        # A page of a batch's file that lacks its ends would tell them wrong.
        page, trouble = (None, unwritten) if unwritten else write_page(batch, outputs)
    except KeyboardInterrupt:
        tell_interrupted(batch, arguments.json, outputs, time.monotonic() - began)
        return INTERRUPTED
    line = morning_line(batch, seconds, page)
    summary = summary_of(batch, outputs, seconds, line, page)
    if unwritten:
        summary |= {"success": False, "summary": f"{line}; {unwritten}"}
    if arguments.json:
        print_json(summary)
    else:
        print(line)
    troubles = [trouble] if trouble else []
    for told in (*failures(batch), *passed_over(batch), *troubles, *_announced(arguments, summary, line)):
        complain(told)
    return FAILED if batch.missing or batch.refused or unwritten else DONE


@contextlib.contextmanager
def _cluster(arguments: argparse.Namespace, planned: Batch) -> Iterator[tuple[Executor | None, int | None]]:
    """Give the cluster that was asked for, and how many encoder processes a reel may start where its workers share this machine."""
    if not arguments.dask or not planned.missing:
        yield None, None
        return
    from reelkit.batch.cluster import dask_executor
    from reelkit.batch.pool import encoders_each, pool_width

    width = pool_width(len(planned.missing), workers=arguments.workers)
    with dask_executor(arguments.dask, workers=width) as executor:
        yield executor, encoders_each(width) if arguments.dask == "local" else None


def _announced(arguments: argparse.Namespace, summary: dict[str, Any], line: str) -> list[str]:
    from reelkit.services.announce import call_webhook, run_command

    troubles = [
        call_webhook(arguments.webhook, summary) if arguments.webhook else None,
        run_command(arguments.notify_command, json.dumps(summary, ensure_ascii=False), line) if arguments.notify_command else None,
    ]
    return [f"{trouble}; the batch stands as it is" for trouble in troubles if trouble]


# --- --dry-run --------------------------------------------------------------------------------------------------------


def _forecast(arguments: argparse.Namespace, outputs: Path) -> int:
    from reelkit.batch.forecast import forecast_reel
    from reelkit.batch.screen import minutes, price

    batch = _open(arguments, outputs, write=False)
    told = [(reel, forecast_reel(reel, batch.outcomes.get(reel.number), outputs, upload=arguments.upload)) for reel in batch.reels]
    to_make = [forecast for _, forecast in told if forecast.state not in ("made", "unpublished")]
    to_publish = sum(forecast.state == "unpublished" for _, forecast in told)
    cost, seconds = sum(each.cost_usd for each in to_make), sum(each.seconds for each in to_make)
    if arguments.json:
        reels = [reel.model_dump(mode="json") | forecast.model_dump(mode="json") for reel, forecast in told]
        whole = {
            "batch": batch.id,
            "to_make": len(to_make),
            "to_publish": to_publish,
            "cost_usd": cost,
            "seconds": seconds,
            "refused": batch.refused,
        }
        print_json(whole | {"reels": reels})
    else:
        for reel, forecast in told:
            due = f"  due {reel.due}" if reel.due else ""
            print(f"{forecast.state:<8}  {reel.slug}  {reel.title}{due}  {forecast.told}".rstrip())
        publish = f" and {to_publish} to publish" if to_publish else ""
        print(f"batch {batch.id}: {len(to_make)} of {len(told)} to make{publish}, about {minutes(seconds)} of work, {price(cost)}")
        for problem in batch.refused.values():
            complain(problem)
    return WRONG_USE if batch.refused and not batch.reels else FAILED if batch.refused else DONE


# --- arguments ----------------------------------------------------------------------------------------------------------


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 3660):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days")
    return int(text)


def _seconds(text: str) -> float:
    return _positive(text, "a number of seconds")


def _gigabytes(text: str) -> float:
    return 0.0 if text in ("0", "0.0") else _positive(text, "a size in GB")


def _positive(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number
