"""What decides a run: the job, everything the brand says or points to, and the versions of the parts."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reelkit import __version__
from reelkit.brand import Brand, templates_dir
from reelkit.errors import RunError
from reelkit.media.fonts import comes_with_reelkit, find_font
from reelkit.media.python_sources import source_hash
from reelkit.model import content_key
from reelkit.whole import sha256_of

__all__ = ["code_version", "content_of_folder", "decided_by", "run_id", "versions"]

_VOICES = {
    "hibari": ("hibari-tts", "onnxruntime"),
    "piper": ("piper-tts", "onnxruntime", "pocketsphinx"),
    "coqui": ("coqui-tts", "torch", "pocketsphinx"),
    "openai": ("pocketsphinx",),
    "recorded": ("pocketsphinx", "moonshine-voice"),
}
_PROBE_BYTES = 1 << 20


def decided_by(brand: Brand, topic_seed: int, *, script: Path | None = None) -> dict[str, str]:
    """Return the hash of each thing that a reel depends on, by name.

    Parameters
    ----------
    brand : Brand
        With the job's overrides applied.
    topic_seed : int
    script : Path, optional
        A script of the user's own.

    Raises
    ------
    RunError
        When a file that the job names cannot be read.
    """
    found = {"topic_seed": str(topic_seed), "brand": content_key(brand.model_dump(mode="json"))}
    named = [(name, path, content_of_folder if path.is_dir() else sha256_of) for name, path in _files(brand, script)]
    named += [(".".join(place), brand.path(Path(each.rpartition(":")[0])), source_hash) for place, each in brand.overlays.python]
    for name, path, content in named:
        try:
            found[name] = content(path)
        except OSError as error:
            raise RunError(f"brand '{brand.slug}': {name} {path} cannot be read: {error.strerror}") from None
    made_by = versions(brand)
    return found | {name: made_by[name] for name in ("reelkit", *_VOICES[brand.voice.engine], "av")}


def _files(brand: Brand, script: Path | None) -> Iterator[tuple[str, Path]]:
    if script is not None:
        yield "script", script
    else:
        yield "deck", templates_dir() / "decks" / f"{brand.script.deck}.yaml"
        if brand.script.writer != "deck":
            yield "prompt", templates_dir() / "prompts" / f"{brand.script.prompt or 'explainer'}.md"
    files = (
        ("logo", brand.logo),
        ("music", brand.music.file),
        ("footage", brand.footage.folder),
        ("voice_recording", brand.voice.recording),
        ("voice_sample", brand.voice.sample),
    )
    for name, relative in files:
        if relative is not None:
            yield name, brand.path(relative)
    if brand.voice.engine in ("piper", "coqui") and (voice := brand.path(Path(brand.voice.name))).exists():
        yield "voice", voice
        # Piper's pace stands in a file beside its network; a folder of Coqui's holds all of the voice.
        if (config := voice.with_name(f"{voice.name}.json")).is_file():
            yield "voice_config", config
    for name, font, weight in (("title_font", brand.fonts.title, 800), ("caption_font", brand.captions.font, brand.captions.weight)):
        if not comes_with_reelkit(font):
            yield name, find_font(brand.font(font), weight).path


def content_of_folder(folder: Path) -> str:
    """Return a hash of a folder's files: their names, sizes, and the first and last MiB of each.

    Footage can be many gigabytes; a video that differs only in between and keeps its size is not met in practice.
    """
    listing = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            size = path.stat().st_size
            with path.open("rb") as file:
                digest = hashlib.sha256(file.read(_PROBE_BYTES))
                file.seek(max(size - _PROBE_BYTES, 0))
                digest.update(file.read(_PROBE_BYTES))
            listing.append([path.relative_to(folder).as_posix(), size, digest.hexdigest()])
    return content_key(listing)


def versions(brand: Brand) -> dict[str, str]:
    """Return the versions of what makes a brand's reels."""
    parts = (*_VOICES[brand.voice.engine], "av", "numpy")
    return {
        "reelkit": code_version(),
        **{part: _version(part) for part in parts},
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _version(part: str) -> str:
    try:
        return importlib.metadata.version(part)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@functools.cache
def code_version() -> str:
    """Return Reelkit's version with a hash of its code, which tells apart what two working copies make."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:8]}"


def run_id(topic_seed: int, decided: dict[str, Any]) -> str:
    """Return the name of a run's folder: the seed, which people look for, and a hash of all that decided the run.

    Examples
    --------
    >>> run_id(1, {"brand": "a"}) == run_id(1, {"brand": "a"}), run_id(1, {"brand": "a"}).split("-")[0]
    (True, '0001')
    """
    return f"{topic_seed:04d}-{content_key(decided)[:10]}"
