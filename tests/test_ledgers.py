"""Which ledger a brand keeps, and the name by which its team knows an outputs folder."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reelkit.brand import load_brand
from reelkit.ledgers import ledger_for
from reelkit.services.team_ledger import TeamLedger

BRAND = load_brand("northwind").with_changes({"ledger": "supabase"})


def name_of(outputs: Path) -> str:
    ledger = ledger_for(BRAND, outputs)
    assert isinstance(ledger, TeamLedger)
    return ledger.maker


def test_a_name_that_was_cut_is_made_anew(tmp_path: Path) -> None:
    """A folder whose name is empty gets one, and keeps it."""
    (tmp_path / ".studio").touch()
    name = name_of(tmp_path)
    assert name
    assert name_of(tmp_path) == name


def test_all_that_ask_at_once_get_one_name(tmp_path: Path) -> None:
    """Whoever comes second gets the whole name that the first one made."""
    folders = [tmp_path / str(number) for number in range(20)]
    start = threading.Barrier(8)

    def names() -> list[str]:
        told = []
        for folder in folders:
            start.wait(30)
            told.append(name_of(folder))
        return told

    with ThreadPoolExecutor(8) as pool:
        told = [future.result() for future in [pool.submit(names) for _ in range(8)]]
    assert all(told[0])
    assert all(each == told[0] for each in told)
    assert len(set(told[0])) == len(folders)
