"""A brand's own folder of videos and pictures as a library."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from reelkit.errors import BrandError, ClipError, FootageError
from reelkit.model import Candidate, Clip, ClipFacts, Credit, Progress, Value
from reelkit.services.word_stems import stems_of
from reelkit.whole import known_sha256_of
from reelkit.yamlfile import read_value, shown_path

__all__ = ["ClipNote", "ClipNotes", "FolderLibrary"]

NOTES = "clips.yaml"
_BESIDE = frozenset({".txt", ".md", ".yaml", ".yml", ".json", ".csv", ".srt", ".vtt", ".xmp", ".aae", ".ini", ".db"})
"""Notes that people, cameras and file managers keep beside footage: no footage, and no reason to complain."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class ClipNote(Value):
    """What ``clips.yaml`` may say of a file."""

    tags: tuple[str, ...] = Field(default=(), description="words it is found by, beside those of its name and folders")
    author: str | None = None
    licence: str | None = None
    page: str | None = Field(default=None, description="where it comes from")
    focus: tuple[Share, Share] | None = Field(default=None, description="the point to keep in view: shares of width and height, 0 to 1")


class ClipNotes(Value):
    """The file ``clips.yaml`` in a folder of footage."""

    defaults: ClipNote = Field(default=ClipNote(), description="holds for every file that says nothing else")
    clips: dict[str, ClipNote] = Field(default={}, description="by file name, or path within the folder")


_Stamp = tuple[int, int] | None
"""Size and time of change of a file, by which one that was replaced is known; None of one that cannot be read."""


@dataclass(frozen=True)
class _Entry:
    clip: Clip
    stems: frozenset[str]


@dataclass(frozen=True)
class _Listing:
    stamps: dict[Path, _Stamp]
    entries: dict[str, _Entry]
    skipped: tuple[str, ...]


class FolderLibrary:
    """The videos and pictures of a folder; it fits :class:`reelkit.steps.footage.FootageLibrary`.

    A file is found by the words of its name, of the folders it lies in, and of its tags in ``clips.yaml``. Hidden files and links that
    lead out of the folder are left alone; files that are no usable footage are skipped with a line in :attr:`skipped`.

    Parameters
    ----------
    root : Path
    probe : callable
        Gives the facts of a file, or raises :class:`~reelkit.errors.ClipError`; :func:`reelkit.media.probe.probe_clip` does.

    Raises
    ------
    FootageError
        From a search, when the folder is not there.
    BrandError
        From a search, when ``clips.yaml`` says something it may not.
    """

    name = "folder"

    def __init__(self, root: Path, *, probe: Callable[[Path], ClipFacts]) -> None:
        self._root, self._probe = Path(root), probe
        self._listing: _Listing | None = None
        self._facts: dict[tuple[Path, _Stamp], ClipFacts] = {}

    @property
    def skipped(self) -> tuple[str, ...]:
        """One line for each file that is not usable footage; none before a search."""
        # Whoever was not asked for footage does not look through the folder for this.
        return self._listing.skipped if self._listing else ()

    def look_again(self) -> None:
        """List the folder anew at the next search, where its files are others than when it was listed."""
        if self._listing and self._listing.stamps != self._stamps():
            self._listing = None

    def search(self, terms: Sequence[str], *, text: str = "") -> list[Candidate]:
        """Return the files that match any of the terms, best first; with no terms all of them.

        A term counts by the share of its words that a file has; files that match equally come by name.
        """
        wanted = [frozenset(stems_of(term)) for term in terms]

        def match(entry: _Entry) -> float:
            return sum(len(term & entry.stems) / len(term) for term in wanted if term)

        scored = [(match(entry), entry) for entry in self._listed.entries.values()]
        best = sorted((pair for pair in scored if pair[0] > 0 or not terms), key=lambda pair: (-pair[0], pair[1].clip.id))
        return [Candidate(id=entry.clip.id, library=self.name, sha256=entry.clip.sha256, match=score) for score, entry in best]

    def fetch(self, candidates: Sequence[Candidate], *, progress: Progress | None = None) -> list[Clip]:
        """Return the clips of candidates: they are on disk already, save those that went since they were found."""
        entries = self._listed.entries
        return [entries[candidate.id].clip for candidate in candidates if candidate.id in entries]

    @property
    def _listed(self) -> _Listing:
        if self._listing is None:
            self._listing = self._list()
        return self._listing

    def _stamps(self) -> dict[Path, _Stamp]:
        return {path: _stamp_of(path) for path in (*self._files(), self._root / NOTES)}

    def _list(self) -> _Listing:
        if not self._root.is_dir():
            raise FootageError(f"footage: {shown_path(self._root)} is not a folder; name one in footage.folder of the brand file")
        stamps = self._stamps()
        files = {path.relative_to(self._root).as_posix(): path for path in stamps if path != self._root / NOTES}
        notes = self._notes(files)
        entries, skipped = {}, []
        for name, path in files.items():
            try:
                entry = self._entry(name, path, stamps[path], notes)
            except ClipError as error:
                skipped.append(str(error))
            else:
                entries[entry.clip.id] = entry
        return _Listing(stamps, entries, tuple(skipped))

    def _files(self) -> Iterator[Path]:
        root = self._root.resolve()
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not name.startswith(".") and path.suffix.lower() not in _BESIDE and path.resolve().is_relative_to(root):
                    yield path

    def _notes(self, files: dict[str, Path]) -> ClipNotes:
        path = self._root / NOTES
        if not path.is_file():
            return ClipNotes()
        notes = read_value(path, ClipNotes, what=f"footage: {NOTES}")
        for name in notes.clips:
            if not any(_is_named(name, file) for file in files):
                near = difflib.get_close_matches(name, [*files, *(Path(file).name for file in files)], n=1)
                hint = f"; did you mean '{near[0]}'?" if near else "; remove it, or add the file"
                raise BrandError(f"footage: {NOTES}: clips names '{name}', which is not in the folder{hint} ({shown_path(path)})")
        return notes

    def _entry(self, name: str, path: Path, stamp: _Stamp, notes: ClipNotes) -> _Entry:
        # One that cannot be read is the probe's to name, so the facts come first.
        facts = self._facts.get((path, stamp)) or self._probe(path)
        self._facts[path, stamp] = facts
        own = next((note for key, note in notes.clips.items() if _is_named(key, name)), ClipNote())
        every = notes.defaults
        clip = Clip(
            id=f"folder/{name}",
            library=self.name,
            path=path,
            sha256=known_sha256_of(path),
            kind=facts.kind,
            width_px=facts.width_px,
            height_px=facts.height_px,
            duration_ms=facts.duration_ms,
            loops=facts.loops,
            still=facts.still,
            credit=Credit(
                author=own.author or every.author or "own footage",
                licence=own.licence or every.licence or "own",
                page_url=own.page or every.page or "",
            ),
            focus=own.focus or every.focus,
        )
        return _Entry(clip, frozenset(stems_of(" ".join((name.rpartition(".")[0], *own.tags, *every.tags)))))

    def __repr__(self) -> str:
        return f"<FolderLibrary {shown_path(self._root)}>"


def _stamp_of(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _is_named(key: str, file: str) -> bool:
    return key in (file, Path(file).name)
