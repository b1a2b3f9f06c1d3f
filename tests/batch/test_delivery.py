"""Reels from a machine that has the package and the brand's files, and sees no folder of the batch."""

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reelkit import generate_batch
from reelkit.batch.delivery import bring_home, files_of
from reelkit.batch.plan import Outcome, PlannedReel, read_batches
from reelkit.model import Credit, Timeline
from reelkit.runs.ledger import ledger_of
from reelkit.runs.manifest import MANIFEST, manifest_of
from reelkit.whole import sha256_of
from tests.batch.studio import TOLD, lets_a_model_write, make_studio, writes
from tests.services.servers import serving
from tests.services.supabase_server import KEY, Supabase

CALL = "import pickle, sys; function, work = pickle.load(sys.stdin.buffer); told = function(work); pickle.dump(told, sys.stdout.buffer)"


class AnotherMachine(ThreadPoolExecutor):
    """Calls in a process at home in another folder, with a studio of its own, to which the paths of the batch lead nowhere."""

    def __init__(self, home: Path) -> None:
        super().__init__(1)
        self.home, self.calls = home, 0
        named = {name: value for name, value in os.environ.items() if not name.startswith("REELKIT_")}
        self.env = named | {"HOME": str(home)}

    def submit(self, fn: Any, /, work: Any) -> Future[Any]:  # type: ignore[override]
        self.calls += 1
        gone = self.home / "not" / "here"
        return super().submit(self._call, pickle.dumps((fn, work.model_copy(update={"outputs": gone, "templates": gone}))))

    def _call(self, asked: bytes) -> Any:
        ended = subprocess.run([sys.executable, "-c", CALL], input=asked, stdout=subprocess.PIPE, cwd=self.home, env=self.env, check=True)
        return pickle.loads(ended.stdout)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path / "studio", ["ada"])))
    make_studio(tmp_path / "machine", ["ada"])
    return tmp_path


def test_reels_come_home(studio: Path) -> None:
    """Made without a shared folder, a batch's reels lie here with all their files, are those that would be made here, published into the
    folder here, known to the ledger, and made once."""
    outputs = studio / "studio" / "outputs"
    with AnotherMachine(studio / "machine") as machine:
        told = generate_batch("ada", 2, upload=True, executor=machine, outputs=outputs)
        assert (told.success_count, [one.error for one in told.results]) == (2, [None, None])
        again = generate_batch("ada", 2, upload=True, executor=machine, outputs=outputs)
        assert (again.success_count, machine.calls) == (2, 2)
        here = generate_batch("ada", 2, outputs=studio / "here")
        for one, same in zip(told.results, here.results, strict=True):
            assert one.video_path is not None
            assert one.video_path.is_relative_to(outputs)
            assert same.video_path is not None
            assert sha256_of(one.video_path) == sha256_of(same.video_path)
            found = manifest_of(one.video_path.parent)
            assert all(made.is_intact(one.video_path.parent / name) for name, made in found.artefacts.items())
            assert {"report.html", "reel.ipynb", "poster.jpg"} <= found.artefacts.keys()
            assert one.public_url is not None
            assert one.public_url.startswith(f"file://{outputs}/published/ada/")
        # Whichever of two that are made at once ends first.
        assert sorted(ledger_of(outputs).topics("ada")) == sorted(ledger_of(studio / "here").topics("ada")) != []
        (batch,) = read_batches(outputs)
        assert len((outputs / "batches" / f"{batch.id}.json").read_bytes()) < 10_000
        third = generate_batch("ada", 1, executor=machine, outputs=outputs)
    assert [one.run_dir.name[:4] for one in third.results if one.run_dir] == ["0003"]


def test_whose_ledger_a_reel_is_in_its_overrides_say(studio: Path) -> None:
    """A reel that another machine made for a team's ledger is not put into the local one when it comes home."""
    (made,) = generate_batch("ada", 1, outputs=studio / "there").results
    (batch,) = read_batches(studio / "there")
    assert made.run_dir is not None
    reel, manifest = batch.reels[0], manifest_of(made.run_dir)
    job = manifest.job.model_copy(update={"overrides": {"ledger": "supabase"}})
    a_teams = {MANIFEST: manifest.model_copy(update={"job": job}).model_dump_json().encode()}
    for named, topics in (({}, 1), (a_teams, 0)):
        outputs = studio / f"here-{topics}"
        outcome = Outcome(number=1, state="done", run=f"ada/{made.run_dir.name}", files=files_of(made.run_dir) | named)
        assert bring_home(outcome, reel, outputs=outputs, upload=False).error is None
        assert len(ledger_of(outputs).topics("ada")) == topics


def test_a_reel_that_lies_here_is_published_from_here(studio: Path) -> None:
    """A reel whose upload alone is missing is not made again on a machine that does not see it, though the brand was changed since."""
    outputs, there = studio / "studio" / "outputs", studio / "machine" / "outputs"
    with AnotherMachine(studio / "machine") as machine:
        (made,) = generate_batch("ada", 1, executor=machine, outputs=outputs).results
        assert made.video_path is not None
        before = sha256_of(made.video_path)
        for place in ("studio", "machine"):
            brand = studio / place / "templates" / "brands" / "ada.yaml"
            brand.write_text(brand.read_text().replace("#C4762F", "#C4763F"))
        (published,) = generate_batch("ada", 1, upload=True, executor=machine, outputs=outputs).results
    assert (published.error, published.run_dir, published.reused) == (None, made.run_dir, True)
    assert (published.public_url or "").startswith(f"file://{outputs}/published/ada/")
    assert len(list(outputs.glob("ada/*/"))) == len(list(there.glob("ada/*/"))) == 1
    assert sha256_of(made.video_path) == before
    (batch,) = read_batches(outputs)
    assert batch.outcomes[1].topic == batch.reels[0].topic != ""


def footage_of(run: Path | None) -> set[str]:
    """The pictures that a reel shows."""
    assert run is not None
    clips = {shot.clip.id for shot in Timeline.model_validate_json((run / "timeline.json").read_bytes()).shots}
    return {clip for clip in clips if not clip.startswith("backdrops/")}


def remembers(outputs: Path, seed: int, topic: str, clips: Collection[str]) -> None:
    credit = Credit(author="Us", licence="CC0")
    whose = dict.fromkeys(clips, credit)
    ledger_of(outputs).record("ada", f"{seed:04d}-other", reel=f"seed {seed}", topic=topic, clips=whose, used=(), sha256="ab")


def test_what_a_machine_made_before_decides_no_reel(studio: Path) -> None:
    """A reel shows what it was cast with here, though the ledger of the machine that makes it has other reels showing that."""
    for place in ("studio", "machine"):
        make_studio(studio / place, ["ada"], pictures=14)
    (here,) = generate_batch("ada", 1, outputs=studio / "here").results
    remembers(studio / "machine" / "outputs", 50, "Warm milk", footage_of(here.run_dir))
    with AnotherMachine(studio / "machine") as machine:
        (made,) = generate_batch("ada", 1, executor=machine, outputs=studio / "studio" / "outputs").results
    assert made.error is None
    assert footage_of(made.run_dir) == footage_of(here.run_dir) != set()
    assert made.run_dir is not None
    found = manifest_of(made.run_dir)
    assert (found.used, found.used_topics, found.claims) == ((), (), True)


def test_a_model_elsewhere_is_told_what_was_told_here(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics and pictures of reels that were made here, earlier ones of the batch among them, come again in none that another machine
    makes; its own history does not count."""
    outputs = studio / "studio" / "outputs"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up-0123456789")
    with serving(writes) as server, AnotherMachine(studio / "machine") as machine:
        for place in ("studio", "machine"):
            lets_a_model_write(make_studio(studio / place, ["ada"], pictures=14), server.url)
        (first,) = generate_batch("ada", 1, outputs=studio / "here").results
        shown = footage_of(first.run_dir)
        remembers(outputs, 50, TOLD[0][0], shown)
        remembers(studio / "machine" / "outputs", 51, TOLD[1][0], ())
        made = generate_batch("ada", 2, executor=machine, outputs=outputs).results
    assert [result.error for result in made] == [None, None]
    assert [manifest_of(result.run_dir).facts["topic"] for result in made if result.run_dir] == [TOLD[1][0], TOLD[2][0]]
    both = [footage_of(result.run_dir) for result in made]
    assert all(both)
    assert not shown & both[0]
    assert not (shown | both[0]) & both[1]


def test_a_failure_elsewhere_costs_no_reel(studio: Path) -> None:
    """A failed run that comes home leaves a finished one as it is; one whose upload alone failed is finished, and known to the ledger."""
    (made,) = generate_batch("ada", 1, outputs=studio / "there").results
    (batch,) = read_batches(studio / "there")
    assert made.run_dir is not None
    reel, manifest, run = batch.reels[0], manifest_of(made.run_dir), f"ada/{made.run_dir.name}"

    def comes_home(name: str, step: str) -> Outcome:
        failed = manifest.model_copy(update={"state": "failed", "step": step, "reason": "no"}).model_dump_json().encode()
        files = files_of(made.run_dir or Path()) | {MANIFEST: failed, "script.json": b"{}"}
        outcome = Outcome(number=1, state="failed", run=run, error="no", files=files)
        return bring_home(outcome, reel, outputs=studio / name, upload=True)

    before = (made.run_dir / "script.json").read_bytes()
    assert (comes_home("there", "voice").error, manifest_of(made.run_dir)) == ("no", manifest)
    assert (made.run_dir / "script.json").read_bytes() == before

    assert comes_home("here", "upload").state == "failed"
    assert ledger_of(studio / "here").topics("ada") == (reel.topic,)
    assert comes_home("else", "voice").state == "failed"
    assert manifest_of(studio / "else" / run).state == "failed"
    assert ledger_of(studio / "else").topics("ada") == ()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({MANIFEST: b'{"version": 2}'}, r"\(version: Input should be 1\)"),
        ({MANIFEST: b"{"}, r"\(Invalid JSON: .*\)"),
        ({"reel.mp4": b"a reel"}, r"\('run.json' is missing\)"),
    ],
)
def test_what_another_version_sends_is_one_line(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    """A worker whose run this Reelkit cannot read fails its reel, with what to bring in line; no manifest is left that says otherwise."""
    reel = PlannedReel(number=1, brand="ada", slug="ada", topic_seed=1)
    outcome = bring_home(Outcome(number=1, state="done", run="ada/0001-x", files=files), reel, outputs=tmp_path, upload=False)
    assert (outcome.state, outcome.run, outcome.files) == ("failed", "ada/0001-x", {})
    line = rf"brand 'ada': its worker sent what Reelkit \S+ cannot read {said}; give it this version, and run again"
    assert re.fullmatch(line, outcome.error or "")
    assert not (tmp_path / "ada/0001-x" / MANIFEST).exists()


def test_what_is_published_from_there_is_known_here(studio: Path) -> None:
    """A store that every machine reaches is filled by the one that made the reel, once; what fails there is told here, with its files."""
    brand = studio / "machine" / "templates" / "brands" / "ada.yaml"
    with Supabase() as server, AnotherMachine(studio / "machine") as machine:
        machine.env |= {"SUPABASE_URL": server.url, "SUPABASE_KEY": KEY}
        stored = {"publishing.store": "supabase", "publishing.bucket": "reels"}
        outputs = studio / "studio" / "outputs"
        well = brand.read_text()
        brand.write_text(well + "language: de\n")
        (failed,) = generate_batch("ada", 1, upload=True, executor=machine, overrides=stored, outputs=outputs).results
        assert "speaks English only" in (failed.error or "")
        assert failed.run_dir is not None
        assert (failed.run_dir / "report.html").is_file()
        brand.write_text(well)
        (made,) = generate_batch("ada", 1, upload=True, executor=machine, overrides=stored, outputs=outputs).results
        assert made.error is None
        assert made.public_url is not None
        assert made.public_url.startswith(server.url)
        assert len([name for _, name in server.objects if name.endswith(".mp4")]) == 1
        before = machine.calls
        generate_batch("ada", 1, upload=True, executor=machine, overrides=stored, outputs=outputs)
        assert machine.calls == before
