"""Files from the web, taken whole: bounded in size, time and kind, and gone on with where the line broke off.

What comes is never trusted for its name or its header: the caller decodes it before it is used.

Sources: RFC 9110, 14 (range requests) and 13.1.5 (If-Range).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reelkit.errors import FootageError
from reelkit.services.calls import Calls, Trouble, trouble_of_status

if TYPE_CHECKING:
    from requests import RequestException, Response

__all__ = ["chunks_of", "download", "trouble_of_request"]

MAX_BYTES = 400_000_000
SOCKET_S = (10.0, 20.0)
"""How long connecting may take, and a silence on the line."""

_CHUNK = 1 << 16
_KINDS = re.compile(r"(video/[\w.+-]+|(application|binary)/octet-stream)")


def download(url: str, path: Path, *, calls: Calls, call_s: float, max_bytes: int = MAX_BYTES) -> Path:
    """Load a video from the web into a file.

    A line that breaks off is taken up again where it broke, if the server can (``Range`` with ``If-Range``), else from the start.

    Parameters
    ----------
    url : str
    path : Path
        A temporary name of the caller's own: on an error something may be left there.
    calls : Calls
        How often, and for how long in all, it is tried.
    call_s : float
        How long one attempt may take; what it got by then is kept for the next.
    max_bytes : int
        What is longer is refused, as soon as that is known.

    Raises
    ------
    ServiceError
        With one line, when the file cannot be had whole.
    FootageError
        When it cannot be written.
    """
    take = _Take(path, max_bytes)
    try:
        calls.make(lambda: take.go_on(url, call_s))
    finally:
        take.close()
    return path


class _Take:
    """A file as far as it has come, over several attempts.

    An attempt that was given up on may still run; only the newest one may write.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path, self._max_bytes = path, max_bytes
        self._attempt, self._lock = 0, threading.Lock()
        self._version = ""
        self._write(0, b"", anew=True)

    def close(self) -> None:
        with self._lock:
            self._attempt += 1

    def go_on(self, url: str, limit_s: float) -> None:
        import requests

        with self._lock:
            self._attempt += 1
            mine = self._attempt
        have = self._path.stat().st_size if self._version else 0
        # Identity, as a range of a packed body could not be joined.
        headers = {"Accept-Encoding": "identity", "Accept": "video/*"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": self._version}
        ends = time.monotonic() + limit_s
        try:
            with requests.Session() as session:
                session.max_redirects = 5
                with session.get(url, headers=headers, timeout=SOCKET_S, stream=True) as response:
                    self._receive(response, have, mine, ends)
        except requests.RequestException as error:
            raise trouble_of_request(error) from None

    def _receive(self, response: Response, have: int, mine: int, ends: float) -> None:
        status, headers = response.status_code, response.headers
        if status == 416:
            self._version = ""
            raise Trouble("has another file than a moment ago (416)", passes=True)
        if status not in (200, 206):
            raise trouble_of_status(status, headers, hints={403: "the link may have expired; search again"})
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not _KINDS.fullmatch(kind):
            raise Trouble(f"sent {_plain(kind) or 'something without a type'} instead of a video")
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Trouble("sent a packed body that nobody asked for")
        start, total = _extent(status, headers.get("Content-Range", ""), headers.get("Content-Length", ""))
        if start not in (0, have):
            self._version = ""
            raise Trouble("sent another part of the file than was asked for", passes=True)
        if (total or 0) > self._max_bytes:
            raise self._too_long()
        # Only a strong validator proves that two parts belong together.
        tag = headers.get("ETag", "")
        self._version = tag if tag.startswith('"') else ""
        size = start
        if start == 0:
            self._write(mine, b"", anew=True)
        for chunk in chunks_of(response, ends=ends):
            size += len(chunk)
            if size > self._max_bytes:
                raise self._too_long()
            self._write(mine, chunk)
        if total is not None and size != total:
            raise Trouble(f"broke off after {size} of {total} bytes", passes=True)
        if size == 0:
            raise Trouble("sent an empty file", passes=True)

    def _write(self, mine: int, chunk: bytes, *, anew: bool = False) -> None:
        with self._lock:
            if mine != self._attempt:
                raise Trouble("was given up on")
            try:
                with self._path.open("wb" if anew else "ab") as file:
                    file.write(chunk)
            except OSError as error:
                raise FootageError(f"footage: a download cannot be written ({error.strerror}: {self._path.parent}); make room") from None

    def _too_long(self) -> Trouble:
        return Trouble(f"sent a file of more than {self._max_bytes / 1e6:g} MB")


def chunks_of(response: Response, *, ends: float, now: Callable[[], float] = time.monotonic) -> Iterator[bytes]:
    """Yield a body as it comes, unpacked where it comes packed, in pieces of at most 64 kB.

    Parameters
    ----------
    response : requests.Response
        Asked for with ``stream=True``.
    ends : float
        When, by ``now()``, enough is enough: however slowly it drips, reading ends.

    Raises
    ------
    Trouble
        When it breaks off, or takes too long.
    """
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    while True:
        try:
            chunk = response.raw.read1(_CHUNK, decode_content=True)
        except ReadTimeoutError:
            raise Trouble(f"fell silent for {SOCKET_S[1]:g} s", passes=True) from None
        except (HTTPError, OSError):
            raise Trouble("broke off in the middle of its answer", passes=True) from None
        if not chunk:
            return
        yield chunk
        if now() > ends:
            raise Trouble("was too slow", passes=True)


def trouble_of_request(error: RequestException) -> Trouble:
    """Return why a request failed, without quoting the client: its texts hold addresses, and addresses may hold keys."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return Trouble("has a certificate that cannot be checked", hint="check the clock and the network's proxy")
    if isinstance(error, requests.exceptions.ProxyError):
        return Trouble("cannot be reached through the proxy", passes=True, hint="check HTTPS_PROXY")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Trouble(f"could not be reached within {SOCKET_S[0]:g} s", passes=True, hint="check the network")
    if isinstance(error, requests.exceptions.Timeout):
        return Trouble(f"fell silent for {SOCKET_S[1]:g} s", passes=True)
    if isinstance(error, requests.exceptions.ConnectionError):
        return Trouble("cannot be reached, or hung up", passes=True, hint="check the network")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return Trouble("sends in circles")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return Trouble("broke off in the middle of its answer", passes=True)
    return Trouble("cannot be asked at that address")


def _extent(status: int, content_range: str, content_length: str) -> tuple[int, int | None]:
    """Return where a body starts in its file, and how long the whole file is, if that is said.

    Examples
    --------
    >>> _extent(206, "bytes 100-199/200", "100"), _extent(200, "", "50"), _extent(200, "", "")
    ((100, 200), (0, 50), (0, None))
    """
    if status == 206:
        found = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", content_range.strip())
        if not found:
            return -1, None
        return int(found[1]), None if found[2] == "*" else int(found[2])
    return 0, int(content_length) if re.fullmatch(r"\d{1,15}", content_length) else None


def _plain(kind: str) -> str:
    return re.sub(r"[^\w/.+-]", "", kind)[:40]
