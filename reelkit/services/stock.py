"""Stock sites as libraries: what all of them share, from the search to the clip on disk.

A site says in :class:`~reelkit.services.stock_site.StockSite` how it is asked and how its answer reads; everything else stands here
once: keeping answers and files, keeping to limits, choosing among what was found, and going without what cannot be had.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from reelkit.errors import ClipError, ServiceError
from reelkit.model import Cache, Candidate, Clip, ClipFacts, Credit, Progress, Value, content_key
from reelkit.services.calls import Calls, Trouble, bounded, trouble_of_status, unlogged
from reelkit.services.download import SOCKET_S, chunks_of, download, trouble_of_request
from reelkit.services.meaning import FAR, nearness
from reelkit.services.request_record import RequestRecord
from reelkit.services.stock_site import Question, StockFile, StockSite, StockVideo
from reelkit.whole import sha256_of, temporary_folder

__all__ = ["StockLibrary"]

V = TypeVar("V", bound=Value)

KEPT_S = 24 * 3600.0
"""How long an answer is taken from the cache; Pixabay asks for a day."""

_ENOUGH = 8
_PATIENCE_S = 60.0
_OUT_S = 120.0
_FAILS = 3
_ANSWER_BYTES = 8_000_000
_NO_KEY = "no key"
_ANY_TERM = "coffee"


class _Kept(Value):
    """An answer in the cache."""

    asked_at_s: float
    videos: tuple[StockVideo, ...]


class _Loaded(Value):
    """A downloaded file in the cache."""

    sha256: str
    facts: ClipFacts


class StockLibrary:
    """A stock site as a library; it fits :class:`reelkit.steps.footage.FootageLibrary`.

    Videos that are too short for a shot are left out, and so are those whose description is far in meaning from the scene's text and terms:
    then the next rung of the ladder is asked. Upright ones come first, then the nearest in meaning, then in the site's order; of a
    video the smallest file that fills the frame is taken.

    A site that is down, whose limit is reached, or of which three files in a row could not be had offers nothing for two minutes, and says
    so in :attr:`skipped`: the brand's next library is asked instead. A key that is missing or refused is the user's to mend, and raised.

    Parameters
    ----------
    site : StockSite
    key : callable
        Gives the key, or None; asked at the first request.
    width_px, height_px : int
        Size of the reel.
    shot_s : float
        Length of a shot in seconds: what lasts less is left out.
    cache : Cache
        Keeps answers in the room ``"stock-answers"``, files in ``"stock"``.
    scratch : Path
        A folder beside the cache for what is on its way, and for the record of requests that processes share.
    probe : callable
        Gives the facts of a file, or raises :class:`~reelkit.errors.ClipError`.
    language : str
        Of scenes' texts: only English ones are compared; of others the terms alone are.
    base_url : str, optional
        Another address than the site's own.
    now, sleep : callable
        A clock in seconds since 1970, and a wait.
    answer_s, file_s : float
        How long one attempt at an answer, and at a file, may take.
    """

    def __init__(
        self,
        site: StockSite,
        *,
        key: Callable[[], str | None],
        width_px: int,
        height_px: int,
        shot_s: float,
        cache: Cache,
        scratch: Path,
        probe: Callable[[Path], ClipFacts],
        language: str = "en",
        base_url: str | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        answer_s: float = 20.0,
        file_s: float = 60.0,
    ) -> None:
        self._site, self._key, self._base_url = site, key, (base_url or site.base_url).rstrip("/")
        self._frame = width_px, height_px
        self._reads_text = language.lower().split("-")[0] == "en"
        self._shot_s, self._cache, self._scratch, self._probe = shot_s, cache, Path(scratch), probe
        self._now, self._sleep, self._answer_s, self._file_s = now, sleep, answer_s, file_s
        self._record = RequestRecord(self._scratch / "requests.sqlite")
        self._found: dict[str, StockVideo] = {}
        self._skipped: dict[str, None] = {}
        self._out_until_s = self._files_out_until_s = 0.0
        self._fails = 0

    @property
    def name(self) -> str:
        return self._site.name

    @property
    def skipped(self) -> tuple[str, ...]:
        """One line for each video, or the whole site, that could not be had."""
        return tuple(self._skipped)

    def look_again(self) -> None:
        """Forget what could not be had before, save while the site is left alone."""
        if self._now() >= max(self._out_until_s, self._files_out_until_s):
            self._skipped.clear()

    def search(self, terms: Sequence[str], *, text: str = "") -> list[Candidate]:
        """Return videos for the terms, best first; without terms nothing, as a drawn backdrop suits better than any stranger.

        Terms are asked one after the other until there are enough videos to choose from. While the site's files cannot be had, there are
        none, whatever it answered before.

        Raises
        ------
        ServiceError
            When the key is missing or refused.
        """
        if self._now() < self._files_out_until_s:
            return []
        offers: dict[int, StockVideo] = {}
        asked = [self._site.questions(" ".join(term.split())) for term in terms if term.strip()]
        # What is asked first goes first for every term: upright videos for the last term before others for the first.
        for question in (question for alike in itertools.zip_longest(*asked) for question in alike if question):
            if sum(map(_is_upright, offers.values())) < _ENOUGH:
                found = (video for video in self._asked(question) if video.files and video.duration_s >= self._shot_s)
                offers |= {video.number: video for video in found if video.number not in offers}
        near = nearness(text if self._reads_text else "", terms, [video.words.replace("-", " ") for video in offers.values()])
        # Where a site says nothing of a video, it is judged by having been found.
        told = zip(offers.items(), near, strict=True)
        matches = {number: match if video.words else FAR for (number, video), match in told}
        matches = {number: match for number, match in matches.items() if match >= FAR}
        best = sorted(matches, key=lambda number: (not _is_upright(offers[number]), -matches[number]))
        self._found |= {self._id(offers[number]): offers[number] for number in best}
        return [Candidate(id=self._id(offers[number]), library=self.name, match=matches[number]) for number in best]

    def fetch(self, candidates: Sequence[Candidate], *, progress: Progress | None = None) -> list[Clip]:
        """Return the clips of candidates, downloading those that are not kept yet.

        One that cannot be had, or is no usable footage, is left out with a line in :attr:`skipped`; after three in a row, in whatever
        calls, the site is left alone for two minutes, and only what is kept is returned.
        """
        clips = []
        for number, candidate in enumerate(candidates):
            video = self._found[candidate.id]
            file = self._best_file(video)
            try:
                taken = self._taken(candidate.id, file)
                if taken is None and self._now() >= self._files_out_until_s:
                    taken, self._fails = self._load(candidate.id, file), 0
                if taken is not None:
                    clips.append(self._clip(candidate.id, video, *taken))
            except (ClipError, ServiceError) as error:
                self._skipped[f"{candidate.id}: {error}"] = None
                self._fails += 1
                if self._fails >= _FAILS:
                    self._files_out_until_s = self._now() + _OUT_S
            if progress:
                progress((number + 1) / len(candidates))
        return clips

    def check(self) -> str:
        """Ask the site one question, and say what it found; no answer of the cache is taken for it.

        Raises
        ------
        ServiceError
            When the key is missing or refused, or the site does not answer well.
        """
        key = self._needed_key
        question = self._site.questions(_ANY_TERM)[0]
        wait_s = self._reserve_checked(key)
        if wait_s > 0:
            raise ServiceError(f"{self.name} has been asked as often as it allows; ask again in {_long(wait_s)}")
        try:
            found = self._calls(key, call_s=self._answer_s + 1.0, step_s=3 * self._answer_s).make(lambda: self._ask(question, key))
        except _KeyRefusedError:
            raise ServiceError(f"{self.name} refused the key; check {self._site.key_env}") from None
        return f"{self.name} answers, and takes the key; it found {len(found)} video{'s' * (len(found) != 1)} of '{_ANY_TERM}'"

    def _reserve_checked(self, key: str) -> float:
        try:
            return self._reserve(key)
        except Trouble as trouble:
            raise ServiceError(f"{self.name} {trouble.why}; {trouble.hint}") from None

    # --- searching --------------------------------------------------------------------------------------------------

    def _asked(self, question: Question) -> tuple[StockVideo, ...]:
        address = content_key(self.name, self._base_url, question.path, dict(question.query))
        kept = self._kept(address)
        if kept is not None:
            return kept.videos
        if self._now() < self._out_until_s:
            return ()
        key = self._needed_key
        calls = self._calls(key, call_s=self._answer_s + 1.0, step_s=_PATIENCE_S + 3 * self._answer_s)
        turn_is_mine = False

        def ask() -> list[StockVideo]:
            nonlocal turn_is_mine
            if not turn_is_mine:
                wait_s = self._reserve(key)
                if wait_s > 0:
                    turn_is_mine = True
                    raise Trouble("has been asked as often as it allows", passes=True, retry_after_s=wait_s)
            turn_is_mine = False
            return self._ask(question, key)

        try:
            videos = tuple(calls.make(ask))
        except _KeyRefusedError:
            raise ServiceError(f"{self.name} refused the key; check {self._site.key_env}") from None
        except ServiceError as error:
            self._skipped[str(error)] = None
            self._out_until_s = self._now() + _OUT_S
            return ()
        with self._cache.put("stock-answers", address, ".json") as path:
            path.write_text(_Kept(asked_at_s=self._now(), videos=videos).model_dump_json(), encoding="utf-8")
        return videos

    def _ask(self, question: Question, key: str) -> list[StockVideo]:
        import requests

        ends = time.monotonic() + self._answer_s
        headers, query = self._site.signed(question, key)

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # As `auth`, because a .netrc would replace an Authorization header given otherwise.
            request.headers.update(headers)
            return request

        try:
            # Without redirects: the key goes nowhere else.
            with (
                unlogged(key),
                requests.get(
                    self._base_url + question.path,
                    params=dict(query),
                    headers={"Accept": "application/json"},
                    auth=sign,
                    timeout=SOCKET_S,
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                body = bounded(chunks_of(response, ends=ends), _ANSWER_BYTES)
                status, replied = response.status_code, response.headers
        except requests.RequestException as error:
            raise trouble_of_request(error) from None
        self._heed(key, self._site.rest_s(replied, self._now()))
        if status != 200:
            raise self._refused(key, status, replied, body)
        try:
            return self._site.videos(json.loads(body))
        except ValidationError:
            raise Trouble("answered in another shape than it documents", hint="look whether its API has changed") from None
        except (ValueError, RecursionError):
            kind = replied.get("Content-Type", "").partition(";")[0]
            what = "a web page" if "html" in kind else "something that is no whole JSON"
            raise Trouble(f"answered with {what}", passes=True, hint="check the network: a proxy may have answered") from None

    def _refused(self, key: str, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        said = body.decode("utf-8", "replace")
        if self._site.refuses_key(status, said):
            return _KeyRefusedError()
        trouble = trouble_of_status(status, headers, said="" if "<" in said else said)
        if status == 429:
            self._heed(key, trouble.retry_after_s or 0.0)
        return trouble

    def _reserve(self, key: str) -> float:
        site = self._site
        wait_s = self._record.reserve(self._asker(key), at_s=self._now(), limit=site.requests, window_s=site.per_s, patience_s=_PATIENCE_S)
        if wait_s > _PATIENCE_S:
            raise Trouble(f"may be asked again in {_long(wait_s)}: its limit of requests is reached", hint="make fewer reels at once")
        return wait_s

    def _heed(self, key: str, rest_s: float) -> None:
        if rest_s > 0:
            self._record.hold(self._asker(key), until_s=self._now() + rest_s)

    def _asker(self, key: str) -> str:
        # Limits belong to a key; what is kept of it here does not lead back to it.
        return f"{self.name}-{hashlib.sha256(f'{self._base_url} {key}'.encode()).hexdigest()[:12]}"

    def _kept(self, address: str) -> _Kept | None:
        path = self._cache.get("stock-answers", address, ".json")
        kept = _read(path, _Kept) if path else None
        return kept if kept is not None and 0 <= self._now() - kept.asked_at_s < KEPT_S else None

    @functools.cached_property
    def _needed_key(self) -> str:
        key = self._key()
        if key is None:
            raise ServiceError(
                f"{self.name}: {self._site.key_env} is not set; set it in the environment or in .env, "
                f"or take {self.name} out of footage.libraries in the brand file"
            )
        return key

    def _calls(self, key: str, *, call_s: float, step_s: float) -> Calls:
        return Calls(
            self.name, random=random.Random().random, keys=[key], attempts=4, call_s=call_s, step_s=step_s, sleep=self._sleep, now=self._now
        )

    # --- choosing ---------------------------------------------------------------------------------------------------

    def _id(self, video: StockVideo) -> str:
        return f"{self.name}/{video.number}"

    def _best_file(self, video: StockVideo) -> StockFile:
        """Return the smallest file that fills the frame without being enlarged; where none does, the largest."""
        width, height = self._frame
        fills = [file for file in video.files if file.width_px >= width and file.height_px >= height]
        area = {file: file.width_px * file.height_px for file in video.files}
        return min(fills, key=area.__getitem__) if fills else max(video.files, key=area.__getitem__)

    # --- fetching ---------------------------------------------------------------------------------------------------

    def _clip(self, name: str, video: StockVideo, loaded: _Loaded, path: Path) -> Clip:
        return Clip(
            id=name,
            library=self.name,
            path=path,
            sha256=loaded.sha256,
            kind=loaded.facts.kind,
            width_px=loaded.facts.width_px,
            height_px=loaded.facts.height_px,
            duration_ms=loaded.facts.duration_ms,
            still=loaded.facts.still,
            credit=Credit(author=video.author, licence=self._site.licence, page_url=video.page_url),
        )

    def _taken(self, name: str, file: StockFile) -> tuple[_Loaded, Path] | None:
        """Return a file that is kept, with its facts."""
        note = self._cache.get("stock-files", _address(name, file), ".json")
        loaded = _read(note, _Loaded) if note else None
        path = self._cache.get("stock", loaded.sha256, ".mp4") if loaded else None
        return (loaded, path) if loaded and path else None

    def _load(self, name: str, file: StockFile) -> tuple[_Loaded, Path]:
        if urlsplit(file.url).scheme not in {"https", urlsplit(self._base_url).scheme}:
            raise ClipError("its address is not one of the web")
        calls = self._calls(_NO_KEY, call_s=self._file_s + 1.0, step_s=3 * self._file_s)
        with temporary_folder(self._scratch / "download") as folder:
            taken = download(file.url, folder / f"{name.replace('/', '-')}.mp4", calls=calls, call_s=self._file_s)
            facts = self._probe(taken)
            if facts.kind != "video" or (facts.duration_ms or 0) < self._shot_s * 1000:
                raise ClipError(f"{taken.name}: is no video as long as a shot ({self._shot_s:g} s), whatever the site says")
            digest = sha256_of(taken)
            path = self._cache.file("stock", digest, ".mp4", taken.replace)
        loaded = _Loaded(sha256=digest, facts=facts)
        with self._cache.put("stock-files", _address(name, file), ".json") as note:
            note.write_text(loaded.model_dump_json(), encoding="utf-8")
        return loaded, path

    def __repr__(self) -> str:
        return f"<StockLibrary {self.name}>"


class _KeyRefusedError(Exception):
    """The site does not take the key."""


def _address(name: str, file: StockFile) -> str:
    # Without what stands behind a link's path, where sites put what runs out.
    return content_key(name, file.width_px, file.height_px, urlsplit(file.url).path)


def _read(path: Path, kind: type[V]) -> V | None:
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _is_upright(video: StockVideo) -> bool:
    return any(file.height_px > file.width_px for file in video.files)


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
