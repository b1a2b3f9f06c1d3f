"""Where known words are said in a sound: found by pocketsphinx for English, placed by their lengths for other languages.

pocketsphinx is told how each word is said: by its own dictionary where that knows the word, else by hibari's reader, which also
sounds out figures, abbreviations and names.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import VoiceError
from reelkit.services.hibari_model import load_reader
from reelkit.services.hibari_words import READING, SpokenWord, read_aloud, says_something
from reelkit.services.word_spans import Piece, Span, meet_the_sound, spans_of, with_silent

__all__ = [
    "Heard",
    "aligner_version",
    "can_align",
    "fit_of",
    "hear_words",
    "in_dictionary",
    "phones_of",
    "place_words",
    "refuse_without_aligner",
    "sound_out",
    "time_words_in",
    "unheard_sentences",
]

_RATE_HZ = 16000
_FRAMES_PER_S = 100
_EARLY_MS = 25
"""So much earlier than its sound pocketsphinx marks a word (measured against energy after silences)."""
_NOISE = 1e-4
_ROOM_S = 0.25
_SKIPPED = 1e-40
"""How likely a sentence is left out: never, where its sound is there."""
_BEAM = 1e-200
"""Its own beams lose the path through synthetic speech."""
_SOUNDS = {
    **{"A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY", "T": "T", "ʤ": "JH", "ʧ": "CH", "ʃ": "SH", "ʒ": "ZH"},
    **{"θ": "TH", "ð": "DH", "ŋ": "NG", "ɹ": "R", "j": "Y", "ɡ": "G", "ɪ": "IH", "i": "IY", "ɛ": "EH", "æ": "AE", "ɑ": "AA", "ɔ": "AO"},
    **{"ɒ": "AA", "ʊ": "UH", "u": "UW", "ʌ": "AH", "ə": "AH", "ᵊ": "AH", "ɐ": "AH", "ɜ": "ER", "ɚ": "ER", "ᵻ": "IH", "ɾ": "T", "x": "K"},
    **{"a": "AA", "e": "EH", "o": "OW", "ʔ": "T", "b": "B", "d": "D", "f": "F", "h": "HH", "k": "K", "l": "L", "m": "M", "n": "N"},
    **{"p": "P", "r": "R", "s": "S", "t": "T", "v": "V", "w": "W", "z": "Z"},
}
_READ = dict.fromkeys([*_SOUNDS, *'ˈˌː;:,.!?—…"“”() '], 0)
_ALONE = threading.Lock()


class Heard(NamedTuple):
    """A run of sound as pocketsphinx heard it, in samples: a spoken word of ``owners``, or no word where there are none.

    ``fit`` is how well the sound fits what should be said there, 0 or less, where it was asked for: words that are said lie at -5 to
    -35, others at -60 and under (measured on two synthetic voices and on people reading aloud). ``said`` is the word as it is spoken.
    """

    owners: tuple[tuple[int, int], ...]
    start: int
    end: int
    fit: float = 0.0
    said: str = ""


def can_align(language: str) -> bool:
    """Return whether words of a language are found by listening; of others they are placed by their lengths.

    Examples
    --------
    >>> can_align("en-GB"), can_align("de")
    (True, False)
    """
    return language.lower().split("-")[0] == "en"


def refuse_without_aligner() -> None:
    """Raise where pocketsphinx is not installed.

    Raises
    ------
    VoiceError
        With what to install.
    """
    try:
        import pocketsphinx  # noqa: F401
    except ImportError:
        raise VoiceError("English words are timed by pocketsphinx, which is not installed: pip install 'reelkit[align]'") from None


def aligner_version(language: str) -> str:
    """Return what word times of a language depend on, for the key of kept speech."""
    if not can_align(language):
        return "placed by length"
    from importlib.metadata import version

    refuse_without_aligner()
    return f"pocketsphinx {version('pocketsphinx')}, hibari-tts {version('hibari-tts')}, reading {READING}"


def time_words_in(samples: NDArray[np.float32], rate_hz: int, words: Sequence[str], *, language: str) -> list[Span]:
    """Return when each of the words of a sentence is said in its sound.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
    rate_hz : int
    words : sequence of str
        At least one.
    language : str
        English words are found by alignment. Those of other languages, and of speech that does not follow its words, are placed by
        their lengths and marked as estimated.

    Returns
    -------
    list of Span
        One a word, in order, not overlapping, inside the sound.

    Raises
    ------
    VoiceError
        When pocketsphinx is needed and not installed.
    """
    if can_align(language):
        heard = hear_words(samples, rate_hz, words)
        spans = spans_of((Piece(*run[:3]) for run in heard if run.owners), "alignment")
        if spans:
            return with_silent(meet_the_sound(spans, samples, rate_hz), range(len(words)), len(samples), rate_hz)
    return place_words(samples, rate_hz, words)


def place_words(samples: NDArray[np.float32], rate_hz: int, words: Sequence[str]) -> list[Span]:
    """Return when words are said by a guess: the part of the sound that is heard, shared out by their letters.

    Examples
    --------
    >>> place_words(np.ones(1000, np.float32), 1000, ["four", "and", "one"])
    [(0, 384, 'estimated'), (384, 692, 'estimated'), (692, 1000, 'estimated')]
    """
    whole: dict[int, Span] = {0: (0, len(samples), "estimated")}
    start, end, _ = meet_the_sound(whole, samples, rate_hz)[0]
    heard = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max(initial=0.0))
    if len(heard):
        start, end = max(start, int(heard[0])), min(end, int(heard[-1]) + 1)
    end = min(max(end, start + len(words)), len(samples))
    start = max(0, min(start, end - len(words)))
    # A word takes some time however short it is: its letters, and one more.
    ends = start + (end - start) * np.cumsum([len(word) + 1 for word in words]) // sum(len(word) + 1 for word in words)
    edges = [start, *ends.tolist()]
    return [(before, after, "estimated") for before, after in pairwise(edges)]


def hear_words(samples: NDArray[np.float32], rate_hz: int, words: Sequence[str], *, closely: bool = False) -> list[Heard]:
    """Return how pocketsphinx hears a sound that says these English words, or nothing where it does not follow them.

    Parameters
    ----------
    samples, rate_hz, words
        As :func:`time_words_in` takes them.
    closely : bool
        Listen twice, and tell how well each run fits.

    Raises
    ------
    VoiceError
        When pocketsphinx is not installed.
    """
    refuse_without_aligner()
    with _ALONE:
        decoder = _decoder()
        said = [(token, word.owners) for word in sound_out(words) for token in _tokens(decoder, word)]
        if not said:
            return []
        sound = _pcm(samples, rate_hz)
        decoder.set_align_text(" ".join(token for token, _ in said))
        _listen(decoder, sound)
        if decoder.hyp() is None:
            return []
        if closely:
            decoder.set_alignment()
            _listen(decoder, sound)
            runs = [_Run(run.name, run.start, run.start + run.duration, run.score / run.duration) for run in decoder.get_alignment() or ()]
        else:
            runs = [_Run(run.word, run.start_frame, run.end_frame + 1) for run in decoder.seg() or ()]
    return _heard(runs, said, len(samples), rate_hz)


def fit_of(samples: NDArray[np.float32], rate_hz: int, words: Sequence[str]) -> float | None:
    """Return how well a sound fits these English words, to hold against others: the more the better; None where it does not follow them.

    Raises
    ------
    VoiceError
        When pocketsphinx is not installed.
    """
    runs = hear_words(samples, rate_hz, words, closely=True)
    return sum(run.fit * (run.end - run.start) for run in runs) / rate_hz * _FRAMES_PER_S if runs else None


def in_dictionary(words: Sequence[str]) -> bool:
    """Return whether pocketsphinx knows how all of these words are said: names and made-up words it mostly does not.

    Raises
    ------
    VoiceError
        When pocketsphinx is not installed.
    """
    refuse_without_aligner()
    with _ALONE:
        return all(_decoder().lookup_word(plain) for plain in map(_bare, words) if plain)


def unheard_sentences(samples: NDArray[np.float32], rate_hz: int, sentences: Sequence[str]) -> list[int]:
    """Return which of the English sentences a sound does not say, where it says the others in their order.

    Raises
    ------
    VoiceError
        When pocketsphinx is not installed.
    """
    refuse_without_aligner()
    with _ALONE:
        decoder = _decoder()
        told = [[token for word in sound_out(sentence.split()) for token in _tokens(decoder, word)] for sentence in sentences]
        roads: list[tuple[Any, ...]] = []
        at = 0
        for tokens in told:
            roads += [(at + step, at + step + 1, 1.0, token) for step, token in enumerate(tokens)]
            roads.append((at, at + len(tokens), _SKIPPED))
            at += len(tokens)
        decoder.add_fsg("sentences", decoder.create_fsg("sentences", 0, at, roads))
        decoder.activate_search("sentences")
        _listen(decoder, _pcm(samples, rate_hz))
        heard = [run.word for run in decoder.seg() or ()] if decoder.hyp() is not None else []
    left = [word.split("(")[0] for word in heard if not _is_noise(word)]
    unheard = []
    for number, tokens in enumerate(told):
        if tokens and left[: len(tokens)] == tokens:
            del left[: len(tokens)]
        elif tokens:
            unheard.append(number)
    return unheard


class _Run(NamedTuple):
    word: str
    start: int
    end: int
    fit: float = 0.0


def _listen(decoder: Any, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()


def _is_noise(word: str) -> bool:
    return word.startswith(("<", "[", "(NULL", "++"))


def _heard(runs: Sequence[_Run], said: Sequence[tuple[str, tuple[tuple[int, int], ...]]], length: int, rate_hz: int) -> list[Heard]:
    def at(frame: int) -> int:
        # The first and last frames lie in the noise around the sound.
        return min(max(0, round((frame / _FRAMES_PER_S - _ROOM_S + _EARLY_MS / 1000) * rate_hz)), length)

    heard: list[Heard] = []
    left = list(said)
    for run in runs:
        if _is_noise(run.word):
            heard.append(Heard((), at(run.start), at(run.end), run.fit))
        elif not left or run.word.split("(")[0] != left[0][0]:
            return []
        else:
            word, owners = left.pop(0)
            heard.append(Heard(owners, at(run.start), at(run.end), run.fit, word))
    follows = not left and all(run.end > run.start for run in heard if run.owners)
    return heard if follows else []


def sound_out(words: Sequence[str]) -> list[SpokenWord]:
    """Return English words as they are spoken, those that say nothing left out; nothing where they cannot be read."""
    try:
        spoken = read_aloud(words, load_reader(), _READ)
    # hibari's reader was not written for every text (it knows no number above 10^36, for one).
    except Exception:
        return []
    return [word for word in spoken if says_something(word.phonemes)]


def _tokens(decoder: Any, word: SpokenWord) -> list[str]:
    """Return the entries of pocketsphinx's dictionary that say a word, made where it has none."""
    plain = _bare(word.text)
    if plain.replace("'", "").isalpha() and decoder.lookup_word(plain):
        return [plain]
    runs = [phones_of(run) for run in word.phonemes.split()]
    tokens = []
    for phones in (run for run in runs if run):
        token = "~" + "_".join(phones)
        if decoder.lookup_word(token) is None:
            decoder.add_word(token, " ".join(phones), True)
        tokens.append(token)
    return tokens


def _bare(word: str) -> str:
    return word.lower().strip(";:,.!?—…\"“”'()").replace("’", "'")


def phones_of(phonemes: str) -> list[str]:
    """Return American phonemes as ARPAbet; a vowel that takes up the r behind it is one sound."""
    for pair in ("ɜɹ", "əɹ"):
        phonemes = phonemes.replace(pair, "ɚ")
    return [_SOUNDS[char] for char in phonemes if char in _SOUNDS]


@lru_cache(maxsize=1)
def _decoder() -> Any:
    from pocketsphinx import Decoder

    wide = {"beam": _BEAM, "pbeam": _BEAM, "wbeam": _BEAM, "maxhmmpf": -1, "fwdflat": False, "bestpath": False}
    return Decoder(lm=None, loglevel="FATAL", **wide)


def _pcm(samples: NDArray[np.float32], rate_hz: int) -> bytes:
    """Return a sound as pocketsphinx takes it, with faint noise around it: digital silence is none to its model."""
    import soxr

    room = round(rate_hz * _ROOM_S)
    noisy = np.random.default_rng(1).standard_normal(len(samples) + 2 * room).astype(np.float32) * np.float32(_NOISE)
    noisy[room : room + len(samples)] += samples
    heard = np.asarray(soxr.resample(noisy, rate_hz, _RATE_HZ))
    return (heard * 32767).clip(-32768, 32767).astype(np.int16).tobytes()
