"""Ranking by meaning against a site's own order: scenes, and what a search for their terms may offer.

Each scene of ``_scenes.py`` has six clips, described as Pexels' page names and Pixabay's tags describe theirs: nearly all hold a searched
word or near it, and half of them mean something else. Scenes, clips and labels were written by hand for this benchmark; nothing was taken
from the sites, whose own order for these searches nobody here knows. It is stood in for twice: by chance (the mean over all orders),
and by how many of the searched words a description holds, as searches go, with ties in an order that has nothing to do with meaning.

Threshold and mixture were chosen on one set of scenes; the other was written afterwards, and nothing was tuned to it. Both have the
same bars. For each order: the share of scenes whose first clip suits (label 1 or 2) and shows (2) it, and NDCG over the first three
(Järvelin and Kekäläinen 2002). The threshold is judged by what it leaves out.

Run it: ``python -m benchmarks.relevance``. It exits with 1 when a bar is missed.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import statistics
import sys
from collections.abc import Callable, Sequence

from benchmarks._scenes import HELD_OUT, TUNED, Scenes
from reelkit.services.meaning import FAR, nearness
from reelkit.services.word_stems import stems_of

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


def judge(name: str, scenes: Scenes) -> bool:
    """Print what one set of scenes shows; return whether every bar holds."""
    ranked = {scene: by_meaning(scene, clips) for scene, clips in scenes.items()}
    orders: dict[str, list[list[int]]] = {
        "by words": [as_sites_do(scene, clips) for scene, clips in scenes.items()],
        "by meaning": [[label for _, label in clips] for clips in ranked.values()],
    }
    measures: dict[str, Callable[[Order], float]] = {"first suits": suits, "first shows it": shows, "NDCG of three": ndcg}
    means = {name: {what: statistics.mean(map(measure, lists)) for what, measure in measures.items()} for name, lists in orders.items()}
    means["chance"] = {
        what: statistics.mean(measure(order) for labels in orders["by words"] for order in itertools.permutations(labels))
        for what, measure in measures.items()
    }
    print(f"{name}: {sum(map(len, scenes.values()))} pairs of a scene and a clip, {len(scenes)} scenes")
    for way in ("chance", "by words", "by meaning"):
        print(f"{way:14}" + "".join(f"{what} {value:.2f}   " for what, value in means[way].items()))
    kept = [(near >= FAR, label) for clips in ranked.values() for near, label in clips]
    lost = sum(not stays for stays, label in kept if label == 2) / sum(label == 2 for _, label in kept)
    strangers = sum(not stays for stays, label in kept if label == 0) / sum(label == 0 for _, label in kept)
    print(f"threshold {FAR}: leaves out {strangers:.0%} of what does not suit and {lost:.0%} of what shows the scene")
    rival = {what: max(means["chance"][what], means["by words"][what]) for what in measures}
    bars = {f"{what}: over the site's order": means["by meaning"][what] > rival[what] for what in measures} | {
        "at least half of what does not suit left out": strangers >= 0.5,
        "at most a tenth of what shows it left out": lost <= 0.1,
    }
    for bar, holds in bars.items():
        print(f"{'ok  ' if holds else 'MISS'} {bar}")
    return all(bars.values())


def main() -> int:
    held = [judge("chosen on", TUNED), judge("held out", HELD_OUT)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
