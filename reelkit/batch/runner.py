"""One reel: in this process, or through the notebook. Both ways take the same steps and make the same bytes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reelkit.batch.jobs import Job, notebook_path
from reelkit.brand import Brand
from reelkit.errors import BrandError, BusyError, ReelkitError, RunError
from reelkit.model import GenerationResult, ShapedReel
from reelkit.parts import Parts
from reelkit.runs.folder import RunFolder, count_in, made_run, open_run
from reelkit.runs.keys import without_known_keys
from reelkit.runs.manifest import Manifest, manifest_of, read_manifest
from reelkit.runs.progress import NoLines, Watcher
from reelkit.whole import sweep_temporaries

__all__ = ["NOTEBOOK", "REPORT", "generate_one", "look_of", "publish_made", "report", "run_notebook"]

NOTEBOOK, REPORT = "reel.ipynb", "report.html"


def generate_one(
    brand: str | Path | Brand,
    topic_seed: int,
    *,
    upload: bool = False,
    script: str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    outputs: str | Path | None = None,
    watcher: Watcher | None = None,
) -> GenerationResult:
    """Make a reel in this process.

    Parameters
    ----------
    brand : str, Path or Brand
        A slug, a brand file, or a brand.
    topic_seed : int
        At least 0; chooses the topic and everything else that varies.
    upload : bool
        Publish the reel to the brand's store.
    script : path, optional
        A script of the user's own, Markdown or plain text.
    overrides : dict, optional
        Brand fields replaced for this run: ``{"captions.size_px": 90}``.
    outputs : path, optional
        Where runs go; :func:`reelkit.runs.folder.outputs_dir` where not given.
    watcher : Watcher, optional
        Told of every step.

    Returns
    -------
    GenerationResult
        What went wrong stands in ``error``, in one line; nothing half-made is left behind.

    Examples
    --------
    >>> generate_one("no-such-brand", 1).success
    False
    """

    def make(run: RunFolder) -> None:
        run.start()
        # They tell of a reel that was made here before, and none takes their place.
        with contextlib.suppress(OSError):
            for told in run.paths(NOTEBOOK, REPORT):
                told.unlink()
        try:
            _take_steps(run)
        except ReelkitError as error:
            if run.manifest.state == "running":
                # A part refused before its step began.
                run.fail(run.manifest.step or "start", str(error))
            raise
        if upload:
            _publish(run)

    return _made(
        lambda: open_run(brand, topic_seed, script=script, overrides=overrides, outputs=outputs, watcher=watcher), make, upload=upload
    )


def run_notebook(
    job: Job,
    *,
    watcher: Watcher | None = None,
    cell_timeout_s: float | None = None,
    wait: bool = True,
    used: tuple[str, ...] | None = None,
    used_topics: tuple[str, ...] | None = None,
    made: Path | None = None,
) -> GenerationResult:
    """Make a reel by executing ``reel.ipynb`` with papermill, and a report from the executed notebook.

    Parameters
    ----------
    job : Job
    watcher : Watcher, optional
        Told of every step.
    cell_timeout_s : float, optional
        A step that takes longer is interrupted, and the run fails.
    wait : bool
        Wait where another process is making this run.
    used : tuple of str, optional
        Clips to leave aside, where it is not the ledger that says so.
    used_topics : tuple of str, optional
        Topics told before, where this machine's ledger does not count; see :meth:`~reelkit.runs.folder.RunFolder.start`.
    made : Path, optional
        The folder of the run that the reel is finished in, whatever became of the brand's files since: it is published, and not made again.

    Returns
    -------
    GenerationResult
        Judged from the run's manifest, never from the notebook.

    Raises
    ------
    BusyError
        When another process is making this run and is not to be waited for.
    """

    def open_job() -> RunFolder:
        watched = watcher or NoLines()
        if made is not None:
            return made_run(made, watcher=watched)
        return open_run(job.brand, job.topic_seed, script=job.script, overrides=dict(job.overrides), outputs=job.outputs, watcher=watched)

    def make(run: RunFolder) -> None:
        from reelkit.batch.engine import execute_notebook

        run.start(used=used, used_topics=used_topics)
        out = run.path(NOTEBOOK)
        problem = execute_notebook(notebook_path(), out, job.parameters, watcher=run.watcher, cell_timeout_s=cell_timeout_s)
        found = run.resume()
        if found.state == "running":
            run.fail(found.step or "start", _why_unfinished(run, found.step, problem))
        report(run.folder)
        if job.upload and run.resume().state == "done":
            # Once more, as the report tells of the upload and so is written after it; what the store holds already is left alone.
            _publish(run)

    return _made(open_job, make, upload=job.upload, also=(NOTEBOOK, REPORT), wait=wait)


def _why_unfinished(run: RunFolder, step: str | None, problem: str | None) -> str:
    if problem is not None:
        if problem.startswith(f"brand '{run.brand.slug}'"):
            return problem
        what = f"step {step}: {problem}" if step else problem
    elif step is None:
        # The notebook made another run than the one it was started for.
        what = "the brand's files or Reelkit itself changed while the run began; run the same command again"
    else:
        what = f"the notebook ended in step {step}; it must call run.finish()"
    return f"brand '{run.brand.slug}': {what} ({run.path(NOTEBOOK)})"


def report(folder: Path) -> Path:
    """Write the ``report.html`` of a run's folder from its executed notebook and return its path.

    Raises
    ------
    RunError
        When the folder holds no run, the run no executed notebook, or the page cannot be written.
    """
    from reelkit.report import write_report

    page = write_report(folder / NOTEBOOK, folder / REPORT, run=folder, **look_of(manifest_of(folder)))
    count_in(folder, NOTEBOOK, REPORT)
    return page


def look_of(manifest: Manifest) -> dict[str, Any]:
    """Return what a report takes from a run's brand (its name, palette and language); nothing where the run has outlived its brand file."""
    try:
        brand = manifest.job.changed_brand()
    except BrandError:
        return {}
    return {"brand": brand.name, "palette": brand.palette, "language": brand.language}


def _take_steps(run: RunFolder) -> None:
    from reelkit.steps.check import check_video
    from reelkit.steps.compose import compose_video
    from reelkit.steps.footage import fetch_footage
    from reelkit.steps.script import generate_script
    from reelkit.steps.shapes import compose_shapes
    from reelkit.steps.strengthen import strengthen_captions
    from reelkit.steps.timeline import plan_timeline
    from reelkit.steps.timing import group_words_into_sentences, split_cues
    from reelkit.steps.voice import synthesize_voice

    brand, parts = run.brand, Parts.of(run)
    script = run.edited(run.step("script", generate_script, brand, run.job.topic_seed, writer=parts.writer))
    found = run.step(
        "footage",
        fetch_footage,
        script,
        brand,
        libraries=parts.libraries,
        used=run.used,
        rejected=run.rejected,
        claim=run.claim_clips,
        leave_out=run.leave_out,
        progress=run.share("footage"),
    )
    footage = run.edited(found)
    audio = run.edited(run.step("voice", synthesize_voice, script, brand, voice=parts.voice, progress=run.share("voice")))
    sentences = run.step("sentences", group_words_into_sentences, audio.words)
    cues = run.step("cues", split_cues, sentences, brand.caption_style, until=len(audio.samples), breaks=run.edits.breaks)
    music = run.step("music", parts.music, audio.duration_s)
    timeline = run.step(
        "timeline",
        plan_timeline,
        script,
        footage,
        audio,
        sentences,
        brand,
        cues=cues,
        narration=run.path("voice.wav"),
        music=music,
        stingers=parts.stingers(),
        cache=parts.cache,
    )
    timeline = run.step("legibility", strengthen_captions, timeline)
    reel = run.step(
        "compose", compose_video, timeline, run.path("reel.mp4"), cache=parts.cache, workers=parts.encoders, progress=run.share("compose")
    )
    run.step("check", check_video, reel, timeline, brand, progress=run.share("check"))
    if brand.output.shapes:
        run.step(
            "shapes",
            compose_shapes,
            timeline,
            brand,
            run.folder,
            cache=parts.cache,
            workers=parts.encoders,
            progress=run.share("shapes"),
        )
    run.finish()


def publish_made(folder: Path) -> str:
    """Publish the finished reel of a run's folder to the brand's store, and return its address.

    Raises
    ------
    ReelkitError
        When the folder holds no run, or the store refuses.
    """
    run = made_run(folder)
    with run.locked():
        run.resume()
        _publish_and_tell(run)
        assert run.manifest.published is not None
        return run.manifest.published.url


def _publish(run: RunFolder) -> None:
    from reelkit.steps.upload import upload_video

    # A report that is not counted was written of a reel that was made here before.
    told = run.paths(REPORT) if REPORT in run.manifest.artefacts else []
    topic, beside = str(run.manifest.facts["topic"]), [*run.beside, *told]
    run.step("upload", upload_video, run.reel, run.brand, store=Parts.of(run).store, name=run.run_id, title=topic, beside=beside)


def _publish_and_tell(run: RunFolder) -> None:
    """Publish a reel that was made before; where it has a report this tells of the upload, and so is written and published after it."""
    _publish(run)
    if {NOTEBOOK, REPORT} <= run.manifest.artefacts.keys():
        report(run.folder)
        run.resume()
        _publish(run)


def _made(
    open_it: Callable[[], RunFolder], make: Callable[[RunFolder], None], *, upload: bool, also: tuple[str, ...] = (), wait: bool = True
) -> GenerationResult:
    """Make a run once: alone, only where it is not finished yet, and with its end told as a result."""
    began = time.monotonic()
    run: RunFolder | None = None
    reused = False
    try:
        run = open_it()
        with run.locked(wait=wait):
            try:
                reused = run.finished(*also) is not None
                if not reused:
                    make(run)
                elif upload and not run.manifest.is_published:
                    _publish_and_tell(run)
            finally:
                # A kernel that was ended has left what it was writing.
                sweep_temporaries(run.folder)
        error = None
    except BusyError:
        raise
    except ReelkitError as raised:
        error = without_known_keys(str(raised))
    try:
        found = read_manifest(run.folder) if run else None
    except RunError as unreadable:
        found, error = None, error or str(unreadable)
    return _result(run, found, error, reused, round((time.monotonic() - began) * 1000))


def _result(run: RunFolder | None, found: Manifest | None, error: str | None, reused: bool, duration_ms: int) -> GenerationResult:
    if error is None and not reused and (found is None or found.state != "done"):
        error = (found.reason if found else None) or "the run ended without saying how"
    reel = run.path("reel.mp4") if run else None
    return GenerationResult(
        success=error is None,
        video_path=reel if reel and error is None and reel.is_file() else None,
        public_url=found.published.url if found and found.published else None,
        error=error,
        duration_ms=duration_ms,
        run_dir=run.folder if run and found else None,
        findings=found.findings if found else (),
        reused=reused,
        shape_paths=tuple(run.paths(*(ShapedReel.file_of(made.shape) for made in found.shapes))) if run and found and error is None else (),
    )
