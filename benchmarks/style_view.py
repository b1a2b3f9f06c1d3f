"""How soon a tuned brand is seen: from a touch of a control to the exact frame, in the kernel.

The real StyleView and FrameView over a draft of northwind at 1080x1920; what the browser then takes to draw the planes is not in it.

Run it: ``python -m benchmarks.style_view`` (``--strict``: exit with 1 when a bar is missed).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reelkit import views
from reelkit.brand import load_brand
from reelkit.draft import Draft

BAR_MS = 50.0
WORDS = "Cold brew takes time. Give it a night in the fridge. In the morning you have coffee that is sweet and never bitter."


def changes() -> Iterator[dict[str, Any]]:
    """Yield touches of every kind: sliders, colours, a switch, presets."""
    for size in range(60, 108, 4):
        yield {"captions.size_px": size}
    for colour in ("#FF4040", "#40FF80", "#4080FF", "#FFFFFF"):
        yield {"captions.active_colour": colour}
    for preset in ("pop", "box", "marker", "karaoke"):
        yield {"captions.preset": preset}
    for upper in (True, False):
        yield {"captions.uppercase": upper}


def main() -> int:
    """Measure, print median and 90th percentile, and say whether the bar was missed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--strict", action="store_true", help="exit with 1 when the bar is missed")
    options = asked.parse_args()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        words = Path(scratch) / "words.md"
        words.write_text(WORDS)
        brand = load_brand("northwind").with_changes({"footage.backdrops": ["gradient_flow"]})
        draft = Draft.of(brand, script=words, outputs=scratch)
        frame = views.frame(draft.plan(brand))
        style = views.style(brand, frame, draft.plan)
        frame.exact()
        took = []
        for change in changes():
            began = time.perf_counter()
            style.set(change)
            frame.exact()
            took.append((time.perf_counter() - began) * 1000)
    median, p90 = statistics.median(took), statistics.quantiles(took, n=10)[-1]
    missed = median > BAR_MS
    verdict = "MISS" if missed else "ok  "
    print(
        f"{verdict} a change of style: median {median:.0f} ms, 90th percentile {p90:.0f} ms of {len(took)}  bar: median <= {BAR_MS:.0f} ms"
    )
    print(f"     {os.cpu_count()} cores, load {busy:.1f} before")
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
