"""Real HTTP servers on loopback, with whatever a network does to an answer."""

from __future__ import annotations

import atexit
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Conversation"], None]
"""Answers one request."""


@dataclass
class Asked:
    """A request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Conversation(BaseHTTPRequestHandler):
    """One connection; replies use what it inherits."""

    protocol_version = "HTTP/1.1"
    server: LocalServer

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            self.server.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
            reply = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        # A client that has had enough closes the connection in the middle of an answer.
        with contextlib.suppress(ConnectionError, TimeoutError):
            reply(self)

    do_POST = do_PUT = do_PATCH = do_HEAD = do_DELETE = do_CONNECT = do_GET

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class LocalServer(ThreadingHTTPServer):
    """Gives its replies in turn, the last one for ever, and remembers what it was asked."""

    replies: list[Reply]
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.daemon_threads = True
        self.block_on_close = False
        super().__init__(("127.0.0.1", 0), Conversation)

    __hash__ = object.__hash__

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextlib.contextmanager
def serving(*replies: Reply) -> Iterator[LocalServer]:
    """Run a server with these replies."""
    server = LocalServer(list(replies))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def closed_port() -> int:
    """Return a port that nobody listens on; it is ours as long as we are, so that no other server gets it meanwhile."""
    taken = socket.socket()
    atexit.register(taken.close)
    taken.bind(("127.0.0.1", 0))
    return int(taken.getsockname()[1])


# --- replies ----------------------------------------------------------------------------------------------------------


def gives(body: bytes | str, *, status: int = 200, kind: str = "application/json", headers: Mapping[str, str] | None = None) -> Reply:
    """A whole answer."""
    content = body.encode() if isinstance(body, str) else body

    def reply(conversation: Conversation) -> None:
        conversation.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(content)), **(headers or {})}.items():
            conversation.send_header(name, value)
        conversation.end_headers()
        conversation.wfile.write(content)

    return reply


def resets(body: bytes | str) -> Reply:
    """Half an answer, then the connection is torn down."""
    content = body.encode() if isinstance(body, str) else body

    def reply(conversation: Conversation) -> None:
        conversation.send_response(200)
        conversation.send_header("content-type", "application/json")
        conversation.send_header("content-length", str(len(content)))
        conversation.end_headers()
        conversation.wfile.write(content[: len(content) // 2])
        conversation.wfile.flush()
        conversation.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conversation.connection.close()
        conversation.close_connection = True

    return reply


def _without_end(conversation: Conversation, chunk: bytes, pause_s: float) -> None:
    while not conversation.server.stopped.is_set():
        conversation.wfile.write(chunk)
        conversation.wfile.flush()
        time.sleep(pause_s)
    conversation.close_connection = True


def drips(conversation: Conversation) -> None:
    """An answer that comes a byte at a time and never ends."""
    conversation.send_response(200)
    conversation.send_header("content-type", "application/json")
    conversation.send_header("content-length", "100000")
    conversation.end_headers()
    _without_end(conversation, b" ", 0.05)


def drips_headers(conversation: Conversation) -> None:
    """Headers that come a byte at a time and never end."""
    conversation.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    _without_end(conversation, b"a", 0.05)


def endless(status: int = 200) -> Reply:
    """An answer that never ends, as fast as it goes."""

    def reply(conversation: Conversation) -> None:
        conversation.send_response(status)
        conversation.send_header("content-type", "application/json")
        conversation.end_headers()
        _without_end(conversation, b" " * 65536, 0)

    return reply


# --- OpenAI's chat completions ------------------------------------------------------------------------------------------


def completion(content: object, *, sent: int = 900, written: int = 300, **also: object) -> str:
    """The body of a chat completion."""
    message = {"role": "assistant", "content": content if isinstance(content, str) or content is None else json.dumps(content)}
    usage = {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], "usage": usage, **also})


def answers(content: object, **also: Any) -> Reply:
    """A chat completion."""
    return gives(completion(content, **also))


def refuses(status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return gives(json.dumps(body), status=status, headers=headers)


def knows_no(*kinds: str, then: Reply) -> Reply:
    """A server that refuses these kinds of ``response_format``."""

    def reply(conversation: Conversation) -> None:
        asked = conversation.server.asked[-1].json.get("response_format", {}).get("type", "none")
        (refuses(400, f"response_format '{asked}' is not supported") if asked in kinds else then)(conversation)

    return reply
