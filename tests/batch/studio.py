"""A small studio: brands whose reels are short and small, so that a batch of them takes seconds."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import psutil
from PIL import Image

from tests.processes import command_of
from tests.services.servers import Conversation, answers

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
    with contextlib.suppress(psutil.Error):
        line = command_of(process)
        return "reelkit.kernel" in line and ("--forks" not in line or "--forks" in command_of(process.parent()))
    return False


TOLD = (
    ("Old tea", "Tea is older than coffee."),
    ("New cups", "New cups keep the heat."),
    ("Cold water", "Cold water draws slowly."),
)


def writes(conversation: Conversation) -> None:
    """Answer as a model that has few ideas: the first of its topics that it was not told to leave."""
    asked = conversation.server.asked[-1].body.decode()
    topic, line = next(((topic, line) for topic, line in TOLD if topic not in asked), TOLD[0])
    texts = (line, "It takes a little time, so wait for it.", "Follow Ada.")
    answers(
        {
            "topic": topic,
            "title": topic,
            "description": "Why it is so.",
            "hashtags": ["tea", "cups"],
            "scenes": [{"text": text, "search_terms": ["tea cup", "tea field"]} for text in texts],
        }
    )(conversation)


def lets_a_model_write(templates: Path, url: str) -> None:
    """Let a server write the scripts of a studio's first brand."""
    path = templates / "brands" / "ada.yaml"
    said = f"script: {{deck: ada, length_s: 4, writer: openai, model: tiny, base_url: '{url}/v1'}}\n"
    path.write_text(path.read_text().replace("script: {deck: ada, length_s: 4}\n", said))
