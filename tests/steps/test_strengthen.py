"""Strengthening: captions that the pictures drown are made clear, no more than needed, and clear ones are left alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reelkit.media.caption_layout import caption_sizes
from reelkit.media.captions import CaptionPainter
from reelkit.media.colours import LEAST_CONTRAST
from reelkit.media.compositor import Compositor
from reelkit.media.legibility import LEAST_LOGO_CONTRAST, mark_contrast, text_contrast, text_stands
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes
from reelkit.model import (
    CaptionCue,
    CaptionStyle,
    CaptionWord,
    Clip,
    Credit,
    EndCard,
    Fps,
    LogoOverlay,
    Palette,
    StyleChange,
    Timeline,
    Transition,
)
from reelkit.steps.clear_logo import clear_logo, logo_frames
from reelkit.steps.end_room import make_room_for_end_card
from reelkit.steps.judge_captions import judge_caption_style
from reelkit.steps.strengthen import _strengthened, _unclear_cues, frames_looked_at, strengthen_captions
from tests.media.test_captions import PRESETS
from tests.media.test_overlays import MARK
from tests.media.timelines import small_timeline

BARE = CaptionStyle(mode="classic", outline_px=0, shadow_px=0, size_px=110, pop_s=0.0, colour="#FFFFFF")


def styled(folder: Path, style: CaptionStyle) -> Timeline:
    """A reel whose third shot is a light grey."""
    return small_timeline(folder, frames=(40, 40, 60)).model_copy(update={"caption_style": style})


def clearest(timeline: Timeline) -> list[float]:
    """The contrast of each cue on each frame that is looked at, as composed."""
    painter = CaptionPainter(
        timeline.caption_style, timeline.cues, width_px=timeline.width_px, height_px=timeline.height_px, fps=timeline.fps
    )
    ratios = []
    with Compositor(timeline) as compositor:
        for frame in (frame for cue in timeline.cues for frame in frames_looked_at(cue)):
            mask = painter.fill_mask(frame)
            assert mask is not None
            found = text_contrast(compositor.frame_at(frame), *mask)
            assert found is not None
            ratios.append(found.low)
    return ratios


UNCLEAR = {
    "no remedy of its own": (BARE, {"outline_px"}),
    "a faint box": (BARE.model_copy(update={"box_colour": "#000000", "box_opacity": 0.1}), {"box_opacity"}),
    "a grey outline": (BARE.model_copy(update={"outline_px": 12, "outline_colour": "#909090"}), {"outline_colour"}),
    "words to come hidden": (BARE.model_copy(update={"mode": "karaoke", "upcoming_opacity": 0.0}), {"outline_px"}),
    "faint words to come": (BARE.model_copy(update={"mode": "karaoke", "outline_px": 12, "upcoming_opacity": 0.3}), {"upcoming_opacity"}),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_unclear_captions_are_strengthened_until_they_hold(name: str, tmp_path: Path) -> None:
    """The remedy that the style uses is the one that grows, every cue is clear afterwards, and the timeline says what was changed."""
    style, fields = UNCLEAR[name]
    plan = styled(tmp_path, style)
    assert min(clearest(plan)) < LEAST_CONTRAST
    stronger = strengthen_captions(plan)
    assert min(clearest(stronger)) >= LEAST_CONTRAST
    assert {change.field for change in stronger.strengthened} == fields
    assert all(getattr(stronger.caption_style, each.field) != getattr(style, each.field) for each in stronger.strengthened)
    assert stronger.model_copy(update={"caption_style": style, "strengthened": ()}) == plan
    assert Timeline.model_validate_json(stronger.model_dump_json()) == stronger


def on_white(folder: Path, style: CaptionStyle, size: tuple[int, int] = (360, 640)) -> Timeline:
    """A still, near-white reel with a cue of three words."""
    folder.mkdir(exist_ok=True)
    path = folder / "white.png"
    Image.new("RGB", size, (250, 250, 250)).save(path)
    facts = {"width_px": size[0], "height_px": size[1], "credit": Credit(author="a", licence="own")}
    still = Clip(id="white", library="folder", path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), kind="image", **facts)
    plan = small_timeline(folder, frames=(60, 60))
    shot = plan.shots[0].model_copy(update={"clip": still, "start": 0, "end": 60, "transition": Transition()})
    words = tuple(CaptionWord(text=text, start=15 * at, end=15 * at + 15) for at, text in enumerate(("The", "pug", "sits")))
    return plan.model_copy(
        update={
            **{"shots": (shot,), "cues": (CaptionCue(words=words, start=0, end=60),), "caption_style": style, "frame_count": 60},
            **{"width_px": size[0], "height_px": size[1], "audio": ()},
        }
    )


def test_what_was_strengthened_before_is_still_told(tmp_path: Path) -> None:
    """A reel in another shape is strengthened further: each change is told from the brand's own style on."""
    once = styled(tmp_path, BARE.model_copy(update={"outline_px": 1})).model_copy(
        update={
            "strengthened": (StyleChange(field="outline_px", was="0", now="1"), StyleChange(field="colour", was="#EEEEEE", now="#FFFFFF"))
        }
    )
    told = {change.field: (change.was, change.now) for change in strengthen_captions(once).strengthened}
    assert told["colour"] == ("#EEEEEE", "#FFFFFF")
    assert told["outline_px"][0] == "0" and int(told["outline_px"][1]) > 1


def test_letters_in_a_box_go_apart_from_it_instead_of_all_being_outlined(tmp_path: Path) -> None:
    """Pale words already spoken on white paper grow darker; those to come stay as they are, and no outline drowns them."""
    plan = on_white(tmp_path, PRESETS["marker"].model_copy(update={"colour": "#FFF0A0"}), (1080, 1920))
    stronger = strengthen_captions(plan)
    assert {change.field for change in stronger.strengthened} == {"colour"}
    assert min(clearest(plan)) < 1.5 and min(clearest(stronger)) >= LEAST_CONTRAST


def test_an_outline_that_drowns_words_to_come_is_not_left_so(tmp_path: Path) -> None:
    """Dark words to come, clear on white themselves, stay clear when pale spoken ones get a dark outline."""
    mixed = BARE.model_copy(update={"mode": "karaoke", "upcoming_colour": "#202020", "upcoming_opacity": 1.0})
    stronger = strengthen_captions(on_white(tmp_path, mixed))
    assert min(clearest(stronger)) >= LEAST_CONTRAST


def test_where_nothing_helps_the_best_stays_and_no_more_is_changed(tmp_path: Path) -> None:
    """Without a remedy that makes all clear, the one that brings the least clear furthest stays, and only what helps of it."""
    style = BARE.model_copy(update={"outline_px": 1, "outline_colour": "#D0D0D0"})
    plan = on_white(tmp_path, style)
    greys = [{"outline_px": 12, "outline_colour": grey, "shadow_opacity": 0.9} for grey in ("#FFFFFF", "#A0A0A0", "#E0E0E0")]
    best = _strengthened(plan, _unclear_cues(plan), [style.model_copy(update=grey) for grey in greys])
    assert best == style.model_copy(update={"outline_px": 12, "outline_colour": "#A0A0A0"})


@pytest.mark.parametrize("size", [(360, 640), (540, 960), (1080, 1920)])
def test_strengthened_words_stand_as_the_check_will_look_for_them(size: tuple[int, int], tmp_path: Path) -> None:
    """White words on white get an outline that sets them off at any size of the frame, not only a contrast by its thin edge."""
    bare = PRESETS["one_word"].model_copy(update={"outline_px": 0, "shadow_px": 0})
    plan = on_white(tmp_path, bare, size)
    stronger = strengthen_captions(plan)
    painter = CaptionPainter(stronger.caption_style, stronger.cues, width_px=size[0], height_px=size[1], fps=plan.fps)
    with Compositor(stronger) as compositor:
        for frame in frames_looked_at(stronger.cues[0]):
            mask = painter.fill_mask(frame)
            assert mask is not None and text_stands(compositor.frame_at(frame), *mask)


def test_a_picture_that_turns_light_under_a_cue_counts(tmp_path: Path) -> None:
    """A cue that is clear in its middle and unclear after a cut is strengthened too."""
    plan = styled(tmp_path, BARE)
    across = CaptionCue(words=(CaptionWord(text="across", start=20, end=90),), start=20, end=100)
    plan = plan.model_copy(update={"cues": (across,)})
    ratios = clearest(plan)
    assert ratios[1] >= LEAST_CONTRAST > ratios[2]
    assert min(clearest(strengthen_captions(plan))) >= LEAST_CONTRAST


def test_strengthening_is_the_same_every_time_and_ends(tmp_path: Path) -> None:
    """The same reel gets the same style, and one that was strengthened needs no more."""
    plan = styled(tmp_path, BARE)
    stronger = strengthen_captions(plan)
    assert strengthen_captions(plan) == stronger
    assert strengthen_captions(stronger) == stronger


def test_a_remedy_goes_no_further_than_it_must(tmp_path: Path) -> None:
    """A weaker value of what was changed would not have held."""
    stronger = strengthen_captions(styled(tmp_path, BARE.model_copy(update={"box_colour": "#000000", "box_opacity": 0.1})))
    box = stronger.caption_style.box_opacity
    weaker = stronger.model_copy(update={"caption_style": stronger.caption_style.model_copy(update={"box_opacity": box - 0.1})})
    assert 0.1 < box < 1.0 and min(clearest(weaker)) < 4.8


def test_clear_captions_are_left_alone(tmp_path: Path) -> None:
    """A style whose outline hides the picture is kept, and no clip is opened for it."""
    plan = styled(tmp_path, CaptionStyle(outline_px=16, upcoming_opacity=1.0, size_px=110))
    shots = tuple(shot.model_copy(update={"clip": shot.clip.model_copy(update={"path": tmp_path / "gone.mp4"})}) for shot in plan.shots)
    unopened = plan.model_copy(update={"shots": shots})
    assert strengthen_captions(unopened) is unopened
    bare = plan.model_copy(update={"cues": (), "shots": shots})
    assert strengthen_captions(bare) is bare


@settings(max_examples=25, deadline=None)
@given(grey=st.integers(0, 255), opacity=st.floats(0.5, 1.0), style=st.sampled_from(["classic", "karaoke", "typewriter"]))
def test_what_is_clear_on_black_and_white_is_clear_between(grey: int, opacity: float, style: str) -> None:
    """Captions in a box that hold on both ends of the scale hold on every grey, so that no picture is decoded for them."""
    boxed = CaptionStyle(mode=style, outline_px=0, shadow_px=0, box_colour="#101418", box_opacity=opacity, pop_s=0.0)
    words = tuple(CaptionWord(text=text, start=4 * index, end=4 * index + 4) for index, text in enumerate(("clear", "on", "grey")))
    painter = CaptionPainter(boxed, [CaptionCue(words=words, start=0, end=12)], width_px=360, height_px=640, fps=Fps(num=30))

    def contrast(level: int) -> float:
        planes = Planes.filled(360, 640, f"#{level:02X}{level:02X}{level:02X}")
        for sprite in painter.sprites(6):
            sprite.blend(planes)
        mask = painter.fill_mask(6)
        assert mask is not None
        found = text_contrast(planes, *mask)
        assert found is not None
        return found.low

    assert contrast(grey) >= min(contrast(0), contrast(255)) * 0.95


@pytest.mark.parametrize("size", [(1080, 1080), (1920, 1080)])
def test_captions_moved_up_over_an_end_card_stay_in_the_safe_zone(size: tuple[int, int], tmp_path: Path) -> None:
    """An outline that grows on white lets captions at the zone's upper edge sink by as much, and the card gives way."""
    logo = tmp_path / "logo.svg"
    logo.write_text(MARK)
    palette = Palette(background="#16120E", surface="#33261B", primary="#C8742B", accent="#F2B441", text="#FFF4E4")
    card = EndCard(start=50, end=60, title="Brew it fresh", subtitle="a.example", font="Poppins", palette=palette, logo_path=logo)
    plan = make_room_for_end_card(on_white(tmp_path, BARE, size).model_copy(update={"overlays": (card,)}))
    stronger = strengthen_captions(plan)
    assert stronger.cues[0].up_px and stronger.caption_style.outline_px > BARE.outline_px
    painter = CaptionPainter(stronger.caption_style, stronger.cues, width_px=size[0], height_px=size[1], fps=plan.fps)
    placed = next(iter(judge_caption_style(stronger, painter)))
    assert (placed.name, placed.holds) == ("captions-safe-zone", True), placed
    assert OverlayPainter(stronger.overlays, width_px=size[0], height_px=size[1], fps=plan.fps).boxes()[0][1][1] >= painter.box(0)[3]


def test_strengthened_captions_keep_their_place(tmp_path: Path) -> None:
    """A thicker outline moves the letters inwards, so that captions still end where the style says."""
    plan = styled(tmp_path, BARE)
    stronger = strengthen_captions(plan)
    for timeline in (plan, stronger):
        sizes = caption_sizes(timeline.caption_style, timeline.width_px, timeline.height_px)
        painter = CaptionPainter(timeline.caption_style, timeline.cues, width_px=180, height_px=320, fps=timeline.fps)
        assert all(painter.box(index)[3] <= sizes.bottom_px for index in range(len(timeline.cues)))


def with_logo(folder: Path, inside: str) -> Timeline:
    """A reel of a dark shot and two lighter ones with a logo."""
    plan = small_timeline(folder, frames=(40, 40, 60))
    path = folder / "own.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">{inside}</svg>')
    logo = LogoOverlay(path=path, sha256="", start=0, end=140, x_px=20, y_px=40, width_px=80, height_px=80, plate_colour="#FFF4E4")
    return plan.model_copy(update={"overlays": (logo,), "cues": ()})


def logo_contrast(timeline: Timeline) -> float:
    """The least contrast of the logo on the frames looked at, as composed."""
    (logo,) = timeline.overlays
    assert isinstance(logo, LogoOverlay)
    (mark,) = OverlayPainter((logo,), width_px=timeline.width_px, height_px=timeline.height_px, fps=timeline.fps).marks(0)
    with Compositor(timeline) as compositor:
        ratios = [mark_contrast(compositor.frame_at(frame), *mark[2:]) for frame in logo_frames(timeline, logo)]
    return min(ratio for ratio in ratios if ratio is not None)


@pytest.mark.parametrize("colour", ["#101010", "#3A3A3A"])
def test_a_logo_that_drowns_gets_a_plate(colour: str, tmp_path: Path) -> None:
    """A dark logo on pictures as dark is unclear; on its plate it is clear on all of them, and stays so in the timeline as it is kept."""
    plan = with_logo(tmp_path, f'<path fill="{colour}" d="M4 4h10v12h-10zM20 4h14v4h-14z"/>')
    assert logo_contrast(plan) < LEAST_LOGO_CONTRAST
    cleared = strengthen_captions(plan)
    assert [overlay.plated for overlay in cleared.overlays if isinstance(overlay, LogoOverlay)] == [True]
    assert logo_contrast(cleared) >= LEAST_LOGO_CONTRAST
    assert Timeline.model_validate_json(cleared.model_dump_json()) == cleared
    assert clear_logo(cleared) is cleared


def test_a_logo_with_a_ground_of_its_own_is_left_and_opens_no_clip(tmp_path: Path) -> None:
    """White letters on a dark badge are clear on anything: nothing changes, and no picture is decoded."""
    plan = with_logo(tmp_path, '<rect width="40" height="20" fill="#101010"/><path fill="#FFF" d="M4 4h10v12h-10zM20 4h14v4h-14z"/>')
    gone = [shot.model_copy(update={"clip": shot.clip.model_copy(update={"path": tmp_path / "gone.mp4"})}) for shot in plan.shots]
    unopened = plan.model_copy(update={"shots": tuple(gone)})
    assert clear_logo(unopened) is unopened


def test_a_logo_is_looked_at_in_at_most_eight_shots_it_stands_on(tmp_path: Path) -> None:
    """Frames to look at are the middles of shots within its time, spread over a long reel, none while it fades."""
    plan = with_logo(tmp_path, "")
    (logo,) = plan.overlays
    assert isinstance(logo, LogoOverlay)
    assert logo_frames(plan, logo) == (20, 60, 107)
    assert logo_frames(plan, logo.model_copy(update={"start": 50, "end": 70})) == (57,)
    assert logo_frames(plan, logo.model_copy(update={"start": 50, "end": 84})) == (64,)
    shots = [plan.shots[0].model_copy(update={"start": at, "end": at + 7}) for at in range(0, 140, 7)]
    many = logo_frames(plan.model_copy(update={"shots": tuple(shots)}), logo)
    assert len(many) == 8 and many[0] == 3 and list(many) == sorted(set(many)) and many[-1] > 110
