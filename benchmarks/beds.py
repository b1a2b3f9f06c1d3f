"""What the music beds sound like beside music that people made and kept, and beside what nobody would keep.

For every mood, three seeds of 30 s each: how loud each octave is within the whole, how far strokes stand out (the 95th over the 20th
percentile of levels of 20 ms), how much louder its loud seconds are than its quiet ones, how much of its tone lies in one scale (of the
twelve with seven notes), how steadily it beats (autocorrelation of its onsets at the beat, two or four of it) and how well its bars come
back (the likest other bar's pitch classes).

Beside it the middle four fifths of 85 pieces from free games (Extreme Tux Racer, Frozen Bubble, Hedgewars, LinCity-NG and SuperTux as
Debian packs them: every piece of twenty seconds or more that is not sung; the first thirty of each, measured the same way); of beat and
return the upper four fifths, since more is no fault, and of the scale the upper half, since strange notes have no place under a voice. The
octaves from 1 to 8 kHz have no lower bar, since a bed leaves them to the voice.

Then every bed spoilt: played beside itself a semitone off, cut to pieces and shuffled, held on one chord, nothing but its strokes. A bar
must be missed by each, or the bars would tell nothing.

Run it: ``python -m benchmarks.beds``. It exits with 1 when a bed misses a bar, or a spoilt one misses none. With ``--kept FOLDER`` it says
what the pieces in a folder span.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly, stft, welch

from reelkit.errors import AudioError
from reelkit.media.audio import read_audio
from reelkit.media.music import MOODS, compose_bed
from reelkit.media.music.beats import HOP_S, find_onsets, find_pulse

Samples = NDArray[np.float32]

RATE_HZ, SECONDS, SEEDS = 48_000, 30.0, (1, 2, 3)
TEMPOS_BPM = {"calm": 72.0, "warm": 84.0, "bright": 110.0, "driving": 122.0, "curious": 100.0, "dark": 76.0}
OCTAVES_HZ = (60, 120, 250, 500, 1000, 2000, 4000, 8000)
KEPT = {
    "60": (-15.2, -3.4),
    "120": (-12.7, -4.5),
    "250": (-13.7, -4.4),
    "500": (-17.6, -5.4),
    "1000": (-math.inf, -8.3),
    "2000": (-math.inf, -11.5),
    "4000": (-math.inf, -17.0),
    "8000": (-48.5, -19.4),
    "strokes": (5.5, 19.7),
    "swell": (2.2, 12.8),
    "scale": (0.77, math.inf),
    "beat": (0.45, math.inf),
    "return": (0.94, math.inf),
}
"""Lower edge of an octave in Hz and its share of a piece's power in dB, and what else is measured: what kept pieces span."""
SHARES = ("scale", "beat", "return")
"""Of what is measured, what is no level in dB."""
SLACK_DB = 1.5
SCALE = np.array((1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1), bool)


def main() -> int:
    """Measure, print a line for each mood and each spoilt bed, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--kept", type=Path, metavar="FOLDER", help="of pieces, whose 10th, 20th, 50th and 90th percentiles are printed instead"
    )
    if (folder := parser.parse_args().kept) is not None:
        print_kept(folder)
        return 0
    print(f"{'':17}", *(f"{name:>7}" for name in KEPT))
    print(f"{'kept':17}", *(f"{_told(low)}..{_told(high)}".rjust(7) for low, high in KEPT.values()))
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        for mood in MOODS:
            beds = [bed(mood, seed, Path(folder, "bed.wav")) for seed in SEEDS]
            holds &= not line(mood, [measured(each) for each in beds])
            for name, spoil in SPOILT.items():
                holds &= bool(line(f"  {name}", [measured(spoil(beds[0]))]))
    print(f"bars: beds within what is kept and {SLACK_DB} dB, spoilt ones not: {'hold' if holds else 'MISSED'}")
    return 0 if holds else 1


def line(name: str, taken: list[dict[str, float]]) -> list[str]:
    """Print the median of what was measured and return the bars that it misses."""
    told = {bar: float(np.median([each[bar] for each in taken])) for bar in KEPT}
    missed = [bar for bar, value in told.items() if not fits(bar, value)]
    print(
        f"{name:17}",
        *(f"{value:.{2 if bar in SHARES else 1}f}{'!' if bar in missed else ' '}".rjust(7) for bar, value in told.items()),
        flush=True,
    )
    return missed


def print_kept(folder: Path) -> None:
    """Print what the pieces of at least twenty seconds in a folder span; noises among them are passed over."""
    taken = []
    for path in sorted(folder.rglob("*.ogg")):
        with suppress(AudioError):
            piece = read_audio(path, rate_hz=RATE_HZ, limit_s=SECONDS)[0][: round(SECONDS * RATE_HZ)]
            if len(piece) >= 20 * RATE_HZ:
                taken.append(measured(piece))
    print(f"{len(taken)} pieces")
    for bar in KEPT:
        print(f"{bar:8}", *(f"{edge:7.2f}" for edge in np.percentile([each[bar] for each in taken], (10, 20, 50, 90))))


def fits(bar: str, value: float) -> bool:
    """Return whether a value lies within what kept pieces span; decibels may pass it by :data:`SLACK_DB`."""
    low, high = KEPT[bar]
    slack = 0.0 if bar in SHARES else SLACK_DB
    return low - slack <= value <= high + slack


def _told(edge: float) -> str:
    return "" if math.isinf(edge) else f"{edge:.2g}"


def bed(mood: str, seed: int, path: Path) -> Samples:
    """Return a bed in its mood's usual tempo [shape=(n, 2)]."""
    compose_bed(path, mood=mood, tempo_bpm=TEMPOS_BPM[mood], duration_s=SECONDS, seed=seed, rate_hz=RATE_HZ)
    return read_audio(path)[0]


# --- what is measured -----------------------------------------------------------------------------------------------


def measured(samples: Samples) -> dict[str, float]:
    """Return what :data:`KEPT` names, of a piece [shape=(n, 2)]."""
    mono = samples.mean(axis=1)
    hz, power = welch(mono, RATE_HZ, nperseg=4096)
    octaves = {str(low): float(10 * np.log10(power[(hz >= low) & (hz < 2 * low)].sum() / power.sum() + 1e-9)) for low in OCTAVES_HZ}
    levels, seconds = levels_db(mono, 0.02), levels_db(mono, 1.0)
    classes, every_s = pitch_classes(mono)
    pulse = find_pulse(samples, RATE_HZ)
    bars = [round(beat / every_s) for beat in pulse.beats_s[::4]]
    return octaves | {
        "strokes": float(np.percentile(levels, 95) - np.percentile(levels, 20)),
        "swell": float(np.percentile(seconds, 90) - np.percentile(seconds, 10)),
        "scale": in_scale(classes.sum(axis=1)),
        "beat": steadiness(find_onsets(samples, RATE_HZ), 60 / pulse.bpm),
        "return": coming_back(np.array([classes[:, start:end].sum(axis=1) for start, end in pairwise(bars) if end > start])),
    }


def levels_db(mono: Samples, seconds: float) -> NDArray[np.float64]:
    """Return the level of each stretch."""
    block = round(RATE_HZ * seconds)
    return np.asarray(10 * np.log10(np.square(mono[: len(mono) // block * block].reshape(-1, block)).mean(axis=1) + 1e-9))


def pitch_classes(mono: Samples) -> tuple[NDArray[np.float64], float]:
    """Return how strong each pitch class is [shape=(12, frames)], by the peaks of spectra from 60 to 2000 Hz, and a frame's seconds."""
    size, step = 16_384, 4096
    hz, _, bins = stft(mono, RATE_HZ, nperseg=size, noverlap=size - step)
    power = np.abs(bins) ** 2
    peaks = np.zeros_like(power)
    peaks[1:-1] = np.where((power[1:-1] > power[:-2]) & (power[1:-1] > power[2:]), power[1:-1], 0)
    pitch = np.round(69 + 12 * np.log2(np.maximum(hz, 1) / 440)).astype(int) % 12
    within = (hz > 60) & (hz < 2000)
    return np.array([np.sqrt(peaks[within & (pitch == each)].sum(axis=0)) for each in range(12)]), step / RATE_HZ


def in_scale(classes: NDArray[np.float64]) -> float:
    """Return the share of the best scale's notes."""
    return max(float(classes[np.roll(SCALE, turn)].sum() / classes.sum()) for turn in range(12))


def steadiness(onsets: NDArray[np.float64], beat_s: float) -> float:
    """Return how well onsets repeat at a beat, two or four of it."""
    apart = onsets - onsets.mean()
    alike = np.correlate(apart, apart, "full")[len(apart) - 1 :]
    lags = [times * beat_s / HOP_S for times in (1, 2, 4)]
    return max(float((alike[int(0.97 * lag) : int(1.03 * lag) + 2] / max(alike[0], 1e-9)).max()) for lag in lags)


def coming_back(bars: NDArray[np.float64]) -> float:
    """Return how like a bar the likest other one is that is not its neighbour, on average."""
    unit = bars / (np.linalg.norm(bars, axis=1, keepdims=True) + 1e-9)
    alike = unit @ unit.T
    apart = np.abs(np.subtract.outer(range(len(bars)), range(len(bars)))) > 1
    return float(np.where(apart, alike, -1).max(axis=1).mean())


# --- what nobody would keep -----------------------------------------------------------------------------------------


def sour(samples: Samples) -> Samples:
    """Return a piece beside itself a semitone higher, grain by grain, so that it beats as before."""
    size, step = 89 * 48, 84 * 24
    grain = np.hanning(2 * step)[:, None]
    higher = np.zeros((len(samples) + size, samples.shape[1]))
    for at in range(0, len(samples) - size, step):
        higher[at : at + 2 * step] += grain * resample_poly(samples[at : at + size], 84, 89, axis=0)
    return np.asarray(samples + higher[: len(samples)], np.float32)


def shuffled(samples: Samples) -> Samples:
    """Return a piece cut into stretches of a fifth to four fifths of a second, in another order."""
    rng = np.random.default_rng(1)
    edges = np.cumsum(rng.uniform(0.2, 0.8, round(len(samples) / RATE_HZ / 0.5)) * RATE_HZ).astype(int)
    pieces = [piece for piece in np.split(samples, edges[edges < len(samples)]) if len(piece)]
    return np.concatenate([pieces[each] for each in rng.permutation(len(pieces))])


def held(samples: Samples) -> Samples:
    """Return a second of a piece, smeared and held: the size of its spectrum with phases by chance."""
    rng = np.random.default_rng(1)
    size = np.abs(np.fft.rfft(samples[10 * RATE_HZ : 11 * RATE_HZ].mean(axis=1), len(samples)))
    tone = np.fft.irfft(size * np.exp(2j * np.pi * rng.random(len(size))), len(samples))
    return np.repeat((tone / np.abs(tone).max())[:, None], 2, axis=1).astype(np.float32)


def strokes_alone(samples: Samples) -> Samples:
    """Return noise at each onset of a piece and nothing between."""
    onsets = find_onsets(samples, RATE_HZ)
    level = np.where(onsets > 2, 1.0, 1e-4).repeat(round(HOP_S * RATE_HZ))[: len(samples)]
    noise = np.random.default_rng(1).standard_normal(len(level)) * 0.1
    return np.repeat((level * noise)[:, None], 2, axis=1).astype(np.float32)


SPOILT: Mapping[str, Callable[[Samples], Samples]] = {
    "a semitone off": sour,
    "shuffled": shuffled,
    "one chord held": held,
    "strokes alone": strokes_alone,
}

if __name__ == "__main__":
    sys.exit(main())
