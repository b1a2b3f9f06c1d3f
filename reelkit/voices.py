"""The voices of a studio: those that can speak here and now, and what is missing for the others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reelkit.brand import Brand, BrandVoice, list_brands, load_brand, templates_dir
from reelkit.errors import ReelkitError
from reelkit.parts import Parts

__all__ = ["Voices", "voices_for"]

_OWN = ("hibari", "heart")
_PAUSES = ("sentence_pause_ms", "scene_pause_ms", "tail_ms")
_NONE_YET = {
    "piper": "piper: no voice is there; pip install 'reelkit[piper]', and put a voice's .onnx and .onnx.json into templates/voices",
    "coqui": "coqui: no brand names a model; pip install 'reelkit[coqui]', then name one in a brand file (voice.engine, voice.name)",
    "openai": "openai: no brand names a server's voice; set voice.engine, voice.name and voice.base_url in a brand file, and its key",
}


class Voices(NamedTuple):
    """What a studio can speak with."""

    ready: dict[str, BrandVoice]
    """By the name that a person reads, the brand's own first."""
    missing: list[str]
    """A line for each voice that cannot speak, and for each engine that has none."""


def voices_for(brand: Brand, *, outputs: Path) -> Voices:
    """Return the voices that a brand could be given: its own, the built-in one, Piper's that lie here, and those of all brand files.

    Each is opened as it will be when it speaks; nothing is spoken, and no server is asked.

    Parameters
    ----------
    brand : Brand
        Whose language they must speak, and whose file their paths are from.
    outputs : Path
        Where the cache lies.
    """
    ready: dict[str, BrandVoice] = {}
    missing: list[str] = []
    tried: list[tuple[object, ...]] = []
    for said in _named(brand):
        voice = said.model_copy(update={name: getattr(brand.voice, name) for name in ("speed", *_PAUSES)})
        if voice.engine == "recorded" or _who(voice) in tried:
            continue
        tried.append(_who(voice))
        try:
            Parts(brand.model_copy(update={"voice": voice}), outputs=outputs).refuse_language()
        except ReelkitError as error:
            why = str(error).removeprefix(f"brand '{brand.slug}': ")
            missing.append(f"{_shown(voice)}: {why}")
        else:
            ready[_free(_shown(voice), ready)] = voice
    missing += [line for engine, line in _NONE_YET.items() if all(engine != who[0] for who in tried)]
    return Voices(ready, missing)


def _named(brand: Brand) -> Iterator[BrandVoice]:
    from reelkit.services.piper import installed_voices

    yield brand.voice
    yield BrandVoice(engine=_OWN[0], name=_OWN[1])
    for name in installed_voices():
        yield BrandVoice(engine="piper", name=name)
    for path in sorted((templates_dir() / "voices").glob("*.onnx")):
        yield BrandVoice(engine="piper", name=_from(brand, path))
    for slug in list_brands():
        try:
            other = load_brand(slug)
        except ReelkitError:
            continue  # `reelkit brands` tells of it.
        named = other.path(Path(other.voice.name))
        sample = Path(_from(brand, other.path(other.voice.sample))) if other.voice.sample else None
        yield other.voice.model_copy(update={"name": _from(brand, named) if named.exists() else other.voice.name, "sample": sample})


def _who(voice: BrandVoice) -> tuple[object, ...]:
    """Return what tells a voice from others; a server's fields say nothing of voices that are spoken here."""
    server = (voice.base_url, voice.model, voice.key_env) if voice.engine == "openai" else ()
    return (voice.engine, voice.name, voice.speaker, voice.sample, *server)


def _from(brand: Brand, path: Path) -> str:
    """Return a path as the brand's file would give it."""
    return os.path.relpath(path, brand.path(Path()))


def _shown(voice: BrandVoice) -> str:
    path = Path(voice.name)
    name = path.stem if path.suffix == ".onnx" else path.name if ".." in path.parts else voice.name
    return f"{voice.engine}/{name}" + (f" ({voice.speaker})" if voice.speaker else "")


def _free(name: str, taken: dict[str, BrandVoice]) -> str:
    """Return a name that no other voice has: two servers may call different voices alike."""
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} #{number}", number + 1
    return found
