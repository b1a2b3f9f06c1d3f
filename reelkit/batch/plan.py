"""A batch as a file: which reels were planned, and how each of them ended. It is written before the first reel is begun."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, ValidationError

from reelkit.errors import RunError
from reelkit.model import Value, content_key
from reelkit.runs.locks import hold
from reelkit.whole import write_whole

__all__ = [
    "Asked",
    "Batch",
    "BatchFile",
    "Outcome",
    "PlannedReel",
    "batches_dir",
    "is_tonights",
    "is_under_way",
    "open_batch",
    "read_batch",
    "read_batches",
]

SAME_BATCH_H = 20.0
"""For this long the same command means the same batch: longer than a night, shorter than the time between two of them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


class Asked(Value):
    """What a batch was asked for. The same thing asked again is the same batch, see :func:`open_batch`."""

    brands: tuple[str, ...] = ()
    count: int = Field(default=1, ge=1)
    overrides: dict[str, JsonValue] = Field(default={})
    file: Path | None = Field(default=None, description="an editorial calendar, which then says everything")

    @property
    def key(self) -> str:
        """Six digits that tell one request from another; the order of brands says nothing."""
        said = self.model_dump(mode="json") | {"brands": sorted(self.brands)}
        return content_key("batch", said)[:6]


class PlannedReel(Value):
    """One reel of a batch."""

    number: int = Field(ge=1)
    brand: str = Field(description="a slug, or the whole path of a brand file")
    slug: str
    topic_seed: int = Field(ge=0)
    topic: str = Field(default="", description="where it is known before the script is written")
    script: Path | None = None
    overrides: dict[str, JsonValue] = Field(default={})
    due: datetime.date | None = None
    asked_as: str = Field(default="", description="how a calendar asks for it: by topic, seed, or script")
    instead_of: str = Field(
        default="", description="a topic whose turn it was, which goes behind the others as it failed on several nights"
    )
    where: str = Field(default="", description="the line of the calendar that asks for it")
    used: tuple[str, ...] = Field(
        default=(), description="clips that the brand's reels had used before this batch: decided here, so that no timing decides a reel"
    )
    clips: tuple[str, ...] | None = Field(
        default=None, description="clips that it will show if all of them can be had; None where that is not known before it is made"
    )
    chosen_by_model: bool = Field(default=False, description="a model chooses the topic")
    after: int | None = Field(default=None, description="a reel that must have ended first, as a model is to choose another topic than its")
    still: int | None = Field(
        default=None,
        exclude=True,
        repr=False,
        description="the made reel of the batch that a calendar's line is, though its date was corrected",
    )

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.topic or (self.script.name if self.script else f"seed {self.topic_seed}")

    @property
    def key(self) -> str:
        """What it is by content: a calendar's line that has not changed is the reel that it was."""
        return content_key("planned", self.undated_key, str(self.due))

    @property
    def undated_key(self) -> str:
        """What it is by content, whenever it is due. A topic is the same in capitals."""
        said = self.model_dump(mode="json", include={"slug", "overrides"})
        return content_key("planned", said | {"asked_as": self.asked_as.casefold()})


class Outcome(Value):
    """How a planned reel ended. A reel that has none was not begun, or was cut."""

    number: int = Field(ge=1)
    state: Literal["done", "failed", "held", "busy"] = Field(
        description="held: not begun, as the disk is nearly full; busy: another process is making it, or it is made and being published"
    )
    run: str | None = Field(default=None, description="the run's folder, from the outputs folder")
    topic: str = ""
    error: str | None = None
    step: str | None = Field(default=None, description="the step that failed")
    url: str | None = None
    duration_ms: int = Field(default=0, ge=0)
    cost_usd: float = Field(default=0.0, ge=0)
    reused: bool = False
    ended_at: str = ""
    files: dict[str, bytes] = Field(
        default={}, exclude=True, repr=False, description="the run's files, where its worker does not see the outputs folder"
    )


class Batch(Value):
    """``outputs/batches/<id>.json``."""

    version: Literal[1] = 1
    id: str
    asked: Asked
    started_at: str = Field(description="when it was first begun")
    touched_at: str = Field(description="when it was last written")
    ended_at: str | None = Field(default=None, description="when it last came to its end; None while it runs and when it was cut")
    ended_before: bool = Field(default=False, description="it had come to its end once when it was last begun, to complete it")
    reels: tuple[PlannedReel, ...] = ()
    outcomes: dict[int, Outcome] = Field(default={}, description="by the reel's number")
    refused: dict[str, str] = Field(default={}, description="brands that could not be planned, and why")

    @property
    def done(self) -> tuple[PlannedReel, ...]:
        return tuple(reel for reel in self.reels if self.state_of(reel) == "done")

    @property
    def missing(self) -> tuple[PlannedReel, ...]:
        return tuple(reel for reel in self.reels if self.state_of(reel) != "done")

    @property
    def failed(self) -> tuple[PlannedReel, ...]:
        return tuple(reel for reel in self.reels if self.state_of(reel) == "failed")

    @property
    def cost_usd(self) -> float:
        return sum(outcome.cost_usd for outcome in self.outcomes.values())

    def state_of(self, reel: PlannedReel) -> str:
        """Return ``done``, ``failed``, ``held`` or ``waiting``."""
        outcome = self.outcomes.get(reel.number)
        return "waiting" if outcome is None or outcome.state == "busy" else outcome.state

    def with_ends(self, outcomes: Iterable[Outcome]) -> Batch:
        """Return it with how some reels ended. What is done stays done, whatever another process says of it."""
        ends = dict(self.outcomes)
        for outcome in outcomes:
            before, told = ends.get(outcome.number), outcome
            if before is not None and before.state == "done" and (outcome.state != "done" or outcome.reused):
                told = before.model_copy(update={"url": outcome.url or before.url})
            ends[outcome.number] = told
        return self.model_copy(update={"outcomes": ends})

    def __repr__(self) -> str:
        return f"<Batch {self.id}: {len(self.done)} of {len(self.reels)} reels done, {len(self.failed)} failed>"


def batches_dir(outputs: Path) -> Path:
    """Return where the batches of an outputs folder are written down."""
    return outputs / "batches"


def read_batch(path: Path) -> Batch:
    """Read a batch's file.

    Raises
    ------
    RunError
        When there is none, or it cannot be read.
    """
    try:
        return Batch.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"there is no batch {path.stem} in {path.parent}") from None
    except (ValidationError, OSError) as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise RunError(f"batch {path.stem}: {path} cannot be read ({detail}); move it aside to begin it anew") from None


def read_batches(outputs: Path) -> list[Batch]:
    """Return all batches of an outputs folder, the latest first."""
    found = [read_batch(path) for path in batches_dir(outputs).glob("[!.]*.json")]
    return sorted(found, key=lambda batch: (batch.started_at, batch.id), reverse=True)


class BatchFile:
    """A batch that any number of processes may work on: what each writes is added to what the others wrote."""

    def __init__(self, outputs: Path, batch_id: str) -> None:
        self.outputs = outputs
        self.path = batches_dir(outputs) / f"{batch_id}.json"

    def read(self) -> Batch:
        """Return what stands in it now."""
        return read_batch(self.path)

    def add(self, *outcomes: Outcome) -> Batch:
        """Write down how reels ended; see :meth:`Batch.with_ends`."""
        return self._change(lambda batch: {"outcomes": batch.with_ends(outcomes).outcomes})

    def forget(self, seen: Mapping[int, Outcome], *, made: Mapping[int, str]) -> Batch:
        """Take back how some reels ended, as they are made again; ``made`` gives the runs of those that are only to be published.

        What stands otherwise than it was ``seen``, another process has written since: it stays.
        """

        def changed(batch: Batch) -> dict[str, Any]:
            stand = {number for number, told in batch.outcomes.items() if told == seen.get(number)}
            kept = {number: Outcome(number=number, state="busy", run=run) for number, run in made.items() if number in stand}
            return {"outcomes": {number: told for number, told in batch.outcomes.items() if number not in stand} | kept}

        return self._change(changed)

    def begin(self) -> Batch:
        """Write down that it runs."""
        return self._change(lambda batch: {"ended_at": None, "ended_before": batch.ended_before or batch.ended_at is not None})

    def cast(self, choose: Callable[[Batch], tuple[PlannedReel, ...]], hold: Callable[[Sequence[PlannedReel]], object]) -> Batch:
        """Write down which clips the reels will show, then hold these in the ledger, before another batch may do so."""
        with _locked(self.outputs):
            batch = self.read()
            cast = batch.model_copy(update={"reels": choose(batch)})
            if cast != batch:
                _write(self.path, cast)
            # Written first: whoever is cut between the two chooses the same again, not beside its own claims.
            hold(cast.missing)
            return cast

    def end(self, *outcomes: Outcome) -> Batch:
        """Write down that it came to its end, and how reels ended that could not be written before."""
        return self._change(lambda batch: {"outcomes": batch.with_ends(outcomes).outcomes, "ended_at": _text(_now())})

    def _change(self, changed: Callable[[Batch], dict[str, Any]]) -> Batch:
        with _locked(self.outputs):
            batch = self.read()
            return _write(self.path, batch.model_copy(update=changed(batch) | {"touched_at": _text(_now())}))


Planner = Callable[[list[Batch], tuple[str, ...], Batch | None], tuple[tuple[PlannedReel, ...], dict[str, str]]]
"""Given the other batches, some brands and the batch where it was begun already, plans their reels; the brands that it cannot plan come
with the reason."""


def open_batch(
    outputs: Path,
    asked: Asked,
    plan: Planner,
    *,
    follow: Callable[[Batch, list[Batch]], tuple[PlannedReel, ...]] = lambda batch, _: batch.reels,
    name: str | None = None,
    anew: bool = False,
    write: bool = True,
) -> Batch:
    """Return the batch that a request means: the one that it began already, else a new one, planned and written.

    The same request within 20 hours is the same batch: what is missing is completed. Later it is a new one, so that tomorrow's
    night makes new reels. A batch with a name, and a calendar's, stay the same for as long as their file is there.

    Parameters
    ----------
    outputs : Path
    asked : Asked
    plan : callable
        Called when a new batch is begun, for brands that were refused before, and for a calendar each time, as its lines come and go.
    follow : callable, optional
        Given a batch of brands that was begun already, and the others, returns its reels as they are to be made now; a calendar is planned
        each time.
    name : str, optional
        The batch's name; made of the date and what was asked where not given.
    anew : bool
        Begin a new batch whatever was begun before.
    write : bool
        Write what is planned; without, only say what would be. A batch without a reel is never written.

    Raises
    ------
    RunError
        When the name is no name, or names a batch that was asked for something else.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise RunError(f"batch name {name!r} must be made of letters, digits, dots, dashes and underscores")
    if asked.file is not None and name is None:
        name = f"{re.sub(r'[^A-Za-z0-9._-]+', '-', asked.file.stem).strip('-.') or 'calendar'}-{asked.key}"
    with _locked(outputs) if write else nullcontext():
        known = read_batches(outputs)
        found = _found(known, asked, name, anew)
        others = [batch for batch in known if found is None or batch.id != found.id]
        if found is not None and asked.file is None:
            followed = found.model_copy(update={"reels": follow(found, others)})
            if not found.refused:
                return _write(batches_dir(outputs) / f"{found.id}.json", followed) if write and followed != found else followed
            found = followed
        # What was refused may have been mended since.
        reels, refused = plan(others, asked.brands if found is None else tuple(found.refused), found)
        if found is None:
            now, batch_id = _text(_now()), name or _free_id(known, asked)
            batch = Batch(id=batch_id, asked=asked, started_at=now, touched_at=now, reels=_in_turn(_numbered(reels)), refused=refused)
        elif asked.file is None:
            more = _numbered(reels, len(found.reels) + 1)
            batch = found.model_copy(update={"reels": _in_turn((*found.reels, *more)), "refused": refused})
        else:
            batch = _replanned(found, reels, refused)
        return _write(batches_dir(outputs) / f"{batch.id}.json", batch) if write and batch.reels else batch


def _found(known: list[Batch], asked: Asked, name: str | None, anew: bool) -> Batch | None:
    if name is not None:
        found = next((batch for batch in known if batch.id == name), None)
        if found is not None and found.asked.key != asked.key:
            raise RunError(f"batch '{name}' was asked for something else ({_told(found.asked)}); give this one another name")
        return found
    return None if anew else next((batch for batch in known if batch.asked.key == asked.key and is_tonights(batch)), None)


def is_tonights(batch: Batch) -> bool:
    """Say whether a batch was begun, or was still being worked on before it came to an end, within the last 20 hours."""
    # One that was completed later, by day, is still the night that it was.
    return _is_late(batch.started_at) or (not batch.ended_before and is_under_way(batch))


def is_under_way(batch: Batch) -> bool:
    """Say whether a batch is being worked on, or was cut within the last 20 hours."""
    return batch.ended_at is None and _is_late(batch.touched_at)


def _is_late(moment: str) -> bool:
    # One of a clock that was wrong is no night's: it would be the same batch until its day has come.
    return abs(_now() - datetime.datetime.fromisoformat(moment)) < datetime.timedelta(hours=SAME_BATCH_H)


def _free_id(known: list[Batch], asked: Asked) -> str:
    taken = {batch.id for batch in known}
    first = f"{datetime.date.today():%Y-%m-%d}-{asked.key}"
    return next(name for name in (first, *(f"{first}-{number}" for number in range(2, 10_000))) if name not in taken)


def _told(asked: Asked) -> str:
    return str(asked.file) if asked.file else f"{asked.count} each of {', '.join(asked.brands)}"


def _numbered(reels: tuple[PlannedReel, ...], first: int = 1) -> tuple[PlannedReel, ...]:
    return tuple(reel.model_copy(update={"number": number}) for number, reel in enumerate(reels, start=first))


def _in_turn(reels: Iterable[PlannedReel]) -> tuple[PlannedReel, ...]:
    """Return reels of which each that a model chooses a topic for follows its brand's one before it."""
    last: dict[str, int] = {}
    turned = []
    for reel in reels:
        turned.append(reel.model_copy(update={"after": last.get(reel.slug) if reel.chosen_by_model else None}))
        last[reel.slug] = reel.number
    return tuple(turned)


def _replanned(batch: Batch, reels: tuple[PlannedReel, ...], refused: dict[str, str]) -> Batch:
    """Return a calendar's batch with its lines of today: those that stand in it keep their number, and those made are not forgotten."""
    dated = {reel.still: {"due": reel.due} for reel in reels}
    known = {reel.key: reel for reel in (reel.model_copy(update=dated.get(reel.number, {})) for reel in batch.reels)}
    asked = {reel.key: reel for reel in reels}
    stay = [reel for key, reel in known.items() if key in asked or batch.state_of(reel) == "done"]
    first = max((reel.number for reel in batch.reels), default=0) + 1
    new = _numbered(tuple(reel for key, reel in asked.items() if key not in known), first)
    placed = tuple(_placed(reel, asked.get(reel.key), made=batch.state_of(reel) == "done") for reel in stay)
    kept = {reel.number for reel in stay}
    outcomes = {number: told for number, told in batch.outcomes.items() if number in kept}
    return batch.model_copy(update={"reels": _in_turn((*placed, *new)), "refused": refused, "outcomes": outcomes})


def _placed(reel: PlannedReel, asked: PlannedReel | None, *, made: bool) -> PlannedReel:
    """Return a reel at its line of today; one that is not made gives its seed to a line that names it now, and follows its topic in a deck
    that was edited."""
    if asked is None:
        return reel
    if made or (asked.topic_seed, asked.topic) == (reel.topic_seed, reel.topic):
        return reel.model_copy(update={"where": asked.where})
    return asked.model_copy(update={"number": reel.number})


@contextmanager
def _locked(outputs: Path) -> Iterator[None]:
    try:
        with hold(outputs, "batches", what="batch"):
            yield
    except OSError as error:
        raise RunError(f"batch: {error.filename or outputs} cannot be written: {error.strerror}") from None


def _write(path: Path, batch: Batch) -> Batch:
    write_whole(path, json.dumps(batch.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")
    return batch


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _text(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
