"""Scripts from a brand's own deck: the facts and lines that it wrote itself.

A deck holds topics. A topic is one line of thought: its points stand in the order in which they may be said, the first one answers
the hooks and is always said, and what follows from a point hangs under it (``then``), so that a pronoun or a "So" always has the
sentence that it leans on right before it. The writer leaves points out; it never shuffles them, and so the prose stays one piece.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from reelkit.errors import ScriptError
from reelkit.model import Scene, Script, ScriptRequest, Value, one_line
from reelkit.services.pace import Pace, SecondsOf, SentenceEnds
from reelkit.yamlfile import read_value, shown_path

__all__ = ["Deck", "DeckWriter", "Line", "Point", "Topic", "facts_of", "read_deck"]

SCENE_WORDS = 35
HOOK_WORDS = 15
TOLERANCE = 0.09
"""How far a script's length may be from the one asked for, as a share of it: 10 % is promised, 1 % is left to the voice."""
_BIN_S = 0.05
# What is welcome in a script, where being off by all of the tolerance costs 1 and speech that is all of due points earns 1.
_OUT_OF_TURN = -2.0
_WITHOUT_A_TURN = -1.0
_SHORTENED = -0.1

Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]


def _two_to_four(terms: tuple[str, ...]) -> tuple[str, ...]:
    if terms and not 2 <= len(terms) <= 4:
        raise ValueError(f"it must have 2 to 4 search terms, it has {len(terms)}")
    return terms


Terms = Annotated[tuple[Term, ...], AfterValidator(_two_to_four)]


def _line_of(words: int) -> AfterValidator:
    def check(text: str) -> str:
        text = one_line(text)
        if not text.rstrip("\"'”’)").endswith((".", "!", "?", "…")):
            raise ValueError("it must end with . ! or ?")
        if len(text.split()) > words:
            raise ValueError(f"it has {len(text.split())} words; at most {words} fit, so split it or say it shorter")
        return text

    return AfterValidator(check)


Said = Annotated[str, Field(min_length=1), _line_of(SCENE_WORDS)]
Hook = Annotated[str, Field(min_length=1), _line_of(HOOK_WORDS)]


class Line(Value):
    """Something to say, a sentence or two, and what to show meanwhile. In the file a line without ``show`` may be just its text."""

    say: Said
    show: Terms = Field(default=(), description="2 to 4 search terms, concrete and visible; the topic's where empty")
    emphasis: str = Field(default="", max_length=40, description="key words that stand large while they are said")
    icon: str = Field(default="", max_length=40, description="a sign above them, by its name at lucide.dev/icons")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        return {"say": data} if isinstance(data, str) else data


class Point(Line):
    """A fact, and what may be said right after it, in order."""

    short: Said | None = Field(default=None, description="the same in fewer words, for when time is short")
    then: tuple[Line, ...] = Field(default=(), max_length=4, description="continuations; each needs those before it")


class Topic(Value):
    """One line of thought."""

    title: str = Field(min_length=1)
    show: Terms = Field(min_length=2, description="2 to 4 search terms for the hook and the turn")
    hooks: tuple[Hook, ...] = Field(min_length=1, description="first lines, one of which is used; at most 15 words")
    points: tuple[Point, ...] = Field(min_length=3, description="in the order they may be said; the first is always said")
    turns: tuple[Line, ...] = Field(min_length=1, description="what it comes to, one of which is said before the call to action")


class Deck(Value):
    """A brand's topics and its closing lines."""

    calls_to_action: tuple[Line, ...] = Field(default=(), description="closing lines for brands that give none")
    topics: tuple[Topic, ...] = Field(min_length=1)

    @field_validator("topics")
    @classmethod
    def _told_apart(cls, topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
        title, count = Counter(topic.title.casefold() for topic in topics).most_common(1)[0]
        if count > 1:
            raise ValueError(f"{count} topics are titled '{title}'; each needs a title of its own")
        return topics


def read_deck(path: Path) -> Deck:
    """Read a deck.

    Raises
    ------
    BrandError
        With one line: file, line, field and what was expected.
    """
    return read_value(path, Deck, what=f"deck '{path.stem}'")


def facts_of(topic: Topic) -> tuple[str, ...]:
    """Return all that a topic says is true, in order: its points with what hangs under them, and what it comes to."""
    points = [line.say for point in topic.points for line in (point, *point.then)]
    return (*points, *(turn.say for turn in topic.turns))


@dataclass(frozen=True)
class _Option:
    """One way to say a part of the script: its scenes, their seconds with a scene pause each, and how welcome it is."""

    scenes: tuple[Scene, ...]
    seconds: float
    welcome: float


class DeckWriter:
    """Writes scripts from a deck.

    Topic seed 1 is the deck's first topic, 2 the second, and so on; after the last the first comes again with another hook, other
    points and another turn. A topic thus returns only after all others, whichever seed a series starts from.

    Parameters
    ----------
    deck : Path
        A YAML file, see :class:`Deck`.
    seconds_of : callable
        Spoken length in seconds of one sentence in the brand's voice.
    sentence_ends : callable
        Where sentences end among words.

    Raises
    ------
    BrandError
        When the deck cannot be read.
    """

    def __init__(self, deck: Path, *, seconds_of: SecondsOf, sentence_ends: SentenceEnds) -> None:
        self._path = deck
        self.deck = read_deck(deck)
        self._pace = Pace(seconds_of, sentence_ends)

    def write(self, request: ScriptRequest) -> Script:
        """Write a script whose spoken length is within 10 % of ``request.length_s``.

        Raises
        ------
        ScriptError
            When the topic's lines cannot make that length, or banned words leave too few of them.
        """
        cycle, index = divmod(request.topic_seed - 1, len(self.deck.topics))
        topic = self.deck.topics[index]
        hooks = [Line(say=hook, show=topic.show) for hook in topic.hooks]
        turns = [turn.model_copy(update={"show": turn.show or (*topic.show[1:], topic.show[0])}) for turn in topic.turns]
        parts = [
            self._one_of(hooks, "hook", cycle, topic, request),
            *self._points(topic, cycle, request),
            [*self._one_of(turns, "turn", cycle, topic, request), _Option((), 0.0, _WITHOUT_A_TURN)],
            self._one_of(self._calls(topic, request), "call to action", request.topic_seed - 1, topic, request),
        ]
        return Script.of(topic.title, self._fit(parts, topic, request))

    def _one_of(self, lines: Sequence[Line], what: str, turn: int, topic: Topic, request: ScriptRequest) -> list[_Option]:
        """Return the lines as options, of which the one whose turn it is gives way only where the length asks for another."""
        allowed = [line for line in lines if request.banned_word_in(line.say) is None]
        if not allowed:
            word = request.banned_word_in(lines[0].say)
            self._refuse(topic, f"every {what} says a word that brand '{request.slug}' bans ('{word}'); add one that does not")
        scenes = [_scene(line, line.show) for line in allowed]
        due = turn % len(scenes)
        return [self._option([scene], 0.0 if number == due else _OUT_OF_TURN, request) for number, scene in enumerate(scenes)]

    def _points(self, topic: Topic, cycle: int, request: ScriptRequest) -> list[list[_Option]]:
        """Return the ways to say each point: not at all (but for the first), alone, or with its continuations."""
        said: list[tuple[Point, list[Line]]] = []
        for point in topic.points:
            chain: list[Line] = []
            for line in (point, *point.then):
                if request.banned_word_in(line.say) is not None:
                    break
                chain.append(line)
            if chain:
                said.append((point, chain))
        if len(said) < 2:
            self._refuse(topic, f"brand '{request.slug}' bans words in all but {len(said)} of its points; add points without them")
        # The second round prefers the points that the first left out, and so on in pairs.
        digest = hashlib.sha256(f"{topic.title}\n{cycle // 2}".encode()).digest()
        rank = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "big"))).permutation(len(said))
        parts: list[list[_Option]] = []
        for number, (point, chain) in enumerate(said):
            due = (rank[number] + cycle) % 2 == 0
            show = point.show or topic.show
            told = [self._option(_scenes(chain[:depth], show), 0.0, request) for depth in range(1, len(chain) + 1)]
            options = [replace(option, welcome=due * option.seconds / request.length_s) for option in told]
            if point.short and request.banned_word_in(point.short) is None:
                options.append(self._option([_scene(point.model_copy(update={"say": point.short}), show)], _SHORTENED, request))
            parts.append(options if number == 0 else [_Option((), 0.0, 0.0), *options])
        return parts

    def _calls(self, topic: Topic, request: ScriptRequest) -> list[Line]:
        terms = request.fallback_terms[:4] if len(request.fallback_terms) >= 2 else topic.show
        if request.call_to_action:
            return [Line.model_construct(say=request.call_to_action, show=terms)]
        if not self.deck.calls_to_action:
            self._refuse(topic, f"brand '{request.slug}' has no script.call_to_action and the deck no calls_to_action; add one to either")
        return [call.model_copy(update={"show": call.show or terms}) for call in self.deck.calls_to_action]

    def _option(self, scenes: Sequence[Scene], welcome: float, request: ScriptRequest) -> _Option:
        seconds = sum(self._pace.scene_s(scene.text, request) + request.scene_pause_ms / 1000 for scene in scenes)
        return _Option(tuple(scenes), seconds, welcome)

    def _fit(self, parts: list[list[_Option]], topic: Topic, request: ScriptRequest) -> list[Scene]:
        """Choose one option of each part so that the whole is as long as asked and as welcome as can be.

        A knapsack by dynamic programming: of all partial scripts that are equally long (to 50 ms) only the most welcome is kept.
        """
        target = request.length_s
        outer = (request.tail_ms - request.scene_pause_ms) / 1000
        best: dict[int, tuple[float, float, tuple[Scene, ...]]] = {round(outer / _BIN_S): (0.0, outer, ())}
        for options in parts:
            longer: dict[int, tuple[float, float, tuple[Scene, ...]]] = {}
            for welcome, seconds, scenes in best.values():
                for option in options:
                    total = seconds + option.seconds
                    found = (welcome + option.welcome, total, scenes + option.scenes)
                    slot = round(total / _BIN_S)
                    if slot not in longer or longer[slot][0] < found[0]:
                        longer[slot] = found
            best = longer
        within = [found for found in best.values() if abs(found[1] - target) <= TOLERANCE * target]
        if not within:
            self._misses(sorted(found[1] for found in best.values()), topic, target)
        return list(max(within, key=lambda found: found[0] - abs(found[1] - target) / (TOLERANCE * target))[2])

    def _misses(self, lengths: list[float], topic: Topic, target: float) -> NoReturn:
        low, high = (1 - TOLERANCE) * target, (1 + TOLERANCE) * target
        if lengths[-1] < low:
            self._refuse(
                topic,
                f"all its lines make {lengths[-1]:.1f} s, {low - lengths[-1]:.1f} s too few for a script of {target:g} s; "
                f"add points of about {low - lengths[-1] + 3:.0f} s, or set script.length_s to {lengths[-1]:.0f}",
            )
        if lengths[0] > high:
            self._refuse(
                topic,
                f"its shortest script takes {lengths[0]:.1f} s, {lengths[0] - high:.1f} s too many for one of {target:g} s; "
                f"shorten its hooks and its first point, or set script.length_s to {lengths[0]:.0f}",
            )
        near = min(lengths, key=lambda length: abs(length - target))
        self._refuse(topic, f"the nearest it comes to {target:g} s is {near:.1f} s; add a point of about {abs(near - target):.0f} s")

    def _refuse(self, topic: Topic, why: str) -> NoReturn:
        raise ScriptError(f"deck '{self._path.stem}', topic '{topic.title}': {why} ({shown_path(self._path)})")

    def __repr__(self) -> str:
        return f"<DeckWriter {self._path.name}: {len(self.deck.topics)} topics>"


def _scene(line: Line, terms: tuple[str, ...]) -> Scene:
    return Scene(text=line.say, search_terms=terms, emphasis=line.emphasis, icon=line.icon)


def _scenes(chain: Sequence[Line], show: tuple[str, ...]) -> list[Scene]:
    """Return the scenes of a point: a continuation joins the line before it where both fit into one scene."""
    scenes: list[Scene] = []
    joined = True
    for line in chain:
        terms = line.show or show
        before = scenes[-1] if scenes else None
        if before is not None and not joined and len(f"{before.text} {line.say}".split()) <= SCENE_WORDS:
            mixed = tuple(dict.fromkeys((*before.search_terms[:2], *terms[:2], *before.search_terms[2:], *terms[2:])))
            scenes[-1] = Scene(
                text=f"{before.text} {line.say}",
                search_terms=mixed[:4],
                emphasis=before.emphasis or line.emphasis,
                icon=before.icon or ("" if before.emphasis else line.icon),
            )
            joined = True
        else:
            scenes.append(_scene(line, terms))
            joined = False
    return scenes
