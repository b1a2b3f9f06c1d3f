"""A draft: a reel as it would be made, without a run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reelkit.brand import Brand, load_brand
from reelkit.draft import Draft
from reelkit.errors import AudioError, BrandError, VoiceError
from reelkit.media.audio import write_wav
from reelkit.views.style_fields import GROUPS, groups_of
from reelkit.yamlfile import change_yaml

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


FIELDS = {field["name"]: field for group in groups_of(GROUPS) for field in group["fields"] if field["name"] != "captions.preset"}
OTHERWISE = {
    "captions.font": "Inter",
    "fonts.title": "Inter",
    "footage.fallback_terms": ["night"],
    "footage.folder": "../logos",
    "footage.libraries": ["backdrops"],
    "footage.backdrops": ["bokeh"],
    "music.file": "../song.wav",
    "overlays.clips": [],
    "overlays.intro": "",
    "overlays.outro": "",
    "voice.scene_pause_ms": 400,
    "voice.sentence_pause_ms": 300,
    "voice.tail_ms": 900,
    "voice.base_url": "https://example.org/v1",
    "voice.engine": "",
    "voice.key_env": "OTHER_KEY",
    "voice.recording": "../song.wav",
    "voice.sample": "../song.wav",
    "voice.speaker": "",
    "voice.name": "",
}
"""What is set in fields that do not take any word; voices are tried by themselves."""


def another(brand: Brand, name: str) -> dict[str, Any]:
    """Return another value of a field than the brand's, as a change of it."""
    field, now = FIELDS[name], brand.said(name)
    if name in OTHERWISE:
        value = OTHERWISE[name]
    elif field["kind"] == "colour":
        value = "#11CC88"
    elif field["kind"] == "switch":
        value = not now
    elif field["kind"] == "choice":
        value = next(one for one in field["choices"] if one != now)
    elif field["kind"] in ("range", "number"):
        value = field["high"] if "high" in field and name != "captions.max_width_px" and now != field["high"] else field["low"] + 2
        value = {"captions.max_width_px": 500, "captions.bottom_px": 1000, "safe_zone.left_px": 70, "safe_zone.right_px": 150}.get(
            name, value
        )
        value = int(value) if isinstance(now, int) or field["step"] == 1 else value
    else:
        value = "other"
    return {} if value == "" else {name: value}


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Brand:
    """A brand that writes a little, of a size that is quick to look at."""
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    monkeypatch.setenv("REELKIT_TEMPLATES", str(tmp_path / "templates"))
    monkeypatch.setenv("REELKIT_OUTPUTS", str(tmp_path / "outputs"))
    write_wav(tmp_path / "templates" / "song.wav", np.sin(np.arange(480_000) / 20)[:, None].astype(np.float32) * 0.1, 48_000)
    small = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"], "script.length_s": 13.0}
    change_yaml(tmp_path / "templates" / "brands" / "northwind.yaml", small, what="brand")
    return load_brand("northwind")


def test_each_field_is_seen_or_told_of(deck: Brand) -> None:
    """Whatever field is changed, when things came to rest the reel is the one that a new draft of the brand is, or what is not is named."""
    silent = deck.with_changes({"music.mood": "none"})
    drafts = {own: Draft.of(brand, 1) for own, brand in ((True, deck), (False, silent))}
    # Of captions only the plan of cues knows, which is the same for all drafts.
    for name in (name for name in FIELDS if not name.startswith("captions.")):
        changes = another(deck, name)
        if not changes:
            continue
        draft = drafts[name.startswith("music.")]
        brand = draft.brand.with_changes(changes | ({} if name.startswith("music.") else {"music.mood": "none"}))
        stale = draft.stale(brand)
        if stale:
            assert [field for fields in stale.values() for field in fields] == [name]
            continue
        draft.follow(brand)
        if "footage" in draft.stale(brand):
            # Other words, at another pace, for which the footage would be another.
            assert name.startswith("voice."), name
            draft.fetch(brand)
        assert draft.plan(brand) == Draft.of(brand, 1).plan(brand), name


def test_a_voice_and_its_words_follow(deck: Brand) -> None:
    """At another pace the deck has room for other words, of which the reel is then; of the footage it is said that it is not theirs."""
    draft = Draft.of(deck, 1)
    brand = deck.with_changes({"voice.speed": 1.6})
    before = draft.plan(brand)
    draft.follow(brand)
    after = draft.plan(brand)
    assert after.cues != before.cues
    assert draft.stale(brand) == {"footage": []}
    assert draft.plan(draft.brand) == before


def test_footage_is_kept_for_each_brand_it_was_fetched_for(deck: Brand) -> None:
    """Each of two brands shows its own footage again, without being fetched again; one between them shows that of the first."""
    draft = Draft.of(deck, 1)
    between = deck.with_changes({"palette.primary": "#008080"})
    tuned = between.with_changes({"palette.accent": "#FFD700"})
    first, other = draft.plan(deck), draft.plan(between)
    assert draft.plan(tuned).shots == first.shots
    draft.fetch(tuned)
    assert draft.stale(tuned) == {}
    assert draft.stale(between) == {"footage": ["palette.primary"]}
    assert draft.plan(tuned).shots != first.shots
    assert [draft.plan(one) for one in (deck, between)] == [first, other]


def test_music_follows(deck: Brand) -> None:
    """Another mood is another bed once it was followed, none is none, and the voice stays what it was."""
    draft = Draft.of(deck, 1)
    played = {}
    for mood in (deck.music.mood, "dark", "none"):
        brand = deck.with_changes({"music.mood": mood})
        draft.follow(brand)
        played[mood] = {track.kind: track.path for track in draft.plan(brand).audio}
    assert len({paths["narration"] for paths in played.values()}) == 1
    assert played[deck.music.mood]["music"] != played["dark"]["music"]
    assert "music" not in played["none"]


def test_a_brand_that_cannot_be_made_is_refused(deck: Brand) -> None:
    """A voice that nobody has and a file that is no sound are told of in a line each, with the field's name."""
    draft = Draft.of(deck, 1)
    draft.refuse(deck)
    with pytest.raises(VoiceError, match=r"brand 'northwind': .*'bogus'"):
        draft.refuse(deck.with_changes({"voice.name": "bogus"}))
    with pytest.raises(AudioError, match=r"brand 'northwind': music\.file: .*northwind\.svg"):
        draft.refuse(deck.with_changes({"music.file": "../logos/northwind.svg"}))


def test_cues_are_cut_by_a_font_file_of_the_brands_own(deck: Brand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A font named by its file beside the brand file cuts the same cues as the same font by its family, wherever Reelkit is called from."""
    from reelkit.media.fonts import find_font

    assert deck.source is not None
    shutil.copy(find_font("Montserrat", 900).path, deck.source.with_name("own.ttf"))
    monkeypatch.chdir(tmp_path)
    wide = {"captions.weight": 900, "captions.size_px": 120, "captions.uppercase": True, "captions.max_width_px": 500}
    draft = Draft.of(deck, 1)
    named, filed = (draft.plan(deck.with_changes({**wide, "captions.font": font})) for font in ("Montserrat", "own.ttf"))
    assert [cue.text for cue in filed.cues] == [cue.text for cue in named.cues]


def test_captions_are_judged_before_anything_is_rendered(deck: Brand) -> None:
    """Captions above the safe zone and without room are what the check would find, musts first, each with what mends it."""
    draft = Draft.of(deck, 1)
    assert draft.judged(draft.plan(deck)) == []
    found = draft.judged(draft.plan(deck.with_changes({"captions.bottom_px": 301, "captions.max_width_px": 200})))
    assert [(finding.name, finding.level) for finding in found] == [("captions-safe-zone", "must"), ("texts-whole", "should")]
    assert found[0].hint.startswith("raise captions.bottom_px")
    assert "raise captions.max_width_px" in found[1].hint
