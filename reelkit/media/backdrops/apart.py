"""Drawing in a process of its own, so that several backdrops are drawn at once: ``python -m reelkit.media.backdrops.apart``.

The process takes one job as a line of JSON, says the share done in lines, and ends. It needs nothing of the caller's main module, so it
works from a notebook and from a script without a guard.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2

from reelkit.errors import FootageError
from reelkit.media.backdrops import draw_backdrop
from reelkit.model import Fps, Palette, Progress

__all__ = ["draw_backdrop_apart", "main"]


def draw_backdrop_apart(
    path: Path,
    *,
    family: str,
    palette: Palette,
    seed: int,
    width_px: int = 1080,
    height_px: int = 1920,
    fps: Fps = Fps(num=30),  # noqa: B008  a frozen value
    progress: Progress | None = None,
) -> None:
    """Draw a backdrop as :func:`reelkit.media.backdrops.draw_backdrop` does, in another process; the bytes are the same.

    Raises
    ------
    FootageError
        When the process failed or was stopped.
    """
    job = {
        "path": str(path),
        "family": family,
        "palette": palette.model_dump(),
        "seed": seed,
        "width_px": width_px,
        "height_px": height_px,
        "fps": fps.model_dump(),
    }
    command = [sys.executable, "-m", "reelkit.media.backdrops.apart", json.dumps(job)]
    # Loops are drawn side by side: each keeps to one core.
    one_core = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=one_core
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            for line in process.stdout:
                if progress:
                    progress(float(line))
            complaint = process.stderr.read().strip().splitlines()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        why = complaint[-1] if complaint else f"exit code {process.returncode}"
        raise FootageError(f"footage: backdrop '{family}' could not be drawn ({why}); run it again, what was finished is kept")


def main() -> None:
    """Draw the job that is named as the only argument."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    cv2.setNumThreads(1)
    job = json.loads(sys.argv[1])
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        if int(share * 20) != told:
            told = int(share * 20)
            print(f"{share:.3f}", flush=True)

    path, palette, fps = Path(job.pop("path")), Palette.model_validate(job.pop("palette")), Fps.model_validate(job.pop("fps"))
    draw_backdrop(path, palette=palette, fps=fps, progress=tell, **job)


if __name__ == "__main__":
    main()
