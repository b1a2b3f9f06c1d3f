"""Which clips the reels of a batch will show, decided before the first of them is begun.

Reels of a brand that are made at once do not see each other's footage. So each is cast beforehand, in the batch's order, leaving aside what
those before it were cast with: no clip comes twice, and no timing decides what a reel looks like.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from reelkit.batch.plan import Batch, PlannedReel
from reelkit.batch.pool import ReelPool
from reelkit.brand import Brand
from reelkit.errors import ReelkitError
from reelkit.parts import Parts
from reelkit.runs.folder import open_run
from reelkit.runs.ledger import ledger_of
from reelkit.runs.manifest import RunJob, reel_name

__all__ = ["Casting"]


class Casting:
    """Casts reels, and claims what they were cast with.

    Parameters
    ----------
    outputs : Path
        Whose ledger knows what was shown and claimed.
    """

    def __init__(self, outputs: Path) -> None:
        self._outputs = outputs
        self._brands: dict[str, Brand] = {}

    def choose(self, batch: Batch) -> tuple[PlannedReel, ...]:
        """Return a batch's reels with the clips that each will show, and those that it leaves aside for the reels before it.

        Left as they are: reels that are made or cast, those of brands that show drawn backdrops only, those that a model writes (they
        claim their clips when they have a script), and those of brands whose team shares a ledger (they claim them there). One that
        cannot be cast says why when it is made.
        """
        todo = {reel.number for reel in batch.missing if reel.clips is None and self._can_cast(reel)}
        if not todo:
            return batch.reels
        # In a process of its own, as scripts take a voice's pace and so the voice: a batch's own process lives long, and stays small.
        with ReelPool(1) as pool:
            try:
                return pool.submit(_cast_in_turn, batch.reels, todo, self._outputs).result()
            except BaseException:
                pool.kill()
                raise

    def hold(self, reels: Sequence[PlannedReel]) -> None:
        """Claim the clips of reels that are cast, so that nothing that is made beside their batch takes them.

        Left out are reels of a brand that cannot be loaded any more, which say why when they are made.
        """
        cast = []
        for reel in reels:
            if reel.clips:
                with contextlib.suppress(ReelkitError):
                    cast.append((reel.slug, reel_name(_job_of(reel)), reel.clips, self._brand_of(reel).footage.recent_reels))
        ledger_of(self._outputs).claim_in_turn(cast)

    def _can_cast(self, reel: PlannedReel) -> bool:
        try:
            brand = self._brand_of(reel)
        except ReelkitError:
            return False
        drawn = {"backdrops"} if brand.footage.folder else {"backdrops", "folder"}
        is_written = reel.script is not None or brand.script.writer == "deck"
        return is_written and brand.ledger == "local" and not drawn.issuperset(brand.footage.libraries)

    def _brand_of(self, reel: PlannedReel) -> Brand:
        key = json.dumps([reel.brand, reel.overrides], sort_keys=True)
        if key not in self._brands:
            self._brands[key] = _job_of(reel).changed_brand()
        return self._brands[key]


def _job_of(reel: PlannedReel) -> RunJob:
    return RunJob(brand=reel.brand, topic_seed=reel.topic_seed, script=reel.script, overrides=reel.overrides)


def _cast_in_turn(reels: tuple[PlannedReel, ...], todo: set[int], outputs: Path) -> tuple[PlannedReel, ...]:
    shown: dict[str, list[tuple[str, ...]]] = {}
    cast = []
    for planned in reels:
        reel = planned
        if planned.number in todo:
            # A fault too: it stops that reel alone when it is made, and says so.
            with contextlib.suppress(Exception):
                reel = _cast(planned, outputs, shown.get(planned.slug, []))
        if reel.clips:
            shown.setdefault(reel.slug, []).append(reel.clips)
        cast.append(reel)
    return tuple(cast)


def _cast(reel: PlannedReel, outputs: Path, shown: list[tuple[str, ...]]) -> PlannedReel:
    from reelkit.steps.footage import choose_footage
    from reelkit.steps.script import generate_script

    brand = _job_of(reel).changed_brand()
    run = open_run(brand, reel.topic_seed, script=reel.script, outputs=outputs)
    reels = brand.footage.recent_reels
    before = {clip for clips in shown[max(0, len(shown) - reels) :] for clip in clips}
    used = tuple(sorted(before.union(ledger_of(outputs).clips_used_before(brand.slug, reel_name(_job_of(reel)), reels=reels))))
    parts = Parts.of(run)
    script = run.edits.script(generate_script(brand, reel.topic_seed, writer=parts.writer))
    clips = choose_footage(script, brand, libraries=parts.libraries, used=used, rejected=run.rejected)
    return reel.model_copy(update={"used": used, "clips": clips})
