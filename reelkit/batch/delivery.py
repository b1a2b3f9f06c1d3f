"""Reels that come home: a worker that does not see the batch's outputs folder makes them in its own, and its outcome brings the files.

Its own ledger does not count: what the brand has told and shown before goes with the reel.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from reelkit import __version__
from reelkit.batch.plan import Outcome, PlannedReel, batches_dir
from reelkit.errors import ReelkitError
from reelkit.ledgers import ledger_for
from reelkit.model import Timeline, Value
from reelkit.runs.manifest import MANIFEST, Manifest, RunJob, manifest_of, read_manifest, reel_name, write_manifest
from reelkit.whole import is_temporary, write_whole

__all__ = ["ToldBefore", "bring_home", "files_of", "is_shared", "told_before"]


class ToldBefore(Value):
    """What a brand has shown and told before a reel."""

    clips: tuple[str, ...]
    topics: tuple[str, ...]


def told_before(reel: PlannedReel, outputs: Path) -> ToldBefore | None:
    """Return what the ledger of an outputs folder says as a reel is begun; None where the brand's team has one, which all machines ask.

    A reel that a model writes is not cast beforehand: it leaves aside the clips that are used by now. Where it has its topic from a deck
    it waits for no other either: its worker's own ledger then keeps those apart that are made there, and nothing is returned.
    """
    job = RunJob(brand=reel.brand, topic_seed=reel.topic_seed, script=reel.script, overrides=reel.overrides)
    try:
        brand = job.changed_brand()
        if brand.ledger != "local":
            return None
        ledger, name, clips = ledger_for(brand, outputs), reel_name(job), reel.used
        if reel.script is None and brand.script.writer != "deck":
            if not reel.chosen_by_model:
                return None
            clips = ledger.clips_used_before(brand.slug, name, reels=brand.footage.recent_reels)
        return ToldBefore(clips=clips, topics=ledger.topics_used_before(brand.slug, name, reels=brand.script.recent_reels))
    except ReelkitError:
        # The reel itself will fail of it, and say so.
        return None


def is_shared(outputs: Path, batch_id: str) -> bool:
    """Say whether this process sees the outputs folder of a batch: its file is written before the first reel is begun."""
    return (batches_dir(outputs) / f"{batch_id}.json").is_file()


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a run's folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file() and not is_temporary(path.name)}


def bring_home(outcome: Outcome, reel: PlannedReel, *, outputs: Path, upload: bool) -> Outcome:
    """Put the files that an outcome brought where they would be had the reel been made here, and return the outcome without them.

    Each file is written whole, the manifest last, and the brand's own ledger learns of the reel. What its worker did not publish is
    published from here: where the brand's store is a folder, and where the reel lay here and only its upload was missing.

    Parameters
    ----------
    outcome : Outcome
    reel : PlannedReel
    outputs : Path
    upload : bool
        Whether the reel is to be published.
    """
    waits = upload and outcome.state == "done" and outcome.url is None
    if outcome.run is None or not (outcome.files or waits):
        return outcome
    folder, told = outputs / outcome.run, outcome.model_copy(update={"files": {}})
    try:
        if outcome.files:
            _unpack(outcome, reel, folder)
        if waits:
            from reelkit.batch.runner import publish_made

            url, found = publish_made(folder), manifest_of(folder)
            known = {"url": url, "topic": str(found.facts.get("topic", "")), "cost_usd": sum(found.costs.values())}
            told = told.model_copy(update=known)
        return told
    except (OSError, ReelkitError, ValidationError, KeyError) as error:
        match error:
            case ReelkitError():
                line = str(error)
            case OSError():
                line = f"{error.strerror or error} ({error.filename or folder})"
            case _:
                line = f"its worker sent what Reelkit {__version__} cannot read ({_unread(error)}); give it this version, and run again"
        return Outcome(number=reel.number, state="failed", run=outcome.run, error=f"brand '{reel.slug}': {line}")


def _unread(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))
    return f"{error} is missing"


def _unpack(outcome: Outcome, reel: PlannedReel, folder: Path) -> None:
    files = dict(outcome.files)
    brought = Manifest.model_validate_json(files.pop(MANIFEST))
    here = None if brought.is_made else read_manifest(folder)
    if here is not None and here.is_made:
        # A worker's failure costs no reel that was made.
        return
    for name, content in files.items():
        write_whole(folder / name, content)
    # The brand's file and the script lie elsewhere here.
    job = brought.job.model_copy(update={"brand": reel.brand, "script": reel.script})
    manifest = brought.model_copy(update={"job": job, "claims": True})
    brand = manifest.job.changed_brand()
    # A team's ledger has learnt of it from the worker.
    if manifest.is_made and brand.ledger == "local":
        ledger, name = ledger_for(brand, folder.parents[1]), manifest.run_id
        clips = {shot.clip.id: shot.clip.credit for shot in Timeline.model_validate_json(files["timeline.json"]).shots}
        topic, sha256 = str(manifest.facts.get("topic", "")), manifest.artefacts["reel.mp4"].sha256
        ledger.record(brand.slug, name, reel=reel_name(manifest.job), topic=topic, clips=clips, used=manifest.used, sha256=sha256)
        if manifest.published:
            ledger.record_published(brand.slug, name, manifest.published)
    write_manifest(folder, manifest)
