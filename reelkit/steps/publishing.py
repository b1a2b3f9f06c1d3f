"""What is written beside a reel where it is published: title, description with credits, hashtags, and that it is AI-generated.

Limits and their sources:

=========  ======================  ===================================  ========  =====================================================
platform   title                   description                          hashtags  source
=========  ======================  ===================================  ========  =====================================================
TikTok     its caption's 1st line  2200 UTF-16 units, all in one        5         Content Posting API, Direct Post: post_info.title
Reels      its caption's 1st line  2200 characters, all in one          5 of 30   Instagram Platform, IG User media: caption
Shorts     100 characters          5000 bytes of UTF-8, no ``<`` ``>``  5 of 60   YouTube Data API, videos: snippet.title, .description
=========  ======================  ===================================  ========  =====================================================

Five hashtags are enough everywhere; Instagram takes 30, and YouTube ignores all of them from the 61st on. The flag is ``is_aigc`` on
TikTok and ``status.containsSyntheticMedia`` on YouTube; on Instagram it is set by hand ("AI info").
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reelkit.model import Blurb, Clip, Script, Timeline, Value

__all__ = ["PlatformText", "Publishing", "hashtags_of", "publishing_text"]

HASHTAGS = 5
_TITLE_CHARS = 100
_TAG_CHARS = 30
_BODY_CHARS = 220


class PlatformText(Value):
    """What one platform is given. The description holds all that is pasted below the video, credits and hashtags too."""

    title: str
    description: str
    hashtags: tuple[str, ...]
    ai_generated: bool


class Publishing(Value):
    """``publishing.json``: a text for each platform."""

    tiktok: PlatformText
    reels: PlatformText
    shorts: PlatformText


@dataclass(frozen=True)
class _Platform:
    has_title: bool
    most: int
    length: Callable[[str], int]


_PLATFORMS = {
    "tiktok": _Platform(False, 2200, lambda text: len(text.encode("utf-16-le")) // 2),
    "reels": _Platform(False, 2200, len),
    "shorts": _Platform(True, 5000, lambda text: len(text.encode())),
}


def publishing_text(script: Script, timeline: Timeline, *, ai_generated: bool) -> Publishing:
    """Return what a reel is published with.

    Its writer's own words are taken where it gave some; else the topic is the title, and the first lines are the description.

    Parameters
    ----------
    script : Script
    timeline : Timeline
        Whose clips are credited; drawn backdrops and the brand's own intro and outro need no credit.
    ai_generated : bool
        Whether a model wrote or spoke any of it.
    """
    blurb = script.blurb or Blurb()
    title = _cut(_plain(blurb.title) or _plain(script.topic) or timeline.brand, _TITLE_CHARS)
    body = _plain(blurb.description) or _plain(_first_lines(script))
    tags = hashtags_of(blurb.hashtags) or _tags_from(script, timeline.brand)
    credits = _credits(dict.fromkeys(shot.clip.id for shot in timeline.shots), {shot.clip.id: shot.clip for shot in timeline.shots})
    texts = {
        name: PlatformText(
            title=title,
            description=_description("" if platform.has_title else title, body, credits, tags, platform),
            hashtags=tags,
            ai_generated=ai_generated,
        )
        for name, platform in _PLATFORMS.items()
    }
    return Publishing(**texts)


def hashtags_of(given: Iterable[str]) -> tuple[str, ...]:
    """Return at most five hashtags, each once, of letters and digits only.

    Examples
    --------
    >>> hashtags_of(["#Cold Brew", "coldbrew", "2024", "café!"])
    ('ColdBrew', 'café')
    """
    found: dict[str, str] = {}
    for text in given:
        tag = "".join(char for char in unicodedata.normalize("NFC", text) if char.isalnum() or unicodedata.category(char)[0] == "M")
        if 2 <= len(tag) <= _TAG_CHARS and not tag.isdigit():
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())[:HASHTAGS]


def _tags_from(script: Script, brand: str) -> tuple[str, ...]:
    """Return what most of the pictures show, and the brand."""
    terms = [dict.fromkeys(term.lower().split()) for scene in script.scenes for term in scene.search_terms]
    words = Counter(word for term in terms for word in term if len(word) > 3)
    named = [word for word, _ in words.most_common(HASHTAGS - 1)]
    return hashtags_of([*named, brand])


def _first_lines(script: Script) -> str:
    text = script.scenes[0].text
    for scene in script.scenes[1:]:
        if len(text) + len(scene.text) >= _BODY_CHARS:
            break
        text += f" {scene.text}"
    return _cut(text, _BODY_CHARS)


def _credits(order: Iterable[str], clips: dict[str, Clip]) -> list[str]:
    lines = []
    for name in order:
        clip = clips[name]
        if not (clip.is_drawn or clip.is_insert):
            parts = (clip.credit.author, clip.credit.licence, clip.credit.page_url)
            lines.append(_plain(", ".join(part for part in parts if part)))
    return list(dict.fromkeys(line for line in lines if line))


def _description(title: str, body: str, credits: list[str], tags: tuple[str, ...], platform: _Platform) -> str:
    """Return all that fits: where it is too much, the body gives way first, then the last credits, which credits.txt has too."""
    shown, said = list(credits), body
    while True:
        more = len(credits) - len(shown)
        named = [f"Footage: {'; '.join(shown)}" + (f"; and {more} more" if more else "")] if shown else []
        blocks = [title, said, *named, " ".join(f"#{tag}" for tag in tags)]
        text = "\n\n".join(block for block in blocks if block)
        over = platform.length(text) - platform.most
        if over <= 0:
            return text
        if said:
            said = _cut(said, max(len(said) - max(over // 4, 1), 0))
        elif shown:
            shown.pop()
        else:
            return _cut(title, _TITLE_CHARS)


def _plain(text: str) -> str:
    """Return one line without what YouTube refuses."""
    shown = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text)
    return " ".join(re.sub("[<>]", lambda found: "‹" if found[0] == "<" else "›", shown).split())


def _cut(text: str, chars: int) -> str:
    """Return a text of at most so many characters, cut between words where it can be."""
    if len(text) <= chars:
        return text
    if chars < 2:
        return ""
    kept = text[: chars - 1]
    head, space, _ = kept.rpartition(" ")
    return (head if space and len(head) > chars // 2 else kept).rstrip(" ,;:.–—") + "…"
