"""What makes a mood: mode, chords, instruments, grooves and room, as data.

Chords are built on the degrees of one mode only, so that a bed never leaves its key. Grooves are bars of sixteen steps: ``x`` is a
stroke, ``o`` a soft one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["COLOURS", "MODES", "MOODS", "Chord", "Groove", "Mood", "Progression"]

Chord = tuple[int, str]
"""A degree of the mode, from 0, and a colour."""
Progression = tuple[Chord, Chord, Chord, Chord]

MODES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "ionian": (0, 2, 4, 5, 7, 9, 11),
        "dorian": (0, 2, 3, 5, 7, 9, 10),
        "aeolian": (0, 2, 3, 5, 7, 8, 10),
    }
)

COLOURS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "triad": (0, 2, 4),
        "add9": (0, 1, 2, 4),
        "7": (0, 2, 4, 6),
        "9": (0, 2, 6, 1),
        "sus": (0, 3, 4),
        "sus7": (0, 3, 6, 1),
        "6": (0, 2, 4, 5),
    }
)
"""Steps of the mode over the chord's root; a ninth is written as a second."""


@dataclass(frozen=True)
class Groove:
    """A bar of each percussion instrument."""

    kick: str = ""
    rim: str = ""
    snare: str = ""
    clap: str = ""
    hat: str = ""
    open: str = ""
    shaker: str = ""


@dataclass(frozen=True)
class Mood:
    """How a mood sounds.

    Parameters
    ----------
    told : str
        What is heard, in a few words.
    mode : str
    progressions, turns : tuple of Progression
        Four chords that a piece returns to, and four that it goes away to.
    cadence : Chord
        Leads home.
    home : str
        Colour of the last chord.
    voicing : (int, int)
        MIDI range of the chords.
    pad_hz : (float, float)
        Where the pad's filter rests, and where it opens to.
    keys, lead : str
        Instruments.
    comp : tuple of str
        Bars in which the keys strike the chord; one is chosen.
    arpeggio : tuple of str
        Bars in which the plucks run through the chord.
    cells : tuple of str
        Rhythms of the melody's bars.
    bass : str
        A bar of the bass; ``x`` is the root, ``f`` the fifth, ``-`` holds.
    grooves : (Groove, Groove)
        With little going on, and with all.
    levels_db : mapping
        Loudness of each group of instruments before mastering.
    swing : float
        How late the second of two sixteenths comes, as a share of it.
    room_s, room_db : float
        Length and level of the reverb.
    tilt_db : float
        Gain of what lies over 4 kHz.
    bass_edge : float
        How much of a saw is in the bass.
    """

    told: str
    mode: str
    progressions: tuple[Progression, ...]
    turns: tuple[Progression, ...]
    cadence: Chord
    home: str
    voicing: tuple[int, int]
    pad_hz: tuple[float, float]
    keys: Literal["rhodes", "felt", "pluck", "marimba"]
    lead: Literal["rhodes", "felt", "pluck", "marimba", "glass"]
    comp: tuple[str, ...]
    arpeggio: tuple[str, ...]
    cells: tuple[str, ...]
    bass: str
    grooves: tuple[Groove, Groove]
    levels_db: Mapping[str, float]
    swing: float = 0.0
    room_s: float = 1.6
    room_db: float = -16.0
    tilt_db: float = 0.0
    bass_edge: float = 0.0


MOODS: Mapping[str, Mood] = MappingProxyType(
    {
        "calm": Mood(
            told="felt piano over slow pads, with air around it",
            mode="ionian",
            progressions=(
                ((0, "9"), (3, "9"), (5, "7"), (3, "add9")),
                ((0, "add9"), (4, "sus"), (3, "9"), (3, "6")),
                ((3, "9"), (0, "add9"), (5, "7"), (4, "sus")),
            ),
            turns=(((5, "7"), (3, "9"), (0, "add9"), (4, "sus")), ((3, "9"), (5, "7"), (4, "sus"), (0, "add9"))),
            cadence=(3, "add9"),
            home="add9",
            voicing=(52, 74),
            pad_hz=(650.0, 2400.0),
            keys="felt",
            lead="felt",
            comp=("x.......o.......", "x...............", "x.........o....."),
            arpeggio=("x...o.o.x...o.o.", "x.o...o.x.o...o."),
            cells=("x.......x.......", "....x.......x...", "x.....x........."),
            bass="x---------------",
            grooves=(Groove(shaker="o...o...o...o..."), Groove(kick="x...............", shaker="o.o.x.o.o.o.x.o.")),
            levels_db={"pad": -21.5, "keys": -19.0, "lead": -23.0, "arpeggio": -23.0, "bass": -22.0, "drums": -33.0},
            room_s=2.6,
            room_db=-11.0,
            tilt_db=2.0,
        ),
        "warm": Mood(
            told="electric piano and brushed drums with a lazy swing",
            mode="ionian",
            progressions=(
                ((0, "9"), (5, "7"), (1, "9"), (4, "sus7")),
                ((3, "9"), (2, "7"), (1, "9"), (0, "9")),
                ((0, "9"), (2, "7"), (3, "9"), (4, "sus7")),
            ),
            turns=(((3, "9"), (4, "sus7"), (2, "7"), (5, "9")), ((5, "9"), (1, "9"), (3, "9"), (4, "sus7"))),
            cadence=(4, "sus7"),
            home="9",
            voicing=(50, 71),
            pad_hz=(700.0, 2400.0),
            keys="rhodes",
            lead="rhodes",
            comp=("x.....o...o.....", "x......o..x.....", "x.........o..o.."),
            arpeggio=("......o.....o...", "...o......o....."),
            cells=("x..x..x.........", "....x.x...x.....", "x.....x...x.x..."),
            bass="x-----..x---..f-",
            grooves=(
                Groove(kick="x.........x.....", rim="....x.......x...", hat="x.o.x.o.x.o.x.o."),
                Groove(kick="x......o..x.....", snare="....x.......x..o", hat="x.o.x.o.x.o.x.oo", shaker="o.x.o.x.o.x.o.x."),
            ),
            levels_db={"pad": -26.0, "keys": -18.5, "lead": -23.5, "arpeggio": -27.0, "bass": -20.5, "drums": -21.5},
            swing=0.3,
            room_s=1.4,
            room_db=-17.0,
            tilt_db=1.0,
            bass_edge=0.12,
        ),
        "bright": Mood(
            told="plucked strings, claps and a high bell",
            mode="ionian",
            progressions=(
                ((0, "add9"), (4, "triad"), (5, "7"), (3, "add9")),
                ((3, "add9"), (0, "add9"), (4, "sus"), (5, "7")),
                ((0, "add9"), (5, "7"), (3, "add9"), (4, "sus")),
            ),
            turns=(((3, "add9"), (4, "triad"), (5, "7"), (0, "add9")), ((1, "7"), (3, "add9"), (0, "add9"), (4, "sus"))),
            cadence=(4, "sus"),
            home="add9",
            voicing=(55, 76),
            pad_hz=(800.0, 2600.0),
            keys="pluck",
            lead="glass",
            comp=("x..x..x...x.x...", "x...x..x..x.x...", "x..x..x.x..x..x."),
            arpeggio=("x.o.x.o.x.o.x.o.", "x.ox.o.ox.o.x.o."),
            cells=("x.x...x.....x...", "..x.x...x.......", "x...x.x.x......."),
            bass="x-.x-.x-x-.x-.f-",
            grooves=(
                Groove(kick="x.......x.......", rim="....x.......x...", shaker="x.o.x.o.x.o.x.o."),
                Groove(
                    kick="x.....x.x...x...",
                    clap="....x.......x...",
                    hat="x.o.x.o.x.o.x.o.",
                    open="......o.......o.",
                    shaker="xooxxooxxooxxoox",
                ),
            ),
            levels_db={"pad": -27.0, "keys": -19.0, "lead": -22.5, "arpeggio": -23.0, "bass": -20.5, "drums": -17.0},
            room_s=1.3,
            room_db=-17.0,
            tilt_db=2.0,
            bass_edge=0.2,
        ),
        "driving": Mood(
            told="a kick on every beat, a pulsing bass and sixteenths",
            mode="aeolian",
            progressions=(
                ((0, "add9"), (5, "add9"), (2, "add9"), (6, "sus")),
                ((0, "add9"), (3, "7"), (5, "add9"), (6, "triad")),
                ((5, "add9"), (6, "triad"), (0, "add9"), (0, "sus")),
            ),
            turns=(((5, "add9"), (6, "triad"), (0, "7"), (2, "add9")), ((3, "7"), (0, "add9"), (5, "add9"), (6, "sus"))),
            cadence=(6, "triad"),
            home="add9",
            voicing=(52, 72),
            pad_hz=(750.0, 3000.0),
            keys="pluck",
            lead="pluck",
            comp=("x..x..x..x..x...", "x..x..x.x..x..x."),
            arpeggio=("xoxoxoxoxoxoxoxo", "xooxooxoxooxooxo"),
            cells=("x.....x.....x...", "x..x....x..x....", "....x..x....x..x"),
            bass="x-x-x-x-x-x-x-f-",
            grooves=(
                Groove(kick="x...x...x...x...", hat="..x...x...x...x.", shaker="xoxoxoxoxoxoxoxo"),
                Groove(
                    kick="x...x...x...x...",
                    clap="....x.......x...",
                    hat="x.xox.xox.xox.xo",
                    open="..x...x...x...x.",
                    shaker="xoxoxoxoxoxoxoxo",
                ),
            ),
            levels_db={"pad": -28.0, "keys": -23.0, "lead": -24.0, "arpeggio": -22.0, "bass": -19.5, "drums": -14.0},
            room_s=1.2,
            room_db=-19.0,
            tilt_db=0.5,
            bass_edge=0.5,
        ),
        "curious": Mood(
            told="marimba off the beat, neither glad nor sad",
            mode="dorian",
            progressions=(
                ((0, "9"), (3, "triad"), (0, "9"), (2, "add9")),
                ((0, "add9"), (1, "7"), (2, "7"), (3, "triad")),
                ((0, "6"), (3, "add9"), (4, "7"), (0, "add9")),
            ),
            turns=(((2, "7"), (1, "7"), (0, "add9"), (3, "triad")), ((4, "7"), (3, "add9"), (6, "7"), (0, "9"))),
            cadence=(3, "add9"),
            home="6",
            voicing=(53, 74),
            pad_hz=(650.0, 1900.0),
            keys="marimba",
            lead="marimba",
            comp=("x..o..x...o.....", "x.....x..o..x...", "x..x......x.o..."),
            arpeggio=("..x..o....x..o..", "x.....o...x..o.."),
            cells=("x.xx....x.......", "..x..x..x.x.....", "x..x.x....x....."),
            bass="x-....x-..f-....",
            grooves=(
                Groove(rim="....o.......o...", shaker="..o...o...o...o."),
                Groove(kick="x.........x.....", rim="...x......x..o..", clap="....o.......o...", shaker="x.oox.oox.oox.oo"),
            ),
            levels_db={"pad": -25.0, "keys": -20.0, "lead": -23.0, "arpeggio": -25.0, "bass": -21.0, "drums": -22.0},
            swing=0.18,
            room_s=1.1,
            room_db=-16.0,
            tilt_db=2.0,
        ),
        "dark": Mood(
            told="low piano, long minor chords and a heartbeat",
            mode="aeolian",
            progressions=(
                ((0, "add9"), (5, "7"), (0, "add9"), (3, "7")),
                ((0, "add9"), (6, "triad"), (5, "7"), (4, "7")),
                ((0, "add9"), (3, "add9"), (5, "7"), (4, "7")),
            ),
            turns=(((5, "7"), (3, "add9"), (0, "add9"), (4, "7")), ((3, "7"), (5, "7"), (6, "triad"), (0, "add9"))),
            cadence=(5, "add9"),
            home="add9",
            voicing=(45, 65),
            pad_hz=(320.0, 1500.0),
            keys="felt",
            lead="glass",
            comp=("x...............", "x.......o......."),
            arpeggio=("x..o..x.o..o..x.", "x.o.x.o.x.o.x.o."),
            cells=("x...............", "........x.......", "x.......x......."),
            bass="x---------------",
            grooves=(
                Groove(kick="x..o............", hat="o...o...o...o..."),
                Groove(kick="x..o......x.....", rim="........x.......", hat="o...o.o.o...o.o.", shaker="....o.......o..."),
            ),
            levels_db={"pad": -20.5, "keys": -22.0, "lead": -26.0, "arpeggio": -23.5, "bass": -19.5, "drums": -22.5},
            room_s=3.0,
            room_db=-11.0,
            tilt_db=-4.0,
            bass_edge=0.3,
        ),
    }
)
