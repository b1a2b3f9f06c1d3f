"""What is set up and what is missing, tried rather than guessed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from reelkit.errors import ReelkitError

__all__ = ["Check", "examine"]

_ROOM_GB = 1.0
_HOW_IT_SPEAKS = ("speed", "sentence_pause_ms", "scene_pause_ms", "tail_ms")
"""Fields that make no other voice."""


class Check(NamedTuple):
    """One thing that was tried."""

    name: str
    well: bool
    told: str


def examine() -> Iterator[Check]:
    """Try each part that a reel needs, and say how it went; nothing here raises."""
    tried: tuple[tuple[str, Callable[[], str]], ...] = (
        ("python", _python),
        ("encoder", _encoder),
        ("voice", _voice),
        ("brands", _brands),
        ("notebook", _notebook),
        ("outputs", _outputs),
    )
    for name, work in (*tried, *_services()):
        try:
            yield Check(name, True, work())
        except (ReelkitError, ImportError, OSError) as error:
            yield Check(name, False, _without_name(" ".join(str(error).split()), name))


def _without_name(line: str, name: str) -> str:
    """Return what was told of a part without the name that stands before it already."""
    slugs, _, part = name.rpartition(": ")
    for lead in (*(f"brand '{slug}'" for slug in slugs.split(", ")), {"store": "upload"}.get(part, part)):
        line = line.removeprefix(f"{lead}: ")
    return line


def _services() -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield what tries each service that brands name, once for all brands that name it alike, with their names."""
    from reelkit.brand import list_brands, load_brand
    from reelkit.parts import Parts
    from reelkit.runs.folder import outputs_dir

    found: dict[str, tuple[str, list[str], Callable[[], str]]] = {}
    for slug in list_brands():
        try:
            brand = load_brand(slug)
        except ReelkitError:
            continue  # "brands" has told of it.
        asked = {
            "writer": (brand.script.model, brand.script.base_url, brand.script.key_env),
            "voice": (brand.voice.model_dump(mode="json", exclude=set(_HOW_IT_SPEAKS)), brand.language),
            "music": (brand.path(brand.music.file) if brand.music.file else "",),
            "store": (brand.publishing.bucket,),
            "ledger": (),
        }
        for what, work in Parts(brand, outputs=outputs_dir()).checks():
            found.setdefault(f"{what} {asked.get(what, ())}", (what, [], work))[1].append(slug)
    for what, slugs, work in found.values():
        yield (what if what in ("pexels", "pixabay") else f"{', '.join(slugs)}: {what}"), work


def _python() -> str:
    return f"{sys.version.split()[0]} ({sys.executable})"


def _encoder() -> str:
    import av

    missing = {"libx264", "aac"} - av.codecs_available
    if missing:
        raise OSError(f"PyAV {av.__version__} comes without {', '.join(sorted(missing))}; install the wheel from the package index")
    return f"PyAV {av.__version__} with libx264 and aac; no ffmpeg on PATH is needed"


def _voice() -> str:
    from reelkit.runs.cache import FileCache
    from reelkit.services.hibari import HibariVoice

    with tempfile.TemporaryDirectory() as folder:
        seconds = HibariVoice(cache=FileCache(Path(folder))).seconds_of("Hello there.")
    return f"hibari says 'Hello there.' in {seconds:.2f} s"


def _brands() -> str:
    from reelkit.brand import brand_problems, list_brands, templates_dir

    slugs = list_brands()
    problems = [line for slug in slugs for line in brand_problems(slug)]
    if problems:
        raise OSError(f"{problems[0]}" + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""))
    if not slugs:
        raise OSError(f"there is no brand file in {templates_dir() / 'brands'}")
    notes = "".join(f"; {note}" for slug in slugs if (note := _logo_note(slug)))
    return f"{', '.join(slugs)} ({templates_dir() / 'brands'}){notes}"


def _logo_note(slug: str) -> str:
    """Return what of a brand's logo is not drawn as it asks, in one line; empty where all is."""
    from reelkit.brand import load_brand
    from reelkit.media.svg import HEAD_BYTES, is_svg, text_not_as_asked

    brand = load_brand(slug)
    if not brand.logo:
        return ""
    data, told = brand.path(brand.logo).read_bytes(), f"{slug}: logo {brand.logo.name}"
    try:
        problem = text_not_as_asked(data) if is_svg(data[:HEAD_BYTES]) else ""
    except ValueError as error:
        return f"{told} {error}"
    return f"{told}: {problem}; convert text to paths to keep its letters" if problem else ""


def _notebook() -> str:
    from reelkit.batch.jobs import notebook_path

    return str(notebook_path())


def _outputs() -> str:
    from reelkit.runs.cache import FileCache, cache_dir
    from reelkit.runs.folder import outputs_dir
    from reelkit.whole import write_whole

    folder = outputs_dir()
    write_whole(folder / ".doctor", "written to see whether it can be").unlink()
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < _ROOM_GB:
        raise OSError(f"{folder} has {free_gb:.1f} GB left; make room, or run `reelkit clean`")
    kept = FileCache(cache_dir(folder)).size_bytes() / 1e6
    return f"{folder}: {free_gb:.0f} GB free, {kept:.0f} MB of cache"
