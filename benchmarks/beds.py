"""What the music beds sound like beside music that people made and kept.

For every mood: how loud each octave is within the whole, and how far strokes stand out (the 95th over the 20th percentile of levels of
20 ms), three seeds each, beside the middle four fifths of 80 pieces from free games (Extreme Tux Racer, Frozen Bubble, Hedgewars,
LinCity-NG and SuperTux as Debian packs them; thirty seconds of each, measured the same way). The octaves from 1 to 8 kHz have no lower
bar, since a bed leaves them to the voice.

Run it: ``python -m benchmarks.beds``. It exits with 1 when a bar is missed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from reelkit.media.audio import read_audio
from reelkit.media.music import MOODS, compose_bed

RATE_HZ, SECONDS, SEEDS = 48_000, 30.0, (1, 2, 3)
TEMPOS_BPM = {"calm": 72.0, "warm": 84.0, "bright": 110.0, "driving": 122.0, "curious": 100.0, "dark": 76.0}
KEPT_DB = {
    60: (-13.5, -2.8),
    120: (-11.2, -4.9),
    250: (-13.2, -4.5),
    500: (-16.6, -5.7),
    1000: (-21.6, -7.7),
    2000: (-27.7, -12.6),
    4000: (-34.8, -17.6),
    8000: (-40.1, -18.2),
}
"""Lower edge of an octave in Hz: the 10th and the 90th percentile of its share of a piece's power."""
KEPT_STROKES_DB = (5.1, 16.2)
SLACK_DB = 1.5
VOICE_HZ = (1000, 2000, 4000)


def main() -> int:
    """Measure, print a line for each mood, and say whether the bars hold."""
    print(f"{'':9}", *(f"{hz:>6}" for hz in KEPT_DB), "strokes")
    print(f"{'kept':9}", *(f"{low:.0f}..{high:.0f}".rjust(6) for low, high in (*KEPT_DB.values(), KEPT_STROKES_DB)))
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        for mood in MOODS:
            taken = [heard(mood, seed, Path(folder, "bed.wav")) for seed in SEEDS]
            bands = {hz: float(np.median([each[hz] for each in taken])) for hz in KEPT_DB}
            strokes = float(np.median([each[0] for each in taken]))
            fits = [
                band <= KEPT_DB[hz][1] + SLACK_DB and (hz in VOICE_HZ or band >= KEPT_DB[hz][0] - SLACK_DB) for hz, band in bands.items()
            ]
            fits.append(KEPT_STROKES_DB[0] - SLACK_DB <= strokes <= KEPT_STROKES_DB[1] + SLACK_DB)
            holds &= all(fits)
            told = (f"{value:.1f}{' ' if fit else '!'}" for value, fit in zip((*bands.values(), strokes), fits, strict=True))
            print(f"{mood:9}", *(each.rjust(6) for each in told), flush=True)
    print(f"bars: within what is kept and {SLACK_DB} dB: {'hold' if holds else 'MISSED'}")
    return 0 if holds else 1


def heard(mood: str, seed: int, path: Path) -> dict[int, float]:
    """Return a bed's octaves in dB of the whole by their lower edges, and under 0 how far its strokes stand out."""
    compose_bed(path, mood=mood, tempo_bpm=TEMPOS_BPM[mood], duration_s=SECONDS, seed=seed, rate_hz=RATE_HZ)
    mono = read_audio(path)[0].mean(axis=1)
    return octaves_db(mono) | {0: strokes_db(mono)}


def octaves_db(mono: NDArray[np.float32]) -> dict[int, float]:
    hz, power = welch(mono, RATE_HZ, nperseg=4096)
    return {low: float(10 * np.log10(power[(hz >= low) & (hz < 2 * low)].sum() / power.sum())) for low in KEPT_DB}


def strokes_db(mono: NDArray[np.float32]) -> float:
    block = RATE_HZ // 50
    levels = 10 * np.log10(np.square(mono[: len(mono) // block * block].reshape(-1, block)).mean(axis=1) + 1e-9)
    return float(np.percentile(levels, 95) - np.percentile(levels, 20))


if __name__ == "__main__":
    sys.exit(main())
