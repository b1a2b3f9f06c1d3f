"""Which reels a brand gets next: topics that it has not told, or told longest ago, each once in a batch."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from reelkit.batch.plan import Batch, PlannedReel, is_tonights
from reelkit.brand import Brand, load_brand, templates_dir
from reelkit.errors import BrandError, ReelkitError
from reelkit.runs.ledger import Ledger, ledger_of
from reelkit.runs.manifest import RunJob, reel_name
from reelkit.services.deck import read_deck

__all__ = ["deck_titles", "next_seeds", "plan_brands", "planned_reel", "seed_of_topic", "taken_seeds"]


def plan_brands(
    brands: Sequence[str], count: int, *, overrides: dict[str, object], outputs: Path, others: Sequence[Batch]
) -> tuple[tuple[PlannedReel, ...], dict[str, str]]:
    """Plan ``count`` reels for each brand; a brand that cannot be loaded is refused alone, with the reason.

    Parameters
    ----------
    brands : sequence of str
        Slugs or paths of brand files, each once.
    count : int
    overrides : dict
        Brand fields replaced for all of them.
    outputs : Path
        Whose ledger knows what was made.
    others : sequence of Batch
        The other batches: what those of tonight have not made yet is not planned again.
    """
    rounds: list[list[PlannedReel]] = []
    refused: dict[str, str] = {}
    for asked in brands:
        try:
            brand = load_brand(asked)
            brand = brand.with_changes(overrides) if overrides else brand
            seeds = next_seeds(brand, count, outputs=outputs, others=others)
        except ReelkitError as error:
            refused[asked] = str(error)
            continue
        rounds.append([planned_reel(asked, brand, outputs, topic_seed=seed, overrides=dict(overrides)) for seed in seeds])
    # A reel of each brand in turn, so that a night that is cut short leaves every brand with something.
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*rounds))
    return tuple(reel for reel in in_turn if reel is not None), refused


def planned_reel(asked: str, brand: Brand, outputs: Path, **said: Any) -> PlannedReel:
    """Return a reel of a brand with what is known of it before it is begun: its topic, and the clips to leave aside.

    Parameters
    ----------
    asked : str
        How the brand was named.
    brand : Brand
    outputs : Path
    **said
        The other fields of :class:`PlannedReel`.
    """
    reel = PlannedReel(number=1, brand=asked, slug=brand.slug, **said)
    titles = deck_titles(brand) if reel.script is None else None
    name = reel_name(RunJob(brand=asked, topic_seed=reel.topic_seed, script=reel.script))
    known = {
        "topic": titles[(reel.topic_seed - 1) % len(titles)] if titles else "",
        "used": ledger_of(outputs).clips_used_before(brand.slug, name, reels=brand.footage.recent_reels),
        "chosen_by_model": titles is None and reel.script is None,
    }
    return reel.model_copy(update=known)


def next_seeds(brand: Brand, count: int, *, outputs: Path, others: Sequence[Batch] = ()) -> list[int]:
    """Return the topic seeds of a brand's next reels, no two on one topic.

    Topics that were never told come first, then those that the deck's order brings round next. What another batch of
    tonight has planned and not made yet counts as told; what an older one left unmade is free again.

    Raises
    ------
    BrandError
        When the brand's deck has fewer topics than are asked for.
    """
    ledger = ledger_of(outputs)
    taken = taken_seeds(brand.slug, ledger, others)
    titles = deck_titles(brand)
    if titles is None:
        return list(itertools.islice((seed for seed in itertools.count(1) if seed not in taken), count))
    if count > len(titles):
        raise BrandError(
            f"brand '{brand.slug}': its deck '{brand.script.deck}' has {len(titles)} topics, so a batch of {count} would repeat some; "
            f"write more topics or ask for at most {len(titles)}"
        )
    told = {topic.casefold() for topic in (*ledger.topics(brand.slug), *(reel.topic for reel in _planned(brand.slug, others)))}
    fresh = [seed for seed, title in enumerate(titles, start=1) if title.casefold() not in told and seed not in taken]
    return list(itertools.islice(_each_topic_once((*fresh, *_from_where_it_ended(taken, titles)), titles), count))


def taken_seeds(slug: str, ledger: Ledger, others: Sequence[Batch]) -> set[int]:
    """Return the seeds of a brand's reels that are made, or planned in another batch and not made yet."""
    made = {int(reel.removeprefix("seed ")) for reel in ledger.reels(slug) if reel.startswith("seed ")}
    return made | {reel.topic_seed for reel in _planned(slug, others)}


def deck_titles(brand: Brand) -> list[str] | None:
    """Return the titles of the topics that a brand's seeds walk through, or None where a model chooses them."""
    if brand.script.writer != "deck" and not brand.script.facts_only:
        return None
    return [topic.title for topic in read_deck(templates_dir() / "decks" / f"{brand.script.deck}.yaml").topics]


def seed_of_topic(brand: Brand, topic: str, *, taken: Collection[int]) -> int:
    """Return the first seed of a deck's topic that is not taken.

    Raises
    ------
    BrandError
        When the brand's scripts do not come from a deck, or the deck has no such topic.
    """
    titles = deck_titles(brand)
    if titles is None:
        raise BrandError(f"brand '{brand.slug}': a model chooses its topics; give a script or a seed instead of topic '{topic}'")
    plain = [title.casefold() for title in titles]
    if topic.casefold() not in plain:
        near = difflib.get_close_matches(topic.casefold(), plain, n=1)
        hint = f"did you mean '{titles[plain.index(near[0])]}'?" if near else f"it has: {', '.join(titles)}"
        raise BrandError(f"brand '{brand.slug}': its deck '{brand.script.deck}' has no topic '{topic}'; {hint}")
    return next(seed for seed in itertools.count(plain.index(topic.casefold()) + 1, len(titles)) if seed not in taken)


def _planned(slug: str, others: Sequence[Batch]) -> list[PlannedReel]:
    return [reel for batch in others if is_tonights(batch) for reel in batch.missing if reel.slug == slug and reel.script is None]


def _from_where_it_ended(taken: Collection[int], titles: Sequence[str]) -> Iterator[int]:
    """Give the seeds that were not made: first those after the last one made, then the gaps before it."""
    last = max(taken, default=0)
    yield from (seed for seed in range(last + 1, last + len(titles) + 1))
    yield from (seed for seed in range(1, last) if seed not in taken)


def _each_topic_once(seeds: Sequence[int], titles: Sequence[str]) -> Iterator[int]:
    chosen: set[str] = set()
    for seed in seeds:
        title = titles[(seed - 1) % len(titles)]
        if title not in chosen:
            chosen.add(title)
            yield seed
