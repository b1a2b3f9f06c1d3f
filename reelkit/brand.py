"""Brand: what a brand file may say.

A brand lives in ``templates/brands/<slug>.yaml``. Every field is here with its bounds and its meaning; ``reelkit brands schema``
prints the same as JSON Schema for editors. Paths in a brand file are relative to that file.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache, reduce
from operator import getitem
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from reelkit.errors import BrandError
from reelkit.model import BackdropFamily, CaptionStyle, Fps, Palette, SafeZone, Shape, TransitionKind, Value
from reelkit.yamlfile import field_at, one_line, place_of, problems_of, read_yaml, shown_path

__all__ = [
    "OWN_IN_EVERY_STYLE",
    "Brand",
    "BrandFonts",
    "BrandFootage",
    "BrandMotion",
    "BrandMusic",
    "BrandOutput",
    "BrandOverlays",
    "BrandPublishing",
    "BrandScript",
    "BrandVoice",
    "PythonClip",
    "brand_problems",
    "brand_reference",
    "brand_schema",
    "fields_of",
    "list_brands",
    "load_brand",
    "templates_dir",
    "wrong_fonts",
]

_LETTERS = {
    **{"am": "አበ", "ar": "ابت", "as": "কৰ", "bg": "жщ", "bn": "কখ", "cs": "řů", "dv": "ދަ", "el": "ωψ", "fa": "پچ", "gu": "કખ", "he": "אבג"},
    **{
        "hi": "कख",
        "hu": "őű",
        "hy": "աբ",
        "ja": "漢かナ",
        "ka": "აბ",
        "km": "កខ",
        "kn": "ಕಖ",
        "ko": "한글",
        "lo": "ກຂ",
        "ml": "കഖ",
        "mr": "कळ",
    },
    **{"my": "ကခ", "ne": "कख", "or": "କଖ", "pa": "ਕਖ", "pl": "łż", "ps": "پښ", "ro": "șț", "ru": "жщ", "si": "කඛ", "sr": "ђћ", "ta": "கங"},
    **{"te": "కఖ", "th": "กขค", "ti": "አበ", "tr": "ğş", "uk": "їґ", "ur": "ٹڈ", "vi": "ơữ", "zh": "的汉"},
}
"""Letters by which it is told whether a font can write a language; those of other languages are a to z with accents."""
_FONT_FILES = (".ttf", ".otf", ".ttc")
OWN_IN_EVERY_STYLE = ("captions.font", "captions.weight", "captions.bottom_px", "captions.max_width_px")
"""What of a brand's captions is the brand's in every preset: its letters, and where on the frame they stand."""


def _plain_address(url: str) -> str:
    host = r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
    found = re.fullmatch(rf"https?://{host}(/[!-~]*)?", url)
    if found is None or set(url) & set("?#@") or not 0 < int(found["port"] or 443) < 65536:
        raise ValueError("it must be like https://host/v1, without user, password or query; keys come from the environment")
    return url.rstrip("/")


class BrandFonts(Value):
    """Families by role; captions have their own field."""

    title: str = Field(
        default="Montserrat", description="end card and titles: a family that comes with Reelkit or is installed, or a path to a font file"
    )


class BrandVoice(Value):
    """Who speaks."""

    engine: Literal["hibari", "piper", "coqui", "openai", "recorded"] = Field(
        default="hibari", description="openai is any server that speaks its speech API; recorded is your own voice-over"
    )
    name: str = Field(
        default="heart",
        min_length=1,
        description="a voice of the engine; piper: an .onnx file, or a package that carries one; coqui: a model's folder or name",
    )
    speaker: str = Field(default="", description="of a piper or coqui voice with several")
    sample: Path | None = Field(default=None, description="coqui: a recording of the voice to clone, for models that can")
    recording: Path | None = Field(default=None, description="recorded: the voice-over of this reel's script, as WAV, MP3 or M4A")
    model: str = Field(default="gpt-4o-mini-tts", min_length=1, description="openai: the model, as its server names it")
    base_url: str = Field(default="https://api.openai.com/v1", description="openai: the server")
    key_env: str = Field(
        default="OPENAI_API_KEY",
        pattern=r"^[A-Z][A-Z0-9_]*$",
        examples=["OPENAI_API_KEY"],
        description="openai: the name, in the environment or in .env, of the server's key; local servers need none",
    )
    usd_per_million_characters: float | None = Field(default=None, ge=0, description="openai: the price, for costs in run.json")
    speed: float = Field(default=1.0, ge=0.5, le=2.0, description="1.0 is the voice's own pace")
    sentence_pause_ms: int = Field(default=220, ge=0, le=2000, description="silence between sentences")
    scene_pause_ms: int = Field(default=340, ge=0, le=3000, description="silence between scenes")
    tail_ms: int = Field(default=700, ge=0, le=5000, description="silence after the last word, with which the reel ends")

    @field_validator("base_url")
    @classmethod
    def _no_secret_in_the_address(cls, url: str) -> str:
        return _plain_address(url)

    @model_validator(mode="after")
    def _the_engine_has_its_voice(self) -> Self:
        if self.engine == "recorded" and self.recording is None:
            raise ValueError("engine is recorded, which needs recording: the path of your voice-over")
        if self.engine in ("piper", "coqui", "openai") and "name" not in self.model_fields_set:
            raise ValueError(f"engine is {self.engine}, which needs name: the voice that speaks")
        return self


class BrandScript(Value):
    """What is said, and how long."""

    writer: Literal["deck", "openai"] = Field(default="deck", description="openai is any server that speaks its chat completions")
    deck: str = Field(description="a deck in templates/decks, without .yaml")
    prompt: str = Field(default="", description="a prompt in templates/prompts for writers that are models; empty is explainer")
    model: str = Field(default="gpt-5.4-mini", min_length=1, description="the model, as its server names it")
    base_url: str = Field(default="https://api.openai.com/v1", description="the server: Ollama's is http://localhost:11434/v1")
    key_env: str = Field(
        default="OPENAI_API_KEY",
        pattern=r"^[A-Z][A-Z0-9_]*$",
        examples=["OPENAI_API_KEY"],
        description="the name, in the environment or in .env, of the server's key; local servers need none",
    )
    usd_per_million_input_tokens: float | None = Field(default=None, ge=0, description="the model's price, for costs in run.json")
    usd_per_million_output_tokens: float | None = Field(default=None, ge=0, description="likewise for what it writes")
    max_cost_usd: float | None = Field(
        default=None, gt=0, description="no draft is written and no sentence spoken that could make a reel cost more"
    )
    facts_only: bool = Field(default=False, description="a model writes on the deck's topics and says no number that is not in the facts")
    facts: tuple[str, ...] = Field(default=(), description="what is true of the brand, for models; the deck's lines are for facts_only")
    tone: str = Field(default="", description="how the brand sounds, in a few words")
    audience: str = Field(default="", description="whom it speaks to, in a few words; for writers that are models")
    recent_reels: int = Field(default=50, ge=0, le=200, description="a topic is not told again within so many reels")
    length_s: float = Field(default=30.0, ge=3.0, le=180.0, description="target duration; 15 to 60 is the useful range")
    banned_words: tuple[str, ...] = ()
    call_to_action: str = Field(default="", description="the closing line; empty takes one from the deck")

    @field_validator("base_url")
    @classmethod
    def _no_secret_in_the_address(cls, url: str) -> str:
        return _plain_address(url)

    @model_validator(mode="after")
    def _a_limit_needs_prices(self) -> Self:
        prices = (self.usd_per_million_input_tokens, self.usd_per_million_output_tokens)
        if self.max_cost_usd is not None and self.writer == "openai" and None in prices:
            raise ValueError(
                "max_cost_usd needs usd_per_million_input_tokens and usd_per_million_output_tokens; see the model's price list"
            )
        return self


class BrandFootage(Value):
    """Where pictures come from."""

    libraries: tuple[Literal["folder", "backdrops", "pexels", "pixabay"], ...] = Field(
        default=("folder", "backdrops"), min_length=1, description="asked in this order; pexels and pixabay need a key of the site"
    )
    folder: Path | None = Field(default=None, description="the brand's own videos and pictures, with an optional clips.yaml of tags")
    fallback_terms: tuple[str, ...] = Field(default=(), description="search terms that suit every scene")
    fit: Literal["fill", "blur"] = Field(
        default="fill", description="fill crops a clip of another shape to its subject; blur shows it whole, over its own blurred copy"
    )
    backdrops: tuple[BackdropFamily, ...] = Field(default=(), description="families of drawn backdrops to choose from; empty is all")
    shot_s: float = Field(default=2.6, ge=0.8, le=6.0, description="the length of a shot to aim at; the norm is a median of at most 3")
    recent_reels: int = Field(default=5, ge=0, description="a clip is not used again within so many reels")


class BrandMusic(Value):
    """The bed under the voice."""

    mood: Literal["none", "calm", "warm", "bright", "driving", "curious", "dark"] = "warm"
    tempo_bpm: float = Field(default=92.0, ge=50.0, le=180.0)
    file: Path | None = Field(default=None, description="a music file instead of the bed, cut on its beats to the reel's length")
    stingers: bool = Field(default=False, description="a soft sound into each change of scene, in the bed's key and tempo")
    under_voice_db: float = Field(default=19.0, ge=6.0, le=40.0, description="how far under the voice; 18 to 20 is the norm")


class BrandMotion(Value):
    """How pictures move."""

    moves: bool = Field(default=True, description="slow pushes and pans over pictures")
    transition: Literal[TransitionKind, "mix"] = Field(default="cut", description="between scenes; mix takes one kind after the other")
    transition_ms: int = Field(default=260, ge=0, le=1500)
    reduced: bool = Field(default=False, description="reduced motion: no pops, no moves, plain cuts")


_PYTHON = r"^([^:]+\.py:[A-Za-z_]\w*)?$"


class PythonClip(Value):
    """A clip over the reel that a Python function of the brand's own draws."""

    python: str = Field(pattern=_PYTHON, min_length=1, examples=["clips.py:lower_third"], description="a file and a function in it")
    start_s: float = Field(default=0.0, ge=-180.0, le=180.0, description="when it begins; below 0 counts from the end")


class BrandOverlays(Value):
    """What stands over the pictures, before and after them."""

    logo: bool = True
    logo_width_px: int = Field(default=150, ge=40, le=600, description="a square that the logo is fitted into")
    progress_bar: bool = Field(default=False, description="each of its frames tells of the whole length: an edit of that renders all anew")
    key_words: bool = Field(default=True, description="large words and icons where a scene asks for them (emphasis and icon)")
    end_card: bool = True
    end_card_s: float = Field(default=2.4, ge=1.0, le=6.0)
    end_card_text: str = Field(default="", description="large line on the end card; empty takes the brand's name")
    end_card_subtitle: str = Field(default="", description="smaller line under it, such as a handle or an address")
    clips: tuple[PythonClip, ...] = Field(
        default=(),
        description="clips that your own Python functions draw, over the reel: clips.py:lower_third; start_s below 0 counts from the end",
    )
    intro: str = Field(
        default="", pattern=_PYTHON, examples=["clips.py:opening"], description="a function whose MoviePy clip comes before the reel"
    )
    outro: str = Field(default="", pattern=_PYTHON, examples=["clips.py:closing"], description="likewise after it")

    @property
    def python(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Each Python function named, as the field that names it and what stands there."""
        named = [(("overlays", "clips", str(number), "python"), clip.python) for number, clip in enumerate(self.clips)]
        return (*named, *((("overlays", end), function) for end in ("intro", "outro") if (function := getattr(self, end))))


class BrandOutput(Value):
    """The file."""

    width_px: int = Field(default=1080, ge=240, le=2160, multiple_of=2)
    height_px: int = Field(default=1920, ge=240, le=3840, multiple_of=2)
    fps: Literal[24, 25, 30, 50, 60, "23.976", "29.97", "59.94"] = Field(
        default=30, description="frames a second; the fractions are exactly 24, 30 and 60 times 1000/1001"
    )
    crf: int = Field(default=20, ge=12, le=32, description="x264 constant quality; lower is better and larger")
    shapes: tuple[Shape, ...] = Field(
        default=(), description="the same reel in other shapes too, each with its own layout and file: reel-1x1.mp4 beside reel.mp4"
    )

    @field_validator("shapes")
    @classmethod
    def _each_shape_once(cls, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return tuple(dict.fromkeys(shapes))

    @field_validator("fps", mode="before")
    @classmethod
    def _fractions_are_names(cls, fps: object) -> object:
        # YAML reads 29.97 as a number, which is not the rate that is meant.
        return str(fps) if isinstance(fps, float) and not fps.is_integer() else fps


class BrandPublishing(Value):
    """Where finished reels go when asked to be uploaded."""

    store: Literal["folder", "supabase"] = Field(
        default="folder", description="supabase takes SUPABASE_URL and SUPABASE_KEY from the environment"
    )
    bucket: str = Field(
        default="published",
        description="in Supabase, made by the first upload where the key may, public unless links is signed; else a folder in outputs",
    )
    prefix: str = Field(default="", description="put before every object's name")
    links: Literal["bucket", "public", "signed"] = Field(
        default="bucket", description="addresses of published reels in Supabase; bucket gives the kind that the bucket is"
    )
    signed_days: int = Field(default=30, ge=1, le=365, description="how long a signed address is good for")
    table: str = Field(default="", description="a table in Supabase with a row for each reel; templates/sql/reels.sql makes reels")


class Brand(Value):
    """Everything Reelkit knows of a brand, frozen. Read one with :func:`load_brand`."""

    name: str = Field(min_length=1)
    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["my-brand"], description="the file's name without .yaml")
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$",
        examples=["en", "pt-BR"],
        description="what is said in; captions have its forms of letters, and its capitals",
    )
    ledger: Literal["local", "supabase"] = Field(
        default="local", description="where it stands which topics and clips were used: in the outputs folder, or in the team's Supabase"
    )
    palette: Palette
    fonts: BrandFonts = BrandFonts()
    logo: Path | None = Field(default=None, description="SVG or PNG, best; JPEG, WebP and GIF are taken too")
    voice: BrandVoice = BrandVoice()
    script: BrandScript
    footage: BrandFootage = BrandFootage()
    music: BrandMusic = BrandMusic()
    captions: CaptionStyle = CaptionStyle()
    motion: BrandMotion = BrandMotion()
    overlays: BrandOverlays = BrandOverlays()
    safe_zone: SafeZone = SafeZone()
    output: BrandOutput = BrandOutput()
    publishing: BrandPublishing = BrandPublishing()
    _source: Path | None = PrivateAttr(default=None)
    _templates: Path | None = PrivateAttr(default=None)
    _written: dict[str, Any] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _captions_stay_safe(self) -> Self:
        lowest = 1920 - self.safe_zone.bottom_px
        if self.captions.bottom_px > lowest:
            raise ValueError(
                f"captions.bottom_px is {self.captions.bottom_px}; it must be at most {lowest}, the safe zone's edge (safe_zone.bottom_px)"
            )
        widest = self.safe_zone.widest_px(self.output.width_px, self.output.height_px)
        if self.captions.max_width_px > widest:
            raise ValueError(
                f"captions.max_width_px is {self.captions.max_width_px}; it must be at most {widest}, what the safe zone leaves in the"
                " middle (safe_zone.left_px, safe_zone.right_px)"
            )
        return self

    @model_validator(mode="after")
    def _a_limit_needs_the_voices_price(self) -> Self:
        if self.script.max_cost_usd is not None and self.voice.engine == "openai" and self.voice.usd_per_million_characters is None:
            raise ValueError("script.max_cost_usd needs voice.usd_per_million_characters, as voice.engine is openai; see its price list")
        return self

    @property
    def source(self) -> Path | None:
        """The file this brand was read from."""
        return self._source

    @property
    def fps(self) -> Fps:
        rate = self.output.fps
        return Fps(num=rate) if isinstance(rate, int) else Fps(num=round(float(rate)) * 1000, den=1001)

    def path(self, relative: Path) -> Path:
        """Return a path named in the brand file, relative to that file."""
        base = self._source.parent if self._source else Path.cwd()
        return (base / relative).resolve()

    def font(self, named: str) -> str:
        """Return a font as drawing takes it: a family as it is named, a file by its whole path."""
        return str(self.path(Path(named))) if named.lower().endswith(_FONT_FILES) else named

    @property
    def caption_style(self) -> CaptionStyle:
        """The captions as they are drawn: a font file by its whole path, and without pops where motion is reduced."""
        still = {"pop_s": 0.0} if self.motion.reduced else {}
        return self.captions.model_copy(update={"font": self.font(self.captions.font), **still})

    def said(self, name: str, *, preset: str = "") -> Any:
        """Return what decides a field, as a person wrote it: colours may be names of the palette's.

        Parameters
        ----------
        name : str
            Dotted: ``"captions.active_colour"``.
        preset : str
            Of the captions, instead of the brand's own.

        Returns
        -------
        object
            What the brand's file says; where it leaves the field out, what the caption preset says, else the default.

        Raises
        ------
        BrandError
            When there is no such preset.
        """
        *groups, last = name.split(".")
        written: Any = self._written
        for group in groups:
            written = written.get(group) if isinstance(written, dict) else None
        if isinstance(written, dict) and last in written:
            return written[last]
        if name == "captions.preset":
            return self.captions.name
        if groups == ["captions"] and self._written is not None:
            style = self._style(preset or self.captions.name)
            if last in style:
                return style[last]
        value: Any = self
        for part in (*groups, last):
            value = getattr(value, part)
        return value

    def changes_to(self, preset: str) -> dict[str, Any]:
        """Return what to change for captions as a preset is made, by dotted name: only letters and place stay the brand's.

        What the brand's file sets beside its own preset is set to the other's: colours and boxes made for one may hide the words in
        another, such as white ones on a white box.

        Parameters
        ----------
        preset : str
            Of ``templates/styles``; the brand's own asks for no change.

        Raises
        ------
        BrandError
            When there is no such preset.
        """
        if preset == self.captions.name:
            return {}
        own = (self._written or {}).get("captions") or {}
        made = CaptionStyle().model_dump() | self._style(preset)
        others = {f"captions.{name}": made[name] for name in own if name in made and name != "name"}
        return {"captions.preset": preset, **{name: value for name, value in others.items() if name not in OWN_IN_EVERY_STYLE}}

    def _style(self, preset: str) -> dict[str, Any]:
        plain: dict[str, Any] = _plain(_read_style(preset, self._templates or templates_dir(), f"brand '{self.slug}'"))
        return plain

    def with_changes(self, changes: dict[str, Any]) -> Brand:
        """Return the brand with some fields replaced, validated anew.

        Parameters
        ----------
        changes : dict
            Dotted field names and values, as a brand file would give them: ``{"captions.size_px": 90, "captions.preset": "pop"}``. None
            clears a field that may be nothing: ``{"overlays.outro": None}``.

        Raises
        ------
        BrandError
            When a field is unknown or a value out of bounds.
        """
        data = deepcopy(self._written) if self._written is not None else self.model_dump()
        for dotted, value in changes.items():
            node = data
            *groups, last = dotted.split(".")
            for group in groups:
                if not isinstance(node.get(group), dict):
                    node[group] = {}
                node = node[group]
            node[last] = _nothing(dotted) if value is None else value
        templates = self._templates or templates_dir()
        changed, problems = _build(data, templates, f"brand '{self.slug}' with changes", self._source)
        if changed is None:
            raise BrandError(one_line(problems))
        return changed

    def in_style(self, preset: str) -> Brand:
        """Return the brand with its captions in another preset, as the preset is made (see :meth:`changes_to`).

        Raises
        ------
        BrandError
            When there is no such preset.
        """
        return self.with_changes(changes) if (changes := self.changes_to(preset)) else self

    def __repr__(self) -> str:
        return f"<Brand {self.slug!r}: {self.name}>"


def _nothing(dotted: str) -> Any:
    """Return what a field holds that holds nothing: an empty text or list where it begins as one, else None."""
    field = field_at(Brand, dotted.split("."))
    return field.default if field is not None and field.default in ("", ()) else None


def templates_dir() -> Path:
    """Return the folder that holds brands, decks, prompts and styles.

    ``REELKIT_TEMPLATES`` names it; else ``templates/`` in the working directory or a folder above it; else the copy that comes
    with the package.
    """
    named = os.environ.get("REELKIT_TEMPLATES")
    if named:
        return Path(named).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "templates" / "brands").is_dir():
            return folder / "templates"
    packaged = Path(__file__).parent / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "templates"


def list_brands(templates: Path | None = None) -> list[str]:
    """Return the slugs of all brand files, sorted."""
    return sorted(path.stem for path in ((templates or templates_dir()) / "brands").glob("*.yaml"))


def brand_reference(brand: str | Path) -> str:
    """Return how a brand is named wherever it is looked for again: a slug as it is, the path of a brand file in full.

    Examples
    --------
    >>> brand_reference("northwind"), Path(brand_reference("own/acme.yaml")).is_absolute()
    ('northwind', True)
    """
    return str(Path(brand).resolve()) if _is_file(brand) else str(brand)


def _is_file(brand: str | Path) -> bool:
    return Path(brand).suffix in (".yaml", ".yml")


def _brand_path(brand: str | Path, templates: Path) -> Path:
    return Path(brand) if _is_file(brand) else templates / "brands" / f"{brand}.yaml"


def load_brand(brand: str | Path, *, templates: Path | None = None) -> Brand:
    """Read a brand file.

    Parameters
    ----------
    brand : str or Path
        A slug, or the path of a brand file.
    templates : Path, optional
        The folder with ``brands/`` and ``styles/``; found by :func:`templates_dir` where not given.

    Raises
    ------
    BrandError
        With one line: file, line, field, what was expected, and the nearest right name.
    """
    templates = templates or templates_dir()
    path = _brand_path(brand, templates)
    found, problems = _read(path, templates)
    if found is None:
        raise BrandError(one_line(problems))
    return found


def brand_problems(brand: str | Path, *, templates: Path | None = None) -> list[str]:
    """Return every problem of a brand file, a line each; an empty list says that it is well."""
    templates = templates or templates_dir()
    try:
        return _read(_brand_path(brand, templates), templates)[1]
    except BrandError as error:
        return [str(error)]


def _read(path: Path, templates: Path) -> tuple[Brand | None, list[str]]:
    what = f"brand '{path.stem}'"
    return _build(read_yaml(path, what=what), templates, what, path)


def _build(data: Any, templates: Path, what: str, path: Path | None) -> tuple[Brand | None, list[str]]:
    """Make a brand of what a file says: its fields over those of its caption preset, colours named by the palette resolved."""
    written = _plain(data)
    captions, palette = data.get("captions"), data.get("palette")
    if captions is None or isinstance(captions, dict):
        # Merged in place, so that the lines of the brand's own overrides stay known.
        merged = data["captions"] = captions if captions is not None else {}
        where = place_of(path, data, ("captions", "preset"))
        preset = str(merged.pop("preset", None) or merged.pop("name", None) or "karaoke")
        style = _checked_style(preset, palette, templates, what, where)
        said = {**_read_style(preset, templates, what, where), **merged}
        _name_colours(merged, palette)
        for name, value in style.items():
            merged.setdefault(name, value)
        merged["name"] = preset
        _bring_out(merged, said)
    try:
        brand = Brand.model_validate(data)
    except ValidationError as error:
        return None, problems_of(error, data, Brand, what=what, path=path)
    brand._source = path.resolve() if path else None
    brand._templates, brand._written = templates, written
    problems = list(_missing_files(brand, data, what, templates))
    return (None, problems) if problems else (brand, [])


def _plain(data: Any) -> Any:
    """Return YAML's annotated values as plain ones, which compare, copy and pickle."""
    if isinstance(data, dict):
        return {str(name): _plain(value) for name, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list) else data


def _checked_style(preset: str, palette: Any, templates: Path, what: str, where: str) -> dict[str, Any]:
    data = _read_style(preset, templates, what, where)
    _name_colours(data, palette)
    try:
        return CaptionStyle.model_validate(data).model_dump()
    except ValidationError as error:
        what = f"{what}: captions.preset '{preset}'"
        raise BrandError(one_line(problems_of(error, data, CaptionStyle, what=what, path=_style_path(preset, templates)))) from None


def _read_style(preset: str, templates: Path, what: str, where: str = "") -> Any:
    """Read a preset as it is written: its colours may be names of the palette's."""
    path = _style_path(preset, templates)
    if not path.is_file():
        raise BrandError(f"{what}: captions.preset is '{preset}', but {_absent(path)}{where}")
    return _style_file(path, path.stat().st_mtime_ns, f"{what}: captions.preset '{preset}'").copy()


def _style_path(preset: str, templates: Path) -> Path:
    return templates / "styles" / f"{preset}.yaml"


@lru_cache(maxsize=32)
def _style_file(path: Path, _changed_ns: int, what: str) -> Any:
    """Read a preset once: a brand that is tuned asks for the same one at every touch."""
    return read_yaml(path, what=what)


def _absent(path: Path) -> str:
    near = difflib.get_close_matches(path.stem, [found.stem for found in path.parent.glob(f"*{path.suffix}")], n=1)
    return f"there is no {shown_path(path)}" + (f"; did you mean '{near[0]}'?" if near else "")


def _name_colours(style: dict[str, Any], palette: Any) -> None:
    """Replace palette names ("accent") in a style's colours by the brand's colours.

    Where the palette itself is wrong, black stands in: the palette is then what the error line is about.
    """
    for name, value in style.items():
        if _names_colour(name, value):
            colour = palette.get(value) if isinstance(palette, dict) else None
            style[name] = colour if isinstance(colour, str) and re.fullmatch("#[0-9A-Fa-f]{6}", colour) else "#000000"


def _names_colour(name: object, value: object) -> bool:
    return str(name).endswith("colour") and isinstance(value, str) and value in Palette.model_fields


def _bring_out(style: dict[str, Any], said: dict[str, Any]) -> None:
    """Make the palette's colour of the word spoken now, or of what is behind it, strong enough to be told from the other words.

    A colour that is written out stays as it is, and so does one that is given to both.
    """
    from reelkit.media.colours import stronger

    try:
        field, others = CaptionStyle.model_validate(style).lit_by
    except ValidationError:
        return  # Told of with all else that is wrong with the brand.
    if _names_colour(field, said.get(field)):
        style[field] = stronger(style[field], *(colour for other, colour in others.items() if said.get(other) != said[field]))


def _missing_files(brand: Brand, data: Any, what: str, templates: Path) -> Iterator[str]:
    def where(*loc: str) -> str:
        return place_of(brand.source, data, loc)

    if brand.source is not None and brand.slug != brand.source.stem:
        yield f"{what}: slug is '{brand.slug}'; it must be the file's name, '{brand.source.stem}'{where('slug')}"
    files = (
        (("logo",), brand.logo),
        (("music", "file"), brand.music.file),
        (("footage", "folder"), brand.footage.folder),
        (("voice", "recording"), brand.voice.recording),
        (("voice", "sample"), brand.voice.sample),
    )
    for loc, relative in files:
        if relative is not None and (wrong := _wrong_place(brand.path(relative), reduce(getitem, loc, data), folder=loc[-1] == "folder")):
            yield f"{what}: {'.'.join(loc)} is {wrong}{where(*loc)}"
    for field, named, kind, suffix in (("deck", brand.script.deck, "decks", ".yaml"), ("prompt", brand.script.prompt, "prompts", ".md")):
        path = templates / kind / f"{named}{suffix}"
        if named and not path.is_file():
            yield f"{what}: script.{field} is '{named}', but {_absent(path)}{where('script', field)}"
    for place, named in brand.overlays.python:
        path = brand.path(Path(named.rpartition(":")[0]))
        if not path.is_file():
            yield f"{what}: {'.'.join(place)} is '{named}', but there is no {shown_path(path)}{where(*place)}"
    for loc, problem in wrong_fonts(brand):
        yield f"{what}: {'.'.join(loc)}: {problem}{where(*loc)}"


def _wrong_place(path: Path, said: Any, *, folder: bool) -> str | None:
    """Return what is wrong with a path that must be a file's or a folder's, None where nothing is."""
    kind, other = ("folder", "a file") if folder else ("file", "a folder")
    if not str(said):
        return f"''; leave the line out, or name a {kind}"
    if path.is_dir() if folder else path.is_file():
        return None
    return f"'{said}', but " + (
        f"{shown_path(path)} is {other}; it must be a {kind}" if path.exists() else f"there is no {shown_path(path)}"
    )


def fields_of(groups: Mapping[str, Value]) -> dict[str, Any]:
    """Return what the fields of some groups say, by dotted name.

    Examples
    --------
    >>> fields_of({"fonts": BrandFonts()})
    {'fonts.title': 'Montserrat'}
    """
    return {f"{name}.{field}": value for name, group in groups.items() for field, value in group}


def wrong_fonts(brand: Brand) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each field whose font cannot be drawn with, or not in the brand's language, and why."""
    from reelkit.media.fonts import advice_for, find_font, missing_characters

    sample = _LETTERS.get(brand.language.split("-")[0], "")
    captions = brand.captions
    for loc, named, weight in ((("captions", "font"), captions.font, captions.weight), (("fonts", "title"), brand.fonts.title, 800)):
        try:
            missing = missing_characters(sample, find_font(brand.font(named), weight))
        except BrandError as error:
            yield loc, str(error).rstrip(".")
        else:
            if missing:
                yield loc, f"'{named}' has no letters of language '{brand.language}' ({missing}); {advice_for(missing)}"


def brand_schema() -> dict[str, Any]:
    """Return the JSON Schema of a brand file, for editors."""
    schema = Brand.model_json_schema()
    style = schema["$defs"]["CaptionStyle"]
    style["description"] = "A preset by name, and any of its fields to override."
    style["properties"].pop("name")
    style["properties"] = {
        "preset": {"type": "string", "default": "karaoke", "description": "a style in templates/styles"},
        **style["properties"],
    }
    colours = list(Palette.model_fields)
    for name, field in style["properties"].items():
        if name.endswith("colour"):
            field.pop("pattern", None)
            field.pop("type", None)
            none = [] if CaptionStyle.model_fields[name].default else [{"type": "null"}]
            field["anyOf"] = [{"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"}, {"enum": colours}, *none]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Reelkit brand"
    return schema
