import re

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


def test_phrases_go_on_without_spaces() -> None:
    """What is written without spaces is so in every text beside the reel."""
    plan = a_timeline(Fps(num=30), ("今日は 天気です。", 30, 70))
    first, second = plan.cues[0].words
    cue = plan.cues[0].model_copy(update={"words": (first, second.model_copy(update={"joined": True}))})
    plan = plan.model_copy(update={"cues": (cue,)})
    assert "\n今日は天気です。\n" in srt(plan)
    assert "\n今日は<00:00:01.667>天気です。\n" in vtt(plan)
    assert re.search(r"今日は\{[^}]*\}天気です。", ass(plan))
    assert Timeline.model_validate_json(plan.model_dump_json()) == plan


def test_credits_name_each_clip_once() -> None:
    """A clip shown twice is credited once, in order of its first showing."""
    lines = credits_text(a_timeline(Fps(num=30))).splitlines()
    assert lines[2:] == ["beans: A. Lee, CC0, https://example.com/1", "cup: A. Lee, CC0, https://example.com/1"]
