"""Uploads that go on where they were cut, at any byte.

Source: tus.io, "Resumable Upload Protocol 1.0.0" (core and creation). Written here, as the kept client (``tuspy`` 1.1) has no time
limits, overlooks Retry-After, and sends the key to whatever address the server names.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reelkit.services.calls import Trouble

if TYPE_CHECKING:
    import httpx

__all__ = ["CHUNK_BYTES", "upload_in_chunks"]

CHUNK_BYTES = 6 * 1024 * 1024
_VERSION = {"tus-resumable": "1.0.0"}
_GONE = frozenset({404, 410})


def upload_in_chunks(
    path: Path,
    *,
    wire: httpx.Client,
    endpoint: str,
    metadata: Mapping[str, str],
    headers: Mapping[str, str],
    call: Callable[[Callable[[], None]], None],
    chunk_bytes: int = CHUNK_BYTES,
) -> None:
    """Send a file.

    Parameters
    ----------
    path : Path
    wire : httpx.Client
        Raises :class:`Trouble` for answers that tell of a failure.
    endpoint : str
        Where uploads are created.
    metadata : mapping
        Values are text; TUS wants them in base64.
    headers : mapping
        For the creation.
    call : callable
        Makes one call, again where trouble can pass. After trouble the server is asked how much it holds.
    chunk_bytes : int
        What is sent at once; Supabase takes 6 MiB and nothing else.

    Raises
    ------
    Trouble
        When the file is not the length it was.
    """
    upload = _Upload(path, wire=wire, endpoint=endpoint, metadata=metadata, headers=headers, chunk_bytes=chunk_bytes)
    while not upload.done:
        call(upload.go_on)


class _Upload:
    def __init__(
        self,
        path: Path,
        *,
        wire: httpx.Client,
        endpoint: str,
        metadata: Mapping[str, str],
        headers: Mapping[str, str],
        chunk_bytes: int,
    ) -> None:
        self._path = path
        self._chunk_bytes = chunk_bytes
        self._bytes = path.stat().st_size
        self._wire = wire
        self._endpoint = endpoint
        pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items())
        self._creation = {**_VERSION, **headers, "upload-length": str(self._bytes), "upload-metadata": ",".join(pairs)}
        self._address: str | None = None
        self._offset: int | None = None

    @property
    def done(self) -> bool:
        return self._address is not None and self._offset == self._bytes

    def go_on(self) -> None:
        """Create the upload, or send the next chunk from where the server stands."""
        if self._address is None:
            self._address, self._offset = self._create(), 0
            return
        offset, self._offset = self._offset, None
        if offset is None:
            try:
                offset = self._held()
            except Trouble as trouble:
                if trouble.status not in _GONE:
                    raise
                self._address = None
                return
        if offset < self._bytes:
            offset = self._send(offset)
        self._offset = offset

    def _create(self) -> str:
        response = self._wire.post(self._endpoint, headers=self._creation)
        # Only its last part: behind a proxy the rest may name a host that is not the one to give the key to.
        name = response.headers.get("location", "").split("?")[0].rstrip("/").rpartition("/")[2]
        if response.status_code != 201 or name in {"", ".", ".."}:
            raise Trouble("did not say where the upload goes", hint="check SUPABASE_URL")
        return f"{self._endpoint}/{name}"

    def _held(self) -> int:
        assert self._address is not None
        return self._told(self._wire.head(self._address, headers=_VERSION), at_least=0)

    def _send(self, offset: int) -> int:
        assert self._address is not None
        with self._path.open("rb") as file:
            file.seek(offset)
            chunk = file.read(min(self._chunk_bytes, self._bytes - offset))
        if not chunk:
            raise Trouble("cannot be sent a file that changes meanwhile")
        headers = {**_VERSION, "upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        return self._told(self._wire.patch(self._address, content=chunk, headers=headers), at_least=offset + 1)

    def _told(self, response: httpx.Response, *, at_least: int) -> int:
        told = response.headers.get("upload-offset", "")
        if not (told.isascii() and told.isdigit() and at_least <= int(told) <= self._bytes):
            raise Trouble("did not say how much of the upload it holds", passes=True, hint="check SUPABASE_URL")
        return int(told)
