"""The end of a batch told to the world, through the command and over a real connection: whatever happens there fails nothing."""

import json
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Studio
from tests.services.servers import Conversation, closed_port, gives, refuses, serving

KEY = "sk-planted-0123456789abcdef"
SECRET = "/hooks/T0/secret0123456789"
BATCH = ("batch", "--brands", "ada", "--keep-free-gb", "0")


def hangs(conversation: Conversation) -> None:
    """Takes the request, and never says a word."""
    conversation.server.stopped.wait(120)
    conversation.close_connection = True


@pytest.fixture(scope="module", autouse=True)
def made(studio: Studio) -> None:
    """The batch is made once; the same command again makes nothing and tells the same end."""
    assert studio.run(*BATCH).returncode == 0


def test_a_webhook_gets_the_summary(studio: Studio) -> None:
    """The body is what `--json` answers, sent once; standard error stays empty."""
    with serving(gives("", status=204)) as server:
        ended = studio.run(*BATCH, "--webhook", server.url + SECRET, "--json")
    (asked,) = server.asked
    assert (ended.returncode, ended.stderr) == (0, "")
    assert asked.path == SECRET
    assert json.loads(asked.body) == json.loads(ended.stdout)
    assert asked.json["success"]
    assert [reel["state"] for reel in asked.json["results"]] == ["done"]


@pytest.mark.parametrize("trouble", ["fails", "refuses", "nobody", "hangs"])
def test_a_webhook_that_fails_fails_nothing(studio: Studio, trouble: str) -> None:
    """A 500, a 403, a closed port and a server that never answers: the batch ends with 0, a line says why, and no secret is in it."""
    replies = {"fails": gives("", status=500), "refuses": refuses(403, SECRET), "hangs": hangs}
    with serving(replies.get(trouble, gives(""))) as server:
        address = f"http://127.0.0.1:{closed_port()}" if trouble == "nobody" else server.url
        began = time.monotonic()
        ended = studio.run(*BATCH, "--webhook", address + SECRET, "--json")
        # Three attempts of 10 s and the waits between them are the most; a busy machine is granted more.
        assert time.monotonic() - began < 120
        times = len(server.asked)
    told = {
        "fails": "failed (500), also when asked 3 times",
        "refuses": "forbade it (403)",
        "nobody": "does not answer (ConnectionError), also when asked 3 times",
        "hangs": "took the summary and did not answer within 10 s",
    }[trouble]
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["success"]
    assert ended.stderr.startswith("reelkit: webhook 127.0.0.1 ")
    assert told in ended.stderr
    assert ended.stderr.endswith("; the batch stands as it is\n")
    assert ended.stderr.count("\n") == 1
    assert "secret" not in ended.stderr
    assert times == {"fails": 3, "refuses": 1, "nobody": 0, "hangs": 1}[trouble]


def test_a_batch_that_fails_is_told_without_keys(studio: Studio) -> None:
    """A writer that quotes its key fails the reel: the webhook hears step and reason, and the key is nowhere, neither is the address."""
    with serving(refuses(401, f"no such key: {KEY}")) as writer, serving(gives("")) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        said = ("--set", "script.writer=openai", "--set", f"script.base_url={writer.url}/v1")
        ended = studio.run(*BATCH, *said, "--webhook", server.url + SECRET)
        assert [asked.headers["authorization"] for asked in writer.asked] == [f"Bearer {KEY}"]
    (asked,) = server.asked
    assert ended.returncode == 1
    assert (asked.json["success"], asked.json["failed"]) == (False, 1)
    assert asked.json["results"][0]["step"] == "script"
    assert "refused the key (401)" in asked.json["results"][0]["error"]
    kept = "".join(path.read_bytes().decode("utf-8", "replace") for path in studio.outputs.rglob("*") if path.is_file())
    for where in (asked.body.decode(), str(asked.headers), ended.stdout, ended.stderr, kept):
        assert KEY not in where
    for where in (ended.stdout, ended.stderr, kept):
        assert "secret0123456789" not in where


def test_a_command_gets_summary_and_line(studio: Studio) -> None:
    """The notify command has the summary on its standard input and the one line in its environment; what it prints is no answer."""
    ended = studio.run(*BATCH, "--notify-command", 'cat > told.json; echo "$REELKIT_SUMMARY" > line.txt; echo chatter', "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    answer = json.loads(ended.stdout)
    assert json.loads((studio.folder / "told.json").read_text()) == answer
    assert (studio.folder / "line.txt").read_text().strip() == answer["summary"]


def test_a_command_that_fails_fails_nothing(studio: Studio) -> None:
    """A notify command that ends badly is one line on standard error, and the batch ends with 0."""
    ended = studio.run(*BATCH, "--notify-command", "echo no mail here >&2; exit 4")
    assert ended.returncode == 0
    assert ended.stderr == "reelkit: the notify command ended with 4: no mail here; the batch stands as it is\n"


def test_a_page_that_cannot_be_written_fails_nothing(studio: Studio) -> None:
    """The batch's own page is written at its end and named by the line and the answer; where it cannot be, a line says how to have it."""
    told = studio.asked(*BATCH)
    page = Path(told["report_path"])
    assert page == Path(told["file"]).with_suffix(".html")
    assert f"({page.relative_to(studio.folder)})" in told["summary"]
    assert "Cold brew" in page.read_text(encoding="utf-8")
    page.unlink()
    page.mkdir()
    ended = studio.run(*BATCH, "--json")
    assert (ended.returncode, json.loads(ended.stdout)["report_path"]) == (0, None)
    assert ended.stderr.startswith("reelkit: the batch's page could not be written (")
    assert ended.stderr.endswith(f"; write it with: reelkit report {told['file']}\n")
    page.rmdir()
    assert studio.asked(*BATCH)["report_path"] == str(page)
