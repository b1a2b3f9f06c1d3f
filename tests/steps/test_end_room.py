"""Room at the end: card and captions never touch, whatever they say and whatever the frame's shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.media.captions import CaptionPainter
from reelkit.media.overlays import OverlayPainter
from reelkit.model import CaptionCue, CaptionStyle, EndCard, Fps, Palette, SafeZone, Timeline
from reelkit.steps.end_room import make_room_for_end_card
from tests.media.test_captions import PRESETS, cue
from tests.media.test_overlays import MARK
from tests.media.test_sidecars import a_timeline

PALETTE = Palette(background="#16120E", surface="#33261B", primary="#C8742B", accent="#F2B441", text="#FFF4E4")
SHAPES = [(1080, 1920), (1080, 1080), (1080, 1350), (1920, 1080), (540, 960)]
LONG = "Brew it fresh, every single morning of the year, and share it with your friends"


def plan(
    *cues: CaptionCue,
    size_px: tuple[int, int] = (1080, 1920),
    style: CaptionStyle = PRESETS["karaoke"],
    logo: Path | None = None,
    zone: SafeZone | None = None,
    **card: str,
) -> Timeline:
    end = EndCard(start=60, end=200, font="Poppins", palette=PALETTE, logo_path=logo, **({"title": "Bye", "subtitle": "a.example"} | card))
    changes = {"width_px": size_px[0], "height_px": size_px[1], "cues": cues, "caption_style": style, "overlays": (end,)}
    changes |= {"safe_zone": zone} if zone else {}
    return make_room_for_end_card(a_timeline(Fps(num=30)).model_copy(update=changes))


def boxes(timeline: Timeline) -> tuple[tuple[int, int, int, int], list[tuple[int, int, int, int]]]:
    size = {"width_px": timeline.width_px, "height_px": timeline.height_px, "fps": timeline.fps}
    captions = CaptionPainter(timeline.caption_style, timeline.cues, **size)
    return OverlayPainter(timeline.overlays, **size).boxes()[0][1], [captions.box(index) for index in range(len(timeline.cues))]


@settings(max_examples=40, deadline=None)
@given(
    size=st.sampled_from(SHAPES),
    name=st.sampled_from(sorted(PRESETS)),
    title=st.sampled_from(["Bye", LONG, "W" * 60]),
    subtitle=st.sampled_from(["", "a.example", LONG]),
    text=st.sampled_from(["Go", "Follow along and taste", "gypsy jog 🚀"]),
)
def test_card_and_captions_never_touch(size: tuple[int, int], name: str, title: str, subtitle: str, text: str) -> None:
    """Whatever they say, the card's things and the captions under it stand apart, all in the safe zone."""
    timeline = plan(cue(text, start=70), size_px=size, style=PRESETS[name], title=title, subtitle=subtitle)
    card, (caption,) = boxes(timeline)
    assert caption[1] >= card[3] or caption[3] <= card[1]
    zone, height = SafeZone(), size[1] / 1920
    assert min(card[1], caption[1]) >= zone.top_px * height - 2 and max(card[3], caption[3]) <= (1920 - zone.bottom_px) * height + 2


def test_captions_keep_their_place_where_the_card_fits_above_them() -> None:
    """An upright reel's captions do not move for its card, whose things stay where they would be without captions."""
    style = PRESETS["karaoke"]
    timeline = plan(cue("before", start=5), cue("Follow along", start=70), style=style)
    assert [each.up_px for each in timeline.cues] == [0, 0]
    assert boxes(timeline)[0] == boxes(plan())[0]


def test_captions_move_up_together_where_the_card_needs_their_place(tmp_path: Path) -> None:
    """In a square reel the cues under the card go up by the same way, onto one baseline; the cue before it stays."""
    logo = tmp_path / "logo.svg"
    logo.write_text(MARK)
    timeline = plan(
        *(cue("before", start=5), cue("Follow along", start=70), cue("Your morning coffee loses", start=120)),
        **{"size_px": (1080, 1080), "logo": logo},
    )
    before, *under = timeline.cues
    assert before.up_px == 0 and under[0].up_px == under[1].up_px > 300
    _, (first, *others) = boxes(timeline)
    assert first[1] > max(box[3] for box in others) and abs(others[0][3] - others[1][3]) <= 30
    assert Timeline.model_validate_json(timeline.model_dump_json()) == timeline


def test_a_moved_caption_is_the_same_picture_higher_up() -> None:
    """Moving a cue changes nothing of how it is drawn: sprites, words and the mask of its letters are all so much higher."""
    still = cue("Same again", start=10)
    moved = still.model_copy(update={"up_px": 400})
    one, other = (CaptionPainter(PRESETS["box"], [each], width_px=1080, height_px=1920, fps=Fps(num=30)) for each in (still, moved))
    for frame in (10, 12, 20, 27):
        pairs = list(zip(one.sprites(frame), other.sprites(frame), strict=True))
        assert pairs and all((a.x, a.y - 400, a.luma.tobytes()) == (b.x, b.y, b.luma.tobytes()) for a, b in pairs)
        (mask, x, y), (again, x2, y2) = one.fill_mask(frame), other.fill_mask(frame)
        assert (mask == again).all() and (x, y - 400) == (x2, y2)
    assert [word.box[1] - 400 for word in one.words_on(20)] == pytest.approx([word.box[1] for word in other.words_on(20)])


@pytest.mark.parametrize("size", SHAPES)
def test_card_and_captions_keep_the_brands_own_safe_zone(size: tuple[int, int], tmp_path: Path) -> None:
    """Where a brand's own zone begins lower and ends higher than the usual one, logo, texts and captions moved up keep to it."""
    logo = tmp_path / "logo.svg"
    logo.write_text(MARK)
    zone, share = SafeZone(top_px=340, bottom_px=600), size[1] / 1920
    style = PRESETS["karaoke"].model_copy(update={"bottom_px": 1320})
    for cues in ((), (cue("Follow along", start=70),)):
        card, captions = boxes(plan(*cues, size_px=size, style=style, logo=logo, zone=zone, title=LONG, subtitle=LONG))
        assert min(card[1], *(box[1] for box in captions), size[1]) >= 340 * share
        assert card[3] <= (1920 - 600) * share + 2


def test_making_room_again_for_another_style_is_as_at_first(tmp_path: Path) -> None:
    """What was moved up before is placed as if it had not been: as before with the same style, where another needs it with that."""
    logo = tmp_path / "logo.svg"
    logo.write_text(MARK)
    said = cue("before", start=5), cue("Follow along", start=70)
    first = plan(*said, size_px=(1080, 1080), logo=logo)
    assert first.cues[1].up_px and make_room_for_end_card(first) == first
    thick = first.caption_style.model_copy(update={"outline_px": 14})
    again = make_room_for_end_card(first.model_copy(update={"caption_style": thick}))
    assert again == plan(*said, size_px=(1080, 1080), logo=logo, style=thick) and again.cues[1].up_px < first.cues[1].up_px


def test_a_card_alone_may_use_the_captions_place(tmp_path: Path) -> None:
    """Where nobody speaks under it, a card with much to say reaches down to the safe zone's edge and keeps its logo large."""
    logo = tmp_path / "logo.svg"
    logo.write_text(MARK)
    alone = plan(size_px=(1080, 1080), title=LONG, subtitle=LONG, logo=logo)
    assert alone.overlays[0].bottom_px == 827
    assert plan(size_px=(1080, 1920), logo=logo).overlays[0].bottom_px == 1150
