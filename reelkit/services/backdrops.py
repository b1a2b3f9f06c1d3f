"""Backdrops as a library: drawn for the brand's palette when they are wanted, then kept."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from reelkit.cores import usable_cores
from reelkit.errors import FootageError
from reelkit.model import Cache, Candidate, Clip, ClipFacts, Credit, Fps, Palette, Progress, Value, content_key
from reelkit.services.word_stems import stems_of
from reelkit.whole import sha256_of

__all__ = ["BackdropLibrary", "DrawBackdrop"]

VARIANTS = 6
"""Backdrops of each family that a brand has: few enough that later reels find theirs drawn, enough that reels differ."""

_MOODS: dict[str, str] = {
    "waves": "water sea ocean river wave flow pour drink rain coffee tea milk music sound voice swim surf calm breath sleep",
    "bokeh": "night light city street party evening star candle lamp celebrate restaurant cafe bar festival holiday winter snow",
    "light_leaks": "sun sunrise sunset morning dawn summer warm heat fire energy power burn sweat film photo camera memory spark",
    "topographic": "map mountain hill travel route land earth farm origin field climb hike trail explore terrain soil run path planet moon",
    "grid_perspective": "data tech computer code digital network machine robot ai number speed science engine internet future rocket",
    "paper_layers": "paper plan book story note letter craft cut art desk history page forest tree nature landscape valley garden",
    "particles": "dust space atom cell air smoke steam roast bean seed magic molecule bacteria galaxy universe particle physics spice",
    "ink": "ink liquid drop dye smoke cloud milk pour write blood potion mystery secret dream deep octopus pen history tattoo",
    "collage": "shape design art modern poster build city house architecture game puzzle idea pattern plan team step list money school",
    "gradient_flow": "colour color silk smooth mind mood focus dream idea feel skin heart health body stretch yoga rest taste flavour",
}


class DrawBackdrop(Protocol):
    """Draws one loop into a file; :func:`reelkit.media.backdrops.draw_backdrop` does."""

    def __call__(
        self,
        path: Path,
        *,
        family: str,
        palette: Palette,
        seed: int,
        width_px: int,
        height_px: int,
        fps: Fps,
        progress: Progress | None = None,
    ) -> object: ...


class BackdropLibrary:
    """Drawn backdrops in a brand's palette; it fits :class:`reelkit.steps.footage.FootageLibrary`.

    A scene's words choose the families (water suggests waves, data a grid, a mountain contour lines); its text shuffles the rest, so
    that the same scene always gets the same offers.

    Parameters
    ----------
    palette : Palette
    families : sequence of str
        To choose from; at least one.
    width_px, height_px : int
        Size of the reel.
    fps : Fps
    cache : Cache
        Where loops are kept, in the room ``"backdrops"``.
    draw : callable
        See :class:`DrawBackdrop`; called from several threads at once.
    probe : callable
        Gives the facts of a drawn file.
    version : str
        Of the drawing: another version is drawn anew.
    workers : int, optional
        Loops drawn at once; as many as there are cores where not given.
    """

    name = "backdrops"
    skipped: tuple[str, ...] = ()

    def __init__(
        self,
        palette: Palette,
        *,
        families: Sequence[str],
        width_px: int,
        height_px: int,
        fps: Fps,
        cache: Cache,
        draw: DrawBackdrop,
        probe: Callable[[Path], ClipFacts],
        version: str = "",
        workers: int | None = None,
    ) -> None:
        self._palette, self._families = palette, tuple(families)
        self._size = {"width_px": width_px, "height_px": height_px}
        self._fps, self._cache, self._draw, self._probe, self._version = fps, cache, draw, probe, version
        self._workers = workers or usable_cores()

    def look_again(self) -> None:
        """Do nothing: backdrops are always the same."""

    def search(self, terms: Sequence[str], *, text: str = "") -> list[Candidate]:
        """Return every backdrop of the brand, those that suit the scene first."""
        words = [stem for term in terms for stem in stems_of(term)]
        said = stems_of(text)
        moods = {family: stems_of(_MOODS.get(family, "")) for family in self._families}
        suits = {family: sum(word in mood for word in words) + 0.1 * sum(word in mood for word in said) for family, mood in moods.items()}
        families = sorted(self._families, key=lambda family: (-suits[family], content_key(text, *terms, family)))
        variants = sorted(range(VARIANTS), key=lambda variant: content_key(text, *terms, variant))
        return [
            Candidate(id=f"backdrops/{family}-{variant}", library=self.name, kin=family, match=suits[family])
            for variant in variants
            for family in families
        ]

    def fetch(self, candidates: Sequence[Candidate], *, progress: Progress | None = None) -> list[Clip]:
        """Return backdrops as clips, drawing those that are not kept yet, several at once.

        Raises
        ------
        FootageError
            When one could not be drawn; those that were are kept.
        """
        shares = _Shares(len(candidates), progress)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="backdrops") as pool:
            drawn = [pool.submit(self._clip, candidate, shares.of(number)) for number, candidate in enumerate(candidates)]
            try:
                return [future.result() for future in drawn]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _clip(self, candidate: Candidate, progress: Progress) -> Clip:
        family, _, seed = candidate.id.removeprefix("backdrops/").rpartition("-")
        asked = {"family": family, "palette": self._palette, "seed": int(seed), "fps": self._fps, **self._size}

        def draw(path: Path) -> None:
            self._draw(path, **asked, progress=progress)  # type: ignore[arg-type]

        try:
            key = content_key(self._version, **asked)
            path = self._cache.file("backdrops", key, ".mp4", draw)
            known = self._known(key, path)
        except (OSError, ValueError) as error:
            raise FootageError(f"footage: backdrop '{candidate.id}' could not be drawn: {error}") from error
        progress(1.0)
        facts = known.facts
        return Clip(
            id=candidate.id,
            library=self.name,
            path=path,
            sha256=known.sha256,
            kind="video",
            width_px=facts.width_px,
            height_px=facts.height_px,
            duration_ms=facts.duration_ms,
            loops=True,
            credit=Credit(author="Reelkit", licence="CC0-1.0"),
        )

    def _known(self, key: str, path: Path) -> _Known:
        """Return what is known of a loop, kept beside it: reading a loop whole and looking into it takes longer than all else here."""
        is_file = path.stat()
        kept = self._cache.get("backdrops", key, ".json")
        if kept is not None:
            with contextlib.suppress(ValueError):
                known = _Known.model_validate_json(kept.read_bytes())
                # One that was drawn again, or copied, is looked into again.
                if (known.bytes, known.inode) == (is_file.st_size, is_file.st_ino):
                    return known
        known = _Known(sha256=sha256_of(path), bytes=is_file.st_size, inode=is_file.st_ino, facts=self._probe(path))
        with self._cache.put("backdrops", key, ".json") as note:
            note.write_text(known.model_dump_json(), encoding="utf-8")
        return known


class _Known(Value):
    """What is known of a drawn loop, and of which file it is known."""

    sha256: str
    bytes: int
    inode: int
    facts: ClipFacts


class _Shares:
    """The share done of several loops, told as one; it may be told from several threads."""

    def __init__(self, count: int, tell: Progress | None) -> None:
        self._shares, self._tell, self._lock = [0.0] * count, tell, threading.Lock()

    def of(self, number: int) -> Progress:
        def told(share: float) -> None:
            with self._lock:
                self._shares[number] = share
                if self._tell:
                    self._tell(sum(self._shares) / len(self._shares))

        return told
