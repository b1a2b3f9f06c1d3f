"""The values that flow through the rooms: frozen, validated, JSON both ways.

Time is exact. Words, sentences and cues are integers in audio samples at the narration's ``rate_hz``; everything on the timeline's
picture is an integer in frames at the reel's ``fps``. Seconds appear only in properties that end in ``_s``, for people.
Intervals are half-open: ``start`` belongs to it, ``end`` does not.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

__all__ = [
    "AudioResult",
    "AudioTrack",
    "BackdropFamily",
    "BatchResult",
    "Blurb",
    "Cache",
    "Candidate",
    "CaptionCue",
    "CaptionStyle",
    "CaptionWord",
    "Clip",
    "ClipFacts",
    "ClipOverlay",
    "Colour",
    "Credit",
    "Cue",
    "Doubt",
    "DoubtfulPlace",
    "EndCard",
    "Finding",
    "Fps",
    "GainPoint",
    "GenerationResult",
    "HeardMusic",
    "KeyWords",
    "LogoOverlay",
    "Move",
    "Overlay",
    "Palette",
    "Progress",
    "ProgressBar",
    "Reel",
    "SafeZone",
    "Scene",
    "Script",
    "ScriptRequest",
    "SentenceTiming",
    "ServiceCall",
    "Shape",
    "ShapedReel",
    "Shot",
    "StyleChange",
    "TimedBy",
    "Timeline",
    "Transition",
    "TransitionKind",
    "UploadResult",
    "Value",
    "Word",
    "composed",
    "content_key",
    "numbered",
    "one_line",
    "spaced",
]

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$", to_upper=True)]
TimedBy = Literal["durations", "alignment", "estimated"]
_NO_BREAK = "\u00a0\u202f"
_APART = re.compile(r"[^\W\d_][\u0300-\u036f\u3099\u309a]+|[\u1100-\u11ff]+")
"""Letters and the marks on them, and the parts of Korean syllables."""
Progress = Callable[[float], None]
"""Called with the share done, 0.0 to 1.0."""


class Value(BaseModel):
    """Base of every value: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


def content_key(*parts: Any, **named: Any) -> str:
    """Return the SHA-256 (64 hex digits) of everything given, the key under which what depends on it is kept.

    Parameters
    ----------
    *parts, **named : str, bytes, int, float, bool, None, list, dict, Path or Value
        Values are hashed by their JSON with sorted keys; bytes by their own hash.

    Examples
    --------
    >>> content_key("speech", text="Hello", speed=1.0) == content_key("speech", speed=1.0, text="Hello")
    True
    """

    def plain(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json")
        if isinstance(value, bytes):
            return {"sha256": hashlib.sha256(value).hexdigest()}
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, Fraction):
            return [value.numerator, value.denominator]
        raise TypeError(f"content_key cannot hash a {type(value).__name__}")

    text = json.dumps([parts, named], sort_keys=True, default=plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Cache(Protocol):
    """What slow work may ask of a content-addressed cache; :class:`reelkit.runs.cache.FileCache` is one."""

    def get(self, room: str, key: str, suffix: str) -> Path | None:
        """Return the kept file, or None."""

    def put(self, room: str, key: str, suffix: str) -> AbstractContextManager[Path]:
        """Give a temporary path to write; on a clean exit it is flushed and renamed into place."""

    def file(self, room: str, key: str, suffix: str, make: Callable[[Path], object]) -> Path:
        """Return the kept file, calling ``make(temporary_path)`` first where there is none."""


# --- what is said ---------------------------------------------------------------------------------------------------


class Scene(Value):
    """A sentence or two with the terms its footage is searched by."""

    text: str = Field(min_length=1)
    search_terms: tuple[str, ...] = Field(min_length=2, max_length=4)
    emphasis: str = Field(default="", max_length=40, repr=False, description="key words that stand large while they are said")
    icon: str = Field(default="", max_length=40, repr=False, description="a sign above them, by its name in Lucide's set")

    @field_validator("text", "emphasis", mode="before")
    @classmethod
    def _one_line(cls, text: object) -> object:
        return one_line(text) if isinstance(text, str) else text


class Blurb(Value):
    """How a writer would announce a reel: its own words, before a platform's limits are kept."""

    title: str = ""
    description: str = ""
    hashtags: tuple[str, ...] = Field(default=(), description="without #")


class Script(Value):
    """What is said and shown; ``voiceover`` is the scenes' texts joined by one space."""

    topic: str = Field(min_length=1)
    voiceover: str
    scenes: tuple[Scene, ...] = Field(min_length=1)
    blurb: Blurb | None = Field(default=None, description="how its writer would announce it; None takes the script's own lines")

    @model_validator(mode="after")
    def _voiceover_is_the_scenes(self) -> Self:
        joined = " ".join(scene.text for scene in self.scenes)
        if self.voiceover != joined:
            raise ValueError(
                f"voiceover must be the scenes' texts joined by a space: expected {joined[:60]!r}..., got {self.voiceover[:60]!r}..."
            )
        return self

    @classmethod
    def of(cls, topic: str, scenes: list[Scene] | tuple[Scene, ...]) -> Script:
        """Build a script from its scenes, joining the voiceover."""
        return cls(topic=topic, voiceover=" ".join(scene.text for scene in scenes), scenes=tuple(scenes))

    @property
    def word_count(self) -> int:
        return len(self.voiceover.split())

    def __repr__(self) -> str:
        return f"<Script {self.topic!r}: {len(self.scenes)} scenes, {self.word_count} words>"


class ScriptRequest(Value):
    """What a writer is asked for: everything of a brand that a script depends on."""

    brand_name: str
    slug: str = Field(description="names the brand in error lines")
    language: str = "en"
    tone: str = ""
    topic_seed: int = Field(ge=0)
    length_s: float = Field(gt=0)
    sentence_pause_ms: int = Field(default=220, ge=0)
    scene_pause_ms: int = Field(default=340, ge=0)
    tail_ms: int = Field(default=700, ge=0)
    banned_words: tuple[str, ...] = ()
    call_to_action: str = ""
    fallback_terms: tuple[str, ...] = ()
    audience: str = ""

    def banned_word_in(self, text: str) -> str | None:
        """Return the first banned word or phrase that stands in ``text`` as whole words, in any case, or None.

        Examples
        --------
        >>> request = ScriptRequest(brand_name="N", slug="n", topic_seed=1, length_s=30, banned_words=("cure",))
        >>> request.banned_word_in("It will cure you."), request.banned_word_in("A secure cup.")
        ('cure', None)
        """
        plain = " ".join(text.split()).casefold()
        for banned in self.banned_words:
            wanted = " ".join(banned.split()).casefold()
            if wanted and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", plain):
                return banned
        return None


def numbered(texts: Iterable[str]) -> list[str]:
    """Return texts, none twice: one that was there before with a line break, which no line of a script has, and how often it was.

    Examples
    --------
    >>> numbered(["Again.", "And", "again.", "Again."])
    ['Again.', 'And', 'again.', 'Again.\\n2']
    """
    seen: Counter[str] = Counter()
    found = []
    for text in texts:
        seen[text] += 1
        found.append(text if seen[text] == 1 else f"{text}\n{seen[text]}")
    return found


def one_line(text: str) -> str:
    """Return a text with single spaces for white space; those that hold words together (U+00A0, U+202F) stay what they are.

    Letters that come apart from their accents are put together (:func:`composed`).

    Examples
    --------
    >>> one_line(" only\\n10\\u00a0000   cups "), one_line("cafe\\u0301")
    ('only 10\\xa0000 cups', 'café')
    """
    return re.sub(r"\s+", lambda gap: " " if gap[0].strip(_NO_BREAK) else gap[0][0], composed(text).strip())


def composed(text: str) -> str:
    """Return a text with the letters that come apart from their accents, as from some systems' file names and documents, put together
    (Unicode's NFC): voices and fonts know them so. All else stays as it is written; NFC would replace rare characters of names."""
    return _APART.sub(lambda letter: unicodedata.normalize("NFC", letter[0]), text)


def spaced(texts: Sequence[str], joined: Sequence[bool] = ()) -> str:
    """Return texts as they are written in a row: with a space between two, but for those that are joined to the one before.

    Examples
    --------
    >>> spaced(["It", "is"]), spaced(["今日は", "天気"], [True, True])
    ('It is', '今日は天気')
    """
    joints = [True, *(joined[1:] or [False] * (len(texts) - 1))]
    return "".join(text if joint else " " + text for text, joint in zip(texts, joints, strict=True)) if texts else ""


_unless_so: Any = {"default": False, "exclude_if": lambda so: not so}
_joined: Any = Field(**_unless_so, description="no space before it: a phrase of a word of a script without spaces")


class Word(Value):
    """One word as the viewer reads it (a whitespace-separated piece of the voiceover) and the samples that say it.

    In cues, a word of a script without spaces (Chinese, Japanese, Thai) is the phrases that it is made of; ``joined`` says of one that it
    goes on the one before.
    """

    text: str = Field(min_length=1, pattern=r"^\S+$")
    start: int = Field(ge=0)
    end: int
    rate_hz: int = Field(gt=0)
    timed_by: TimedBy
    joined: bool = _joined
    held: bool = Field(**_unless_so, description="the space before it does not break: it stays with the word before")
    ends_scene: bool = Field(**_unless_so, description="the last of its scene: a sentence ends with it, whatever it is written with")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"word {self.text!r} must end after it starts: start {self.start}, end {self.end} samples")
        return self

    @property
    def start_s(self) -> float:
        return self.start / self.rate_hz

    @property
    def end_s(self) -> float:
        return self.end / self.rate_hz

    def __repr__(self) -> str:
        return f"<Word {self.text!r} {self.start_s:.3f}-{self.end_s:.3f} s, {self.timed_by}>"


def _ordered(words: tuple[Word, ...], what: str) -> None:
    for before, after in itertools.pairwise(words):
        if after.rate_hz != before.rate_hz:
            raise ValueError(f"{what}: word {after.text!r} is at {after.rate_hz} Hz, the one before it at {before.rate_hz} Hz")
        if after.start < before.end:
            raise ValueError(f"{what}: word {after.text!r} starts at {after.start}, before {before.text!r} ends at {before.end}")


class Doubt(Value):
    """Words ``start`` to ``stop`` of a script in whose place a recording may say something else: ``heard``, or nothing where that is empty.

    Where ``stop`` is ``start``, it may say more than the script, before that word; where ``heard`` is what the script has, the words are
    heard but do not sound as they should.
    """

    start: int = Field(ge=0)
    stop: int = Field(ge=0)
    heard: str


@dataclass(frozen=True)
class HeardMusic:
    """Music and the voice over it, apart from each other, as they are in a reel.

    Parameters
    ----------
    music : ndarray of float32 [shape=(n, 2)]
    voice : ndarray of float32 [shape=(n, 2)]
        Nothing but zeros where the music is heard alone.
    rate_hz : int
    """

    music: NDArray[np.float32]
    voice: NDArray[np.float32]
    rate_hz: int


@dataclass(frozen=True)
class AudioResult:
    """The narration and when each of its words is said.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
        Mono, within -1 to 1.
    rate_hz : int
    words : tuple of Word
        In order, not overlapping, inside the audio; their texts are ``voiceover.split()``.
    doubts : tuple of Doubt
        Where a recording should be listened to, in the order of words.

    Raises
    ------
    ValueError
        When the words overlap, are out of order, at another rate, or reach beyond the audio.
    """

    samples: NDArray[np.float32]
    rate_hz: int
    words: tuple[Word, ...]
    doubts: tuple[Doubt, ...] = ()

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError(f"samples must be mono float32, got {self.samples.dtype} of shape {self.samples.shape}")
        _ordered(self.words, "narration")
        if self.words and (self.words[0].rate_hz != self.rate_hz or self.words[-1].end > len(self.samples)):
            raise ValueError(f"narration: words must be at {self.rate_hz} Hz and end by sample {len(self.samples)}, got {self.words[-1]!r}")
        self.samples.flags.writeable = False

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz

    def __repr__(self) -> str:
        return f"<AudioResult {self.duration_s:.2f} s at {self.rate_hz} Hz, {len(self.words)} words>"


class _Spoken(Value):
    words: tuple[Word, ...] = Field(min_length=1)

    @field_validator("words")
    @classmethod
    def _in_order(cls, words: tuple[Word, ...]) -> tuple[Word, ...]:
        _ordered(words, cls.__name__)
        return words

    @property
    def text(self) -> str:
        return spaced([word.text for word in self.words], [word.joined for word in self.words])

    @property
    def rate_hz(self) -> int:
        return self.words[0].rate_hz


class SentenceTiming(_Spoken):
    """A sentence and its words, in samples."""

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end

    def __repr__(self) -> str:
        return f"<SentenceTiming {self.text!r} {self.start / self.rate_hz:.3f}-{self.end / self.rate_hz:.3f} s>"


class Cue(_Spoken):
    """The words on screen together and, in samples, how long they stand."""

    start: int = Field(ge=0)
    end: int

    @model_validator(mode="after")
    def _covers_its_words(self) -> Self:
        if self.start > self.words[0].start or self.end < self.words[-1].end:
            raise ValueError(
                f"cue {self.text!r} must cover its words {self.words[0].start}-{self.words[-1].end}, got {self.start}-{self.end}"
            )
        return self

    def __repr__(self) -> str:
        return f"<Cue {self.text!r} {self.start / self.rate_hz:.3f}-{self.end / self.rate_hz:.3f} s>"


# --- what is shown --------------------------------------------------------------------------------------------------


class Palette(Value):
    """A brand's colours, sRGB ``#RRGGBB``."""

    background: Colour
    surface: Colour
    primary: Colour
    accent: Colour
    text: Colour


class Credit(Value):
    """Who made a clip and under which terms it may be shown."""

    author: str
    licence: str
    page_url: str = ""


BackdropFamily = Literal[
    "gradient_flow", "paper_layers", "light_leaks", "topographic", "particles", "bokeh", "waves", "grid_perspective", "ink", "collage"
]
"""Families of drawn backdrops, as :mod:`reelkit.media.backdrops` paints them."""


class Candidate(Value):
    """A clip that a library offers for some terms; it may have to be drawn or downloaded before it is a :class:`Clip`.

    Candidates of one ``kin`` look alike and should not stand side by side; ``sha256`` is empty where it is not known yet. ``match`` says
    how well it suits the terms, among the candidates of one library.
    """

    id: str = Field(min_length=1)
    library: str
    kin: str = ""
    sha256: str = ""
    match: float = 0.0


class Clip(Value):
    """Footage on disk, with credit and licence.

    ``width_px`` and ``height_px`` are as displayed (after rotation and sample aspect). ``duration_ms`` is None for a picture.
    ``loops`` says that the last frame leads into the first, ``still`` that a video stands as a picture does. ``scene`` is the index of the
    scene it was fetched for; ``rung`` is the rung of the ladder of terms that found it. ``focus`` is the point to keep in view, as shares
    of width and height.
    """

    id: str
    library: str
    path: Path
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: Literal["video", "image"]
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    duration_ms: int | None = Field(default=None, gt=0)
    in_ms: int = Field(default=0, ge=0, description="where showing it begins")
    loops: bool = False
    still: bool = False
    credit: Credit
    scene: int = Field(default=0, ge=0)
    query: str = ""
    rung: str = ""
    rank: int = Field(default=0, ge=0)
    focus: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _videos_last(self) -> Self:
        if (self.kind == "video") != (self.duration_ms is not None):
            raise ValueError(f"clip {self.id!r}: a video has a duration_ms and an image has none, got {self.kind} with {self.duration_ms}")
        return self

    @property
    def stands(self) -> bool:
        """Whether it is a picture, or a video that does not move, and so is given a move of its own."""
        return self.kind == "image" or self.still

    @property
    def is_drawn(self) -> bool:
        """Whether it is a backdrop, drawn here: it goes on beyond any crop, and bands where it has no grain."""
        return self.library == "backdrops"

    @property
    def is_insert(self) -> bool:
        """Whether it is a brand's own intro or outro, which stands around the reel and is nobody's footage."""
        return self.library == "python"

    def __repr__(self) -> str:
        length = "picture" if self.duration_ms is None else f"{self.duration_ms / 1000:.1f} s"
        return f"<Clip {self.id!r} {self.width_px}x{self.height_px}, {length}>"


class ClipFacts(Value):
    """What a probe found in a file that is usable footage.

    ``width_px`` and ``height_px`` are as displayed: after sample aspect ratio, then rotation. ``rotation_deg`` is how far the stored
    picture is turned clockwise to be displayed. ``duration_ms`` is what can be decoded, None for a picture.
    """

    kind: Literal["video", "image"]
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    rotation_deg: Literal[0, 90, 180, 270] = 0
    duration_ms: int | None = Field(default=None, gt=0)
    fps: float | None = Field(default=None, gt=0, description="mean rate; None for a picture")
    codec: str
    loops: bool = Field(default=False, description="it says of itself that it is played over and over, as animations do")
    still: bool = Field(default=False, description="a video that stands for 1.5 s or more where it was looked at")
    brightness: float = Field(ge=0.0, le=1.0, description="mean luma of the frames looked at; 0 is black")


class Fps(Value):
    """A frame rate as an exact ratio."""

    num: int = Field(gt=0)
    den: int = Field(default=1, gt=0)

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.num, self.den)

    def frame_at(self, sample: int, rate_hz: int) -> int:
        """Return the frame shown when ``sample`` plays (the last one that starts at or before it)."""
        return int(sample * self.num // (self.den * rate_hz))

    def first_frame_from(self, sample: int, rate_hz: int) -> int:
        """Return the first frame that starts at or after ``sample``."""
        return -(-sample * self.num // (self.den * rate_hz))

    def sample_at(self, frame: int, rate_hz: int) -> int:
        """Return the sample that plays when ``frame`` starts, rounded down."""
        return frame * self.den * rate_hz // self.num

    def __str__(self) -> str:
        return str(self.num) if self.den == 1 else f"{self.num}/{self.den}"


class Move(Value):
    """A slow camera move over a shot: the view's zoom and centre go from one to the other, eased."""

    kind: Literal["hold", "push", "pull", "pan_left", "pan_right", "drift_up", "drift_down"] = "hold"
    amount: float = Field(default=0.08, ge=0.0, le=0.5, description="share of the picture the move covers")


Shape = Literal["9:16", "4:5", "1:1", "16:9"]
"""Width to height of a reel, as people name it."""

TransitionKind = Literal["cut", "crossfade", "slide", "wipe", "zoom", "whip", "dip"]
"""Ways from one shot to the next, as :mod:`reelkit.media.transitions` draws them."""


class Transition(Value):
    """How a shot comes in; the shot before it goes on underneath for ``frames``."""

    kind: TransitionKind = "cut"
    frames: int = Field(default=0, ge=0)


class Shot(Value):
    """A clip placed on the timeline, ``start`` to ``end`` in frames; ``in_frame`` is the source time in frames at the reel's rate."""

    clip: Clip
    start: int = Field(ge=0)
    end: int
    in_frame: int = Field(default=0, ge=0)
    zoom: float = Field(default=1.0, ge=1.0, le=3.0, description="crop: 1 fills the frame, 1.2 shows 1/1.2 of it")
    focus: tuple[float, float] = Field(default=(0.5, 0.5), description="the point the crop keeps in view, shares of width and height")
    fit: Literal["fill", "blur"] = Field(default="fill", description="fill: cropped to the frame; blur: whole, over its own blurred copy")
    move: Move = Move()
    transition: Transition = Transition()

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"shot of {self.clip.id!r} must end after it starts: frames {self.start}-{self.end}")
        return self


class SafeZone(Value):
    """Margins in px of a 1080x1920 frame that the platforms cover with their own buttons and texts.

    The defaults are the strictest organic figures of TikTok, Reels and Shorts together.
    """

    top_px: int = 250
    bottom_px: int = 450
    left_px: int = 60
    right_px: int = 180

    def widest_px(self, width_px: int, height_px: int) -> int:
        """Return how wide centred captions may be in a frame, in px at 1080 of its shorter side.

        Examples
        --------
        >>> SafeZone().widest_px(1080, 1920)
        720
        """
        return max(2 * min(540 - self.left_px, 540 - self.right_px), 0) * width_px // min(width_px, height_px)


class CaptionStyle(Value):
    """How captions look and break, in px of a 1080x1920 frame. A preset in ``templates/styles/`` gives every field."""

    name: str = "pop"
    mode: Literal["karaoke", "pop", "box", "marker", "one_word", "typewriter", "classic"] = Field(
        default="karaoke",
        description="karaoke: three states; pop: the spoken word grows; box: a box behind the spoken word; marker: a highlighter sweeps "
        "behind it; one_word: one at a time; typewriter: written letter by letter; classic: no active word",
    )
    font: str = Field(default="Montserrat", description="a family that comes with Reelkit or is installed, or a path to a font file")
    weight: int = Field(default=800, ge=100, le=900)
    size_px: int = Field(default=84, ge=55, le=120)
    uppercase: bool = False
    letter_spacing_em: float = Field(default=0.0, ge=-0.1, le=0.3)
    line_height: float = Field(default=1.12, ge=0.9, le=2.0)
    colour: Colour = Field(default="#FFFFFF", description="words already spoken")
    active_colour: Colour = Field(default="#FFD23F", description="the word spoken now")
    active_gradient_colour: Colour | None = Field(default=None, description="the spoken word runs from active_colour down to this")
    active_scale: float = Field(default=1.0, ge=1.0, le=1.3, description="how much larger the spoken word is drawn")
    upcoming_colour: Colour = Field(default="#FFFFFF", description="words still to come")
    upcoming_opacity: float = Field(default=0.75, ge=0.0, le=1.0)
    outline_px: int = Field(default=6, ge=0, le=16)
    outline_colour: Colour = "#000000"
    shadow_px: int = Field(default=12, ge=0, le=60, description="blur radius of the soft shadow; 0 is none")
    shadow_drop_px: int = Field(default=4, ge=0, le=40, description="how far the shadow falls; 0 makes it a glow")
    shadow_colour: Colour = "#000000"
    shadow_opacity: float = Field(default=0.5, ge=0.0, le=1.0)
    box_colour: Colour | None = Field(default=None, description="a box behind the whole cue")
    box_opacity: float = Field(default=0.8, ge=0.0, le=1.0)
    active_box_colour: Colour | None = Field(default=None, description="a box behind the word spoken now")
    box_radius_px: int = Field(default=18, ge=0, le=80)
    box_padding_px: int = Field(default=18, ge=0, le=80)
    max_words: int = Field(default=4, ge=1, le=8)
    max_chars_per_line: int = Field(default=20, ge=6, le=40)
    max_lines: int = Field(default=2, ge=1, le=3)
    max_width_px: int = Field(default=720, ge=200, le=1000)
    bottom_px: int = Field(default=1470, ge=300, le=1900, description="the lowest line that ink, outline or box may touch")
    pop_s: float = Field(default=0.14, ge=0.0, le=0.5, description="length of the entrance; 0 is none (reduced motion)")
    pop_overshoot: float = Field(default=0.06, ge=0.0, le=0.3)
    linger_ms: int = Field(default=150, ge=0, le=1000)
    min_cue_ms: int = Field(default=833, ge=0, le=3000)
    max_chars_per_s: float = Field(default=17.0, gt=0)

    @property
    def lit_by(self) -> tuple[str, dict[str, str]]:
        """The field whose colour shows which word is spoken now, and those it must be told from, by field; none of these where others
        show it, or nothing does.

        Examples
        --------
        >>> CaptionStyle(mode="karaoke", active_colour="#FFD23F").lit_by
        ('active_colour', {'colour': '#FFFFFF', 'upcoming_colour': '#FFFFFF'})
        """
        if self.mode in ("box", "marker"):
            boxed = self.box_colour is not None and self.active_box_colour is not None
            return "active_box_colour", {"box_colour": str(self.box_colour)} if boxed else {}
        field = "active_gradient_colour" if self.active_gradient_colour else "active_colour"
        others = {"colour": self.colour, "upcoming_colour": self.upcoming_colour}
        return field, others if self.mode in ("karaoke", "pop", "typewriter") else {}


class StyleChange(Value):
    """A field of a caption style that was changed for one reel."""

    field: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.field} {self.was} \u2192 {self.now}"


class CaptionWord(Value):
    """A word of a cue on the timeline, in frames: it is spoken now from ``start`` until ``end``."""

    text: str
    start: int
    end: int
    joined: bool = _joined


class CaptionCue(Value):
    """A cue on the timeline: on screen from frame ``start`` until ``end``."""

    words: tuple[CaptionWord, ...] = Field(min_length=1)
    start: int = Field(ge=0)
    end: int
    up_px: int = Field(default=0, ge=0, description="how far above the style's place it stands, in px of the frame")

    @property
    def text(self) -> str:
        return spaced([word.text for word in self.words], [word.joined for word in self.words])

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"cue {self.text!r} must end after it starts: frames {self.start}-{self.end}")
        return self


class LogoOverlay(Value):
    """The brand's logo, fitted into a box; ``x_px`` and ``y_px`` are the box's upper left corner in the frame."""

    kind: Literal["logo"] = "logo"
    path: Path
    sha256: str
    start: int
    end: int
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    opacity: float = Field(default=1.0, ge=0.0, le=1.0)
    plate_colour: Colour | None = Field(default=None, description="of the plate it gets on pictures that leave it unclear")
    plated: bool = Field(default=False, description="whether it stands on that plate")

    @property
    def plate(self) -> str | None:
        """The colour of the plate that it stands on."""
        return self.plate_colour if self.plated else None


class ProgressBar(Value):
    """A bar that fills over the reel."""

    kind: Literal["progress"] = "progress"
    start: int
    end: int
    x_px: int | None = Field(default=None, description="its left edge in the frame; None is the usual safe zone's")
    width_px: int | None = Field(default=None, description="None is up to the usual safe zone's right edge")
    y_px: int
    height_px: int = 8
    colour: Colour
    track_colour: Colour
    track_opacity: float = Field(default=0.35, ge=0.0, le=1.0)


class EndCard(Value):
    """The closing card: logo, call to action and a second line over a veil of the brand's background."""

    kind: Literal["end_card"] = "end_card"
    start: int
    end: int
    title: str
    subtitle: str = ""
    logo_path: Path | None = None
    logo_sha256: str = ""
    font: str
    palette: Palette
    fade_frames: int = Field(default=8, ge=0)
    top_px: int | None = Field(
        default=None, description="what stands on it keeps below this, in px of the frame; None is the usual safe zone's edge"
    )
    bottom_px: int | None = Field(default=None, description="and above this; None leaves captions their place")


class KeyWords(Value):
    """A few large words with an icon, either of which may be missing, between two heights of the frame."""

    kind: Literal["key_words"] = "key_words"
    start: int
    end: int
    text: str = ""
    icon: str = ""
    font: str
    colour: Colour
    accent: Colour = Field(description="of the icon, and of words with figures")
    edge: Colour = Field(description="around letters and icon")
    top_px: int
    bottom_px: int
    moves: bool = True


class ClipOverlay(Value):
    """A clip with alpha over the reel, frame for frame from ``start`` on; its box is all that is ever seen of it."""

    kind: Literal["clip"] = "clip"
    path: Path
    sha256: str
    start: int
    end: int
    x_px: int
    y_px: int
    width_px: int
    height_px: int


Overlay = Annotated[LogoOverlay | ProgressBar | EndCard | KeyWords | ClipOverlay, Field(discriminator="kind")]


# --- what is heard --------------------------------------------------------------------------------------------------


class GainPoint(Value):
    """A point of a gain envelope, linear in dB between points, in samples at the track's timeline rate."""

    at: int = Field(ge=0)
    gain_db: float


class AudioTrack(Value):
    """A sound file on the timeline, ``start`` in samples at the timeline's ``audio_rate_hz``.

    Music goes on to the track's end, over and over where its file is short; a stinger or the sound of a clip is heard once.
    """

    kind: Literal["narration", "music", "stinger", "clip"]
    path: Path
    sha256: str
    start: int = Field(default=0, ge=0)
    end: int | None = Field(default=None, ge=0, description="sample of the reel from which it is silent; None is the reel's end")
    gain_db: float = 0.0
    envelope: tuple[GainPoint, ...] = ()
    fade_out: int = Field(default=0, ge=0, description="samples over which the track fades to silence at its end")


class DoubtfulPlace(Value):
    """A place of a reel whose voice should be listened to: from a frame on it may say ``heard`` where its script has ``script``."""

    start: int = Field(ge=0, description="frame")
    script: str = Field(description="words of the script; empty where the voice may say more than these")
    heard: str = Field(description="what is heard; empty where the words may be left out")


class Timeline(Value):
    """The reel as plain data: all that rendering needs, saved as JSON and read back equal."""

    version: Literal[1] = 1
    brand: str
    topic: str
    language: str = Field(default="", description="of what is said, BCP 47; decides forms of letters, and capitals")
    width_px: int = Field(default=1080, gt=0, multiple_of=2)
    height_px: int = Field(default=1920, gt=0, multiple_of=2)
    fps: Fps = Fps(num=30)
    frame_count: int = Field(gt=0)
    audio_rate_hz: int = 48000
    crf: int = Field(default=20, ge=0, le=51, description="x264 constant quality")
    background: Colour
    shots: tuple[Shot, ...] = Field(min_length=1)
    cues: tuple[CaptionCue, ...] = ()
    estimated_words: int = Field(default=0, ge=0, description="spoken words whose times are a guess, by their lengths")
    doubtful: tuple[DoubtfulPlace, ...] = Field(
        default=(), description="where a recorded voice-over may say something else than its script"
    )
    caption_style: CaptionStyle = CaptionStyle()
    strengthened: tuple[StyleChange, ...] = Field(
        default=(), description="what makes the brand's caption style clear on this reel's pictures"
    )
    undrawn: str = Field(default="", description="characters of the texts on screen that no font draws, each once; they are left out")
    overlays: tuple[Overlay, ...] = ()
    audio: tuple[AudioTrack, ...] = ()
    safe_zone: SafeZone = SafeZone()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        at = 0
        for shot in self.shots:
            if shot.start != at:
                raise ValueError(
                    f"shots must follow each other without gap: shot of {shot.clip.id!r} starts at frame {shot.start}, expected {at}"
                )
            at = shot.end
        if at != self.frame_count:
            raise ValueError(f"shots must fill the reel: they end at frame {at}, the reel at {self.frame_count}")
        at = 0
        for cue in self.cues:
            if cue.start < at or cue.end > self.frame_count:
                raise ValueError(f"cue {cue.text!r} at frames {cue.start}-{cue.end} must lie in {at}-{self.frame_count}")
            at = cue.end
        return self

    @property
    def duration_s(self) -> float:
        return float(self.frame_count / self.fps.ratio)

    @property
    def sample_count(self) -> int:
        """Length of the sound in samples at ``audio_rate_hz``."""
        return self.fps.sample_at(self.frame_count, self.audio_rate_hz)

    # Doors to other tools. They are opened by name: a value knows no room, and costs nothing that is not used.

    def to_moviepy(self) -> Any:
        """Open the reel as a MoviePy clip, with the same frames; see :func:`reelkit.media.moviepy_door.to_moviepy`."""
        return import_module("reelkit.media.moviepy_door").to_moviepy(self)

    def to_otio(self) -> Any:
        """Return the reel as an OpenTimelineIO timeline; see :func:`reelkit.media.otio.to_otio`."""
        return import_module("reelkit.media.otio").to_otio(self)

    def __repr__(self) -> str:
        undrawn = f", no font draws {self.undrawn}" if self.undrawn else ""
        return f"<Timeline {self.topic!r}: {self.duration_s:.2f} s, {len(self.shots)} shots, {len(self.cues)} cues{undrawn}>"


# --- what comes out -------------------------------------------------------------------------------------------------


class Reel(Value):
    """The MP4 and its facts."""

    path: Path
    sha256: str
    bytes: int
    width_px: int
    height_px: int
    fps: Fps
    frame_count: int
    loudness_lufs: float
    true_peak_dbtp: float
    segments_rendered: int = 0
    segments_reused: int = 0
    damaged_clips: dict[str, float] = Field(default={}, description="clips that did not decode whole: where, in seconds into them")

    @property
    def duration_s(self) -> float:
        return float(self.frame_count / self.fps.ratio)

    def __repr__(self) -> str:
        return f"<Reel {self.path.name}: {self.duration_s:.2f} s, {self.width_px}x{self.height_px}, {self.bytes / 1e6:.1f} MB>"


class Finding(Value):
    """What a check measured, its norm, and whether it holds. A failed "must" fails the run; a failed "should" warns."""

    name: str
    level: Literal["must", "should"]
    holds: bool
    norm: str
    measured: str
    at_s: float | None = None
    hint: str = ""

    @property
    def verdict(self) -> Literal["pass", "warn", "fail"]:
        return "pass" if self.holds else "fail" if self.level == "must" else "warn"

    def __repr__(self) -> str:
        return f"<Finding {self.name}: {self.verdict}, {self.measured} ({self.norm})>"


class ServiceCall(Value):
    """A call that was answered, and what it cost. ``usd`` is None where the brand says no price."""

    service: str
    model: str = ""
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    usd: float | None = Field(default=None, ge=0)


class UploadResult(Value):
    """Where a reel was published."""

    url: str
    bytes: int
    etag: str


class ShapedReel(Value):
    """A reel in another shape, beside the reel itself: ``reel-1x1.mp4``."""

    shape: Shape
    reel: Reel
    findings: tuple[Finding, ...] = ()

    @staticmethod
    def file_of(shape: Shape) -> str:
        """Return the name of a shape's file.

        Examples
        --------
        >>> ShapedReel.file_of("1:1")
        'reel-1x1.mp4'
        """
        return f"reel-{shape.replace(':', 'x')}.mp4"

    @staticmethod
    def poster_of(shape: Shape) -> str:
        """Return the name of a shape's poster."""
        return f"poster-{shape.replace(':', 'x')}.jpg"

    def __repr__(self) -> str:
        held = sum(finding.holds for finding in self.findings)
        return f"<ShapedReel {self.shape}: {self.reel.bytes / 1e6:.1f} MB, {held} of {len(self.findings)} checks hold>"


@dataclass(frozen=True)
class GenerationResult:
    """How one reel ended; ``error`` is one line when ``success`` is False."""

    success: bool
    video_path: Path | None
    public_url: str | None
    error: str | None
    duration_ms: int
    run_dir: Path | None = None
    findings: tuple[Finding, ...] = field(default=())
    reused: bool = False
    shape_paths: tuple[Path, ...] = field(default=())


@dataclass(frozen=True)
class BatchResult:
    """How the reels of one brand ended in a batch.

    Examples
    --------
    >>> made = GenerationResult(success=True, video_path=None, public_url=None, error=None, duration_ms=1)
    >>> failed = GenerationResult(success=False, video_path=None, public_url=None, error="no words", duration_ms=1)
    >>> BatchResult(results=(made, made, made, failed), total_duration_ms=4)
    <BatchResult: 3 of 4 reels in 0.0 s>
    """

    results: tuple[GenerationResult, ...]
    total_duration_ms: int

    @property
    def success_count(self) -> int:
        return sum(result.success for result in self.results)

    @property
    def failure_count(self) -> int:
        return len(self.results) - self.success_count

    @property
    def success_rate(self) -> float:
        """Share of the reels that are made, 0.0 to 1.0; of no reels, 0.0."""
        return self.success_count / len(self.results) if self.results else 0.0

    def __repr__(self) -> str:
        return f"<BatchResult: {self.success_count} of {len(self.results)} reels in {self.total_duration_ms / 1000:.1f} s>"
