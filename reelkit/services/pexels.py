"""Videos from Pexels.

Source: https://www.pexels.com/api/documentation/ (videos; "Request Statistics": the headers count the month, and the limit of 200
requests an hour is told in none).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from reelkit.services.stock_site import Answered, Question, StockFile, StockVideo, each_of

__all__ = ["PexelsSite"]


class _File(Answered):
    link: str
    file_type: str | None = None
    width: int | None = None
    height: int | None = None


class _User(Answered):
    name: str = ""


class _Video(Answered):
    id: int
    url: str = ""
    duration: float
    user: _User = _User()
    video_files: list[_File]


class _Page(Answered):
    videos: list[Any]


class PexelsSite:
    """Pexels, for :class:`reelkit.services.stock.StockLibrary`."""

    name = "pexels"
    base_url = "https://api.pexels.com"
    key_env = "PEXELS_API_KEY"
    licence = "Pexels License"
    requests = 200
    per_s = 3600.0

    def questions(self, term: str) -> Sequence[Question]:
        asked = {"query": term, "size": "medium", "per_page": "40"}
        return Question("/videos/search", {**asked, "orientation": "portrait"}), Question("/videos/search", asked)

    def signed(self, question: Question, key: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        return {"Authorization": key}, question.query

    def videos(self, answer: Any) -> list[StockVideo]:
        return each_of(_Page.model_validate(answer).videos, _Video, _video)

    def refuses_key(self, status: int, said: str) -> bool:
        return status == 401

    def rest_s(self, headers: Mapping[str, str], at_s: float) -> float:
        remaining, reset = headers.get("X-Ratelimit-Remaining", ""), headers.get("X-Ratelimit-Reset", "")
        used_up = re.fullmatch(r"-?\d{1,9}", remaining) and int(remaining) <= 0
        return max(float(reset) - at_s, 0.0) if used_up and re.fullmatch(r"\d{1,12}", reset) else 0.0

    def __repr__(self) -> str:
        return "<PexelsSite>"


def _video(video: _Video) -> StockVideo:
    files = (file for file in video.video_files if (file.file_type or "video/mp4") == "video/mp4")
    return StockVideo(
        number=video.id,
        author=video.user.name or "unknown",
        page_url=video.url if video.url.startswith(("https://", "http://")) else "",
        duration_s=video.duration,
        words=re.sub(r"-?\d*/?$", "", urlsplit(video.url).path).rpartition("/")[2],
        files=tuple(StockFile(url=file.link, width_px=file.width, height_px=file.height) for file in files if file.width and file.height),
    )
