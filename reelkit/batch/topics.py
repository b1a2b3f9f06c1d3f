"""Which reels a brand gets next: topics that it has not told, or told longest ago, each once in a batch."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import functools
import itertools
import json
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from reelkit.batch.plan import Batch, PlannedReel, is_tonights, is_under_way
from reelkit.brand import Brand, brand_reference, load_brand, templates_dir
from reelkit.errors import BrandError, ReelkitError, RunError
from reelkit.ledgers import ledger_for
from reelkit.runs.ledger import ReelLedger
from reelkit.runs.manifest import RunJob, reel_name
from reelkit.services.deck import read_deck
from reelkit.whole import known_sha256_of

__all__ = ["deck_titles", "follow_decks", "has_topic", "next_seeds", "plan_brands", "planned_reel", "seed_of_topic", "taken_seeds"]

FAILED_NIGHTS, FOR_DAYS = 2, 14
"""A topic that failed on so many of the nights of so many days goes behind the others."""
_ROUNDS = 20
"""How often a topic may have been told by others before its seed is given up."""


def plan_brands(
    brands: Sequence[str], count: int, *, overrides: dict[str, object], outputs: Path, others: Sequence[Batch], claim: bool = True
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
    claim : bool
        Take the reels in the ledger of the brand's team, so that no other machine plans them; without, the plan is only looked at.
    """
    rounds: list[list[PlannedReel]] = []
    refused: dict[str, str] = {}
    for asked in brands:
        try:
            brand = load_brand(asked)
            brand = brand.with_changes(overrides) if overrides else brand
            planned = next_seeds(brand, count, outputs=outputs, others=others, claim=claim)
            rounds.append(
                [
                    planned_reel(asked, brand, outputs, topic_seed=seed, overrides=dict(overrides), instead_of=instead)
                    for seed, instead in planned.items()
                ]
            )
        except ReelkitError as error:
            refused[asked] = str(error)
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
    reel = PlannedReel(number=1, brand=brand_reference(asked), slug=brand.slug, **said)
    titles = deck_titles(brand) if reel.script is None else None
    name = reel_name(RunJob(brand=asked, topic_seed=reel.topic_seed, script=reel.script))
    known = {
        "topic": titles[(reel.topic_seed - 1) % len(titles)] if titles else "",
        "used": ledger_for(brand, outputs).clips_used_before(brand.slug, name, reels=brand.footage.recent_reels),
        "chosen_by_model": titles is None and reel.script is None,
    }
    return reel.model_copy(update=known)


def next_seeds(brand: Brand, count: int, *, outputs: Path, others: Sequence[Batch] = (), claim: bool = False) -> dict[int, str]:
    """Return the topic seeds of a brand's next reels, no two on one topic, each with the topic that it goes before out of turn, if any.

    Topics that were never told come first, then those told longest ago: a deck that is smaller than ``script.recent_reels`` goes round.
    What another batch of tonight has planned and not made yet counts as told; what an older one left unmade is free again. A topic that
    failed on two nights goes behind the others for two weeks, so that it does not cost every night a reel.

    Raises
    ------
    BrandError
        When the brand's deck has fewer topics than are asked for.
    RunError
        When other machines of the team took the last of them meanwhile.
    """
    ledger = ledger_for(brand, outputs)
    taken = taken_seeds(brand.slug, ledger, others)
    titles = deck_titles(brand)
    if titles is None:
        free = (seed for seed in itertools.count(1) if seed not in taken)
        granted = (seed for seed in free if not claim or ledger.claim_topic(brand.slug, f"seed {seed}", "", reels=0) == "granted")
        return dict.fromkeys(itertools.islice(granted, count), "")
    if count > len(titles):
        raise BrandError(
            f"brand '{brand.slug}': its deck '{brand.script.deck}' has {len(titles)} topics, so a batch of {count} would repeat some; "
            f"write more topics or ask for at most {len(titles)}"
        )
    planned = [reel.topic for reel in _planned(brand.slug, others)]
    told = [topic.casefold() for topic in (*planned, *ledger.topics_used_before(brand.slug, ""))]
    in_turn = _told_longest_ago([title.casefold() for title in titles], told)
    failing = _failing(brand.slug, others)
    order = sorted(in_turn, key=lambda number: titles[number].casefold() in failing)
    seeds = (_first_free(number, taken, len(titles)) for number in order)
    if claim:
        seeds = (seed for seed in (_claimed(ledger, brand, seed, titles) for seed in seeds) if seed)
    chosen = list(itertools.islice(seeds, count))
    if len(chosen) < count:
        raise RunError(
            f"brand '{brand.slug}': other machines of the team took its topics meanwhile, {len(chosen)} of {count} are left; run it again"
        )
    topics = {seed: titles[(seed - 1) % len(titles)] for seed in chosen}
    due = [titles[number] for number in in_turn[:count]]
    passed = iter([topic for topic in due if topic.casefold() in failing and topic not in topics.values()])
    return {seed: "" if topic in due else next(passed, "") for seed, topic in topics.items()}


def _told_longest_ago(titles: Sequence[str], told: Sequence[str]) -> list[int]:
    """Return the places of titles in a deck: never told ones in the deck's order, then the others, those told last (``told`` begins with
    the latest) at the end.
    """
    ago = {topic: place for place, topic in reversed(list(enumerate(told)))}
    return sorted(range(len(titles)), key=lambda number: (-ago.get(titles[number], len(told)), number))


def _first_free(number: int, taken: Collection[int], count: int) -> int:
    return next(seed for seed in itertools.count(number + 1, count) if seed not in taken)


def _claimed(ledger: ReelLedger, brand: Brand, seed: int, titles: Sequence[str]) -> int | None:
    """Take a seed, or a later one on its topic, for this studio; None where another has told the topic meanwhile."""
    # All other topics may stand between: the one told longest ago is free even where the deck is small.
    reels = min(brand.script.recent_reels, len(titles) - 1)
    for later in range(seed, seed + _ROUNDS * len(titles), len(titles)):
        answer = ledger.claim_topic(brand.slug, f"seed {later}", titles[(seed - 1) % len(titles)], reels=reels)
        if answer != "reel":
            return later if answer == "granted" else None
    return None


def taken_seeds(slug: str, ledger: ReelLedger, others: Sequence[Batch]) -> set[int]:
    """Return the seeds of a brand's reels that are made, or planned in another batch and not made yet."""
    made = {int(reel.removeprefix("seed ")) for reel in ledger.reels(slug) if reel.startswith("seed ")}
    return made | {reel.topic_seed for reel in _planned(slug, others)}


def deck_titles(brand: Brand) -> list[str] | None:
    """Return the titles of the topics that a brand's seeds walk through, or None where a model chooses them."""
    if brand.script.writer != "deck" and not brand.script.facts_only:
        return None
    path = templates_dir() / "decks" / f"{brand.script.deck}.yaml"
    return list(_titles_in(path, known_sha256_of(path) if path.is_file() else ""))


@functools.lru_cache(maxsize=64)
def _titles_in(path: Path, sha256: str) -> tuple[str, ...]:
    return tuple(topic.title for topic in read_deck(path).topics)


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


def has_topic(brand: Brand, seed: int, topic: str) -> bool:
    """Say whether a seed is on a topic: in a deck that was edited it may be on another. Where a model chooses topics, none is."""
    titles = deck_titles(brand)
    return titles is not None and titles[(seed - 1) % len(titles)].casefold() == topic.casefold()


def follow_decks(batch: Batch, others: Sequence[Batch], *, outputs: Path) -> tuple[PlannedReel, ...]:
    """Return a batch's reels, of which those that are not made follow their topics to the seeds that an edited deck has them at.

    One whose topic is gone, or whose brand or ledger cannot be read any more, is left as it is, and says why when it is made.
    """
    brands: dict[str, Brand] = {}
    moved: dict[int, Brand] = {}
    for reel in batch.missing:
        key = json.dumps([reel.brand, reel.overrides], sort_keys=True)
        with contextlib.suppress(ReelkitError):
            if reel.topic and key not in brands:
                brands[key] = RunJob(brand=reel.brand, topic_seed=0, overrides=reel.overrides).changed_brand()
            if reel.topic and not has_topic(brands[key], reel.topic_seed, reel.topic):
                moved[reel.number] = brands[key]
    taken: dict[str, set[int]] = {}
    reels = {reel.number: reel for reel in batch.reels}
    for number, brand in moved.items():
        reel = reels[number]
        with contextlib.suppress(ReelkitError):
            if reel.slug not in taken:
                stay = {other.topic_seed for other in batch.reels if other.slug == reel.slug and other.number not in moved}
                taken[reel.slug] = stay | taken_seeds(reel.slug, ledger_for(brand, outputs), others)
            seed = seed_of_topic(brand, reel.topic, taken=taken[reel.slug])
            taken[reel.slug].add(seed)
            followed = planned_reel(reel.brand, brand, outputs, topic_seed=seed, overrides=reel.overrides, instead_of=reel.instead_of)
            reels[number] = followed.model_copy(update={"number": number})
    return tuple(reels.values())


def _planned(slug: str, others: Sequence[Batch]) -> list[PlannedReel]:
    late = [batch for batch in others if is_tonights(batch) or is_under_way(batch)]
    return [reel for batch in late for reel in batch.missing if reel.slug == slug and reel.script is None]


def _failing(slug: str, others: Sequence[Batch]) -> set[str]:
    """Return the topics that failed in several late batches since they were last made, while the brand's other reels were made."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=FOR_DAYS)
    late = [batch for batch in others if datetime.datetime.fromisoformat(batch.started_at) > since]
    nights: Counter[str] = Counter()
    for batch in sorted(late, key=lambda batch: batch.started_at):
        reels = [reel for reel in batch.reels if reel.slug == slug and reel.script is None]
        made = [reel for reel in reels if batch.state_of(reel) == "done"]
        for reel in made:
            del nights[reel.topic.casefold()]
        # Where all of several reels failed it is not their topics' fault.
        if made or len(reels) == 1:
            nights.update(reel.topic.casefold() for reel in reels if batch.state_of(reel) == "failed")
    return {topic for topic, count in nights.items() if count >= FAILED_NIGHTS}
