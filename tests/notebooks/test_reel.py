import json
from pathlib import Path

import nbformat
import pytest

from reelkit.batch.jobs import Job
from reelkit.batch.runner import generate_one, run_notebook
from reelkit.model import GenerationResult
from reelkit.runs.manifest import manifest_of
from reelkit.runs.progress import NoLines

SMALL = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow", "bokeh"]}
TEXT = "Cold brew takes time. Give it a night in the fridge. In the morning you have coffee that is sweet and never bitter."


class Steps(NoLines):
    """A watcher that remembers which steps ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def ends(self, step: str, seconds: float, made: str) -> None:
        self.ended.append(step)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    (folder / "words.md").write_text(TEXT)
    return folder


def a_job(place: Path, **changes: object) -> Job:
    given = {"brand": "northwind", "topic_seed": 1, "script": place / "words.md", "overrides": SMALL, "outputs": place / "by notebook"}
    return Job.model_validate(given | changes)


@pytest.fixture(scope="module")
def made(place: Path) -> tuple[GenerationResult, list[str]]:
    """A small reel made by the notebook, from an empty cache."""
    watcher = Steps()
    return run_notebook(a_job(place), watcher=watcher), watcher.ended


def folder_of(made: tuple[GenerationResult, list[str]]) -> Path:
    assert made[0].error is None
    assert made[0].run_dir is not None
    return made[0].run_dir


def test_the_notebook_makes_the_whole_run(made: tuple[GenerationResult, list[str]]) -> None:
    """Every step is heard outside the kernel, and every file that a run promises is there, executed notebook and report too."""
    folder, ended = folder_of(made), made[1]
    assert ended == ["script", "footage", "voice", "sentences", "cues", "music", "timeline", "legibility", "compose", "check"]
    found = manifest_of(folder)
    assert found.state == "done"
    assert {"reel.mp4", "reel.ipynb", "report.html"} < set(found.artefacts)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*found.artefacts, "run.json"])


def test_both_ways_give_the_same_bytes(place: Path, made: tuple[GenerationResult, list[str]]) -> None:
    """In process, with an outputs folder and a cache of its own, the same job gives a byte-identical reel and the same run id."""
    result = generate_one("northwind", 1, script=place / "words.md", overrides=SMALL, outputs=place / "in process")
    assert result.error is None
    assert result.run_dir is not None
    assert result.run_dir.name == folder_of(made).name
    for name in ("reel.mp4", "voice.wav", "script.json", "captions.vtt", "poster.jpg", "credits.txt"):
        assert (result.run_dir / name).read_bytes() == (folder_of(made) / name).read_bytes(), name


def test_the_same_job_again_ends_at_once(place: Path, made: tuple[GenerationResult, list[str]]) -> None:
    """A finished run is found again without starting a kernel."""
    watcher = Steps()
    again = run_notebook(a_job(place), watcher=watcher)
    assert (again.success, again.reused, again.run_dir) == (True, True, folder_of(made))
    assert watcher.ended == []


def test_the_report_is_one_small_page(made: tuple[GenerationResult, list[str]]) -> None:
    """The report weighs under 3 MB and names no address that a browser would fetch."""
    page = (folder_of(made) / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 3_000_000
    assert "<script src" not in page
    assert 'src="http' not in page
    assert "Traceback" not in page


def test_the_executed_notebook_shows_a_view_after_each_step(made: tuple[GenerationResult, list[str]]) -> None:
    """Every cell ran without error, and script, footage, narration, cues, player, frames, findings, shapes and run are shown."""
    cells = [cell for cell in nbformat.read(folder_of(made) / "reel.ipynb", as_version=4).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    views = [output.metadata["reelkit"]["view"] for output in outputs if "reelkit" in output.get("metadata", {})]
    assert views == ["brand", "script", "footage", "narration", "cues", "shots", "frame", "player", "frames", "findings", "shapes", "run"]


def test_a_published_run_stands_whole_in_the_store(place: Path, made: tuple[GenerationResult, list[str]]) -> None:
    """Reel, poster, captions, credits and the report, which is written last, all stand under the run's name."""
    result = run_notebook(a_job(place, overrides=SMALL | {"overlays.progress_bar": False}, upload=True))
    assert result.error is None
    assert result.run_dir is not None
    assert result.public_url is not None
    stored = place / "by notebook" / "published" / "northwind"
    names = {".mp4": "reel.mp4", ".jpg": "poster.jpg", ".vtt": "captions.vtt", ".srt": "captions.srt", ".txt": "credits.txt"}
    for suffix, name in (names | {".html": "report.html"}).items():
        assert (stored / f"{result.run_dir.name}{suffix}").read_bytes() == (result.run_dir / name).read_bytes(), name
    assert run_notebook(a_job(place, overrides=SMALL | {"overlays.progress_bar": False}, upload=True)).reused


@pytest.mark.parametrize(
    ("changes", "step", "line"),
    [({"language": "de"}, "start", "speaks English only"), ({"footage.libraries": ["folder"]}, "footage", "brand 'northwind'")],
)
def test_a_failing_step_is_told_by_the_manifest(place: Path, changes: dict[str, object], step: str, line: str) -> None:
    """An error in the kernel, of a step or of a part before it, ends as one line in the result; the report of the failed run is there."""
    result = run_notebook(a_job(place, overrides=SMALL | changes))
    assert not result.success
    assert result.error is not None
    assert line in result.error
    assert result.run_dir is not None
    found = json.loads((result.run_dir / "run.json").read_text())
    assert (found["state"], found["step"]) == ("failed", step)
    assert (result.run_dir / "report.html").is_file()


def test_a_step_that_takes_too_long_fails_the_run(place: Path) -> None:
    """A time-out is told: here a brand's own function never returns, on however fast a machine."""
    (place / "clips.py").write_text("import time\n\ndef never():\n    while True:\n        time.sleep(1)\n")
    endless = SMALL | {"overlays.outro": f"{place / 'clips.py'}:never"}
    result = run_notebook(a_job(place, overrides=endless), cell_timeout_s=5)
    assert not result.success
    assert "it took longer than 5 s" in (result.error or "")
