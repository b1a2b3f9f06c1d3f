"""A script to edit: texts and search terms per scene, scenes to leave out and to add.

Words, seconds, reading grade and banned words are told as they are typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from reelkit.edits import Edits, parted
from reelkit.errors import ScriptError
from reelkit.model import Palette, Scene, Script, numbered
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
        Called with ``scenes=``, ``left_out=`` and ``added=``: the edits to keep.
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
        self._keys = numbered(scene.text for scene in script.scenes)
        kept, ground = edits or Edits(), self._keys
        (scenes, other_scenes), (added, other_added) = parted(kept.scenes, ground), parted(kept.added, ground)
        left_out, other_left_out = (tuple(parted(dict.fromkeys(kept.left_out), ground)[part]) for part in (0, 1))
        self._edits = Edits(scenes=scenes, left_out=left_out, added=added)
        self._elsewhere = Edits(scenes=other_scenes, left_out=other_left_out, added=other_added)
        self._before: list[Edits] = []

    @property
    def value(self) -> Script:
        """The script as edited."""
        return self._edits.script(self._written)

    def rewrite(self, scenes: Sequence[Mapping[str, Any]]) -> None:
        """Take the scenes as typed.

        Parameters
        ----------
        scenes : sequence of mapping
            ``text`` and ``terms`` of each that was written, in order, with ``out`` where it is left out; so is one whose text is empty.
            Between them, with ``own``, scenes to add after the one that was written before them; without a text they are not there.

        Raises
        ------
        ScriptError
            When a scene has too few or too many terms: it stays as it was, and the others are taken. When no scene is left: nothing is
            changed then.
        """
        changed: dict[str, Scene] = {}
        left_out: list[str] = []
        added: dict[str, tuple[Scene, ...]] = {}
        wrong = ""
        unread = zip(self._keys, self._written.scenes, strict=True)
        key = self._keys[0]
        for number, typed in enumerate(scenes, 1):
            own, empty = bool(typed.get("own")), not str(typed["text"]).strip()
            before: Scene | None = None
            if not own:
                key, before = next(unread)
            if before and (typed.get("out") or empty):
                left_out.append(key)
            same = self._edits.added.get(key, ())[len(added.get(key, ())) :]
            known = self._edits.scenes.get(key) if before else next(iter(same), None)
            if empty:
                changed |= {key: known} if before and known else {}
                continue
            try:
                scene = _scene_of(typed, before)
            except ValidationError:
                told = plural(len(typed["terms"]), "search term")
                wrong = wrong or f"script: scene {number} has {told}; it must have a text and two to four search terms"
                if known is None:
                    continue
                scene = known
            if before is None:
                added[key] = (*added.get(key, ()), scene)
            elif scene != before:
                changed[key] = scene
        if len(left_out) == len(self._written.scenes) and not added:
            raise ScriptError("script: every scene is left out; a reel must say something")
        self._become(Edits(scenes=changed, left_out=tuple(left_out), added=added))
        if wrong:
            raise ScriptError(wrong)

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
            self._become(Edits())

    def _become(self, edits: Edits) -> None:
        if edits != self._edits:
            self._before.append(self._edits)
            self._edits = edits
            if self._keep is not None:
                # What was edited on another take of the reel is none of this one's, and stays.
                other = self._elsewhere
                self._keep(
                    scenes={**other.scenes, **edits.scenes},
                    left_out=(*other.left_out, *edits.left_out),
                    added={**other.added, **edits.added},
                )
        self._tell()

    def _tell(self) -> None:
        if "widget" in self.__dict__:
            with self.widget.hold_sync():
                self.widget.scenes = self._typed()
                self.widget.counts = self._counts(self._typed())
                self.widget.facts = self._facts()

    def _typed(self) -> list[dict[str, Any]]:
        edits, rows = self._edits, []
        for key, written in zip(self._keys, self._written.scenes, strict=True):
            rows.append(_row(edits.scenes.get(key, written), out=key in edits.left_out))
            rows += [_row(scene, own=True) for scene in edits.added.get(key, ())]
        return rows

    def _counts(self, scenes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        texts = ["" if scene.get("out") else " ".join(str(scene["text"]).split()) for scene in scenes]
        for text in texts:
            banned = self._banned(text) if self._banned is not None else None
            spoken = self._seconds_of(text) if self._seconds_of is not None and text else None
            found.append({"seconds": spoken, "flags": [f"banned: {banned}"] if banned else []})
        whole = " ".join(filter(None, texts))
        lengths = [one["seconds"] for one in found if one["seconds"] is not None]
        told = [plural(sum(map(bool, texts)), "scene"), plural(len(whole.split()), "word")]
        told += [f"about {seconds(sum(lengths))} spoken"] if lengths else []
        told += [f"reading grade {reading_grade(whole):.0f}"] if self._language.startswith("en") else []
        return {"scenes": found, "whole": told}

    def _facts(self) -> dict[str, Any]:
        rewritten, out, added = len(self._edits.scenes), len(self._edits.left_out), sum(map(len, self._edits.added.values()))
        counts = [
            plural(rewritten, "scene") + " edited" if rewritten else "",
            f"{out} left out" if out else "",
            f"{added} added" if added else "",
        ]
        told = ", ".join(filter(None, counts))
        said = f"{told}; run the cells below to make what depends on it." if told else ""
        return {"title": self._written.topic, "language": self._language, "undo": bool(self._before), "edited": bool(told), "said": said}

    def _static(self) -> str:
        return script_view.html(self.value, seconds_of=self._seconds_of, language=self._language, palette=self._palette)


def _row(scene: Scene, *, out: bool = False, own: bool = False) -> dict[str, Any]:
    return {"text": scene.text, "terms": list(scene.search_terms), "out": out, "own": own}


def _scene_of(typed: Mapping[str, Any], written: Scene | None) -> Scene:
    """Return a scene as typed; one that was written keeps its sign, and its key words as far as they are still said."""
    scene = Scene(text=typed["text"], search_terms=tuple(typed["terms"]))
    if written is None:
        return scene
    said = written.emphasis if written.emphasis.casefold() in scene.text.casefold() else ""
    return scene.model_copy(update={"emphasis": written.emphasis if scene.text == written.text else said, "icon": written.icon})
