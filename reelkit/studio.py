"""A studio of one's own: notebooks, templates and a first brand, for a person who installed Reelkit as a package."""

from __future__ import annotations

import colorsys
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from reelkit.brand import Brand, BrandOverlays, BrandScript, BrandVoice
from reelkit.errors import RunError
from reelkit.model import Colour, Palette, Value
from reelkit.services.deck import HOOK_WORDS, Hook, Said
from reelkit.whole import write_whole

__all__ = ["Answers", "make_studio", "palette_of", "slug_of"]

_GITIGNORE = "outputs/\n.env\n.ipynb_checkpoints/\n"
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400"><title>{name}</title><circle cx="200" cy="200" r="190" '
    'fill="{fill}"/><text x="200" y="275" font-family="Montserrat" font-weight="800" font-size="220" '
    'text-anchor="middle" fill="{text}">{letter}</text></svg>\n'
)
_PACKAGE = Path(__file__).parent
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What neither YAML nor SVG can hold."""
_SPEED = 0.92
"""Of a first brand's voice: a little slow, so that captions are read with ease whatever the words."""
_LEAST_S = 15.5
"""What a reel lasts at least to be of use: 15 s, and something for the voice's own pace."""
_SPOKEN_WORDS = HOOK_WORDS - 8
"""Of a name that is said, in a hook with eight words around it; a longer one is "us"."""


def _on_one_line(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    line = " ".join(text.split())
    if wrong := _UNWRITABLE.search(line):
        raise ValueError(f"it holds {wrong[0]!r}, which cannot be written; leave it out")
    return line


def _sentence(text: Any) -> Any:
    line = _on_one_line(text)
    return line if not line or not isinstance(line, str) or line.endswith((".", "!", "?", "…")) else f"{line}."


_Text = Annotated[str, Field(min_length=1), BeforeValidator(_on_one_line)]


class Answers(Value):
    """What a first brand is made of. Texts are put on one line, and what is said ends as a sentence does."""

    name: _Text
    colour: Colour = "#2F6FC4"
    topic: _Text = "How we work"
    facts: tuple[Annotated[Said, BeforeValidator(_sentence)], ...] = Field(
        default=(
            "We do one thing, and we do it well.",
            "Every order is checked by hand before it leaves.",
            "Good work takes time, and we take that time.",
            "Ask us, and you hear from those who do the work.",
            "If it is not right, we do it again.",
        ),
        min_length=3,
        description="sentences that are true; each may be said in a reel",
    )
    hook: Annotated[Hook, BeforeValidator(_sentence)] | None = Field(default=None, description="the first line; one about the name if None")
    call_to_action: Annotated[Said, BeforeValidator(_sentence)] | None = Field(default=None, description="the last line, likewise")

    @property
    def lines(self) -> tuple[str, str, str]:
        """The reel's first line, what it comes to, and its last."""
        if len(self.name.split()) <= _SPOKEN_WORDS:
            about = f"Here is something about {self.name} that few people know."
            lines = (about, f"That is how {self.name} does it.", f"Follow {self.name} for more.")
        else:
            lines = ("Here is something about us that few people know.", "That is how we do it.", "Follow us for more.")
        return self.hook or lines[0], lines[1], self.call_to_action or lines[2]


def slug_of(name: str) -> str:
    """Return the slug of a brand's name.

    Examples
    --------
    >>> slug_of("Käthe & Söhne GmbH"), slug_of("…")
    ('kathe-sohne-gmbh', 'brand')
    """
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63] or "brand"


def palette_of(colour: str) -> Palette:
    """Return a palette around one colour: dark grounds of its hue, the colour itself, a lighter one beside it, and near-white text.

    Examples
    --------
    >>> palette_of("#C4762F").primary
    '#C4762F'
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)

    def toned(lightness: float, share: float, turn: float = 0.0) -> str:
        channels = colorsys.hls_to_rgb((hue + turn) % 1.0, lightness, saturation * share)
        return "#" + "".join(f"{round(channel * 255):02X}" for channel in channels)

    return Palette(
        background=toned(0.08, 0.6), surface=toned(0.2, 0.5), primary=colour, accent=toned(0.72, 1.0, 0.06), text=toned(0.97, 0.3)
    )


def make_studio(folder: Path, answers: Answers) -> Path:
    """Make a studio in a folder and return its brand's file.

    ``templates/`` with the demo brands, decks, styles and prompts, the brand that the answers say, and ``notebooks/`` that open on it.

    Parameters
    ----------
    folder : Path
        New, or empty, or a studio that has no brand of that name yet. Nothing that is there is written over.
    answers : Answers

    Raises
    ------
    RunError
        When the folder holds something else, or the brand already.
    VoiceError
        When the brand's voice cannot say what the answers say. Nothing is written then.
    """
    slug = slug_of(answers.name)
    path = folder / "templates" / "brands" / f"{slug}.yaml"
    if path.exists():
        raise RunError(f"{path} is there already; choose another name, or edit that file")
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "templates" / "brands").is_dir():
        raise RunError(f"{folder} is not empty and holds no studio; name a new folder")
    palette = palette_of(answers.colour)
    try:
        # All that can be refused comes first, so that a studio that is not made leaves nothing behind.
        voice = BrandVoice(speed=_SPEED)
        spoken_s = _spoken_s(answers, Brand(name=answers.name, slug=slug, palette=palette, voice=voice, script=BrandScript(deck=slug)))
        for source, target in _files(folder):
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.parent.name == "notebooks":
                    write_whole(target, _opened_on(slug, source.read_text(encoding="utf-8")))
                else:
                    shutil.copyfile(source, target)
        if not (folder / ".gitignore").exists():
            write_whole(folder / ".gitignore", _GITIGNORE)
        logo = _LOGO.format(name=_xml(answers.name), letter=_xml(answers.name[0].upper()), fill=palette.primary, text=palette.text)
        write_whole(folder / "templates" / "logos" / f"{slug}.svg", logo)
        write_whole(folder / "templates" / "decks" / f"{slug}.yaml", _deck(answers))
        write_whole(path, _brand(answers, slug, palette, spoken_s=spoken_s))
    except OSError as error:
        raise RunError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return path


def _opened_on(slug: str, notebook: str) -> str:
    """Return the text of a notebook or of the script beside it with a brand in its parameters."""
    return re.sub(r'^(\s*"?)brand = (\\?")northwind\2', rf"\g<1>brand = \g<2>{slug}\g<2>", notebook, count=1, flags=re.M)


def _spoken_s(answers: Answers, brand: Brand) -> float:
    """Return how long the brand's voice takes to say all that its deck holds, for a first reel that says just this."""
    from reelkit.parts import Parts

    lines = [*answers.lines, *answers.facts]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as outputs:
        parts = Parts(brand, outputs=Path(outputs))
        said_s = sum(parts.seconds_of(line) for line in lines)
    return said_s + (len(lines) - 1) * brand.voice.scene_pause_ms / 1000 + brand.voice.tail_ms / 1000


def _files(folder: Path) -> Iterator[tuple[Path, Path]]:
    for kind in ("templates", "notebooks"):
        # In the wheel they lie in the package, in a working copy beside it.
        source = next(place / kind for place in (_PACKAGE, _PACKAGE.parent) if (place / kind).is_dir())
        for path in sorted(source.rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts):
                yield path, folder / kind / path.relative_to(source)


def _brand(answers: Answers, slug: str, palette: Palette, *, spoken_s: float) -> str:
    voice, overlays = BrandVoice(), BrandOverlays()
    # Of few and short facts the end card makes a useful length: it stands longer after the last word.
    longer_s = max(0.0, min(_LEAST_S - spoken_s, 5.0 - voice.tail_ms / 1000, 6.0 - overlays.end_card_s))
    tail = f"  tail_ms: {round(voice.tail_ms + longer_s * 1000)}\n" if longer_s else ""
    card = f"  end_card_s: {overlays.end_card_s + longer_s:.1f}\n" if longer_s else ""
    length_s = min(max(round(spoken_s + longer_s), 5), 180)
    colours = "".join(f'  {name}: "{colour}"\n' for name, colour in palette.model_dump().items())
    return (
        "# yaml-language-server: $schema=brand.schema.json\n#\n"
        "# Everything a brand may say is in brand.schema.json; what is left out here keeps its default, or its caption preset's.\n"
        "# Paths are relative to this file.\n\n"
        f"name: {_quoted(answers.name)}\nslug: {_quoted(slug)}\nlogo: ../logos/{slug}.svg\n\npalette:\n{colours}\n"
        f"script:\n  deck: {_quoted(slug)}            # templates/decks/{slug}.yaml: what it may say\n  length_s: {length_s}\n\n"
        "footage:\n  libraries: [folder, backdrops]\n"
        "  # folder: ../../footage      # your own videos and pictures, named by what they show\n\n"
        f"voice:\n  speed: {_SPEED:g}\n{tail}\noverlays:\n  end_card_text: {_quoted(answers.name)}\n{card}"
    )


def _deck(answers: Answers) -> str:
    hook, turn, call = answers.lines
    points = "".join(f"      - {_quoted(fact)}\n" for fact in answers.facts)
    return (
        f"# What {answers.name} may say, in its own words. Write more topics below, and more lines in each: a batch takes a topic a reel.\n"
        "# The first point is always said; of the others as many as the length asks for. `show` holds things that a camera can see.\n\n"
        f"calls_to_action:\n  - {_quoted(call)}\n\ntopics:\n  - title: {_quoted(answers.topic)}\n    show: [hands at work, workshop]\n"
        f"    hooks:\n      - {_quoted(hook)}\n    points:\n{points}"
        f"    turns:\n      - {_quoted(turn)}\n"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _xml(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))
