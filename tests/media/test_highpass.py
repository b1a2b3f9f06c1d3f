"""A high-pass that moves nothing in time."""

import numpy as np
import pytest

from reelkit.media.highpass import without_rumble


@pytest.mark.parametrize("rate_hz", [24_000, 48_000])
def test_each_channel_is_filtered_by_itself(rate_hz: int) -> None:
    """The channels of a stereo sound come out as each does alone."""
    stereo = np.random.default_rng(5).uniform(-0.5, 0.5, (rate_hz * 5 // 2, 2)).astype(np.float32)
    alone = [without_rumble(stereo[:, [side]], rate_hz, below_hz=70) for side in (0, 1)]
    assert np.array_equal(without_rumble(stereo, rate_hz, below_hz=70), np.concatenate(alone, axis=1))
