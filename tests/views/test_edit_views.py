"""The views in which a reel is edited, from Python's side: what an edit changes, what is kept, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reelkit import views
from reelkit.brand import BrandMusic
from reelkit.edits import Edits
from reelkit.errors import BrandError, ScriptError
from reelkit.model import Clip, HeardMusic, Scene, Script
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.views.timing_edit import TimingView, sound_edges
from reelkit.whole import sha256_of
from tests.views import samples
from tests.views.parsed import Parsed


class Keeper:
    """Remembers the edits that were kept."""

    def __init__(self) -> None:
        self.edits = Edits()

    def keep(self, **fields: Any) -> Edits:
        self.edits = self.edits.model_copy(update=fields)
        return self.edits


def typed(view: views.ScriptView) -> list[dict[str, Any]]:
    return [{"text": scene.text, "terms": list(scene.search_terms)} for scene in view.value.scenes]


def test_a_rewritten_scene_is_kept() -> None:
    """Only the scene that differs is an edit; shown again with it, the view begins where it was left."""
    kept = Keeper()
    view = views.script(samples.script(), keep=kept.keep)
    scenes = typed(view)
    scenes[1]["text"] = "The roast leaves gas in the bean."
    view.rewrite(scenes)
    assert list(kept.edits.scenes) == [samples.script().scenes[1].text]
    assert view.value.scenes[1].text == "The roast leaves gas in the bean."
    again = views.script(samples.script(), edits=kept.edits)
    assert again.value == view.value
    assert "The roast leaves gas in the bean." in Parsed(again.html).text
    view.undo()
    assert (view.value, kept.edits) == (samples.script(), Edits())


def test_a_scene_without_text_or_terms_is_refused() -> None:
    """One line names the scene; nothing is changed."""
    view = views.script(samples.script())
    scenes = typed(view)
    scenes[2]["terms"] = ["one"]
    with pytest.raises(ScriptError, match=r"scene 3 has 1.search term; it must have a text and two to four"):
        view.rewrite(scenes)
    assert view.value == samples.script()


def test_one_wrong_scene_keeps_no_other_from_being_edited() -> None:
    """What is right is kept, what is wrong stays as it was and is told."""
    kept = Keeper()
    view = views.script(samples.script(), keep=kept.keep)
    scenes = typed(view)
    scenes[1]["text"], scenes[2]["terms"] = "The roast leaves gas.", []
    with pytest.raises(ScriptError, match=r"scene 3 has 0.search terms"):
        view.rewrite(scenes)
    assert list(kept.edits.scenes) == [samples.script().scenes[1].text]


def test_a_scene_is_left_out_and_brought_back() -> None:
    """By its control or by taking its text away; what was rewritten in it comes back with it. A reel with no scene is refused."""
    kept = Keeper()
    view = views.script(samples.script(), keep=kept.keep)
    rows = view.state()["scenes"]
    rows[1]["text"] = "The roast leaves gas."
    view.rewrite(rows)
    edited = view.value
    for change in ({"out": True}, {"text": ""}):
        rows = view.state()["scenes"]
        rows[1] |= change
        view.rewrite(rows)
        assert view.value.scenes == (*edited.scenes[:1], *edited.scenes[2:])
        assert (view.state()["scenes"][1]["text"], view.state()["scenes"][1]["out"]) == ("The roast leaves gas.", True)
        assert view.state()["facts"]["said"].startswith("1\N{NO-BREAK SPACE}scene edited, 1 left out; run")
        assert view.state()["counts"]["whole"][0] == "5\N{NO-BREAK SPACE}scenes"
        assert views.script(samples.script(), edits=kept.edits).value == view.value
        rows = view.state()["scenes"]
        rows[1]["out"] = False
        view.rewrite(rows)
        assert view.value == edited
    with pytest.raises(ScriptError, match="every scene is left out"):
        view.rewrite([row | {"out": True} for row in view.state()["scenes"]])
    assert view.value == edited


def test_a_scene_is_added_changed_and_removed() -> None:
    """It follows the scene that it was put after, says nothing while it is empty, keeps what it was where its terms are wrong."""
    kept = Keeper()
    view = views.script(samples.script(), keep=kept.keep)
    rows = view.state()["scenes"]
    rows.insert(2, {"text": "", "terms": ["a cup", "steam"], "own": True})
    view.rewrite(rows)
    assert kept.edits == Edits()
    rows[2]["text"] = "One of mine."
    view.rewrite(rows)
    own = Scene(text="One of mine.", search_terms=("a cup", "steam"))
    assert view.value.scenes == (*samples.script().scenes[:2], own, *samples.script().scenes[2:])
    rows = view.state()["scenes"]
    with pytest.raises(ScriptError, match="scene 3 has"):
        view.rewrite([*rows[:2], rows[2] | {"terms": []}, *rows[3:]])
    assert view.value.scenes[2] == own
    assert list(kept.edits.added) == [samples.script().scenes[1].text]
    view.rewrite([*rows[:2], *rows[3:]])
    assert kept.edits == Edits()
    view.undo()
    assert view.value.scenes[2] == own


def test_a_line_said_twice_is_edited_where_it_was_typed() -> None:
    """Rewritten, left out or followed by another, one of two like scenes changes and the other does not; what is shown is what is told."""
    line, between = (Scene(text=text, search_terms=("a cup", "steam")) for text in ("Give it a night.", "Taste it."))
    written, kept = Script.of("T", [line, between, line]), Keeper()
    for place, number in ((0, 2), (2, 0)):
        view = views.script(written, keep=kept.keep)
        for change in ({"text": "Give it two."}, {"out": True}):
            rows = view.state()["scenes"]
            rows[place] |= change
            rows.insert(place + 1, {"text": "Mine.", "terms": ["a", "b"], "own": True})
            view.rewrite(rows)
            again = views.script(written, edits=kept.edits)
            assert again.value == view.value
            assert view.value.scenes.count(line) == 1
            texts = [row["text"] for row in view.state()["scenes"] if not row["out"]]
            assert texts == [scene.text for scene in view.value.scenes]
            assert texts.count("Mine.") == 1
            view.undo()
        rows = view.state()["scenes"]
        rows[place]["text"] = rows[number]["text"] = "Give it two."
        view.rewrite(rows)
        rows[number]["text"] = line.text
        view.rewrite(rows)
        assert [scene.text for scene in view.value.scenes] == [row["text"] for row in rows]
        assert (view.value.scenes[place].text, view.value.scenes[number]) == ("Give it two.", line)
        view.heard(Told(), {"reset": True}, [])
        assert kept.edits == Edits()


def test_words_and_cues_of_a_line_said_twice_are_moved_apart() -> None:
    """In two sentences of the same words, as long in one as in the other, a word and a break move where they were taken hold of."""
    said = samples.audio(Script.of("T", [Scene(text="Give it a whole night in the cold.", search_terms=("a", "b"))]), mixed=False)
    words = [
        word.model_copy(update={"start": word.start + by, "end": word.end + by}) for by in (0, len(said.samples)) for word in said.words
    ]
    audio = replace(said, samples=np.concatenate([said.samples, said.samples]), words=tuple(words))
    count, kept = len(said.words), Keeper()
    recue = partial(split_cues, style=samples.brand().captions)
    view = views.narration(audio, group_words_into_sentences(audio.words), keep=kept.keep, recue=recue, listen=b"")
    begins = view._begins()
    word, place = count + 4, next(place for place in range(count + 1, 2 * count) if place not in begins)
    view.toggle_break(place)
    assert view._begins() - begins == {place}
    moved = view.audio.words[word]
    view.move(word, moved.start + 48, moved.end)
    assert [at for at, (now, was) in enumerate(zip(view.audio.words, audio.words, strict=True)) if now != was] == [word]
    assert kept.edits.narration(audio) == view.audio


def test_key_words_and_signs_of_other_scenes_stay() -> None:
    """A scene that is not touched is no edit, whatever else stands in it; a rewritten one keeps key words that it still says."""
    first, second = (scene.model_copy(update={"emphasis": "gas", "icon": "leaf"}) for scene in samples.script().scenes[:2])
    view = views.script(Script.of("T", [first, second]))
    scenes = typed(view)
    scenes[1]["text"] = "Roasting leaves gas."
    view.rewrite(scenes)
    assert view.value.scenes == (first, second.model_copy(update={"text": "Roasting leaves gas."}))
    scenes[1]["text"] = "Roasting leaves something."
    view.rewrite(scenes)
    assert (view.value.scenes[1].emphasis, view.value.scenes[1].icon) == ("", "leaf")


def test_counts_follow_what_is_typed() -> None:
    """Words, seconds, grade and banned words are those of the text that is given, kept or not."""
    view = views.script(samples.script(), seconds_of=lambda text: len(text) / 10, banned=lambda text: "guilt" if "guilt" in text else None)
    found = view._counts([{"text": "No guilt at all.", "terms": []}])
    assert found["scenes"] == [{"seconds": 1.6, "flags": ["banned: guilt"]}]
    assert "4\N{NO-BREAK SPACE}words" in found["whole"]
    assert any(part.startswith("reading grade") for part in found["whole"])


def test_edits_of_another_take_stay() -> None:
    """What was edited in another take's script, footage or words is kept through edits, Undo and the way back, and is not counted here."""
    scene, clip = Scene(text="Mine.", search_terms=("a", "b")), other("two", 0)
    elsewhere = Edits(
        scenes={"Old.": scene},
        left_out=("Older.",),
        added={"Old.": (scene,)},
        clips={"gone": clip},
        words={"0" * 16: (9, 9)},
        breaks={"Old.": (2,)},
    )
    kept = Keeper()
    kept.edits = elsewhere
    script = views.script(samples.script(), edits=kept.edits, keep=kept.keep)
    footage = views.footage(samples.script(), samples.clips(), edits=kept.edits, keep=kept.keep, thumbnails={})
    words = timing(kept)
    for view in (script, words):
        assert (view.state()["facts"]["edited"], view.state()["facts"]["said"]) == (False, "")
    for _ in range(2):
        rows = typed(script)
        rows[1]["text"] = "The roast leaves gas."
        script.rewrite([*rows[:-1], rows[-1] | {"out": True}])
        words.move(5, words.audio.words[5].start + 480, words.audio.words[5].end)
        words.toggle_break(len(words.sentences[0].words) + 2)
        footage.choose(samples.clips()[0].id, other("one", 0))
        assert kept.edits.told == "2 sentences, 2 scenes left out, 1 scene added, 2 clips, 2 words, 2 cue breaks"
        assert script.state()["facts"]["said"].startswith("1\N{NO-BREAK SPACE}scene edited, 1 left out; run")
        assert words.state()["facts"]["said"].startswith("1\N{NO-BREAK SPACE}word moved, 1\N{NO-BREAK SPACE}sentence broken otherwise; run")
        assert footage.state()["facts"]["said"].startswith("1\N{NO-BREAK SPACE}clip exchanged; run")
        footage.undo()
        for view in (script, words):
            view.heard(Told(), {"reset": True}, [])
        assert kept.edits == elsewhere


def timing(kept: Keeper) -> TimingView:
    audio = samples.audio()
    sentences = group_words_into_sentences(audio.words)
    recue = partial(split_cues, style=samples.brand().captions, until=len(audio.samples))
    return views.narration(audio, sentences, edits=kept.edits, keep=kept.keep, recue=recue, listen=b"")


def test_a_moved_word_moves_its_captions() -> None:
    """Sentences and cues have the word where it was put; shown again it stands there; undo puts it back."""
    kept = Keeper()
    view = timing(kept)
    word = view.audio.words[5]
    view.move(5, word.start + 480, word.end)
    assert view.audio.words[5].start == word.start + 480
    assert any(cue.words[0].start == word.start + 480 or word.text in cue.text for cue in view.cues)
    assert timing(kept).audio.words == view.audio.words
    view.undo()
    assert view.audio.words[5] == word
    assert kept.edits == Edits()


@pytest.mark.parametrize("edge", ["start", "end"])
@pytest.mark.parametrize("way", [1, -1])
def test_an_edge_stops_where_there_is_no_room(edge: str, way: int) -> None:
    """Moved on and on, an edge stops at the neighbour or 20 ms before the other edge; other words stay, and undo takes back what moved."""
    kept = Keeper()
    view = timing(kept)
    before, least = view.audio.words, view.audio.rate_hz // 50
    for _ in range(60):
        word = view.audio.words[5]
        view.move(5, word.start + way * 240 * (edge == "start"), word.end + way * 240 * (edge == "end"))
    after = view.audio.words
    assert after[:5] + after[6:] == before[:5] + before[6:]
    edges = {
        ("start", 1): (before[5].end - least, before[5].end),
        ("start", -1): (before[4].end, before[5].end),
        ("end", 1): (before[5].start, before[6].start),
        ("end", -1): (before[5].start, before[5].start + least),
    }
    assert (after[5].start, after[5].end) == edges[edge, way]
    view.undo()
    assert view.audio.words[5] != after[5]
    view.move(5, len(view.audio.samples), len(view.audio.samples))
    assert (view.audio.words[5].start, view.audio.words[5].end) == (before[6].start - least, before[6].start)
    assert view.audio.words[:5] + view.audio.words[6:] == before[:5] + before[6:]


def test_a_break_is_put_taken_and_moved() -> None:
    """A cue begins with the word it is told to; the same again joins it; shifting moves the beginning to another word."""
    kept = Keeper()
    view = timing(kept)
    first = len(view.sentences[0].words)
    begins = view._begins()
    place = next(place for place in range(first + 1, first + 6) if place not in begins)
    view.toggle_break(place)
    assert place in view._begins()
    view.shift_break(place, place + 1)
    assert place not in view._begins()
    assert place + 1 in view._begins()
    view.toggle_break(place + 1)
    assert place + 1 not in view._begins()
    assert {at for at in view._begins() if at < first} == {at for at in begins if at < first}
    assert list(kept.edits.breaks) == [view.sentences[1].text]


def test_phrases_of_a_word_break_and_the_word_s_edges_move() -> None:
    """A word without spaces shows its phrases: a cue may begin with any, its outer edges move the word, and those within stay."""
    told = Script.of("T", [Scene(text="水出しコーヒーは冷たい水でゆっくりと抽出します。 とてもおいしい。", search_terms=("a", "b"))])
    audio, kept = samples.audio(told, mixed=False), Keeper()
    sentences = group_words_into_sentences(audio.words)
    recue = partial(split_cues, style=samples.brand().captions)
    view = views.narration(audio, sentences, keep=kept.keep, recue=recue, listen=b"")
    shown = view.state()["words"]
    joined = [word["joined"] for word in shown]
    second = joined.index(False, 1)
    assert joined[:2] == [False, True] and [word["opens"] for word in shown].index(True, 1) == second
    view.toggle_break(1) if shown[1]["begins"] else None
    view.toggle_break(1)
    assert view.cues[0].text == shown[0]["text"] and list(kept.edits.breaks) == [sentences[0].text]
    first = audio.words[0]
    view.move(1, shown[1]["start"] + 999, shown[1]["end"])
    assert view.audio.words[0] == first
    view.move(second - 1, shown[second - 1]["start"], first.end - 480)
    assert (view.audio.words[0].start, view.audio.words[0].end) == (first.start, first.end - 480)
    assert {word["by"] for word in view.state()["words"][:second]} == {"edited"}


def test_edges_of_sound_are_found_where_words_begin_and_end() -> None:
    """After a pause, an edge lies within 30 ms of the word's own."""
    audio = samples.audio()
    edges = sound_edges(audio)
    for before, after in zip(audio.words, audio.words[1:], strict=False):
        if after.start - before.end > audio.rate_hz // 5:
            assert min(abs(edge - after.start) for edge in edges) <= audio.rate_hz * 0.03


HERE = {"path": Path(__file__), "sha256": sha256_of(Path(__file__))}
"""What makes a clip one whose file is there."""


def other(name: str, scene: int) -> Clip:
    return samples.clips()[0].model_copy(update={"id": name, "scene": scene, **HERE})


def offered_of(*names: str) -> Callable[..., list[Clip]]:
    """What a scene could show instead, of these."""
    return lambda scene, shown: [other(name, scene) for name in names if name not in shown]


class Unwanted:
    """Remembers the clips that are out."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def __call__(self, clip: str, *, wanted: bool = False) -> None:
        self.ids = [one for one in self.ids if one != clip] + ([] if wanted else [clip])


def test_a_clip_is_exchanged_and_rejected() -> None:
    """A choice takes the place and scene of what was found; a rejected clip is gone for the brand, and the next stands in."""
    kept, out = Keeper(), Unwanted()
    view = views.footage(samples.script(), samples.clips(), keep=kept.keep, others=offered_of("one", "two"), reject=out, thumbnails={})
    slot = samples.clips()[1].id
    offered = view.offer(slot)
    view.choose(slot, offered[0])
    assert [clip.id for clip in view.value][:3] == [samples.clips()[0].id, "one", samples.clips()[2].id]
    assert view.value[1].scene == samples.clips()[1].scene
    assert kept.edits.clips[slot].id == "one"
    view.reject("one")
    assert out.ids == ["one"]
    assert view.value[1].id == "two"
    view.undo()
    assert (view.value[1].id, kept.edits.clips[slot].id, out.ids) == ("one", "one", [])
    view.undo()
    assert (view.value, kept.edits) == (samples.clips(), Edits())


def test_a_rejection_is_taken_back() -> None:
    """Be the clip only offered or shown, Undo takes its rejection back and nothing else; so does choosing it after all."""
    kept, out = Keeper(), Unwanted()
    shown = {"keep": kept.keep, "others": offered_of("one", "two"), "reject": out, "thumbnails": {}}
    view = views.footage(samples.script(), samples.clips(), **shown)
    first, second = (clip.id for clip in samples.clips()[:2])
    view.choose(first, view.offer(first)[1])
    view.offer(second)
    view.reject("one")
    assert (out.ids, [clip.id for clip in view.offer(second)]) == (["one"], [])
    view.undo()
    assert (out.ids, kept.edits.clips[first].id) == ([], "two")
    assert view.state()["facts"]["said"].startswith("one may be shown for this brand again.")
    assert [clip.id for clip in view.offer(second)] == ["one"]

    view.reject(second)
    assert (out.ids, view.value[1].id) == ([second], "one")
    view = views.footage(samples.script(), samples.clips(), edits=kept.edits, rejected=out.ids, **shown)
    assert view.value[1].id == "one"
    view.choose(second, samples.clips()[1])
    assert (out.ids, view.value[1]) == ([], samples.clips()[1])


def test_others_again_are_others() -> None:
    """What was offered for a place is not offered there again, until nothing else is left; each answer is told, in the same words too."""

    def three(scene: int, shown: set[str]) -> list[Clip]:
        return offered_of(*"abcde")(scene, shown)[:3]

    view = views.footage(samples.script(), samples.clips(), others=three, thumbnails={})
    first, second = (clip.id for clip in samples.clips()[:2])
    assert [[clip.id for clip in view.offer(first)] for _ in range(3)] == [["a", "b", "c"], ["d", "e"], ["a", "b", "c"]]
    assert [clip.id for clip in view.offer(second)] == ["a", "b", "c"]
    view = views.footage(samples.script(), samples.clips(), others=offered_of(), thumbnails={})
    told: list[Any] = []
    view.widget.observe(told.append, "facts")
    for _ in range(2):
        view.heard(view.widget, {"others": first}, [])
    assert len(told) == 2
    assert view.widget.facts["said"] == "The brand's libraries have nothing else for this scene."


def test_the_first_choice_comes_back_as_it_was_found() -> None:
    """Also where it was offered since, as what nobody chose: then it begins elsewhere, and says that it was found otherwise."""
    first, second = (clip.model_copy(update={"in_ms": 700, **HERE}) for clip in samples.clips()[:2])

    def offered(scene: int, shown: set[str]) -> list[Clip]:
        copies = [one.model_copy(update={"scene": scene, "in_ms": 0, "rung": "by hand"}) for one in (first, second) if one.id not in shown]
        return [*copies, *offered_of("one")(scene, shown)]

    for back in ("by its button", "from the offers", "instead of another"):
        kept = Keeper()
        view = views.footage(samples.script(), [first, second], keep=kept.keep, others=offered, thumbnails={})
        view.choose(first.id, other("two", 0))
        for slot in (second.id, first.id):
            view.heard(view.widget, {"others": slot}, [])
        if back == "by its button":
            view.heard(view.widget, {"choose": first.id, "clip": first.id}, [])
        elif back == "from the offers":
            view.choose(first.id, next(clip for clip in view.offer(first.id) if clip.id == first.id))
        else:
            view.reject("two")
        assert (view.value, kept.edits) == ([first, second], Edits())
        assert view.state()["scenes"][0]["slots"][0]["edited"] is False


def test_where_a_clip_begins_is_an_edit() -> None:
    """The in-point is kept with the clip in its place."""
    clips = [clip.model_copy(update=HERE) for clip in samples.clips()]
    view = views.footage(samples.script(), clips, thumbnails={})
    view.begin(clips[0].id, 1500)
    assert view.value[0] == clips[0].model_copy(update={"in_ms": 1500})
    assert view.state()["facts"]["said"].startswith("1\N{NO-BREAK SPACE}clip set to begin elsewhere;")


def test_what_is_told_of_a_clip_stands_beside_it() -> None:
    """The line about a choice, a moment or a rejection names the place that it is of; that of Undo is of all."""
    clips = samples.clips()
    view = views.footage(samples.script(), clips, others=offered_of("one"), thumbnails={})
    for slot, message in (
        (clips[1].id, {"others": clips[1].id}),
        (clips[0].id, {"reject": "one", "at": clips[0].id}),
        ("", {"undo": True}),
    ):
        view.heard(view.widget, message, [])
        assert view.widget.facts["at"] == slot


class Told:
    """Stands where a widget does: what is sent to the browser is kept."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.buffers: list[list[bytes]] = []

    def send(self, message: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        self.messages.append(message)
        self.buffers.append(list(buffers))


def silence() -> HeardMusic:
    return HeardMusic(np.zeros((48_000, 2), np.float32), np.zeros((48_000, 2), np.float32), 48_000)


def test_music_is_heard_looked_at_and_taken() -> None:
    """Each mood is offered in the brand's tempo; what is heard comes with its levels, and what is taken are the brand's fields of it."""
    asked: list[tuple[BrandMusic, int, bool]] = []
    taken: dict[str, Any] = {}

    def hear(music: BrandMusic, *, seed: int, alone: bool) -> HeardMusic:
        asked.append((music, seed, alone))
        half = np.zeros((48_000, 2), np.float32)
        half[24_000:] = 0.5
        return HeardMusic(half, np.zeros_like(half), 48_000)

    view, told = views.music(samples.brand(), hear, seed=7, take=taken.update), Told()
    offered = view.state()["takes"]
    assert [take["mood"] for take in offered] == ["warm", "calm", "bright", "driving", "curious", "dark"]
    assert {(take["tempo_bpm"], take["seed"]) for take in offered} == {(samples.brand().music.tempo_bpm, 7)}
    view.heard(told, {"hear": offered[5] | {"tempo_bpm": 70}, "alone": True}, [])
    assert asked == [(samples.brand().music.model_copy(update={"mood": "dark", "tempo_bpm": 70.0}), 7, True)]
    answer = told.messages[0]
    assert (answer["length"], answer["voice"][0], answer["music"][0], answer["music"][-1]) == (1.0, 0, 0, 89)
    assert told.buffers[0][0][4:8] == b"ftyp"
    view.heard(told, {"take": offered[5]}, [])
    assert taken == {"music.mood": "dark", "music.tempo_bpm": 92.0, "music.file": None, "music.under_voice_db": 19.0}


@pytest.mark.parametrize(
    ("wrong", "line"), [({"tempo_bpm": 500}, "tempo_bpm"), ({"tempo_bpm": None}, "tempo_bpm"), ({"seed": -1}, "reel -1")]
)
def test_music_that_cannot_be_is_told_of(wrong: dict[str, Any], line: str) -> None:
    """What is out of bounds is one line, and nothing is composed."""
    view = views.music(samples.brand(), lambda music, **_: pytest.fail("heard"))
    with pytest.raises(BrandError, match=line):
        view.heard(Told(), {"hear": view.state()["takes"][0] | wrong, "alone": False}, [])


def test_music_of_ones_own_is_the_first_take(tmp_path: Path) -> None:
    """A brand's music file is offered by its name, and no other file can be asked for."""
    (tmp_path / "jingle.mp3").write_bytes(b"a jingle")
    music = BrandMusic(file=tmp_path / "jingle.mp3")
    heard: list[BrandMusic] = []

    def hear(music: BrandMusic, **_: object) -> HeardMusic:
        heard.append(music)
        return silence()

    view = views.music(samples.brand().model_copy(update={"music": music}), hear)
    first = view.state()["takes"][0]
    assert (first["name"], len(view.takes)) == ("jingle.mp3", 7)
    assert "jingle.mp3" in Parsed(view.html).text
    view.heard(Told(), {"hear": first | {"file": "/etc/hosts"}, "alone": False}, [])
    assert heard == [music]


def test_every_edit_view_keeps_both_faces() -> None:
    """Headless, each leaves static HTML with our mark beside the widget's reference, and nothing that runs."""
    shown = [
        views.script(samples.script()),
        timing(Keeper()),
        views.footage(samples.script(), samples.clips(), thumbnails={}),
        views.findings(samples.findings()),
        views.voice("Hello there.", samples.brand().voice, lambda line, voice: samples.audio()),
        views.music(samples.brand(), lambda music, **_: silence()),
    ]
    for view in shown:
        bundle, metadata = view._repr_mimebundle_()
        assert metadata["reelkit"]["view"] == view.name
        assert "model_id" in bundle["application/vnd.jupyter.widget-view+json"]
        assert Parsed(bundle["text/html"]).scripted() == []
