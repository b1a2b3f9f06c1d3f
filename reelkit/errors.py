"""What can go wrong, as one tree.

::

    ReelkitError
     +-- BrandError          (ValueError)   a brand, deck or style file says something it may not
     +-- ScriptError         (ValueError)   a script that cannot be written, read or spoken
     +-- FootageError        (LookupError)  no library had a clip for a scene
     |    +-- ClipError      (ValueError)   one file is not usable footage
     +-- AudioError          (ValueError)   a sound file that cannot be read
     +-- VoiceError          (RuntimeError) the voice could not speak the script
     +-- TimelineError       (ValueError)   shots, cues and tracks that do not fit together
     +-- ComposeError        (RuntimeError) the reel could not be rendered or encoded
     +-- CheckError          (ValueError)   a finished reel breaks a "must"
     +-- UploadError         (OSError)      the store did not take the reel
     +-- ServiceError        (RuntimeError) a part of the outside world answered badly
     +-- RunError            (RuntimeError) a run's folder, manifest, cache or ledger is not as it must be
          +-- BusyError                     another process is making this run

Every message is one line that says what was wrong, where (brand, step, file, field, line), and what to do next. A command prints
that line and nothing else; a traceback means a bug of ours.
"""

import re
from collections.abc import Iterable

__all__ = [
    "AudioError",
    "BrandError",
    "BusyError",
    "CheckError",
    "ClipError",
    "ComposeError",
    "FootageError",
    "ReelkitError",
    "RunError",
    "ScriptError",
    "ServiceError",
    "TimelineError",
    "UploadError",
    "VoiceError",
    "without_keys",
]

_LOOKS_SECRET = re.compile(
    r"(?i)\b(?:sk|pk|rk|key|gsk|sb)[-_](?=[\w*.-]*[\d*])[\w*.-]{10,}|\bbearer\s+\S+|\beyJ[\w-]{8,}(?:\.[\w-]+)*"
    r"|(?<=://)[^/\s@']+@|(?<=://)(?P<place>[^\s?']*)\?[^\s']+"
)
"""Keys as services give them out, tokens, and what stands in an address before @ and after ?."""


class ReelkitError(Exception):
    """The root of all errors that Reelkit raises on purpose; ``str(error)`` is one line for a person."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())

    @property
    def lines(self) -> tuple[str, ...]:
        """What a terminal shows: the one line, or one for each of several problems."""
        return (str(self),)


class BrandError(ReelkitError, ValueError):
    """A brand, deck or style file says something it may not."""


class ScriptError(ReelkitError, ValueError):
    """A script cannot be written, read or spoken."""


class FootageError(ReelkitError, LookupError):
    """No library had a clip for a scene."""

    __str__ = ReelkitError.__str__


class ClipError(FootageError, ValueError):
    """One file is not usable footage."""


class AudioError(ReelkitError, ValueError):
    """A sound file cannot be read."""


class VoiceError(ReelkitError, RuntimeError):
    """The voice could not speak the script."""


class TimelineError(ReelkitError, ValueError):
    """Shots, cues and tracks do not fit together."""


class ComposeError(ReelkitError, RuntimeError):
    """The reel could not be rendered or encoded."""


class CheckError(ReelkitError, ValueError):
    """A finished reel breaks a "must"."""


class UploadError(ReelkitError, OSError):
    """The store did not take the reel."""


class ServiceError(ReelkitError, RuntimeError):
    """A part of the outside world answered badly."""


class RunError(ReelkitError, RuntimeError):
    """A run's folder, manifest, cache or ledger is not as it must be."""


class BusyError(RunError):
    """Another process is making this run."""


def without_keys(text: str, keys: Iterable[str] = ()) -> str:
    """Return a text with the given keys, and whatever looks like one, replaced.

    Examples
    --------
    >>> without_keys("Incorrect API key provided: sk-proj-1234****6789 (hunter22)", ["hunter22"])
    'Incorrect API key provided: [key] ([key])'
    """
    for key in sorted((key for key in keys if key), key=len, reverse=True):
        text = text.replace(key, "[key]")
    return _LOOKS_SECRET.sub(lambda found: f"{found['place']}?[key]" if found["place"] is not None else "[key]", text)
