"""The notes of a bed: chords that lead into each other, a melody that remembers itself, a form that builds and comes home."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from reelkit.media.music.moods import COLOURS, MODES, Chord, Mood, Progression

__all__ = ["Note", "Score", "bed_rng", "choose_tonic", "felt_tempo", "write_score"]

BAR = 4
"""Beats in a bar."""
STEP = 0.25
"""Beats in a sixteenth."""


@dataclass(frozen=True)
class Note:
    """A note of one part: when and how long in beats, how high (MIDI; 0 for drums), how strong (0 to 1)."""

    part: str
    beat: float
    beats: float
    pitch: int
    strength: float


@dataclass(frozen=True)
class Score:
    """All notes of a bed; the last chord falls on ``end_beat`` and rings."""

    notes: tuple[Note, ...]
    tonic: int
    mode: str
    bpm: float
    end_beat: float


@dataclass(frozen=True)
class _Bar:
    """A bar's harmony and how much goes on in it: 0 nothing but pad and keys, 1 light, 2 a groove, 3 all."""

    number: int
    chord: Chord
    energy: int
    voices: tuple[int, ...] = ()


def bed_rng(name: str, seed: int) -> np.random.Generator:
    """Return a source of chance that a name and a seed decide."""
    digest = hashlib.sha256(f"{name} {seed}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "big")))


def choose_tonic(rng: np.random.Generator) -> int:
    """Return the pitch class of a bed's key, the first that its source of chance decides."""
    return int(rng.choice([0, 2, 3, 5, 7, 9, 10]))


def felt_tempo(tempo_bpm: float) -> float:
    """Return the tempo that a bed is felt in: fast tempos in half time, slow ones in double time.

    Examples
    --------
    >>> felt_tempo(92), felt_tempo(170), felt_tempo(55)
    (92, 85.0, 110)
    """
    if tempo_bpm > 130:
        return tempo_bpm / 2
    return tempo_bpm * 2 if tempo_bpm < 62 else tempo_bpm


def write_score(mood: Mood, *, tempo_bpm: float, duration_s: float, rng: np.random.Generator) -> Score:
    """Write the notes of a bed.

    The last chord falls on a bar's first or third beat, so late that about two seconds are left for it to ring.
    """
    bpm = felt_tempo(tempo_bpm)
    beats = duration_s * bpm / 60
    ring = min(max(0.12 * duration_s, 0.8), 1.9) * bpm / 60
    end_beat = max(0, math.floor((beats - ring) / 2) * 2)
    tonic = choose_tonic(rng)
    bars = _voiced(_form(mood, math.ceil(end_beat / BAR), rng), mood, tonic)
    notes = [*_pads(bars), *_keys(bars, mood, rng), *_arpeggios(bars, mood, rng), *_melody(bars, mood, tonic, rng)]
    notes += [*_bass(bars, mood, tonic), *_drums(bars, mood, rng)]
    kept = [replace(note, beats=min(note.beats, end_beat - note.beat)) for note in notes if note.beat < end_beat - 1e-6]
    home = _voice(bars[-1].voices if bars else None, (0, mood.home), mood, tonic)
    return Score((*kept, *_ending(home, tonic, end_beat, beats - end_beat, bars)), tonic, mood.mode, bpm, end_beat)


def _form(mood: Mood, count: int, rng: np.random.Generator) -> list[_Bar]:
    """Lay out bars: phrases of four chords in the order home, home, away, home; a light start, a build, a breath before the end."""
    home = mood.progressions[int(rng.integers(len(mood.progressions)))]
    away = mood.turns[int(rng.integers(len(mood.turns)))]
    other = mood.progressions[int(rng.integers(len(mood.progressions)))]
    phrases: list[Progression] = [home, home, away, home, other, away]
    intro = 1 if count < 6 else 2 if count < 20 else 4
    bars = []
    for number in range(count):
        chord = phrases[number // 4 % len(phrases)][number % 4]
        built = 2 + (number - intro) // 4 if number >= intro else min(number, 1)
        energy = min(built, 3)
        if count >= 20 and number // 4 % 5 == 3:
            energy = 2
        if number == count - 1:
            chord = mood.cadence
            energy = min(energy, 1 if count > 2 else energy)
        bars.append(_Bar(number, chord, energy))
    return bars


def _voiced(bars: Sequence[_Bar], mood: Mood, tonic: int) -> list[_Bar]:
    """Give every bar its chord's notes, each voice moving as little as it can."""
    voiced: list[_Bar] = []
    for bar in bars:
        voiced.append(replace(bar, voices=_voice(voiced[-1].voices if voiced else None, bar.chord, mood, tonic)))
    return voiced


def _voice(before: tuple[int, ...] | None, chord: Chord, mood: Mood, tonic: int) -> tuple[int, ...]:
    low, high = mood.voicing
    centre = (low + high) / 2
    classes = [_pitch_class(chord[0] + step, tonic, mood.mode) for step in COLOURS[chord[1]]]
    if len(classes) == 3:
        classes.append(classes[0])
    places = [[pitch for pitch in range(low, high + 1) if pitch % 12 == wanted] for wanted in classes]

    def cost(voices: tuple[int, ...]) -> float:
        gaps = np.diff(voices)
        # Seconds are sweet high up, muddy or harsh low down and at the outside; wide holes sound thin.
        rough = sum(6.0 for gap in gaps if gap == 1) + (8.0 if voices[1] - voices[0] < 3 else 0.0) + sum(2.0 for gap in gaps if gap > 9)
        rough += 9.0 if any(later - earlier == 13 for earlier, later in itertools.combinations(voices, 2)) else 0.0
        moved = sum(abs(now - then) for now, then in zip(voices, before, strict=True)) if before else 0.0
        return float(moved + rough + 0.8 * abs(sum(voices) / len(voices) - centre))

    options = {tuple(sorted(option)) for option in itertools.product(*places)}
    return min(sorted(options), key=lambda voices: (len(set(voices)) < len(voices), cost(voices)))


def _pitch_class(degree: int, tonic: int, mode: str) -> int:
    return (tonic + MODES[mode][degree % 7]) % 12


def _strokes(pattern: str) -> Iterator[tuple[float, float]]:
    """Yield beat and strength of each stroke of a bar."""
    for step, mark in enumerate(pattern):
        if mark in "xof":
            yield step * STEP, 0.55 if mark == "o" else 1.0


def _pads(bars: Sequence[_Bar]) -> Iterator[Note]:
    """Hold the chords; a voice that stays is not struck again."""
    for voice in range(len(bars[0].voices) if bars else 0):
        line = [(bar.voices[voice], bar.number * BAR) for bar in bars]
        for pitch, run in itertools.groupby(line, key=lambda held: held[0]):
            beats = [beat for _, beat in run]
            yield Note("pad", beats[0], len(beats) * BAR, pitch, 0.8)


def _keys(bars: Sequence[_Bar], mood: Mood, rng: np.random.Generator) -> Iterator[Note]:
    sparse, full = mood.comp[int(rng.integers(len(mood.comp)))], mood.comp[int(rng.integers(len(mood.comp)))]
    for bar in bars:
        pattern = (sparse if bar.energy < 2 else full) if bar.energy else "x..............."
        strokes = list(_strokes(pattern))
        for index, (beat, strength) in enumerate(strokes):
            until = strokes[index + 1][0] if index + 1 < len(strokes) else BAR
            # The strongest stroke takes the whole chord, the others its upper voices.
            chosen = bar.voices if index == 0 else bar.voices[1:] if strength == 1.0 else bar.voices[2:]
            for order, pitch in enumerate(chosen):
                late = 0.012 * order + rng.uniform(0, 0.008)
                yield Note("keys", bar.number * BAR + beat + late, until - beat, pitch, strength * rng.uniform(0.75, 0.95))


def _arpeggios(bars: Sequence[_Bar], mood: Mood, rng: np.random.Generator) -> Iterator[Note]:
    pattern = mood.arpeggio[int(rng.integers(len(mood.arpeggio)))]
    orders = ([0, 1, 2, 3, 2, 1], [0, 2, 1, 3], [3, 2, 1, 0], [0, 1, 3, 2, 1, 3])
    order = orders[int(rng.integers(len(orders)))]
    for bar in bars:
        if bar.energy >= 2:
            lift = 12 if max(bar.voices) < 67 else 0
            for index, (beat, strength) in enumerate(_strokes(pattern)):
                pitch = bar.voices[order[index % len(order)]] + lift
                yield Note("arpeggio", bar.number * BAR + beat, 0.5, pitch, strength * rng.uniform(0.7, 0.95))


def _melody(bars: Sequence[_Bar], mood: Mood, tonic: int, rng: np.random.Generator) -> Iterator[Note]:
    """Answer a one-bar motif with a varied one, at rest every fourth bar; its shape comes back over every phrase's chords."""
    cells = [mood.cells[int(index)] for index in rng.permutation(len(mood.cells))[:2]]
    motif = [int(step) for step in rng.choice([-2, -1, -1, 0, 1, 1, 2, 3], size=8)]
    scale = {_pitch_class(degree, tonic, mood.mode) for degree in range(7)}
    floor = max(64, mood.voicing[1] - 4)
    at = floor + 5
    for bar in bars:
        if bar.energy < 2 or bar.number % 4 == 3 or (bar.energy == 2 and bar.number % 2):
            continue
        tones = {pitch % 12 for pitch in bar.voices}
        strokes = list(_strokes(cells[bar.number % 2]))
        for index, (beat, strength) in enumerate(strokes):
            allowed = tones if beat % 2 == 0 or index == len(strokes) - 1 else scale
            aim = at + 2 * motif[(index + bar.number % 2 * 3) % len(motif)]
            choices = [pitch for pitch in range(floor, floor + 15) if pitch % 12 in allowed]
            at = min(choices, key=lambda pitch: (abs(pitch - aim), pitch))
            until = strokes[index + 1][0] if index + 1 < len(strokes) else BAR
            yield Note("lead", bar.number * BAR + beat, until - beat, at, 0.7 * strength * rng.uniform(0.85, 1.0))


def _bass(bars: Sequence[_Bar], mood: Mood, tonic: int) -> Iterator[Note]:
    for bar in bars:
        if bar.energy == 0:
            continue
        root = 31 + (_pitch_class(bar.chord[0], tonic, mood.mode) - 31) % 12
        fifth = root + (_pitch_class(bar.chord[0] + 4, tonic, mood.mode) - root) % 12
        pattern = mood.bass if bar.energy >= 2 else "x---------------"
        for step, mark in enumerate(pattern):
            if mark in "xf":
                held = len(pattern[step + 1 :]) - len(pattern[step + 1 :].lstrip("-"))
                pitch = fifth if mark == "f" else root
                yield Note("bass", bar.number * BAR + step * STEP, (held + 1) * STEP, pitch - 12 if pitch > 43 else pitch, 0.9)


def _drums(bars: Sequence[_Bar], mood: Mood, rng: np.random.Generator) -> Iterator[Note]:
    for bar, following in itertools.zip_longest(bars, bars[1:]):
        if following is not None and following.energy > bar.energy and bar.energy >= 1:
            yield Note("swell", bar.number * BAR + 2, 2, 0, 0.6)
        if bar.energy < 2:
            continue
        groove = mood.grooves[1 if bar.energy == 3 else 0]
        if bar.energy == 3 and bar.number and bars[bar.number - 1].energy < 3 and groove.clap:
            yield Note("crash", bar.number * BAR, BAR, 0, 0.8)
        for stroke in fields(groove):
            part = stroke.name
            for beat, strength in _strokes(getattr(groove, part)):
                swung = mood.swing * STEP if round(beat / STEP) % 2 else 0.0
                accent = strength * (1.0 if beat % 1 == 0 else 0.8) * rng.uniform(0.85, 1.0)
                yield Note(part, bar.number * BAR + beat + swung, STEP, 0, accent)
        if bar.number % 4 == 3 and groove.hat and following is not None:
            yield from (Note("hat", bar.number * BAR + beat, STEP, 0, 0.3 + 0.12 * index) for index, beat in enumerate((3.25, 3.5, 3.75)))


def _ending(home: tuple[int, ...], tonic: int, beat: float, beats: float, bars: Sequence[_Bar]) -> Iterator[Note]:
    """Strike the tonic once, softly spread, and let it ring."""
    root = 31 + (tonic - 31) % 12
    yield Note("bass", beat, beats, root, 0.9)
    for order, pitch in enumerate(home):
        yield Note("pad", beat, beats, pitch, 0.8)
        yield Note("keys", beat + 0.03 * order, beats, pitch, 0.8)
    if any(bar.energy >= 2 for bar in bars):
        yield Note("kick", beat, STEP, 0, 0.7)
