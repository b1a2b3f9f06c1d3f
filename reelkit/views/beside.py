"""Two views beside each other, as one output; in a narrow window one under the other."""

from __future__ import annotations

import functools
import re
from typing import Any

from reelkit.views.live import LiveView
from reelkit.views.show import View

__all__ = ["Beside"]


class Beside(View):
    """Shows live views in one row.

    Parameters
    ----------
    *views : LiveView
    """

    def __init__(self, *views: LiveView) -> None:
        super().__init__("beside", self._together, " and ".join(view.name for view in views))
        self.views = views

    @property
    def html(self) -> str:
        """The static faces, one after the other; the stylesheet stands once."""
        return self._make()

    @functools.cached_property
    def widget(self) -> Any:
        """The live faces in one row."""
        import ipywidgets

        for place, view in enumerate(self.views):
            view.widget.layout = ipywidgets.Layout(flex="1 1 340px" if place == 0 else "1 1 460px", min_width="min(320px, 100%)")
        return ipywidgets.HBox(
            [view.widget for view in self.views], layout=ipywidgets.Layout(flex_flow="row wrap", width="100%", grid_gap="0 14px")
        )

    def _together(self) -> str:
        first, *others = (view.html for view in self.views)
        return first + "".join(re.sub(r"<style>.*?</style>", "", html, count=1, flags=re.S) for html in others)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_(include, exclude)
        return {**self.widget._repr_mimebundle_(), **bundle}, metadata
