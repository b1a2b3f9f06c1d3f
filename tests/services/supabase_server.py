"""Supabase as Reelkit sees it, on loopback: Storage, its TUS endpoint, signed and public addresses, and one table, with faults on order.

It speaks what supabase.com/docs (Storage, "Resumable uploads", "Error codes"), tus.io 1.0.0 and docs.postgrest.org say, in HTTP/1.1.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import email
import email.policy
import hashlib
import http.server
import io
import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from tests.services.postgres import Database

KEY = "sb_secret_Planted0123456789abcdef"
CHUNK_BYTES = 6 * 1024 * 1024
RESUMABLE = "/storage/v1/upload/resumable"


@dataclasses.dataclass
class Bucket:
    public: bool = True
    limit_bytes: int = 100_000_000
    writable: bool = True
    readable: bool = True
    keeps_metadata: bool = True


@dataclasses.dataclass(frozen=True)
class Held:
    content: bytes
    content_type: str
    cache_control: str
    metadata: dict[str, Any] | None
    etag: str
    version: int


@dataclasses.dataclass
class Upload:
    bucket: str
    name: str
    length: int
    fields: dict[str, str]
    content: bytearray


@dataclasses.dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    bytes: int


Fault = Callable[["Door"], None]


class Supabase:
    """The server; a context manager. ``faults`` holds (method, part of the path, what happens instead), each used once."""

    def __init__(self, database: Database | None = None) -> None:
        self.database = database
        self.role = "service_role"
        self.buckets = {"reels": Bucket(), "private": Bucket(public=False)}
        self.objects: dict[tuple[str, str], Held] = {}
        self.uploads: dict[str, Upload] = {}
        self.tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {"reels": {}}
        self.table_writable = True
        self.makes_buckets = False
        self.key_expired = False
        self.chunk_bytes = CHUNK_BYTES
        self.asked: list[Asked] = []
        self.faults: list[tuple[str, str, Fault]] = []
        self.closing = threading.Event()
        self.numbers = itertools.count(1)
        self.kept = 0
        self.lock = threading.Lock()
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._http.daemon_threads = True
        self._http.house = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Supabase:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def fail(self, fault: Fault, *, method: str = "", path: str = "", times: int = 1) -> None:
        self.faults += [(method, path, fault)] * times

    def times(self, method: str, part: str) -> int:
        return sum(asked.method == method and part in asked.path for asked in self.asked)

    def keep(self, bucket: str, name: str, content: bytes, fields: dict[str, str], *, chunked: bool) -> Held:
        parts = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)] or [b""]
        whole = hashlib.md5(content).hexdigest()
        pieces = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
        kept = fields.get("metadata") if self.buckets[bucket].keeps_metadata else None
        held = Held(
            content=content,
            content_type=fields.get("contentType", "application/octet-stream"),
            cache_control=f"max-age={fields.get('cacheControl', '3600')}",
            metadata=json.loads(kept) if kept else None,
            etag=f'"{pieces}-{len(parts)}"' if chunked else f'"{whole}"',
            version=next(self.numbers),
        )
        self.objects[bucket, name] = held
        self.kept += 1
        return held


class Door(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    @property
    def house(self) -> Supabase:
        return self.server.house  # type: ignore[attr-defined]

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def take(self) -> None:
        house, path = self.house, unquote(urlsplit(self.path).path)
        length = int(self.headers.get("content-length") or 0)
        with house.lock:
            house.asked.append(Asked(self.command, path, {name.lower(): value for name, value in self.headers.items()}, length))
            at = next((i for i, (method, part, _) in enumerate(house.faults) if method in ("", self.command) and part in path), None)
            fault = house.faults.pop(at)[2] if at is not None else None
        if fault is not None:
            fault(self)
            return
        self.answer_well(path, self.rfile.read(length))

    do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = take

    def answer_well(self, path: str, body: bytes) -> None:
        house = self.house
        if path.startswith("/storage/v1/object/public/") or "token" in parse_qs(urlsplit(self.path).query):
            self.download(path)
        elif self.headers.get("apikey") != KEY or self.headers.get("authorization") != f"Bearer {KEY}":
            self.refuse("403", "Unauthorized", "Invalid Compact JWS")
        elif house.key_expired:
            self.refuse("403", "Unauthorized", '"exp" claim timestamp check failed')
        elif path.startswith("/rest/v1/") and house.database is not None:
            self.ask_database(house.database, path.removeprefix("/rest/v1/"), body)
        elif path.startswith("/rest/v1/"):
            self.write_row(path.removeprefix("/rest/v1/"), body)
        elif path.startswith(RESUMABLE):
            self.resumable(path.removeprefix(RESUMABLE).strip("/"), body)
        elif path == "/storage/v1/bucket":
            self.make_bucket(json.loads(body))
        elif path.startswith("/storage/v1/bucket/"):
            self.tell_bucket(path.removeprefix("/storage/v1/bucket/"))
        elif path.startswith("/storage/v1/object/"):
            self.object(path.removeprefix("/storage/v1/object/"), body)
        else:
            self.refuse("404", "not_found", "Route not found")

    def tell_bucket(self, name: str) -> None:
        if name in self.house.buckets:
            self.say(200, {"id": name, "name": name, "owner": None, "public": self.house.buckets[name].public})
        else:
            self.refuse("404", "Bucket not found", "Bucket not found")

    def make_bucket(self, wanted: dict[str, Any]) -> None:
        if not self.house.makes_buckets:
            self.refuse("403", "Unauthorized", "new row violates row-level security policy")
            return
        self.house.buckets[wanted["id"]] = Bucket(public=wanted["public"])
        self.say(200, {"name": wanted["name"]})

    def object(self, rest: str, body: bytes) -> None:
        kind, _, after = rest.partition("/") if rest.startswith(("info/", "sign/")) else ("", "", rest)
        bucket, _, name = after.partition("/")
        house = self.house
        if bucket not in house.buckets:
            self.refuse("404", "Bucket not found", "Bucket not found")
        elif kind == "":
            self.upload(bucket, name, body)
        elif (bucket, name) not in house.objects or not house.buckets[bucket].readable:
            self.refuse("404", "not_found", "Object not found")
        elif kind == "sign":
            seconds = int(json.loads(body)["expiresIn"])
            self.say(200, {"signedURL": f"/object/sign/{bucket}/{name}?token=signed-for-{seconds}"})
        else:
            held = house.objects[bucket, name]
            facts = {"id": "1", "name": name, "version": str(held.version), "bucket_id": bucket, "size": len(held.content)}
            facts |= {"content_type": held.content_type, "cache_control": held.cache_control, "etag": held.etag}
            self.say(200, facts | {"metadata": held.metadata})

    def may_write(self, bucket: str, name: str, size: int) -> tuple[str, str, str] | None:
        house = self.house
        if bucket not in house.buckets:
            return "404", "Bucket not found", "Bucket not found"
        if not house.buckets[bucket].writable:
            return "403", "Unauthorized", "new row violates row-level security policy"
        if size > house.buckets[bucket].limit_bytes:
            return "413", "Payload too large", "The object exceeded the maximum allowed size"
        if (bucket, name) in house.objects and self.headers.get("x-upsert") != "true":
            return "409", "Duplicate", "The resource already exists"
        return None

    def upload(self, bucket: str, name: str, body: bytes) -> None:
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        fields: dict[str, str] = {}
        content = b""
        for part in email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts():
            field = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            if part.get_filename() is not None:
                content, fields["contentType"] = payload, part.get_content_type()
            else:
                fields[str(field)] = payload.decode()
        refusal = self.may_write(bucket, name, len(content))
        if refusal:
            self.refuse(*refusal)
        else:
            self.house.keep(bucket, name, content, fields, chunked=False)
            self.say(200, {"Id": "1", "Key": f"{bucket}/{name}"})

    def resumable(self, upload_id: str, body: bytes) -> None:
        house = self.house
        if self.headers.get("tus-resumable") != "1.0.0":
            self.say_text(412, "Tus-Resumable Required")
        elif not upload_id:
            self.create()
        elif upload_id not in house.uploads:
            self.say_text(404, "The file for this url was not found")
        elif self.command == "HEAD":
            upload = house.uploads[upload_id]
            self.say_text(200, "", {"upload-offset": str(len(upload.content)), "upload-length": str(upload.length)})
        else:
            self.append(house.uploads[upload_id], upload_id, body)

    def create(self) -> None:
        pairs = (pair.split(" ") for pair in self.headers["upload-metadata"].split(","))
        fields = {name: base64.b64decode(value).decode() for name, value in pairs}
        bucket, name, length = fields["bucketName"], fields["objectName"], int(self.headers["upload-length"])
        refusal = self.may_write(bucket, name, length)
        if refusal:
            self.say_text(int(refusal[0]), refusal[2])
            return
        upload_id = base64.urlsafe_b64encode(f"{bucket}/{name}/{next(self.house.numbers)}".encode()).decode()
        self.house.uploads[upload_id] = Upload(bucket, name, length, fields, bytearray())
        # As behind a proxy: a host that must not be given the key.
        self.say_text(201, "", {"location": f"http://storage.invalid{RESUMABLE}/{upload_id}"})

    def append(self, upload: Upload, upload_id: str, body: bytes) -> None:
        last = len(upload.content) + len(body) == upload.length
        if self.headers["content-type"] != "application/offset+octet-stream":
            self.say_text(415, "Content-Type")
        elif int(self.headers["upload-offset"]) != len(upload.content):
            self.say_text(409, "Upload-Offset conflict")
        elif len(body) > self.house.chunk_bytes or (len(body) != self.house.chunk_bytes and not last):
            self.say_text(400, "chunks are of 6 MiB")
        else:
            self.receive(upload, upload_id, body)
            self.say_text(204, "", {"upload-offset": str(len(upload.content))})

    def receive(self, upload: Upload, upload_id: str, body: bytes) -> None:
        upload.content += body
        if len(upload.content) == upload.length:
            self.house.keep(upload.bucket, upload.name, bytes(upload.content), upload.fields, chunked=True)

    def download(self, path: str) -> None:
        bucket, _, name = path.removeprefix("/storage/v1/object/").partition("/")[2].partition("/")
        held = self.house.objects.get((bucket, name))
        signed = "/object/sign/" in path
        if held is None or not (signed or self.house.buckets[bucket].public):
            self.refuse("404", "not_found", "Object not found")
        else:
            self.send(200, held.content, {"content-type": held.content_type, "cache-control": held.cache_control, "etag": held.etag})

    def ask_database(self, database: Database, path: str, body: bytes) -> None:
        """Answer as PostgREST does: rows of a table, a change of rows, or what a function returns; errors by their SQL state."""
        query = dict(parse_qsl(urlsplit(self.path).query))
        said = json.loads(body) if body else {}
        code, answer = database.rest(self.command, path, query, said, role=self.house.role)
        self.say(code, answer)

    def write_row(self, table: str, body: bytes) -> None:
        house, query = self.house, parse_qs(urlsplit(self.path).query)
        if table not in house.tables:
            self.say(404, {"code": "PGRST205", "message": f"Could not find the table 'public.{table}' in the schema cache"})
        elif not house.table_writable:
            self.say(401, {"code": "42501", "message": 'new row violates row-level security policy for table "reels"'})
        else:
            assert query["on_conflict"] == ["bucket,object"]
            assert "resolution=merge-duplicates" in self.headers["prefer"]
            row = json.loads(body)
            house.tables[table][row["bucket"], row["object"]] = row
            self.say(201, [row])

    def refuse(self, status: str, error: str, message: str) -> None:
        self.say(400, {"statusCode": status, "error": error, "message": message})

    def say(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(value).encode(), {"content-type": "application/json"} | (headers or {}))

    def say_text(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send(status, text.encode(), {"content-type": "text/plain", "tus-resumable": "1.0.0"} | (headers or {}))

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)


def drained(answer: Fault) -> Fault:
    """Let a fault come after the request was read, as a server's answer does."""

    def fault(door: Door) -> None:
        door.rfile.read(int(door.headers.get("content-length") or 0))
        answer(door)

    return fault


def status(code: int, *, said: Any = None, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return drained(lambda door: door.say(code, said if said is not None else {"message": f"told {KEY}"}, named))


def text(body: bytes, *, code: int = 200, content_type: str = "application/json") -> Fault:
    return drained(lambda door: door.send(code, body, {"content-type": content_type}))


def hang_up(door: Door) -> None:
    """Reset the connection, as a cut line does."""
    door.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    door.connection.close()
    door.close_connection = True


def cut_answer(door: Door) -> None:
    door.rfile.read(int(door.headers.get("content-length") or 0))
    door.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{")
    door.wfile.flush()
    hang_up(door)


def cut_after(kept: int) -> Fault:
    """Reset in the middle of a chunk, of which the server keeps the first ``kept`` bytes."""

    def fault(door: Door) -> None:
        upload_id = unquote(door.path).rpartition("/")[2]
        upload = door.house.uploads[upload_id]
        assert int(door.headers["upload-offset"]) == len(upload.content)
        door.receive(upload, upload_id, door.rfile.read(kept))
        hang_up(door)

    return fault


def cut_at(byte: int, *, answered: bool) -> Fault:
    """Reset when the server holds the file's first ``byte`` bytes: where these end a chunk, before or after that was answered."""

    def fault(door: Door) -> None:
        start, length = int(door.headers["upload-offset"]), int(door.headers["content-length"])
        if start + length < byte or (answered and start + length == byte):
            door.house.fail(fault, method="PATCH")
            door.answer_well(unquote(urlsplit(door.path).path), door.rfile.read(length))
        else:
            cut_after(byte - start)(door)

    return fault


def keep_but_lose_answer(door: Door) -> None:
    """Do what was asked, and reset before saying so."""
    body, sent = door.rfile.read(int(door.headers.get("content-length") or 0)), door.wfile
    door.wfile = io.BytesIO()
    door.answer_well(unquote(urlsplit(door.path).path), body)
    door.wfile = sent
    hang_up(door)


def drip(door: Door) -> None:
    """Answer a byte at a time, each well within a client's patience for one read."""
    door.rfile.read(int(door.headers.get("content-length") or 0))
    door.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
    with contextlib.suppress(OSError):
        while not door.house.closing.is_set():
            door.wfile.write(b" ")
            door.wfile.flush()
            time.sleep(0.05)
    door.close_connection = True


def endless(door: Door) -> None:
    door.rfile.read(int(door.headers.get("content-length") or 0))
    door.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    with contextlib.suppress(OSError):
        while not door.house.closing.is_set():
            door.wfile.write(b"[" * 65536)
    door.close_connection = True
