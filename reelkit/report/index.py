"""The page of a batch, or of every run below a folder: from their manifests, sorted without a server."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from reelkit.errors import RunError
from reelkit.report.page import put_page
from reelkit.runs.manifest import Manifest, RunJob, read_manifest, runs_at
from reelkit.views.markup import data_uri, each, facts, fill, seconds, style_element

__all__ = ["INDEX", "runs_below", "write_index"]

INDEX = "index.html"

_POSTER_PX = 84
_STATES = {"done": ("✓", "Done", "pass"), "failed": ("✕", "Failed", "fail"), "running": ("…", "Not finished", "warn")}
_COLUMNS = ("Reel", "State", "Length", "Findings", "Cost", "Made in", "Started", "Links")
_SORTED_BY = dict.fromkeys(("Reel", "State", "Started"), "text") | dict.fromkeys(("Length", "Findings", "Cost", "Made in"), "number")


@dataclass(frozen=True)
class _Run:
    folder: Path | None
    manifest: Manifest

    @property
    def fails(self) -> int:
        return sum(finding.verdict == "fail" for finding in self.manifest.findings)

    @property
    def warns(self) -> int:
        return sum(finding.verdict == "warn" for finding in self.manifest.findings)

    @property
    def usd(self) -> float:
        return sum(self.manifest.costs.values())

    @property
    def length_s(self) -> float:
        return float(self.manifest.facts.get("duration_s", 0.0))


def runs_below(folder: Path) -> list[Path]:
    """Return the folders of all runs at or below a folder, at most two levels down: outputs, or a brand's."""
    return sorted(run for down in range(3) for run in runs_at(folder, down=down))


def write_index(
    folders: Iterable[Path],
    out: Path,
    *,
    title: str = "Reels",
    unmade: Iterable[Manifest] = (),
    reports: Mapping[Path, str] | None = None,
) -> Path:
    """Write one page of many runs.

    Per brand it lists the reels with poster, state, findings, cost and time; a failed one says at which step, why, and in which cell of its
    notebook. Posters are inside the page; reports, reels and notebooks are linked where they lie.

    Parameters
    ----------
    folders : iterable of Path
        Of runs; those without a manifest are left out, and of one whose manifest cannot be read the page says that.
    out : Path
        Appears whole or not at all.
    title : str
    unmade : iterable of Manifest
        What a batch was to make and has no folder for: why is told all the same.
    reports : mapping of Path to str, optional
        Where the reports of runs are published. The page then is for a reader who has no folder: it links these, and nothing beside it.

    Raises
    ------
    RunError
        When there is no run at all, or ``out`` cannot be written.
    """
    runs = [_Run(folder, manifest) for folder in folders if (manifest := _manifest_in(folder)) is not None]
    runs += [_Run(None, manifest) for manifest in unmade]
    if not runs:
        raise RunError(f"{out.parent} holds no run, and no folder below it does; make one first, or name another folder")
    brands = sorted({run.manifest.brand for run in runs})
    links = functools.partial(_links, base=out.parent) if reports is None else functools.partial(_published_links, reports=reports)
    sections = Markup().join(_section(brand, [run for run in runs if run.manifest.brand == brand], links) for brand in brands)
    script = (Path(__file__).with_name("index.js")).read_text(encoding="utf-8")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (Path(__file__).parent / "template" / "index_page.html").read_text(encoding="utf-8")
    html = fill(
        page,
        allowed=allowed,
        title=title,
        told=_totals(runs),
        contents=each('<li><a href="#{}">{}</a></li>', ((f"brand-{brand}", brand) for brand in brands)) if len(brands) > 1 else "",
        style=Markup(style_element()) + Markup(f"<style>{_css()}</style>"),
        sections=sections,
        script=Markup(script),
    )
    return put_page(out, str(html), runs=[run.folder for run in runs if run.folder])


def _manifest_in(folder: Path) -> Manifest | None:
    """Return a run's manifest, None where there is none; of one that cannot be read what the folder's name says, and why."""
    try:
        return read_manifest(folder)
    except RunError as error:
        brand = folder.parent.name
        return Manifest(
            run_id=folder.name,
            brand=brand,
            job=RunJob(brand=brand, topic_seed=0),
            decided_by={},
            versions={},
            state="failed",
            reason=str(error),
            facts={"topic": "A run that cannot be read"},
            started_at="",
        )


@functools.cache
def _css() -> str:
    css = (Path(__file__).parent / "template" / "report.css").read_text(encoding="utf-8")
    return css.partition("*/")[2].strip()


def _totals(runs: Sequence[_Run]) -> Markup:
    states = Counter(run.manifest.state for run in runs)
    usd = sum(run.usd for run in runs)
    return facts(
        {
            "Reels": len(runs),
            "Done": states["done"],
            "Failed": states["failed"] or None,
            "Not finished": states["running"] or None,
            "Together": seconds(sum(run.length_s for run in runs)),
            "Made in": seconds(sum(run.manifest.seconds for run in runs)),
            "Cost": f"${usd:.2f}" if usd else "nothing",
            "Findings": f"{sum(run.fails for run in runs)} fail, {sum(run.warns for run in runs)} warn",
        }
    )


def _section(brand: str, runs: Sequence[_Run], links: Callable[[_Run], Markup]) -> Markup:
    heads = Markup().join(
        fill('<th scope="col" aria-sort="none"><button type="button" class="sort" data-kind="{}">{}</button></th>', _SORTED_BY[name], name)
        if name in _SORTED_BY
        else fill('<th scope="col">{}</th>', name)
        for name in _COLUMNS
    )
    newest = sorted(runs, key=lambda run: run.manifest.started_at, reverse=True)
    return fill(
        '<section class="rk" aria-labelledby="brand-{brand}"><h2 class="brand" id="brand-{brand}" tabindex="-1">{brand}</h2>{told}'
        '<div class="rk-scroll" tabindex="0" role="group" aria-label="Reels of {brand}"><table class="rk-table reels"><caption>Reels of '
        "{brand}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>",
        brand=brand,
        told=_totals(runs),
        heads=heads,
        rows=Markup().join(_row(run, links(run)) for run in newest),
    )


def _row(run: _Run, links: Markup) -> Markup:
    manifest = run.manifest
    sign, word, verdict = _STATES[manifest.state]
    state = fill('<span class="rk-verdict rk-{}"><span aria-hidden="true">{}</span>{}</span>{}', verdict, sign, word, _why(run))
    told = fill('<div class="reel">{}<div><b>{}</b><span class="id">{}</span></div></div>', _poster(run), _topic(run), manifest.run_id)
    findings = ", ".join(f"{count} {what}" for count, what in ((run.fails, "fail"), (run.warns, "warn")) if count)
    kept = len(manifest.findings) - run.fails - run.warns
    cells = (
        (_topic(run), told),
        (word, state),
        (run.length_s, seconds(run.length_s) if run.length_s else ""),
        (run.fails * 1000 + run.warns, findings or (f"all {kept} hold" if kept else "")),
        (run.usd, f"${run.usd:.3f}" if run.usd else ""),
        (manifest.seconds, seconds(manifest.seconds) if manifest.steps else ""),
        (manifest.started_at, manifest.started_at[:16].replace("T", " ")),
        ("", links),
    )
    return fill("<tr>{}</tr>", each('<td data-sort="{}">{}</td>', cells))


def _topic(run: _Run) -> str:
    return str(run.manifest.facts.get("topic") or f"seed {run.manifest.job.topic_seed}")


def _poster(run: _Run) -> Markup:
    path = run.folder / "poster.jpg" if run.folder else None
    if path is None or not path.is_file():
        return Markup('<span class="poster none" aria-hidden="true"></span>')
    import cv2

    from reelkit.media.stills import jpeg

    picture = cv2.imread(str(path))
    if picture is None:
        return Markup('<span class="poster none" aria-hidden="true"></span>')
    small = jpeg(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), width_px=_POSTER_PX, quality=72)  # type: ignore[arg-type]
    return fill('<img class="poster" src="{}" alt="">', data_uri("image/jpeg", small))


def _why(run: _Run) -> Markup:
    manifest = run.manifest
    if manifest.state != "failed":
        why = f"at {manifest.step}" if manifest.step else manifest.reason
        return fill('<span class="why">{}</span>', why) if manifest.state == "running" and why else Markup()
    cell = _failed_cell(run.folder / "reel.ipynb") if run.folder else None
    where = fill("<details><summary>Cell {}</summary><pre>{}</pre></details>", *cell) if cell else Markup()
    return fill('<span class="why">Step {}: {}</span>{}', manifest.step or "start", manifest.reason or "no reason was told", where)


def _failed_cell(notebook: Path) -> tuple[int, str] | None:
    """Return the number and the source of the cell in which a notebook's run ended, or None."""
    try:
        cells: list[dict[str, Any]] = json.loads(notebook.read_bytes())["cells"]
        for number, cell in enumerate(cells, 1):
            if any(output.get("output_type") == "error" for output in cell.get("outputs", [])):
                source = cell.get("source", "")
                return number, source if isinstance(source, str) else "".join(source)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return None


def _links(run: _Run, base: Path) -> Markup:
    if run.folder is None:
        return Markup()
    there = [(run.folder / name, text) for name, text in (("report.html", "report"), ("reel.mp4", "reel"), ("reel.ipynb", "notebook"))]
    return each('<a href="{}">{}</a> ', ((_from(base, path), text) for path, text in there if path.is_file())) + _published(run, base)


def _published_links(run: _Run, reports: Mapping[Path, str]) -> Markup:
    # In a folder store the page comes to stand beside the reports.
    base = next((folder.parent for url in reports.values() if (folder := _local(url))), None)
    report = reports.get(run.folder) if run.folder else None
    return (fill('<a href="{}">report</a> ', _address(report, base)) if report else Markup()) + _published(run, base)


def _published(run: _Run, base: Path | None) -> Markup:
    found = run.manifest.published
    address = _address(found.url, base) if found else None
    return fill('<a href="{}">published</a>', address) if address else Markup()


def _address(url: str, base: Path | None) -> str | None:
    """Return an address as a page in the folder ``base`` links it: what lies on the same disk from there, wherever the disk is."""
    path = _local(url)
    if path is not None:
        return _from(base, path) if base is not None else None
    return url if url.startswith("http") else None


def _local(url: str) -> Path | None:
    return Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None


def _from(base: Path, path: Path) -> str:
    return quote(Path(os.path.relpath(path.resolve(), base.resolve())).as_posix())
