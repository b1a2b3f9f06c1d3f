"""A model's answer, read as a script: JSON by the schema, or what a tolerant reader makes of something like it."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from reelkit.model import Blurb, Scene, Script, ScriptRequest, one_line
from reelkit.services.markup import paragraphs_of
from reelkit.services.search_terms import search_terms_of

__all__ = ["DRAFT_SCHEMA", "UnreadableDraft", "read_draft"]

MOST_WORDS = 900
"""What 180 s can hold at five words a second; more is not judged, it is not a script."""
_TEXT_CHARS, _TITLE_CHARS, _EMPHASIS_CHARS = 20_000, 200, 40


def _texts(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _object(**properties: Any) -> dict[str, Any]:
    # Strict structured output wants every field named as required and no others.
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


DRAFT_SCHEMA: dict[str, Any] = _object(
    topic={"type": "string", "description": "what the script is about, as a short title"},
    scenes={
        "type": "array",
        "description": "in the order in which they are said",
        "items": _object(
            text={"type": "string", "description": "one or two spoken sentences, at most 35 words"},
            search_terms=_texts("2 to 4 for stock footage: English, concrete, visible"),
            emphasis={"type": "string", "description": "1 to 4 words of the text that stand large while they are said; mostly empty"},
            icon={"type": "string", "description": "a simple sign above them, by its name in Lucide's set; mostly empty"},
        ),
    },
    title={"type": "string", "description": "announces the video, at most 70 characters"},
    description={"type": "string", "description": "one or two sentences below the video, without hashtags"},
    hashtags=_texts("3 to 5, without #"),
)
"""The schema of :class:`reelkit.model.Script` as a model fills it in: the voiceover follows from the scenes."""

_TOPIC = ("topic", "title", "subject")
_SCENES = ("scenes", "script", "segments", "shots")
_TEXT = ("text", "narration", "voiceover", "say", "line")
_EMPHASIS = ("emphasis", "key_words", "keyword", "highlight")
_TERMS = ("search_terms", "terms", "keywords", "searchTerms", "visuals", "footage")


class UnreadableDraft(Exception):
    """An answer that no script can be read from; ``str(error)`` says to its writer why."""


def read_draft(text: str, request: ScriptRequest) -> Script:
    """Read an answer.

    Thoughts before the answer, code fences, comments around it, trailing commas and other names for the fields do no harm. Without any
    JSON, Markdown is read: a heading, then a paragraph for every scene. Scenes that lack search terms get what their text names.

    Raises
    ------
    UnreadableDraft
        When there is no script in it.

    Examples
    --------
    >>> request = ScriptRequest(brand_name="N", slug="n", topic_seed=1, length_s=30)
    >>> read_draft('Sure! {"topic": "Tea", "scenes": [{"text": "Tea is old.", "terms": "tea cup, steam"}],}', request).scenes[0]
    Scene(text='Tea is old.', search_terms=('tea cup', 'steam'))
    """
    text = re.sub(r"<think(?:ing)?>.*?</think(?:ing)?>", "", text, flags=re.DOTALL | re.IGNORECASE)
    found = next(_objects(text), None)
    script = _from_markdown(text, request) if found is None else _from_object(found, request)
    if script.word_count > MOST_WORDS:
        raise UnreadableDraft(f"it has {script.word_count} words, which no reel can say")
    return script


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a text that have scenes, the first ones first."""
    decoder = json.JSONDecoder()
    for candidate in (text, re.sub(r",(\s*[}\]])", r"\1", text)):
        start = candidate.find("{")
        while start >= 0:
            try:
                value, end = decoder.raw_decode(candidate, start)
            except (ValueError, RecursionError):
                # Answers hold few braces; one that holds thousands of open ones is no answer.
                end = start + 1 if candidate.count("{") < 500 else len(candidate)
            else:
                if isinstance(value, dict):
                    inner = [value, *(each for each in value.values() if isinstance(each, dict))]
                    yield from (each for each in inner if isinstance(_first(each, _SCENES), list))
            start = candidate.find("{", end)


def _first(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((data[name] for name in names if data.get(name)), None)


def _from_object(data: dict[str, Any], request: ScriptRequest) -> Script:
    scenes = []
    for item in _first(data, _SCENES):
        given = item if isinstance(item, dict) else {"text": item}
        said = _line(_first(given, _TEXT), _TEXT_CHARS)
        if said:
            emphasis = _line(_first(given, _EMPHASIS), _TEXT_CHARS)
            shown = {
                "emphasis": emphasis if len(emphasis) <= _EMPHASIS_CHARS else "",
                "icon": _icon(_line(given.get("icon"), _TITLE_CHARS)),
            }
            scenes.append(Scene(text=said, search_terms=_terms(_first(given, _TERMS), said, request), **shown))
    if not scenes:
        raise UnreadableDraft("none of its scenes has a text")
    topic = _line(_first(data, _TOPIC), _TITLE_CHARS)
    if not topic:
        raise UnreadableDraft("it has no topic")
    hashtags = data.get("hashtags")
    tags = hashtags.split() if isinstance(hashtags, str) else hashtags if isinstance(hashtags, list) else []
    blurb = Blurb(
        title=_line(data.get("title"), _TITLE_CHARS),
        description=_line(data.get("description"), 2000),
        hashtags=tuple(filter(None, (_line(tag, 60).lstrip("#") for tag in tags[:20]))),
    )
    return Script.of(topic, scenes).model_copy(update={"blurb": blurb if blurb != Blurb() else None})


def _from_markdown(text: str, request: ScriptRequest) -> Script:
    title, paragraphs = paragraphs_of(text[:_TEXT_CHARS])
    topic = _line(title, _TITLE_CHARS)
    # A refusal, or a question back, is prose too; a script has a heading and scenes.
    if not topic or len(paragraphs) < 2 or "{" in text:
        raise UnreadableDraft("there is no JSON object with scenes in it")
    scenes = []
    for paragraph in paragraphs:
        said = _line(paragraph.text, _TEXT_CHARS)
        if any(char.isalnum() for char in said):
            scenes.append(Scene(text=said, search_terms=_terms(list(paragraph.terms or ()), said, request)))
    if not scenes:
        raise UnreadableDraft("it says nothing")
    return Script.of(topic, scenes)


def _terms(given: Any, said: str, request: ScriptRequest) -> tuple[str, ...]:
    listed = re.split(r"[,;]", given) if isinstance(given, str) else given if isinstance(given, list) else []
    terms = list(dict.fromkeys(filter(None, (_line(term, 60) for term in listed[:8]))))
    if len(terms) < 2:
        english = said if request.language.startswith("en") else ""
        terms += search_terms_of(english, fallback_terms=request.fallback_terms)
    return tuple(dict.fromkeys(terms))[:4]


def _icon(name: str) -> str:
    """Return an icon's name as its set spells it, empty where it has none of that name: a sign is no reason to refuse a script."""
    slug = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
    return slug if slug in _icon_names() else ""


@functools.lru_cache(maxsize=1)
def _icon_names() -> frozenset[str]:
    import lucide

    return frozenset(lucide.get_icon_list())


def _line(value: Any, chars: int) -> str:
    """Return a text as one clean line: no control characters, no halves of characters, no emphasis marks."""
    if not isinstance(value, str):
        return ""
    whole = value[:chars].encode("utf-8", "ignore").decode()
    shown = "".join(" " if unicodedata.category(char) == "Cc" else char for char in whole)
    return one_line(re.sub(r"\*\*|__|`", "", shown))
