"""Scripts from a language model, drafted, judged by plain code, and sent back with what was found, at most twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reelkit.errors import ReelkitError, ScriptError, ServiceError
from reelkit.model import Cache, Finding, Script, ScriptRequest, content_key
from reelkit.services.calls import Calls
from reelkit.services.chat import Chat, Message, OverBudget
from reelkit.services.drafts import DRAFT_SCHEMA, UnreadableDraft, read_draft
from reelkit.services.pace import Pace, SecondsOf, SentenceEnds
from reelkit.services.prompts import read_prompt

__all__ = ["Judge", "OpenAIWriter"]

Judge = Callable[[Script, ScriptRequest, int], list[Finding]]
"""Measures a draft, given how many words of its kind fill the reel."""
DRAFTS = 3
_QUOTED_CHARS = 20_000
_SAMPLE = (
    "Most people throw the best part away.",
    "It takes about ten minutes, a sharp knife and a little patience, and you only learn it once.",
    "So start small, keep what works, and leave the rest for another day.",
)
"""Plain prose to measure a voice's pace with, where a brand gives no facts in its own words."""


@dataclass(frozen=True)
class _Draft:
    script: Script
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.holds]

    @property
    def musts(self) -> list[Finding]:
        return [finding for finding in self.broken if finding.level == "must"]

    @property
    def rank(self) -> tuple[int, int]:
        return len(self.musts), len(self.broken)


class OpenAIWriter:
    """Writes scripts with a model.

    Parameters
    ----------
    chat : Chat
    prompt : Path
        A Markdown template, see :func:`reelkit.services.prompts.read_prompt`.
    judge : callable
        Measures drafts; ``reelkit.steps.judge_script`` does.
    seconds_of, sentence_ends : callable
        The voice's pace, and where it pauses.
    identity : str
        Names the model and its server; what decides an answer besides what it is asked.
    topic : str, optional
        What to write about; the model chooses where it is not given.
    facts : sequence of str
        What the brand says is true.
    used_topics : sequence of str
    key : str, optional
        What must stand in no text.
    cache : Cache, optional
        Keeps finished scripts: the same request is written, and paid, once.
    call_s, step_s : float
        How long one call, and the whole of :meth:`write`, may take.
    sleep : callable
        How to wait between attempts.
    """

    def __init__(
        self,
        chat: Chat,
        *,
        prompt: Path,
        judge: Judge,
        seconds_of: SecondsOf,
        sentence_ends: SentenceEnds,
        identity: str,
        topic: str | None = None,
        facts: Sequence[str] = (),
        used_topics: Sequence[str] = (),
        key: str | None = None,
        cache: Cache | None = None,
        call_s: float = 120.0,
        step_s: float = 300.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._chat = chat
        self._prompt = prompt
        self._judge = judge
        self._pace = Pace(seconds_of, sentence_ends)
        self._identity = identity
        self._topic = topic
        self._facts = tuple(facts)
        self._used_topics = tuple(used_topics)
        self._key = key
        self._cache = cache
        self._call_s, self._step_s = call_s, step_s
        self._sleep = sleep

    def write(self, request: ScriptRequest) -> Script:
        """Return the first draft that has nothing to find, else the best of three.

        Raises
        ------
        ServiceError
            When the model cannot be asked, or none of its answers can be read.
        ScriptError
            When even the best draft breaks a "must", or a draft could cost more than the reel may.
        BrandError
            When the prompt cannot be read.
        """
        asked = read_prompt(self._prompt, self._values(request))
        key = content_key("script", 1, self._identity, asked, request)
        kept = self._cache.get("scripts", key, ".json") if self._cache else None
        if kept:
            return Script.model_validate_json(kept.read_bytes())
        script = self._best(request, asked)
        if self._cache:
            with self._cache.put("scripts", key, ".json") as path:
                path.write_text(script.model_dump_json(), encoding="utf-8")
        return script

    def _best(self, request: ScriptRequest, asked: str) -> Script:
        # Seeded, so that runs are alike; by topic, so that a batch's runs do not all come back at the same moment.
        jitter = random.Random(f"{request.slug} {request.topic_seed}").random
        keys = [self._key] if self._key else []
        service = f"brand '{request.slug}': {self._identity}"
        calls = Calls(service, random=jitter, keys=keys, call_s=self._call_s, step_s=self._step_s, sleep=self._sleep)
        messages: list[Message] = [
            {"role": "system", "content": asked},
            {"role": "user", "content": f"Write script number {request.topic_seed} of the series. Answer with JSON and nothing else."},
        ]
        best: _Draft | None = None
        unread = ""
        for number in range(DRAFTS):
            try:
                answer = self._chat.ask(messages, schema=DRAFT_SCHEMA, calls=calls)
            except (OverBudget, ServiceError):
                # A draft in hand is worth more than the hope of a better one.
                if best is None or best.musts:
                    raise
                break
            try:
                draft = self._judged(read_draft(answer, request), request)
            except UnreadableDraft as error:
                unread = str(error)
                found = f"That cannot be read as a script: {unread}."
            else:
                if not draft.broken:
                    return draft.script
                best = min(best or draft, draft, key=lambda each: each.rank)
                found = "\n".join(["That draft breaks these rules:", *(f"- {_told(finding)}" for finding in draft.broken)])
            if number < DRAFTS - 1:
                messages += [
                    {"role": "assistant", "content": answer[:_QUOTED_CHARS] or "(nothing)"},
                    {"role": "user", "content": f"{found}\nMend this, keep what is good, and answer with the whole script as JSON again."},
                ]
        if best is None:
            raise calls.error(f"gave no script in {DRAFTS} answers: {unread}", "take another model, or see script.prompt")
        if best.musts:
            told = "; ".join(_told(finding) for finding in best.musts)
            raise ScriptError(f"{service} breaks a must in the best of {DRAFTS} drafts: {told}; run it again, or take another model")
        return best.script

    def _judged(self, script: Script, request: ScriptRequest) -> _Draft:
        if self._topic is not None:
            script = script.model_copy(update={"topic": self._topic})
        try:
            target = self._words_that_fit([scene.text for scene in script.scenes], request)
        except ReelkitError as error:
            raise UnreadableDraft(f"the voice cannot say it ({error})") from None
        return _Draft(script, tuple(self._judge(script, request, target)))

    def _words_that_fit(self, scenes: Sequence[str], request: ScriptRequest) -> int:
        """Return how many words like those of some scenes fill the reel, pauses included."""
        tail_s = request.tail_ms / 1000
        spoken_s = max(self._pace.script_s(scenes, request) - tail_s, 0.1)
        words = sum(len(scene.split()) for scene in scenes)
        return max(round(words * max(request.length_s - tail_s, 1.0) / spoken_s), 1)

    def _values(self, request: ScriptRequest) -> dict[str, str]:
        def listed(items: Sequence[str]) -> str:
            return "\n".join(f"- {item}" for item in items)

        return {
            "brand_name": request.brand_name,
            "tone": request.tone or "plain and friendly",
            "audience": request.audience or "people who are curious but busy",
            "language": request.language,
            "length_s": f"{request.length_s:g}",
            "word_count": str(self._words_that_fit(self._facts[:12] or _SAMPLE, request)),
            "topic": self._topic or "one of your choice that belongs to the brand",
            "topic_seed": str(request.topic_seed),
            "used_topics": "; ".join(self._used_topics) or "none",
            "facts": listed(self._facts) or "None are given; use what is generally known.",
            "banned_words": ", ".join(request.banned_words) or "(no word is banned)",
            "call_to_action": request.call_to_action or "one short sentence that asks for something easy, such as to follow",
        }

    def __repr__(self) -> str:
        return f"<OpenAIWriter {self._identity}>"


def _told(finding: Finding) -> str:
    return f"{finding.name}: {finding.measured}; the rule is {finding.norm}" + (f" ({finding.hint})" if finding.hint else "")
