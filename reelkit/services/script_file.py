"""Scripts that a user brings: Markdown or plain text.

``# Title`` is the topic, every paragraph or list item a scene, and a line ``[terms: coffee cup, steam]`` below it names what to show;
``[emphasis: 12 hours]`` and ``[icon: clock]`` name key words that stand large while they are said, and a sign above them.
Mark-up is taken off and its text kept; long paragraphs become several scenes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reelkit.errors import ScriptError
from reelkit.model import Scene, Script, ScriptRequest
from reelkit.services.markup import Paragraph, paragraphs_of
from reelkit.services.pace import Pace, SecondsOf, SentenceEnds
from reelkit.services.search_terms import search_terms_of
from reelkit.yamlfile import shown_path

__all__ = ["ScriptFileWriter"]

SCENE_WORDS = 35
KEY_CHARS = 40
SHORTEST_S, LONGEST_S = 3.0, 180.0
"""What TikTok, Reels and Shorts all take."""
_BYTES = 100_000
_CLAUSE = re.compile(r"(?<=[,;:–—])\s+")
_WORD = re.compile(r"[\"'“‘„«‹(\[¿¡]*(?:\d+|[^\W\d_]+(?:['’-][^\W_]+)*)")
_UNIT = re.compile(r"[\d.,]*\d\s+[^\W\d_]{1,3}$")


class ScriptFileWriter:
    """Reads the script that a user wrote.

    Parameters
    ----------
    path : Path
        A UTF-8 text file, usually ``.md`` or ``.txt``.
    seconds_of : callable
        Spoken length in seconds of one sentence in the brand's voice.
    sentence_ends : callable
        Where sentences end among words.
    length_known : bool
        Whether the voice's length can be told before it speaks: of a recording it cannot, so that none is refused for it here.
    """

    def __init__(self, path: Path, *, seconds_of: SecondsOf, sentence_ends: SentenceEnds, length_known: bool = True) -> None:
        self._path, self._length_known = path, length_known
        self._pace = Pace(seconds_of, sentence_ends)

    def write(self, request: ScriptRequest) -> Script:
        """Return the file's script. Its length is the user's: only what no platform takes is refused, where the length is known.

        Raises
        ------
        ScriptError
            When the file is missing, empty, too long or no text, when a ``[terms: ...]`` line is wrong, or when saying the script
            would take less than 3 s or more than 180 s.
        """
        title, paragraphs = paragraphs_of(self._read())
        scenes: list[Scene] = []
        for paragraph in paragraphs:
            if any(char.isalnum() for char in paragraph.text):
                text = f"{paragraph.text}." if _lacks_a_stop(paragraph.text) else paragraph.text
                terms = self._named(paragraph)
                made = [Scene(text=part, search_terms=_fill_up(terms, part, request)) for part in self._split(text)]
                scenes += self._with_key_words(made, paragraph)
        if not scenes:
            raise ScriptError(f"script {shown_path(self._path)} says nothing; write a paragraph for every scene")
        if self._length_known:
            self._refuse_lengths(scenes, request)
        return Script.of(title or _first_words(scenes[0].text), scenes)

    def _read(self) -> str:
        where = shown_path(self._path)
        try:
            if self._path.stat().st_size > _BYTES:
                raise ScriptError(f"script {where} is larger than {_BYTES // 1000} kB, which no reel can say; give a text of up to 180 s")
            raw = self._path.read_bytes()
        except FileNotFoundError:
            raise ScriptError(f"script {where} does not exist; give the path of a Markdown or text file") from None
        except OSError as error:
            raise ScriptError(f"script {where} cannot be read: {error.strerror}") from None
        if re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", raw):
            raise ScriptError(f"script {where} is not a text file, whatever its name says; give Markdown or plain text")
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ScriptError(f"script {where} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None

    def _named(self, paragraph: Paragraph) -> tuple[str, ...]:
        if paragraph.terms is None:
            return ()
        if not 1 <= len(paragraph.terms) <= 4:
            raise ScriptError(
                f"script {shown_path(self._path)}: the scene at line {paragraph.line} has {len(paragraph.terms)} search terms; "
                "write 1 to 4, such as [terms: coffee cup, steam]"
            )
        return paragraph.terms

    def _with_key_words(self, scenes: list[Scene], paragraph: Paragraph) -> list[Scene]:
        """Give the key words to the scene that says them, else to the first."""
        for name in ("emphasis", "icon"):
            if len(getattr(paragraph, name)) > KEY_CHARS:
                raise ScriptError(
                    f"script {shown_path(self._path)}: the {name} of the scene at line {paragraph.line} is longer than {KEY_CHARS} letters"
                )
        wanted = paragraph.emphasis.casefold()
        says = (at for at, scene in enumerate(scenes) if wanted and wanted in " ".join(scene.text.casefold().split()))
        at = next(says, 0)
        asked = scenes[at].model_copy(update={"emphasis": paragraph.emphasis, "icon": paragraph.icon})
        return [*scenes[:at], asked, *scenes[at + 1 :]]

    def _split(self, text: str) -> Iterator[str]:
        """Yield scenes of at most 35 words: whole sentences, two at most, where they are not longer themselves."""
        scene: list[str] = []
        for sentence in self._pace.sentences(text):
            for piece in _pieces(sentence):
                joined = " ".join([*scene, piece])
                if scene and (len(scene) == 2 or len(joined.split()) > SCENE_WORDS):
                    yield " ".join(scene)
                    scene = []
                scene.append(piece)
        if scene:
            yield " ".join(scene)

    def _refuse_lengths(self, scenes: list[Scene], request: ScriptRequest) -> None:
        """Measure as far as is needed to tell, so that a book is refused as fast as a page."""
        words = sum(len(scene.text.split()) for scene in scenes)
        said_s, said_words = request.tail_ms / 1000, 0
        for scene in scenes:
            pause_s = request.scene_pause_ms / 1000 if said_words else 0.0
            said_s += self._pace.scene_s(scene.text, request) + pause_s
            said_words += len(scene.text.split())
            if said_s > LONGEST_S:
                whole_s = said_s * words / said_words
                raise ScriptError(
                    f"script {shown_path(self._path)} has {words} words and takes about {whole_s:.0f} s to say; "
                    f"a reel lasts at most {LONGEST_S:.0f} s, so keep about {words * LONGEST_S / whole_s:.0f} words"
                )
        if said_s < SHORTEST_S:
            raise ScriptError(
                f"script {shown_path(self._path)} takes {said_s:.1f} s to say ({words} word{'s' if words != 1 else ''}); "
                f"a reel lasts at least {SHORTEST_S:.0f} s, so write a sentence or two more"
            )

    def __repr__(self) -> str:
        return f"<ScriptFileWriter {self._path.name}>"


def _lacks_a_stop(text: str) -> bool:
    """Whether a text ends with an ordinary word of a script that has full stops.

    What is no word, as an address, a tag or a price, is shown as it was written. A scene ends there all the same.
    """
    last = text.rsplit(maxsplit=1)[-1]
    cased = last[-1].isdigit() or last[-1].lower() != last[-1].upper()
    return cased and bool(_WORD.fullmatch(last)) and not _UNIT.search(text)


def _fill_up(terms: tuple[str, ...], text: str, request: ScriptRequest) -> tuple[str, ...]:
    """Return the terms where the user named at least two; else what the text names, as libraries are searched in English only."""
    if len(terms) >= 2:
        return terms
    said = text if request.language.startswith("en") else ""
    return tuple(dict.fromkeys((*terms, *search_terms_of(said, fallback_terms=request.fallback_terms))))[:4]


def _pieces(sentence: str) -> Iterator[str]:
    """Yield a sentence in pieces of at most 35 words, cut at its commas where it has them."""
    if len(sentence.split()) <= SCENE_WORDS:
        yield sentence
        return
    piece: list[str] = []
    for clause in _CLAUSE.split(sentence):
        words = clause.split()
        if piece and len(piece) + len(words) > SCENE_WORDS:
            yield " ".join(piece)
            piece = []
        while len(words) > SCENE_WORDS:
            yield " ".join(words[:SCENE_WORDS])
            words = words[SCENE_WORDS:]
        piece += words
    if piece:
        yield " ".join(piece)


def _first_words(text: str) -> str:
    words = text.split()
    return text.rstrip(".") if len(words) <= 8 else " ".join(words[:8]).rstrip(",;:.") + "…"
