"""A script to edit: texts and search terms per scene, with words, seconds, reading grade and banned words as they are typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from reelkit.edits import Edits
from reelkit.errors import ScriptError
from reelkit.model import Palette, Scene, Script
from reelkit.views import script_view
from reelkit.views.live import LiveView
from reelkit.views.markup import plural, seconds

__all__ = ["ScriptView", "reading_grade"]

_VOWELS = re.compile(r"[aeiouy]+", re.I)


def reading_grade(text: str) -> float:
    """Return the school grade that an English text asks for, by Flesch and Kincaid.

    References
    ----------
    Kincaid et al., *Derivation of New Readability Formulas*, 1975. Syllables are counted as groups of vowels, without a silent e.

    Examples
    --------
    >>> round(reading_grade("The cat sat on the mat."), 1)
    -1.4
    """
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text)
    sentences = max(len(re.findall(r"[.!?]+(?=\s|$)", text)), 1)
    if not words:
        return 0.0
    syllables = sum(max(len(_VOWELS.findall(re.sub(r"(?<=[^l])e$", "", word, flags=re.I))), 1) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


class ScriptView(LiveView):
    """Edits a script; what is typed is kept as soon as a field is left.

    Parameters
    ----------
    script : Script
        As it was written.
    edits : Edits
        To begin with.
    keep : callable, optional
        Called with ``scenes=``: the edits to keep.
    seconds_of : callable, optional
        Tells how long a text is spoken.
    banned : callable, optional
        Tells a banned word in a text, or None.
    language : str
    palette : Palette, optional
    """

    def __init__(
        self,
        script: Script,
        *,
        edits: Edits | None = None,
        keep: Callable[..., object] | None = None,
        seconds_of: Callable[[str], float] | None = None,
        banned: Callable[[str], str | None] | None = None,
        language: str = "en",
        palette: Palette | None = None,
    ) -> None:
        super().__init__("script", self._static, repr(script), palette=palette)
        self._written, self._keep, self._seconds_of = script, keep, seconds_of
        self._banned, self._language, self._palette = banned, language, palette
        self._scenes = dict((edits or Edits()).scenes)
        self._before: list[dict[str, Scene]] = []

    @property
    def value(self) -> Script:
        """The script as edited."""
        return Edits(scenes=self._scenes).script(self._written)

    def rewrite(self, scenes: Sequence[Mapping[str, Any]]) -> None:
        """Take the scenes as typed.

        Parameters
        ----------
        scenes : sequence of mapping
            ``text`` and ``terms`` of each.

        Raises
        ------
        ScriptError
            When a scene says nothing or has too few or too many terms; nothing is changed then.
        """
        changed: dict[str, Scene] = {}
        for number, (written, typed) in enumerate(zip(self._written.scenes, scenes, strict=True), 1):
            try:
                scene = Scene(text=typed["text"], search_terms=tuple(typed["terms"]))
            except ValidationError:
                what = "has no text" if not str(typed["text"]).strip() else f"has {plural(len(typed['terms']), 'search term')}"
                raise ScriptError(f"script: scene {number} {what}; it must have a text and two to four search terms") from None
            if scene != written:
                changed[written.text] = scene
        self._become(changed)

    def undo(self) -> None:
        """Take the last change back."""
        if self._before:
            before = self._before.pop()
            self._become(before)
            self._before.pop()
            self._tell()

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {"scenes": self._typed(), "counts": self._counts(self._typed()), "facts": self._facts()}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's."""
        if "count" in message:
            widget.counts = self._counts(message["count"])
        elif "keep" in message:
            self.rewrite(message["keep"])
        elif "undo" in message:
            self.undo()
        elif "reset" in message:
            self._become({})

    def _become(self, scenes: dict[str, Scene]) -> None:
        if scenes != self._scenes:
            self._before.append(self._scenes)
            self._scenes = scenes
            if self._keep is not None:
                self._keep(scenes=scenes)
        self._tell()

    def _tell(self) -> None:
        if "widget" in self.__dict__:
            with self.widget.hold_sync():
                self.widget.scenes = self._typed()
                self.widget.counts = self._counts(self._typed())
                self.widget.facts = self._facts()

    def _typed(self) -> list[dict[str, Any]]:
        return [{"text": scene.text, "terms": list(scene.search_terms)} for scene in self.value.scenes]

    def _counts(self, scenes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for scene in scenes:
            text = " ".join(str(scene["text"]).split())
            banned = self._banned(text) if self._banned is not None else None
            spoken = self._seconds_of(text) if self._seconds_of is not None and text else None
            found.append({"seconds": spoken, "flags": [f"banned: {banned}"] if banned else []})
        whole = " ".join(str(scene["text"]) for scene in scenes)
        lengths = [one["seconds"] for one in found if one["seconds"] is not None]
        told = [plural(len(scenes), "scene"), plural(len(whole.split()), "word")]
        told += [f"about {seconds(sum(lengths))} spoken"] if lengths else []
        told += [f"reading grade {reading_grade(whole):.0f}"] if self._language.startswith("en") else []
        return {"scenes": found, "whole": told}

    def _facts(self) -> dict[str, Any]:
        count = len(self._scenes)
        said = f"{plural(count, 'scene')} edited; run the cells below to make what depends on it." if count else ""
        return {"title": self._written.topic, "language": self._language, "undo": bool(self._before), "edited": bool(count), "said": said}

    def _static(self) -> str:
        return script_view.html(self.value, seconds_of=self._seconds_of, language=self._language, palette=self._palette)
