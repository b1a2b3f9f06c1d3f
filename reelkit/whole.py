"""Whole files or none: written under a temporary name beside the final one, flushed, then renamed into place.

A temporary name carries its writer (host, process and that process's start), so that what a killed process left behind can be told
from what a living one is still writing.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = [
    "OWNER",
    "is_left_behind",
    "is_temporary",
    "known_sha256_of",
    "owner",
    "sha256_of",
    "start_of",
    "sweep_temporaries",
    "temporary_folder",
    "whole_file",
    "write_whole",
]

OWNER = r"(?P<host>[0-9a-f]{6})-(?P<pid>\d+)-(?P<started>\d+)"
"""How :func:`owner` stands in a name."""
_TEMPORARY = re.compile(rf"^\.tmp-{OWNER}-\d+-")
_FOREIGN_AGE_S = 24 * 3600.0
_counter = itertools.count()


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write; on a clean exit it is flushed and renamed to ``path``, else removed.

    The temporary name keeps the suffix, by which encoders choose their format, and lies in the same folder, so that the rename is
    atomic.

    Raises
    ------
    FileNotFoundError
        When nothing was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def temporary_folder(beside: Path) -> Iterator[Path]:
    """Give a folder for work in progress in the folder of ``beside``, removed at the end however it comes."""
    beside.parent.mkdir(parents=True, exist_ok=True)
    folder = _temporary_name(beside)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file whole (text as UTF-8) and return its path."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256_of(path: Path) -> str:
    """Return the SHA-256 of a large file that is asked for often: it is read again only when its size or time of change is another."""
    found = path.stat()
    return _sha256_as_it_was(path, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _sha256_as_it_was(path: Path, size: int, mtime_ns: int) -> str:
    return sha256_of(path)


def is_temporary(name: str) -> bool:
    """Say whether a file or folder name is one that :func:`whole_file` gives.

    Examples
    --------
    >>> is_temporary("reel.mp4")
    False
    """
    return _TEMPORARY.match(name) is not None


def sweep_temporaries(root: Path) -> int:
    """Remove what processes that are no more left under ``root``; return how many files and folders went.

    What another machine wrote into a shared folder goes when it has not changed for a day.
    """
    swept = 0
    # Unlike pathlib's, this walk goes on where a folder is gone before it is looked into.
    for place, folders, files in os.walk(root):
        for path in (Path(place, name) for name in (*folders, *files) if name.startswith(".tmp-")):
            if is_left_behind(path, _TEMPORARY):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                swept += 1
    return swept


def owner() -> str:
    """Return what tells this process from all others, on this machine and on those that share a folder with it."""
    return f"{_host()}-{os.getpid()}-{start_of(os.getpid())}"


def is_left_behind(path: Path, named: re.Pattern[str]) -> bool:
    """Say whether a file or folder was left by a process that is no more.

    What another machine wrote counts for left when it has not changed for a day.

    Parameters
    ----------
    path : Path
    named : re.Pattern
        What its name is like, with :data:`OWNER` in it. What has another name was left by none.
    """
    match = named.match(path.name)
    if match is None:
        return False
    try:
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        return False
    if match["host"] != _host():
        return age_s > _FOREIGN_AGE_S
    return start_of(int(match["pid"])) != int(match["started"])


def start_of(pid: int) -> int:
    """Return what tells a process from those that had its id before, 0 when none of that id lives.

    On Linux it is its start in ticks since the machine's, as a time of day is another one when the clock is set; elsewhere in whole
    seconds since 1970. One that only waits to be buried writes nothing any more, and counts as gone.
    """
    if sys.platform == "linux":
        try:
            # After the name, which may hold anything: its state, and 18 numbers before its start (proc(5)).
            state, *numbers = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return 0
        return 0 if state in (b"Z", b"X") else int(numbers[18])
    import psutil

    try:
        process = psutil.Process(pid)
        return 0 if process.status() == psutil.STATUS_ZOMBIE else int(process.create_time())
    except psutil.Error:
        return 0


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".tmp-{owner()}-{next(_counter)}-{path.name[-80:]}")


@functools.cache
def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
