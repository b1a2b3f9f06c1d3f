"""A small studio: brands whose reels are short and small, so that a batch of them takes seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import psutil
from PIL import Image

BRANDS = ("ada", "bix", "cleo")
TOPICS = ("Cold brew", "Warm milk", "Old beans", "New cups", "Slow water", "Fine salt")

_BRAND = """\
name: {name}
slug: {slug}
palette: {{background: "#24150E", surface: "#4A2E1F", primary: "#C4762F", accent: "#F6BE6B", text: "#FBF3E6"}}
script: {{deck: {slug}, length_s: 4}}
footage: {{{footage}, backdrops: [gradient_flow]}}
music: {{mood: none}}
output: {{width_px: 270, height_px: 480}}
{more}"""

_TOPIC = """\
  - title: {title}
    show: [coffee, cup]
    hooks: [{title} takes time.]
    points:
      - It is worth the wait.
      - Try it.
      - Give it a day or two.
    turns: [So wait for it.]
"""


def make_studio(folder: Path, brands: Sequence[str] = BRANDS, *, topics: Sequence[str] = TOPICS, pictures: int = 0, more: str = "") -> Path:
    """Write a studio's templates and return their folder; each brand may have so many pictures of its own, which suit every scene alike."""
    templates = folder / "templates"
    for kind in ("brands", "decks"):
        (templates / kind).mkdir(parents=True, exist_ok=True)
    for slug in brands:
        footage = f"libraries: [folder, backdrops], folder: {slug}-own" if pictures else "libraries: [backdrops]"
        (templates / "brands" / f"{slug}.yaml").write_text(_BRAND.format(name=slug.title(), slug=slug, footage=footage, more=more))
        for number in range(pictures):
            path = templates / "brands" / f"{slug}-own" / f"coffee cup {number:02}.png"
            path.parent.mkdir(exist_ok=True)
            blots = Image.frombytes("L", (9, 16), hashlib.shake_256(path.name.encode()).digest(9 * 16))
            blots.resize((270, 480), Image.Resampling.BICUBIC).save(path)
        deck = "calls_to_action: [Follow us.]\ntopics:\n" + "".join(_TOPIC.format(title=title) for title in topics)
        (templates / "decks" / f"{slug}.yaml").write_text(deck)
    for shared in ("styles", "prompts"):
        if not (templates / shared).exists():
            (templates / shared).symlink_to(Path(__file__).parents[2] / "templates" / shared)
    return templates


def is_kernel(process: psutil.Process) -> bool:
    """Say whether a process is a kernel; one that is forked has the command line of what forks them."""
    line, parent = process.cmdline(), process.parent()
    return "reelkit.kernel" in line and ("--forks" not in line or (parent is not None and "--forks" in parent.cmdline()))
