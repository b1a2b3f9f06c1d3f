"""Which ledger a brand keeps: that of the outputs folder, or its team's."""

from __future__ import annotations

import platform
import secrets
from pathlib import Path

from reelkit.brand import Brand
from reelkit.errors import RunError
from reelkit.runs.ledger import ReelLedger, ledger_of
from reelkit.runs.locks import hold
from reelkit.whole import write_whole

__all__ = ["ledger_for"]


def ledger_for(brand: Brand, outputs: Path) -> ReelLedger:
    """Return the ledger that a brand's file names.

    Raises
    ------
    RunError
        When the outputs folder cannot be written.
    """
    if brand.ledger == "local":
        return ledger_of(outputs)
    from reelkit.services.team_ledger import TeamLedger

    return TeamLedger(_studio_of(outputs))


def _studio_of(outputs: Path) -> str:
    """Return the name by which a team knows an outputs folder, made when it is first asked for: machines may share names, and paths."""
    path = outputs / ".studio"
    try:
        if named := _name_in(path):
            return named
        with hold(outputs, "studio", what="ledger"):
            # Another process may have named it meanwhile.
            if not _name_in(path):
                write_whole(path, f"{platform.node() or 'studio'}-{secrets.token_hex(4)}")
            return _name_in(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from None


def _name_in(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
