"""The shared page of a run: an executed notebook as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reelkit.errors import RunError
from reelkit.model import Palette
from reelkit.report.cells import face, prose, view_name
from reelkit.report.fit import fitted
from reelkit.report.places import without_places
from reelkit.report.sections import fold, folded, shown_cells, take_code
from reelkit.runs.manifest import Manifest, read_manifest
from reelkit.views import findings_view, player_view, run_view
from reelkit.views.markup import data_uri, each, fill, style_element, visible
from reelkit.whole import write_whole

__all__ = ["MAX_BYTES", "put_page", "write_report"]

MAX_BYTES = 3_000_000
"""What a page may weigh: a few seconds on a phone, and under what mail takes as an attachment."""

LEAD = ("player", "run")
"""The views that have a place of their own, wherever in the notebook they stand: the reel opens the page, how it was made ends it."""

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="6" width="20" height="32" rx="5" fill="#22201c"/>'
    '<path d="M13 10.5v11l9-5.5z" fill="{}"/></svg>'
)


def write_report(
    notebook: Path,
    out: Path,
    *,
    run: Path | None = None,
    title: str = "",
    description: str = "",
    language: str = "en",
    palette: Palette | None = None,
    brand: str = "",
    max_bytes: int = MAX_BYTES,
    linked: bool = False,
) -> Path:
    """Write an executed notebook as one page that asks the network for nothing.

    The reel's player comes first, then prose, views and outputs in the notebook's order; folded at the end, how it was made: sections
    tagged ``report-fold`` (:mod:`reelkit.report.sections`), the run's card and the code. Nothing on the page runs: its content policy
    allows no script, frame, form or request. Cells tagged ``remove-cell`` or ``notebook-only`` are left out, of those tagged
    ``remove-input`` the code.

    Parameters
    ----------
    notebook : Path
        As executed; a failed run's, too.
    out : Path
        Appears whole or not at all.
    run : Path, optional
        The run's folder, whose manifest gives the page its card and, where none is given, its title and description.
    title, description : str
    language : str
        Of the reel's captions.
    palette : Palette, optional
        The brand's, for swatches and accents.
    brand : str
        The brand's name, for the description; its slug where not given.
    max_bytes : int
        Where the page would be larger, its pictures and preview are made smaller, or left out (:mod:`reelkit.report.fit`).
    linked : bool
        The player plays ``reel.mp4`` beside the page, with ``poster.jpg``, instead of the preview inside it.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    RunError
        When the notebook or the manifest cannot be read, ``out`` cannot be written, or its text alone is larger than ``max_bytes``;
        the line says what weighs most.
    """
    book = _read(notebook)
    manifest = read_manifest(run) if run else None
    lead = dict(_take_lead(book))
    if manifest is not None:
        lead["run"] = run_view.html(manifest, palette=palette)
        title = title or str(manifest.facts.get("topic") or f"Run {manifest.run_id}")
        description = description or _described(manifest, brand or manifest.brand)
        if linked and manifest.reel is not None:
            assert run is not None
            lead["player"] = player_view.html(
                "reel.mp4",
                vtt=_captions(run),
                poster="poster.jpg",
                title=title,
                reel=manifest.reel,
                language=language,
                palette=palette,
            )
    page, weights = _fill(book, lead, run_is_open=manifest is not None and manifest.state == "failed")
    page |= {
        "verdict": findings_view.verdict(manifest.findings) if manifest is not None else "",
        "title": _line(title or notebook.stem),
        "description": _line(description),
        "style": Markup(style_element()) + fill("<style>{}</style>", Markup(_css())),
        "accent": fill(' style="--rk-accent:{}"', palette.accent) if palette else "",
        "linked": linked,
        "media": "data: 'self' file:" if linked else "data:",
        "icon": data_uri("image/svg+xml", _ICON.format(palette.accent if palette else "#ffd23f")),
    }
    html = fitted(_render(book, page), max_bytes)
    size = len(html.encode())
    if size > max_bytes:
        heavy = ", ".join(f"{name} {weight / 1e6:.1f} MB" for name, weight in sorted(weights.items(), key=lambda item: -item[1])[:3])
        raise RunError(
            f"report {out.name} would be {size / 1e6:.1f} MB; it must be at most {max_bytes / 1e6:.1f} MB: "
            f"show less or smaller of {heavy} ({notebook})"
        )
    return put_page(out, html, runs=[run] if run else [])


def put_page(out: Path, html: str, *, runs: Iterable[Path]) -> Path:
    """Write a page whole, without the places it was made at (:func:`reelkit.report.places.without_places`), and return its path.

    Raises
    ------
    RunError
        When it cannot be written.
    """
    try:
        return write_whole(out, without_places(html, runs))
    except OSError as error:
        raise RunError(f"report: {out.parent} cannot be written: {error.strerror}; name a folder that can be") from None


def _captions(run: Path) -> str:
    # Inside the page: from a disk, browsers load no captions that lie beside it.
    path = run / "captions.vtt"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _described(manifest: Manifest, brand: str) -> str:
    if manifest.state == "failed":
        return f"A run of {brand} that failed at step {manifest.step}: {manifest.reason}"
    length = manifest.facts.get("duration_s")
    return f"A reel of {brand}" + (f", {float(length):.0f} seconds long" if length else "")


def _read(notebook: Path) -> Any:
    import nbformat

    try:
        return nbformat.from_dict(nbformat.read(notebook, as_version=4))
    except FileNotFoundError:
        raise RunError(f"report: there is no notebook {notebook}; run it first") from None
    except OSError as error:
        raise RunError(f"report: notebook {notebook} cannot be read: {error.strerror}") from None
    except Exception as error:  # nbformat raises what JSON, its schema and its converters meet
        raise RunError(f"report: {notebook} is not a notebook ({type(error).__name__}); run it again") from None


def _fill(book: Any, lead: dict[str, str], *, run_is_open: bool) -> tuple[dict[str, Any], dict[str, int]]:
    """Turn the cells' texts and outputs into HTML in place, and fold those that go to the end; return the page's parts, and what each
    weighs."""
    headings: dict[str, str] = {}
    weights: dict[str, int] = {name: len(shown) for name, shown in lead.items()}
    _drop_opening(book)
    book.cells = shown_cells(book.cells)
    source = take_code(book.cells)
    every = list(book.cells)
    book.cells, apart = folded(every)
    for number, cell in enumerate(every, 1):
        if cell.cell_type == "markdown":
            cell.source = prose(cell.source, headings)
        elif cell.cell_type == "code":
            for output in cell.outputs:
                if "face" in output:
                    continue
                output.face = face(output, name=f"Output of cell {number}")
                named = view_name(output) or f"cell {number}"
                weights[named] = weights.get(named, 0) + len(output.face)
    made = [fold(title, Markup().join(map(_shown, section))) for title, section in apart if any(map(_faces, section))]
    if "run" in lead:
        made.append(fold("The run", Markup(lead["run"]), is_open=run_is_open))
    if source:
        made.append(fold("Code", fill('<div class="code">{}</div>', source)))
    contents = each('<li><a href="#{}">{}</a></li>', (*headings.items(), *([("made", "How it was made")] if made else [])))
    return {"contents": contents, "lead": lead.get("player", ""), "made": Markup().join(made)}, weights


def _shown(cell: Any) -> Markup:
    """Return a filled cell as the page's template shows it."""
    if cell.cell_type == "markdown":
        return fill('<div class="prose">{}</div>', cell.source) if cell.source else Markup()
    return _faces(cell)


def _faces(cell: Any) -> Markup:
    return Markup().join(output.face for output in cell.get("outputs", ()))


def _render(book: Any, page: dict[str, Any]) -> str:
    from nbconvert.exporters import templateexporter
    from traitlets.config import Config

    tags = {"enabled": True, "remove_cell_tags": ["remove-cell"], "remove_input_tags": ["remove-input"]}
    make_exporter: Any = templateexporter.TemplateExporter
    exporter = make_exporter(
        template_name="template",
        extra_template_basedirs=[str(Path(__file__).parent)],
        file_extension=".html",
        config=Config({"TagRemovePreprocessor": tags}),
    )
    html, _ = exporter.from_notebook_node(book, resources={"page": page})
    return str(html)


def _css() -> str:
    css = (Path(__file__).parent / "template" / "report.css").read_text(encoding="utf-8")
    return css.partition("*/")[2].strip()


def _line(text: str) -> Markup:
    return fill("{}", " ".join(visible(text).split()))


def _take_lead(book: Any) -> Iterator[tuple[str, str]]:
    """Take the last of each leading view out of its place."""
    for name in LEAD:
        places = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs if view_name(output) == name]
        for output in places[-1:]:
            yield name, str(face(output, name=name))
            output.face = Markup()


def _drop_opening(book: Any) -> None:
    """Leave out the cell with the notebook's own title, which tells how to use the notebook: the page has a title of its own."""
    if book.cells and book.cells[0].cell_type == "markdown" and book.cells[0].source.lstrip().startswith("# "):
        del book.cells[0]
