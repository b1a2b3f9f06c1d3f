"""Compare a drawn picture with its golden PNG, within a written tolerance."""

from pathlib import Path

import cv2
import numpy as np

GOLDEN = Path(__file__).parents[1] / "golden"
MEAN_TOLERANCE = 0.35
"""Mean absolute difference of 8-bit samples: rounding may differ between processors, letters may not move."""
PIXEL_TOLERANCE = 24
"""Greatest difference of one sample: a soft edge may be a touch lighter, never elsewhere."""


def assert_golden(picture: np.ndarray, name: str, *, regenerate: bool) -> None:
    """Compare an RGB picture [shape=(height, width, 3)] with ``tests/golden/<name>.png``, or draw that file anew."""
    path = GOLDEN / f"{name}.png"
    if regenerate:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    expected = cv2.imread(str(path))
    assert expected is not None, f"{path} is missing; run pytest with --regenerate-golden and look at it"
    difference = cv2.absdiff(picture, np.ascontiguousarray(expected[..., ::-1]))
    mean, greatest = difference.mean(), difference.max()
    assert mean <= MEAN_TOLERANCE, f"{name}: mean difference {mean:.2f}, at most {MEAN_TOLERANCE}"
    assert greatest <= PIXEL_TOLERANCE, f"{name}: greatest difference {greatest}, at most {PIXEL_TOLERANCE}"
