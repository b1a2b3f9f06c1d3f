import re
import subprocess
from pathlib import Path

import imageio_ffmpeg

from reelkit.media.ass import ass
from reelkit.media.sidecars import credits_text, srt, vtt
from reelkit.model import CaptionCue, CaptionWord, Clip, Credit, Fps, Shot, Timeline


def a_timeline(fps: Fps, *cues: tuple[str, int, int]) -> Timeline:
    def clip(name: str) -> Clip:
        credit = Credit(author="A. Lee", licence="CC0", page_url="https://example.com/1")
        return Clip(id=name, library="folder", path="x.jpg", sha256="0" * 64, kind="image", width_px=10, height_px=10, credit=credit)

    def cue(text: str, start: int, end: int) -> CaptionCue:
        words = text.split()
        step = (end - start) // len(words)
        spoken = [CaptionWord(text=word, start=start + n * step, end=start + (n + 1) * step) for n, word in enumerate(words)]
        return CaptionCue(words=tuple(spoken), start=start, end=end)

    shots = tuple(Shot(clip=clip(name), start=n * 100, end=(n + 1) * 100) for n, name in enumerate(["beans", "cup", "beans"]))
    found = tuple(cue(*each) for each in cues)
    return Timeline(brand="northwind", topic="Cold brew", fps=fps, frame_count=300, background="#000000", shots=shots, cues=found)


def test_srt_numbers_and_times_its_cues() -> None:
    """Cues are numbered from 1 and timed to the millisecond at the reel's exact rate."""
    text = srt(a_timeline(Fps(num=30000, den=1001), ("Cold brew", 0, 30), ("takes time", 30, 90)))
    assert text == "1\n00:00:00,000 --> 00:00:01,001\nCold brew\n\n2\n00:00:01,001 --> 00:00:03,003\ntakes time\n"


def test_vtt_times_its_words_and_escapes_them() -> None:
    """Word times lie inside their cue and rise; markup in a word shows as text."""
    text = vtt(a_timeline(Fps(num=30), ("a <b> & c", 30, 70)))
    assert text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.333\na <00:00:01.333>&lt;b&gt; <00:00:01.667>&amp; <00:00:02.000>c\n"
    assert re.findall(r"<(?!\d\d:)", text) == []


def test_vtt_gives_no_time_twice() -> None:
    """Words that begin in the same frame, or out of turn, have one time: timestamps must rise."""
    plan = a_timeline(Fps(num=24000, den=1001), ("a b c d e", 30, 70))
    starts = (30, 30, 40, 40, 39)
    words = tuple(word.model_copy(update={"start": start}) for word, start in zip(plan.cues[0].words, starts, strict=True))
    plan = plan.model_copy(update={"cues": (plan.cues[0].model_copy(update={"words": words}),)})
    assert vtt(plan).endswith("\na b <00:00:01.668>c d e\n")


def test_srt_shows_what_looks_like_a_tag(tmp_path: Path) -> None:
    """A player shows markup in a word as text: nothing is set bold, moved or left out, and no cue is lost."""
    said = ("<b>bold</b>", "a <3 > b", "{\\an8} top", "00:00:01,000 --> 00:00:02,000", "R&D", "1998")
    plan = a_timeline(Fps(num=30), *((text, 30 * at, 30 * at + 30) for at, text in enumerate(said)))
    (tmp_path / "captions.srt").write_text(srt(plan), encoding="utf-8")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "captions.srt", "-f", "ass", "-"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, encoding="utf-8")
    shown = [line.split(",", 9)[9] for line in done.stdout.splitlines() if line.startswith("Dialogue")]
    assert [text.replace("\u2060", "").rstrip() for text in shown] == list(said)
    assert not any(re.search(r"\{\\", text) for text in shown)


def test_hints_where_a_word_may_be_broken_are_in_no_subtitles() -> None:
    """Soft hyphens and spaces without width, which some players show, are left out."""
    plan = a_timeline(Fps(num=30), ("Tee\u00adkanne กาแฟ\u200bร้อน", 0, 30))
    assert "\nTeekanne กาแฟร้อน\n" in srt(plan)
    assert vtt(plan).endswith("\nTeekanne <00:00:00.500>กาแฟร้อน\n")


def test_a_right_to_left_cue_that_begins_with_a_name_says_so() -> None:
    """Players go by a cue's first letter: one that the reel reads from the right is marked where that says otherwise, and no other is."""
    plan = a_timeline(
        Fps(num=30), ("Northwind قهوة عربية", 0, 30), ("قهوة Northwind", 30, 60), ("New York", 60, 80), ("قهوة عربية", 80, 99)
    )
    texts = [block.split("\n")[-1] for block in srt(plan).strip().split("\n\n")]
    assert [text.startswith("\u200f") for text in texts] == [True, False, False, False]
    assert vtt(plan).count("\u200f") == 1 and "\n\u200fNorthwind" in vtt(plan)
    latin = a_timeline(Fps(num=30), ("Northwind means قهوة here", 0, 30))
    assert "\u200f" not in srt(latin) + vtt(latin)


def test_phrases_go_on_without_spaces() -> None:
    """What is written without spaces is so in every text beside the reel."""
    for said in (("今日は", "天気です。"), ("Cold", "brew")):
        plan = a_timeline(Fps(num=30), (" ".join(said), 30, 70))
        first, second = plan.cues[0].words
        cue = plan.cues[0].model_copy(update={"words": (first, second.model_copy(update={"joined": True}))})
        plan = plan.model_copy(update={"cues": (cue,)})
        assert f"\n{''.join(said)}\n" in srt(plan)
        assert f"\n{said[0]}<00:00:01.667>{said[1]}\n" in vtt(plan)
        told = "".join(line.split(",", 9)[9] for line in ass(plan).splitlines() if line.startswith("Dialogue"))
        assert re.sub(r"\{[^}]*\}", "", told) == "".join(said)
        assert Timeline.model_validate_json(plan.model_dump_json()) == plan


def test_credits_name_each_clip_once() -> None:
    """A clip shown twice is credited once, in order of its first showing."""
    lines = credits_text(a_timeline(Fps(num=30))).splitlines()
    assert lines[2:] == ["beans: A. Lee, CC0, https://example.com/1", "cup: A. Lee, CC0, https://example.com/1"]
