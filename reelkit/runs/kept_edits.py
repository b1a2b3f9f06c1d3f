"""Edits on disk: those of a reel, whichever take of it, and the clips that a brand does not want."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reelkit.edits import Edits
from reelkit.errors import RunError
from reelkit.model import content_key
from reelkit.runs.locks import hold
from reelkit.whole import write_whole

__all__ = ["KeptEdits"]


class KeptEdits:
    """``outputs/<brand>/edits/``: a file for each reel that was edited, and ``rejected.json``.

    Parameters
    ----------
    folder : Path
        The brand's, under outputs.
    reel : str
        What all takes of the reel are known by.
    """

    def __init__(self, folder: Path, reel: str) -> None:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", reel)
        # Where more than the space before a script's name or a seed went, other names become the same.
        apart = "" if plain == reel.replace(" ", "-", 1) else f"-{content_key(reel)[:8]}"
        self.path = folder / "edits" / f"{plain}{apart}.json"
        self._rejected = folder / "edits" / "rejected.json"

    def read(self) -> Edits:
        """Return the reel's edits.

        Raises
        ------
        RunError
            When the file is there and holds no edits.
        """
        try:
            return Edits.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Edits()
        except (ValidationError, OSError):
            raise RunError(f"edits: {self.path} cannot be read; mend it, or remove it to go on without these edits") from None

    def keep(self, **fields: Any) -> Edits:
        """Replace some fields of the edits; with nothing left the file goes."""
        with self._held():
            edits = Edits.model_validate({**dict(self.read()), **fields})
            if edits == Edits():
                self.path.unlink(missing_ok=True)
            else:
                write_whole(self.path, edits.model_dump_json(indent=2) + "\n")
        return edits

    @property
    def key(self) -> str:
        """A hash of the edits; empty where there are none."""
        return self.read().key

    @property
    def rejected(self) -> tuple[str, ...]:
        """Ids of clips that the brand does not want."""
        try:
            return tuple(map(str, json.loads(self._rejected.read_bytes())))
        except FileNotFoundError:
            return ()
        except (ValueError, OSError):
            raise RunError(f"edits: {self._rejected} cannot be read; mend it, or remove it to allow all clips again") from None

    def reject(self, clip: str, *, wanted: bool = False) -> tuple[str, ...]:
        """Take a clip out of the brand's choice, or (``wanted``) in again; return all that are out."""
        with self._held():
            listed = [one for one in self.rejected if one != clip] + ([] if wanted else [clip])
            write_whole(self._rejected, json.dumps(listed, indent=2) + "\n")
        return tuple(listed)

    def _held(self) -> AbstractContextManager[None]:
        """Hold all edits of the brand, so that none that another notebook keeps meanwhile is lost."""
        brand = self._rejected.parents[1]
        return hold(brand.parent, f"{brand.name}-edits", what="edits")
