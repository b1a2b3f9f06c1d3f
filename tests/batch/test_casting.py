"""No clip twice within a brand's recent reels, in reels that are made at once too, and no timing decides what they look like."""

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reelkit.batch.casting import Casting
from reelkit.batch.plan import BatchFile, PlannedReel, batches_dir, read_batches
from reelkit.batch.topics import plan_brands
from reelkit.errors import RunError
from reelkit.model import Clip, Credit
from reelkit.runs.kept_edits import KeptEdits
from reelkit.runs.ledger import ledger_of
from reelkit.runs.manifest import manifest_of
from reelkit.whole import sha256_of
from tests.batch.studio import make_studio
from tests.services.stock_gate import stock_gate
from tests.services.stock_server import Video


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path, ["ada"])))
    monkeypatch.setenv("REELKIT_CACHE", str(tmp_path_factory.getbasetemp() / "casting-cache"))
    return tmp_path


def shows(studio: Path, footage: str) -> None:
    """Let the brand show this footage."""
    path = studio / "templates" / "brands" / "ada.yaml"
    lines = [line if not line.startswith("footage:") else f"footage: {{{footage}}}" for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def pictures(studio: Path, count: int) -> None:
    """Give the brand so many pictures of its own."""
    make_studio(studio, ["ada"], pictures=count)


def test_a_cache_that_cannot_be_written_fails_reels_and_no_batch(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a disk refuses while a reel is cast leaves it uncast: it says so itself when it is made, with the place."""
    pictures(studio, 4)
    (studio / "in the way").touch()
    monkeypatch.setenv("REELKIT_CACHE", str(studio / "in the way/cache"))
    outcome = told(start(studio, "outputs"), code=1)["results"][0]
    assert outcome["state"] == "failed"
    assert "in the way/cache" in outcome["error"]


def start(studio: Path, outputs: str, *arguments: str, **named: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "reelkit.cli", "batch", "--brands", "ada", "--keep-free-gb", "0", "--outputs", str(studio / outputs)]
    return subprocess.Popen(
        [*command, *arguments, "--json"], env=os.environ | named, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def told(process: subprocess.Popen[str], *, code: int = 0) -> dict[str, Any]:
    out, err = process.communicate(timeout=400)
    assert process.returncode == code, out + err
    found: dict[str, Any] = json.loads(out)
    return found


def shown(outputs: Path) -> dict[str, list[str]]:
    """The footage that each reel shows, by its run."""
    found = {}
    for path in outputs.glob("ada/*/timeline.json"):
        clips = [shot["clip"]["id"] for shot in json.loads(path.read_bytes())["shots"]]
        found[path.parent.name] = sorted({clip for clip in clips if not clip.startswith("backdrops/")})
    return found


def twice(reels: dict[str, list[str]]) -> list[str]:
    return [clip for clip, count in Counter(clip for clips in reels.values() for clip in clips).items() if count > 1]


def test_reels_of_a_batch_share_no_clip_of_a_folder(studio: Path) -> None:
    """Three reels of a brand whose pictures all suit alike, two at a time: none comes twice, and all are the bytes of one at a time."""
    pictures(studio, 14)
    told(start(studio, "two", "--count", "3", "--workers", "2"))
    two = shown(studio / "two")
    assert len(two) == 3
    assert all(len(clips) >= 2 for clips in two.values())
    assert twice(two) == []
    told(start(studio, "one", "--count", "3", "--workers", "1"))
    assert shown(studio / "one") == two
    files = [{path.parent.name: sha256_of(path) for path in (studio / name).glob("ada/*/reel.mp4")} for name in ("two", "one")]
    assert files[0] == files[1]
    (batch,) = read_batches(studio / "two")
    for reel in batch.reels:
        run = next((studio / "two" / "ada").glob(f"{reel.topic_seed:04}-*"))
        assert manifest_of(run).used == reel.used
        assert sorted({clip for clip in reel.clips or () if not clip.startswith("backdrops/")}) == two[run.name]


def test_two_batches_at_once_share_no_clip(studio: Path) -> None:
    """Two batches that are begun together in one outputs folder show no picture twice between them."""
    pictures(studio, 12)
    both = [start(studio, "outputs", "--count", "1", "--batch", name, "--new") for name in ("early", "late")]
    assert [told(process)["done"] for process in both] == [1, 1]
    found = shown(studio / "outputs")
    assert len(found) == 2
    assert all(found.values())
    assert twice(found) == []


def test_reels_of_a_batch_share_no_clip_of_a_stock_site(studio: Path, tmp_path: Path) -> None:
    """Over TLS from Pexels, with little more than the two reels need, two at a time: no video comes twice."""
    shows(studio, "libraries: [pexels, backdrops], backdrops: [gradient_flow]")
    videos = [Video(number, "coffee cup", seconds=3.0, sizes=((270, 480),), drift=3) for number in range(1, 11)]
    with stock_gate(tmp_path, *videos) as (site, named):
        told(start(studio, "outputs", "--count", "2", "--workers", "2", REELKIT_CACHE=str(studio / "cache"), **named))
        assert len(site.questions) == len({json.dumps(question) for question in site.questions}), "an answer was asked for twice"
    found = shown(studio / "outputs")
    assert [bool(clips) for clips in found.values()] == [True, True]
    assert twice(found) == []


def plan(
    studio: Path, count: int, outputs: str = "outputs", *, brands: tuple[str, ...] = ("ada",)
) -> tuple[BatchFile, Sequence[PlannedReel]]:
    """A batch that was planned and not begun."""
    from reelkit.batch.plan import Asked, open_batch

    place = studio / outputs
    batch = open_batch(
        place,
        Asked(brands=brands, count=count),
        lambda others, brands, known: plan_brands(brands, count, overrides={}, outputs=place, others=others),
    )
    return BatchFile(place, batch.id), batch.reels


def cast(file: BatchFile) -> list[PlannedReel]:
    casting = Casting(file.outputs)
    return list(file.cast(casting.choose, casting.hold).reels)


def test_a_cast_that_is_cut_is_cast_the_same(studio: Path) -> None:
    """Whoever is killed after writing the cast down and before claiming it chooses nothing else the next time, and claims it then."""
    pictures(studio, 20)
    file, _ = plan(studio, 3)

    def cut(reels: Sequence[PlannedReel]) -> None:
        raise RunError("cut")

    with pytest.raises(RunError, match="cut"):
        file.cast(Casting(file.outputs).choose, cut)
    written = file.read().reels
    assert cast(file) == list(written)
    assert all(reel.clips for reel in written)
    clips = [clip for reel in written for clip in reel.clips or () if clip.startswith("folder/")]
    assert len(set(clips)) == len(clips)
    assert set(ledger_of(file.outputs).clips_used_before("ada", "seed 9", reels=5)) == set(clips)


def test_a_reel_is_cast_as_it_was_edited(studio: Path) -> None:
    """A clip that was rejected is found for the reel in which another stands in for it by hand, and for no other reel."""
    pictures(studio, 20)
    first = cast(plan(studio, 1)[0])[0].clips or ()
    taken = next(clip for clip in first if clip.startswith("folder/"))
    path = studio / "templates" / "brands" / "ada-own" / "coffee cup 19.png"
    credit = Credit(author="", licence="")
    other = Clip(id="folder/19", library="folder", path=path, sha256="0" * 64, kind="image", width_px=270, height_px=480, credit=credit)
    for name, exchanged in (("edited", {taken: other}), ("rejected", {})):
        edits = KeptEdits(studio / name / "ada", "seed 1")
        edits.reject(taken)
        edits.keep(clips=exchanged)
    edited, rejected = (cast(plan(studio, 1, name)[0])[0].clips or () for name in ("edited", "rejected"))
    assert edited == first
    assert taken not in rejected


def test_only_the_latest_reels_count(studio: Path) -> None:
    """A clip may come again when as many reels as the brand says lie between: a library of that many reels is enough."""
    pictures(studio, 12)
    path = studio / "templates" / "brands" / "ada.yaml"
    path.write_text(path.read_text().replace("folder: ada-own,", "folder: ada-own, recent_reels: 1,"))
    file, _ = plan(studio, 5)
    clips = [{clip for clip in reel.clips or () if clip.startswith("folder/")} for reel in cast(file)]
    assert all(clips)
    assert not any(one & other for one, other in itertools.pairwise(clips))
    assert clips[0] & clips[2]


def test_a_brand_that_broke_since_it_was_cast_holds_up_no_other(studio: Path) -> None:
    """Its reels stay as they were cast, to say why when they are made; the other brand's clips are claimed."""
    make_studio(studio, ["ada", "bix"], pictures=8)
    file, _ = plan(studio, 1, brands=("ada", "bix"))

    def cut(reels: Sequence[PlannedReel]) -> None:
        raise RunError("cut")

    with pytest.raises(RunError, match="cut"):
        file.cast(Casting(file.outputs).choose, cut)
    (studio / "templates" / "brands" / "ada.yaml").write_text("name: [")
    reels = cast(file)
    assert [(reel.slug, bool(reel.clips)) for reel in reels] == [("ada", True), ("bix", True)]
    held = [set(ledger_of(file.outputs).clips_used_before(reel.slug, "seed 9", reels=5)) for reel in reels]
    assert held == [set(), {clip for clip in reels[1].clips or () if clip.startswith("folder/")}]


def test_what_cannot_be_cast_is_left_to_its_making(studio: Path) -> None:
    """A reel whose footage cannot be searched, and those of a brand that shows backdrops only, are planned as before."""
    file, planned = plan(studio, 2)
    assert cast(file) == list(planned)
    shows(studio, "libraries: [folder], folder: nowhere")
    assert cast(file) == list(planned)
    assert batches_dir(file.outputs).is_dir()
