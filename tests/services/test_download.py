"""Downloads against a real server: whole or not at all, and gone on with where they broke off."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelkit.errors import ServiceError
from reelkit.services.calls import Calls
from reelkit.services.download import download
from tests.services import stock_server as faults
from tests.services.stock_server import StockServer, Video, status, stock_server

VIDEO = Video(11, "river boat")
SIZE = (64, 96)


@pytest.fixture
def server() -> Iterator[StockServer]:
    with stock_server(VIDEO) as running:
        yield running


def load(server: StockServer, path: Path, *, max_bytes: int = 1_000_000, call_s: float = 5.0, waits: list[float] | None = None) -> Path:
    waited = waits if waits is not None else []
    calls = Calls("site", random=lambda: 0.0, attempts=3, call_s=call_s + 1, sleep=waited.append)
    return download(server.link(VIDEO, SIZE), path, calls=calls, call_s=call_s, max_bytes=max_bytes)


@pytest.mark.parametrize(
    "fault",
    [
        faults.reset,
        faults.truncated,
        faults.status(408),
        faults.status(409),
        faults.status(416),
        faults.status(429),
        faults.status(429, {"Retry-After": "3"}),
        faults.status(500),
        faults.status(503),
    ],
)
@pytest.mark.parametrize("etag", [True, False])
def test_what_passes_ends_in_the_same_bytes(server: StockServer, tmp_path: Path, fault: faults.Fault, etag: bool) -> None:
    """After trouble that passes, the file is the same to the byte, whether the server can go on or not."""
    server.file_faults, server.etag = [fault, fault], etag
    assert load(server, tmp_path / "video.mp4").read_bytes() == VIDEO.file(SIZE)


def test_a_cut_is_taken_up_again(server: StockServer, tmp_path: Path) -> None:
    """After a cut only the rest is asked for."""
    server.file_faults = [faults.truncated]
    load(server, tmp_path / "video.mp4")
    assert [span for _, span in server.downloads] == ["", f"bytes={len(VIDEO.file(SIZE)) // 2}-"]


def test_retry_after_is_waited_for(server: StockServer, tmp_path: Path) -> None:
    """The wait that the server asks for is kept."""
    server.file_faults, waits = [status(429, {"Retry-After": "3"})], []
    load(server, tmp_path / "video.mp4", waits=waits)
    assert waits == [3.0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.status(401), "401"),
        (faults.status(403), "the link may have expired"),
        (faults.status(404), "404"),
        (faults.status(413), "413"),
        (faults.status(500), "also when asked 3 times"),
        (faults.page, "sent text/html instead of a video"),
        (faults.wrong_type, "sent image/png instead of a video"),
        (faults.endless, "more than 1 MB"),
        (faults.drip, "too slow"),
        (faults.reset, "broke off"),
        (faults.truncated, "broke off"),
        (lambda talk, body, kind: talk.reply(200, b"", kind), "an empty file"),
        (lambda talk, body, kind: talk.reply(200, body, kind, {"Content-Encoding": "gzip"}), "packed"),
        (lambda talk, body, kind: talk.begin(200, 2_000_000, kind), "more than 1 MB"),
        (lambda talk, body, kind: talk.begin(302, 0, kind, {"Location": talk.path}), "sends in circles"),
        (lambda talk, body, kind: talk.begin(302, 0, kind, {"Location": "file:///etc/passwd"}), "cannot be asked"),
        (lambda talk, body, kind: talk.reply(206, body, kind, {"Content-Range": "bytes 7-9/10"}), "another part"),
    ],
)
def test_what_does_not_pass_is_one_line(server: StockServer, tmp_path: Path, fault: faults.Fault, said: str) -> None:
    """Every other fault ends in one line that says what came instead."""
    server.file_faults, server.always, server.etag = [fault], True, False
    with pytest.raises(ServiceError) as caught:
        load(server, tmp_path / "video.mp4", call_s=0.4 if fault is faults.drip else 20.0)
    assert said in str(caught.value)
    assert str(caught.value).startswith("site ")
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_nobody_there(tmp_path: Path) -> None:
    """A refused connection is one line."""
    with stock_server(VIDEO) as gone:
        pass
    with pytest.raises(ServiceError, match="site cannot be reached, or hung up, also when asked 3 times; check the network"):
        load(gone, tmp_path / "video.mp4")


def test_a_changed_file_is_loaded_anew(server: StockServer, tmp_path: Path) -> None:
    """When the file is another one after the cut, its parts are not mixed."""

    def other_tag(talk: faults.Talk, body: bytes, kind: str) -> None:
        talk.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("ETag", '"old"')):
            talk.send_header(name, value)
        talk.end_headers()
        talk.wfile.write(b"x" * (len(body) // 2))
        talk.close_connection = True

    server.file_faults = [other_tag]
    assert load(server, tmp_path / "video.mp4").read_bytes() == VIDEO.file(SIZE)


def test_slow_attempts_add_up(server: StockServer, tmp_path: Path) -> None:
    """What a slow attempt got is kept for the next."""

    def slow(talk: faults.Talk, body: bytes, kind: str) -> None:
        talk.begin(200, len(body), kind)
        for at in (0, 100):
            talk.wfile.write(body[at : at + 100])
            talk.wfile.flush()
            time.sleep(2.6)

    server.file_faults = [slow]
    assert load(server, tmp_path / "video.mp4", call_s=2.5).read_bytes() == VIDEO.file(SIZE)
    assert server.downloads[-1][1] == "bytes=200-"
