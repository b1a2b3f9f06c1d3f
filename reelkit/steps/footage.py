"""Footage: a clip or more for every scene, down a ladder of search terms, never the same one twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reelkit.brand import Brand
from reelkit.errors import FootageError
from reelkit.model import Candidate, Clip, Progress, Scene, Script

__all__ = ["FootageLibrary", "choose_footage", "fetch_footage"]

WORDS_PER_S = 2.5
"""The pace by which a scene's length is guessed before it is spoken."""

_RUNGS = ("scene", "topic", "brand", "any")

_SMALL_WORDS = frozenset(
    {"and", "are", "but", "for", "from", "how", "its", "not", "our", "that", "the", "this", "was", "what", "when", "why"}
)
_SMALL_WORDS |= {"with", "you", "your"}


class FootageLibrary(Protocol):
    """Where clips come from."""

    @property
    def name(self) -> str:
        """Name in the brand file."""

    @property
    def skipped(self) -> Sequence[str]:
        """One line for each file that could not be used, known after a search and a fetch."""

    def look_again(self) -> None:
        """Take note of what has changed since; called before a reel's first search."""

    def search(self, terms: Sequence[str], *, text: str = "") -> Sequence[Candidate]:
        """Return what matches any of the terms, best first; with no terms everything there is.

        ``text`` is the scene's text, for libraries that can suit more than terms.
        """

    def fetch(self, candidates: Sequence[Candidate], *, progress: Progress | None = None) -> Sequence[Clip]:
        """Return the clips of candidates from :meth:`search`, drawn or downloaded where they are not on disk yet.

        One that cannot be had is left out; the next best takes its place.
        """


def choose_footage(
    script: Script, brand: Brand, *, libraries: Sequence[FootageLibrary], used: Collection[str] = (), rejected: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the ids of the clips that :func:`fetch_footage` would take if all of them can be had, fetching none.

    Parameters
    ----------
    script, brand, libraries, used, rejected
        As :func:`fetch_footage` takes them.

    Raises
    ------
    FootageError
        When a scene has no clip.
    """
    casting = _begun(script, brand, libraries)
    _fill(casting, libraries, {*used, *rejected}, rejected)
    return tuple(slot.pick.candidate.id for slot in casting.slots if slot.pick)


def fetch_footage(
    script: Script,
    brand: Brand,
    *,
    libraries: Sequence[FootageLibrary],
    used: Collection[str] = (),
    rejected: Collection[str] = (),
    claim: Callable[[Collection[str]], Collection[str]] | None = None,
    leave_out: Callable[[Sequence[str]], object] | None = None,
    progress: Progress | None = None,
) -> list[Clip]:
    """Find clips for every scene of a script.

    Each library is asked in the brand's order, down a ladder: the scene's own terms, the topic's words, the brand's fallback terms,
    then anything it has. Every scene gets a clip, and one more for each further shot of ``brand.footage.shot_s`` that it is likely to
    last, as far as the libraries have more; a further shot gives way where a scene would have none. No clip comes twice, neither by id
    nor by content, and clips that look alike do not follow each other where there is a choice.

    Parameters
    ----------
    script : Script
    brand : Brand
    libraries : sequence of FootageLibrary
        In the brand's order.
    used : collection of str
        Ids of clips in the brand's recent reels: taken again only for a scene that nothing else is left for, on rung ``"repeat"``.
    rejected : collection of str
        Ids of clips that the brand does not want: never taken.
    claim : callable, optional
        Called with the ids of clips that are chosen and not ``used``; returns those that another reel took first, which count as used.
    leave_out : callable, optional
        Called once with a line for each file that the libraries could not use: its name, what is wrong with it, what to do.
    progress : callable, optional
        Called with the share done while clips are made.

    Returns
    -------
    list of Clip
        In the order of scenes; each knows its scene, the library, and the query, rung and rank by which it was found.

    Raises
    ------
    FootageError
        When a scene has no clip: with how many are missing, and why files were not usable.
    """
    casting, fetching, used = _begun(script, brand, libraries), _Fetching(progress), {*used, *rejected}
    while True:
        _fill(casting, libraries, used, rejected)
        lost = set(claim(casting.chosen - used)) if claim else set()
        if lost:
            used |= lost
            casting.release(lost)
            continue
        fetching.fetch(casting, libraries)
        # What could not be had stays taken: every round has fewer candidates than the one before.
        if not casting.reopen(fetching.clips):
            if leave_out:
                leave_out([line for library in libraries for line in library.skipped])
            return fetching.cast(casting)


def _begun(script: Script, brand: Brand, libraries: Sequence[FootageLibrary]) -> _Casting:
    for library in libraries:
        library.look_again()
    return _Casting(script, brand)


def _fill(casting: _Casting, libraries: Sequence[FootageLibrary], used: Collection[str], rejected: Collection[str]) -> None:
    for library in libraries:
        casting.fill(library, used)
    casting.give_way(libraries, used)
    for library in reversed(libraries):
        casting.repeat(library, rejected)
    missing = sum(slot.pick is None for slot in casting.slots if slot.turn == 0)
    if missing:
        raise FootageError(_what_is_missing(casting.brand, casting.script, libraries, missing, rejected))


@dataclass
class _Slot:
    """A place for a clip: the ``turn``-th of a scene, the ``place``-th of the reel."""

    place: int
    scene: int
    turn: int
    pick: _Pick | None = None


@dataclass(frozen=True)
class _Pick:
    candidate: Candidate
    query: str
    rung: str
    rank: int


class _Casting:
    """Who gets which clip: slots in the order of the reel, filled the most wanted first."""

    def __init__(self, script: Script, brand: Brand) -> None:
        self.script, self.brand = script, brand
        shots = [(number, turn) for number, scene in enumerate(script.scenes) for turn in range(_shots_of(scene, brand.footage.shot_s))]
        self.slots = [_Slot(place, scene, turn) for place, (scene, turn) in enumerate(shots)]
        self.taken: set[str] = set()

    def fill(self, library: FootageLibrary, used: Collection[str]) -> None:
        """Give open slots what a library has, rung by rung, leaving ``used`` aside."""
        for rung in _RUNGS:
            self._fill_rung(library, rung, [slot for slot in self.slots if slot.pick is None], used)

    def give_way(self, libraries: Sequence[FootageLibrary], used: Collection[str]) -> None:
        """Give scenes that are still bare what stands in the last of others' further shots, as far as they may be found for them."""
        bare = [slot for slot in self.slots if slot.pick is None and slot.turn == 0]
        if not bare:
            return
        further = sorted((slot for slot in self.slots if slot.pick and slot.turn), key=lambda slot: (-slot.turn, -slot.place))
        for slot in further[: len(bare)]:
            if slot.pick:
                self.taken -= {slot.pick.candidate.id, slot.pick.candidate.sha256 or slot.pick.candidate.id}
                slot.pick = None
        for library in libraries:
            for rung in _RUNGS:
                self._fill_rung(library, rung, [slot for slot in bare if slot.pick is None], used)
        for library in libraries:
            self.fill(library, used)

    def repeat(self, library: FootageLibrary, rejected: Collection[str]) -> None:
        """Give scenes that are still bare what was in recent reels."""
        self._fill_rung(library, "repeat", [slot for slot in self.slots if slot.pick is None and slot.turn == 0], rejected)

    def _fill_rung(self, library: FootageLibrary, rung: str, slots: Sequence[_Slot], used: Collection[str]) -> None:
        offers = {}
        for number in {slot.scene for slot in slots}:
            terms = _terms(self.script, number, rung, self.brand)
            if terms or rung in ("any", "repeat"):
                text = self.script.scenes[number].text
                offers[number] = terms, [found for found in library.search(terms, text=text) if found.id not in used]
        # First clips before second ones, and among them the best matches first: a scene does not lose its clip to a lesser match.
        best = {number: max((one.match for one in found if self._is_free(one)), default=0.0) for number, (_, found) in offers.items()}
        for slot in sorted((slot for slot in slots if slot.scene in offers), key=lambda slot: (slot.turn, -best[slot.scene], slot.place)):
            terms, found = offers[slot.scene]
            beside = self._beside(slot)
            free = ((rank, candidate) for rank, candidate in enumerate(found) if self._is_free(candidate))
            rank, candidate = _first(free, beside)
            if candidate is not None:
                slot.pick = _Pick(candidate, ", ".join(terms), rung, rank)
                self.taken |= {candidate.id, candidate.sha256 or candidate.id}

    @property
    def chosen(self) -> set[str]:
        """Ids of the clips that slots have."""
        return {slot.pick.candidate.id for slot in self.slots if slot.pick}

    def release(self, lost: Collection[str]) -> None:
        """Open the slots anew that have a clip of these; each may come again as a repeat."""
        for slot in self.slots:
            if slot.pick and slot.pick.candidate.id in lost:
                candidate, slot.pick = slot.pick.candidate, None
                self.taken -= {candidate.id, candidate.sha256 or candidate.id}

    def reopen(self, clips: Mapping[str, Clip]) -> int:
        """Open the slots anew whose clip could not be had, or has the content of one before it; return how many."""
        seen: set[str] = set()
        reopened = 0
        for slot in sorted(self.slots, key=lambda slot: (slot.turn, slot.place)):
            clip = clips.get(slot.pick.candidate.id) if slot.pick else None
            if slot.pick and (clip is None or clip.sha256 in seen):
                slot.pick = None
                reopened += 1
            elif clip is not None:
                seen.add(clip.sha256)
        self.taken |= seen
        return reopened

    def _is_free(self, candidate: Candidate) -> bool:
        return candidate.id not in self.taken and (candidate.sha256 or candidate.id) not in self.taken

    def _beside(self, slot: _Slot) -> set[str]:
        """Return the kin of the nearest filled slots before and after."""
        sides = (reversed(self.slots[: slot.place]), iter(self.slots[slot.place + 1 :]))
        nearest = (next((other.pick for other in side if other.pick), None) for side in sides)
        return {pick.candidate.kin for pick in nearest if pick and pick.candidate.kin}


def _first(free: Iterator[tuple[int, Candidate]], beside: set[str]) -> tuple[int, Candidate | None]:
    """Return the first candidate that is no kin of those beside it; where all are, the first."""
    spare: tuple[int, Candidate | None] = (0, None)
    for rank, candidate in free:
        if candidate.kin not in beside:
            return rank, candidate
        if spare[1] is None:
            spare = rank, candidate
    return spare


def _shots_of(scene: Scene, shot_s: float) -> int:
    return max(1, round(len(scene.text.split()) / WORDS_PER_S / shot_s))


def _terms(script: Script, scene: int, rung: str, brand: Brand) -> tuple[str, ...]:
    if rung == "scene":
        return script.scenes[scene].search_terms
    if rung == "topic":
        return tuple(word for word in re.findall(r"[^\W_]+", script.topic.lower()) if len(word) > 2 and word not in _SMALL_WORDS)
    if rung == "brand":
        return brand.footage.fallback_terms
    return ()


class _Fetching:
    """Clips as they come, over as many rounds as it takes."""

    def __init__(self, progress: Progress | None) -> None:
        self.clips: dict[str, Clip] = {}
        self._progress, self._told = progress, 0.0

    def fetch(self, casting: _Casting, libraries: Sequence[FootageLibrary]) -> None:
        """Fetch what is cast and not here yet."""
        chosen = [slot.pick.candidate for slot in casting.slots if slot.pick]
        for library in libraries:
            wanted = [one for one in chosen if one.library == library.name and one.id not in self.clips]
            done, share = sum(one.id in self.clips for one in chosen) / len(chosen), len(wanted) / len(chosen)

            def told(part: float, done: float = done, share: float = share) -> None:
                self._tell(done + share * part)

            if wanted:
                self.clips |= {clip.id: clip for clip in library.fetch(wanted, progress=told)}

    def cast(self, casting: _Casting) -> list[Clip]:
        """Return the clips in the order of slots, each with how it was found."""
        self._tell(1.0)
        return [
            self.clips[pick.candidate.id].model_copy(
                update={"scene": slot.scene, "query": pick.query, "rung": pick.rung, "rank": pick.rank}
            )
            for slot in casting.slots
            if (pick := slot.pick)
        ]

    def _tell(self, share: float) -> None:
        self._told = max(self._told, share)
        if self._progress:
            self._progress(self._told)


def _what_is_missing(brand: Brand, script: Script, libraries: Sequence[FootageLibrary], missing: int, rejected: Collection[str]) -> str:
    names = " and ".join(library.name for library in libraries) or "none"
    skipped = [line for library in libraries for line in library.skipped]
    why = f"; not usable: {'; '.join(skipped[:5])}" + (f" and {len(skipped) - 5} more" if len(skipped) > 5 else "") if skipped else ""
    out = f"; rejected for this brand: {len(rejected)}" if rejected else ""
    return (
        f"brand '{brand.slug}': footage: the script has {len(script.scenes)} scenes and the libraries ({names}) lack {missing} "
        f"clip{'s' if missing > 1 else ''}; add {missing} more to footage.folder, or add backdrops to footage.libraries{out}{why}"
    )
