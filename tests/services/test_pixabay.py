"""What holds for Pixabay alone: its minute, its headers, its way to refuse a key. The rest is in test_pexels.py, for both sites."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from reelkit.services.pixabay import PixabaySite
from reelkit.services.request_record import RequestRecord
from tests.services.stock_server import KEY, Clock, StockServer, Video, library_of, stock_server


@pytest.fixture
def server() -> Iterator[StockServer]:
    with stock_server(Video(11, "river boat")) as running:
        yield running


def test_the_documented_question(server: StockServer, tmp_path: Path) -> None:
    """It is asked by the documented parameters, with at most 100 characters of the term."""
    library_of(PixabaySite(), server, tmp_path).search([f"river {'x' * 200}"])
    (asked,) = server.questions
    assert asked == {"q": f"river {'x' * 94}", "safesearch": "true", "per_page": "100", "key": KEY}


def test_the_minute_is_kept(server: StockServer, tmp_path: Path) -> None:
    """The 101st request waits until the minute of the first is over."""
    clock = Clock()
    library = library_of(PixabaySite(), server, tmp_path, clock)
    for number in range(100):
        library.search([f"term {number}"])
    assert clock.waits == []
    assert len(library.search(["river"])) == 1
    assert clock.waits == [60.0]


def test_headers_are_obeyed_by_all(server: StockServer, tmp_path: Path) -> None:
    """When the headers say that nothing remains, this library and every other waits for as long as they say."""
    clock = Clock()
    server.headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "42"}
    library_of(PixabaySite(), server, tmp_path, clock).search(["river"])
    assert clock.waits == []
    assert len(library_of(PixabaySite(), server, tmp_path, clock).search(["boat"])) == 1
    assert clock.waits == [42.0]
    odd = {"X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "-5"}
    assert PixabaySite().rest_s(odd, clock.now()) == 0.0


def reserve_many(path: Path) -> list[float]:
    record = RequestRecord(path)
    return [record.reserve("site", at_s=1000.0, limit=10, window_s=60.0, patience_s=150.0) for _ in range(10)]


def test_processes_share_one_limit(tmp_path: Path) -> None:
    """However many processes ask at once, no window holds more than the limit, and what would wait too long is not reserved."""
    path = tmp_path / "requests.sqlite"
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        waits = sorted(wait for waits in pool.map(reserve_many, [path] * 4) for wait in waits)
    assert waits == [0.0] * 10 + [60.0] * 10 + [120.0] * 10 + [180.0] * 10
    assert RequestRecord(path).reserve("other", at_s=1000.0, limit=1, window_s=60.0, patience_s=0.0) == 0.0
