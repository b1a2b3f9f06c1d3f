"""Footage to choose from: other clips for a scene, clips that a brand does not want, and where a clip begins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from reelkit.edits import Edits, parted
from reelkit.model import Clip, Palette, Script
from reelkit.views import footage_view
from reelkit.views.live import LiveView
from reelkit.views.markup import data_uri, link, plural, seconds

__all__ = ["FootageView"]


class FootageView(LiveView):
    """Exchanges clips; what is chosen is kept at once.

    Parameters
    ----------
    script : Script
    clips : iterable of Clip
        As they were found.
    edits : Edits
        To begin with.
    keep : callable, optional
        Called with ``clips=``: the edits to keep.
    others : callable, optional
        Returns clips that a scene could show instead, by its number and the ids of those that are ``shown``.
    reject : callable, optional
        Called with the id of a clip that the brand does not want, and with ``wanted=True`` where it is taken in again.
    rejected : collection of str
        Ids of clips that the brand does not want, to begin with: they are not offered.
    thumbnails : mapping of str to sequence of bytes, optional
        JPEGs by clip id; made where not given.
    palette : Palette, optional
    """

    def __init__(
        self,
        script: Script,
        clips: Iterable[Clip],
        *,
        edits: Edits | None = None,
        keep: Callable[..., object] | None = None,
        others: Callable[..., Sequence[Clip]] | None = None,
        reject: Callable[..., object] | None = None,
        rejected: Collection[str] = (),
        thumbnails: Mapping[str, Sequence[bytes]] | None = None,
        palette: Palette | None = None,
    ) -> None:
        self._found = tuple(clips)
        super().__init__("footage", self._static, f"<{len(self._found)} clips for {len(script.scenes)} scenes>", palette=palette)
        self._script, self._palette = script, palette
        self._keep, self._others, self._reject = keep, others, reject
        self._clips, self._other_clips = parted((edits or Edits()).clips, {clip.id for clip in self._found})
        self._thumbs: dict[str, Sequence[bytes]] = dict(thumbnails or {})
        self._given = thumbnails is not None
        self._offers: dict[str, list[Clip]] = {}
        self._offered: dict[str, frozenset[str]] = {}
        self._out = frozenset(rejected)
        self._before: list[tuple[dict[str, Clip], frozenset[str]]] = []
        self._said = self._at = ""
        self._answered = 0

    @property
    def value(self) -> list[Clip]:
        """The clips as exchanged."""
        return Edits(clips=self._clips).footage(self._found)

    # --- what a person does -------------------------------------------------------------------------------------------

    def choose(self, slot: str, clip: Clip) -> None:
        """Show another clip in the place of the one that was found (``slot`` is that one's id); one that was out is wanted again."""
        self._remember()
        self._put(self._exchanged(slot, clip), self._out - {clip.id})

    def begin(self, slot: str, in_ms: int) -> None:
        """Have a clip begin at another moment."""
        shown = next(now for one, now in zip(self._found, self.value, strict=True) if one.id == slot)
        self.choose(slot, shown.model_copy(update={"in_ms": in_ms}))

    def offer(self, slot: str) -> list[Clip]:
        """Return other clips for the scene of a place than those that were offered there before; where there are none, those again."""
        found = self._found_at(slot)
        shown, offered = {clip.id for clip in self.value} | self._out, self._offered.get(slot, frozenset())
        offers = self._others_of(found, shown | offered)
        if offered and not offers:
            offers, offered = self._others_of(found, shown), frozenset()
        self._offers[slot], self._offered[slot] = offers, offered | {clip.id for clip in offers}
        self._said = "" if offers else "The brand's libraries have nothing else for this scene."
        return offers

    def reject(self, clip: str) -> None:
        """Never show a clip for this brand again; one that is shown gives its place to the first that is offered."""
        self._remember()
        self._put(self._clips, self._out | {clip})
        self._said = f"{clip} is out for this brand."
        for offers in self._offers.values():
            offers[:] = [one for one in offers if one.id != clip]
        for found, shown in zip(self._found, self.value, strict=True):
            if shown.id == clip:
                others = self.offer(found.id)
                if others:
                    self._put(self._exchanged(found.id, others[0]), self._out)
                self._said = f"{clip} is out for this brand" + (f"; {others[0].id} stands in." if others else "; nothing else was found.")

    def undo(self) -> None:
        """Take the last exchange or rejection back."""
        if self._before:
            self._put(*self._before.pop())

    def _found_at(self, slot: str) -> Clip:
        return next(one for one in self._found if one.id == slot)

    def _others_of(self, found: Clip, shown: Collection[str]) -> list[Clip]:
        # The one that was found may be among them, as a copy: it is the first choice all the same.
        others = self._others(found.scene, shown=set(shown)) if self._others else ()
        return [found if one.id == found.id else one for one in others]

    def _remember(self) -> None:
        self._before.append((self._clips, self._out))

    def _exchanged(self, slot: str, clip: Clip) -> dict[str, Clip]:
        found = self._found_at(slot)
        others = {name: one for name, one in self._clips.items() if name != slot}
        return others if clip == found else {**others, slot: clip}

    def _put(self, clips: dict[str, Clip], out: frozenset[str]) -> None:
        back = sorted(self._out - out)
        wanted = f"{', '.join(back)} may be shown for this brand again." if back else ""
        exchanged = sum(clip.id != slot for slot, clip in clips.items())
        counts = [f"{plural(exchanged, 'clip')} exchanged"] if exchanged else []
        counts += [f"{plural(len(clips) - exchanged, 'clip')} set to begin elsewhere"] if len(clips) > exchanged else []
        told = f"{', '.join(counts)}; run the cells below to make what depends on it." if counts else ""
        self._said = " ".join(filter(None, [wanted, told]))
        if self._reject is not None:
            for clip in sorted(out - self._out):
                self._reject(clip)
            for clip in back:
                self._reject(clip, wanted=True)
        if self._keep is not None and clips != self._clips:
            # What was exchanged in another take of the reel is none of this one's, and stays.
            self._keep(clips={**self._other_clips, **clips})
        self._clips, self._out = clips, out

    # --- how it is shown ----------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {"scenes": self._scenes(), "facts": self._facts()}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's."""
        match message:
            case {"others": slot}:
                self._at = str(slot)
                self.offer(str(slot))
            case {"choose": slot, "clip": clip}:
                self._at = str(slot)
                known = {one.id: one for one in (*self._offers.get(str(slot), ()), self._found_at(str(slot)))}
                self.choose(str(slot), known[str(clip)])
            case {"begin": slot, "in_ms": in_ms}:
                self._at = str(slot)
                self.begin(str(slot), int(in_ms))
            case {"reject": clip, "at": slot}:
                self._at = str(slot)
                self.reject(str(clip))
            case {"undo": _}:
                self._at = ""
                self.undo()
        self._answered += 1
        with widget.hold_sync():
            widget.scenes = self._scenes()
            widget.facts = self._facts()

    def _facts(self) -> dict[str, Any]:
        # Counted, so that what is answered in the same words is another value, and is told.
        return {"undo": bool(self._before), "said": self._said, "at": self._at, "answered": self._answered}

    def _scenes(self) -> list[dict[str, Any]]:
        shown = list(zip(self._found, self.value, strict=True))
        return [
            {"text": scene.text, "slots": [self._slot(found, now) for found, now in shown if now.scene == number]}
            for number, scene in enumerate(self._script.scenes)
        ]

    def _slot(self, found: Clip, now: Clip) -> dict[str, Any]:
        slot: dict[str, Any] = {"id": found.id, "clip": self._told(now), "edited": found.id in self._clips}
        if found.id in self._offers:
            slot["others"] = [self._told(other) for other in self._offers[found.id]]
        return slot

    def _told(self, clip: Clip) -> dict[str, Any]:
        page = clip.credit.page_url
        return {
            "id": clip.id,
            "thumbs": [str(data_uri("image/jpeg", picture)) for picture in self._strips([clip])[clip.id]],
            "author": clip.credit.author or "unknown author",
            "licence": clip.credit.licence or "no licence stated",
            "page": page if "<a " in link(page, "x") else "",
            "library": clip.library,
            "query": clip.query,
            "rung": clip.rung,
            "wide": clip.width_px > clip.height_px,
            "length": "picture" if clip.duration_ms is None else seconds(clip.duration_ms / 1000),
            "length_ms": clip.duration_ms or 0,
            "in_ms": clip.in_ms,
        }

    def _strips(self, clips: Iterable[Clip]) -> dict[str, Sequence[bytes]]:
        from reelkit.media.stills import clip_thumbnails

        for clip in clips:
            if clip.id not in self._thumbs:
                self._thumbs[clip.id] = () if self._given else clip_thumbnails(clip)
        return {clip.id: self._thumbs[clip.id] for clip in clips}

    def _static(self) -> str:
        shown = self.value
        return footage_view.html(self._script, shown, thumbnails=self._strips(shown), palette=self._palette)
