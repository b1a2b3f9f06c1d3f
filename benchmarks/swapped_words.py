"""What a recorded voice-over finds out of a script that says one word otherwise, and how often it is wrong about one that does not.

Two voices read the 24 scripts of ``word_onsets``. In each script up to six single words are swapped, one at a time, for a short word, and
the recording is held against that: it should be refused. Held against what it says it should be taken, as it is, faster, with noise at
20 dB under the voice, as MP3, and four in one take.

Run it: ``python -m benchmarks.swapped_words``. It exits with 1 where a right recording is refused.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.word_onsets import SCRIPTS, read_script
from reelkit.errors import VoiceError
from reelkit.model import Cache
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.services.recorded import RecordedVoice
from tests.services.voices import read_mono, spoken, write_sound

SWAPS = 6
_LISTED = """
    the and a of to in for with on at by from it is was not but so
    we you they one two six ten red big hot old new tea cup day sun sea"""
OTHERS = _LISTED.split()


def is_refused(path: Path, words: Sequence[str], store: Cache) -> bool:
    """Say whether a recording is held not to say these words."""
    try:
        RecordedVoice(path, read=read_mono, cache=store, pace=len).narrate([" ".join(words)], language="en")
    except VoiceError:
        return True
    return False


def swaps(words: Sequence[str], chance: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Yield words that were swapped, each with the script that has another in its place."""
    plain = [place for place, word in enumerate(words) if word.strip(",.;:!?").isalpha()]
    for place in chance.sample(plain, min(SWAPS, len(plain))):
        other = chance.choice([word for word in OTHERS if word != words[place].lower().strip(",.;:!?")])
        yield words[place].strip(",.;:!?"), [*words[:place], other, *words[place + 1 :]]


def right_takes(text: str, voice: str, folder: Path, store: Cache, noise: np.random.Generator) -> Iterator[tuple[str, Path]]:
    """Yield recordings of a text as people may hand them in."""
    samples, rate_hz = spoken([text], store, by=voice)

    def kept(name: str, sound: NDArray[np.float32], suffix: str = ".wav") -> tuple[str, Path]:
        return name, write_sound(folder / f"{name}{suffix}", sound, rate_hz)

    level = float(np.sqrt(np.mean(np.square(samples))))
    yield kept("as it is", samples)
    yield kept("noise at 20 dB", samples + (noise.standard_normal(len(samples)) * level / 10).astype(np.float32))
    yield kept("MP3", samples, ".mp3")
    if voice == "hibari":
        (breath,) = HibariVoice(cache=store).speak(text, speed=1.3)
        yield kept("1.3 times as fast", breath.samples)


def main() -> int:
    texts = [read_script(line)[0] for line in SCRIPTS]
    chance, noise = random.Random(5), np.random.default_rng(1)
    found: dict[str, list[bool]] = {}
    wrong: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder, store = Path(place), FileCache(Path(place, "cache"))
        for voice, first in itertools.product(("hibari", "piper"), range(0, len(texts), 4)):
            path = write_sound(folder / "four.m4a", *spoken(texts[first : first + 4], store, by=voice))
            told = is_refused(path, " ".join(texts[first : first + 4]).split(), store)
            wrong.setdefault(f"{voice}, four scripts in one take, M4A", []).append(told)
        for text in texts:
            words = text.split()
            for voice in ("hibari", "piper"):
                for name, path in right_takes(text, voice, folder, store, noise):
                    wrong.setdefault(f"{voice}, {name}", []).append(is_refused(path, words, store))
                path = folder / "as it is.wav"
                for word, others in swaps(words, chance):
                    kind = "up to three letters" if len(word) <= 3 else "four letters and more"
                    found.setdefault(f"a word of {kind}", []).append(is_refused(path, others, store))
    for kind, told in found.items():
        print(f"{kind} swapped: {sum(told)} of {len(told)} found")
    for kind, told in wrong.items():
        print(f"{'ok  ' if not any(told) else 'MISS'} right recordings refused, {kind}: {sum(told)} of {len(told)}")
    return 1 if any(map(any, wrong.values())) else 0


if __name__ == "__main__":
    sys.exit(main())
