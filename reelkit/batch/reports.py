"""Reports of what was made: a page for a run, a folder with the whole reel, an index of many runs, and all of it in the brand's store."""

from __future__ import annotations

import shutil
from pathlib import Path

from reelkit.batch.runner import NOTEBOOK, REPORT, palette_of, report
from reelkit.brand import load_brand
from reelkit.errors import RunError
from reelkit.parts import Parts
from reelkit.report import INDEX, runs_below, write_index, write_report
from reelkit.runs.manifest import MANIFEST, Manifest, manifest_of
from reelkit.whole import whole_file

__all__ = ["publish_report", "report_folder", "report_on"]

BESIDE = ("reel.mp4", "captions.vtt", "captions.srt", "poster.jpg", "credits.txt")
"""What a report's folder form holds besides its page."""


def report_on(folder: Path) -> Path:
    """Rebuild the report of a run, or the index of all runs below a folder, and return its path.

    Raises
    ------
    RunError
        When there is no run, or the run has no executed notebook.
    """
    if (folder / MANIFEST).is_file():
        return report(folder)
    return write_index(runs_below(folder), folder / INDEX, title=f"Reels in {folder.name}")


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
    page = write_report(run / NOTEBOOK, into / INDEX, run=run, palette=palette_of(manifest), linked=True)
    try:
        for name in BESIDE:
            if (run / name).is_file():
                with whole_file(into / name) as temporary:
                    shutil.copyfile(run / name, temporary)
    except OSError as error:
        raise RunError(f"report: {error.filename or into} cannot be written: {error.strerror}") from None
    return page


def publish_report(folder: Path) -> list[str]:
    """Rebuild a run's report, or an index with the reports of its runs, put them in the brand's store, and return their addresses.

    A run's report stands beside its reel; an index under its folder's name with each brand whose reels it lists.

    Raises
    ------
    RunError
        When there is no run.
    UploadError
        When the store refuses, or does not hold what was sent.
    """
    page = report_on(folder)
    if page.name == REPORT:
        return [_put(page, manifest_of(folder), folder.name)]
    runs = [(run, manifest_of(run)) for run in runs_below(folder)]
    links = [_put(report(run), manifest, run.name) for run, manifest in runs if (run / NOTEBOOK).is_file()]
    brands = {manifest.brand: manifest for _, manifest in runs}
    return links + [_put(page, manifest, f"index-{folder.name}") for manifest in brands.values()]


def _put(page: Path, manifest: Manifest, name: str) -> str:
    brand = load_brand(manifest.job.brand)
    # A run lies in outputs/<brand>/<run>, an index in outputs or in outputs/<brand>.
    outputs = next((place.parent for place in page.parents if place.name == brand.slug), page.parent)
    stem = f"{brand.publishing.prefix}{brand.slug}/{name}"
    store = Parts(brand, outputs=outputs).store
    store.put(f"{stem}.html", page, content_type="text/html", title=str(manifest.facts.get("topic", name)))
    held = store.look(f"{stem}.html")
    if held is None or held.bytes != page.stat().st_size:
        raise RunError(f"brand '{brand.slug}': the store does not hold {stem}.html as it was sent; try again")
    return held.url
