"""StyleView and FrameView from Python's side: what a change does, undo, save, and what a headless run keeps of them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from reelkit import views
from reelkit.brand import Brand, load_brand
from reelkit.errors import BrandError, VoiceError
from reelkit.media.compositor import Compositor
from reelkit.model import Finding, Timeline
from reelkit.views.at_rest import AtRest
from reelkit.views.frame_view import ZONES
from reelkit.views.style_fields import GROUPS, groups_of
from reelkit.views.style_view import StyleView
from tests.media.timelines import small_timeline
from tests.views.parsed import Parsed
from tests.views.test_frame_view import Browser

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def brand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Brand:
    """A brand file of one's own."""
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    monkeypatch.setenv("REELKIT_TEMPLATES", str(tmp_path / "templates"))
    return load_brand("pulsefit")


def planner(folder: Path) -> Callable[[Brand], Timeline]:
    timeline = small_timeline(folder / "reel")
    return lambda brand: timeline.model_copy(update={"caption_style": brand.captions, "background": brand.palette.background})


@pytest.fixture
def style(brand: Brand, tmp_path: Path) -> StyleView:
    plan = planner(tmp_path)
    return views.style(brand, views.frame(plan(brand), at=10), plan)


def shown(style: StyleView) -> bytes:
    assert style._frame is not None
    return style._frame.exact().tobytes()


def test_a_change_shows_the_frame_that_would_be_rendered(style: StyleView) -> None:
    """The frame after a change is the compositor's of the changed plan, at the same place."""
    before = shown(style)
    style.set({"captions.size_px": 60, "captions.colour": "#FF0000"})
    assert style._frame is not None and style._plan is not None
    assert style._frame.frame == 10
    with Compositor(style._plan(style.brand)) as compositor:
        assert shown(style) == compositor.frame_at(10).tobytes() != before


def test_undo_and_redo_go_step_by_step(style: StyleView) -> None:
    """Each settled change is one step; a slider's way is one step as a whole; a new change forgets what was undone."""
    first = shown(style)
    for size in (70, 75, 80):
        style.set({"captions.size_px": size}, settled=False)
    style.set({"captions.size_px": 81})
    style.set({"captions.uppercase": False})
    style.undo()
    assert style.changes == {"captions.size_px": 81}
    style.set({"captions.line_height": 1.5}, settled=False)
    style.set({"captions.uppercase": False})
    style.undo()
    assert style.changes == {"captions.size_px": 81, "captions.line_height": 1.5}
    style.undo()
    style.undo()
    assert (style.changes, shown(style)) == ({}, first)
    style.redo()
    assert style.changes == {"captions.size_px": 81}
    style.set({"captions.size_px": 90})
    style.redo()
    assert style.changes == {"captions.size_px": 90}
    style.reset()
    assert (style.changes, shown(style)) == ({}, first)
    style.undo()
    assert style.changes == {"captions.size_px": 90}


def test_a_value_out_of_bounds_changes_nothing(style: StyleView) -> None:
    """One line says what it must be; the brand and the frame stay."""
    before = shown(style)
    with pytest.raises(BrandError, match=r"captions\.size_px is 400; it must be 55 to 120"):
        style.set({"captions.size_px": 400})
    assert (style.changes, shown(style)) == ({}, before)


def test_saving_changes_the_tuned_lines_only(style: StyleView, brand: Brand) -> None:
    """The file differs in the tuned lines, is read back as tuned, and is then what changes are counted from."""
    assert brand.source is not None
    before = brand.source.read_text().splitlines()
    style.set({"captions.size_px": 77, "palette.accent": "#11CC88"})
    frame = shown(style)
    style.save()
    after = brand.source.read_text().splitlines()
    assert len(before) == len(after)
    changed = [new.split("#")[0].split(":")[0].strip() for old, new in zip(before, after, strict=True) if old != new]
    assert changed == ["accent", "size_px"]
    assert load_brand("pulsefit").captions.size_px == 77
    assert (style.changes, shown(style)) == ({}, frame)
    assert style._frame is not None
    assert style._frame.versus == style._frame.timeline


def test_going_back_to_what_the_file_says_is_no_change(style: StyleView) -> None:
    """A field that is set to its saved value counts as not changed."""
    style.set({"captions.size_px": 70})
    style.set({"captions.size_px": style.saved.captions.size_px})
    assert style.changes == {}


def test_every_field_of_every_group_is_a_control(brand: Brand) -> None:
    """Controls come from the schema: each of a brand's fields in these groups has one, with its bounds."""
    fields = {field["name"]: field for group in groups_of(GROUPS) for field in group["fields"]}
    for group in GROUPS:
        for name in type(getattr(brand, group)).model_fields:
            assert (f"{group}.{name}" in fields) or (group, name) == ("captions", "name"), name
    assert (fields["captions.size_px"]["low"], fields["captions.size_px"]["high"]) == (55, 120)
    assert fields["palette.accent"]["kind"] == "colour"
    assert fields["footage.libraries"]["kind"] == "order"
    assert "Poppins" in fields["captions.font"]["choices"]


def test_headless_both_faces_are_kept(style: StyleView) -> None:
    """An executed notebook keeps the static HTML with our mark beside the widget's reference; nothing in it runs."""
    assert style._frame is not None
    for view in (style, style._frame, views.beside(style._frame, style)):
        bundle, metadata = view._repr_mimebundle_()
        assert metadata["reelkit"]["view"] == view.name
        assert "model_id" in bundle["application/vnd.jupyter.widget-view+json"]
        assert Parsed(bundle["text/html"]).scripted() == []
        assert bundle["text/html"].count("<style>") == 1


def test_the_static_face_tells_what_was_tuned(style: StyleView) -> None:
    """A tuned field is marked in words, its value shown, and what came from outside is text."""
    style.set({"overlays.end_card_text": "<b>Hi</b>"})
    text = Parsed(style.html).text
    assert "1 changed" in text
    assert "<b>Hi</b>" in text


def test_the_apps_zones_lie_within_the_strictest(brand: Brand) -> None:
    """No app covers more than the safe zone that reels are held to, and each side of it is some app's."""
    zone = brand.safe_zone
    strictest = {"top": zone.top_px, "right": zone.right_px, "bottom": zone.bottom_px, "left": zone.left_px}
    assert {side: max(app[side] for app in ZONES.values()) for side in strictest} == strictest


PRESETS = sorted({path.stem for path in (TEMPLATES / "styles").glob("*.yaml")} - {"karaoke"})


@pytest.fixture
def northwind(brand: Brand, tmp_path: Path) -> StyleView:
    """A brand that sets colours, size and letters beside its preset."""
    plan, own = planner(tmp_path), load_brand("northwind")
    return views.style(own, views.frame(plan(own), at=10), plan)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_chosen_preset_is_shown_as_it_is_made(northwind: StyleView, preset: str) -> None:
    """Its own look in the brand's letters and palette; undo gives back what was; saved, the file gives the very frame that was seen."""
    northwind.set({"captions.size_px": 70})
    tuned = shown(northwind)
    northwind.set({"captions.preset": preset})
    assert northwind.brand.captions == northwind.saved.in_style(preset).captions
    chosen, captions = shown(northwind), northwind.brand.captions
    northwind.undo()
    assert shown(northwind) == tuned
    northwind.redo()
    assert northwind.saved.source is not None
    before = northwind.saved.source.read_text().splitlines()
    northwind.save()
    after = northwind.saved.source.read_text().splitlines()
    at = before.index("captions:")
    assert before[:at] == after[:at]
    assert before[at + 8 :] == after[at + 8 :]
    assert load_brand("northwind").captions == captions
    assert (northwind.changes, shown(northwind)) == ({}, chosen)


def test_what_is_tuned_after_a_preset_holds(northwind: StyleView) -> None:
    """A field that is set once a preset was chosen stays, even to what the brand's own preset says; another palette colours the preset."""
    northwind.set({"captions.preset": "pop"})
    assert northwind.brand.captions.active_scale == 1.1
    northwind.set({"captions.active_scale": 1, "captions.colour": "primary", "palette.accent": "#11CC88"})
    captions = northwind.brand.captions
    assert (captions.active_scale, captions.colour, captions.active_colour) == (1.0, "#C4762F", "#11CC88")
    northwind.set({"captions.preset": "karaoke"})
    assert northwind.changes == {"palette.accent": "#11CC88"}


def test_changes_to_begin_with_are_read_as_the_file_would_be(brand: Brand) -> None:
    """A preset among them changes itself alone, as in a run of the reel with the same overrides; undo goes to the saved brand."""
    own = load_brand("northwind")
    style = views.style(own, changes={"captions.preset": "marker"})
    assert style.brand.captions == own.with_changes({"captions.preset": "marker"}).captions
    style.undo()
    assert style.changes == {}


def test_a_colour_that_a_preset_names_is_named(northwind: StyleView) -> None:
    """What a preset takes from the palette is shown by the palette's name, as what the file takes from it is."""
    values = northwind._values()
    assert (values["captions.active_colour"], values["captions.colour"]) == ("accent", "text")
    northwind.set({"captions.preset": "glow"})
    values = northwind._values()
    assert (values["captions.active_colour"], values["captions.shadow_colour"]) == ("accent", "primary")
    assert (values["captions.colour"], values["captions.outline_colour"]) == ("#FFFFFF", "#000000")


def stronger(timeline: Timeline) -> Timeline:
    return timeline.model_copy(update={"caption_style": timeline.caption_style.model_copy(update={"outline_px": 12})})


def test_at_rest_both_sides_are_as_they_will_be_rendered(brand: Brand, tmp_path: Path) -> None:
    """Tuned and saved are made final, each once; going back to a look that was final shows that again without making it anew."""
    plan, asked = planner(tmp_path), []

    def settle(timeline: Timeline) -> Timeline:
        asked.append(timeline.caption_style.size_px)
        return stronger(timeline)

    frame = views.frame(plan(brand), at=10)
    style = views.style(brand, frame, plan, settle=settle)
    style.set({"captions.size_px": 70})
    style.settle()
    assert frame.timeline == stronger(plan(style.brand))
    assert frame.versus == stronger(plan(brand))
    style.set({"captions.size_px": 80})
    style.settle()
    style.undo()
    assert frame.timeline == plan(style.brand)
    style.settle()
    assert frame.timeline == stronger(plan(style.brand))
    assert asked == [70, brand.captions.size_px, 80]


def test_the_moving_preview_is_of_what_is_shown(brand: Brand, tmp_path: Path) -> None:
    """Back at a look that was copied, that copy is sent, and the one that was begun for the look between is given up."""
    plan = planner(tmp_path)
    first, other = plan(brand), stronger(plan(brand))
    frame = views.frame(first, at=10)
    frame._copy = first, b"a small copy"
    frame.heard(frame.widget, {"ready": 1}, [])
    before = threading.enumerate()
    frame.show(other)
    (making,) = (thread for thread in threading.enumerate() if "_copy_of" in thread.name and thread not in before)
    frame.show(first)
    assert frame.widget.facts["copy"] == "ready"
    making.join(60)
    assert not making.is_alive()
    assert frame._copy == (first, b"a small copy")


def test_a_change_meanwhile_is_not_overtaken(brand: Brand, tmp_path: Path) -> None:
    """What is tuned while a look is made final stays on the screen."""
    plan = planner(tmp_path)
    frame = views.frame(plan(brand), at=10)

    def settle(timeline: Timeline) -> Timeline:
        if timeline.caption_style.size_px == 70:
            style.set({"captions.size_px": 80})
        return stronger(timeline)

    style = views.style(brand, frame, plan, settle=settle)
    style.set({"captions.size_px": 70})
    style.settle()
    assert frame.timeline == plan(style.brand)
    assert style.changes == {"captions.size_px": 80}


def test_a_change_in_the_last_moment_is_not_overtaken(brand: Brand, tmp_path: Path) -> None:
    """What is tuned between a look into what is shown and the final that is put in its place stays on the screen."""
    plan = planner(tmp_path)
    frame = views.frame(plan(brand), at=10)

    class Meanwhile:
        def __str__(self) -> str:
            style.set({"captions.size_px": 80})
            return "captions"

    def settle(timeline: Timeline) -> Timeline:
        return stronger(timeline).model_copy(update={"strengthened": (Meanwhile(),)})

    style = views.style(brand, frame, plan, settle=settle)
    style.set({"captions.size_px": 70})
    style.settle()
    assert frame.timeline == plan(style.brand)
    assert style.changes == {"captions.size_px": 80}


@pytest.mark.parametrize("when", ["follow", "plan", "still"])
def test_what_follows_late_overtakes_nothing(brand: Brand, tmp_path: Path, when: str) -> None:
    """What is tuned, saved or fetched while an older look follows stays on the screen, at whatever moment it comes."""
    plan = planner(tmp_path)
    tuned, saved = plan(brand.with_changes({"captions.size_px": 90})), plan(brand.with_changes({"captions.size_px": 100}))
    frame = views.frame(stronger(tuned), versus=stronger(saved), at=10)

    def changed(moment: str) -> None:
        if moment == when:
            frame.show(tuned)
            frame.compare(saved)

    def planned(brand: Brand) -> Timeline:
        changed("plan")
        return plan(brand)

    def still() -> bool:
        changed("still")
        # With other footage it is the same brand.
        return when != "follow"

    AtRest(frame, planned, follow=lambda brand: changed("follow")).show(brand, brand, still=still)
    assert (frame.timeline, frame.versus) == (tuned, saved)


def test_a_fault_at_rest_is_told(brand: Brand, tmp_path: Path) -> None:
    """Whatever goes wrong where captions are made clear, the browser has a line; what is no error of ours is raised as well."""

    def settle(timeline: Timeline) -> Timeline:
        raise OSError("no more files")

    plan = planner(tmp_path)
    style, browser = views.style(brand, views.frame(plan(brand), at=10), plan, settle=settle), Browser()
    with pytest.raises(OSError, match="no more files"):
        style._settle_beside(browser)
    ((message, _),) = browser.got
    assert message["trouble"].startswith("This did not work (OSError).")


class Studio:
    """What a view asks of a draft, in short: footage is a colour that must be fetched, a voice is its speed, which follows."""

    def __init__(self, plan: Callable[[Brand], Timeline]) -> None:
        self._plan = plan
        self.fetched: list[str] = []
        self.spoken: list[float] = []

    def footage(self, brand: Brand) -> str:
        return brand.palette.accent if brand.palette.accent in self.fetched else self.fetched[0]

    def plan(self, brand: Brand) -> Timeline:
        self.fetched = self.fetched or [brand.palette.accent]
        told = {"topic": f"spoken at {brand.voice.speed if brand.voice.speed in self.spoken else 1.0}"}
        return self._plan(brand).model_copy(update={**told, "background": self.footage(brand)})

    def follow(self, brand: Brand) -> None:
        if brand.voice.name == "bogus":
            raise VoiceError("there is no such voice")
        self.spoken.append(brand.voice.speed)

    def fetch(self, brand: Brand) -> None:
        self.fetched.append(brand.palette.accent)

    def stale(self, brand: Brand) -> dict[str, list[str]]:
        return {} if self.footage(brand) == brand.palette.accent else {"footage": ["palette.accent"]}

    def judged(self, timeline: Timeline) -> list[Finding]:
        high = timeline.caption_style.bottom_px < 400
        found = Finding(
            name="captions-safe-zone", level="must", holds=False, norm="lower", measured="y 20", hint="raise captions.bottom_px"
        )
        return [found] if high else []


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(planner(tmp_path))


@pytest.fixture
def followed(brand: Brand, studio: Studio) -> StyleView:
    frame = views.frame(studio.plan(brand), at=10)
    return views.style(
        brand, frame, studio.plan, follow=studio.follow, stale=studio.stale, judge=studio.judged, fetch=studio.fetch, groups=GROUPS
    )


def test_what_is_not_shown_is_named_with_what_shows_it(followed: StyleView, brand: Brand) -> None:
    """Other colours leave the footage as it is, and a line says so until it is fetched; then both sides have their own, also in undo."""
    frame = followed._frame
    assert frame is not None
    followed.set({"palette.accent": "#11CC88"})
    (note,) = followed.widget.notes
    assert note.startswith("The footage is still that of other palette.accent") and "Fetch the footage anew" in note
    followed.heard(followed.widget, {"fetch": True}, [])
    assert followed.widget.notes == []
    assert frame.versus is not None
    assert (frame.timeline.background, frame.versus.background) == ("#11CC88", brand.palette.accent)
    followed.undo()
    assert (frame.timeline.background, followed.widget.notes) == (brand.palette.accent, [])
    followed.redo()
    assert (frame.timeline.background, followed.widget.notes) == ("#11CC88", [])
    followed.reset()
    assert frame.timeline == frame.versus


def test_what_is_asked_for_again_is_answered_again(followed: StyleView) -> None:
    """Fetched anew once more, the same line is told again: whoever waits for it hears that it is there."""
    told: list[object] = []
    followed.widget.observe(told.append, "facts")
    for times in (1, 2):
        followed.heard(followed.widget, {"fetch": True}, [])
        assert len(told) == times
    assert followed.widget.facts["said"] == "This is the footage that the next reel would get."


def test_at_rest_a_voice_follows_and_captions_are_judged(followed: StyleView) -> None:
    """What takes a moment is shown when nothing changed for one; captions that break a must are told of in a line, until they do not."""
    assert followed._frame is not None
    followed.set({"voice.speed": 1.3, "captions.bottom_px": 350})
    assert followed._frame.timeline.topic == "spoken at 1.0"
    followed.settle()
    assert followed._frame.timeline.topic == "spoken at 1.3"
    (note,) = followed.widget.notes
    assert note.startswith("Breaks a must, captions-safe-zone: y 20") and "raise captions.bottom_px" in note
    followed.set({"voice.name": "bogus", "voice.speed": 1.4})
    followed.settle()
    assert followed.widget.notes == ["there is no such voice", note]
    followed.set({"voice.name": "heart", "captions.bottom_px": 1400})
    followed.settle()
    assert (followed.widget.notes, followed._frame.timeline.topic) == ([], "spoken at 1.4")


def test_what_is_saved_unseen_is_said(followed: StyleView) -> None:
    """Where the footage is not the saved brand's yet, the line about the next reels leaves it out."""
    followed.set({"palette.accent": "#11CC88"})
    followed.save()
    assert str(followed.widget.facts["said"]).endswith("the next reels look like this, but for the footage.")


def test_what_cannot_be_made_is_not_saved(brand: Brand, tmp_path: Path) -> None:
    """Where the check raises, the file stays as it is, and so does what was tuned."""

    def check(brand: Brand) -> None:
        if brand.voice.name == "bogus":
            raise VoiceError("there is no such voice")

    plan = planner(tmp_path)
    style = views.style(brand, views.frame(plan(brand), at=10), plan, check=check)
    assert brand.source is not None
    before = brand.source.read_text()
    style.set({"voice.name": "bogus"})
    with pytest.raises(VoiceError, match="no such voice"):
        style.save()
    assert (brand.source.read_text(), style.changes) == (before, {"voice.name": "bogus"})
    style.set({"voice.name": "heart"})
    style.set({"captions.size_px": 70})
    style.save()
    assert load_brand("pulsefit").captions.size_px == 70


def test_saving_can_be_undone_and_saved_again(northwind: StyleView) -> None:
    """After Save, Undo goes on through what was before it, now as changes of the saved file; saved again, it looks as at first."""
    first, captions = shown(northwind), northwind.saved.captions
    northwind.set({"captions.size_px": 70})
    tuned = shown(northwind)
    northwind.set({"captions.preset": "pop", "palette.accent": "#11CC88"})
    chosen = shown(northwind)
    northwind.save()
    assert (northwind.changes, shown(northwind)) == ({}, chosen)
    northwind.undo()
    assert (northwind.changes["captions.size_px"], shown(northwind)) == (70, tuned)
    northwind.undo()
    assert shown(northwind) == first
    northwind.redo()
    northwind.redo()
    assert (northwind.changes, shown(northwind)) == ({}, chosen)
    northwind.undo()
    northwind.undo()
    northwind.save()
    assert load_brand("northwind").captions == captions
    assert shown(northwind) == first
