"""Edits by hand: each holds on its own ground, and nothing else moves."""

from __future__ import annotations

import itertools
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.edits import Edits, word_keys
from reelkit.errors import RunError
from reelkit.model import Scene, Script
from reelkit.runs.kept_edits import KeptEdits
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.whole import sha256_of
from tests.media.clips import clip_of, write_video
from tests.views import samples

AUDIO = samples.audio()
KEYS = word_keys(AUDIO.words)


def test_no_edits_change_nothing() -> None:
    """Without edits each value is the very one that came in."""
    script = samples.script()
    assert Edits().script(script) is script
    assert Edits().narration(AUDIO) is AUDIO
    assert Edits().footage(samples.clips()) == samples.clips()
    assert Edits().told == ""


def test_edited_clips_are_what_their_files_are_now(tmp_path: Path) -> None:
    """A clip that was exchanged, or set to begin elsewhere, and was then replaced by another file of its name is shown as that file is;
    one that shows nothing any more is not taken."""
    lumas = [90 + at for at in range(60)]
    pour, cup, other = (clip_of(write_video(tmp_path / f"{name}.mp4", lumas), duration_ms=2000) for name in ("pour", "cup", "other"))
    edits = Edits(clips={pour.id: pour.model_copy(update={"in_ms": 700}), cup.id: other})
    assert edits.footage([pour, cup]) == [pour.model_copy(update={"in_ms": 700}), other]

    now = clip_of(write_video(pour.path, lumas[:30]))
    write_video(other.path, lumas[:30])
    begun, exchanged = edits.footage([now, cup])
    assert begun == now.model_copy(update={"in_ms": 700}) and now.sha256 != pour.sha256
    assert (exchanged.id, exchanged.sha256, exchanged.duration_ms) == (other.id, sha256_of(other.path), 1000)

    other.path.write_text("nothing to see")
    assert edits.footage([now, cup])[1] == cup


def test_a_rewritten_scene_leaves_the_others() -> None:
    """The scene that was written so is another one now; where it is not written so, nothing is."""
    script = samples.script()
    scene = Scene(text="Water meets fresh coffee, and it blooms.", search_terms=("coffee", "bloom"))
    edits = Edits(scenes={script.scenes[2].text: scene})
    edited = edits.script(script)
    assert edited.scenes == (*script.scenes[:2], scene, *script.scenes[3:])
    other = Script.of("T", [Scene(text="Something else.", search_terms=("a", "b"))])
    assert edits.script(other) is other


def test_scenes_are_left_out_and_added() -> None:
    """A scene that is left out is not told, one of one's own follows the scene it was put after, and every other is as it was."""
    script = samples.script()
    texts = [scene.text for scene in script.scenes]
    own = [Scene(text=f"Mine {n}.", search_terms=("a", "b")) for n in range(3)]
    edits = Edits(left_out=(texts[1],), added={texts[1]: tuple(own[:2]), texts[5]: (own[2],)})
    assert edits.script(script).scenes == (script.scenes[0], *own[:2], *script.scenes[2:], own[2])
    assert edits.told == "1 scene left out, 3 scenes added"
    assert Edits(left_out=tuple(texts)).script(script) is script
    other = Script.of("T", [Scene(text="Something else.", search_terms=("a", "b"))])
    assert edits.script(other) is other


def test_scenes_that_are_left_keep_the_keys_of_their_words() -> None:
    """Words far from a scene that is left out are known as before: where they were moved, they stay."""
    script = samples.script()
    kept = Edits(left_out=(script.scenes[0].text,)).script(script)
    again = word_keys(samples.audio(kept, mixed=False).words)
    whole = word_keys(samples.audio(script, mixed=False).words)
    first = len(script.scenes[0].text.split())
    assert again[2:] == whole[first + 2 :]


@given(st.dictionaries(st.sampled_from(KEYS), st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000)), max_size=12))
def test_moved_words_never_overlap(moves: dict[str, tuple[int, int]]) -> None:
    """However words are moved, they stay in order, each lasts, none reaches beyond the sound, and their texts stay."""
    words = Edits(words=moves).narration(AUDIO).words
    assert [word.text for word in words] == [word.text for word in AUDIO.words]
    assert all(before.end <= after.start for before, after in itertools.pairwise(words))
    assert all(word.end - word.start >= 480 for word in words)
    assert words[-1].end <= len(AUDIO.samples)


def test_a_moved_word_is_known_again_when_another_sentence_is_rewritten() -> None:
    """Words far from a rewritten sentence keep their keys, though their times are others."""
    script = samples.script()
    scenes = [Scene(text="All is new here.", search_terms=("a", "b")), *script.scenes[1:]]
    again = word_keys(samples.audio(Script.of(script.topic, scenes), mixed=False).words)
    assert set(KEYS[40:60]) <= set(again)


def test_breaks_of_a_sentence_are_cut_where_they_were_put() -> None:
    """Cues of that sentence begin with the words that were said; every other sentence's stay."""
    sentences = group_words_into_sentences(AUDIO.words)
    style = samples.brand().captions
    text = sentences[1].text
    plain = split_cues(sentences, style)
    cues = split_cues(sentences, style, breaks={text: (1, 6, 99)})
    own = [cue for cue in cues if set(cue.words) <= set(sentences[1].words)]
    assert [len(cue.words) for cue in own] == [1, 5, len(sentences[1].words) - 6]
    rest = [cue.words for cue in cues if cue not in own]
    assert rest == [cue.words for cue in plain if not set(cue.words) <= set(sentences[1].words)]


def test_kept_edits_are_read_back(tmp_path: Path) -> None:
    """Each field is kept by itself; what is empty leaves no file; the key tells edits apart."""
    kept = KeptEdits(tmp_path, "seed 1")
    assert (kept.read(), kept.key) == (Edits(), "")
    kept.keep(breaks={"Hi there.": (1,)})
    first = kept.key
    kept.keep(words={"a": (10, -10)})
    assert kept.read() == Edits(breaks={"Hi there.": (1,)}, words={"a": (10, -10)})
    assert first and kept.key != first
    kept.keep(words={})
    assert kept.key == first
    kept.keep(breaks={})
    assert not kept.path.exists()


def test_edits_that_are_kept_at_once_are_all_kept(tmp_path: Path) -> None:
    """Several notebooks of a brand keep fields of one reel, and take clips out, at the same moment: none undoes another's."""
    fields: list[dict[str, object]] = [{"words": {"a": (10, -10)}}, {"breaks": {"Hi there.": (1,)}}, {"left_out": ("Hi there.",)}] * 4

    def edit(number: int) -> None:
        kept = KeptEdits(tmp_path / "ada", "seed 1")
        kept.reject(str(number))
        kept.keep(**fields[number])

    with ThreadPoolExecutor(len(fields)) as notebooks:
        list(notebooks.map(edit, range(len(fields))))
    kept = KeptEdits(tmp_path / "ada", "seed 1")
    assert sorted(map(int, kept.rejected)) == [*range(len(fields))]
    assert kept.read() == Edits.model_validate(fields[0] | fields[1] | fields[2])


def test_edits_made_on_letters_apart_from_their_accents_hold(tmp_path: Path) -> None:
    """Edits kept by texts that were not yet put together are those of the scenes and sentences that are; which of several is told too."""
    texts = ["Café au lait.", "Très bien.", "Très bien.", "Voilà."]
    scenes = [Scene(text=text, search_terms=("a", "b")) for text in texts]
    key, again = (unicodedata.normalize("NFD", text) for text in (texts[0], "Très bien.\n2"))
    kept = KeptEdits(tmp_path, "seed 1")
    kept.path.parent.mkdir()
    told, own = scenes[0].model_dump_json(), scenes[3].model_dump_json()
    fields = f'"scenes": {{"{key}": {own}}}, "left_out": ["{again}"], "added": {{"{again}": [{told}]}}, "breaks": {{"{key}": [2]}}'
    kept.path.write_text(f"{{{fields}}}".replace("\n", "\\n"), encoding="utf-8")
    edits = kept.read()
    assert edits.script(Script.of("T", scenes)).scenes == (scenes[3], scenes[1], scenes[0], scenes[3])
    assert edits.breaks == {texts[0]: (2,)}


def test_scripts_of_any_name_have_edits_of_their_own(tmp_path: Path) -> None:
    """Names that differ only in characters which a file's name is spared do not share edits; plain ones are found as they were."""
    names = ["seed 1", "script words.md", "script my-words.md", "script my words.md", "script привет.md", "script пока.md"]
    for number, name in enumerate(names):
        KeptEdits(tmp_path, name).keep(breaks={"Hi there.": (number,)})
    assert [KeptEdits(tmp_path, name).read().breaks["Hi there."] for name in names] == [(number,) for number in range(len(names))]
    assert {"seed-1.json", "script-words.md.json", "script-my-words.md.json"} < {path.name for path in (tmp_path / "edits").iterdir()}


def test_broken_edits_are_one_line(tmp_path: Path) -> None:
    """A file that holds no edits is named, with what to do."""
    kept = KeptEdits(tmp_path, "seed 1")
    kept.keep(breaks={"a": (1,)})
    kept.path.write_text("{]")
    with pytest.raises(RunError, match=r"seed-1\.json cannot be read; mend it, or remove it"):
        kept.read()


def test_rejected_clips_are_listed_once(tmp_path: Path) -> None:
    """A clip that is out twice is out once, and may come in again."""
    kept = KeptEdits(tmp_path, "seed 1")
    assert kept.reject("a") == ("a",)
    assert kept.reject("b") == ("a", "b")
    assert kept.reject("a") == ("b", "a")
    assert kept.reject("b", wanted=True) == ("a",)
    assert KeptEdits(tmp_path, "seed 2").rejected == ("a",)
