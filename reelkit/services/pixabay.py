"""Videos from Pixabay.

Source: https://pixabay.com/api/docs/ (videos; limits; "requests must be cached for 24 hours").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reelkit.services.stock_site import Answered, Question, StockFile, StockVideo, each_of

__all__ = ["PixabaySite"]


class _File(Answered):
    url: str = ""
    width: int = 0
    height: int = 0


class _Hit(Answered):
    id: int
    pageURL: str = ""
    tags: str = ""
    duration: float
    user: str = ""
    videos: dict[str, _File]


class _Page(Answered):
    hits: list[Any]


class PixabaySite:
    """Pixabay, for :class:`reelkit.services.stock.StockLibrary`."""

    name = "pixabay"
    base_url = "https://pixabay.com"
    key_env = "PIXABAY_API_KEY"
    licence = "Pixabay Content License"
    requests = 100
    per_s = 60.0

    def questions(self, term: str) -> Sequence[Question]:
        # It knows no orientation for videos: many are asked for, as upright ones are rare.
        return [Question("/api/videos/", {"q": term[:100], "safesearch": "true", "per_page": "100"})]

    def signed(self, question: Question, key: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        return {}, {**question.query, "key": key}

    def videos(self, answer: Any) -> list[StockVideo]:
        return each_of(_Page.model_validate(answer).hits, _Hit, _video)

    def refuses_key(self, status: int, said: str) -> bool:
        return status == 401 or (status == 400 and "api key" in said.lower())

    def rest_s(self, headers: Mapping[str, str], at_s: float) -> float:
        remaining, reset = headers.get("X-RateLimit-Remaining", ""), headers.get("X-RateLimit-Reset", "")
        used_up = re.fullmatch(r"-?\d{1,9}", remaining) and int(remaining) <= 0
        return float(reset) if used_up and re.fullmatch(r"\d{1,9}", reset) else 0.0

    def __repr__(self) -> str:
        return "<PixabaySite>"


def _video(hit: _Hit) -> StockVideo:
    files = (file for file in hit.videos.values() if file.url and file.width > 0 and file.height > 0)
    return StockVideo(
        number=hit.id,
        author=hit.user or "unknown",
        page_url=hit.pageURL if hit.pageURL.startswith(("https://", "http://")) else "",
        duration_s=hit.duration,
        words=hit.tags,
        files=tuple(StockFile(url=file.url, width_px=file.width, height_px=file.height) for file in files),
    )
