"""Which clips the reels of a batch will show, decided before the first of them is begun.

Reels of a brand that are made at once do not see each other's footage. So each is cast beforehand, in the batch's order, leaving aside what
those before it were cast with: no clip comes twice, and no timing decides what a reel looks like.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from reelkit.batch.plan import Batch, PlannedReel
from reelkit.brand import load_brand
from reelkit.errors import ReelkitError
from reelkit.parts import Parts
from reelkit.runs.folder import open_run
from reelkit.runs.ledger import ledger_of
from reelkit.runs.manifest import RunJob, reel_name

__all__ = ["cast_reels", "hold_clips"]


def cast_reels(batch: Batch, *, outputs: Path) -> tuple[PlannedReel, ...]:
    """Return a batch's reels with the clips that each will show, and those that it leaves aside for the reels before it.

    Left as they are: reels that are made or cast, those of brands that show drawn backdrops only, those that a model writes (they claim
    their clips when they have a script), and those of brands whose team shares a ledger (they claim them there). One that cannot be cast
    says why when it is made.

    Parameters
    ----------
    batch : Batch
    outputs : Path
        Whose ledger knows what was shown and claimed.
    """
    return tuple(_cast_in_turn(batch, outputs))


def hold_clips(reel: PlannedReel, *, outputs: Path) -> None:
    """Claim a cast reel's clips, so that nothing that is made beside its batch takes them."""
    if reel.clips:
        brand = load_brand(reel.brand)
        brand = brand.with_changes(dict(reel.overrides)) if reel.overrides else brand
        ledger_of(outputs).claim_clips(
            reel.slug,
            reel_name(RunJob(brand=reel.brand, topic_seed=reel.topic_seed, script=reel.script)),
            reel.clips,
            reels=brand.footage.recent_reels,
        )


def _cast_in_turn(batch: Batch, outputs: Path) -> Iterator[PlannedReel]:
    shown: dict[str, list[tuple[str, ...]]] = {}
    missing = {reel.number for reel in batch.missing}
    for reel in batch.reels:
        cast = reel
        if reel.number in missing and reel.clips is None:
            with contextlib.suppress(ReelkitError):
                cast = _cast(reel, outputs, shown.get(reel.slug, []))
        if cast.clips:
            shown.setdefault(reel.slug, []).append(cast.clips)
        yield cast


def _cast(reel: PlannedReel, outputs: Path, shown: list[tuple[str, ...]]) -> PlannedReel:
    from reelkit.steps.footage import choose_footage
    from reelkit.steps.script import generate_script

    run = open_run(reel.brand, reel.topic_seed, script=reel.script, overrides=dict(reel.overrides), outputs=outputs)
    brand = run.brand
    if brand.ledger != "local" or set(brand.footage.libraries) <= {"backdrops"} or (reel.script is None and brand.script.writer != "deck"):
        return reel
    reels = brand.footage.recent_reels
    before = {clip for clips in shown[max(0, len(shown) - reels) :] for clip in clips}
    used = tuple(sorted(before.union(ledger_of(outputs).clips_used_before(brand.slug, reel_name(run.job), reels=reels))))
    parts = Parts.of(run)
    script = run.edits.script(generate_script(brand, reel.topic_seed, writer=parts.writer))
    clips = choose_footage(script, brand, libraries=parts.libraries, used=(*used, *run.kept_edits.rejected))
    return reel.model_copy(update={"used": used, "clips": clips})
