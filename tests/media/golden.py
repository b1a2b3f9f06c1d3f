"""Compare a drawn picture with its golden PNG, within a written tolerance.

``pytest --regenerate-golden`` draws the PNGs anew. ``pytest --show-golden-difference FOLDER`` writes, for each picture that is off, what
was expected, what came and where they differ, side by side, into a folder.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
MEAN_TOLERANCE = 0.35
"""Mean absolute difference of 8-bit samples: rounding may differ between processors, letters may not move."""
PIXEL_TOLERANCE = 24
"""Greatest difference of one sample: a soft edge may be a touch lighter, never elsewhere."""
_SHOWN_TIMES = 8
"""How much a difference is exaggerated when it is shown."""


def small(picture: np.ndarray, share: float) -> np.ndarray:
    """Return a picture at a share of its size: what a golden frame holds, so that the repository stays light."""
    return cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def assert_golden(picture: np.ndarray, name: str, config: pytest.Config) -> None:
    """Compare an RGB picture [shape=(height, width, 3)] with ``tests/golden/<name>.png`` as the command line says."""
    compare(picture, name, GOLDEN, regenerate=config.getoption("--regenerate-golden"), show_in=config.getoption("--show-golden-difference"))


def compare(picture: np.ndarray, name: str, golden: Path, *, regenerate: bool = False, show_in: str | None = None) -> None:
    """Compare a picture with a folder's PNG of a name, drawing the PNG anew first where asked."""
    path = golden / f"{name}.png"
    if regenerate:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    found = cv2.imread(str(path))
    assert found is not None, f"{path} is missing; run pytest with --regenerate-golden and look at it"
    expected = np.ascontiguousarray(found[..., ::-1])
    assert picture.shape == expected.shape, f"{name}: it is {picture.shape}, expected {expected.shape}"
    difference = cv2.absdiff(picture, expected)
    mean, greatest = difference.mean(), difference.max()
    if mean <= MEAN_TOLERANCE and greatest <= PIXEL_TOLERANCE:
        return
    shown = _shown(expected, picture, difference, name, show_in)
    raise AssertionError(
        f"{name}: mean difference {mean:.2f} (at most {MEAN_TOLERANCE}), greatest {greatest} (at most {PIXEL_TOLERANCE}); {shown}"
    )


def _shown(expected: np.ndarray, picture: np.ndarray, difference: np.ndarray, name: str, folder: str | None) -> str:
    if folder is None:
        return "see it with --show-golden-difference FOLDER"
    path = Path(folder) / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    exaggerated = np.minimum(difference.astype(int) * _SHOWN_TIMES, 255).astype(np.uint8)
    cv2.imwrite(str(path), np.hstack([expected, picture, exaggerated])[..., ::-1])
    return f"expected, drawn and difference are in {path}"
