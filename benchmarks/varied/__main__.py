"""Fifty reels of every kind, each composed and held to every must of the file, its loudness and its true peak.

A seeded generator varies brand (palette, preset, transition, shape, rate, mood, tempo, pace of voice, language), script and footage
(real films, stills, odd sizes, turned, uneven in rate, HDR, clear, animations, backdrops). One line a reel, then a summary.

Run it: ``python -m benchmarks.varied``. It exits with 1 when a must does not hold or a reel cannot be made.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.varied.asked import ask
from benchmarks.varied.made import make
from reelkit.errors import ReelkitError


def main() -> int:
    """Make and check the reels, and say whether all hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of single reels")
    parser.add_argument("--keep", type=Path, help="a folder for what is made, used again by the next run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return _run(asked.only or range(asked.count), asked.seed, asked.keep or Path(scratch))


def _run(numbers: list[int] | range, seed: int, folder: Path) -> int:
    wrong, warned, lufs, peaks, seconds = 0, Counter[str](), [], [], 0.0
    for number in numbers:
        wanted = ask(number, seed=seed)
        try:
            made = make(wanted, folder)
        except ReelkitError as error:
            wrong += 1
            print(f"{number:3} FAILED  {wanted}: {error}", flush=True)
            continue
        reel, musts = made.reel, [finding for finding in made.findings if finding.level == "must"]
        wrong += bool(made.failed)
        warned.update(finding.name for finding in made.findings if finding.verdict == "warn")
        lufs.append(reel.loudness_lufs)
        peaks.append(reel.true_peak_dbtp)
        seconds += reel.duration_s
        told = "; ".join(f"{finding.name}: {finding.measured}" for finding in made.failed) or f"{len(musts)} musts hold"
        heard = f"{reel.loudness_lufs:6.2f} LUFS {reel.true_peak_dbtp:5.2f} dBTP"
        print(f"{number:3} {'FAILED' if made.failed else 'ok':7} {reel.duration_s:5.2f} s {heard}  {wanted}  {told}", flush=True)
    print(f"\n{len(numbers)} reels, {seconds:.0f} s, {wrong} wrong")
    if lufs:
        print(f"loudness {min(lufs):.2f} to {max(lufs):.2f} LUFS, true peak at most {max(peaks):.2f} dBTP")
    print("shoulds that did not hold:", ", ".join(f"{name} {count}" for name, count in warned.most_common()) or "none")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
