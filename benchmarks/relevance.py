"""Ranking by meaning against a site's own order: scenes, and what a search for their terms may offer.

Each scene below has six clips, described as Pexels' page names and Pixabay's tags describe theirs: all hold a searched word or near it, and
half of them mean something else. Scenes, clips and labels were written by hand for this benchmark; nothing was taken from the sites,
whose own order for these searches nobody here knows. It is stood in for twice: by chance (the mean over all orders), and by how
many of the searched words a description holds, as searches go, with ties in an order that has nothing to do with meaning. Labels: 2
shows what the scene says, 1 suits it, 0 does not.

For each order: the share of scenes whose first clip suits (label 1 or 2) and shows (2) it, and NDCG over the first three (Järvelin and
Kekäläinen 2002). The threshold is judged by what it leaves out.

Run it: ``python -m benchmarks.relevance``. It exits with 1 when a bar is missed.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import statistics
import sys
from collections.abc import Callable, Sequence

from reelkit.services.meaning import FAR, nearness
from reelkit.services.word_stems import stems_of

SCENES: dict[tuple[str, tuple[str, ...]], list[tuple[str, int]]] = {
    ("Grind your beans just before you brew, because the flavour leaves within minutes.", ("coffee grinder", "coffee beans")): [
        ("a-bowl-of-green-beans-on-a-table", 0),
        ("woman-drinking-coffee-while-working-on-laptop", 0),
        ("close-up-of-roasted-coffee-beans", 1),
        ("a-man-using-an-angle-grinder-on-metal", 0),
        ("grinding-coffee-beans-in-a-manual-grinder", 2),
        ("barista grinder, espresso, cafe", 2),
    ],
    ("Hot water that is still boiling burns the coffee and makes it bitter.", ("boiling water", "kettle")): [
        ("ocean, water, waves, sea", 0),
        ("a-glass-of-cold-water-with-lemon", 0),
        ("water-boiling-in-a-kettle", 2),
        ("steam, kettle, tea, hot", 2),
        ("geyser-erupting-with-boiling-water", 0),
        ("a-person-pouring-coffee-into-a-mug", 1),
    ],
    ("Warm up for five minutes before you lift anything heavy.", ("warm up", "gym stretching")): [
        ("a-warm-fireplace-in-a-living-room", 0),
        ("elevator-going-up-in-a-glass-building", 0),
        ("man-lifting-a-child-in-the-park", 0),
        ("people-stretching-before-a-workout", 2),
        ("woman-lifting-a-barbell-in-the-gym", 1),
        ("fitness, exercise, stretching, sport", 2),
    ],
    ("Your muscles grow while you sleep, so give them a full night.", ("sleeping person", "bedroom night")): [
        ("city-traffic-at-night-time-lapse", 0),
        ("bodybuilder-flexing-his-muscles", 1),
        ("a-cat-sleeping-on-a-couch", 0),
        ("woman-sleeping-peacefully-in-bed", 2),
        ("night, sky, stars, milky way", 0),
        ("man-in-bed-turning-off-the-lamp", 2),
    ],
    ("An octopus has three hearts, and two of them stop when it swims.", ("octopus", "underwater")): [
        ("people-snorkeling-underwater", 0),
        ("red-heart-balloons-floating", 0),
        ("octopus-swimming-over-a-coral-reef", 2),
        ("octopus, tentacles, ocean, animal", 2),
        ("grilled-octopus-on-a-plate", 0),
        ("fish-swimming-in-an-aquarium", 1),
    ],
    ("Light from the sun takes eight minutes to reach us.", ("sun", "space")): [
        ("parking-space-in-front-of-a-mall", 0),
        ("woman-putting-on-sunglasses-at-the-beach", 0),
        ("the-sun-seen-from-outer-space", 2),
        ("a-light-bulb-hanging-from-the-ceiling", 0),
        ("sunrise, sun, clouds, sky", 2),
        ("rotating-planet-earth-in-space", 1),
    ],
    ("Sharks are older than trees by fifty million years.", ("shark", "old tree")): [
        ("a-boat-on-a-calm-lake", 0),
        ("christmas-tree-with-lights", 0),
        ("shark, underwater, sea, predator", 2),
        ("great-white-shark-swimming-in-the-ocean", 2),
        ("old-man-sitting-under-a-tree", 0),
        ("ancient-giant-trees-in-a-forest", 1),
    ],
    ("Lightning is five times hotter than the surface of the sun.", ("lightning", "storm")): [
        ("woman-sunbathing-on-a-hot-day", 0),
        ("stage-lighting-at-a-concert", 0),
        ("lightning-strike-over-the-city-at-night", 2),
        ("thunderstorm, lightning, clouds, weather", 2),
        ("storm-troopers-toy-figures", 0),
        ("dark-storm-clouds-gathering", 1),
    ],
    ("Honey never spoils, even after three thousand years in a pot.", ("honey jar", "bees")): [
        ("a-couple-on-their-honeymoon", 0),
        ("clay-pots-at-a-market", 0),
        ("honey-dripping-from-a-wooden-dipper", 2),
        ("bee, flower, pollen, nature", 1),
        ("beekeeper-holding-a-honeycomb", 2),
        ("spoiled-food-in-a-trash-bin", 0),
    ],
    ("Plant tomatoes deep, and the buried stem will grow roots.", ("tomato plant", "planting seedlings")): [
        ("power-plant-with-cooling-towers", 0),
        ("slicing-tomatoes-on-a-cutting-board", 0),
        ("hands-planting-a-seedling-in-the-soil", 2),
        ("tomatoes-growing-on-the-vine-in-a-greenhouse", 2),
        ("pizza, tomato, cheese, food", 0),
        ("gardening, soil, garden, spring", 1),
    ],
    ("Pay yourself first: move a tenth of your salary on the day it arrives.", ("saving money", "banking app")): [
        ("river-bank-with-green-grass", 0),
        ("a-moving-truck-in-front-of-a-house", 0),
        ("person-putting-coins-in-a-piggy-bank", 2),
        ("money, dollars, cash, finance", 1),
        ("woman-using-a-banking-app-on-her-phone", 2),
        ("lifeguard-saving-a-swimmer", 0),
    ],
    ("A dog smells the day: old scents fade, and fresh ones are strong.", ("dog sniffing", "dog nose")): [
        ("hot-dog-with-mustard", 0),
        ("woman-smelling-a-perfume-bottle", 0),
        ("close-up-of-a-dog-sniffing-the-grass", 2),
        ("dog, pet, puppy, cute", 1),
        ("nose-of-an-airplane-on-the-runway", 0),
        ("a-beagle-following-a-scent-in-the-forest", 2),
    ],
    ("Sourdough rises slowly, and that is where its taste comes from.", ("bread dough", "sourdough")): [
        ("sunrise-over-the-mountains", 0),
        ("play-dough-in-bright-colors", 0),
        ("a-baker-kneading-bread-dough", 2),
        ("bread, bakery, loaf, food", 1),
        ("sour-candy-falling-in-slow-motion", 0),
        ("dough-rising-in-a-bowl", 2),
    ],
}


Order = Sequence[int]
"""Labels, first to last."""


def ndcg(labels: Order, at: int = 3) -> float:
    """Return the normalised discounted cumulative gain of the first few."""
    gain = [
        sum((2**label - 1) / math.log2(place + 2) for place, label in enumerate(order[:at])) for order in (labels, sorted(labels)[::-1])
    ]
    return gain[0] / gain[1]


def suits(labels: Order) -> float:
    return float(labels[0] >= 1)


def shows(labels: Order) -> float:
    return float(labels[0] == 2)


def as_sites_do(scene: tuple[str, tuple[str, ...]], clips: Sequence[tuple[str, int]]) -> list[int]:
    """Return the labels by how many of the searched words a description holds."""
    wanted = {stem for term in scene[1] for stem in stems_of(term)}
    ordered = sorted(clips, key=lambda clip: (-len(wanted & set(stems_of(clip[0]))), hashlib.sha256(clip[0].encode()).digest()))
    return [label for _, label in ordered]


def by_meaning(scene: tuple[str, tuple[str, ...]], clips: Sequence[tuple[str, int]]) -> list[tuple[float, int]]:
    """Return each clip's nearness and label, nearest first, as the library ranks them."""
    text, terms = scene
    near = nearness(text, terms, [words.replace("-", " ") for words, _ in clips])
    return sorted(zip(near, (label for _, label in clips), strict=True), key=lambda clip: -clip[0])


def main() -> int:
    ranked = {scene: by_meaning(scene, clips) for scene, clips in SCENES.items()}
    orders: dict[str, list[list[int]]] = {
        "by words": [as_sites_do(scene, clips) for scene, clips in SCENES.items()],
        "by meaning": [[label for _, label in clips] for clips in ranked.values()],
    }
    measures: dict[str, Callable[[Order], float]] = {"first suits": suits, "first shows it": shows, "NDCG of three": ndcg}
    means = {name: {what: statistics.mean(map(measure, lists)) for what, measure in measures.items()} for name, lists in orders.items()}
    means["chance"] = {
        what: statistics.mean(measure(order) for labels in orders["by words"] for order in itertools.permutations(labels))
        for what, measure in measures.items()
    }
    print(f"{sum(map(len, SCENES.values()))} pairs of a scene and a clip, {len(SCENES)} scenes")
    for name in ("chance", "by words", "by meaning"):
        print(f"{name:14}" + "".join(f"{what} {value:.2f}   " for what, value in means[name].items()))
    kept = [(near >= FAR, label) for clips in ranked.values() for near, label in clips]
    lost = sum(not stays for stays, label in kept if label == 2) / sum(label == 2 for _, label in kept)
    strangers = sum(not stays for stays, label in kept if label == 0) / sum(label == 0 for _, label in kept)
    print(f"threshold {FAR}: leaves out {strangers:.0%} of what does not suit and {lost:.0%} of what shows the scene")
    rival = {what: max(means["chance"][what], means["by words"][what]) for what in measures}
    bars = {
        "first suits: 0.15 over the site's order": means["by meaning"]["first suits"] >= rival["first suits"] + 0.15,
        "NDCG: 0.15 over the site's order": means["by meaning"]["NDCG of three"] >= rival["NDCG of three"] + 0.15,
        "at least half of what does not suit left out": strangers >= 0.5,
        "at most a tenth of what shows it left out": lost <= 0.1,
    }
    for name, holds in bars.items():
        print(f"{'ok  ' if holds else 'MISS'} {name}")
    return 0 if all(bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
