"""A mastered sound, kept as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reelkit.media.kept_sound import read_sound, sound_key, write_sound
from reelkit.media.loudness import encode_audio
from tests.media.timelines import small_timeline


def test_a_sound_is_read_back_equal(tmp_path: Path) -> None:
    """Packets and facts are what they were, those of silence too."""
    tone = np.sin(np.arange(30_000) / 20)[:, None].repeat(2, axis=1).astype(np.float32)
    for mix in (tone, np.zeros((9_000, 2), np.float32)):
        sound = encode_audio(mix)
        write_sound(tmp_path / "sound.aac", sound)
        assert read_sound(tmp_path / "sound.aac") == sound


def test_only_what_is_heard_decides_the_key(tmp_path: Path) -> None:
    """Another caption or another name of a sound file is the same sound; a gain, a length, an end or another content is not."""
    timeline = small_timeline(tmp_path, frames=(40, 50))
    track = timeline.audio[0]

    def with_track(**changed: object) -> str:
        return sound_key(timeline.model_copy(update={"audio": (track.model_copy(update=changed), *timeline.audio[1:])}))

    assert sound_key(timeline.model_copy(update={"cues": ()})) == with_track(path=tmp_path / "other.wav") == sound_key(timeline)
    others = {with_track(gain_db=-1.0), with_track(end=9000), with_track(sha256="0" * 64)}
    others.add(sound_key(timeline.model_copy(update={"frame_count": 80})))
    assert len(others | {sound_key(timeline)}) == 5
