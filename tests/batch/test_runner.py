from pathlib import Path

import nbformat
import pytest

from reelkit.batch.jobs import Job
from reelkit.batch.runner import generate_one, publish_made, report, run_notebook
from reelkit.model import GenerationResult, Script
from reelkit.runs.folder import open_run
from reelkit.runs.kept_edits import KeptEdits
from reelkit.runs.manifest import manifest_of
from reelkit.whole import sha256_of

SMALL = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"]}
TEXT = "Cold brew takes time. Give it a night in the fridge."


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "words.md"
    path.write_text(TEXT)
    return path


def make(tmp_path: Path, script: Path | None, *, upload: bool = False, **changes: object) -> GenerationResult:
    overrides = {**SMALL, **{name.replace("__", "."): value for name, value in changes.items()}}
    return generate_one("northwind", 1, script=script, overrides=overrides, outputs=tmp_path / "outputs", upload=upload)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith("ledger"))


def test_a_reel_is_made_once_and_published_once(tmp_path: Path, script: Path) -> None:
    """A run leaves every file it promises; the same job again changes nothing; asked for later, it is only published."""
    first = make(tmp_path, script)
    assert first.error is None
    assert first.success
    assert not first.reused
    assert first.run_dir is not None
    assert first.video_path is not None
    made = [
        "captions.ass",
        "captions.srt",
        "captions.vtt",
        "credits.txt",
        "poster.jpg",
        "publishing.json",
        "reel.mp4",
        "run.json",
        "script.json",
        "timeline.json",
        "timeline.otio",
        "voice.wav",
    ]
    assert files(first.run_dir) == made
    found = manifest_of(first.run_dir)
    assert set(found.artefacts) == set(made) - {"run.json"}
    assert [step.name for step in found.steps] == [
        "script",
        "footage",
        "voice",
        "sentences",
        "cues",
        "music",
        "timeline",
        "legibility",
        "compose",
        "check",
    ]
    assert all(finding.verdict != "fail" for finding in first.findings)

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "outputs").rglob("*") if path.is_file()}
    again = make(tmp_path, script)
    assert (again.success, again.reused, again.video_path) == (True, True, first.video_path)
    changed = {path for path, at in before.items() if path.stat().st_mtime_ns != at}
    assert {path.suffix for path in changed} <= {".lock"}

    published = make(tmp_path, script, upload=True)
    assert published.reused
    assert published.public_url is not None
    assert sha256_of(tmp_path / "outputs/published/northwind" / f"{first.run_dir.name}.mp4") == sha256_of(first.video_path)
    assert make(tmp_path, script, upload=True).public_url == published.public_url


def test_other_shapes_lie_beside_the_reel(tmp_path: Path, script: Path) -> None:
    """A brand that asks for a square gets one beside the reel: composed at its size, checked, counted, published, and made once."""
    made = make(tmp_path, script, upload=True, output__shapes=["1:1"], captions__preset="pop")
    assert made.error is None
    assert made.run_dir is not None
    assert [path.name for path in made.shape_paths] == ["reel-1x1.mp4"]
    found = manifest_of(made.run_dir)
    assert {"reel.mp4", "reel-1x1.mp4", "poster.jpg", "poster-1x1.jpg"} <= set(found.artefacts)
    (shaped,) = found.shapes
    assert (shaped.reel.width_px, shaped.reel.height_px) == (1080, 1080)
    assert len(shaped.findings) > 25
    assert [finding.name for finding in shaped.findings if finding.verdict == "fail"] == []
    assert found.reel is not None
    assert shaped.reel.frame_count == found.reel.frame_count
    published = tmp_path / "outputs/published/northwind" / f"{made.run_dir.name}-1x1.mp4"
    assert sha256_of(published) == sha256_of(made.shape_paths[0])
    assert make(tmp_path, script, output__shapes=["1:1"], captions__preset="pop").reused
    made.shape_paths[0].unlink()
    assert not make(tmp_path, script, output__shapes=["1:1"], captions__preset="pop").reused


def test_an_edit_makes_only_what_depends_on_it(tmp_path: Path, script: Path) -> None:
    """Another caption colour is another run that neither speaks nor draws again."""
    first = make(tmp_path, script)
    cache = tmp_path / "outputs" / ".cache"
    kept = {room: set((cache / room).rglob("*")) for room in ("speech", "backdrops", "music")}
    second = make(tmp_path, script, captions__active_colour="#FF8A5C")
    assert second.success
    assert second.run_dir != first.run_dir
    assert {room: set((cache / room).rglob("*")) for room in kept} == kept


@pytest.mark.parametrize(
    ("text", "changes", "step", "line"),
    [
        ("", {}, "script", "words.md"),
        (TEXT, {"voice__name": "nobody"}, "start", "voice.name is 'nobody'"),
        (TEXT, {"language": "de"}, "start", "speaks English only"),
        (TEXT, {"footage__libraries": ["folder"]}, "footage", "brand 'northwind'"),
        (TEXT, {"music__file": "words.md"}, "music", "words.md"),
    ],
)
def test_a_step_that_fails_at_once_leaves_a_line(tmp_path: Path, text: str, changes: dict[str, object], step: str, line: str) -> None:
    """An error ends in the result and the manifest as one line; no reel and no half-written file is left."""
    script = tmp_path / "words.md"
    script.write_text(text)
    if "music__file" in changes:
        changes = {"music__file": str(script)}
    result = make(tmp_path, script, **changes)
    assert not result.success
    assert result.video_path is None
    assert result.error is not None
    assert line in result.error
    assert "\n" not in result.error
    assert result.run_dir is not None
    found = manifest_of(result.run_dir)
    assert (found.state, found.step, found.reason) == ("failed", step, result.error)
    assert not [name for name in files(tmp_path / "outputs") if ".tmp-" in name or name == "reel.mp4"]


def test_a_store_that_refuses_costs_no_reel(tmp_path: Path, script: Path) -> None:
    """When the upload fails the reel stays; with the fault lifted only the upload is done."""
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "published").write_text("in the way")
    refused = make(tmp_path, script, upload=True)
    assert not refused.success
    assert refused.error is not None
    assert "cannot be written" in refused.error
    (tmp_path / "outputs" / "published").unlink()
    lifted = make(tmp_path, script, upload=True)
    assert (lifted.success, lifted.reused) == (True, True)
    assert lifted.public_url is not None


@pytest.mark.parametrize("way", ["the same job again", "from its folder"])
def test_the_report_of_a_reel_published_later_tells_of_it(tmp_path: Path, script: Path, way: str) -> None:
    """A reel that was made before is published, and its report then says so, here and in the store."""
    folder = make(tmp_path, script).run_dir
    assert folder is not None
    nbformat.write(nbformat.v4.new_notebook(), folder / "reel.ipynb")
    assert "Published" not in report(folder).read_text(encoding="utf-8")
    if way == "from its folder":
        publish_made(folder)
    else:
        asked = {"brand": "northwind", "topic_seed": 1, "script": script, "overrides": SMALL, "outputs": tmp_path / "outputs"}
        assert run_notebook(Job.model_validate({**asked, "upload": True})).reused
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Published" in page
    assert (tmp_path / "outputs" / "published" / "northwind" / f"{folder.name}.html").read_text(encoding="utf-8") == page
    assert open_run("northwind", 1, script=script, overrides=SMALL, outputs=tmp_path / "outputs").finished("report.html")


def test_a_reel_that_changed_is_published_again(tmp_path: Path, script: Path) -> None:
    """Edited and made anew, a published reel is published again, be it at once, later, or after an upload that failed."""
    published = tmp_path / "outputs" / "published"

    def is_what_lies_here(made: GenerationResult) -> bool:
        assert made.run_dir is not None
        held = published / "northwind" / f"{made.run_dir.name}.mp4"
        return sha256_of(held) == sha256_of(made.run_dir / "reel.mp4")

    first = make(tmp_path, script, upload=True)
    assert first.public_url is not None
    assert first.run_dir is not None
    assert is_what_lies_here(first)
    written = Script.model_validate_json((first.run_dir / "script.json").read_bytes()).scenes[0]
    edits = KeptEdits(tmp_path / "outputs" / "northwind", "script words.md")

    def edit(how_long: str) -> None:
        edits.keep(scenes={written.text: written.model_copy(update={"text": written.text.replace("time", how_long)})})

    edit("a night")
    made = make(tmp_path, script)
    assert (made.error, made.run_dir, made.reused, made.public_url) == (None, first.run_dir, False, None)
    assert not is_what_lies_here(made)
    later = make(tmp_path, script, upload=True)
    assert (later.success, later.reused, later.public_url) == (True, True, first.public_url)
    assert is_what_lies_here(later)

    edit("a whole day")
    published.rename(tmp_path / "aside")
    published.write_text("in the way")
    refused = make(tmp_path, script, upload=True)
    assert (refused.success, refused.public_url) == (False, None)
    published.unlink()
    (tmp_path / "aside").rename(published)
    lifted = make(tmp_path, script, upload=True)
    assert (lifted.success, lifted.reused, lifted.public_url) == (True, True, first.public_url)
    assert is_what_lies_here(lifted)


def test_a_report_goes_with_the_reel_that_it_tells_of(tmp_path: Path, script: Path) -> None:
    """Where a reel is made anew without a notebook, the report and the notebook of the one before go; a report that was not written of
    this one, as where it was made step by step, is not published with it."""
    folder = make(tmp_path, script).run_dir
    assert folder is not None
    nbformat.write(nbformat.v4.new_notebook(), folder / "reel.ipynb")
    page = report(folder).read_bytes()
    written = Script.model_validate_json((folder / "script.json").read_bytes()).scenes[0]
    edited = written.model_copy(update={"text": written.text.replace("time", "a whole day")})
    KeptEdits(tmp_path / "outputs" / "northwind", "script words.md").keep(scenes={written.text: edited})

    made = make(tmp_path, script)
    assert (made.error, made.run_dir, made.reused) == (None, folder, False)
    assert not {"reel.ipynb", "report.html"} & set(files(folder))
    (folder / "report.html").write_bytes(page)
    assert make(tmp_path, script, upload=True).reused
    published = tmp_path / "outputs" / "published" / "northwind"
    assert (published / f"{folder.name}.mp4").is_file()
    assert not (published / f"{folder.name}.html").exists()


@pytest.mark.parametrize(("name", "why"), [("outputs", "Not a directory"), ("x" * 300, "File name too long")])
def test_an_outputs_folder_that_cannot_be_made_is_one_line(tmp_path: Path, name: str, why: str) -> None:
    """A file in its place, or a name that no disk takes, is told with the brand and what to give instead, by both ways to a reel."""
    (tmp_path / "outputs").write_text("in the way")
    outputs = tmp_path / name
    job = Job(brand="northwind", topic_seed=1, outputs=outputs)
    for result in (generate_one("northwind", 1, outputs=outputs), run_notebook(job)):
        assert (result.success, result.run_dir) == (False, None)
        assert result.error == f"brand 'northwind': {outputs} cannot be written: {why}; give another --outputs"


def test_a_manifest_that_cannot_be_read_is_a_result(tmp_path: Path) -> None:
    """A run.json that is not ours ends in the result, which says which folder to delete."""
    folder = open_run("northwind", 1, overrides=SMALL, outputs=tmp_path / "outputs").folder
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{")
    result = make(tmp_path, None)
    assert (result.success, result.run_dir) == (False, None)
    assert "delete the folder to make the run anew" in (result.error or "")


@pytest.mark.parametrize(("brand", "seed", "line"), [("no-such-brand", 1, "there is no file"), ("northwind", -1, "topic seed is -1")])
def test_a_wrong_job_makes_nothing(tmp_path: Path, brand: str, seed: int, line: str) -> None:
    """What cannot begin is a line, not an exception, and no folder."""
    result = generate_one(brand, seed, outputs=tmp_path / "outputs")
    assert not result.success
    assert result.run_dir is None
    assert line in (result.error or "")
    assert not (tmp_path / "outputs").exists()
