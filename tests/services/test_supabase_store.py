"""Publishing to Supabase, against a server that speaks its documented HTTP."""

import hashlib
import logging
import socket
import subprocess
import sys
import traceback
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reelkit.brand import Brand, BrandPublishing, BrandScript
from reelkit.errors import UploadError
from reelkit.model import Fps, Palette, Reel
from reelkit.parts import Parts
from reelkit.services.supabase_store import SupabaseStore
from reelkit.services.tus import CHUNK_BYTES
from reelkit.steps.upload import Store, upload_video
from reelkit.whole import sha256_of
from tests.services.supabase_server import (
    KEY,
    RESUMABLE,
    Bucket,
    Fault,
    Supabase,
    cut_after,
    cut_answer,
    cut_at,
    drip,
    endless,
    hang_up,
    keep_but_lose_answer,
    status,
    text,
)

PALETTE = Palette(background="#101010", surface="#202020", primary="#C8742B", accent="#FFD23F", text="#FFFFFF")
BIG = 2 * CHUNK_BYTES + 12_345
INFO, OBJECT, ROWS = "/object/info/", "/storage/v1/object/reels/", "/rest/v1/reels"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supabase]:
    with Supabase() as supabase:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        monkeypatch.setenv("SUPABASE_KEY", KEY)
        yield supabase


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return a_file(tmp_path, 1000)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_file(tmp_path_factory.mktemp("big"), BIG)


def a_file(folder: Path, size: int, name: str = "reel.mp4") -> Path:
    path = folder / name
    path.write_bytes(hashlib.shake_256(b"frames").digest(1 << 16) * (size >> 16) + hashlib.shake_256(b"end").digest(size & 0xFFFF))
    return path


def a_store(bucket: str = "reels", *, waits: list[float] | None = None, **options: object) -> SupabaseStore:
    sleep = (waits if waits is not None else []).append
    return SupabaseStore(bucket, **({"sleep": sleep, "chance": lambda: 0.5} | options))  # type: ignore[arg-type]


def put(store: Store, path: Path, name: str = "north/0001.mp4", content_type: str = "video/mp4") -> None:
    store.put(name, path, content_type=content_type, title="Cold brew")


def line_of(store: Store, path: Path) -> str:
    """Return the error line of a failing upload, having looked for the key in all that hangs on the error."""
    with pytest.raises(UploadError) as caught:
        put(store, path)
    whole = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False, compact=False).format())
    assert caught.value.__context__ is None
    assert KEY not in whole + repr(caught.value) + repr(vars(caught.value))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("upload: ")
    return str(caught.value)


def a_brand(publishing: BrandPublishing) -> Brand:
    return Brand(name="Northwind", slug="northwind", palette=PALETTE, script=BrandScript(deck="northwind"), publishing=publishing)


def a_reel(path: Path) -> Reel:
    facts = {"width_px": 1080, "height_px": 1920, "fps": Fps(num=30), "frame_count": 90, "loudness_lufs": -14.0, "true_peak_dbtp": -1.5}
    return Reel(path=path, sha256=sha256_of(path), bytes=path.stat().st_size, **facts)


@pytest.mark.parametrize("size", [0, 1, 6_000_000, 6_000_001, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_the_object_is_the_file(server: Supabase, tmp_path: Path, size: int) -> None:
    """Whatever the length, on either side of every limit, the object has the file's bytes, type and caching, and reads back so."""
    path = a_file(tmp_path, size)
    store = a_store()
    put(store, path)
    held, looked = server.objects["reels", "north/0001.mp4"], store.look("north/0001.mp4")
    assert held.content == path.read_bytes()
    assert (held.content_type, held.cache_control, held.metadata) == ("video/mp4", "max-age=3600", {"sha256": sha256_of(path)})
    assert looked is not None
    assert (looked.bytes, looked.etag) == (size, held.etag.strip('"'))
    assert (server.times("PATCH", RESUMABLE) > 0) is (size > 6_000_000)


@pytest.mark.parametrize(("bucket", "kind"), [("reels", "public"), ("private", "sign")])
def test_addresses_are_of_the_buckets_kind(server: Supabase, video: Path, bucket: str, kind: str) -> None:
    """A public bucket gives a lasting address, a private one a signed address; both lead to the bytes without a key."""
    store = a_store(bucket, signed_days=2)
    put(store, video, "a b/0001.mp4")
    looked = store.look("a b/0001.mp4")
    assert looked is not None
    assert f"/object/{kind}/" in looked.url
    assert looked.url.endswith("?token=signed-for-172800") is (kind == "sign")
    with urllib.request.urlopen(looked.url) as answer:
        assert (answer.read(), answer.headers["content-type"]) == (video.read_bytes(), "video/mp4")


def test_a_brand_may_say_the_kind_of_address(server: Supabase, video: Path) -> None:
    """Where the file says public or signed, the bucket is not asked: a key may upload without seeing buckets."""
    for links in ("public", "signed"):
        store = a_store(links=links)
        put(store, video)
        assert store.look("north/0001.mp4") is not None
    assert server.times("GET", "/storage/v1/bucket/") == 0


@pytest.mark.parametrize("size", [1000, BIG])
def test_repeating_changes_nothing(server: Supabase, tmp_path: Path, size: int) -> None:
    """A second upload of the same file sends nothing: the object, its version and its row stay as they were."""
    path = a_file(tmp_path, size)
    store = a_store(table="reels", brand="north")
    put(store, path)
    before = dict(server.objects), {table: dict(rows) for table, rows in server.tables.items()}
    put(a_store(table="reels", brand="north"), path)
    assert (server.objects, server.tables) == before
    assert server.times("POST", OBJECT) + server.times("POST", RESUMABLE) == 1


def test_a_server_that_drops_metadata_is_compared_by_etag(server: Supabase, video: Path) -> None:
    """An object without a SHA-256 of ours is known by its ETag."""
    server.buckets["reels"] = Bucket(keeps_metadata=False)
    put(a_store(), video)
    put(a_store(), video)
    assert server.times("POST", OBJECT) == 1


def test_a_new_take_replaces_the_old_one(server: Supabase, tmp_path: Path) -> None:
    """The same name with another content, or another type, is the same object with the new one."""
    store = a_store()
    put(store, a_file(tmp_path, 1000))
    put(store, a_file(tmp_path, 1001))
    put(store, a_file(tmp_path, 1001), content_type="video/quicktime")
    assert [(len(held.content), held.content_type) for held in server.objects.values()] == [(1001, "video/quicktime")]


def test_a_reel_is_published_with_what_lies_beside_it(server: Supabase, video: Path, tmp_path: Path) -> None:
    """Reel, poster, captions and report stand under one name with their types; the reel gets the only row."""
    for name in ("poster.jpg", "captions.vtt", "captions.srt", "report.html"):
        (tmp_path / name).write_text(name)
    beside = sorted(set(tmp_path.iterdir()) - {video})
    store = a_store(table="reels", brand="northwind")
    brand = a_brand(BrandPublishing(store="supabase", bucket="reels", prefix="spring/"))
    result = upload_video(a_reel(video), brand, store=store, name="0001-abc", title="Cold brew", beside=beside)
    assert result.url == f"{server.url}/storage/v1/object/public/reels/spring/northwind/0001-abc.mp4"
    assert {name: held.content_type for (_, name), held in server.objects.items()} == {
        "spring/northwind/0001-abc.jpg": "image/jpeg",
        "spring/northwind/0001-abc.vtt": "text/vtt",
        "spring/northwind/0001-abc.srt": "application/x-subrip",
        "spring/northwind/0001-abc.html": "text/html",
        "spring/northwind/0001-abc.mp4": "video/mp4",
    }
    row = {"bucket": "reels", "object": "spring/northwind/0001-abc.mp4", "brand": "northwind", "title": "Cold brew"}
    row |= {"bytes": 1000, "sha256": sha256_of(video), "content_type": "video/mp4"}
    assert list(server.tables["reels"].values()) == [row]


def test_the_table_has_the_columns_that_are_written(server: Supabase, video: Path) -> None:
    """The shipped SQL names every column of a row, and the pair that tells rows apart."""
    put(a_store(table="reels"), video)
    (row,) = server.tables["reels"].values()
    sql = (Path(__file__).parents[2] / "templates/sql/reels.sql").read_text(encoding="utf-8")
    table = sql.partition("create table if not exists public.reels (")[2].partition(");")[0]
    assert set(row) | {"published_at"} == {line.split()[0] for line in table.strip().splitlines()} - {"primary"}
    assert "primary key (bucket, object)" in table


@pytest.mark.parametrize("kept", [0, 1, 65_537, CHUNK_BYTES - 1, CHUNK_BYTES])
def test_an_upload_goes_on_at_any_byte(server: Supabase, big: Path, kept: int) -> None:
    """After a cut the server is asked what it holds, and gets from there on: it takes no chunk with another offset."""
    server.fail(cut_after(CHUNK_BYTES), method="PATCH")
    server.fail(cut_after(kept), method="PATCH")
    put(a_store(), big)
    assert server.objects["reels", "north/0001.mp4"].content == big.read_bytes()
    assert server.times("POST", RESUMABLE) == 1
    assert server.times("HEAD", RESUMABLE) == 2


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("chunk_bytes", [1, 7, 12, 36])
def test_an_upload_goes_on_at_every_byte(server: Supabase, tmp_path: Path, chunk_bytes: int, answered: bool) -> None:
    """Cut at each byte of a small file, within chunks and at their ends, with an answer and without: one whole object, kept once."""
    path = a_file(tmp_path, 36)
    server.chunk_bytes = chunk_bytes
    for byte in range(36 if answered else 37):
        server.asked.clear()
        server.objects.clear()
        before = server.kept
        server.fail(cut_at(byte, answered=answered), method="PATCH")
        put(a_store(standard_bytes=0, chunk_bytes=chunk_bytes), path, f"north/{byte}.mp4")
        assert server.faults == [], "the cut was not met"
        assert [(name, held.content) for (_, name), held in server.objects.items()] == [(f"north/{byte}.mp4", path.read_bytes())]
        assert (server.kept - before, server.times("POST", RESUMABLE), server.times("HEAD", RESUMABLE)) == (1, 1, 1)
        put(a_store(standard_bytes=0, chunk_bytes=chunk_bytes), path, f"north/{byte}.mp4")
        assert server.kept - before == 1


def test_an_upload_whose_creation_was_not_heard_of_is_one_object(server: Supabase, tmp_path: Path) -> None:
    """The server made the upload and its answer was lost: another is begun, and one object stands at the end."""
    path = a_file(tmp_path, 36)
    server.chunk_bytes = 12
    server.fail(keep_but_lose_answer, method="POST", path=RESUMABLE)
    put(a_store(standard_bytes=0, chunk_bytes=12), path)
    assert [held.content for held in server.objects.values()] == [path.read_bytes()]
    assert (server.kept, server.times("POST", RESUMABLE)) == (1, 2)


def test_an_upload_that_the_server_forgot_begins_anew(server: Supabase, big: Path) -> None:
    """Uploads expire; the file is then sent from its beginning."""

    def forget(door: object) -> None:
        server.uploads.clear()
        hang_up(door)  # type: ignore[arg-type]

    server.fail(forget, method="PATCH")
    put(a_store(), big)
    assert server.objects["reels", "north/0001.mp4"].content == big.read_bytes()
    assert server.times("POST", RESUMABLE) == 2


def test_a_lost_answer_makes_no_second_object(server: Supabase, video: Path) -> None:
    """When the server took the file but its answer was cut, the retry ends in the same one object."""
    server.fail(keep_but_lose_answer, method="POST", path=OBJECT)
    put(a_store(), video)
    assert [held.content for held in server.objects.values()] == [video.read_bytes()]


def test_the_key_goes_only_to_the_project(server: Supabase, big: Path) -> None:
    """The server names another host for the upload; nothing is sent there."""
    put(a_store(), big)
    assert {asked.headers["host"] for asked in server.asked} == {server.url.removeprefix("http://")}


PASSING: dict[str, Fault] = {
    "reset": hang_up,
    "cut answer": cut_answer,
    "drip": drip,
    "408": status(408),
    "409": status(409),
    "429": status(429),
    "429, wait": status(429, retry_after="7"),
    "500": status(500),
    "503": text(b"<html>503 Service Unavailable</html>", code=503, content_type="text/html"),
    "html": text(b"<html>Please log in</html>", content_type="text/html"),
    "truncated": text(b'{"Key": "reels/no'),
}
PLACES = {"info": ("GET", INFO), "upload": ("POST", OBJECT), "row": ("POST", ROWS)}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("place", PLACES)
def test_what_can_pass_is_tried_again(server: Supabase, video: Path, fault: str, place: str) -> None:
    """Each passing fault, at each call, ends in the same object and row after a wait; a wait that is asked for is kept."""
    method, path = PLACES[place]
    server.fail(PASSING[fault], method=method, path=path)
    waits: list[float] = []
    put(a_store(waits=waits, table="reels", call_s=2.0 if fault == "drip" else 60.0), video)
    assert server.objects["reels", "north/0001.mp4"].content == video.read_bytes()
    assert len(server.objects) == len(server.tables["reels"]) == 1
    assert waits == [7.0 if fault == "429, wait" else 0.375]


@pytest.mark.parametrize("fault", [name for name in PASSING if name not in {"html", "truncated", "cut answer"}])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_resumable_uploads_survive_what_can_pass(server: Supabase, big: Path, fault: str, method: str) -> None:
    """The same holds in the middle of a resumable upload."""
    server.fail(PASSING[fault], method=method, path=RESUMABLE)
    put(a_store(call_s=2.0 if fault == "drip" else 60.0), big)
    assert server.objects["reels", "north/0001.mp4"].content == big.read_bytes()


@pytest.mark.parametrize("fault", [status(409), text(b"", code=423), text(b"{}", code=204)])
def test_a_disputed_offset_is_asked_for(server: Supabase, big: Path, fault: Fault) -> None:
    """A conflict, a lock or an answer without an offset makes the server be asked what it holds."""
    server.fail(fault, method="PATCH")
    put(a_store(), big)
    assert server.objects["reels", "north/0001.mp4"].content == big.read_bytes()
    assert server.times("HEAD", RESUMABLE) == 1


LINES: dict[str, tuple[Fault, str]] = {
    "401": (status(401), "Supabase refused the key (401); copy SUPABASE_KEY again from the project's API settings"),
    "403": (status(403), "Supabase forbade it (403); SUPABASE_KEY may not do this"),
    "404": (text(b"<html>", code=404), "Supabase knows no such thing (404); check SUPABASE_URL"),
    "408": (status(408), "Supabase gave up waiting for the request (408): 'told [key]', also when asked 4 times; try again later"),
    "409": (status(409), "also when asked 4 times; another upload of the same object is under way"),
    "413": (text(b"", code=413), "Supabase found the file too large for bucket 'reels' (413); raise the file size limit"),
    "429": (status(429), "Supabase is being asked too often (429): 'told [key]', also when asked 4 times; try again later"),
    "429, too long": (status(429, retry_after="5000"), "and asks to wait 5000 s; the step's limit is 900 s"),
    "500": (status(500), "Supabase failed (500): 'told [key]', also when asked 4 times; try again later"),
    "503": (status(503), "Supabase is not available (503): 'told [key]', also when asked 4 times; try again later"),
    "reset": (hang_up, "Supabase broke off in the middle, also when asked 4 times; try again later"),
    "html": (text(b"<html>Log in</html>"), "Supabase gave an answer that is not JSON, or only a part of it, also when asked 4 times"),
    "truncated": (text(b'{"Key": "re'), "Supabase gave an answer that is not JSON, or only a part of it, also when asked 4 times"),
    "shape": (text(b'["Key"]'), "Supabase gave an answer of another shape than Supabase's; check SUPABASE_URL"),
    "redirect": (text(b"", code=301), "Supabase refused the request (301)"),
    "endless": (endless, "Supabase sent more than 1 MB for an answer; check SUPABASE_URL"),
    "drip": (drip, "Supabase did not answer within 0.2 s, also when asked 4 times; try again later"),
}


@pytest.mark.parametrize("fault", LINES)
@pytest.mark.parametrize("place", [("GET", INFO), ("POST", OBJECT)])
def test_what_does_not_pass_is_one_line(server: Supabase, video: Path, fault: str, place: tuple[str, str]) -> None:
    """Each lasting fault ends in a line that says what and what to do, without the key, though the server quotes it; nothing is kept."""
    answer, line = LINES[fault]
    server.fail(answer, method=place[0], path=place[1], times=4)
    assert line in line_of(a_store(call_s=0.2 if fault == "drip" else 60.0), video)
    assert server.objects == {}


@pytest.mark.parametrize("fault", ["401", "403", "408", "413", "429", "429, too long", "500", "503", "reset", "endless", "drip"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_ends_a_resumable_upload_is_one_line(server: Supabase, big: Path, fault: str, method: str) -> None:
    """The same lines end a resumable upload, at its beginning and in its middle; no object stands there."""
    answer, line = LINES[fault]
    server.fail(answer, method=method, path=RESUMABLE, times=4)
    assert line in line_of(a_store(call_s=2.0 if fault == "drip" else 60.0), big).replace("within 2 s", "within 0.2 s")
    assert server.objects == {}


@pytest.mark.parametrize("size", [1000, BIG])
def test_what_supabase_refuses_is_said_in_its_terms(server: Supabase, tmp_path: Path, size: int) -> None:
    """Policies, buckets, expired keys and limits are told apart, for short files and for resumable ones."""
    path = a_file(tmp_path, size)
    assert "has no bucket 'nowhere' that SUPABASE_KEY may see (404); create it" in line_of(a_store("nowhere"), path)
    server.buckets["reels"] = Bucket(writable=False)
    assert "does not let SUPABASE_KEY write to bucket 'reels' (403): row-level security; " in line_of(a_store(), path)
    server.buckets["reels"] = Bucket(limit_bytes=10)
    assert "found the file too large for bucket 'reels' (413); raise the file size limit" in line_of(a_store(), path)
    server.buckets["reels"] = Bucket(readable=False)
    assert "may not read it back; add the select policy of templates/sql/reels.sql" in line_of(a_store(), path)
    server.key_expired = True
    assert "refused the key (401): it has expired; copy SUPABASE_KEY again" in line_of(a_store(), path)


@pytest.mark.parametrize("size", [1000, BIG])
@pytest.mark.parametrize(("links", "public"), [("bucket", True), ("public", True), ("signed", False)])
def test_the_bucket_is_made_on_first_upload(server: Supabase, tmp_path: Path, size: int, links: Any, public: bool) -> None:
    """A key that may make buckets makes the missing one once, of the kind that the links ask for; looking alone makes none."""
    server.makes_buckets = True
    store = a_store("fresh", links=links)
    with pytest.raises(UploadError, match="has no bucket 'fresh'"):
        store.check()
    assert "fresh" not in server.buckets
    for name in ("a/1.mp4", "a/2.mp4"):
        store.put(name, a_file(tmp_path, size), content_type="video/mp4", title="")
    assert server.buckets["fresh"].public == public
    assert len(server.objects) == 2
    assert sum(asked.method == "POST" and asked.path == "/storage/v1/bucket" for asked in server.asked) == 1
    assert f"the bucket 'fresh', which is {'public' if public else 'private'}" in store.check()


def test_a_wrong_key_is_refused(server: Supabase, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of another project is told as such."""
    monkeypatch.setenv("SUPABASE_KEY", "sb_secret_of_another_project")
    assert "refused the key (401); copy SUPABASE_KEY again" in line_of(a_store(), video)


def test_tables_are_told_apart_from_buckets(server: Supabase, video: Path) -> None:
    """A missing table and a table's policy are told as the table's; the object stands by then."""
    assert "has no table 'films' (404); run templates/sql/reels.sql" in line_of(a_store(table="films"), video)
    server.table_writable = False
    assert "does not let SUPABASE_KEY write to table 'reels' (403)" in line_of(a_store(table="reels"), video)
    assert len(server.objects) == 1


def test_what_is_read_back_decides(server: Supabase, video: Path) -> None:
    """A server that says it took the file but holds another length is found out."""
    wrong = {"size": 12, "content_type": "video/mp4", "etag": '"x"', "metadata": None}
    server.fail(status(400, said={"statusCode": "404", "error": "not_found", "message": "Object not found"}), path=INFO)
    server.fail(status(200, said=wrong), path=INFO)
    assert "Supabase holds 12 bytes of video/mp4 under north/0001.mp4, 1000 bytes of video/mp4 were sent" in line_of(a_store(), video)


def test_nobody_there(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried again, then told."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SUPABASE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("SUPABASE_KEY", KEY)
        assert "Supabase cannot be reached, also when asked 4 times; check SUPABASE_URL and the network" in line_of(a_store(), video)


@pytest.mark.parametrize(
    ("url", "key", "line"),
    [
        ("", KEY, "there is no SUPABASE_URL in the environment or .env"),
        ("http://127.0.0.1:9", "", "there is no SUPABASE_KEY in the environment or .env"),
        ("", "", "there is no SUPABASE_URL and SUPABASE_KEY in the environment"),
        (KEY, KEY, "SUPABASE_URL must be like https://"),
        ("https://user:pass@host", KEY, "SUPABASE_URL must be like https://"),
        ("http://127.0.0.1:9", f"{KEY} {KEY}", "SUPABASE_KEY holds characters that no key has"),
    ],
)
def test_settings_are_looked_at_first(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, key: str, line: str) -> None:
    """What is missing or mixed up in the environment is told before anything is sent, and not quoted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPABASE_URL", url)
    monkeypatch.setenv("SUPABASE_KEY", key)
    assert line in line_of(a_store(), video)


@pytest.mark.parametrize("name", ["../x.mp4", "/etc/x.mp4", "a/../x.mp4", "a//x.mp4", "a\\x.mp4", "été/x.mp4", "a%2e/x.mp4", "a\n", ""])
def test_names_that_are_none_are_refused(server: Supabase, video: Path, name: str) -> None:
    """A name that Supabase would refuse, or that leads out of the bucket's folder, is told at once."""
    with pytest.raises(UploadError, match=r"holds what Supabase does not take; check publishing\.prefix"):
        put(a_store(), video, name)
    assert server.asked == []


def test_nothing_is_there_before_it_is_put(server: Supabase) -> None:
    """Looking for an object that was never put finds none."""
    assert a_store().look("north/0001.mp4") is None


def test_the_key_shows_nowhere(server: Supabase, video: Path, big: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No repr and no log, however talkative, holds the key; the requests did carry it."""
    with caplog.at_level(logging.DEBUG):
        store = a_store(table="reels")
        put(store, video)
        put(store, big, "north/0002.mp4")
        looked = store.look("north/0001.mp4")
    assert all(asked.headers["apikey"] == KEY for asked in server.asked)
    assert KEY not in caplog.text + repr(store) + repr(vars(store)) + repr(looked)


def test_the_client_is_made_when_something_is_uploaded() -> None:
    """A store can be made without a key, and loads no network client until it is used."""
    code = (
        "import sys; from reelkit.services.supabase_store import SupabaseStore; print(SupabaseStore('reels'));"
        "assert not {'supabase', 'storage3', 'httpx', 'requests'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert (done.stdout, done.stderr) == ("<SupabaseStore 'reels'>\n", "")


@pytest.mark.parametrize("changes", [{}, {"links": "signed", "signed_days": 7, "table": "reels"}])
def test_a_brand_moves_to_supabase_by_its_file(server: Supabase, video: Path, tmp_path: Path, changes: dict[str, object]) -> None:
    """What the brand's file says of publishing is what the store does."""
    publishing = BrandPublishing.model_validate({"store": "supabase", "bucket": "reels"} | changes)
    store = Parts(a_brand(publishing), outputs=tmp_path / "outputs").store
    put(store, video)
    looked = store.look("north/0001.mp4")
    assert looked is not None
    assert looked.url.endswith("?token=signed-for-604800") is bool(changes)
    assert [row["brand"] for row in server.tables["reels"].values()] == (["northwind"] if changes else [])
    assert not (tmp_path / "outputs").exists()
