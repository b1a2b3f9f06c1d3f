"""What each reel is asked to be: drawn from a seed, the same on every machine."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from benchmarks.varied.footage import KINDS
from reelkit.media.backdrops import FAMILIES
from reelkit.media.music import MOODS
from reelkit.model import content_key

__all__ = ["Asked", "ask"]

_T = TypeVar("_T")

PRESETS = ("box", "classic", "glow", "gradient", "karaoke", "marker", "one_word", "pop", "typewriter")
TRANSITIONS = ("cut", "crossfade", "slide", "wipe", "zoom", "whip", "dip", "mix")
RATES = (24, 25, 30, 50, 60, "23.976", "29.97", "59.94")
SIZES = ((1080, 1920), (720, 1280), (540, 960), (1080, 1080), (1080, 1350), (1280, 720), (608, 1080), (720, 720))
SHORT_S, LONG_S = 4.0, 24.0

ENGLISH = (
    "Cold brew takes twelve hours and a little patience.",
    "On Venus, a day lasts longer than a year.",
    "Two minutes of jumping, then twelve squats. That's all.",
    "Grind late, brew soon, and never boil it.",
    "It costs $3.2 million, or 25% of the budget, says Dr. Brown.",
    "Honey never spoils; pots from 3,000 years ago were still good to eat!",
    "Why does bread smell so good? Because two hundred things in it do.",
    "The extraordinarily internationalised misunderstanding went on.",
    "Do it once. Do it twice. Then rest.",
    "Light needs 8 minutes and 20 seconds to reach us, at 300,000 km a second.",
    "We said “maybe” — and meant it, café and all.",
    "Breathe in for four, hold for four, and breathe out for six.",
)
OTHERS = {
    "ar": ("القهوة مشروب يحبه الناس في كل مكان.", "اشرب كوبا واحدا في الصباح الباكر."),
    "he": ("קפה טוב מתחיל במים טובים.", "שתו כוס אחת בבוקר ותתחילו לאט."),
    "hi": ("अच्छी कॉफ़ी धीरे धीरे बनती है।", "सुबह एक कप पानी पिएँ और फिर चलें।"),
    "th": ("กาแฟดีต้องใช้เวลา.", "ดื่มน้ำหนึ่งแก้วทุกเช้า."),
    "zh": ("好咖啡需要时间和耐心。", "每天早上喝一杯水。"),
    "ja": ("おいしいコーヒーには時間がかかります。", "毎朝、水を一杯飲みましょう。"),
    "ko": ("좋은 커피는 시간이 필요합니다.", "매일 아침 물 한 잔을 마셔요."),
    "el": ("Ο καλός καφές θέλει χρόνο και υπομονή.", "Πιείτε ένα ποτήρι νερό κάθε πρωί."),
    "ru": ("Хороший кофе требует времени.", "Пейте стакан воды каждое утро."),
    "de": ("Guter Kaffee braucht Zeit und Geduld.", "Grundstücksverkehrsgenehmigung heißt das längste Wort."),
}
"""Sentences that a brand in that language says, with a voice of its own."""


@dataclass(frozen=True)
class Asked:
    """A reel to make.

    Parameters
    ----------
    number : int
    brand : dict
        As a brand file says it.
    scenes : tuple of str
    footage : tuple of str
        Kinds in the brand's own folder.
    music : str
        A suffix of a music file of the brand's own, or empty.
    """

    number: int
    brand: dict[str, Any]
    scenes: tuple[str, ...]
    footage: tuple[str, ...] = ()
    music: str = ""
    spoken: str = field(default="en")

    def __str__(self) -> str:
        output, captions, footage = self.brand["output"], self.brand["captions"], self.brand["footage"]
        seen = "+".join((*self.footage, *footage["backdrops"])[:3])
        heard = self.music or self.brand["music"]["mood"]
        size = f"{output['width_px']}x{output['height_px']}@{output['fps']}"
        return f"{size} {captions['preset']} {self.brand['motion']['transition']} {self.spoken} {heard} {seen}"


def ask(number: int, *, seed: int = 1, small: bool = False) -> Asked:
    """Draw the ``number``-th reel of a seed; every tenth is a long one, a small one fits a test."""
    rng = np.random.Generator(np.random.PCG64(int(content_key("varied", seed, number)[:16], 16)))

    def one(options: Sequence[_T]) -> _T:
        return options[int(rng.integers(len(options)))]

    def some(options: Sequence[_T], least: int, most: int) -> tuple[_T, ...]:
        count = int(rng.integers(least, most + 1))
        return tuple(options[int(index)] for index in rng.permutation(len(options))[:count])

    # Walked through in order, so that few reels meet every preset, rate and transition; the rest is chance.
    size = (360, 640) if small else (1080, 1920) if number % 3 == 0 else SIZES[number % len(SIZES)]
    spoken = tuple(OTHERS)[number // 5 % len(OTHERS)] if number % 5 == 4 else "en"
    words = OTHERS[spoken] if spoken != "en" else some(ENGLISH, 2, 3)
    if number % 10 == 9 and not small:
        words = words * int(LONG_S / SHORT_S)
    first = tuple(KINDS)[(number - number // 4) % len(KINDS)]
    kinds = tuple(dict.fromkeys((first, *some(tuple(KINDS), 1, 3)))) if number % 4 else ()
    mood = tuple(MOODS)[number % len(MOODS)] if number % 7 != 6 else "none"
    brand = {
        "name": one(("Northwind", "Örbit & Söhne", "A", "The Quite Long Name of a Brand")),
        "slug": f"varied-{number}",
        "language": spoken,
        "palette": _palette(rng),
        "voice": {"speed": round(float(rng.uniform(0.85, 1.35)), 2), "tail_ms": int(rng.choice([300, 700, 1200]))},
        "script": {"deck": "northwind"},
        "footage": {
            "libraries": ["folder", "backdrops"],
            "folder": f"../footage-{number}",
            "fit": one(("fill", "blur")),
            "backdrops": [FAMILIES[number % len(FAMILIES)], FAMILIES[(number + 3) % len(FAMILIES)]],
            "shot_s": round(float(rng.uniform(1.5, 3.0)), 1),
        },
        "music": {"mood": mood, "tempo_bpm": round(float(rng.uniform(60, 150)), 1), "stingers": number % 3 == 1},
        "captions": {"preset": PRESETS[number % len(PRESETS)]},
        "motion": {
            "moves": bool(rng.random() < 0.8),
            "transition": TRANSITIONS[number % len(TRANSITIONS)],
            "transition_ms": int(rng.integers(100, 600)),
            "reduced": bool(rng.random() < 0.1),
        },
        "overlays": {
            "logo": bool(rng.random() < 0.7),
            "progress_bar": bool(rng.random() < 0.6),
            "end_card": bool(rng.random() < 0.6),
        },
        "output": {"width_px": size[0], "height_px": size[1], "fps": RATES[number * 5 % len(RATES)]},
    }
    if rng.random() < 0.7:
        brand["logo"] = f"../logos/{one(('northwind', 'orbit', 'pulsefit'))}.svg"
    music = one((".mp3", ".m4a", ".wav", ".ogg")) if number % 7 == 6 and number % 2 else ""
    return Asked(number, brand, tuple(words), kinds, music, spoken)


def _palette(rng: np.random.Generator) -> dict[str, str]:
    """Draw five colours that go together: a dark or a light ground, two hues apart from each other, a text that reads."""
    hue, apart = rng.random(), rng.choice([0.08, 0.33, 0.5])
    dark = rng.random() < 0.8

    def colour(turn: float, lightness: float, saturation: float) -> str:
        red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1, lightness, saturation)
        return f"#{round(255 * red):02X}{round(255 * green):02X}{round(255 * blue):02X}"

    return {
        "background": colour(0, 0.08 if dark else 0.95, rng.uniform(0.1, 0.6)),
        "surface": colour(0, 0.16 if dark else 0.88, rng.uniform(0.1, 0.6)),
        "primary": colour(0.02, rng.uniform(0.4, 0.65), rng.uniform(0.3, 1.0)),
        "accent": colour(float(apart), rng.uniform(0.5, 0.7), rng.uniform(0.5, 1.0)),
        "text": colour(0, 0.96 if dark else 0.12, 0.3),
    }
