"""A bucket of Supabase Storage that reels are published to, with an optional row for each in a table."""

from __future__ import annotations

import functools
import hashlib
import random
import re
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from reelkit.errors import ServiceError, UploadError
from reelkit.model import UploadResult
from reelkit.services.calls import Calls, Trouble
from reelkit.services.tus import CHUNK_BYTES, upload_in_chunks
from reelkit.whole import sha256_of

if TYPE_CHECKING:
    from reelkit.services.supabase_wire import Wired

__all__ = ["SupabaseStore"]

T = TypeVar("T")

_CACHE_S = "3600"
# What Storage takes, less the dot segments and percent signs that clients read in more than one way.
_NAME = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[\w!\-.*'()&$@=;:+,? ]+(/[\w!\-.*'()&$@=;:+,? ]+)*", re.ASCII)


@dataclass(frozen=True)
class _Facts:
    """What Storage says of an object; ``sha256`` is what was sent along when it was put, or empty."""

    bytes: int
    content_type: str
    etag: str
    sha256: str


class SupabaseStore:
    """Objects of a bucket. The address and the key are read, and a client made, when the first object is put or looked for.

    Up to 6 MB an object is sent in one request, above that by TUS. With it goes its SHA-256, by which a repeated upload is known and
    left out; an object that was put by other means is known by its ETag where that is the MD5.

    Parameters
    ----------
    bucket : str
        Made by the first upload where there is none and the key may make one: private with signed links, else public.
        ``templates/sql/reels.sql`` makes one with its policies.
    links : {"bucket", "public", "signed"}
        Which kind of address :meth:`look` gives; "bucket" asks the bucket.
    signed_days : int
        How long a signed address is good for.
    table : str
        Where each video gets a row (bucket, object, brand, title, bytes, sha256, content_type); empty for none.
    brand : str
        For the row.
    standard_bytes, chunk_bytes : int
        The most that is sent in one request, and how much of a longer file at once; what Supabase asks for.
    call_s, put_s : float
        How long one request, and all that one :meth:`put` or :meth:`look` does, may take.
    chance, sleep : callable
        Numbers in [0, 1) for the waits between attempts, and what waits. The default differs from process to process, so that those
        of a batch do not all come back at once.
    """

    def __init__(
        self,
        bucket: str,
        *,
        links: Literal["bucket", "public", "signed"] = "bucket",
        signed_days: int = 30,
        table: str = "",
        brand: str = "",
        standard_bytes: int = 6_000_000,
        chunk_bytes: int = CHUNK_BYTES,
        call_s: float = 120.0,
        put_s: float = 900.0,
        chance: Callable[[], float] | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.bucket = bucket
        self._links = links
        self._signed_days = signed_days
        self._table = table
        self._brand = brand
        self._standard_bytes = standard_bytes
        self._chunk_bytes = chunk_bytes
        self._call_s = call_s
        self._put_s = put_s
        self._chance = chance or random.SystemRandom().random
        self._sleep = sleep

    def put(self, name: str, path: Path, *, content_type: str, title: str) -> None:
        """Send a file, unless the object holds it already; read its size and type back; write the video's row.

        Raises
        ------
        UploadError
            When the name cannot be an object's, or Supabase refuses, cannot be reached, or does not hold what was sent.
        """
        if not _NAME.fullmatch(name):
            raise UploadError(f"upload: object name {name!r} holds what Supabase does not take; check publishing.prefix")
        try:
            size, sha256, md5 = path.stat().st_size, sha256_of(path), _md5_of(path)
        except OSError as error:
            raise UploadError(f"upload: {path} cannot be read: {error.strerror}") from None

        def work(ask: _Ask) -> None:
            held = self._facts(ask, name)
            same = held is not None and (held.sha256 == sha256 if held.sha256 else held.etag == md5)
            if not (held and same and (held.bytes, held.content_type) == (size, content_type)):
                self._send(ask, name, path, size=size, sha256=sha256, content_type=content_type)
                self._read_back(ask, name, size=size, content_type=content_type)
            if self._table and content_type.startswith("video/"):
                row: dict[str, Any] = {"bucket": self.bucket, "object": name, "brand": self._brand, "title": title}
                row |= {"bytes": size, "sha256": sha256, "content_type": content_type}
                ask(lambda: self._wired.client.table(self._table).upsert(row, on_conflict="bucket,object").execute())

        self._within_limits(work, make_bucket=self._make_bucket)

    def look(self, name: str) -> UploadResult | None:
        """Read an object back: its address, size and ETag as Supabase has them.

        Raises
        ------
        UploadError
            When Supabase refuses or cannot be reached.
        """

        def work(ask: _Ask) -> UploadResult | None:
            held = self._facts(ask, name)
            if held is None:
                return None
            return UploadResult(url=self._address(ask, name), bytes=held.bytes, etag=held.etag)

        return self._within_limits(work)

    def check(self) -> str:
        """Ask for the bucket, and say what it is.

        Raises
        ------
        UploadError
            When Supabase refuses, cannot be reached, or has no such bucket.
        """
        public = self._within_limits(self._public)
        return f"Supabase has the bucket '{self.bucket}', which is {'public' if public else 'private'}, and takes the key"

    def _make_bucket(self) -> None:
        self._wired.client.storage.create_bucket(self.bucket, options={"public": self._links != "signed"})

    def _within_limits(self, work: Callable[[_Ask], T], *, make_bucket: Callable[[], None] | None = None) -> T:
        try:
            return work(_Ask(self._calls(), make_bucket))
        except ServiceError as error:
            line = str(error)
        # Raised out here, so that nothing of the client hangs on it.
        raise UploadError(f"upload: {line}")

    def _calls(self) -> Calls:
        key = self._wired.key
        return Calls("Supabase", random=self._chance, keys=[key], call_s=self._call_s, step_s=self._put_s, sleep=self._sleep)

    @functools.cached_property
    def _wired(self) -> Wired:
        from reelkit.services.supabase_wire import connect

        wired = connect("publishing.store is supabase", bucket=self.bucket, table=self._table, without="leave publishing.table empty")
        weakref.finalize(self, wired.wire.close)
        return wired

    @property
    def _objects(self) -> Any:
        return self._wired.client.storage.from_(self.bucket)

    def _facts(self, ask: _Ask, name: str) -> _Facts | None:
        from reelkit.services.supabase_wire import Absent

        def read() -> _Facts:
            told = self._objects.info(name)
            kept = told.get("metadata") or {}
            return _Facts(
                bytes=int(told["size"]),
                content_type=told["content_type"].partition(";")[0].strip().lower(),
                etag=told["etag"].removeprefix("W/").strip('"'),
                sha256=str(kept.get("sha256", "")),
            )

        try:
            return ask(read)
        except Absent:
            return None

    def _send(self, ask: _Ask, name: str, path: Path, *, size: int, sha256: str, content_type: str) -> None:
        if size <= self._standard_bytes:
            options = {"content-type": content_type, "cache-control": _CACHE_S, "upsert": "true", "metadata": {"sha256": sha256}}
            ask(lambda: self._objects.upload(name, path, options))
            return
        from reelkit.services.supabase_wire import RESUMABLE

        upload_in_chunks(
            path,
            wire=self._wired.wire,
            endpoint=self._wired.url + RESUMABLE,
            metadata={
                "bucketName": self.bucket,
                "objectName": name,
                "contentType": content_type,
                "cacheControl": _CACHE_S,
                "metadata": f'{{"sha256": "{sha256}"}}',
            },
            headers={"x-upsert": "true"},
            call=ask,
            chunk_bytes=self._chunk_bytes,
        )

    def _read_back(self, ask: _Ask, name: str, *, size: int, content_type: str) -> None:
        held = self._facts(ask, name)
        if held is None:
            raise ServiceError(
                f"Supabase took {name}, but SUPABASE_KEY may not read it back; add the select policy of templates/sql/reels.sql"
            )
        if (held.bytes, held.content_type) != (size, content_type):
            sent = f"{size} bytes of {content_type} were sent; try again"
            raise ServiceError(f"Supabase holds {held.bytes} bytes of {held.content_type} under {name}, {sent}")

    def _address(self, ask: _Ask, name: str) -> str:
        if self._links == "public" or (self._links == "bucket" and self._public(ask)):
            return str(self._objects.get_public_url(name))
        seconds = self._signed_days * 24 * 3600

        def sign() -> str:
            return str(self._objects.create_signed_url(name, seconds)["signedURL"] or _shapeless())

        return ask(sign)

    def _public(self, ask: _Ask) -> bool:
        # Not by the client's get_bucket, which fails for buckets that were made by SQL and so have no owner.
        def read() -> bool:
            public = self._wired.wire.get(f"{self._wired.url}/storage/v1/bucket/{self.bucket}").json()["public"]
            return public if isinstance(public, bool) else _shapeless()

        return ask(read)

    def __repr__(self) -> str:
        return f"<SupabaseStore {self.bucket!r}>"


class _Ask:
    """Makes calls, all within the limits of one step, and the bucket where it turns out to be missing."""

    def __init__(self, calls: Calls, make_bucket: Callable[[], None] | None = None) -> None:
        self._calls = calls
        self._make_bucket = make_bucket

    def __call__(self, work: Callable[[], T]) -> T:
        from reelkit.services.supabase_wire import NoBucket, meaning

        def attempt() -> T:
            try:
                return meaning(work)
            except NoBucket as trouble:
                make, self._make_bucket = self._make_bucket, None
                missing = trouble
                if make is None:
                    raise
            try:
                meaning(make)
            except Trouble as refused:
                # Of a key that may not make buckets, that there is none is what the user can mend.
                if refused.passes:
                    raise
                raise missing from None
            return meaning(work)

        return self._calls.make(attempt)


def _shapeless() -> Any:
    raise ValueError


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
