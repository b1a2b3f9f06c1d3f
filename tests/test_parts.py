from pathlib import Path

import numpy as np
import pytest

from reelkit.brand import list_brands, load_brand
from reelkit.errors import VoiceError
from reelkit.media.audio import read_audio, write_wav
from reelkit.media.backdrops import FAMILIES
from reelkit.parts import Parts
from reelkit.services.deck import DeckWriter
from reelkit.services.script_file import ScriptFileWriter
from reelkit.steps.script import generate_script


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REELKIT_CACHE", raising=False)


def parts(tmp_path: Path, changes: dict[str, object] | None = None, script: Path | None = None) -> Parts:
    return Parts(load_brand("northwind").with_changes(changes or {}), outputs=tmp_path, script=script, seed=1)


@pytest.mark.parametrize("slug", list_brands())
def test_every_brand_has_its_parts(tmp_path: Path, slug: str) -> None:
    """Each demo brand gets a writer, a voice, at least one library and a store, and making them writes nothing."""
    found = Parts(load_brand(slug), outputs=tmp_path)
    assert found.writer
    assert found.voice
    assert found.libraries
    assert found.store
    assert list(tmp_path.iterdir()) == []


def test_a_script_of_ones_own_is_the_writer(tmp_path: Path) -> None:
    """With a script file the deck is not asked."""
    assert isinstance(parts(tmp_path).writer, DeckWriter)
    assert isinstance(parts(tmp_path, script=tmp_path / "words.md").writer, ScriptFileWriter)


def test_a_recording_is_as_long_as_it_is(tmp_path: Path) -> None:
    """A script that a recording says is not refused by a guess of how long it takes, which the brand's speed has no part in."""
    take = write_wav(tmp_path / "take.wav", np.full((24_000, 1), 0.1), 24_000)
    (tmp_path / "words.md").write_text("Wir rösten jeden Montag frisch und mahlen erst, wenn das Wasser kocht. " * 40)
    asked = {"language": "de", "voice.engine": "recorded", "voice.recording": str(take)}
    slow, plain = (parts(tmp_path, {**asked, "voice.speed": speed}, script=tmp_path / "words.md") for speed in (0.5, 1.0))
    assert slow.seconds_of("Guten Morgen.") == plain.seconds_of("Guten Morgen.")
    assert generate_script(slow.brand, 1, writer=slow.writer).word_count == 480


def test_a_speech_servers_time_is_a_narrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each narration gets a voice of its own from a server, as its time is limited; voices that are loaded are kept."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    served, own = parts(tmp_path, {"voice.engine": "openai", "voice.name": "alloy"}), parts(tmp_path)
    assert served.voice is not served.voice
    assert own.voice is own.voice


def test_libraries_stand_in_the_brands_order(tmp_path: Path) -> None:
    """A brand without a folder has no folder library; with one, the order is the brand file's."""
    assert [library.name for library in parts(tmp_path).libraries] == ["backdrops"]
    changes = {"footage.folder": str(tmp_path), "footage.libraries": ["backdrops", "folder"]}
    assert [library.name for library in parts(tmp_path, changes).libraries] == ["backdrops", "folder"]


def test_no_families_means_all(tmp_path: Path) -> None:
    """A brand that names no backdrops may be given any family."""
    (library,) = parts(tmp_path, {"footage.backdrops": []}).libraries
    assert {candidate.kin for candidate in library.search(())} == set(FAMILIES)


def test_music_is_the_brands_file_a_bed_or_none(tmp_path: Path) -> None:
    """The brand's own file wins, cut to the reel's length once; no mood is no music, and a bed is made once for the same wish."""
    song = write_wav(tmp_path / "song.wav", np.random.default_rng(1).normal(0, 0.1, (9 * 48_000, 2)), 48_000)
    cut = parts(tmp_path, {"music.file": str(song)}).music(4.0)
    assert cut is not None and cut != song
    assert len(read_audio(cut)[0]) == 4 * 48_000
    assert parts(tmp_path, {"music.file": str(song)}).music(4.0) == cut
    assert parts(tmp_path, {"music.file": str(song)}).music(5.0) != cut
    assert parts(tmp_path, {"music.mood": "none"}).music(4.0) is None
    bed = parts(tmp_path).music(4.0)
    assert bed is not None
    assert parts(tmp_path).music(4.0) == bed
    assert parts(tmp_path, {"music.tempo_bpm": 100}).music(4.0) != bed


def test_the_store_lies_under_outputs(tmp_path: Path) -> None:
    """The folder store is the brand's bucket in the outputs folder."""
    script = tmp_path / "words.txt"
    script.write_text("x")
    store = parts(tmp_path, {"publishing.bucket": "shared"}).store
    store.put("a/1.txt", script, content_type="text/plain", title="")
    assert (tmp_path / "shared" / "a" / "1.txt").read_text() == "x"


def test_a_language_that_the_voice_cannot_do_is_refused_first(tmp_path: Path) -> None:
    """Before a writer is asked, and with what to do."""
    with pytest.raises(VoiceError, match=r"brand 'northwind': the brand's language is 'de'; voice 'heart' of hibari speaks English only"):
        assert parts(tmp_path, {"language": "de"}).writer
    assert list(tmp_path.iterdir()) == []
