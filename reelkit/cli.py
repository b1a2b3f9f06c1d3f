# PYTHON_ARGCOMPLETE_OK
"""The command: ``reelkit make | batch | brands | doctor | report | lab | init | clean``.

It ends with 0 when all is well, 1 when a reel (or a check) failed, 2 when it was asked wrongly, 130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reelkit import __version__
from reelkit.cli_batch import add_batch_options, batch_command
from reelkit.cli_init import add_init_options, init_command
from reelkit.cli_lab import lab_command
from reelkit.cli_make import make_command
from reelkit.cli_words import (
    DONE,
    FAILED,
    INTERRUPTED,
    WRONG_USE,
    add_json,
    complain,
    ended_by_sigterm,
    load_keys,
    open_shown,
    print_json,
)
from reelkit.errors import ReelkitError
from reelkit.processes import SIGNS

__all__ = ["build_parser", "main"]


def main(argv: Sequence[str] | None = None, *, loaded: Callable[[], object] = lambda: None) -> int:
    """Run the command and return its exit code; what goes wrong is one line on standard error.

    Parameters
    ----------
    argv : sequence of str, optional
        The process's own where not given, which ends with the command.
    loaded : callable
        Called when what the command works with is loaded, before it begins anything that would have to be put away.
    """
    before = {sign: signal.getsignal(sign) for sign in SIGNS}
    code = _run(argv, loaded)
    for sign, handler in before.items():
        if argv is None and code == INTERRUPTED:
            # All is told and put away: another Ctrl-C while Python itself ends would only change the exit code.
            signal.signal(sign, signal.SIG_IGN)
        elif argv is not None and signal.getsignal(sign) != handler:
            signal.signal(sign, handler)
    return code


def _run(argv: Sequence[str] | None, loaded: Callable[[], object]) -> int:
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
    try:
        arguments = parser.parse_args(argv)
        with ended_by_sigterm():
            if arguments.loads:
                importlib.import_module(arguments.loads)
            loaded()
            return int(arguments.command(arguments))
    except ReelkitError as error:
        for line in error.lines:
            complain(line)
        return WRONG_USE
    except KeyboardInterrupt:
        complain("interrupted; run the same command again to go on from here")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it (`reelkit brands | head -1`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        complain(f"unexpected {type(error).__name__}; this is a fault of Reelkit's own, please report it with {_log(error)}")
        return FAILED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(prog="reelkit", description="Short vertical videos for many brands.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"reelkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="", required=True)
    _make_parser(commands)
    _batch_parser(commands)
    _brands_parser(commands)
    doctor = _command(commands, "doctor", _doctor, "say what is set up, and what is missing")
    add_json(doctor)
    report = _command(commands, "report", _report, "rebuild the report of a run, or the index of a batch or of many runs")
    report.add_argument(
        "run",
        type=Path,
        help="a run's folder, as in outputs/northwind/0001-..., a batch's file in outputs/batches, or a folder of runs: outputs",
    )
    report.add_argument("--folder", type=Path, metavar="DIR", help="write it as a folder with the whole reel, to hand on")
    report.add_argument("--publish", action="store_true", help="put it in the brand's store and print the links")
    report.add_argument("--open", action="store_true", help="show it in the browser")
    add_json(report)
    lab = _command(commands, "lab", lab_command, "open the notebooks in JupyterLab")
    lab.add_argument("--app", metavar="NAME", help="serve one of them as a page without code instead, such as tune_brand or reel")
    lab.add_argument("options", nargs="*", metavar="-- OPTION", help="options of JupyterLab's (or Voila's) own, such as -- --allow-root")
    add_json(lab)
    add_init_options(_command(commands, "init", init_command, "make a studio of your own: notebooks, templates and a first brand"))
    clean = _command(commands, "clean", _clean, "remove what dead runs left, and keep the cache small")
    clean.add_argument("--keep-gb", type=_size, default=5.0, metavar="GB", help="the size down to which the cache is kept (%(default)s)")
    _outputs(clean)
    add_json(clean)
    return parser


def _command(commands: Any, name: str, run: Any, told: str, *, loads: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.", allow_abbrev=False)
    parser.set_defaults(command=run, loads=loads)
    return parser


def _make_parser(commands: Any) -> None:
    make = _command(commands, "make", make_command, "make a reel, or find it already made", loads="reelkit.batch.runner")
    brand = make.add_argument("--brand", "-b", required=True, help="a brand in templates/brands, or the path of a brand file")
    brand.completer = _complete_brands  # type: ignore[attr-defined]
    make.add_argument("--seed", "-s", type=_seed, default=1, metavar="N", help="chooses the topic and all that varies (%(default)s)")
    make.add_argument("--script", type=Path, metavar="FILE", help="your own script, Markdown or plain text")
    make.add_argument("--voice-over", type=Path, metavar="FILE", help="your own recording of the script, as WAV, MP3 or M4A")
    _shared_options(make, "for this reel only")
    make.add_argument(
        "--no-notebook", action="store_true", help="make it in this process, without notebook and report; earlier ones of it go"
    )
    make.add_argument("--open", action="store_true", help="show the report (or the reel) when it is done")


def _batch_parser(commands: Any) -> None:
    batch = _command(commands, "batch", batch_command, "make many reels, or what is missing of them", loads="reelkit.batch.batches")
    brands = batch.add_argument("--brands", "-b", nargs="+", default=[], metavar="BRAND", help="brands in templates/brands, or brand files")
    brands.completer = _complete_brands  # type: ignore[attr-defined]
    add_batch_options(batch)
    _shared_options(batch, "for these reels only")


def _shared_options(parser: argparse.ArgumentParser, for_what: str) -> None:
    fields = parser.add_argument(
        "--set", action="append", default=[], type=_setting, metavar="FIELD=VALUE", help=f"a brand field, {for_what}"
    )
    fields.completer = _complete_fields  # type: ignore[attr-defined]
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
    add_json(parser)


def _brands_parser(commands: Any) -> None:
    brands = _command(commands, "brands", _list_brands, "list the brands and check their files")
    add_json(brands)
    actions = brands.add_subparsers(title="actions", metavar="")
    add_json(_command(actions, "list", _list_brands, "list the brands and check their files"))
    add_json(_command(actions, "schema", _print_schema, "print the JSON Schema of a brand file, for editors"))


def _outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--outputs", type=Path, metavar="DIR", help="where runs go ($REELKIT_OUTPUTS, else outputs/ beside templates/)")


# --- the commands ----------------------------------------------------------------------------------------------------


def _list_brands(arguments: argparse.Namespace) -> int:
    from reelkit.brand import brand_problems, list_brands, load_brand, templates_dir

    problems = {slug: brand_problems(slug) for slug in list_brands()}
    if arguments.json:
        print_json(problems)
        return FAILED if any(problems.values()) else DONE
    if not problems:
        complain(f"there is no brand in {templates_dir() / 'brands'}; `reelkit init DIR` makes a studio with one")
        return FAILED
    width = max(map(len, problems))
    for slug, found in problems.items():
        if found:
            for line in found:
                print(f"{slug:<{width}}  WRONG  {line}")
        else:
            brand = load_brand(slug)
            print(f"{slug:<{width}}  {brand.name}, {brand.output.width_px}x{brand.output.height_px}, {brand.script.length_s:g} s")
    return FAILED if any(problems.values()) else DONE


def _print_schema(arguments: argparse.Namespace) -> int:
    from reelkit.brand import brand_schema

    print_json(brand_schema())
    return DONE


def _doctor(arguments: argparse.Namespace) -> int:
    from reelkit.doctor import examine

    checks = list(examine())
    if arguments.json:
        print_json([check._asdict() for check in checks])
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print(f"{'ok  ' if check.well else 'FAIL'}  {check.name:<{width}}  {check.told}")
    return DONE if all(check.well for check in checks) else FAILED


def _report(arguments: argparse.Namespace) -> int:
    from reelkit.batch.reports import publish_report, report_folder, report_on

    run, page = arguments.run.resolve(), None
    links: list[str] = []
    if arguments.publish:
        load_keys()
        links = publish_report(run)
    else:
        page = report_folder(run, arguments.folder.resolve()) if arguments.folder else report_on(run)
    if arguments.json:
        print_json({"report_path": page and str(page), "public_urls": links})
    else:
        print(*([f"report  {_shown(page)}"] if page else []), *(f"public  {link}" for link in links), sep="\n")
    if arguments.open:
        open_shown(page)
    return DONE


def _clean(arguments: argparse.Namespace) -> int:
    from reelkit.runs.cache import FileCache, cache_dir
    from reelkit.runs.folder import outputs_dir
    from reelkit.whole import sweep_temporaries

    outputs = (arguments.outputs or outputs_dir()).resolve()
    cache = FileCache(cache_dir(outputs))
    swept = sweep_temporaries(outputs)
    freed = cache.trim(round(arguments.keep_gb * 1e9))
    kept = cache.size_bytes()
    if arguments.json:
        print_json({"left_over_files": swept, "freed_bytes": freed, "kept_bytes": kept})
    else:
        print(f"removed {swept} left-over file{'' if swept == 1 else 's'} and {freed / 1e6:.1f} MB of cache; {kept / 1e6:.1f} MB are kept")
    return DONE


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
    from ruamel.yaml.error import YAMLError

    from reelkit.yamlfile import value_typed

    try:
        return name.strip(), value_typed(value)
    except YAMLError:
        raise argparse.ArgumentTypeError(f"{value!r} is not a value that a brand file could hold") from None


def _complete_brands(**_asked: Any) -> list[str]:
    from reelkit.brand import list_brands

    return list_brands()


def _complete_fields(**_asked: Any) -> list[str]:
    from pydantic import BaseModel

    from reelkit.brand import Brand

    groups = {name: field.annotation for name, field in Brand.model_fields.items()}
    return [
        f"{group}.{name}="
        for group, kind in groups.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name in kind.model_fields
    ]


def _shown(path: Path) -> str:
    from reelkit.yamlfile import shown_path

    return shown_path(path)


def _log(error: Exception) -> Path:
    import tempfile
    import traceback

    from reelkit.runs.keys import without_known_keys

    descriptor, name = tempfile.mkstemp(prefix="reelkit-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(without_known_keys("".join(traceback.format_exception(error))))
    return Path(name)


if __name__ == "__main__":
    sys.exit(main())
