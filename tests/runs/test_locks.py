from pathlib import Path

import pytest

from reelkit.errors import BusyError, RunError
from reelkit.runs.locks import hold


def nobody() -> None:
    raise AssertionError("nobody has this lock")


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    """While one holds it another hears that it is busy; then it is free again."""

    def busy() -> None:
        raise BusyError("another has it")

    first, other, again = (hold(tmp_path / "outputs", name, what="test", busy=nobody) for name in "aba")
    with first, other, pytest.raises(BusyError, match="another has it"), hold(tmp_path / "outputs", "a", what="test", busy=busy):
        pass
    with again:
        pass


@pytest.mark.parametrize("taken", ["", ".locks", ".locks/a.lock/x"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, taken: str) -> None:
    """A file where outputs or its locks should be, or a folder in the lock's place, is told with the place and what to give instead."""
    outputs = tmp_path / "outputs"
    (outputs / taken).parent.mkdir(parents=True, exist_ok=True)
    (outputs / taken).write_text("in the way")
    with pytest.raises(RunError) as caught, hold(outputs, "a", what="brand 'ada'", busy=nobody):
        pass
    assert str(caught.value).startswith(f"brand 'ada': {outputs} cannot be written: ")
    assert str(caught.value).endswith("; give another --outputs")


def test_what_fails_inside_is_not_told_as_the_folder(tmp_path: Path) -> None:
    """An error of what is done under the lock is its own."""
    with pytest.raises(OSError, match="mine"), hold(tmp_path, "a", what="test", busy=nobody):
        raise OSError("mine")
