"""An editorial calendar from file to reels, through the command; and what is said before anything is made."""

import datetime
import json
from pathlib import Path

import av
import pytest

from reelkit.runs.manifest import manifest_of
from tests.cli.conftest import Studio

TODAY = datetime.date.today()
LATER = TODAY + datetime.timedelta(days=3)
WORDS = "Cold brew takes time. Give it a night in the fridge, and have it sweet."
YAML = f"""\
reels:
  - {{brand: ada, topic: warm milk, date: {TODAY}, overrides: {{captions.preset: pop, output.fps: 24}}}}
  - {{brand: bix, script: words.md, date: {TODAY}}}
  - {{brand: cleo, seed: 2, date: {LATER}}}
"""
CSV = f"""\
brand;topic;seed;script;date;captions.preset;output.fps
ada;warm milk;;;{TODAY};pop;24
bix;;;words.md;{TODAY};;
cleo;;2;;{LATER};;
"""
WRONG = """\
brand,topic,script,date,captions.size_px
ada,Old beans,,,
adda,Old beans,,,
bix,Old baens,,,
bix,,none.md,,
cleo,New cups,,soon,
cleo,New cups,,,20
"""


@pytest.fixture(scope="module")
def calendar(studio: Studio) -> Path:
    (studio.folder / "words.md").write_text(WORDS)
    path = studio.folder / "calendar.yaml"
    path.write_text(YAML)
    return path


def facts(path: Path) -> tuple[int, int, int]:
    """Width, height and frame rate of a reel."""
    with av.open(path) as reel:
        stream = reel.streams.video[0]
        assert stream.average_rate is not None
        return stream.width, stream.height, int(stream.average_rate)


def test_what_would_be_made_is_told_first(studio: Studio, calendar: Path) -> None:
    """`--dry-run` lists what is due with its day, writes nothing, and looks ahead when asked."""
    told = studio.asked("batch", "--file", calendar.name, "--dry-run")
    assert [(reel["slug"], reel["state"], reel["due"]) for reel in told["reels"]] == [
        ("ada", "new", str(TODAY)),
        ("bix", "new", str(TODAY)),
    ]
    assert (told["to_make"], told["cost_usd"]) == (2, 0.0)
    assert told["seconds"] > 0
    assert len(studio.asked("batch", "--file", calendar.name, "--ahead", "3", "--dry-run")["reels"]) == 3
    assert not studio.outputs.exists()


def test_a_calendar_is_made(studio: Studio, calendar: Path) -> None:
    """Topic, override, script and date become reels, what is due later does not; again, and as a spreadsheet, nothing is made anew."""
    told = studio.asked("batch", "--file", calendar.name, "--keep-free-gb", "0")
    assert [(reel["brand"], reel["title"], reel["state"]) for reel in told["results"]] == [
        ("ada", "Warm milk", "done"),
        ("bix", "Cold brew takes time. Give it a night…", "done"),
    ]
    ada, bix = (Path(reel["run_dir"]) for reel in told["results"])
    assert manifest_of(ada).job.overrides == {"captions.preset": "pop", "output.fps": 24}
    assert [facts(path) for path in (ada / "reel.mp4", bix / "reel.mp4")] == [(270, 480, 24), (270, 480, 30)]
    assert " ".join(scene["text"] for scene in json.loads((bix / "script.json").read_text())["scenes"]) == WORDS
    assert [path.parent for path in studio.reels] == [ada, bix]

    at = [path.stat().st_mtime_ns for path in studio.reels]
    dry = studio.run("batch", "--file", calendar.name, "--dry-run")
    assert [line.split()[0] for line in dry.stdout.splitlines()[:2]] == ["made", "made"]
    assert "0 of 2 to make" in dry.stdout
    again = studio.run("batch", "--file", calendar.name, "--keep-free-gb", "0")
    assert (again.returncode, again.stderr) == (0, "")
    (studio.folder / "calendar.csv").write_text(CSV)
    assert studio.asked("batch", "--file", "calendar.csv", "--dry-run")["to_make"] == 1
    assert [path.stat().st_mtime_ns for path in studio.reels] == at


def test_a_spreadsheet_is_made(studio: Studio, calendar: Path) -> None:
    """The same as CSV, run to its end: the column of a brand field holds for its line alone, and a reel that is made already is found."""
    (studio.folder / "calendar.csv").write_text(CSV)
    before = studio.reels
    told = studio.asked("batch", "--file", "calendar.csv", "--keep-free-gb", "0")
    assert [(reel["brand"], reel["state"]) for reel in told["results"]] == [("ada", "done"), ("bix", "done")]
    ada, bix = (Path(reel["run_dir"]) / "reel.mp4" for reel in told["results"])
    assert [facts(path) for path in (ada, bix)] == [(270, 480, 24), (270, 480, 30)]
    assert manifest_of(ada.parent).job.overrides == {"captions.preset": "pop", "output.fps": 24}
    assert (ada in before, bix in before) == (False, True)
    assert len(studio.reels) == len(before) + 1
    page = Path(told["report_path"])
    assert page == studio.outputs / "batches" / f"{told['batch']}.html"
    assert all(topic in page.read_text() for topic in ("Warm milk", "Cold brew takes time."))


def test_all_problems_are_told_before_anything_is_made(studio: Studio) -> None:
    """A calendar with several wrong lines and a right one: each wrong line is told with its number, and the right one is not made."""
    wrong = studio.folder / "wrong.csv"
    wrong.write_text(WRONG)
    made = studio.reels
    for also in ((), ("--dry-run",)):
        ended = studio.run("batch", "--file", wrong.name, "--json", *also)
        assert (ended.returncode, ended.stdout) == (2, "")
        lines = ended.stderr.splitlines()
        assert lines[-1] == "reelkit: 5 problems; nothing was made"
        assert sorted(line.rpartition("wrong.csv, line ")[2] for line in lines[:-1]) == ["3)", "4)", "5)", "6)", "7)"]
    assert studio.reels == made
