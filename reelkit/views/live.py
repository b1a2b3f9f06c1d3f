"""Live views: the same object with a second face, a widget, which a notebook shows where someone looks and nothing stores.

The static face is a view's HTML; run headless, that is what an executed notebook keeps. A widget's JavaScript is a plain file beside the
Python; ``live.js`` stands before each. What a view needs from other rooms (a plan, a voice, a place to save) is passed to it as callables.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reelkit.errors import ReelkitError
from reelkit.model import Palette
from reelkit.views.show import View

__all__ = ["LiveView", "make_widget", "sources", "telling"]


@contextmanager
def telling(widget: Any) -> Iterator[None]:
    """Tell the browser what goes wrong meanwhile: an error (:class:`ReelkitError`) is ``{"trouble": line}``; so is a fault, which is
    raised as well. Each thread of a view works within it."""
    try:
        yield
    except ReelkitError as error:
        widget.send({"trouble": str(error)})
    except Exception as error:
        # The log has the traceback, and its text, which may hold anything; who waits for an answer has one, too.
        widget.send({"trouble": f"This did not work ({type(error).__name__}). Run the cell again; report it if it stays so."})
        raise


@functools.cache
def sources(name: str) -> tuple[str, str]:
    """Return the JavaScript module and the stylesheet of a live view.

    Parameters
    ----------
    name : str
        Of its file beside this one, without ``.js``.
    """
    here = Path(__file__).parent
    module = "\n".join((here / f"{part}.js").read_text(encoding="utf-8") for part in ("live", name))
    style = "\n".join((here / f"{part}.css").read_text(encoding="utf-8") for part in ("views", "live"))
    return module, style


def make_widget(name: str, state: Mapping[str, Any], answer: Callable[[Any, dict[str, Any], list[Any]], None]) -> Any:
    """Return a widget over a view's JavaScript.

    Parameters
    ----------
    name : str
    state : mapping
        Traits and their first values; each is shared with the browser.
    answer : callable
        Called with the widget, a message and its buffers. What is wrong goes back (:func:`telling`).
    """
    import anywidget
    import traitlets

    kinds: dict[type, Any] = {
        bool: traitlets.Bool,
        int: traitlets.Int,
        float: traitlets.Float,
        str: traitlets.Unicode,
        dict: traitlets.Dict,
        list: traitlets.List,
    }
    module, style = sources(name)
    traits = {key: kinds[type(value)](value).tag(sync=True) for key, value in state.items()}
    made = type(f"{name.title()}Widget", (anywidget.AnyWidget,), {"_esm": module, "_css": style, **traits})()

    def heard(widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        with telling(widget):
            answer(widget, message, buffers)

    made.on_msg(heard)
    return made


class LiveView(View):
    """A view with a widget over it.

    Parameters
    ----------
    name : str
    make : callable
        Returns the static HTML.
    text : str
        The plain face, one line.
    palette : Palette, optional
    module : str
        Of its JavaScript; the name where not given.
    """

    def __init__(self, name: str, make: Callable[[], str], text: str, *, palette: Palette | None = None, module: str = "") -> None:
        super().__init__(name, make, text)
        self._module = module or name
        self._accent = palette.accent if palette else ""

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        raise NotImplementedError

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's."""
        raise NotImplementedError

    @functools.cached_property
    def widget(self) -> Any:
        """The live face; made when a notebook first shows it."""
        return make_widget(self._module, {"accent": self._accent, **self.state()}, self.heard)

    @property
    def html(self) -> str:
        """The static face, of what the value is now."""
        return self._make()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_(include, exclude)
        live = self.widget._repr_mimebundle_()
        live = live[0] if isinstance(live, tuple) else live or {}
        return {**live, **bundle}, metadata
