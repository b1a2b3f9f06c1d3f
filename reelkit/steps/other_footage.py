"""Other footage: what else a scene could show."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reelkit.model import Candidate, Clip, Script
from reelkit.steps.footage import FootageLibrary

__all__ = ["other_clips"]


def other_clips(
    script: Script,
    scene: int,
    *,
    libraries: Sequence[FootageLibrary],
    used: Collection[str] = (),
    shown: Collection[str] = (),
    count: int = 3,
) -> list[Clip]:
    """Return clips that a scene could show instead.

    Each library is asked for the scene's own terms, then for anything it has, in the brand's order.

    Parameters
    ----------
    script : Script
    scene : int
    libraries : sequence of FootageLibrary
    used, shown : collection of str
        Ids that are not offered: what the brand's recent reels used, and what this one shows.
    count : int
        At most.
    """
    said = script.scenes[scene]
    offered: dict[str, Candidate] = {}
    found: list[Clip] = []
    for library in libraries:
        library.look_again()
    for terms in (said.search_terms, ()):
        for library in libraries:
            fresh = [one for one in library.search(terms, text=said.text) if one.id not in {*used, *shown, *offered}]
            chosen = fresh[: count - len(found)]
            offered |= {one.id: one for one in chosen}
            query = ", ".join(terms) or "anything"
            found += [clip.model_copy(update={"scene": scene, "query": query, "rung": "by hand"}) for clip in library.fetch(chosen)]
            if len(found) >= count:
                return found
    return found
