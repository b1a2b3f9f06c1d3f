"""What Supabase's answers mean, whichever of its parts gave them: Storage, its TUS endpoint, or the tables' REST.

Sources: supabase.com/docs/guides/storage/debugging/error-codes; docs.postgrest.org, "Errors". Storage answers most refusals with status
400 and says the status it means in the body.
"""

from __future__ import annotations

import functools
import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from reelkit.errors import ServiceError
from reelkit.services.calls import Trouble, key_named, trouble_of_status

if TYPE_CHECKING:
    from supabase import Client

__all__ = ["Absent", "NoBucket", "Wired", "connect", "meaning", "open_wire", "trouble_of_answer"]

T = TypeVar("T")

RESUMABLE = "/storage/v1/upload/resumable"
_ANSWER_BYTES = 1_000_000
_CONNECT_S, _SOCKET_S = 10.0, 30.0
_EXPIRED = ("jwt expired", '"exp" claim', "pgrst303")
_BAD_KEY = ("invalidjwt", "invalid jwt", "invalid compact jws", "signature verification failed", "invalid api key", "pgrst301")
_NO_BUCKET = ("nosuchbucket", "bucket not found")
_NO_OBJECT = ("nosuchkey", "not_found", "object not found")
_NO_TABLE = ("pgrst205", "pgrst202", "42p01", "42883", "could not find the table", "could not find the function")
_TOO_LARGE = ("entitytoolarge", "exceeded the maximum", "maximum size exceeded", "payload too large")
_HINTS = {
    401: "copy SUPABASE_KEY again from the project's API settings",
    403: "SUPABASE_KEY may not do this; use the project's secret (service_role) key, or add the policies of templates/sql/reels.sql",
    404: "check SUPABASE_URL",
    409: "another upload of the same object is under way; try again when it is done",
}


class Absent(Exception):
    """There is no such object."""


class NoBucket(Trouble):
    """There is no such bucket, or the key may not see it."""


@dataclass(frozen=True)
class Wired:
    """The official client, the HTTP client under it, and where they point; never shown, as they hold the key."""

    client: Client
    wire: httpx.Client
    url: str
    key: str

    def __repr__(self) -> str:
        return "<Supabase>"


def connect(asked_by: str, *, bucket: str = "", table: str = "", without: str) -> Wired:
    """Return the client of the project that SUPABASE_URL and SUPABASE_KEY name.

    Parameters
    ----------
    asked_by : str
        What of the brand file needs it: "publishing.store is supabase".
    bucket, table : str
        For lines that name them.
    without : str
        How to do without the table: "leave publishing.table empty".

    Raises
    ------
    ServiceError
        When one of the two is missing, or is not what it should be.
    """
    url, key = (key_named(name) for name in ("SUPABASE_URL", "SUPABASE_KEY"))
    if not url or not key:
        missing = [name for name, value in (("SUPABASE_URL", url), ("SUPABASE_KEY", key)) if not value]
        where = f"in the environment or .env; copy {'them' if len(missing) > 1 else 'it'} from the project's API settings"
        raise ServiceError(f"{asked_by}, but there is no {' and '.join(missing)} {where}")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#@]*)?", url):
        # Not quoted: it may be the key.
        raise ServiceError("SUPABASE_URL must be like https://abcdefgh.supabase.co; copy it from the project's API settings")
    from supabase import ClientOptions, create_client

    url = url.rstrip("/")
    wire = open_wire(key, bucket=bucket, table=table, without=without)
    options = ClientOptions(httpx_client=wire, auto_refresh_token=False, persist_session=False, postgrest_client_retry=False)
    return Wired(create_client(url, key, options), wire, url, key)


def open_wire(key: str, *, bucket: str, table: str, without: str) -> httpx.Client:
    """Return an HTTP client that carries the key, and on which every answer is whole and good, or :class:`Trouble`.

    Parameters
    ----------
    key : str
    bucket, table, without : str
        For lines that name them, and say how to do without the table.
    """

    def check(response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream)
        body = response.read()
        path = response.request.url.path
        if response.status_code >= 300:
            named = {"bucket": bucket, "table": table, "without": without}
            raise trouble_of_answer(response.status_code, response.headers, body, path=path, **named)
        if body and RESUMABLE not in path:
            _json(body)

    headers = {"apikey": key, "authorization": f"Bearer {key}", "accept-encoding": "identity"}
    timeout = httpx.Timeout(_SOCKET_S, connect=_CONNECT_S)
    return httpx.Client(headers=headers, timeout=timeout, verify=_trusted(), event_hooks={"response": [check]})


@functools.cache
def _trusted() -> ssl.SSLContext:
    # Kept, as reading the certificates takes 0.1 s for every client.
    return httpx.create_ssl_context()


class _Bounded(httpx.SyncByteStream):
    """A body that stops being read when it is longer than any answer of Supabase."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        for chunk in self._stream:
            seen += len(chunk)
            if seen > _ANSWER_BYTES:
                raise Trouble(f"sent more than {_ANSWER_BYTES / 1e6:g} MB for an answer", hint="check SUPABASE_URL")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Trouble("gave an answer that is not JSON, or only a part of it", passes=True, hint="check SUPABASE_URL") from None


def trouble_of_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, path: str, bucket: str, table: str, without: str = ""
) -> Trouble | Absent:
    """Return what a refusal means.

    Parameters
    ----------
    status : int
    headers : mapping
    body : bytes
        Storage's or PostgREST's JSON, the TUS endpoint's plain text, or what a proxy in between says.
    path : str
        Of the request.
    bucket, table, without : str

    Examples
    --------
    >>> body = b'{"statusCode": "404", "error": "Bucket not found", "message": "Bucket not found"}'
    >>> trouble_of_answer(400, {}, body, path="/storage/v1/bucket/b", bucket="b", table="").why
    "has no bucket 'b' that SUPABASE_KEY may see (404)"
    """
    said = _said(body)
    meant = str(said.get("statusCode", ""))
    status = int(meant) if status == 400 and meant in {"400", "401", "403", "404", "409", "413", "415", "423", "429"} else status
    message = str(said.get("message") or said.get("error") or "")
    text = f"{said.get('code', '')} {said.get('error', '')} {message}".lower()
    place = f"table '{table}'" if "/rest/v1/" in path else f"bucket '{bucket}'"

    def says(*signs: str) -> bool:
        return status < 500 and any(sign in text for sign in signs)

    # First, as older servers call such refusals "Invalid JWT".
    if says("row-level security", "42501"):
        return Trouble(f"does not let SUPABASE_KEY write to {place} (403): row-level security", hint=_HINTS[403], status=403)
    if says(*_EXPIRED):
        return Trouble("refused the key (401): it has expired", hint=_HINTS[401], status=401)
    if says(*_BAD_KEY):
        return Trouble("refused the key (401)", hint=_HINTS[401], status=401)
    if says(*_NO_BUCKET):
        hint = "create it under Storage in the dashboard or with templates/sql/reels.sql, or correct publishing.bucket"
        return NoBucket(f"has no bucket '{bucket}' that SUPABASE_KEY may see (404)", hint=hint, status=404)
    if "/object/info/" in path and says(*_NO_OBJECT):
        return Absent()
    if says(*_NO_TABLE):
        hint = f"run templates/sql/reels.sql in the SQL editor, or {without}"
        return Trouble(f"has no table '{table}' (404)", hint=hint, status=404)
    if "/rest/v1/" not in path and (status == 413 or says(*_TOO_LARGE)):
        hint = "raise the file size limit of the bucket and of the project, or take a higher output.crf"
        return Trouble(f"found the file too large for {place} (413)", hint=hint, status=413)
    if says("mime type"):
        return Trouble(f"does not take this type of file in {place} ({status})", hint="allow it in the bucket's settings", status=status)
    hints = {code: hint for code, hint in _HINTS.items() if code != 409 or "/rest/v1/" not in path}
    return trouble_of_status(status, headers, said=message, hints=hints, passes=True if status == 423 else None)


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        return {"message": text} if text and not text.startswith("<") else {}
    return said if isinstance(said, dict) else {}


def meaning(work: Callable[[], T]) -> T:
    """Return what a call returns; what the clients raise of their own becomes :class:`Trouble`."""
    try:
        return work()
    except httpx.TimeoutException:
        raise Trouble("does not answer", passes=True) from None
    except httpx.ConnectError:
        raise Trouble("cannot be reached", passes=True, hint="check SUPABASE_URL and the network") from None
    except httpx.TransportError:
        raise Trouble("broke off in the middle", passes=True) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Trouble("cannot be asked", hint="check SUPABASE_URL") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Trouble("gave an answer of another shape than Supabase's", hint="check SUPABASE_URL") from None
