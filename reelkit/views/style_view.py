"""A brand's style as controls, bound to a frame: every change shows the frame that will be rendered, and is kept only when saved."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reelkit.brand import OWN_IN_EVERY_STYLE, Brand, load_brand
from reelkit.errors import BrandError, ReelkitError
from reelkit.media.captions import unseen_fields
from reelkit.model import Finding, Timeline
from reelkit.views.at_rest import AtRest
from reelkit.views.frame_view import FrameView
from reelkit.views.live import LiveView, telling
from reelkit.views.markup import card, fill, heading, plural, table
from reelkit.views.style_fields import PICTURE_GROUPS, Group, groups_of, value_of
from reelkit.yamlfile import change_yaml, shown_path

__all__ = ["StyleView", "html"]

NAMES = ("as tuned", "as saved")
_OTHERWISE = {
    "footage": "The footage is still that of other {}: \N{LEFT DOUBLE QUOTATION MARK}Fetch the footage anew\N{RIGHT DOUBLE QUOTATION MARK}"
    " shows what the next reel gets.",
    "voice": "The words are still spoken with other {}: \N{LEFT DOUBLE QUOTATION MARK}Speak it anew\N{RIGHT DOUBLE QUOTATION MARK}"
    " gives those of the next reel.",
}
"""What is told of parts that are not the tuned brand's own."""


def html(brand: Brand, groups: Sequence[Group], changes: Mapping[str, Any]) -> str:
    """Return a brand's fields as HTML.

    Parameters
    ----------
    brand : Brand
        With the changes.
    groups : sequence of Group
    changes : mapping
        Fields that differ from the brand's file, by dotted name.
    """
    parts = []
    for group in groups:
        told = [
            (field["label"], value_of(brand, field["name"], changes), field["name"] in changes, field["hint"]) for field in group["fields"]
        ]
        rows = (
            fill('<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>', label, _said(value), "changed" if tuned else "", hint)
            for label, value, tuned, hint in told
        )
        count = sum(tuned for _, _, tuned, _ in told)
        inside = table(group["label"], ["Field", "Value", "Tuned", "What it is"], rows)
        title = group["label"] + (f" ({count} changed)" if count else "")
        parts.append(fill('<details class="rk-more"><summary>{}</summary>{}</details>', title, inside))
    head = heading(f"Style of {brand.name}", f"{len(changes)} changed" if changes else "as saved")
    return card("style", head + Markup().join(parts), label=f"Style of {brand.name}", palette=brand.palette)


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value or "none")


class StyleView(LiveView):
    """Tunes a brand by looking.

    Parameters
    ----------
    brand : Brand
        As its file says.
    frame : FrameView, optional
        Shows what every change comes to, beside the saved brand.
    plan : callable, optional
        Returns the reel's timeline under a brand: what ``frame`` shows.
    settle : callable, optional
        Returns a timeline as it will be rendered, where that takes longer than a change may; called when nothing changed for a while.
    follow : callable, optional
        Makes what a brand asks for otherwise and what takes a second or two (its voice, its music), which ``plan`` uses from then on;
        called likewise.
    stale : callable, optional
        Returns what ``plan`` shows of a brand that is not its own until it is asked for: ``"footage"``, ``"voice"``, each with the fields
        by which it differs.
    judge : callable, optional
        Returns what a check will find wrong with a timeline; called likewise.
    check : callable, optional
        Raises where a brand's reels could not be made; nothing is saved then.
    groups : sequence of str
        Of fields (:data:`reelkit.views.style_fields.GROUPS`).
    listen : callable, optional
        Returns a brand's sound as M4A.
    fetch : callable, optional
        Takes the footage that a brand would get, which ``plan`` uses from then on.
    speak : callable, optional
        Likewise its words and voice.
    changes : mapping, optional
        To begin with.

    Attributes
    ----------
    changes : dict
        What differs from the brand's file, by dotted name.
    """

    def __init__(
        self,
        brand: Brand,
        frame: FrameView | None = None,
        plan: Callable[[Brand], Timeline] | None = None,
        *,
        settle: Callable[[Timeline], Timeline] | None = None,
        follow: Callable[[Brand], object] | None = None,
        stale: Callable[[Brand], Mapping[str, Sequence[str]]] | None = None,
        judge: Callable[[Timeline], Iterable[Finding]] | None = None,
        check: Callable[[Brand], object] | None = None,
        groups: Sequence[str] = PICTURE_GROUPS,
        listen: Callable[[Brand], bytes] | None = None,
        fetch: Callable[[Brand], object] | None = None,
        speak: Callable[[Brand], object] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("style", lambda: html(self.brand, self._groups, self.changes), repr(brand), palette=brand.palette)
        self.saved = self.brand = brand
        self.changes: dict[str, Any] = {}
        self._frame, self._plan, self._stale, self._check = frame, plan, stale, check
        self._listen, self._fetch, self._speak = listen, fetch, speak
        self._rest = None
        self._groups = groups_of(groups)
        self._before: list[dict[str, Any]] = []
        self._after: list[dict[str, Any]] = []
        self._sliding: frozenset[str] = frozenset()
        self._settling = threading.Lock()
        self._found: list[str] = []
        self._said = self._diff = ""
        self._told = 0
        if frame is not None and plan is not None:
            self._rest = AtRest(frame, plan, settle=settle, follow=follow, judge=judge)
            frame.compare(plan(brand), names=NAMES)
        if changes:
            # As a brand file would give them, and a run of the reel: a preset among them changes nothing but itself.
            self._become(self._differing(changes))
            self._before.append({})

    # --- what a person does -------------------------------------------------------------------------------------------

    def set(self, changes: Mapping[str, Any], *, settled: bool = True) -> None:
        """Change some fields; what they come to is shown at once.

        Another caption preset is shown as it is made (:meth:`reelkit.brand.Brand.changes_to`), whatever was tuned for the one before.

        Parameters
        ----------
        changes : mapping
            Values by dotted name, as a brand file would give them.
        settled : bool
            False while a slider moves: what follows is then the same change, undone as one.

        Raises
        ------
        BrandError
            When a value is out of bounds; nothing is changed then.
        """
        kept = dict(self.changes)
        tuned = self._tuned({name: self._typed(name, value) for name, value in changes.items()})
        if tuned != kept:
            self._become(tuned)
            if not changes.keys() <= self._sliding:
                self._before.append(kept)
                self._after.clear()
            self._tell()
        self._sliding = frozenset() if settled else self._sliding | changes.keys()

    def undo(self) -> None:
        """Take the last change back."""
        self._step(self._before, self._after)

    def redo(self) -> None:
        """Make the change again that was taken back."""
        self._step(self._after, self._before)

    def reset(self) -> None:
        """Go back to the saved brand; this can be undone, too."""
        if self.changes:
            self._before.append(self.changes)
            self._become({})
            self._tell()

    def save(self) -> str:
        """Write the changes to the brand's file and return what changed in it: only the lines of changed fields do.

        Raises
        ------
        BrandError
            When the brand has no file, or it cannot be written.
        ReelkitError
            When the brand's reels could not be made; nothing is written then.
        """
        path, before = self.saved.source, self.saved
        if path is None:
            raise BrandError(f"brand '{before.slug}' has no file to save to; write one to templates/brands/{before.slug}.yaml")
        if self._check is not None:
            self._check(self.brand)
        was, now = change_yaml(path, self.changes, what=f"brand '{before.slug}'")
        self._diff = "".join(_changed_lines(was, now))
        others = "".join(f", but for the {part}" for part in (self._stale(self.brand) if self._stale is not None else ()))
        self._said = f"Saved {plural(len(self.changes), 'field')} to {shown_path(path)}; the next reels look like this{others}."
        self.saved, written = load_brand(path), self.changes
        for steps in (self._before, self._after):
            steps[:] = [self._seen_from_saved(changes, before, written) for changes in steps]
        self._become({})
        if self._frame is not None and self._plan is not None:
            self._frame.compare(self._plan(self.saved), names=NAMES)
        self._tell(keep_said=True)
        return self._diff

    # --- how it is shown ----------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {"facts": self._facts(), "groups": list(self._groups), "values": self._values(), "notes": self._notes()}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's."""
        if "set" in message:
            try:
                self.set(message["set"], settled=bool(message.get("settled", True)))
            except ReelkitError as error:
                widget.send({"refused": list(message["set"]), "why": self._shortly(error)})
            else:
                widget.send({"done": True})
        elif "settle" in message:
            # It takes a while: who goes on tuning must not wait for it.
            threading.Thread(target=self._settle_beside, args=(widget,), daemon=True).start()
        elif "listen" in message and self._listen is not None:
            widget.send({"sound": "This is how it sounds now."}, buffers=[self._listen(self.brand)])
        elif "fetch" in message and self._fetch is not None:
            self._fetch(self.brand)
            self._renewed("This is the footage that the next reel would get.")
        elif "speak" in message and self._speak is not None:
            self._speak(self.brand)
            self._renewed("These are the words of the next reel, in its voice.")
        else:
            for name, act in (("undo", self.undo), ("redo", self.redo), ("reset", self.reset), ("save", self.save)):
                if name in message:
                    act()

    def settle(self) -> None:
        """Show the reel as it will be rendered, where a change alone does not tell; what was changed meanwhile is left alone."""
        if self._rest is None:
            return
        brand = self.brand
        found = self._rest.show(brand, self.saved, still=lambda: self.brand is brand)
        if self.brand is brand:
            self._found = found
        if "widget" in self.__dict__:
            self.widget.notes = self._notes()

    def _settle_beside(self, widget: Any) -> None:
        with telling(widget), self._settling:
            self.settle()

    def _shortly(self, error: ReelkitError) -> str:
        """Return what is wrong with a value that stands in no file yet, without the file's name."""
        told = str(error).removeprefix(f"brand '{self.saved.slug}' with changes: ")
        return told.partition(f" ({shown_path(self.saved.source)}")[0] if self.saved.source else told

    def _become(self, changes: dict[str, Any]) -> None:
        brand = self.saved.with_changes(changes) if changes else self.saved
        timeline = self._plan(brand) if self._plan is not None else None
        self.brand, self.changes = brand, changes
        if self._frame is not None and timeline is not None:
            self._frame.show(timeline)

    def _renewed(self, said: str) -> None:
        """Show what was made anew, on both sides: each has its own, or what is nearest to it."""
        self._become(self.changes)
        if self._frame is not None and self._plan is not None and self._frame.versus is not None:
            self._frame.compare(self._plan(self.saved))
        self._said = said
        self._tell(keep_said=True)

    def _seen_from_saved(self, changes: Mapping[str, Any], before: Brand, written: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a look that was ``changes`` of the brand's earlier file is as changes of its file of now."""
        own = {name: value_of(before, name, changes) for name in written}
        return self._differing({**own, **changes})

    def _step(self, source: list[dict[str, Any]], target: list[dict[str, Any]]) -> None:
        if source:
            target.append(self.changes)
            self._become(source.pop())
            self._sliding = frozenset()
            self._tell()

    def _tuned(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        now, preset = self.changes, changes.get("captions.preset", self.brand.captions.name)
        if preset != self.brand.captions.name:
            now = {name: value for name, value in now.items() if not name.startswith("captions.") or name in OWN_IN_EVERY_STYLE}
            now |= self.saved.changes_to(preset)
        return self._differing({**now, **changes})

    def _differing(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changes without those to what stands there anyway, under the preset that is among them."""
        preset = {name: value for name, value in changes.items() if name == "captions.preset"}
        beside = {name: value for name, value in changes.items() if name not in preset and value != value_of(self.saved, name, preset)}
        return {**({} if preset.get("captions.preset") == self.saved.captions.name else preset), **beside}

    def _typed(self, name: str, value: Any) -> Any:
        # Browsers know one kind of number; a brand file would say 86, not 86.0.
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def _tell(self, *, keep_said: bool = False) -> None:
        if not keep_said:
            self._said = self._diff = ""
        self._told += 1
        if "widget" in self.__dict__:
            with self.widget.hold_sync():
                self.widget.values = self._values()
                self.widget.facts = self._facts()
                self.widget.notes = self._notes()

    def _values(self) -> dict[str, Any]:
        return {field["name"]: value_of(self.brand, field["name"], self.changes) for group in self._groups for field in group["fields"]}

    def _facts(self) -> dict[str, Any]:
        return {
            "title": f"Style of {self.saved.name}",
            "tuned": list(self.changes),
            "undo": bool(self._before),
            "redo": bool(self._after),
            "file": shown_path(self.saved.source) if self.saved.source else "",
            "said": self._said,
            # Counted, so that what is answered in the same words is another value, and is told.
            "told": self._told,
            "diff": self._diff,
            "idle": [f"captions.{name}" for name in unseen_fields(self.brand.captions)],
            "can_listen": self._listen is not None,
            "can_fetch": self._fetch is not None,
            "can_speak": self._speak is not None,
        }

    def _notes(self) -> list[str]:
        """What is true of what is shown and not seen in it: a line each."""
        stale = self._stale(self.brand) if self._stale is not None else {}
        return [*(_OTHERWISE[part].format(", ".join(fields) or "words") for part, fields in stale.items()), *self._found]


def _changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [f"{line}\n" for line in lines if not line.startswith(("---", "+++", "@@"))]
