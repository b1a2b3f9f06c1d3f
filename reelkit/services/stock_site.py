"""What is particular to a stock site: how it is asked, and how its answers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from reelkit.model import Value

__all__ = ["Answered", "Question", "StockFile", "StockSite", "StockVideo", "each_of"]

A = TypeVar("A", bound="Answered")


class StockFile(Value):
    """One size in which a site offers a video."""

    url: str
    width_px: int
    height_px: int


class StockVideo(Value):
    """A video as a site offers it; ``words`` is what it says of the content: tags, or the page's name."""

    number: int
    author: str
    page_url: str
    duration_s: float
    words: str
    files: tuple[StockFile, ...]


class Answered(BaseModel):
    """Base of what is read from a site: it may say more than is needed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True)
class Question:
    """A request to a site: the path under its address, and the query."""

    path: str
    query: Mapping[str, str]


class StockSite(Protocol):
    """What is particular to a site."""

    name: str
    base_url: str
    key_env: str
    licence: str
    requests: int
    per_s: float

    def questions(self, term: str) -> Sequence[Question]:
        """Return what to ask for a term; a later question only where the ones before found too little."""

    def signed(self, question: Question, key: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return the headers and the query of a question with the key in them."""

    def videos(self, answer: Any) -> list[StockVideo]:
        """Return what an answer offers, in the site's order; raise ValueError where it is of another shape."""

    def refuses_key(self, status: int, said: str) -> bool:
        """Say whether an answer means that the key is no good."""

    def rest_s(self, headers: Mapping[str, str], at_s: float) -> float:
        """Return how long the site's headers ask not to be asked again, 0.0 where they do not."""


def each_of(items: Sequence[Any], kind: type[A], read: Callable[[A], StockVideo]) -> list[StockVideo]:
    """Return the videos of a page, without those that are not as documented.

    Raises
    ------
    ValidationError
        When none is.
    """
    videos, wrong = [], None
    for item in items:
        try:
            videos.append(read(kind.model_validate(item)))
        except ValidationError as error:
            wrong = error
    if wrong is not None and not videos:
        raise wrong
    return videos
