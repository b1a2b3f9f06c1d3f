"""The ledger of a team in its Supabase database: what a brand has told and shown, on whichever machine.

A claim is one call of a database function, which lets one claim of a brand in at a time: whoever comes second is told what is taken.
``templates/sql/reels.sql`` makes the table and the functions.
"""

from __future__ import annotations

import functools
import random
import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import TypeAdapter

from reelkit.errors import ScriptError, ServiceError
from reelkit.model import Credit, Script, ScriptRequest, UploadResult, Value
from reelkit.services.calls import Calls

if TYPE_CHECKING:
    from reelkit.services.supabase_wire import Wired

__all__ = ["ClaimedTopics", "TeamLedger"]

T = TypeVar("T")

Claim = Literal["granted", "reel", "topic"]

_TABLE, _VIEW = "reelkit_reels", "reelkit_ledger"
_PAGE = 500
_TRIES = 3


class _Row(Value):
    """A reel as the ledger knows it."""

    number: int
    reel: str
    maker: str
    topic: str
    used: tuple[str, ...]
    clips: tuple[str, ...]
    finished_at: str | None


class TeamLedger:
    """Fits where :class:`reelkit.runs.ledger.Ledger` fits. The address and the key are read when it is first asked.

    Parameters
    ----------
    maker : str
        Names this studio in the table: who has a reel, others do not get.
    call_s, step_s : float
        How long one request, and one question with all its tries, may take.
    chance, sleep : callable
        Numbers in [0, 1) for the waits between attempts, and what waits.
    """

    def __init__(
        self,
        maker: str,
        *,
        call_s: float = 20.0,
        step_s: float = 120.0,
        chance: Callable[[], float] | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.maker = maker
        self._call_s = call_s
        self._step_s = step_s
        self._chance = chance or random.SystemRandom().random
        self._sleep = sleep

    # --- claims ---------------------------------------------------------------------------------------------------------

    def claim_topic(self, brand: str, reel: str, topic: str, *, reels: int) -> Claim:
        """Take a reel and its topic for this studio, unless another has the reel, or one of the brand's latest others the topic.

        Returns
        -------
        {"granted", "reel", "topic"}
            Whether it was granted, or which of the two is taken. What is this studio's already is granted again.
        """
        asked = {"for_brand": brand, "for_reel": reel, "by_maker": self.maker, "on_topic": topic, "within_reels": reels}
        return self._call("reelkit_claim_topic", asked, _CLAIM)

    def claim_clips(self, brand: str, reel: str, clips: Collection[str], *, reels: int) -> tuple[str, ...]:
        """Take clips for a reel, and return those that the brand's latest other reels took first."""
        wanted = sorted(set(clips))
        asked = {"for_brand": brand, "for_reel": reel, "by_maker": self.maker, "wanted": wanted, "within_reels": reels}
        return self._call("reelkit_claim_clips", asked, _NAMES)

    def record(self, brand: str, run: str, *, reel: str, topic: str, clips: Mapping[str, Credit], used: Sequence[str], sha256: str) -> None:
        """Remember a finished run, and whose each of its clips is; a reel keeps its place and one row, that of its latest take."""
        asked: dict[str, Any] = {"for_brand": brand, "for_reel": reel, "by_maker": self.maker, "of_run": run, "on_topic": topic}
        asked |= {"with_clips": list(clips), "with_used": list(used), "with_sha256": sha256}
        asked["with_credits"] = {clip: credit.model_dump(mode="json") for clip, credit in clips.items()}
        self._call("reelkit_record", asked, _ANYTHING)

    def record_published(self, brand: str, run: str, result: UploadResult) -> None:
        """Remember where a run was published."""
        self._ask(lambda: self._table.update({"url": result.url}).eq("brand", brand).eq("run", run).execute().data, _ANYTHING)

    # --- what stands there ----------------------------------------------------------------------------------------------

    def clips_used_before(self, brand: str, reel: str, *, reels: int) -> tuple[str, ...]:
        """Return the clips that a reel should not use again, sorted: those of the brand's latest other reels; of a reel that has a
        finished take, what that take was given.
        """
        own = next(iter(self._rows(brand, limit=1, reel=reel)), None)
        if own is not None and own.finished_at is not None:
            return own.used
        rows = [row for row in self._rows(brand, limit=reels + 1) if row.reel != reel][:reels]
        return tuple(sorted({clip for row in rows for clip in row.clips}))

    def reels(self, brand: str) -> frozenset[str]:
        """Return the reels of a brand that are made, and those that other machines make.

        What this studio has claimed and not made is its own to plan again; its plans know of each other.
        """
        return frozenset(row.reel for row in self._rows(brand) if not self._waits_here(row))

    def topics_used_before(self, brand: str, reel: str, *, reels: int | None = None) -> tuple[str, ...]:
        """Return the topics of a brand's latest reels (all where ``reels`` is None) before this one, latest first, each once.

        Where no reel is named, what this studio has claimed and not made does not count.
        """
        own = next(iter(self._rows(brand, limit=1, reel=reel)), None) if reel else None
        rows = self._rows(brand, limit=reels, before=own.number if own else None)
        return tuple(dict.fromkeys(row.topic for row in rows if row.topic and row.reel != reel and (reel or not self._waits_here(row))))

    def check(self) -> str:
        """Read a row and call a function that then does nothing, and say how it went.

        Raises
        ------
        ServiceError
            When Supabase refuses, cannot be reached, or has no ledger.
        """
        self._rows("", limit=1)
        self.claim_clips("", "", (), reels=0)
        return f"Supabase has the team's ledger ({_TABLE}), and takes the key"

    def _waits_here(self, row: _Row) -> bool:
        return row.maker == self.maker and row.finished_at is None

    def _rows(self, brand: str, *, limit: int | None = None, reel: str | None = None, before: int | None = None) -> list[_Row]:
        """Return a brand's rows, latest first, a page at a time: the API gives no more than so many at once."""
        rows: list[_Row] = []
        while limit is None or len(rows) < limit:
            size = _PAGE if limit is None else min(limit - len(rows), _PAGE)

            def ask(size: int = size, last: int | None = rows[-1].number if rows else before) -> Any:
                asked = self._view.select("number,reel,maker,topic,used,clips,finished_at").eq("brand", brand)
                asked = asked if reel is None else asked.eq("reel", reel)
                asked = asked if last is None else asked.lt("number", last)
                return asked.order("number", desc=True).limit(size).execute().data

            page = self._ask(ask, _ROWS)
            rows += page
            if len(page) < size:
                break
        return rows

    # --- how it is asked ------------------------------------------------------------------------------------------------

    def _call(self, function: str, asked: dict[str, Any], shape: TypeAdapter[T]) -> T:
        return self._ask(lambda: self._wired.client.rpc(function, asked).execute().data, shape)

    def _ask(self, work: Callable[[], Any], shape: TypeAdapter[T]) -> T:
        def attempt() -> T:
            from reelkit.services.supabase_wire import meaning

            return meaning(lambda: shape.validate_python(work()))

        try:
            calls = Calls(
                "Supabase", random=self._chance, keys=[self._wired.key], call_s=self._call_s, step_s=self._step_s, sleep=self._sleep
            )
            return calls.make(attempt)
        except ServiceError as error:
            line = str(error)
        # Raised out here, so that nothing of the client hangs on it.
        raise ServiceError(f"ledger: {line}")

    @functools.cached_property
    def _wired(self) -> Wired:
        from reelkit.services.supabase_wire import connect

        wired = connect("ledger is supabase", table=_TABLE, without="set ledger: local in the brand file")
        weakref.finalize(self, wired.wire.close)
        return wired

    @property
    def _table(self) -> Any:
        return self._wired.client.table(_TABLE)

    @property
    def _view(self) -> Any:
        return self._wired.client.table(_VIEW)

    def __repr__(self) -> str:
        return f"<TeamLedger of {self.maker!r}>"


_CLAIM: TypeAdapter[Claim] = TypeAdapter(Claim)
_NAMES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_ROWS: TypeAdapter[list[_Row]] = TypeAdapter(list[_Row])
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


class ClaimedTopics:
    """A writer that chooses its topics, held to those that nobody of the team has taken meanwhile.

    Parameters
    ----------
    writer_of : callable
        A writer for the topics that it must not take.
    used : sequence of str
    claim : callable
        Takes a topic, or says what is taken.
    """

    def __init__(self, writer_of: Callable[[tuple[str, ...]], Any], *, used: Sequence[str], claim: Callable[[str], Claim]) -> None:
        self._writer_of = writer_of
        self._used = tuple(used)
        self._claim = claim

    def write(self, request: ScriptRequest) -> Script:
        """Return a script on a topic that is then this reel's.

        Raises
        ------
        ScriptError
            When another machine has this reel, or took each of the topics first.
        """
        lost: tuple[str, ...] = ()
        for _ in range(_TRIES):
            script: Script = self._writer_of((*lost, *self._used)).write(request)
            answer = self._claim(script.topic)
            if answer == "granted":
                return script
            if answer == "reel":
                raise ScriptError(
                    f"brand '{request.slug}': another machine of the team makes topic seed {request.topic_seed}; take another seed"
                )
            lost = (script.topic, *lost)
        raise ScriptError(f"brand '{request.slug}': others of the team took its topics first ({'; '.join(lost)}); run it again")
