"""Reports beside reels in a store, and the page of a batch from its file and manifests."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reelkit.batch.plan import Asked, Batch, Outcome, PlannedReel
from reelkit.batch.reports import publish_report, report_folder, report_on
from reelkit.cli import main
from reelkit.errors import RunError
from reelkit.model import UploadResult
from reelkit.runs.locks import hold
from reelkit.runs.manifest import RunJob, manifest_of, write_manifest
from tests.report.notebook import execute
from tests.report.test_index import a_run
from tests.services.supabase_server import KEY, Supabase
from tests.views import samples
from tests.views.parsed import Parsed

STORED = {"publishing.store": "supabase", "publishing.bucket": "reels"}
FAILED = {"state": "failed", "step": "voice", "reason": "no voice"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supabase]:
    with Supabase() as supabase:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        monkeypatch.setenv("SUPABASE_KEY", KEY)
        yield supabase


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("executed")
    execute(folder)
    return (folder / "reel.ipynb").read_bytes()


@pytest.fixture
def outputs(tmp_path: Path, executed: bytes) -> Path:
    """Two runs of one brand and a failed one of another, each with its executed notebook, all to be published to Supabase."""
    for brand, seed, changes in (
        ("northwind", 1, {}),
        ("northwind", 2, {}),
        ("orbit", 3, FAILED),
    ):
        folder = a_run(tmp_path, brand, seed, job=RunJob(brand=brand, topic_seed=seed, overrides=STORED), **changes)
        (folder / "reel.ipynb").write_bytes(executed)
    return tmp_path


def fetched(link: str) -> str:
    with urllib.request.urlopen(link, timeout=20) as answer:
        return str(answer.read().decode())


def test_a_report_is_published_to_supabase(outputs: Path, server: Supabase, capsys: pytest.CaptureFixture[str]) -> None:
    """`reelkit report --publish` prints the report's link, which gives what lies in the run's folder, as HTML; again sends nothing."""
    run = outputs / "northwind" / "0001-abc"
    assert main(["report", str(run), "--publish"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    link = line.removeprefix("public  ")
    assert link == f"{server.url}/storage/v1/object/public/reels/northwind/0001-abc.html"
    assert fetched(link) == (run / "report.html").read_text(encoding="utf-8")
    assert server.objects["reels", "northwind/0001-abc.html"].content_type == "text/html"
    sent = server.times("POST", "/object/reels/")
    assert main(["report", str(run), "--publish"]) == 0
    assert capsys.readouterr().out.splitlines() == [line]
    assert server.times("POST", "/object/reels/") == sent


def test_a_run_that_is_being_made_gets_its_report_after_it(outputs: Path) -> None:
    """What its maker writes down meanwhile is not lost to the report, which waits; a run that was put elsewhere is made by nobody."""
    run = outputs / "northwind" / "0001-abc"
    with ThreadPoolExecutor(1) as other:
        with hold(outputs, "northwind-0001-abc", what="test"):
            reported = other.submit(report_on, run)
            with pytest.raises(TimeoutError):
                reported.result(2)
            found = manifest_of(run)
            write_manifest(run, found.model_copy(update={"facts": found.facts | {"added": 1}}))
        assert reported.result(60) == run / "report.html"
    assert manifest_of(run).facts["added"] == 1
    assert {"reel.ipynb", "report.html"} <= manifest_of(run).artefacts.keys()
    elsewhere = outputs.parent / "handed on"
    shutil.copytree(run, elsewhere / "reel")
    assert report_on(elsewhere / "reel").is_file()
    assert [path.name for path in elsewhere.iterdir()] == ["reel"]


def test_a_published_index_leads_to_published_reports(outputs: Path, server: Supabase) -> None:
    """Each brand's index stands with the brand, holds its reels only, and every link on it can be followed by who has no folder."""
    links = publish_report(outputs)
    names = [link.rpartition("/reels/")[2] for link in links]
    index = f"index-{outputs.name}.html"
    assert names == ["northwind/0001-abc.html", "northwind/0002-abc.html", f"northwind/{index}", "orbit/0003-abc.html", f"orbit/{index}"]
    page = fetched(links[2])
    assert "orbit" not in page
    inside = [one["href"] for one in Parsed(page.partition(">")[2]).all("a") if not one["href"].startswith("#")]
    assert sorted(inside) == links[:2]
    assert (outputs / "index.html").is_file()
    assert not list(outputs.rglob(".tmp-*"))


def test_a_run_that_cannot_be_read_keeps_no_other_from_its_readers(outputs: Path, server: Supabase) -> None:
    """The others of its brand are published, and their index; with none that can be read there is nothing to publish."""
    (outputs / "northwind" / "0001-abc" / "run.json").write_text("{")
    links = [link.rpartition("/reels/")[2] for link in publish_report(outputs / "northwind")]
    assert links == ["northwind/0002-abc.html", "northwind/index-northwind.html"]
    (outputs / "northwind" / "0002-abc" / "run.json").write_text("{")
    with pytest.raises(RunError, match="holds no run that could be published"):
        publish_report(outputs / "northwind")


def test_a_folder_that_cannot_be_written_is_one_line(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`reelkit report --folder` names the folder and what to do, and nothing passes for a fault of ours."""
    (outputs / "handed").write_text("in the way")
    assert main(["report", str(outputs / "northwind" / "0001-abc"), "--folder", str(outputs / "handed")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"reelkit: report: {outputs / 'handed'} cannot be written: File exists; name a folder that can be\n"


def test_a_report_says_in_which_language_its_reel_is(tmp_path: Path, executed: bytes) -> None:
    """The captions of the whole reel are told as in its brand's language, as the run was asked for it."""
    job = RunJob(brand="northwind", topic_seed=7, overrides={"language": "de"})
    run = a_run(tmp_path, "northwind", 7, job=job, reel=samples.reel())
    (run / "reel.ipynb").write_bytes(executed)
    (run / "captions.vtt").write_text("WEBVTT\n")
    page = report_folder(run, tmp_path / "handed").read_text(encoding="utf-8")
    (track,) = Parsed(page.partition(">")[2]).all("track")
    assert (track["srclang"], track["label"]) == ("de", "Deutsch")


def test_a_refused_report_is_one_line(outputs: Path, server: Supabase, capsys: pytest.CaptureFixture[str]) -> None:
    """A bucket that may not be written ends the command with a line that says so, and no key in it."""
    server.buckets["reels"].writable = False
    assert main(["report", str(outputs / "northwind" / "0001-abc"), "--publish"]) != 0
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    assert "row-level security" in told.err or "may not" in told.err
    assert KEY not in told.err


@pytest.fixture
def batch(outputs: Path) -> Path:
    """A batch's file: a reel of each kind of end, a brand that could not be planned; a run beside them that is none of its own."""
    reels = tuple(
        PlannedReel(number=number, brand=brand, slug=brand, topic_seed=number, topic=f"Planned {number}")
        for number, brand in ((1, "northwind"), (3, "orbit"), (4, "orbit"), (5, "orbit"), (6, "orbit"))
    )
    outcomes = (
        Outcome(number=1, state="done", run="northwind/0001-abc", topic="Topic 1"),
        Outcome(number=3, state="failed", run="orbit/0003-abc", error="no voice", step="voice"),
        Outcome(number=4, state="failed", error="brand 'orbit': the worker was lost; run the same command again"),
        Outcome(number=5, state="held", error="the disk is nearly full"),
    )
    found = Batch(
        id="2025-11-03-abc123",
        asked=Asked(brands=("northwind", "orbit", "gone"), count=2),
        started_at="2025-11-03T02:00:00+00:00",
        touched_at="2025-11-03T03:00:00+00:00",
        reels=reels,
        outcomes={outcome.number: outcome for outcome in outcomes},
        refused={"gone": "there is no brand 'gone'"},
    )
    path = outputs / "batches" / f"{found.id}.json"
    path.parent.mkdir()
    path.write_text(found.model_dump_json())
    return path


def test_a_batch_has_a_page_of_its_own(outputs: Path, batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It lists exactly the batch's reels: those that were made, and with step and reason those that failed, were held or never planned."""
    assert main(["report", str(batch)]) == 0
    assert capsys.readouterr().out.strip().endswith("2025-11-03-abc123.html")
    html = batch.with_suffix(".html").read_text(encoding="utf-8")
    text = Parsed(html.partition(">")[2]).text
    assert "Batch 2025-11-03-abc123" in text
    assert "0002-abc" not in text
    for told in (
        "0001-abc",
        "Step voice: no voice",
        "Step start: brand 'orbit': the worker was lost",
        "the disk is nearly full",
        "not begun",
    ):
        assert told in text
    assert "Step plan: there is no brand 'gone'" in text
    assert [text.count(title) for title in ("Planned 4", "Planned 5", "Planned 6")] == [1, 1, 1]
    links = [one["href"] for one in Parsed(html.partition(">")[2]).all("a") if not one["href"].startswith("#")]
    assert links == ["../northwind/0001-abc/reel.ipynb", "../orbit/0003-abc/reel.ipynb"]
    assert all((batch.parent / link).is_file() for link in links)


def test_a_batch_is_published_under_its_name(outputs: Path, batch: Path, server: Supabase) -> None:
    """Its reports and, for each brand, a page with this brand's part of it, failed reels included."""
    links = publish_report(batch)
    assert [link.rpartition("/")[2] for link in links] == [
        "0001-abc.html",
        "index-2025-11-03-abc123.html",
        "0003-abc.html",
        "index-2025-11-03-abc123.html",
    ]
    assert "the disk is nearly full" in fetched(links[3])
    assert "gone" not in fetched(links[3])


def test_a_published_reel_is_linked(outputs: Path) -> None:
    """A reel that stands in a store has its address on the page."""
    url = "https://cdn.example/reels/northwind/0009-abc.mp4"
    a_run(outputs, "northwind", 9, published=UploadResult(url=url, bytes=9, etag="x"))
    assert f'href="{url}"' in report_on(outputs).read_text(encoding="utf-8")
