"""OpenAI's own client as the writer and the voice use it: no endless answers, no retries of its own, troubles told without a key."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import openai

from reelkit.services.calls import Calls, Trouble, bounded, trouble_of_status

__all__ = ["broken", "check_server", "open_client", "refusal"]

_CONNECT_S = 10.0
_CHECK_S, _CHECK_BYTES = 15.0, 4_000_000


def open_client(*, base_url: str, key: str | None, call_s: float, answer_bytes: int) -> Any:
    """Return a client for a server that speaks OpenAI's API.

    Parameters
    ----------
    base_url : str
    key : str, optional
        None where the server asks for none.
    call_s : float
        How long one attempt may take.
    answer_bytes : int
        How long an answer may be, of whatever status.
    """
    # Retries are ours (reelkit.services.calls says why). A server without keys still gets one, as the client insists.
    return openai.OpenAI(
        api_key=key or "none",
        base_url=base_url,
        max_retries=0,
        # Calls come minutes apart: no connection waits for the next one, and none is left open.
        default_headers={"Connection": "close"},
        timeout=openai.Timeout(call_s, connect=min(_CONNECT_S, call_s)),
        http_client=_bounded_client(answer_bytes),
    )


def _bounded_client(answer_bytes: int) -> Any:
    class Bounded(openai.DefaultHttpxClient):
        def send(self, request: Any, *, stream: bool = False, **how: Any) -> Any:
            response = super().send(request, stream=True, **how)
            try:
                body = bounded(response.iter_bytes(), answer_bytes)
            finally:
                response.close()
            unpacked = {"content-encoding", "content-length", "transfer-encoding"}
            headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in unpacked]
            return type(response)(response.status_code, headers=headers, content=body, request=response.request)

    return Bounded()


def refusal(error: openai.APIStatusError, hints: Mapping[int, str]) -> Trouble:
    """Return what a status that tells of a failure means; an account without credit does not pass."""
    body = error.body if isinstance(error.body, dict) else {}
    said, code = body.get("message"), body.get("code")
    no_credit = code == "insufficient_quota"
    return trouble_of_status(
        error.status_code,
        error.response.headers,
        said=said if isinstance(said, str) else "",
        hints={**hints, **({429: "the account has no credit left; add some"} if no_credit else {})},
        passes=False if no_credit else None,
    )


def broken(error: BaseException, *, field: str) -> Trouble:
    """Return what it means that a call ended without an answer; ``field`` of the brand names the server."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Trouble):
            return cause
        if isinstance(cause, ConnectionRefusedError):
            return Trouble("is not there (connection refused)", passes=True, hint=f"start the server, or check {field}")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, openai.APITimeoutError):
        return Trouble("did not answer in time", passes=True)
    return Trouble("cannot be reached, or broke off", passes=True, hint=f"check the network and {field}")


def check_server(
    *,
    base_url: str,
    key: str | None,
    model: str,
    field: str,
    hints: Mapping[int, str],
    call_s: float = _CHECK_S,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Ask a server which models it has, which costs nothing, and return what it says of one.

    Parameters
    ----------
    base_url, key, model
        As :func:`open_client` and the calls take them.
    field : str
        The brand's field that names the server.
    hints : mapping
        What to do about an HTTP status.
    call_s : float
    sleep : callable

    Raises
    ------
    ServiceError
        When the server does not answer well, or does not have the model.
    """
    host = urlsplit(base_url).netloc
    calls = Calls(host, random=random.Random().random, keys=[key or ""], attempts=2, call_s=call_s, step_s=3 * call_s, sleep=sleep)
    client = open_client(base_url=base_url, key=key, call_s=call_s, answer_bytes=_CHECK_BYTES)

    def ask() -> list[str]:
        try:
            answer = client.models.with_raw_response.list()
        except openai.APIStatusError as error:
            raise refusal(error, hints) from None
        except openai.OpenAIError as error:
            raise broken(error, field=field) from None
        try:
            return [str(one["id"]) for one in json.loads(answer.text)["data"]]
        except (ValueError, RecursionError, KeyError, TypeError):
            raise Trouble("answered with no list of models", passes=True, hint=f"check {field}") from None

    known = calls.make(ask)
    if known and model not in known and not any(one.removesuffix(":latest") == model for one in known):
        raise calls.error(f"has no model '{model}' for this key", f"it has {', '.join(sorted(known)[:6])}, for example")
    return f"{host} answers, and has the model '{model}'" if known else f"{host} answers; it lists no models"
