"""Brand files: what they may say, and what is said of those that say something else."""

import json
import pickle
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from reelkit.brand import Brand, brand_problems, brand_schema, list_brands, load_brand, templates_dir
from reelkit.errors import BrandError
from reelkit.media.colours import told_apart
from reelkit.model import CaptionStyle

TEMPLATES = Path(__file__).parents[1] / "templates"
DEMO = ("northwind", "orbit", "pulsefit")


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the templates that a test may spoil."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def spoil(templates: Path, old: str, new: str) -> list[str]:
    """Replace something in the northwind file and return the problems, with LINE for the number of the line it stood in."""
    path = templates / "brands" / "northwind.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    number = text[: text.index(old)].count("\n") + 1 + (len(old) - len(old.lstrip("\n")))
    path.write_text(text.replace(old, new), encoding="utf-8")
    return [
        line.replace(f"northwind.yaml, line {number})", "northwind.yaml, line LINE)")
        for line in brand_problems("northwind", templates=templates)
    ]


@pytest.mark.parametrize("slug", DEMO)
def test_demo_brands_are_well(slug: str) -> None:
    """The demo brands have no problem, and their files say so to editors."""
    assert brand_problems(slug, templates=TEMPLATES) == []
    first = (TEMPLATES / "brands" / f"{slug}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=brand.schema.json"


def test_demo_brands_differ() -> None:
    """No two demo brands share a colour, a font, a pace, a mood, a tempo, a caption style, or a deck."""
    brands = [load_brand(slug, templates=TEMPLATES) for slug in DEMO]
    assert set(list_brands(TEMPLATES)) >= set(DEMO)
    for trait in (
        lambda brand: brand.palette.background,
        lambda brand: brand.palette.accent,
        lambda brand: brand.fonts.title,
        lambda brand: brand.voice.speed,
        lambda brand: brand.footage.shot_s,
        lambda brand: brand.music.mood,
        lambda brand: brand.music.tempo_bpm,
        lambda brand: brand.captions.name,
        lambda brand: brand.captions.font,
        lambda brand: brand.script.deck,
        lambda brand: brand.logo,
    ):
        assert len({trait(brand) for brand in brands}) == len(brands)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("  speed: 0.96", "  sped: 0.96", "voice.sped is not a field; did you mean 'speed'? @LINE"),
        ("  speed: 0.96", "  speed: fast", "voice.speed is 'fast'; it must be a number @LINE"),
        ("  speed: 0.96", "  speed: 9", "voice.speed is 9; it must be 0.5 to 2 @LINE"),
        ("  size_px: 86", "  size_px: 20", "captions.size_px is 20; it must be 55 to 120 @LINE"),
        ("  size_px: 86", "  size: 86", "captions.size is not a field; did you mean 'size_px'? @LINE"),
        ('"#C4762F"', "copper", "palette.primary is 'copper'; it must be a colour such as #C8742B @LINE"),
        ("palette: ", "pallete: ", "palette is missing; add it @FILE"),
        (
            "preset: karaoke",
            "preset: karaok",
            "captions.preset is 'karaok', but there is no templates/styles/karaok.yaml; did you mean 'karaoke'? @LINE",
        ),
        (
            "deck: northwind ",
            "deck: nortwind ",
            "script.deck is 'nortwind', but there is no templates/decks/nortwind.yaml; did you mean 'northwind'? @LINE",
        ),
        (
            "prompt: explainer ",
            "prompt: explaner ",
            "script.prompt is 'explaner', but there is no templates/prompts/explaner.md; did you mean 'explainer'? @LINE",
        ),
        (
            "../logos/northwind.svg",
            "../logos/gone.svg",
            "logo is '../logos/gone.svg', but there is no templates/logos/gone.svg @LINE",
        ),
        ("../logos/northwind.svg", "../logos", "logo is '../logos', but templates/logos is a folder; it must be a file @LINE"),
        ("../logos/northwind.svg", '""', "logo is ''; leave the line out, or name a file @LINE"),
        ("  mood: warm", "  file: ..", "music.file is '..', but templates is a folder; it must be a file @LINE"),
        ("  mood: warm", '  file: ""', "music.file is ''; leave the line out, or name a file @LINE"),
        ("  speed: 0.96", "  sample: .", "voice.sample is '.', but templates/brands is a folder; it must be a file @LINE"),
        ("  speed: 0.96", '  recording: ""', "voice.recording is ''; leave the line out, or name a file @LINE"),
        (
            "  libraries: [folder, backdrops]",
            "  folder: orbit.yaml",
            "footage.folder is 'orbit.yaml', but templates/brands/orbit.yaml is a file; it must be a folder @LINE",
        ),
        ("  libraries: [folder, backdrops]", '  folder: ""', "footage.folder is ''; leave the line out, or name a folder @LINE"),
        (
            "  size_px: 86",
            "  active_box_colour: #E4572E",
            'captions.active_box_colour is empty; it must be a colour in quotes, such as "#C8742B", as # alone begins a comment @LINE',
        ),
        (
            "  mood: warm",
            "  mood: wram",
            "music.mood is 'wram'; it must be 'none', 'calm', 'warm', 'bright', 'driving', 'curious' or 'dark'; did you mean 'warm'? @LINE",
        ),
        (
            "libraries: [folder, backdrops]",
            "libraries: []",
            "footage.libraries: it must have at least 1 entry, it has none @LINE",
        ),
        (
            "font: Playfair Display\n  weight",
            "font: Plaifair Display\n  weight",
            "captions.font: font 'Plaifair Display' is not a family; did you mean 'Playfair Display'? "
            "A path to a .ttf or .otf file works too @LINE",
        ),
        (
            "title: Playfair Display",
            "title: northwind.yaml.ttf",
            "fonts.title: font file @TEMPLATES/brands/northwind.yaml.ttf does not exist; give the path of a .ttf or .otf file, "
            "or a family: Anton, Bebas Neue, DM Serif Display, IBM Plex Mono, Inter, Montserrat, Oswald, Playfair Display, Poppins @LINE",
        ),
        ("language: en", "language: english", "language is 'english'; it must be like 'en' or 'pt-BR' @LINE"),
        ("slug: northwind ", "slug: southwind ", "slug is 'southwind'; it must be the file's name, 'northwind' @LINE"),
        ("name: Northwind Coffee\n", "", "name is missing; add it @FILE"),
        (
            "voice:\n",
            "safe_zone: {bottom_px: 500}\nvoice:\n",
            "captions.bottom_px is 1470; it must be at most 1420, the safe zone's edge (safe_zone.bottom_px) @FILE",
        ),
        (
            "voice:\n",
            "safe_zone: {right_px: 200}\nvoice:\n",
            "captions.max_width_px is 720; it must be at most 680, what the safe zone leaves in the middle (safe_zone.left_px, "
            "safe_zone.right_px) @FILE",
        ),
    ],
)
def test_a_wrong_brand_file_gives_one_line(old: str, new: str, line: str, templates: Path) -> None:
    """What is wrong in a brand file is said with field, value, what was expected, the nearest right name, file and line."""
    problems = spoil(templates, old, new)
    file = "(templates/brands/northwind.yaml"
    assert problems[0] == "brand 'northwind': " + line.replace("@TEMPLATES", str(templates)).replace("@FILE", f"{file})").replace(
        "@LINE", f"{file}, line LINE)"
    )
    with pytest.raises(BrandError):
        load_brand("northwind", templates=templates)


def test_a_font_file_is_found_beside_the_brand_file(templates: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A font's path is relative to the brand file, wherever Reelkit is called from; a family's name is no path."""
    from reelkit.media.fonts import find_font

    shutil.copy(find_font("Anton").path, templates / "brands" / "own.ttf")
    assert spoil(templates, "font: Playfair Display\n  weight", "font: own.ttf\n  weight") == []
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    brand = load_brand("northwind", templates=templates)
    assert brand.font(brand.captions.font) == str(templates / "brands" / "own.ttf")
    assert brand.font("Inter") == "Inter"
    assert brand.caption_style == brand.captions.model_copy(update={"font": str(templates / "brands" / "own.ttf")})
    calm = brand.with_changes({"captions.font": "Inter", "motion.reduced": True})
    assert calm.caption_style == calm.captions.model_copy(update={"pop_s": 0.0}) != calm.captions


def test_all_problems_are_listed(templates: Path) -> None:
    """Every problem has its line, and the error that stands for them says how many there are."""
    problems = spoil(templates, "  speed: 0.96", "  speed: 9\n  name: 5")
    assert len(problems) == 2
    with pytest.raises(BrandError, match=r"and 1 more problem\)"):
        load_brand("northwind", templates=templates)


def test_a_wrong_style_is_said_of_the_style(templates: Path) -> None:
    """A problem in a preset names the preset's file and line."""
    path = templates / "styles" / "karaoke.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(index for index, line in enumerate(lines) if line.startswith("size_px"))
    lines[number] = "size_px: 300"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert brand_problems("northwind", templates=templates) == [
        "brand 'northwind': captions.preset 'karaoke': size_px is 300; it must be 55 to 120 "
        f"(templates/styles/karaoke.yaml, line {number + 1})"
    ]


def test_a_brand_that_does_not_exist_names_the_nearest(templates: Path) -> None:
    """Who mistypes a slug is told the right one."""
    with pytest.raises(BrandError, match=r"there is no file .*nortwind\.yaml; did you mean 'northwind'"):
        load_brand("nortwind", templates=templates)


def test_captions_take_the_preset_and_what_the_brand_overrides(templates: Path) -> None:
    """Fields of a caption preset hold where the brand is silent; palette names become colours."""
    brand = load_brand("northwind", templates=templates)
    style = YAML(typ="safe").load((templates / "styles" / "karaoke.yaml").read_text(encoding="utf-8"))
    assert (brand.captions.name, brand.captions.size_px) == ("karaoke", 86)
    assert brand.captions.outline_px == style["outline_px"]
    assert style["active_colour"] == "accent"
    assert brand.captions.active_colour == brand.palette.accent


OTHERWISE = {
    "mode": "classic", "font": "Inter", "weight": 300, "size_px": 61, "uppercase": True, "letter_spacing_em": 0.05, "line_height": 1.4,
    "active_gradient_colour": "#010203", "active_scale": 1.2, "upcoming_opacity": 0.31, "outline_px": 3, "shadow_px": 7,
    "shadow_drop_px": 9,
    "shadow_opacity": 0.21, "box_opacity": 0.41, "box_radius_px": 11, "box_padding_px": 13, "max_words": 2, "max_chars_per_line": 15,
    "max_lines": 3, "max_width_px": 555, "bottom_px": 1401, "pop_s": 0.3, "pop_overshoot": 0.2, "linger_ms": 77, "min_cue_ms": 500,
    "max_chars_per_s": 12.0,
}  # fmt: skip


@pytest.mark.parametrize("field", sorted(set(CaptionStyle.model_fields) - {"name"}))
def test_a_brand_overrides_any_field_of_its_preset(field: str, templates: Path) -> None:
    """Whatever the preset says of a field, the brand file's own value holds, and every other field stays the preset's."""
    value = OTHERWISE.get(field, "#010203")
    brand = load_brand("orbit", templates=templates)
    path = templates / "brands" / "plain.yaml"
    kept = re.sub(r"(?m)^captions:\n(?:[ #].*\n)*", "", (templates / "brands" / "orbit.yaml").read_text(encoding="utf-8"))
    path.write_text(
        kept.replace("slug: orbit", "slug: plain") + f"\ncaptions:\n  preset: box\n  {field}: {json.dumps(value)}\n", encoding="utf-8"
    )
    own, preset = load_brand("plain", templates=templates).captions, brand.with_changes({"captions": {"preset": "box"}}).captions
    assert getattr(own, field) == value != getattr(preset, field)
    assert own.model_copy(update={field: getattr(preset, field)}) == preset


@pytest.mark.parametrize("preset", sorted(path.stem for path in (TEMPLATES / "styles").glob("*.yaml")))
def test_another_style_is_as_it_is_made(preset: str) -> None:
    """In another preset a brand keeps its letters, and none of the colours that it had set for its own; in its own it is itself."""
    brand = load_brand("northwind", templates=TEMPLATES)
    shown = brand.in_style(preset).captions
    if preset == brand.captions.name:
        assert shown == brand.captions
        return
    assert (shown.name, shown.font, shown.weight) == (preset, "Playfair Display", 800)
    made = brand.with_changes({"captions": {"preset": preset}}).captions
    assert shown.model_copy(update={"font": made.font, "weight": made.weight}) == made


PASTEL = {"palette.accent": "#BFE3E0", "palette.background": "#FFF6F9", "palette.text": "#8A8A99"}


@pytest.mark.parametrize(
    ("preset", "field"),
    [
        ("karaoke", "active_colour"),
        ("glow", "active_colour"),
        ("pop", "active_colour"),
        ("gradient", "active_gradient_colour"),
        ("marker", "active_box_colour"),
    ],
)
def test_a_pale_accent_is_brought_out_where_it_lights_the_word(preset: str, field: str) -> None:
    """An accent that is not told from white becomes stronger in the same hue, a strong one and one that is written out stay as they are."""
    northwind = load_brand("northwind", templates=TEMPLATES)
    assert getattr(northwind.in_style(preset).captions, field) == northwind.palette.accent
    pale = northwind.in_style(preset).with_changes({**PASTEL, "captions.colour": "#FFFFFF", "captions.upcoming_colour": "#FFFFFF"})
    lit = getattr(pale.captions, field)
    assert told_apart(lit, "#FFFFFF") and lit == "#5CCCC2" and pale.palette.accent == "#BFE3E0"
    assert pale.said(f"captions.{field}") == "accent"
    assert getattr(pale.with_changes({f"captions.{field}": "#BFE3E0"}).captions, field) == "#BFE3E0"
    assert getattr(pale.with_changes({f"captions.{field}": "accent"}).captions, field) == lit


def test_an_accent_is_left_where_nothing_like_it_is_beside_it() -> None:
    """A box that glides over the picture, without one behind all the words, keeps the accent."""
    pale = load_brand("northwind", templates=TEMPLATES).with_changes({"captions.preset": "box", **PASTEL})
    assert pale.captions.active_box_colour == "#BFE3E0"


def test_changes_are_read_as_the_file_would_be() -> None:
    """Changes name fields by dots and may say what a file may: presets and palette names too."""
    brand = load_brand("orbit", templates=TEMPLATES)
    changed = brand.with_changes(
        {"captions.size_px": 90, "captions.preset": "pop", "captions.colour": "accent", "palette.accent": "#123456"}
    )
    assert (changed.captions.size_px, changed.captions.name, changed.captions.colour) == (90, "pop", "#123456")
    assert changed.captions.active_colour == "#123456"
    assert (brand.captions.size_px, brand.captions.name) != (90, "pop")
    assert brand.with_changes({}) == brand


def test_nothing_clears_what_may_be_nothing() -> None:
    """A change to nothing empties a text, a list or a file that a brand may do without, and no field that it needs."""
    brand = load_brand("orbit", templates=TEMPLATES)
    said = {"overlays.end_card_subtitle": "orbit.example", "script.banned_words": ["delve"], "script.max_cost_usd": 0.5}
    cleared = brand.with_changes(said).with_changes(dict.fromkeys([*said, "logo"]))
    assert (cleared.overlays.end_card_subtitle, cleared.script.banned_words, cleared.script.max_cost_usd, cleared.logo) == (
        "",
        (),
        None,
        None,
    )
    for name, line in {
        "name": "name is empty; it must be text",
        "captions.size_px": "captions.size_px is empty; it must be a whole",
    }.items():
        with pytest.raises(BrandError, match=line):
            brand.with_changes({name: None})


def test_captions_may_be_as_wide_as_the_frame_allows() -> None:
    """How wide captions may be goes by the frame, as what they are measured by does: wide frames leave more room."""
    brand = load_brand("orbit", templates=TEMPLATES)
    with pytest.raises(BrandError, match=r"captions\.max_width_px is 721; it must be at most 720"):
        brand.with_changes({"captions.max_width_px": 721})
    wide = {"output.width_px": 1920, "output.height_px": 1080, "captions.max_width_px": 1000}
    assert brand.with_changes(wide).captions.max_width_px == 1000


def test_changes_add_up() -> None:
    """Changes made one after the other are those made at once."""
    brand = load_brand("orbit", templates=TEMPLATES)
    at_once = brand.with_changes({"voice.speed": 1.1, "script.length_s": 20})
    assert brand.with_changes({"voice.speed": 1.1}).with_changes({"script.length_s": 20}) == at_once


def test_a_brand_made_in_code_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand without a file keeps what it was made with."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))
    made = Brand.model_validate(load_brand("orbit", templates=TEMPLATES).model_dump() | {"logo": None})
    changed = made.with_changes({"captions.size_px": 70})
    assert changed.captions == made.captions.model_copy(update={"size_px": 70})


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"captions.size_px": 20}, "captions.size_px is 20; it must be 55 to 120"),
        ({"captions.sizepx": 90}, "captions.sizepx is not a field; did you mean 'size_px'?"),
        ({"caption.size_px": 90}, "caption is not a field; did you mean 'captions'?"),
        ({"voice": 3}, "voice is 3; it must be a group of fields"),
        ({"voice.speed.fast": 3}, "voice.speed is a group of fields; it must be a number"),
        ({"": 3}, "'' is not a field"),
        ({"captions.preset": "pup"}, "captions.preset is 'pup', but there is no"),
    ],
)
def test_a_wrong_change_is_one_line(changes: dict[str, object], line: str) -> None:
    """A change that no file could say is refused as a file would be."""
    with pytest.raises(BrandError) as caught:
        load_brand("orbit", templates=TEMPLATES).with_changes(changes)
    assert str(caught.value).startswith(f"brand 'orbit' with changes: {line}")


def test_brands_travel() -> None:
    """A brand that is sent to another process arrives equal."""
    brand = load_brand("orbit", templates=TEMPLATES)
    assert pickle.loads(pickle.dumps(brand)) == brand
    assert Brand.model_validate_json(brand.model_dump_json()).model_dump() == brand.model_dump()


def test_the_schema_file_is_what_the_code_says() -> None:
    """The schema that editors read is that of the code; `reelkit brands schema` prints it anew."""
    assert json.loads((TEMPLATES / "brands" / "brand.schema.json").read_text(encoding="utf-8")) == brand_schema()


@pytest.mark.parametrize("slug", DEMO)
def test_brand_files_keep_the_schema(slug: str) -> None:
    """What the code takes, editors take; what it refuses, they mark."""
    written = YAML(typ="safe").load((TEMPLATES / "brands" / f"{slug}.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(written, brand_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written | {"colour": "red"}, brand_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written | {"captions": {"colour": "red"}}, brand_schema())


def test_templates_are_found_from_below_and_by_name(templates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates are those that REELKIT_TEMPLATES names, else those of the nearest folder above, else the package's."""
    monkeypatch.delenv("REELKIT_TEMPLATES", raising=False)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert templates_dir() == templates
    monkeypatch.setenv("REELKIT_TEMPLATES", str(tmp_path / "mine"))
    assert templates_dir() == tmp_path / "mine"
    monkeypatch.delenv("REELKIT_TEMPLATES")
    monkeypatch.chdir("/")
    assert (templates_dir() / "brands" / "northwind.yaml").is_file()


@pytest.mark.parametrize(("language", "fits"), [("en", True), ("de-AT", True), ("ru", True), ("th", True), ("ja", True), ("dv", False)])
def test_the_font_can_write_the_language(language: str, fits: bool) -> None:
    """A language whose letters neither the font nor any that stands in for it has is refused when the brand is read, before anything."""
    brand = load_brand("northwind", templates=TEMPLATES)
    if fits:
        assert brand.with_changes({"language": language}).language == language
    else:
        with pytest.raises(BrandError, match=r"captions\.font: .* has no letters of language 'dv' \(.*\); name a font file that has them"):
            brand.with_changes({"language": language})


@pytest.mark.parametrize(
    ("voice", "line"),
    [
        ({"engine": "recorded"}, "engine is recorded, which needs recording"),
        ({"engine": "piper"}, "engine is piper, which needs name: the voice that speaks"),
        ({"engine": "openai", "name": "alloy", "base_url": "https://me:secret@host/v1"}, "without user, password or query"),
        ({"engine": "recorded", "recording": "nowhere.wav"}, "voice.recording is 'nowhere.wav', but there is no"),
    ],
)
def test_a_voice_is_named_whole(voice: dict[str, object], line: str) -> None:
    """An engine without its voice, or with a file that is not there, is said when the brand is read."""
    with pytest.raises(BrandError) as caught:
        load_brand("northwind", templates=TEMPLATES).with_changes({f"voice.{name}": value for name, value in voice.items()})
    assert line in str(caught.value)
    assert "secret" not in str(caught.value)
