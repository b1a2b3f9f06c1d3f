"""Music: every mood under a reel's own voice, or alone, to hear, to look at and to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelkit.brand import Brand, BrandMusic
from reelkit.errors import BrandError
from reelkit.media.preview import music_copy
from reelkit.model import HeardMusic, Palette
from reelkit.views.live import LiveView
from reelkit.views.markup import card, fill, heading, plural, table

__all__ = ["MusicView", "html", "moods", "takes_of"]

_TAKEN = ("mood", "tempo_bpm", "file", "under_voice_db")
"""The fields that tell one take from another, beside the reel that a bed is made for."""
_COLUMNS = 480
"""Levels in the picture of a take."""


def moods() -> dict[str, str]:
    """Return the moods of music and what is heard in each."""
    from reelkit.media.music import MOODS

    return {name: mood.told for name, mood in MOODS.items()}


def takes_of(music: BrandMusic) -> list[BrandMusic]:
    """Return the brand's own music, then a bed of every other mood in its tempo.

    Examples
    --------
    >>> [take.mood for take in takes_of(BrandMusic(mood="bright"))]
    ['bright', 'calm', 'warm', 'driving', 'curious', 'dark']
    """
    own = [music] if music.file is not None or music.mood != "none" else []
    others = [mood for mood in moods() if music.file is not None or mood != music.mood]
    return [*own, *(music.model_copy(update={"mood": mood, "file": None}) for mood in others)]


def html(takes: Sequence[tuple[BrandMusic, int]], *, palette: Palette | None = None) -> str:
    """Return takes as HTML.

    Parameters
    ----------
    takes : sequence of (BrandMusic, int)
        Each with the reel that it is for, the brand's own first.
    palette : Palette, optional
    """
    told = moods()
    rows = (
        fill(
            '<tr><th scope="row">{}</th><td>{}</td><td class="rk-num">{}</td><td class="rk-num">{:g} dB</td></tr>',
            _name(take),
            told.get(take.mood, "") if take.file is None else "a file, cut to the reel",
            f"{take.tempo_bpm:g} bpm" if take.file is None else "its own",
            take.under_voice_db,
        )
        for take, _ in takes
    )
    listed = table("Takes", ["Music", "What is heard", ("Tempo", "rk-num"), ("Under the voice", "rk-num")], rows)
    return card("music", heading("Music", plural(len(takes), "take")) + listed, label="Music", palette=palette)


class MusicView(LiveView):
    """Hears a reel with other music.

    Parameters
    ----------
    brand : Brand
    hear : callable
        Called with a :class:`BrandMusic`, the ``seed`` of a reel and whether it is heard ``alone``;
        :meth:`reelkit.draft.Draft.hear_music` fits.
    seed : int
        Of the reel that is heard.
    take : callable, optional
        Called with the brand fields of the take that is chosen, by dotted name: :meth:`reelkit.views.style_view.StyleView.set` fits.
    """

    def __init__(
        self,
        brand: Brand,
        hear: Callable[..., HeardMusic],
        *,
        seed: int = 1,
        take: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        self._brand, self._hear, self._take = brand, hear, take
        self.takes = [(one, seed) for one in takes_of(brand.music)]
        text = f"<music: {_name(brand.music)}>"
        super().__init__("music", lambda: html(self.takes, palette=brand.palette), text, palette=brand.palette)

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {
            "takes": [self._told(take, seed) for take, seed in self.takes],
            "moods": [[name, told] for name, told in moods().items()],
            "can_take": self._take is not None,
        }

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's: a take to hear or to keep."""
        match message:
            case {"hear": dict(chosen), "alone": bool(alone)}:
                music, seed = self._taken(chosen)
                sound = self._hear(music, seed=seed, alone=alone)
                levels = {"music": _levels(sound.music), "voice": _levels(sound.voice)}
                told = {"heard": chosen, "alone": alone, "length": len(sound.music) / sound.rate_hz, **levels}
                widget.send(told, buffers=[music_copy(sound.music + sound.voice, sound.rate_hz)])
            case {"take": dict(chosen)} if self._take is not None:
                music, _ = self._taken(chosen)
                told = music.model_dump(mode="json", include=set(_TAKEN))
                self._take({f"music.{name}": told[name] for name in _TAKEN})
                widget.send({"taken": "Taken; save the style to keep it."})

    def _told(self, music: BrandMusic, seed: int) -> dict[str, Any]:
        return {**music.model_dump(mode="json", include=set(_TAKEN)), "name": _name(music), "seed": seed}

    def _taken(self, chosen: Mapping[str, Any]) -> tuple[BrandMusic, int]:
        own = self._brand.music.file
        fields = {name: chosen[name] for name in _TAKEN} | {"file": str(own) if own and chosen["file"] else None}
        music = self._brand.with_changes({f"music.{name}": value for name, value in fields.items()}).music
        seed = chosen["seed"]
        if not isinstance(seed, int) or seed < 0:
            raise BrandError(f"music of reel {seed}: give a whole number from 0 up, as the notebook's topic_seed")
        return music, seed


def _name(music: BrandMusic) -> str:
    return music.mood if music.file is None else music.file.name


def _levels(samples: NDArray[np.float32]) -> list[int]:
    """Return how loud each of :data:`_COLUMNS` stretches is, 0 (at most -54 dBFS) to 100 (0 dBFS)."""
    edges = np.linspace(0, len(samples), _COLUMNS + 1).astype(int)
    power = [float(np.square(samples[start : max(end, start + 1)]).mean()) for start, end in pairwise(edges)]
    decibels = 10 * np.log10(np.array(power) + 1e-9)
    return [int(level) for level in np.clip(np.round((decibels + 54) / 54 * 100), 0, 100)]
