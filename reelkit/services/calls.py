"""How a service is called: again where trouble can pass, within limits, and with error lines that hold no key.

Services use their official clients, but with the clients' own retries off: those sleep where no test can see, limit each read from the
socket but never a whole call, and start nothing anew once an answer's body breaks off. What stands here does all three the same way
for every service.

Sources: RFC 9110, 10.2.3 (Retry-After) and 15.5-15.6 (which status codes may pass); M. Brooker, "Exponential Backoff And Jitter",
AWS Architecture Blog 2015.
"""

from __future__ import annotations

import contextlib
import email.utils
import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from reelkit.errors import ServiceError, without_keys

__all__ = ["Calls", "Trouble", "bounded", "key_named", "retry_after_s", "trouble_of_status", "unlogged", "within"]

T = TypeVar("T")

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0
_TICK_S = 0.1
_SAID = 160
_HINTS = {
    401: "check the key",
    403: "the key may not do this; check its rights and its project",
    404: "check the address and the name",
    413: "ask for less at once",
}
_REASONS = {
    400: "refused the request as wrong",
    401: "refused the key",
    403: "forbade it",
    404: "knows no such thing",
    408: "gave up waiting for the request",
    409: "is busy with the same thing",
    413: "found the request too large",
    422: "refused the request as wrong",
    429: "is being asked too often",
    500: "failed",
    502: "failed behind its gateway",
    503: "is not available",
    504: "took too long behind its gateway",
}
_PASSING = frozenset({408, 409, 425, 429})
_WIRES = ("httpcore", "httpcore2", "hpack")
"""Under the clients of models and stores; at DEBUG they log every header that a server sends, and some send back what they were given."""


class Trouble(Exception):
    """Why one attempt failed.

    Parameters
    ----------
    why : str
        What follows the service's name: "refused the key (401)".
    passes : bool
        Whether the same call may go well later.
    retry_after_s : float, optional
        How long the service asks to wait.
    hint : str
        What to do about it.
    status : int, optional
        The HTTP status, where there was one.
    """

    def __init__(
        self, why: str, *, passes: bool = False, retry_after_s: float | None = None, hint: str = "", status: int | None = None
    ) -> None:
        super().__init__(why)
        self.why = why
        self.passes = passes
        self.retry_after_s = retry_after_s
        self.hint = hint
        self.status = status


class Calls:
    """The calls of one step to one service.

    Parameters
    ----------
    service : str
        Begins every error line.
    random : callable
        Numbers in [0, 1) for the jitter: ``random.Random(seed).random``.
    keys : iterable of str
        What must stand in no text.
    attempts : int
        How often a call is made at most.
    call_s, step_s : float
        How long one attempt, and all of this object's calls with the waits between them, may take. The step begins with this object.
    sleep, now : callable
        Seconds to wait, and a clock that only goes forward.

    Examples
    --------
    >>> answers = [Trouble("is not available (503)", passes=True), "well"]
    >>> def ask():
    ...     answer = answers.pop(0)
    ...     if isinstance(answer, Trouble):
    ...         raise answer
    ...     return answer
    >>> waited = []
    >>> Calls("writer", random=lambda: 0.0, sleep=waited.append).make(ask), waited
    ('well', [0.25])
    """

    def __init__(
        self,
        service: str,
        *,
        random: Callable[[], float],
        keys: Iterable[str] = (),
        attempts: int = 4,
        call_s: float = 120.0,
        step_s: float = 300.0,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._random = random
        self._keys = tuple(keys)
        self._attempts = attempts
        self._call_s = call_s
        self._step_s = step_s
        self._sleep = sleep
        self._now = now
        self._began = now()
        for wire in _WIRES:
            logging.getLogger(wire).setLevel(logging.INFO)

    def make(self, attempt: Callable[[], T]) -> T:
        """Make a call until it goes well.

        Parameters
        ----------
        attempt : callable
            Raises :class:`Trouble` where it fails; anything else it raises is not a service's doing and goes on up.

        Raises
        ------
        ServiceError
            When the trouble does not pass, stayed through all attempts, or there is no time left.
        """
        for number in range(1, self._attempts + 1):
            trouble = None
            try:
                return within(min(self._call_s, max(self._left_s(), _TICK_S)), attempt)
            except Trouble as caught:
                trouble = caught
            # Raised out here, where the client's own error (which may hold the request with its key) is no longer being handled.
            if not trouble.passes:
                raise self.error(trouble.why, trouble.hint)
            if number == self._attempts:
                raise self.error(f"{trouble.why}, also when asked {number} times", trouble.hint or "try again later")
            wait_s = self._wait_s(number, trouble.retry_after_s)
            if wait_s >= self._left_s():
                asked = f" and asks to wait {wait_s:.0f} s" if trouble.retry_after_s is not None else ""
                raise self.error(f"{trouble.why}{asked}; the step's limit is {self._step_s:g} s", trouble.hint or "try again later")
            self._sleep(wait_s)
        raise AssertionError("a call ends in one of its attempts")

    def error(self, why: str, hint: str = "") -> ServiceError:
        """Return an error of this service whose line holds no key."""
        return ServiceError(without_keys(f"{self._service} {why}" + (f"; {hint}" if hint else ""), self._keys))

    def _left_s(self) -> float:
        return self._began + self._step_s - self._now()

    def _wait_s(self, number: int, retry_after: float | None) -> float:
        """Return a wait that doubles, of which a random half is taken off; never less than what the service asks for."""
        longest = min(_FIRST_WAIT_S * 2.0 ** (number - 1), _LONGEST_WAIT_S)
        return max(longest * (0.5 + 0.5 * self._random()), retry_after or 0.0)

    def __repr__(self) -> str:
        return f"<Calls to {without_keys(self._service, self._keys)}>"


def within(limit_s: float, work: Callable[[], T]) -> T:
    """Return what ``work()`` returns, or give up on it.

    It runs in a thread that nobody waits for: a service that feeds its answer byte by byte can hold a client, but not the step, and
    Ctrl-C is answered at once, whatever the client is doing.

    Raises
    ------
    Trouble
        When it takes longer than ``limit_s`` seconds.
    """
    answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=run, name="reelkit-call", daemon=True).start()
    ends = time.monotonic() + limit_s
    while True:
        try:
            # Short waits, as some systems hear Ctrl-C only between them.
            value, error = answers.get(timeout=max(min(_TICK_S, ends - time.monotonic()), 0.0))
            break
        except queue.Empty:
            if time.monotonic() >= ends:
                raise Trouble(f"did not answer within {limit_s:.3g} s", passes=True) from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # without an error there is a value


def bounded(chunks: Iterable[bytes], limit_bytes: int) -> bytes:
    """Return a body that comes in chunks, unless it is too long.

    Raises
    ------
    Trouble
        When there are more than ``limit_bytes``.

    Examples
    --------
    >>> bounded([b"ab", b"c"], 3)
    b'abc'
    """

    def counted() -> Iterator[bytes]:
        seen = 0
        for chunk in chunks:
            seen += len(chunk)
            if seen > limit_bytes:
                raise Trouble(f"sent more than {limit_bytes / 1e6:g} MB for an answer", hint="check the address")
            yield chunk

    return b"".join(counted())


def trouble_of_status(
    status: int, headers: Mapping[str, str], *, said: str = "", hints: Mapping[int, str] | None = None, passes: bool | None = None
) -> Trouble:
    """Return what an HTTP status that tells of a failure means.

    Parameters
    ----------
    status : int
    headers : mapping
        Asked for ``retry-after`` and ``date``.
    said : str
        What the service says of it, quoted shortly; never with 401 and 403, where services quote parts of the key.
    hints : mapping, optional
        What to do, by status, where the service knows more than :mod:`reelkit.services.calls`.
    passes : bool, optional
        Where the service knows better than the status tells.

    Examples
    --------
    >>> trouble = trouble_of_status(429, {"retry-after": "7"}, said="slow down")
    >>> trouble.why, trouble.passes, trouble.retry_after_s
    ("is being asked too often (429): 'slow down'", True, 7.0)
    """
    said = " ".join(said.split())
    quoted = f": '{said if len(said) <= _SAID else said[: _SAID - 1] + '…'}'" if said and status not in {401, 403} else ""
    return Trouble(
        f"{_REASONS.get(status, 'failed' if status >= 500 else 'refused the request')} ({status}){quoted}",
        passes=status in _PASSING or status >= 500 if passes is None else passes,
        retry_after_s=retry_after_s(headers),
        hint={**_HINTS, **(hints or {})}.get(status, ""),
        status=status,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait, or None where there is none that can be read.

    A date is measured against the service's own ``Date``, so that a wrong clock on this side does no harm.

    Examples
    --------
    >>> retry_after_s({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"})
    30.0
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    until, at = _moment(text), _moment(headers.get("date", ""))
    return max(until - (time.time() if at is None else at), 0.0) if until is not None else None


def _moment(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


@contextlib.contextmanager
def unlogged(secret: str) -> Iterator[None]:
    """Keep a secret out of the log of the client that quotes addresses (urllib3, under requests)."""

    def without(record: logging.LogRecord) -> bool:
        return secret not in record.getMessage()

    log = logging.getLogger("urllib3.connectionpool")
    log.addFilter(without)
    try:
        yield
    finally:
        log.removeFilter(without)


def key_named(name: str) -> str | None:
    """Return a key from the environment, else from ``.env`` in or above the working directory, else None.

    Raises
    ------
    ServiceError
        When it holds what no key holds: spaces, line breaks, letters beyond ASCII. The line does not quote it.
    """
    import os

    key = (os.environ.get(name) or "").strip()
    if not key:
        from dotenv import dotenv_values, find_dotenv

        path = find_dotenv(usecwd=True)
        key = ((dotenv_values(path).get(name) if path else None) or "").strip()
    if not all("!" <= char <= "~" for char in key):
        raise ServiceError(f"{name} holds characters that no key has; copy the key again, without quotes or spaces")
    return key or None
