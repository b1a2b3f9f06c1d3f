"""A real HTTP server on loopback that speaks the documented video APIs of Pexels and Pixabay, serves real videos, and fails on demand."""

from __future__ import annotations

import functools
import gzip
import json
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reelkit.media.probe import probe_clip
from reelkit.runs.cache import FileCache
from reelkit.services.stock import StockLibrary
from reelkit.services.stock_site import StockSite
from tests.media.clips import write_video

KEY = "Planted563492ad6f91700001000001StockKey"
PAGE = b"<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>"
SIZES = ((34, 60), (64, 96), (128, 192))

Fault = Callable[["Talk", bytes, str], None]


@dataclass(frozen=True)
class Video:
    """A video that both sites offer; its files really have the sizes that are told."""

    number: int
    words: str
    seconds: float = 2.0
    sizes: tuple[tuple[int, int], ...] = SIZES
    luma: int = 0
    drift: int = 0
    """By so much each frame is brighter than the one before."""

    def file(self, size: tuple[int, int]) -> bytes:
        return _file(self.luma or 40 + self.number % 180, self.drift, self.seconds, size)


@functools.cache
def _file(luma: int, drift: int, seconds: float, size: tuple[int, int]) -> bytes:
    lumas = [luma + drift * frame for frame in range(round(10 * seconds))]
    with tempfile.TemporaryDirectory() as folder:
        return write_video(Path(folder, "video.mp4"), lumas, size_px=size, rate=10).read_bytes()


def status(code: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Fault:
    return lambda talk, _, kind: talk.reply(code, body, "text/plain", headers or {})


def reset(talk: Talk, body: bytes, kind: str) -> None:
    """Half of the body, then the line is cut hard."""
    talk.begin(200, len(body), kind)
    talk.wfile.write(body[: len(body) // 2])
    talk.wfile.flush()
    talk.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    talk.connection.close()
    talk.close_connection = True


def truncated(talk: Talk, body: bytes, kind: str) -> None:
    """Half of the body, though all of it is announced."""
    talk.begin(200, len(body), kind)
    talk.wfile.write(body[: len(body) // 2])
    talk.close_connection = True


def half_as_whole(talk: Talk, body: bytes, kind: str) -> None:
    """Half of the body, said to be the whole."""
    talk.reply(200, body[: len(body) // 2], kind)


def drip(talk: Talk, body: bytes, kind: str) -> None:
    """A byte now and then."""
    talk.begin(200, len(body), kind)
    for at in range(400):
        talk.wfile.write(body[at : at + 1])
        talk.wfile.flush()
        time.sleep(0.02)


def endless(talk: Talk, body: bytes, kind: str) -> None:
    """A body without a length and without an end."""
    talk.begin(200, None, kind)
    while True:
        talk.wfile.write(b" " * 65536)


def page(talk: Talk, body: bytes, kind: str) -> None:
    talk.reply(200, PAGE, "text/html; charset=utf-8")


def disguised_page(talk: Talk, body: bytes, kind: str) -> None:
    """A web page under the type that was asked for."""
    talk.reply(200, PAGE, kind)


def wrong_shape(talk: Talk, body: bytes, kind: str) -> None:
    talk.reply(200, b'{"videos": {"id": 1}, "hits": "none"}', kind)


def wrong_items(talk: Talk, body: bytes, kind: str) -> None:
    talk.reply(200, b'{"videos": [{"id": "x"}], "hits": [{"id": "x"}]}', kind)


def wrong_type(talk: Talk, body: bytes, kind: str) -> None:
    talk.reply(200, body, "image/png")


@dataclass
class StockServer:
    """What the server offers, how it fails (each fault once, in turn; the last for ever where ``always``), and what it was asked."""

    url: str
    videos: list[Video] = field(default_factory=list)
    answer_faults: list[Fault] = field(default_factory=list)
    file_faults: list[Fault] = field(default_factory=list)
    always: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    etag: bool = True
    questions: list[dict[str, str]] = field(default_factory=list)
    downloads: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, faults: list[Fault]) -> Fault | None:
        with self.lock:
            if not faults:
                return None
            return faults[0] if self.always and len(faults) == 1 else faults.pop(0)

    def found(self, words: str) -> list[Video]:
        wanted = set(words.lower().split())
        # What says nothing of itself is found by everything, as by what a site knows besides.
        return [video for video in self.videos if wanted & set(video.words.split()) or not video.words]

    def link(self, video: Video, size: tuple[int, int]) -> str:
        return f"{self.url}/files/{video.number}/{size[0]}x{size[1]}.mp4"

    def pexels(self, query: dict[str, str]) -> dict[str, Any]:
        found = self.found(query["query"])
        if query.get("orientation") == "portrait":
            found = [video for video in found if video.sizes[0][1] > video.sizes[0][0]]
        listed = [
            {
                "id": video.number,
                "width": video.sizes[-1][0],
                "height": video.sizes[-1][1],
                "url": f"https://www.pexels.com/video/{video.words.replace(' ', '-')}-{video.number}/",
                "image": "https://images.pexels.com/x.jpg",
                "full_res": None,
                "tags": [],
                "duration": video.seconds,
                "user": {"id": 7, "name": "Ána Ünal", "url": "https://www.pexels.com/@ana"},
                "video_files": self.pexels_files(video),
                "video_pictures": [],
            }
            for video in found
        ]
        return {"page": 1, "per_page": 40, "total_results": len(listed), "url": "https://www.pexels.com/", "videos": listed}

    def pexels_files(self, video: Video) -> list[dict[str, Any]]:
        stream = {"id": 1, "quality": "hls", "file_type": "application/x-mpegURL", "width": None, "height": None, "link": f"{self.url}/l"}
        plain = {"id": 2, "quality": "hd", "file_type": "video/mp4", "fps": 10}
        return [stream, *({**plain, "width": w, "height": h, "link": self.link(video, (w, h))} for w, h in reversed(video.sizes))]

    def pixabay(self, query: dict[str, str]) -> dict[str, Any]:
        names = ("tiny", "small", "medium")
        nothing = {"url": "", "width": 0, "height": 0, "size": 0, "thumbnail": ""}
        hits = [
            {
                "id": video.number,
                "pageURL": f"https://pixabay.com/videos/id-{video.number}/",
                "type": "film",
                "tags": ", ".join(video.words.split()),
                "duration": video.seconds,
                "videos": {"large": nothing}
                | {
                    name: {"url": self.link(video, size), "width": size[0], "height": size[1], "size": 1, "thumbnail": ""}
                    for name, size in zip(names, video.sizes, strict=False)
                },
                "views": 1,
                "user_id": 7,
                "user": "Coverr",
                "userImageURL": "",
            }
            for video in self.found(query["q"])
        ]
        return {"total": len(hits), "totalHits": len(hits), "hits": hits}


class Talk(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    stock: StockServer

    def do_GET(self) -> None:
        try:
            self._answer()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/files/"):
            self._file(parts.path)
        elif parts.path in ("/videos/search", "/api/videos/"):
            self._search(parts.path, dict(parse_qsl(parts.query)))
        else:
            self.reply(404, b"not found", "text/plain")

    def _search(self, path: str, query: dict[str, str]) -> None:
        pexels = path == "/videos/search"
        with self.stock.lock:
            self.stock.questions.append(query)
        if (self.headers.get("Authorization") if pexels else query.get("key")) != KEY:
            if pexels:
                self.reply(401, b'{"status": 401, "code": "Unauthorized"}', "application/json")
            else:
                self.reply(400, f"[ERROR 400] Invalid or missing API key ({query.get('key')})".encode(), "text/plain")
            return
        answer = self.stock.pexels(query) if pexels else self.stock.pixabay(query)
        body, fault = json.dumps(answer).encode(), self.stock.fault(self.stock.answer_faults)
        if fault:
            fault(self, body, "application/json")
        else:
            self.reply(200, body, "application/json", self.stock.headers)

    def _file(self, path: str) -> None:
        number, _, name = path.removeprefix("/files/").partition("/")
        width, height = map(int, name.removesuffix(".mp4").split("x"))
        video = next(video for video in self.stock.videos if video.number == int(number))
        with self.stock.lock:
            self.stock.downloads.append((path, self.headers.get("Range", "")))
        body, fault = video.file((width, height)), self.stock.fault(self.stock.file_faults)
        if fault:
            fault(self, body, "video/mp4")
            return
        span, tag = self.headers.get("Range", ""), self.headers.get("If-Range", "")
        if span and tag == self.tag:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            self.reply(206, body[start:], "video/mp4", {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"})
        else:
            self.reply(200, body, "video/mp4")

    @property
    def tag(self) -> str:
        return f'"{urlsplit(self.path).path}"' if self.stock.etag else ""

    def begin(self, code: int, length: int | None, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        if self.stock.etag and urlsplit(self.path).path.startswith("/files/"):
            self.send_header("ETag", self.tag)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def reply(self, code: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        # As the sites do: texts are packed for whoever takes them so, videos never.
        if not kind.startswith("video/") and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, headers = gzip.compress(body), {"Content-Encoding": "gzip", **(headers or {})}
        self.begin(code, len(body), kind, headers)
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a line that a fault has cut


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at_s, self.waits = 1_800_000_000.0, []

    def now(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.at_s += seconds


def library_of(site: StockSite, server: StockServer, root: Path, clock: Clock | None = None, **changes: Any) -> StockLibrary:
    """Return a library on the server, for reels of 64x96 px with shots of a second."""
    clock = clock or Clock()
    given = {
        "key": lambda: KEY,
        "width_px": 64,
        "height_px": 96,
        "shot_s": 1.0,
        "cache": FileCache(root),
        "scratch": root / "stock",
        "probe": probe_clip,
        "base_url": server.url,
        "now": clock.now,
        "sleep": clock.sleep,
        "answer_s": 20.0,
        "file_s": 20.0,
    }
    return StockLibrary(site, **(given | changes))


@contextmanager
def stock_server(*videos: Video) -> Iterator[StockServer]:
    """Run a server for the length of a test."""
    stock = StockServer("", list(videos))
    server = Quiet(("127.0.0.1", 0), type("BoundTalk", (Talk,), {"stock": stock}))
    stock.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stock
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
