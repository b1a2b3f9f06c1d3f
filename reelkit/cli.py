# PYTHON_ARGCOMPLETE_OK
"""The command: ``reelkit make | batch | brands | doctor | report | lab | init | clean``.

It ends with 0 when all is well, 1 when a reel (or a check) failed, 2 when it was asked wrongly, 130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelkit import __version__
from reelkit.cli_batch import add_batch_options, batch_command, overrides_of
from reelkit.cli_init import add_init_options, init_command
from reelkit.errors import ReelkitError

if TYPE_CHECKING:
    from reelkit.model import Finding, GenerationResult
    from reelkit.runs.manifest import RunJob

__all__ = ["build_parser", "main"]

_FAILED, _WRONG_USE, _INTERRUPTED = 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what goes wrong is one line on standard error."""
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except ReelkitError as error:
        for line in error.lines:
            _complain(line)
        return _WRONG_USE
    except KeyboardInterrupt:
        _complain("interrupted; run the same command again to go on from here")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it (`reelkit brands | head -1`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        _complain(f"unexpected {type(error).__name__}; this is a fault of Reelkit's own, please report it with {_log(error)}")
        return _FAILED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(prog="reelkit", description="Short vertical videos for many brands.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"reelkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="", required=True)
    _make_parser(commands)
    _batch_parser(commands)
    _brands_parser(commands)
    doctor = _command(commands, "doctor", _doctor, "say what is set up, and what is missing")
    doctor.add_argument("--json", action="store_true", help="for machines")
    report = _command(commands, "report", _report, "rebuild the report of a run, or the index of a batch or of many runs")
    report.add_argument(
        "run",
        type=Path,
        help="a run's folder, as in outputs/northwind/0001-..., a batch's file in outputs/batches, or a folder of runs: outputs",
    )
    report.add_argument("--folder", type=Path, metavar="DIR", help="write it as a folder with the whole reel, to hand on")
    report.add_argument("--publish", action="store_true", help="put it in the brand's store and print the links")
    report.add_argument("--open", action="store_true", help="show it in the browser")
    _command(commands, "lab", _lab, "open the notebooks in JupyterLab")
    add_init_options(_command(commands, "init", init_command, "make a studio of your own: notebooks, templates and a first brand"))
    clean = _command(commands, "clean", _clean, "remove what dead runs left, and keep the cache small")
    clean.add_argument("--keep-gb", type=_size, default=5.0, metavar="GB", help="the size down to which the cache is kept (%(default)s)")
    _outputs(clean)
    return parser


def _command(commands: Any, name: str, run: Any, told: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.", allow_abbrev=False)
    parser.set_defaults(command=run)
    return parser


def _make_parser(commands: Any) -> None:
    make = _command(commands, "make", _make, "make a reel, or find it already made")
    brand = make.add_argument("--brand", "-b", required=True, help="a brand in templates/brands, or the path of a brand file")
    brand.completer = _complete_brands  # type: ignore[attr-defined]
    make.add_argument("--seed", "-s", type=_seed, default=1, metavar="N", help="chooses the topic and all that varies (%(default)s)")
    make.add_argument("--script", type=Path, metavar="FILE", help="your own script, Markdown or plain text")
    _shared_options(make, "for this reel only")
    make.add_argument("--no-notebook", action="store_true", help="make it in this process, without notebook and report")
    make.add_argument("--open", action="store_true", help="show the report (or the reel) when it is done")


def _batch_parser(commands: Any) -> None:
    batch = _command(commands, "batch", _batch, "make many reels, or what is missing of them")
    brands = batch.add_argument("--brands", "-b", nargs="+", default=[], metavar="BRAND", help="brands in templates/brands, or brand files")
    brands.completer = _complete_brands  # type: ignore[attr-defined]
    add_batch_options(batch)
    _shared_options(batch, "for these reels only")


def _shared_options(parser: argparse.ArgumentParser, for_what: str) -> None:
    parser.add_argument("--set", action="append", default=[], type=_setting, metavar="FIELD=VALUE", help=f"a brand field, {for_what}")
    parser.add_argument("--length", type=float, metavar="SECONDS", help="short for --set script.length_s=SECONDS")
    parser.add_argument(
        "--shape",
        action="append",
        metavar="W:H",
        help="make it in this shape too, 4:5, 1:1 or 16:9; short for output.shapes; repeat for more",
    )
    _outputs(parser)
    parser.add_argument("--upload", action="store_true", help="publish to the brand's store")
    parser.add_argument("--dry-run", action="store_true", help="say what would be made, what is cached and what it may cost; make nothing")
    parser.add_argument("--quiet", "-q", action="store_true", help="no line while it runs")
    parser.add_argument("--json", action="store_true", help="for machines")


def _brands_parser(commands: Any) -> None:
    brands = _command(commands, "brands", _list_brands, "list the brands and check their files")
    brands.add_argument("--json", action="store_true", help="for machines")
    actions = brands.add_subparsers(title="actions", metavar="")
    _command(actions, "list", _list_brands, "list the brands and check their files").add_argument(
        "--json", action="store_true", help="for machines"
    )
    _command(actions, "schema", _print_schema, "print the JSON Schema of a brand file, for editors")


def _outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--outputs", type=Path, metavar="DIR", help="where runs go (outputs/ beside templates/)")


# --- make -----------------------------------------------------------------------------------------------------------


def _make(arguments: argparse.Namespace) -> int:
    from reelkit.batch.jobs import Job
    from reelkit.batch.runner import REPORT, generate_one, run_notebook
    from reelkit.runs.folder import outputs_dir
    from reelkit.runs.progress import NoLines, TerminalLines

    _load_keys()
    overrides = overrides_of(arguments)
    job = Job(
        brand=arguments.brand,
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
        print(json.dumps(_as_json(result, report), indent=2, ensure_ascii=False))
    else:
        _tell(result, report)
    if arguments.open and result.success:
        _show(report or result.video_path)
    return 0 if result.success else _FAILED if result.run_dir else _WRONG_USE


def _forecast(arguments: argparse.Namespace, job: RunJob, outputs: Path) -> int:
    from reelkit.batch.forecast import forecast_reel
    from reelkit.batch.plan import PlannedReel
    from reelkit.batch.screen import minutes
    from reelkit.brand import load_brand

    planned = PlannedReel(
        number=1, slug=load_brand(job.brand).slug, **job.model_dump(include={"brand", "topic_seed", "script", "overrides"})
    )
    found = forecast_reel(planned, "waiting", outputs)
    if found.state == "wrong":
        _complain(found.told)
        return _WRONG_USE
    if arguments.json:
        print(json.dumps(found.model_dump(mode="json"), indent=2, ensure_ascii=False))
    elif found.state == "made":
        print("nothing would be made: this reel is made already")
    else:
        cost = f"${found.cost_usd:.2f}" if found.cost_usd else "nothing to pay"
        print(f"would be made{f' ({found.told})' if found.told else ''}: about {minutes(found.seconds)}, {cost}")
    return 0


def _batch(arguments: argparse.Namespace) -> int:
    _load_keys()
    return batch_command(arguments)


def _tell(result: GenerationResult, report: Path | None) -> None:
    if result.error is not None:
        _complain(result.error)
    if result.reused:
        print("nothing changed: this reel is made already")
    if result.video_path:
        print(f"reel    {_shown(result.video_path)}")
    for path in result.shape_paths:
        print(f"shape   {_shown(path)}")
    if report and report.is_file():
        print(f"report  {_shown(report)}")
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


def _load_keys() -> None:
    """Take keys from ``.env`` in or above the working directory; what the environment says already stands."""
    from dotenv import find_dotenv, load_dotenv

    load_dotenv(find_dotenv(usecwd=True))


# --- the other commands ---------------------------------------------------------------------------------------------


def _list_brands(arguments: argparse.Namespace) -> int:
    from reelkit.brand import brand_problems, list_brands, load_brand, templates_dir

    problems = {slug: brand_problems(slug) for slug in list_brands()}
    if arguments.json:
        print(json.dumps(problems, indent=2, ensure_ascii=False))
        return _FAILED if any(problems.values()) else 0
    if not problems:
        _complain(f"there is no brand in {templates_dir() / 'brands'}; copy one from the README and give it a name")
        return _FAILED
    width = max(map(len, problems))
    for slug, found in problems.items():
        if found:
            for line in found:
                print(f"{slug:<{width}}  WRONG  {line}")
        else:
            brand = load_brand(slug)
            print(f"{slug:<{width}}  {brand.name}, {brand.output.width_px}x{brand.output.height_px}, {brand.script.length_s:g} s")
    return _FAILED if any(problems.values()) else 0


def _print_schema(arguments: argparse.Namespace) -> int:
    from reelkit.brand import brand_schema

    print(json.dumps(brand_schema(), indent=2, ensure_ascii=False))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from reelkit.doctor import examine

    checks = list(examine())
    if arguments.json:
        print(json.dumps([check._asdict() for check in checks], indent=2, ensure_ascii=False))
    else:
        for check in checks:
            print(f"{'ok  ' if check.well else 'FAIL'}  {check.name:<10} {check.told}")
    return 0 if all(check.well for check in checks) else _FAILED


def _report(arguments: argparse.Namespace) -> int:
    from reelkit.batch.reports import publish_report, report_folder, report_on

    if arguments.publish:
        _load_keys()
        for link in publish_report(arguments.run.resolve()):
            print(f"public  {link}")
        return 0
    page = report_folder(arguments.run.resolve(), arguments.folder.resolve()) if arguments.folder else report_on(arguments.run.resolve())
    print(f"report  {_shown(page)}")
    if arguments.open:
        _show(page)
    return 0


def _lab(arguments: argparse.Namespace) -> int:
    import subprocess

    from reelkit.batch.jobs import notebook_path

    notebook = notebook_path()
    studio = notebook.parents[1]
    return subprocess.call([sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={studio}", str(notebook.relative_to(studio))])


def _clean(arguments: argparse.Namespace) -> int:
    from reelkit.runs.cache import FileCache, cache_dir
    from reelkit.runs.folder import outputs_dir
    from reelkit.whole import sweep_temporaries

    outputs = (arguments.outputs or outputs_dir()).resolve()
    cache = FileCache(cache_dir(outputs))
    swept = sweep_temporaries(outputs)
    freed = cache.trim(round(arguments.keep_gb * 1e9))
    kept = cache.size_bytes()
    print(f"removed {swept} left-over file{'' if swept == 1 else 's'} and {freed / 1e6:.1f} MB of cache; {kept / 1e6:.1f} MB are kept")
    return 0


# --- arguments and words ----------------------------------------------------------------------------------------------


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _size(text: str) -> float:
    try:
        size = float(text)
    except ValueError:
        size = -1.0
    if not 0 <= size < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size in GB, 0 or more")
    return size


def _setting(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} must look like captions.size_px=90")
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        # A colour is written as it is here, where YAML would take # for a comment.
        return name.strip(), value if value.startswith("#") else YAML(typ="safe", pure=True).load(value)
    except YAMLError:
        raise argparse.ArgumentTypeError(f"{value!r} is not a value that a brand file could hold") from None


def _complete_brands(**_asked: Any) -> list[str]:
    from reelkit.brand import list_brands

    return list_brands()


def _complain(line: str) -> None:
    print(f"reelkit: {line}", file=sys.stderr)


def _shown(path: Path) -> str:
    from reelkit.yamlfile import shown_path

    return shown_path(path)


def _show(path: Path | None) -> None:
    import webbrowser

    if path:
        webbrowser.open(path.as_uri())


def _log(error: Exception) -> Path:
    import tempfile
    import traceback

    descriptor, name = tempfile.mkstemp(prefix="reelkit-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return Path(name)


if __name__ == "__main__":
    sys.exit(main())
