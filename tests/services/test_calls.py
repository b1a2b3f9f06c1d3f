"""How services are called: what is tried again, for how long, and what is never said."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.errors import ServiceError, without_keys
from reelkit.services.calls import Calls, Trouble, bounded, key_named, retry_after_s, trouble_of_status, within

KEY = "sk-planted-key-0123456789"


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at_s = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at_s += seconds


def calls(clock: Clock, **changes: object) -> Calls:
    given = {"random": lambda: 0.5, "sleep": clock.sleep, "now": clock.now, "keys": [KEY]}
    return Calls("writer", **(given | changes))  # type: ignore[arg-type]


def failing(*troubles: Trouble) -> Callable[[], str]:
    left = list(troubles)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "well"

    return attempt


def test_what_can_pass_is_tried_again_with_growing_waits() -> None:
    """Waits double, less a part that chance takes."""
    clock = Clock()
    assert calls(clock).make(failing(*[Trouble("is down", passes=True)] * 3)) == "well"
    assert clock.waits == [0.375, 0.75, 1.5]


@given(st.floats(0, 1, exclude_max=True))
def test_waits_lie_between_half_and_whole(chance: float) -> None:
    """Whatever chance says, a wait is never under half of what it could be."""
    clock = Clock()
    calls(clock, random=lambda: chance).make(failing(Trouble("is down", passes=True)))
    assert 0.25 <= clock.waits[0] <= 0.5


def test_what_cannot_pass_is_asked_once() -> None:
    """A refused key is not tried again; the line says what to do."""
    clock = Clock()
    with pytest.raises(ServiceError, match=r"^writer refused the key \(401\); check the key$"):
        calls(clock).make(failing(trouble_of_status(401, {}, said=KEY)))
    assert clock.waits == []


def test_attempts_end() -> None:
    """Trouble that stays is told after the last attempt."""
    with pytest.raises(ServiceError, match="writer is down, also when asked 4 times; try again later"):
        calls(Clock()).make(failing(*[Trouble("is down", passes=True)] * 9))


def test_retry_after_is_obeyed() -> None:
    """The wait is never shorter than what the service asks for, and never longer than the step may last."""
    clock = Clock()
    calls(clock).make(failing(trouble_of_status(429, {"retry-after": "7"})))
    assert clock.waits == [7.0]
    with pytest.raises(ServiceError, match=r"asked too often \(429\) and asks to wait 3600 s; the step's limit is 300 s; try again later"):
        calls(clock).make(failing(trouble_of_status(429, {"retry-after": "3600"})))
    assert clock.waits == [7.0]


def test_a_step_has_one_limit_for_all_its_calls() -> None:
    """What earlier calls of a step waited is gone for later ones."""
    clock = Clock()
    step = calls(clock, step_s=10)
    step.make(failing(trouble_of_status(503, {"retry-after": "6"})))
    with pytest.raises(ServiceError, match="the step's limit is 10 s"):
        step.make(failing(trouble_of_status(503, {"retry-after": "6"})))


def test_a_call_that_hangs_is_given_up() -> None:
    """The limit holds whatever the client does, and nobody waits for it."""
    done = threading.Event()
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"did not answer within 0\.1 s"):
        calls(Clock(), call_s=0.1, attempts=1).make(lambda: done.wait(20))
    done.set()
    assert time.monotonic() - began < 15


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_ctrl_c_is_answered_at_once() -> None:
    """An interrupt ends a hanging call within a moment."""
    done = threading.Event()

    def hang() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        done.wait(20)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        within(20, hang)
    done.set()
    assert time.monotonic() - began < 15


def test_our_own_faults_go_up_as_they_are() -> None:
    """What is not trouble with a service is not dressed up as such."""
    with pytest.raises(ZeroDivisionError):
        calls(Clock()).make(lambda: 1 // 0)


def test_an_error_holds_nothing_of_the_attempt() -> None:
    """The client's own error, which may hold the request with its key, hangs nowhere on ours."""

    def attempt() -> None:
        try:
            raise RuntimeError(KEY)
        except RuntimeError:
            raise Trouble(f"said {KEY}") from None

    with pytest.raises(ServiceError) as caught:
        calls(Clock()).make(attempt)
    assert str(caught.value) == "writer said [key]"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=4, max_size=60), st.text(), st.text())
def test_a_key_stands_in_no_text(key: str, before: str, after: str) -> None:
    """Wherever a key stands, it is replaced."""
    assert "[key]" in without_keys(before + key + after, [key])
    if key not in before + "[key]" + after:
        assert key not in without_keys(before + key + after, [key])


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abc.def",
        "https://me:secret@host/v1",
        "https://host/v1?token=secret",
        "sk-proj-ab12****cd34",
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoi.x",
    ],
)
def test_what_looks_like_a_key_goes_too(text: str) -> None:
    """Keys that a service quotes in parts, tokens, and passwords in addresses are not told."""
    assert "[key]" in without_keys(f"it said {text}!")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("", None), ("soon", None), ("-1", None), ("nan", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_retry_after_is_read(header: str, seconds: float | None) -> None:
    """Seconds and dates are understood, anything else is not there."""
    assert retry_after_s({"retry-after": header}) == seconds


def test_bodies_end() -> None:
    """An endless body is cut as soon as it is longer than allowed."""
    taken = []

    def endless():  # type: ignore[no-untyped-def]
        while True:
            taken.append(1)
            yield b"x" * 100

    with pytest.raises(Trouble, match=r"sent more than 0.001 MB"):
        bounded(endless(), 1000)
    assert len(taken) == 11


def test_keys_come_from_the_environment_or_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment goes first, `.env` in or above the working directory second; what is no key is refused without being quoted."""
    (tmp_path / "below").mkdir()
    (tmp_path / ".env").write_text(f"PLANTED_KEY={KEY}\n")
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.delenv("PLANTED_KEY", raising=False)
    assert key_named("PLANTED_KEY") == KEY
    monkeypatch.setenv("PLANTED_KEY", " other ")
    assert key_named("PLANTED_KEY") == "other"
    assert key_named("NOT_THERE") is None
    monkeypatch.setenv("PLANTED_KEY", "two words")
    with pytest.raises(ServiceError) as caught:
        key_named("PLANTED_KEY")
    assert "two" not in str(caught.value)
