"""Reports of what was made: a page for a run, a folder with the whole reel, an index of a batch or of many runs, and all of it in the
brand's store."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelkit.batch.plan import Outcome, PlannedReel, read_batch
from reelkit.batch.runner import NOTEBOOK, look_of, report
from reelkit.errors import RunError
from reelkit.parts import Parts
from reelkit.report import INDEX, runs_below, write_index, write_report
from reelkit.runs.folder import in_turn
from reelkit.runs.manifest import MANIFEST, Manifest, RunJob, manifest_of
from reelkit.whole import temporary_folder, whole_file

__all__ = ["publish_report", "report_folder", "report_on"]

BESIDE = ("reel.mp4", "captions.vtt", "captions.srt", "poster.jpg", "credits.txt")
"""What a report's folder form holds besides its page."""


@dataclass(frozen=True)
class _Index:
    """What a page of many reels lists."""

    name: str
    title: str
    runs: tuple[Path, ...]
    out: Path
    unmade: tuple[Manifest, ...] = ()


def report_on(place: Path) -> Path:
    """Rebuild the report of a run, or the index of a batch or of all runs below a folder, and return its path.

    A run that another process is making is waited for.

    Parameters
    ----------
    place : Path
        A run's folder, a batch's file (``outputs/batches/<id>.json``), or a folder with runs below it.

    Raises
    ------
    RunError
        When there is no run, the run has no executed notebook, or the page cannot be written.
    """
    if (place / MANIFEST).is_file():
        with in_turn(place):
            return report(place)
    index = _index_of(place)
    return write_index(index.runs, index.out, title=index.title, unmade=index.unmade)


def _index_of(place: Path) -> _Index:
    if place.suffix != ".json":
        return _Index(place.name, f"Reels in {place.name}", tuple(runs_below(place)), place / INDEX)
    batch, outputs = read_batch(place), place.resolve().parents[1]
    ended = {reel.number: batch.outcomes.get(reel.number) for reel in batch.reels}
    runs = {number: outputs / outcome.run for number, outcome in ended.items() if outcome and outcome.run}
    made = {number: run for number, run in runs.items() if (run / MANIFEST).is_file()}
    unmade = [_unmade(reel, ended[reel.number]) for reel in batch.reels if reel.number not in made]
    for brand, why in batch.refused.items():
        asked = {"brand": brand, "job": RunJob(brand=brand, topic_seed=0), "facts": {"topic": f"all of {batch.asked.count}"}}
        unmade.append(_never_began("not planned", asked, state="failed", step="plan", reason=why))
    return _Index(batch.id, f"Batch {batch.id}", tuple(dict.fromkeys(made.values())), place.with_suffix(".html"), tuple(unmade))


def _unmade(reel: PlannedReel, outcome: Outcome | None) -> Manifest:
    """Return a planned reel that has no folder as a run that never began."""
    job = RunJob(brand=reel.brand, topic_seed=reel.topic_seed, script=reel.script, overrides=dict(reel.overrides))
    asked = {"brand": reel.slug, "job": job, "facts": {"topic": reel.title}}
    if outcome is None or outcome.state != "failed":
        return _never_began(f"reel {reel.number}", asked, reason=outcome.error if outcome else "not begun")
    told = {"state": "failed", "step": outcome.step, "reason": outcome.error, "started_at": outcome.ended_at}
    return _never_began(f"reel {reel.number}", asked, **told)


def _never_began(name: str, asked: dict[str, Any], **told: str | None) -> Manifest:
    return Manifest.model_validate({"run_id": name, "decided_by": {}, "versions": {}, "started_at": "", **asked, **told})


def report_folder(run: Path, into: Path) -> Path:
    """Write a run's report as a folder: the page links the whole reel, its captions and poster, which lie beside it.

    Parameters
    ----------
    run : Path
    into : Path
        Made where it is not there.

    Raises
    ------
    RunError
        When there is no run, no executed notebook, or ``into`` cannot be written.
    """
    manifest = manifest_of(run)
    page = write_report(run / NOTEBOOK, into / INDEX, run=run, linked=True, **look_of(manifest))
    try:
        for name in BESIDE:
            if (run / name).is_file():
                with whole_file(into / name) as temporary:
                    shutil.copyfile(run / name, temporary)
    except OSError as error:
        raise RunError(f"report: {into} cannot be written: {error.strerror}; name a folder that can be") from None
    return page


def publish_report(place: Path) -> list[str]:
    """Rebuild a run's report, or an index with the reports of its runs, put them in the brand's store, and return their addresses.

    A run's report stands beside its reel. An index stands, under its batch's or folder's name, with each brand that it lists: there with
    this brand's reels only, linked to their published reports.

    Parameters
    ----------
    place : Path
        As for :func:`report_on`.

    Raises
    ------
    RunError
        When there is no run, or a page cannot be written.
    UploadError
        When the store refuses, or does not hold what was sent.
    """
    if (place / MANIFEST).is_file():
        return [_publish(place)]
    index = _index_of(place)
    manifests = {run: manifest for run in index.runs if (manifest := _readable(run)) is not None}
    if not manifests:
        raise RunError(f"{place} holds no run that could be published; make one first, or name another")
    write_index(index.runs, index.out, title=index.title, unmade=index.unmade)
    links = []
    for brand in sorted({manifest.brand for manifest in manifests.values()}):
        runs = {run: manifest for run, manifest in manifests.items() if manifest.brand == brand}
        reports = {run: _publish(run) for run in runs if (run / NOTEBOOK).is_file()}
        unmade = [one for one in index.unmade if one.brand == brand]
        with temporary_folder(index.out) as folder:
            page = write_index(runs, folder / INDEX, title=index.title, unmade=unmade, reports=reports)
            run, found = next(iter(runs.items()))
            links += [*reports.values(), _put(page, found, f"index-{index.name}", _outputs_of(run))]
    return links


def _readable(run: Path) -> Manifest | None:
    try:
        return manifest_of(run)
    except RunError:
        # The index in the folder says why.
        return None


def _publish(run: Path) -> str:
    with in_turn(run):
        return _put(report(run), manifest_of(run), run.name, _outputs_of(run))


def _outputs_of(run: Path) -> Path:
    return run.resolve().parents[1]


def _put(page: Path, manifest: Manifest, name: str, outputs: Path) -> str:
    brand = manifest.job.changed_brand()
    stem = f"{brand.publishing.prefix}{brand.slug}/{name}"
    store = Parts(brand, outputs=outputs).store
    store.put(f"{stem}.html", page, content_type="text/html", title=str(manifest.facts.get("topic", name)))
    held = store.look(f"{stem}.html")
    if held is None or held.bytes != page.stat().st_size:
        raise RunError(f"brand '{brand.slug}': the store does not hold {stem}.html as it was sent; try again")
    return held.url
