"""Where sentences of every kind are broken on screen: into cues, and into lines with the presets' own fonts."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest

from reelkit.media.breaks import belong_together
from reelkit.media.caption_layout import SHORT_SHARE, caption_sizes, lay_out
from reelkit.model import CaptionStyle, Cue, Word
from reelkit.steps.timing import group_words_into_sentences, split_cues
from tests.media.test_captions import PRESETS

SENTENCES = [line.split() for line in (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()]
"""Pieces of sentences; what ``~`` joins is a name, or a number with its unit."""
BALANCE = {"box": 0.66, "classic": 0.78, "glow": 0.67, "gradient": 0.69, "karaoke": 0.67, "marker": 0.68, "typewriter": 0.72}
"""How long the shorter of two lines is on average, as a share of the longer one, at least."""


def cues_of(sentence: list[str], style: CaptionStyle) -> list[Cue]:
    texts = " ".join(sentence).replace("~", " ").split()
    words = [Word(text=text, start=n * 300, end=n * 300 + 280, rate_hz=1000, timed_by="durations") for n, text in enumerate(texts)]
    return split_cues(group_words_into_sentences(words), style)


def lines_of(texts: list[str], style: CaptionStyle) -> list[tuple[list[str], float]]:
    """The lines of a cue, each with its width in px."""
    placed = lay_out(texts, style, caption_sizes(style, 1080, 1920)).words
    lines = [[word for word in placed if word.line == number] for number in range(placed[-1].line + 1)]
    return [([texts[word.index] for word in line], max(word.ink[2] for word in line) - min(word.ink[0] for word in line)) for line in lines]


def flawed(texts: list[str], cut: int) -> bool:
    """Whether a break of a cue into two lines parts what belongs together or leaves a short word alone."""
    lengths = [len(" ".join(texts[:cut])), len(" ".join(texts[cut:]))]
    return belong_together(texts, cut) or (cut in (1, len(texts) - 1) and min(lengths) < 0.45 * max(lengths))


@pytest.mark.parametrize("name", sorted(set(BALANCE) - {"gradient"}))  # whose wide capitals hold little more than a word a line
def test_names_and_quantities_stay_whole(name: str) -> None:
    """No cue and no line ends within a name or between a number and its unit, but within one that no line could hold."""
    style = PRESETS[name]
    for sentence in SENTENCES:
        shown = " | ".join(
            " | ".join(" ".join(line) for line, _ in lines_of([word.text for word in cue.words], style)) for cue in cues_of(sentence, style)
        )
        for whole in (piece.replace("~", " ") for piece in sentence if "~" in piece):
            fits = len(whole) <= style.max_chars_per_line and len(whole.split()) <= style.max_words
            held = lay_out(whole.split(), style, caption_sizes(style, 1080, 1920))
            if held.words[-1].line == 0 and held.size_px > 0.95 * style.size_px and fits:
                assert whole in shown, f"'{whole}' is parted in: {shown}"


@pytest.mark.parametrize("name", sorted(BALANCE))
def test_lines_are_even_and_leave_no_short_word_alone(name: str) -> None:
    """The last line of three words or more is no lone short word where other lines would do, and lines are as even as they were."""
    style, shares = PRESETS[name], list[float]()
    for sentence in SENTENCES:
        for cue in cues_of(sentence, style):
            lines = lines_of([word.text for word in cue.words], style)
            if len(lines) < 2:
                continue
            widths = [width for _, width in lines]
            shares.append(min(widths) / max(widths))
            if len(lines[-1][0]) == 1 and widths[-1] < SHORT_SHARE * max(widths):
                assert all(flawed([word.text for word in cue.words], cut) for cut in range(1, len(cue.words))), cue.text
    assert mean(shares) >= BALANCE[name], mean(shares)
