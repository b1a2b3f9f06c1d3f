import json
from pathlib import Path

import pytest

from reelkit.services.announce import call_webhook, run_command
from tests.processes import gone
from tests.services.servers import closed_port, gives, resets, serving

SUMMARY = {"batch": "2026-03-02-ab12cd", "done": 3}


def test_a_summary_is_posted_once() -> None:
    """A webhook gets the summary as JSON, in one request, and nothing is told."""
    with serving(gives("", status=204)) as server:
        assert call_webhook(f"{server.url}/hooks/T0/secret", SUMMARY) is None
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/hooks/T0/secret")
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == SUMMARY


def test_trouble_that_passes_is_waited_out() -> None:
    """A server that is away for a moment is asked again, and takes the summary."""
    waits: list[float] = []
    with serving(gives("", status=503), resets("{}"), gives("ok")) as server:
        assert call_webhook(server.url, SUMMARY, sleep=waits.append) is None
    assert len(server.asked) == 3
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("status", "line", "times"),
    [(404, "knows no such thing (404)", 1), (410, "refused the request (410)", 1), (500, "failed (500), also when asked 3 times", 3)],
)
def test_a_webhook_that_refuses_is_one_line_without_its_secret(status: int, line: str, times: int) -> None:
    """What the server answers is told with its host; the address's path, which is the secret, is not."""
    with serving(gives("", status=status)) as server:
        told = call_webhook(f"{server.url}/hooks/T0/secret0123456789", SUMMARY, sleep=lambda _: None)
    assert told is not None
    assert told.startswith("webhook 127.0.0.1 ")
    assert line in told
    assert "secret" not in told
    assert "\n" not in told
    assert len(server.asked) == times


@pytest.mark.parametrize(("url", "line"), [("nobody", "does not answer"), ("slack", "is no address"), ("ftp://x/", "is no address")])
def test_a_webhook_that_is_not_there_is_one_line(url: str, line: str) -> None:
    """Nobody at the address, or no address at all: a line, never an exception."""
    told = call_webhook(f"http://127.0.0.1:{closed_port()}/" if url == "nobody" else url, SUMMARY, sleep=lambda _: None)
    assert told is not None
    assert line in told


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    """A notify command gets a time limit, with all that it started; its failure is told with the last thing it said."""
    command = f"sleep 600 & echo $! > {tmp_path}/pid; wait"
    assert run_command(command, "{}", "done", limit_s=5.0) == "the notify command took longer than 5 s and was ended"
    assert gone([int((tmp_path / "pid").read_text())])
    assert run_command("echo no mail here >&2; exit 4", "{}", "done") == "the notify command ended with 4: no mail here"


def test_a_command_that_is_ended_goes_no_further(tmp_path: Path) -> None:
    """The shell is halted before what it waits for is ended; else it would go on with the next command."""
    command = f"sleep 600 & first=$!; for each in $(seq 40); do sleep 600 & done; wait $first; : > {tmp_path}/next"
    assert run_command(command, "{}", "done", limit_s=1.0) == "the notify command took longer than 1 s and was ended"
    assert not (tmp_path / "next").exists()
