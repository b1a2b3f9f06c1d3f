"""What is written of a failure holds no key: neither one of this process's environment nor what looks like one."""

from __future__ import annotations

import os
import re

from reelkit.errors import without_keys

__all__ = ["without_known_keys"]

_NAMES_A_KEY = re.compile(r"(?:^|_)(?:API|AUTH|ACCESS|SECRET)?(?:KEY|TOKEN|SECRET|PASSWORD|PAT)S?(?:_|$)")
_SHORTEST = 8
"""Characters; what is shorter is a switch or a number, and would be found in any text."""


def without_known_keys(text: str) -> str:
    """Return a text with the keys of the environment, and whatever looks like one, replaced.

    Parameters
    ----------
    text : str
        What somebody else may have written: an error of a brand's own function, a traceback.

    Examples
    --------
    >>> os.environ["WEATHER_TOKEN"] = "7c3f0e5b91"
    >>> without_known_keys("401 for /v1?token=7c3f0e5b91")
    '401 for /v1?token=[key]'
    >>> del os.environ["WEATHER_TOKEN"]
    """
    keys = (value.strip() for name, value in os.environ.items() if _NAMES_A_KEY.search(name.upper()))
    return without_keys(text, (key for key in keys if len(key) >= _SHORTEST))
