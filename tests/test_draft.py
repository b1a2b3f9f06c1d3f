"""A draft: a reel as it would be made, without a run."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from reelkit.brand import load_brand
from reelkit.draft import Draft
from reelkit.errors import BrandError
from reelkit.media.audio import write_wav

TEMPLATES = Path(__file__).parents[1] / "templates"
CLIPS = """\
from moviepy import ColorClip

def opening(width_px, height_px):
    return ColorClip((width_px, height_px), color=(10, 120, 10)).with_duration(0.5)
"""


def seconds(m4a: bytes, folder: Path) -> float:
    (folder / "heard.m4a").write_bytes(m4a)
    with av.open(str(folder / "heard.m4a")) as file:
        return float(file.duration) / av.time_base


def test_a_brand_with_functions_of_its_own_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a brand sounds can be listened to where it draws its own intro: that is as long as the intro more."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    (tmp_path / "clips.py").write_text(CLIPS)
    (tmp_path / "words.md").write_text("Cold brew takes time. Give it a night in the fridge.")
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"], "music.mood": "none"}
    plain = load_brand("northwind").with_changes(small)
    draft = Draft.of(plain, script=tmp_path / "words.md", outputs=tmp_path / "outputs")
    opened = plain.with_changes({"overlays.intro": f"{tmp_path / 'clips.py'}:opening"})
    lengths = [seconds(draft.listen(brand), tmp_path) for brand in (plain, opened)]
    assert lengths[1] - lengths[0] == pytest.approx(0.5, abs=0.03)


def test_scenes_without_marks_are_heard_as_they_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is listened to ends its scenes where the reel does: it is as long as the reel up to its third scene."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    (tmp_path / "words.md").write_text("We love good coffee ☕\n\nThe new beans are here 🎉\n\nCome in.")
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"], "music.mood": "none"}
    brand = load_brand("northwind").with_changes(small)
    draft = Draft.of(brand, script=tmp_path / "words.md", outputs=tmp_path / "outputs")
    heard_s = draft.sentences[1].end / draft.audio.rate_hz + brand.voice.tail_ms / 1000
    assert seconds(draft.listen(brand), tmp_path) == pytest.approx(heard_s, abs=0.1)


def test_a_recorded_brand_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a recording its first two sentences are heard, up to the pause behind them: it says the whole script, not these alone."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    sentence = np.pad(np.sin(2 * np.pi * 220 * np.arange(36_000) / 24_000), (0, 12_000))
    write_wav(tmp_path / "take.wav", 0.3 * np.tile(sentence, 4)[:, None], 24_000)
    (tmp_path / "words.md").write_text(" ".join(["Wir rösten jeden Montag frisch."] * 4))
    changes = {"language": "de", "voice.engine": "recorded", "voice.recording": str(tmp_path / "take.wav"), "music.mood": "none"}
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"]}
    brand = load_brand("northwind").with_changes(changes | small)
    draft = Draft.of(brand, script=tmp_path / "words.md", outputs=tmp_path / "outputs")
    assert seconds(draft.listen(brand), tmp_path) == pytest.approx(3.75, abs=0.1)


def test_music_is_heard_under_the_reels_own_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the voice music is as long as the reel and lies as deep as asked; alone it is the bed itself; another reel has another one."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    (tmp_path / "words.md").write_text("Cold brew takes time. Give it a night in the fridge.")
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"], "music.mood": "none"}
    brand = load_brand("northwind").with_changes(small)
    draft = Draft.of(brand, script=tmp_path / "words.md", outputs=tmp_path / "outputs")
    music = brand.music.model_copy(update={"mood": "driving"})

    deep, shallow = (draft.hear_music(music.model_copy(update={"under_voice_db": under})) for under in (30.0, 12.0))
    assert len(deep.music) == len(deep.voice) == draft.plan(brand).sample_count
    assert 20 * np.log10(shallow.music.std() / deep.music.std()) == pytest.approx(18, abs=0.1)
    assert np.array_equal(deep.voice, shallow.voice)

    alone, other = draft.hear_music(music, alone=True), draft.hear_music(music, alone=True, seed=5)
    assert not alone.voice.any()
    assert alone.music.std() > 4 * shallow.music.std()
    assert not np.array_equal(alone.music, other.music)
    with pytest.raises(BrandError, match="choose a mood"):
        draft.hear_music(brand.music)


def test_a_voice_out_of_bounds_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A speed of nothing, as an emptied field gives, and a pause of minutes are told of; no voice is asked."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    (tmp_path / "words.md").write_text("Cold brew takes time. Give it a night in the fridge.")
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"], "music.mood": "none"}
    draft = Draft.of(load_brand("northwind").with_changes(small), script=tmp_path / "words.md", outputs=tmp_path / "outputs")
    for wrong, line in (({"speed": 0}, "voice.speed is 0"), ({"sentence_pause_ms": 99_999}, "voice.sentence_pause_ms is 99999")):
        with pytest.raises(BrandError, match=line):
            draft.say("Hello.", draft.brand.voice.model_copy(update=wrong))
