"""What a notebook shows of batches: one that runs, as it goes, and a table of all runs to filter."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reelkit.batch.history import RunRow, chosen, days_of, run_rows
from reelkit.batch.plan import Batch
from reelkit.batch.watching import BatchNow, batch_now, typical_seconds
from reelkit.runs.folder import outputs_dir
from reelkit.views import batch_view
from reelkit.views.markup import data_uri
from reelkit.views.show import MARK

__all__ = ["BatchProgress", "RunsBoard"]

_ANY = "any"
_POSTER_PX = (112, 200)


class BatchProgress:
    """Watches a batch in a notebook: ``generate_batch("acme", 3, watcher=BatchProgress())`` shows its lines as they change.

    One object with two faces: a live widget, and HTML in the executed notebook.

    Parameters
    ----------
    outputs : path, optional
        Where the batch's runs go; :func:`reelkit.runs.folder.outputs_dir` where not given.
    """

    def __init__(self, outputs: str | Path | None = None) -> None:
        self._outputs = Path(outputs).resolve() if outputs else outputs_dir()
        self._typical = typical_seconds(self._outputs)
        self._widget: Any = None
        self._handle: Any = None
        self.now: BatchNow | None = None

    def tick(self, batch: Batch) -> None:
        """Bring the lines up to date."""
        now = batch_now(batch, self._outputs, self._typical)
        if now == self.now:
            return
        self.now = now
        if self._handle is None:
            from IPython.display import display

            self._handle = display(self, display_id=True)
        else:
            self.widget.value = self.html
            if batch.ended_at is not None and self._handle is not None:
                # The face that stays in the executed notebook.
                self._handle.update(self)

    @property
    def html(self) -> str:
        """The static face."""
        return batch_view.html(self.now) if self.now is not None else ""

    @property
    def widget(self) -> Any:
        """The live face."""
        if self._widget is None:
            import ipywidgets

            self._widget = ipywidgets.HTML(self.html)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return _both_faces(self.widget, self.html, repr(self), "batch")

    def __repr__(self) -> str:
        return f"<BatchProgress: {self.now.total if self.now else 'nothing yet'}>"


class RunsBoard:
    """All runs of an outputs folder as a table to filter by brand, state, finding, cost and time.

    Parameters
    ----------
    outputs : path, optional
    brand, state, finding, min_cost_usd, since
        The filter to begin with, see :func:`reelkit.batch.history.chosen`; the executed notebook shows what it leaves.
    limit : int
        How many runs are shown at once.
    """

    def __init__(self, outputs: str | Path | None = None, *, limit: int = 60, **wanted: Any) -> None:
        self._outputs = Path(outputs).resolve() if outputs else outputs_dir()
        self.rows = run_rows(self._outputs)
        self._limit = limit
        self._wanted = wanted

    @property
    def chosen(self) -> list[RunRow]:
        """The runs that the filter leaves."""
        return chosen(self.rows, **self._wanted)

    @property
    def html(self) -> str:
        """The static face: the table as the filter leaves it, and how the nights went."""
        return self._table() + batch_view.trend_html(days_of(self.chosen))

    @property
    def widget(self) -> Any:
        """The live face: the same under filters."""
        import ipywidgets

        def pick(name: str, values: Sequence[str]) -> Any:
            now = str(self._wanted.get(name) or _ANY)
            options = list(dict.fromkeys([_ANY, *values, now]))
            return ipywidgets.Dropdown(options=options, value=now, description=name)

        fields = {
            "brand": pick("brand", sorted({row.brand for row in self.rows})),
            "state": pick("state", sorted({row.state for row in self.rows})),
            "finding": pick("finding", sorted({finding for row in self.rows for finding in row.findings})),
            "min_cost_usd": ipywidgets.BoundedFloatText(
                value=float(self._wanted.get("min_cost_usd", 0.0)), min=0, max=1e6, step=0.01, description="cost from $"
            ),
            "since": ipywidgets.Text(
                value=str(self._wanted.get("since", "")), placeholder="2026-03-01", description="since", continuous_update=False
            ),
        }
        shown = ipywidgets.HTML(self.html)

        def changed(_change: object) -> None:
            self._wanted = {name: None if field.value == _ANY else field.value for name, field in fields.items()}
            shown.value = self.html

        for field in fields.values():
            field.observe(changed, names="value")
        return ipywidgets.VBox([ipywidgets.HBox(list(fields.values()), layout={"flex_flow": "row wrap"}), shown])

    def _table(self) -> str:
        rows = [self._as_shown(row) for row in self.chosen[: self._limit]]
        more = len(self.chosen) - len(rows)
        return batch_view.runs_html(rows, title=f"Runs ({more} more are not shown)" if more else "Runs")

    def _as_shown(self, row: RunRow) -> dict[str, Any]:
        poster = data_uri("image/jpeg", _small(row.poster)) if row.poster else ""
        # From where the notebook is, which is how JupyterLab follows it.
        report = os.path.relpath(row.report) if row.report else ""
        return row.model_dump(mode="json") | {"poster": poster, "report": report}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return _both_faces(self.widget, self.html, repr(self), "runs")

    def __repr__(self) -> str:
        return f"<RunsBoard: {len(self.chosen)} of {len(self.rows)} runs>"


def _small(poster: Path) -> bytes:
    from PIL import Image

    with Image.open(poster) as image:
        image.draft("RGB", _POSTER_PX)
        image.thumbnail(_POSTER_PX)
        small = io.BytesIO()
        image.save(small, "JPEG", quality=80)
    return small.getvalue()


def _both_faces(widget: Any, html: str, text: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    live = widget._repr_mimebundle_() or {}
    return {**live, "text/html": html, "text/plain": text}, {MARK: {"view": name}}
