"""Emoji: coloured pictures among the letters, of the letters' size, the same in every state."""

from __future__ import annotations

import numpy as np
import pytest

from reelkit.media.caption_layout import caption_sizes, lay_out
from reelkit.media.emoji import emoji_font, paint_glyph, shown_as_emoji
from reelkit.media.fonts import find_font, font_for
from reelkit.media.planes import planes_to_rgb
from reelkit.media.text import Lettering, shape_line
from tests.media.test_captions import PRESETS, cue, drawn, painter

FACE = find_font("Montserrat", 800)


def colourful(rgb: np.ndarray) -> int:
    """How many pixels are far from grey and from the ground."""
    spread = rgb.max(axis=-1).astype(int) - rgb.min(axis=-1)
    return int((spread > 90).sum())


@pytest.mark.parametrize("text", ["🚀", "👩‍🚀", "👩🏽‍🚀", "👍🏿", "🇫🇷", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "❤️", "1️⃣", "👨‍👩‍👧‍👦", "🧑🏻‍🤝‍🧑🏿"])
def test_joined_emoji_are_one_picture(text: str) -> None:
    """People joined, skin tones, flags, keycaps: each is shaped into one glyph with ink, from the coloured font."""
    glyphs = shape_line([text], Lettering(FACE, 80)).words[0].glyphs
    assert {glyph.face.path for glyph in glyphs} == {emoji_font()}
    pictures = [picture for glyph in glyphs if (picture := paint_glyph(glyph.face.path, glyph.id, 80 * 64))]
    assert len(pictures) == 1 and len(np.unique(pictures[0].rgba.reshape(-1, 4), axis=0)) > 30


@pytest.mark.parametrize(("cluster", "emoji"), [("☕", True), ("❤", False), ("❤️", True), ("☕︎", False), ("©", False), ("7", False)])
def test_signs_that_are_text_stay_text(cluster: str, emoji: bool) -> None:
    """A character is a picture where Unicode or a variation selector says so; else the style's own font draws it where it can."""
    font = font_for(cluster, FACE)
    assert shown_as_emoji(cluster) == emoji
    assert font is not None and (font.path == emoji_font()) == emoji


@pytest.mark.parametrize("name", PRESETS)
def test_emoji_keep_their_colours_in_every_preset(name: str) -> None:
    """A rocket's reds and blues stand on the frame in every preset, whatever the colours of its words."""
    captions = painter(PRESETS[name].model_copy(update={"active_box_colour": None, "shadow_px": 0}), cue("go 🚀"))
    red = planes_to_rgb(drawn(captions, 24, "#808080")).astype(int)
    assert ((red[..., 0] > 150) & (red[..., 1] < 70) & (red[..., 2] < 70)).sum() > 200


def test_emoji_to_come_are_as_faint_as_words_to_come() -> None:
    """Before it is said an emoji is fainter, as its neighbours are, and it is whole while it is said."""
    captions = painter(
        PRESETS["karaoke"].model_copy(update={"upcoming_opacity": 0.3, "shadow_px": 0, "active_colour": "#FFFFFF"}), cue("go 🚀")
    )
    before, now = (colourful(planes_to_rgb(drawn(captions, frame, "#808080"))) for frame in (16, 22))
    assert before < 0.5 * now


def test_emoji_do_not_count_as_letters() -> None:
    """The mask by which letters are measured leaves emoji out; a cue of emoji alone has none, and is drawn."""
    alone = painter(PRESETS["karaoke"], cue("🚀 🔥"))
    assert alone.fill_mask(20) is None and alone.sprites(20) and [word.text for word in alone.words_on(20)] == ["🚀", "🔥"]
    mixed, plain = (painter(PRESETS["karaoke"], cue(text)) for text in ("go 🚀", "go"))
    masks = [captions.fill_mask(16) for captions in (mixed, plain)]
    assert masks[0] and masks[1] and masks[0][0].sum() == pytest.approx(masks[1][0].sum(), rel=0.05)


@pytest.mark.parametrize("name", PRESETS)
def test_captions_hold_still_where_emoji_come(name: str) -> None:
    """A line with an emoji stands on the same baseline as one without."""
    sizes = caption_sizes(PRESETS[name], 1080, 1920)
    lasts = {max(word.y for word in lay_out(text.split(), PRESETS[name], sizes).words) for text in ("Go on", "Go 🚀", "🇫🇷")}
    assert lasts == {sizes.baseline_px}


def test_painting_is_the_same_every_time() -> None:
    """The same glyph at the same size is the same bytes, drawn anew."""
    path = emoji_font()
    assert path is not None
    glyph = shape_line(["🔥"], Lettering(FACE, 80)).words[0].glyphs[0].id
    first, again = paint_glyph(path, glyph, 5120), paint_glyph.__wrapped__(path, glyph, 5120)
    assert first and again and first.rgba.tobytes() == again.rgba.tobytes()
    assert (first.rgba[..., :3] <= first.rgba[..., 3:]).all()
