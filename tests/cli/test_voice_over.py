"""`reelkit make --voice-over`: a reel in the user's own voice."""

import json

import pytest

from reelkit.runs.cache import FileCache
from tests.cli.conftest import Studio
from tests.services.voices import spoken, write_sound

SENTENCES = ["Cold brew takes time.", "Give it a night in the fridge."]


@pytest.fixture(scope="module")
def take(studio: Studio) -> str:
    """A recording of the script beside the command, not beside the brand file."""
    write_sound(studio.folder / "take.m4a", *spoken(SENTENCES, FileCache(studio.folder / "cache"), by="piper"))
    (studio.folder / "words.md").write_text(" ".join(SENTENCES))
    return "take.m4a"


def test_a_recording_is_the_reels_voice(studio: Studio, take: str) -> None:
    """The recording is found where the command is given; every word is where it was said, and the same again makes nothing."""
    asked = ["make", "--brand", "ada", "--script", "words.md", "--voice-over", take, "--no-notebook"]
    made = studio.asked(*asked)
    run = studio.folder / made["run_dir"]
    timeline = json.loads((run / "timeline.json").read_bytes())
    assert [word["text"] for cue in timeline["cues"] for word in cue["words"]] == " ".join(SENTENCES).split()
    assert timeline["estimated_words"] == 0
    told = json.loads((run / "run.json").read_bytes())
    assert told["job"]["overrides"] == {"voice.engine": "recorded", "voice.recording": str(studio.folder / take)}
    assert studio.asked(*asked)["reused"]


def test_a_recording_of_something_else_is_refused(studio: Studio, take: str) -> None:
    """A script that the recording does not say ends in one line with the place, before anything is rendered; a wrong path is wrong use."""
    (studio.folder / "other.md").write_text(f"{SENTENCES[0]} {SENTENCES[1]} Then pour it over ice and enjoy the summer.")
    asked = ["make", "--brand", "ada", "--voice-over", take, "--no-notebook", "--quiet"]
    ended = studio.run(*asked, "--script", "other.md")
    assert ended.returncode == 1
    assert "take.m4a (" in ended.stderr
    assert "does not say sentence 3 of the script after 'Give it a night in the fridge.'" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    wrong = studio.run("make", "--brand", "ada", "--script", "words.md", "--voice-over", "gone.wav")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "reelkit: --voice-over: there is no file gone.wav; give your recording as WAV, MP3 or M4A\n",
    )
