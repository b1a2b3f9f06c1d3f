"""The command ``reelkit make``: one reel, and what is said of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelkit.cli_batch import overrides_of
from reelkit.cli_words import DONE, FAILED, WRONG_USE, complain, load_keys, open_shown, print_json
from reelkit.errors import RunError

if TYPE_CHECKING:
    from reelkit.model import Finding, GenerationResult
    from reelkit.runs.manifest import RunJob

__all__ = ["make_command"]


def make_command(arguments: argparse.Namespace) -> int:
    """Make a reel, or find it made."""
    from reelkit.batch.jobs import Job
    from reelkit.batch.runner import REPORT, generate_one, run_notebook
    from reelkit.brand import brand_reference
    from reelkit.runs.folder import outputs_dir
    from reelkit.runs.progress import NoLines, TerminalLines

    load_keys()
    overrides = overrides_of(arguments) | _voice_over(arguments.voice_over)
    job = Job(
        brand=brand_reference(arguments.brand),
        topic_seed=arguments.seed,
        script=arguments.script and arguments.script.resolve(),
        overrides=overrides,
        outputs=(arguments.outputs or outputs_dir()).resolve(),
        upload=arguments.upload,
    )
    if arguments.dry_run:
        return _forecast(arguments, job, job.outputs)
    watcher = NoLines() if arguments.quiet else TerminalLines()
    if arguments.no_notebook:
        result = generate_one(
            job.brand, job.topic_seed, upload=job.upload, script=job.script, overrides=overrides, outputs=job.outputs, watcher=watcher
        )
    else:
        result = run_notebook(job, watcher=watcher)
    report = result.run_dir / REPORT if result.run_dir and not arguments.no_notebook else None
    if arguments.json:
        print_json(_as_json(result, report))
    else:
        _tell(result, report)
    if arguments.open and result.success:
        open_shown(report or result.video_path)
    return DONE if result.success else FAILED if result.run_dir else WRONG_USE


def _voice_over(path: Path | None) -> dict[str, str]:
    """Return the brand fields that a recording replaces; it is looked for where the command is given, not beside the brand file."""
    if path is None:
        return {}
    if not path.is_file():
        raise RunError(f"--voice-over: there is no file {path}; give your recording as WAV, MP3 or M4A")
    return {"voice.engine": "recorded", "voice.recording": str(path.resolve())}


def _forecast(arguments: argparse.Namespace, job: RunJob, outputs: Path) -> int:
    from reelkit.batch.forecast import forecast_reel
    from reelkit.batch.plan import PlannedReel
    from reelkit.batch.screen import minutes, price
    from reelkit.brand import load_brand

    planned = PlannedReel(
        number=1, slug=load_brand(job.brand).slug, **job.model_dump(include={"brand", "topic_seed", "script", "overrides"})
    )
    found = forecast_reel(planned, None, outputs, upload=arguments.upload)
    if found.state == "wrong":
        complain(found.told)
        return WRONG_USE
    if arguments.json:
        print_json(planned.model_dump(mode="json", exclude={"number"}) | found.model_dump(mode="json"))
    elif found.state == "made":
        print("nothing would be made: this reel is made already")
    elif found.state == "unpublished":
        print("would be published: this reel is made already")
    else:
        print(f"would be made{f' ({found.told})' if found.told else ''}: about {minutes(found.seconds)}, {price(found.cost_usd)}")
    return DONE


def _tell(result: GenerationResult, report: Path | None) -> None:
    from reelkit.yamlfile import shown_path

    if result.error is not None:
        complain(result.error)
    if result.reused:
        print("nothing changed: this reel is made already")
    if result.video_path:
        print(f"reel    {shown_path(result.video_path)}")
    for path in result.shape_paths:
        print(f"shape   {shown_path(path)}")
    if report and report.is_file():
        print(f"report  {shown_path(report)}")
    if result.public_url:
        print(f"public  {result.public_url}")
    for line in _summary(result.findings):
        print(line)


def _summary(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    others = [finding for finding in findings if finding.verdict != "pass"]
    lines = [f"checks  {len(findings) - len(others)} of {len(findings)} hold"]
    for finding in others:
        verdict = "breaks" if finding.verdict == "fail" else "warns "
        hint = f"; {finding.hint}" if finding.hint else ""
        lines.append(f"{verdict}  {finding.name}: {finding.measured}; the norm is {finding.norm}{hint}")
    return lines


def _as_json(result: GenerationResult, report: Path | None) -> dict[str, Any]:
    return {
        "success": result.success,
        "reused": result.reused,
        "error": result.error,
        "video_path": result.video_path and str(result.video_path),
        "shape_paths": [str(path) for path in result.shape_paths],
        "report_path": str(report) if report and report.is_file() else None,
        "public_url": result.public_url,
        "run_dir": result.run_dir and str(result.run_dir),
        "duration_ms": result.duration_ms,
        "findings": [finding.model_dump() | {"verdict": finding.verdict} for finding in result.findings],
    }
