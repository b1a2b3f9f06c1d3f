import io
import json
import multiprocessing
import re
import shutil
import sys
from pathlib import Path

import pytest

from reelkit.brand import Brand, load_brand
from reelkit.errors import BrandError, CheckError, RunError, VoiceError
from reelkit.model import Clip, Credit, Finding, Fps, Reel, Scene, Script, ShapedReel, Shot, Timeline, UploadResult
from reelkit.runs.folder import RunFolder, count_in, open_run, outputs_dir
from reelkit.runs.manifest import Artefact, Manifest, StepRecord, read_manifest
from reelkit.runs.progress import NoLines, TerminalLines
from reelkit.whole import sha256_of, whole_file

BRAND = """
name: Northwind
slug: northwind
palette: {background: "#101010", surface: "#202020", primary: "#C8742B", accent: "#FFD23F", text: "#FFFFFF"}
logo: logo.svg
script: {deck: northwind}
"""


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A studio of its own: one brand with a logo and a deck."""
    root = tmp_path / "templates"
    for name in ("brands", "decks", "styles"):
        (root / name).mkdir(parents=True)
    (root / "brands" / "northwind.yaml").write_text(BRAND)
    (root / "brands" / "logo.svg").write_text("<svg/>")
    (root / "decks" / "northwind.yaml").write_text("topics: []")
    shutil.copy(Path(__file__).parents[2] / "templates/styles/karaoke.yaml", root / "styles")
    monkeypatch.setenv("REELKIT_TEMPLATES", str(root))
    monkeypatch.delenv("REELKIT_OUTPUTS", raising=False)
    return root


def a_run(tmp_path: Path, seed: int = 1, **job: object) -> RunFolder:
    return open_run("northwind", seed, outputs=tmp_path / "outputs", **job)  # type: ignore[arg-type]


def a_script() -> Script:
    return Script.of("Cold brew", [Scene(text="Cold brew takes time.", search_terms=("coffee", "ice"))])


def a_timeline(clip: str) -> Timeline:
    credit = Credit(author="A", licence="CC0")
    beans = Clip(id=clip, library="folder", path="x.jpg", sha256="0" * 64, kind="image", width_px=10, height_px=10, credit=credit)
    return Timeline(brand="northwind", topic="t", frame_count=30, background="#000000", shots=(Shot(clip=beans, start=0, end=30),))


def a_finding(holds: bool = True) -> Finding:
    return Finding(name="loudness", level="must", holds=holds, norm="-14 LUFS ±0.5", measured="-11.2 LUFS")


def made_reel(run: RunFolder, *, clip: str = "beans", holds: bool = True) -> RunFolder:
    """Take a run through steps that make what the chain makes."""
    run.step("script", a_script)
    run.step("timeline", a_timeline, clip)
    run.path("reel.mp4").write_bytes(b"a reel")
    run.step("check", lambda: [a_finding(holds)])
    run.finish()
    return run


def test_the_job_and_what_it_points_to_decide_the_run(templates: Path, tmp_path: Path) -> None:
    """Seed, overrides, script, brand file, logo and deck each change the run id; nothing else does."""
    script = tmp_path / "words.md"
    script.write_text("Cold brew takes time.")
    ids = [a_run(tmp_path).run_id, a_run(tmp_path, seed=2).run_id, a_run(tmp_path, overrides={"captions.size_px": 90}).run_id]
    ids.append(a_run(tmp_path, script=script).run_id)
    script.write_text("Cold brew takes patience.")
    ids.append(a_run(tmp_path, script=script).run_id)
    for name, content in (("brands/logo.svg", "<svg></svg>"), ("decks/northwind.yaml", "topics: [x]")):
        (templates / name).write_text(content)
        ids.append(a_run(tmp_path).run_id)
    assert len(set(ids)) == len(ids)
    assert a_run(tmp_path).run_id == a_run(tmp_path / "elsewhere").run_id == ids[-1]
    assert ids[0].startswith("0001-")


def test_a_brand_file_is_found_again_from_anywhere(templates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the manifest says of a job leads to the brand file whichever folder it is read in; a slug stays one."""
    monkeypatch.chdir(templates / "brands")
    job = open_run("northwind.yaml", 1, outputs=tmp_path / "outputs").manifest.job
    monkeypatch.chdir(tmp_path)
    assert job.changed_brand() == load_brand("northwind")
    assert a_run(tmp_path).manifest.job.brand == "northwind"


def test_an_override_that_says_what_the_file_says_is_the_same_run(templates: Path, tmp_path: Path) -> None:
    """The resolved brand decides, not how it was written."""
    assert a_run(tmp_path, overrides={"script.length_s": 30}).run_id == a_run(tmp_path).run_id


def test_footage_counts_by_its_content(templates: Path, tmp_path: Path) -> None:
    """A clip added to or changed in the brand's folder changes the run; its time of change does not."""
    folder = templates / "brands" / "clips"
    folder.mkdir()
    (folder / "beans.mp4").write_bytes(b"one")
    overrides = {"footage.folder": "clips"}
    first = a_run(tmp_path, overrides=overrides).run_id
    (folder / "beans.mp4").touch()
    assert a_run(tmp_path, overrides=overrides).run_id == first
    (folder / "beans.mp4").write_bytes(b"two")
    assert a_run(tmp_path, overrides=overrides).run_id != first


def test_a_voice_counts_with_its_settings(templates: Path, tmp_path: Path) -> None:
    """A voice file of Piper's decides the run, and so does the file beside it that says how fast it speaks."""
    overrides = {"voice.engine": "piper", "voice.name": "joe.onnx"}
    ids = []
    for name, content in (("joe.onnx", "network"), ("joe.onnx.json", '{"length_scale": 1}'), ("joe.onnx.json", '{"length_scale": 2}')):
        (templates / "brands" / name).write_text(content)
        ids.append(a_run(tmp_path, overrides=overrides).run_id)
    (templates / "brands" / "joe.onnx").write_text("another network")
    ids.append(a_run(tmp_path, overrides=overrides).run_id)
    assert len(set(ids)) == 4


def test_a_brands_own_functions_count_with_what_they_name(templates: Path, tmp_path: Path) -> None:
    """A picture that a function opens changes the run; another brand's file in the same folder does not."""
    brands = templates / "brands"
    (brands / "clips.py").write_text("BADGE = 'badge.png'\n")
    (brands / "badge.png").write_bytes(b"one")
    overrides = {"overlays.intro": "clips.py:opening"}
    first = a_run(tmp_path, overrides=overrides).run_id
    (brands / "acme.yaml").write_text("name: Acme")
    assert a_run(tmp_path, overrides=overrides).run_id == first
    (brands / "badge.png").write_bytes(b"two")
    assert a_run(tmp_path, overrides=overrides).run_id != first


def test_a_finished_run_is_known_again(templates: Path, tmp_path: Path) -> None:
    """The same job finds its finished run, with facts, findings and every file measured."""
    made_reel(a_run(tmp_path))
    found = a_run(tmp_path).finished()
    assert found is not None
    assert found.state == "done"
    assert found.facts["topic"] == "Cold brew"
    assert [step.name for step in found.steps] == ["script", "timeline", "check"]
    beside = {"captions.ass", "captions.srt", "captions.vtt", "credits.txt", "publishing.json", "timeline.otio"}
    assert set(found.artefacts) == beside | {"script.json", "timeline.json", "reel.mp4"}
    assert a_run(tmp_path).finished("report.html") is None
    assert a_run(tmp_path, seed=2).finished() is None


def test_a_look_starts_nothing(templates: Path, tmp_path: Path) -> None:
    """Looking at a run that is finished leaves it finished, and at one that never began leaves no folder; a step then starts it anew."""
    never = a_run(tmp_path, seed=2)
    assert (never.manifest.steps, never.spent_usd, never.used_topics) == ((), 0, ())
    assert not never.folder.exists()
    made_reel(a_run(tmp_path))
    run = a_run(tmp_path)
    before = run.path("run.json").read_bytes()
    assert (run.manifest.state, len(run.manifest.steps), run.spent_usd, run.used) == ("done", 3, 0, ())
    assert run.path("run.json").read_bytes() == before
    assert a_run(tmp_path).finished() is not None
    run.step("script", a_script)
    assert [step.name for step in run.manifest.steps] == ["script"]


@pytest.mark.parametrize("damage", ["shorter", "other bytes", "gone"])
def test_a_damaged_file_makes_the_run_unfinished(templates: Path, tmp_path: Path, damage: str) -> None:
    """A finished run whose reel was cut, changed or removed is made again."""
    path = made_reel(a_run(tmp_path)).path("reel.mp4")
    {"shorter": lambda: path.write_bytes(b"a"), "other bytes": lambda: path.write_bytes(b"A REEL"), "gone": path.unlink}[damage]()
    assert a_run(tmp_path).finished() is None


@pytest.mark.skipif(sys.platform != "linux", reason="a file that is there and cannot be read, by anyone")
def test_a_file_that_cannot_be_read_is_not_intact() -> None:
    """A disk that refuses to give a file back is as good as no file."""
    assert not Artefact(sha256="0" * 64, bytes=0).is_intact(Path("/proc/self/mem"))


def test_what_was_left_out_is_named_once(templates: Path, tmp_path: Path) -> None:
    """Files that a step could not use stand in the manifest and, the first of them, in the step's line; not in the next making's."""
    lines, stream = [f"{number}.ts: is no video; replace it" for number in range(5)], io.StringIO()
    run = open_run("northwind", 1, outputs=tmp_path, watcher=TerminalLines(stream))

    def left_out(lines: list[str]) -> list[Finding]:
        run.leave_out(lines)
        return [a_finding()]

    run.step("footage", left_out, [*lines, lines[0]])
    assert run.manifest.left_out == tuple(lines)
    said = f"1 finding; left out: {'; '.join(lines[:3])}; and 2 more (run.json)"
    assert run.manifest.steps[0].told == said
    assert said in stream.getvalue()
    run.step("footage", left_out, [])
    assert (run.manifest.left_out, run.manifest.steps[0].told) == ((), "1 finding")


def test_an_error_is_recorded_with_its_step(templates: Path, tmp_path: Path) -> None:
    """A step's error reaches the caller and the manifest as one line, and half-written files go."""
    run = a_run(tmp_path)
    run.step("script", a_script)

    def speak() -> None:
        with whole_file(run.path("voice.wav")) as half:
            half.write_bytes(b"half")
            raise VoiceError("brand 'northwind': voice 'heart'\nhas no word")

    with pytest.raises(VoiceError):
        run.step("voice", speak)
    found = read_manifest(run.folder)
    assert found is not None
    assert (found.state, found.step, found.reason) == ("failed", "voice", "brand 'northwind': voice 'heart' has no word")
    assert sorted(path.name for path in run.folder.iterdir()) == ["run.json", "script.json"]
    assert a_run(tmp_path).finished() is None


def test_a_full_disk_is_one_line(templates: Path, tmp_path: Path) -> None:
    """What the machine refuses is told with step and file, not as a traceback."""

    def fill() -> None:
        raise OSError(28, "No space left on device", "/outputs/reel.mp4")

    with pytest.raises(RunError, match=r"brand 'northwind': step compose: No space left on device \(/outputs/reel\.mp4\)"):
        a_run(tmp_path).step("compose", fill)


def test_a_fault_of_ours_keeps_its_traceback(templates: Path, tmp_path: Path) -> None:
    """An error that is not on purpose is raised as it is, and the traceback lies in the run's folder."""
    run = a_run(tmp_path)
    with pytest.raises(ZeroDivisionError):
        run.step("footage", lambda: 1 // 0)
    assert "ZeroDivisionError" in run.path("error.txt").read_text()
    assert "please report it" in (run.manifest.reason or "")


def test_no_key_is_written_of_a_failure(templates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a reason nor a traceback holds a key of the environment that an error quotes, nor is it told to who watches."""
    key, heard = "7c3f0e5b91d2", []
    monkeypatch.setenv("WEATHER_TOKEN", key)

    class Heard(NoLines):
        def fails(self, step: str, reason: str) -> None:
            heard.append(reason)

    run = a_run(tmp_path, watcher=Heard())

    def fails(kind: type[Exception]) -> None:
        raise kind(f"401 Client Error: Unauthorized for url: /v1?token={key}")

    for kind in (VoiceError, ZeroDivisionError):
        with pytest.raises(kind):
            run.step("voice", fails, kind)
        assert "url: /v1?token=[key]" in (run.manifest.reason or "")
        assert heard[-1] == run.manifest.reason
    assert "url: /v1?token=[key]" in run.path("error.txt").read_text()
    assert key.encode() not in b"".join(path.read_bytes() for path in run.folder.iterdir())


def test_an_interrupt_leaves_the_run_to_be_resumed(templates: Path, tmp_path: Path) -> None:
    """Ctrl-C in a step leaves the state at running, not failed."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    run = a_run(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run.step("voice", interrupted)
    found = read_manifest(run.folder)
    assert found is not None
    assert (found.state, found.step) == ("running", "voice")


def test_a_broken_must_fails_the_run(templates: Path, tmp_path: Path) -> None:
    """A finding that fails gives one line with norm and measure, and the ledger does not learn of the run."""
    run = a_run(tmp_path)
    with pytest.raises(CheckError, match=r"loudness is -11\.2 LUFS; it must be -14 LUFS ±0\.5"):
        made_reel(run, holds=False)
    assert run.manifest.state == "failed"
    assert run.ledger.topics("northwind") == ()


def test_another_shape_is_held_to_the_same(templates: Path, tmp_path: Path) -> None:
    """A must that breaks in another shape fails the run, and the line names the shape and its file."""
    run = a_run(tmp_path)
    run.step("script", a_script)
    size = {"width_px": 1080, "height_px": 1080, "fps": Fps(num=30), "frame_count": 30}
    reel = Reel(path=run.path("reel-1x1.mp4"), sha256="0" * 64, bytes=1, loudness_lufs=-14.0, true_peak_dbtp=-1.5, **size)
    run.path("reel.mp4").write_bytes(b"a reel")
    shaped = ShapedReel(shape="1:1", reel=reel, findings=(a_finding(), a_finding(holds=False)))
    run._update(shapes=(shaped,))
    with pytest.raises(CheckError, match=r"the reel in 1:1 breaks a must: loudness is .*reel-1x1\.mp4"):
        run.finish()
    assert (run.manifest.state, run.manifest.step) == ("failed", "shapes")


def test_what_was_used_is_frozen_at_the_first_start(templates: Path, tmp_path: Path) -> None:
    """A run sees the clips used before it first began, however often it is run and whatever came after; never its own."""
    made_reel(a_run(tmp_path, seed=1), clip="beans")
    second = made_reel(a_run(tmp_path, seed=2), clip="cup")
    made_reel(a_run(tmp_path, seed=3), clip="steam")
    assert second.used == ("beans",)
    assert a_run(tmp_path, seed=2).used == ("beans",)
    assert a_run(tmp_path, seed=4).used == ("beans", "cup", "steam")
    assert a_run(tmp_path, seed=2, overrides={"captions.size_px": 90}).used == ("beans",)


def test_a_reel_that_failed_hears_of_what_was_told_since(templates: Path, tmp_path: Path) -> None:
    """Topics told before are frozen at the first start of a run that was cut or finished; one that failed looks again."""
    for seed, ends in ((1, None), (2, "voice"), (3, "upload")):
        run = a_run(tmp_path, seed=seed)
        run.start()
        if ends:
            run.fail(ends, "no answer")
    made_reel(a_run(tmp_path, seed=4))
    told = {seed: (a_run(tmp_path, seed=seed).start().used_topics, a_run(tmp_path, seed=seed).start().used_topics) for seed in (1, 2, 3)}
    assert told == {1: ((), ()), 2: (("Cold brew",), ("Cold brew",)), 3: ((), ())}


def test_a_script_that_was_written_is_not_asked_for_again(templates: Path, tmp_path: Path) -> None:
    """A run that failed after its script hears of no other topics, so that its script is found as it was kept, unless its own was told."""
    for seed, topic in ((1, "Filters"), (2, "Cold brew")):
        run = a_run(tmp_path, seed=seed)
        run.start()
        run.step("script", lambda topic=topic: a_script().model_copy(update={"topic": topic}))
        run.fail("voice", "no answer")
    made_reel(a_run(tmp_path, seed=4))
    assert [a_run(tmp_path, seed=seed).start().used_topics for seed in (1, 2)] == [(), ("Cold brew",)]


def test_a_run_for_a_batch_elsewhere_asks_no_ledger_here(templates: Path, tmp_path: Path) -> None:
    """What its batch says holds, whatever it was started with before, and nothing is claimed; its kernel goes on so, a later start here
    does not."""
    made_reel(a_run(tmp_path, seed=1), clip="beans")
    a_run(tmp_path, seed=2).start(used=("foam",))
    assert a_run(tmp_path, seed=2).start(used=("cup",), used_topics=("Filters",)).claims is False
    kernel = a_run(tmp_path, seed=2)
    kernel.step("script", a_script)
    assert (kernel.used, kernel.used_topics, kernel.claim_clips(["beans", "steam"])) == (("cup",), ("Filters",), ())
    kernel.fail("voice", "no answer")
    again = a_run(tmp_path, seed=2)
    assert (again.start().claims, again.used_topics, again.claim_clips(["beans", "steam"])) == (True, ("Cold brew",), ("beans",))


def test_an_edit_that_is_taken_back_leaves_nothing(templates: Path, tmp_path: Path) -> None:
    """Gone on from where an edit is applied, as in a notebook: script, publishing text and facts are those of the edit, then as written."""
    run = a_run(tmp_path)
    written = run.step("script", a_script)
    made_of = [written.scenes[0].text, "Cold brew takes a whole night."]
    found = []
    for text in (made_of[0], made_of[1], made_of[0]):
        edited = {} if text == made_of[0] else {made_of[0]: written.scenes[0].model_copy(update={"text": text})}
        run.kept_edits.keep(scenes=edited)
        assert run.edited(written).voiceover == text
        run.step("timeline", a_timeline, "beans")
        names = ("script.json", "publishing.json")
        found.append(([run.path(name).read_bytes() for name in names], run.manifest.facts.get("words"), run.manifest.facts.get("edited")))
    assert found[0] == found[2]
    assert [fact for _, *facts in found for fact in facts] == [4, None, 6, "1 sentence", 4, None]
    assert json.loads(found[1][0][0])["voiceover"] == made_of[1]


def test_edits_that_are_not_in_the_reel_are_warned_of(templates: Path, tmp_path: Path) -> None:
    """An edit that is kept after its step was taken, gone on below it: the run warns of it, its reel is not held to have it, and a
    making that takes it is well."""
    told: list[str] = []

    class Heard(NoLines):
        def ends(self, step: str, seconds: float, made: str) -> None:
            told.append(f"{step}: {made}")

    run = a_run(tmp_path, watcher=Heard())
    written = run.step("script", a_script)
    rewritten = {written.scenes[0].text: written.scenes[0].model_copy(update={"text": "Cold brew takes a whole night."})}

    def end() -> Manifest:
        run.step("timeline", a_timeline, "beans")
        run.path("reel.mp4").write_bytes(b"a reel")
        run.step("check", lambda: [a_finding(True)])
        return run.finish()

    run.edited(written)
    run.kept_edits.keep(scenes=rewritten, breaks={"Cold brew takes time.": (1,)})
    ended = end()
    finding = ended.findings[-1]
    assert (finding.name, finding.verdict, finding.measured) == ("edits", "warn", "script and cue breaks edited since")
    assert told[-1] == "edits: script and cue breaks edited since; run the cells from Script on, or make the reel again"
    assert (ended.state, ended.edits, a_run(tmp_path).finished()) == ("done", "", None)
    run.edited(written)
    assert run.edits.breaks
    assert all(finding.holds for finding in end().findings)
    assert a_run(tmp_path).finished() is not None


def test_a_rejected_clip_is_found_where_another_stands_in(templates: Path, tmp_path: Path) -> None:
    """An exchange is known by the clip that was found, so this reel finds it still, in later takes too; other reels are without it."""
    run = a_run(tmp_path)
    run.kept_edits.reject("beans")
    run.kept_edits.reject("foam")
    logo = templates / "brands" / "logo.svg"
    cup = a_timeline("cup").shots[0].clip.model_copy(update={"path": logo, "sha256": sha256_of(logo)})
    run.kept_edits.keep(clips={"beans": cup})
    assert (run.rejected, a_run(tmp_path, seed=2).rejected) == (("foam",), ("beans", "foam"))
    made_reel(run, clip="cup")
    assert a_run(tmp_path, overrides={"captions.size_px": 90}).used == ()
    cup.path.unlink()
    assert run.rejected == ("beans", "foam")
    cup.path.write_text("<svg/>")
    run.kept_edits.reject("cup")
    assert run.rejected == ("beans", "foam", "cup")


def test_publishing_adds_to_a_finished_run(templates: Path, tmp_path: Path) -> None:
    """A finished run that is only uploaded keeps its files and steps and knows where it was published."""
    made_reel(a_run(tmp_path))
    run = a_run(tmp_path)
    assert run.finished()
    run.step("upload", lambda: UploadResult(url="file:///x.mp4", bytes=6, etag="e"))
    found = a_run(tmp_path).finished()
    assert found is not None
    assert found.published is not None
    assert [step.name for step in found.steps] == ["script", "timeline", "check", "upload"]


def compose(run: RunFolder, digit: str) -> None:
    """Record a reel with this hash, of which no poster can be taken."""
    size = {"width_px": 1080, "height_px": 1920, "fps": Fps(num=30), "frame_count": 30}
    reel = Reel(path=run.path("reel.mp4"), sha256=digit * 64, bytes=6, loudness_lufs=-14.0, true_peak_dbtp=-1.5, **size)
    run._record(StepRecord(name="compose", seconds=1.0), {}, reel)


def test_what_was_published_counts_until_another_reel_is_composed(templates: Path, tmp_path: Path) -> None:
    """Made anew as it was, a reel is still the one that was published; made otherwise it is not, though it has the same run."""
    run = a_run(tmp_path)
    compose(run, "1")
    run.step("upload", lambda: UploadResult(url="file:///x.mp4", bytes=6, etag="e"))
    again = a_run(tmp_path)
    again.start()
    compose(again, "1")
    assert again.manifest.published is not None
    other = a_run(tmp_path)
    other.start()
    assert other.manifest.published is not None
    compose(other, "2")
    assert (other.manifest.published, other.manifest.published_sha256) == (None, None)


def test_an_upload_that_failed_is_not_published(templates: Path, tmp_path: Path) -> None:
    """Of a reel whose later upload failed something may be missing in the store, so the next is to try again."""
    run = made_reel(a_run(tmp_path))
    run.step("upload", lambda: UploadResult(url="file:///x.mp4", bytes=6, etag="e"))
    assert run.manifest.is_published

    def refuse() -> None:
        raise RunError("store refuses")

    with pytest.raises(RunError):
        run.step("upload", refuse)
    assert not run.manifest.is_published


def test_a_manifest_from_before_says_where_its_reel_was_published(templates: Path, tmp_path: Path) -> None:
    """One that does not know which reel was published is read, and its reel counts as published."""
    run = made_reel(a_run(tmp_path))
    run.step("upload", lambda: UploadResult(url="file:///x.mp4", bytes=6, etag="e"))
    path = run.path("run.json")
    told = json.loads(path.read_bytes())
    del told["published_sha256"]
    path.write_text(json.dumps(told))
    found = a_run(tmp_path).finished()
    assert found is not None
    assert found.is_published


@pytest.mark.parametrize(("voice", "flagged"), [("hibari", True), ("recorded", False)])
def test_platforms_are_told_of_what_a_model_made(templates: Path, tmp_path: Path, voice: str, flagged: bool) -> None:
    """A voice of a model's makes a reel AI-generated; a deck's words in somebody's own recording do not."""
    (templates / "brands" / "take.wav").write_bytes(b"a take")
    more = {"voice.recording": "take.wav"} if voice == "recorded" else {}
    run = made_reel(a_run(tmp_path, overrides={"voice.engine": voice, **more}))
    assert json.loads(run.path("publishing.json").read_bytes())["tiktok"]["ai_generated"] is flagged


def test_what_lies_beside_a_reel_is_published_with_it(templates: Path, tmp_path: Path) -> None:
    """Of poster, captions, credits and other shapes, all that are there."""
    run = made_reel(a_run(tmp_path))
    for name in ("poster.jpg", "something.txt"):
        run.path(name).write_bytes(b"x")
    assert [path.name for path in run.beside] == ["poster.jpg", "captions.vtt", "captions.srt", "credits.txt"]


def test_a_failed_upload_costs_no_reel(templates: Path, tmp_path: Path) -> None:
    """A run that failed at its upload still counts as a finished reel."""
    run = made_reel(a_run(tmp_path))

    def refuse() -> None:
        raise RunError("store refuses")

    with pytest.raises(RunError):
        run.step("upload", refuse)
    again = a_run(tmp_path).finished()
    assert again is not None
    assert again.state == "failed"


def test_more_files_may_be_counted_in(templates: Path, tmp_path: Path) -> None:
    """The report that is made after the run belongs to what must be intact."""
    run = made_reel(a_run(tmp_path))
    run.path("report.html").write_text("page")
    count_in(run.folder, "report.html")
    assert a_run(tmp_path).finished("report.html")
    run.path("report.html").write_text("another")
    assert a_run(tmp_path).finished("report.html") is None


def test_a_manifest_that_cannot_be_read_is_one_line(templates: Path, tmp_path: Path) -> None:
    """A run.json that is not ours says which folder to delete."""
    run = a_run(tmp_path)
    run.folder.mkdir(parents=True)
    run.path("run.json").write_text("{")
    with pytest.raises(RunError, match=r"run\.json cannot be read .* delete the folder"):
        run.finished()


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1", 2**63])
def test_a_seed_is_a_whole_number(templates: Path, tmp_path: Path, seed: int) -> None:
    """Anything but a whole number from 0 is refused before anything is made."""
    with pytest.raises(RunError, match="topic seed"):
        a_run(tmp_path, seed=seed)


def test_bad_overrides_make_no_folder(templates: Path, tmp_path: Path) -> None:
    """A wrong override is one line, and nothing is written."""
    with pytest.raises(BrandError, match=r"captions\.size_px is 20"):
        a_run(tmp_path, overrides={"captions.size_px": 20})
    with pytest.raises(RunError, match=r"script .*none\.md cannot be read"):
        a_run(tmp_path, script=tmp_path / "none.md")
    assert not (tmp_path / "outputs").exists()


def _make_once(tmp_path: Path, brand: Brand) -> None:
    run = open_run(brand, 1, outputs=tmp_path / "outputs")
    with run.locked():
        if not run.finished():
            with (tmp_path / "made").open("a") as file:
                file.write("x")
            made_reel(run)


def test_two_processes_make_a_reel_once(templates: Path, tmp_path: Path) -> None:
    """The second process waits for the lock and then finds the run finished."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_make_once, args=(tmp_path, load_brand("northwind"))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert (tmp_path / "made").read_text() == "x"


def test_a_line_per_step(templates: Path, tmp_path: Path) -> None:
    """A stream that is no terminal gets exactly one line for each step."""
    stream = io.StringIO()
    run = a_run(tmp_path, watcher=TerminalLines(stream))
    run.step("script", a_script)
    run.share("compose")(0.5)
    (line,) = stream.getvalue().splitlines()
    assert re.fullmatch(r"script {8}\d\.\d s  'Cold brew': 1 scene, 4 words", line)


def test_outputs_stand_beside_the_templates(templates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a notebook's folder, runs still go to the studio's outputs."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert outputs_dir() == tmp_path / "outputs"
    monkeypatch.setenv("REELKIT_OUTPUTS", str(tmp_path / "elsewhere"))
    assert outputs_dir() == tmp_path / "elsewhere"
