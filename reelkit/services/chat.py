"""Answers from a model, over any server that speaks OpenAI's chat completions: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp.

Sources: OpenAI API reference, Chat completions (response_format, max_completion_tokens, usage); OpenRouter API reference (usage.cost,
errors in a body of status 200); the servers' own pages on what they take of it (max_tokens, response_format).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import openai

from reelkit.errors import ScriptError
from reelkit.model import ServiceCall
from reelkit.services.calls import Calls, Trouble, trouble_of_status
from reelkit.services.openai_client import broken, open_client, refusal

__all__ = ["Chat", "Message", "OverBudget", "Price"]

Message = dict[str, str]

_ANSWER_BYTES = 1_000_000
_ANSWER_TOKENS = 8000
"""What a draft may take, with what a reasoning model thinks before it."""
_LESS_FORM = frozenset({400, 415, 422, 501})
"""What servers say to a form of answer that they do not know."""


class OverBudget(ScriptError):
    """The next call could cost more than the brand lets a reel cost."""


class Price:
    """What a model's tokens cost, in US dollars per million."""

    def __init__(self, input_usd: float, output_usd: float) -> None:
        self.input_usd = input_usd
        self.output_usd = output_usd

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return what so many tokens cost.

        Examples
        --------
        >>> Price(0.5, 2.0).of(1_000_000, 500_000)
        1.5
        """
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / 1e6


class Chat:
    """A model on a server.

    Parameters
    ----------
    model, base_url : str
    key : str, optional
        None where the server asks for none.
    price : Price, optional
        Without it, costs are not known unless the server tells them.
    max_usd : float, optional
        What the reel may cost; needs a price.
    spent_usd : float
        What the reel has cost already.
    answered : callable
        Told of every call that was answered.
    hints : mapping
        What to do about an HTTP status, where more is known of the server than its status tells.
    call_s : float
        How long one attempt may take.
    """

    def __init__(
        self,
        *,
        model: str,
        base_url: str,
        key: str | None,
        answered: Callable[[ServiceCall], object],
        price: Price | None = None,
        max_usd: float | None = None,
        spent_usd: float = 0.0,
        hints: Mapping[int, str] | None = None,
        call_s: float = 120.0,
    ) -> None:
        self._model = model
        self._host = urlsplit(base_url).netloc
        self._answered = answered
        self._price = price
        self._max_usd = max_usd
        self._spent_usd = spent_usd
        self._hints = dict(hints or {})
        self._form = 0
        self._client = open_client(base_url=base_url, key=key, call_s=call_s, answer_bytes=_ANSWER_BYTES)

    def ask(self, messages: Sequence[Message], *, schema: dict[str, Any], calls: Calls) -> str:
        """Return the model's answer as text.

        It is asked for JSON by the schema; where the server does not know that, for JSON; where it does not know that either, for what
        the messages say. The form that worked is used from then on.

        Raises
        ------
        ServiceError
            When the server does not answer well.
        OverBudget
            When the call could break the limit of what the reel may cost.
        """
        text, call = calls.make(lambda: self._ask_in_some_form(list(messages), schema))
        self._answered(call)
        return text

    def _ask_in_some_form(self, messages: list[Message], schema: dict[str, Any]) -> tuple[str, ServiceCall]:
        forms: list[dict[str, Any]] = [
            {"response_format": {"type": "json_schema", "json_schema": {"name": "script", "strict": True, "schema": schema}}},
            {"response_format": {"type": "json_object"}},
            {},
        ]
        for number in range(self._form, len(forms)):
            try:
                answer = self._ask_once(messages, forms[number])
            except Trouble as trouble:
                if trouble.status not in _LESS_FORM or number == len(forms) - 1:
                    raise
            else:
                self._form = number
                return answer
        raise AssertionError("the last form is answered or raises")

    def _ask_once(self, messages: list[Message], form: dict[str, Any]) -> tuple[str, ServiceCall]:
        worst_usd = self._reserve(messages, form)
        limit = "max_completion_tokens" if self._host.endswith("openai.com") else "max_tokens"
        try:
            raw = self._client.chat.completions.with_raw_response.create(
                model=self._model, messages=messages, **{limit: _ANSWER_TOKENS}, **form
            )
            status, body = raw.status_code, raw.text
        except openai.APIStatusError as error:
            # Refused requests are not billed; of one that was cut nobody knows.
            self._spent_usd -= worst_usd
            raise refusal(error, self._hints) from None
        except openai.OpenAIError as error:
            raise broken(error, field="script.base_url") from None
        text, usage = _read(body, str(raw.headers.get("content-type", "")), status)
        call = self._counted(usage, worst_usd)
        self._spent_usd += (worst_usd if call.usd is None else call.usd) - worst_usd
        return text, call

    def _reserve(self, messages: list[Message], form: dict[str, Any]) -> float:
        """Set aside what a call costs at worst: no tokenizer makes more tokens than a text has bytes."""
        if self._price is None:
            return 0.0
        sent = len(json.dumps([messages, form], ensure_ascii=False).encode())
        worst_usd = self._price.of(sent, _ANSWER_TOKENS)
        if self._max_usd is not None and self._spent_usd + worst_usd > self._max_usd:
            raise OverBudget(
                f"{self._model} at {self._host}: the next draft could cost ${worst_usd:.4f}; with ${self._spent_usd:.4f} spent that "
                f"would break the reel's limit of ${self._max_usd:g}; raise script.max_cost_usd or take a cheaper model"
            )
        self._spent_usd += worst_usd
        return worst_usd

    def _counted(self, usage: dict[str, Any], worst_usd: float) -> ServiceCall:
        tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
        sent, written = (count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None for count in tokens)
        told = usage.get("cost")
        usd: float | None = None
        if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told < float("inf"):
            usd = float(told)
        elif self._price is not None:
            usd = worst_usd if sent is None or written is None else self._price.of(sent, written)
        return ServiceCall(service=self._host, model=self._model, input_tokens=sent or 0, output_tokens=written or 0, usd=usd)

    def __repr__(self) -> str:
        return f"<Chat {self._model} at {self._host}>"


def _read(body: str, content_type: str, status: int) -> tuple[str, dict[str, Any]]:
    """Return the text and the usage that stand in a body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        kind = content_type.partition(";")[0].strip()[:40] or "nothing that says what it is"
        raise Trouble(f"answered {status} with no JSON ({kind})", passes=True, hint="check script.base_url") from None
    said = found.get("error") if isinstance(found, dict) else None
    if said:
        code, message = (said.get("code"), said.get("message")) if isinstance(said, dict) else (None, said)
        known = code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599 else 500
        raise trouble_of_status(known, {}, said=str(message or ""))
    try:
        content = found["choices"][0]["message"]
        text = content.get("content") or ""
        if isinstance(text, list):
            text = "".join(part["text"] for part in text if isinstance(part, dict) and isinstance(part.get("text"), str))
        if not text and isinstance(content.get("refusal"), str):
            text = content["refusal"]
        if not isinstance(text, str):
            raise TypeError
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Trouble("answered with JSON that is no chat completion", passes=True, hint="check script.base_url") from None
    usage = found.get("usage")
    return text, usage if isinstance(usage, dict) else {}
