"""The whole table of what a network and a server can do, against every service and against doctor's check of each.

Here a fault stays for ever. What passes after a while, and that the same call then ends well, stands in the tests of each service.
"""

import json
import logging
import random
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reelkit.errors import ReelkitError
from reelkit.services.announce import call_webhook
from reelkit.services.calls import Calls
from reelkit.services.download import download
from reelkit.services.openai_client import check_server
from reelkit.services.pexels import PexelsSite
from reelkit.services.pixabay import PixabaySite
from reelkit.services.stock_site import StockSite
from reelkit.services.supabase_store import SupabaseStore
from reelkit.services.team_ledger import TeamLedger
from tests.services import test_openai_speech, test_openai_writer
from tests.services.servers import Reply, closed_port, drips, drips_headers, endless, gives, resets, serving
from tests.services.stock_server import library_of

KEY = "sk-planted-0123456789abcdef"
NOT_JSON, NOT_MEDIA = "no JSON|not JSON|no whole JSON|no list of models", "application/json instead of (sound|a video)"


def fails(status: int, **headers: str) -> Reply:
    """A server that says no, and quotes the key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return gives(json.dumps({"message": f"told {KEY}", "error": {"message": f"told {KEY}"}}), status=status, headers=named)


FAULTS: dict[str, tuple[Callable[[str], Reply] | None, str]] = {
    "refused connection": (None, "cannot be reached|is not there|does not answer"),
    "reset mid-body": (resets, f"broke off|hung up|does not answer|{NOT_MEDIA}"),
    "slow drip": (lambda body: drips, f"did not answer within|too slow|{NOT_MEDIA}"),
    "slow headers": (lambda body: drips_headers, "did not answer within|too slow"),
    "401": (lambda body: fails(401), "refused the key"),
    "403": (lambda body: fails(403), r"\(403\)"),
    "404": (lambda body: fails(404), r"\(404\)"),
    "408": (lambda body: fails(408), r"\(408\).*(also when asked \d times|the step.s limit)"),
    "409": (lambda body: fails(409), r"\(409\).*(also when asked \d times|the step.s limit)"),
    "413": (lambda body: fails(413), r"\(413\)"),
    "429 with Retry-After": (lambda body: fails(429, retry_after="3600"), "asks to wait 3600 s"),
    "429 without Retry-After": (lambda body: fails(429), r"\(429\).*(also when asked \d times|the step.s limit)"),
    "500": (lambda body: fails(500), r"\(500\).*(also when asked \d times|the step.s limit)"),
    "503": (
        lambda body: gives(f"<h1>down {KEY}</h1>", status=503, kind="text/html"),
        r"\(503\).*(also when asked \d times|the step.s limit)",
    ),
    "HTML for JSON": (
        lambda body: gives(f"<html>Log in {KEY}</html>", kind="text/html"),
        f"a web page|text/html|{NOT_JSON}",
    ),
    "truncated JSON": (lambda body: gives(body[: len(body) // 2]), f"{NOT_JSON}|{NOT_MEDIA}"),
    "wrong shape": (lambda body: gives('{"other": [{"id": "x"}]}'), f"another shape|no chat completion|no list of models|{NOT_MEDIA}"),
    "wrong content type": (lambda body: gives(body, kind="image/png"), "another shape|image/png instead of"),
    "endless body": (lambda body: endless(), f"sent more than .* MB for an answer|{NOT_MEDIA}"),
}


class Asked:
    """A service on a server: ``ask`` returns what it has to say of trouble, None where there is none."""

    def __init__(self, url: str, folder: Path, *, call_s: float) -> None:
        self.url, self.folder, self.call_s = url, folder, call_s
        self.no_wait: dict[str, Any] = {"sleep": lambda seconds: None}

    def writer(self) -> None:
        test_openai_writer.Made(self.url, call_s=self.call_s, key=KEY).write()

    def speech(self) -> None:
        test_openai_speech.Made(self.url, self.folder, call_s=self.call_s, key=KEY).voice.speak("Honey never spoils.")

    def _stock(self, site: StockSite) -> str | None:
        library = library_of(site, SimpleNamespace(url=self.url), self.folder, key=lambda: KEY, answer_s=self.call_s)  # type: ignore[arg-type]
        assert library.search(["river"]) == []
        return "".join(library.skipped) or None

    def pexels(self) -> str | None:
        return self._stock(PexelsSite())

    def pixabay(self) -> str | None:
        return self._stock(PixabaySite())

    def download(self) -> None:
        calls = Calls("site", random=random.Random(1).random, keys=[KEY], call_s=self.call_s + 1, **self.no_wait)
        download(f"{self.url}/1.mp4", self.folder / "1.part", calls=calls, call_s=self.call_s, max_bytes=1_000_000)

    def store(self) -> None:
        path = self.folder.parent / "reel.mp4"
        path.write_bytes(b"frames")
        store = SupabaseStore("reels", call_s=self.call_s, **self.no_wait)
        store.put("north/1.mp4", path, content_type="video/mp4", title="")

    def ledger(self) -> None:
        TeamLedger("desk", call_s=self.call_s, **self.no_wait).claim_clips("northwind", "seed 1", ["a"], reels=5)

    def webhook(self) -> str | None:
        return call_webhook(f"{self.url}/hooks/{KEY}", {"done": 3}, answer_s=self.call_s, **self.no_wait)

    def check_writer(self) -> None:
        how = {"base_url": f"{self.url}/v1", "key": KEY, "model": "tiny", "field": "script.base_url", "hints": {}}
        check_server(**how, call_s=self.call_s, **self.no_wait)  # type: ignore[arg-type]

    def _check_stock(self, site: StockSite) -> None:
        library_of(site, SimpleNamespace(url=self.url), self.folder, key=lambda: KEY, answer_s=self.call_s).check()  # type: ignore[arg-type]

    def check_pexels(self) -> None:
        self._check_stock(PexelsSite())

    def check_pixabay(self) -> None:
        self._check_stock(PixabaySite())

    def check_store(self) -> None:
        SupabaseStore("reels", call_s=self.call_s, **self.no_wait).check()

    def check_ledger(self) -> None:
        TeamLedger("doctor", call_s=self.call_s, **self.no_wait).check()


# What each expects to be answered.
RIGHT = {
    "writer": test_openai_writer.completion(test_openai_writer.GOOD),
    "speech": "RIFF",
    "pexels": json.dumps({"videos": []}),
    "pixabay": json.dumps({"hits": []}),
    "download": "a video of which this is the beginning",
    "store": json.dumps({"size": 6, "content_type": "video/mp4", "etag": "x"}),
    "ledger": json.dumps(["a"]),
    "webhook": json.dumps({"ok": True}),
    "check_writer": json.dumps({"data": [{"id": "tiny"}]}),
    "check_store": json.dumps({"public": True}),
    "check_ledger": json.dumps([]),
}
RIGHT |= {f"check_{site}": RIGHT[site] for site in ("pexels", "pixabay")}


# A webhook may answer whatever it likes, as long as it ends; JSON under another type is still JSON.
BODILESS = {"HTML for JSON", "truncated JSON", "wrong shape", "wrong content type"}
WELL = {("webhook", fault) for fault in BODILESS}
WELL |= {(service, "wrong content type") for service in RIGHT if service not in ("speech", "download", "store")}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("service", RIGHT)
def test_a_fault_that_stays_is_one_line(
    service: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the service and the fault: one line that says what, with the key nowhere, and nothing kept; or no harm is done."""
    caplog.set_level(logging.DEBUG)
    reply, line = FAULTS[fault]
    folder = tmp_path / "kept"
    folder.mkdir()
    with serving(reply(RIGHT[service]) if reply else gives("")) as server:
        url = server.url if reply else f"http://127.0.0.1:{closed_port()}"
        monkeypatch.setenv("SUPABASE_URL", url)
        monkeypatch.setenv("SUPABASE_KEY", KEY)
        asked = Asked(url, folder, call_s=0.4 if fault.startswith("slow") else 20.0)
        try:
            told, whole = getattr(asked, service)(), ""
        except ReelkitError as error:
            told, whole = str(error), "".join(traceback.format_exception(error))
            assert error.__cause__ is None
        assert server.asked or reply is None
    if (service, fault) in WELL:
        assert told is None
    else:
        assert re.search(line, told)
        assert "\n" not in told
    assert KEY not in f"{told}{whole}{caplog.text}"
    kept = {path.name for path in folder.rglob("*") if path.is_file()}
    # The caller's own temporary name, and the record of requests.
    assert kept <= {"1.part", "requests.sqlite"} or told is None
