"""What a recorded voice-over finds out of a reading that lies a word beside its script, and how often it is wrong about a right one.

Two voices read the 24 scripts of ``word_onsets`` and 12 lines of the decks that Reelkit comes with, which were not looked at when the
recogniser's bounds were set. In each text some single words are swapped for short ones, some left out and some added, one at a time: in the
script, whose right reading is held against it; and in the reading, which is held against the right script. That is harder: the recogniser,
too, expects the word that makes sense. A reading is refused, or the place is said in a warning, or it goes through.

Held against what they say, readings should be taken: as they are, with noise at 20 dB under the voice, as MP3, faster, four in one take,
and with names that no dictionary has, which is told but not held.

Run it: ``python -m benchmarks.swapped_words [scripts] [decks] [names]``. It exits with 1 where a right recording is refused.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.word_onsets import SCRIPTS, read_script
from reelkit.brand import templates_dir
from reelkit.errors import VoiceError
from reelkit.model import Cache
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.services.recorded import RecordedVoice
from reelkit.yamlfile import read_yaml
from tests.services.voices import read_mono, spoken, write_sound

LINES = 12
_LISTED = """
    the and a of to in for with on at by from it is was not but so
    we you they one two six ten red big hot old new tea cup day sun sea"""
OTHERS = _LISTED.split()
NAMED = """
Nguyen Van Hai opened Saigon Sisters in Kyrgyzstan with his niece Saoirse.
At Worcestershire's Gloucester Cafe, the matcha comes from Uji and the yuzu from Kochi.
Reelkit turns a topic into a reel, says Siobhan Kowalczyk of Northwind Roasters.
Yirgacheffe, Sidamo and Harrar are the three great coffees of Ethiopia.
Hygge is Danish for coziness, while lagom is what the Swedes strive for.
Zyrtec, Xanax and Ozempic were advertised before Wegovy.
Our barista Xochitl pours a cortado, then a gibraltar, then a ristretto.
Acme Tea brews gyokuro at fifty degrees in a kyusu made in Tokoname.
The axolotl, the quokka and the okapi all live in Quetzalcoatl's zoo.
Porsche, Hyundai and Skoda showed their newest models in Oberpfaffenhofen.
Ask Xiaomi, Huawei or Asus what Zigbee and Thread have to do with IKEA's Tradfri.
Try our quinoa bowl with edamame, sriracha, tahini and a bit of za'atar.
""".strip().splitlines()


class Case(NamedTuple):
    """A kind of reading, what is read and what the script has."""

    kind: str
    read: str
    script: str


def outcome(path: Path, script: str, store: Cache) -> str:
    """Say whether a recording is refused as a reading of this script, taken with places to listen to, or taken."""
    try:
        heard = RecordedVoice(path, read=read_mono, cache=store, pace=len).narrate([script], language="en")
    except VoiceError:
        return "refused"
    return "warned" if heard.doubts else "taken"


def misreadings(text: str, chance: random.Random) -> Iterator[Case]:
    """Yield a text with single words swapped, left out and added, in the script and in the reading."""
    words = text.split()
    plain = [place for place, word in enumerate(words) if word.strip(",.;:!?").isalpha()]

    def other(place: int) -> str:
        return chance.choice([word for word in OTHERS if word != words[place].lower().strip(",.;:!?")])

    first, second, place = (chance.choice(plain) for _ in range(3))
    for number, swap in enumerate((first, second)):
        swapped = " ".join([*words[:swap], other(swap), *words[swap + 1 :]])
        yield Case("swapped in the script", text, swapped)
        if not number:
            yield Case("swapped in the reading", swapped, text)
    fewer, more = " ".join(words[:place] + words[place + 1 :]), " ".join([*words[:place], other(place), *words[place:]])
    yield Case("left out in the script", text, fewer)
    yield Case("left out in the reading", fewer, text)
    yield Case("added in the script", text, more)
    yield Case("added in the reading", more, text)


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


def deck_lines() -> list[str]:
    """Return points of the decks, some of each."""
    paths = sorted((templates_dir() / "decks").glob("*.yaml"))
    decks = [[point["say"] for topic in read_yaml(path, what="deck")["topics"] for point in topic["points"]] for path in paths]
    return [text for some in zip(*decks, strict=False) for text in some][:LINES]


def measure(name: str, texts: Sequence[str], folder: Path, store: Cache) -> bool:
    """Print what becomes of readings of some texts; return whether no right one is refused."""
    chance, noise = random.Random(5), np.random.default_rng(1)
    wrong, right = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for voice in ("hibari", "piper"):
        for text in texts:
            for kind, path in right_takes(text, voice, folder, store, noise):
                right[f"{voice}, {kind}", outcome(path, text, store)] += 1
            for case in misreadings(text, chance) if texts is not NAMED else ():
                path = write_sound(folder / "take.wav", *spoken([case.read], store, by=voice))
                wrong[f"{voice}, a word {case.kind}", outcome(path, case.script, store)] += 1
        for first in range(0, len(texts), 4):
            path = write_sound(folder / "four.m4a", *spoken(texts[first : first + 4], store, by=voice))
            right[f"{voice}, four in one take, M4A", outcome(path, " ".join(texts[first : first + 4]), store)] += 1
    for title, told in (("wrong", wrong), ("right", right)):
        for kind in dict.fromkeys(kind for kind, _ in told):
            refused, warned, taken = (told[kind, what] for what in ("refused", "warned", "taken"))
            print(
                f"{name}, {title}: {kind}: {refused} refused, {warned} warned of, {taken} taken, of {refused + warned + taken}", flush=True
            )
    return not any(count for (_, what), count in right.items() if what == "refused")


def main(*names: str) -> int:
    sets = {"scripts": [read_script(line)[0] for line in SCRIPTS], "decks": deck_lines(), "names": NAMED}
    with tempfile.TemporaryDirectory() as place:
        store = FileCache(Path(place, "cache"))
        held = [(name, measure(name, texts, Path(place), store)) for name, texts in sets.items() if not names or name in names]
    return 0 if all(fine for name, fine in held if name != "names") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
