"""What a reel will take, before it is made: what is made or kept already, how long the rest lasts, what it may cost."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from reelkit.batch.plan import Outcome, PlannedReel
from reelkit.batch.runner import NOTEBOOK, REPORT
from reelkit.batch.watching import typical_seconds
from reelkit.errors import ReelkitError, RunError
from reelkit.model import Value, content_key
from reelkit.runs.folder import RunFolder, made_run, open_run
from reelkit.runs.manifest import Manifest, read_manifest

__all__ = ["Forecast", "forecast_reel", "state_on_disk"]

_WRITTEN = {"name", "slug", "language", "script", "voice", "footage.fallback_terms", "deck", "prompt"}
"""What decides a script: the voice too, as its pace says how many words fill the reel."""
_SPOKEN = _WRITTEN | {"voice_config", "voice_recording", "voice_sample"}
_KEPT = {
    "script": _WRITTEN,
    "footage": _WRITTEN | {"footage"},
    "voice": _SPOKEN,
    "music": _SPOKEN | {"music", "reelkit"},
}
"""What takes of the same reel share, as another look of it speaks, downloads and composes nothing again; and what decides each: brand
fields, and names of what decides a run."""
_TOKENS = (6000, 1500)
"""Asked and answered in a script of three drafts, where no run tells of its own."""
_CHARACTERS_A_SECOND = 15.0
"""Of speech."""


class Forecast(Value):
    """What making a reel will mean."""

    state: Literal["made", "unpublished", "begun", "new", "wrong"] = Field(description="unpublished is made, and asked to be published")
    told: str = ""
    cached: tuple[str, ...] = Field(default=(), description="steps whose results are kept")
    cost_usd: float = 0.0
    seconds: float = 0.0


def state_on_disk(
    reel: PlannedReel, outcome: Outcome | None, outputs: Path, *, upload: bool = False
) -> Literal["made", "unpublished", "missing"]:
    """Say whether a reel is made, with all its files as they were when it was, whatever became of the brand's files since.

    What was published is made for good, though its files may be gone: made again it could be another reel, published beside the first.

    Parameters
    ----------
    reel : PlannedReel
    outcome : Outcome, optional
        How it ended in its batch.
    outputs : Path
    upload : bool
        Whether it is to be published too: one that is not yet is then ``unpublished``.
    """
    if outcome is None or outcome.run is None:
        return "missing"
    folder, is_done = outputs / outcome.run, outcome.state == "done"
    without_files: Literal["made", "missing"] = "made" if is_done and outcome.url is not None else "missing"
    try:
        found = read_manifest(folder)
        if found is not None and upload and not (is_done and found.is_published):
            is_it = found.job.topic_seed == reel.topic_seed and made_run(folder).finished(NOTEBOOK, REPORT)
            return "unpublished" if is_it else without_files
    except ReelkitError:
        # One whose manifest cannot be read will say so when it is made.
        return without_files
    if not is_done or found is None or without_files == "made":
        return without_files
    # A making that was begun since and did not end has measured nothing.
    is_whole = "reel.mp4" in found.artefacts and all(made.is_intact(folder / name) for name, made in found.artefacts.items())
    return "made" if is_whole else "missing"


def forecast_reel(reel: PlannedReel, outcome: Outcome | None, outputs: Path, *, upload: bool = False) -> Forecast:
    """Return what making a planned reel will mean. Nothing is written.

    Parameters
    ----------
    reel : PlannedReel
    outcome : Outcome, optional
        How it ended in its batch.
    outputs : Path
    upload : bool
        Whether it is to be published too.
    """
    before = state_on_disk(reel, outcome, outputs, upload=upload)
    if before != "missing":
        return Forecast(state=before)
    try:
        run = open_run(reel.brand, reel.topic_seed, script=reel.script, overrides=dict(reel.overrides), outputs=outputs)
        begun = read_manifest(run.folder)
        if finished := run.finished(NOTEBOOK, REPORT):
            return Forecast(state="made" if finished.is_published or not upload else "unpublished")
    except ReelkitError as error:
        return Forecast(state="wrong", told=str(error))
    typical = typical_seconds(outputs)
    takes = [begun] if begun else _other_takes(run)
    kept = {step for take in takes for step in _kept_of(take, run)}
    kept &= {*_KEPT, *(("compose",) if begun else ())}
    cached = tuple(step for step in (*_KEPT, "compose") if step in kept)
    told = f"stopped at {begun.step or 'the start'}" if begun else ""
    return Forecast(
        state="begun" if begun else "new",
        told="; ".join(filter(None, [told, f"cached: {', '.join(cached)}" if cached else ""])),
        cached=cached,
        cost_usd=_cost(run, cached),
        seconds=round(sum(seconds for step, seconds in typical.items() if step not in cached), 1),
    )


def _other_takes(run: RunFolder) -> list[Manifest]:
    found = []
    for path in run.folder.parent.glob(f"{run.job.topic_seed:04d}-*"):
        try:
            take = read_manifest(path)
        except RunError:
            continue
        if take is not None and take.job.script == run.job.script:
            found.append(take)
    return found


def _kept_of(take: Manifest, run: RunFolder) -> set[str]:
    """Return the steps of another take, or of the run itself where it was begun, that need not be done again for a run."""
    done = {step.name for step in take.steps}
    if take.decided_by == run.decided_by:
        return done
    try:
        brand_file_changed = content_key(take.job.changed_brand()) != take.decided_by["brand"]
    except ReelkitError:
        brand_file_changed = True
    if brand_file_changed:
        return set()
    changed = _differing(take.job.overrides, run.job.overrides) | (_differing(take.decided_by, run.decided_by) - {"brand"})
    return {step for step in done if not any(_concerns(one, other) for one in changed for other in _KEPT.get(step, ()))}


def _differing(then: Mapping[str, object], now: Mapping[str, object]) -> set[str]:
    return {name for name in {*then, *now} if then.get(name) != now.get(name)}


def _concerns(name: str, other: str) -> bool:
    """Say whether two names are of one brand field, or one of them of a group that holds the other."""
    return f"{name}.".startswith(f"{other}.") or f"{other}.".startswith(f"{name}.")


def _cost(run: RunFolder, cached: Collection[str]) -> float:
    """Return what the steps that are paid for, and not kept, have cost a brand at the middle, else what prices make of a usual reel."""
    script, voice, usual = run.brand.script, run.brand.voice, {}
    if script.writer != "deck" and run.job.script is None:
        prices = (script.usd_per_million_input_tokens or 0.0, script.usd_per_million_output_tokens or 0.0)
        usual["script"] = sum(tokens * price / 1e6 for tokens, price in zip(_TOKENS, prices, strict=True))
    if voice.engine == "openai":
        usual["voice"] = script.length_s * _CHARACTERS_A_SECOND * (voice.usd_per_million_characters or 0.0) / 1e6
    usual = {step: usd for step, usd in usual.items() if step not in cached}
    paid: dict[str, list[float]] = {}
    for path in run.folder.parent.glob("*/") if usual else ():
        try:
            found = read_manifest(path)
        except RunError:
            continue
        for step, usd in found.costs.items() if found is not None else ():
            paid.setdefault(step, []).append(usd)
    return sum(statistics.median(paid.get(step, [usd])) for step, usd in usual.items())
