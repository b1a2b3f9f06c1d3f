"""A mastered sound as a file, for a reel of which only the picture changed, and the key of everything that decides it."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from reelkit.media.loudness import EncodedAudio, Loudness
from reelkit.media.segments import made_by
from reelkit.model import Timeline, content_key

__all__ = ["read_sound", "sound_key", "write_sound"]


def sound_key(timeline: Timeline) -> str:
    """Return the hash of all that decides a reel's sound; files count by their content."""
    return content_key(
        "sound",
        made_by(),
        libraries=[version(package) for package in ("scipy", "soxr")],
        rate_hz=timeline.audio_rate_hz,
        sample_count=timeline.sample_count,
        tracks=[track.model_dump(mode="json", exclude={"path"}) for track in timeline.audio],
    )


def write_sound(path: Path, sound: EncodedAudio) -> None:
    """Write a sound: a line of JSON with its facts, then its packets one after the other."""
    facts = asdict(sound) | {"packets": [len(packet) for packet in sound.packets], "extradata": sound.extradata.hex()}
    path.write_bytes(b"".join([json.dumps(facts).encode(), b"\n", *sound.packets]))


def read_sound(path: Path) -> EncodedAudio:
    """Read what :func:`write_sound` wrote; it is equal to what was written."""
    line, _, rest = path.read_bytes().partition(b"\n")
    facts = json.loads(line)
    packets, at = [], 0
    for length in facts["packets"]:
        packets.append(rest[at : at + length])
        at += length
    return EncodedAudio(
        **facts | {"packets": tuple(packets), "extradata": bytes.fromhex(facts["extradata"]), "loudness": Loudness(**facts["loudness"])}
    )
