"""A cache on disk, addressed by the hash of everything a file depends on."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from reelkit.errors import RunError
from reelkit.whole import sweep_temporaries, whole_file

__all__ = ["FileCache", "cache_dir"]

_KEY = re.compile(r"[0-9a-f]{8,64}")
_ROOM = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,12}){0,2}")
_SUM = ".sum"
"""The end of the note beside a kept file: its size and CRC-32, by which damage is found at 1.5 GB a second or more."""
_PIECE_BYTES = 1 << 18


def cache_dir(outputs: Path) -> Path:
    """Return where the cache lies: ``$REELKIT_CACHE`` where it is set, else ``.cache`` under the outputs folder."""
    named = os.environ.get("REELKIT_CACHE")
    return Path(named).resolve() if named else outputs.resolve() / ".cache"


class FileCache:
    """Files kept under ``root/<room>/<first two digits>/<key><suffix>``; it fits :class:`reelkit.model.Cache`.

    Any number of threads and processes may use one root at once: a file appears whole or not at all. Two that make the same key at
    the same time both do the work, and the last rename stands; by contract both made the same. A file that is not as it was put counts
    as not there, so that it is made anew over the damaged one.

    Parameters
    ----------
    root : Path
        Created on first use.

    Examples
    --------
    >>> import tempfile
    >>> from reelkit.model import content_key
    >>> cache = FileCache(Path(tempfile.mkdtemp()))
    >>> key = content_key("speech", text="Hello")
    >>> cache.file("speech", key, ".txt", lambda path: path.write_text("made")).read_text()
    'made'
    >>> cache.file("speech", key, ".txt", lambda path: path.write_text("made again")).read_text()
    'made'
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._found_whole: dict[Path, tuple[int, int]] = {}

    def get(self, room: str, key: str, suffix: str) -> Path | None:
        """Return the kept file, or None where there is none or it is damaged. Looking marks it as used, for :meth:`trim`."""
        path = self._path(room, key, suffix)
        try:
            if not path.is_file() or (self._found_whole.get(path) != _state_of(path) and not _is_whole(path)):
                return None
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
            self._found_whole[path] = _state_of(path)
        return path

    @contextlib.contextmanager
    def put(self, room: str, key: str, suffix: str) -> Iterator[Path]:
        """Give a temporary path to write; on a clean exit it is flushed and renamed into place, on an error removed.

        Raises
        ------
        RunError
            When nothing was written, or the disk refuses.
        """
        path = self._path(room, key, suffix)
        wrote = False
        try:
            with whole_file(path) as temporary:
                yield temporary
                wrote = True
                # First, so that no file is there without it; where another process puts other bytes at once, both are made again.
                _note_of(path).write_text(_sum_of(temporary), encoding="ascii")
            self._found_whole[path] = _state_of(path)
        except FileNotFoundError:
            if not wrote:
                raise
            raise RunError(f"cache: nothing was written for {room}/{key[:12]}{suffix}") from None

    def file(self, room: str, key: str, suffix: str, make: Callable[[Path], object]) -> Path:
        """Return the kept file, calling ``make(temporary_path)`` first where there is none."""
        kept = self.get(room, key, suffix)
        if kept is not None:
            return kept
        with self.put(room, key, suffix) as temporary:
            make(temporary)
        return self._path(room, key, suffix)

    def size_bytes(self) -> int:
        """Return the size of all that is kept, in bytes. Other files under the root are none of the cache's, here and in :meth:`trim`."""
        return sum(size for _, size, _ in self._entries())

    def trim(self, max_bytes: int) -> int:
        """Remove what was used longest ago until at most ``max_bytes`` are kept; return the bytes that went."""
        sweep_temporaries(self.root)
        entries = sorted(self._entries())
        excess = sum(size for _, size, _ in entries) - max_bytes
        gone = 0
        for _, size, path in entries:
            if gone >= excess:
                break
            path.unlink(missing_ok=True)
            _note_of(path).unlink(missing_ok=True)
            gone += size
        return gone

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for path in self.root.glob("*/[0-9a-f][0-9a-f]/*") if self.root.is_dir() else ():
            key, dot, suffix = path.name.partition(".")
            named = path.suffix != _SUM and _is_name(path.parts[-3], key, f"{dot}{suffix}") and key.startswith(path.parent.name)
            with contextlib.suppress(OSError):
                if named and path.is_file():
                    facts = path.stat()
                    yield facts.st_mtime, facts.st_size, path

    def _path(self, room: str, key: str, suffix: str) -> Path:
        if not _is_name(room, key, suffix):
            raise RunError(
                f"cache: room, key and suffix must be like 'speech', a content_key and '.wav', got {room!r}, {key!r}, {suffix!r}"
            )
        return self.root / room / key[:2] / f"{key}{suffix}"

    def __repr__(self) -> str:
        return f"<FileCache {self.root}>"


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{_SUM}")


def _state_of(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _is_whole(path: Path) -> bool:
    try:
        noted = _note_of(path).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        # Kept by a Reelkit that noted nothing.
        return path.stat().st_size > 0
    return noted.partition(" ")[0] == str(path.stat().st_size) and noted == _sum_of(path)


def _sum_of(path: Path) -> str:
    size, crc, piece = 0, 0, memoryview(bytearray(_PIECE_BYTES))
    with path.open("rb", buffering=0) as file:
        while length := file.readinto(piece):
            size, crc = size + length, zlib.crc32(piece[:length], crc)
    return f"{size} {crc:08x}\n"


def _is_name(room: str, key: str, suffix: str) -> bool:
    return bool(_ROOM.fullmatch(room) and _KEY.fullmatch(key) and _SUFFIX.fullmatch(suffix))
